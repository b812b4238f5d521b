//! The related objects of one kind, as they were last read.

use super::{AnswerTime, EventTime, Gap};
use crate::check::RelatedObjects;
use crate::failure::Class;
use crate::report::NotSeen;

/// Related objects that were read, and the entries for those that could not be read.
pub type RelatedAnswer = (RelatedObjects, Vec<NotSeen>);

/// The related objects of a kind, as they were last read.
#[derive(Debug, Default)]
pub(super) struct RelatedData {
    pub known: RelatedObjects,
    /// When reading them began; `None` if none was needed or none could be read.
    pub read_at: Option<EventTime>,
    /// Whether all of them were seen.
    pub complete: bool,
    /// The entries for objects that could not be seen the last time.
    pub not_seen: Vec<NotSeen>,
    /// Whether the needed objects were ever looked for.
    pub tried: bool,
}

impl RelatedData {
    pub(super) fn is_fresh(&self, time: &AnswerTime) -> bool {
        self.read_at.is_some_and(|read_at| !time.is_too_old(read_at))
    }

    /// The related objects, unless they are too old.
    pub(super) fn objects_at(&self, time: &AnswerTime) -> Option<&RelatedObjects> {
        self.is_fresh(time).then_some(&self.known)
    }

    /// Takes the objects that were read. If all were known before and some could not be read this time, the earlier
    /// ones stay until they are too old, as with a watch that breaks. A refusal is a decision and counts at once.
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

    /// The gaps in related objects, for verdicts that lack these. `needs_related` is whether any verdict of the type
    /// needs some.
    pub(super) fn gaps(&self, needs_related: bool, time: &AnswerTime) -> Vec<Gap> {
        if !self.not_seen.is_empty() {
            return self.not_seen.iter().cloned().map(Gap::Described).collect();
        }
        match self.read_at {
            _ if !needs_related => Vec::new(),
            None if self.tried => Vec::new(),
            None => vec![Gap::RelatedPending],
            Some(read_at) if time.is_too_old(read_at) => vec![Gap::RelatedStale { since: read_at.time }],
            Some(_) => Vec::new(),
        }
    }
}
