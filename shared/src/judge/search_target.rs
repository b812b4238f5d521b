//! An object that a search for evidence is about.

use super::written_needs::WrittenNeeds;
use crate::check::{Check, Now};
use crate::report::{Item, State};
use crate::resource::{LabelSelector, Pod, PodsBy};

/// An object that is not healthy, or whose pods may show that it is not.
#[derive(Debug, Clone)]
pub struct SearchTarget {
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    pub uid: String,
    generation: Option<i64>,
    /// The urgency of its verdict, 0 for the worst.
    pub rank: u8,
    /// The number of pods that it should have.
    pub desired: i64,
    /// How its pods are found.
    pub pods_by: PodLookup,
    /// Whether the search reads the events about the object itself.
    pub needs_events: bool,
    /// Whether ControllerRevisions keep its revisions.
    pub has_controller_revisions: bool,
    /// The other objects whose last write may say why it is not healthy.
    pub written: WrittenNeeds,
}

/// How the pods of an object are found. Unlike [`PodsBy`], it does not borrow from the object.
#[derive(Debug, Clone)]
pub enum PodLookup {
    /// By this selector. Without one, by their owner alone.
    Selector(Option<LabelSelector>),
    /// Its ReplicaSets have them. The selector is that of the pods.
    ThroughReplicaSets(Option<LabelSelector>),
    /// Its Jobs have them.
    Jobs,
    /// It is one.
    Itself(Box<Pod>),
}

impl SearchTarget {
    /// `None` if the object has no pods, or if a search cannot add to the verdict.
    #[must_use]
    pub fn new<T: Check>(object: &T, item: &Item, now: Now) -> Option<Self> {
        let meta = object.meta();
        if !object.needs_evidence(item, now) || meta.uid.is_empty() {
            return None;
        }
        let pods_by = match object.pods_by() {
            PodsBy::Nothing => return None,
            PodsBy::Selector(selector) => PodLookup::Selector(selector.cloned()),
            PodsBy::ThroughReplicaSets(selector) => PodLookup::ThroughReplicaSets(selector.cloned()),
            PodsBy::Jobs => PodLookup::Jobs,
            PodsBy::Itself(pod) => PodLookup::Itself(Box::new(pod.clone())),
        };
        Some(Self {
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            generation: meta.generation,
            rank: urgency(item),
            desired: item.desired.unwrap_or(1),
            pods_by,
            needs_events: object.needs_events(item),
            has_controller_revisions: T::HAS_CONTROLLER_REVISIONS,
            written: WrittenNeeds::from_item(item),
        })
    }

    /// The uid and the generation. Evidence about another generation does not count.
    #[must_use]
    pub fn identity(&self) -> (String, Option<i64>) {
        (self.uid.clone(), self.generation)
    }
}

/// The urgency of an object that has what it asks for.
pub const RANK_IN_PROGRESS: u8 = 3;

/// The order in which verdicts are explained if not all can be: the lowest number first.
#[must_use]
pub fn urgency(item: &Item) -> u8 {
    match (item.state, item.healthy) {
        (State::Unavailable, _) => 0,
        (State::Degraded, _) => 1,
        (_, Some(false)) => 2,
        _ => RANK_IN_PROGRESS,
    }
}
