//! docs/*.schema.json: generated from the types, and true of every report, timeline and result of many clusters.

use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::{Value, json};
use sre_shared::fleet::{FleetCluster, FleetReport, FleetSource, FleetState};
use sre_shared::report::{Report, Source, Summary, Timeline};
use sre_testkit::at;
use std::path::Path;
use std::sync::LazyLock;

/// The schema as it is in the repository.
const SCHEMA: &str = include_str!("../../../docs/report.schema.json");
/// The same for the result of many clusters.
const FLEET_SCHEMA: &str = include_str!("../../../docs/fleet-report.schema.json");

/// The schema of timelines as it is in the repository.
const TIMELINE_SCHEMA: &str = include_str!("../../../docs/changes.schema.json");

static TIMELINE_VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(TIMELINE_SCHEMA).expect("the schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is a schema")
});

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is a schema")
});

/// Panics if the schema does not hold for a report.
pub fn assert_valid(report: &Value) {
    let errors: Vec<String> = VALIDATOR
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0], "{report:#}");
}

/// The schema of the present types, as it is written into the repository.
fn generated<T: JsonSchema>(title: &str) -> String {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>();
    RecursiveTransform(|schema: &mut schemars::Schema| {
        // A field without a value is left out, never null.
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|one| one != "null");
        }
        if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
            forms.retain(|form| form["type"] != "null");
        }
        // Links between types are for readers of the sources.
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace("[`", "`").replace("`]", "`");
        }
    })
    .transform(&mut schema);
    schema.insert("title".to_owned(), title.into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

/// Panics with the command that mends it if a schema in the repository is not that of the types.
fn assert_generated(file: &str, schema: &str, generated: &str) {
    if schema != generated {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        std::fs::write(&path, generated).expect("the folder of temporary files of the tests is there");
        panic!("the types have changed: cp {} docs/{file}", path.display());
    }
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_types() {
    let report = generated::<Report>("The report of kubectl sre health, sre/v1");
    assert_generated("report.schema.json", SCHEMA, &report);
}

#[test]
fn the_schema_of_many_clusters_in_the_repository_is_that_of_the_types() {
    let fleet = generated::<FleetReport>("The report of kubectl sre fleet, sre/v1");
    assert_generated("fleet-report.schema.json", FLEET_SCHEMA, &fleet);
}

#[test]
fn the_schema_of_timelines_in_the_repository_is_that_of_the_types() {
    let timeline = generated::<Timeline>("The timeline of kubectl sre changes, sre/v1");
    assert_generated("changes.schema.json", TIMELINE_SCHEMA, &timeline);
}

#[test]
fn timelines_are_as_their_schema_says() {
    let evicted = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "shop", "uid": "e"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "pay-1", "uid": "p"}, "reason": "Evicted",
        "message": "The node was low on resource: memory.", "source": {"component": "kubelet", "host": "n7"},
        "firstTimestamp": at(-300), "lastTimestamp": at(-200), "count": 3,
    });
    let settings = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "shop", "uid": "c", "creationTimestamp": at(-100)},
    });
    let dump = json!({"apiVersion": "v1", "kind": "List", "items": [evicted, settings]});
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kubectl-sre"))
        .env_clear()
        .args(["changes", "-o", "json", "--at", &at(0), "-f", "-"])
        .write_stdin(dump.to_string())
        .output()
        .expect("the plugin was built for this test");
    let timeline: Value = serde_json::from_slice(&output.stdout).expect("a timeline");
    assert_eq!(
        timeline["entries"].as_array().map(Vec::len),
        Some(2),
        "{timeline:#}"
    );
    let is_valid = |change: &dyn Fn(&mut Value)| {
        let mut other = timeline.clone();
        change(&mut other);
        TIMELINE_VALIDATOR
            .iter_errors(&other)
            .next()
            .map(|error| error.to_string())
    };
    assert_eq!(is_valid(&|_| {}), None);
    assert_eq!(is_valid(&|timeline| timeline["later"] = 1.into()), None);
    assert!(is_valid(&|timeline| timeline["entries"][0]["what"] = 7.into()).is_some());
    assert!(is_valid(&|timeline| timeline["entries"][0]["at"] = Value::Null).is_some());
    assert!(is_valid(&|timeline| timeline["notSeen"] = Value::Null).is_some());
}

#[test]
fn the_schema_of_many_clusters_holds_for_each_state_and_refuses_another() {
    let schema: Value = serde_json::from_str(FLEET_SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is a schema");
    let clusters = FleetState::ALL.map(|state| FleetCluster {
        report: Some(Report::new(Source::default(), "2026-01-01T00:00:00Z".to_owned())),
        ..FleetCluster::unseen("a".to_owned(), state, "why".to_owned())
    });
    let fleet = FleetReport::new(
        FleetSource::default(),
        "2026-01-01T00:00:00Z".to_owned(),
        clusters.into(),
    );
    let mut fleet = serde_json::to_value(fleet).expect("a report is JSON");
    assert!(validator.is_valid(&fleet), "{fleet:#}");
    fleet["clusters"][0]["state"] = "fine".into();
    assert!(!validator.is_valid(&fleet));
}

#[test]
fn the_schema_says_which_fields_a_report_always_has_and_refuses_what_is_none() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let report = serde_json::json!({
        "apiVersion": "sre/v1", "kind": "HealthReport", "status": "ok", "observedAt": "2026-01-01T00:00:00Z", "ageSeconds": 0,
        "stale": false, "source": {"mode": "file"}, "coverage": {"kinds": [], "namespaces": "all", "notSeen": []}, "checks": [],
        "summary": Summary::default(),
    });
    assert_valid(&report);
    let is_valid = |change: &dyn Fn(&mut Value)| {
        let mut other = report.clone();
        change(&mut other);
        VALIDATOR.is_valid(&other)
    };
    // Fields are only added.
    assert!(is_valid(&|report| report["later"] = 1.into()));
    assert!(!is_valid(&|report| report["status"] = "fine".into()));
    assert!(!is_valid(&|report| report["apiVersion"] = "sre/v2".into()));
    assert!(!is_valid(&|report| report["checks"] = Value::Null));
    assert!(!is_valid(
        &|report| report["coverage"]["namespaces"] = "some".into()
    ));
    assert!(!is_valid(&|report| {
        report.as_object_mut().map(|fields| fields.remove("status"));
    }));
}
