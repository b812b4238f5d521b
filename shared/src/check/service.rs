//! Whether a Service has endpoints that answer for it.
//!
//! By its EndpointSlices, as kube-proxy reads them: an endpoint without a condition counts as ready
//! (`staging/src/k8s.io/api/discovery/v1/types.go` in kubernetes/kubernetes). With `publishNotReadyAddresses` the
//! controller calls every pod ready, and so does this check. A Service that selects pods and has no ready endpoint is
//! degraded, unless its workloads ask for no pod (all of them are scaled to zero or fit no node) or its pods have
//! finished. An alias of a name outside (`ExternalName`) is skipped. So is a Service without selector, whose
//! endpoints somebody else keeps.
//!
//! A port whose target is a name leads nowhere if no ready pod has a port of that name: the controller leaves it out of
//! the slices (`FindPort` in `pkg/api/v1/pod`). If all ports lack theirs, that is as bad as no endpoint; if some do, it
//! is a warning.
//!
//! A Service of type `LoadBalancer` without an address cannot be reached from outside, while the cluster itself reaches
//! it. That is a warning once its controller has reported a failure, or after five minutes, the time that clouds take.
//! The reason is in the Service's events (`SyncLoadBalancerFailed` of `k8s.io/cloud-provider`, `AllocationFailed` of
//! MetalLB) and in the conditions that some controllers write. They are read for such a Service only and decide
//! nothing.

use super::cause::Sentence;
use super::lifecycle::{self, Preliminaries};
use super::related::endpoints::Endpoints;
use super::related::events::EventFacts;
use super::related::pods::PodStage;
use super::related::{RelatedKind, RelatedNeed, RelatedObjects, workloads};
use super::text::{kubectl, one_line};
use super::verdict::Verdict;
use super::{Check, Evidence};
use crate::kind::{JudgedKind, KindInfo};
use crate::report::{Cause, Code, Item, Notes, ObjectRef, State};
use crate::resource::{Condition as _, ProbedCondition, Resource as _, Service, ServicePort};
use crate::span::span;
use std::collections::BTreeMap;

impl JudgedKind for Service {
    const INFO: KindInfo = KindInfo {
        short_names: &["svc"],
        ..KindInfo::new("service", "Services")
    };
}

impl Check for Service {
    const RELATED_KINDS: &'static [RelatedKind] = &[
        RelatedKind::EndpointSlices,
        RelatedKind::Deployments,
        RelatedKind::StatefulSets,
        RelatedKind::DaemonSets,
        RelatedKind::ReplicaSets,
        RelatedKind::ReplicationControllers,
        RelatedKind::Pods,
        RelatedKind::ServiceEvents,
    ];

    fn is_judged_by_default(&self) -> bool {
        self.selector().is_some() || self.asks_for_load_balancer() || self.meta().deletion_timestamp.is_some()
    }

    fn related_needs(&self, known: &RelatedObjects) -> Vec<RelatedNeed> {
        let meta = self.meta();
        let namespace = meta.namespace.as_str();
        if self.lacks_load_balancer() && !known.is_asked(RelatedKind::ServiceEvents, namespace) {
            return vec![
                (RelatedKind::ServiceEvents, namespace.to_owned()),
                (RelatedKind::EndpointSlices, namespace.to_owned()),
            ];
        }
        let Some(selector) = self.selector() else {
            return Vec::new();
        };
        if !known.is_asked(RelatedKind::EndpointSlices, namespace) {
            return vec![(RelatedKind::EndpointSlices, namespace.to_owned())];
        }
        let is_empty = |e: &Endpoints| e.ready() == 0 && e.not_ready() == 0;
        if !known.endpoints(namespace, &meta.name).is_some_and(is_empty) {
            return Vec::new();
        }
        let wants = workloads::workload_needs(namespace);
        let workloads = known.workloads(namespace, selector);
        if wants.iter().all(|(kind, of)| known.is_asked(*kind, of))
            && workloads.asking.is_empty()
            && workloads.idle.is_empty()
        {
            return workloads::remaining_needs(namespace);
        }
        wants
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let (mut notes, mut warnings) = (Notes::default(), Vec::new());
        let verdict = verdict(self, evidence, &mut notes, &mut warnings);
        let causes = hidden_cause(self, &verdict, evidence);
        add_load_balancer(self, &verdict, evidence, &mut notes, &mut warnings);
        Item {
            notes,
            warnings,
            causes,
            ..verdict.item(self)
        }
    }
}

