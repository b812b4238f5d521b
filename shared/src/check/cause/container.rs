//! What stops the containers of a pod: init containers first, sidecars among them, then the app's.
//!
//! The words of a waiting container are the kubelet's (`pkg/kubelet/container/sync_result.go`,
//! `pkg/kubelet/images/types.go`, `pkg/kubelet/kuberuntime` in kubernetes/kubernetes).

use super::text::{arg, behind, kubectl, last_line, quoted_behind, shorten};
use super::{EventsAndNodes, Found, describe, readiness};
use crate::check::{GRACE_SECONDS, Now};
use crate::resource::{ContainerStatus, Event, Pod, Resource as _, Terminated, Time, Waiting};

/// A crash counts as a cause this many seconds after it happened; later it says nothing of the present.
pub(super) const CRASH_SECONDS: i64 = 15 * 60;

/// Back-offs that are told no rarer than this many seconds are of one crash loop. The longest of them takes 300, and the
/// kubelet drops repetitions of an event that come too fast.
const BACK_OFF_SECONDS: i64 = 600;

/// Reasons of a waiting container that do not pass by themselves.
const HARD_WAITING: [(&str, &str); 12] = [
    ("CrashLoopBackOff", "CrashLoop"),
    ("ErrImagePull", "ImagePull"),
    ("ImagePullBackOff", "ImagePull"),
    ("ErrImageNeverPull", "ImagePull"),
    ("InvalidImageName", "ImagePull"),
    ("ImageInspectError", "ImagePull"),
    ("RegistryUnavailable", "ImagePull"),
    ("CreateContainerConfigError", "ContainerConfig"),
    ("CreateContainerError", "ContainerCreate"),
    ("RunContainerError", "ContainerCreate"),
    ("PreStartHookError", "ContainerHook"),
    ("PostStartHookError", "ContainerHook"),
];

/// Words by which a registry is told from an image that it does not have.
const REGISTRY_FAILS: [&str; 17] = [
    "no such host",
    "connection refused",
    "i/o timeout",
    "deadline exceeded",
    "no route to host",
    "network is unreachable",
    "http response to https client",
    "tls: ",
    "connection reset",
    "server misbehaving",
    "x509:",
    "toomanyrequests",
    "429 too many requests",
    "service unavailable",
    "bad gateway",
    "gateway timeout",
    "internal server error",
];

/// What a container is to its pod.
pub(super) fn role(pod: &Pod, container: &ContainerStatus) -> &'static str {
    let name = &container.name;
    let init = pod
        .status
        .as_ref()
        .is_some_and(|s| s.init_container_statuses.iter().any(|c| c.name == *name));
    match (init, pod.is_sidecar(name)) {
        (_, true) => "sidecar",
        (true, false) => "init container",
        (false, false) => "container",
    }
}

/// Every container, in the order in which they start.
pub(super) fn all(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status
        .iter()
        .flat_map(|s| s.init_container_statuses.iter().chain(&s.container_statuses))
}

/// What stops the containers: what certainly does, else what may.
pub(super) fn of_pod(pod: &Pod, now: Now, around: &EventsAndNodes<'_>) -> Vec<Found> {
    let certain: Vec<Found> = all(pod)
        .filter_map(|c| of_container(pod, c, now, around))
        .collect();
    if certain.is_empty() {
        let since = began(pod, now, around);
        let ended = all(pod).filter_map(|c| just_ended(pod, c));
        ended.map(|found| Found { since, ..found }).collect()
    } else {
        certain
    }
}

