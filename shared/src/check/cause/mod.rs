//! Causes: why something is not healthy, one step of the chain a file.
//!
//! The order is: pods that may not be created, a lost node, no node, containers, volumes and sandbox, readiness. For
//! each pod the first step that finds a cause counts. A step can find several containers. A workload lists each
//! distinct cause once. A cause explains and does not decide: only a cause that does not pass by itself
//! ([`PodCause::hard`]) ends a grace, see [`Pods::hard_causes`].

pub(super) mod claim;
mod container;
mod container_status;
mod creation;
mod image;
mod job;
mod memory;
mod missing_object;
mod needs;
mod node;
mod node_reasons;
mod quota;
mod readiness;
mod request;
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
pub use sentence::{add_log_line, says_why};

use super::completion::PodCompletion;
use super::text::{kubectl, print_fields};
use super::{Check, Evidence, NewestRevision, Now, Pods, is_open};
use crate::report::{Cause, Code, FailedStep, Item, ObjectRef, PassesByItself};
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
    outlook: Outlook,
}

/// What is known about how a cause goes on, besides its code.
#[derive(Debug, Clone, Copy, Default)]
struct Outlook {
    /// Whether it passes although nobody acts, if that is better known than by the code.
    passes: Option<PassesByItself>,
    /// When a node was last ordered for the pod.
    node_ordered: Option<Time>,
}

impl Outlook {
    /// Of a problem that somebody has to solve if `is_final`; by its code if not.
    fn new(is_final: bool) -> Self {
        Self {
            passes: is_final.then_some(PassesByItself::No),
            node_ordered: None,
        }
    }
}

impl PodCause {
    /// A cause that may pass by itself, since the pod is not ready.
    fn unready(pod: &Pod, code: Code, says: Sentence, hint: String) -> Self {
        Self {
            code,
            hard: false,
            says,
            subject: None,
            since: container_status::unready_since(pod),
            last: None,
            hint,
            outlook: Outlook::default(),
        }
    }

    fn into_cause(self, example: ObjectRef) -> Cause {
        let shared_words = self.says.shared_words.filter(|_| self.subject.is_none());
        let says = Sentence {
            shared_words,
            ..self.says
        };
        let passes = self.outlook.passes.unwrap_or(self.code.passes_by_itself());
        Cause {
            example: Some(example),
            hint: Some(self.hint),
            since: self.since.map(|t| t.to_string()),
            last: self.last.map(|t| t.to_string()),
            subject: self.subject,
            passes: Some(passes),
            node_ordered: self.outlook.node_ordered.map(|t| t.to_string()),
            ..says.into_cause(self.code)
        }
    }
}

/// The fields that say who wrote to an object, and when.
const WRITERS: &str = "jsonpath={range .metadata.managedFields[*]}{.manager} {.operation} {.time}, {end}";

/// The command that shows everything about a pod.
fn describe(pod: &Pod) -> String {
    let meta = pod.meta();
    kubectl(&meta.namespace, "describe pod", &meta.name)
}

/// The command that prints fields of a pod.
fn pod_fields(pod: &Pod, output: &str) -> String {
    let meta = pod.meta();
    print_fields(&meta.namespace, "pod", &meta.name, output)
}

/// The command that prints a field of a container's spec.
fn container_field(pod: &Pod, container: &str, field: &str) -> String {
    let mut init = pod.spec.iter().flat_map(|spec| &spec.init_containers);
    let list = if init.any(|c| c.name == container) {
        "initContainers"
    } else {
        "containers"
    };
    pod_fields(
        pod,
        &format!("jsonpath={{.spec.{list}[?(@.name==\"{container}\")].{field}}}"),
    )
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
    one(sandbox::sandbox_cause(pod, now, known).or_else(|| readiness::readiness_cause(pod, now, known)))
}

