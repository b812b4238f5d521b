//! Rollouts: running, finished, stalled, paused.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::deployment::bad_revision;
use sre_e2e::report::verdict;
use sre_e2e::{Cluster, Deployment, Namespace};
use std::time::Duration;

/// Begins a rollout whose pods never become ready, and waits until the controller has begun it.
fn roll_out_bad_revision(ns: &Namespace<'_>, name: &str) {
    ns.run(&["patch", &format!("deployment/{name}"), "--patch", &bad_revision()]);
    ns.wait(
        name,
        &["{.status.observedGeneration}=2", "{.status.updatedReplicas}=1"],
    );
}

#[test]
fn a_rollout_under_full_capacity_is_progressing_then_degraded_once_it_stalls() {
    let ns = Namespace::new("rollout");
    ns.create([Deployment::new("web", 2).rolling(1, 0)]);
    ns.wait_ready("web", 2);
    roll_out_bad_revision(&ns, "web");
    ns.wait("web", &["{.status.replicas}=3", "{.status.availableReplicas}=2"]);
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (1, "ok"));
    let item = report.item("web");
    assert_eq!(verdict(item), ("progressing", Some(true), "RolloutInProgress"));
    assert_eq!((&item["updated"], &item["available"]), (&json!(1), &json!(2)));

    ns.run(&[
        "patch",
        "deployment/web",
        "--patch",
        r#"{"spec":{"progressDeadlineSeconds":2}}"#,
    ]);
    ns.wait("web", &["{.status.observedGeneration}=3"]);
    ns.wait_for_reason("web", "Progressing", "ProgressDeadlineExceeded");
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (2, "degraded"));
    let item = report.item("web");
    assert_eq!(verdict(item), ("degraded", Some(false), "RolloutStalled"));
    assert_eq!(
        (&item["ready"], &item["desired"]),
        (&json!(2), &json!(2)),
        "the old revision serves"
    );
    assert_eq!(item["causes"][0]["code"], "ProgressDeadlineExceeded");
    let condition = ns.deployments().remove(0)["status"]["conditions"].clone();
    let condition = condition
        .as_array()
        .and_then(|c| c.iter().find(|c| c["type"] == "Progressing").cloned());
    let condition = condition.expect("the controller wrote it");
    assert_eq!(item["causes"][0]["message"], condition["message"]);
    assert_eq!(item["since"], condition["lastTransitionTime"]);
}

#[test]
fn a_first_rollout_is_progressing_until_its_deadline_and_unavailable_after_it() {
    let ns = Namespace::new("first");
    ns.create([
        Deployment::new("early", 2).never_ready(),
        Deployment::new("late", 2)
            .never_ready()
            .spec("progressDeadlineSeconds", 2),
        // With the greatest deadline the controller writes no Progressing condition.
        Deployment::new("patient", 2)
            .never_ready()
            .spec("progressDeadlineSeconds", i32::MAX),
    ]);
    for name in ["early", "patient"] {
        ns.wait(name, &["{.status.updatedReplicas}=2"]);
    }
    ns.wait_for_reason("late", "Progressing", "ProgressDeadlineExceeded");
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (2, "degraded"));
    assert_eq!(
        verdict(report.item("early")),
        ("progressing", Some(false), "RolloutInProgress")
    );
    assert_eq!(
        verdict(report.item("patient")),
        ("progressing", Some(false), "PodsStarting")
    );
    assert!(!ns.deployments()[2]["status"].to_string().contains("Progressing"));
    let late = report.item("late");
    assert_eq!(verdict(late), ("unavailable", Some(false), "ReadyBelowDesired"));
    assert_eq!(late["causes"][0]["code"], "ProgressDeadlineExceeded");
}

#[test]
fn a_rollout_that_falls_short_is_progressing_and_not_healthy() {
    let ns = Namespace::new("recreate");
    ns.create([
        Deployment::new("recreate", 2).spec("strategy", json!({"type": "Recreate"})),
        Deployment::new("rolling", 2).rolling(0, 1),
    ]);
    for name in ["recreate", "rolling"] {
        ns.wait_ready(name, 2);
    }
    ns.run(&["patch", "deployment/recreate", "--patch", &bad_revision()]);
    ns.wait(
        "recreate",
        &["{.status.observedGeneration}=2", "{.status.updatedReplicas}=2"],
    );
    roll_out_bad_revision(&ns, "rolling");
    ns.wait("rolling", &["{.status.readyReplicas}=1"]);
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (1, "degraded"));
    // The controller keeps NewReplicaSetAvailable if it syncs between the old pods and the new ones, with 0 of 0 replicas
    // (`syncRolloutStatus` in `pkg/controller/deployment/progress.go`). Then only the pods show that a rollout began.
    let begun = ["RolloutInProgress", "PodsStarting"];
    for (name, ready, reasons) in [("recreate", 0, &begun[..]), ("rolling", 1, &begun[..1])] {
        let item = report.item(name);
        let (state, healthy, reason) = verdict(item);
        assert_eq!((state, healthy), ("progressing", Some(false)), "{name}");
        assert!(reasons.contains(&reason), "{name}: {reason}");
        assert_eq!(item["ready"], json!(ready), "{name}");
    }
}

