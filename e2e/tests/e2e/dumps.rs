//! A dump that kubectl wrote is judged like the live cluster.

use sre_e2e::deployment::bad_revision;
use sre_e2e::report::{Verdict, verdict, word};
use sre_e2e::{Cluster, Deployment, Namespace, Report};

/// Each Deployment's name and verdict.
fn verdicts(report: &Report) -> Vec<(&str, Verdict<'_>)> {
    report
        .items()
        .iter()
        .map(|item| (word(&item["name"]), verdict(item)))
        .collect()
}

fn minutes_later(report: &Report, minutes: i64) -> String {
    let now: jiff::Timestamp = word(&report.0["observedAt"]).parse().expect("a time");
    (now + jiff::SignedDuration::from_mins(minutes))
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

fn judge(line: &str, dump: String) -> (i32, Report) {
    let run = Cluster::shared()
        .plugin()
        .judge(&format!("health -f - -o json {line}"), Some(dump));
    let report = Report::parse(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"));
    (run.code.expect("it ends by itself"), report)
}

#[test]
fn a_dump_gets_the_verdicts_of_the_live_cluster() {
    let ns = Namespace::new("dump");
    ns.create([
        Deployment::new("good", 2),
        Deployment::new("held", 1).with_finalizer(),
        Deployment::new("none", 2)
            .never_ready()
            .spec("progressDeadlineSeconds", 2),
        Deployment::new("paused", 1),
        Deployment::new("rolling", 2).rolling(1, 0),
        Deployment::new("short", 4),
        Deployment::new("stalled", 1).rolling(1, 0),
        Deployment::new("zero", 0),
    ]);
    for (name, replicas) in [
        ("good", 2),
        ("held", 1),
        ("paused", 1),
        ("rolling", 2),
        ("short", 4),
        ("stalled", 1),
        ("zero", 0),
    ] {
        ns.wait_ready(name, replicas);
    }
    ns.break_pods("short", 1);
    for name in ["rolling", "stalled"] {
        ns.run(&["patch", &format!("deployment/{name}"), "--patch", &bad_revision()]);
    }
    ns.run(&[
        "patch",
        "deployment/stalled",
        "--patch",
        r#"{"spec":{"progressDeadlineSeconds":2}}"#,
    ]);
    ns.run(&["rollout", "pause", "deployment/paused"]);
    ns.run(&[
        "delete",
        "deployment/held",
        "--cascade=foreground",
        "--wait=false",
    ]);
    ns.wait("short", &["{.status.readyReplicas}=3"]);
    ns.wait("rolling", &["{.status.updatedReplicas}=1"]);
    ns.wait("paused", &["{.status.observedGeneration}=2"]);
    for name in ["none", "stalled"] {
        ns.wait_for_reason(name, "Progressing", "ProgressDeadlineExceeded");
    }
    // The present pods use up the quota.
    ns.limit_pods("1");
    ns.run(&["scale", "deployment/good", "--replicas=3"]);
    ns.wait_for_reason("good", "ReplicaFailure", "FailedCreate");

    let (live_code, live) = ns.judge();
    let expected = [
        ("good", ("degraded", Some(false), "ReadyBelowDesired")),
        ("held", ("terminating", None, "Deleting")),
        ("none", ("unavailable", Some(false), "ReadyBelowDesired")),
        ("paused", ("healthy", Some(true), "Ready")),
        ("rolling", ("progressing", Some(true), "RolloutInProgress")),
        ("short", ("degraded", Some(false), "ReadyBelowDesired")),
        ("stalled", ("degraded", Some(false), "RolloutStalled")),
        ("zero", ("healthy", Some(true), "ScaledToZero")),
    ];
    assert_eq!(verdicts(&live), expected);
    // A dump with pods shows how young they are, and the live run does not look at pods. After the grace both agree.
    let later = minutes_later(&live, 2);
    for (format, kinds) in [
        ("json", "deploy,rs,po"),
        ("yaml", "deploy,rs,po"),
        ("json", "deploy,rs,po,ev"),
        ("yaml", "deploy"),
    ] {
        let dump = ns.run(&["get", kinds, "-o", format]);
        let (code, report) = judge(&format!("--at {later}"), dump);
        assert_eq!(verdicts(&report), expected, "{kinds} as {format}");
        assert_eq!(
            (code, report.status()),
            (live_code, live.status()),
            "{kinds} as {format}"
        );
        assert_eq!(report.0["source"]["mode"], "file");
        assert!(report.api_server().is_null(), "a dump has no API server");
        report.assert_counts_of(&ns.deployments());
    }
    // Without --at the newest time in the dump counts as now, when the missing pod is still young.
    let (code, report) = judge("", ns.run(&["get", "deploy,rs,po,ev", "-o", "yaml"]));
    let settled = |verdicts: &[(&str, Verdict<'_>)]| {
        verdicts
            .iter()
            .filter(|v| v.0 != "short")
            .map(|v| format!("{v:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (code, settled(&verdicts(&report))),
        (live_code, settled(&expected))
    );
}

#[test]
fn a_dump_without_deployments_is_unknown_and_a_part_of_one_is_judged() {
    let ns = Namespace::new("parts");
    ns.create([Deployment::new("web", 1)]);
    ns.wait_ready("web", 1);
    let (code, report) = judge("", ns.run(&["get", "configmaps", "-o", "yaml"]));
    assert_eq!((code, report.status()), (3, "unknown"), "{:#}", report.0);
    let (code, report) = judge("", ns.run(&["get", "deployment/web", "-o", "yaml"]));
    assert_eq!(
        (code, report.status(), report.count("healthy")),
        (0, "ok", Some(1))
    );
    let dry = ns.run(&[
        "create",
        "deployment",
        "new",
        "--image=registry.example/new:v1",
        "--dry-run=client",
        "-o",
        "yaml",
    ]);
    let (code, report) = judge("", dry);
    assert_eq!(code, 3, "a manifest was never in a cluster");
    assert_eq!(verdict(report.item("new")), ("unknown", Some(false), "Manifest"));
}