pub(super) fn of_container(
    pod: &Pod,
    container: &ContainerStatus,
    now: Now,
    around: &EventsAndNodes<'_>,
) -> Option<Found> {
    let waiting = container.state.as_ref().and_then(|s| s.waiting.as_ref());
    let last = container.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    if is_fine(pod, container) {
        return None;
    }
    let hard = waiting.and_then(|waiting| {
        let (_, code) = HARD_WAITING
            .iter()
            .find(|(reason, _)| *reason == waiting.reason)?;
        Some((waiting, *code))
    });
    match hard {
        Some((_, "CrashLoop")) => Some(crash(pod, container, last, now, around)),
        Some((waiting, code)) => Some(stuck(pod, container, waiting, code, around)),
        None => last
            .filter(|t| is_failure(t) && t.finished_at.is_some_and(|f| now.age(f) < CRASH_SECONDS))
            .map(|t| crash(pod, container, Some(t), now, around)),
    }
}

/// Whether it is not this container that the pod waits for, whatever it did before: it is ready, or an init container that
/// is done, and the pod waits for another one or for something else.
fn is_fine(pod: &Pod, container: &ContainerStatus) -> bool {
    let others = || {
        pod.condition("ContainersReady")
            .is_some_and(|c| c.status == "True")
    };
    container.ready && (all(pod).any(|c| !c.ready) || others())
}

/// Whether an event may say more than the pod itself: of volumes, probes, hooks, and of a back-off that names no reason.
pub(super) fn says_little(pod: &Pod, now: Now) -> bool {
    let nothing = EventsAndNodes::default();
    let failing = || all(pod).filter(|c| of_container(pod, c, now, &nothing).is_some());
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
        // It runs well between two crashes: only the events tell since when that goes on.
        let comes_back = waiting.is_some_and(|w| w.reason == "CrashLoopBackOff")
            && container.restart_count > 1
            && since(pod)
                .zip(pod.meta().creation_timestamp)
                .is_some_and(|(since, created)| since.seconds_since(created) > GRACE_SECONDS);
        silent || unauthorised || comes_back || (crashed && last.is_some_and(was_ended))
    };
    failing().next().is_none() || failing().any(is_open)
}

fn is_failure(ended: &Terminated) -> bool {
    ended.exit_code != 0 || ended.reason == "OOMKilled"
}

/// It has ended with an error and was not started again, or not yet. One that ends well again and again crashes too:
/// only an init container is meant to end.
pub(super) fn just_ended(pod: &Pod, container: &ContainerStatus) -> Option<Found> {
    let ended = container.state.as_ref()?.terminated.as_ref()?;
    let again = container.restart_count > 0 && role(pod, container) != "init container";
    (is_failure(ended) || again).then(|| Found {
        hard: false,
        ..ended_so(pod, container, Some(ended), again)
    })
}

fn crash(
    pod: &Pod,
    container: &ContainerStatus,
    last: Option<&Terminated>,
    now: Now,
    around: &EventsAndNodes<'_>,
) -> Found {
    // A container that the kubelet ends for its probe or its hook looks like one that was killed.
    let found = readiness::ending_probe(pod, container, now, around)
        .or_else(|| ending_hook(pod, container, around))
        .unwrap_or_else(|| ended_so(pod, container, last, true));
    Found {
        hard: true,
        since: began(pod, now, around),
        last: last.and_then(|t| t.finished_at),
        ..found
    }
}

/// How the containers of a ready pod ended before they were started again, where that was within so many seconds and they
/// were restarted at least so often.
pub(super) fn restarted(
    pod: &Pod,
    now: Now,
    around: &EventsAndNodes<'_>,
    seconds: i64,
    times: i32,
) -> Vec<Found> {
    let is_wanted = |c: &&ContainerStatus| {
        let ended = c.last_state.as_ref().and_then(|s| s.terminated.as_ref());
        let recent = ended
            .and_then(|t| t.finished_at)
            .is_some_and(|t| now.age(t) < seconds);
        recent && c.restart_count >= times
    };
    let wanted = all(pod).filter(is_wanted);
    wanted
        .filter_map(|c| restarted_one(pod, c, now, around))
        .collect()
}

