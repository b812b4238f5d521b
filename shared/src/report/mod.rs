//! The result of a run and its wire form. A live cluster, the agent and a dump all give the same form.
//!
//! It is a contract: fields are only added. Names are camelCase. An unknown value is left out and never null. A reader
//! ignores fields that it does not know, so that a plugin and an agent of different versions understand each other. This
//! module knows nothing of clusters, checks or printing.

mod acknowledged;
mod baseline;
mod cause;
mod check;
mod code;
mod command_result;
mod finding;
mod fold;
mod gist;
mod grant;
mod history_gap;
mod history_page;
mod item;
mod manifest_coverage;
mod merge;
mod not_seen;
mod note;
mod object_change;
mod object_ref;
mod outcome;
mod record;
mod report_change;
mod rollout_progress;
mod rung;
mod terminating_namespace;
mod timeline;
mod transition_record;
mod vantage;

pub use acknowledged::Acknowledged;
pub use baseline::{BaselineMark, BaselineSummary};
pub use cause::Cause;
pub use check::{ApiServerCheck, CheckResult, Identity, KindCheck, Probe, Readyz, Summary};
pub use code::{Code, FailedStep, PassesByItself};
pub use command_result::CommandResult;
pub use finding::Finding;
pub use fold::{Fold, findings, fold};
pub use gist::{gist, up_to_bracket, without_time};
pub use grant::{Grant, NeededRights, Subject};
pub use history_gap::{HistoryGap, HistoryGapReason};
pub use history_page::HistoryPage;
pub use item::{Item, State};
pub use manifest_coverage::ManifestCoverage;
pub use not_seen::{NotSeen, Scope};
pub use note::{Note, NoteCode, Notes};
pub use object_change::{ChangeKind, FieldChange, FieldChangeKind, ObjectChange, Undo};
pub use object_ref::ObjectRef;
pub use outcome::{FailOn, Outcome, ParseFailOnError};
pub use record::{AvailabilityDemand, BurnRatePair, PhaseLatency, Record, Window, window_seconds};
pub use report_change::{GoneItem, ListedItems, ReportChange};
pub use rollout_progress::{NewestPods, RolloutProgress};
pub use rung::{AddressResult, CertificateView, LeaseView, Rung, RungStatus};
pub use terminating_namespace::TerminatingNamespace;
pub use timeline::{SourceReach, Timeline, TimelineEntry, TimelineKind, VerdictChange};
pub use transition_record::TransitionRecord;
pub use vantage::{Conclusion, Vantage, VantagePoint};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The only `apiVersion`.
pub const API_VERSION: &str = "sre/v1";
/// The only `kind`.
pub const KIND: &str = "HealthReport";

/// The overall answer, or that of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// All of it was seen and nothing falls short.
    Ok,
    /// Something is known to fall short. The report lists objects that were not seen beside it.
    Degraded,
    /// Nothing is known to fall short, but not all of it was seen or understood. Words of a newer version are read as this
    /// one too.
    #[serde(other)]
    Unknown,
}

impl Status {
    /// The status of two parts together. Degraded wins, since a known failure matters more than a part that could not be
    /// seen.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        match (self, other) {
            (Self::Degraded, _) | (_, Self::Degraded) => Self::Degraded,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::Ok,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
        }
    }
}

/// The result of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`API_VERSION`].
    #[cfg_attr(feature = "schema", schemars(extend("const" = API_VERSION)))]
    pub api_version: String,
    /// [`KIND`].
    #[cfg_attr(feature = "schema", schemars(extend("const" = KIND)))]
    pub kind: String,
    /// The worst status of the parts; `unknown` at best if anything was not seen.
    pub status: Status,
    /// When the newest of the data was known to be true, RFC 3339.
    pub observed_at: String,
    /// Seconds between `observedAt` and the answer; 0 for a live read.
    #[serde(default)]
    pub age_seconds: u64,
    /// Whether the data may no longer be true, because its source has been silent for too long.
    #[serde(default)]
    pub stale: bool,
    /// Where the data came from.
    pub source: Source,
    /// The kinds and namespaces that were asked for, and the things that could not be seen.
    pub coverage: Coverage,
    /// The problems: one entry for each distinct cause of the items below, the worst first. Acknowledged items are not in it,
    /// and neither are workloads that fall short for an unknown cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// How many objects of all parts together are in each state.
    #[serde(default)]
    pub summary: Summary,
    /// One entry for each part, the API server first.
    #[serde(default)]
    pub checks: Vec<CheckResult>,
    /// How it differs from the baseline that it was compared with. Status and findings then follow what is new or worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineSummary>,
    /// How the command ended whose changes the report is about. Its name and its arguments are left out: they may hold secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandResult>,
}

