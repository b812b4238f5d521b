//! Markdown for comments and incident pages: the verdict, and a table of the clusters that are not ok.

use super::human::message;
use crate::output::escape;
use crate::output::markdown::{MOST_BYTES, code, in_cell, inline, span};
use sre_shared::fleet::{FleetCluster, FleetReport, FleetState, fleet_sentence, fleet_word};
use std::io::{Result, Write};

const HEADERS: &str = "\n| Cluster | State | Why | Next |\n|---|---|---|---|\n";
/// Bytes for the lines behind the table.
const FOR_THE_END: usize = 300;

/// Writes the Markdown.
///
/// # Errors
/// Those of the writer.
pub fn write(fleet: &FleetReport, out: &mut dyn Write) -> Result<()> {
    let (word, _) = fleet_word(fleet);
    let mut text = format!("**{word}** {}\n", inline(&fleet_sentence(fleet)));
    for warning in &fleet.source.warnings {
        text.extend(["\n? ", &code(warning), "\n"]);
    }
    let is_notable = |cluster: &&FleetCluster| cluster.state != FleetState::Ok;
    let notable: Vec<&FleetCluster> = fleet.clusters.iter().filter(is_notable).collect();
    if !notable.is_empty() {
        text.push_str(HEADERS);
    }
    for (number, cluster) in notable.iter().enumerate() {
        let row = row(cluster);
        if text.len().saturating_add(row.len()).saturating_add(FOR_THE_END) > MOST_BYTES {
            let left = notable.len().saturating_sub(number);
            text.extend(["\nThe table leaves out ", &left.to_string(), " clusters.\n"]);
            break;
        }
        text.push_str(&row);
    }
    let ok = fleet.summary.ok;
    if ok > 0 && !notable.is_empty() {
        text.extend(["\n", &ok.to_string(), " more are ok.\n"]);
    }
    out.write_all(text.as_bytes())
}

fn row(cluster: &FleetCluster) -> String {
    let word = match cluster.state {
        FleetState::Degraded => "✗",
        FleetState::Progressing => "…",
        _ => "?",
    };
    let version = cluster
        .version
        .as_ref()
        .map_or(String::new(), |version| format!(" {}", inline(version)));
    let cells = [
        format!("{}{version}", code(&cluster.name)),
        format!("{word} {}", cluster.state.words()),
        inline(&message(cluster)),
        cluster
            .hint
            .as_ref()
            .map_or(String::new(), |hint| span(&escape(hint))),
    ];
    let cells = cells.map(|cell| in_cell(&cell));
    format!("| {} |\n", cells.join(" | "))
}
