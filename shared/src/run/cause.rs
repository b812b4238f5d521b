//! Looks around what is not healthy, for why: pods, ReplicaSets, Jobs, events and nodes of a live cluster.
//!
//! In bulk, since one answer about fifty workloads costs the API server little more than one about one, and bounded in
//! requests, bytes and time. What does not come costs the text and never the verdict, and is told once. Nothing is asked
//! twice: a server that is overloaded is spared.

mod chunks;
mod logs;

pub use logs::add_logs;

use super::EvidenceStore;
use super::coverage::not_seen;
use super::noun::resource;
use crate::check::{Check, NodesSeen, Now, wants};
use crate::cluster::{BoundedList, Client, ListBounds, ListOptions, bounded_list};
use crate::failure::{Class, Failure};
use crate::report::{Item, NotSeen, Scope, State};
use crate::resource::{Event, Job, LabelSelector, Node, Pod, PodsBy, ReplicaSet, Resource, Time};
use chunks::{Chunk, chunks};
use logs::LOGS;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// Requests of one run, all together.
const REQUESTS: usize = 15;
/// Kept of these for events and nodes, which are asked for once the pods are known.
const LATER: usize = 5;
/// Workloads in more namespaces than this are asked for across all of them.
const NAMESPACES: usize = 3;
/// Bytes of one answer, unpacked.
const BYTES: usize = 16 << 20;
/// Events a page. They are in no cache of the API server's.
const EVENTS: u32 = 500;
/// Which events are about claims.
const ABOUT_CLAIMS: &str = "involvedObject.kind=PersistentVolumeClaim";
/// Pages of events in all namespaces.
const EVENT_PAGES: u32 = 3;
/// Objects whose events are asked for one by one.
const FEW: usize = 3;
/// The longest that it takes, whatever is left of the run.
const TIME: Duration = Duration::from_secs(10);

/// The class of what was left out because it was too much.
const TOO_MANY: &str = "tooMany";
const NARROW: &str = "narrow with -n, -l or a TARGET";

/// An object that is not healthy, or whose pods may show that it is not.
#[derive(Debug, Clone)]
pub struct SearchTarget {
    namespace: String,
    uid: String,
    generation: Option<i64>,
    /// The worst first.
    rank: u8,
    desired: i64,
    by: By,
    /// Whether the events about itself are wanted.
    asks_its_events: bool,
}

#[derive(Debug, Clone)]
enum By {
    Selector(Option<LabelSelector>),
    ThroughReplicaSets(Option<LabelSelector>),
    Jobs,
    Itself(Box<Pod>),
}

impl SearchTarget {
    /// The object, where it has pods that are worth a look.
    #[must_use]
    pub fn of<T: Check>(object: &T, item: &Item, now: Now) -> Option<Self> {
        let meta = object.meta();
        if !object.is_worth_a_look(item, now) || meta.uid.is_empty() {
            return None;
        }
        let by = match object.pods_by() {
            PodsBy::Nothing => return None,
            PodsBy::Selector(selector) => By::Selector(selector.cloned()),
            PodsBy::ThroughReplicaSets(selector) => By::ThroughReplicaSets(selector.cloned()),
            PodsBy::Jobs => By::Jobs,
            PodsBy::Itself(pod) => By::Itself(Box::new(pod.clone())),
        };
        Some(Self {
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            generation: meta.generation,
            rank: rank(item),
            desired: item.desired.unwrap_or(1),
            by,
            asks_its_events: object.asks_its_events(item),
        })
    }

    /// The object and its generation: of another one, what is found says nothing.
    #[must_use]
    pub fn identity(&self) -> (String, Option<i64>) {
        (self.uid.clone(), self.generation)
    }
}

/// What was found around the subjects.
#[derive(Debug, Default)]
pub struct EvidenceSearch {
    /// The evidence.
    pub known: EvidenceStore,
    /// What could not be seen; it makes no verdict unknown.
    pub not_seen: Vec<NotSeen>,
}