/// The cause behind a Service without ready endpoints: one of its pods, or their workload.
fn hidden_cause(service: &Service, verdict: &Verdict, evidence: &Evidence<'_>) -> Vec<Cause> {
    let meta = service.meta();
    let (namespace, name) = (&meta.namespace, &meta.name);
    let is_open = matches!(verdict.reason, Code::NoReadyEndpoints | Code::EndpointsStarting);
    let (Some(known), Some(selector), true) = (evidence.related, service.selector(), is_open) else {
        return Vec::new();
    };
    let waiting = known.endpoints(namespace, name).map(|e| e.waiting.as_slice());
    let mut subjects: Vec<ObjectRef> = waiting
        .into_iter()
        .flatten()
        .map(|pod| ObjectRef::namespaced("Pod", namespace, pod))
        .collect();
    if subjects.is_empty() {
        let workloads = known.workloads(namespace, selector).asking;
        subjects.extend(
            workloads
                .iter()
                .map(|(kind, name)| ObjectRef::namespaced(kind, namespace, name)),
        );
    }
    let subject = subjects.into_iter().next();
    let cause = |subject| Cause {
        example: Some(ObjectRef::named(Service::KIND, name)),
        hint: Some(kubectl(namespace, "describe service", name)),
        since: verdict.since.map(|t| t.to_string()),
        subject: Some(subject),
        ..Sentence::without_reason(&verdict.message.text).into_cause(Code::NoReadyEndpoints)
    };
    subject.into_iter().map(cause).collect()
}

fn verdict(
    service: &Service,
    evidence: &Evidence<'_>,
    notes: &mut Notes,
    warnings: &mut Vec<String>,
) -> Verdict {
    let meta = service.meta();
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: false,
        has_generation: false,
        malformed: None,
    };
    if let Some(verdict) = preliminaries.verdict(notes) {
        return verdict;
    }
    if service.is_external() {
        let name = service.spec.as_ref().map_or("", |s| &s.external_name);
        return Verdict::healthy(
            Code::ExternalName,
            format!("an alias of {name}, which is not looked at"),
        );
    }
    let Some(selector) = service.selector() else {
        return Verdict::healthy(
            Code::NoSelector,
            "it selects no pods: somebody else keeps its endpoints",
        );
    };
    let known = evidence.related;
    let Some((known, endpoints)) = known.and_then(|k| Some((k, k.endpoints(&meta.namespace, &meta.name)?)))
    else {
        return Verdict::unknown(
            Code::EndpointsNotSeen,
            "its EndpointSlices were not seen, so whether anything answers is not known",
        );
    };
    let (ready, others) = (endpoints.ready(), endpoints.not_ready());
    let lost = lost_ports(service, endpoints);
    let all_lost = !lost.is_empty() && lost.len() == service.ports().len();
    if ready > 0 && !all_lost {
        warnings.extend(lost.iter().map(|name| missing_port(name)));
        return Verdict::healthy(
            Code::Ready,
            format!("{ready} of {} endpoints ready", ready + others),
        );
    }
    let failing = if ready > 0 {
        let lost: Vec<String> = lost.iter().map(|name| missing_port(name)).collect();
        Verdict::degraded(Code::PortNotFound, lost.join(", "))
    } else if others > 0 {
        Verdict::degraded(Code::NoReadyEndpoints, format!("0 of {others} endpoints ready"))
    } else {
        empty_verdict(service, selector, known)
    };
    let changed = endpoints.changed.max(meta.creation_timestamp);
    let recent = lifecycle::is_recent(evidence.now, meta.creation_timestamp, endpoints.changed);
    if failing.state == State::Degraded && recent {
        return Verdict::new(
            State::Progressing,
            false,
            Code::EndpointsStarting,
            failing.message,
        )
        .since(changed);
    }
    let since = changed.filter(|_| failing.state == State::Degraded);
    failing.since(since)
}

