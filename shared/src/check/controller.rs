//! The verdict about a controller by its objects, if the controller has no verdict of its own.
//!
//! A CloneSet of OpenKruise, a DeploymentConfig, a TaskRun or a custom kind makes pods, ReplicaSets or Jobs and has no
//! verdict here; a Deployment may not be readable. Its objects are judged one by one, by the rules of their kinds, and
//! reported together under its name. The pods asked for are those of its ReplicaSets, or its own number if that is
//! known, else the pods that exist. An object is left to its controller if the controller is judged or is reported
//! under the name of another one.

use super::message::Message;
use super::{Check, GRACE_SECONDS, Now};
use crate::kind::Kind;
use crate::report::{Cause, Code, Item, Note, ObjectRef, State};
use crate::resource::{OwnerReference, Time};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A controller, identified by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Controller {
    /// Its namespace, which is that of its objects.
    pub namespace: String,
    /// The API group of its kind, empty for the core group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Kinds that make ReplicaSets: the label with the suffix that they add to their own name, their group and their kind.
const REPLICA_SETS: [(&str, &str, &str); 2] = [
    ("pod-template-hash", "apps", "Deployment"),
    ("rollouts-pod-template-hash", "argoproj.io", "Rollout"),
];

/// The label by which a DeploymentConfig writes its own name on its pods.
const DEPLOYMENT_CONFIG: &str = "deploymentconfig";

impl Controller {
    /// The controller that an owner reference of that namespace names.
    #[must_use]
    pub fn from_owner(namespace: &str, owner: &OwnerReference) -> Self {
        let group = match owner.api_version.split_once('/') {
            Some((group, _)) => group,
            // Every reference has a version, but one written by hand may have none.
            None if owner.api_version.is_empty() => built_in_group(&owner.kind),
            None => "",
        };
        Self {
            namespace: namespace.to_owned(),
            group: group.to_owned(),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
        }
    }

    /// Whether it is a pod, such as the driver of a Spark application.
    #[must_use]
    pub fn is_pod(&self) -> bool {
        self.kind == "Pod" && self.group.is_empty()
    }

    /// The controller of this controller, read from the pod's labels and the controller's name: the object itself was
    /// not seen.
    #[must_use]
    pub fn own_controller(&self, labels: &BTreeMap<String, String>) -> Option<Self> {
        let controller = |group: &str, kind: &str, name: &str| {
            let named = !name.is_empty();
            named.then(|| Self {
                namespace: self.namespace.clone(),
                group: group.to_owned(),
                kind: kind.to_owned(),
                name: name.to_owned(),
            })
        };
        if self.kind == "ReplicationController" {
            let name = labels.get(DEPLOYMENT_CONFIG)?;
            let own = self.name.strip_prefix(name.as_str())?.starts_with('-');
            return controller("apps.openshift.io", "DeploymentConfig", name).filter(|_| own);
        }
        REPLICA_SETS.iter().find_map(|(label, group, kind)| {
            let hash = labels.get(*label).filter(|_| self.kind == "ReplicaSet")?;
            let name = self.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
            controller(group, kind, name)
        })
    }
}

/// The group of a built-in kind.
fn built_in_group(kind: &str) -> &'static str {
    let built_in = Kind::from_kind(kind).filter(|kind| kind.is_built_in());
    built_in.map_or("", Kind::group)
}

/// The uids of failed objects that another object of the same controller has replaced since.
#[must_use]
pub fn replaced_uids<'a, T: Check>(objects: impl Iterator<Item = &'a T> + Clone) -> HashSet<String> {
    let mut best: HashMap<&str, Time> = HashMap::new();
    let with_owner =
        objects.filter_map(|object| Some((object, object.responsible_controller()?.uid.as_str())));
    for (object, owner) in with_owner.clone() {
        if let Some(time) = object.replacement_time() {
            let newest = best.entry(owner).or_insert(time);
            *newest = time.max(*newest);
        }
    }
    let is_replaced = |object: &T, owner: &str| {
        object
            .failure_time()
            .is_some_and(|fell| best.get(owner) > Some(&fell))
    };
    let failed = with_owner.filter(|(object, owner)| is_replaced(object, owner));
    let uids = failed.map(|(object, _)| object.meta().uid.clone());
    uids.filter(|uid| !uid.is_empty()).collect()
}

/// The fields of a controller without a verdict of its own, if it was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ControllerFacts {
    /// How many pods it asks for.
    pub asked: Option<i64>,
    /// When it was last changed.
    pub changed: Option<Time>,
    /// Whether it says that it has succeeded: earlier failures are past then.
    pub is_done: bool,
}