/// Looks around these objects. Never fails.
pub async fn look(client: &Client, mut subjects: Vec<SearchTarget>, now: Time) -> EvidenceSearch {
    subjects.sort_by(|a, b| (a.rank, &a.namespace, &a.uid).cmp(&(b.rank, &b.namespace, &b.uid)));
    let mut looking = Search {
        client,
        left: REQUESTS - LOGS,
        until: until(client),
        now: Now::known(now),
        missed: Vec::new(),
        looked: EvidenceSearch::default(),
    };
    if subjects.is_empty() {
        return looking.looked;
    }
    for subject in &subjects {
        if let By::Itself(pod) = &subject.by {
            looking.looked.known.add_itself((**pod).clone());
        }
    }
    let wanted = looking.jobs(&subjects).await;
    looking.pods(&wanted, subjects.len()).await;
    looking.around(&subjects).await;
    looking.looked.not_seen.extend(told(looking.missed));
    looking.looked
}

fn rank(item: &Item) -> u8 {
    match (item.state, item.healthy) {
        (State::Unavailable, _) => 0,
        (State::Degraded, _) => 1,
        (_, Some(false)) => 2,
        _ => 3,
    }
}

/// The end of it: half of what is left of the run is kept for saying what was found.
fn until(client: &Client) -> Instant {
    let now = Instant::now();
    let share = client
        .run_deadline()
        .map(|end| end.saturating_duration_since(now) / 2);
    now + share.map_or(TIME, |share| share.min(TIME))
}

/// Pods that are looked for.
#[derive(Debug, Clone)]
struct PodSearch {
    /// Whose they are.
    uid: String,
    /// Who owns them: the same, or its newest Job.
    owner: String,
    namespace: String,
    selector: Option<LabelSelector>,
    through_sets: bool,
}

/// Why something was not seen.
enum Lack {
    Failed(Failure),
    /// More came than is read.
    TooMuch,
}

/// What was not seen, the rule that it takes, and the namespace where it was so.
struct Missed {
    plural: &'static str,
    rule: String,
    resource: String,
    namespace: Option<String>,
    lack: Lack,
}

struct Search<'a> {
    client: &'a Client,
    left: usize,
    until: Instant,
    now: Now,
    missed: Vec<Missed>,
    looked: EvidenceSearch,
}

