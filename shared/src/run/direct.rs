//! A run against a live cluster.

use super::apiserver;
use super::cause::{self, EvidenceSearch, SearchTarget};
use super::coverage::{
    Found, leave_out_on_purpose, namespace_not_seen, not_seen, not_seen_kind, not_seen_noun, nothing_named,
    nothing_selected,
};
use super::noun::Noun;
use super::owners::{self, Owned, Roll, Sift};
use super::related::{self, Listing};
use super::{Causes, Clock, EvidenceStore, Kind, KindTarget, KindVisitor, LISTS_AT_ONCE, Request, custom};
use crate::apiserver::judge_failure;
use crate::check::{self, Check, Controller, ControllerFacts, EventsAndNodes, Evidence, Now, RelatedObjects};
use crate::cluster::{self, Client, Collection, ItemFilter, ListOptions};
use crate::failure::{Class, Failure};
use crate::nearest::nearest;
use crate::report::{
    ApiServerCheck, CheckResult, Item, KindCheck, Namespaces, NotSeen, Report, Scope, Source, State,
};
use crate::resource::{Decoded, Namespace, Resource, Time};
use futures_util::stream::{self, StreamExt as _};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;

/// Kinds that are read at the same time: an API server's fair queue has room for others beside it.
const KINDS_AT_ONCE: usize = 4;

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
    ask: &Request,
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
        version: OnceCell::new(),
    };
    let probe = async {
        match (ask.api_server, ask.kinds.is_empty() && ask.custom.is_empty()) {
            (false, _) => None,
            (true, false) => Some(apiserver::check(client, clock).await),
            // Nothing else is asked about: then the whole path is of interest.
            (true, true) => {
                let namespace = ask.namespace.as_deref().unwrap_or(client.default_namespace());
                Some(apiserver::check_path(client, namespace, clock).await)
            }
        }
    };
    let gather = async {
        let sift = if ask.every_object {
            Sift::every()
        } else {
            Sift::but_of(ask.covered())
        };
        let kinds = ask.kinds.iter().map(|wanted| {
            let part = run.part(wanted, &sift);
            Box::pin(async { (wanted.kind.plural().to_owned(), part.await) }) as Named<'_>
        });
        let custom = ask
            .custom
            .iter()
            .map(|wanted| Box::pin(custom::judge(&run, wanted)) as Named<'_>);
        // Collected first: a closure in the stream would bind the whole run to one thread.
        let parts: Vec<Named<'_>> = kinds.chain(custom).collect();
        let mut parts: Vec<(String, Judgement)> = stream::iter(parts).buffered(KINDS_AT_ONCE).collect().await;
        let found: Vec<Found> = parts.iter().map(|(_, part)| part.found()).collect();
        let nothing = why_empty(&run, &found).await;
        run.read_again(&mut parts).await;
        let roots = leave_to_controllers(ask, &mut parts);
        let causes_not_seen = run.explain(&mut parts).await;
        let members = parts.pop_if(|(check, _)| check == owners::CONTROLLERS);
        let members = members.into_iter().flat_map(|(_, part)| part.items);
        let now = Now::known(run.now());
        let controllers = owners::check(roots.into_iter().zip(members), now, |_| {
            ControllerFacts::default()
        });
        (parts, nothing, causes_not_seen, controllers)
    };
    let (api_server, (parts, nothing, causes_not_seen, controllers)) = tokio::join!(probe, gather);
    let mut report = Report::new(source(client, api_server.as_ref()), run.now().to_string());
    report.coverage.causes_not_seen = causes_not_seen;
    report.coverage.namespaces = match (&ask.namespace, only_namespace(parts.iter().map(|(_, part)| part))) {
        (Some(namespace), _) => Namespaces::These(vec![namespace.clone()]),
        (None, Some(only)) => Namespaces::These(vec![only]),
        (None, None) => Namespaces::default(),
    };
    report.checks.extend(api_server.map(CheckResult::ApiServer));
    for (check, part) in parts {
        report.coverage.kinds.push(check.clone());
        let all_seen = part.not_seen.is_empty() && (nothing.is_none() || !part.found().nothing);
        report.checks.push(CheckResult::Kind(KindCheck {
            served: part.served,
            every_object: ask.judges_every(&check),
            ..KindCheck::of(&check, part.items, all_seen)
        }));
        report.coverage.not_seen.extend(part.not_seen);
    }
    report.checks.extend(controllers.map(CheckResult::Kind));
    report.coverage.not_seen.extend(nothing);
    leave_out_on_purpose(ask, &mut report);
    report.settle();
    report
}

