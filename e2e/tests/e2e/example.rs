//! The dump of `examples/`, and how it is made.

use sre_e2e::report::{Verdict, verdict, word};
use sre_e2e::{Cluster, Report, process, root};
use std::process::Command;
use std::time::Duration;

/// Namespace, name and verdict of each workload, as in the dump's README.
const EXPECTED: [(&str, &str, Verdict<'_>); 11] = [
    ("payments", "api", ("degraded", Some(false), "RolloutStalled")),
    ("payments", "ledger", ("healthy", Some(true), "Ready")),
    ("payments", "webhooks", ("healthy", Some(true), "Ready")),
    ("search", "frontend", ("healthy", Some(true), "Ready")),
    ("search", "indexer", ("healthy", Some(true), "ScaledToZero")),
    (
        "search",
        "query",
        ("progressing", Some(true), "RolloutInProgress"),
    ),
    (
        "search",
        "suggest",
        ("unavailable", Some(false), "ReadyBelowDesired"),
    ),
    ("shop", "cart", ("degraded", Some(false), "ReadyBelowDesired")),
    ("shop", "checkout", ("degraded", Some(false), "ReadyBelowDesired")),
    (
        "shop",
        "recommendations",
        ("unavailable", Some(false), "ReadyBelowDesired"),
    ),
    ("shop", "storefront", ("healthy", Some(true), "Ready")),
];

fn judge(dump: &str) -> (i32, Report) {
    Cluster::shared().plugin().health(&format!("-f {dump}"))
}

#[test]
fn the_shipped_example_has_its_documented_verdicts() {
    let dump = root().join("examples/shop.yaml");
    let (code, report) = judge(&dump.to_string_lossy());
    assert_eq!((code, report.status()), (2, "degraded"));
    let verdicts: Vec<_> = report
        .items()
        .iter()
        .map(|i| (word(&i["namespace"]), word(&i["name"]), verdict(i)))
        .collect();
    assert_eq!(verdicts, EXPECTED);
    report.assert_summary();
    for (name, codes) in [
        ("api", &["Quota", "ProgressDeadlineExceeded"][..]),
        ("suggest", &["NotReady", "ProgressDeadlineExceeded"]),
        ("checkout", &["CrashLoop"]),
        ("recommendations", &["ImagePull"]),
        ("cart", &["NotReady"]),
    ] {
        let causes = report.item(name)["causes"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let found: Vec<&str> = causes.iter().map(|c| word(&c["code"])).collect();
        assert_eq!(found, codes, "{name}");
    }
    assert_eq!(report.item("ledger")["notes"][0], "paused");
    let size = std::fs::metadata(dump).expect("it is shipped").len();
    assert!(size < 400 << 10, "a clone should stay small: {size} bytes");
}

#[test]
fn capturing_the_example_again_gives_the_same_workloads() {
    let target = std::env::temp_dir().join(format!("sre-example-{}.yaml", std::process::id()));
    let path = target.to_string_lossy().into_owned();
    let mut capture = Command::new(root().join("e2e/capture-example"));
    let run = process::run(
        capture.args(["--settle", "0", &path]),
        None,
        Duration::from_mins(4),
    )
    .expect_code(0);
    let text = std::fs::read_to_string(&target).unwrap_or_else(|error| panic!("{error}: {run}"));
    let (_, report) = judge(&path);
    let _ = std::fs::remove_file(&target);
    let names: Vec<_> = report
        .items()
        .iter()
        .map(|i| (word(&i["namespace"]), word(&i["name"])))
        .collect();
    assert_eq!(names, EXPECTED.map(|(namespace, name, _)| (namespace, name)));
    for kind in ["Deployment", "ReplicaSet", "Pod", "Event"] {
        assert!(
            text.contains(&format!("\n  kind: {kind}\n")),
            "a dump with its {kind}s"
        );
    }
    // The workloads whose verdict does not depend on the age of pods.
    for (name, state) in [
        ("storefront", "healthy"),
        ("indexer", "healthy"),
        ("api", "degraded"),
        ("query", "progressing"),
    ] {
        assert_eq!(word(&report.item(name)["state"]), state, "{name}");
    }
}
