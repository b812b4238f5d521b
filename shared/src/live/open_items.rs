//! The objects that are not settled, judged once for an answer that shows them in several places.

use crate::report::Item;

/// An item takes about a kilobyte. If more objects are not settled, the rest is judged again wherever it is shown.
const MOST_ITEMS: usize = 10_000;

/// The selected objects of one kind that are not settled, judged at one time, sorted by namespace and name.
#[derive(Debug, Default)]
pub struct OpenItems {
    items: Vec<Item>,
    /// Whether there are more objects than items.
    cut: bool,
}

impl OpenItems {
    /// Adds the next object.
    pub(super) fn push(&mut self, item: Item) {
        if self.items.len() < MOST_ITEMS {
            self.items.push(item);
        } else {
            self.cut = true;
        }
    }

    /// All of them; `None` if they are too many to be kept.
    #[must_use]
    pub fn all(&self) -> Option<&[Item]> {
        (!self.cut).then_some(&self.items)
    }

    /// The items for a visit in order.
    pub(super) fn cursor(&self) -> OpenCursor<'_> {
        OpenCursor(&self.items)
    }
}

/// The items that a visit has not passed yet.
pub(super) struct OpenCursor<'a>(&'a [Item]);

impl<'a> OpenCursor<'a> {
    /// The item of that object, if it was judged. Objects are asked for in order.
    pub(super) fn find(&mut self, namespace: &str, name: &str) -> Option<&'a Item> {
        while let [first, rest @ ..] = self.0 {
            let order = (first.namespace.as_str(), first.name.as_str()).cmp(&(namespace, name));
            if order.is_gt() {
                return None;
            }
            self.0 = rest;
            if order.is_eq() {
                return Some(first);
            }
        }
        None
    }
}
