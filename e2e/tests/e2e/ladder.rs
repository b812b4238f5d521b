//! The path to a real API server: all its rungs, and controllers that stop.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::report::list;
use sre_e2e::{Cluster, Plugin, Report};
use std::time::Duration;

/// Limit of a wait. A Lease is first written within seconds, and controllers count as silent after 60 s.
const WITHIN: Duration = Duration::from_mins(3);

fn asked(plugin: &Plugin) -> (Option<i32>, Value) {
    let run = plugin.run("health apiserver -o json");
    let report = Report::parse(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run}"));
    (run.code, report.api_server().clone())
}

#[test]
fn stopped_controllers_are_reported_until_they_go_on() {
    let cluster = Cluster::whole("frozen");
    let plugin = cluster.plugin();
    until("both Leases are seen to be alive", WITHIN, || {
        let (code, check) = asked(&plugin);
        let notes = list(&check["notes"]).is_empty();
        let alive = code == Some(0) && check["status"] == "ok" && notes;
        if alive {
            Ok(())
        } else {
            Err(format!("{code:?} {check:#}"))
        }
    });
    let (_, check) = asked(&plugin);
    let rungs: Vec<&str> = list(&check["ladder"])
        .iter()
        .filter_map(|rung| rung["rung"].as_str())
        .collect();
    for rung in [
        "kubeconfig",
        "credential",
        "tcp",
        "tls",
        "http",
        "identity",
        "version",
        "readyz",
    ] {
        assert!(rungs.contains(&rung), "{rung} is none of {rungs:?}");
    }
    assert!(
        list(&check["ladder"]).iter().all(|rung| rung["status"] == "ok"),
        "{check:#}"
    );
    cluster.pause_controllers();
    until("the counts are frozen", WITHIN, || {
        let (code, check) = asked(&plugin);
        let frozen = code == Some(2) && check["status"] == "degraded" && check["frozenSince"].is_string();
        if frozen {
            assert_eq!(check["side"], json!("the control plane"), "{check:#}");
            Ok(())
        } else {
            Err(format!("{code:?} {check:#}"))
        }
    });
    cluster.resume_controllers();
    until("they are alive again", WITHIN, || {
        let (code, check) = asked(&plugin);
        if code == Some(0) {
            Ok(())
        } else {
            Err(format!("{code:?} {check:#}"))
        }
    });
}