/// Takes out of the parts what is left to a controller. What that says nothing of becomes a part of its own, the last,
/// and it is told under whose name each of its objects belongs.
fn leave_to_controllers(ask: &Request, parts: &mut Vec<(String, Judgement)>) -> Vec<Controller> {
    let (mut owned, mut items, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for (_, part) in parts.iter_mut() {
        for (who, item, again) in std::mem::take(&mut part.owned) {
            owned.push(who);
            items.push(item);
            open.push(again);
        }
    }
    if owned.is_empty() {
        return Vec::new();
    }
    let mut roll = Roll::default();
    for (wanted, (_, part)) in ask.kinds.iter().zip(parts.iter()) {
        roll.judge(wanted.kind.group(), &part.items);
    }
    let mut told = Judgement::default();
    let mut roots = Vec::new();
    for ((root, item), again) in roll.roots(&owned).into_iter().zip(items).zip(open) {
        let Some(root) = root else { continue };
        let at = told.items.len();
        told.open.extend(again.map(|open| Open { at, ..open }));
        told.items.push(item);
        roots.push(root);
    }
    parts.push((owners::CONTROLLERS.to_owned(), told));
    roots
}

/// The one namespace that was looked at, where that is all that may be seen of any kind though all were asked for.
fn only_namespace<'a>(parts: impl Iterator<Item = &'a Judgement>) -> Option<String> {
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
pub fn unreached(ask: &Request, failure: &Failure, source: Source, clock: Clock) -> Report {
    let mut report = Report::new(source, clock().to_string());
    if ask.api_server {
        report.checks.push(CheckResult::ApiServer(judge_failure(failure)));
    }
    for wanted in &ask.kinds {
        report.coverage.kinds.push(wanted.kind.plural().to_owned());
        report
            .coverage
            .not_seen
            .push(not_seen_kind(wanted.kind, ask.namespace.as_deref(), failure));
        report.checks.push(CheckResult::Kind(KindCheck::of(
            wanted.kind.plural(),
            Vec::new(),
            false,
        )));
    }
    custom::unasked(&mut report, ask, |what| not_seen(what, failure, None));
    report.settle();
    report
}

/// What every part of a run needs.
pub(super) struct Run<'a> {
    pub client: &'a Client,
    pub ask: &'a Request,
    clock: Clock,
    progress: &'a (dyn Fn(Progress) + Sync),
    lists: Arc<Semaphore>,
    namespaces: OnceCell<Option<Vec<String>>>,
    /// Why no API server was reached, once that is known: then nobody waits for the next kind to find out.
    unreached: OnceLock<Failure>,
    /// Why `/version` was not answered, where that was asked for.
    version: OnceCell<Option<Failure>>,
}

