//! The requests that look at the objects of manifests: one for each namespace, and one for kinds without namespaces.

use super::manifest::{Manifest, ManifestKind, ManifestObject};
use crate::follow::{WaitResource, WaitTarget};
use crate::kind::{Kind, ResourceType};
use crate::run::request::{CustomTarget, KindTarget, Request};
use std::collections::BTreeMap;

/// What is looked at, and where.
#[derive(Debug, Clone, Default)]
pub struct ManifestPlan {
    /// One request for each namespace.
    pub(super) requests: Vec<Request>,
    /// A request about all kinds, for what concerns all of them, such as missing rights. It is not sent.
    pub(super) whole: Request,
    /// The objects that are only looked for.
    pub(super) present: Vec<PresentObject>,
    /// Every object, for a wait.
    pub(super) targets: Vec<WaitTarget>,
    /// The namespaces, sorted.
    pub(super) namespaces: Vec<String>,
    /// Every object, as the coverage of a report names it.
    pub(super) names: Vec<String>,
    /// How many objects are not looked for, by what they are.
    pub(super) not_checked: BTreeMap<String, u64>,
}

/// The requests of a plan, by who answers them.
#[derive(Debug, Default)]
pub(super) struct SplitRequests {
    pub of_agent: Vec<Request>,
    pub of_cluster: Vec<Request>,
}

/// An object without a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PresentObject {
    pub resource_type: ResourceType,
    /// Its namespace; `None` if its kind has none.
    pub namespace: Option<String>,
    pub name: String,
}

impl ManifestPlan {
    /// The plan for these objects. Objects without a namespace are in `default`. Everything but kinds, names and namespaces is
    /// that of the request.
    #[must_use]
    pub fn new(manifest: &Manifest, request: &Request, default: &str) -> Self {
        let base = Request {
            api_server: false,
            kinds: Vec::new(),
            custom: Vec::new(),
            namespace: None,
            all_kinds: false,
            by_default: false,
            every_object: true,
            ..request.clone()
        };
        let mut plan = Self {
            not_checked: manifest.not_checked.clone(),
            ..Self::default()
        };
        let mut by_namespace: BTreeMap<Option<String>, Request> = BTreeMap::new();
        for object in &manifest.objects {
            let namespace = (!object.is_cluster_wide())
                .then(|| object.namespace.clone().unwrap_or_else(|| default.to_owned()));
            plan.add_name(object, namespace.as_deref());
            let request = by_namespace.entry(namespace.clone()).or_insert_with(|| Request {
                namespace: namespace.clone(),
                ..base.clone()
            });
            match &object.kind {
                ManifestKind::Judged(kind) => add_kind(&mut request.kinds, *kind, &object.name),
                ManifestKind::Custom(arg, _) => {
                    let known = request.custom.iter_mut().find(|target| target.kind == *arg);
                    match known {
                        Some(target) => add_new(&mut target.names, &object.name),
                        None => request.custom.push(CustomTarget {
                            kind: arg.clone(),
                            names: vec![object.name.clone()],
                        }),
                    }
                }
                ManifestKind::Unjudged(resource_type) => {
                    let object = PresentObject {
                        resource_type: resource_type.clone(),
                        namespace,
                        name: object.name.clone(),
                    };
                    if !plan.present.contains(&object) {
                        plan.present.push(object);
                    }
                }
            }
        }
        plan.namespaces = by_namespace.keys().flatten().cloned().collect();
        plan.whole = whole(&base, by_namespace.values());
        if let [only] = plan.namespaces.as_slice() {
            plan.whole.namespace = Some(only.clone());
        }
        plan.requests = by_namespace.into_values().collect();
        for request in &mut plan.requests {
            request
                .kinds
                .sort_by_key(|target| Kind::ALL.iter().position(|kind| *kind == target.kind));
        }
        plan.requests
            .retain(|request| !request.kinds.is_empty() || !request.custom.is_empty());
        plan
    }

