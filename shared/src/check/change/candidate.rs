//! The changes that may have come before a problem, each from one source.

use super::change_cause;
use crate::check::Evidence;
use crate::check::evidence::{RevisionHistory, WrittenObject};
use crate::check::template_diff::RESTARTED_AT;
use crate::kind::Kind;
use crate::report::{ChangeKind, Code, Item, ObjectChange, Undo};
use crate::resource::{ObjectMeta, Revision, Time, WrittenParts};
use crate::shell::{kubectl, quoted};

/// Writes within this many seconds belong together: a controller makes a revision shortly after the spec was written.
const SAME_SECONDS: i64 = 60;
/// A write this many seconds after the creation is part of it: tools create an object and then label it.
const CREATION_SECONDS: i64 = 5;

/// A change, and when it happened.
pub(super) struct Candidate {
    pub at: Time,
    pub change: ObjectChange,
    /// Whether it counts however long ago it was: the problem is that it does not come to its end.
    pub is_under_way: bool,
}

impl Candidate {
    pub fn new(at: Time, what: ChangeKind) -> Self {
        Self {
            at,
            change: ObjectChange {
                at: at.to_string(),
                what,
                seconds_before: None,
                revision: None,
                from: None,
                by: None,
                change_cause: None,
                diff: Vec::new(),
                subject: None,
                undo: None,
            },
            is_under_way: false,
        }
    }

    fn by(mut self, manager: Option<&str>) -> Self {
        self.change.by = manager.filter(|name| !name.is_empty()).map(str::to_owned);
        self
    }
}

/// Whether two times belong to one change.
#[must_use]
pub fn are_together(a: Time, b: Time) -> bool {
    a.seconds_after(b).saturating_abs() <= SAME_SECONDS
}

/// The manager that wrote these parts about that time, and after `since`. A manager that only removes fields leaves no entry, so
/// that an entry of an earlier write says nothing about a later revision.
fn writer(meta: &ObjectMeta, parts: WrittenParts, at: Time, since: Option<Time>) -> Option<&str> {
    let all = meta.writers(parts);
    let is_later = |time: Time| since.is_none_or(|since| time > since);
    let is_only = all.len() == 1;
    let wrote = |time: Time| are_together(time, at) || (is_only && time > at);
    let mut times = all.iter().filter_map(|entry| entry.time);
    let last = times.find(|time| is_later(*time) && wrote(*time))?;
    ObjectMeta::only_manager_at(&all, last)
}

/// When a revision came back in place of one that was created at `replaced`. `written` is the last write of the object that keeps it.
///
/// A rollback that only removes fields leaves no entry in managedFields. The controller then wrote the revision's object, and writes
/// it again only for another number of pods.
#[must_use]
pub fn came_back_at(meta: &ObjectMeta, written: Option<Time>, replaced: Option<Time>) -> Option<Time> {
    let is_after = |time: &Time| replaced.is_none_or(|replaced| *time >= replaced);
    let last = |parts| {
        meta.writers(parts)
            .first()
            .and_then(|entry| entry.time)
            .filter(is_after)
    };
    let is_scaled = last(WrittenParts::REPLICAS).is_some() || meta.scaled_by().is_some();
    last(WrittenParts::TEMPLATE).or_else(|| written.filter(is_after).filter(|_| !is_scaled))
}

/// The newest revision of a workload of that kind, with the time at which it became the newest one. `None` if it has none
/// before it, or if nothing says when it came back.
#[must_use]
pub fn revision_change(
    kind: &str,
    meta: &ObjectMeta,
    history: &RevisionHistory,
) -> Option<(Time, ObjectChange)> {
    let (newest, previous) = (&history.newest, history.previous.as_ref()?);
    let at = if newest.came_back {
        came_back_at(meta, newest.written, previous.created)?
    } else {
        newest.created?
    };
    let is_restart = |field: &str| field == RESTARTED_AT;
    let what = if newest.came_back {
        ChangeKind::Rollback
    } else if !history.diff.is_empty() && history.diff.iter().all(|change| is_restart(&change.field)) {
        ChangeKind::Restart
    } else {
        ChangeKind::Rollout
    };
    let candidate = Candidate::new(at, what).by(writer(meta, WrittenParts::TEMPLATE, at, previous.created));
    let change = ObjectChange {
        revision: Some(revision_name(kind, newest)),
        from: Some(revision_name(kind, previous)),
        change_cause: newest.change_cause.as_deref().map(change_cause::masked),
        diff: history.diff.clone(),
        ..candidate.change
    };
    Some((at, change))
}

