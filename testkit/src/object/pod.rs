//! Owns the builder of a v1 Pod.
//! Must not know which pods count. It writes phase, conditions and container states as they are set.

use serde_json::{Map, Value, json};

use super::condition::{Condition, Conditions};
use super::metadata::{Metadata, metadata_methods};
use super::replica_set::ReplicaSet;

/// Builds a Pod with one container `app`. The default is Running, scheduled and Ready since its creation.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing by itself"]
pub struct Pod {
    metadata: Metadata,
    node: Option<String>,
    phase: String,
    reason: Option<String>,
    ready: Option<(bool, Option<String>, String)>,
    scheduled: Option<(String, String, String)>,
    state: ContainerState,
    last_state: Option<ContainerState>,
    restarts: i64,
    init: Option<(String, ContainerState, i64)>,
    others: Conditions,
}

#[derive(Clone, Debug)]
enum ContainerState {
    Running(Option<String>),
    Waiting {
        reason: String,
        message: String,
    },
    Terminated {
        reason: String,
        exit_code: i64,
        time: String,
    },
}

impl ContainerState {
    fn to_value(&self, created: &str) -> Value {
        match self {
            Self::Running(since) => {
                json!({"running": {"startedAt": since.as_deref().unwrap_or(created)}})
            }
            Self::Waiting { reason, message } if message.is_empty() => json!({"waiting": {"reason": reason}}),
            Self::Waiting { reason, message } => json!({"waiting": {"reason": reason, "message": message}}),
            Self::Terminated {
                reason,
                exit_code,
                time,
            } => json!({"terminated": {
                "exitCode": exit_code, "reason": reason, "startedAt": created, "finishedAt": time,
                "containerID": "containerd://5f0e",
            }}),
        }
    }
}

metadata_methods!(Pod);