/// Where a report's data came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Source {
    /// `direct`, `agent` or `file`.
    pub mode: String,
    /// The kubeconfig context, if one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The namespace in force, by flag or context; `default` if neither names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// URL of the API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// `gitVersion` of the API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The dump that was judged, in `file` mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The agent that was asked, in `agent` mode: `NAMESPACE/SERVICE`, or its URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The version of the agent that answered, in `agent` mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// The pod that answered, in `agent` mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
}

/// The kinds and namespaces of a run, and the things that it could not see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Coverage {
    /// Plural names of the kinds that were asked for and judged, in the order of the checks.
    pub kinds: Vec<String>,
    /// The namespaces that were asked for.
    pub namespaces: Namespaces,
    /// The labels that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The fields that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_selector: Option<String>,
    /// The objects that were asked for by name, as `deployments/web`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// Things that were asked for and could not be seen. Any entry makes the report `unknown` at best.
    pub not_seen: Vec<NotSeen>,
    /// Things that the search for causes could not see. Causes may be missing, but no verdict is less certain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes_not_seen: Vec<NotSeen>,
    /// The commands that grant the rights that the run lacks: the missing rules of all entries, and the rights that it would
    /// lack next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// Namespaces that are being deleted. The objects in them are left out of status and exit code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terminating_namespaces: Vec<TerminatingNamespace>,
    /// The objects of manifests that have no verdict, if manifests were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ManifestCoverage>,
}

/// The namespaces a run covers: the word `all`, or a list of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Namespaces {
    /// The word `all`.
    All(All),
    /// Only these.
    These(Vec<String>),
}

impl Default for Namespaces {
    fn default() -> Self {
        Self::All(All::All)
    }
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum All {
    /// `all`
    All,
}

impl Report {
    /// An empty report. Its status is `unknown`, since nothing was seen.
    #[must_use]
    pub fn new(source: Source, observed_at: String) -> Self {
        Self {
            api_version: API_VERSION.into(),
            kind: KIND.into(),
            status: Status::Unknown,
            observed_at,
            age_seconds: 0,
            stale: false,
            source,
            coverage: Coverage::default(),
            findings: Vec::new(),
            summary: Summary::default(),
            checks: Vec::new(),
            baseline: None,
            command: None,
        }
    }

    /// Sets `status` from the checks and the coverage, `summary` from the checks, and `findings` from the items. A report without checks stays
    /// `unknown`.
    pub fn settle(&mut self) {
        let floor = if self.is_blank() || !self.coverage.not_seen.is_empty() {
            Status::Unknown
        } else {
            Status::Ok
        };
        self.status = self
            .checks
            .iter()
            .fold(floor, |worst, check| worst.worst(check.status()));
        let mut summary = Summary::default();
        self.kinds().for_each(|kind| summary.add(&kind.summary));
        self.summary = summary;
        self.findings = findings(self.kinds().flat_map(|kind| &kind.items));
    }

    /// Whether it lists every object that it counts.
    #[must_use]
    pub fn lists_every_object(&self) -> bool {
        self.kinds().all(|kind| kind.unlisted() == 0)
    }

    /// Whether nothing at all was looked at.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let present = self.coverage.manifest.as_ref().map(|manifest| &manifest.present);
        self.checks.is_empty() && present.is_none_or(BTreeMap::is_empty)
    }

    /// The API server's part, if it was checked.
    #[must_use]
    pub fn api_server(&self) -> Option<&ApiServerCheck> {
        self.checks.iter().find_map(|c| match c {
            CheckResult::ApiServer(check) => Some(check),
            CheckResult::Kind(_) => None,
        })
    }

    /// The parts that judge a kind of object.
    pub fn kinds(&self) -> impl Iterator<Item = &KindCheck> {
        self.checks.iter().filter_map(|c| match c {
            CheckResult::Kind(check) => Some(check),
            CheckResult::ApiServer(_) => None,
        })
    }
}
