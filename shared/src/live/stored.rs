//! An object of a cache that is judged by itself, in either of its forms.

use super::object::LiveObject;
use super::{ObjectKey, Selection};
use crate::check::Check;
use crate::judge::{Dictionary, SettledObject};

/// Which objects of a cache are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    All,
    /// Those that are kept whole: no compact object is worth showing.
    Whole,
    /// Those that are not settled.
    Open,
}

/// An object of a cache that is judged by itself.
pub(super) enum Stored<'a, T> {
    Whole(&'a ObjectKey, &'a LiveObject<T>),
    /// In its namespace.
    Compact(&'a str, &'a SettledObject),
}

impl<T: Check> Stored<'_, T> {
    pub(super) fn watch(&self) -> u16 {
        match self {
            Self::Whole(_, object) => object.watch,
            Self::Compact(_, object) => object.watch,
        }
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Whole(_, object) => object.namespace(),
            Self::Compact(namespace, _) => Some(namespace),
        }
    }

    pub(super) fn is_selected(&self, selection: &Selection, words: &Dictionary) -> bool {
        let selector = &selection.selector;
        match self {
            Self::Whole(key, object) => selection.takes_name(&key.name) && object.is_selected(selector),
            Self::Compact(_, object) => {
                selection.takes_name(object.name())
                    && (selector.is_empty() || object.is_selected(selector, words))
            }
        }
    }
}
