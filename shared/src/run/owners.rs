//! Objects that have a controller: which of them are looked at, and what they tell of a controller that has no verdict.
//!
//! A list keeps, while it is decoded, only what may have to be told: nothing of what a judged kind controls. Where such a
//! kind turns out not to have been seen whole, the objects that were left to it are read again.

use super::{Kind, Request};
use crate::check::{self, Check, Controller, ControllerFacts, Now};
use crate::cluster::ItemFilter;
use crate::report::{Item, KindCheck};
use crate::resource::OwnerReference;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The name of the check of what is judged by the objects that it controls.
pub const CONTROLLERS: &str = "controllers";

/// No chain of owners is so long.
const DEEPEST: usize = 8;

/// Which objects of a kind are looked at, where none is named.
#[derive(Debug, Clone, Default)]
pub struct Sift {
    every: bool,
    covered: Vec<Kind>,
}

impl Sift {
    /// Every object, those that a controller has too.
    #[must_use]
    pub fn every() -> Self {
        Self {
            every: true,
            covered: Vec::new(),
        }
    }

    /// Those that nothing controls, and those whose controller is of none of these kinds.
    #[must_use]
    pub fn but_of(covered: Vec<Kind>) -> Self {
        Self {
            every: false,
            covered,
        }
    }

    /// Whether the object is judged by itself.
    pub fn takes<T: Check>(&self, object: &T) -> bool {
        object.answers_for_itself() || (self.every && object.left_to().is_some())
    }

    /// Whether it tells something of a controller that may have no verdict.
    pub fn takes_for_controller<T: Check>(&self, object: &T) -> bool {
        let meta = object.meta();
        let is_covered =
            |who: &Controller| Kind::of_controller(who).is_some_and(|kind| self.covered.contains(&kind));
        let open = |owner: &OwnerReference| {
            let owner = Controller::of(&meta.namespace, owner);
            !is_covered(&owner) && !owner.beyond(&meta.labels).is_some_and(|who| is_covered(&who))
        };
        !self.every && object.speaks_for_controller() && object.left_to().is_some_and(open)
    }

    /// The same as a list takes it.
    pub fn keep<T: Check>(&self) -> ItemFilter<T> {
        let own = self.clone();
        Arc::new(move |object: &T| own.takes(object) || own.takes_for_controller(object))
    }
}

impl Kind {
    /// The kind of a controller, where it is one that is judged.
    fn of_controller(controller: &Controller) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.kind() == controller.kind && kind.group() == controller.group)
    }

    /// Whether objects of this kind are left to the controllers that they have.
    #[must_use]
    pub fn leaves_owned(self) -> bool {
        matches!(
            self,
            Self::Jobs | Self::ReplicaSets | Self::ReplicationControllers | Self::Pods
        )
    }

    /// Whether objects of this kind can be controllers of others.
    #[must_use]
    pub fn has_owned(self) -> bool {
        matches!(
            self,
            Self::Deployments
                | Self::StatefulSets
                | Self::DaemonSets
                | Self::ReplicaSets
                | Self::ReplicationControllers
                | Self::Jobs
                | Self::CronJobs
                | Self::Rollouts
        )
    }
}

impl Request {
    /// Whether objects of this kind are judged that would be left to controllers otherwise.
    pub(super) fn judges_every(&self, check: &str) -> bool {
        self.every_object && Kind::from_word(check).is_some_and(Kind::leaves_owned)
    }

    /// The kinds that are judged whole, so that what they control is left to them. With a selector it has to be seen
    /// which of their objects are selected.
    pub(super) fn covered(&self) -> Vec<Kind> {
        let whole = self
            .kinds
            .iter()
            .filter(|w| w.names.is_empty() && w.kind.has_owned());
        let whole = whole.map(|w| w.kind);
        if self.selector.is_empty() {
            whole.collect()
        } else {
            Vec::new()
        }
    }
}

