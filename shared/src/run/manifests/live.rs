//! Looks once.

use super::plan::ManifestPlan;
use super::presence::{self, Presence};
use super::whole::whole_report;
use crate::cluster::Client;
use crate::failure::Failure;
use crate::report::{Report, Source};
use crate::run::clock::Clock;
use crate::run::grant::grant;
use crate::run::live::{live, source, unreached};
use crate::run::progress::Progress;
use futures_util::stream::{self, StreamExt as _};
use std::pin::Pin;

/// Namespaces that are read at the same time.
const NAMESPACES_AT_ONCE: usize = 2;

type Run<'a> = Pin<Box<dyn Future<Output = Report> + Send + 'a>>;

/// Reads the objects of a plan, and judges them. Never fails: the report has an entry for everything that could not be seen.
pub async fn live_manifests(
    client: &Client,
    plan: &ManifestPlan,
    clock: Clock,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Report {
    // Collected first: a closure in the stream would bind the whole run to one thread.
    let runs: Vec<Run<'_>> = plan
        .requests
        .iter()
        .map(|request| Box::pin(live(client, request, clock, progress)) as Run<'_>)
        .collect();
    let runs = stream::iter(runs)
        .buffered(NAMESPACES_AT_ONCE)
        .collect::<Vec<Report>>();
    let objects: Vec<_> = plan.present.iter().collect();
    let (reports, found) = tokio::join!(runs, presence::look_for(client, &objects));
    let found: Vec<Presence> = found.into_iter().map(Presence::Tried).collect();
    let time = client.server_time().unwrap_or_else(clock);
    let mut report = whole_report(plan, reports, &found, source(client, None), time);
    report.coverage.grant = grant(client, &plan.whole, &report).await;
    report.set_present_aside();
    report
}

/// The report of a run that could not begin because it has no credential.
#[must_use]
pub fn unreached_manifests(plan: &ManifestPlan, failure: &Failure, source: Source, clock: Clock) -> Report {
    let report = unreached(&plan.whole, failure, source.clone(), clock);
    let found: Vec<Presence> = vec![Presence::Tried(Err(failure.clone())); plan.present.len()];
    let mut report = whole_report(plan, vec![report], &found, source, clock());
    report.set_present_aside();
    report
}
