//! Owns the resources that are served, and the paths that name them.
//! Must not know who may read them, nor which objects are stored.

/// One resource of the API.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub group: &'static str,
    pub version: &'static str,
    pub plural: &'static str,
    pub kind: &'static str,
    pub namespaced: bool,
}

const fn resource(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
    namespaced: bool,
) -> Resource {
    Resource {
        group,
        version,
        plural,
        kind,
        namespaced,
    }
}

pub(crate) const NAMESPACES: &Resource = &RESOURCES[0];
pub(crate) const DEPLOYMENTS: &Resource = &RESOURCES[1];

static RESOURCES: [Resource; 28] = [
    resource("", "v1", "namespaces", "Namespace", false),
    resource("apps", "v1", "deployments", "Deployment", true),
    resource("apps", "v1", "replicasets", "ReplicaSet", true),
    resource("apps", "v1", "statefulsets", "StatefulSet", true),
    resource("apps", "v1", "daemonsets", "DaemonSet", true),
    resource("", "v1", "replicationcontrollers", "ReplicationController", true),
    resource("", "v1", "pods", "Pod", true),
    resource("", "v1", "events", "Event", true),
    resource("", "v1", "services", "Service", true),
    resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true),
    resource("", "v1", "nodes", "Node", false),
    resource("batch", "v1", "jobs", "Job", true),
    resource("batch", "v1", "cronjobs", "CronJob", true),
    resource("coordination.k8s.io", "v1", "leases", "Lease", true),
    resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true),
    resource(
        "policy",
        "v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        true,
    ),
    resource(
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        false,
    ),
    resource(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        false,
    ),
    resource(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        true,
    ),
    resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", false),
    resource("cert-manager.io", "v1", "certificates", "Certificate", true),
    resource("", "v1", "configmaps", "ConfigMap", true),
    resource("", "v1", "resourcequotas", "ResourceQuota", true),
    resource("", "v1", "limitranges", "LimitRange", true),
    resource("apps", "v1", "controllerrevisions", "ControllerRevision", true),
    resource("", "v1", "secrets", "Secret", true),
    resource("", "v1", "serviceaccounts", "ServiceAccount", true),
    resource(
        "rbac.authorization.k8s.io",
        "v1",
        "clusterroles",
        "ClusterRole",
        false,
    ),
];

impl Resource {
    /// Every resource that is served.
    pub fn all() -> &'static [Self] {
        &RESOURCES
    }

    /// The resource of a kind, as objects name it.
    pub fn from_kind(api_version: &str, kind: &str) -> Option<&'static Self> {
        RESOURCES
            .iter()
            .find(|resource| resource.kind == kind && resource.api_version() == api_version)
    }

    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `plural.group`, or the plural alone for the core group, as error messages name it.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }
}

/// The target of a path: a collection, or one object in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub resource: &'static Resource,
    pub namespace: Option<String>,
    pub name: Option<String>,
}

impl Target {
    /// The target of a path under /api or /apis, if it is served.
    pub fn parse(path: &str) -> Option<Self> {
        let mut steps = path.strip_prefix('/')?.split('/').collect::<Vec<_>>();
        let (group, version) = match *steps.first()? {
            "api" => {
                let version = *steps.get(1)?;
                steps.drain(..2);
                ("", version)
            }
            "apis" => {
                let (group, version) = (*steps.get(1)?, *steps.get(2)?);
                steps.drain(..3);
                (group, version)
            }
            _ => return None,
        };
        let (namespace, plural, name) = match steps.as_slice() {
            [plural] => (None, *plural, None),
            [plural, name] => (None, *plural, Some(*name)),
            ["namespaces", namespace, plural] => (Some(*namespace), *plural, None),
            ["namespaces", namespace, plural, name] => (Some(*namespace), *plural, Some(*name)),
            _ => return None,
        };
        let resource = RESOURCES.iter().find(|resource| {
            resource.group == group && resource.version == version && resource.plural == plural
        })?;
        // A namespaced object is only reachable inside its namespace.
        if namespace.is_some() != resource.namespaced && (namespace.is_some() || name.is_some()) {
            return None;
        }
        Some(Self {
            resource,
            namespace: namespace.map(str::to_owned),
            name: name.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<(&'static str, Option<String>, Option<String>)> {
        Target::parse(path).map(|target| (target.resource.kind, target.namespace, target.name))
    }

    #[test]
    fn a_path_names_a_collection_or_one_object() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            parsed("/apis/apps/v1/deployments"),
            Some(("Deployment", None, None))
        );
        assert_eq!(
            parsed("/apis/apps/v1/namespaces/shop/deployments/checkout"),
            Some(("Deployment", text("shop"), text("checkout")))
        );
        assert_eq!(
            parsed("/api/v1/namespaces/shop"),
            Some(("Namespace", None, text("shop")))
        );
        assert_eq!(
            parsed("/api/v1/namespaces/shop/pods"),
            Some(("Pod", text("shop"), None))
        );
    }

    #[test]
    fn a_path_that_is_not_served_has_no_target() {
        for path in [
            "/version",
            "/api",
            "/apis/apps/v1beta1/deployments",
            "/apis/apps/v1/deployments/checkout",
            "/api/v1/namespaces/shop/nodes",
            "/api/v1/namespaces/shop/pods/a/log",
        ] {
            assert_eq!(parsed(path), None, "{path}");
        }
    }
}