/// Seconds that a cloud may take to make a load balancer.
const LOAD_BALANCER_SECONDS: i64 = 5 * 60;

impl Service {
    /// Whether its load balancer has no address, or is being taken down.
    fn lacks_load_balancer(&self) -> bool {
        let leaving = self.meta().deletion_timestamp.is_some();
        self.asks_for_load_balancer() && (leaving || self.load_balancer_places().next().is_none())
    }
}

/// Adds notes and warnings about the load balancer of a Service that asks for one.
fn add_load_balancer(
    service: &Service,
    verdict: &Verdict,
    evidence: &Evidence<'_>,
    notes: &mut Notes,
    warnings: &mut Vec<String>,
) {
    if !service.asks_for_load_balancer() || verdict.reason == Code::Manifest {
        return;
    }
    let meta = service.meta();
    let ports = service.load_balancer_places().flat_map(|place| &place.ports);
    let refused = ports.filter(|port| !port.error.is_empty());
    warnings
        .extend(refused.map(|p| format!("its load balancer does not serve port {}: {}", p.port, p.error)));
    if !service.lacks_load_balancer() {
        return;
    }
    let events = evidence
        .related
        .and_then(|known| known.events(RelatedKind::ServiceEvents, &meta.namespace, &meta.uid));
    let failed = events.and_then(failure);
    if verdict.state == State::Terminating {
        warnings.extend(failed.map(|why| format!("its load balancer is not taken down: {why}")));
        return;
    }
    let class = match service
        .spec
        .as_ref()
        .map_or("", |s| s.load_balancer_class.as_str())
    {
        "" => String::new(),
        class => format!(" of class {class}"),
    };
    // Nothing else says when its type was changed.
    let since = meta.creation_timestamp.max(meta.last_spec_write());
    if failed.is_none() && since.is_some_and(|t| evidence.now.is_within(LOAD_BALANCER_SECONDS, t)) {
        notes.push(format!("its load balancer{class} has no address yet"));
        return;
    }
    let failed = failed.or_else(|| refusal(service));
    let began = events.is_some_and(|all| all.iter().any(|e| e.reason == "EnsuringLoadBalancer"));
    let why = match failed {
        Some(why) => why,
        None if events.is_none() => "its events were not seen".to_owned(),
        None if began => "its controller began and has not ended".to_owned(),
        None => "no event says that a controller for it runs".to_owned(),
    };
    let age = meta.creation_timestamp.map(|t| evidence.now.age(t));
    let age = age
        .filter(|seconds| *seconds >= 60)
        .map_or(String::new(), |seconds| {
            format!(", {} after the Service was made", span(seconds))
        });
    warnings.push(format!("its load balancer{class} has no address{age}: {why}"));
}

/// The newest event about trouble with a load balancer. Endpoints are judged by themselves.
fn failure(events: &[EventFacts]) -> Option<String> {
    let is_failure =
        |event: &&EventFacts| event.is_warning && !event.reason.starts_with("FailedToUpdateEndpoint");
    let newest = events.iter().filter(is_failure).max_by_key(|event| event.time)?;
    let message = newest.message.trim_start_matches("Error syncing load balancer: ");
    Some(one_line(&format!("{}: {message}", newest.reason)))
}