impl Run<'_> {
    pub fn now(&self) -> Time {
        self.client.server_time().unwrap_or_else(self.clock)
    }

    /// The same failure, or where what answers is no API server at all, that: it is found out once, and said of every
    /// kind in the same words.
    async fn of_server(&self, failure: Failure) -> Failure {
        let doubtful = match failure.class {
            Class::NotAnApiServer => true,
            // An API server says the same of a kind that it does not serve.
            Class::NotFound => failure.status == Some(404),
            _ => false,
        };
        if !doubtful {
            return failure;
        }
        let version = self
            .version
            .get_or_init(|| async { cluster::version(self.client).await.0.err() })
            .await;
        match version {
            Some(other) if other.class == Class::NotAnApiServer => {
                let _ = self.unreached.set(other.clone());
                other.clone()
            }
            _ => failure,
        }
    }

    /// The namespace that was asked for; none for kinds that are in none, as kubectl.
    fn namespace(&self, noun: &Noun) -> Option<&str> {
        self.ask.namespace.as_deref().filter(|_| noun.namespaced)
    }

    /// The names of all namespaces, asked for once; `None` where they cannot be listed.
    async fn namespaces(&self) -> Option<&Vec<String>> {
        let names = async || names::<Namespace>(self.client, None, None).await.ok();
        self.namespaces.get_or_init(names).await.as_ref()
    }

    fn part<'a>(&'a self, wanted: &'a KindTarget, sift: &Sift) -> Gathering<'a> {
        wanted.kind.visit(Part {
            run: self,
            wanted,
            sift: sift.clone(),
        })
    }

    /// Reads again what was left to kinds that turned out not to have been seen whole.
    async fn read_again(&self, parts: &mut [(String, Judgement)]) {
        let covered = self.ask.covered();
        let is_whole = |kind: &Kind| {
            let own = parts.iter().find(|(check, _)| check == kind.plural());
            own.is_none_or(|(_, part)| part.not_seen.is_empty())
        };
        let (whole, broken): (Vec<Kind>, Vec<Kind>) = covered.into_iter().partition(is_whole);
        if broken.is_empty() || self.ask.every_object {
            return;
        }
        let sift = Sift::but_of(whole);
        for (wanted, (_, part)) in self.ask.kinds.iter().zip(parts.iter_mut()) {
            if part.passed_over > 0 && wanted.kind.leaves_owned() && wanted.names.is_empty() {
                let again = self.part(wanted, &sift).await;
                // One that fails now is told; what was seen of the kind before stays.
                let news = again.not_seen.into_iter().filter(|e| !part.not_seen.contains(e));
                let news: Vec<NotSeen> = news.collect();
                part.not_seen.extend(news);
                part.owned = again.owned;
            }
        }
    }

    /// Judges again what is not healthy, with what can be found around it. Tells what could not.
    async fn explain(&self, parts: &mut [(String, Judgement)]) -> Vec<NotSeen> {
        let open = parts.iter().flat_map(|(_, part)| &part.open);
        let subjects: Vec<SearchTarget> = open.map(|open| open.subject.clone()).collect();
        if subjects.is_empty() {
            return Vec::new();
        }
        let EvidenceSearch { known, mut not_seen } = cause::look(self.client, subjects, self.now()).await;
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

/// A part under way, and what its check is called.
type Named<'a> = Pin<Box<dyn Future<Output = (String, Judgement)> + Send + 'a>>;

/// One kind that is being gathered.
type Gathering<'a> = Pin<Box<dyn Future<Output = Judgement> + Send + 'a>>;

/// Gathers and judges one kind.
struct Part<'a> {
    run: &'a Run<'a>,
    wanted: &'a KindTarget,
    sift: Sift,
}

impl<'a> KindVisitor for Part<'a> {
    type Output = Gathering<'a>;