/// How this container of a ready pod ended before it was started again.
pub(super) fn restarted_one(
    pod: &Pod,
    container: &ContainerStatus,
    now: Now,
    around: &EventsAndNodes<'_>,
) -> Option<Found> {
    let last = container.last_state.as_ref()?.terminated.as_ref()?;
    let counts = pod.is_ready() && pod.is_active() && role(pod, container) != "init container";
    counts.then(|| Found {
        hard: false,
        since: loops_since(pod, now, around),
        ..crash(pod, container, Some(last), now, around)
    })
}

/// Since when a pod that is not ready is not, without a break that counts.
pub(super) fn began(pod: &Pod, now: Now, around: &EventsAndNodes<'_>) -> Option<Time> {
    let first = loops_since(pod, now, around);
    first.into_iter().chain(since(pod)).min()
}

/// Since when the containers of a pod end again and again: since the first of its back-offs, where they went on until now.
/// The kubelet counts them all in one event.
fn loops_since(pod: &Pod, now: Now, around: &EventsAndNodes<'_>) -> Option<Time> {
    let is_loop = |event: &&Event| event.reason == "BackOff" && event.message.contains("restarting failed");
    let first = |event: &Event| {
        let (first, last) = (event.first()?, event.time()?);
        let goes_on = now.age(last) < CRASH_SECONDS
            && last.seconds_since(first) <= event.times().saturating_mul(BACK_OFF_SECONDS);
        goes_on.then_some(first)
    };
    around
        .events(&pod.meta().uid)
        .filter(is_loop)
        .filter_map(first)
        .min()
}

/// Whether a container was ended from outside, or ends as it was asked to.
pub(super) fn was_ended(last: &Terminated) -> bool {
    matches!(last.exit_code, 0 | 137 | 143) && last.reason != "OOMKilled"
}

/// The hook for which the kubelet ends a container again and again, where it is that: it does not wait then
/// (`startContainer` in `pkg/kubelet/kuberuntime/kuberuntime_container.go`).
fn ending_hook(pod: &Pod, container: &ContainerStatus, around: &EventsAndNodes<'_>) -> Option<Found> {
    let last = container.last_state.as_ref()?.terminated.as_ref()?;
    // However old: the kubelet drops the repetitions of an event that is told too often.
    let newest = around.newest(&pod.meta().uid, |event| {
        event.reason == "FailedPostStartHook" && event.container() == Some(&container.name)
    });
    let event = newest.filter(|_| was_ended(last))?;
    Some(Found {
        code: "ContainerHook",
        hard: true,
        message: shorten(&format!(
            "{} {}: {} ({})",
            role(pod, container),
            container.name,
            event.message,
            restarts(container)
        )),
        subject: None,
        since: since(pod),
        last: last.finished_at,
        hint: describe(pod),
    })
}

/// `7 restarts`
pub(super) fn restarts(container: &ContainerStatus) -> String {
    match container.restart_count {
        1 => "1 restart".to_owned(),
        n => format!("{n} restarts"),
    }
}

