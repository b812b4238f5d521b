//! Owns a status condition, and the list of an object's conditions.
//! Must not know which kinds have which conditions.

use serde_json::{Map, Value};

/// One condition. Times that are absent are left out, since some kinds have no lastUpdateTime.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
    pub last_update: Option<String>,
    pub last_transition: Option<String>,
}

impl Condition {
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        let mut text = |name: &str, value: &str| {
            map.insert(name.to_owned(), Value::from(value));
        };
        text("type", &self.kind);
        text("status", &self.status);
        if let Some(time) = &self.last_update {
            text("lastUpdateTime", time);
        }
        if let Some(time) = &self.last_transition {
            text("lastTransitionTime", time);
        }
        if !self.reason.is_empty() {
            text("reason", &self.reason);
        }
        if !self.message.is_empty() {
            text("message", &self.message);
        }
        Value::Object(map)
    }
}

/// The conditions of one object, at most one of a type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions(Vec<Condition>);

impl Conditions {
    /// Adds a condition. It replaces one of the same type.
    pub fn put(&mut self, condition: Condition) {
        match self.find(&condition.kind) {
            Some(place) => *place = condition,
            None => self.0.push(condition),
        }
    }

    /// The condition of a type, if the test has set it before.
    pub fn find(&mut self, kind: &str) -> Option<&mut Condition> {
        self.0.iter_mut().find(|condition| condition.kind == kind)
    }

    pub fn remove(&mut self, kind: &str) {
        self.0.retain(|condition| condition.kind != kind);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn to_value(&self) -> Value {
        self.0.iter().map(Condition::to_value).collect()
    }
}

/// A map of counts without those that are 0, as Go's omitempty writes it.
pub(crate) fn counts(pairs: &[(&str, i64)]) -> Map<String, Value> {
    pairs
        .iter()
        .filter(|(_, count)| *count != 0)
        .map(|(name, count)| ((*name).to_owned(), Value::from(*count)))
        .collect()
}
