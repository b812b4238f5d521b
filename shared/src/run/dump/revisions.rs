//! Revisions of workloads in a dump. They are decoded only for workloads that are not healthy.

use crate::check::{EvidenceStore, FindRevisions, Now, RevisionHistory};
use crate::dump::Objects;
use crate::resource::{ControllerRevision, ObjectMeta, Revision, TemplatedJob, TemplatedReplicaSet};
use std::collections::HashMap;
use std::fmt::{Debug, Formatter};
use std::sync::OnceLock;

/// The revisions in a dump.
pub(super) struct DumpRevisions<'a> {
    objects: &'a Objects,
    store: &'a EvidenceStore,
    now: Now,
    controller_revisions: OnceLock<HashMap<String, Vec<Revision>>>,
}

impl<'a> DumpRevisions<'a> {
    /// `now` is the time at which a run is old enough to say something.
    pub fn new(objects: &'a Objects, store: &'a EvidenceStore, now: Now) -> Self {
        Self {
            objects,
            store,
            now,
            controller_revisions: OnceLock::new(),
        }
    }

    /// The ControllerRevisions of each workload.
    fn controller_revisions(&self) -> &HashMap<String, Vec<Revision>> {
        self.controller_revisions.get_or_init(|| {
            let mut owners: HashMap<String, Vec<Revision>> = HashMap::new();
            for entry in self.objects.decode_kind::<ControllerRevision>() {
                if let Some(revision) = entry.object.ok().and_then(ControllerRevision::into_revision) {
                    owners.entry(revision.owner.clone()).or_default().push(revision);
                }
            }
            owners
        })
    }
}

impl Debug for DumpRevisions<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DumpRevisions").finish_non_exhaustive()
    }
}

impl FindRevisions for DumpRevisions<'_> {
    fn revision_history(&self, meta: &ObjectMeta) -> Option<RevisionHistory> {
        if meta.uid.is_empty() {
            return None;
        }
        let sets = self.store.replica_set_indices(&meta.uid);
        let sets = sets.filter_map(|index| self.objects.decode_at::<TemplatedReplicaSet>(index)?.split().1);
        let mut revisions: Vec<Revision> = sets.collect();
        revisions.extend(
            self.controller_revisions()
                .get(&meta.uid)
                .into_iter()
                .flatten()
                .cloned(),
        );
        for (index, _) in self.store.runs(&meta.uid, |_| self.now).into_iter().flatten() {
            let job = self.objects.decode_at::<TemplatedJob>(index);
            revisions.extend(job.and_then(|job| job.into_revision(&meta.uid)));
        }
        RevisionHistory::new(revisions)
    }
}