/// An object that tells of its controller.
#[derive(Debug)]
pub struct Owned {
    /// Who controls it.
    pub by: Controller,
    /// Who controls that one, where names and labels tell.
    pub beyond: Option<Controller>,
    /// The object itself, as a controller of others.
    own: Controller,
}

impl Owned {
    /// `None` where nothing controls it.
    #[must_use]
    pub fn of<T: Check>(object: &T) -> Option<Self> {
        let meta = object.meta();
        let by = Controller::of(&meta.namespace, object.left_to()?);
        Some(Self {
            beyond: by.beyond(&meta.labels),
            own: Controller {
                namespace: meta.namespace.clone(),
                group: T::GROUP.to_owned(),
                kind: T::KIND.to_owned(),
                name: meta.name.clone(),
            },
            by,
        })
    }
}

/// Who answers for whom in a run.
#[derive(Debug, Default)]
pub(super) struct Roll {
    judged: HashSet<Controller>,
    links: HashMap<Controller, Controller>,
}

impl Roll {
    /// Takes note of objects that are judged.
    pub fn judge<'a>(&mut self, group: &str, items: impl IntoIterator<Item = &'a Item>) {
        self.judged.extend(items.into_iter().map(|item| Controller {
            namespace: item.namespace.clone(),
            group: group.to_owned(),
            kind: item.kind.clone(),
            name: item.name.clone(),
        }));
    }

    /// Takes note of who controls an object that tells of nobody itself.
    pub fn link(&mut self, owned: Owned) {
        self.links.insert(owned.own, owned.by);
    }

    /// Under whose name each of these objects is told; `None` where another answers for it.
    pub fn roots(&self, members: &[Owned]) -> Vec<Option<Controller>> {
        let present: HashMap<&Controller, &Owned> = members.iter().map(|m| (&m.own, m)).collect();
        members.iter().map(|m| self.root(m, &present)).collect()
    }

    fn root(&self, member: &Owned, present: &HashMap<&Controller, &Owned>) -> Option<Controller> {
        // A pod is judged by itself alone, and answers for none that it made.
        let answers =
            |who: &Controller| !who.is_pod() && (self.judged.contains(who) || present.contains_key(who));
        let (mut at, mut beyond) = (&member.by, &member.beyond);
        for _ in 0..DEEPEST {
            if answers(at) {
                return None;
            }
            if let Some(pod) = present.get(at) {
                (at, beyond) = (&pod.by, &pod.beyond);
            } else if let Some(above) = self.links.get(at) {
                (at, beyond) = (above, &None);
            } else {
                break;
            }
        }
        let at = beyond.as_ref().unwrap_or(at);
        (!answers(at)).then(|| at.clone())
    }
}

/// The check of the controllers that are not judged, from objects of theirs, each of which was; `None` where there are
/// none. `is_judged` tells who is.
pub fn controllers(
    members: Vec<(Owned, Item)>,
    is_judged: impl Fn(&Controller) -> bool,
    now: Now,
) -> Option<KindCheck> {
    let (owned, items): (Vec<Owned>, Vec<Item>) = members.into_iter().unzip();
    let roots = Roll::default().roots(&owned).into_iter();
    let told = roots.zip(items).filter_map(|(root, item)| Some((root?, item)));
    check(
        told.filter(|(root, _)| root.is_pod() || !is_judged(root)),
        now,
        |_| ControllerFacts::default(),
    )
}

/// The same, of those whose controllers are known. `word` tells what one says of itself.
pub(super) fn check(
    members: impl IntoIterator<Item = (Controller, Item)>,
    now: Now,
    mut word: impl FnMut(&Controller) -> ControllerFacts,
) -> Option<KindCheck> {
    let mut groups: BTreeMap<Controller, Vec<Item>> = BTreeMap::new();
    for (controller, item) in members {
        groups.entry(controller).or_default().push(item);
    }
    let groups = groups.iter();
    let items: Vec<Item> = groups
        .filter_map(|(controller, items)| check::group(controller, items, word(controller), now))
        .collect();
    (!items.is_empty()).then(|| KindCheck::of(CONTROLLERS, items, true))
}
