//! The result for many clusters, and its wire form.

use super::{FleetCluster, FleetState};
use crate::report::{API_VERSION, FailOn, Outcome, Status};
use serde::{Deserialize, Serialize};

/// The `kind` of the result for many clusters.
pub const FLEET_KIND: &str = "FleetReport";

/// The result for many clusters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FleetReport {
    /// [`API_VERSION`].
    #[cfg_attr(feature = "schema", schemars(extend("const" = API_VERSION)))]
    pub api_version: String,
    /// [`FLEET_KIND`].
    #[cfg_attr(feature = "schema", schemars(extend("const" = FLEET_KIND)))]
    pub kind: String,
    /// degraded: a cluster is; unknown: none is, and a cluster was not reached, or not all of it was seen.
    pub status: Status,
    /// When the last cluster had answered, RFC 3339.
    pub observed_at: String,
    /// Where the data came from.
    pub source: FleetSource,
    /// How many clusters are in each state.
    pub summary: FleetSummary,
    /// The clusters, the worst first.
    pub clusters: Vec<FleetCluster>,
}

/// Where the data about many clusters came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct FleetSource {
    /// `contexts`: each cluster was asked; `agents`: the agent of each; `store`: a store of metrics.
    pub mode: String,
    /// The URL of the store, without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Why clusters may be missing: a part of the store did not answer, or an earlier kubeconfig hides a context.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// How many clusters are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[allow(
    missing_docs,
    reason = "each is the number of clusters in the state of that name"
)]
pub struct FleetSummary {
    pub total: u64,
    pub ok: u64,
    pub progressing: u64,
    pub degraded: u64,
    pub unknown: u64,
    pub not_reached: u64,
    pub silent: u64,
    pub never_seen: u64,
}

impl FleetSummary {
    fn new(clusters: &[FleetCluster]) -> Self {
        let mut summary = Self::default();
        for cluster in clusters {
            let count = match cluster.state {
                FleetState::Ok => &mut summary.ok,
                FleetState::Progressing => &mut summary.progressing,
                FleetState::Degraded => &mut summary.degraded,
                FleetState::Unknown => &mut summary.unknown,
                FleetState::NotReached => &mut summary.not_reached,
                FleetState::Silent => &mut summary.silent,
                FleetState::NeverSeen => &mut summary.never_seen,
            };
            *count = count.saturating_add(1);
            summary.total = summary.total.saturating_add(1);
        }
        summary
    }

    /// The clusters about which nothing is known at the moment.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        self.not_reached
            .saturating_add(self.silent)
            .saturating_add(self.never_seen)
    }
}

impl FleetReport {
    /// The result for these clusters.
    #[must_use]
    pub fn new(source: FleetSource, observed_at: String, mut clusters: Vec<FleetCluster>) -> Self {
        clusters.sort_by(|a, b| {
            let key = |cluster: &FleetCluster| (cluster.state.rank(), std::cmp::Reverse(cluster.short()));
            key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
        });
        let mut report = Self {
            api_version: API_VERSION.to_owned(),
            kind: FLEET_KIND.to_owned(),
            status: Status::Unknown,
            observed_at,
            source,
            summary: FleetSummary::new(&clusters),
            clusters,
        };
        report.status = match report.outcome() {
            Outcome { degraded: true, .. } => Status::Degraded,
            Outcome { unknown: true, .. } => Status::Unknown,
            _ => Status::Ok,
        };
        report
    }

    /// The outcomes of all clusters together.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let incomplete = Outcome {
            unknown: self.clusters.is_empty() || !self.source.warnings.is_empty(),
            ..Outcome::default()
        };
        let outcomes = self.clusters.iter().map(FleetCluster::outcome);
        outcomes.fold(incomplete, |all, one| Outcome {
            progressing: all.progressing || one.progressing,
            degraded: all.degraded || one.degraded,
            unknown: all.unknown || one.unknown,
        })
    }

    /// Whether no cluster at all was reached.
    #[must_use]
    pub fn is_unreached(&self) -> bool {
        let mut states = self.clusters.iter().map(|cluster| cluster.state);
        !self.clusters.is_empty() && states.all(|state| state == FleetState::NotReached)
    }

    /// The exit code of the clusters that were reached and of those that were not.
    #[must_use]
    pub fn exit_code(&self, fail_on: FailOn) -> u8 {
        fail_on.exit_code(self.outcome())
    }
}

#[cfg(test)]
mod tests {
    use super::{FleetReport, FleetSource};
    use crate::fleet::{FleetCluster, FleetState};
    use crate::report::{FailOn, Status};

    fn fleet(states: &[(&str, FleetState)]) -> FleetReport {
        let cluster = |(name, state): &(&str, FleetState)| {
            FleetCluster::unseen((*name).to_owned(), *state, String::new())
        };
        FleetReport::new(
            FleetSource::default(),
            String::new(),
            states.iter().map(cluster).collect(),
        )
    }

    #[test]
    fn the_worst_cluster_is_first_and_decides() {
        use FleetState::{Degraded, NeverSeen, NotReached, Ok, Progressing, Silent, Unknown};
        let all = fleet(&[
            ("g", Ok),
            ("f", Progressing),
            ("e", Unknown),
            ("d", NeverSeen),
            ("c", Silent),
            ("b", NotReached),
            ("z", Degraded),
            ("a", Degraded),
        ]);
        let names: Vec<&str> = all.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        assert_eq!(names.concat(), "azbcdefg");
        assert_eq!((all.status, all.summary.unseen()), (Status::Degraded, 3));
        for (state, code) in [
            (Ok, 0),
            (Progressing, 1),
            (Degraded, 2),
            (Unknown, 3),
            // rancher/fleet#594, rancher/rancher#11178: an offline cluster is no ready one.
            (NotReached, 3),
            (Silent, 3),
            (NeverSeen, 3),
        ] {
            let with_a_well_one = fleet(&[("a", Ok), ("b", state)]);
            assert_eq!(with_a_well_one.exit_code(FailOn::default()), code, "{state:?}");
            assert!(!with_a_well_one.is_unreached());
        }
        assert!(fleet(&[("a", NotReached)]).is_unreached());
        assert_eq!(fleet(&[]).status, Status::Unknown);
    }

    // thanos-io/thanos#622: an answer without a part of the store looks like a whole one.
    #[test]
    fn an_answer_with_a_warning_is_unknown_at_best() {
        let mut report = fleet(&[("a", FleetState::Ok)]);
        report.source.warnings.push("store b: timeout".to_owned());
        assert_eq!(report.exit_code(FailOn::default()), 3);
    }
}
