//! A change of an object's state.

use crate::report::{Code, Item, ObjectChange, ObjectRef, State, TransitionRecord};
use crate::resource::Time;

/// A change of an object's state, as data for logs, histories and waiting callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The object.
    pub object: ObjectRef,
    /// The state before; `None` for an object that is new.
    pub from: Option<State>,
    /// The state now; `None` for an object that was deleted.
    pub to: Option<State>,
    /// When it changed, by the API server's clock: the time of the event, or of the review that found it.
    pub at: Time,
    /// The reason of the new state, one word; `Deleted` for an object that was deleted.
    pub reason: Code,
    /// The reason in a sentence; empty for an object that was deleted.
    pub message: String,
    /// The code of the first cause, if one is known.
    pub code: Option<Code>,
    /// The change after which the state became worse, if one is known.
    pub change: Option<Box<ObjectChange>>,
    /// The change of the object's health. `None` for a state that decides nothing, such as progressing.
    pub health_change: Option<HealthChange>,
}

/// The reason of a transition without a new state.
pub const DELETED: &str = "Deleted";

/// Whether an object has failed or recovered. Its last healthy or failing state decides it; states in between do not
/// count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthChange {
    /// The object was healthy or new, and is degraded or unavailable.
    Failed,
    /// The object was degraded or unavailable, and is healthy.
    Recovered,
}

/// The health of an object by its last decisive state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Health {
    /// There was no decisive state.
    #[default]
    Undecided,
    /// It was healthy.
    Healthy,
    /// It was degraded or unavailable.
    Failing,
}

impl Health {
    /// Takes a new state into account, and returns the change.
    pub(super) fn update(&mut self, state: State) -> Option<HealthChange> {
        let new = match state {
            State::Healthy | State::Suspended | State::Succeeded => Self::Healthy,
            State::Degraded | State::Unavailable => Self::Failing,
            // States in between decide nothing. The health before them is compared with the health after them.
            State::Progressing | State::Terminating | State::Unknown => return None,
        };
        match (std::mem::replace(self, new), new) {
            (Self::Undecided | Self::Healthy, Self::Failing) => Some(HealthChange::Failed),
            (Self::Failing, Self::Healthy) => Some(HealthChange::Recovered),
            // A new object that is healthy from the start has not recovered.
            _ => None,
        }
    }
}

impl Transition {
    /// From the state before to that of the item; `None` if the state is the same.
    pub(super) fn between(
        from: Option<State>,
        item: Item,
        health_change: Option<HealthChange>,
        at: Time,
    ) -> Option<Self> {
        let code = item.roots().next().map(|cause| cause.code.clone());
        (from != Some(item.state)).then_some(Self {
            object: ObjectRef {
                kind: item.kind,
                namespace: item.namespace,
                name: item.name,
            },
            from,
            to: Some(item.state),
            at,
            reason: item.reason,
            message: item.message,
            code,
            change: item.change,
            health_change,
        })
    }

    /// The end of an object.
    pub(super) fn deleted(kind: &str, namespace: &str, name: &str, from: State, at: Time) -> Self {
        Self {
            object: ObjectRef::namespaced(kind, namespace, name),
            from: Some(from),
            to: None,
            at,
            reason: Code::from(DELETED),
            message: String::new(),
            code: None,
            change: None,
            health_change: None,
        }
    }

    /// The transition as a history keeps it.
    #[must_use]
    pub fn record(&self) -> TransitionRecord {
        let ObjectRef {
            kind,
            namespace,
            name,
        } = &self.object;
        TransitionRecord {
            at: self.at.to_string(),
            kind: kind.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            from: self.from,
            to: self.to,
            reason: self.reason.clone(),
            code: self.code.clone(),
            change: self.change.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_health_changes_only_between_healthy_and_failing_states() {
        use State::{Degraded, Healthy, Progressing, Terminating, Unavailable};
        let mut health = Health::default();
        let states = [
            Progressing,
            Healthy,
            Progressing,
            Degraded,
            Unavailable,
            Progressing,
            Healthy,
            Terminating,
        ];
        let changes = [
            None,
            None,
            None,
            Some(HealthChange::Failed),
            None,
            None,
            Some(HealthChange::Recovered),
            None,
        ];
        assert_eq!(states.map(|state| health.update(state)), changes);
    }

    #[test]
    fn an_object_that_fails_from_the_start_has_failed() {
        assert_eq!(
            Health::default().update(State::Degraded),
            Some(HealthChange::Failed)
        );
    }
}