impl Search<'_> {
    fn miss<T: Resource>(&mut self, namespace: Option<String>, lack: Lack) {
        let rule = match T::GROUP {
            "" => format!("{} list", T::PLURAL),
            group => format!("{group}/{} list", T::PLURAL),
        };
        self.missed.push(Missed {
            plural: T::PLURAL,
            rule,
            resource: resource(T::GROUP, T::PLURAL),
            namespace,
            lack,
        });
    }

    /// Asks for several lists at once; every one ends by the deadline.
    async fn ask<T: Resource>(
        &mut self,
        asked: Vec<(ListOptions, ListBounds)>,
    ) -> Vec<Result<BoundedList<T>, Failure>> {
        let mut running = JoinSet::new();
        let count = asked.len();
        for (at, (options, bounds)) in asked.into_iter().enumerate() {
            self.left = self.left.saturating_sub(bounds.pages as usize);
            let (client, until) = (self.client.clone(), self.until);
            running.spawn(async move {
                let listed = timeout_at(until, bounded_list::<T>(&client, &options, bounds)).await;
                (at, listed.unwrap_or_else(|_| Err(late())))
            });
        }
        let mut answers: Vec<_> = (0..count).map(|_| None).collect();
        while let Some(joined) = running.join_next().await {
            if let Ok((at, answer)) = joined
                && let Some(place) = answers.get_mut(at)
            {
                *place = Some(answer);
            }
        }
        let lost = || Failure::new(Class::ConnectionLost, "reading a list was interrupted");
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(lost())))
            .collect()
    }

    /// What to ask pods for: of what makes Jobs its newest Job, which is looked up first.
    async fn jobs(&mut self, subjects: &[SearchTarget]) -> Vec<PodSearch> {
        let makers: Vec<&SearchTarget> = subjects.iter().filter(|s| matches!(s.by, By::Jobs)).collect();
        if !makers.is_empty() {
            let namespaces: BTreeSet<&str> = makers.iter().map(|s| s.namespace.as_str()).collect();
            let scopes: Vec<Option<String>> = match namespaces.len() {
                1 => namespaces.iter().map(|n| Some((*n).to_owned())).collect(),
                _ => vec![None],
            };
            let uids: HashSet<&str> = makers.iter().map(|s| s.uid.as_str()).collect();
            let asked = scopes
                .iter()
                .map(|namespace| in_one(namespace.clone(), String::new()));
            let answers = self.ask::<Job>(asked.collect()).await;
            for (namespace, answer) in scopes.into_iter().zip(answers) {
                match all(answer) {
                    Ok(jobs) => {
                        let is_own = |job: &Job| {
                            is_of(job, &uids) || job.cron_job().is_some_and(|uid| uids.contains(uid))
                        };
                        let own = jobs.into_iter().filter(is_own);
                        own.for_each(|job| self.looked.known.add(0, job));
                    }
                    Err(lack) => self.miss::<Job>(namespace, lack),
                }
            }
        }
        let known = &self.looked.known;
        let wanted = subjects.iter().filter_map(|s| {
            let (owner, selector) = match &s.by {
                By::Selector(selector) | By::ThroughReplicaSets(selector) => {
                    (s.uid.clone(), selector.clone())
                }
                By::Jobs => {
                    let job = *known.jobs(&s.uid, |_| self.now).first()?;
                    let selector = job.spec.as_ref().and_then(|spec| spec.selector.clone());
                    (job.meta().uid.clone(), selector)
                }
                By::Itself(_) => return None,
            };
            Some(PodSearch {
                uid: s.uid.clone(),
                owner,
                namespace: s.namespace.clone(),
                selector,
                through_sets: matches!(s.by, By::ThroughReplicaSets(_)),
            })
        });
        wanted.collect()
    }

    /// The pods, and the ReplicaSets between: across namespaces where there are many, else and where that is not
    /// possible in one after the other.
    async fn pods(&mut self, wanted: &[PodSearch], subjects: usize) {
        let all: Vec<usize> = (0..wanted.len()).collect();
        let namespaces: HashSet<&str> = wanted.iter().map(|w| w.namespace.as_str()).collect();
        let wide = namespaces.len() > NAMESPACES;
        let (mut passed_over, again) = self.round(wanted, chunks(wanted, &all, !wide)).await;
        if !again.is_empty() {
            let before = self.missed.len();
            let (more, _) = self.round(wanted, chunks(wanted, &again, true)).await;
            let seen = |at: &usize| self.looked.known.is_complete(&wanted[*at].uid);
            if again.iter().any(seen) {
                passed_over += more;
            } else {
                // None of the namespaces may be read: one sentence about all.
                let missed = self.missed.iter_mut().skip(before);
                missed.for_each(|one| one.namespace = None);
            }
        }
        if passed_over > 0 {
            self.looked.not_seen.push(NotSeen {
                thing: format!("causes of {passed_over} of {subjects} objects that are not healthy"),
                class: TOO_MANY.into(),
                error: Some(format!("no more than {REQUESTS} requests are made for causes")),
                hint: Some(NARROW.into()),
                ..NotSeen::default()
            });
        }
    }

    /// Makes as many of these requests as there may be. Tells of how many nothing was asked, and about which to ask
    /// again in their namespaces.
    async fn round(&mut self, wanted: &[PodSearch], chunks: Vec<Chunk>) -> (usize, Vec<usize>) {
        let mut room = self.left.saturating_sub(LATER);
        let (mut taken, mut passed_over) = (Vec::new(), 0);
        for chunk in chunks {
            let through_sets = chunk.of.iter().any(|at| wanted[*at].through_sets);
            let cost = 1 + usize::from(through_sets);
            match room.checked_sub(cost) {
                Some(rest) => {
                    room = rest;
                    taken.push((chunk, through_sets));
                }
                None => passed_over += chunk.of.len(),
            }
        }
        let of = |chunk: &Chunk| in_one(chunk.namespace.clone(), chunk.selector.clone());
        let for_pods: Vec<_> = taken.iter().map(|(chunk, _)| of(chunk)).collect();
        let for_sets: Vec<_> = taken.iter().filter(|t| t.1).map(|(chunk, _)| of(chunk)).collect();
        let (left, mut other) = (self.left, self.fork());
        let (pods, sets) = tokio::join!(self.ask::<Pod>(for_pods), other.ask::<ReplicaSet>(for_sets));
        self.left = left.saturating_sub(pods.len() + sets.len());
        let mut sets = sets.into_iter();
        let mut again = Vec::new();
        for ((chunk, through_sets), pods) in taken.into_iter().zip(pods) {
            let sets = if through_sets { sets.next() } else { None };
            again.extend(self.keep(wanted, chunk, pods, sets));
        }
        (passed_over, again)
    }

    /// Another that asks at the same time; its count is settled by whoever made it.
    fn fork(&self) -> Self {
        Self {
            client: self.client,
            missed: Vec::new(),
            looked: EvidenceSearch::default(),
            ..*self
        }
    }

    /// Keeps what belongs to those that were asked about. Tells about which to ask again: where it is forbidden to ask
    /// across namespaces, or too much came.
    fn keep(
        &mut self,
        wanted: &[PodSearch],
        chunk: Chunk,
        pods: Result<BoundedList<Pod>, Failure>,
        sets: Option<Result<BoundedList<ReplicaSet>, Failure>>,
    ) -> Vec<usize> {
        let pods = all(pods);
        let sets = sets.map_or_else(|| Ok(Vec::new()), all);
        let narrower = |lack: &Lack| match lack {
            Lack::Failed(failure) => failure.class == Class::Forbidden && chunk.namespace.is_none(),
            Lack::TooMuch => chunk.namespace.is_none(),
        };
        if [pods.as_ref().err(), sets.as_ref().err()]
            .into_iter()
            .flatten()
            .any(narrower)
        {
            return chunk.of;
        }
        let own = || chunk.of.iter().map(|at| &wanted[*at]);
        let mut owners: HashSet<String> = own().map(|w| w.owner.clone()).collect();
        let seen_sets = sets.is_ok();
        let mut own_sets = Vec::new();
        match sets {
            Ok(sets) => {
                for set in sets {
                    if is_of(&set, &owners) {
                        owners.insert(set.meta().uid.clone());
                        own_sets.push(set);
                    }
                }
            }
            Err(lack) => self.miss::<ReplicaSet>(chunk.namespace.clone(), lack),
        }
        match pods {
            Ok(pods) => {
                // Without the pods they would tell of a workload that has none.
                for set in own_sets {
                    self.looked.known.add(0, set);
                }
                let owned = pods.into_iter().filter(|pod| is_of(pod, &owners));
                owned.for_each(|pod| self.looked.known.add(0, pod));
                for wanted in own().filter(|w| seen_sets || !w.through_sets) {
                    self.looked.known.complete(&wanted.uid);
                }
            }
            Err(lack) => self.miss::<Pod>(chunk.namespace.clone(), lack),
        }
        Vec::new()
    }

    /// Events and nodes, as far as what was found so far leaves a question.
    async fn around(&mut self, subjects: &[SearchTarget]) {
        let mut questions = Questions::default();
        for subject in subjects {
            // What creates its pods itself has no condition that says why it cannot.
            let own = i64::try_from(self.looked.known.active(&subject.uid)).unwrap_or(i64::MAX);
            let creates = matches!(subject.by, By::Selector(_));
            if (creates && own < subject.desired) || subject.asks_its_events {
                questions
                    .warnings
                    .push((subject.namespace.clone(), subject.uid.clone()));
            }
        }
        for pod in self.looked.known.pods() {
            questions.of(pod, self.now);
        }
        for set in self.looked.known.replica_sets() {
            // The condition keeps the first reason, the newest event has the present one.
            let conditions = set.status.iter().flat_map(|s| &s.conditions);
            if conditions.into_iter().any(|c| c.kind == "ReplicaFailure") {
                let meta = set.meta();
                questions
                    .warnings
                    .push((meta.namespace.clone(), meta.uid.clone()));
            }
        }
        let mut other = self.fork();
        let for_nodes = nodes(&questions.nodes);
        let left = self.left.saturating_sub(for_nodes.len());
        self.left = left;
        let ((), nodes) = tokio::join!(self.events(&questions), other.ask::<Node>(for_nodes));
        let mut failed = None;
        for nodes in nodes {
            match all(nodes) {
                Ok(nodes) => {
                    let named = nodes
                        .into_iter()
                        .filter(|n| questions.nodes.contains(&n.meta().name));
                    self.looked.known.add_nodes(named);
                }
                Err(lack) => failed = Some(lack),
            }
        }
        match failed {
            Some(lack) => self.miss::<Node>(None, lack),
            None => self
                .looked
                .known
                .add_nodes_seen(NodesSeen::These(questions.nodes)),
        }
    }

    async fn events(&mut self, questions: &Questions) {
        let mut asked = events_about(&questions.warnings, "type=Warning", self.left.saturating_sub(1));
        let room = self.left.saturating_sub(pages(&asked));
        asked.extend(events_about(
            &questions.scale_ups,
            "reason=TriggeredScaleUp",
            room,
        ));
        let mut left = self.left;
        let room = self.left.saturating_sub(pages(&asked));
        asked.extend(events_about(&questions.claims, ABOUT_CLAIMS, room));
        asked.retain(|(_, bounds)| match left.checked_sub(bounds.pages as usize) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
        let scopes: Vec<Option<String>> = asked.iter().map(|(o, _)| o.namespace.clone()).collect();
        let about: HashSet<&str> = questions.about().collect();
        let claims = questions
            .claims
            .iter()
            .map(|(n, name)| (n.as_str(), name.as_str()));
        let claims: HashSet<(&str, &str)> = claims.collect();
        let answers = self.ask::<Event>(asked).await;
        for (namespace, answer) in scopes.into_iter().zip(answers) {
            match answer {
                Ok(part) => {
                    let is_claim = |e: &Event| e.claim().is_some_and(|claim| claims.contains(&claim));
                    let is_own = |e: &Event| about.contains(e.about()) || is_claim(e);
                    let own = part.items.into_iter().filter(is_own);
                    self.looked.known.add_events(own);
                    if !part.complete {
                        self.miss::<Event>(namespace, Lack::TooMuch);
                    }
                }
                Err(failure) => self.miss::<Event>(namespace, Lack::Failed(failure)),
            }
        }
    }
}

