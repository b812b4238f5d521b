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
            let Some(hard) = hard_cause(pod, now) else {
                continue;
            };
            match causes.iter_mut().find(|c| c.code == hard.code) {
                Some(cause) => cause.count += 1,
                None => causes.push(Cause {
                    code: hard.code.to_owned(),
                    example: Some(format!("Pod/{}", pod.meta().name)),
                    hint: Some(hard.command(pod)),
                    message: hard.message,
                    count: 1,
                }),
            }
        }
        causes.sort_by_key(|c| std::cmp::Reverse(c.count));
        causes
    }
}

/// Something that will not pass by itself.
struct Hard {
    code: &'static str,
    message: String,
    /// The container whose last words tell more.
    crashed: Option<String>,
}

impl Hard {
    /// The command that tells more.
    fn command(&self, pod: &Pod) -> String {
        let meta = pod.meta();
        let (namespace, name) = (&meta.namespace, &meta.name);
        match &self.crashed {
            Some(container) => format!("kubectl -n {namespace} logs {name} -c {container} --previous"),
            None => format!("kubectl -n {namespace} describe pod {name}"),
        }
    }
}

fn hard_cause(pod: &Pod, now: Now) -> Option<Hard> {
    let status = pod.status.as_ref()?;
    if let Some(scheduled) = pod.condition("PodScheduled").filter(|c| c.status == "False") {
        let since = scheduled.last_transition_time.or(pod.meta().creation_timestamp);
        let settled = since.is_none_or(|t| !now.is_within(GRACE_SECONDS, t));
        return (scheduled.reason == "Unschedulable" && settled).then(|| Hard {
            code: "Unschedulable",
            message: scheduled.message.clone(),
            crashed: None,
        });
    }
    status
        .init_container_statuses
        .iter()
        .chain(&status.container_statuses)
        .find_map(|c| of_container(c, now))
}

fn of_container(container: &ContainerStatus, now: Now) -> Option<Hard> {
    let name = &container.name;
    let waiting = container.state.as_ref().and_then(|s| s.waiting.as_ref());
    let last = container.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    let crash = || {
        let how = match last {
            Some(t) if t.reason == "OOMKilled" => "ran out of memory".to_owned(),
            Some(t) => format!("exited {}", t.exit_code),
            None => "keeps crashing".to_owned(),
        };
        Hard {
            code: "CrashLoop",
            message: format!("container {name} {how} ({} restarts)", container.restart_count),
            crashed: Some(name.clone()),
        }
    };
    if let Some(waiting) = waiting
        && let Some((reason, code)) = HARD_WAITING.iter().find(|(reason, _)| *reason == waiting.reason)
    {
        let why = if waiting.message.is_empty() {
            reason
        } else {
            waiting.message.as_str()
        };
        return Some(match *code {
            "CrashLoop" => crash(),
            code => Hard {
                code,
                message: format!("container {name}: {why}"),
                crashed: None,
            },
        });
    }
    let crashed = last.is_some_and(|t| {
        (t.exit_code != 0 || t.reason == "OOMKilled")
            && t.finished_at.is_some_and(|f| now.age(f) < CRASH_SECONDS)
    });
    crashed.then(crash)
}
