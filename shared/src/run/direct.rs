//! A run against a live cluster.

use super::api_server::{api_server, api_server_path, no_way};
use super::coverage::{
    leave_out_on_purpose, not_seen, not_seen_kind, nothing_found, nothing_named, nothing_selected,
};
use super::{Ask, Clock, Kind, KindVisitor, Wanted};
use crate::check::{self, Evidence, Judged, Now};
use crate::cluster::{self, Class, Client, Failure, ListOptions};
use crate::nearest::nearest;
use crate::report::{ApiServerCheck, Check, Item, KindCheck, Namespaces, NotSeen, Report, Source};
use crate::resource::{Decoded, Namespace, Resource, Time};
use futures_util::stream::{self, StreamExt as _};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;

/// Kinds that are read at the same time: an API server's fair queue has room for others beside it.
const KINDS_AT_ONCE: usize = 4;
/// Lists of single namespaces that run at the same time, of all kinds together.
const LISTS_AT_ONCE: usize = 8;

/// Told how far a run is, for whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many objects of the kind were read, which is all of them.
    Read(Kind, usize),
    /// So many of all namespaces were read, one by one.
    Namespaces(usize, usize),
}

/// Asks the API server all that was asked for, and judges it. Never fails: what could not be seen is in the
/// report.
pub async fn direct(
    client: &Client,
    ask: &Ask,
    clock: Clock,
    progress: &(dyn Fn(Progress) + Sync),
) -> Report {
    let run = Run {
        client,
        ask,
        clock,
        progress,
        lists: Arc::new(Semaphore::new(LISTS_AT_ONCE)),
        namespaces: OnceCell::new(),
        unreached: OnceLock::new(),
    };
    let probe = async {
        match (ask.api_server, ask.kinds.is_empty()) {
            (false, _) => None,
            (true, false) => Some(api_server(client, clock).await),
            // Nothing else is asked about: then the whole path is of interest.
            (true, true) => {
                let namespace = ask.namespace.as_deref().unwrap_or(client.default_namespace());
                Some(api_server_path(client, namespace, clock).await)
            }
        }
    };
    let gather = async {
        // Collected first: a closure in the stream would bind the whole run to one thread.
        let parts: Vec<_> = ask
            .kinds
            .iter()
            .map(|wanted| wanted.kind.visit(Part { run: &run, wanted }))
            .collect();
        let parts: Vec<Judgement> = stream::iter(parts).buffered(KINDS_AT_ONCE).collect().await;
        let counted = parts.iter().map(|p| (p.items.len(), p.not_seen.len()));
        let nothing = if nothing_found(ask, counted) {
            why_empty(&run).await
        } else {
            None
        };
        (parts, nothing)
    };
    let (api_server, (parts, nothing)) = tokio::join!(probe, gather);
    let mut report = Report::new(source(client, api_server.as_ref()), run.now().to_string());
    report.coverage.namespaces = match (&ask.namespace, only_namespace(&parts)) {
        (Some(namespace), _) => Namespaces::These(vec![namespace.clone()]),
        (None, Some(only)) => Namespaces::These(vec![only]),
        (None, None) => Namespaces::default(),
    };
    report.checks.extend(api_server.map(Check::ApiServer));
    for (wanted, part) in ask.kinds.iter().zip(parts) {
        let kind = wanted.kind;
        report.coverage.kinds.push(kind.plural().to_owned());
        report.checks.push(Check::Kind(KindCheck::of(
            kind.plural(),
            part.items,
            part.not_seen.is_empty() && nothing.is_none(),
        )));
        report.coverage.not_seen.extend(part.not_seen);
    }
    report.coverage.not_seen.extend(nothing);
    leave_out_on_purpose(ask, &mut report);
    report.settle();
    report
}

/// The one namespace that was looked at, where that is all that may be seen of any kind though all were asked for.
fn only_namespace(parts: &[Judgement]) -> Option<String> {
    let mut only = None;
    for part in parts {
        match &part.reach {
            Reach::Nothing => {}
            Reach::All => return None,
            Reach::Only(namespace) => only = Some(namespace.clone()),
        }
    }
    only
}

