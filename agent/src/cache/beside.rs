//! What other kinds say of the objects of one kind, as it was last brought.

use super::Moment;
use super::moment::Heard;
use sre_shared::check::RelatedObjects;
use sre_shared::failure::Class;
use sre_shared::report::NotSeen;
use sre_shared::run::Kind;

/// What was brought of other kinds, and what could not be.
pub type Brought = (RelatedObjects, Vec<NotSeen>);

/// What other kinds say, as it was last brought.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub known: RelatedObjects,
    /// From when it is; `None` where there is nothing, since nothing was wanted or nothing came.
    pub heard: Option<Heard>,
    /// Whether all of it was seen.
    pub whole: bool,
    /// What could not be seen the last time.
    pub missed: Vec<NotSeen>,
    /// Whether it was ever looked what is wanted.
    pub tried: bool,
}

impl Beside {
    pub(super) fn is_fresh(&self, moment: &Moment) -> bool {
        self.heard.is_some_and(|heard| !moment.is_too_old(heard))
    }

    /// What can be said at that moment.
    pub(super) fn at(&self, moment: &Moment) -> Option<&RelatedObjects> {
        self.is_fresh(moment).then_some(&self.known)
    }

    /// Takes over what was brought. Where all is known and a part of it does not come for now, what is known stays until
    /// it is too old, as with a watch that breaks; a refusal is a decision and counts at once.
    pub(super) fn take(&mut self, (known, missed): Brought, began: &Moment, moment: &Moment) {
        let refused = |entry: &NotSeen| entry.class == Class::Forbidden.as_str();
        let passes = missed.iter().any(|entry| !refused(entry));
        if !(passes && self.whole && self.is_fresh(moment)) {
            self.whole = missed.is_empty();
            self.known = known;
            self.heard = Some(Heard {
                instant: began.instant,
                time: began.now,
            });
        }
        self.missed = missed;
        self.tried = true;
    }

    /// What was not seen, where a verdict lacks it.
    pub(super) fn not_seen(&self, kind: Kind, moment: &Moment) -> Vec<NotSeen> {
        if !self.missed.is_empty() {
            return self.missed.clone();
        }
        let others: Vec<&str> = kind.companions().iter().map(|c| c.plural()).collect();
        let entry = |class: &str, error, hint: &str| NotSeen {
            thing: others.join(", "),
            needed_by: Some(kind.plural().to_owned()),
            class: class.into(),
            error: Some(error),
            hint: Some(hint.into()),
            ..NotSeen::default()
        };
        match self.heard {
            _ if kind.companions().is_empty() => Vec::new(),
            None if self.tried => Vec::new(),
            None => {
                let error = "they have not been read yet".into();
                vec![entry("notListed", error, "ask again in a few seconds")]
            }
            Some(heard) if moment.is_too_old(heard) => {
                let error = format!("they were last read at {}", heard.time);
                vec![entry("stale", error, "ask /health/apiserver")]
            }
            Some(_) => Vec::new(),
        }
    }
}