    /// Adds an object to those that are waited for, and to those that the report names.
    fn add_name(&mut self, object: &ManifestObject, namespace: Option<&str>) {
        let resource = match &object.kind {
            ManifestKind::Judged(kind) => WaitResource::Kind(*kind),
            ManifestKind::Custom(arg, kind) => WaitResource::Manifest {
                group: arg.group.clone(),
                kind: kind.clone(),
            },
            ManifestKind::Unjudged(resource_type) => WaitResource::Manifest {
                group: resource_type.group.to_string(),
                kind: resource_type.kind.to_string(),
            },
        };
        let target = WaitTarget {
            resource,
            namespace: namespace.map(str::to_owned),
            name: Some(object.name.clone()),
            uid: object.expectation.uid.clone(),
            generation: object.expectation.generation,
        };
        let is_same = |known: &&mut WaitTarget| {
            (&known.resource, &known.namespace, &known.name)
                == (&target.resource, &target.namespace, &target.name)
        };
        match self.targets.iter_mut().find(is_same) {
            Some(known) => *known = target,
            None => self.targets.push(target),
        }
        let kind = match &object.kind {
            ManifestKind::Judged(kind) => kind.plural().to_owned(),
            ManifestKind::Custom(arg, _) => arg.to_string(),
            ManifestKind::Unjudged(resource_type) => resource_type.name(),
        };
        let name = match namespace {
            Some(namespace) => format!("{kind}/{namespace}/{}", object.name),
            None => format!("{kind}/{}", object.name),
        };
        add_new(&mut self.names, &name);
    }

    /// The requests if an agent is asked, which keeps no custom resources. Without a cluster it is asked about these too, and says
    /// so.
    pub(super) fn with_agent(&self, has_cluster: bool) -> SplitRequests {
        if !has_cluster {
            return SplitRequests {
                of_agent: self.requests.clone(),
                ..SplitRequests::default()
            };
        }
        let of_agent = self.requests.iter().filter(|request| !request.kinds.is_empty());
        let of_cluster = self.requests.iter().filter(|request| !request.custom.is_empty());
        SplitRequests {
            of_agent: of_agent
                .map(|request| Request {
                    custom: Vec::new(),
                    ..request.clone()
                })
                .collect(),
            of_cluster: of_cluster
                .map(|request| Request {
                    kinds: Vec::new(),
                    ..request.clone()
                })
                .collect(),
        }
    }

    /// The objects, for a wait.
    #[must_use]
    pub fn targets(&self) -> &[WaitTarget] {
        &self.targets
    }
}

/// The request about the kinds of all of these.
fn whole<'a>(base: &Request, requests: impl Iterator<Item = &'a Request>) -> Request {
    let mut whole = base.clone();
    for request in requests {
        for target in &request.kinds {
            for name in &target.names {
                add_kind(&mut whole.kinds, target.kind, name);
            }
        }
        for target in &request.custom {
            if !whole.custom.iter().any(|known| known.kind == target.kind) {
                whole.custom.push(target.clone());
            }
        }
    }
    whole
}

fn add_kind(targets: &mut Vec<KindTarget>, kind: Kind, name: &str) {
    match targets.iter_mut().find(|target| target.kind == kind) {
        Some(target) => add_new(&mut target.names, name),
        None => targets.push(KindTarget {
            kind,
            names: vec![name.to_owned()],
        }),
    }
}