impl Pod {
    /// A Pod without an owner.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            metadata: Metadata::new("Pod", "v1", Some(namespace), name),
            node: Some("node-1".to_owned()),
            phase: "Running".to_owned(),
            reason: None,
            ready: Some((true, None, String::new())),
            scheduled: None,
            state: ContainerState::Running(None),
            last_state: None,
            restarts: 0,
            init: None,
            others: Conditions::default(),
        }
    }

    /// Makes the ReplicaSet its controller, and takes over its labels.
    pub fn owned_by(mut self, replica_set: &ReplicaSet) -> Self {
        let owner = &replica_set.metadata;
        self.metadata
            .add_owner(owner.api_version, owner.kind, &owner.name, &owner.uid);
        self.metadata.labels.extend(owner.labels.clone());
        self
    }

    /// Adds a controller by its names and uid.
    pub fn owner(mut self, api_version: &str, kind: &str, name: &str, uid: &str) -> Self {
        self.metadata.add_owner(api_version, kind, name, uid);
        self
    }

    /// Sets `status.phase`.
    pub fn phase(mut self, phase: &str) -> Self {
        self.phase = phase.into();
        self
    }

    /// Sets `status.reason`, such as Evicted.
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// Sets the node it runs on.
    pub fn node(mut self, node: &str) -> Self {
        self.node = Some(node.to_owned());
        self
    }

    /// Sets the Ready condition with the time of its last change. Container statuses do not follow it, as when a node is
    /// lost.
    pub fn ready(mut self, ready: bool, time: impl Into<String>) -> Self {
        let reason = if ready { "" } else { "ContainersNotReady" };
        self.ready = Some((ready, Some(time.into()), reason.to_owned()));
        self
    }

    /// Leaves the Ready condition out.
    pub fn without_ready(mut self) -> Self {
        self.ready = None;
        self
    }

    /// Makes it Pending without a node: PodScheduled=False/Unschedulable with the scheduler's message, no
    /// container status and no Ready condition.
    pub fn unschedulable(self, message: &str, time: impl Into<String>) -> Self {
        self.not_scheduled("Unschedulable", message, time)
    }

    /// Makes it Pending like [`Pod::unschedulable`], with another reason such as `SchedulingGated`.
    pub fn not_scheduled(mut self, reason: &str, message: &str, time: impl Into<String>) -> Self {
        self.node = None;
        self.phase = "Pending".into();
        self.ready = None;
        self.scheduled = Some((reason.to_owned(), message.to_owned(), time.into()));
        self
    }

    /// Makes its container wait for a reason, and the pod not Ready since its creation unless [`Pod::ready`] is called
    /// afterwards. Restarts and `lastState` have methods of their own.
    pub fn waiting(mut self, reason: &str, message: &str) -> Self {
        self.state = ContainerState::Waiting {
            reason: reason.to_owned(),
            message: message.to_owned(),
        };
        self.ready = Some((false, None, "ContainersNotReady".to_owned()));
        self
    }

    /// Makes its container terminated, and the pod not Ready since its creation unless [`Pod::ready`] is called
    /// afterwards.
    pub fn terminated(mut self, reason: &str, exit_code: i64, time: impl Into<String>) -> Self {
        self.state = ContainerState::Terminated {
            reason: reason.to_owned(),
            exit_code,
            time: time.into(),
        };
        self.ready = Some((false, None, "ContainersNotReady".to_owned()));
        self
    }

    /// Sets how its container ended before it was started again.
    pub fn last_terminated(mut self, reason: &str, exit_code: i64, time: impl Into<String>) -> Self {
        self.last_state = Some(ContainerState::Terminated {
            reason: reason.to_owned(),
            exit_code,
            time: time.into(),
        });
        self
    }

    /// Sets the restart count of its container.
    pub fn restarts(mut self, count: i64) -> Self {
        self.restarts = count;
        self
    }

    /// Adds an init container that waits, so the pod is Pending and not Ready.
    pub fn init_waiting(mut self, name: &str, reason: &str, message: &str, restarts: i64) -> Self {
        let state = ContainerState::Waiting {
            reason: reason.to_owned(),
            message: message.to_owned(),
        };
        self.init = Some((name.to_owned(), state, restarts));
        self.phase = "Pending".into();
        self.waiting("PodInitializing", "")
    }

    /// Adds a condition that has no method of its own, such as a readiness gate's.
    pub fn condition(mut self, kind: &str, status: &str, reason: &str, time: impl Into<String>) -> Self {
        self.others.put(Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: String::new(),
            last_update: None,
            last_transition: Some(time.into()),
        });
        self
    }

    /// The Pod as an API server writes it.
    pub fn build(&self) -> Value {
        self.metadata.wrap(vec![
            ("spec", Value::Object(self.spec())),
            ("status", Value::Object(self.status())),
        ])
    }

    fn spec(&self) -> Map<String, Value> {
        let image = "registry.example.test/app:1.0";
        let mut spec = Map::new();
        if let Some((name, _, _)) = &self.init {
            spec.insert(
                "initContainers".to_owned(),
                json!([{"name": name, "image": image}]),
            );
        }
        spec.insert("containers".to_owned(), json!([{"name": "app", "image": image}]));
        spec.insert("restartPolicy".to_owned(), Value::from("Always"));
        if let Some(node) = &self.node {
            spec.insert("nodeName".to_owned(), Value::from(node.as_str()));
        }
        spec
    }

    fn status(&self) -> Map<String, Value> {
        let created = self.metadata.created_at();
        let mut conditions = self.others.clone();
        let mut put = |kind: &str, status: bool, reason: &str, message: &str, time: &str| {
            conditions.put(Condition {
                kind: kind.to_owned(),
                status: if status { "True" } else { "False" }.to_owned(),
                reason: reason.to_owned(),
                message: message.to_owned(),
                last_update: None,
                last_transition: Some(time.to_owned()),
            });
        };
        match &self.scheduled {
            None => put("PodScheduled", true, "", "", &created),
            Some((reason, message, time)) => put("PodScheduled", false, reason, message, time),
        }
        if let Some((ready, time, reason)) = &self.ready {
            let message = if *ready {
                ""
            } else {
                "containers with unready status: [app]"
            };
            put(
                "Ready",
                *ready,
                reason,
                message,
                time.as_deref().unwrap_or(&created),
            );
        }
        let mut status = Map::new();
        status.insert("phase".to_owned(), Value::from(self.phase.as_str()));
        if let Some(reason) = &self.reason {
            status.insert("reason".to_owned(), Value::from(reason.as_str()));
        }
        status.insert("conditions".to_owned(), conditions.to_value());
        if self.scheduled.is_none() {
            status.insert("startTime".to_owned(), Value::from(created.as_str()));
            if let Some((name, state, restarts)) = &self.init {
                let of_init = container_status(name, state, None, *restarts, &created);
                status.insert("initContainerStatuses".to_owned(), json!([of_init]));
            }
            let of_app = container_status(
                "app",
                &self.state,
                self.last_state.as_ref(),
                self.restarts,
                &created,
            );
            status.insert("containerStatuses".to_owned(), json!([of_app]));
        }
        status
    }
}

