//! The objects of one kind at one moment, and everything that is known about them before they are judged.

use crate::check::{Now, RelatedObjects};
use crate::judge::settled::SettledObject;
use crate::kind::ResourceType;
use crate::report::NotSeen;
use crate::resource::Decoded;
use std::collections::HashSet;
use std::sync::Arc;

/// The objects of one kind, as they were read from a cluster or a dump.
#[derive(Debug)]
pub struct Snapshot<T> {
    /// Their type.
    pub resource_type: ResourceType,
    /// The requested objects, but the settled ones that were made compact.
    pub objects: Vec<Decoded<T>>,
    /// Settled objects in their compact form.
    pub settled: SettledItems,
    /// The times that their ages are measured against.
    pub times: Times,
    /// The uids of objects that failed and that their controller has replaced.
    pub replaced: HashSet<String>,
    /// The related objects of other kinds.
    pub related: RelatedObjects,
    /// The entries for related objects that could not be seen.
    pub related_not_seen: Vec<NotSeen>,
    /// Number of objects that were read and left to their controllers.
    pub passed_over: usize,
    /// The entries for objects of the kind that could not be seen.
    pub not_seen: Vec<NotSeen>,
    /// How much of the requested namespaces could be read.
    pub reach: Reach,
}

/// Settled objects in their compact form, each with its namespace.
pub type SettledItems = Vec<(Arc<str>, SettledObject)>;

/// The times that the ages of a snapshot's objects are measured against.
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
    pub fn now_at(self, at: usize) -> Now {
        match self.exception {
            Some((place, now)) if place == at => now,
            _ => self.now,
        }
    }
}

/// How much of the requested namespaces could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nothing.
    #[default]
    Nothing,
    /// Only this namespace, though all were requested.
    Only(String),
    /// All of them, by one list or by a list of each namespace.
    All,
}