/// What is to be asked around the pods: each with a namespace and, if nothing else is said, the identity of an object.
#[derive(Default)]
struct Questions {
    warnings: Vec<(String, String)>,
    scale_ups: Vec<(String, String)>,
    nodes: BTreeSet<String>,
    /// Claims, by namespace and name.
    claims: Vec<(String, String)>,
}

impl Questions {
    fn of(&mut self, pod: &Pod, now: Now) {
        let (meta, wants) = (pod.meta(), wants(pod, now));
        let place = || (meta.namespace.clone(), meta.uid.clone());
        if wants.events {
            self.warnings.push(place());
        }
        if wants.scale_up {
            self.scale_ups.push(place());
        }
        self.nodes.extend(wants.node.map(str::to_owned));
        if wants.claims {
            let claims = pod
                .claims()
                .map(|claim| (meta.namespace.clone(), claim.to_owned()));
            self.claims.extend(claims);
        }
    }

    fn about(&self) -> impl Iterator<Item = &str> {
        let all = self.warnings.iter().chain(&self.scale_ups);
        all.map(|(_, uid)| uid.as_str())
    }
}

/// A list in one answer.
fn in_one(namespace: Option<String>, label_selector: String) -> (ListOptions, ListBounds) {
    let options = ListOptions {
        namespace,
        label_selector,
        ..ListOptions::default()
    };
    let bounds = ListBounds {
        pages: 1,
        bytes: BYTES,
    };
    (options, bounds)
}

