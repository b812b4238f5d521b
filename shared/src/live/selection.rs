//! The objects that a request selects.

use crate::kind::ResourceType;
use crate::report::{Item, State};
use crate::selector::Selector;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

/// Namespace and name. Keys have the order of reports.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The namespace. All objects of it share one allocation.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl ObjectKey {
    /// The key of an object.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

/// The objects that a request selects.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only objects in this namespace.
    pub namespace: Option<String>,
    /// Whether every namespace of the cluster is selected, and not only the watched ones.
    pub everywhere: bool,
    /// Only objects that it matches.
    pub selector: Selector,
    /// The selector as it was written.
    pub selector_text: String,
    /// Only objects in one of these states. The summary counts the others too.
    pub states: Option<Vec<State>>,
    /// Only objects worth showing: not healthy, with a note, or the only one. The summary counts the others too.
    pub notable: bool,
    /// If at most so many objects are selected, all of them are worth showing.
    pub few: u64,
    /// Only objects of these names; empty for all names.
    pub names: BTreeSet<String>,
    /// Whether annotations that acknowledge findings are ignored.
    pub no_ignore: bool,
    /// Only objects after this one. The summary counts the others too.
    pub after: Option<ObjectKey>,
}

impl Selection {
    /// The unhealthy objects of the selection. The cost of a visit grows with their number, and not with the size of
    /// the cluster.
    #[must_use]
    pub fn unhealthy(&self) -> Self {
        let all = State::ALL.to_vec();
        let states = self.states.clone().unwrap_or(all);
        Self {
            states: Some(states.into_iter().filter(|state| !state.is_fine()).collect()),
            ..self.clone()
        }
    }

    /// The selection among objects of that type. As in kubectl, a namespace is ignored for a type that is in none.
    pub(super) fn for_type(&self, resource_type: &ResourceType) -> Cow<'_, Self> {
        if resource_type.namespaced || self.namespace.is_none() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self {
            namespace: None,
            everywhere: false,
            ..self.clone()
        })
    }

    /// The selection among so many selected objects. The only one is always shown: the verdict is about it.
    #[must_use]
    pub fn among(&self, total: u64) -> Cow<'_, Self> {
        if self.notable && total <= self.few.max(1) {
            Cow::Owned(Self {
                notable: false,
                ..self.clone()
            })
        } else {
            Cow::Borrowed(self)
        }
    }

    /// Whether the object is shown.
    #[must_use]
    pub fn takes(&self, item: &Item) -> bool {
        self.states
            .as_ref()
            .is_none_or(|states| states.contains(&item.state))
            && (!self.notable || !item.state.is_fine() || !item.notes.is_empty() || !item.warnings.is_empty())
    }

    /// Whether objects of that name are selected.
    pub(super) fn takes_name(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.contains(name)
    }

    /// Whether an object that is settled can be selected.
    pub(super) fn takes_settled(&self) -> bool {
        self.states
            .as_ref()
            .is_none_or(|states| states.iter().any(|state| state.is_fine()))
    }

    /// The keys of the selection: all of them if `whole`, else those after [`Selection::after`].
    pub(super) fn range(&self, whole: bool) -> (Bound<ObjectKey>, Bound<ObjectKey>) {
        let mut from = match &self.namespace {
            Some(namespace) => Bound::Included(ObjectKey::new(namespace, "")),
            None => Bound::Unbounded,
        };
        // No namespace sorts between a name and that name with the lowest character appended.
        let to = match &self.namespace {
            Some(namespace) => Bound::Excluded(ObjectKey::new(&format!("{namespace}\0"), "")),
            None => Bound::Unbounded,
        };
        if let Some(after) = self.after.as_ref().filter(|_| !whole) {
            let begins_later = match &from {
                Bound::Included(first) => after >= first,
                _ => true,
            };
            if begins_later {
                from = Bound::Excluded(after.clone());
            }
        }
        // A map panics if a range ends before it begins, as it does with a token of another namespace.
        match (&from, &to) {
            (Bound::Excluded(a) | Bound::Included(a), Bound::Excluded(b)) if a >= b => {
                (Bound::Included(b.clone()), Bound::Excluded(b.clone()))
            }
            _ => (from, to),
        }
    }
}
