//! How a report, or a word of one, is printed: one file a format, each a function of finished data. Must not know the
//! network, async code or exit codes.

mod escape;
mod explanation;
mod human;
pub mod json;
mod markdown;
mod wrap;
pub mod yaml;

pub use escape::escape;
pub use explanation::{lead, list, page};
use wrap::wrap;

use crate::shell::Charset;
use sre_shared::report::Report;
use std::io::{Result, Write};
use std::time::Duration;

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A screen for people
    Human,
    /// The whole report as JSON
    Json,
    /// The whole report as YAML
    Yaml,
}

/// What the screen for people looks like.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// The characters that the marks may have.
    pub charset: Charset,
    /// Columns of the terminal; `None` for a pipe, whose lines are never broken.
    pub width: Option<usize>,
    /// Whether to show only the verdict line.
    pub quiet: bool,
    /// Whether to show healthy parts too.
    pub verbose: bool,
    /// How long the run took, if it asked a cluster.
    pub elapsed: Option<Duration>,
}

/// Writes a report in that format. Only the format for people has a style.
///
/// # Errors
/// Those of the writer.
pub fn write(format: Format, report: &Report, style: &Style, out: &mut dyn Write) -> Result<()> {
    match format {
        Format::Human => human::write(report, style, out),
        Format::Json => json::write(report, out),
        Format::Yaml => yaml::write(report, out),
    }
}
