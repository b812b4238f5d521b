//! Owns how many problems there is room for on the page: it has a bound in bytes, however much is broken.

use super::entry::ProblemEntry;
use askama::Template as _;

/// Problems of a page in full.
const ENTRIES: usize = 300;
/// Bytes of all of them. With the other parts, which have bounds of their own, a page stays below 300 kB.
const BYTES: usize = 200_000;

/// The room that is left on a page.
#[derive(Debug)]
pub struct Room {
    entries: usize,
    bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            entries: ENTRIES,
            bytes: BYTES,
        }
    }
}

/// Problems that were written.
#[derive(Debug, Default)]
pub struct EntryList {
    /// The HTML of each.
    pub entries: Vec<String>,
    /// How many there was no room for.
    pub left: usize,
}

impl Room {
    /// Writes as many problems as there is room for, at most so many.
    pub fn write(&mut self, mut entries: impl Iterator<Item = ProblemEntry>, most: usize) -> EntryList {
        let mut list = EntryList::default();
        let most = most.min(self.entries);
        while list.entries.len() < most
            && let Some(entry) = entries.next()
        {
            // Writing to a text does not fail.
            let html = entry.render().unwrap_or_default();
            let Some(bytes) = self.bytes.checked_sub(html.len()) else {
                // Later ones that happen to be short would hide that worse ones are missing.
                self.entries = 0;
                list.left = 1;
                break;
            };
            self.bytes = bytes;
            self.entries = self.entries.saturating_sub(1);
            list.entries.push(html);
        }
        list.left = list.left.saturating_add(entries.count());
        list
    }
}
