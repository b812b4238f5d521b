//! Owns the metrics: their names, labels and values at one moment, in both text formats of Prometheus.
//! Must not know who asks for them.
//!
//! Nothing here asks the API server. All counts are at hand, and only objects that are not settled are walked over. Objects that
//! were not seen have no sample, since 0 would be a statement.

use crate::apiserver::probe::{ProbeResult, ProbeSnapshot};
use crate::metric_page::{Labels, Page, TextFormat, labels};
use crate::not_seen;
use crate::object_metrics::NamedObjects;
use crate::process_metrics::ProcessSample;
use crate::record_metrics;
use crate::state::AgentState;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use sre_shared::apiserver::leases::is_held;
use sre_shared::failure::Class;
use sre_shared::kind::Kind;
use sre_shared::live::{Overview, Totals};
use sre_shared::metric::{
    API_SERVER, API_SERVER_UP, CHECK_STATUS, NOT_SEEN, OBJECTS, gap_words, not_seen_sample, object_samples,
    status_samples,
};
use sre_shared::report::{API_VERSION, State, Status};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The name of writes to the API server among the things that are not seen.
const WRITES: &str = "writes to the API server";

/// States without a sample if no object has them.
const RARE: [&str; 4] = [
    State::Terminating.as_str(),
    State::Suspended.as_str(),
    State::Succeeded.as_str(),
    "acknowledged",
];

/// Classes that no check of the API server meets: those of agents, and those of lists. One that is met nevertheless is counted.
const NEVER_MET: [Class; 8] = [
    Class::BadConfiguration,
    Class::Expired,
    Class::TooLarge,
    Class::NoAgent,
    Class::AgentNotReady,
    Class::AgentUnreachable,
    Class::AgentVersion,
    Class::NotAnAgent,
];

/// The metrics of this moment.
///
/// # Errors
/// None: writing to a string does not fail.
pub fn text(state: &AgentState, format: TextFormat) -> Result<String, fmt::Error> {
    let time = state.answer_time();
    let sample = MetricsSnapshot {
        format,
        started: state.started_at.seconds,
        process: ProcessSample::read(),
        api_server: state.probe.snapshot(),
        kinds: state
            .kinds
            .iter()
            .map(|objects| (objects.kind(), objects.totals(&time)))
            .collect(),
        named: NamedObjects::new(&state.kinds, &time),
        requests: state.requests.counts(),
        durations: state.requests.durations(),
        streams: state.streams.load(Ordering::Relaxed),
        history: HistorySample::new(state),
    };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(sample));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    if format == TextFormat::OpenMetrics {
        encode_eof(&mut text)?;
    }
    Ok(text)
}

/// Everything that one scrape shows.
#[derive(Debug)]
struct MetricsSnapshot {
    format: TextFormat,
    started: i64,
    process: ProcessSample,
    api_server: ProbeSnapshot,
    kinds: Vec<(Kind, Totals)>,
    named: NamedObjects,
    requests: Vec<(String, u16, u64)>,
    durations: Histogram,
    streams: usize,
    history: HistorySample,
}

/// The history, counted.
#[derive(Debug, Default)]
struct HistorySample {
    transitions: u64,
    /// What is known of the disk, if there is a directory.
    disk: Option<DiskSample>,
}

#[derive(Debug)]
struct DiskSample {
    writable: bool,
    dropped: u64,
    skipped: u64,
}

impl HistorySample {
    fn new(state: &AgentState) -> Self {
        let disk = state.history.disk().map(|disk| DiskSample {
            writable: disk.problem().is_none(),
            dropped: disk.dropped.load(Ordering::Relaxed),
            skipped: disk.skipped.load(Ordering::Relaxed),
        });
        Self {
            transitions: u64::try_from(state.history.lock().ring.len()).unwrap_or(u64::MAX),
            disk,
        }
    }

    /// A sample of the disk; none without a directory.
    fn of_disk(&self, value: impl Fn(&DiskSample) -> u64) -> Vec<(Labels, u64)> {
        let sample = self.disk.iter().map(|disk| (Labels::new(), value(disk)));
        sample.collect()
    }
}

impl MetricsSnapshot {
    /// The last check of the API server, unless it is too old to describe the present.
    fn checked(&self) -> Option<&Arc<ProbeResult>> {
        self.api_server.last.as_ref().filter(|_| !self.api_server.stale)
    }

