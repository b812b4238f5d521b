//! How a report, or a word of one, is printed: one file a format, each a function of finished data. Must not know the
//! network, async code or exit codes.

mod columns;
mod explanation;
pub mod fleet;
mod github;
mod human;
pub mod json;
mod junit;
mod markdown;
mod name;
mod problem_text;
mod prometheus;
#[cfg(test)]
mod sample;
mod selection;
mod terminal_markdown;
pub mod timeline;
mod wide;
mod wrap;
pub mod yaml;

pub use explanation::{lead, list, page};
pub use selection::{SortBy, TableOptions};
pub use sre_shared::escape::escape;
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
    /// A table of every object, for eyes and grep
    Wide,
    /// The whole report as JSON
    Json,
    /// The whole report as YAML
    Yaml,
    /// Names of the objects that are not healthy, for xargs
    Name,
    /// For comments, job summaries and incident pages
    Markdown,
    /// Annotations of GitHub Actions
    Github,
    /// A test report for GitLab, Jenkins and others
    Junit,
    /// Metrics for the textfile collector
    Prometheus,
}

impl Format {
    /// The word of `--output`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Name => "name",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Junit => "junit",
            Self::Prometheus => "prometheus",
        }
    }

    /// Whether a person reads it in a terminal, beside what other programs print.
    #[must_use]
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Human | Self::Wide)
    }
}

/// What the screen for people looks like.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// The characters that the marks may have.
    pub charset: Charset,
    /// Columns of the terminal; `None` for a pipe, whose lines are never broken.
    pub width: Option<usize>,
    /// Rows of the terminal; `None` for a pipe.
    pub height: Option<usize>,
    /// Whether to show only the verdict line.
    pub quiet: bool,
    /// Whether to show healthy parts too.
    pub verbose: bool,
    /// Whether to show every problem in full.
    pub all: bool,
    /// How long the run took, if it asked a cluster.
    pub elapsed: Option<Duration>,
}

/// What a format has no place for, and a person has to know: a list of names is no shorter if something was not seen.
#[must_use]
pub fn warnings(format: Format, report: &Report) -> Vec<String> {
    match format {
        Format::Name => name::gaps(report),
        _ => Vec::new(),
    }
}

/// Writes a report in that format. Only the format for people has a style, and only the table and the names have options.
///
/// # Errors
/// Those of the writer.
pub fn write(
    format: Format,
    report: &Report,
    style: &Style,
    table: &TableOptions,
    out: &mut dyn Write,
) -> Result<()> {
    match format {
        Format::Human => human::write(report, style, out),
        Format::Wide => wide::write(report, table, out),
        Format::Json => json::write(report, out),
        Format::Yaml => yaml::write(report, out),
        Format::Name => name::write(report, table, out),
        Format::Markdown => markdown::write(report, out),
        Format::Github => github::write(report, out),
        Format::Junit => junit::write(report, out),
        Format::Prometheus => prometheus::write(report, out),
    }
}
