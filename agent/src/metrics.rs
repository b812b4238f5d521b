//! Owns the metrics: their names, labels and values at one moment, in both text formats of Prometheus.
//! Must not know who asks for them.
//!
//! Nothing here asks the API server or walks over objects: all counts are at hand. Objects that were not seen have no
//! sample, since 0 would be a statement.

use crate::apiserver::probe::{ProbeResult, ProbeSnapshot};
use crate::not_seen;
use crate::record_metrics;
use crate::state::AgentState;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use sre_shared::failure::Class;
use sre_shared::kind::Kind;
use sre_shared::live::{Overview, Totals};
use sre_shared::metric::{
    API_SERVER, API_SERVER_UP, CHECK_STATUS, NOT_SEEN, OBJECTS, gap_words, not_seen_sample, object_samples,
    sample, status_samples,
};
use sre_shared::report::{API_VERSION, Status};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Writes to the API server, as an entry of what is not seen.
const WRITES: &str = "writes to the API server";

/// How the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// The text format 0.0.4 of Prometheus, for clients that ask for nothing else.
    Plain,
}

impl TextFormat {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The metrics of this moment.
///
/// # Errors
/// None: writing to a string does not fail.
pub fn text(state: &AgentState, format: TextFormat) -> Result<String, fmt::Error> {
    let time = state.answer_time();
    let sample = MetricsSnapshot {
        format,
        started: state.started_at.seconds,
        memory: resident_memory(),
        api_server: state.probe.snapshot(),
        kinds: state
            .kinds
            .iter()
            .map(|objects| (objects.kind(), objects.totals(&time)))
            .collect(),
        requests: state.requests.counts(),
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

/// Bytes of memory that this process holds, if the system says so.
fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Everything that one scrape shows.
#[derive(Debug)]
struct MetricsSnapshot {
    format: TextFormat,
    started: i64,
    memory: Option<u64>,
    api_server: ProbeSnapshot,
    kinds: Vec<(Kind, Totals)>,
    requests: Vec<(String, u16, u64)>,
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

/// The labels of a sample.
pub type Labels = Vec<(&'static str, String)>;

/// Labels and their values.
pub fn labels<const N: usize>(labels: [(&'static str, &str); N]) -> Labels {
    sample(labels, 0).0
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

    fn objects(&self) -> Vec<(Labels, u64)> {
        let read = self
            .kinds
            .iter()
            .filter(|(_, totals)| totals.overview.observed.is_some());
        read.flat_map(|(kind, totals)| {
            let acknowledged = totals.overview.summary.acknowledged;
            object_samples(kind.plural(), &totals.unacknowledged, acknowledged)
        })
        .collect()
    }

    fn watch_errors(&self) -> Vec<(Labels, u64)> {
        let by_class = |(kind, totals): &(Kind, Totals)| {
            let labels = |class: &str| labels([("kind", kind.plural()), ("class", class)]);
            Class::ALL
                .map(|class| {
                    (
                        labels(class.as_str()),
                        totals.errors.get(class.as_str()).copied().unwrap_or(0),
                    )
                })
                .to_vec()
        };
        self.kinds.iter().flat_map(by_class).collect()
    }

    fn check_failures(&self) -> Vec<(Labels, u64)> {
        let count = |class: Class| self.api_server.failures.get(class.as_str()).copied().unwrap_or(0);
        Class::ALL
            .map(|class| (labels([("class", class.as_str())]), count(class)))
            .to_vec()
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
            "sre_cache_stale",
            "Whether the objects may have changed unseen",
            self.by_kind_read(|overview| u64::from(overview.stale)),
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
        page.gauge(
            "process_resident_memory_bytes",
            "Memory that this process holds",
            self.memory
                .map(|bytes| (Labels::new(), bytes))
                .into_iter()
                .collect(),
        )
    }
}

/// The text while it is written. Families without a sample are left out.
pub struct Page<'a> {
    encoder: DescriptorEncoder<'a>,
    format: TextFormat,
}

impl Page<'_> {
    /// Whole numbers.
    pub fn gauge(&mut self, name: &str, help: &str, samples: Vec<(Labels, u64)>) -> fmt::Result {
        self.family(name, help, MetricType::Gauge, samples)
    }

    /// Numbers with a fraction, of families whose samples have labels.
    pub fn fractions(&mut self, name: &str, help: &str, samples: Vec<(Labels, f64)>) -> fmt::Result {
        if samples.is_empty() {
            return Ok(());
        }
        let mut family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in samples {
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// One histogram for each set of labels.
    pub fn histograms(
        &mut self,
        name: &str,
        help: &str,
        histograms: Vec<(Labels, &Histogram)>,
    ) -> fmt::Result {
        if histograms.is_empty() {
            return Ok(());
        }
        let mut family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (labels, histogram) in histograms {
            histogram.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// `name` comes without `_total`: `OpenMetrics` has the suffix only on samples, the plain format on the family too.
    fn counter(&mut self, name: &str, help: &str, samples: Vec<(Labels, u64)>) -> fmt::Result {
        match self.format {
            TextFormat::OpenMetrics => self.family(name, help, MetricType::Counter, samples),
            TextFormat::Plain => self.family(&format!("{name}_total"), help, MetricType::Counter, samples),
        }
    }

    /// `name` comes without `_info`. The plain format has no such type.
    fn info(&mut self, name: &str, help: &str, labels: &Labels) -> fmt::Result {
        match self.format {
            TextFormat::OpenMetrics => self
                .encoder
                .encode_descriptor(name, help, None, MetricType::Info)?
                .encode_info(labels),
            TextFormat::Plain => self.gauge(&format!("{name}_info"), help, vec![(labels.clone(), 1)]),
        }
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) -> fmt::Result {
        let family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Histogram)?;
        histogram.encode(family)
    }

    fn family(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        samples: Vec<(Labels, u64)>,
    ) -> fmt::Result {
        if samples.is_empty() {
            return Ok(());
        }
        let suffixed = matches!(
            (kind, self.format),
            (MetricType::Counter, TextFormat::OpenMetrics)
        );
        let mut family = self.encoder.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in samples {
            // An empty set of labels would be written as a pair of braces.
            if labels.is_empty() {
                return ConstGauge::new(value).encode(family);
            }
            let sample = family.encode_family(&labels)?;
            if suffixed {
                ConstCounter::new(value).encode(sample)?;
            } else {
                ConstGauge::new(value).encode(sample)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::record::RecordSample;
    use crate::apiserver::write_canary::CanaryResult;
    use prometheus_client::metrics::histogram::Histogram;
    use sre_shared::report::ApiServerCheck;
    use sre_shared::resource::Time;

    fn lines(last: Option<Status>, stale: bool) -> Vec<String> {
        let checked = |status| ProbeResult {
            check: ApiServerCheck {
                status,
                ..ApiServerCheck::default()
            },
            began: tokio::time::Instant::now(),
            at: Time::from_seconds(0),
            error: None,
            forbidden: Vec::new(),
            write: CanaryResult::default(),
        };
        let sample = MetricsSnapshot {
            format: TextFormat::OpenMetrics,
            started: 0,
            memory: None,
            api_server: ProbeSnapshot {
                last: last.map(|status| Arc::new(checked(status))),
                stale,
                durations: Histogram::new([1.0]),
                failures: std::collections::BTreeMap::new(),
                record: RecordSample::default(),
            },
            kinds: Vec::new(),
            requests: Vec::new(),
            streams: 0,
            history: HistorySample::default(),
        };
        let mut registry = Registry::default();
        registry.register_collector(Box::new(sample));
        let mut text = String::new();
        encode_registry(&mut text, &registry).unwrap();
        let is_about_health = |line: &&str| {
            line.ends_with(" 1")
                && (line.starts_with("sre_check_status{") || line.starts_with("sre_not_seen{"))
                || line.starts_with("sre_apiserver_up ")
        };
        text.lines().filter(is_about_health).map(str::to_owned).collect()
    }

    #[test]
    fn a_check_that_is_old_or_was_never_made_is_unknown_and_neither_up_nor_down() {
        let status = |status| format!("sre_check_status{{check=\"apiserver\",status=\"{status}\"}} 1");
        let not_seen = |class| format!("sre_not_seen{{what=\"apiserver\",class=\"{class}\"}} 1");
        assert_eq!(
            lines(Some(Status::Ok), false),
            [status("ok"), "sre_apiserver_up 1".into()]
        );
        assert_eq!(
            lines(Some(Status::Ok), true),
            [status("unknown"), not_seen("stale")]
        );
        assert_eq!(lines(None, false), [status("unknown"), not_seen("notAsked")]);
    }
}
