//! The judgement: resource views and a given time in, report items out.
//!
//! One file a kind, each a pure function that a table test can call. Nothing here reads a clock, the
//! environment or the network, and nothing is printed.

mod acknowledge;
pub mod apiserver;
mod apiservice;
mod cause;
mod completion;
mod controller;
mod cronjob;
mod custom;
mod daemonset;
mod deployment;
mod evidence;
mod horizontalpodautoscaler;
mod job;
mod lifecycle;
mod node;
mod now;
pub mod path;
mod persistentvolumeclaim;
mod pod;
mod poddisruptionbudget;
mod related;
mod replicas;
mod replicaset;
mod replicationcontroller;
mod rollout;
mod schedule;
mod service;
mod statefulset;
mod text;
mod verdict;
mod webhookconfiguration;

pub use cause::{EvidenceNeeds, crashed, wants};
pub use controller::{Controller, Word, group, replaced};
pub(crate) use evidence::EvidenceObject;
pub use evidence::{EventsAndNodes, EvidenceStore, NodesSeen, Pods};
pub use now::Now;
pub use related::{Related, RelatedKind, RelatedKindVisitor, RelatedNeed, RelatedObjects};
pub use text::{shorten, unended};

use crate::report::{Item, State};
use crate::resource::{OwnerReference, Resource, Time, Undecodable};

/// A pod younger than this many seconds may still become ready without being called a failure.
pub const GRACE_SECONDS: i64 = 60;

/// A kind that is judged object by object.
pub trait Check: Resource {
    /// All that [`Check::wants`] may ask for.
    const COMPANIONS: &'static [RelatedKind] = &[];

    /// Whether an object of this kind is left to the controller that it may have, where nobody asked for the kind.
    const LEFT_TO_CONTROLLER: bool = false;

    /// The controller that this object is left to: one that is judged itself, or under whose name its objects are judged
    /// together ([`group`]).
    fn left_to(&self) -> Option<&OwnerReference> {
        self.meta().controller().filter(|_| Self::LEFT_TO_CONTROLLER)
    }

    /// Whether this object is judged where nobody asked for its kind.
    fn answers_for_itself(&self) -> bool {
        self.left_to().is_none()
    }

    /// Whether it tells anything of a controller that is not judged itself. What is asked for nothing does not.
    fn speaks_for_controller(&self) -> bool {
        true
    }

    /// When this object failed, where its controller makes another in its place: it says nothing of the present once a
    /// later one is better.
    fn fell(&self) -> Option<Time> {
        None
    }

    /// When this object was made, where it does what one that failed did not.
    fn makes_up(&self) -> Option<Time> {
        None
    }

    /// What the verdict needs of other kinds, as far as that shows from what is known already. It is asked again once
    /// that was brought, until it wants nothing more.
    fn wants(&self, _known: &RelatedObjects) -> Vec<RelatedNeed> {
        Vec::new()
    }

    /// Whether to look at its pods: where the verdict is one that causes are looked for, or pods may change it.
    fn is_worth_a_look(&self, item: &Item, _now: Now) -> bool {
        is_open(item)
    }

    /// Whether the events about the object itself may say more than it does.
    fn asks_its_events(&self, _item: &Item) -> bool {
        false
    }

    /// Whether neither time nor its pods can change that state; notes are of the moment in which the object is shown. What
    /// is worth a look is not: its pods may say something else.
    fn is_settled(&self, item: &Item, now: Now) -> bool {
        item.state.is_fine() && item.healthy == Some(true) && !self.is_worth_a_look(item, now)
    }

    /// The verdict about this one object.
    fn judge(&self, evidence: &Evidence<'_>) -> Item;
}

/// What is known beside the object itself.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Evidence<'a> {
    /// The time that the object's ages are measured against.
    pub now: Now,
    /// The workload's pods; `None` where they were not seen, which is not the same as none.
    pub pods: Option<Pods<'a>>,
    /// Events and nodes, where they are known and pods that carry them are not.
    pub around: Option<&'a EventsAndNodes<'a>>,
    /// What other kinds say of it, for the kinds that ask ([`Check::wants`]).
    pub companions: Option<&'a RelatedObjects>,
    /// When an observer first saw this generation, for objects without `managedFields`.
    pub first_seen: Option<Time>,
    /// Whether the user asked for this very object: then being deleted is not healthy.
    pub named: bool,
    /// Whether a later object of the same controller took its place ([`replaced`]).
    pub replaced: bool,
    /// Whether an annotation on the object can acknowledge what is found.
    pub heeds_annotations: bool,
    /// Whether to tell why, where it is not healthy.
    pub explained: bool,
}

impl<'a> Evidence<'a> {
    /// Events and nodes, wherever they were given.
    pub(crate) fn around(&self) -> Option<&'a EventsAndNodes<'a>> {
        self.around.or(self.pods.as_ref().and_then(|pods| pods.around))
    }

    /// Nothing is known beside the object and the time.
    #[must_use]
    pub fn at(now: Now) -> Self {
        Self {
            now,
            pods: None,
            around: None,
            companions: None,
            first_seen: None,
            named: false,
            replaced: false,
            heeds_annotations: true,
            explained: true,
        }
    }
}

/// Whether a verdict is one that causes are looked for. Nothing has been done yet about a spec that is not observed:
/// what is there is of an older one.
fn is_open(item: &Item) -> bool {
    matches!(
        item.state,
        State::Progressing | State::Degraded | State::Unavailable
    ) && item.reason != "NotObserved"
}

/// The verdict about an object, where it is not healthy why, and whether somebody knows of it.
#[must_use]
pub fn judge<T: Check>(object: &T, evidence: &Evidence<'_>) -> Item {
    let mut item = object.judge(evidence);
    if evidence.explained {
        cause::explain(&mut item, object, evidence);
        if let Some(pods) = evidence.pods.as_ref().filter(|_| item.reason == "Ready") {
            item.warnings.extend(pods.restarting());
        }
    }
    if evidence.heeds_annotations {
        acknowledge::apply(&mut item, object.meta(), evidence.now.time());
    }
    item
}

/// The item for an object that could not be decoded: it was there and was not understood.
#[must_use]
pub fn undecodable<T: Resource>(object: &Undecodable) -> Item {
    Item {
        kind: T::KIND.to_owned(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        state: State::Unknown,
        healthy: Some(false),
        desired: None,
        ready: None,
        available: None,
        updated: None,
        reason: "Undecodable".to_owned(),
        message: format!("the object does not decode: {}", object.error),
        since: None,
        notes: Vec::new(),
        warnings: Vec::new(),
        causes: Vec::new(),
        acknowledged: None,
        judged_by: Vec::new(),
    }
}
