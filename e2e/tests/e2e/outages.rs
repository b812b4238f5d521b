//! The plugin with an API server that stops, hangs and comes back.

use serde_json::{Value, json};
use sre_e2e::report::word;
use sre_e2e::{Agent, Cluster, Deployment, Namespace, Report};
use std::time::Duration;

/// Panics unless all parts of the report say that no API server was reached, for that reason.
#[track_caller]
fn assert_unreached(report: &Report, class: &str) {
    assert_eq!(report.status(), "unknown", "{:#}", report.0);
    let (check, kind) = (report.api_server(), report.deployments());
    assert_eq!(
        (&check["status"], &check["class"]),
        (&json!("unknown"), &json!(class)),
        "{check:#}"
    );
    assert!(
        word(&check["endpoint"]).starts_with("https://127.0.0.1:"),
        "{check:#}"
    );
    for field in ["error", "hint"] {
        assert!(!word(&check[field]).is_empty(), "{field}: {check:#}");
    }
    assert!(check["elapsedMs"].as_f64().is_some(), "{check:#}");
    assert_eq!(
        (&kind["status"], report.count("total")),
        (&json!("unknown"), Some(0))
    );
    let seen: Vec<(&Value, &Value)> = report
        .not_seen()
        .iter()
        .map(|n| (&n["what"], &n["class"]))
        .collect();
    let kinds = ["deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"].map(Value::from);
    assert_eq!(seen, kinds.each_ref().map(|kind| (kind, &check["class"])));
}

#[test]
fn an_api_server_that_stops_hangs_and_comes_back_is_reported_each_time() {
    let cluster = Cluster::bare("outage");
    let ns = Namespace::new_in(&cluster, "outage");
    ns.create([Deployment::new("web", 0)]);
    ns.set_status("deployment/web", &json!({"observedGeneration": 1}));
    let plugin = cluster.plugin();
    let whole = |line: &str| {
        let run = plugin.run(&format!("health {line} -o json"));
        (
            run.code,
            run.took,
            Report::parse(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run}")),
        )
    };
    assert_eq!(plugin.health("").0, 0);

    cluster.pause();
    let (code, took, report) = whole("--request-timeout 2s");
    assert_eq!(code, Some(69));
    assert_unreached(&report, "timeout");
    assert!(took < Duration::from_secs(8), "{took:?}");
    let (code, took, report) = whole("--timeout 3s");
    assert_eq!(code, Some(69));
    assert_unreached(&report, "timeout");
    assert!(took < Duration::from_secs(6), "{took:?}");
    // By default connecting takes 5 s at most, and no retry follows.
    let (code, took, report) = whole("");
    assert_eq!(code, Some(69));
    assert_unreached(&report, "timeout");
    assert!(took < Duration::from_secs(15), "{took:?}");
    let (code, _, report) = whole("deployments --timeout 2s");
    assert_eq!((code, report.status()), (Some(69), "unknown"));
    // Ctrl-C after a second.
    let run = plugin
        .run_in_shell("timeout --preserve-status --signal INT 1 \"$PLUGIN\" health")
        .expect_code(130);
    assert!(
        run.stdout.is_empty() && run.took < Duration::from_secs(3),
        "{run}"
    );
    assert_eq!(run.stderr.trim(), "interrupted");
    cluster.resume();
    assert_eq!(plugin.health("").0, 0);

    cluster.stop();
    let (code, took, report) = whole("");
    assert_eq!(code, Some(69));
    assert_unreached(&report, "refused");
    assert!(took < Duration::from_secs(2), "{took:?}");
    let screen = plugin.run("health").expect_code(69).stdout;
    assert!(
        screen.starts_with("UNKNOWN") && screen.contains("refused"),
        "{screen}"
    );
    let (code, _, _) = whole("--fail-on degraded");
    assert_eq!(code, Some(69), "not reached is not a state that can be left out");
    let _ = plugin.run("version").expect_code(69);

    cluster.start();
    let (code, report) = plugin.health("");
    assert_eq!(
        (code, report.status(), report.count("healthy")),
        (0, "ok", Some(1))
    );
}

#[test]
fn an_api_server_without_its_etcd_is_degraded_and_what_it_holds_is_not_seen() {
    let cluster = Cluster::bare("etcd");
    let plugin = cluster.plugin();
    let agent = Agent::start(&cluster.kubeconfig(), &[]);
    assert_eq!(plugin.health("").0, 0);
    agent.until("/health/deployments", Duration::from_secs(10), 200, |a| {
        a["status"] == "ok"
    });

    cluster.pause_etcd();
    // The API server remembers for a moment that etcd was healthy.
    sre_e2e::deadline::until("/readyz fails", Duration::from_secs(30), || {
        let run = cluster.kubectl().run(&["get", "--raw", "/readyz"], None);
        if run.code == Some(0) {
            Err(run.stdout)
        } else {
            Ok(())
        }
    });
    let (code, report) = plugin.health("--request-timeout 8s");
    assert_eq!((code, report.status()), (2, "degraded"), "{:#}", report.0);
    let check = report.api_server();
    assert_eq!(
        (&check["status"], &check["class"]),
        (&json!("degraded"), &json!("unhealthy"))
    );
    assert!(
        word(&check["version"]).starts_with("v1."),
        "it answers: {check:#}"
    );
    let failing = check["readyz"]["failing"].as_array().cloned().unwrap_or_default();
    assert!(failing.contains(&json!("etcd")), "{check:#}");
    assert_eq!(
        (&report.deployments()["status"], report.not_seen().len()),
        (&json!("unknown"), 5)
    );
    assert!(
        report.not_seen().iter().all(|n| n["class"] == "timeout"),
        "{:#}",
        report.0
    );
    let (code, _) = plugin.health("deployments --request-timeout 2s");
    assert_eq!(code, 69, "nothing was seen, and all for want of an answer");
    let answer = agent.get("/health/apiserver");
    assert_eq!(
        (answer.code, &answer.json()["status"]),
        (500, &json!("degraded")),
        "{}",
        answer.body
    );

    cluster.resume_etcd();
    sre_e2e::deadline::until("it is well again", Duration::from_secs(10), || {
        let (code, report) = plugin.health("");
        if code == 0 {
            Ok(())
        } else {
            Err(format!("{:#}", report.0))
        }
    });
    agent.until("/health/apiserver", Duration::from_secs(10), 200, |a| {
        a["status"] == "ok"
    });
}
