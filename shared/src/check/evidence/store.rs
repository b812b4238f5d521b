//! A store of pods by their owner's uid, and of events and nodes.
//!
//! Owner references lead from a workload to its pods, in a dump as in a cluster: labels overlap.

use super::{FindRevisions, RevisionHistory, WrittenObject};
use crate::check::{EventsAndNodes, Evidence, GRACE_SECONDS, NodesSeen, Now, Pods};
use crate::report::ChangeKind;
use crate::resource::{
    ContainerStatus, Event, Job, Node, ObjectMeta, Pod, REVISION, ReplicaSet, Resource, Revision,
};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

/// An object and the index of the dump that it is from, which decides its time; 0 if there is only one time.
type Placed<T> = (usize, T);

/// Pods, ReplicaSets and Jobs by owner, with events and nodes.
#[derive(Debug, Default)]
pub struct EvidenceStore {
    pods: HashMap<String, Vec<Placed<Pod>>>,
    replica_sets: HashMap<String, Vec<Placed<ReplicaSet>>>,
    jobs: HashMap<String, Vec<Placed<Job>>>,
    events: Vec<Event>,
    nodes: Vec<Node>,
    nodes_seen: NodesSeen,
    /// Uids of objects whose pods were searched for completely: no pod found means that there is none.
    complete: HashSet<String>,
    /// Revisions of workloads, by the workload's uid.
    revisions: HashMap<String, RevisionHistory>,
    written_objects: Vec<WrittenObject>,
}

/// A kind that is evidence for other objects.
pub(crate) trait EvidenceObject: Resource {
    /// The map that keeps such objects by their controller's uid.
    fn objects_by_owner(known: &mut EvidenceStore) -> &mut HashMap<String, Vec<Placed<Self>>>;

    /// Drops fields that say nothing about other objects.
    fn trim(&mut self);

    /// The uid of its owner.
    fn owner(&self) -> Option<&str> {
        self.meta().controller().map(|owner| owner.uid.as_str())
    }
}

/// Drops labels and managers: nothing selects or dates evidence by them. A pod keeps its revision.
fn trim(meta: &mut Option<ObjectMeta>) {
    if let Some(meta) = meta {
        meta.labels.retain(|key, _| key == REVISION);
        meta.managed_fields = Vec::new();
    }
}

impl EvidenceObject for Pod {
    fn objects_by_owner(known: &mut EvidenceStore) -> &mut HashMap<String, Vec<Placed<Self>>> {
        &mut known.pods
    }

    fn trim(&mut self) {
        trim(&mut self.metadata);
        // Of a ready pod only three facts matter: that it is ready, since when, and whether its containers ended before.
        if self.is_ready() && self.meta().deletion_timestamp.is_none() {
            let has_ended =
                |c: &ContainerStatus| c.last_state.as_ref().is_some_and(|s| s.terminated.is_some());
            let mut ended = false;
            if let Some(status) = &mut self.status {
                for containers in [
                    &mut status.container_statuses,
                    &mut status.init_container_statuses,
                ] {
                    containers.retain(has_ended);
                    containers.shrink_to_fit();
                    ended |= !containers.is_empty();
                }
            }
            if !ended {
                self.spec = None;
            }
        }
    }
}

impl EvidenceObject for ReplicaSet {
    fn objects_by_owner(known: &mut EvidenceStore) -> &mut HashMap<String, Vec<Placed<Self>>> {
        &mut known.replica_sets
    }

    fn trim(&mut self) {
        trim(&mut self.metadata);
        if let Some(spec) = &mut self.spec {
            spec.selector = None;
        }
    }
}

impl EvidenceObject for Job {
    fn objects_by_owner(known: &mut EvidenceStore) -> &mut HashMap<String, Vec<Placed<Self>>> {
        &mut known.jobs
    }

    fn trim(&mut self) {
        trim(&mut self.metadata);
    }

    fn owner(&self) -> Option<&str> {
        let controller = self.meta().controller().map(|owner| owner.uid.as_str());
        controller.or_else(|| self.cron_job())
    }
}

impl EvidenceStore {
    /// Adds an object under its owner's uid. Objects without an owner are ignored.
    pub(crate) fn add<T: EvidenceObject>(&mut self, index: usize, mut object: T) {
        object.trim();
        if let Some(uid) = object.owner().map(str::to_owned) {
            T::objects_by_owner(self)
                .entry(uid)
                .or_default()
                .push((index, object));
        }
    }

