//! Owns values that many records share: each is kept once, for as long as a record uses it.
//! Must not know what the values mean.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// The bytes of the two counts of an `Arc`, and what an allocator adds to an allocation.
pub const ALLOCATION: usize = 16 + 16;

/// A value that is kept once, however many records have it.
pub trait Shared: Hash + Eq {
    /// Bytes that it holds on the heap, beside its own size.
    fn heap_bytes(&self) -> usize;
}

/// Values that are kept once.
#[derive(Debug)]
pub struct Interner<T> {
    known: HashSet<Arc<T>>,
    /// Bytes of all values, with their allocations.
    bytes: usize,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            known: HashSet::new(),
            bytes: 0,
        }
    }
}

impl<T: Shared> Interner<T> {
    /// The one copy of a value.
    pub fn share(&mut self, value: T) -> Arc<T> {
        if let Some(known) = self.known.get(&value) {
            return Arc::clone(known);
        }
        let value = Arc::new(value);
        self.bytes = self.bytes.saturating_add(Self::size(&value));
        self.known.insert(Arc::clone(&value));
        value
    }

    /// Notes that a copy is about to be dropped. The value is forgotten with the last one.
    pub fn release(&mut self, value: &Arc<T>) {
        // One count is that of the set, and one that of the caller.
        if Arc::strong_count(value) <= 2 && self.known.remove(value) {
            self.bytes = self.bytes.saturating_sub(Self::size(value));
        }
    }

    /// Bytes of the values and of the set.
    pub fn bytes(&self) -> usize {
        // hashbrown has at least 8 places for 7 values, and a byte beside each place.
        let places = self.known.capacity().saturating_mul(8) / 7;
        let set = places.saturating_mul(size_of::<Arc<T>>() + 1);
        self.bytes.saturating_add(set)
    }

    fn size(value: &T) -> usize {
        size_of::<T>() + value.heap_bytes() + ALLOCATION
    }
}

/// Counts the allocation of a text. The text itself is counted by its owner.
impl Shared for Box<str> {
    fn heap_bytes(&self) -> usize {
        self.len() + ALLOCATION / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_once_and_forgotten_with_its_last_user() {
        let mut interner = Interner::<Box<str>>::default();
        let (one, two) = (interner.share("web".into()), interner.share("web".into()));
        assert!(Arc::ptr_eq(&one, &two));
        let full = interner.bytes;
        interner.release(&one);
        drop(one);
        assert_eq!(interner.bytes, full);
        interner.release(&two);
        assert_eq!((interner.bytes, interner.known.len()), (0, 0));
    }
}
