//! What other kinds say of an object, for the kinds whose verdict needs them: the endpoints of a Service, the pods that
//! mount a claim. A check names what it wants, whoever can read brings it, and what could not be brought is told apart
//! from what is not there.

use super::{GRACE_SECONDS, Now};
use crate::resource::{
    CronJob, DaemonSetTemplate, Decoded, DeploymentTemplate, Endpoint, EndpointSlice, Event, LabelSelector,
    Pod, PodDisruptionBudget, ReplicaSetTemplate, ReplicationControllerTemplate, Resource, ScaledObject,
    Service, ServicePort, StatefulSetTemplate, Templated, Time,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Makes the list of companions, and the way from one to its Rust type.
macro_rules! companions {
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

            /// The rule that is needed to list it, as a report names it when it is missing.
            #[must_use]
            pub fn rule(self) -> String {
                let group = match self { $(Self::$variant => <$type>::GROUP,)+ };
                let dash = if group.is_empty() { "" } else { "/" };
                format!("{group}{dash}{} list", self.plural())
            }

            /// Whether few clusters have any, so that a dump without them is as good as one with none.
            #[must_use]
            pub fn is_rare(self) -> bool {
                RARE.contains(&self)
            }

            /// Calls the visitor with the companion's type.
            pub fn visit<V: RelatedKindVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$variant => visitor.visit::<$type>(self),)+ }
            }
        }
    };
}

companions! {
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
    /// Which of its objects are asked for; all if it is empty.
    #[must_use]
    pub fn field_selector(self) -> &'static str {
        match self {
            Self::ServiceEvents => "involvedObject.kind=Service",
            Self::ClaimEvents => "involvedObject.kind=PersistentVolumeClaim",
            _ => "",
        }
    }

    /// Whether it only says why: no verdict is unknown for want of it.
    #[must_use]
    pub fn is_optional(self) -> bool {
        matches!(self, Self::ServiceEvents | Self::ClaimEvents)
    }
}

/// The kinds that make pods which a Service can stand for.
const TEMPLATES: [RelatedKind; 4] = [
    RelatedKind::Deployments,
    RelatedKind::StatefulSets,
    RelatedKind::DaemonSets,
    RelatedKind::ReplicaSets,
];

/// Those that are looked at, with the pods, where none of the others makes such pods: most clusters have none.
const RARE: [RelatedKind; 1] = [RelatedKind::ReplicationControllers];

/// Something to do with a companion's type.
pub trait RelatedKindVisitor {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<T: Related>(self, companion: RelatedKind) -> Self::Output;
}

/// A kind that says something of others.
pub trait Related: Resource {
    /// Whether this one says anything.
    fn counts(&self) -> bool {
        true
    }

    /// Adds what it says.
    fn add_to(&self, known: &mut RelatedObjects);
}

/// A companion kind in one namespace.
pub type RelatedNeed = (RelatedKind, String);

/// What was brought.
#[derive(Debug, Default)]
pub struct RelatedObjects {
    /// What was asked for, in one namespace or in all, and whether all of it was seen and understood.
    asked: HashMap<(RelatedKind, Option<String>), bool>,
    endpoints: HashMap<(String, String), Endpoints>,
    services: HashMap<(String, String), ServiceFacts>,
    templates: HashMap<String, Vec<Template>>,
    pods: HashMap<String, Vec<PodFacts>>,
    cron_jobs: HashMap<String, Vec<CronFacts>>,
    budgets: HashMap<String, Vec<Budget>>,
    events: HashMap<String, Vec<EventFacts>>,
}

/// What is read of a Service here.
#[derive(Debug)]
pub(super) struct ServiceFacts {
    /// Whether it is an alias of a name outside.
    pub is_external: bool,
    pub ports: Vec<ServicePort>,
}

/// What is read of a PodDisruptionBudget here.
#[derive(Debug)]
pub(super) struct Budget {
    pub name: String,
    pub selector: LabelSelector,
    pub expects_pods: bool,
}