    pub(crate) fn add_events(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
    }

    pub(crate) fn add_nodes(&mut self, nodes: impl IntoIterator<Item = Node>) {
        self.nodes.extend(nodes);
    }

    /// Adds nodes that were searched for, whether they exist or not.
    pub(crate) fn add_nodes_seen(&mut self, seen: NodesSeen) {
        match (&mut self.nodes_seen, seen) {
            (NodesSeen::These(names), NodesSeen::These(more)) => names.extend(more),
            (NodesSeen::All, _) => {}
            (all, NodesSeen::All) => *all = NodesSeen::All,
        }
    }

    /// Adds the revisions of workloads. All revisions of a workload have to be added at once.
    pub(crate) fn add_revisions(&mut self, revisions: impl IntoIterator<Item = Revision>) {
        self.revisions.extend(RevisionHistory::by_owner(revisions));
    }

    /// Adds objects on which workloads depend.
    pub(crate) fn add_written_objects(&mut self, objects: impl IntoIterator<Item = WrittenObject>) {
        self.written_objects.extend(objects);
    }

    /// The ConfigMaps that the newest revision of a workload names.
    pub(crate) fn config_maps(&self, uid: &str) -> impl Iterator<Item = &str> {
        let history = self.revisions.get(uid);
        history
            .into_iter()
            .flat_map(|history| history.config_maps.iter().map(String::as_str))
    }

    /// Marks an object whose pods were searched for completely.
    pub(crate) fn mark_complete(&mut self, uid: &str) {
        self.complete.insert(uid.to_owned());
    }

