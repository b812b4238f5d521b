//! Owns the metrics of the API server's record: availability, burn rates, the steps of the way, certificate, writes.
//! Must not know how a metric is written.

use crate::apiserver::probe::ProbeResult;
use crate::apiserver::record::RecordSample;
use crate::metric_page::{Labels, Page, labels};
use sre_shared::report::Window;
use std::fmt;
use std::sync::Arc;

/// Writes them.
///
/// # Errors
/// None: writing to a string does not fail.
pub fn encode(page: &mut Page<'_>, sample: &RecordSample, checked: Option<&Arc<ProbeResult>>) -> fmt::Result {
    // A window that was not half watched would promise too much by its name.
    let by_window = |value: fn(&Window) -> Option<f64>| {
        let watched = sample
            .record
            .windows
            .iter()
            .filter(|window| window.is_half_watched());
        let samples =
            watched.filter_map(|window| Some((labels([("window", &window.window)]), value(window)?)));
        samples.collect::<Vec<_>>()
    };
    page.fractions(
        "sre_apiserver_availability_ratio",
        "Part of the watched time in which the API server was ready, of windows that were at least half watched",
        by_window(|window| window.availability),
    )?;
    page.fractions(
        "sre_apiserver_burn_rate",
        "How many times faster than the SLO allows the error budget is spent, of windows that were at least half watched",
        by_window(|window| window.burn_rate),
    )?;
    let steps = sample
        .steps
        .iter()
        .filter(|(phase, _)| is_measured(sample, phase, checked));
    page.histograms(
        "sre_apiserver_phase_duration_seconds",
        "How long the steps of the way to the API server took that succeeded",
        steps
            .map(|(phase, histogram)| (labels([("phase", phase)]), histogram))
            .collect(),
    )?;
    let expiry = sample
        .certificate_expiry
        .and_then(|at| u64::try_from(at.seconds).ok());
    page.gauge(
        "sre_apiserver_certificate_expiry_timestamp_seconds",
        "When the first of the certificates expires that the API server presented, in seconds since 1970",
        expiry
            .map(|seconds| (Labels::new(), seconds))
            .into_iter()
            .collect(),
    )?;
    let stored = checked.and_then(|checked| checked.write.stored);
    page.gauge(
        "sre_apiserver_write_up",
        "Whether the API server stored the last write to the Lease that is there for that",
        stored
            .map(|stored| (Labels::new(), u64::from(stored)))
            .into_iter()
            .collect(),
    )
}

/// Whether that step has a histogram: each window has the steps that were measured within it, and writes have none.
fn is_measured(sample: &RecordSample, phase: &str, checked: Option<&Arc<ProbeResult>>) -> bool {
    let is_written = || checked.is_some_and(|checked| checked.write.stored.is_some());
    let mut windows = sample.record.windows.iter();
    phase == "write" && is_written()
        || windows.any(|window| window.phases.iter().any(|one| one.phase == phase))
}
