//! The objects of one type, without their Rust type.

use super::object::EvidenceByUid;
use super::{
    AnswerTime, EventTime, OpenItems, Overview, RelatedAnswer, Selection, Totals, Transition, WatchStatus,
};
use crate::check::{NamespaceDeletions, RelatedObjects};
use crate::failure::Class;
use crate::judge::{OwnedObject, RelatedNeeds, SearchTarget};
use crate::kind::{Kind, ResourceType};
use crate::report::Item;
use crate::resource::Time;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The objects of a kind of the registry, without their Rust type.
pub trait KindObjects: LiveObjects {
    /// Their kind.
    fn kind(&self) -> Kind;
}

/// The objects of one type, a kind of the registry or a kind of custom resources.
pub trait LiveObjects: Send + Sync {
    /// Their type.
    fn resource_type(&self) -> &ResourceType;
    /// The overview of the selected objects, and the items of those that are not settled.
    fn judged(&self, selection: &Selection, time: &AnswerTime) -> (Overview, OpenItems);
    /// The totals of all objects. Each object counts as it was last judged.
    fn totals(&self, time: &AnswerTime) -> Totals;
    /// Shows each selected object, sorted by namespace and name, until `each` breaks. Objects in `open`, of the same time
    /// and selection, are not judged again.
    fn visit(
        &self,
        selection: &Selection,
        time: &AnswerTime,
        open: &OpenItems,
        each: &mut dyn FnMut(&Item) -> ControlFlow<()>,
    );
    /// The object of that name, judged for that time.
    fn item(&self, namespace: &str, name: &str, selection: &Selection, time: &AnswerTime) -> Option<Item>;
    /// The objects for which a search may find causes.
    fn search_targets(&self, time: &AnswerTime) -> Vec<SearchTarget>;
    /// Takes the evidence about its objects that was found at that time.
    fn add_evidence(&self, found: &mut EvidenceByUid, at: Time);
    /// The related objects that its verdicts need and `known` does not have.
    fn related_needs(&self, known: &RelatedObjects) -> RelatedNeeds;
    /// Takes related objects, and the time at which reading them began; `None` if none was needed. Judges again, and
    /// returns the transitions. The first time there are none.
    fn update_related(
        &self,
        answer: Option<(RelatedAnswer, EventTime)>,
        time: &AnswerTime,
    ) -> Vec<Transition>;
    /// Takes the namespaces that are being deleted. Judges again the objects in them, and returns the transitions.
    fn update_deletions(&self, deletions: &NamespaceDeletions, time: &AnswerTime) -> Vec<Transition>;
    /// Adds the namespaces of objects that fall short, or that are left out because of their namespace.
    fn failing_namespaces(&self, time: &AnswerTime, found: &mut BTreeSet<String>);
    /// Judges again the verdicts that time can change, and returns the transitions. Verdicts from a stale watch are not
    /// judged again.
    fn review(&self, time: &AnswerTime) -> Vec<Transition>;
    /// Whether every watch has either listed or failed at least once.
    fn is_tried(&self) -> bool;
    /// The watches that have not listed yet: each with its namespace (`None` for all), and with the class of its
    /// failure if it failed.
    fn unlisted(&self) -> Vec<(Option<String>, Option<Class>)>;
    /// The status of each watch.
    fn watches(&self) -> Vec<WatchStatus>;
    /// The selected objects that are left to their controllers.
    fn controlled(&self, selection: &Selection, time: &AnswerTime) -> ControlledObjects;
    /// Whether there is an object of that name.
    fn contains(&self, namespace: &str, name: &str) -> bool;
    /// Whether there is an object of that name and it is selected.
    fn selects(&self, namespace: &str, name: &str, selection: &Selection) -> bool;
}

/// Objects that are left to their controllers.
#[derive(Debug, Default)]
pub struct ControlledObjects {
    /// Objects whose controller no kind here judges, with their verdicts.
    pub judged: Vec<(OwnedObject, Item)>,
    /// Unhealthy objects whose controller is judged.
    pub unhealthy: Vec<OwnedObject>,
    /// Whether the data of an object of `judged` is too old.
    pub too_old: bool,
}