/// A few nodes one by one, more of them as a list.
fn nodes(names: &BTreeSet<String>) -> Vec<(ListOptions, ListBounds)> {
    let (mut options, bounds) = in_one(None, String::new());
    match names.len() {
        0 => Vec::new(),
        1 | 2 => names
            .iter()
            .map(|name| {
                options.field_selector = format!("metadata.name={name}");
                (options.clone(), bounds)
            })
            .collect(),
        _ => vec![(options, bounds)],
    }
}

/// Events about these: of a few objects all there are, of more those of a kind, in their namespaces while these are few.
fn events_about(about: &[(String, String)], kind: &str, room: usize) -> Vec<(ListOptions, ListBounds)> {
    let list = |namespace: Option<&str>, fields: String, pages| {
        let options = ListOptions {
            namespace: namespace.map(str::to_owned),
            field_selector: fields,
            page_size: EVENTS,
            ..ListOptions::default()
        };
        let bounds = ListBounds { pages, bytes: BYTES };
        (options, bounds)
    };
    let namespaces: BTreeSet<&str> = about.iter().map(|(namespace, _)| namespace.as_str()).collect();
    if about.is_empty() || room == 0 {
        Vec::new()
    } else if about.len() <= FEW.min(room) && kind == "type=Warning" {
        let one = |(namespace, uid): &(String, String)| {
            list(Some(namespace), format!("involvedObject.uid={uid}"), 1)
        };
        about.iter().map(one).collect()
    } else if namespaces.len() <= NAMESPACES.min(room) {
        let one = |namespace| list(Some(namespace), kind.to_owned(), 1);
        namespaces.into_iter().map(one).collect()
    } else {
        let pages = EVENT_PAGES.min(u32::try_from(room).unwrap_or(EVENT_PAGES));
        vec![list(None, kind.to_owned(), pages)]
    }
}