    fn visit<T: Check>(self, kind: Kind) -> Self::Output {
        Box::pin(async move {
            if self.run.ask.all_kinds && !is_served::<T>(self.run).await {
                return Judgement {
                    reach: Reach::All,
                    served: Some(false),
                    namespaced: kind.is_namespaced(),
                    ..Judgement::default()
                };
            }
            let mut gathered =
                gather::<T>(self.run, &kind.into(), None, &self.wanted.names, &self.sift).await;
            (self.run.progress)(Progress::Read(kind, gathered.objects.len()));
            let listing = Listing {
                page_size: self.run.ask.page_size,
                across: true,
            };
            let wants = |known: &RelatedObjects| related::wanted(&gathered.objects, known);
            let (beside, missing) = related::bring(self.run.client, listing, wants).await;
            let beside = Arc::new(beside);
            let (named, heeds_annotations) = (!self.wanted.names.is_empty(), !self.run.ask.no_ignore);
            let evidence = Evidence {
                companions: Some(&beside),
                named,
                heeds_annotations,
                ..Evidence::at(Now::known(self.run.now()))
            };
            let (mut items, mut open, mut owned) = (Vec::new(), Vec::new(), Vec::new());
            let replaced = check::replaced(gathered.objects.iter().flatten());
            for object in gathered.objects {
                let object = match object {
                    Ok(object) => object,
                    Err(undecodable) => {
                        items.push(check::undecodable::<T>(&undecodable));
                        continue;
                    }
                };
                let replaced = replaced.contains(&object.meta().uid);
                let evidence = Evidence {
                    replaced,
                    ..evidence.clone()
                };
                let item = check::judge(&object, &evidence);
                let who = Owned::of(&object).filter(|_| !named && !self.sift.takes(&object));
                let wanted = self.run.ask.causes != Causes::None;
                let subject = SearchTarget::of(&object, &item, evidence.now).filter(|_| wanted);
                let beside = Arc::clone(&beside);
                let again = subject.map(|subject| Open {
                    at: items.len(),
                    subject,
                    again: Box::new(move |known, around, now| {
                        let evidence = Evidence {
                            companions: Some(&beside),
                            named,
                            replaced,
                            heeds_annotations,
                            ..known.evidence(object.meta(), around, now)
                        };
                        check::judge(&object, &evidence)
                    }),
                });
                match who {
                    Some(who) => owned.push((who, item, again)),
                    None => {
                        open.extend(again);
                        items.push(item);
                    }
                }
            }
            // Where every verdict stands without them, nothing is missing.
            if items.iter().any(|item| item.state == State::Unknown) {
                gathered.not_seen.extend(missing);
            }
            Judgement {
                items,
                open,
                owned,
                passed_over: gathered.passed_over,
                not_seen: gathered.not_seen,
                reach: gathered.reach,
                namespaced: kind.is_namespaced(),
                served: None,
            }
        })
    }
}

/// Whether the API server serves a kind, as far as it does not say that it does not. One without the right to list it is
/// refused before the API server looks whether there is such a kind; what it serves everybody may ask.
async fn is_served<T: Resource>(run: &Run<'_>) -> bool {
    if T::BUILT_IN || run.unreached.get().is_some() {
        return true;
    }
    !cluster::is_not_served::<T>(run.client).await
}

/// One kind, judged.
#[derive(Default)]
pub(super) struct Judgement {
    pub items: Vec<Item>,
    pub open: Vec<Open>,
    /// What has a controller that may have no verdict.
    pub owned: Vec<(Owned, Item, Option<Open>)>,
    /// How many more there are, whose controllers answer for them.
    pub passed_over: usize,
    pub not_seen: Vec<NotSeen>,
    pub reach: Reach,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// False where the API server does not serve it.
    pub served: Option<bool>,
}

impl Judgement {
    fn found(&self) -> Found {
        let objects = self.items.len() + self.owned.len() + self.passed_over;
        Found::new(self.namespaced, objects, self.not_seen.len())
    }
}

/// How much of what was asked for could be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing.
    #[default]
    Nothing,
    /// Only this namespace, though all were asked for.
    Only(String),
    /// All of it, or namespace by namespace.
    All,
}

/// Judges an object again, with what is known around it at that time.
type Again = Box<dyn Fn(&EvidenceStore, &EventsAndNodes<'_>, Now) -> Item + Send + Sync>;

/// An object that is not healthy: its place among the items, and how to judge it again once more is known.
pub(super) struct Open {
    at: usize,
    subject: SearchTarget,
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
pub(super) struct Gathered<T> {
    pub objects: Vec<Decoded<T>>,
    /// How many more there were, whose controllers answer for them.
    pub passed_over: usize,
    pub not_seen: Vec<NotSeen>,
    pub reach: Reach,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            passed_over: 0,
            not_seen: Vec::new(),
            reach: Reach::default(),
        }
    }
}

