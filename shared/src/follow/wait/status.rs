//! How far a wait is, for the line before it, the bar and the heartbeat.

use super::standing::Standing;
use super::tracked::TrackedObject;
use super::{Wait, WaitTarget};
use crate::report::{ObjectRef, State};
use crate::resource::Time;
use crate::span::span;

/// How many objects a line names.
const NAMED: usize = 3;

/// How far a wait is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitStatus {
    /// How many objects are waited for, those not found included.
    pub total: u64,
    /// How many of them are as they should be.
    pub settled: u64,
    /// Seconds since the wait began.
    pub elapsed: i64,
    /// Seconds of the deadline.
    pub timeout: Option<i64>,
    /// The objects that are not settled, the worst first.
    pub open: Vec<OpenLine>,
}

/// One thing that is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLine {
    /// The object; `None` for something that was not seen.
    pub object: Option<ObjectRef>,
    /// Its state; `None` if it is not there.
    pub state: Option<State>,
    /// `shop/api 1/3 ready: container api exited 1`
    pub words: String,
    /// Seconds since the wait first saw it in this state.
    pub seconds: i64,
}

impl Wait {
    /// How far the wait is at that time.
    #[must_use]
    pub fn status(&self, now: Time) -> WaitStatus {
        let seconds = self.clock.seconds(now);
        let mut open: Vec<(u8, OpenLine)> = self
            .open()
            .map(|object| {
                let rank = match (&object.standing, object.item.state) {
                    (_, State::Unavailable) => 0,
                    (Standing::Ending(_), _) | (_, State::Degraded) => 1,
                    _ => 2,
                };
                let line = OpenLine {
                    object: Some(object.object()),
                    state: Some(object.item.state).filter(|_| object.gone.is_none()),
                    words: match object.gone {
                        Some(_) => format!("{} is gone", object.name()),
                        None => object.words(),
                    },
                    seconds: seconds.saturating_sub(object.memory.reason_since),
                };
                (rank, line)
            })
            .collect();
        let not_there = |words: String| OpenLine {
            object: None,
            state: None,
            words,
            seconds,
        };
        let missing = self
            .missing()
            .map(|target| (3, not_there(format!("{} is not there", target.words()))));
        let missing: Vec<(u8, OpenLine)> = missing.collect();
        let absent = u64::try_from(missing.len()).unwrap_or(u64::MAX);
        let unseen = self.unseen.words().map(|words| (4, not_there(words)));
        // An object that is not there has its own line.
        open.extend(if missing.is_empty() {
            unseen.collect()
        } else {
            missing
        });
        open.sort_by(|(a, one), (b, other)| (a, &one.words).cmp(&(b, &other.words)));
        let is_settled = |object: &&TrackedObject| object.is_settled();
        let settled = self.objects.values().filter(is_settled).count();
        WaitStatus {
            total: self.total().saturating_add(absent),
            settled: u64::try_from(settled)
                .unwrap_or(u64::MAX)
                .saturating_add(self.unlisted),
            elapsed: self.clock.elapsed(now),
            timeout: self.rules.timeout.map(super::seconds_of),
            open: open.into_iter().map(|(_, line)| line).collect(),
        }
    }

    /// The line before the wait, once the first report is there: what is waited for, how many, until when.
    #[must_use]
    pub fn opening(&self, now: Time) -> String {
        let status = self.status(now);
        let mut objects = self.objects.values();
        let what = match (objects.next(), status.total) {
            (Some(object), 1) => object.name(),
            (None, 1) if self.unlisted == 0 => {
                let missing = self.missing().next();
                missing.map_or("1 object".to_owned(), WaitTarget::words)
            }
            (_, 1) => "1 object".to_owned(),
            (_, 0) if self.after_change => "changes that are still to come".to_owned(),
            (_, n) => format!("{n} objects"),
        };
        let until = match self.rules.timeout {
            Some(limit) => {
                let seconds = super::seconds_of(limit);
                format!(
                    ", at most {}, until {}",
                    span(seconds),
                    self.clock.time_after(seconds)
                )
            }
            None => String::new(),
        };
        let mut before: Vec<String> = self
            .objects
            .values()
            .filter(|object| object.was_degraded() && !self.after_change)
            .map(TrackedObject::words)
            .collect();
        before.sort();
        let before = match before.as_slice() {
            [] => String::new(),
            some => format!("; not healthy already: {}", few(some.iter().map(String::as_str))),
        };
        format!("waiting for {what}{until}{before}")
    }
}

impl WaitStatus {
    /// The line that shows that the wait goes on: `waiting for 2 of 14: shop/api 1/3 ready, ...; 3 min of 12 min`.
    #[must_use]
    pub fn heartbeat(&self) -> String {
        let of = match self.timeout {
            Some(limit) => format!("{} of {}", span(self.elapsed), span(limit)),
            None => span(self.elapsed),
        };
        format!("waiting for {}; {of}", self.remaining_words())
    }

    /// `2 of 14: shop/api 1/3 ready, shop/web 0/1 ready`
    pub(super) fn remaining_words(&self) -> String {
        let open = self.total.saturating_sub(self.settled);
        let words = few(self.open.iter().map(|line| line.words.as_str()));
        match words.as_str() {
            "" => format!("{open} of {}", self.total),
            words => format!("{open} of {}: {words}", self.total),
        }
    }
}

/// The first few, and how many more there are.
fn few<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    let first: Vec<&str> = words.iter().copied().take(NAMED).collect();
    match words.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{}, {more} more", first.join(", ")),
    }
}