/// How it ended, in words.
fn ended_so(pod: &Pod, container: &ContainerStatus, ended: Option<&Terminated>, again: bool) -> Found {
    let meta = pod.meta();
    let name = &container.name;
    let who = format!("{} {name}", role(pod, container));
    let last = ended.and_then(|t| t.finished_at);
    // The runtime could not start it at all: a command that is not there.
    if let Some(t) = ended.filter(|t| matches!(t.reason.as_str(), "StartError" | "ContainerCannotRun")) {
        return Found {
            code: "ContainerCreate",
            hard: true,
            message: shorten(&format!("{who}: {}", runtime_error(&t.message))),
            subject: None,
            since: since(pod),
            last,
            hint: describe(pod),
        };
    }
    let (code, how) = match ended {
        Some(t) if t.reason == "OOMKilled" => ("OutOfMemory", "ran out of memory".to_owned()),
        Some(t) if t.signal > 0 => ("CrashLoop", format!("was killed by signal {}", t.signal)),
        // The runtimes follow the shell's convention.
        Some(t) if (129..=192).contains(&t.exit_code) => {
            ("CrashLoop", format!("was killed by signal {}", t.exit_code - 128))
        }
        Some(t) => ("CrashLoop", format!("exited {}", t.exit_code)),
        None => ("CrashLoop", "keeps crashing".to_owned()),
    };
    let count = if again {
        format!(" ({})", restarts(container))
    } else {
        String::new()
    };
    let said = ended.and_then(|t| last_line(&t.message));
    let said = said.map_or(String::new(), |line| format!(": {line}"));
    let previous = if again { " --previous" } else { "" };
    Found {
        code,
        hard: true,
        message: shorten(&format!("{who} {how}{count}{said}")),
        subject: None,
        since: since(pod),
        last,
        hint: format!(
            "{} -c {}{previous}",
            kubectl(&meta.namespace, "logs", &meta.name),
            arg(name)
        ),
    }
}

/// It cannot even begin.
fn stuck(
    pod: &Pod,
    container: &ContainerStatus,
    waiting: &Waiting,
    code: &'static str,
    around: &EventsAndNodes<'_>,
) -> Found {
    let meta = pod.meta();
    let said = if waiting.message.is_empty() {
        waiting.reason.as_str()
    } else {
        waiting.message.as_str()
    };
    let (why, subject, hint) = match code {
        "ImagePull" => return not_pulled(pod, container, said, around),
        "ContainerConfig" => match missing_source(&meta.namespace, said) {
            Some((subject, hint)) => (said, Some(subject), hint),
            None => (said, None, describe(pod)),
        },
        "ContainerCreate" => (runtime_error(said), None, describe(pod)),
        _ => (said, None, describe(pod)),
    };
    Found {
        code,
        hard: true,
        message: shorten(&format!("{} {}: {why}", role(pod, container), container.name)),
        subject,
        since: since(pod),
        last: None,
        hint,
    }
}

/// Its image cannot be pulled.
fn not_pulled(pod: &Pod, container: &ContainerStatus, said: &str, around: &EventsAndNodes<'_>) -> Found {
    let meta = pod.meta();
    let why = image_error(pod, said, around);
    // `Unable to retrieve some image pull secrets (a, b); attempting to pull the image may not succeed.`
    let lacking = around
        .newest(&meta.uid, |e| e.reason == "FailedToRetrieveImagePullSecret")
        .and_then(|e| Some(e.message.split_once('(')?.1.split_once(')')?.0))
        .filter(|_| is_refused(why));
    let who = format!("{} {}", role(pod, container), container.name);
    let (message, subject, hint) = match lacking {
        Some(names) => {
            let first = names.split(", ").next().unwrap_or(names);
            (
                format!("{who}: image pull secret {names} is missing: {why}"),
                Some(format!("Secret/{}/{first}", meta.namespace)),
                kubectl(&meta.namespace, "get secret", first),
            )
        }
        None => (
            format!("{who}: {why}"),
            image_subject(&container.image, why),
            describe(pod),
        ),
    };
    Found {
        code: "ImagePull",
        hard: true,
        message: shorten(&message),
        subject,
        since: since(pod),
        last: None,
        hint,
    }
}

/// Whether a registry says that it wants to know who asks. Some say so by calling the image not found, which is not
/// taken for it.
fn is_refused(why: &str) -> bool {
    let why = why.to_lowercase();
    ["authoriz", "authentic", "denied", "forbidden"]
        .iter()
        .any(|word| why.contains(word))
}

/// Since when the pod is not ready.
pub(super) fn since(pod: &Pod) -> Option<Time> {
    pod.condition("Ready")
        .and_then(|c| c.last_transition_time)
        .or(pod.meta().creation_timestamp)
}