/// Whether a container of the pod ends, or is killed, again and again.
pub(super) fn is_crashing(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> bool {
    let is_crash = |code: &Code| code.step() == FailedStep::Run || *code == Code::ContainerHook;
    pod_causes(pod, now, known)
        .iter()
        .any(|found| is_crash(&found.code))
}

/// Since when a pod that crashes is not ready. A crash loop counts since its first back-off.
pub(super) fn crash_start(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Option<Time> {
    container_status::failure_start(pod, now, known)
}

/// One entry a distinct cause that the filter accepts, with the newest pod as its example.
fn distinct_causes(
    pods: &Pods<'_>,
    newest: NewestRevision<'_>,
    is: impl Fn(&PodCause) -> bool,
) -> Vec<Cause> {
    let is_evidence = |pod: &Pod| pod.meta().controller().is_none_or(|owner| owner.kind == "Job");
    group_causes(pods, newest, is_evidence, is)
}

/// One entry a distinct cause that the filter accepts. A pod that has failed for good counts only if it is evidence.
fn group_causes(
    pods: &Pods<'_>,
    newest: NewestRevision<'_>,
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
        groups.add(pod, newest.has(pod), found.into_iter().filter(|f| is(f)));
    }
    groups.causes()
}

/// How replaced pods ended. If nothing is wrong with the present pods, or if there are none, that explains why pods do not
/// last.
fn replaced_pod_causes(pods: &Pods<'_>, newest: NewestRevision<'_>) -> Vec<Cause> {
    let mut groups = CauseGroups::default();
    for (pod, now) in &pods.pods {
        groups.add(pod, newest.has(pod), terminated::recent_failure_causes(pod, *now));
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
        groups.add(
            pod,
            None,
            container::restart_causes(pod, *now, known, seconds, times),
        );
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
    fn add(&mut self, pod: &Pod, newest: Option<bool>, found: impl IntoIterator<Item = PodCause>) {
        let created = pod.meta().creation_timestamp;
        let example = ObjectRef::named(Pod::KIND, &pod.meta().name);
        let mut counted = Vec::new();
        for found in found {
            let subject = found.subject.as_ref().map(ObjectRef::to_string);
            let gist = subject.unwrap_or_else(|| found.says.gist.clone());
            let cause = Cause {
                newest: newest.map(u32::from),
                ..found.into_cause(example.clone())
            };
            let same = |(first, other, _): &(Cause, String, _)| first.code == cause.code && *other == gist;
            let at = self.0.iter().position(same);
            if at.is_some_and(|at| counted.contains(&at)) {
                continue;
            }
            counted.push(at.unwrap_or(self.0.len()));
            match at.and_then(|at| self.0.get_mut(at)) {
                Some((first, _, newest)) => {
                    let count = first.count.saturating_add(1);
                    let of_newest = first.newest.zip(cause.newest).map(|(a, b)| a.saturating_add(b));
                    if created > *newest {
                        (*first, *newest) = (cause, created);
                    }
                    (first.count, first.newest) = (count, of_newest);
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
    let mut causes = group_causes(&alone, NewestRevision::Every, |_| true, |_| true);
    causes.extend(recovery_causes(item, &alone));
    causes
}

/// Why a workload is not healthy: its pods may not be created, do not run, or do not last.
pub(super) fn workload_causes<T: Check>(object: &T, item: &Item, evidence: &Evidence<'_>) -> Vec<Cause> {
    let pods = evidence.pods.as_ref();
    let newest = pods.map_or(NewestRevision::Unknown, |pods| object.newest_revision(pods));
    let refusal = pods.and_then(|pods| creation::replica_set_refusal(pods, newest));
    let mut causes: Vec<Cause> = refusal.into_iter().collect();
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
    causes.extend(
        pods.map(|p| distinct_causes(p, newest, |_| true))
            .unwrap_or_default(),
    );
    if causes.is_empty() {
        causes.extend(pods.map(|p| recovery_causes(item, p)).unwrap_or_default());
    }
    if causes.is_empty() {
        causes.extend(pods.map(|p| replaced_pod_causes(p, newest)).unwrap_or_default());
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
