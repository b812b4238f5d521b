//! One change of an object or of the source, which is shown once.

use crate::report::{Cause, Code, ObjectRef, State};
use crate::resource::Time;
use serde::Serialize;
use serde::ser::SerializeMap as _;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it was seen.
    pub at: Time,
    /// The object; `None` if the change is about the source of the reports.
    pub object: Option<ObjectRef>,
    /// What changed.
    pub event: ChangeEvent,
    /// The state before; `None` if the object is new.
    pub from: Option<State>,
    /// The state now; `None` if the object is gone.
    pub to: Option<State>,
    /// Pods that are ready, and pods that are asked for.
    pub counts: Option<(i64, i64)>,
    /// Why the object is in its state.
    pub reason: Option<Code>,
    /// The sentence of the reason, of the failure, or about the event.
    pub message: String,
    /// The part of the message that follows the counts, if it begins with them.
    pub detail: Option<String>,
    /// The cause that comes first.
    pub cause: Option<Cause>,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeEvent {
    /// The state, the pods that are ready, or the first cause.
    State,
    /// A newer revision took the place of the one that was waited for.
    Superseded,
    /// Another object of the same name took its place.
    Replaced,
    /// The object is gone.
    Deleted,
    /// Nothing can be read any more.
    Away,
    /// The objects can be read again.
    Back,
}

impl ChangeEvent {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Superseded => "superseded",
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
            Self::Away => "away",
            Self::Back => "back",
        }
    }
}

impl Change {
    /// A change that is about no object.
    pub(super) fn about_source(at: Time, event: ChangeEvent, message: String) -> Self {
        Self {
            at,
            object: None,
            event,
            from: None,
            to: None,
            counts: None,
            reason: None,
            message,
            detail: None,
            cause: None,
        }
    }

    /// The words of a line, without the time: `Deployment/shop/web: degraded, 1/3 ready: container api exited 1`.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(object) = &self.object else {
            return self.message.clone();
        };
        if self.event != ChangeEvent::State {
            return format!("{object}: {}", self.message);
        }
        // Nothing says how it is.
        if self.reason == Some(Code::Present) {
            return format!("{object}: is there");
        }
        let state = self.to.map_or("gone", State::as_str);
        let counts = self.counts.map_or(String::new(), |(ready, desired)| {
            format!(", {ready}/{desired} ready")
        });
        // The counts stand before it.
        let own = self.detail.as_ref().unwrap_or(&self.message);
        let why = match self.cause.as_ref().map_or(own, |cause| &cause.message).as_str() {
            "" => String::new(),
            why => format!(": {why}"),
        };
        format!("{object}: {state}{counts}{why}")
    }
}

impl Serialize for Change {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &self.at)?;
        map.serialize_entry("event", self.event.as_str())?;
        if let Some(object) = &self.object {
            map.serialize_entry("kind", &object.kind)?;
            if !object.namespace.is_empty() {
                map.serialize_entry("namespace", &object.namespace)?;
            }
            map.serialize_entry("name", &object.name)?;
        }
        if let Some(from) = self.from {
            map.serialize_entry("from", &from)?;
        }
        if let Some(to) = self.to {
            map.serialize_entry("to", &to)?;
        }
        if let Some((ready, desired)) = self.counts {
            map.serialize_entry("desired", &desired)?;
            map.serialize_entry("ready", &ready)?;
        }
        if let Some(reason) = &self.reason {
            map.serialize_entry("reason", reason)?;
        }
        map.serialize_entry("message", &self.message)?;
        if let Some(cause) = &self.cause {
            map.serialize_entry("cause", cause)?;
        }
        map.end()
    }
}
