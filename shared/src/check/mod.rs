//! Verdicts: views of objects and a given time in, report items out.
//!
//! One file a kind, each a pure function that a table test can call. Nothing here reads a clock, the environment or the
//! network, and nothing prints.

mod acknowledge;
mod apiservice;
mod cause;
mod change;
mod completion;
mod controller;
mod cronjob;
mod custom;
mod daemonset;
mod deployment;
mod evidence;
mod expectation;
mod horizontalpodautoscaler;
mod job;
mod lifecycle;
mod log;
mod message;
mod min_ready;
mod namespace;
mod namespace_deletion;
mod newest_revision;
mod node;
mod now;
mod persistentvolumeclaim;
mod pod;
mod poddisruptionbudget;
mod presence;
mod related;
mod replicas;
mod replicaset;
mod replicationcontroller;
mod revision;
mod rollout;
mod rollout_progress;
mod schedule;
mod service;
mod statefulset;
mod template_diff;
mod text;
mod verdict;
mod visitor;
mod webhookconfiguration;

pub use cause::{EvidenceNeeds, add_log_line, crashed_container, says_why};
pub use change::{
    are_together, came_back_at, creation_change, revision_change, revision_name, spec_writes, undo_command,
};
pub use controller::{Controller, ControllerFacts, group, replaced_uids};
pub(crate) use evidence::EvidenceObject;
pub use evidence::{
    EventsAndNodes, EvidenceStore, FindRevisions, NodesSeen, Pods, RevisionHistory, WrittenObject,
};
pub use expectation::Expectation;
pub use log::{is_frame, log_end, log_lines, telling_line};
pub use namespace_deletion::NamespaceDeletions;
pub use newest_revision::NewestRevision;
pub use now::Now;
pub use presence::{present_item, set_present_if_silent};
pub use related::{Related, RelatedKind, RelatedKindVisitor, RelatedNeed, RelatedObjects};
pub use template_diff::template_diff;
pub use text::{abridge, one_line, trim_end_mark};
pub use visitor::KindVisitor;

use crate::report::{Cause, Code, Item, ObjectRef, RolloutProgress, State};
use crate::resource::{OwnerReference, Resource, Time, Undecodable};

/// A pod younger than this many seconds may still become ready; until then it is no failure.
pub const GRACE_SECONDS: i64 = 60;

/// A kind that is judged object by object.
pub trait Check: Resource {
    /// Every related kind that [`Check::related_needs`] may name.
    const RELATED_KINDS: &'static [RelatedKind] = &[];

    /// Whether ControllerRevisions keep the revisions of its pods.
    const HAS_CONTROLLER_REVISIONS: bool = false;

    /// The controller that this object is left to: one that is judged itself, or under whose name its objects are judged
    /// together ([`group`]).
    fn responsible_controller(&self) -> Option<&OwnerReference> {
        None
    }

    /// Whether this object is judged if the user did not name its kind.
    fn is_judged_by_default(&self) -> bool {
        self.responsible_controller().is_none()
    }

    /// Whether it counts for a controller without a verdict of its own. An object that asks for nothing does not.
    fn counts_for_controller(&self) -> bool {
        true
    }

    /// When this object failed, if its controller makes another one in its place. A later object that succeeds makes the
    /// failure obsolete.
    fn failure_time(&self) -> Option<Time> {
        None
    }

    /// When this object was created, if it does the work that another one failed to do.
    fn replacement_time(&self) -> Option<Time> {
        None
    }

    /// The related kinds that the verdict needs besides the known ones. It is called again with the objects that were read,
    /// until it needs nothing more.
    fn related_needs(&self, _known: &RelatedObjects) -> Vec<RelatedNeed> {
        Vec::new()
    }

    /// Whether to search for its pods: the verdict needs causes, or pods may change it.
    fn needs_evidence(&self, item: &Item, _now: Now) -> bool {
        is_open(item)
    }

    /// Whether events about the object itself may say more than the object does.
    fn needs_events(&self, _item: &Item) -> bool {
        false
    }

    /// Whether neither time nor pods can change that state. Notes do not count: they are written when the object is shown.
    /// An object whose pods are searched for is not settled.
    fn is_settled(&self, item: &Item, now: Now) -> bool {
        item.state.is_fine() && item.healthy == Some(true) && !self.needs_evidence(item, now)
    }

