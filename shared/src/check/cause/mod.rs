//! Causes: why something is not healthy, one step of the chain a file.
//!
//! The order is: pods that may not be created, a lost node, no node, containers, volumes and sandbox, readiness. For
//! each pod the first step that finds a cause counts. A step can find several containers. A workload lists each
//! distinct cause once. A cause explains and does not decide: only a cause that does not pass by itself
//! ([`PodCause::hard`]) ends a grace, see [`Pods::hard_causes`].

pub(super) mod claim;
mod config_source;
mod container;
mod container_status;
mod creation;
mod image;
mod job;
mod needs;
mod node;
mod readiness;
mod sandbox;
mod scheduling;
mod sentence;
mod shortage;
mod terminated;

use super::evidence::EventsAndNodes;
pub(super) use creation::refusal;
pub(super) use job::job_failure;
pub use needs::{EvidenceNeeds, crashed_container};
pub(super) use sentence::Sentence;
pub use sentence::add_log_line;

use super::completion::PodCompletion;
use super::text::kubectl;
use super::{Check, Evidence, Now, Pods, is_open};
use crate::report::{Cause, Code, Item, ObjectRef};
use crate::resource::{Pod, Resource as _, Time};
use std::cmp::Reverse;

/// A cause in one pod or in one workload.
pub(super) struct PodCause {
    code: Code,
    /// Whether it does not pass by itself.
    pub hard: bool,
    says: Sentence,
    subject: Option<ObjectRef>,
    /// Since when it is so without a break.
    since: Option<Time>,
    /// When it last happened, if it happens again and again.
    last: Option<Time>,
    hint: String,
}

impl PodCause {
    fn into_cause(self, example: ObjectRef) -> Cause {
        let shared_words = self.says.shared_words.filter(|_| self.subject.is_none());
        let says = Sentence {
            shared_words,
            ..self.says
        };
        Cause {
            example: Some(example),
            hint: Some(self.hint),
            since: self.since.map(|t| t.to_string()),
            last: self.last.map(|t| t.to_string()),
            subject: self.subject,
            ..says.into_cause(self.code)
        }
    }
}

/// The command that shows more about a pod.
fn describe(pod: &Pod) -> String {
    let meta = pod.meta();
    kubectl(&meta.namespace, "describe pod", &meta.name)
}

/// The progress of a pod that is meant to end and works, though it may not be ready; `None` if its node does not
/// answer.
pub(super) fn working_pod<'a>(
    pod: &'a Pod,
    now: Now,
    known: Option<&EventsAndNodes<'_>>,
) -> Option<PodCompletion<'a>> {
    let nothing = EventsAndNodes::default();
    let is_lost = || node::node_cause(pod, now, known.unwrap_or(&nothing)).is_some();
    PodCompletion::from_pod(pod).filter(|_| !is_lost())
}

