//! The saved result that a new one is compared with, cluster by cluster.

use crate::Shell;
use crate::cli::HealthSettings;
use crate::report_file;
use sre_shared::fleet::{FleetCluster, FleetReport};
use sre_shared::follow;

/// A saved result.
pub struct FleetBaseline {
    before: FleetReport,
    force: bool,
}

impl FleetBaseline {
    /// Reads it, if the flags name one.
    ///
    /// # Errors
    /// One line about the file.
    pub async fn read(settings: &HealthSettings) -> Result<Option<Self>, String> {
        let Some(baseline) = &settings.baseline else {
            return Ok(None);
        };
        let before = report_file::read_fleet(baseline.path.clone(), settings.limit).await?;
        Ok(Some(Self {
            before,
            force: baseline.force,
        }))
    }

    /// The result, with the objects of each cluster compared with those before. A cluster that was not reached then or now keeps
    /// its row.
    ///
    /// # Errors
    /// One line, if two reports of a cluster are about different things.
    pub fn compare(self, now: FleetReport, shell: &mut Shell) -> Result<FleetReport, String> {
        let mut rows = Vec::new();
        for cluster in now.clusters {
            rows.push(match self.find(&cluster) {
                Some(before) => self.compare_cluster(before, cluster, shell)?,
                None => {
                    shell.complain(&format!(
                        "warning: the baseline has no cluster {}: all of its objects count as new",
                        cluster.name
                    ));
                    cluster
                }
            });
        }
        Ok(FleetReport::new(now.source, now.observed_at, rows))
    }

    fn find(&self, cluster: &FleetCluster) -> Option<&FleetCluster> {
        let names = |cluster: &FleetCluster| -> Vec<String> {
            let own = std::iter::once(&cluster.name);
            own.chain(&cluster.also).cloned().collect()
        };
        let wanted = names(cluster);
        let is_it = |before: &&FleetCluster| names(before).iter().any(|name| wanted.contains(name));
        self.before.clusters.iter().find(is_it)
    }

    fn compare_cluster(
        &self,
        before: &FleetCluster,
        now: FleetCluster,
        shell: &mut Shell,
    ) -> Result<FleetCluster, String> {
        let seen_before = before.report.as_ref().filter(|_| !before.state.is_unseen());
        let (then, mut report) = match (seen_before, now.report.clone()) {
            (Some(then), Some(report)) if !now.state.is_unseen() => (then, report),
            (Some(then), _) => {
                return Ok(FleetCluster {
                    last_seen: Some(then.observed_at.clone()),
                    ..now
                });
            }
            (None, _) => return Ok(now),
        };
        if let Some(mismatch) = follow::mismatch(then, &report) {
            if !self.force {
                return Err(format!(
                    "{}: {mismatch}; --force compares them nevertheless",
                    now.name
                ));
            }
            shell.complain(&format!("warning: {}: {mismatch}", now.name));
        }
        follow::compare(then, &mut report);
        Ok(FleetCluster {
            also: now.also,
            hint: now.hint,
            ..FleetCluster::new(now.name, report, true)
        })
    }
}