/// The number of a Deployment's revision, the name of another workload's.
#[must_use]
pub fn revision_name(kind: &str, revision: &Revision) -> String {
    let is_numbered = revision.owner.is_empty() || Kind::from_kind(kind) == Some(Kind::Deployment);
    if is_numbered {
        revision.number.to_string()
    } else {
        revision.name.clone()
    }
}

/// The newest revision of a workload.
pub(super) fn revision(item: &Item, meta: &ObjectMeta, history: &RevisionHistory) -> Option<Candidate> {
    if history.newest.is_run {
        return run(meta, history);
    }
    let (at, change) = revision_change(&item.kind, meta, history)?;
    let pods = item.rollout.as_ref().and_then(|rollout| rollout.pods.as_ref());
    let has_ready = history.newest.ready.is_some_and(|ready| ready > 0);
    let never_worked = !has_ready && pods.is_some_and(|pods| pods.ready == 0 && !pods.was_ready);
    let is_partial = item
        .updated
        .zip(item.desired)
        .is_some_and(|(updated, desired)| updated < desired);
    let previous = history.previous.as_ref();
    Some(Candidate {
        at,
        is_under_way: never_worked || is_partial,
        change: ObjectChange {
            undo: previous.map(|previous| undo(item, previous, revision_name(&item.kind, previous))),
            ..change
        },
    })
}

/// The template of a `CronJob`, if its last run differs from the one before that succeeded.
fn run(meta: &ObjectMeta, history: &RevisionHistory) -> Option<Candidate> {
    let previous = history.previous.as_ref()?;
    if history.diff.is_empty() {
        return None;
    }
    let writes = meta.writers(WrittenParts::TEMPLATE);
    let is_between = |time: &Time| Some(*time) >= previous.created && Some(*time) <= history.newest.created;
    let written = writes.first().and_then(|entry| entry.time).filter(is_between);
    let at = written.or(history.newest.created)?;
    let mut candidate =
        Candidate::new(at, ChangeKind::Edit).by(writer(meta, WrittenParts::TEMPLATE, at, previous.created));
    candidate.change.diff.clone_from(&history.diff);
    // The next run may come a day after the template was written.
    candidate.is_under_way = true;
    Some(candidate)
}

/// The command that returns to a revision of that number; `None` for a kind whose revisions have names.
#[must_use]
pub fn undo_command(item: &Item, revision: &str) -> Option<String> {
    let number: u64 = revision.parse().ok()?;
    let kind = item.kind.to_lowercase();
    let name = quoted(&item.name);
    let command = format!("rollout undo {kind} {name} --to-revision={number}");
    Some(kubectl(&item.namespace, &command, ""))
}

/// The way back to the revision before. It is offered only if its pods still are ready.
fn undo(item: &Item, previous: &Revision, revision: String) -> Undo {
    let worked = previous.ready.is_some_and(|ready| ready > 0);
    let command = undo_command(item, &previous.number.to_string());
    Undo {
        worked,
        command: command.filter(|_| worked),
        ready: previous.ready.filter(|_| worked),
        desired: previous.desired.filter(|desired| *desired > 0 && worked),
        revision,
    }
}

/// Other writes of the spec than that of the revision.
pub(super) fn writes(meta: &ObjectMeta, revision: Option<Time>) -> Vec<Candidate> {
    let changes = spec_writes(meta, revision.as_slice()).into_iter();
    changes
        .map(|(at, change)| Candidate {
            at,
            change,
            is_under_way: false,
        })
        .collect()
}

