//! Containers that do not run: init containers first, sidecars among them, then those of the app.
//!
//! The words of a waiting container are the kubelet's (`pkg/kubelet/container/sync_result.go`,
//! `pkg/kubelet/images/types.go`, `pkg/kubelet/kuberuntime` in kubernetes/kubernetes).

use super::container_status::{
    CRASH_SECONDS, containers, failure_start, loop_start, restarts, role, unready_since, was_ended,
};
use super::image::{is_refused, pull_cause};
use super::memory::out_of_memory;
use super::missing_object::MissingObject;
use super::{EventsAndNodes, Outlook, PodCause, Sentence, container_field, describe, pod_fields, readiness};
use crate::check::log::telling_line_of_text;
use crate::check::text::{kubectl, one_line, text_behind};
use crate::check::{GRACE_SECONDS, Now};
use crate::report::Code;
use crate::resource::{Condition, ContainerStatus, Pod, Resource as _, Terminated, Waiting};
use crate::shell::quoted;

/// Reasons of a waiting container that do not pass by themselves.
const HARD_WAITING: [(&str, Code); 12] = [
    ("CrashLoopBackOff", Code::CrashLoop),
    ("ErrImagePull", Code::ImagePull),
    ("ImagePullBackOff", Code::ImagePull),
    ("ErrImageNeverPull", Code::ImagePull),
    ("InvalidImageName", Code::ImagePull),
    ("ImageInspectError", Code::ImagePull),
    ("RegistryUnavailable", Code::ImagePull),
    ("CreateContainerConfigError", Code::ContainerConfig),
    ("CreateContainerError", Code::ContainerCreate),
    ("RunContainerError", Code::ContainerCreate),
    ("PreStartHookError", Code::ContainerHook),
    ("PostStartHookError", Code::ContainerHook),
];

/// The field of a container with its hooks.
const HOOKS: &str = "lifecycle";
/// The fields that say as which user containers run.
const SECURITY: &str = "jsonpath={.spec.securityContext}{.spec.containers[*].securityContext}";
/// The fields that say what containers start.
const COMMANDS: &str = "custom-columns=IMAGE:.spec.containers[*].image,COMMAND:.spec.containers[*].command,\
                        ARGS:.spec.containers[*].args";

/// Causes in the containers of a pod: certain ones, else possible ones.
pub(super) fn container_causes(pod: &Pod, now: Now, known: &EventsAndNodes<'_>) -> Vec<PodCause> {
    let certain: Vec<PodCause> = containers(pod)
        .filter_map(|c| container_cause(pod, c, now, known))
        .collect();
    if certain.is_empty() {
        let since = failure_start(pod, now, known);
        let ended = containers(pod).filter_map(|c| end_cause(pod, c));
        ended.map(|found| PodCause { since, ..found }).collect()
    } else {
        certain
    }
}

pub(super) fn container_cause(
    pod: &Pod,
    container: &ContainerStatus,
    now: Now,
    known: &EventsAndNodes<'_>,
) -> Option<PodCause> {
    let waiting = container.state.as_ref().and_then(|s| s.waiting.as_ref());
    // Its newest failure, if it has ended before. A first end is no crash loop.
    let before = container.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    let last = before.map(|before| container.ends().find(|t| is_failure(t)).unwrap_or(before));
    if is_fine(pod, container) {
        return None;
    }
    let hard = waiting.and_then(|waiting| {
        let (_, code) = HARD_WAITING
            .iter()
            .find(|(reason, _)| *reason == waiting.reason)?;
        Some((waiting, code))
    });
    match hard {
        Some((_, &Code::CrashLoop)) => Some(crash(pod, container, last, now, known)),
        Some((waiting, code)) => Some(waiting_cause(pod, container, waiting, code.clone(), known)),
        None => last
            .filter(|t| is_failure(t) && t.finished_at.is_some_and(|f| now.age(f) < CRASH_SECONDS))
            .map(|t| crash(pod, container, Some(t), now, known)),
    }
}

/// Whether the pod does not wait for this container, even if it failed before: the container is ready or an init container
/// that is done, and the pod waits for another one or for something else.
fn is_fine(pod: &Pod, container: &ContainerStatus) -> bool {
    let others = || pod.condition("ContainersReady").is_some_and(Condition::is_true);
    container.ready && (containers(pod).any(|c| !c.ready) || others())
}

