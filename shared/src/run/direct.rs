//! A run against a live cluster.

use super::api_server::{api_server, api_server_path, no_way};
use super::cause::{self, Looked, Subject};
use super::coverage::{not_seen, not_seen_kind, nothing_named, nothing_selected};
use super::{Ask, Causes, Clock, Kind, KindVisitor, Known, Wanted};
use crate::check::{self, Around, Evidence, Judged, Now};
use crate::cluster::{self, Class, Client, Failure, ListOptions};
use crate::nearest::nearest;
use crate::report::{ApiServerCheck, Check, Coverage, Item, KindCheck, Namespaces, NotSeen, Report, Source};
use crate::resource::{Decoded, Namespace, Resource, Time};
use std::pin::Pin;
use tokio::task::JoinSet;

/// Lists of single namespaces that run at the same time.
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
        let mut parts = Vec::new();
        for wanted in &ask.kinds {
            parts.push((wanted.kind, wanted.kind.visit(Part { run: &run, wanted }).await));
        }
        let causes_not_seen = run.explain(&mut parts).await;
        (parts, causes_not_seen)
    };
    let (api_server, (parts, causes_not_seen)) = tokio::join!(probe, gather);
    let mut report = Report::new(source(client, api_server.as_ref()), run.now().to_string());
    report.coverage = Coverage {
        namespaces: match &ask.namespace {
            Some(namespace) => Namespaces::These(vec![namespace.clone()]),
            None => Namespaces::default(),
        },
        causes_not_seen,
        ..Coverage::default()
    };
    report.checks.extend(api_server.map(Check::ApiServer));
    for (kind, part) in parts {
        report.coverage.kinds.push(kind.plural().to_owned());
        if let Some(only) = part.only_namespace {
            report.coverage.namespaces = Namespaces::These(vec![only]);
        }
        report.checks.push(Check::Kind(KindCheck::of(
            kind.plural(),
            part.items,
            part.not_seen.is_empty(),
        )));
        report.coverage.not_seen.extend(part.not_seen);
    }
    report.settle();
    report
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
}

impl Run<'_> {
    fn now(&self) -> Time {
        self.client.server_time().unwrap_or_else(self.clock)
    }

    /// Judges again what is not healthy, with what can be found around it. Tells what could not.
    async fn explain(&self, parts: &mut [(Kind, Judgement)]) -> Vec<NotSeen> {
        let open = parts.iter().flat_map(|(_, part)| &part.open);
        let subjects: Vec<Subject> = open.map(|open| open.subject.clone()).collect();
        if subjects.is_empty() {
            return Vec::new();
        }
        let Looked { known, mut not_seen } = cause::look(self.client, subjects, self.now()).await;
        let around = known.around();
        let now = Now::known(self.now());
        for (_, part) in parts.iter_mut() {
            for open in &part.open {
                if let Some(item) = part.items.get_mut(open.at) {
                    *item = (open.again)(&known, &around, now);
                }
            }
        }
        if self.ask.causes == Causes::WithLogs {
            let mut items: Vec<&mut Item> = parts.iter_mut().flat_map(|(_, part)| &mut part.items).collect();
            not_seen.extend(cause::add_logs(self.client, &known, &mut items, now.time()).await);
        }
        not_seen
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
            let named = !self.wanted.names.is_empty();
            let evidence = Evidence {
                named,
                ..Evidence::at(Now::known(self.run.now()))
            };
            let (mut items, mut open) = (Vec::new(), Vec::new());
            for object in gathered.objects {
                let object = match object {
                    Ok(object) if !named && !object.answers_for_itself() => continue,
                    Ok(object) => object,
                    Err(undecodable) => {
                        items.push(check::undecodable::<T>(&undecodable));
                        continue;
                    }
                };
                let item = check::judge(&object, &evidence);
                let wanted = self.run.ask.causes != Causes::None;
                if let Some(subject) = Subject::of(&object, &item).filter(|_| wanted) {
                    open.push(Open {
                        at: items.len(),
                        subject,
                        again: Box::new(move |known, around, now| {
                            let evidence = known.evidence(object.meta(), around, now);
                            check::judge(&object, &Evidence { named, ..evidence })
                        }),
                    });
                }
                items.push(item);
            }
            Judgement {
                items,
                open,
                not_seen: gathered.not_seen,
                only_namespace: gathered.only_namespace,
            }
        })
    }
}