pub(super) async fn gather<T: Check>(
    run: &Run<'_>,
    noun: &Noun,
    place: Option<&Collection>,
    names: &[String],
    sift: &Sift,
) -> Gathered<T> {
    let mut gathered = Gathered::default();
    if names.is_empty() {
        gathered = scope(run, noun, place, String::new(), &sift.keep()).await;
    }
    let all: ItemFilter<T> = Arc::new(|_| true);
    for name in names {
        let mut one = scope::<T>(run, noun, place, format!("metadata.name={name}"), &all).await;
        if one.objects.is_empty() && one.not_seen.is_empty() {
            one.not_seen
                .push(no_such_object::<T>(run, noun, place, name).await);
        }
        gathered.objects.append(&mut one.objects);
        one.not_seen.retain(|entry| !gathered.not_seen.contains(entry));
        gathered.not_seen.append(&mut one.not_seen);
        if gathered.reach == Reach::Nothing {
            gathered.reach = one.reach;
        }
    }
    gathered
}

/// Reads the asked scope, and where that is forbidden as much of it as is allowed.
async fn scope<T: Check>(
    run: &Run<'_>,
    noun: &Noun,
    place: Option<&Collection>,
    field_selector: String,
    keep: &ItemFilter<T>,
) -> Gathered<T> {
    let options = ListOptions {
        namespace: run.namespace(noun).map(str::to_owned),
        label_selector: run.ask.selector_text.clone(),
        field_selector,
        page_size: run.ask.page_size,
        collection: place.cloned(),
    };
    let listed = match run.unreached.get() {
        Some(failure) => Err(failure.clone()),
        None => cluster::list_filtered::<T>(run.client, &options, keep).await,
    };
    match listed {
        Ok(listed) => Gathered {
            objects: listed.items,
            passed_over: listed.passed_over,
            reach: Reach::All,
            ..Gathered::default()
        },
        Err(failure)
            if failure.class == Class::Forbidden && options.namespace.is_none() && noun.namespaced =>
        {
            one_by_one(run, &options, noun, keep, &failure).await
        }
        Err(failure) => {
            let failure = run.of_server(failure).await;
            // A server that has answered anything is there, and the next list may be a shorter one.
            if failure.class.is_unreached() && run.client.server_time().is_none() {
                let _ = run.unreached.set(failure.clone());
            }
            Gathered {
                not_seen: vec![not_seen_noun(noun, options.namespace.as_deref(), &failure)],
                ..Gathered::default()
            }
        }
    }
}

/// The cluster-wide list is forbidden: one list a namespace, a few at a time.
async fn one_by_one<T: Check>(
    run: &Run<'_>,
    options: &ListOptions,
    noun: &Noun,
    keep: &ItemFilter<T>,
    forbidden: &Failure,
) -> Gathered<T> {
    let Some(names) = run.namespaces().await else {
        return only_own_namespace(run.client, options, noun, keep, forbidden).await;
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
            let keep = Arc::clone(keep);
            running.spawn(async move {
                // It is never closed; without a permit there would only be more at once.
                let _permit = lists.acquire().await;
                let options = ListOptions {
                    namespace: Some(namespace.clone()),
                    ..options
                };
                (
                    namespace,
                    cluster::list_filtered::<T>(&client, &options, &keep).await,
                )
            });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((_, Ok(listed)))) => {
                gathered.objects.extend(listed.items);
                gathered.passed_over += listed.passed_over;
            }
            Some(Ok((namespace, Err(failure)))) => {
                gathered
                    .not_seen
                    .push(not_seen_noun(noun, Some(&namespace), &failure));
            }
            Some(Err(_)) => gathered.not_seen.push(not_seen_noun(
                noun,
                None,
                &Failure::new(Class::ConnectionLost, "reading a namespace was interrupted"),
            )),
        }
        (run.progress)(Progress::Namespaces(total - waiting.len() - running.len(), total));
    }
    if nowhere(&gathered.not_seen, total) {
        // One entry says it better than one for each namespace.
        return Gathered {
            not_seen: vec![not_seen_noun(noun, None, forbidden)],
            ..Gathered::default()
        };
    }
    gathered.not_seen.sort_by_cached_key(NotSeen::what);
    gathered
}

