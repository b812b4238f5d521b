//! Which objects are asked for.

use crate::kind::Kind;
use crate::report::{Item, State};
use crate::selector::Selector;
use std::borrow::Cow;
use std::ops::Bound;
use std::sync::Arc;

/// Namespace and name; sorts as reports do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The namespace; one allocation for all objects of it.
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

/// Which objects are asked for.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only those of this namespace.
    pub namespace: Option<String>,
    /// Whether every namespace of the cluster is asked for, and not only those that are watched.
    pub everywhere: bool,
    /// Only those with such labels.
    pub selector: Selector,
    /// The selector as it was written.
    pub selector_text: String,
    /// Only those in one of these states; the summary counts the others too.
    pub states: Option<Vec<State>>,
    /// Only those worth showing: not healthy, or with a note; the summary counts the others too.
    pub notable: bool,
    /// Whether annotations that acknowledge findings are ignored.
    pub no_ignore: bool,
    /// Only those that sort after this one; the summary counts the others too.
    pub after: Option<ObjectKey>,
}

impl Selection {
    /// The unhealthy objects of the selection. To visit them costs what is wrong, and not the size of the cluster.
    #[must_use]
    pub fn unhealthy(&self) -> Self {
        let all = State::ALL.to_vec();
        let states = self.states.clone().unwrap_or(all);
        Self {
            states: Some(states.into_iter().filter(|state| !state.is_fine()).collect()),
            ..self.clone()
        }
    }

    /// The selection among objects of that kind. As in kubectl, objects in no namespace are the same from each.
    pub(super) fn for_kind(&self, kind: Kind) -> Cow<'_, Self> {
        if kind.is_namespaced() || self.namespace.is_none() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self {
            namespace: None,
            everywhere: false,
            ..self.clone()
        })
    }

    /// Whether the object is among those that are shown.
    #[must_use]
    pub fn takes(&self, item: &Item) -> bool {
        self.states
            .as_ref()
            .is_none_or(|states| states.contains(&item.state))
            && (!self.notable || !item.state.is_fine() || !item.notes.is_empty() || !item.warnings.is_empty())
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
        // No namespace sorts between one and the same with the lowest character behind it.
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
        // A map panics if a range ends before it begins, which a token of another namespace asks for.
        match (&from, &to) {
            (Bound::Excluded(a) | Bound::Included(a), Bound::Excluded(b)) if a >= b => {
                (Bound::Included(b.clone()), Bound::Excluded(b.clone()))
            }
            _ => (from, to),
        }
    }
}