/// The item of a controller, made from the items of its objects. `None` if no object is left.
#[must_use]
pub fn group(controller: &Controller, members: &[Item], facts: ControllerFacts, now: Now) -> Option<Item> {
    // A running object is not past even if its controller says that it has succeeded.
    let is_past = |m: &Item| facts.is_done && OVER.contains(&m.reason);
    let left = members.iter().filter(|m| m.state != State::Terminating);
    let members: Vec<&Item> = left.filter(|m| !is_past(m)).collect();
    if members.is_empty() {
        return None;
    }
    let group = ControllerGroup::new(&members, facts, now);
    let (state, healthy) = group.state();
    let failing = group.failing.iter().chain(&group.moving).copied();
    let since = failing.clone().filter_map(|m| m.since.as_ref()).min().cloned();
    let acknowledged = group.acknowledgement();
    let message = group.message();
    let notes: BTreeSet<&Note> = members.iter().flat_map(|m| m.notes.iter()).collect();
    let warnings: BTreeSet<&String> = members.iter().flat_map(|m| &m.warnings).collect();
    let kinds: BTreeSet<String> = members
        .iter()
        .map(|m| format!("{}s", m.kind.to_lowercase()))
        .collect();
    let object = ObjectRef::namespaced(&controller.kind, &controller.namespace, &controller.name);
    Some(Item {
        healthy: Some(healthy),
        desired: group.counted.then_some(group.desired),
        ready: group.counted.then_some(group.ready),
        detail: message.detail,
        since: since.filter(|_| !healthy || state == State::Progressing),
        notes: notes.into_iter().cloned().collect(),
        warnings: warnings.into_iter().cloned().collect(),
        causes: causes(failing),
        acknowledged,
        judged_by: kinds.into_iter().collect(),
        ..Item::new(object, state, group.reason(state), message.text)
    })
}

/// The objects of one controller, by state.
struct ControllerGroup<'a> {
    members: &'a [&'a Item],
    failing: Vec<&'a Item>,
    moving: Vec<&'a Item>,
    unknown: Vec<&'a Item>,
    /// Whether the objects count pods: Jobs do not.
    counted: bool,
    desired: i64,
    ready: i64,
    /// Pods that are asked for and do not exist.
    missing: i64,
    /// Whether the missing pods were asked for only just now.
    recent: bool,
}

