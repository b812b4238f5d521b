//! The templates of workloads: the labels of the pods that they make, and how many pods they ask for.

use super::{RARE, Related, RelatedKind, RelatedNeed, RelatedObjects};
use crate::resource::{
    DaemonSetTemplate, DeploymentTemplate, ReplicaSetTemplate, ReplicationControllerTemplate, Resource as _,
    ScaledObject, StatefulSetTemplate, Templated,
};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Kinds whose pods a Service can select.
const TEMPLATES: [RelatedKind; 4] = [
    RelatedKind::Deployments,
    RelatedKind::StatefulSets,
    RelatedKind::DaemonSets,
    RelatedKind::ReplicaSets,
];

#[derive(Debug, Clone)]
pub(super) struct TemplateFacts {
    kind: Cow<'static, str>,
    name: String,
    desired: i64,
    labels: BTreeMap<String, String>,
    /// The uid of its controller.
    controller: Option<String>,
}

/// The workloads of one namespace whose pods a selector takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::check) struct SelectedWorkloads<'a> {
    /// Kind and name of workloads that ask for pods.
    pub asking: Vec<(&'a str, &'a str)>,
    /// Kind and name of workloads that ask for none.
    pub idle: Vec<(&'a str, &'a str)>,
    /// Whether every workload of the namespace was seen.
    pub complete: bool,
}

impl RelatedObjects {
    /// Adds an object of an unknown kind that asks for pods as a Deployment does.
    pub fn add_scaled(&mut self, kind: &str, object: &ScaledObject) {
        let meta = object.meta();
        let Some(spec) = object.spec.as_ref().filter(|spec| !spec.labels.is_empty()) else {
            return;
        };
        let Some(desired) = spec.replicas else { return };
        let template = TemplateFacts {
            kind: kind.to_owned().into(),
            name: meta.name.clone(),
            desired,
            labels: spec.labels.clone(),
            controller: meta.controller().map(|owner| owner.uid.clone()),
        };
        let templates = self.templates.entry(meta.namespace.clone()).or_default();
        templates.push(template);
    }

    /// Kind and name of a workload that asks for pods, if the filter accepts their labels.
    pub(in crate::check) fn workload(
        &self,
        namespace: &str,
        is: impl Fn(&BTreeMap<String, String>) -> bool,
    ) -> Option<String> {
        let mut all = self.templates.get(namespace).into_iter().flatten();
        let found = all.find(|template| template.desired > 0 && is(&template.labels))?;
        Some(format!("{} {}", found.kind, found.name))
    }

    /// The workloads whose pods have these labels.
    pub(in crate::check) fn workloads(
        &self,
        namespace: &str,
        selector: &BTreeMap<String, String>,
    ) -> SelectedWorkloads<'_> {
        let mut found = SelectedWorkloads {
            complete: TEMPLATES
                .iter()
                .chain(&RARE)
                .all(|kind| self.is_seen(*kind, namespace)),
            ..SelectedWorkloads::default()
        };
        let all = self.templates.get(namespace).map_or(&[][..], Vec::as_slice);
        let asks = |of: &TemplateFacts| all.iter().any(|t| t.desired > 0 && t.controller == of.controller);
        for template in all {
            // An older revision asks for none because the newer one does.
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
}

/// The workloads of a namespace, which decide whether a Service without endpoints should have any.
pub(in crate::check) fn workload_needs(namespace: &str) -> Vec<RelatedNeed> {
    TEMPLATES.map(|kind| (kind, namespace.to_owned())).to_vec()
}

/// The needs that remain if no workload makes such pods: rare kinds, and the pods themselves.
pub(in crate::check) fn remaining_needs(namespace: &str) -> Vec<RelatedNeed> {
    let rest = RARE.into_iter().chain([RelatedKind::Pods]);
    rest.map(|kind| (kind, namespace.to_owned())).collect()
}

/// Whether the selector of a Service takes an object with these labels.
pub(in crate::check) fn selects(
    selector: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

fn add_template<T: Templated>(workload: &T, known: &mut RelatedObjects) {
    let meta = workload.meta();
    let Some(labels) = workload.labels() else { return };
    let template = TemplateFacts {
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
    /// A Deployment counts in place of its ReplicaSets; all of them but one ask for nothing. Other controllers are not
    /// read, so their ReplicaSets count.
    fn counts(&self) -> bool {
        self.meta()
            .controller()
            .is_none_or(|owner| owner.kind != "Deployment")
    }

    fn add_to(&self, known: &mut RelatedObjects) {
        add_template(self, known);
    }
}
