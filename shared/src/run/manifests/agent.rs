//! Looks once, with an agent.

use super::plan::ManifestPlan;
use super::presence::{self, Presence};
use super::whole::whole_report;
use crate::cluster::Client;
use crate::report::{Report, Source};
use crate::run::clock::Clock;
use crate::run::live::{self, live};
use crate::run::progress::Progress;
use crate::run::request::Request;

/// Judges the objects of a plan by the answers of an agent; `ask` asks it. With a client, the objects that no agent keeps are
/// read from the API server. Never fails: the report has an entry for everything that could not be seen.
pub async fn agent_manifests(
    plan: &ManifestPlan,
    ask: impl AsyncFn(&Request) -> Report,
    client: Option<&Client>,
    source: Source,
    clock: Clock,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Report {
    let requests = plan.with_agent(client.is_some());
    let asked = async {
        let mut reports = Vec::new();
        for request in &requests.of_agent {
            reports.push(ask(request).await);
        }
        reports
    };
    let looked = async {
        let Some(client) = client else {
            return (Vec::new(), presence::not_kept(plan));
        };
        let mut reports = Vec::new();
        for request in &requests.of_cluster {
            reports.push(Box::pin(live(client, request, clock, progress)).await);
        }
        let objects: Vec<_> = plan.present.iter().collect();
        let found = presence::look_for(client, &objects).await;
        (reports, found.into_iter().map(Presence::Tried).collect())
    };
    let (mut reports, (own, found)) = tokio::join!(asked, looked);
    reports.extend(own);
    let source = client.map_or(source, |client| live::source(client, None));
    let mut report = whole_report(plan, reports, &found, source, clock());
    report.set_present_aside();
    report
}