impl<'a> ControllerGroup<'a> {
    fn new(members: &'a [&'a Item], facts: ControllerFacts, now: Now) -> Self {
        let all = |is: fn(&Item) -> bool| members.iter().copied().filter(|m| is(m)).collect::<Vec<_>>();
        let sum = |of: fn(&Item) -> Option<i64>| {
            let numbers = members.iter().filter_map(|m| of(m));
            numbers.fold(0_i64, i64::saturating_add)
        };
        let existing = sum(|m| m.desired);
        let asked = facts.asked.unwrap_or(existing);
        Self {
            members,
            failing: all(|m| matches!(m.state, State::Degraded | State::Unavailable)),
            moving: all(|m| m.state == State::Progressing),
            unknown: all(|m| m.state == State::Unknown),
            counted: members.iter().any(|m| m.desired.is_some()),
            desired: existing.max(asked),
            ready: sum(|m| m.ready),
            missing: asked.saturating_sub(existing).max(0),
            recent: facts.changed.is_some_and(|t| now.is_within(GRACE_SECONDS, t)),
        }
    }

    fn is_short(&self) -> bool {
        self.counted && self.missing > 0
    }

    fn state(&self) -> (State, bool) {
        let has = |state| self.members.iter().any(|m| m.state == state);
        match () {
            () if !self.failing.is_empty() || (self.is_short() && !self.recent) => {
                let none = self.counted && self.ready == 0;
                (if none { State::Unavailable } else { State::Degraded }, false)
            }
            () if !self.unknown.is_empty() => (State::Unknown, false),
            () if !self.moving.is_empty() || self.is_short() => {
                let full = self.moving.iter().all(|m| m.healthy == Some(true));
                (State::Progressing, full && !self.is_short())
            }
            () if has(State::Healthy) => (State::Healthy, true),
            () if has(State::Suspended) => (State::Suspended, true),
            () => (State::Succeeded, true),
        }
    }

    fn reason(&self, state: State) -> Code {
        let first = |of: &[&'a Item]| of.first().map(|m| m.reason.clone());
        let reason = match state {
            State::Degraded | State::Unavailable => {
                let too_few =
                    |m: &&Item| m.reason == Code::PodNotReady || m.reason == Code::ReadyBelowDesired;
                if self.failing.is_empty() || self.failing.iter().any(too_few) {
                    return Code::ReadyBelowDesired;
                }
                first(&self.failing)
            }
            State::Unknown => first(&self.unknown),
            State::Progressing => first(&self.moving).or(Some(Code::PodsStarting)),
            State::Healthy if self.counted => return Code::Ready,
            state => {
                let alike: Vec<&Item> = self
                    .members
                    .iter()
                    .copied()
                    .filter(|m| m.state == state)
                    .collect();
                first(&alike)
            }
        };
        reason.unwrap_or(Code::Ready)
    }

    fn message(&self) -> Message {
        let counts = self
            .counted
            .then(|| Message::counts(format!("{} of {} pods ready", self.ready, self.desired)));
        let mut parts = Vec::new();
        let over = self
            .members
            .iter()
            .filter(|m| m.kind == "Pod" && m.state == State::Succeeded);
        match over.count() {
            0 => {}
            1 if counts.is_none() => parts.push("its pod succeeded".to_owned()),
            1 => parts.push("1 pod succeeded".to_owned()),
            n => parts.push(format!("{n} pods succeeded")),
        }
        if self.is_short() {
            parts.push(format!("{} missing", self.missing));
        }
        parts.extend(self.jobs());
        // The numbers and the causes say enough about pods that are not ready.
        let words = self.failing.iter().chain(&self.unknown);
        let mut words = words.filter(|m| m.kind != "Job" && !COUNTS.contains(&m.reason));
        parts.extend(
            words
                .next()
                .map(|m| format!("{} {} {}", m.kind, m.name, m.message)),
        );
        if parts.is_empty() && counts.is_none() {
            let first = self.members.first();
            parts.extend(first.map(|m| format!("{} {} {}", m.kind, m.name, m.message)));
        }
        match counts {
            Some(counts) => parts.iter().fold(counts, |message, more| message.join(more)),
            None => parts.join(", ").into(),
        }
    }

    /// The sentence about its Jobs.
    fn jobs(&self) -> Option<String> {
        let jobs: Vec<&Item> = self.members.iter().copied().filter(|m| m.kind == "Job").collect();
        let is = |of: &[&Item], job: &Item| of.iter().any(|m| std::ptr::eq(*m, job));
        let some = |of: &[&Item]| {
            let some: Vec<&Item> = jobs.iter().copied().filter(|job| is(of, job)).collect();
            some
        };
        match (
            jobs.as_slice(),
            some(&self.failing).as_slice(),
            some(&self.moving).as_slice(),
        ) {
            ([], ..) => None,
            ([one], ..) => Some(format!("Job {}: {}", one.name, one.message)),
            (all, [first, rest @ ..], _) => Some(format!(
                "{} of {} Jobs not well, Job {}: {}",
                rest.len() + 1,
                all.len(),
                first.name,
                first.message
            )),
            (all, [], [first, ..]) => Some(format!(
                "{} Jobs, Job {}: {}",
                all.len(),
                first.name,
                first.message
            )),
            (all, [], []) => {
                let done = all.iter().filter(|m| m.state == State::Succeeded).count();
                Some(format!("{done} of {} Jobs succeeded", all.len()))
            }
        }
    }

    /// An acknowledgement, if every object that is not well has one.
    fn acknowledgement(&self) -> Option<crate::report::Acknowledged> {
        let mut short = self.failing.iter().chain(&self.moving).chain(&self.unknown);
        let first = short.next()?.acknowledged.clone()?;
        let all = !self.is_short() && short.all(|m| m.acknowledged.is_some());
        Some(first).filter(|_| all)
    }
}

/// Reasons of objects that have ended.
const OVER: [Code; 2] = [Code::PodFailed, Code::JobFailed];

/// Reasons that only repeat the numbers.
const COUNTS: [Code; 2] = [Code::PodNotReady, Code::ReadyBelowDesired];

/// The causes of all objects, each listed once.
fn causes<'a>(members: impl Iterator<Item = &'a Item>) -> Vec<Cause> {
    let key = |cause: &Cause| {
        let subject = cause.subject.as_ref().map(ObjectRef::to_string);
        subject.unwrap_or_else(|| cause.gist().to_owned())
    };
    let mut all: Vec<Cause> = Vec::new();
    for cause in members.flat_map(|m| &m.causes) {
        match all
            .iter_mut()
            .find(|c| c.code == cause.code && key(c) == key(cause))
        {
            Some(same) => same.count = same.count.saturating_add(cause.count),
            None => all.push(cause.clone()),
        }
    }
    super::cause::sort(&mut all);
    all
}
