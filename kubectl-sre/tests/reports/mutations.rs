//! Breaking an object never turns a verdict into ok.
//!
//! Every object of every dump is broken in every way below, one at a time. If the verdict was not ok before, it is not ok
//! afterwards. A shortage of a workload, a lost kind and a file that ends too early are never ok, even if the verdict was
//! ok before.

use serde_json::{Value, json};
use sre_shared::dump::{File, Objects};
use sre_shared::kind::Kind;
use sre_shared::report::{FailOn, Outcome};
use sre_shared::resource::Time;
use sre_shared::run::{KindTarget, Request, clock, dump};
use std::path::{Path, PathBuf};

use super::judge::{AT, dump as path_of};

/// The fields in which a workload counts its ready and available pods.
const GOOD_COUNTS: [&str; 5] = [
    "readyReplicas",
    "availableReplicas",
    "numberReady",
    "numberAvailable",
    "currentHealthy",
];

/// A dump as one list of all objects in its files.
struct Dump {
    name: String,
    items: Vec<Value>,
    at: Option<Time>,
}

/// All dumps whose files are JSON or YAML lists that any parser reads.
fn dumps() -> Vec<Dump> {
    let mut found = Vec::new();
    let root = path_of("");
    let mut entries: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("the dumps are there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop.yaml"));
    entries.sort();
    for path in entries {
        let mut items = Vec::new();
        collect(&path, &mut items);
        let inside = path.starts_with(&root);
        if !items.is_empty() {
            found.push(Dump {
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                items,
                at: inside.then(|| Time::parse(AT).expect("a time")),
            });
        }
    }
    found
}

fn collect(path: &Path, items: &mut Vec<Value>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder") {
            collect(&entry.expect("an entry").path(), items);
        }
        return;
    }
    let Ok(text) = std::fs::read_to_string(path) else {
        return;
    };
    let value = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => serde_json::from_str::<Value>(&text).ok(),
        Some("yaml" | "yml") => serde_saphyr::from_str::<Value>(&text).ok(),
        _ => None,
    };
    let Some(value) = value else { return };
    match value.get("items").and_then(Value::as_array) {
        Some(list) => items.extend(list.iter().filter(|i| i["kind"].is_string()).cloned()),
        None if value["kind"].is_string() => items.push(value),
        None => {}
    }
}

fn bytes(items: &[Value]) -> Vec<u8> {
    json!({"apiVersion": "v1", "kind": "List", "items": items})
        .to_string()
        .into_bytes()
}

/// The exit code of every kind, judged together.
fn exit_code(bytes: Vec<u8>, at: Option<Time>) -> u8 {
    let objects = Objects::read(vec![File::new("dump.json", bytes)]);
    let ask = Request {
        api_server: false,
        by_default: false,
        kinds: Kind::ALL.iter().copied().map(KindTarget::all).collect(),
        ..Request::default()
    };
    let report = dump(&objects, "dump.json", &ask, at, clock::system);
    FailOn::default().exit_code(Outcome::of(&report))
}

/// One way to break an object; `None` if it does not apply to it.
type Break = fn(&Value) -> Option<Value>;

fn desired(object: &Value) -> i64 {
    let status = &object["status"];
    match object["kind"].as_str() {
        Some("DaemonSet") => status["desiredNumberScheduled"].as_i64().unwrap_or(0),
        _ => object["spec"]["replicas"].as_i64().unwrap_or(1),
    }
}

fn is_workload(object: &Value) -> bool {
    ["Deployment", "StatefulSet", "DaemonSet"].contains(&object["kind"].as_str().unwrap_or_default())
        && object["apiVersion"] == "apps/v1"
}

fn nothing_ready(object: &Value) -> Option<Value> {
    let mut broken = object.clone();
    let status = broken["status"].as_object_mut()?;
    let mut changed = false;
    for field in GOOD_COUNTS {
        if let Some(count) = status.get_mut(field).filter(|c| c.as_i64().unwrap_or(0) > 0) {
            *count = json!(0);
            changed = true;
        }
    }
    changed.then_some(broken)
}

fn conditions_false(object: &Value) -> Option<Value> {
    let mut broken = object.clone();
    let mut changed = false;
    for condition in broken["status"]["conditions"].as_array_mut()? {
        let good = [
            "Ready",
            "Available",
            "Healthy",
            "Established",
            "ContainersReady",
            "Succeeded",
        ];
        if good.contains(&condition["type"].as_str().unwrap_or_default()) && condition["status"] == "True" {
            condition["status"] = json!("False");
            changed = true;
        }
    }
    changed.then_some(broken)
}

fn without_status(object: &Value) -> Option<Value> {
    let mut broken = object.clone();
    broken.as_object_mut()?.remove("status")?;
    Some(broken)
}

fn without_kind(object: &Value) -> Option<Value> {
    let mut broken = object.clone();
    broken.as_object_mut()?.remove("kind")?;
    Some(broken)
}

fn counts_as_text(object: &Value) -> Option<Value> {
    let mut broken = object.clone();
    let replicas = broken["spec"].as_object_mut()?.get_mut("replicas")?;
    *replicas = json!(replicas.to_string());
    Some(broken)
}

fn not_observed(object: &Value) -> Option<Value> {
    let mut broken = object.clone();
    let generation = broken["metadata"]["generation"].as_i64()?;
    broken["status"]["observedGeneration"].as_i64()?;
    broken["metadata"]["generation"] = json!(generation + 1);
    Some(broken)
}

const BREAKS: [(&str, Break); 6] = [
    ("nothing ready", nothing_ready),
    ("conditions false", conditions_false),
    ("no status", without_status),
    ("no kind", without_kind),
    ("a count as text", counts_as_text),
    ("not observed", not_observed),
];

/// Whether an object with this mutation can never be judged ok, even if the dump was ok before.
fn is_never_ok(what: &str, object: &Value) -> bool {
    match what {
        "no kind" => true,
        "nothing ready" | "no status" => is_workload(object) && desired(object) > 0,
        "a count as text" | "not observed" => is_workload(object),
        _ => false,
    }
}

#[test]
fn breaking_one_object_never_makes_a_dump_ok() {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for dump in dumps() {
        let before = exit_code(bytes(&dump.items), dump.at);
        for (index, object) in dump.items.iter().enumerate() {
            let deleting = !object["metadata"]["deletionTimestamp"].is_null();
            for (what, broken) in BREAKS.iter().filter_map(|(what, b)| Some((*what, b(object)?))) {
                let mut items = dump.items.clone();
                items[index] = broken;
                tried += 1;
                let never = is_never_ok(what, object) && !deleting;
                if exit_code(bytes(&items), dump.at) == 0 && (before != 0 || never) {
                    wrong.push(format!(
                        "{}: {} {} with {what} is ok; before: {before}",
                        dump.name, object["kind"], object["metadata"]["name"]
                    ));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // Without this, a change of the dumps' layout could leave the test with nothing to try.
    assert!(tried > 500, "{tried}");
}

#[test]
fn a_file_that_ends_too_early_is_never_ok() {
    let mut wrong = Vec::new();
    for dump in dumps() {
        let whole = bytes(&dump.items);
        // Cutting at every byte would take minutes.
        for part in 1..40 {
            let cut = whole.len() * part / 40;
            if exit_code(whole[..cut].to_vec(), dump.at) == 0 {
                wrong.push(format!("{} cut at {cut} of {}", dump.name, whole.len()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