/// What is read of an event here.
#[derive(Debug)]
pub(super) struct EventFacts {
    pub reason: String,
    pub message: String,
    pub is_warning: bool,
    pub time: Option<Time>,
}

/// Pods that are named of a Service whose endpoints are not ready.
const WAITING: usize = 3;

/// The endpoints of one Service.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// Ready ones and others, by family of addresses; those on their way out are not counted.
    by_family: BTreeMap<String, (usize, usize)>,
    /// The names of the Service's ports that a ready one has.
    pub ports: BTreeSet<String>,
    /// Those on their way out that answer until they are gone, of all families.
    pub serving_to_the_end: usize,
    /// Pods behind some of those that are not ready.
    pub waiting: Vec<String>,
    /// When one of them last changed.
    pub changed: Option<Time>,
}

impl Endpoints {
    const NONE: Self = Self {
        by_family: BTreeMap::new(),
        serving_to_the_end: 0,
        ports: BTreeSet::new(),
        waiting: Vec::new(),
        changed: None,
    };

    fn most(&self, of: fn(&(usize, usize)) -> usize) -> usize {
        self.by_family.values().map(of).max().unwrap_or(0)
    }

    pub fn ready(&self) -> usize {
        self.most(|(ready, _)| *ready)
    }

    pub fn not_ready(&self) -> usize {
        self.most(|(_, others)| *others)
    }
}

#[derive(Debug, Clone)]
struct Template {
    kind: Cow<'static, str>,
    name: String,
    desired: i64,
    labels: BTreeMap<String, String>,
    /// The uid of its controller.
    controller: Option<String>,
}

/// The workloads of one namespace whose pods have some labels.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Workloads<'a> {
    /// Kind and name of those that ask for a pod.
    pub asking: Vec<(&'a str, &'a str)>,
    /// Kind and name of those that ask for none.
    pub idle: Vec<(&'a str, &'a str)>,
    /// Whether all that there are were seen.
    pub complete: bool,
}

/// What is read of a pod here.
#[derive(Debug, Clone)]
pub(super) struct PodFacts {
    pub name: String,
    pub uid: String,
    pub created: Option<Time>,
    pub labels: BTreeMap<String, String>,
    pub claims: Vec<String>,
    pub stage: Stage,
    /// Whether it is held by a scheduling gate.
    pub gated: bool,
}

/// How far a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Active,
    /// On its way out, and not over yet.
    Leaving,
    Failed,
    Succeeded,
}

/// What is read of a CronJob here.
#[derive(Debug)]
pub(super) struct CronFacts {
    pub name: String,
    pub uid: String,
    succeeded: Option<Time>,
}

