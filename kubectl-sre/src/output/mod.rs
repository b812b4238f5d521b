//! How a report, or a word of one, is said: one file a format, each a function of what is finished. No network, no async, no
//! exit codes.

mod escape;
mod glossary;
mod human;
mod machine;
mod wrap;

pub use escape::escape;
pub use glossary::{list, page};
pub use human::human;
pub use machine::{json, yaml};
use wrap::wrap;

use std::time::Duration;

/// What the reader of a human screen has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Columns of the terminal; `None` for a pipe, whose lines are never broken.
    pub width: Option<usize>,
    /// Only the verdict line.
    pub quiet: bool,
    /// Whether to show what is well too.
    pub verbose: bool,
    /// How long the run took, where it asked a cluster.
    pub elapsed: Option<Duration>,
}