/// The report of a run that could not even begin, because a credential could not be obtained for one: every part
/// unknown.
#[must_use]
pub fn unreached(ask: &Ask, failure: &Failure, source: Source, clock: Clock) -> Report {
    let mut report = Report::new(source, clock().to_string());
    if ask.api_server {
        report.checks.push(Check::ApiServer(no_way(failure)));
    }
    for wanted in &ask.kinds {
        report.coverage.kinds.push(wanted.kind.plural().to_owned());
        report
            .coverage
            .not_seen
            .push(not_seen_kind(wanted.kind, ask.namespace.as_deref(), failure));
        report.checks.push(Check::Kind(KindCheck::of(
            wanted.kind.plural(),
            Vec::new(),
            false,
        )));
    }
    report.settle();
    report
}

/// What every part of a run needs.
struct Run<'a> {
    client: &'a Client,
    ask: &'a Ask,
    clock: Clock,
    progress: &'a (dyn Fn(Progress) + Sync),
    lists: Arc<Semaphore>,
    namespaces: OnceCell<Option<Vec<String>>>,
    /// Why no API server was reached, once that is known: then nobody waits for the next kind to find out.
    unreached: OnceLock<Failure>,
}

impl Run<'_> {
    fn now(&self) -> Time {
        self.client.server_time().unwrap_or_else(self.clock)
    }

    /// The names of all namespaces, asked for once; `None` where they cannot be listed.
    async fn namespaces(&self) -> Option<&Vec<String>> {
        let names = async || names::<Namespace>(self.client, None).await.ok();
        self.namespaces.get_or_init(names).await.as_ref()
    }
}

/// Gathers and judges one kind.
struct Part<'a> {
    run: &'a Run<'a>,
    wanted: &'a Wanted,
}

impl<'a> KindVisitor for Part<'a> {
    type Output = Pin<Box<dyn Future<Output = Judgement> + Send + 'a>>;

    fn visit<T: Judged>(self, kind: Kind) -> Self::Output {
        Box::pin(async move {
            let gathered = gather::<T>(self.run, kind, &self.wanted.names).await;
            let evidence = Evidence {
                named: !self.wanted.names.is_empty(),
                ..Evidence::at(Now::known(self.run.now()))
            };
            let items = gathered.objects.iter().filter_map(|object| match object {
                Ok(object) if !evidence.named && !object.answers_for_itself() => None,
                Ok(object) => Some(object.judge(&evidence)),
                Err(undecodable) => Some(check::undecodable::<T>(undecodable)),
            });
            Judgement {
                items: items.collect(),
                not_seen: gathered.not_seen,
                reach: gathered.reach,
            }
        })
    }
}

/// One kind, judged.
struct Judgement {
    items: Vec<Item>,
    not_seen: Vec<NotSeen>,
    reach: Reach,
}

/// How much of what was asked for could be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Reach {
    /// Nothing.
    #[default]
    Nothing,
    /// Only this namespace, though all were asked for.
    Only(String),
    /// All of it, or namespace by namespace.
    All,
}

fn source(client: &Client, api_server: Option<&ApiServerCheck>) -> Source {
    Source {
        mode: "direct".into(),
        context: client.context().map(str::to_owned),
        namespace: Some(client.default_namespace().to_owned()),
        server: Some(client.server().to_owned()),
        version: api_server.and_then(|c| c.version.clone()),
        ..Source::default()
    }
}

/// What was read of one kind.
struct Gathered<T> {
    objects: Vec<Decoded<T>>,
    not_seen: Vec<NotSeen>,
    reach: Reach,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            not_seen: Vec::new(),
            reach: Reach::default(),
        }
    }
}