/// Why one pod is not ready, as far as it is known. A state that may pass by itself and still has time is no cause.
fn pod_causes(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Vec<PodCause> {
    let one = |cause: Option<PodCause>| cause.into_iter().collect();
    if pod.meta().deletion_timestamp.is_some() {
        return one(node::node_cause(pod, now, known).or_else(|| terminated::deletion_cause(pod, now)));
    }
    if !pod.is_active() || pod.is_ready() {
        return Vec::new();
    }
    if let Some(found) = node::node_cause(pod, now, known) {
        return vec![found];
    }
    if PodCompletion::from_pod(pod).is_some_and(|ending| ending.ready && !ending.done.is_empty()) {
        return Vec::new();
    }
    if pod.unscheduled().is_some() {
        return one(scheduling::scheduling_cause(pod, now, known));
    }
    let stopped = container::container_causes(pod, now, known);
    if !stopped.is_empty() {
        return stopped;
    }
    one(sandbox::sandbox_cause(pod, known).or_else(|| readiness::readiness_cause(pod, now, known)))
}

/// One entry a distinct cause that the filter accepts, with the newest pod as its example.
fn distinct_causes(pods: &Pods<'_>, is: impl Fn(&PodCause) -> bool) -> Vec<Cause> {
    let is_evidence = |pod: &Pod| pod.meta().controller().is_none_or(|owner| owner.kind == "Job");
    group_causes(pods, is_evidence, is)
}

/// One entry a distinct cause that the filter accepts. A pod that has failed for good counts only if it is evidence.
fn group_causes(
    pods: &Pods<'_>,
    is_evidence: impl Fn(&Pod) -> bool,
    is: impl Fn(&PodCause) -> bool,
) -> Vec<Cause> {
    let nothing = EventsAndNodes::default();
    let known = pods.events_and_nodes.unwrap_or(&nothing);
    let mut groups = CauseGroups::default();
    for (pod, now) in &pods.pods {
        let mut found = pod_causes(pod, *now, known);
        if found.is_empty() && is_evidence(pod) {
            found.extend(terminated::failure_causes(pod, *now, known));
        }
        groups.add(pod, found.into_iter().filter(|f| is(f)));
    }
    groups.causes()
}

/// How replaced pods ended. If nothing is wrong with the present pods, or if there are none, that explains why pods do not
/// last.
fn replaced_pod_causes(pods: &Pods<'_>) -> Vec<Cause> {
    let mut groups = CauseGroups::default();
    for (pod, now) in &pods.pods {
        groups.add(pod, terminated::recent_failure_causes(pod, *now));
    }
    groups.causes()
}

/// How many of the pods were created recently and have already ended.
fn recently_replaced(pods: &Pods<'_>) -> usize {
    let is_recent = |(pod, now): &&(&Pod, Now)| !terminated::recent_failure_causes(pod, *now).is_empty();
    pods.pods.iter().filter(is_recent).count()
}

/// How the containers of ready pods ended before their last start. Only containers count that ended within `seconds` and
/// have restarted at least `times` times.
fn restart_causes(pods: &Pods<'_>, seconds: i64, times: i32) -> Vec<Cause> {
    let nothing = EventsAndNodes::default();
    let known = pods.events_and_nodes.unwrap_or(&nothing);
    let mut groups = CauseGroups::default();
    for (pod, now) in &pods.pods {
        groups.add(pod, container::restart_causes(pod, *now, known, seconds, times));
    }
    groups.causes()
}

/// [`container_status::failure_start`] of a pod whose events may not be known.
fn failure_start(pod: &Pod, now: Now, known: Option<&EventsAndNodes<'_>>) -> Option<Time> {
    let nothing = EventsAndNodes::default();
    container_status::failure_start(pod, now, known.unwrap_or(&nothing))
}

/// Verdicts at full strength that earlier crashes of ready pods explain.
const AFTER_CRASHES: [Code; 3] = [Code::JustRecovered, Code::Settling, Code::AvailableBelowDesired];

/// Distinct causes, each with its gist and the creation time of its example pod.
#[derive(Default)]
struct CauseGroups(Vec<(Cause, String, Option<Time>)>);

impl CauseGroups {
    /// Adds the causes of one pod, which counts once for each distinct cause.
    fn add(&mut self, pod: &Pod, found: impl IntoIterator<Item = PodCause>) {
        let created = pod.meta().creation_timestamp;
        let example = ObjectRef::named(Pod::KIND, &pod.meta().name);
        let mut counted = Vec::new();
        for found in found {
            let subject = found.subject.as_ref().map(ObjectRef::to_string);
            let gist = subject.unwrap_or_else(|| found.says.gist.clone());
            let cause = found.into_cause(example.clone());
            let same = |(first, other, _): &(Cause, String, _)| first.code == cause.code && *other == gist;
            let at = self.0.iter().position(same);
            if at.is_some_and(|at| counted.contains(&at)) {
                continue;
            }
            counted.push(at.unwrap_or(self.0.len()));
            match at.and_then(|at| self.0.get_mut(at)) {
                Some((first, _, newest)) => {
                    let count = first.count.saturating_add(1);
                    if created > *newest {
                        (*first, *newest) = (cause, created);
                    }
                    first.count = count;
                }
                None => self.0.push((cause, gist, created)),
            }
        }
    }

    /// The hardest and most frequent first.
    fn causes(self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self.0.into_iter().map(|(cause, ..)| cause).collect();
        sort(&mut causes);
        causes
    }
}

pub(super) fn sort(causes: &mut [Cause]) {
    causes.sort_by_key(|c| (c.code.step(), Reverse(c.count)));
}

/// How the containers of its ready pods ended, if the verdict is one that only a crash before explains.
fn recovery_causes(item: &Item, pods: &Pods<'_>) -> Vec<Cause> {
    if AFTER_CRASHES.contains(&item.reason) {
        restart_causes(pods, container_status::CRASH_SECONDS, 1)
    } else {
        Vec::new()
    }
}

/// Why a pod is not healthy that is judged by itself.
pub(super) fn single_pod_causes(pod: &Pod, item: &Item, evidence: &Evidence<'_>) -> Vec<Cause> {
    let alone = Pods {
        pods: vec![(pod, evidence.now)],
        events_and_nodes: evidence.events_and_nodes(),
        ..Pods::default()
    };
    let mut causes = group_causes(&alone, |_| true, |_| true);
    causes.extend(recovery_causes(item, &alone));
    causes
}

/// Why a workload is not healthy: its pods may not be created, do not run, or do not last.
pub(super) fn workload_causes<T: Check>(object: &T, item: &Item, evidence: &Evidence<'_>) -> Vec<Cause> {
    let pods = evidence.pods.as_ref();
    let mut causes: Vec<Cause> = pods.and_then(creation::replica_set_refusal).into_iter().collect();
    let active = pods.map_or(0, |p| p.pods.iter().filter(|(pod, _)| pod.is_active()).count());
    let fewer = item
        .desired
        .is_none_or(|d| i64::try_from(active).unwrap_or(i64::MAX) < d);
    if let (true, true, Some(known)) = (causes.is_empty(), fewer, evidence.events_and_nodes()) {
        causes.extend(creation::workload_refusal(
            known,
            evidence.now,
            T::KIND,
            object.meta(),
        ));
    }
    causes.extend(pods.map(|p| distinct_causes(p, |_| true)).unwrap_or_default());
    if causes.is_empty() {
        causes.extend(pods.map(|p| recovery_causes(item, p)).unwrap_or_default());
    }
    if causes.is_empty() {
        causes.extend(pods.map(replaced_pod_causes).unwrap_or_default());
    }
    causes.extend(object.own_causes(evidence));
    causes
}

/// Adds causes to an item that is not healthy. The check's own causes are kept, each once.
pub(super) fn explain<T: Check>(item: &mut Item, object: &T, evidence: &Evidence<'_>) {
    if !is_open(item) {
        return;
    }
    let mut causes = object.causes(item, evidence);
    for own in std::mem::take(&mut item.causes) {
        let refusal = own.code.is_refusal();
        let is_listed = |c: &Cause| c.code == own.code || (refusal && c.code.is_refusal());
        if !causes.iter().any(is_listed) {
            causes.push(own);
        }
    }
    sort(&mut causes);
    item.causes = causes;
}