    /// Whether it holds no evidence.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
            && self.replica_sets.is_empty()
            && self.jobs.is_empty()
            && self.events.is_empty()
            && self.complete.is_empty()
    }

    /// Whether every pod of that object was searched for.
    pub(crate) fn is_complete(&self, uid: &str) -> bool {
        self.complete.contains(uid)
    }

    /// Adds a pod that is judged by itself: it is its own evidence.
    pub(crate) fn add_itself(&mut self, pod: Pod) {
        let uid = pod.meta().uid.clone();
        self.pods.entry(uid).or_default().push((0, pod));
    }

    /// The pod of that name.
    pub(crate) fn pod(&self, namespace: &str, name: &str) -> Option<&Pod> {
        self.pods()
            .find(|pod| pod.meta().namespace == namespace && pod.meta().name == name)
    }

    /// Every pod.
    pub(crate) fn pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.values().flatten().map(|(_, pod)| pod)
    }

    pub(crate) fn replica_sets(&self) -> impl Iterator<Item = &ReplicaSet> {
        self.replica_sets.values().flatten().map(|(_, set)| set)
    }

    /// The indices in the dump of the ReplicaSets of a workload.
    pub(crate) fn replica_set_indices(&self, uid: &str) -> impl Iterator<Item = usize> {
        let sets = self.replica_sets.get(uid).into_iter().flatten();
        sets.map(|(index, _)| *index)
    }

    /// The Jobs of an object that makes Jobs, from new to old. The Job whose pods say most comes first: the newest one
    /// that is under way and older than a minute.
    pub(crate) fn jobs(&self, uid: &str, now: impl Fn(usize) -> Now) -> Vec<&Job> {
        let mut jobs: Vec<&Placed<Job>> = self.jobs.get(uid).into_iter().flatten().collect();
        jobs.sort_by_key(|(_, job)| Reverse(job.meta().creation_timestamp));
        let settled = |(index, job): &&Placed<Job>| {
            let created = job.meta().creation_timestamp;
            !job.is_over() && created.is_some_and(|t| !now(*index).is_within(GRACE_SECONDS, t))
        };
        if let Some(at) = jobs.iter().position(settled) {
            let first = jobs.remove(at);
            jobs.insert(0, first);
        }
        jobs.into_iter().map(|(_, job)| job).collect()
    }

    /// The Job of an object that makes Jobs whose pods say most, and the newest one before it that succeeded, each with its index
    /// in the dump.
    pub(crate) fn runs(&self, uid: &str, now: impl Fn(usize) -> Now) -> Option<[(usize, &Job); 2]> {
        let last = *self.jobs(uid, now).first()?;
        let placed = self.jobs.get(uid).into_iter().flatten();
        let mut placed: Vec<(usize, &Job)> = placed.map(|(index, job)| (*index, job)).collect();
        placed.sort_by_key(|(_, job)| Reverse(job.meta().creation_timestamp));
        let at = placed
            .iter()
            .position(|(_, job)| job.meta().uid == last.meta().uid)?;
        let before = placed
            .get(at + 1..)?
            .iter()
            .find(|(_, job)| job.met("Complete").is_some())?;
        Some([*placed.get(at)?, *before])
    }

    /// How many active pods an object has itself.
    pub(crate) fn count_active_pods(&self, uid: &str) -> usize {
        let pods = self.pods.get(uid).into_iter().flatten();
        pods.filter(|(_, pod)| pod.is_active()).count()
    }

    /// Events and nodes, sorted. Make it once for many objects.
    #[must_use]
    pub fn events_and_nodes(&self) -> EventsAndNodes<'_> {
        EventsAndNodes::new(&self.events, &self.nodes).with_nodes_seen(&self.nodes_seen)
    }

    /// The evidence of each of these objects, by uid.
    #[must_use]
    pub fn split<'a>(mut self, uids: impl IntoIterator<Item = &'a str>) -> HashMap<String, Self> {
        let mut events: HashMap<String, Vec<Event>> = HashMap::new();
        let mut claim_events: HashMap<(String, String), Vec<Event>> = HashMap::new();
        for event in self.events.drain(..) {
            if let Some((namespace, name)) = event.claim() {
                let claim = (namespace.to_owned(), name.to_owned());
                claim_events.entry(claim).or_default().push(event);
                continue;
            }
            events.entry(event.about().to_owned()).or_default().push(event);
        }
        let mut parts = HashMap::new();
        for uid in uids {
            let mut part = Self::default();
            let mut owners = vec![uid.to_owned()];
            if let Some(sets) = self.replica_sets.remove(uid) {
                owners.extend(sets.iter().map(|(_, set)| set.meta().uid.clone()));
                part.replica_sets.insert(uid.to_owned(), sets);
            }
            if let Some(jobs) = self.jobs.remove(uid) {
                owners.extend(jobs.iter().map(|(_, job)| job.meta().uid.clone()));
                part.jobs.insert(uid.to_owned(), jobs);
            }
            for owner in owners {
                part.events.extend(events.remove(&owner).unwrap_or_default());
                let Some(pods) = self.pods.remove(&owner) else {
                    continue;
                };
                for (_, pod) in &pods {
                    part.events
                        .extend(events.remove(&pod.meta().uid).unwrap_or_default());
                }
                part.pods.insert(owner, pods);
            }
            let nodes: HashSet<&str> = part.pods().filter_map(|p| p.node().or(p.made_for())).collect();
            let nodes = self
                .nodes
                .iter()
                .filter(|n| nodes.contains(n.meta().name.as_str()));
            part.nodes = nodes.cloned().collect();
            let claims: BTreeSet<(String, String)> = part
                .pods()
                .flat_map(|p| p.claims().map(|c| (p.meta().namespace.clone(), c.to_owned())))
                .collect();
            for claim in claims {
                part.events
                    .extend(claim_events.get(&claim).into_iter().flatten().cloned());
            }
            part.nodes_seen = self.nodes_seen.clone();
            part.revisions.extend(self.revisions.remove_entry(uid));
            let concerning = self
                .written_objects
                .iter()
                .filter(|written| part.may_concern(uid, written));
            part.written_objects = concerning.cloned().collect();
            if self.complete.remove(uid) {
                part.complete.insert(uid.to_owned());
            }
            parts.insert(uid.to_owned(), part);
        }
        parts
    }

    /// Whether a write of another object may have changed something for the object of that uid, of which this is the evidence.
    fn may_concern(&self, uid: &str, written: &WrittenObject) -> bool {
        let history = self.revisions.get(uid);
        let is_named = || history.is_some_and(|history| history.config_maps.contains(&written.object.name));
        let mut sets = self.replica_sets().map(ReplicaSet::meta);
        let mut pods = self.pods().map(Pod::meta);
        let own = sets
            .next()
            .or_else(|| pods.next())
            .map(|meta| meta.namespace.as_str());
        let is_near =
            written.object.namespace.is_empty() || own.is_none_or(|own| own == written.object.namespace);
        is_near && (written.what != ChangeKind::Config || is_named())
    }

    /// The evidence about one object at a known time.
    pub fn evidence<'a>(
        &'a self,
        meta: &ObjectMeta,
        known: &'a EventsAndNodes<'a>,
        now: Now,
    ) -> Evidence<'a> {
        Evidence {
            pods: self.workload_pods(meta, known, |_| now),
            events_and_nodes: Some(known),
            revisions: Some(self),
            written_objects: &self.written_objects,
            ..Evidence::new(now)
        }
    }

    /// The pods of a workload, found through its ReplicaSets or its newest Job. `None` if they were not seen: nothing
    /// was found, and the search was not complete.
    pub(crate) fn workload_pods<'a>(
        &'a self,
        meta: &ObjectMeta,
        known: &'a EventsAndNodes<'a>,
        now: impl Fn(usize) -> Now,
    ) -> Option<Pods<'a>> {
        let uid = &meta.uid;
        if uid.is_empty() {
            return None;
        }
        let mut found = Pods {
            events_and_nodes: Some(known),
            ..Pods::default()
        };
        let mut owners = vec![uid.as_str()];
        for (index, set) in self.replica_sets.get(uid).into_iter().flatten() {
            let created = set.meta().creation_timestamp.map(|t| (t, now(*index)));
            found.newest_replica_set = match (found.newest_replica_set, created) {
                (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
                (a, b) => a.or(b),
            };
            found.replica_sets.push(set);
            owners.push(&set.meta().uid);
        }
        found.jobs = self.jobs(uid, &now);
        owners.extend(found.jobs.first().map(|job| job.meta().uid.as_str()));
        for owner in owners {
            let pods = self.pods.get(owner).into_iter().flatten();
            found.pods.extend(pods.map(|(index, pod)| (pod, now(*index))));
        }
        let nothing = found.pods.is_empty() && found.replica_sets.is_empty() && found.jobs.is_empty();
        (!nothing || self.complete.contains(uid)).then_some(found)
    }
}

