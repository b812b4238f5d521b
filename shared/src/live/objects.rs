//! The objects of one kind, without their Rust type.

use super::object::EvidenceByUid;
use super::{AnswerTime, EventTime, Overview, RelatedAnswer, Selection, Totals, Transition};
use crate::check::RelatedObjects;
use crate::failure::Class;
use crate::judge::{OwnedObject, RelatedNeeds, SearchTarget};
use crate::kind::Kind;
use crate::report::Item;
use crate::resource::Time;
use std::ops::ControlFlow;

/// The objects of one kind, without their Rust type.
pub trait KindObjects: Send + Sync {
    /// Their kind.
    fn kind(&self) -> Kind;
    /// The overview of the selected objects.
    fn overview(&self, selection: &Selection, time: &AnswerTime) -> Overview;
    /// The totals of all objects. Each object counts as it was last judged.
    fn totals(&self, time: &AnswerTime) -> Totals;
    /// Shows each selected object, sorted by namespace and name, until `each` breaks.
    fn visit(&self, selection: &Selection, time: &AnswerTime, each: &mut dyn FnMut(Item) -> ControlFlow<()>);
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
    /// Judges again the verdicts that time can change, and returns the transitions. Verdicts from a stale watch are not
    /// judged again.
    fn review(&self, time: &AnswerTime) -> Vec<Transition>;
    /// Whether every watch has either listed or failed at least once.
    fn is_tried(&self) -> bool;
    /// The watches that have not listed yet: each with its namespace (`None` for all), and with the class of its
    /// failure if it failed.
    fn unlisted(&self) -> Vec<(Option<String>, Option<Class>)>;
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