fn pages(asked: &[(ListOptions, ListBounds)]) -> usize {
    asked.iter().map(|(_, bounds)| bounds.pages as usize).sum()
}

fn is_of<T: Resource, S: AsRef<str> + std::borrow::Borrow<str> + std::hash::Hash + Eq>(
    object: &T,
    owners: &HashSet<S>,
) -> bool {
    let owner = object.meta().controller();
    owner.is_some_and(|o| owners.contains(o.uid.as_str()))
}

/// All of a list: a part of it would tell of too few pods.
fn all<T>(answer: Result<BoundedList<T>, Failure>) -> Result<Vec<T>, Lack> {
    match answer {
        Ok(part) if part.complete => Ok(part.items),
        Ok(_) => Err(Lack::TooMuch),
        Err(failure) => Err(Lack::Failed(failure)),
    }
}

fn late() -> Failure {
    Failure::new(Class::Timeout, "not finished in the time that causes may take")
        .with_hint("ask again, with a longer --timeout; or leave causes out with --cause none")
}

/// One entry a kind and class of failure.
fn told(missed: Vec<Missed>) -> Vec<NotSeen> {
    let mut groups: BTreeMap<(&str, &str), Vec<Missed>> = BTreeMap::new();
    for one in missed {
        let class = match &one.lack {
            Lack::Failed(failure) => failure.class.as_str(),
            Lack::TooMuch => TOO_MANY,
        };
        groups.entry((one.plural, class)).or_default().push(one);
    }
    let entry = |group: Vec<Missed>| {
        let first = group.first()?;
        let names: BTreeSet<&str> = group.iter().filter_map(|m| m.namespace.as_deref()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let entry = match &first.lack {
            Lack::Failed(failure) => not_seen(first.plural, failure, Some(&first.rule)),
            Lack::TooMuch => NotSeen {
                thing: first.plural.to_owned(),
                class: TOO_MANY.into(),
                error: Some("more came than is read for causes".into()),
                hint: Some(NARROW.into()),
                ..NotSeen::default()
            },
        };
        Some(NotSeen {
            scope: Scope::of_all(&names),
            resource: Some(first.resource.clone()),
            ..entry
        })
    };
    groups.into_values().filter_map(entry).collect()
}