/// Whether it is forbidden in each of all namespaces.
fn nowhere(not_seen: &[NotSeen], total: usize) -> bool {
    not_seen.len() == total && not_seen.iter().all(|e| e.class == Class::Forbidden.as_str())
}

/// Not even the namespaces may be listed: the context's own is all there is to look at.
async fn only_own_namespace<T: Check>(
    client: &Client,
    options: &ListOptions,
    noun: &Noun,
    keep: &ItemFilter<T>,
    forbidden: &Failure,
) -> Gathered<T> {
    let own = client.default_namespace().to_owned();
    let options = ListOptions {
        namespace: Some(own.clone()),
        ..options.clone()
    };
    let rest = NotSeen {
        hint: Some("give -n NAMESPACE for each namespace that you may read".into()),
        scope: Scope::Namespaces(format!("all namespaces but {own}")),
        ..not_seen_noun(noun, None, forbidden)
    };
    let mut gathered = Gathered {
        reach: Reach::Only(own.clone()),
        ..Gathered::default()
    };
    match cluster::list_filtered::<T>(client, &options, keep).await {
        Ok(listed) => {
            gathered.objects = listed.items;
            gathered.passed_over = listed.passed_over;
            gathered.not_seen.push(rest);
        }
        Err(failure) if failure.class == Class::Forbidden => {
            // Nothing at all could be read: one entry says it better than two.
            gathered.reach = Reach::Nothing;
            gathered.not_seen.push(not_seen_noun(noun, None, forbidden));
        }
        Err(failure) => {
            gathered.not_seen.push(not_seen_noun(noun, Some(&own), &failure));
            gathered.not_seen.push(rest);
        }
    }
    gathered
}

/// Why nothing was found. That is an answer only where the place exists and nothing narrower was asked for.
async fn why_empty(run: &Run<'_>, found: &[Found]) -> Option<NotSeen> {
    let ask = run.ask;
    if let Some(namespace) = &ask.namespace
        && Found::nothing_in_namespace(found)
        && let Err(failure) = cluster::get::<Namespace>(run.client, None, namespace).await
    {
        if failure.class == Class::NotFound {
            return Some(no_such_namespace(run.client, namespace, failure).await);
        }
        // Forbidden: the list itself was allowed, so that it is empty was really read.
        if failure.class != Class::Forbidden {
            return Some(namespace_not_seen(namespace, &failure));
        }
    }
    (!ask.selector.is_empty() && Found::nothing(found))
        .then(|| nothing_selected(&ask.checks(), &ask.selector_text, ask.namespace.as_deref()))
}

pub(super) async fn no_such_namespace(client: &Client, namespace: &str, failure: Failure) -> NotSeen {
    let names = names::<Namespace>(client, None, None).await.unwrap_or_default();
    let failure = match nearest(namespace, names.iter().map(String::as_str)) {
        Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
        None => failure.with_hint("kubectl get namespaces lists those that exist"),
    };
    namespace_not_seen(namespace, &failure)
}

async fn no_such_object<T: Check>(
    run: &Run<'_>,
    noun: &Noun,
    place: Option<&Collection>,
    name: &str,
) -> NotSeen {
    let namespace = run.namespace(noun);
    if let Some(namespace) = namespace
        && let Err(failure) = cluster::get::<Namespace>(run.client, None, namespace).await
        && failure.class == Class::NotFound
    {
        return no_such_namespace(run.client, namespace, failure).await;
    }
    let names = names::<T>(run.client, namespace, place).await.unwrap_or_default();
    nothing_named(noun, name, namespace, &names)
}

/// The names of every object of a kind.
async fn names<T: Resource>(
    client: &Client,
    namespace: Option<&str>,
    place: Option<&Collection>,
) -> Result<Vec<String>, Failure> {
    let options = ListOptions {
        namespace: namespace.map(str::to_owned),
        page_size: super::PAGE_SIZE,
        collection: place.cloned(),
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
