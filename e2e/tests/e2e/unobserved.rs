//! A Deployment without a controller. The test takes a minute, which is the grace of a controller.

use serde_json::json;
use sre_e2e::deadline::until;
use sre_e2e::report::verdict;
use sre_e2e::{Agent, Cluster, Deployment, Namespace};
use std::time::Duration;

fn time(text: &serde_json::Value) -> jiff::Timestamp {
    text.as_str()
        .and_then(|t| t.parse().ok())
        .expect("times are RFC 3339")
}

#[test]
fn without_a_controller_a_deployment_is_progressing_for_a_minute_and_then_reported() {
    let cluster = Cluster::bare("unobserved");
    let agent = Agent::start(&cluster.kubeconfig(), &[]);
    let ns = Namespace::new_in(&cluster, "ignored");
    ns.create([Deployment::new("changed", 2), Deployment::new("new", 2)]);
    // The status that its controller wrote before it stopped.
    let status = json!({
        "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
        "conditions": [
            {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "",
             "lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": "",
             "lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z"},
        ],
    });
    ns.set_status("deployment/changed", &status);
    ns.run(&[
        "set",
        "image",
        "deployment/changed",
        "app=registry.example/changed:v2",
    ]);
    let changed = ns.deployments().remove(0);
    assert_eq!(
        (
            &changed["metadata"]["generation"],
            &changed["status"]["observedGeneration"]
        ),
        (&json!(2), &json!(1))
    );

    // A write to an object that was never observed does not start its minute again.
    std::thread::sleep(Duration::from_secs(2));
    ns.run(&["annotate", "deployment/new", "sre.test/touched=later"]);
    let new = ns.deployments().remove(1);

    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (1, "degraded"));
    assert_eq!(report.item("new")["since"], new["metadata"]["creationTimestamp"]);
    for name in ["changed", "new"] {
        assert_eq!(
            verdict(report.item(name)),
            ("progressing", Some(false), "NotObserved"),
            "{name}"
        );
    }

    let plugin = cluster.plugin();
    let (code, report) = until("both are known to be ignored", Duration::from_secs(90), || {
        let (code, report) = plugin.health(&format!("-n {}", ns.name()));
        if report.count("progressing") == Some(0) {
            Ok((code, report))
        } else {
            Err(format!("{:#}", report.0))
        }
    });
    assert_eq!((code, report.status()), (2, "degraded"));
    assert_eq!(
        verdict(report.item("changed")),
        ("degraded", Some(false), "ControllerNotObserving")
    );
    assert_eq!(
        verdict(report.item("new")),
        ("unavailable", Some(false), "ControllerNotObserving")
    );
    for item in report.items() {
        let waited = time(&report.0["observedAt"]).duration_since(time(&item["since"]));
        assert!(
            waited.as_secs() > 60,
            "{} is given a minute: {waited:?}",
            item["name"]
        );
    }
    // Only time has changed the verdict, since no event came in between. The agent counts fractions of seconds, which the
    // API server's clock does not have.
    let path = format!("/health/deployments?namespace={}", ns.name());
    agent.until(&path, Duration::from_secs(3), 200, |a| {
        a["deployments"] == report.deployments()["items"]
    });
}
