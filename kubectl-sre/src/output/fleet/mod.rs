//! How the result for many clusters is printed: one file a format, as for one report.

mod human;
mod junit;
mod markdown;
mod prometheus;
mod wide;

pub use human::{lines, row_line, rows};

use super::{Format, Style, escape, json, yaml};
use sre_shared::fleet::{FleetReport, FleetState};
use sre_shared::shell::quoted;
use std::io::{Result, Write};

/// Writes the result in that format. Only the format for people has a style.
///
/// # Errors
/// Those of the writer.
pub fn write(
    format: Format,
    fleet: &FleetReport,
    style: &Style,
    no_headers: bool,
    out: &mut dyn Write,
) -> Result<()> {
    match format {
        Format::Human => human::write(fleet, style, out),
        Format::Wide => wide::write(fleet, no_headers, out),
        Format::Json => json::write(fleet, out),
        Format::Yaml => yaml::write(fleet, out),
        Format::Name => names(fleet, out),
        // The grammar takes no annotations for many clusters.
        Format::Markdown | Format::Github => markdown::write(fleet, out),
        Format::Junit => junit::write(fleet, out),
        Format::Prometheus => prometheus::write(fleet, out),
    }
}

/// The names of the clusters that are not ok, one a line and the worst first, each as a word of xargs.
fn names(fleet: &FleetReport, out: &mut dyn Write) -> Result<()> {
    let notable = fleet
        .clusters
        .iter()
        .filter(|cluster| cluster.state != FleetState::Ok);
    for cluster in notable {
        writeln!(out, "{}", quoted(&escape(&cluster.name)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
