//! The parts of a report: the API server, and one for each kind of object.

use super::{BaselineMark, Item, Notes, Record, Rung, State, Status, Vantage};
use serde::{Deserialize, Serialize};

/// One part of a report. Its field `check` says which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[allow(
    clippy::large_enum_variant,
    reason = "a report has one of the large ones and a few of the others"
)]
pub enum CheckResult {
    /// `"check": "apiserver"`.
    ApiServer(ApiServerCheck),
    /// `"check"` is the plural name of a kind, such as `deployments`.
    Kind(KindCheck),
}

impl CheckResult {
    /// The part's status.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::ApiServer(check) if check.is_excused() => Status::Ok,
            Self::ApiServer(check) => check.status,
            Self::Kind(check) => check.status,
        }
    }
}

/// The word `apiserver`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Probe {
    /// `apiserver`
    #[default]
    #[serde(rename = "apiserver")]
    ApiServer,
}

/// Whether the API server can be reached and is well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApiServerCheck {
    /// Always `apiserver`.
    pub check: Probe,
    /// ok: `/version` was decoded, and `/readyz` answers 200 or may not be read; degraded: it answers 5xx or 429;
    /// unknown: it could not be asked.
    pub status: Status,
    /// `gitVersion`, if `/version` was decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Milliseconds from the first packet to the last byte of `/version`. A new connection and its TLS handshake are
    /// included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// The answer of `/readyz?verbose`, counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readyz: Option<Readyz>,
    /// The user that the API server authenticated, if a run asks the API server itself and about nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Class of the failure, a stable word such as `refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The underlying error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The address that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Milliseconds until the failure was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<f64>,
    /// The missing rule that would allow it, such as `nonResourceURL /version get`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The side on which the failure is, if there is one: `your machine`, `the network`, `the load balancer or proxy`,
    /// `the control plane` or `your rights`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// The rung of the ladder that broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<String>,
    /// The next step, one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Remarks beside the status, such as `readyz not allowed`.
    #[serde(flatten)]
    pub notes: Notes,
    /// Since when no controller has written the counts of any workload. Left out if controllers write them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_since: Option<String>,
    /// The steps of the path to the API server that were checked: all of them if nothing else is asked about; up to the
    /// broken step if the API server cannot be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<Rung>,
    /// The views from two places, if both the plugin and an agent asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vantage: Option<Vantage>,
    /// Its availability and latency over the last 30 days, if an agent keeps a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// How it compares with the baseline, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineMark>,
}

impl ApiServerCheck {
    /// Whether it was as degraded in the baseline, with the same failure.
    #[must_use]
    pub fn is_excused(&self) -> bool {
        self.status == Status::Degraded && self.baseline == Some(BaselineMark::Same)
    }
}

impl Default for ApiServerCheck {
    fn default() -> Self {
        Self {
            check: Probe::ApiServer,
            status: Status::Unknown,
            version: None,
            latency_ms: None,
            readyz: None,
            identity: None,
            class: None,
            error: None,
            endpoint: None,
            elapsed_ms: None,
            missing: None,
            side: None,
            rung: None,
            hint: None,
            notes: Notes::default(),
            frozen_since: None,
            ladder: Vec::new(),
            vantage: None,
            record: None,
            baseline: None,
        }
    }
}

/// A user, as the API server authenticated it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Identity {
    /// The user's name.
    pub user: String,
    /// The user's groups.
    pub groups: Vec<String>,
}

/// The lines of `/readyz?verbose`, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Readyz {
    /// Lines that begin with `[+]`.
    pub passed: u32,
    /// Lines that begin with `[+]` or `[-]`.
    pub total: u32,
    /// Names of the parts whose line begins with `[-]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<String>,
}

/// The verdict about every object of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KindCheck {
    /// Plural name of the kind, such as `deployments`.
    pub check: String,
    /// degraded: at least one object falls short; unknown: none does, and some part was not seen or not understood.
    pub status: Status,
    /// How many objects are in each state.
    #[serde(default)]
    pub summary: Summary,
    /// Whether objects with a controller were judged too. They are if their kind was named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every_object: bool,
    /// Every judged object, sorted by namespace and name.
    #[serde(default)]
    pub items: Vec<Item>,
    /// False if the API server does not serve the kind, so that no object of it can exist; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<bool>,
}

/// How many objects are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", from = "ReceivedSummary")]
pub struct Summary {
    /// All objects.
    pub total: u64,
    /// Degraded, unavailable or unknown, and not acknowledged. An object that is progressing is not among them, and neither is one
    /// that was not seen; `status` tells of all.
    pub unhealthy: u64,
    /// In state healthy.
    pub healthy: u64,
    /// Not healthy, and acknowledged by an annotation. The object counts in its state too.
    pub acknowledged: u64,
    /// In state progressing.
    pub progressing: u64,
    /// In state degraded.
    pub degraded: u64,
    /// In state unavailable.
    pub unavailable: u64,
    /// In state unknown.
    pub unknown: u64,
    /// In state terminating.
    pub terminating: u64,
    /// In state suspended. Left out if there is none, since few kinds have the state.
    #[serde(skip_serializing_if = "is_zero")]
    pub suspended: u64,
    /// In state succeeded. Left out if there is none, since few kinds have the state.
    #[serde(skip_serializing_if = "is_zero")]
    pub succeeded: u64,
}

