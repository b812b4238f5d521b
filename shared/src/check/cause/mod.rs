//! Causes: why something is not healthy, one step of the chain a file.
//!
//! The order is: pods that may not be created, a lost node, no node, containers, volumes and sandbox, readiness. Of
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
mod terminated;

use super::evidence::EventsAndNodes;
pub(super) use creation::refusal;
pub(super) use job::gave_up;
pub use needs::{EvidenceNeeds, crashed, wants};
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
    /// Whether it will not pass by itself.
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
pub(super) fn works<'a>(
    pod: &'a Pod,
    now: Now,
    around: Option<&EventsAndNodes<'_>>,
) -> Option<PodCompletion<'a>> {
    let nothing = EventsAndNodes::default();
    let lost = || node::of_pod(pod, now, around.unwrap_or(&nothing)).is_some();
    PodCompletion::of(pod).filter(|_| !lost())
}

/// Why one pod is not ready, as far as it is known. What may pass by itself and still has time is no cause.
fn of_pod(pod: &Pod, now: Now, around: &EventsAndNodes<'_>) -> Vec<PodCause> {
    let one = |found: Option<PodCause>| found.into_iter().collect();
    if pod.meta().deletion_timestamp.is_some() {
        return one(node::of_pod(pod, now, around).or_else(|| terminated::deleting(pod, now)));
    }
    if !pod.is_active() || pod.is_ready() {
        return Vec::new();
    }
    if let Some(found) = node::of_pod(pod, now, around) {
        return vec![found];
    }
    if PodCompletion::of(pod).is_some_and(|ending| ending.ready && !ending.done.is_empty()) {
        return Vec::new();
    }
    if pod.unscheduled().is_some() {
        return one(scheduling::of_pod(pod, now, around));
    }
    let stopped = container::of_pod(pod, now, around);
    if !stopped.is_empty() {
        return stopped;
    }
    one(sandbox::of_pod(pod, around).or_else(|| readiness::of_pod(pod, now, around)))
}

/// One entry a distinct cause that the filter accepts, with the newest pod as its example.
pub(super) fn of_pods(pods: &Pods<'_>, is: impl Fn(&PodCause) -> bool) -> Vec<Cause> {
    let is_evidence = |pod: &Pod| pod.meta().controller().is_none_or(|owner| owner.kind == "Job");
    of_pods_where(pods, is_evidence, is)
}

/// Pods that have failed for good count only if they are evidence.
fn of_pods_where(
    pods: &Pods<'_>,
    is_evidence: impl Fn(&Pod) -> bool,
    is: impl Fn(&PodCause) -> bool,
) -> Vec<Cause> {
    let nothing = EventsAndNodes::default();
    let around = pods.around.unwrap_or(&nothing);
    let mut groups = Groups::default();
    for (pod, now) in &pods.pods {
        let mut found = of_pod(pod, *now, around);
        if found.is_empty() && is_evidence(pod) {
            found.extend(terminated::failed(pod, *now, around));
        }
        groups.add(pod, found.into_iter().filter(|f| is(f)));
    }
    groups.causes()
}

/// How replaced pods ended. It explains why pods do not last if nothing is wrong with the present ones, or if there are
/// none.
fn of_replaced(pods: &Pods<'_>) -> Vec<Cause> {
    let mut groups = Groups::default();
    for (pod, now) in &pods.pods {
        groups.add(pod, terminated::lately(pod, *now));
    }
    groups.causes()
}

/// How many of its pods were created lately and have already ended.
pub(super) fn replaced_lately(pods: &Pods<'_>) -> usize {
    let lately = |(pod, now): &&(&Pod, Now)| !terminated::lately(pod, *now).is_empty();
    pods.pods.iter().filter(lately).count()
}

/// How the containers of ready pods ended before their last start, if they did within so many seconds and restarted so
/// often.
pub(super) fn of_restarted(pods: &Pods<'_>, seconds: i64, times: i32) -> Vec<Cause> {
    let nothing = EventsAndNodes::default();
    let around = pods.around.unwrap_or(&nothing);
    let mut groups = Groups::default();
    for (pod, now) in &pods.pods {
        groups.add(pod, container::restarted(pod, *now, around, seconds, times));
    }
    groups.causes()
}

/// Since when a pod is not ready. A crash loop counts since its first back-off, though the containers run in between.
pub(super) fn unready_since(pod: &Pod, now: Now, around: Option<&EventsAndNodes<'_>>) -> Option<Time> {
    let nothing = EventsAndNodes::default();
    container_status::began(pod, now, around.unwrap_or(&nothing))
}

/// Verdicts at full strength that earlier crashes of ready pods explain.
const AFTER_CRASHES: [Code; 3] = [Code::JustRecovered, Code::Settling, Code::AvailableBelowDesired];

/// Distinct causes, each with its gist and the creation time of its example pod.
#[derive(Default)]
struct Groups(Vec<(Cause, String, Option<Time>)>);

impl Groups {
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
fn of_recovering(item: &Item, pods: &Pods<'_>) -> Vec<Cause> {
    if AFTER_CRASHES.contains(&item.reason) {
        of_restarted(pods, container_status::CRASH_SECONDS, 1)
    } else {
        Vec::new()
    }
}

/// Why a pod is not healthy, taken by itself.
pub(super) fn of_single_pod(pod: &Pod, item: &Item, evidence: &Evidence<'_>) -> Vec<Cause> {
    let alone = Pods {
        pods: vec![(pod, evidence.now)],
        around: evidence.around(),
        ..Pods::default()
    };
    let mut causes = of_pods_where(&alone, |_| true, |_| true);
    causes.extend(of_recovering(item, &alone));
    causes
}

/// Why a workload is not healthy: its pods may not be created, do not run, or do not last.
pub(super) fn of_workload<T: Check>(object: &T, item: &Item, evidence: &Evidence<'_>) -> Vec<Cause> {
    let pods = evidence.pods.as_ref();
    let mut causes: Vec<Cause> = pods.and_then(creation::of_replica_sets).into_iter().collect();
    let active = pods.map_or(0, |p| p.pods.iter().filter(|(pod, _)| pod.is_active()).count());
    let fewer = item
        .desired
        .is_none_or(|d| i64::try_from(active).unwrap_or(i64::MAX) < d);
    if let (true, true, Some(around)) = (causes.is_empty(), fewer, evidence.around()) {
        causes.extend(creation::of_owner(around, evidence.now, T::KIND, object.meta()));
    }
    causes.extend(pods.map(|p| of_pods(p, |_| true)).unwrap_or_default());
    if causes.is_empty() {
        causes.extend(pods.map(|p| of_recovering(item, p)).unwrap_or_default());
    }
    if causes.is_empty() {
        causes.extend(pods.map(of_replaced).unwrap_or_default());
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
        let said = |c: &Cause| c.code == own.code || (refusal && c.code.is_refusal());
        if !causes.iter().any(said) {
            causes.push(own);
        }
    }
    sort(&mut causes);
    item.causes = causes;
}
