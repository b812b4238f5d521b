//! What changed about one object.

use crate::report::{Item, ObjectRef, State};
use crate::resource::Time;

/// A change of an object's state. Logs, histories and whoever waits are readers of it.
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
    pub reason: String,
    /// The reason in a sentence; empty for an object that was deleted.
    pub message: String,
    /// What it means for the object's health. `None` for a state that decides nothing, such as progressing.
    pub health_change: Option<HealthChange>,
}

/// The reason of a transition without a new state.
pub const DELETED: &str = "Deleted";

/// Whether an object fails now or is well again. It is decided by the last state that was healthy or failing, however
/// many states came in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthChange {
    /// The object was healthy or new, and is degraded or unavailable.
    Failed,
    /// The object was degraded or unavailable, and is healthy.
    Recovered,
}

/// What the last decisive state said of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Health {
    /// There was none.
    #[default]
    Undecided,
    /// It was healthy.
    Healthy,
    /// It was degraded or unavailable.
    Failing,
}

impl Health {
    /// Takes a new state into account, and returns what it changes.
    pub(super) fn update(&mut self, state: State) -> Option<HealthChange> {
        let new = match state {
            State::Healthy | State::Suspended | State::Succeeded => Self::Healthy,
            State::Degraded | State::Unavailable => Self::Failing,
            // States in between decide nothing: the former health is compared with the one that follows.
            State::Progressing | State::Terminating | State::Unknown => return None,
        };
        match (std::mem::replace(self, new), new) {
            (Self::Undecided | Self::Healthy, Self::Failing) => Some(HealthChange::Failed),
            (Self::Failing, Self::Healthy) => Some(HealthChange::Recovered),
            // A new object that is well from the start is no recovery.
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
        (from != Some(item.state)).then_some(Self {
            object: ObjectRef {
                kind: item.kind,
                namespace: item.namespace,
                name: item.name,
            },
            from,
            to: Some(item.state),
            at,
            reason: item.reason.to_string(),
            message: item.message,
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
            reason: DELETED.to_owned(),
            message: String::new(),
            health_change: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_way_between_healthy_and_failing_changes_the_health() {
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
