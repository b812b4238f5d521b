//! Sources of evidence about the objects that are judged.

use crate::check::{EventsAndNodes, Evidence, EvidenceStore, Now};
use crate::resource::ObjectMeta;

/// A source of evidence about the objects of a snapshot.
pub trait EvidenceFor {
    /// The evidence about the object with that metadata. Ages are measured against `now`.
    fn evidence_for<'a>(&'a self, meta: &ObjectMeta, now: Now) -> Evidence<'a>;
}

/// No evidence beside the objects and the time.
#[derive(Debug, Clone, Copy)]
pub struct NoEvidence;

impl EvidenceFor for NoEvidence {
    fn evidence_for<'a>(&'a self, _meta: &ObjectMeta, now: Now) -> Evidence<'a> {
        Evidence::new(now)
    }
}

/// The evidence that one search found about many objects.
#[derive(Debug)]
pub struct SearchedEvidence<'a> {
    store: &'a EvidenceStore,
    events_and_nodes: EventsAndNodes<'a>,
}

impl<'a> SearchedEvidence<'a> {
    /// Sorts events and nodes, once for all objects.
    #[must_use]
    pub fn new(store: &'a EvidenceStore) -> Self {
        Self {
            events_and_nodes: store.events_and_nodes(),
            store,
        }
    }
}

impl EvidenceFor for SearchedEvidence<'_> {
    fn evidence_for<'a>(&'a self, meta: &ObjectMeta, now: Now) -> Evidence<'a> {
        self.store.evidence(meta, &self.events_and_nodes, now)
    }
}
