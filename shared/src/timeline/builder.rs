//! Collects what happened, object by object, and makes the timeline of it. Only what is within the window is kept.

use super::events::{self, EventFinding};
use super::happening::{Happening, TimelineSource};
use super::revisions::{RevisionObject, RevisionObjects, RevisionPair};
use super::scalings::ReplicaSetScaling;
use super::scope::TimelineScope;
use super::window::TimeWindow;
use super::{fold, leases, nodes, objects, pods, reach, revisions, scalings, transitions, workloads};
use crate::check::RevisionHistory;
use crate::report::{ObjectRef, SourceReach, Timeline, TimelineKind, TransitionRecord};
use crate::resource::{Event, Lease, Node, ObjectMeta, Pod, Resource as _, Time};
use std::collections::{BTreeSet, HashMap};

/// Happenings that are kept, the newest. One takes about half a kilobyte.
const MOST: usize = 20_000;
/// Two sources date one thing at most so many seconds apart.
const SAME_SECONDS: i64 = 120;

/// Collects what happened within a window.
#[derive(Debug)]
pub struct TimelineBuilder {
    window: TimeWindow,
    scope: TimelineScope,
    happenings: Vec<Happening>,
    left_out: u64,
    scalings: Vec<ReplicaSetScaling>,
    stopped: Vec<Happening>,
    workloads: HashMap<String, (ObjectRef, ObjectMeta)>,
    revisions: RevisionObjects,
    oldest_event: Option<Time>,
    sources: BTreeSet<TimelineSource>,
}

impl TimelineBuilder {
    /// A builder that has seen nothing.
    #[must_use]
    pub fn new(window: TimeWindow, scope: TimelineScope) -> Self {
        Self {
            window,
            scope,
            happenings: Vec::new(),
            left_out: 0,
            scalings: Vec::new(),
            stopped: Vec::new(),
            workloads: HashMap::new(),
            revisions: RevisionObjects::default(),
            oldest_event: None,
            sources: BTreeSet::new(),
        }
    }

    /// Notes that a source was read, so that the timeline says how far back it reaches.
    pub fn saw(&mut self, source: TimelineSource) {
        self.sources.insert(source);
    }

    /// Adds a workload of that kind. A Job that a controller made is not worth a line.
    pub fn add_workload(&mut self, kind: &str, meta: ObjectMeta) {
        let object = ObjectRef::namespaced(kind, &meta.namespace, &meta.name);
        let is_made = kind == "Job" && meta.controller().is_some();
        if !is_made && self.scope.takes(&object, None) && workloads::is_touched(&meta, &self.window) {
            self.workloads.insert(meta.uid.clone(), (object, meta));
        }
    }

    /// Adds an object that keeps a revision.
    pub fn add_revision(&mut self, revision: RevisionObject) {
        if self.scope.takes(&revision.owner, None) {
            self.revisions.add(revision);
        }
    }

    /// Adds a quota, a `LimitRange`, a webhook configuration or a `ConfigMap`.
    pub fn add_object(&mut self, kind: &str, what: TimelineKind, meta: &ObjectMeta) {
        self.extend(objects::happenings(kind, what, meta, &self.window));
    }

    /// Adds a node.
    pub fn add_node(&mut self, node: &Node) {
        self.extend(nodes::happenings(node, &self.window));
    }

    /// Adds a pod.
    pub fn add_pod(&mut self, pod: &Pod) {
        self.extend(pods::happenings(pod, &self.window));
    }

    /// Adds a Lease of `kube-system`.
    pub fn add_lease(&mut self, lease: &Lease) {
        let found = leases::happenings(lease, &self.window);
        let found = found.filter(|_| self.scope.is_everything() || self.scope.api_server);
        self.happenings.extend(found);
    }

    /// Adds an event.
    pub fn add_event(&mut self, event: &Event) {
        let time = event.first().or_else(|| event.meta().creation_timestamp);
        if let Some(time) = time {
            self.oldest_event = Some(self.oldest_event.map_or(time, |oldest| oldest.min(time)));
        }
        match events::finding(event, &self.window) {
            Some(EventFinding::Happened(happening)) => {
                let is_leader = happening.what == TimelineKind::Leader && self.scope.api_server;
                if is_leader {
                    self.happenings.push(happening);
                } else {
                    self.extend([happening]);
                }
            }
            Some(EventFinding::Scaled(scaling)) if self.scope.takes(&scaling.workload, None) => {
                self.scalings.push(scaling);
                if self.scalings.len() > MOST.saturating_mul(2) {
                    self.scalings.sort_by_key(|scaling| std::cmp::Reverse(scaling.at));
                    self.left_out = self.left_out.saturating_add(MOST as u64);
                    self.scalings.truncate(MOST);
                }
            }
            Some(EventFinding::Stopped(happening)) if self.takes(&happening) => {
                self.stopped.push(happening);
                if self.stopped.len() > MOST.saturating_mul(2) {
                    self.left_out = self.left_out.saturating_add(keep_newest(&mut self.stopped));
                }
            }
            Some(EventFinding::Scaled(_) | EventFinding::Stopped(_)) | None => {}
        }
    }

    /// Adds a transition that an agent saw. Returns whether its time could be read.
    pub fn add_transition(&mut self, transition: &TransitionRecord) -> bool {
        let found = transitions::happening(transition);
        let is_read = found.is_some();
        let window = self.window;
        self.extend(found.filter(|found| window.has(found.at)));
        is_read
    }

    fn takes(&self, happening: &Happening) -> bool {
        self.scope.takes(&happening.object, happening.node.as_deref())
    }