/// The counts as they are received: agents of earlier releases do not send all of them.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
struct ReceivedSummary {
    total: u64,
    unhealthy: Option<u64>,
    healthy: u64,
    acknowledged: u64,
    progressing: u64,
    degraded: u64,
    unavailable: u64,
    unknown: u64,
    terminating: u64,
    suspended: u64,
    succeeded: u64,
}

impl From<ReceivedSummary> for Summary {
    fn from(received: ReceivedSummary) -> Self {
        let mut summary = Self {
            total: received.total,
            unhealthy: 0,
            healthy: received.healthy,
            acknowledged: received.acknowledged,
            progressing: received.progressing,
            degraded: received.degraded,
            unavailable: received.unavailable,
            unknown: received.unknown,
            terminating: received.terminating,
            suspended: received.suspended,
            succeeded: received.succeeded,
        };
        // Nobody knows which of them are acknowledged, so that none is taken for it.
        let all = State::ALL.into_iter().filter(|state| falls_short(*state));
        let all = all
            .map(|state| summary.in_state(state))
            .fold(0, u64::saturating_add);
        summary.unhealthy = received.unhealthy.unwrap_or(all);
        summary
    }
}

/// Whether an object in that state is unhealthy, unless it is acknowledged.
fn falls_short(state: State) -> bool {
    matches!(state, State::Degraded | State::Unavailable | State::Unknown)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Summary {
    /// Counts one more object.
    pub fn count(&mut self, state: State) {
        self.total = self.total.saturating_add(1);
        self.unhealthy = self.unhealthy.saturating_add(falls_short(state).into());
        let count = self.counter(state);
        *count = count.saturating_add(1);
    }

    /// Undoes [`Summary::count`] for an object in that state.
    pub fn uncount(&mut self, state: State) {
        self.total = self.total.saturating_sub(1);
        self.unhealthy = self.unhealthy.saturating_sub(falls_short(state).into());
        let count = self.counter(state);
        *count = count.saturating_sub(1);
    }

    /// Counts an object in that state, which is counted already, as acknowledged.
    pub fn acknowledge(&mut self, state: State) {
        self.acknowledged = self.acknowledged.saturating_add(1);
        self.unhealthy = self.unhealthy.saturating_sub(falls_short(state).into());
    }

    /// Undoes [`Summary::acknowledge`] for an object in that state, which is still counted.
    pub fn unacknowledge(&mut self, state: State) {
        self.acknowledged = self.acknowledged.saturating_sub(1);
        self.unhealthy = self.unhealthy.saturating_add(falls_short(state).into());
    }

    /// Adds the counts of other objects.
    pub fn add(&mut self, other: &Self) {
        for state in State::ALL {
            let count = self.counter(state);
            *count = count.saturating_add(other.in_state(state));
        }
        self.total = self.total.saturating_add(other.total);
        self.acknowledged = self.acknowledged.saturating_add(other.acknowledged);
        self.unhealthy = self.unhealthy.saturating_add(other.unhealthy);
    }

    /// How many objects are in that state.
    #[must_use]
    pub fn in_state(&self, state: State) -> u64 {
        let mut copy = *self;
        *copy.counter(state)
    }

    fn counter(&mut self, state: State) -> &mut u64 {
        match state {
            State::Healthy => &mut self.healthy,
            State::Progressing => &mut self.progressing,
            State::Degraded => &mut self.degraded,
            State::Unavailable => &mut self.unavailable,
            State::Unknown => &mut self.unknown,
            State::Terminating => &mut self.terminating,
            State::Suspended => &mut self.suspended,
            State::Succeeded => &mut self.succeeded,
        }
    }
}

impl KindCheck {
    /// How many objects it counts and does not list. They are as they should be.
    #[must_use]
    pub fn unlisted(&self) -> u64 {
        let listed = u64::try_from(self.items.len()).unwrap_or(u64::MAX);
        self.summary.total.saturating_sub(listed)
    }

    /// Builds the check of one kind from its judged objects: sorts them, counts them and derives the status.
    ///
    /// `all_seen` is false if some part of the kind could not be read. The status is then `unknown` at best.
    #[must_use]
    pub fn of(check: &str, mut items: Vec<Item>, all_seen: bool) -> Self {
        items.sort_unstable_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        let mut summary = Summary::default();
        let mut status = if all_seen { Status::Ok } else { Status::Unknown };
        for item in &items {
            summary.count(item.state);
            if item.acknowledged.is_some() {
                summary.acknowledge(item.state);
            }
            status = status.worst(item.status());
        }
        Self {
            check: check.to_owned(),
            status,
            summary,
            every_object: false,
            items,
            served: None,
        }
    }
}

impl Item {
    /// The status of this one object; ok if it is acknowledged, or no worse than in the baseline.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.is_excused() {
            return Status::Ok;
        }
        match (self.state, self.healthy) {
            // An object that was not understood is not known to be unhealthy.
            (State::Unknown, _) => Status::Unknown,
            (_, Some(false)) => Status::Degraded,
            _ => Status::Ok,
        }
    }
}
