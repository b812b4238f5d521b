//! How much memory one list may take.

use crate::failure::{Class, Failure};
use crate::resource::{Decoded, Resource};
use std::sync::atomic::{AtomicU64, Ordering};

/// The rest of the budget of one list. No real list uses it up. It keeps a broken server from using up all memory.
pub(super) struct ListBudget {
    /// Bytes of memory for the items that are kept, roughly.
    kept: AtomicU64,
    /// Bytes to read, unpacked.
    read: AtomicU64,
    /// Items without a name; an API server has none.
    nameless: AtomicU64,
}

/// A view of a Deployment takes about a kilobyte: these are some 250,000 of them.
const MOST_KEPT: u64 = 512 << 20;
const MOST_READ: u64 = 16 << 30;
const MOST_NAMELESS: u64 = 1000;

impl Default for ListBudget {
    fn default() -> Self {
        Self {
            kept: AtomicU64::new(MOST_KEPT),
            read: AtomicU64::new(MOST_READ),
            nameless: AtomicU64::new(MOST_NAMELESS),
        }
    }
}

impl ListBudget {
    /// The memory of an item: its own size, and what it points to, which is about twice its size in protobuf.
    pub fn cost<T: Resource>(item: &Decoded<T>) -> usize {
        let points_to = match item {
            Ok(object) => 2 * object.encoded_len(),
            Err(undecodable) => {
                undecodable.namespace.len() + undecodable.name.len() + undecodable.error.len()
            }
        };
        size_of::<Decoded<T>>() + points_to
    }

    /// Takes the memory of an item.
    pub fn keep(&self, bytes: usize) -> Result<(), Failure> {
        take(&self.kept, bytes, || {
            let most = MOST_KEPT >> 20;
            Failure::new(
                Class::TooLarge,
                format!("the list is larger than the {most} MB that are kept of one"),
            )
        })
    }

    /// Gives memory back.
    pub fn give_back(&self, bytes: usize) {
        self.kept.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Takes bytes that were read.
    pub fn read(&self, bytes: usize) -> Result<(), Failure> {
        take(&self.read, bytes, || {
            let most = MOST_READ >> 30;
            Failure::new(
                Class::TooLarge,
                format!("the list is longer than the {most} GB that are read of one"),
            )
        })
    }

    /// Takes an item without a name.
    pub fn count_nameless(&self) -> Result<(), Failure> {
        take(&self.nameless, 1, || {
            Failure::new(
                Class::NotAnApiServer,
                format!("more than {MOST_NAMELESS} items of the list have no name"),
            )
        })
    }
}

/// Takes the amount, or fails if less is left.
fn take(left: &AtomicU64, amount: usize, failure: impl Fn() -> Failure) -> Result<(), Failure> {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(amount as u64)
    })
    .map(drop)
    .map_err(|_| failure())
}
