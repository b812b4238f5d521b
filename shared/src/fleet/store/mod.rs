//! The clusters of a store of metrics, by the metrics of their agents (docs/metrics.md): the queries, and the rows that their answers
//! give. Prometheus, Thanos, Mimir and `VictoriaMetrics` answer the same queries.
//!
//! A cluster has a label in the store, which is an external label of the Prometheus that scrapes its agent. Its agent does not know it.

use super::{FleetCluster, FleetState};
use crate::digest::count;
use crate::kind::Kind;
use crate::metric::API_SERVER;
use crate::report::{
    ApiServerCheck, CheckResult, Code, Item, KindCheck, NotSeen, Report, Source, State, Status, Summary,
};
use crate::resource::Time;
use crate::shell::quoted;
use crate::span::span;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Seconds after which the last sample of a cluster is too old: Prometheus' own limit for an instant query (`--query.lookback-delta`).
pub const SILENT_AFTER: i64 = 300;
/// Seconds for which a cluster is looked for that is silent: 7 days.
pub const SILENT_WINDOW: i64 = 7 * 86_400;
/// The series that each agent has. Its label values name the clusters that the store knows.
pub const AGENT_SERIES: &str = "sre_agent_info";
/// Objects that are asked for by name in each cluster: a row names one.
const NAMED: u32 = 3;
/// Silent clusters whose last sample is looked for. It is the only query whose cost grows with the number of names in it.
const SOUGHT: usize = 100;
/// The name of the row for samples without the label.
const UNLABELLED: &str = "(no label)";

/// A question to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FleetQuery {
    /// The status of each part of each cluster.
    Status,
    /// Objects by kind and state, and things that an agent cannot see.
    Counts,
    /// Some objects that are not healthy, by name; and the agents by version, with the time of their last sample.
    Names,
    /// When the last samples of silent clusters were written.
    Silence,
}

/// A sample of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreSample {
    /// Its labels, each with its value. Samples share their texts, which are few and come again and again.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// The moment of the query, in seconds.
    pub at: f64,
    /// Its value.
    pub value: f64,
}

impl StoreSample {
    /// The value of a label; empty if it does not have it, as in `PromQL`.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(label, _)| **label == *name);
        found.map_or("", |(_, value)| value)
    }
}

/// The answers of a store.
pub type StoreAnswers = BTreeMap<FleetQuery, Vec<StoreSample>>;

/// The questions about a whole fleet. Their number does not depend on that of the clusters. Several replicas of an agent are one: the
/// highest count is taken, and not their sum. A row names one object; a comparison wants `every_name`.
#[must_use]
pub fn queries(label: &str, every_name: bool) -> [(FleetQuery, String); 3] {
    let mut unhealthy =
        format!("max by ({label}, kind, namespace, name, state, reason) (sre_object_unhealthy)");
    if !every_name {
        unhealthy = format!("topk by ({label}) ({NAMED}, {unhealthy})");
    }
    // The store's work grows with the series that a query selects. `timestamp` gives the time of a sample for a plain selector only.
    [
        (
            FleetQuery::Status,
            format!("max by ({label}, check, status) (sre_check_status == 1)"),
        ),
        (
            FleetQuery::Counts,
            format!(
                "max by (__name__, {label}, kind, state, what, class) ({{__name__=~\"sre_objects|sre_not_seen\"}} > 0)"
            ),
        ),
        (
            FleetQuery::Names,
            format!("{unhealthy} or max by ({label}, version) (timestamp({AGENT_SERIES}))"),
        ),
    ]
}

/// The question which clusters a store knows, for one that does not give the values of a label.
#[must_use]
pub fn known_query(label: &str) -> String {
    format!("group by ({label}) (last_over_time({AGENT_SERIES}[{SILENT_WINDOW}s]))")
}

impl FleetQuery {
    /// The question when the last samples of silent clusters were written. `timestamp` of a range is the moment of the query, so that
    /// moments in between are asked about, a minute apart.
    #[must_use]
    pub fn silence(label: &str, silent: &[String]) -> Option<String> {
        let names = silent.iter().filter(|name| !name.is_empty()).take(SOUGHT);
        let names: Vec<String> = names.map(|name| in_expression(name)).collect();
        let some = (!names.is_empty()).then(|| names.join("|"))?;
        let some = some
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        Some(format!(
            "max by ({label}) (max_over_time(timestamp({AGENT_SERIES}{{{label}=~\"{some}\"}})[1d:1m]))"
        ))
    }
}

