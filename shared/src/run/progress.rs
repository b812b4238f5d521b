//! Progress of a run.

use crate::kind::Kind;

/// A finished step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All objects of a kind were read: how many there are.
    Read(Kind, usize),
    /// A kind is read namespace by namespace: how many are done, and how many there are.
    Namespaces(usize, usize),
}
