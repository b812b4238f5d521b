//! The objects of one kind, whatever their type.

use super::object::EvidenceByUid;
use super::{AnswerTime, EventTime, Overview, RelatedAnswer, Selection, Totals, Transition};
use crate::check::RelatedObjects;
use crate::failure::Class;
use crate::judge::OwnedObject;
use crate::judge::RelatedNeeds;
use crate::judge::SearchTarget;
use crate::kind::Kind;
use crate::report::Item;
use crate::resource::Time;
use std::ops::ControlFlow;

/// The objects of one kind, whatever their type.
pub trait KindObjects: Send + Sync {
    /// Their kind.
    fn kind(&self) -> Kind;
    /// What can be said of the selection as a whole.
    fn overview(&self, selection: &Selection, time: &AnswerTime) -> Overview;
    /// What can be said of all objects without looking at each: every one counts as it was last judged.
    fn totals(&self, time: &AnswerTime) -> Totals;
    /// Shows each selected object, sorted by namespace and name, until `each` breaks.
    fn visit(&self, selection: &Selection, time: &AnswerTime, each: &mut dyn FnMut(Item) -> ControlFlow<()>);
    /// The objects for which a search may find causes.
    fn search_targets(&self, time: &AnswerTime) -> Vec<SearchTarget>;
    /// Takes the evidence about its objects that was found at that time.
    fn add_evidence(&self, found: &mut EvidenceByUid, at: Time);
    /// The related objects that its verdicts need and `known` does not have.
    fn related_needs(&self, known: &RelatedObjects) -> RelatedNeeds;
    /// Takes related objects, and the time at which reading them began; `None` if nothing was needed. Judges again, and
    /// returns what changed. The first time nothing has changed.
    fn update_related(
        &self,
        answer: Option<(RelatedAnswer, EventTime)>,
        time: &AnswerTime,
    ) -> Vec<Transition>;
    /// Judges again what time can change, and returns what changed. Verdicts from a stale watch are not judged again.
    fn review(&self, time: &AnswerTime) -> Vec<Transition>;
    /// Whether every watch has either listed or failed at least once.
    fn is_tried(&self) -> bool;
    /// The namespaces of the watches that have not listed yet, `None` for all, each with the class of its failure if it
    /// failed.
    fn unlisted(&self) -> Vec<(Option<String>, Option<Class>)>;
    /// The selected objects that are left to their controllers.
    fn controlled(&self, selection: &Selection, time: &AnswerTime) -> ControlledObjects;
    /// Whether there is an object of that name.
    fn contains(&self, namespace: &str, name: &str) -> bool;
    /// Whether that object is there and selected.
    fn selects(&self, namespace: &str, name: &str, selection: &Selection) -> bool;
}

/// Objects that are left to their controllers.
#[derive(Debug, Default)]
pub struct ControlledObjects {
    /// Those whose controller no kind here judges: who controls each, and its verdict.
    pub judged: Vec<(OwnedObject, Item)>,
    /// Those that are unhealthy and whose controller is judged.
    pub unhealthy: Vec<OwnedObject>,
    /// Whether the data of one of those that are judged is too old.
    pub too_old: bool,
}
