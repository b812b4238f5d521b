//! `kubectl sre gate` around `helm upgrade`, on real pods.

use serde_json::Value;
use sre_e2e::node::{RestrictedNamespace, deployment, helm, helm_program, plugin};
use sre_e2e::process::ProcessResult;
use sre_e2e::temporary;
use std::path::PathBuf;

/// The image that the node has, and one that it has not and never pulls.
const GOOD: &str = "sre-e2e-tools:latest";
const BAD: &str = "sre-e2e-none:v1";

/// A chart with the Deployments `old` and `web`, whose images are values.
fn chart() -> PathBuf {
    let directory = temporary("gate-chart");
    let templates = directory.join("templates");
    std::fs::create_dir_all(&templates).expect("the directory of the tests can be written");
    let write = |path: PathBuf, text: String| std::fs::write(path, text).expect("it can be written");
    write(
        directory.join("Chart.yaml"),
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n".into(),
    );
    write(
        directory.join("values.yaml"),
        format!("old: {BAD}\nweb: {GOOD}\n"),
    );
    for name in ["old", "web"] {
        let manifest = deployment(name, 1, &["sleep", "3600"]).to_string();
        let image = format!("{{{{ .Values.{name} }}}}");
        write(
            templates.join(format!("{name}.yaml")),
            manifest.replace(GOOD, &image),
        );
    }
    directory
}

/// Runs `helm upgrade` with a value under a gate about the Deployments of the namespace.
fn gate(chart: &std::path::Path, value: &str) -> ProcessResult {
    let (helm, chart) = (helm_program().display(), chart.display());
    let gate = "gate deployments -n following --grace 20s --timeout 4m --color never -o json";
    plugin().wait(&format!(
        "{gate} -- {helm} upgrade shop {chart} -n following --reuse-values --set {value}"
    ))
}

/// The object of the report with that name.
fn item<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().into_iter().flatten();
    let mut items = checks.flat_map(|check| check["items"].as_array().into_iter().flatten());
    items
        .find(|item| item["name"] == name)
        .expect("the report has it")
}

#[test]
fn an_upgrade_that_makes_one_thing_worse_fails_and_another_that_was_broken_before_does_not() {
    let _space = RestrictedNamespace::new("following");
    let chart = chart();
    let chart_path = chart.display().to_string();
    let _ = helm(&["install", "shop", &chart_path, "-n", "following"]).expect_code(0);
    let _ = plugin()
        .wait("health deploy/web -n following --wait --timeout 3m")
        .expect_code(0);
    let _ = plugin()
        .wait("health deploy/old -n following --wait --timeout 3m")
        .expect_code(2);

    let worse = gate(&chart, &format!("web={BAD}")).expect_code(2);
    let report: Value = serde_json::from_str(&worse.stdout).expect("stdout is one report");
    assert_eq!(report["command"]["exitCode"], 0, "{worse}");
    assert_eq!(item(&report, "web")["baseline"], "worse", "{worse}");
    assert_eq!(item(&report, "old")["baseline"], "same", "{worse}");
    assert!(
        worse.stderr.contains("is not present with pull policy of Never"),
        "{worse}"
    );

    let better = gate(&chart, &format!("web={GOOD}")).expect_code(0);
    let report: Value = serde_json::from_str(&better.stdout).expect("stdout is one report");
    assert_eq!(item(&report, "web")["state"], "healthy", "{better}");
    assert!(
        better.stderr.contains("1 object is not healthy, as before"),
        "{better}"
    );

    let failed = plugin()
        .wait("gate deployments -n following -- false")
        .expect_code(1);
    assert!(failed.stderr.contains("false exited 1"), "{failed}");
}
