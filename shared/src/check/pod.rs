//! What the pods of a workload say about its shortage.

use super::{GRACE_SECONDS, Now};
use crate::report::Cause;
use crate::resource::{ContainerStatus, Pod, Resource, Time};

/// A crash counts as a cause this many seconds after it happened; later it says nothing of the present.
const CRASH_SECONDS: i64 = 15 * 60;

/// Reasons of a waiting container that do not pass by themselves. They are the words of the kubelet
/// (`pkg/kubelet/container/sync_result.go`, `pkg/kubelet/images/types.go`, `pkg/kubelet/kuberuntime`).
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

/// The pods of one workload, as far as they are known.
#[derive(Debug, Clone, Default)]
pub struct Pods<'a> {
    /// Pods of the workload's ReplicaSets, new and old, each with the time its own age is measured against.
    pub pods: Vec<(&'a Pod, Now)>,
    /// When the newest of its ReplicaSets was created.
    pub newest_replica_set: Option<(Time, Now)>,
}

impl Pods<'_> {
    /// Active pods that are not ready.
    fn not_ready(&self) -> impl Iterator<Item = (&Pod, Now)> {
        self.pods
            .iter()
            .filter(|(p, _)| p.is_active() && !p.is_ready())
            .map(|(p, now)| (*p, *now))
    }

    /// How many active pods are not ready yet and were created within the grace.
    #[must_use]
    pub(super) fn young(&self) -> i64 {
        let young = self.not_ready().filter(|(pod, now)| {
            pod.meta()
                .creation_timestamp
                .is_some_and(|t| now.is_within(GRACE_SECONDS, t))
        });
        i64::try_from(young.count()).unwrap_or(i64::MAX)
    }

    /// Whether the newest ReplicaSet or pod was created less than `limit` seconds ago; `None` where neither is
    /// known.
    pub(super) fn newest_is_within(&self, limit: i64) -> Option<bool> {
        self.pods
            .iter()
            .filter_map(|(p, now)| p.meta().creation_timestamp.map(|t| (t, *now)))
            .chain(self.newest_replica_set)
            .max_by_key(|(t, _)| *t)
            .map(|(t, now)| now.is_within(limit, t))
    }

    /// What will not pass by itself, one entry a distinct cause, the most frequent first.
    pub(super) fn hard_causes(&self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = Vec::new();
        for (pod, now) in self.not_ready() {
            let Some((code, message)) = hard_cause(pod, now) else {
                continue;
            };
            match causes.iter_mut().find(|c| c.code == code) {
                Some(cause) => cause.count += 1,
                None => {
                    let meta = pod.meta();
                    causes.push(Cause {
                        code: code.to_owned(),
                        message,
                        count: 1,
                        example: Some(format!("Pod/{}", meta.name)),
                        hint: Some(format!(
                            "kubectl -n {} describe pod {}",
                            meta.namespace, meta.name
                        )),
                    });
                }
            }
        }
        causes.sort_by_key(|c| std::cmp::Reverse(c.count));
        causes
    }
}

fn hard_cause(pod: &Pod, now: Now) -> Option<(&'static str, String)> {
    let status = pod.status.as_ref()?;
    if let Some(scheduled) = pod.condition("PodScheduled").filter(|c| c.status == "False") {
        let since = scheduled.last_transition_time.or(pod.meta().creation_timestamp);
        let settled = since.is_none_or(|t| !now.is_within(GRACE_SECONDS, t));
        return (scheduled.reason == "Unschedulable" && settled)
            .then(|| ("Unschedulable", scheduled.message.clone()));
    }
    status
        .init_container_statuses
        .iter()
        .chain(&status.container_statuses)
        .find_map(|c| of_container(c, now))
}

fn of_container(container: &ContainerStatus, now: Now) -> Option<(&'static str, String)> {
    let waiting = container.state.as_ref().and_then(|s| s.waiting.as_ref());
    let last = container.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    let exit = || match last {
        Some(t) if t.reason == "OOMKilled" => {
            format!(
                "container {} ran out of memory ({} restarts)",
                container.name, container.restart_count
            )
        }
        Some(t) => format!(
            "container {} exited {} ({} restarts)",
            container.name, t.exit_code, container.restart_count
        ),
        None => format!(
            "container {} keeps crashing ({} restarts)",
            container.name, container.restart_count
        ),
    };
    if let Some(waiting) = waiting
        && let Some((reason, code)) = HARD_WAITING.iter().find(|(reason, _)| *reason == waiting.reason)
    {
        return Some(match *code {
            "CrashLoop" => (code, exit()),
            _ if waiting.message.is_empty() => (code, format!("container {}: {reason}", container.name)),
            _ => (code, format!("container {}: {}", container.name, waiting.message)),
        });
    }
    let crashed = last.is_some_and(|t| {
        (t.exit_code != 0 || t.reason == "OOMKilled")
            && t.finished_at.is_some_and(|f| now.age(f) < CRASH_SECONDS)
    });
    crashed.then(|| ("CrashLoop", exit()))
}
