//! Evidence in a dump: pods, ReplicaSets, Jobs, events, nodes, and the time.

use super::gaps;
use super::revisions::DumpRevisions;
use super::written::written_objects;
use crate::check::{
    Check, EventsAndNodes, Evidence, EvidenceObject, EvidenceStore, NodesSeen, Now, WrittenObject,
};
use crate::dump::Objects;
use crate::judge::{EvidenceFor, OwnedObject, OwnerGraph, Times};
use crate::report::NotSeen;
use crate::resource::{
    Job, Node, ObjectMeta, Pod, ReplicaSet, ReplicationController, Resource, Time, Undecodable,
};
use crate::run::clock::Clock;
use crate::run::request::{Causes, Request};
use std::collections::HashSet;

/// The evidence that a dump holds.
pub(super) struct EvidenceInDump<'a> {
    objects: &'a Objects,
    /// The time that was given.
    at: Option<Time>,
    /// The newest time, the object that has it, and the newest time of all others.
    newest: Option<(Time, usize, Option<Time>)>,
    /// The time of the report.
    time: Time,
    store: EvidenceStore,
    has_pods: bool,
    /// The namespaces in which not all pods were seen, as the dump itself says; `None` for all namespaces.
    without_pods: HashSet<Option<&'a str>>,
    /// Objects that are evidence and do not decode: their kind, and the error.
    undecodable: Vec<(&'static str, Undecodable)>,
}

impl<'a> EvidenceInDump<'a> {
    pub fn new(objects: &'a Objects, at: Option<Time>, clock: Clock) -> Self {
        let (mut store, mut undecodable) = (EvidenceStore::default(), Vec::new());
        add::<Pod>(objects, &mut store, &mut undecodable);
        add::<ReplicaSet>(objects, &mut store, &mut undecodable);
        add::<Job>(objects, &mut store, &mut undecodable);
        let events = decodable(objects, &mut undecodable).into_iter();
        store.add_events(events.map(|(_, event)| event));
        let before = undecodable.len();
        let nodes = decodable(objects, &mut undecodable).into_iter();
        store.add_nodes(nodes.map(|(_, node)| node));
        let has_gap = gaps::resource_gaps(objects, Node::PLURAL).next().is_some();
        if undecodable.len() == before && !has_gap && objects.holds::<Node>() {
            store.add_nodes_seen(NodesSeen::All);
        }
        // Pods are found through their ReplicaSets too.
        let behind = [Pod::PLURAL, ReplicaSet::PLURAL].into_iter();
        let without_pods = behind.flat_map(|plural| gaps::resource_gaps(objects, plural));
        let newest = objects.newest();
        Self {
            objects,
            at,
            newest,
            time: at.or(newest.map(|(time, _, _)| time)).unwrap_or_else(clock),
            store,
            has_pods: objects.holds::<Pod>(),
            without_pods: without_pods.map(|(namespace, _)| namespace).collect(),
            undecodable,
        }
    }

    /// The time of the report.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The time for verdicts that no object of the dump has witnessed.
    pub fn now(&self) -> Now {
        self.at.map_or(Now::inferred(self.time, None), Now::known)
    }

    /// Whether all pods of a namespace were seen. Then a pod that is not in the dump is not in the cluster.
    fn saw_pods(&self, namespace: &str) -> bool {
        self.has_pods && !self.without_pods.contains(&None) && !self.without_pods.contains(&Some(namespace))
    }

    /// The entries for evidence that does not decode. If the kind was requested, each such object has an item instead.
    pub fn not_understood(&self, request: &Request) -> impl Iterator<Item = NotSeen> {
        let in_scope = |u: &Undecodable| {
            u.namespace.is_empty() || request.namespace.as_ref().is_none_or(|n| *n == u.namespace)
        };
        let asked = |kind: &str| request.kinds.iter().any(|target| target.kind.kind() == kind);
        let lost = self.undecodable.iter();
        let lost = lost.filter(move |(kind, u)| in_scope(u) && !asked(kind));
        lost.map(|(kind, u)| NotSeen {
            thing: [*kind, &u.namespace, &u.name]
                .into_iter()
                .filter(|w| !w.is_empty())
                .collect::<Vec<_>>()
                .join("/"),
            class: "undecodable".into(),
            error: Some(u.error.clone()),
            hint: Some("take the dump again, or mend that place".into()),
            ..NotSeen::default()
        })
    }

