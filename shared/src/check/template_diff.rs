//! The fields in which two templates of pods differ.
//!
//! A field's name is always safe to show. Its value is shown only of images, resources, ports and numbers of probes: commands,
//! arguments, variables and annotations may hold secrets.

use crate::report::{FieldChange, FieldChangeKind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most differences that are kept.
const MOST: usize = 50;
/// The depth to which fields are named. A deeper difference is named by the field that holds it.
const DEPTH: usize = 4;
/// The longest value that is shown.
const LONGEST: usize = 300;

/// The annotation that `kubectl rollout restart` writes.
pub(super) const RESTARTED_AT: &str = "annotation kubectl.kubernetes.io/restartedAt";

/// Labels by which controllers tell revisions apart. They differ in every pair of revisions.
const REVISION_LABELS: [&str; 3] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
];

/// Lists of a container whose entries are told apart by a name.
const NAMED: [(&str, Named); 5] = [
    (
        "env",
        Named {
            word: "env",
            keys: &["name"],
        },
    ),
    (
        "ports",
        Named {
            word: "port",
            keys: &["name", "containerPort"],
        },
    ),
    (
        "volumeMounts",
        Named {
            word: "volumeMount",
            keys: &["mountPath"],
        },
    ),
    (
        "volumeDevices",
        Named {
            word: "volumeDevice",
            keys: &["devicePath"],
        },
    ),
    (
        "resizePolicy",
        Named {
            word: "resizePolicy",
            keys: &["resourceName"],
        },
    ),
];

/// How the entries of a list are named.
struct Named {
    /// The word before the name.
    word: &'static str,
    /// The fields of an entry that can be its name; the first that it has counts.
    keys: &'static [&'static str],
}

/// The differences, those that explain most first. A template that was not read differs in nothing.
#[must_use]
pub fn template_diff(old: &Value, new: &Value) -> Vec<FieldChange> {
    if old.is_null() || new.is_null() {
        return Vec::new();
    }
    let mut diff = Diff::default();
    let (old_spec, new_spec) = (old.get("spec"), new.get("spec"));
    for list in ["containers", "initContainers"] {
        diff.containers(entries(old_spec, list), entries(new_spec, list));
    }
    let volume = Named {
        word: "volume",
        keys: &["name"],
    };
    diff.named(
        None,
        &volume,
        entries(old_spec, "volumes"),
        entries(new_spec, "volumes"),
    );
    let listed = ["containers", "initContainers", "ephemeralContainers", "volumes"];
    diff.others(None, "", old_spec, new_spec, &listed, 0);
    for (map, word) in [("labels", "label"), ("annotations", "annotation")] {
        let of = |template: &Value| template.pointer(&format!("/metadata/{map}")).cloned();
        diff.keys(word, of(old).as_ref(), of(new).as_ref());
    }
    if diff.found.is_empty() && old != new {
        diff.add(None, "template".to_owned(), FieldChangeKind::Changed);
    }
    let mut found = diff.found;
    found.sort_by_key(rank);
    found.truncate(MOST);
    found
}

/// The order in which differences are shown: those that break a workload most often come first.
fn rank(change: &FieldChange) -> u8 {
    let field = change.field.as_str();
    let word = field.split([' ', '.']).next().unwrap_or_default();
    match word {
        "image" => 0,
        "container" => 1,
        "command" | "args" => 2,
        "env" | "envFrom" => 3,
        "resources" => 4,
        "livenessProbe" | "readinessProbe" | "startupProbe" => 5,
        "port" => 6,
        "volume" | "volumeMount" => 7,
        "annotation" => 9,
        "label" => 10,
        _ => 8,
    }
}

fn entries<'a>(spec: Option<&'a Value>, list: &str) -> &'a [Value] {
    let list = spec.and_then(|spec| spec.get(list)).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// Entries by their names. Of two with one name the last counts, as for the kubelet.
fn by_name<'a>(entries: &'a [Value], keys: &[&str]) -> BTreeMap<String, &'a Value> {
    let named = entries.iter().filter_map(|entry| {
        let name = keys.iter().find_map(|key| entry.get(key))?;
        Some((text(name)?, entry))
    });
    named.collect()
}

/// A scalar as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// How a field differs; `None` if it does not. `null` is no value.
fn compare(old: Option<&Value>, new: Option<&Value>) -> Option<FieldChangeKind> {
    let is_there = |value: &&Value| !value.is_null();
    match (old.filter(is_there), new.filter(is_there)) {
        (None, Some(_)) => Some(FieldChangeKind::Added),
        (Some(_), None) => Some(FieldChangeKind::Removed),
        (Some(old), Some(new)) if old != new => Some(FieldChangeKind::Changed),
        _ => None,
    }
}

#[derive(Default)]
struct Diff {
    found: Vec<FieldChange>,
}

impl Diff {
    fn add(&mut self, container: Option<&str>, field: String, how: FieldChangeKind) {
        self.add_values(container, field, how, (None, None));
    }

    fn add_values(
        &mut self,
        container: Option<&str>,
        field: String,
        how: FieldChangeKind,
        (from, to): (Option<&Value>, Option<&Value>),
    ) {
        let short = |value: Option<&Value>| {
            let text = value.and_then(text)?;
            (text.len() <= LONGEST).then_some(text)
        };
        self.found.push(FieldChange {
            field,
            container: container.map(str::to_owned),
            how,
            from: short(from),
            to: short(to),
        });
    }

