//! Dumps in which one workload has too few pods, and anything may happen to the rest.

use crate::dump::judge;
use crate::input::Choices;
use serde_json::{Value, json};
use sre_shared::report::Status;
use sre_testkit::object::Deployment;

/// The objects beside the broken one.
fn others() -> Vec<Value> {
    let set = |kind: &str, status: Value| {
        json!({
            "apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": "data", "namespace": "shop", "uid": kind, "generation": 1,
                "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "data"}}},
            "status": status,
        })
    };
    vec![
        Deployment::new("shop", "web").replicas(2).into(),
        set(
            "StatefulSet",
            json!({"observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "availableReplicas": 2,
                "updatedReplicas": 2, "currentRevision": "a", "updateRevision": "a"}),
        ),
        set(
            "DaemonSet",
            json!({"observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
                "numberReady": 2, "numberAvailable": 2, "updatedNumberScheduled": 2, "numberMisscheduled": 0}),
        ),
    ]
}

/// A workload with too few pods, of a kind that the choice names.
fn short(choices: &mut Choices<'_>) -> Value {
    let kind = choices.below(3);
    let mut object = others().swap_remove(kind);
    object["metadata"]["name"] = json!("short");
    object["metadata"]["uid"] = json!("short");
    let ready = choices.below(2);
    for field in [
        "readyReplicas",
        "availableReplicas",
        "numberReady",
        "numberAvailable",
    ] {
        if object["status"][field].is_number() {
            object["status"][field] = json!(ready);
        }
    }
    object
}

/// Holds if a shortage is never ok, with any bytes changed that are not its own, and cut anywhere.
pub fn holds(input: &[u8]) {
    let mut choices = Choices::new(input);
    let short = short(&mut choices).to_string();
    let place = choices.below(4);
    let mut texts: Vec<String> = others().iter().map(Value::to_string).collect();
    texts.insert(place.min(texts.len()), short.clone());
    let list = format!(
        r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#,
        texts.join(",")
    );
    assert_ne!(judge("dump.json", list.as_bytes()).status, Status::Ok, "{short}");

    let cut = choices.below(list.len());
    let head = list.get(..cut).unwrap_or_default();
    assert_ne!(judge("dump.json", head.as_bytes()).status, Status::Ok, "{head}");

    let mut bytes = list.clone().into_bytes();
    let own = list.find(&short).unwrap_or_default();
    let own = own..own + short.len();
    for _ in 0..8 {
        if choices.is_empty() {
            break;
        }
        let at = choices.below(bytes.len());
        if !own.contains(&at) {
            bytes[at] = choices.byte();
        }
    }
    let report = judge("dump.json", &bytes);
    assert_ne!(report.status, Status::Ok, "{}", String::from_utf8_lossy(&bytes));
}