/// One kind, judged.
struct Judgement {
    items: Vec<Item>,
    open: Vec<Open>,
    not_seen: Vec<NotSeen>,
    only_namespace: Option<String>,
}

/// Judges an object again, with what is known around it at that time.
type Again = Box<dyn Fn(&Known, &Around<'_>, Now) -> Item + Send + Sync>;

/// An object that is not healthy: its place among the items, and how to judge it again once more is known.
struct Open {
    at: usize,
    subject: Subject,
    again: Again,
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
    /// Set where only this namespace could be looked at though all were asked for.
    only_namespace: Option<String>,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            not_seen: Vec::new(),
            only_namespace: None,
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
        gathered.only_namespace = gathered.only_namespace.or(one.only_namespace);
    }
    if gathered.objects.is_empty() && gathered.not_seen.is_empty() {
        gathered.not_seen.extend(why_empty(run, kind).await);
    }
    (run.progress)(Progress::Read(kind, gathered.objects.len()));
    gathered
}

/// Reads the asked scope, and where that is forbidden as much of it as is allowed.
async fn scope<T: Judged>(run: &Run<'_>, kind: Kind, field_selector: String) -> Gathered<T> {
    let options = ListOptions {
        namespace: run.ask.namespace.clone(),
        label_selector: run.ask.selector_text.clone(),
        field_selector,
        page_size: run.ask.page_size,
    };
    match cluster::list::<T>(run.client, &options).await {
        Ok(listed) => Gathered {
            objects: listed.items,
            ..Gathered::default()
        },
        Err(failure) if failure.class == Class::Forbidden && options.namespace.is_none() => {
            one_by_one(run, &options, kind, &failure).await
        }
        Err(failure) => Gathered {
            not_seen: vec![not_seen_kind(kind, options.namespace.as_deref(), &failure)],
            ..Gathered::default()
        },
    }
}

/// The cluster-wide list is forbidden: one list a namespace, a few at a time.
async fn one_by_one<T: Judged>(
    run: &Run<'_>,
    options: &ListOptions,
    kind: Kind,
    forbidden: &Failure,
) -> Gathered<T> {
    let Ok(names) = names::<Namespace>(run.client, None).await else {
        return only_own_namespace(run.client, options, kind, forbidden).await;
    };
    let mut waiting = names;
    waiting.reverse();
    let total = waiting.len();
    let mut running = JoinSet::new();
    let mut gathered = Gathered::default();
    loop {
        while running.len() < LISTS_AT_ONCE {
            let Some(namespace) = waiting.pop() else { break };
            let (client, options) = (run.client.clone(), options.clone());
            running.spawn(async move {
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
    gathered.not_seen.sort_by(|a, b| a.what.cmp(&b.what));
    gathered
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
        only_namespace: Some(own.clone()),
        ..Gathered::default()
    };
    match cluster::list::<T>(client, &options).await {
        Ok(listed) => {
            gathered.objects = listed.items;
            gathered.not_seen.push(rest);
        }
        Err(failure) if failure.class == Class::Forbidden => {
            // Nothing at all could be read: one entry says it better than two.
            gathered.only_namespace = None;
            gathered.not_seen.push(not_seen_kind(kind, None, forbidden));
        }
        Err(failure) => {
            gathered.not_seen.push(not_seen_kind(kind, Some(&own), &failure));
            gathered.not_seen.push(rest);
        }
    }
    gathered
}

/// Nothing was found. That is an answer only where the place exists and nothing narrower was asked for.
async fn why_empty(run: &Run<'_>, kind: Kind) -> Option<NotSeen> {
    let ask = run.ask;
    if let Some(namespace) = &ask.namespace
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
    (!ask.selector.is_empty()).then(|| nothing_selected(ask, kind))
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