    /// The controllers of objects that can stand between a pod and its workload.
    pub fn owner_graph(&self) -> OwnerGraph {
        fn link<T: Check>(objects: &Objects, graph: &mut OwnerGraph) {
            let all = objects.decode_kind::<T>().into_iter();
            let decoded = all.filter_map(|entry| entry.object.ok());
            decoded
                .filter_map(|object| OwnedObject::new(&object))
                .for_each(|owned| graph.add_link(owned));
        }
        let mut graph = OwnerGraph::default();
        link::<ReplicaSet>(self.objects, &mut graph);
        link::<ReplicationController>(self.objects, &mut graph);
        link::<Job>(self.objects, &mut graph);
        graph
    }

    /// The time that ages of the object at that index of the dump are measured against.
    fn now_of(&self, index: usize) -> Now {
        match (self.at, self.newest) {
            (Some(at), _) => Now::known(at),
            (None, Some((newest, at, others))) => {
                Now::inferred(newest, if at == index { others } else { Some(newest) })
            }
            (None, None) => Now::inferred(self.time, None),
        }
    }
}

/// The evidence of a dump, for each of its objects.
pub(super) struct DumpEvidence<'a> {
    found: &'a EvidenceInDump<'a>,
    events_and_nodes: EventsAndNodes<'a>,
    revisions: DumpRevisions<'a>,
    written: Vec<WrittenObject>,
    explained: bool,
}

impl<'a> DumpEvidence<'a> {
    pub fn new(found: &'a EvidenceInDump<'a>, request: &Request) -> Self {
        Self {
            found,
            events_and_nodes: found.store.events_and_nodes(),
            revisions: DumpRevisions::new(found.objects, &found.store, found.now()),
            written: written_objects(found.objects),
            explained: request.causes != Causes::None,
        }
    }

    /// Whether the object at that index of the dump has the newest time of all.
    pub fn is_newest(&self, index: usize) -> bool {
        self.newest_index() == Some(index)
    }

    /// The times of the objects of a snapshot. `newest` is the place of the object that has the newest time of the
    /// dump.
    pub fn times(&self, newest: Option<usize>) -> Times {
        let own = self.newest_index().map(|index| self.found.now_of(index));
        Times::all_but(self.found.now_of(usize::MAX), newest.zip(own))
    }

    fn newest_index(&self) -> Option<usize> {
        self.found.newest.map(|(_, index, _)| index)
    }
}

impl EvidenceFor for DumpEvidence<'_> {
    fn evidence_for<'a>(&'a self, meta: &ObjectMeta, now: Now) -> Evidence<'a> {
        let found = self.found;
        let pods = found
            .store
            .workload_pods(meta, &self.events_and_nodes, |index| found.now_of(index));
        Evidence {
            pods: pods.filter(|pods| found.saw_pods(&meta.namespace) || !pods.jobs.is_empty()),
            events_and_nodes: Some(&self.events_and_nodes),
            revisions: Some(&self.revisions),
            written_objects: &self.written,
            explained: self.explained,
            ..Evidence::new(now)
        }
    }
}

/// The objects of a kind that decode, with their indices. The others are added to `undecodable`.
fn decodable<T: Resource>(
    objects: &Objects,
    undecodable: &mut Vec<(&'static str, Undecodable)>,
) -> Vec<(usize, T)> {
    let mut found = Vec::new();
    for entry in objects.decode_kind::<T>() {
        match entry.object {
            Ok(object) => found.push((entry.index, object)),
            Err(error) => undecodable.push((T::KIND, error)),
        }
    }
    found
}

fn add<T: EvidenceObject>(
    objects: &Objects,
    store: &mut EvidenceStore,
    undecodable: &mut Vec<(&'static str, Undecodable)>,
) {
    for (index, object) in decodable::<T>(objects, undecodable) {
        store.add(index, object);
    }
}
