//! `v1` Pod: whether it is active, ready and young, and what stops its containers.

use super::{
    Condition, ObjectMeta, PodsBy, ProbedCondition, Resource, ResourceRequirements, Time, has_metadata,
    null_as_default,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The label with the revision that a StatefulSet or DaemonSet created a pod from.
pub const REVISION: &str = "controller-revision-hash";

/// The fields of a pod that a workload's verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    /// Name, owner, creation, deletion.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<PodSpec>,
    /// The last report of kubelet and scheduler.
    #[prost(message, optional, tag = "3")]
    pub status: Option<PodStatus>,
}

/// The part of `v1` PodSpec that causes read. The status says what containers do.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Its volumes.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub volumes: Vec<Volume>,
    /// App containers, for their probes.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub containers: Vec<Container>,
    /// `Always`, `OnFailure` or `Never`; empty means `Always`.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub restart_policy: String,
    /// Labels that its node must have.
    #[prost(btree_map = "string, string", tag = "7")]
    #[serde(deserialize_with = "null_as_default")]
    pub node_selector: BTreeMap<String, String>,
    /// The node that it was scheduled to; empty if there is none.
    #[prost(string, tag = "10")]
    #[serde(deserialize_with = "null_as_default")]
    pub node_name: String,
    /// Secrets that its images are pulled with.
    #[prost(message, repeated, tag = "15")]
    #[serde(deserialize_with = "null_as_default")]
    pub image_pull_secrets: Vec<PullSecret>,
    /// The nodes it may run on.
    #[prost(message, optional, tag = "18")]
    pub affinity: Option<Affinity>,
    /// The scheduler that has to give it a node.
    #[prost(string, tag = "19")]
    #[serde(deserialize_with = "null_as_default")]
    pub scheduler_name: String,
    /// Init containers, for their probes and for which of them are sidecars.
    #[prost(message, repeated, tag = "20")]
    #[serde(deserialize_with = "null_as_default")]
    pub init_containers: Vec<Container>,
    /// Conditions that other controllers have to set before the pod is Ready.
    #[prost(message, repeated, tag = "28")]
    #[serde(deserialize_with = "null_as_default")]
    pub readiness_gates: Vec<ReadinessGate>,
    /// What all its containers together request, and may use at most (Kubernetes 1.34).
    #[prost(message, optional, tag = "40")]
    pub resources: Option<ResourceRequirements>,
}

/// A Secret in the pod's namespace.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PullSecret {
    /// Its name.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// The nodes a pod may run on.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Affinity {
    /// The node part.
    #[prost(message, optional, tag = "1")]
    pub node_affinity: Option<NodeAffinity>,
}

/// Node affinity.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAffinity {
    /// Nodes that it must run on.
    #[prost(message, optional, tag = "1")]
    pub required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
}

/// A list of terms. One of them has to fit.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelector {
    /// The terms.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// A list of requirements. All have to be met.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorTerm {
    /// Requirements on labels of the node.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// Requirements on fields of the node. `metadata.name` is the only field.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub match_fields: Vec<NodeSelectorRequirement>,
}

/// A requirement on a field or a label of the node.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorRequirement {
    /// The field or the label.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub key: String,
    /// The operator, such as `In`.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub operator: String,
    /// The values.
    #[prost(string, repeated, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub values: Vec<String>,
}

/// A volume. Only claims are read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Protobuf wraps the source of a volume in a message of its own; JSON has it inline, below.
    #[prost(message, optional, tag = "2")]
    #[serde(skip)]
    pub source: Option<VolumeSource>,
    /// The claim in JSON. Tag 10 is that of the source, and unused in a volume itself.
    #[prost(message, optional, tag = "10")]
    pub persistent_volume_claim: Option<ClaimVolume>,
}

/// `v1` VolumeSource. Only claims are read.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct VolumeSource {
    /// The claim, if the volume is one.
    #[prost(message, optional, tag = "10")]
    pub persistent_volume_claim: Option<ClaimVolume>,
}

/// The claim of a volume.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimVolume {
    /// Name of the PersistentVolumeClaim, in the pod's namespace.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub claim_name: String,
}

