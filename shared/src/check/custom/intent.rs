//! The intent of a custom resource: whether somebody wants it to run, to pause, or to be stopped.

use super::condition::has_status;
use super::words::{self, ConditionMeaning, WordMeaning};
use crate::resource::{CustomCondition, CustomObject, CustomWord, HOLDS, Resource as _};

/// The annotation with which `CloudNativePG` ends the pods of a cluster and keeps its volumes. A condition has the same
/// name.
const HIBERNATION: &str = "cnpg.io/hibernation";

/// Whether spec and annotations ask for an object that is suspended, stopped, paused or running.
#[derive(Default)]
pub(super) struct Intent {
    /// Its controller should do nothing, so all conditions are old.
    pub suspended: Option<String>,
    /// It should not run.
    pub stopped: Option<String>,
    /// The controller should not act on changes. Pods that run go on.
    pub paused: Option<String>,
    /// It should run.
    pub runs: bool,
}

impl Intent {
    pub fn read(object: &CustomObject) -> Self {
        let spec = object.spec.clone().unwrap_or_default();
        let word = |field: &str| spec.words.get(field).map_or("", String::as_str);
        let is_on = |field: &&str| word(field).eq_ignore_ascii_case("true");
        let field = |names: &[&'static str]| {
            names
                .iter()
                .copied()
                .find(|f| is_on(f))
                .map(|f| format!("spec.{f}"))
        };
        let desired = ["state", "desiredState", "powerState", "job.state"];
        let held = desired
            .iter()
            .find(|f| words::is_held(word(f)) || word(f) == "Off");
        let strategy = word("runStrategy");
        let annotations = &object.meta().annotations;
        let annotation = HOLDS.iter().find(|key| {
            **key != HIBERNATION
                && annotations
                    .get(**key)
                    .is_some_and(|value| !["false", "off"].contains(&value.as_str()))
        });
        let none = spec.replicas == Some(0);
        // The controller waits until the cluster is well, and says so in the condition of the same name.
        let mut conditions = object.status.iter().flat_map(|s| &s.conditions);
        let hibernates = annotations.get(HIBERNATION).is_some_and(|value| value == "on")
            && !conditions.any(|c| c.kind == HIBERNATION && has_status(c, "False"));
        let runs = strategy == "Always"
            || word("running") == "true"
            || spec.replicas.is_some_and(|n| n > 0)
            || desired
                .iter()
                .any(|f| ["Running", "running", "On"].contains(&word(f)));
        Self {
            suspended: field(&["suspend", "suspended"]),
            stopped: field(&["stop", "stopped", "halted", "shutdown", "hibernate", "hibernated"])
                .or_else(|| (strategy == "Halted").then(|| "spec.runStrategy is Halted".into()))
                .or_else(|| (word("running") == "false").then(|| "spec.running is false".into()))
                .or_else(|| held.map(|f| format!("spec.{f} is {}", word(f))))
                .or_else(|| none.then(|| "no replicas are asked for".into()))
                .or_else(|| hibernates.then(|| format!("annotation {HIBERNATION}")))
                .or_else(|| held_by_status(object, runs)),
            paused: field(&["pause", "paused", "updateStrategy.paused"])
                .or_else(|| annotation.map(|key| format!("annotation {key}"))),
            runs,
        }
    }
}

/// The hold that its status reports. It counts only if the object asks neither for pods nor to run: it would excuse missing
/// pods.
fn held_by_status(object: &CustomObject, runs: bool) -> Option<String> {
    if object
        .spec
        .as_ref()
        .and_then(|s| s.replicas)
        .is_some_and(|n| n > 0)
    {
        return None;
    }
    let status = object.status.as_ref()?;
    let word = status.words.iter().find(|w| {
        words::word_meaning(&w.word) == WordMeaning::Held
            && !(runs && words::is_stopped(&w.word))
            && !is_about_sync(&w.field)
    });
    let condition = || {
        let mut all = status.conditions.iter();
        all.find(|c| {
            words::condition_meaning(&c.kind) == ConditionMeaning::Held
                && has_status(c, "True")
                && !words::is_failing(&c.reason)
        })
    };
    word.map(CustomWord::words)
        .or_else(|| condition().map(CustomCondition::words))
}

/// Whether it is a field of Argo CD about the last operation or about git, not about the pods that run.
pub(super) fn is_about_sync(field: &str) -> bool {
    ["sync", "operationState"].contains(&field)
}