/// Whether an event may say more than the pod itself: about volumes, probes, hooks, or a back-off without a reason.
pub(super) fn needs_events(pod: &Pod, now: Now) -> bool {
    let nothing = EventsAndNodes::default();
    let failing = || containers(pod).filter(|c| container_cause(pod, c, now, &nothing).is_some());
    let is_open = |container: &ContainerStatus| {
        let waiting = container.state.as_ref().and_then(|s| s.waiting.as_ref());
        let last = container.last_state.as_ref().and_then(|s| s.terminated.as_ref());
        let silent = waiting.is_some_and(|w| w.reason.contains("ImagePull") && !w.message.contains(": "));
        let crashed = waiting.is_none_or(|w| w.reason == "CrashLoopBackOff");
        let has_secrets = pod
            .spec
            .as_ref()
            .is_some_and(|s| !s.image_pull_secrets.is_empty());
        let unauthorised = has_secrets && waiting.is_some_and(|w| is_refused(&w.message));
        // It runs well between two crashes. Only the events say since when.
        let comes_back = waiting.is_some_and(|w| w.reason == "CrashLoopBackOff")
            && container.restart_count > 1
            && unready_since(pod)
                .zip(pod.meta().creation_timestamp)
                .is_some_and(|(since, created)| since.seconds_since(created) > GRACE_SECONDS);
        silent || unauthorised || comes_back || (crashed && last.is_some_and(was_ended))
    };
    failing().next().is_none() || failing().any(is_open)
}

fn is_failure(ended: &Terminated) -> bool {
    ended.exit_code != 0 || ended.reason == "OOMKilled"
}

/// The cause in a container that has ended with an error and has not started again. A container that ends without an
/// error again and again crashes too: only an init container is meant to end.
pub(super) fn end_cause(pod: &Pod, container: &ContainerStatus) -> Option<PodCause> {
    let ended = container.state.as_ref()?.terminated.as_ref()?;
    let again = container.restart_count > 0 && role(pod, container) != "init container";
    (is_failure(ended) || again).then(|| PodCause {
        hard: false,
        ..termination_cause(pod, container, Some(ended), again)
    })
}

fn crash(
    pod: &Pod,
    container: &ContainerStatus,
    last: Option<&Terminated>,
    now: Now,
    known: &EventsAndNodes<'_>,
) -> PodCause {
    // A container that the kubelet ends for its probe or its hook looks like a killed one.
    let found = readiness::failing_probe(pod, container, now, known)
        .or_else(|| failing_hook(pod, container, known))
        .unwrap_or_else(|| termination_cause(pod, container, last, true));
    PodCause {
        hard: true,
        since: failure_start(pod, now, known),
        last: last.and_then(|t| t.finished_at),
        ..found
    }
}

/// How the containers of a ready pod ended before their last start. Only containers count that ended within `seconds` and
/// have restarted at least `times` times.
pub(super) fn restart_causes(
    pod: &Pod,
    now: Now,
    known: &EventsAndNodes<'_>,
    seconds: i64,
    times: i32,
) -> Vec<PodCause> {
    let counts_now = |c: &&ContainerStatus| {
        let ended = c.last_state.as_ref().and_then(|s| s.terminated.as_ref());
        let recent = ended
            .and_then(|t| t.finished_at)
            .is_some_and(|t| now.age(t) < seconds);
        recent && c.restart_count >= times
    };
    let wanted = containers(pod).filter(counts_now);
    wanted.filter_map(|c| restart_cause(pod, c, now, known)).collect()
}

/// How this container of a ready pod ended before its last start.
pub(super) fn restart_cause(
    pod: &Pod,
    container: &ContainerStatus,
    now: Now,
    known: &EventsAndNodes<'_>,
) -> Option<PodCause> {
    let last = container.last_state.as_ref()?.terminated.as_ref()?;
    let is_counted = pod.is_ready() && pod.is_active() && role(pod, container) != "init container";
    is_counted.then(|| PodCause {
        hard: false,
        since: loop_start(pod, now, known),
        ..crash(pod, container, Some(last), now, known)
    })
}

/// A failing hook that makes the kubelet end a container again and again. Such a container does not wait
/// (`startContainer` in `pkg/kubelet/kuberuntime/kuberuntime_container.go`).
fn failing_hook(pod: &Pod, container: &ContainerStatus, known: &EventsAndNodes<'_>) -> Option<PodCause> {
    let last = container.last_state.as_ref()?.terminated.as_ref()?;
    // Its age does not matter: the kubelet drops repetitions of a frequent event.
    let newest = known.newest(&pod.meta().uid, |event| {
        event.reason == "FailedPostStartHook" && event.container() == Some(&container.name)
    });
    let event = newest.filter(|_| was_ended(last))?;
    Some(PodCause {
        code: Code::ContainerHook,
        hard: true,
        says: Sentence::literal(one_line(&format!(
            "{} {}: {}",
            role(pod, container),
            container.name,
            event.message
        )))
        .with_restarts(&restarts(container)),
        subject: None,
        since: unready_since(pod),
        last: last.finished_at,
        hint: container_field(pod, &container.name, HOOKS),
        outlook: Outlook::default(),
    })
}

