//! The last verdicts about objects, counted.

use crate::report::{Item, State, Status, Summary};

/// The last verdict about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastVerdict {
    pub state: State,
    pub status: Status,
    pub acknowledged: bool,
}

impl LastVerdict {
    pub(super) fn new(item: &Item) -> Self {
        Self {
            state: item.state,
            status: item.status(),
            acknowledged: item.acknowledged.is_some(),
        }
    }

    /// Removes it from the count of all objects.
    pub(super) fn uncount(self, all: &mut Summary) {
        if self.acknowledged {
            all.unacknowledge(self.state);
        }
        all.uncount(self.state);
    }

    /// Counts it among all objects, and among the objects that are not acknowledged.
    pub(super) fn count(self, all: &mut Summary, unacknowledged: &mut Summary) {
        all.count(self.state);
        if self.acknowledged {
            all.acknowledge(self.state);
        } else {
            unacknowledged.count(self.state);
        }
    }
}

/// The number of objects with each last verdict.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub all: Summary,
    /// Without acknowledged objects.
    pub unacknowledged: Summary,
    degraded: u64,
    unknown: u64,
}

impl Tally {
    pub(super) fn add(&mut self, verdict: LastVerdict) {
        verdict.count(&mut self.all, &mut self.unacknowledged);
        match verdict.status {
            Status::Ok => {}
            Status::Degraded => self.degraded += 1,
            Status::Unknown => self.unknown += 1,
        }
    }

    pub(super) fn remove(&mut self, verdict: LastVerdict) {
        verdict.uncount(&mut self.all);
        if !verdict.acknowledged {
            self.unacknowledged.uncount(verdict.state);
        }
        match verdict.status {
            Status::Ok => {}
            Status::Degraded => self.degraded = self.degraded.saturating_sub(1),
            Status::Unknown => self.unknown = self.unknown.saturating_sub(1),
        }
    }

    pub(super) fn status(&self) -> Status {
        match () {
            () if self.degraded > 0 => Status::Degraded,
            () if self.unknown > 0 => Status::Unknown,
            () => Status::Ok,
        }
    }
}