/// The last write of the spec by each program, with its time: a scaling, or an edit of something else than the template. Those
/// that belong to the creation or to one of these revisions are left out.
#[must_use]
pub fn spec_writes(meta: &ObjectMeta, revisions: &[Time]) -> Vec<(Time, ObjectChange)> {
    let created = meta.creation_timestamp;
    // A scaling makes no revision, however near to one it is.
    let is_part = |time: Time, scales: bool| {
        let of_creation = created.is_some_and(|created| time.seconds_since(created) <= CREATION_SECONDS);
        of_creation || (!scales && revisions.iter().any(|at| are_together(*at, time)))
    };
    let mut found = Vec::new();
    for entry in meta.writers(WrittenParts::SPEC) {
        let parts = WrittenParts::from_bits(entry.parts);
        let scales = parts.has(WrittenParts::REPLICAS) && !parts.has(WrittenParts::TEMPLATE);
        let Some(at) = entry.time.filter(|time| !is_part(*time, scales)) else {
            continue;
        };
        let what = if scales {
            ChangeKind::Scale
        } else {
            ChangeKind::Edit
        };
        found.push((at, Candidate::new(at, what).by(Some(&entry.manager)).change));
    }
    found
}

/// The last scaling of a Deployment through the `scale` subresource. Its entry has no time: it is dated by the object of the newest
/// revision, to which the controller passes the number of pods on.
///
/// The controller writes that object for a rollout too, and after some writes of the Deployment (`SetNewReplicaSetAnnotations` in
/// `pkg/controller/deployment/util`). If one of these may have been the reason, there is no time.
pub(super) fn scaling(meta: &ObjectMeta, history: &RevisionHistory) -> Option<Candidate> {
    let by = meta.scaled_by()?;
    let (newest, previous) = (&history.newest, history.previous.as_ref());
    let is_first = newest.number == 1;
    if newest.is_run || newest.came_back || (previous.is_none() && !is_first) {
        return None;
    }
    let at = newest.written?;
    let others = [
        newest.created,
        previous.and_then(|previous| previous.written),
        meta.last_spec_write(),
    ];
    let is_before = |other: Time| at.seconds_after(other) > SAME_SECONDS;
    let is_alone = others.into_iter().flatten().all(is_before);
    is_alone.then(|| Candidate::new(at, ChangeKind::Scale).by(Some(by)))
}

/// The creation of the object.
pub(super) fn creation(meta: &ObjectMeta) -> Option<Candidate> {
    let (at, change) = creation_change(meta)?;
    Some(Candidate {
        at,
        change,
        is_under_way: false,
    })
}

/// The creation of the object, with its time.
#[must_use]
pub fn creation_change(meta: &ObjectMeta) -> Option<(Time, ObjectChange)> {
    let at = meta.creation_timestamp?;
    // A program that wrote a moment later has not created it.
    let writers = meta.writers(WrittenParts::SPEC);
    let first = writers
        .last()
        .filter(|entry| entry.time.is_some_and(|time| are_together(time, at)));
    let candidate = Candidate::new(at, ChangeKind::Created).by(first.map(|entry| entry.manager.as_str()));
    Some((at, candidate.change))
}

/// Objects that the workload depends on, and that were written.
pub(super) fn others(
    item: &Item,
    evidence: &Evidence<'_>,
    history: Option<&RevisionHistory>,
) -> Vec<Candidate> {
    let written = evidence.written_objects.iter();
    let concerns = |written: &&WrittenObject| match written.what {
        ChangeKind::Config => {
            let names = history.map(|history| &history.config_maps);
            let object = &written.object;
            object.namespace == item.namespace && names.is_some_and(|names| names.contains(&object.name))
        }
        ChangeKind::Node => {
            let is_unscheduled = |code: &Code| *code == Code::Unschedulable;
            item.causes.iter().any(|cause| is_unscheduled(&cause.code))
        }
        ChangeKind::Quota if written.object.kind == "LimitRange" => {
            let is_refused = item.causes.iter().any(|cause| cause.code == Code::LimitRange);
            is_refused && written.object.namespace == item.namespace
        }
        _ => item
            .causes
            .iter()
            .any(|cause| cause.subject.as_ref() == Some(&written.subject)),
    };
    let concerning = written.filter(concerns);
    let candidates = concerning.map(|written| {
        let mut candidate = Candidate::new(written.at, written.what).by(written.by.as_deref());
        candidate.change.subject = Some(written.object.clone());
        candidate
    });
    candidates.collect()
}
