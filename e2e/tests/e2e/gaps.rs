//! Statuses that no present controller writes and an API server serves: old ones, those of other controllers, and
//! malicious ones.

use serde_json::{Value, json};
use sre_e2e::report::{verdict, word};
use sre_e2e::{Cluster, Deployment, Namespace, Report};

/// A name and its status; null for none.
fn statuses() -> Vec<(&'static str, Value)> {
    let counts = |replicas: u32, ready: u32| {
        json!({"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": ready, "availableReplicas": ready})
    };
    let with = |mut status: Value, conditions: Value| {
        status["conditions"] = conditions;
        status
    };
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message});
    let hostile = "\u{1b}[2J\u{202e}exceeded quota\r\nOK  all is well";
    vec![
        ("full", counts(2, 2)),
        (
            "hostile",
            with(
                counts(2, 1),
                json!([condition("ReplicaFailure", "True", "FailedCreate", hostile)]),
            ),
        ),
        ("none", counts(2, 0)),
        ("nothing", Value::Null),
        (
            "timeless",
            with(
                counts(2, 0),
                json!([
                    condition("Available", "False", "MinimumReplicasUnavailable", ""),
                    condition("Progressing", "True", "ReplicaSetUpdated", ""),
                ]),
            ),
        ),
    ]
}

/// The time at which the status of an object was last written, by its managed fields.
fn status_written(dump: &str, name: &str) -> Value {
    let list: Value = serde_json::from_str(dump).expect("kubectl writes JSON");
    let object = sre_e2e::report::list(&list["items"])
        .iter()
        .find(|object| object["metadata"]["name"] == name)
        .expect("it is in the dump");
    let writers = sre_e2e::report::list(&object["metadata"]["managedFields"]).iter();
    let times = writers
        .filter(|entry| entry["subresource"] == "status")
        .map(|entry| &entry["time"]);
    times
        .max_by_key(|time| word(time).to_owned())
        .expect("its status was written")
        .clone()
}

#[test]
fn a_status_with_gaps_has_the_same_verdict_live_and_from_a_dump() {
    let cluster = Cluster::bare("gaps");
    let ns = Namespace::new_in(&cluster, "gaps");
    ns.create(statuses().iter().map(|(name, _)| Deployment::new(name, 2)));
    for (name, status) in statuses().into_iter().filter(|(_, status)| !status.is_null()) {
        ns.set_status(&format!("deployment/{name}"), &status);
    }

    let (code, live) = ns.judge();
    assert_eq!((code, live.status()), (2, "degraded"));
    let verdicts: Vec<_> = live
        .items()
        .iter()
        .map(|i| (word(&i["name"]), verdict(i)))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("full", ("healthy", Some(true), "Ready")),
            ("hostile", ("degraded", Some(false), "ReadyBelowDesired")),
            ("none", ("unavailable", Some(false), "ReadyBelowDesired")),
            ("nothing", ("progressing", Some(false), "NotObserved")),
            ("timeless", ("unavailable", Some(false), "ReadyBelowDesired")),
        ]
    );
    let dump = ns.run(&["get", "deployments", "-o", "json", "--show-managed-fields"]);
    // The live run reads protobuf and the dump is JSON. An absent field must not become 0 or 1970. The conditions have no
    // time, so the shortage has the time at which the status was written.
    assert_eq!(
        live.item("timeless")["since"],
        status_written(&dump, "timeless"),
        "{:#}",
        live.item("timeless")
    );
    let plugin = cluster.plugin();
    let arguments = format!("health -f - -o json --at {}", word(&live.0["observedAt"]));
    let run = plugin.judge(&arguments, Some(dump)).expect_code(2);
    let dumped = Report::parse(&run.stdout).expect("a report");
    assert_eq!(live.deployments()["items"], dumped.deployments()["items"]);

    let screen = plugin
        .run(&format!("health -n {}", ns.name()))
        .expect_code(2)
        .stdout;
    assert!(!screen.contains(['\u{1b}', '\u{202e}', '\r']), "{screen:?}");
    assert!(screen.contains("exceeded quota"), "{screen}");
    assert!(
        !screen.lines().any(|line| line.starts_with("OK")),
        "a message cannot begin a line: {screen}"
    );
}
