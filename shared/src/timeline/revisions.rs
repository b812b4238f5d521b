//! New revisions of workloads: first by the metadata of the objects that keep them, then by their templates.

use super::happening::{Happening, TimelineSource};
use super::window::TimeWindow;
use crate::check::{RevisionHistory, are_together, came_back_at, revision_change};
use crate::digest::plain_change_words;
use crate::report::{ChangeKind, ObjectRef, TimelineKind};
use crate::resource::{DEPLOYMENT_REVISION, ObjectMeta, REVISION_HISTORY, ROLLOUT_REVISION, Time};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Revisions of one workload that are kept, the newest.
const KEPT: usize = 24;

/// An object that keeps a revision, by its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionObject {
    /// The uid of the workload.
    pub owner_uid: String,
    /// The workload.
    pub owner: ObjectRef,
    /// `ReplicaSet` or `ControllerRevision`.
    pub kind: &'static str,
    /// Its own name.
    pub name: String,
    /// The number of the revision, if the metadata has it.
    pub number: Option<u64>,
    /// When it was created.
    pub created: Time,
    /// When anything but its status was last written.
    pub written: Option<Time>,
    /// Whether it was replaced and is the newest one again.
    pub came_back: bool,
}

impl RevisionObject {
    /// `None` if it has no controller, or is not dated.
    #[must_use]
    pub fn new(kind: &'static str, meta: &ObjectMeta) -> Option<Self> {
        let owner = meta.controller()?;
        let annotation = |key: &str| meta.annotations.get(key).map(String::as_str);
        let number = annotation(DEPLOYMENT_REVISION).or_else(|| annotation(ROLLOUT_REVISION));
        Some(Self {
            owner_uid: owner.uid.clone(),
            owner: ObjectRef::namespaced(&owner.kind, &meta.namespace, &owner.name),
            kind,
            name: meta.name.clone(),
            number: number.and_then(|text| text.parse().ok()),
            created: meta.creation_timestamp?,
            written: meta.last_spec_write(),
            came_back: annotation(REVISION_HISTORY).is_some_and(|numbers| !numbers.is_empty()),
        })
    }

    fn order(&self) -> (Option<u64>, Time) {
        (self.number, self.created)
    }
}

/// A revision that became the newest one within the window, and the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionPair {
    /// When it became the newest one.
    pub at: Time,
    /// The revision.
    pub newest: RevisionObject,
    /// The revision before it, if it still exists.
    pub previous: Option<RevisionObject>,
}

/// The revisions of all workloads, by their uid.
#[derive(Debug, Default)]
pub(super) struct RevisionObjects {
    owners: HashMap<String, Vec<RevisionObject>>,
}

impl RevisionObjects {
    pub fn add(&mut self, revision: RevisionObject) {
        let all = self.owners.entry(revision.owner_uid.clone()).or_default();
        all.push(revision);
        if all.len() > KEPT.saturating_mul(2) {
            all.sort_by_key(|revision| Reverse(revision.order()));
            all.truncate(KEPT);
        }
    }

    /// The revisions that became the newest within the window, the latest first. `workloads` has the metadata of the
    /// workloads that were touched within it.
    pub fn pairs(
        &self,
        workloads: &HashMap<String, (ObjectRef, ObjectMeta)>,
        window: &TimeWindow,
    ) -> Vec<RevisionPair> {
        let mut pairs: Vec<RevisionPair> = self
            .owners
            .iter()
            .flat_map(|(uid, revisions)| {
                pairs_of(revisions, workloads.get(uid).map(|(_, meta)| meta), window)
            })
            .collect();
        pairs.sort_by(|a, b| {
            (b.at, &b.newest.owner_uid, &b.newest.name).cmp(&(a.at, &a.newest.owner_uid, &a.newest.name))
        });
        pairs
    }
}

fn pairs_of(
    revisions: &[RevisionObject],
    workload: Option<&ObjectMeta>,
    window: &TimeWindow,
) -> Vec<RevisionPair> {
    let mut sorted: Vec<&RevisionObject> = revisions.iter().collect();
    sorted.sort_by_key(|revision| revision.order());
    let mut pairs = Vec::new();
    for (number, newest) in sorted.iter().enumerate() {
        let is_last = number.saturating_add(1) == sorted.len();
        let previous = number
            .checked_sub(1)
            .and_then(|before| sorted.get(before))
            .copied();
        let came_back = is_last && newest.came_back;
        let at = if came_back {
            let replaced = previous.map(|previous| previous.created);
            workload.and_then(|meta| came_back_at(meta, newest.written, replaced))
        } else {
            Some(newest.created)
        };
        let Some(at) = at.filter(|at| window.has(*at)) else {
            continue;
        };
        // The first revision comes with its workload.
        let is_creation =
            |meta: &ObjectMeta| meta.creation_timestamp.is_some_and(|time| are_together(time, at));
        if previous.is_none() && workload.is_some_and(is_creation) {
            continue;
        }
        pairs.push(RevisionPair {
            at,
            newest: (*newest).clone(),
            previous: previous.cloned(),
        });
    }
    pairs
}

/// What happened, by the pair and, if they were read, by the two revisions. `meta` is the workload's.
pub(super) fn happening(
    pair: &RevisionPair,
    history: Option<&RevisionHistory>,
    meta: &ObjectMeta,
) -> Happening {
    let owner = &pair.newest.owner;
    let read = history.and_then(|history| revision_change(&owner.kind, meta, history));
    let new =
        |what, words: String| Happening::new(TimelineSource::Revisions, pair.at, what, owner.clone(), words);
    let Some((_, change)) = read else {
        let name = |revision: &RevisionObject| {
            revision
                .number
                .map_or_else(|| revision.name.clone(), |n| n.to_string())
        };
        let what = if pair.newest.came_back {
            TimelineKind::Rollback
        } else {
            TimelineKind::Rollout
        };
        let revision = match what {
            TimelineKind::Rollback => format!("a rollback, which became revision {}", name(&pair.newest)),
            _ => format!("revision {}", name(&pair.newest)),
        };
        let words = match &pair.previous {
            Some(previous) => format!("{revision} (not compared with revision {})", name(previous)),
            None => format!("{revision} (the revision before it is not kept)"),
        };
        return new(what, words);
    };
    let what = match change.what {
        ChangeKind::Restart => TimelineKind::Restart,
        ChangeKind::Rollback => TimelineKind::Rollback,
        _ => TimelineKind::Rollout,
    };
    let fold = format!("{} restart", owner.namespace);
    Happening {
        fold: (what == TimelineKind::Restart).then_some(fold),
        by: change.by.clone(),
        words: plain_change_words(&change),
        change: Some(change),
        ..new(what, String::new())
    }
}