/// A container of the spec: its resources, its probes, and whether it is a sidecar.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// What it requests, and may use at most.
    #[prost(message, optional, tag = "8")]
    pub resources: Option<ResourceRequirements>,
    /// The probe that lets the kubelet end it.
    #[prost(message, optional, tag = "10")]
    pub liveness_probe: Option<ContainerProbe>,
    /// The probe that lets the kubelet end it while it starts.
    #[prost(message, optional, tag = "22")]
    pub startup_probe: Option<ContainerProbe>,
    /// `Always` makes an init container a sidecar, which is not expected to end. Any other container may have its own policy
    /// too (Kubernetes 1.34); empty means that of the pod.
    #[prost(string, tag = "24")]
    #[serde(deserialize_with = "null_as_default")]
    pub restart_policy: String,
}

/// A probe. Only its presence matters.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub struct ContainerProbe {}

/// A condition that another controller has to set.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ReadinessGate {
    /// Type of the condition.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub condition_type: String,
}

/// The part of `v1` PodStatus that is read.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub phase: String,
    /// `Ready`, `PodScheduled` and others.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<ProbedCondition>,
    /// Why the whole pod has failed, in a sentence.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// Why the whole pod has failed, in a stable word such as `Evicted`.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// State of each app container.
    #[prost(message, repeated, tag = "8")]
    #[serde(deserialize_with = "null_as_default")]
    pub container_statuses: Vec<ContainerStatus>,
    /// State of each init container, native sidecars included.
    #[prost(message, repeated, tag = "10")]
    #[serde(deserialize_with = "null_as_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
}

/// The kubelet's report about one container.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Name of the container within the pod.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Its present state.
    #[prost(message, optional, tag = "2")]
    pub state: Option<ContainerState>,
    /// How its previous run ended.
    #[prost(message, optional, tag = "3")]
    pub last_state: Option<ContainerState>,
    /// How often it was restarted.
    #[prost(int32, tag = "5")]
    #[serde(deserialize_with = "null_as_default")]
    pub restart_count: i32,
    /// Whether it is ready, as the kubelet last reported. It stays true on a lost node, so it only serves to name a
    /// container.
    #[prost(bool, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub ready: bool,
    /// The image it runs or waits for.
    #[prost(string, tag = "6")]
    #[serde(deserialize_with = "null_as_default")]
    pub image: String,
    /// Whether its startup probe has passed, or it has none.
    #[prost(bool, optional, tag = "9")]
    pub started: Option<bool>,
}

impl ContainerStatus {
    /// How its runs ended, the newest first: the present one if it is over, and the one before.
    pub fn ends(&self) -> impl Iterator<Item = &Terminated> {
        let states = [&self.state, &self.last_state].into_iter().flatten();
        states.filter_map(|state| state.terminated.as_ref())
    }

    /// Whether its newest end is that of its previous run, whose log `kubectl logs --previous` shows. Of a container that has
    /// ended and waits for its next start, the kubelet keeps only the log of the run that it reports as the present one.
    #[must_use]
    pub fn has_ended_before(&self) -> bool {
        let is_over = |state: &Option<ContainerState>| state.as_ref().is_some_and(|s| s.terminated.is_some());
        is_over(&self.last_state) && !is_over(&self.state)
    }
}

/// One of waiting, running and terminated.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    /// It cannot run yet, and why.
    #[prost(message, optional, tag = "1")]
    pub waiting: Option<Waiting>,
    /// It runs, and since when.
    #[prost(message, optional, tag = "2")]
    pub running: Option<Running>,
    /// It ended, and how.
    #[prost(message, optional, tag = "3")]
    pub terminated: Option<Terminated>,
}

/// A container that cannot run yet.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    /// A stable word such as `CrashLoopBackOff`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The runtime's or the registry's sentence.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

/// A container that runs.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Since when.
    #[prost(message, optional, tag = "1")]
    pub started_at: Option<Time>,
}

/// A container that ended.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// Exit code of its first process.
    #[prost(int32, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub exit_code: i32,
    /// Signal that ended it, 0 for none.
    #[prost(int32, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub signal: i32,
    /// A stable word such as `OOMKilled` or `Error`.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The runtime's sentence, or what the container wrote into its termination log.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// When it had started.
    #[prost(message, optional, tag = "5")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[prost(message, optional, tag = "6")]
    pub finished_at: Option<Time>,
}

impl Pod {
    /// Whether the pod still counts for its workload: not finished and not being deleted.
    #[must_use]
    pub fn is_active(&self) -> bool {
        let phase = self.status.as_ref().map_or("", |s| s.phase.as_str());
        self.meta().deletion_timestamp.is_none() && phase != "Succeeded" && phase != "Failed"
    }