    fn statuses(&self) -> Vec<(Labels, u64)> {
        let api_server = self
            .checked()
            .map_or(Status::Unknown, |checked| checked.check.status);
        let kinds = self
            .kinds
            .iter()
            .map(|(kind, totals)| (kind.plural(), totals.overview.status));
        std::iter::once((API_SERVER, api_server))
            .chain(kinds)
            .flat_map(|(check, is)| status_samples(check, is))
            .collect()
    }

    /// One gauge of each kind that was ever read.
    fn by_kind_read(&self, value: impl Fn(&Overview) -> u64) -> Vec<(Labels, u64)> {
        let read = self
            .kinds
            .iter()
            .filter(|(_, totals)| totals.overview.observed.is_some());
        read.map(|(kind, totals)| (labels([("kind", kind.plural())]), value(&totals.overview)))
            .collect()
    }

    /// One sample of each kind.
    fn by_kind(&self, value: impl Fn(&Totals) -> u64) -> Vec<(Labels, u64)> {
        self.kinds
            .iter()
            .map(|(kind, totals)| (labels([("kind", kind.plural())]), value(totals)))
            .collect()
    }

    /// Objects by kind and state. Most kinds never have one of the rare states, so these have no zeros.
    fn objects(&self) -> Vec<(Labels, u64)> {
        let read = self
            .kinds
            .iter()
            .filter(|(_, totals)| totals.overview.observed.is_some());
        read.flat_map(|(kind, totals)| {
            let acknowledged = totals.overview.summary.acknowledged;
            object_samples(kind.plural(), &totals.unacknowledged, acknowledged)
        })
        .filter(|(labels, count)| *count > 0 || !labels.iter().any(|(_, word)| RARE.contains(&word.as_str())))
        .collect()
    }

    /// Failures by class. A class that was never met has no sample: `sre_watch_total` counts from 0.
    fn watch_errors(&self) -> Vec<(Labels, u64)> {
        let by_class = |(kind, totals): &(Kind, Totals)| {
            let classes = totals.errors.iter();
            classes
                .map(|(class, count)| (labels([("kind", kind.plural()), ("class", class)]), *count))
                .collect::<Vec<_>>()
        };
        self.kinds.iter().flat_map(by_class).collect()
    }

    fn watches(&self) -> Vec<(Labels, u64)> {
        let of_kind = |(kind, totals): &(Kind, Totals)| {
            let errors = totals.errors.values().sum();
            [("success", totals.answered), ("error", errors)]
                .map(|(result, count)| (labels([("kind", kind.plural()), ("result", result)]), count))
        };
        self.kinds.iter().flat_map(of_kind).collect()
    }

    /// Failures by class. Each class that a check can meet is counted from 0, so that an increase is seen with the first failure.
    fn check_failures(&self) -> Vec<(Labels, u64)> {
        let met = &self.api_server.failures;
        let counted = Class::ALL.into_iter().map(Class::as_str);
        counted
            .filter(|class| {
                met.contains_key(*class) || !NEVER_MET.iter().any(|never| never.as_str() == *class)
            })
            .map(|class| (labels([("class", class)]), met.get(class).copied().unwrap_or(0)))
            .collect()
    }

    /// Whether each controller holds its Lease. A Lease that was not seen has no sample.
    fn controllers(&self) -> Vec<(Labels, u64)> {
        let ladder = self
            .checked()
            .into_iter()
            .flat_map(|checked| &checked.check.ladder);
        let leases = ladder.flat_map(|rung| &rung.leases);
        leases
            .filter_map(|lease| Some((labels([("controller", &lease.name)]), u64::from(is_held(lease)?))))
            .collect()
    }

    fn not_seen(&self) -> Vec<(Labels, u64)> {
        let mut entries = BTreeSet::new();
        match self.checked() {
            None => {
                let class = if self.api_server.stale {
                    "stale"
                } else {
                    "notAsked"
                };
                entries.insert((API_SERVER.to_owned(), class.to_owned()));
            }
            Some(checked) => {
                if checked.check.status == Status::Unknown {
                    let class = checked.check.class.clone().unwrap_or_default();
                    entries.insert((API_SERVER.to_owned(), class));
                }
                if let Some(class) = checked.write.gap {
                    entries.insert((WRITES.to_owned(), class.to_owned()));
                }
                for path in &checked.forbidden {
                    entries.insert(((*path).to_owned(), Class::Forbidden.as_str().to_owned()));
                }
            }
        }
        for (kind, totals) in &self.kinds {
            for (number, gap) in totals.overview.gaps.iter().enumerate() {
                let what = gap_words(kind.plural(), number, not_seen::describe(*kind, gap).what());
                entries.insert((what, gap.class().to_owned()));
            }
        }
        entries
            .iter()
            .map(|(what, class)| not_seen_sample(what, class))
            .collect()
    }

