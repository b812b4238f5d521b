//! The verdict about one object, before it becomes an [`Item`].

use super::message::Message;
use crate::report::{Code, Item, ObjectRef, State};
use crate::resource::{Resource, Time};

/// The state of one object, and why.
#[derive(Debug)]
pub(super) struct Verdict {
    pub state: State,
    /// `None` leaves the object out of the answer.
    pub healthy: Option<bool>,
    pub reason: Code,
    pub message: Message,
    pub since: Option<Time>,
}

impl Verdict {
    pub fn new(state: State, healthy: bool, reason: Code, message: impl Into<Message>) -> Self {
        Self {
            state,
            healthy: Some(healthy),
            reason,
            message: message.into(),
            since: None,
        }
    }

    pub fn healthy(reason: Code, message: impl Into<Message>) -> Self {
        Self::new(State::Healthy, true, reason, message)
    }

    pub fn degraded(reason: Code, message: impl Into<Message>) -> Self {
        Self::new(State::Degraded, false, reason, message)
    }

    pub fn unknown(reason: Code, message: impl Into<Message>) -> Self {
        Self::new(State::Unknown, false, reason, message)
    }

    /// An object with a value that cannot be true.
    pub fn malformed(what: &str) -> Self {
        Self {
            state: State::Unknown,
            healthy: Some(false),
            reason: Code::Malformed,
            message: format!("malformed: {what}").into(),
            since: None,
        }
    }

    /// An object that failed and was replaced by its controller. It does not count, like one that is being deleted.
    pub fn left_behind(message: impl Into<Message>) -> Self {
        Self {
            state: State::Terminating,
            healthy: None,
            reason: Code::LeftBehind,
            message: message.into(),
            since: None,
        }
    }

    pub fn since(self, since: Option<Time>) -> Self {
        Self { since, ..self }
    }

    /// The item of that object, without counts, notes, warnings and causes.
    pub fn item<T: Resource>(self, object: &T) -> Item {
        let meta = object.meta();
        let object = ObjectRef::namespaced(T::KIND, &meta.namespace, &meta.name);
        Item {
            healthy: self.healthy,
            detail: self.message.detail,
            since: self.since.map(|t| t.to_string()),
            ..Item::new(object, self.state, self.reason, self.message.text)
        }
    }
}
