//! A run against a live cluster: read, judge, search for causes, judge again.

use super::apiserver;
use super::assemble::{Parts, assemble};
use super::emptiness::Emptiness;
use super::gather::causes::{self, EvidenceSearch, LogDemand};
use super::gather::{ClusterReader, DeletionSearch, KindTask};
use super::grant::grant;
use super::not_seen::{custom_not_seen, leave_out_on_purpose, not_seen_kind};
use crate::apiserver::judge_failure;
use crate::check::{Controller, ControllerFacts, EvidenceStore};
use crate::cluster::Client;
use crate::failure::Failure;
use crate::judge::{
    Judged, OwnerFilter, OwnerGraph, SearchTarget, SearchedEvidence, UnansweredObjects, WrittenNeeds,
};
use crate::report::{ApiServerCheck, Item, NotSeen, Report, Source};
use crate::run::clock::Clock;
use crate::run::progress::{API_SERVER, Progress};
use crate::run::request::{Causes, Request};
use futures_util::stream::{self, StreamExt as _};

/// Kinds that are read at the same time. The API server's fair queue then has room for other clients.
const KINDS_AT_ONCE: usize = 4;

/// Reads everything that the request is about, and judges it. Never fails: the report has an entry for everything that
/// could not be seen.
pub async fn live(
    client: &Client,
    request: &Request,
    clock: Clock,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Report {
    let reader = ClusterReader::new(client, request, clock, progress);
    let kinds = async {
        let parts = kind_parts(client, &reader, request).await;
        progress(Progress::Judged);
        parts
    };
    let (api_server, kinds) = tokio::join!(api_server_part(client, request, clock, progress), kinds);
    let parts = Parts { api_server, ..kinds };
    let source = source(client, parts.api_server.as_ref());
    let mut report = assemble(source, reader.time(), parts, request);
    report.coverage.grant = grant(client, request, &report).await;
    report
}

/// The report of a run that could not begin because it has no credential. Every part is unknown.
#[must_use]
pub fn unreached(request: &Request, failure: &Failure, source: Source, clock: Clock) -> Report {
    let api_server = request.api_server.then(|| judge_failure(failure));
    unseen(request, failure, api_server, source, clock)
}

/// The report of a run that saw no kind, with this part about the API server.
pub(super) fn unseen(
    request: &Request,
    failure: &Failure,
    api_server: Option<ApiServerCheck>,
    source: Source,
    clock: Clock,
) -> Report {
    let kinds = request.kinds.iter().map(|target| {
        let kind = target.kind;
        let entry = not_seen_kind(kind, request.namespace.as_deref(), failure);
        Judged::unseen(kind.plural().to_owned(), kind.is_namespaced(), entry)
    });
    let custom = request.custom.iter().map(|target| {
        let check = target.kind.to_string();
        let entry = custom_not_seen(&check, failure);
        Judged::unseen(check, true, entry)
    });
    let parts = Parts {
        api_server,
        kinds: kinds.chain(custom).collect(),
        ..Parts::default()
    };
    assemble(source, clock(), parts, request)
}

/// The part about the API server, if that was asked for. If nothing else was asked for, the whole path to it is traced.
async fn api_server_part(
    client: &Client,
    request: &Request,
    clock: Clock,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Option<ApiServerCheck> {
    if !request.api_server {
        return None;
    }
    progress(Progress::Reading(API_SERVER));
    let check = api_server_check(client, request, clock).await;
    progress(Progress::Read(API_SERVER));
    Some(check)
}

async fn api_server_check(client: &Client, request: &Request, clock: Clock) -> ApiServerCheck {
    if request.kinds.is_empty() && request.custom.is_empty() {
        let namespace = request.namespace.as_deref();
        let namespace = namespace.unwrap_or(client.default_namespace());
        return apiserver::check_path(client, namespace, clock).await;
    }
    apiserver::check(client, clock).await
}

/// The parts about kinds.
async fn kind_parts(client: &Client, reader: &ClusterReader<'_>, request: &Request) -> Parts {
    let owners = if request.every_object {
        OwnerFilter::every()
    } else {
        OwnerFilter::leaving_to(request.covered())
    };
    let kinds = request
        .kinds
        .iter()
        .map(|target| reader.kind(target, owners.clone()));
    let custom = request.custom.iter().map(|target| reader.custom(target));
    // Collected first: a closure in the stream would bind the whole run to one thread.
    let tasks: Vec<KindTask<'_>> = kinds.chain(custom).collect();
    let is_in_namespace = !request.custom.is_empty() || request.kinds.iter().any(|t| t.kind.is_namespaced());
    let requested_namespace = async {
        if is_in_namespace {
            reader.requested_namespace().await;
        }
    };
    let read = stream::iter(tasks)
        .buffered(KINDS_AT_ONCE)
        .collect::<Vec<Judged>>();
    let (mut kinds, ()) = tokio::join!(read, requested_namespace);
    let emptiness = Emptiness::new(&kinds);
    let empty = match emptiness.namespace(request) {
        Some(namespace) => reader.namespace_not_seen(namespace).await,
        None => None,
    };
    let empty = empty.or_else(|| emptiness.selector(request, &request.checks()));
    reader.read_again(&mut kinds).await;
    let mut search = DeletionSearch::default();
    leave_out(reader, &mut kinds.iter_mut().collect::<Vec<_>>(), &mut search).await;
    let mut graph = OwnerGraph::default();
    let wanted: Vec<Controller> = kinds
        .iter()
        .flat_map(|judged| &judged.owned)
        .flat_map(|owned| owned.object.controllers().cloned())
        .collect();
    // Only objects that have a controller ask who answers for it.
    if !wanted.is_empty() {
        for (target, judged) in request.kinds.iter().zip(&kinds) {
            graph.add_judged(target.kind.group(), &judged.items);
            graph.add_settled(target.kind, &judged.settled, &wanted);
        }
    }
    let mut unanswered = UnansweredObjects::take(kinds.iter_mut(), &graph);
    let mut judged: Vec<&mut Judged> = kinds.iter_mut().chain([&mut unanswered.judged]).collect();
    let causes_not_seen = explain(client, reader, request, &mut judged).await;
    // Pods may show that an object falls short, and events that its namespace is being deleted.
    leave_out(reader, &mut judged, &mut search).await;
    leave_out_on_purpose(request, &mut kinds);
    Parts {
        api_server: None,
        controllers: unanswered.check(reader.now(), |_| ControllerFacts::default()),
        kinds,
        empty,
        not_seen: Vec::new(),
        causes_not_seen,
        deletions: search.deletions,
    }
}

/// Looks which namespaces of failing objects are being deleted, and leaves out what is in them.
async fn leave_out(reader: &ClusterReader<'_>, kinds: &mut [&mut Judged], search: &mut DeletionSearch) {
    reader.find_deletions(kinds, search).await;
    for judged in kinds {
        judged.leave_out(&search.deletions);
    }
}

/// Judges unhealthy objects again, with the evidence that a search finds. Returns the entries for objects that the
/// search could not see.
async fn explain(
    client: &Client,
    reader: &ClusterReader<'_>,
    request: &Request,
    kinds: &mut [&mut Judged],
) -> Vec<NotSeen> {
    let targets: Vec<SearchTarget> = kinds
        .iter()
        .flat_map(|judged| judged.targets())
        .cloned()
        // They are read once, when all causes are known.
        .map(|mut target| {
            target.written = WrittenNeeds::default();
            target
        })
        .collect();
    if targets.is_empty() {
        return Vec::new();
    }
    (reader.progress)(Progress::SearchingCauses);
    let EvidenceSearch {
        evidence: mut found,
        mut not_seen,
    } = causes::search(client, targets, reader.time(), request.changes).await;
    let now = reader.now();
    let judge_again = |kinds: &mut [&mut Judged], found: &EvidenceStore| {
        let evidence = SearchedEvidence::new(found);
        for judged in kinds.iter_mut() {
            judged.judge_again(&evidence, now);
        }
    };
    judge_again(kinds, &found);
    // The causes name the quotas, webhooks and nodes behind them.
    let items = kinds.iter().flat_map(|judged| &judged.items);
    let needs: Vec<WrittenNeeds> = items.map(WrittenNeeds::from_item).collect();
    let needs = WrittenNeeds::union(&needs);
    if !needs.is_empty() {
        let (objects, gaps) = causes::written_objects(client, &needs, request.changes).await;
        not_seen.extend(gaps);
        if !objects.is_empty() {
            found.add_written_objects(objects);
            judge_again(kinds, &found);
        }
    }
    let demand = match request.causes {
        Causes::None | Causes::WithoutLogs => return not_seen,
        Causes::WithQuickLogs => LogDemand::Unasked,
        Causes::WithLogs => LogDemand::Asked,
    };
    (reader.progress)(Progress::ReadingLogs);
    let mut items: Vec<&mut Item> = kinds.iter_mut().flat_map(|judged| &mut judged.items).collect();
    not_seen.extend(causes::add_logs(client, &found, &mut items, now.time(), demand).await);
    not_seen
}

/// The source of a report about this cluster.
pub(super) fn source(client: &Client, api_server: Option<&ApiServerCheck>) -> Source {
    Source {
        mode: "direct".into(),
        context: client.context().map(str::to_owned),
        namespace: Some(client.default_namespace().to_owned()),
        server: Some(client.server().to_owned()),
        version: api_server.and_then(|check| check.version.clone()),
        ..Source::default()
    }
}