    fn extend(&mut self, found: impl IntoIterator<Item = Happening>) {
        for happening in found {
            if self.takes(&happening) {
                self.happenings.push(happening);
            }
        }
        if self.happenings.len() > MOST.saturating_mul(2) {
            self.left_out = self.left_out.saturating_add(keep_newest(&mut self.happenings));
        }
    }

    /// The revisions that became the newest within the window, the latest first. Their templates are worth reading.
    #[must_use]
    pub fn pairs(&self) -> Vec<RevisionPair> {
        self.revisions.pairs(&self.workloads, &self.window)
    }

    /// Adds the entries and the reach to a timeline. `pairs` are those of [`TimelineBuilder::pairs`], with their revisions if
    /// these were read.
    pub fn finish(self, pairs: &[(RevisionPair, Option<RevisionHistory>)], timeline: &mut Timeline) {
        let Self {
            window,
            mut happenings,
            mut left_out,
            scalings,
            stopped,
            workloads,
            oldest_event,
            sources,
            ..
        } = self;
        let mut times: HashMap<ObjectRef, Vec<Time>> = HashMap::new();
        let nothing = ObjectMeta::default();
        for (pair, history) in pairs {
            let owner = &pair.newest.owner;
            times.entry(owner.clone()).or_default().push(pair.at);
            let meta = workloads
                .get(&pair.newest.owner_uid)
                .map_or(&nothing, |(_, meta)| meta);
            happenings.push(revisions::happening(pair, history.as_ref(), meta));
        }
        for (object, meta) in workloads.values() {
            let own = times.get(object).map_or(&[][..], Vec::as_slice);
            happenings.extend(workloads::happenings(object, meta, own, &window));
        }
        happenings.extend(scalings::happenings(scalings, &times, &workloads));
        let drained = drained_nodes(&happenings);
        happenings.extend(stopped.into_iter().filter(|pod| {
            let node = pod.node.as_deref();
            node.is_some_and(|node| drained.contains(node))
        }));
        let mut happenings = merge(happenings);
        if happenings.len() > MOST {
            left_out = left_out.saturating_add(keep_newest(&mut happenings));
        }
        timeline.since = window.since.to_string();
        timeline.until = window.until.map(|time| time.to_string());
        timeline.entries = fold::fold(happenings);
        timeline.left_out = timeline.left_out.saturating_add(left_out);
        let mut all: Vec<SourceReach> = Vec::new();
        if sources.contains(&TimelineSource::Events) {
            all.push(reach::of_events(oldest_event, window.since));
        }
        all.extend(sources.into_iter().filter_map(reach::reach));
        timeline.reach.extend(all);
    }
}

/// Keeps the newest happenings. Returns the number of those that are left out.
fn keep_newest(happenings: &mut Vec<Happening>) -> u64 {
    let all = happenings.len();
    happenings.sort_by_key(|happening| std::cmp::Reverse(happening.at));
    happenings.truncate(MOST);
    all.saturating_sub(happenings.len()) as u64
}

/// The nodes that were cordoned, became not ready or were removed. Pods that stop there did not stop for a rollout.
fn drained_nodes(happenings: &[Happening]) -> BTreeSet<String> {
    let is_drain = |happening: &&Happening| {
        let words = happening.words.as_str();
        let begins = [
            "cordoned",
            "became NotReady",
            "removed",
            "the cluster autoscaler removes",
        ];
        happening.object.kind == "Node" && begins.iter().any(|begin| words.starts_with(begin))
    };
    let nodes = happenings.iter().filter(is_drain);
    nodes.map(|happening| happening.object.name.clone()).collect()
}

/// Puts together what two sources show of one thing.
fn merge(mut happenings: Vec<Happening>) -> Vec<Happening> {
    happenings.sort_by_key(|happening| (happening.at, happening.source));
    let mut merged: Vec<(Happening, BTreeSet<TimelineSource>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for happening in happenings {
        let Some(same) = happening.same.clone() else {
            merged.push((happening, BTreeSet::new()));
            continue;
        };
        let before = known.get(&same).and_then(|at| merged.get_mut(*at));
        match before {
            Some((before, sources))
                if is_same(before, &happening) && !sources.contains(&happening.source) =>
            {
                sources.insert(happening.source);
                *before = both(before.clone(), happening);
            }
            _ => {
                known.insert(same, merged.len());
                let sources = BTreeSet::from([happening.source]);
                merged.push((happening, sources));
            }
        }
    }
    merged.into_iter().map(|(happening, _)| happening).collect()
}

fn is_same(before: &Happening, happening: &Happening) -> bool {
    // A container that restarts again and again is one thing, from its first event to its last end.
    happening.what == TimelineKind::ContainerRestart || happening.at.seconds_after(before.at) <= SAME_SECONDS
}

/// Both in one: with the words of the source that says more, and all that only one of them knows.
fn both(first: Happening, second: Happening) -> Happening {
    let (at, last) = (first.at.min(second.at), first.last.max(second.last));
    let times = first.times.max(second.times);
    // Events have the numbers of a scaling, and objects have everything else in more words.
    let first_says_more = (first.source < second.source) != (first.what == TimelineKind::Scale);
    let (main, other) = if first_says_more {
        (first, second)
    } else {
        (second, first)
    };
    let by = main.by.clone().or(other.by);
    let words = match &by {
        Some(by) if main.by.is_none() => super::workloads::with_writer(&main.words, Some(by)),
        _ => main.words.clone(),
    };
    Happening {
        at,
        last,
        times,
        by,
        words,
        node: main.node.clone().or(other.node),
        ..main
    }
}
