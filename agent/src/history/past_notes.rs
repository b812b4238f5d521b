//! Owns what the history adds to the items of one kind in an answer.
//! Must not know where transitions are kept.

use super::flapping::FlappingObjects;
use super::healthy_before::HealthyObjects;
use sre_shared::live::{AnswerTime, KindObjects, Selection};
use sre_shared::report::Item;
use std::borrow::Cow;

/// What the history says of the objects of one kind.
#[derive(Debug)]
pub struct PastNotes {
    /// Those that flap.
    pub flapping: FlappingObjects,
    /// Those that were healthy before.
    pub healthy: HealthyObjects,
}

impl PastNotes {
    /// The item with what the history says of its object.
    pub fn noted<'a>(&self, item: &'a Item) -> Cow<'a, Item> {
        self.healthy.noted(self.flapping.noted(item))
    }

    /// Items that a selection takes because of a note alone, sorted by namespace and name.
    pub fn beyond(&self, objects: &dyn KindObjects, selection: &Selection, time: &AnswerTime) -> Vec<Item> {
        self.flapping.beyond(objects, selection, time)
    }
}
