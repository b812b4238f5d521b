//! One object that is waited for.

use super::memory::{Memory, newest_pods};
use super::row::object_name;
use super::standing::{PendingEnd, Standing};
use crate::follow::{Change, ChangeEvent};
use crate::kind::Kind;
use crate::report::{Code, Item, ObjectRef, State};
use crate::resource::Time;
use crate::span::span;

/// For this many seconds another object of the same name may take the place of one that is gone (`kubectl replace --force`).
pub(super) const REPLACE_SECONDS: i64 = 10;

/// An object, with all that the reports so far said about it.
#[derive(Debug, Clone)]
pub(super) struct TrackedObject {
    /// The check that it is in.
    pub check: String,
    /// Whether it was named, by itself or by a manifest.
    pub named: bool,
    /// Its last item. Causes and counts are those of the last report.
    pub item: Item,
    pub memory: Memory,
    pub standing: Standing,
    /// Since when it is gone, in seconds of the clock.
    pub gone: Option<i64>,
    /// Whether the present report has it.
    pub seen: bool,
    /// The state in which the wait found it.
    pub first: State,
    /// The revision that took the place of the one that was waited for.
    pub superseded: Option<String>,
    /// The generation in which the wait found it.
    pub first_generation: Option<i64>,
}

impl TrackedObject {
    pub fn new(check: &str, named: bool, item: &Item, seconds: i64) -> Self {
        Self {
            check: check.to_owned(),
            named,
            memory: Memory::new(item, seconds),
            standing: Standing::Moving,
            gone: None,
            seen: true,
            superseded: None,
            first: item.state,
            first_generation: item.generation,
            item: item.clone(),
        }
    }

    pub fn object(&self) -> ObjectRef {
        self.item.identity()
    }

    pub fn name(&self) -> String {
        object_name(&self.item)
    }

    /// Whether it ended well, so that it may be deleted.
    pub fn is_done(&self) -> bool {
        let ends = Kind::from_kind(&self.item.kind).is_some_and(|kind| kind.info().ends);
        ends && self.item.state == State::Succeeded
    }

    /// Whether it was not well when the wait began, and its spec is the same.
    pub fn was_degraded(&self) -> bool {
        matches!(self.first, State::Degraded | State::Unavailable)
            && self.first_generation == self.item.generation
    }

    /// How it ends the wait, if it does.
    pub fn pending(&self) -> Option<PendingEnd> {
        match (&self.standing, self.gone) {
            (_, Some(since)) => Some(PendingEnd {
                reason: super::EndReason::Deleted,
                ..PendingEnd::failed(
                    since.saturating_add(REPLACE_SECONDS),
                    format!("{} was deleted", self.name()),
                )
            }),
            (Standing::Ending(pending), None) => Some(pending.clone()),
            (Standing::Settled | Standing::Moving, None) => None,
        }
    }

    pub fn is_settled(&self) -> bool {
        self.gone.is_none() && self.standing == Standing::Settled
    }

    /// `shop/web 1/3 ready: container api exited 1`
    pub fn words(&self) -> String {
        let item = &self.item;
        let name = self.short_name();
        let counts = match (item.ready, item.desired) {
            (Some(ready), Some(desired)) => format!("{ready}/{desired} ready"),
            _ => item.state.as_str().to_owned(),
        };
        let cause = item.roots().next();
        let why = cause.map_or(String::new(), |cause| format!(": {}", cause.message));
        let crashing = newest_pods(item)
            .filter(|pods| pods.crashing > 0 && pods.crashing < pods.created)
            .map_or(String::new(), |pods| {
                format!(", {} of {} new pods crash", pods.crashing, pods.created)
            });
        format!("{name} {counts}{why}{crashing}")
    }

    /// `is healthy`, `has succeeded`
    pub fn state_words(&self) -> String {
        match self.item.state {
            _ if self.item.reason == Code::ScaledToZero => "is scaled to 0".to_owned(),
            _ if self.item.reason == Code::Present => "is there".to_owned(),
            State::Succeeded => "has succeeded".to_owned(),
            state => format!("is {}", state.as_str()),
        }
    }

    /// Makes it healthy, since the report no longer lists it among those that are not.
    pub fn recover(&mut self) {
        self.item.state = State::Healthy;
        self.item.healthy = Some(true);
        self.item.ready = self.item.desired;
        self.item.message.clear();
        self.item.causes.clear();
        self.standing = Standing::Settled;
    }

    /// Remarks for the end of the wait: a newer revision, pods of an older one, and pods that still terminate.
    pub fn notes(&self, now: Time) -> impl Iterator<Item = String> {
        let superseded = self.superseded.as_ref();
        let superseded =
            superseded.map(|revision| format!("{} was superseded by revision {revision}", self.name()));
        superseded.into_iter().chain(self.pods_note(now))
    }

    /// The remark about pods of an older revision, or pods that still terminate.
    fn pods_note(&self, now: Time) -> Option<String> {
        let item = &self.item;
        let rollout = item.rollout.as_ref()?;
        let name = self.short_name();
        if let Some(count) = rollout.terminating.filter(|_| item.desired == Some(0)) {
            let (pods, verb) = if count == 1 {
                ("pod", "terminates")
            } else {
                ("pods", "terminate")
            };
            let written = item
                .spec_written
                .as_deref()
                .and_then(|text| Time::parse(text).ok());
            let age = written.map_or(String::new(), |written| {
                format!(", {} after the scale to 0", span(now.seconds_since(written)))
            });
            return Some(format!("{name}: {count} {pods} still {verb}{age}"));
        }
        let (updated, desired) = (item.updated?, item.desired?);
        let others = match rollout.wanted {
            _ if rollout.on_delete => "when they are deleted",
            Some(_) => "are below the partition",
            None => return None,
        };
        let verb = if updated == 1 { "runs" } else { "run" };
        (updated < desired).then(|| {
            format!("{name}: {updated} of {desired} pods {verb} the newest revision, the others {others}")
        })
    }

    /// `shop/web`
    fn short_name(&self) -> String {
        match self.item.namespace.as_str() {
            "" => self.item.name.clone(),
            namespace => format!("{namespace}/{}", self.item.name),
        }
    }

    /// The change from the item before to the last one.
    pub fn change(&self, from: Option<State>, at: Time) -> Change {
        let item = &self.item;
        Change {
            at,
            object: Some(self.object()),
            event: ChangeEvent::State,
            from,
            to: Some(item.state),
            counts: item.ready.zip(item.desired),
            reason: Some(item.reason.clone()),
            message: item.message.clone(),
            detail: item.detail.clone().filter(|_| item.ready.is_some()),
            cause: item.roots().next().cloned(),
        }
    }

    /// An event about the object.
    pub fn event(&self, event: ChangeEvent, at: Time, message: String) -> Change {
        Change {
            event,
            message,
            cause: None,
            to: Some(self.item.state).filter(|_| event != ChangeEvent::Deleted),
            ..self.change(Some(self.item.state), at)
        }
    }
}

/// Whether the difference is shown as a change.
pub(super) fn differs(before: &Item, after: &Item) -> bool {
    let cause = |item: &Item| {
        let first = item.roots().next();
        first.map(|cause| (cause.code.clone(), cause.gist().to_owned()))
    };
    before.state != after.state || before.ready != after.ready || cause(before) != cause(after)
}