    /// Why this object is not healthy, by its pods and events, and by its [`Check::own_causes`].
    fn causes(&self, item: &Item, evidence: &Evidence<'_>) -> Vec<Cause> {
        cause::workload_causes(self, item, evidence)
    }

    /// Which of its pods have its newest revision.
    fn newest_revision<'a>(&'a self, _pods: &Pods<'a>) -> NewestRevision<'a> {
        NewestRevision::Every
    }

    /// How far its newest revision is, by the fields of the object itself; `None` if it has no pods and no runs.
    fn rollout_progress(&self) -> Option<RolloutProgress> {
        None
    }

    /// Causes that this kind knows besides those of pods.
    fn own_causes(&self, _evidence: &Evidence<'_>) -> Vec<Cause> {
        Vec::new()
    }

    /// The verdict about this one object.
    fn judge(&self, evidence: &Evidence<'_>) -> Item;
}

/// The facts about an object besides its own fields.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Evidence<'a> {
    /// The time against which ages are measured.
    pub now: Now,
    /// The workload's pods; `None` if they were not seen, which differs from having none.
    pub pods: Option<Pods<'a>>,
    /// Events and nodes, if no pods carry them.
    pub events_and_nodes: Option<&'a EventsAndNodes<'a>>,
    /// Revisions of the workload, if they can be found.
    pub revisions: Option<&'a dyn FindRevisions>,
    /// Other objects that were written, of which some may concern this one.
    pub written_objects: &'a [WrittenObject],
    /// Objects of related kinds, for the kinds that need them ([`Check::related_needs`]).
    pub related: Option<&'a RelatedObjects>,
    /// When an observer first saw this generation, for objects without `managedFields`.
    pub first_seen: Option<Time>,
    /// Whether the user named this very object. Being deleted is then not healthy.
    pub named: bool,
    /// Whether a later object of the same controller took its place ([`replaced_uids`]).
    pub replaced: bool,
    /// Whether an annotation on the object can acknowledge findings.
    pub heeds_annotations: bool,
    /// Whether to add causes to an object that is not healthy.
    pub explained: bool,
}

impl<'a> Evidence<'a> {
    /// Events and nodes, given directly or with the pods.
    pub(crate) fn events_and_nodes(&self) -> Option<&'a EventsAndNodes<'a>> {
        self.events_and_nodes
            .or(self.pods.as_ref().and_then(|pods| pods.events_and_nodes))
    }

    /// No evidence besides the object and the time.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self {
            now,
            pods: None,
            events_and_nodes: None,
            revisions: None,
            written_objects: &[],
            related: None,
            first_seen: None,
            named: false,
            replaced: false,
            heeds_annotations: true,
            explained: true,
        }
    }
}

/// Whether a verdict needs causes. A spec that is not observed needs none: all there is belongs to an older one.
fn is_open(item: &Item) -> bool {
    matches!(
        item.state,
        State::Progressing | State::Degraded | State::Unavailable
    ) && item.reason != Code::NotObserved
}

/// The verdict about an object, its causes if it is not healthy, and its acknowledgement.
#[must_use]
pub fn judge<T: Check>(object: &T, evidence: &Evidence<'_>) -> Item {
    let mut item = object.judge(evidence);
    if evidence.explained {
        cause::explain(&mut item, object, evidence);
        if let Some(pods) = evidence.pods.as_ref().filter(|_| item.reason == Code::Ready) {
            item.warnings.extend(pods.restart_warnings());
        }
    }
    rollout_progress::add(&mut item, object, evidence);
    if evidence.explained {
        change::add(&mut item, object, evidence);
    }
    if evidence.heeds_annotations {
        acknowledge::apply(&mut item, object.meta(), evidence.now.time());
    }
    item
}

/// The item of an object that exists but could not be decoded.
#[must_use]
pub fn undecodable<T: Resource>(object: &Undecodable) -> Item {
    let message = format!("the object does not decode: {}", object.error);
    let object = ObjectRef::namespaced(T::KIND, &object.namespace, &object.name);
    Item {
        healthy: Some(false),
        ..Item::new(object, State::Unknown, Code::Undecodable, message)
    }
}
