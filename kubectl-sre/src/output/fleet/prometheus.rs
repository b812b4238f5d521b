//! The metrics of each cluster, with its name as the label `cluster`.

use crate::output::prometheus::{FAMILIES, family, samples};
use sre_shared::fleet::FleetReport;
use sre_shared::metric::{Metric, Sample};
use std::io::{Result, Write};

const LABEL: &str = "cluster";
const REACHED: Metric = Metric {
    name: "sre_fleet_cluster_reached",
    help: "Whether anything of the cluster was seen",
};

/// Writes the metrics.
///
/// # Errors
/// Those of the writer.
pub fn write(fleet: &FleetReport, out: &mut dyn Write) -> Result<()> {
    let reached = fleet.clusters.iter().map(|cluster| -> Sample {
        let labels = vec![(LABEL, cluster.name.clone())];
        (labels, u64::from(!cluster.state.is_unseen()))
    });
    let reached: Vec<Sample> = reached.collect();
    family(REACHED, &reached, out)?;
    // The lines of a metric stand together.
    let mut families = FAMILIES.map(|metric| (metric, Vec::new()));
    for cluster in &fleet.clusters {
        let Some(report) = &cluster.report else { continue };
        let of_report = samples(report);
        for ((_, all), (_, some)) in families.iter_mut().zip(of_report) {
            all.extend(some.into_iter().map(|(mut labels, value)| {
                labels.insert(0, (LABEL, cluster.name.clone()));
                (labels, value)
            }));
        }
    }
    families
        .iter()
        .try_for_each(|(metric, samples)| family(*metric, samples, out))
}