/// The cause in how a container ended. `again` says whether it has restarted.
fn termination_cause(
    pod: &Pod,
    container: &ContainerStatus,
    ended: Option<&Terminated>,
    again: bool,
) -> PodCause {
    let meta = pod.meta();
    let name = &container.name;
    let who = format!("{} {name}", role(pod, container));
    let last = ended.and_then(|t| t.finished_at);
    // The runtime could not start it at all: the command does not exist.
    if let Some(t) = ended.filter(|t| matches!(t.reason.as_str(), "StartError" | "ContainerCannotRun")) {
        return PodCause {
            code: Code::ContainerCreate,
            hard: true,
            says: Sentence::literal(one_line(&format!("{who}: {}", runtime_error(&t.message)))),
            subject: None,
            since: unready_since(pod),
            last,
            hint: start_hint(pod, name, &t.message),
            outlook: Outlook::new(lacks_command(&t.message)),
        };
    }
    let has_failed = pod.status.as_ref().is_some_and(|s| s.phase == "Failed");
    let is_over = has_failed || (!again && pod.is_never_restarted(name));
    let crash = if is_over {
        Code::ContainerFailed
    } else {
        Code::CrashLoop
    };
    let (code, how) = match ended {
        Some(t) if t.reason == "OOMKilled" => (Code::OutOfMemory, out_of_memory(pod, name)),
        Some(t) if t.signal > 0 => (crash, format!("was killed by signal {}", t.signal)),
        // The runtimes follow the shell's convention.
        Some(t) if (129..=192).contains(&t.exit_code) => {
            (crash, format!("was killed by signal {}", t.exit_code - 128))
        }
        Some(t) => (crash, format!("exited {}", t.exit_code)),
        None => (crash, "keeps crashing".to_owned()),
    };
    let count = again.then(|| restarts(container));
    let said = ended.and_then(|t| telling_line_of_text(&t.message));
    let previous = if container.has_ended_before() {
        " --previous"
    } else {
        ""
    };
    // A program that is killed for its memory writes nothing about it. Only a pod that is not over uses memory.
    let hint = if code == Code::OutOfMemory && !is_over {
        format!("{} --containers", kubectl(&meta.namespace, "top pod", &meta.name))
    } else {
        format!(
            "{} -c {}{previous}",
            kubectl(&meta.namespace, "logs", &meta.name),
            quoted(name)
        )
    };
    PodCause {
        code,
        hard: true,
        says: Sentence::ended(&format!("{who} {how}"), count.as_deref(), said.as_deref()),
        subject: None,
        since: unready_since(pod),
        last,
        hint,
        outlook: Outlook::default(),
    }
}

/// The cause in a container that cannot even start.
fn waiting_cause(
    pod: &Pod,
    container: &ContainerStatus,
    waiting: &Waiting,
    code: Code,
    known: &EventsAndNodes<'_>,
) -> PodCause {
    let meta = pod.meta();
    let said = if waiting.message.is_empty() {
        waiting.reason.as_str()
    } else {
        waiting.message.as_str()
    };
    // A user that its security context forbids, and a command that its image lacks, are in the template.
    let is_final = match code {
        Code::ContainerConfig => said.contains("runAs"),
        Code::ContainerCreate => lacks_command(said),
        _ => false,
    };
    let (why, subject, hint) = match code {
        Code::ImagePull => return pull_cause(pod, container, &waiting.reason, said, known),
        Code::ContainerConfig => match MissingObject::from_sentence(&meta.namespace, said) {
            Some(missing) => (said, Some(missing.subject), missing.hint),
            // `container has runAsNonRoot and image will run as root`
            None if said.contains("runAs") => (said, None, pod_fields(pod, SECURITY)),
            None => (said, None, describe(pod)),
        },
        Code::ContainerCreate => {
            let hint = start_hint(pod, &container.name, said);
            (runtime_error(said), None, hint)
        }
        _ => (said, None, container_field(pod, &container.name, HOOKS)),
    };
    let message = one_line(&format!("{} {}: {why}", role(pod, container), container.name));
    PodCause {
        hard: true,
        says: match code {
            Code::ContainerCreate | Code::ContainerHook => Sentence::literal(message),
            _ => Sentence::general(message),
        },
        code,
        subject,
        since: unready_since(pod),
        last: None,
        hint,
        outlook: Outlook::new(is_final),
    }
}

/// Whether the image has no such command, or one that cannot be executed: the words of `runc` and `crun`. A mount fails with
/// some of the same words.
fn lacks_command(sentence: &str) -> bool {
    const WORDS: [&str; 6] = [
        "executable file",
        "no such file or directory",
        "permission denied",
        "exec format error",
        "no command specified",
        "is a directory",
    ];
    !sentence.contains("mount") && WORDS.iter().any(|words| sentence.contains(words))
}

/// The command that prints what a container is started with: its volumes if one of them is in the way, else its command.
fn start_hint(pod: &Pod, container: &str, sentence: &str) -> String {
    if sentence.contains("mount") {
        container_field(pod, container, "volumeMounts")
    } else {
        pod_fields(pod, COMMANDS)
    }
}

fn runtime_error(sentence: &str) -> &str {
    text_behind(
        sentence,
        &[
            " desc = ",
            "OCI runtime create failed: ",
            "unable to start container process: ",
            "error during container init: ",
        ],
    )
}
