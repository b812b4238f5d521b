//! Which lists a timeline reads.

use crate::kind::{Kind, ResourceType};
use crate::report::TimelineKind;
use crate::resource::{
    ControllerRevision, CronJob, DaemonSet, Deployment, Event, Job, Lease, MutatingWebhookConfiguration,
    Node, Pod, ReplicaSet, StatefulSet, ValidatingWebhookConfiguration,
};
use crate::timeline::{TimelineScope, TimelineSource};

/// A list that a timeline reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimelineList {
    /// The metadata of workloads of a kind.
    Workloads(Kind),
    /// The metadata of the objects that keep revisions: those of Deployments, or of StatefulSets and DaemonSets.
    Revisions { of_deployments: bool },
    /// The metadata of other objects: kind, plural, what their change is called, and whether they are in namespaces.
    Objects(&'static str, &'static str, TimelineKind, bool),
    /// Events.
    Events,
    /// Pods.
    Pods,
    /// Nodes.
    Nodes,
    /// The Leases of `kube-system`.
    Leases,
}

/// The workloads whose metadata is read.
const WORKLOADS: [Kind; 5] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::CronJob,
    Kind::Job,
];

/// The other objects whose metadata is read.
const OBJECTS: [TimelineList; 5] = [
    TimelineList::Objects("ResourceQuota", "resourcequotas", TimelineKind::Quota, true),
    TimelineList::Objects("LimitRange", "limitranges", TimelineKind::Quota, true),
    TimelineList::Objects("ConfigMap", "configmaps", TimelineKind::Config, true),
    TimelineList::Objects(
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        TimelineKind::Webhook,
        false,
    ),
    TimelineList::Objects(
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        TimelineKind::Webhook,
        false,
    ),
];

impl TimelineList {
    /// The lists that a timeline about that scope reads.
    pub fn of(scope: &TimelineScope) -> Vec<Self> {
        let is_named = |kind: Kind| scope.has_any(&[kind]);
        let mut lists: Vec<Self> = WORKLOADS
            .into_iter()
            .filter(|kind| is_named(*kind))
            .map(Self::Workloads)
            .collect();
        if is_named(Kind::Deployment) {
            lists.push(Self::Revisions { of_deployments: true });
        }
        if scope.has_any(&[Kind::StatefulSet, Kind::DaemonSet]) {
            lists.push(Self::Revisions {
                of_deployments: false,
            });
        }
        lists.push(Self::Events);
        if scope.is_everything() || scope.kinds.iter().any(|(kind, _)| *kind != Kind::Node) {
            lists.push(Self::Pods);
        }
        if is_named(Kind::Node) {
            lists.push(Self::Nodes);
        }
        if scope.is_everything() {
            lists.extend(OBJECTS);
        }
        if scope.is_everything() || scope.api_server {
            lists.push(Self::Leases);
        }
        lists
    }

    /// Whether its objects are in namespaces that a user asks for. If one is, the other lists are read if they may be.
    pub fn is_namespaced(self) -> bool {
        match self {
            Self::Objects(.., namespaced) => namespaced,
            Self::Nodes | Self::Leases => false,
            Self::Workloads(_) | Self::Revisions { .. } | Self::Events | Self::Pods => true,
        }
    }

    pub fn source(self) -> TimelineSource {
        match self {
            Self::Workloads(_) => TimelineSource::Workloads,
            Self::Revisions { .. } => TimelineSource::Revisions,
            Self::Objects(..) => TimelineSource::Objects,
            Self::Events => TimelineSource::Events,
            Self::Pods => TimelineSource::Pods,
            Self::Nodes => TimelineSource::Nodes,
            Self::Leases => TimelineSource::Leases,
        }
    }

    pub fn resource_type(self) -> ResourceType {
        match self {
            Self::Workloads(Kind::Deployment) => ResourceType::from_view::<Deployment>(),
            Self::Workloads(Kind::StatefulSet) => ResourceType::from_view::<StatefulSet>(),
            Self::Workloads(Kind::DaemonSet) => ResourceType::from_view::<DaemonSet>(),
            Self::Workloads(Kind::CronJob) => ResourceType::from_view::<CronJob>(),
            Self::Workloads(Kind::Job) => ResourceType::from_view::<Job>(),
            Self::Workloads(kind) => kind.resource_type(),
            Self::Revisions { of_deployments: true } => ResourceType::from_view::<ReplicaSet>(),
            Self::Revisions {
                of_deployments: false,
            } => ResourceType::from_view::<ControllerRevision>(),
            Self::Objects("ValidatingWebhookConfiguration", ..) => {
                ResourceType::from_view::<ValidatingWebhookConfiguration>()
            }
            Self::Objects("MutatingWebhookConfiguration", ..) => {
                ResourceType::from_view::<MutatingWebhookConfiguration>()
            }
            Self::Objects(kind, plural, _, namespaced) => ResourceType {
                group: "".into(),
                version: "v1".into(),
                kind: kind.into(),
                plural: plural.into(),
                singular: kind.to_lowercase().into(),
                namespaced,
                qualified: false,
            },
            Self::Events => ResourceType::from_view::<Event>(),
            Self::Pods => ResourceType::from_view::<Pod>(),
            Self::Nodes => ResourceType::from_view::<Node>(),
            Self::Leases => ResourceType::from_view::<Lease>(),
        }
    }
}
