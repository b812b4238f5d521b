//! What is known around the objects that are judged: their pods by uid, the events and the nodes.
//!
//! From a dump or from a cluster, the way from a workload to its pods is the same: owner references, since labels
//! overlap.

use crate::check::{Around, Evidence, Now, Pods};
use crate::resource::{Event, Job, Node, ObjectMeta, Pod, ReplicaSet, Resource};
use std::collections::{HashMap, HashSet};

/// An object and its place in the dump that it is from, by which its ages are measured; 0 where that does not matter.
type Placed<T> = (usize, T);

/// Pods and what is around them, by whose they are.
#[derive(Debug, Default)]
pub struct Known {
    pods: HashMap<String, Vec<Placed<Pod>>>,
    replica_sets: HashMap<String, Vec<Placed<ReplicaSet>>>,
    jobs: HashMap<String, Vec<Placed<Job>>>,
    events: Vec<Event>,
    nodes: Vec<Node>,
    /// Objects whose pods were all looked for, by uid: of these, no pod found is no pod there.
    complete: HashSet<String>,
}

/// A kind of object that is known around others.
pub(super) trait Evident: Resource {
    /// Where such objects are kept, by their controller's uid.
    fn shelf(known: &mut Known) -> &mut HashMap<String, Vec<Placed<Self>>>;
}

impl Evident for Pod {
    fn shelf(known: &mut Known) -> &mut HashMap<String, Vec<Placed<Self>>> {
        &mut known.pods
    }
}

impl Evident for ReplicaSet {
    fn shelf(known: &mut Known) -> &mut HashMap<String, Vec<Placed<Self>>> {
        &mut known.replica_sets
    }
}

impl Evident for Job {
    fn shelf(known: &mut Known) -> &mut HashMap<String, Vec<Placed<Self>>> {
        &mut known.jobs
    }
}

impl Known {
    /// Takes an object of somebody; what has no controller is nobody's evidence.
    pub(super) fn add<T: Evident>(&mut self, index: usize, object: T) {
        if let Some(uid) = object.meta().controller().map(|o| o.uid.clone()) {
            T::shelf(self).entry(uid).or_default().push((index, object));
        }
    }

    pub(super) fn add_events(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
    }

    pub(super) fn add_nodes(&mut self, nodes: impl IntoIterator<Item = Node>) {
        self.nodes.extend(nodes);
    }

    /// Notes that every pod of that object was looked for.
    pub fn complete(&mut self, uid: &str) {
        self.complete.insert(uid.to_owned());
    }

    /// Events and nodes, sorted. To be made once for many objects.
    #[must_use]
    pub fn around(&self) -> Around<'_> {
        Around::new(&self.events, &self.nodes)
    }

    /// The evidence about one object at a time that is known.
    pub fn evidence<'a>(&'a self, meta: &ObjectMeta, around: &'a Around<'a>, now: Now) -> Evidence<'a> {
        Evidence {
            pods: self.pods_of(meta, around, |_| now),
            around: Some(around),
            ..Evidence::at(now)
        }
    }

    /// The pods of a workload, through its ReplicaSets or its newest Job where it has some. `None` where they were not
    /// seen: nothing of it was found and it is not known that there is nothing.
    pub(super) fn pods_of<'a>(
        &'a self,
        meta: &ObjectMeta,
        around: &'a Around<'a>,
        now: impl Fn(usize) -> Now,
    ) -> Option<Pods<'a>> {
        let uid = &meta.uid;
        if uid.is_empty() {
            return None;
        }
        let mut found = Pods {
            around: Some(around),
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
        let jobs = self.jobs.get(uid).into_iter().flatten();
        if let Some((_, job)) = jobs.max_by_key(|(_, job)| job.meta().creation_timestamp) {
            found.job = Some(job);
            owners.push(&job.meta().uid);
        }
        for owner in owners {
            let pods = self.pods.get(owner).into_iter().flatten();
            found.pods.extend(pods.map(|(index, pod)| (pod, now(*index))));
        }
        let nothing = found.pods.is_empty() && found.replica_sets.is_empty() && found.job.is_none();
        (!nothing || self.complete.contains(uid)).then_some(found)
    }
}