    fn requests(&self) -> Vec<(Labels, u64)> {
        self.requests
            .iter()
            .map(|(path, code, count)| (labels([("path", path), ("code", &code.to_string())]), *count))
            .collect()
    }
}

impl Collector for MetricsSnapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page {
            encoder,
            format: self.format,
        };
        page.info(
            "sre_agent",
            "Version of the agent and of its report",
            &labels([
                ("version", env!("CARGO_PKG_VERSION")),
                ("api_version", API_VERSION),
            ]),
        )?;
        page.gauge(CHECK_STATUS.name, CHECK_STATUS.help, self.statuses())?;
        page.gauge(OBJECTS.name, OBJECTS.help, self.objects())?;
        self.named.encode(&mut page)?;
        page.gauge(NOT_SEEN.name, NOT_SEEN.help, self.not_seen())?;
        page.gauge(
            API_SERVER_UP.name,
            API_SERVER_UP.help,
            self.checked()
                .map(|checked| (Labels::new(), u64::from(checked.is_answered())))
                .into_iter()
                .collect(),
        )?;
        page.histogram(
            "sre_apiserver_check_duration_seconds",
            "How long the checks of the API server took, failed ones included",
            &self.api_server.durations,
        )?;
        page.counter(
            "sre_apiserver_check_failures",
            "Checks of the API server that were not ok, by class",
            self.check_failures(),
        )?;
        record_metrics::encode(&mut page, &self.api_server.record, self.checked())?;
        page.gauge(
            "sre_controller_up",
            "Whether the controller renews its Lease in kube-system, of each Lease that was seen",
            self.controllers(),
        )?;
        page.gauge(
            "sre_cache_synced",
            "Whether every list was read at least once",
            self.by_kind(|totals| u64::from(totals.synced)),
        )?;
        page.gauge(
            "sre_cache_age_seconds",
            "Seconds since the last event or bookmark of the watch that has been silent for the longest",
            self.by_kind_read(|overview| overview.age_seconds),
        )?;
        page.gauge(
            "sre_cache_last_event_timestamp_seconds",
            "When that event or bookmark came, in seconds since 1970",
            self.by_kind_read(|overview| {
                let at = overview.observed.map_or(0, |at| at.seconds);
                u64::try_from(at).unwrap_or(0)
            }),
        )?;
        page.gauge(
            "sre_cache_stale",
            "Whether the objects may have changed unseen",
            self.by_kind_read(|overview| u64::from(overview.stale)),
        )?;
        page.counter(
            "sre_watch",
            "Lists and watches, by result; the errors are counted by class too",
            self.watches(),
        )?;
        page.counter(
            "sre_watch_errors",
            "Lists and watches that failed, by class",
            self.watch_errors(),
        )?;
        page.counter(
            "sre_watch_relists",
            "Lists that were read again because a watch was lost",
            self.by_kind(|totals| totals.relists),
        )?;
        page.counter(
            "sre_http_requests",
            "Requests that were answered",
            self.requests(),
        )?;
        page.histogram(
            "sre_http_request_duration_seconds",
            "How long requests took until the answer was ready, all but streams of changes",
            &self.durations,
        )?;
        page.gauge(
            "sre_change_streams",
            "Streams of changes that are open",
            vec![(Labels::new(), u64::try_from(self.streams).unwrap_or(u64::MAX))],
        )?;
        page.gauge(
            "sre_history_transitions",
            "Transitions that are kept in memory",
            vec![(Labels::new(), self.history.transitions)],
        )?;
        page.gauge(
            "sre_history_writable",
            "Whether the history can be written into its directory",
            self.history.of_disk(|disk| u64::from(disk.writable)),
        )?;
        page.counter(
            "sre_history_dropped",
            "Lines of the history that were not written, since too many waited for the disk",
            self.history.of_disk(|disk| disk.dropped),
        )?;
        page.counter(
            "sre_history_skipped",
            "Lines of the history that were not understood at the start",
            self.history.of_disk(|disk| disk.skipped),
        )?;
        page.gauge(
            "process_start_time_seconds",
            "When this process started, in seconds since 1970",
            vec![(Labels::new(), u64::try_from(self.started).unwrap_or(0))],
        )?;
        self.process.encode(&mut page)
    }
}

#[cfg(test)]
mod tests;
