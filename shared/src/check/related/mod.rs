//! Objects of other kinds that a verdict needs: the endpoints of a Service, the pods that mount a claim. A check names its
//! needs, and the caller reads them. An object that could not be read is kept apart from one that does not exist.

pub(super) mod budgets;
pub(super) mod cronjobs;
pub(super) mod endpoints;
pub(super) mod events;
pub(super) mod pods;
pub(super) mod services;
pub(super) mod workloads;

use crate::kind::ResourceType;
use crate::resource::{
    CronJob, DaemonSetTemplate, Decoded, DeploymentTemplate, EndpointSlice, Event, Pod, PodDisruptionBudget,
    ReplicaSetTemplate, ReplicationControllerTemplate, Resource, Service, StatefulSetTemplate,
};
use budgets::BudgetFacts;
use cronjobs::CronJobFacts;
use endpoints::Endpoints;
use events::EventFacts;
use pods::PodFacts;
use services::ServiceFacts;
use std::collections::HashMap;
use workloads::TemplateFacts;

/// Declares the related kinds, each with its Rust type.
macro_rules! related_kinds {
    ($($(#[$doc:meta])* $variant:ident: $type:ty;)+) => {
        /// A kind that the verdict about another kind may need.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RelatedKind { $($(#[$doc])* $variant,)+ }

        impl RelatedKind {
            /// The plural, lower-case name.
            #[must_use]
            pub fn plural(self) -> &'static str {
                match self { $(Self::$variant => <$type>::PLURAL,)+ }
            }

            /// Its type in the API.
            #[must_use]
            pub fn resource_type(self) -> ResourceType {
                match self { $(Self::$variant => ResourceType::from_view::<$type>(),)+ }
            }

            /// Whether few clusters have any: a dump without them says that there are none.
            #[must_use]
            pub fn is_rare(self) -> bool {
                RARE.contains(&self)
            }

            /// Calls the visitor with the related kind's type.
            pub fn visit<V: RelatedKindVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$variant => visitor.visit::<$type>(self),)+ }
            }
        }
    };
}

related_kinds! {
    /// `discovery.k8s.io/v1` EndpointSlice.
    EndpointSlices: EndpointSlice;
    /// `v1` Service.
    Services: Service;
    /// The templates of `apps/v1` Deployment.
    Deployments: DeploymentTemplate;
    /// The templates of `apps/v1` StatefulSet.
    StatefulSets: StatefulSetTemplate;
    /// The templates of `apps/v1` DaemonSet.
    DaemonSets: DaemonSetTemplate;
    /// The templates of `apps/v1` ReplicaSet.
    ReplicaSets: ReplicaSetTemplate;
    /// The templates of `v1` ReplicationController.
    ReplicationControllers: ReplicationControllerTemplate;
    /// `v1` Pod.
    Pods: Pod;
    /// `batch/v1` CronJob.
    CronJobs: CronJob;
    /// `policy/v1` PodDisruptionBudget.
    PodDisruptionBudgets: PodDisruptionBudget;
    /// `v1` Event about Services.
    ServiceEvents: Event;
    /// `v1` Event about PersistentVolumeClaims.
    ClaimEvents: Event;
}

impl RelatedKind {
    /// The field selector of its list; empty for all objects.
    #[must_use]
    pub fn field_selector(self) -> &'static str {
        match self {
            Self::ServiceEvents => "involvedObject.kind=Service",
            Self::ClaimEvents => "involvedObject.kind=PersistentVolumeClaim",
            _ => "",
        }
    }

    /// Whether it only adds causes: no verdict is unknown without it.
    #[must_use]
    pub fn is_optional(self) -> bool {
        matches!(self, Self::ServiceEvents | Self::ClaimEvents)
    }
}

/// Rare kinds, which are read together with the pods if no other workload makes such pods.
const RARE: [RelatedKind; 1] = [RelatedKind::ReplicationControllers];

/// An operation on the type of a related kind.
pub trait RelatedKindVisitor {
    /// The result.
    type Output;
    /// Runs the operation.
    fn visit<T: Related>(self, kind: RelatedKind) -> Self::Output;
}

/// A kind whose objects say something about objects of other kinds.
pub trait Related: Resource {
    /// Whether this object says anything.
    fn counts(&self) -> bool {
        true
    }

    /// Adds what this object says.
    fn add_to(&self, known: &mut RelatedObjects);
}

/// A related kind in one namespace.
pub type RelatedNeed = (RelatedKind, String);

/// Facts read from related kinds.
#[derive(Debug, Default)]
pub struct RelatedObjects {
    /// What was read, in one namespace or in all, and whether all of it was seen and understood.
    asked: HashMap<(RelatedKind, Option<String>), bool>,
    endpoints: HashMap<(String, String), Endpoints>,
    services: HashMap<(String, String), ServiceFacts>,
    templates: HashMap<String, Vec<TemplateFacts>>,
    pods: HashMap<String, Vec<PodFacts>>,
    cron_jobs: HashMap<String, Vec<CronJobFacts>>,
    budgets: HashMap<String, Vec<BudgetFacts>>,
    events: HashMap<String, Vec<EventFacts>>,
}

impl RelatedObjects {
    /// Adds the objects of one related kind, in one namespace or in all.
    pub fn add<'a, T: Related>(
        &mut self,
        kind: RelatedKind,
        namespace: Option<&str>,
        objects: impl IntoIterator<Item = &'a Decoded<T>>,
    ) {
        let mut whole = true;
        for object in objects {
            match object {
                Ok(object) if object.counts() => object.add_to(self),
                Ok(_) => {}
                // An object that does not decode may say anything.
                Err(_) => whole = false,
            }
        }
        self.asked.insert((kind, namespace.map(str::to_owned)), whole);
    }

    /// Adds facts that were read apart from these.
    pub fn merge(&mut self, read: Self) {
        let Self {
            asked,
            endpoints,
            services,
            templates,
            pods,
            cron_jobs,
            budgets,
            events,
        } = read;
        self.asked.extend(asked);
        self.endpoints.extend(endpoints);
        self.services.extend(services);
        append(&mut self.templates, templates);
        append(&mut self.pods, pods);
        append(&mut self.cron_jobs, cron_jobs);
        append(&mut self.budgets, budgets);
        append(&mut self.events, events);
    }

    /// Marks a related kind that could not be read.
    pub fn mark_unread(&mut self, kind: RelatedKind, namespace: Option<&str>) {
        self.asked.insert((kind, namespace.map(str::to_owned)), false);
    }

    /// Whether it was asked for, with any result.
    #[must_use]
    pub fn is_asked(&self, kind: RelatedKind, namespace: &str) -> bool {
        self.state(kind, namespace).is_some()
    }

    fn is_seen(&self, kind: RelatedKind, namespace: &str) -> bool {
        self.state(kind, namespace) == Some(true)
    }

    fn state(&self, kind: RelatedKind, namespace: &str) -> Option<bool> {
        let own = self.asked.get(&(kind, Some(namespace.to_owned())));
        own.or_else(|| self.asked.get(&(kind, None))).copied()
    }
}

/// Appends the facts of each namespace to those that are known.
fn append<F>(known: &mut HashMap<String, Vec<F>>, read: HashMap<String, Vec<F>>) {
    for (namespace, facts) in read {
        known.entry(namespace).or_default().extend(facts);
    }
}
