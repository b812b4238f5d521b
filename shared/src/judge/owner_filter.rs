//! Decides which objects of a kind are judged by themselves, and which are left to their controller.

use crate::check::{Check, Controller};
use crate::kind::Kind;
use crate::resource::OwnerReference;

/// The objects of a kind that are judged if none is named.
#[derive(Debug, Clone, Default)]
pub struct OwnerFilter {
    every: bool,
    covered: Vec<Kind>,
}

impl OwnerFilter {
    /// Every object, with or without a controller.
    #[must_use]
    pub fn every() -> Self {
        Self {
            every: true,
            covered: Vec::new(),
        }
    }

    /// Objects without a controller, and objects whose controller is of another kind than these.
    #[must_use]
    pub fn leaving_to(covered: Vec<Kind>) -> Self {
        Self {
            every: false,
            covered,
        }
    }

    /// Whether the object is judged by itself.
    pub fn judges<T: Check>(&self, object: &T) -> bool {
        object.is_judged_by_default() || (self.every && object.responsible_controller().is_some())
    }

    /// Whether the object counts for a controller that may have no verdict.
    pub fn counts_for_controller<T: Check>(&self, object: &T) -> bool {
        let meta = object.meta();
        let is_covered =
            |who: &Controller| Kind::from_controller(who).is_some_and(|kind| self.covered.contains(&kind));
        let open = |owner: &OwnerReference| {
            let owner = Controller::from_owner(&meta.namespace, owner);
            !is_covered(&owner)
                && !owner
                    .own_controller(&meta.labels)
                    .is_some_and(|who| is_covered(&who))
        };
        !self.every && object.counts_for_controller() && object.responsible_controller().is_some_and(open)
    }

    /// Whether the object is judged at all, by itself or for its controller.
    pub fn keeps<T: Check>(&self, object: &T) -> bool {
        self.judges(object) || self.counts_for_controller(object)
    }
}

impl Kind {
    /// The kind of a controller, if it is one that is judged.
    fn from_controller(controller: &Controller) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.kind() == controller.kind && kind.group() == controller.group)
    }
}
