//! Deployments at rest, with the status of real controllers, and shortages without a rollout.

use serde_json::json;
use sre_e2e::report::verdict;
use sre_e2e::{Deployment, Namespace};

#[test]
fn a_deployment_with_all_its_pods_ready_is_healthy() {
    let ns = Namespace::new("healthy");
    ns.create([Deployment::new("one", 1), Deployment::new("three", 3)]);
    ns.wait_ready("one", 1);
    ns.wait_ready("three", 3);
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (0, "ok"));
    for name in ["one", "three"] {
        assert_eq!(verdict(report.item(name)), ("healthy", Some(true), "Ready"));
    }
    assert_eq!(
        (report.count("total"), report.count("healthy")),
        (Some(2), Some(2))
    );
    assert_eq!(report.api_server()["status"], "ok");
    assert_eq!(
        report.0["coverage"],
        json!({
            "kinds": ["deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"],
            "namespaces": [ns.name()], "notSeen": []
        })
    );
}

#[test]
fn three_of_four_ready_is_degraded_though_the_controller_calls_it_available() {
    let ns = Namespace::new("short");
    ns.create([Deployment::new("web", 4)]);
    ns.wait_ready("web", 4);
    ns.break_pods("web", 1);
    ns.wait("web", &["{.status.readyReplicas}=3"]);
    let (code, report) = ns.judge();
    let deployment = ns.deployments().remove(0);
    let conditions = deployment["status"]["conditions"].to_string();
    assert!(
        conditions.contains("MinimumReplicasAvailable"),
        "the trap is set: {conditions}"
    );
    assert_eq!((code, report.status()), (2, "degraded"));
    let item = report.item("web");
    assert_eq!(verdict(item), ("degraded", Some(false), "ReadyBelowDesired"));
    assert_eq!(item["message"], "3 of 4 ready");
}

#[test]
fn none_of_two_ready_is_unavailable_though_the_controller_calls_it_available() {
    let ns = Namespace::new("none");
    ns.create([Deployment::new("web", 2).rolling(1, "100%")]);
    ns.wait_ready("web", 2);
    ns.break_pods("web", 2);
    // The controller leaves out counts of 0 and writes unavailableReplicas.
    ns.wait("web", &["{.status.unavailableReplicas}=2"]);
    let (code, report) = ns.judge();
    let conditions = ns.deployments().remove(0)["status"]["conditions"].to_string();
    assert!(
        conditions.contains("MinimumReplicasAvailable"),
        "the trap is set: {conditions}"
    );
    assert_eq!(code, 2);
    assert_eq!(
        verdict(report.item("web")),
        ("unavailable", Some(false), "ReadyBelowDesired")
    );
}

#[test]
fn scaled_to_zero_is_healthy_from_the_start_and_later() {
    let ns = Namespace::new("zero");
    ns.create([Deployment::new("born", 0), Deployment::new("scaled", 2)]);
    ns.wait_ready("born", 0);
    ns.wait_ready("scaled", 2);
    ns.run(&["scale", "deployment/scaled", "--replicas=0"]);
    ns.wait("scaled", &["{.status.observedGeneration}=2"]);
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (0, "ok"));
    for name in ["born", "scaled"] {
        assert_eq!(
            verdict(report.item(name)),
            ("healthy", Some(true), "ScaledToZero")
        );
    }
}

#[test]
fn pods_that_were_just_added_are_progressing_and_not_healthy() {
    let ns = Namespace::new("scaleup");
    ns.create([Deployment::new("web", 1).never_ready()]);
    ns.wait("web", &["{.status.replicas}=1"]);
    ns.mend_pods("web", 1);
    ns.wait_ready("web", 1);
    ns.run(&["scale", "deployment/web", "--replicas=3"]);
    ns.wait(
        "web",
        &[
            "{.status.observedGeneration}=2",
            "{.status.replicas}=3",
            "{.status.unavailableReplicas}=2",
        ],
    );
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (1, "degraded"));
    let item = report.item("web");
    assert_eq!(verdict(item), ("progressing", Some(false), "PodsStarting"));
    assert_eq!((&item["ready"], &item["desired"]), (&json!(1), &json!(3)));
    let reason = ns.deployments().remove(0)["status"]["conditions"].to_string();
    assert!(
        reason.contains("NewReplicaSetAvailable"),
        "the rollout is over: {reason}"
    );
}

#[test]
fn ready_pods_inside_min_ready_seconds_are_settling_and_healthy() {
    let ns = Namespace::new("settling");
    ns.create([Deployment::new("web", 2).spec("minReadySeconds", 590)]);
    ns.wait("web", &["{.status.readyReplicas}=2"]);
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (1, "ok"));
    let item = report.item("web");
    assert_eq!(verdict(item), ("progressing", Some(true), "Settling"));
    assert_eq!((&item["ready"], &item["available"]), (&json!(2), &json!(0)));
}

#[test]
fn a_quota_that_blocks_pods_is_named_as_the_cause_at_once() {
    let ns = Namespace::new("quota");
    ns.limit_pods("1");
    ns.create([Deployment::new("some", 3)]);
    ns.wait("some", &["{.status.readyReplicas}=1"]);
    // The quota is used up, so this Deployment gets no pods.
    ns.create([Deployment::new("zero", 2)]);
    for name in ["some", "zero"] {
        ns.wait_for_reason(name, "ReplicaFailure", "FailedCreate");
    }
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (2, "degraded"));
    assert_eq!(
        verdict(report.item("some")),
        ("degraded", Some(false), "ReadyBelowDesired")
    );
    assert_eq!(
        verdict(report.item("zero")),
        ("unavailable", Some(false), "ReadyBelowDesired")
    );
    for (name, deployment) in ["some", "zero"].into_iter().zip(ns.deployments()) {
        let cause = &report.item(name)["causes"][0];
        assert_eq!(cause["code"], "Quota", "{cause}");
        assert_eq!(
            cause["message"], "quota pods: pods 1 of 1 used, 1 more asked",
            "{cause}"
        );
        assert!(deployment["status"].to_string().contains("ReplicaFailure"));
    }
}

#[test]
fn a_deployment_that_is_being_deleted_counts_only_if_it_is_named() {
    let ns = Namespace::new("deleted");
    ns.create([
        Deployment::new("going", 2).with_finalizer(),
        Deployment::new("staying", 1),
    ]);
    ns.wait_ready("going", 2);
    ns.wait_ready("staying", 1);
    ns.run(&[
        "delete",
        "deployment/going",
        "--cascade=foreground",
        "--wait=false",
    ]);
    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (0, "ok"));
    let item = report.item("going");
    assert_eq!(verdict(item), ("terminating", None, "Deleting"));
    assert!(item.get("healthy").is_none(), "{item}");
    assert_eq!(
        (
            report.count("total"),
            report.count("healthy"),
            report.count("terminating")
        ),
        (Some(2), Some(1), Some(1))
    );

    let plugin = sre_e2e::Cluster::shared().plugin();
    let (code, report) = plugin.health(&format!("deploy/going -n {}", ns.name()));
    assert_eq!(code, 2, "{:#}", report.0);
    assert_eq!(verdict(report.item("going")).0, "terminating");
    assert_eq!(report.items().len(), 1);
    let (code, _) = plugin.health(&format!("deploy/staying -n {}", ns.name()));
    assert_eq!(code, 0);
}