async fn gather<T: Judged>(run: &Run<'_>, kind: Kind, names: &[String]) -> Gathered<T> {
    let mut gathered = Gathered::default();
    if names.is_empty() {
        gathered = scope(run, kind, String::new()).await;
    }
    for name in names {
        let mut one = scope::<T>(run, kind, format!("metadata.name={name}")).await;
        if one.objects.is_empty() && one.not_seen.is_empty() {
            one.not_seen.push(no_such_object::<T>(run, kind, name).await);
        }
        gathered.objects.append(&mut one.objects);
        one.not_seen.retain(|entry| !gathered.not_seen.contains(entry));
        gathered.not_seen.append(&mut one.not_seen);
        if gathered.reach == Reach::Nothing {
            gathered.reach = one.reach;
        }
    }
    (run.progress)(Progress::Read(kind, gathered.objects.len()));
    gathered
}

/// Reads the asked scope, and where that is forbidden as much of it as is allowed.
async fn scope<T: Judged>(run: &Run<'_>, kind: Kind, field_selector: String) -> Gathered<T> {
    let options = ListOptions {
        // As in kubectl, a namespace narrows only what is in namespaces.
        namespace: run.ask.namespace.clone().filter(|_| kind.is_namespaced()),
        label_selector: run.ask.selector_text.clone(),
        field_selector,
        page_size: run.ask.page_size,
    };
    let listed = match run.unreached.get() {
        Some(failure) => Err(failure.clone()),
        None => cluster::list::<T>(run.client, &options).await,
    };
    match listed {
        Ok(listed) => Gathered {
            objects: listed.items,
            reach: Reach::All,
            ..Gathered::default()
        },
        Err(failure)
            if failure.class == Class::Forbidden && options.namespace.is_none() && kind.is_namespaced() =>
        {
            one_by_one(run, &options, kind, &failure).await
        }
        Err(failure) => {
            // A server that has answered anything is there, and the next list may be a shorter one.
            if failure.class.is_unreached() && run.client.server_time().is_none() {
                let _ = run.unreached.set(failure.clone());
            }
            Gathered {
                not_seen: vec![not_seen_kind(kind, options.namespace.as_deref(), &failure)],
                ..Gathered::default()
            }
        }
    }
}

/// The cluster-wide list is forbidden: one list a namespace, a few at a time.
async fn one_by_one<T: Judged>(
    run: &Run<'_>,
    options: &ListOptions,
    kind: Kind,
    forbidden: &Failure,
) -> Gathered<T> {
    let Some(names) = run.namespaces().await else {
        return only_own_namespace(run.client, options, kind, forbidden).await;
    };
    let mut waiting = names.clone();
    waiting.reverse();
    let total = waiting.len();
    let mut running = JoinSet::new();
    let mut gathered = Gathered {
        reach: Reach::All,
        ..Gathered::default()
    };
    loop {
        while running.len() < LISTS_AT_ONCE {
            let Some(namespace) = waiting.pop() else { break };
            let (client, options, lists) = (run.client.clone(), options.clone(), Arc::clone(&run.lists));
            running.spawn(async move {
                // It is never closed; without a permit there would only be more at once.
                let _permit = lists.acquire().await;
                let options = ListOptions {
                    namespace: Some(namespace.clone()),
                    ..options
                };
                (namespace, cluster::list::<T>(&client, &options).await)
            });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((_, Ok(listed)))) => gathered.objects.extend(listed.items),
            Some(Ok((namespace, Err(failure)))) => {
                gathered
                    .not_seen
                    .push(not_seen_kind(kind, Some(&namespace), &failure));
            }
            Some(Err(_)) => gathered.not_seen.push(not_seen_kind(
                kind,
                None,
                &Failure::new(Class::ConnectionLost, "reading a namespace was interrupted"),
            )),
        }
        (run.progress)(Progress::Namespaces(total - waiting.len() - running.len(), total));
    }
    if nowhere(&gathered.not_seen, total) {
        // One entry says it better than one for each namespace.
        return Gathered {
            not_seen: vec![not_seen_kind(kind, None, forbidden)],
            ..Gathered::default()
        };
    }
    gathered.not_seen.sort_by(|a, b| a.what.cmp(&b.what));
    gathered
}

