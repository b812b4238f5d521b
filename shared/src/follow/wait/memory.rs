//! What a wait remembers of one object from report to report.

use super::clock::SeenClock;
use crate::report::{Cause, Code, Item, NewestPods, RolloutProgress, State};
use crate::resource::Time;

/// A cause that vanishes for at most this many seconds has lasted all the time: between two tries a container runs.
const GAP_SECONDS: i64 = 30;

/// A cause, and since when it has been seen.
#[derive(Debug, Clone)]
struct Sign {
    code: Code,
    gist: String,
    since: i64,
    /// When it was last seen.
    last: i64,
    /// Whether the last report has it. It has lasted until the next one then.
    present: bool,
}

/// The facts about one object that the reports so far gave. Times are in seconds of the [`SeenClock`].
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    /// The revision that is waited for.
    pub revision: Option<String>,
    /// The generation that was last seen.
    pub generation: Option<i64>,
    /// When the object was first seen.
    pub born: i64,
    /// The most pods of the newest revision that were seen.
    most: Most,
    /// When the object or its revision was first seen, or the newest revision last made progress.
    pub progress: i64,
    /// When the object last changed.
    pub changed: i64,
    /// Since when it has been in its state for its reason.
    pub reason_since: i64,
    /// Whether a pod of the newest revision was ready for some time.
    pub was_ready: bool,
    signs: Vec<Sign>,
    last: Option<(State, Code, String, Option<i64>)>,
}

/// The most pods at each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Most {
    created: i64,
    scheduled: i64,
    started: i64,
    ready: i64,
}

impl Most {
    fn new(item: &Item) -> Self {
        match newest_pods(item) {
            Some(pods) => Self {
                created: pods.created,
                scheduled: pods.scheduled,
                started: pods.started,
                ready: pods.ready,
            },
            // The counts know the newest revision only in part.
            None => Self {
                created: item.updated.unwrap_or(0),
                scheduled: 0,
                started: 0,
                ready: item.ready.unwrap_or(0),
            },
        }
    }

    /// Takes the larger of each. Returns whether one of them was larger.
    fn raise(&mut self, seen: Self) -> bool {
        let before = *self;
        *self = Self {
            created: before.created.max(seen.created),
            scheduled: before.scheduled.max(seen.scheduled),
            started: before.started.max(seen.started),
            ready: before.ready.max(seen.ready),
        };
        *self != before
    }
}

/// The pods of the newest revision, if they were seen.
pub(super) fn newest_pods(item: &Item) -> Option<&NewestPods> {
    item.rollout.as_ref()?.pods.as_ref()
}

impl Memory {
    /// The memory of an object that is seen for the first time.
    pub fn new(item: &Item, seconds: i64) -> Self {
        let mut memory = Self {
            revision: revision(item).map(str::to_owned),
            generation: item.generation,
            born: seconds,
            progress: seconds,
            changed: seconds,
            ..Self::default()
        };
        memory.most.raise(Most::new(item));
        memory.note(item, seconds);
        memory
    }

    /// Takes a report into account. Returns the newer revision, if there is one.
    pub fn update(&mut self, item: &Item, seconds: i64) -> Option<String> {
        let newer = revision(item).filter(|newer| self.revision.as_deref().is_some_and(|own| own != *newer));
        let newer = newer.map(str::to_owned);
        let is_newer = match (&self.revision, revision(item)) {
            (Some(_), Some(_)) => newer.is_some(),
            // Without revisions, only the generation shows a new spec.
            _ => item.generation != self.generation,
        };
        if is_newer {
            *self = Self {
                born: self.born,
                last: self.last.take(),
                reason_since: self.reason_since,
                ..Self::new(item, seconds)
            };
        }
        if let Some(revision) = revision(item) {
            self.revision = Some(revision.to_owned());
        }
        self.generation = item.generation;
        if self.most.raise(Most::new(item)) {
            self.progress = seconds;
        }
        self.note(item, seconds);
        newer
    }

    fn note(&mut self, item: &Item, seconds: i64) {
        self.was_ready |= newest_pods(item).is_some_and(|pods| pods.was_ready);
        let now = (item.state, item.reason.clone(), item.message.clone(), item.ready);
        let is_same_reason = |(state, reason, ..): &(State, Code, String, Option<i64>)| {
            (*state, reason) == (item.state, &item.reason)
        };
        if !self.last.as_ref().is_some_and(is_same_reason) {
            self.reason_since = seconds;
        }
        if self.last.as_ref() != Some(&now) {
            self.changed = seconds;
            self.last = Some(now);
        }
        for sign in &mut self.signs {
            if sign.present {
                sign.last = seconds;
            }
            sign.present = false;
        }
        for cause in &item.causes {
            let known = self
                .signs
                .iter_mut()
                .find(|sign| sign.code == cause.code && sign.gist == cause.gist());
            match known {
                Some(sign) if sign.present || seconds.saturating_sub(sign.last) <= GAP_SECONDS => {
                    (sign.last, sign.present) = (seconds, true);
                }
                Some(sign) => (sign.since, sign.last, sign.present) = (seconds, seconds, true),
                None => self.signs.push(Sign {
                    code: cause.code.clone(),
                    gist: cause.gist().to_owned(),
                    since: seconds,
                    last: seconds,
                    present: true,
                }),
            }
        }
        self.signs
            .retain(|sign| sign.present || seconds.saturating_sub(sign.last) <= GAP_SECONDS);
    }

    /// Since when the cause has been seen.
    pub fn sign_since(&self, cause: &Cause, seconds: i64) -> i64 {
        let is_it = |sign: &&Sign| sign.code == cause.code && sign.gist == cause.gist();
        self.signs.iter().find(is_it).map_or(seconds, |sign| sign.since)
    }
}

fn revision(item: &Item) -> Option<&str> {
    item.rollout
        .as_deref()
        .and_then(|r: &RolloutProgress| r.revision.as_deref())
}

/// The seconds of the clock at a time of the report, which may be before the wait began.
pub(super) fn seconds_at(
    clock: &SeenClock,
    now: Time,
    observed_at: Option<Time>,
    text: Option<&str>,
) -> Option<i64> {
    let time = Time::parse(text?).ok()?;
    let age = observed_at.unwrap_or(now).seconds_since(time);
    Some(clock.seconds(now).saturating_sub(age))
}