/// The name as a regular expression that takes nothing else (RE2).
fn in_expression(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_punctuation() && c != '_' && c != '-' {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The facts about one cluster.
#[derive(Default)]
struct StoredCluster<'a> {
    statuses: BTreeMap<&'a str, Status>,
    counts: BTreeMap<&'a str, BTreeMap<&'a str, u64>>,
    not_seen: BTreeSet<(&'a str, &'a str)>,
    unhealthy: Vec<&'a StoreSample>,
    newest: Option<i64>,
    agent_version: Option<&'a str>,
}

/// The rows of the clusters in these answers, of those that the store has `known`, and of those of the inventory that are in neither.
#[must_use]
pub fn store_clusters(
    answers: &StoreAnswers,
    label: &str,
    known: &[String],
    inventory: &[String],
) -> Vec<FleetCluster> {
    let mut stored: BTreeMap<&str, StoredCluster<'_>> = BTreeMap::new();
    let mut now = 0_i64;
    for (query, samples) in answers {
        for sample in samples {
            now = now.max(whole_seconds(sample.at));
            stored.entry(sample.label(label)).or_default().add(*query, sample);
        }
    }
    for name in known {
        stored.entry(name).or_default();
    }
    let missing = inventory
        .iter()
        .filter(|name| !stored.contains_key(name.as_str()));
    let missing: Vec<FleetCluster> = missing.map(|name| never_seen(name)).collect();
    let rows = stored
        .into_iter()
        .map(|(name, cluster)| cluster.row(name, label, now));
    rows.chain(missing).collect()
}

fn never_seen(name: &str) -> FleetCluster {
    let message = "it is in the inventory, and the store has no sample of it".to_owned();
    FleetCluster {
        hint: Some(look_closer(name)),
        ..FleetCluster::unseen(name.to_owned(), FleetState::NeverSeen, message)
    }
}

fn look_closer(name: &str) -> String {
    format!("kubectl sre health --context {}", quoted(name))
}

/// The number in whole seconds. A value that no time has becomes the nearest one.
#[allow(clippy::cast_possible_truncation, reason = "a conversion of floats saturates")]
fn whole_seconds(value: f64) -> i64 {
    value as i64
}

impl<'a> StoredCluster<'a> {
    fn add(&mut self, query: FleetQuery, sample: &'a StoreSample) {
        match query {
            FleetQuery::Status => {
                let status = match sample.label("status") {
                    "ok" => Status::Ok,
                    "degraded" => Status::Degraded,
                    _ => Status::Unknown,
                };
                // Replicas of an agent can disagree for a moment.
                let known = self.statuses.entry(sample.label("check")).or_insert(status);
                *known = known.worst(status);
            }
            FleetQuery::Counts if sample.label("__name__") == "sre_not_seen" => {
                self.not_seen
                    .insert((sample.label("what"), sample.label("class")));
            }
            FleetQuery::Counts if sample.label("__name__") == "sre_objects" => {
                let count = u64::try_from(whole_seconds(sample.value)).unwrap_or(0);
                let states = self.counts.entry(sample.label("kind")).or_default();
                states.insert(sample.label("state"), count);
            }
            FleetQuery::Counts => {}
            FleetQuery::Names if !sample.label("name").is_empty() => self.unhealthy.push(sample),
            FleetQuery::Names => {
                self.agent_version = Some(sample.label("version")).filter(|text| !text.is_empty());
                self.saw(sample);
            }
            FleetQuery::Silence => self.saw(sample),
        }
    }

    /// Takes the value as the time of a sample.
    fn saw(&mut self, sample: &StoreSample) {
        self.newest = self.newest.max(Some(whole_seconds(sample.value)));
    }

    /// The row of the cluster at that time.
    fn row(self, name: &str, label: &str, now: i64) -> FleetCluster {
        if name.is_empty() {
            let message = format!(
                "samples without the label {label}: set it in external_labels of the Prometheus that sends them, and ask the store that it \
                 sends to"
            );
            return FleetCluster::unseen(UNLABELLED.to_owned(), FleetState::Unknown, message);
        }
        let hint = Some(look_closer(name));
        let last_seen = self.newest.map(|at| Time::from_seconds(at).to_string());
        let silence = self.newest.map(|at| now.saturating_sub(at));
        let is_recent = silence.is_some_and(|seconds| seconds <= SILENT_AFTER);
        if !is_recent || self.statuses.is_empty() {
            let message = match silence {
                // The store knows that they have ended, as if the agent cannot be scraped.
                Some(seconds) if is_recent => format!("its samples stopped {} ago", span(seconds)),
                Some(seconds) => format!("silent for {}", span(seconds)),
                None => "silent, since when is not known".to_owned(),
            };
            let state = if is_recent {
                FleetState::Unknown
            } else {
                FleetState::Silent
            };
            return FleetCluster {
                last_seen,
                hint,
                ..FleetCluster::unseen(name.to_owned(), state, message)
            };
        }
        let report = self.report(self.newest.unwrap_or(now), now);
        let message = self.sentence(&report);
        FleetCluster {
            message,
            last_seen,
            hint,
            ..FleetCluster::new(name.to_owned(), report, true)
        }
    }

    /// What the metrics say, as a report. It has counts, and of the objects only those that the store names.
    fn report(&self, observed: i64, now: i64) -> Report {
        let source = Source {
            mode: "store".to_owned(),
            agent_version: self.agent_version.map(str::to_owned),
            ..Source::default()
        };
        let mut report = Report::new(source, Time::from_seconds(observed).to_string());
        report.age_seconds = u64::try_from(now.saturating_sub(observed)).unwrap_or(0);
        // What is counted and has no status is not known to be well.
        let uncertain = self
            .counts
            .keys()
            .filter(|kind| !self.statuses.contains_key(*kind));
        let uncertain = uncertain.map(|kind| (kind, &Status::Unknown));
        for (check, status) in self.statuses.iter().chain(uncertain) {
            report.checks.push(if *check == API_SERVER {
                CheckResult::ApiServer(ApiServerCheck {
                    status: *status,
                    class: self.class_of(API_SERVER),
                    ..ApiServerCheck::default()
                })
            } else {
                CheckResult::Kind(self.kind(check, *status))
            });
        }
        report
            .checks
            .sort_by_key(|check| matches!(check, CheckResult::Kind(_)));
        report.coverage.kinds = self
            .statuses
            .keys()
            .filter(|check| **check != API_SERVER)
            .map(|check| (*check).to_owned())
            .collect();
        report.coverage.not_seen = self
            .not_seen
            .iter()
            .filter(|(what, _)| *what != API_SERVER && !what.starts_with('/'))
            .map(|(what, class)| NotSeen {
                thing: (*what).to_owned(),
                class: (*class).to_owned(),
                ..NotSeen::default()
            })
            .collect();
        report.settle();
        report
    }

    fn class_of(&self, what: &str) -> Option<String> {
        let mut gaps = self.not_seen.iter();
        gaps.find(|(thing, _)| *thing == what)
            .map(|(_, class)| (*class).to_owned())
    }

    fn kind(&self, check: &str, status: Status) -> KindCheck {
        let counts = self.counts.get(check);
        let count = |state: State| {
            let counts = counts.and_then(|counts| counts.get(state.as_str()));
            counts.copied().unwrap_or(0)
        };
        let total = State::ALL
            .iter()
            .fold(0_u64, |sum, state| sum.saturating_add(count(*state)));
        // Acknowledged objects are in no other state there, and in none here.
        let summary = Summary {
            total,
            unhealthy: count(State::Degraded)
                .saturating_add(count(State::Unavailable))
                .saturating_add(count(State::Unknown)),
            healthy: count(State::Healthy),
            acknowledged: 0,
            progressing: count(State::Progressing),
            degraded: count(State::Degraded),
            unavailable: count(State::Unavailable),
            unknown: count(State::Unknown),
            terminating: count(State::Terminating),
            suspended: count(State::Suspended),
            succeeded: count(State::Succeeded),
        };
        let kind = Kind::from_word(check);
        let is_of_kind = |sample: &&&StoreSample| {
            let word = sample.label("kind");
            word == check || (kind.is_some() && Kind::from_word(word) == kind)
        };
        KindCheck {
            check: check.to_owned(),
            status,
            summary,
            every_object: false,
            items: self
                .unhealthy
                .iter()
                .filter(is_of_kind)
                .filter_map(|sample| item(sample, kind))
                .collect(),
            served: None,
        }
    }

    /// `3 of 214 Deployments not healthy: CrashLoop shop/checkout and 2 more`
    fn sentence(&self, report: &Report) -> String {
        let mut parts = Vec::new();
        if let Some(check) = report.api_server() {
            let class = check.class.as_deref().unwrap_or("unknown");
            match check.status {
                Status::Ok => {}
                Status::Degraded => parts.push("the API server is not well".to_owned()),
                Status::Unknown => parts.push(format!("the agent cannot ask the API server ({class})")),
            }
        }
        let short = |summary: &Summary| summary.degraded.saturating_add(summary.unavailable);
        let kinds: Vec<&KindCheck> = report.kinds().filter(|kind| short(&kind.summary) > 0).collect();
        let title = |check: &str| {
            Kind::from_word(check).map_or_else(|| check.to_owned(), |kind| format!("{}s", kind.kind()))
        };
        match kinds.as_slice() {
            [] => {}
            [one] => parts.push(format!(
                "{} of {} {} not healthy{}",
                short(&one.summary),
                one.summary.total,
                title(&one.check),
                self.first_object(short(&one.summary))
            )),
            many => {
                let all = many
                    .iter()
                    .fold(0, |sum: u64, kind| sum.saturating_add(short(&kind.summary)));
                let total = report.summary.total;
                let first = self.first_object(all);
                parts.push(format!("{all} of {total} objects not healthy{first}"));
            }
        }
        match report.coverage.not_seen.as_slice() {
            [] => {}
            [one] => parts.push(format!("not seen: {} ({})", one.thing, one.class)),
            many => parts.push(format!("{} things not seen", many.len())),
        }
        let summary = &report.summary;
        if summary.progressing > 0 {
            parts.push(format!(
                "{} of {} objects under way",
                summary.progressing, summary.total
            ));
        }
        if summary.unknown > 0 {
            parts.push(format!("{} not understood", count(summary.unknown, "object")));
        }
        let unknown = report.kinds().filter(|kind| kind.status == Status::Unknown);
        let unknown: Vec<String> = unknown.map(|kind| title(&kind.check)).collect();
        if parts.is_empty() && !unknown.is_empty() {
            parts.push(format!("unknown: {}", unknown.join(", ")));
        }
        if parts.is_empty() {
            parts.push(count(summary.total, "object"));
        }
        parts.join("; ")
    }

    /// The worst object that the store names, and how many there are beside it.
    fn first_object(&self, all: u64) -> String {
        let label = |sample: &StoreSample, name: &str| sample.label(name).to_owned();
        let mut named: Vec<&&StoreSample> = self.unhealthy.iter().collect();
        named.sort_by_key(|sample| {
            let is_partly = label(sample, "state") != State::Unavailable.as_str();
            (is_partly, label(sample, "namespace"), label(sample, "name"))
        });
        let Some(first) = named.first() else {
            return String::new();
        };
        let (namespace, name) = (label(first, "namespace"), label(first, "name"));
        let place = if namespace.is_empty() {
            name
        } else {
            format!("{namespace}/{name}")
        };
        let more = match all.saturating_sub(1) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(": {} {place}{more}", label(first, "reason"))
    }
}

/// The object of a sample; `None` if the sample lacks its name.
fn item(sample: &StoreSample, kind: Option<Kind>) -> Option<Item> {
    let label = |name: &str| sample.label(name);
    let kind = match kind {
        Some(kind) => kind.kind(),
        None => label("kind"),
    };
    let code = serde_json::from_value::<Code>(json!(label("reason"))).ok()?;
    let state = serde_json::from_value::<State>(json!(label("state"))).ok()?;
    let item = json!({
        "kind": kind, "namespace": label("namespace"), "name": label("name"), "state": state, "reason": code,
        "healthy": state.is_fine(),
    });
    (!label("name").is_empty())
        .then(|| serde_json::from_value(item).ok())
        .flatten()
}

#[cfg(test)]
mod tests;
