//! A table of the clusters, for eyes and grep: one row a cluster, nothing cut, no colour. Each row begins with the name of its cluster,
//! so that a line that grep finds says where it is from.

use super::human::message;
use crate::output::columns::write_columns;
use crate::output::escape;
use crate::output::wide::NONE;
use sre_shared::fleet::{FleetCluster, FleetReport};
use std::io::{Result, Write};

const HEADERS: [&str; 8] = [
    "CLUSTER",
    "VERSION",
    "STATE",
    "UNHEALTHY",
    "TOTAL",
    "LATENCY",
    "MESSAGE",
    "NEXT",
];

/// Writes the table.
///
/// # Errors
/// Those of the writer.
pub fn write(fleet: &FleetReport, no_headers: bool, out: &mut dyn Write) -> Result<()> {
    let mut rows: Vec<[String; 8]> = Vec::new();
    if !no_headers {
        rows.push(HEADERS.map(str::to_owned));
    }
    rows.extend(
        fleet
            .clusters
            .iter()
            .map(|cluster| row(cluster).map(|cell| escape(&cell))),
    );
    write_columns(&rows, out)
}

fn row(cluster: &FleetCluster) -> [String; 8] {
    let none = || NONE.to_owned();
    let report = cluster.report.as_ref().filter(|_| !cluster.state.is_unseen());
    // A cluster that was not seen has no numbers.
    let number = |number: Option<u64>| number.map_or_else(none, |number| number.to_string());
    let latency = cluster.latency_ms.map(|latency| format!("{latency:.0}ms"));
    [
        cluster.name.clone(),
        cluster.version.clone().unwrap_or_else(none),
        cluster.state.words().replace(' ', "-"),
        number(report.map(|report| report.summary.unhealthy)),
        number(report.map(|report| report.summary.total)),
        latency.unwrap_or_else(none),
        message(cluster),
        cluster.hint.clone().unwrap_or_else(none),
    ]
}
