//! The objects of one kind at one moment, and everything that is known of them before they are judged.

use crate::check::{Now, RelatedObjects};
use crate::kind::ResourceType;
use crate::report::NotSeen;
use crate::resource::Decoded;
use std::collections::HashSet;

/// The objects of one kind, as they were read from a cluster or a dump.
#[derive(Debug)]
pub struct Snapshot<T> {
    /// Their type.
    pub resource_type: ResourceType,
    /// The objects that were asked for.
    pub objects: Vec<Decoded<T>>,
    /// What their ages are measured against.
    pub times: Times,
    /// The uids of those that failed and were replaced by another of their controller.
    pub replaced: HashSet<String>,
    /// What other kinds say of them.
    pub related: RelatedObjects,
    /// What of that could not be seen.
    pub related_not_seen: Vec<NotSeen>,
    /// Number of objects that were read and left to their controllers.
    pub passed_over: usize,
    /// What could not be seen of the kind.
    pub not_seen: Vec<NotSeen>,
    /// How much of what was asked for could be read.
    pub reach: Reach,
}

/// The time that the ages of a snapshot's objects are measured against.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    now: Now,
    /// The object that has another time, by its place.
    exception: Option<(usize, Now)>,
}

impl Times {
    /// One time for all objects.
    #[must_use]
    pub fn all(now: Now) -> Self {
        Self { now, exception: None }
    }

    /// One time for all objects but one. In a dump the newest time may be that of the object itself.
    #[must_use]
    pub fn all_but(now: Now, exception: Option<(usize, Now)>) -> Self {
        Self { now, exception }
    }

    /// The time for the object at that place.
    #[must_use]
    pub fn of(self, at: usize) -> Now {
        match self.exception {
            Some((place, now)) if place == at => now,
            _ => self.now,
        }
    }
}

/// How much of what was asked for could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nothing.
    #[default]
    Nothing,
    /// Only this namespace, though all were asked for.
    Only(String),
    /// All of it, or each namespace by itself.
    All,
}
