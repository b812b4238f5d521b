//! Pods that run and are not Ready: a probe, a readiness gate, or no known reason.

use super::{EventsAndNodes, Outlook, PodCause, Sentence, container_field, container_status, describe};
use crate::check::text::{abridge, kubectl, one_line, trim_end_mark};
use crate::check::{GRACE_SECONDS, Now};
use crate::report::Code;
use crate::resource::{Condition as _, ContainerStatus, Event, Pod, Resource as _};
use crate::shell::quoted;

/// The kubelet's words for a failed probe, our code for it, and the field of the container with the probe.
const PROBES: [(&str, Code, &str); 3] = [
    ("Readiness probe", Code::ReadinessProbe, "readinessProbe"),
    ("Liveness probe", Code::LivenessProbe, "livenessProbe"),
    ("Startup probe", Code::StartupProbe, "startupProbe"),
];

/// The kubelet's words between the probe's name and its output.
const FAILED: [&str; 2] = [" failed: ", " errored and resulted in unknown state: "];

/// Why a pod that runs is not Ready.
pub(super) fn readiness_cause(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Option<PodCause> {
    let meta = pod.meta();
    let found = |code, says, hint| PodCause::unready(pod, code, says, hint);
    let lasting = meta
        .creation_timestamp
        .is_none_or(|t| !now.is_within(GRACE_SECONDS, t));
    if let Some((waiting, hint)) = pending_step(pod) {
        return lasting.then(|| found(Code::Waiting, waiting, hint));
    }
    if let Some(shut) = closed_gate(pod) {
        let says = Sentence::general(one_line(&shut));
        return Some(found(Code::ReadinessGate, says, describe(pod)));
    }
    if let Some((why, hint)) = unwritten_ready(pod, now) {
        let says = Sentence::without_reason(one_line(&why));
        return Some(found(Code::ReadyNotWritten, says, hint));
    }
    let newest = known.newest(&meta.uid, |e| probe_code(e).is_some());
    if let Some((event, code)) = newest.and_then(|event| Some((event, probe_code(event)?))) {
        let says = Sentence::literal(abridge(&probe_output(pod, event)));
        let hint = probe_hint(pod, event.container(), &code);
        return Some(found(code, says, hint));
    }
    let says = Sentence::without_reason(one_line(&unready_containers(pod)));
    lasting.then(|| found(Code::NotReady, says, last_lines(pod)))
}

/// The command that prints the probe behind a code: the path or the command that it asks, and how long it waits.
fn probe_hint(pod: &Pod, container: Option<&str>, code: &Code) -> String {
    let field = PROBES.iter().find(|(_, other, _)| other == code);
    match (container, field) {
        (Some(container), Some((.., field))) => container_field(pod, container, field),
        _ => describe(pod),
    }
}

/// The command that prints the last lines of the first container that is not ready.
fn last_lines(pod: &Pod) -> String {
    let meta = pod.meta();
    let unready = container_status::containers(pod)
        .find(|c| !c.ready && container_status::role(pod, c) != "init container");
    let logs = kubectl(&meta.namespace, "logs --tail=20", &meta.name);
    unready.map_or_else(|| describe(pod), |c| format!("{logs} -c {}", quoted(&c.name)))
}

/// The step of a pod's start that has not ended yet, and the command that shows more.
fn pending_step(pod: &Pod) -> Option<(Sentence, String)> {
    if container_status::containers(pod).next().is_none() {
        let scheduler = pod.spec.as_ref().map_or("", |s| s.scheduler_name.as_str());
        let (why, hint) = match (pod.node(), scheduler) {
            (Some(node), _) => (
                format!("the kubelet of node {node} has not begun it yet"),
                kubectl("", "describe node", node),
            ),
            (None, "" | "default-scheduler") => (
                "the scheduler has not looked at it yet".to_owned(),
                // Its lease says whether it runs.
                kubectl("kube-system", "get lease kube-scheduler -o yaml", ""),
            ),
            (None, other) => (
                format!("no scheduler has looked at it yet, it waits for one named {other}"),
                // Nodes that other pods got from it show that it runs.
                format!(
                    "kubectl get pods -A -o wide --field-selector {}",
                    quoted(&format!("spec.schedulerName={other}"))
                ),
            ),
        };
        // The scheduler, or that kubelet, is behind all of these pods.
        return Some((Sentence::literal(one_line(&why)), hint));
    }
    let running = |c: &&ContainerStatus| c.state.as_ref().is_some_and(|s| s.running.is_some());
    let init = container_status::containers(pod)
        .filter(|c| container_status::role(pod, c) == "init container")
        .find(running);
    if let Some(init) = init {
        let meta = pod.meta();
        let logs = kubectl(&meta.namespace, "logs", &meta.name);
        return Some((
            Sentence::without_reason(format!("init container {} has not ended yet", init.name)),
            format!("{logs} -c {}", quoted(&init.name)),
        ));
    }
    let why = container_status::containers(pod).find_map(|c| {
        let state = c.state.as_ref();
        let who = format!("{} {}", container_status::role(pod, c), c.name);
        match state.and_then(|s| s.waiting.as_ref()) {
            Some(waiting) if !waiting.reason.is_empty() => Some(format!("{who}: {}", waiting.reason)),
            Some(_) => Some(format!("{who} has not started yet")),
            None => None,
        }
    })?;
    Some((Sentence::without_reason(one_line(&why)), describe(pod)))
}

fn unready_containers(pod: &Pod) -> String {
    let unready: Vec<String> = container_status::containers(pod)
        .filter(|c| !c.ready && container_status::role(pod, c) != "init container")
        .map(|c| {
            let who = format!("{} {}", container_status::role(pod, c), c.name);
            match (c.started, c.state.as_ref().and_then(|s| s.terminated.as_ref())) {
                (_, Some(ended)) => format!("{who} has ended with exit code {}", ended.exit_code),
                (Some(false), None) => format!("{who} has not passed its startup probe"),
                _ => format!("{who} runs and is not ready"),
            }
        })
        .collect();
    if unready.is_empty() {
        "it runs and is not ready".to_owned()
    } else {
        unready.join(", ")
    }
}

/// A failing probe that makes the kubelet end a container again and again.
///
/// The kubelet drops repetitions of a frequent event, so that the events of a probe that always fails are old
/// (`client-go/tools/record/events_cache.go`: 25 at once, then one in five minutes). A killed container with such a
/// probe was killed for it, if any of its events reports a failed probe or the killing.
pub(super) fn failing_probe(
    pod: &Pod,
    container: &ContainerStatus,
    now: Now,
    known: &EventsAndNodes<'_>,
) -> Option<PodCause> {
    let last = container.last_state.as_ref()?.terminated.as_ref()?;
    // A container that fails by itself may fail its probe before. Only a container that was ended from outside, or that
    // ended as it was asked to, was ended for it.
    if !container_status::was_ended(last) {
        return None;
    }
    let newest = |is: &dyn Fn(&Event) -> bool| {
        known.newest(&pod.meta().uid, |event| {
            event.container().is_none_or(|name| name == container.name) && is(event)
        })
    };
    let is_ending =
        |event: &Event| matches!(probe_code(event), Some(Code::LivenessProbe | Code::StartupProbe));
    let is_recent = |event: &Event| {
        event
            .time()
            .is_some_and(|t| now.age(t) < container_status::CRASH_SECONDS)
    };
    let recent = newest(&|event| is_ending(event) && is_recent(event));
    let spec = pod.container(&container.name);
    let has_probe = spec.is_some_and(|c| c.liveness_probe.is_some() || c.startup_probe.is_some());
    let was_killed = has_probe && last.exit_code != 0;
    let told = recent.or_else(|| newest(&is_ending).filter(|_| was_killed));
    let (code, says) = match told {
        Some(event) => (
            probe_code(event)?,
            Sentence::literal(abridge(trim_end_mark(&probe_output(pod, event)))),
        ),
        None => {
            let any = |event: &Event| matches!(event.reason.as_str(), "Killing" | "Unhealthy");
            let event = newest(&any).filter(|_| was_killed)?;
            let has_liveness = spec.is_some_and(|c| c.liveness_probe.is_some());
            let (code, which) = if event.message.contains("startup probe") || !has_liveness {
                (Code::StartupProbe, "startup")
            } else {
                (Code::LivenessProbe, "liveness")
            };
            let role = container_status::role(pod, container);
            let name = &container.name;
            (
                code,
                Sentence::without_reason(format!(
                    "{role} {name}: the kubelet ended it for its {which} probe"
                )),
            )
        }
    };
    let hint = probe_hint(pod, Some(&container.name), &code);
    Some(PodCause {
        code,
        hard: false,
        says: says.with_restarts(&container_status::restarts(container)),
        subject: None,
        since: container_status::unready_since(pod),
        last: last.finished_at,
        hint,
        outlook: Outlook::default(),
    })
}

fn probe_code(event: &Event) -> Option<Code> {
    let known = PROBES.iter().find(|(words, ..)| event.message.starts_with(words));
    known
        .filter(|_| event.reason == "Unhealthy")
        .map(|(_, code, _)| code.clone())
}

/// The probe's own output, and its container.
fn probe_output(pod: &Pod, event: &Event) -> String {
    let said = FAILED
        .iter()
        .find_map(|phrase| event.message.split_once(phrase))
        .map_or(event.message.as_str(), |(_, said)| said.trim());
    let said = if said.is_empty() {
        "it fails and says nothing"
    } else {
        said
    };
    match event.container() {
        Some(name) => {
            let own = container_status::containers(pod).find(|c| c.name == name);
            let role = own.map_or("container", |c| container_status::role(pod, c));
            format!("{role} {name}: {said}")
        }
        None => said.to_owned(),
    }
}

/// A pod whose containers are all ready and whose gates are open, while its Ready condition is still False. The node
/// controller set it when the node did not answer, and the kubelet has to write it again afterwards. Some never do.
fn unwritten_ready(pod: &Pod, now: Now) -> Option<(String, String)> {
    let containers = pod.condition("ContainersReady").filter(|c| c.is_true())?;
    let ready = pod.condition("Ready").filter(|c| c.is_false())?;
    let status = pod.status.as_ref()?;
    let all_ready = status.container_statuses.iter().all(|c| c.ready);
    // The kubelet writes both conditions at once.
    let newest = containers.last_transition_time.max(ready.last_transition_time);
    let is_new = newest.is_some_and(|t| now.is_within(GRACE_SECONDS, t));
    if !all_ready || status.container_statuses.is_empty() || is_new {
        return None;
    }
    let kubelet = match pod.node() {
        Some(node) => format!("the kubelet of node {node}"),
        None => "its kubelet".to_owned(),
    };
    let meta = pod.meta();
    let hint = match meta.controller() {
        Some(_) => kubectl(&meta.namespace, "delete pod", &meta.name),
        None => pod
            .node()
            .map_or_else(|| describe(pod), |node| kubectl("", "describe node", node)),
    };
    Some((
        format!(
            "only its Ready condition is False: all its containers are ready (ContainersReady is True), and {kubelet} has not written Ready again"
        ),
        hint,
    ))
}

/// The first closed readiness gate, if the containers themselves are ready.
fn closed_gate(pod: &Pod) -> Option<String> {
    pod.condition("ContainersReady").filter(|c| c.is_true())?;
    pod.spec.as_ref()?.readiness_gates.iter().find_map(|gate| {
        let kind = &gate.condition_type;
        let Some(condition) = pod.condition(kind) else {
            return Some(format!(
                "readiness gate {kind}: its controller has not set it yet"
            ));
        };
        let why = [&condition.message, &condition.reason, &condition.status];
        let why = why.into_iter().find(|text| !text.is_empty());
        (condition.status != "True")
            .then(|| format!("readiness gate {kind}: {}", why.map_or("not set", String::as_str)))
    })
}