    /// Whether the `Ready` condition is True. The containers' own `ready` stays true on a lost node, the
    /// condition does not, so only the condition is believed.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(Condition::is_true)
    }

    /// Whether its containers are meant to end: a container that ended with 0 is not started again.
    #[must_use]
    pub fn is_meant_to_end(&self) -> bool {
        let policy = self.spec.as_ref().map_or("", |s| s.restart_policy.as_str());
        matches!(policy, "OnFailure" | "Never")
    }

    /// Whether the kubelet leaves a container as it is once that has ended: by the policy of the container, else of the pod.
    #[must_use]
    pub fn is_never_restarted(&self, container: &str) -> bool {
        let own = self
            .container(container)
            .map_or("", |c| c.restart_policy.as_str());
        let policy = match own {
            "" => self.spec.as_ref().map_or("", |s| s.restart_policy.as_str()),
            own => own,
        };
        policy == "Never"
    }

    /// The node that it was scheduled to, if there is one.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        let node = self.spec.as_ref()?.node_name.as_str();
        (!node.is_empty()).then_some(node)
    }

    /// The one node that it was made for, if there is one. The DaemonSet controller names it in an affinity of each pod
    /// (`ReplaceDaemonSetPodNodeNameNodeAffinity` in `pkg/controller/daemon/util`).
    #[must_use]
    pub fn made_for(&self) -> Option<&str> {
        let affinity = self.spec.as_ref()?.affinity.as_ref()?.node_affinity.as_ref()?;
        let required = affinity
            .required_during_scheduling_ignored_during_execution
            .as_ref()?;
        let [term] = required.node_selector_terms.as_slice() else {
            return None;
        };
        let one = term
            .match_fields
            .iter()
            .find(|f| f.key == "metadata.name" && f.operator == "In")?;
        match one.values.as_slice() {
            [node] => Some(node),
            _ => None,
        }
    }

    /// Names of the PersistentVolumeClaims that it mounts.
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        self.spec.iter().flat_map(|spec| &spec.volumes).filter_map(|v| {
            let inner = v.source.as_ref().and_then(|s| s.persistent_volume_claim.as_ref());
            let claim = v.persistent_volume_claim.as_ref().or(inner)?;
            Some(claim.claim_name.as_str())
        })
    }

    /// The spec of the container of that name.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&Container> {
        let spec = self.spec.as_ref()?;
        let mut all = spec.init_containers.iter().chain(&spec.containers);
        all.find(|c| c.name == name)
    }

    /// The revision that a StatefulSet or DaemonSet created it from; empty if none did.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.meta().labels.get(REVISION).map_or("", String::as_str)
    }

    /// Whether an init container of that name is a sidecar.
    #[must_use]
    pub fn is_sidecar(&self, container: &str) -> bool {
        self.spec.as_ref().is_some_and(|spec| {
            spec.init_containers
                .iter()
                .any(|c| c.name == container && c.restart_policy == "Always")
        })
    }

    /// `PodScheduled` while it is False: the pod has no node.
    #[must_use]
    pub fn unscheduled(&self) -> Option<&ProbedCondition> {
        self.condition("PodScheduled").filter(|c| c.is_false())
    }

    /// Whether a scheduling gate holds the pod.
    #[must_use]
    pub fn is_gated(&self) -> bool {
        self.unscheduled().is_some_and(|c| c.reason == "SchedulingGated")
    }

    /// The condition of that type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&ProbedCondition> {
        Condition::find(&self.status.as_ref()?.conditions, kind)
    }
}

impl Resource for Pod {
    type Whole = k8s_openapi::api::core::v1::Pod;

    has_metadata!();

    fn pods_by(&self) -> PodsBy<'_> {
        PodsBy::Itself(self)
    }

    fn drop_zero_times(&mut self) {
        let Some(status) = &mut self.status else { return };
        status
            .conditions
            .iter_mut()
            .for_each(ProbedCondition::drop_zero_times);
        let containers = status
            .init_container_statuses
            .iter_mut()
            .chain(&mut status.container_statuses);
        for state in containers
            .flat_map(|c| [&mut c.state, &mut c.last_state])
            .flatten()
        {
            if let Some(running) = &mut state.running {
                Time::drop_zero(&mut running.started_at);
            }
            if let Some(terminated) = &mut state.terminated {
                Time::drop_zero(&mut terminated.started_at);
                Time::drop_zero(&mut terminated.finished_at);
            }
        }
    }
}
