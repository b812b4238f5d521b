//! The settled objects of one kind, sorted by namespace and name: one sorted row for each namespace. A row takes a fraction
//! of the memory of a tree, and lists fill it from the front to the end.

use super::ObjectKey;
use crate::judge::SettledObject;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Settled objects by namespace and name.
#[derive(Debug, Default)]
pub(super) struct SettledObjects(BTreeMap<Arc<str>, Vec<SettledObject>>);

/// Bounds of namespaces and names.
pub(super) type KeyRange = (Bound<ObjectKey>, Bound<ObjectKey>);

impl SettledObjects {
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<&SettledObject> {
        let row = self.0.get(namespace)?;
        row.get(place(row, name).ok()?)
    }

    /// Stores an object. Returns the one of that name that was there.
    pub(super) fn insert(&mut self, namespace: Arc<str>, object: SettledObject) -> Option<SettledObject> {
        let row = self.0.entry(namespace).or_default();
        match place(row, object.name()) {
            Ok(at) => row.get_mut(at).map(|old| std::mem::replace(old, object)),
            Err(at) => {
                row.insert(at, object);
                None
            }
        }
    }

    pub(super) fn remove(&mut self, namespace: &str, name: &str) -> Option<SettledObject> {
        let row = self.0.get_mut(namespace)?;
        let removed = row.remove(place(row, name).ok()?);
        if row.is_empty() {
            self.0.remove(namespace);
        } else if row.len() < row.capacity() / 4 {
            row.shrink_to_fit();
        }
        Some(removed)
    }

    /// Keeps the objects that `stays` accepts, and no more memory than they need.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&str, &SettledObject) -> bool) {
        self.0.retain(|namespace, row| {
            row.retain(|object| stays(namespace, object));
            row.shrink_to_fit();
            !row.is_empty()
        });
    }

    /// The objects of a namespace.
    pub(super) fn namespace(&self, namespace: &str) -> &[SettledObject] {
        self.0.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The objects of a range in order, each with its namespace. Namespaces that `takes` refuses are skipped as a whole.
    pub(super) fn range<'a>(
        &'a self,
        range: KeyRange,
        takes: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a str, &'a SettledObject)> + 'a {
        let (from, to) = range;
        let namespaces = (namespace_bound(from.as_ref()), namespace_bound(to.as_ref()));
        let rows = if is_empty(&namespaces) {
            None
        } else {
            Some(
                self.0
                    .range::<str, _>(namespaces)
                    .map(|(namespace, row)| (&**namespace, row)),
            )
        };
        let rows: Vec<_> = rows
            .into_iter()
            .flatten()
            .filter(|(namespace, _)| takes(namespace))
            .collect();
        rows.into_iter().flat_map(move |(namespace, row)| {
            let start = match &from {
                Bound::Included(key) if *key.namespace == *namespace => {
                    place(row, &key.name).unwrap_or_else(|at| at)
                }
                Bound::Excluded(key) if *key.namespace == *namespace => {
                    place(row, &key.name).map_or_else(|at| at, |at| at + 1)
                }
                _ => 0,
            };
            let end = match &to {
                Bound::Included(key) if *key.namespace == *namespace => {
                    place(row, &key.name).map_or_else(|at| at, |at| at + 1)
                }
                Bound::Excluded(key) if *key.namespace == *namespace => {
                    place(row, &key.name).unwrap_or_else(|at| at)
                }
                _ => row.len(),
            };
            let objects = row.get(start..end).unwrap_or_default();
            objects.iter().map(move |object| (namespace, object))
        })
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

/// The place of a name in a row, or where it belongs. Lists come in order, so the end is tried first.
fn place(row: &[SettledObject], name: &str) -> Result<usize, usize> {
    match row.last() {
        Some(last) if last.name() < name => Err(row.len()),
        _ => row.binary_search_by(|object| object.name().cmp(name)),
    }
}

/// The namespaces of a bound: its own is always part of them.
fn namespace_bound(bound: Bound<&ObjectKey>) -> Bound<&str> {
    match bound {
        Bound::Included(key) | Bound::Excluded(key) => Bound::Included(&*key.namespace),
        Bound::Unbounded => Bound::Unbounded,
    }
}

/// Whether the range ends before it begins: a map panics then.
fn is_empty(range: &(Bound<&str>, Bound<&str>)) -> bool {
    matches!(range, (Bound::Included(from), Bound::Included(to)) if from > to)
}