impl RelatedObjects {
    /// Takes what was read of one companion, in one namespace or in all.
    pub fn take<'a, T: Related>(
        &mut self,
        companion: RelatedKind,
        namespace: Option<&str>,
        objects: impl IntoIterator<Item = &'a Decoded<T>>,
    ) {
        let mut whole = true;
        for object in objects {
            match object {
                Ok(object) if object.counts() => object.add_to(self),
                Ok(_) => {}
                // What it would have said is not known.
                Err(_) => whole = false,
            }
        }
        self.asked
            .insert((companion, namespace.map(str::to_owned)), whole);
    }

    /// Takes an object of a kind that is not known here and that asks for pods as a Deployment does.
    pub fn take_scaled(&mut self, kind: &str, object: &ScaledObject) {
        let meta = object.meta();
        let Some(spec) = object.spec.as_ref().filter(|spec| !spec.labels.is_empty()) else {
            return;
        };
        let Some(desired) = spec.replicas else { return };
        let template = Template {
            kind: kind.to_owned().into(),
            name: meta.name.clone(),
            desired,
            labels: spec.labels.clone(),
            controller: meta.controller().map(|owner| owner.uid.clone()),
        };
        let templates = self.templates.entry(meta.namespace.clone()).or_default();
        templates.push(template);
    }

    /// Takes note that a companion could not be read.
    pub fn miss(&mut self, companion: RelatedKind, namespace: Option<&str>) {
        self.asked
            .insert((companion, namespace.map(str::to_owned)), false);
    }

    /// Whether it was asked for, whatever came of it.
    #[must_use]
    pub fn is_asked(&self, companion: RelatedKind, namespace: &str) -> bool {
        self.state(companion, namespace).is_some()
    }

    fn is_seen(&self, companion: RelatedKind, namespace: &str) -> bool {
        self.state(companion, namespace) == Some(true)
    }

    fn state(&self, companion: RelatedKind, namespace: &str) -> Option<bool> {
        let own = self.asked.get(&(companion, Some(namespace.to_owned())));
        own.or_else(|| self.asked.get(&(companion, None))).copied()
    }

    /// The endpoints of a Service; `None` where they were not seen.
    pub(super) fn endpoints(&self, namespace: &str, service: &str) -> Option<&Endpoints> {
        static NONE: Endpoints = Endpoints::NONE;
        let key = (namespace.to_owned(), service.to_owned());
        self.is_seen(RelatedKind::EndpointSlices, namespace)
            .then(|| self.endpoints.get(&key).unwrap_or(&NONE))
    }

    /// Whether there is such a Service; `None` where that was not seen. One outside of the cluster is there too.
    pub(super) fn has_service(&self, namespace: &str, service: &str) -> Option<bool> {
        self.is_seen(RelatedKind::Services, namespace)
            .then(|| self.service(namespace, service).is_some())
    }

    /// The Service of that name, if it was seen.
    pub(super) fn service(&self, namespace: &str, service: &str) -> Option<&ServiceFacts> {
        self.services.get(&(namespace.to_owned(), service.to_owned()))
    }

    /// Whether all PodDisruptionBudgets of a namespace were seen.
    pub(super) fn has_seen_budgets(&self, namespace: &str) -> bool {
        self.is_seen(RelatedKind::PodDisruptionBudgets, namespace)
    }

    /// The PodDisruptionBudgets of a namespace that select pods, as far as they were seen.
    pub(super) fn budgets(&self, namespace: &str) -> &[Budget] {
        self.budgets.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// Kind and name of a workload that asks for pods whose labels are as wanted.
    pub(super) fn workload(
        &self,
        namespace: &str,
        is: impl Fn(&BTreeMap<String, String>) -> bool,
    ) -> Option<String> {
        let mut all = self.templates.get(namespace).into_iter().flatten();
        let found = all.find(|template| template.desired > 0 && is(&template.labels))?;
        Some(format!("{} {}", found.kind, found.name))
    }

    /// The events of that kind about an object; `None` where they were not seen.
    pub(super) fn events(&self, companion: RelatedKind, namespace: &str, uid: &str) -> Option<&[EventFacts]> {
        self.is_seen(companion, namespace)
            .then(|| self.events.get(uid).map_or(&[][..], Vec::as_slice))
    }

    /// The workloads whose pods have these labels.
    pub(super) fn workloads(&self, namespace: &str, selector: &BTreeMap<String, String>) -> Workloads<'_> {
        let mut found = Workloads {
            complete: TEMPLATES
                .iter()
                .chain(&RARE)
                .all(|kind| self.is_seen(*kind, namespace)),
            ..Workloads::default()
        };
        let all = self.templates.get(namespace).map_or(&[][..], Vec::as_slice);
        let asks = |of: &Template| all.iter().any(|t| t.desired > 0 && t.controller == of.controller);
        for template in all {
            // One of an older revision asks for none because the newer one does.
            let outdated = template.controller.is_some() && template.desired == 0 && asks(template);
            if outdated || !selects(selector, &template.labels) {
                continue;
            }
            let named = (&*template.kind, template.name.as_str());
            if template.desired > 0 {
                found.asking.push(named);
            } else {
                found.idle.push(named);
            }
        }
        found
    }

    /// When a CronJob of that namespace last succeeded, and its name.
    pub(super) fn success(&self, namespace: &str, is: impl Fn(&CronFacts) -> bool) -> Option<(&str, Time)> {
        let all = self.cron_jobs.get(namespace)?.iter().filter(|cron| is(cron));
        // Of names that begin alike the longest is meant.
        let one = all.max_by_key(|cron| cron.name.len())?;
        Some((&one.name, one.succeeded?))
    }

    /// The pods of a namespace; `None` where they were not seen.
    pub(super) fn pods(&self, namespace: &str) -> Option<&[PodFacts]> {
        self.is_seen(RelatedKind::Pods, namespace)
            .then(|| self.pods.get(namespace).map_or(&[][..], Vec::as_slice))
    }
}