#[test]
fn paused_at_full_capacity_is_healthy_with_a_note() {
    let ns = Namespace::new("paused");
    ns.create([
        Deployment::new("web", 2).rolling(1, 0),
        Deployment::new("stalled", 2).rolling(1, 0),
    ]);
    for name in ["web", "stalled"] {
        ns.wait_ready(name, 2);
    }
    ns.run(&["patch", "deployment/stalled", "--patch", &bad_revision()]);
    ns.run(&[
        "patch",
        "deployment/stalled",
        "--patch",
        r#"{"spec":{"progressDeadlineSeconds":2}}"#,
    ]);
    ns.wait_for_reason("stalled", "Progressing", "ProgressDeadlineExceeded");
    for name in ["web", "stalled"] {
        ns.run(&["rollout", "pause", &format!("deployment/{name}")]);
    }
    ns.wait("web", &["{.status.observedGeneration}=2"]);
    ns.wait("stalled", &["{.status.observedGeneration}=4"]);
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (0, "ok"));
    for (name, note) in [("web", "paused"), ("stalled", "paused, its rollout had stalled")] {
        let item = report.item(name);
        assert_eq!(verdict(item), ("healthy", Some(true), "Ready"), "{name}");
        assert_eq!(item["notes"], json!([note]), "{name}");
    }
}

#[test]
fn paused_is_no_excuse_for_a_shortage() {
    let ns = Namespace::new("pausedshort");
    ns.create([
        Deployment::new("never-begun", 3).spec("paused", true),
        Deployment::new("short", 4),
    ]);
    ns.wait_ready("short", 4);
    ns.break_pods("short", 1);
    ns.wait("short", &["{.status.readyReplicas}=3"]);
    ns.run(&["rollout", "pause", "deployment/short"]);
    ns.wait("short", &["{.status.observedGeneration}=2"]);
    ns.wait("never-begun", &["{.status.observedGeneration}=1"]);
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (2, "degraded"));
    for (name, state) in [("never-begun", "unavailable"), ("short", "degraded")] {
        let item = report.item(name);
        assert_eq!(verdict(item), (state, Some(false), "ReadyBelowDesired"), "{name}");
        assert_eq!(item["notes"], json!(["paused"]), "{name}");
    }
}

#[test]
fn fail_on_chooses_which_states_make_the_exit_code() {
    let ns = Namespace::new("failon");
    ns.create([
        Deployment::new("early", 1).never_ready(),
        Deployment::new("late", 1)
            .never_ready()
            .spec("progressDeadlineSeconds", 2),
    ]);
    ns.wait("early", &["{.status.updatedReplicas}=1"]);
    ns.wait_for_reason("late", "Progressing", "ProgressDeadlineExceeded");
    let plugin = sre_e2e::Cluster::shared().plugin();
    for (words, expected) in [
        ("progressing", 1),
        ("degraded,progressing", 2),
        ("unknown", 0),
        ("unknown,degraded", 2),
    ] {
        let (code, report) = plugin.health(&format!("-n {} --fail-on {words}", ns.name()));
        assert_eq!((code, report.status()), (expected, "degraded"), "{words}");
    }
}

#[test]
fn a_scaling_beyond_a_quota_is_named_by_the_program_that_asked_for_it() {
    let ns = Namespace::new("scaled");
    ns.limit_pods("2");
    ns.create([Deployment::new("web", 1)]);
    ns.wait_ready("web", 1);
    // What is written within a minute of a creation belongs to it.
    std::thread::sleep(Duration::from_secs(65));
    ns.run(&["scale", "deployment/web", "--replicas=5"]);
    let change = until("the scaling is named", Duration::from_mins(1), || {
        let question = format!("deploy/web -n {}", ns.name());
        let (_, report) = Cluster::shared().plugin().health(&question);
        match &report.item("web")["change"] {
            Value::Null => Err(report.status().to_owned()),
            change => Ok(change.clone()),
        }
    });
    assert_eq!(
        (&change["what"], &change["by"]),
        (&json!("scale"), &json!("kubectl")),
        "{change:#}"
    );
}
