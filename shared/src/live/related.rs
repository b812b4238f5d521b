//! Related objects, which verdicts of one kind need of other kinds, as they were last read.

use super::{AnswerTime, EventTime, Gap};
use crate::check::RelatedObjects;
use crate::failure::Class;
use crate::kind::Kind;
use crate::report::NotSeen;

/// Related objects that were read, and what could not be.
pub type RelatedAnswer = (RelatedObjects, Vec<NotSeen>);

/// The related objects of a kind, as they were last read.
#[derive(Debug, Default)]
pub(super) struct RelatedData {
    pub known: RelatedObjects,
    /// When reading them began; `None` if nothing was needed or nothing came.
    pub read_at: Option<EventTime>,
    /// Whether all of them were seen.
    pub complete: bool,
    /// What could not be seen the last time.
    pub not_seen: Vec<NotSeen>,
    /// Whether anybody ever looked what is needed.
    pub tried: bool,
}

impl RelatedData {
    pub(super) fn is_fresh(&self, time: &AnswerTime) -> bool {
        self.read_at.is_some_and(|read_at| !time.is_too_old(read_at))
    }

    /// The related objects, unless they are too old.
    pub(super) fn at(&self, time: &AnswerTime) -> Option<&RelatedObjects> {
        self.is_fresh(time).then_some(&self.known)
    }

    /// Takes over what was read. If all was known and a part does not come this time, what is known stays until it is too
    /// old, as with a watch that breaks. A refusal is a decision and counts at once.
    pub(super) fn update(&mut self, (known, not_seen): RelatedAnswer, began: EventTime, time: &AnswerTime) {
        let is_refusal = |entry: &NotSeen| entry.class == Class::Forbidden.as_str();
        let may_pass = not_seen.iter().any(|entry| !is_refusal(entry));
        if !(may_pass && self.complete && self.is_fresh(time)) {
            self.complete = not_seen.is_empty();
            self.known = known;
            self.read_at = Some(began);
        }
        self.not_seen = not_seen;
        self.tried = true;
    }

    /// What was not seen, for verdicts that lack it.
    pub(super) fn gaps(&self, kind: Kind, time: &AnswerTime) -> Vec<Gap> {
        if !self.not_seen.is_empty() {
            return self.not_seen.iter().cloned().map(Gap::Described).collect();
        }
        match self.read_at {
            _ if kind.companions().is_empty() => Vec::new(),
            None if self.tried => Vec::new(),
            None => vec![Gap::RelatedPending],
            Some(read_at) if time.is_too_old(read_at) => vec![Gap::RelatedStale { since: read_at.time }],
            Some(_) => Vec::new(),
        }
    }
}