/// Whether something changed within the grace: in the object itself, or in what stands behind it.
pub(super) fn is_recent(now: Now, own: Option<Time>, behind: Option<Time>) -> bool {
    own.is_some_and(|t| now.is_within(GRACE_SECONDS, t))
        || behind.is_some_and(|t| now.is_within_of_another(GRACE_SECONDS, t))
}

/// What tells whether a Service without endpoints is meant to have any.
pub(super) fn want_workloads(namespace: &str) -> Vec<RelatedNeed> {
    TEMPLATES.map(|kind| (kind, namespace.to_owned())).to_vec()
}

/// What is left to look at where no workload makes such pods: those that are rare, and the pods themselves.
pub(super) fn want_the_rest(namespace: &str) -> Vec<RelatedNeed> {
    let rest = RARE.into_iter().chain([RelatedKind::Pods]);
    rest.map(|kind| (kind, namespace.to_owned())).collect()
}

/// Whether a selector of a Service takes an object with these labels.
pub(super) fn selects(selector: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

impl Related for EndpointSlice {
    fn add_to(&self, known: &mut RelatedObjects) {
        let Some(service) = self.service() else { return };
        let meta = self.meta();
        let key = (meta.namespace.clone(), service.to_owned());
        let endpoints = known.endpoints.entry(key).or_default();
        let family = endpoints.by_family.entry(self.address_type.clone()).or_default();
        if self.endpoints.iter().any(Endpoint::is_ready) {
            endpoints
                .ports
                .extend(self.ports.iter().map(|port| port.name.clone()));
        }
        for endpoint in &self.endpoints {
            if endpoint.is_ready() {
                family.0 += 1;
            } else if endpoint.is_serving_to_the_end() {
                endpoints.serving_to_the_end += 1;
            } else if !endpoint.is_terminating() {
                family.1 += 1;
                let pod = endpoint.target_ref.as_ref().filter(|target| target.kind == "Pod");
                let pod = pod.filter(|pod| {
                    endpoints.waiting.len() < WAITING && !endpoints.waiting.contains(&pod.name)
                });
                endpoints.waiting.extend(pod.map(|pod| pod.name.clone()));
            }
        }
        endpoints.changed = endpoints.changed.max(meta.last_spec_write());
    }
}

impl Related for Service {
    fn add_to(&self, known: &mut RelatedObjects) {
        let meta = self.meta();
        let facts = ServiceFacts {
            is_external: self.is_external(),
            ports: self.ports().to_vec(),
        };
        let key = (meta.namespace.clone(), meta.name.clone());
        known.services.insert(key, facts);
        if self.is_external() {
            // Nothing is known of what is outside, and nobody keeps slices of it.
            let outside = Endpoints {
                by_family: BTreeMap::from([(String::new(), (1, 0))]),
                ..Endpoints::default()
            };
            known
                .endpoints
                .insert((meta.namespace.clone(), meta.name.clone()), outside);
        }
    }
}

impl Related for Pod {
    fn add_to(&self, known: &mut RelatedObjects) {
        let meta = self.meta();
        let phase = self.status.as_ref().map_or("", |s| s.phase.as_str());
        let facts = PodFacts {
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            created: meta.creation_timestamp,
            labels: meta.labels.clone(),
            claims: self.claims().map(str::to_owned).collect(),
            stage: if phase == "Succeeded" {
                Stage::Succeeded
            } else if phase == "Failed" {
                Stage::Failed
            } else if self.is_active() {
                Stage::Active
            } else {
                Stage::Leaving
            },
            gated: self
                .condition("PodScheduled")
                .is_some_and(|c| c.status == "False" && c.reason == "SchedulingGated"),
        };
        known.pods.entry(meta.namespace.clone()).or_default().push(facts);
    }
}

impl Related for CronJob {
    fn add_to(&self, known: &mut RelatedObjects) {
        let meta = self.meta();
        let facts = CronFacts {
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            succeeded: self.last_success(),
        };
        known
            .cron_jobs
            .entry(meta.namespace.clone())
            .or_default()
            .push(facts);
    }
}

impl Related for PodDisruptionBudget {
    fn counts(&self) -> bool {
        self.selector().is_some() && self.meta().deletion_timestamp.is_none()
    }

    fn add_to(&self, known: &mut RelatedObjects) {
        let meta = self.meta();
        let Some(selector) = self.selector() else { return };
        let expected = self.status.as_ref().and_then(|s| s.expected_pods);
        let budget = Budget {
            name: meta.name.clone(),
            selector: selector.clone(),
            expects_pods: expected.unwrap_or(0) > 0,
        };
        known
            .budgets
            .entry(meta.namespace.clone())
            .or_default()
            .push(budget);
    }
}

impl Related for Event {
    /// Those about pods and workloads are evidence for causes and found there.
    fn counts(&self) -> bool {
        let object = self.involved_object.as_ref();
        object.is_some_and(|o| matches!(o.kind.as_str(), "Service" | "PersistentVolumeClaim"))
            && !self.about().is_empty()
    }

    fn add_to(&self, known: &mut RelatedObjects) {
        let facts = EventFacts {
            reason: self.reason.clone(),
            message: self.message.clone(),
            is_warning: self.is_warning(),
            time: self.time(),
        };
        known
            .events
            .entry(self.about().to_owned())
            .or_default()
            .push(facts);
    }
}

fn add_template<T: Templated>(workload: &T, known: &mut RelatedObjects) {
    let meta = workload.meta();
    let Some(labels) = workload.labels() else { return };
    let template = Template {
        kind: T::KIND.into(),
        name: meta.name.clone(),
        desired: workload.desired(),
        labels: labels.clone(),
        controller: meta.controller().map(|owner| owner.uid.clone()),
    };
    known
        .templates
        .entry(meta.namespace.clone())
        .or_default()
        .push(template);
}

impl Related for DeploymentTemplate {
    fn add_to(&self, known: &mut RelatedObjects) {
        add_template(self, known);
    }
}

impl Related for StatefulSetTemplate {
    fn add_to(&self, known: &mut RelatedObjects) {
        add_template(self, known);
    }
}

impl Related for DaemonSetTemplate {
    fn add_to(&self, known: &mut RelatedObjects) {
        add_template(self, known);
    }
}

impl Related for ReplicationControllerTemplate {
    fn add_to(&self, known: &mut RelatedObjects) {
        add_template(self, known);
    }
}

impl Related for ReplicaSetTemplate {
    /// Of those of a Deployment all but one ask for nothing, and it speaks for them. Other controllers are not looked
    /// at, so theirs are.
    fn counts(&self) -> bool {
        self.meta()
            .controller()
            .is_none_or(|owner| owner.kind != "Deployment")
    }

    fn add_to(&self, known: &mut RelatedObjects) {
        add_template(self, known);
    }
}