    fn containers(&mut self, old: &[Value], new: &[Value]) {
        let (old, new) = (by_name(old, &["name"]), by_name(new, &["name"]));
        let names = old
            .keys()
            .chain(new.keys().filter(|name| !old.contains_key(*name)));
        for name in names {
            match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) => self.container(name, old, new),
                (old, new) => {
                    let how = compare(old.copied(), new.copied());
                    let image = |container: Option<&&Value>| container.and_then(|c| c.get("image")).cloned();
                    let (from, to) = (image(old), image(new));
                    if let Some(how) = how {
                        let field = "container".to_owned();
                        self.add_values(Some(name), field, how, (from.as_ref(), to.as_ref()));
                    }
                }
            }
        }
    }

    fn container(&mut self, name: &str, old: &Value, new: &Value) {
        let name = Some(name);
        let (from, to) = (old.get("image"), new.get("image"));
        if let Some(how) = compare(from, to) {
            self.add_values(name, "image".to_owned(), how, (from, to));
        }
        for (list, named) in &NAMED {
            self.named(name, named, entries(Some(old), list), entries(Some(new), list));
        }
        self.sources(name, entries(Some(old), "envFrom"), entries(Some(new), "envFrom"));
        let mut listed: Vec<&str> = NAMED.iter().map(|(list, _)| *list).collect();
        listed.extend(["name", "image", "envFrom"]);
        self.others(name, "", Some(old), Some(new), &listed, 0);
    }

    /// Lists whose entries have names.
    fn named(&mut self, container: Option<&str>, named: &Named, old: &[Value], new: &[Value]) {
        let (old, new) = (by_name(old, named.keys), by_name(new, named.keys));
        let names = old
            .keys()
            .chain(new.keys().filter(|name| !old.contains_key(*name)));
        for name in names {
            let (from, to) = (old.get(name).copied(), new.get(name).copied());
            let Some(how) = compare(from, to) else { continue };
            let number = |entry: Option<&Value>| entry.and_then(|e| e.get("containerPort")).cloned();
            let (from, to) = match named.word {
                "port" => (number(from), number(to)),
                _ => (None, None),
            };
            let field = format!("{} {name}", named.word);
            self.add_values(container, field, how, (from.as_ref(), to.as_ref()));
        }
    }

    /// Sources of variables, told apart by what they name.
    fn sources(&mut self, container: Option<&str>, old: &[Value], new: &[Value]) {
        let by_source = |sources: &[Value]| -> BTreeMap<String, Value> {
            let named = sources.iter().filter_map(|source| {
                let of = |key: &str| source.get(key)?.get("name")?.as_str().map(str::to_owned);
                let name = of("configMapRef").map(|name| format!("ConfigMap {name}"));
                Some((
                    name.or_else(|| of("secretRef").map(|name| format!("Secret {name}")))?,
                    source.clone(),
                ))
            });
            named.collect()
        };
        let (old, new) = (by_source(old), by_source(new));
        let names = old
            .keys()
            .chain(new.keys().filter(|name| !old.contains_key(*name)));
        for name in names {
            if let Some(how) = compare(old.get(name), new.get(name)) {
                self.add(container, format!("envFrom {name}"), how);
            }
        }
    }

    /// All other fields of an object, each by its path.
    fn others(
        &mut self,
        container: Option<&str>,
        path: &str,
        old: Option<&Value>,
        new: Option<&Value>,
        except: &[&str],
        depth: usize,
    ) {
        let empty = Map::new();
        let of = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
        let (old, new) = (of(old), of(new));
        let (old, new) = (old.as_ref().unwrap_or(&empty), new.as_ref().unwrap_or(&empty));
        let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
        for key in keys.filter(|key| !except.contains(&key.as_str())) {
            let (from, to) = (old.get(key), new.get(key));
            let Some(how) = compare(from, to) else { continue };
            let field = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            let is_object = |value: Option<&Value>| value.is_none_or(|v| v.is_object() || v.is_null());
            if is_object(from) && is_object(to) && depth + 1 < DEPTH {
                self.others(container, &field, from, to, &[], depth + 1);
            } else if shows_value(&field, from, to) {
                self.add_values(container, field, how, (from, to));
            } else {
                self.add(container, field, how);
            }
        }
    }

    /// Maps whose values may hold secrets: only the keys are named.
    fn keys(&mut self, word: &str, old: Option<&Value>, new: Option<&Value>) {
        let of = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
        let (old, new) = (of(old), of(new));
        let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
        for key in keys.filter(|key| !REVISION_LABELS.contains(&key.as_str())) {
            if let Some(how) = compare(old.get(key), new.get(key)) {
                self.add(None, format!("{word} {key}"), how);
            }
        }
    }
}

/// Whether the values of that field are shown: quantities of resources, and numbers of probes.
fn shows_value(field: &str, from: Option<&Value>, to: Option<&Value>) -> bool {
    let top = field.split('.').next().unwrap_or_default();
    let is_number = |value: Option<&Value>| value.is_none_or(|value| value.is_number() || value.is_null());
    match top {
        "resources" => field.starts_with("resources.limits.") || field.starts_with("resources.requests."),
        "livenessProbe" | "readinessProbe" | "startupProbe" => is_number(from) && is_number(to),
        _ => false,
    }
}