fn add_new(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::{File, Objects};

    fn plan(text: &str) -> ManifestPlan {
        let objects = Objects::read_manifests(vec![File::new("m.yaml", text.as_bytes().to_vec())]);
        let manifest = Manifest::new(&objects, "m.yaml").expect("it names objects");
        ManifestPlan::new(&manifest, &Request::everything(), "team")
    }

    /// Each request in a line: the namespace, then kinds and names.
    fn shown(plan: &ManifestPlan) -> Vec<String> {
        let line = |request: &Request| {
            let kinds = request
                .kinds
                .iter()
                .map(|target| format!("{} {}", target.kind.plural(), target.names.join("+")));
            let custom = request
                .custom
                .iter()
                .map(|target| format!("{} {}", target.kind, target.names.join("+")));
            let targets: Vec<String> = kinds.chain(custom).collect();
            let namespace = request.namespace.as_deref().unwrap_or("-");
            format!("{namespace}: {}", targets.join(", "))
        };
        plan.requests.iter().map(line).collect()
    }

    #[test]
    fn there_is_a_request_for_each_namespace_and_one_for_kinds_without() {
        let object = |api_version: &str, kind: &str, metadata: &str| {
            format!("---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{{metadata}}}\n")
        };
        let text = [
            object("batch/v1", "Job", "name: migrate"),
            object("apps/v1", "Deployment", "name: web"),
            object("apps/v1", "Deployment", "name: api, namespace: team"),
            object(
                "apps/v1",
                "Deployment",
                "name: web, namespace: shop, uid: u1, generation: 2",
            ),
            object("v1", "Namespace", "name: shop"),
            // It is not known yet whether its kind has namespaces.
            object("example.com/v1", "Issuer", "name: root"),
            object("v1", "ConfigMap", "name: web, namespace: only-here"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", "name: web"),
        ];
        let plan = plan(&text.concat());
        assert_eq!(
            shown(&plan),
            [
                "-: namespaces shop",
                "shop: deployments web",
                "team: deployments web+api, jobs migrate, issuer.example.com root",
            ]
        );
        assert!(
            plan.requests
                .iter()
                .all(|request| request.every_object && !request.api_server && !request.by_default)
        );
        let present: Vec<_> = plan
            .present
            .iter()
            .map(|object| (object.resource_type.name(), object.namespace.as_deref()))
            .collect();
        assert_eq!(
            present,
            [
                ("configmaps".to_owned(), Some("only-here")),
                ("clusterroles".to_owned(), None)
            ]
        );
        assert_eq!(plan.namespaces, ["only-here", "shop", "team"]);
        assert_eq!(
            plan.names,
            [
                "jobs/team/migrate",
                "deployments/team/web",
                "deployments/team/api",
                "deployments/shop/web",
                "namespaces/shop",
                "issuer.example.com/team/root",
                "configmaps/only-here/web",
                "clusterroles/web",
            ]
        );
        let known: Vec<_> = plan
            .targets
            .iter()
            .filter(|target| target.uid.is_some())
            .map(|target| {
                (
                    target.namespace.as_deref(),
                    target.name.as_deref(),
                    target.generation,
                )
            })
            .collect();
        assert_eq!(known, [(Some("shop"), Some("web"), Some(2))]);
        assert_eq!(plan.targets.len(), 8);
    }

    #[test]
    fn custom_resources_are_left_to_the_cluster_if_there_is_one_and_an_agent_is_asked() {
        let object = |api_version: &str, kind: &str, namespace: &str| {
            format!(
                "---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: web, namespace: {namespace}}}\n"
            )
        };
        let text = [
            object("apps/v1", "Deployment", "shop"),
            object("example.com/v1", "Issuer", "shop"),
            object("example.com/v1", "Issuer", "bank"),
            object("v1", "Service", "team"),
        ];
        let plan = plan(&text.concat());
        let lines = |requests: Vec<Request>| {
            shown(&ManifestPlan {
                requests,
                ..ManifestPlan::default()
            })
        };
        let split = plan.with_agent(true);
        assert_eq!(
            lines(split.of_agent),
            ["shop: deployments web", "team: services web"]
        );
        assert_eq!(
            lines(split.of_cluster),
            ["bank: issuer.example.com web", "shop: issuer.example.com web"]
        );
        let split = plan.with_agent(false);
        assert_eq!(lines(split.of_agent), shown(&plan));
        assert!(split.of_cluster.is_empty());
    }

    #[test]
    fn an_object_that_is_named_with_and_without_its_namespace_is_one() {
        let plan = plan(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: \
             {name: web, namespace: team}\n",
        );
        assert_eq!(
            (plan.present.len(), plan.targets.len(), plan.names.len()),
            (1, 1, 1)
        );
    }
}
