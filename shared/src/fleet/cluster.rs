//! One cluster of a fleet.

use super::words;
use crate::report::{Outcome, Report};
use serde::{Deserialize, Serialize};

/// The state of a cluster, in the order in which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum FleetState {
    /// Something in it is known to fall short.
    Degraded,
    /// It was not reached, so that nothing about it is known.
    NotReached,
    /// A store has had no sample of it for a while.
    Silent,
    /// It is in the inventory, and a store has no sample of it.
    NeverSeen,
    /// Something is under way, and nothing falls short.
    Progressing,
    /// All of it was seen and is healthy.
    Ok,
    /// It was reached, and not all of it was seen or understood. Words of a newer version are read as this one too.
    #[serde(other)]
    Unknown,
}

impl FleetState {
    /// Every state, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Degraded,
        Self::NotReached,
        Self::Silent,
        Self::NeverSeen,
        Self::Unknown,
        Self::Progressing,
        Self::Ok,
    ];

    /// The words on the screen.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Degraded => "degraded",
            Self::NotReached => "not reached",
            Self::Silent => "silent",
            Self::NeverSeen => "never seen",
            Self::Unknown => "unknown",
            Self::Progressing => "progressing",
            Self::Ok => "ok",
        }
    }

    /// Whether nothing about the cluster is known at the moment.
    #[must_use]
    pub fn is_unseen(self) -> bool {
        matches!(self, Self::NotReached | Self::Silent | Self::NeverSeen)
    }

    /// Its place among the rows.
    pub(super) fn rank(self) -> usize {
        let place = Self::ALL.iter().position(|state| *state == self);
        place.unwrap_or(Self::ALL.len())
    }

    /// The outcome of a cluster without a report.
    pub(super) fn outcome(self) -> Outcome {
        Outcome {
            degraded: self == Self::Degraded,
            progressing: self == Self::Progressing,
            unknown: self.is_unseen() || self == Self::Unknown,
        }
    }

    fn from_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome { degraded: true, .. } => Self::Degraded,
            Outcome { unknown: true, .. } => Self::Unknown,
            Outcome {
                progressing: true, ..
            } => Self::Progressing,
            _ => Self::Ok,
        }
    }
}

/// One cluster: its row, and its whole report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FleetCluster {
    /// Its name: that of the context that was asked, or its label in the store.
    pub name: String,
    /// Other contexts that reach the same cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Its state.
    pub state: FleetState,
    /// What is wrong, or how much is well, in few words.
    pub message: String,
    /// `gitVersion` of the API server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// URL of the API server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Milliseconds until the API server had answered `/version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// If it was not reached: the class of the failure, a stable word such as `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// If it was not reached: the rung of the path that broke, such as `tcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<String>,
    /// If it was not reached: whose side that is on, such as `the network`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// When it was last seen, RFC 3339, if a store or a baseline knows that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// The command that looks closer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The whole report. Left out if a store knows nothing about the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

impl FleetCluster {
    /// The cluster of a report. `is_reached` is whether anything answered.
    #[must_use]
    pub fn new(name: String, report: Report, is_reached: bool) -> Self {
        let check = report.api_server();
        let unreached = (!is_reached).then(|| words::Unreached::new(&report));
        let state = if is_reached {
            FleetState::from_outcome(Outcome::of(&report))
        } else {
            FleetState::NotReached
        };
        Self {
            message: unreached
                .as_ref()
                .map_or_else(|| words::verdict(&report), words::Unreached::sentence),
            also: Vec::new(),
            state,
            version: report.source.version.clone(),
            server: report.source.server.clone(),
            latency_ms: check.and_then(|check| check.latency_ms),
            class: unreached.as_ref().map(|unreached| unreached.class.clone()),
            rung: unreached.as_ref().and_then(|unreached| unreached.rung.clone()),
            side: unreached.and_then(|unreached| unreached.side),
            last_seen: None,
            hint: None,
            report: Some(report),
            name,
        }
    }

    /// A cluster about which a store says nothing at the moment.
    #[must_use]
    pub fn unseen(name: String, state: FleetState, message: String) -> Self {
        Self {
            name,
            also: Vec::new(),
            state,
            message,
            version: None,
            server: None,
            latency_ms: None,
            class: None,
            rung: None,
            side: None,
            last_seen: None,
            hint: None,
            report: None,
        }
    }

    /// Its outcome. That of a cluster about which nothing is known is unknown, whatever its report says.
    pub(super) fn outcome(&self) -> Outcome {
        match &self.report {
            Some(report) if !self.state.is_unseen() => Outcome::of(report),
            _ => self.state.outcome(),
        }
    }

    /// The number of its objects that fall short.
    pub(super) fn short(&self) -> u64 {
        let summary = self.report.as_ref().map(|report| report.summary);
        summary.map_or(0, |summary| summary.degraded.saturating_add(summary.unavailable))
    }

    /// Whether its row says the same as another one's. Times differ each time.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.state == other.state && self.message == other.message && self.version == other.version
    }
}
