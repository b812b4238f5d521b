//! Controllers that have no verdict of their own. Each is judged by all of its objects together.

use super::judged::Judged;
use super::owners::{OwnedObject, OwnerGraph};
use crate::check::{self, Controller, ControllerFacts, Now};
use crate::report::{Item, KindCheck};
use std::collections::BTreeMap;

/// The name of the check of controllers that are judged by their objects.
pub const CONTROLLERS: &str = "controllers";

/// Objects that no judged object answers for.
#[derive(Default)]
pub struct UnansweredObjects {
    /// The controllers under whose names they are reported, in the order of the verdicts.
    roots: Vec<Controller>,
    /// Their verdicts.
    pub judged: Judged,
}

impl UnansweredObjects {
    /// Takes the objects that have a controller out of these kinds. If a judged object answers for one, it is dropped.
    #[must_use]
    pub fn take<'a>(kinds: impl Iterator<Item = &'a mut Judged>, graph: &OwnerGraph) -> Self {
        let owned: Vec<_> = kinds
            .flat_map(|judged| std::mem::take(&mut judged.owned))
            .collect();
        let roots = graph.roots(owned.iter().map(|owned| &owned.object));
        let mut unanswered = Self::default();
        for (root, owned) in roots.into_iter().zip(owned) {
            if let Some(root) = root {
                unanswered.roots.push(root);
                unanswered.judged.push(owned.item, owned.open);
            }
        }
        unanswered
    }

    /// The check of the controllers; `None` if there are none. `facts` returns the facts that a controller reports
    /// about itself.
    #[must_use]
    pub fn check(self, now: Now, facts: impl FnMut(&Controller) -> ControllerFacts) -> Option<KindCheck> {
        group(self.roots.into_iter().zip(self.judged.items), now, facts)
    }
}

/// The check of controllers that are not judged, from verdicts about their objects; `None` if there are none.
/// `is_judged` says whether a controller has a verdict of its own.
pub fn controllers(
    members: Vec<(OwnedObject, Item)>,
    is_judged: impl Fn(&Controller) -> bool,
    now: Now,
) -> Option<KindCheck> {
    let roots = OwnerGraph::default().roots(members.iter().map(|(owned, _)| owned));
    let items = members.into_iter().map(|(_, item)| item);
    let reported = roots
        .into_iter()
        .zip(items)
        .filter_map(|(root, item)| Some((root?, item)));
    let reported = reported.filter(|(root, _)| root.is_pod() || !is_judged(root));
    group(reported, now, |_| ControllerFacts::default())
}

/// One verdict for each controller.
fn group(
    members: impl IntoIterator<Item = (Controller, Item)>,
    now: Now,
    mut facts: impl FnMut(&Controller) -> ControllerFacts,
) -> Option<KindCheck> {
    let mut groups: BTreeMap<Controller, Vec<Item>> = BTreeMap::new();
    for (controller, item) in members {
        groups.entry(controller).or_default().push(item);
    }
    let groups = groups.iter();
    let items: Vec<Item> = groups
        .filter_map(|(controller, items)| check::group(controller, items, facts(controller), now))
        .collect();
    (!items.is_empty()).then(|| KindCheck::of(CONTROLLERS, items, true))
}
