//! The objects and gaps that were found in the files, before a kind is decoded.

use super::gap::Gaps;
use super::lines::LineCounter;
use super::object::Object;

/// Everything that was found, in the order in which it stands.
#[derive(Debug, Default)]
pub(super) struct DumpIndex {
    pub objects: Vec<Object>,
    /// Group and kind of every list, even if it is empty.
    pub listed: Vec<(String, String)>,
    pub gaps: Gaps,
    pub lines: LineCounter,
}
