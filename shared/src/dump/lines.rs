//! Line numbers of places in the files.

use std::sync::{Mutex, PoisonError};

/// Counts lines on from the last place, since most questions go forward through a file.
#[derive(Debug, Default)]
pub(super) struct LineCounter {
    /// File, offset and line.
    last: Mutex<(usize, usize, usize)>,
}

impl LineCounter {
    /// The line of an offset in a file with these bytes, from 1.
    pub fn line(&self, index: usize, bytes: &[u8], at: usize) -> usize {
        let at = at.min(bytes.len());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, offset, line) = *last;
        let (from, line) = if file == index && offset <= at && line > 0 {
            (offset, line)
        } else {
            (0, 1)
        };
        let line = line + memchr::memchr_iter(b'\n', &bytes[from..at]).count();
        *last = (index, at, line);
        line
    }
}