fn container_status(
    name: &str,
    state: &ContainerState,
    last: Option<&ContainerState>,
    restarts: i64,
    created: &str,
) -> Value {
    let running = matches!(state, ContainerState::Running(_));
    json!({
        "name": name,
        "state": state.to_value(created),
        "lastState": last.map_or_else(|| json!({}), |last| last.to_value(created)),
        "ready": running,
        "started": running,
        "restartCount": restarts,
        "image": "registry.example.test/app:1.0",
        "imageID": "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::at;

    #[test]
    fn the_default_runs_and_is_ready_since_its_creation() {
        let status = Pod::new("shop", "checkout-1-a").created(at(-100)).build()["status"].take();
        assert_eq!(
            status,
            json!({
                "phase": "Running", "startTime": at(-100),
                "conditions": [
                    {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(-100)},
                    {"type": "Ready", "status": "True", "lastTransitionTime": at(-100)}],
                "containerStatuses": [{
                    "name": "app", "ready": true, "started": true, "restartCount": 0, "lastState": {},
                    "state": {"running": {"startedAt": at(-100)}},
                    "image": "registry.example.test/app:1.0", "imageID": ""}],
            })
        );
    }

    #[test]
    fn an_unschedulable_pod_has_no_node_and_no_container_status() {
        let pod = Pod::new("a", "b")
            .unschedulable("0/3 nodes are available", at(-30))
            .build();
        assert!(pod["spec"].get("nodeName").is_none());
        assert_eq!(
            pod["status"],
            json!({"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                 "message": "0/3 nodes are available", "lastTransitionTime": at(-30)}]})
        );
    }

    #[test]
    fn a_crash_loop_shows_both_states_and_names_its_replica_set() {
        let replica_set = ReplicaSet::new("a", "web-1").label("app", "web");
        let pod = Pod::new("a", "web-1-x")
            .owned_by(&replica_set)
            .waiting("CrashLoopBackOff", "back-off 5m0s")
            .last_terminated("Error", 1, at(-20))
            .restarts(4)
            .build();
        assert_eq!(
            pod["metadata"]["ownerReferences"][0]["uid"],
            replica_set.build()["metadata"]["uid"]
        );
        assert_eq!(pod["metadata"]["labels"], json!({"app": "web"}));
        let container = &pod["status"]["containerStatuses"][0];
        assert_eq!(
            container["state"],
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}})
        );
        assert_eq!(container["lastState"]["terminated"]["exitCode"], 1);
        assert_eq!(container["lastState"]["terminated"]["finishedAt"], at(-20));
        assert_eq!(container["restartCount"], 4);
        assert_eq!(pod["status"]["conditions"][1]["status"], "False");
    }
}