/// The failure in a condition such as `cilium.io/IPAMRequestSatisfied`.
fn refusal(service: &Service) -> Option<String> {
    let conditions = service.status.as_ref().map_or(&[][..], |s| &s.conditions);
    let fails = |c: &&ProbedCondition| match c.kind.as_str() {
        "LoadBalancerPortsError" => c.is_true(),
        _ => c.is_false(),
    };
    let failed = conditions.iter().find(fails)?;
    Some(one_line(&match failed.words() {
        words if words.is_empty() => format!("condition {} is {}", failed.kind, failed.status),
        words => words,
    }))
}

/// Target port names that no ready pod has.
fn lost_ports<'a>(service: &'a Service, endpoints: &Endpoints) -> Vec<&'a str> {
    let lost = |port: &&ServicePort| !endpoints.ports.contains(&port.name);
    service
        .ports()
        .iter()
        .filter(lost)
        .filter_map(ServicePort::needs)
        .collect()
}

fn missing_port(name: &str) -> String {
    format!("no ready pod has a port named {name}")
}

/// The verdict about a Service without any endpoint.
fn empty_verdict(service: &Service, selector: &BTreeMap<String, String>, known: &RelatedObjects) -> Verdict {
    let namespace = service.meta().namespace.as_str();
    let workloads = known.workloads(namespace, selector);
    let labels: Vec<String> = selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let labels = labels.join(",");
    let and_more = |of: &[(&str, &str)]| match of {
        [(kind, name)] => format!("{kind} {name}"),
        [(kind, name), rest @ ..] => format!("{kind} {name} and {} more", rest.len()),
        [] => String::new(),
    };
    let leaving = known
        .endpoints(namespace, &service.meta().name)
        .map_or(0, |endpoints| endpoints.serving_to_the_end);
    if !workloads.asking.is_empty() {
        let who = and_more(&workloads.asking);
        return Verdict::degraded(
            Code::NoReadyEndpoints,
            match leaving {
                0 => format!("no endpoint, {who} has no pod with an address"),
                1 => format!(
                    "1 endpoint, on its way out and the last to answer: {who} has no other that is ready"
                ),
                n => format!(
                    "{n} endpoints, on their way out and the last to answer: {who} has no other that is ready"
                ),
            },
        );
    }
    if !workloads.idle.is_empty() {
        return Verdict::healthy(
            Code::ScaledToZero,
            format!("no endpoint, {} asks for no pod", and_more(&workloads.idle)),
        );
    }
    let Some(pods) = known.pods(namespace) else {
        return if workloads.complete {
            Verdict::degraded(
                Code::NoReadyEndpoints,
                format!("no endpoint, and no workload makes pods with {labels}"),
            )
        } else {
            unknown_verdict()
        };
    };
    let selected: Vec<_> = pods
        .iter()
        .filter(|p| workloads::selects(selector, &p.labels))
        .collect();
    match selected.as_slice() {
        [] if !workloads.complete => unknown_verdict(),
        [] => Verdict::degraded(
            Code::NoPodsMatch,
            format!("no pod, and no workload's, has {labels}"),
        ),
        all if all.iter().all(|p| p.stage == PodStage::Succeeded) => {
            Verdict::healthy(Code::PodsFinished, "no endpoint, its pods have finished")
        }
        all => Verdict::degraded(
            Code::NoReadyEndpoints,
            format!(
                "no endpoint, {} has no address or is over",
                and_more_pods(all.len(), &all[0].name)
            ),
        ),
    }
}

fn and_more_pods(count: usize, first: &str) -> String {
    match count {
        1 => format!("Pod {first}"),
        n => format!("Pod {first} and {} more", n - 1),
    }
}

/// The verdict about a Service without endpoints whose workloads were not all seen.
fn unknown_verdict() -> Verdict {
    Verdict::unknown(
        Code::WorkloadsNotSeen,
        "no endpoint, and whether it is meant to have one is not known: not all workloads were seen",
    )
}