/// Whether it is forbidden in each of all namespaces.
fn nowhere(not_seen: &[NotSeen], total: usize) -> bool {
    not_seen.len() == total && not_seen.iter().all(|e| e.class == Class::Forbidden.as_str())
}

/// Not even the namespaces may be listed: the context's own is all there is to look at.
async fn only_own_namespace<T: Judged>(
    client: &Client,
    options: &ListOptions,
    kind: Kind,
    forbidden: &Failure,
) -> Gathered<T> {
    let own = client.default_namespace().to_owned();
    let options = ListOptions {
        namespace: Some(own.clone()),
        ..options.clone()
    };
    let rest = NotSeen {
        hint: Some("give -n NAMESPACE for each namespace that you may read".into()),
        ..not_seen(
            format!("{} in all namespaces but {own}", kind.plural()),
            forbidden,
            Some(&kind.rule()),
        )
    };
    let mut gathered = Gathered {
        reach: Reach::Only(own.clone()),
        ..Gathered::default()
    };
    match cluster::list::<T>(client, &options).await {
        Ok(listed) => {
            gathered.objects = listed.items;
            gathered.not_seen.push(rest);
        }
        Err(failure) if failure.class == Class::Forbidden => {
            // Nothing at all could be read: one entry says it better than two.
            gathered.reach = Reach::Nothing;
            gathered.not_seen.push(not_seen_kind(kind, None, forbidden));
        }
        Err(failure) => {
            gathered.not_seen.push(not_seen_kind(kind, Some(&own), &failure));
            gathered.not_seen.push(rest);
        }
    }
    gathered
}

/// Nothing was found of any kind. That is an answer only where the place exists and nothing narrower was asked for.
async fn why_empty(run: &Run<'_>) -> Option<NotSeen> {
    let ask = run.ask;
    if let Some(namespace) = &ask.namespace
        && ask.kinds.iter().any(|wanted| wanted.kind.is_namespaced())
        && let Err(failure) = cluster::get::<Namespace>(run.client, None, namespace).await
    {
        if failure.class == Class::NotFound {
            return Some(no_such_namespace(run.client, namespace, failure).await);
        }
        // Forbidden: the list itself was allowed, so that it is empty was really read.
        if failure.class != Class::Forbidden {
            return Some(not_seen(format!("namespace {namespace}"), &failure, None));
        }
    }
    (!ask.selector.is_empty())
        .then(|| nothing_selected(&ask.every_kind(), &ask.selector_text, ask.namespace.as_deref()))
}

pub(super) async fn no_such_namespace(client: &Client, namespace: &str, failure: Failure) -> NotSeen {
    let names = names::<Namespace>(client, None).await.unwrap_or_default();
    let failure = match nearest(namespace, names.iter().map(String::as_str)) {
        Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
        None => failure.with_hint("kubectl get namespaces lists those that exist"),
    };
    not_seen(format!("namespace {namespace}"), &failure, None)
}

async fn no_such_object<T: Judged>(run: &Run<'_>, kind: Kind, name: &str) -> NotSeen {
    let namespace = run.ask.namespace.as_deref();
    if let Some(namespace) = namespace
        && let Err(failure) = cluster::get::<Namespace>(run.client, None, namespace).await
        && failure.class == Class::NotFound
    {
        return no_such_namespace(run.client, namespace, failure).await;
    }
    let names = names::<T>(run.client, namespace).await.unwrap_or_default();
    nothing_named(kind, name, namespace, &names)
}

/// The names of every object of a kind.
async fn names<T: Resource>(client: &Client, namespace: Option<&str>) -> Result<Vec<String>, Failure> {
    let options = ListOptions {
        namespace: namespace.map(str::to_owned),
        page_size: super::PAGE_SIZE,
        ..ListOptions::default()
    };
    let listed = cluster::list::<T>(client, &options).await?;
    Ok(listed
        .items
        .iter()
        .flatten()
        .map(|object| object.meta().name.clone())
        .collect())
}
