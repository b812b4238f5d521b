//! The formats agree, and kubectl passes output and exit code through.

use serde_json::Value;
use sre_e2e::report::word;
use sre_e2e::{Cluster, Deployment, Namespace, Report};

/// The value without fields that change from run to run.
fn comparable(text: &str) -> Value {
    let mut report: Value = serde_saphyr::from_str(text).expect("JSON is YAML too");
    for path in ["/observedAt", "/checks/0/latencyMs"] {
        let value = report.pointer_mut(path).expect("every report has it");
        assert!(!value.is_null());
        *value = Value::Null;
    }
    report
}

fn assert_no_null(value: &Value, path: &str) {
    match value {
        Value::Null => panic!("{path} is null: what is not known is left out"),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(n, v)| assert_no_null(v, &format!("{path}/{n}"))),
        Value::Object(map) => map
            .iter()
            .for_each(|(name, v)| assert_no_null(v, &format!("{path}/{name}"))),
        _ => {}
    }
}

/// Deployments with one of each state that does not change by itself.
fn mixed() -> Namespace<'static> {
    let ns = Namespace::new("outputs");
    ns.create([
        Deployment::new("good", 1),
        Deployment::new("none", 2)
            .never_ready()
            .spec("progressDeadlineSeconds", 2),
        Deployment::new("short", 4),
        Deployment::new("zero", 0),
    ]);
    ns.wait_ready("good", 1);
    ns.wait_ready("zero", 0);
    ns.wait_ready("short", 4);
    ns.break_pods("short", 1);
    ns.wait("short", &["{.status.readyReplicas}=3"]);
    ns.wait_for_reason("none", "Progressing", "ProgressDeadlineExceeded");
    ns
}

#[test]
fn json_yaml_and_the_screen_agree() {
    let ns = mixed();
    let plugin = Cluster::shared().plugin();
    let json = plugin
        .run(&format!("health --cause none -n {} -o json", ns.name()))
        .expect_code(2);
    let yaml = plugin
        .run(&format!("health --cause none -n {} -o yaml", ns.name()))
        .expect_code(2);
    assert_eq!(comparable(&json.stdout), comparable(&yaml.stdout));
    assert!(
        json.stdout.starts_with('{') && yaml.stdout.starts_with("apiVersion: sre/v1\n"),
        "{}",
        yaml.stdout
    );
    assert!(
        json.stderr.is_empty() && yaml.stderr.is_empty(),
        "nothing beside the result: {}",
        json.stderr
    );

    let report = Report::parse(&json.stdout).expect("a report");
    assert_no_null(&report.0, "");
    let states: Vec<(&str, &str)> = report
        .items()
        .iter()
        .map(|i| (word(&i["name"]), word(&i["state"])))
        .collect();
    assert_eq!(
        states,
        [
            ("good", "healthy"),
            ("none", "unavailable"),
            ("short", "degraded"),
            ("zero", "healthy")
        ]
    );

    let screen = plugin
        .run(&format!("health --cause none -n {}", ns.name()))
        .expect_code(2);
    assert!(screen.stderr.is_empty(), "{screen}");
    let screen = screen.stdout;
    let first = screen.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("DEGRADED  e2e  v1.") && first.ends_with("2 of 4 Deployments are not healthy"),
        "{screen}"
    );
    for part in [
        "none",
        "0/2 ready",
        "short",
        "3/4 ready",
        "2 healthy, 1 degraded, 1 unavailable",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert!(
        !screen.contains(&format!("{}/good", ns.name())),
        "what is healthy is only counted: {screen}"
    );
    assert!(!screen.contains('\u{1b}'), "no colour into a pipe: {screen:?}");
    let none = screen.find("/none").expect("it is shown");
    assert!(
        none < screen.find("/short").expect("it is shown"),
        "worst first: {screen}"
    );

    let quiet = plugin
        .run(&format!("health --cause none -q -n {}", ns.name()))
        .expect_code(2)
        .stdout;
    assert_eq!(quiet.lines().collect::<Vec<_>>(), [first]);
    let colored = plugin
        .run(&format!("health --cause none --color always -n {}", ns.name()))
        .expect_code(2)
        .stdout;
    assert!(colored.contains("\u{1b}[1m"), "{colored:?}");
}

#[test]
fn kubectl_runs_it_as_a_plugin_and_passes_output_and_exit_code_through() {
    let ns = mixed();
    let plugin = Cluster::shared().plugin();
    let direct = plugin
        .run(&format!("health --cause none -n {} -o json", ns.name()))
        .expect_code(2);
    let through = plugin
        .run_through_kubectl(&format!("health --cause none -n {} -o json", ns.name()))
        .expect_code(2);
    assert_eq!(comparable(&direct.stdout), comparable(&through.stdout));
    let _ = plugin
        .run_through_kubectl(&format!("health deploy/good -n {}", ns.name()))
        .expect_code(0);
    let _ = plugin
        .run_through_kubectl(&format!("health deploy/god -n {}", ns.name()))
        .expect_code(3);
    let refused = plugin.run_through_kubectl("helth").expect_code(64);
    assert!(refused.stderr.contains("did you mean \"health\"?"), "{refused}");
    let help = plugin.run_through_kubectl("health --help").expect_code(0).stdout;
    assert!(help.contains("Usage: kubectl sre health"), "{help}");
}

#[test]
fn a_reader_that_goes_away_changes_neither_the_exit_code_nor_stderr() {
    let ns = mixed();
    let plugin = Cluster::shared().plugin();
    // `true` ends at once without reading.
    for format in ["human", "json", "yaml"] {
        let line = format!(
            "(sleep 0.2; \"$PLUGIN\" health --cause none -n {} -o {format}) | true; echo ${{PIPESTATUS[0]}}",
            ns.name()
        );
        let run = plugin.run_in_shell(&line).expect_code(0);
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("2\n", ""),
            "{format}"
        );
    }
}

#[test]
fn version_prints_the_versions_of_the_plugin_and_the_server() {
    let plugin = Cluster::shared().plugin();
    let text = plugin.run("version -o json").expect_code(0).stdout;
    let version: Value = serde_json::from_str(&text).expect("JSON");
    let server: Value =
        serde_json::from_str(&Cluster::shared().kubectl().ok(&["version", "-o", "json"])).expect("JSON");
    assert_eq!(version["plugin"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["server"], server["serverVersion"]["gitVersion"]);
}