/// The registry's own error, out of the kubelet's and the runtime's sentences around it.
fn image_error<'a>(pod: &Pod, said: &'a str, around: &EventsAndNodes<'a>) -> &'a str {
    let event = around.newest(&pod.meta().uid, |e| {
        e.reason == "Failed" && e.message.contains("Failed to pull image")
    });
    let whole = match event {
        // Before Kubernetes 1.31 a back-off says no more than that it is one.
        Some(event) if !said.contains(": ") => event.message.as_str(),
        _ => said,
    };
    let mut why = behind(whole, &["ErrImagePull: ", " desc = "]);
    for phrase in [
        "Failed to pull image",
        "failed to pull and unpack image",
        "failed to resolve reference",
        "failed to resolve image",
        "failed to do request",
    ] {
        // `phrase "IMAGE": why`, or without the image.
        let rest = why.strip_prefix(phrase);
        let rest = rest.and_then(|r| {
            r.strip_prefix(": ")
                .or_else(|| Some(r.strip_prefix(" \"")?.split_once("\": ")?.1))
        });
        why = rest.unwrap_or(why);
    }
    why
}

/// The registry, where it is what fails, else the image.
fn image_subject(image: &str, why: &str) -> Option<String> {
    if image.is_empty() {
        return None;
    }
    let first = image.split_once('/').map_or("", |(first, _)| first);
    let host = if first.contains(['.', ':']) || first == "localhost" {
        first
    } else {
        "docker.io"
    };
    let why = why.to_lowercase();
    Some(if REGISTRY_FAILS.iter().any(|word| why.contains(word)) {
        format!("Registry/{host}")
    } else {
        format!("Image/{image}")
    })
}

/// The ConfigMap or Secret that a sentence says is missing or lacks a key, and how to look for it.
pub(super) fn missing_source(namespace: &str, sentence: &str) -> Option<(String, String)> {
    [("Secret", "secret"), ("ConfigMap", "configmap")]
        .into_iter()
        .find_map(|(kind, word)| {
            let missing =
                quoted_behind(sentence, &format!("{word} ")).filter(|_| sentence.contains("not found"));
            // `couldn't find key KEY in Secret NAMESPACE/NAME`
            let lacking = || {
                let (_, rest) = sentence.split_once(&format!(" in {kind} {namespace}/"))?;
                rest.split([' ', ',', ':']).next()
            };
            let name = missing.or_else(lacking)?;
            Some((
                format!("{kind}/{namespace}/{name}"),
                kubectl(namespace, &format!("get {word}"), name),
            ))
        })
}

fn runtime_error(sentence: &str) -> &str {
    behind(
        sentence,
        &[
            " desc = ",
            "OCI runtime create failed: ",
            "unable to start container process: ",
            "error during container init: ",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_that_fails_is_told_from_an_image_that_it_lacks() {
        let subject = |image, why| image_subject(image, why).unwrap_or_default();
        assert_eq!(
            subject("r.example/a/b:1", "r.example/a/b:1: not found"),
            "Image/r.example/a/b:1"
        );
        assert_eq!(
            subject("r.example:5000/a:1", "dial tcp: lookup r.example: no such host"),
            "Registry/r.example:5000"
        );
        assert_eq!(
            subject("library/a", "429 Too Many Requests"),
            "Registry/docker.io"
        );
        assert_eq!(subject("a", "i/o timeout"), "Registry/docker.io");
        assert_eq!(image_subject("", "not found"), None);
    }

    #[test]
    fn the_missing_thing_is_named() {
        let of = |sentence| missing_source("shop", sentence).map(|(subject, _)| subject);
        assert_eq!(of("secret \"db\" not found").as_deref(), Some("Secret/shop/db"));
        assert_eq!(
            of("couldn't find key url in ConfigMap shop/settings").as_deref(),
            Some("ConfigMap/shop/settings")
        );
        assert_eq!(of("container has runAsNonRoot and image will run as root"), None);
    }
}