impl FindRevisions for EvidenceStore {
    fn revision_history(&self, meta: &ObjectMeta) -> Option<RevisionHistory> {
        self.revisions.get(&meta.uid).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ObjectRef;
    use crate::resource::{Revision, Time, from_value};
    use serde_json::json;

    #[test]
    fn an_object_gets_only_the_written_objects_that_may_concern_it() {
        let mut store = EvidenceStore::default();
        for (uid, namespace, config) in [("u-1", "shop", "settings"), ("u-2", "bank", "other")] {
            let owner = json!([{"kind": "Deployment", "name": "web", "uid": uid, "controller": true}]);
            let set: ReplicaSet = from_value(
                &json!({"metadata": {"namespace": namespace, "name": uid, "ownerReferences": owner}}),
            )
            .unwrap_or_default();
            store.add(0, set);
            let reference = json!({"envFrom": [{"configMapRef": {"name": config}}]});
            store.add_revisions([Revision {
                owner: uid.to_owned(),
                number: 1,
                template: reference,
                ..Revision::default()
            }]);
        }
        let written = |what, object: ObjectRef| WrittenObject {
            subject: object.clone(),
            object,
            what,
            at: Time::from_seconds(1),
            by: None,
        };
        store.add_written_objects([
            written(
                ChangeKind::Config,
                ObjectRef::namespaced("ConfigMap", "shop", "settings"),
            ),
            written(
                ChangeKind::Config,
                ObjectRef::namespaced("ConfigMap", "bank", "settings"),
            ),
            written(
                ChangeKind::Quota,
                ObjectRef::namespaced("ResourceQuota", "bank", "q"),
            ),
            written(ChangeKind::Node, ObjectRef::named("Node", "n1")),
        ]);
        let parts = store.split(["u-1", "u-2"]);
        let names = |uid: &str| -> Vec<String> {
            let part = parts
                .get(uid)
                .map(|part| part.written_objects.as_slice())
                .unwrap_or_default();
            part.iter().map(|written| written.object.to_string()).collect()
        };
        assert_eq!(names("u-1"), ["ConfigMap/shop/settings", "Node/n1"]);
        assert_eq!(names("u-2"), ["ResourceQuota/bank/q", "Node/n1"]);
    }
}
