//! The kinds of Kubernetes itself that have no verdict: their objects are there or not.
//!
//! The list is that of `kubectl api-resources` without the kinds that no object is stored of, such as reviews.

use super::ResourceType;
use std::borrow::Cow;

/// The groups of Kubernetes itself. No `CustomResourceDefinition` adds a kind to one of them.
const BUILT_IN_GROUPS: [&str; 25] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "meta.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// A kind without a verdict.
struct UnjudgedKind {
    group: &'static str,
    /// The version that every supported server has; `None` if servers differ.
    version: Option<&'static str>,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
}

const fn namespaced(
    group: &'static str,
    version: Option<&'static str>,
    kind: &'static str,
    plural: &'static str,
) -> UnjudgedKind {
    UnjudgedKind {
        group,
        version,
        kind,
        plural,
        namespaced: true,
    }
}

const fn cluster_wide(
    group: &'static str,
    version: Option<&'static str>,
    kind: &'static str,
    plural: &'static str,
) -> UnjudgedKind {
    UnjudgedKind {
        namespaced: false,
        ..namespaced(group, version, kind, plural)
    }
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const RESOURCE: &str = "resource.k8s.io";
const STORAGE: &str = "storage.k8s.io";
const V1: Option<&str> = Some("v1");

const KINDS: &[UnjudgedKind] = &[
    namespaced("", V1, "ConfigMap", "configmaps"),
    namespaced("", V1, "Endpoints", "endpoints"),
    namespaced("", V1, "Event", "events"),
    namespaced("", V1, "LimitRange", "limitranges"),
    cluster_wide("", V1, "PersistentVolume", "persistentvolumes"),
    namespaced("", V1, "PodTemplate", "podtemplates"),
    namespaced("", V1, "ResourceQuota", "resourcequotas"),
    namespaced("", V1, "Secret", "secrets"),
    namespaced("", V1, "ServiceAccount", "serviceaccounts"),
    cluster_wide(
        ADMISSION,
        None,
        "MutatingAdmissionPolicy",
        "mutatingadmissionpolicies",
    ),
    cluster_wide(
        ADMISSION,
        None,
        "MutatingAdmissionPolicyBinding",
        "mutatingadmissionpolicybindings",
    ),
    cluster_wide(
        ADMISSION,
        None,
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
    ),
    cluster_wide(
        ADMISSION,
        None,
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
    ),
    namespaced("apps", V1, "ControllerRevision", "controllerrevisions"),
    cluster_wide(
        "certificates.k8s.io",
        V1,
        "CertificateSigningRequest",
        "certificatesigningrequests",
    ),
    cluster_wide(
        "certificates.k8s.io",
        None,
        "ClusterTrustBundle",
        "clustertrustbundles",
    ),
    namespaced("coordination.k8s.io", V1, "Lease", "leases"),
    namespaced("discovery.k8s.io", V1, "EndpointSlice", "endpointslices"),
    namespaced("events.k8s.io", V1, "Event", "events"),
    cluster_wide(FLOW_CONTROL, None, "FlowSchema", "flowschemas"),
    cluster_wide(
        FLOW_CONTROL,
        None,
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
    ),
    namespaced(NETWORKING, V1, "Ingress", "ingresses"),
    cluster_wide(NETWORKING, V1, "IngressClass", "ingressclasses"),
    cluster_wide(NETWORKING, None, "IPAddress", "ipaddresses"),
    namespaced(NETWORKING, V1, "NetworkPolicy", "networkpolicies"),
    cluster_wide(NETWORKING, None, "ServiceCIDR", "servicecidrs"),
    cluster_wide("node.k8s.io", V1, "RuntimeClass", "runtimeclasses"),
    cluster_wide(RBAC, V1, "ClusterRole", "clusterroles"),
    cluster_wide(RBAC, V1, "ClusterRoleBinding", "clusterrolebindings"),
    namespaced(RBAC, V1, "Role", "roles"),
    namespaced(RBAC, V1, "RoleBinding", "rolebindings"),
    cluster_wide(RESOURCE, None, "DeviceClass", "deviceclasses"),
    namespaced(RESOURCE, None, "ResourceClaim", "resourceclaims"),
    namespaced(RESOURCE, None, "ResourceClaimTemplate", "resourceclaimtemplates"),
    cluster_wide(RESOURCE, None, "ResourceSlice", "resourceslices"),
    cluster_wide("scheduling.k8s.io", V1, "PriorityClass", "priorityclasses"),
    cluster_wide(STORAGE, V1, "CSIDriver", "csidrivers"),
    cluster_wide(STORAGE, V1, "CSINode", "csinodes"),
    namespaced(STORAGE, V1, "CSIStorageCapacity", "csistoragecapacities"),
    cluster_wide(STORAGE, V1, "StorageClass", "storageclasses"),
    cluster_wide(STORAGE, V1, "VolumeAttachment", "volumeattachments"),
    cluster_wide(STORAGE, None, "VolumeAttributesClass", "volumeattributesclasses"),
];

/// Whether a group is one of Kubernetes itself, to which no `CustomResourceDefinition` adds a kind.
#[must_use]
pub fn is_built_in_group(group: &str) -> bool {
    BUILT_IN_GROUPS.contains(&group)
}

/// The type of a kind without a verdict, by the `apiVersion` and `kind` of an object; `None` for any other kind. An object of
/// the former group `extensions` is in today's group.
#[must_use]
pub fn unjudged_type(api_version: &str, kind: &str) -> Option<ResourceType> {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let known = KINDS
        .iter()
        .find(|known| known.kind == kind && (known.group == group || group == "extensions"))?;
    Some(ResourceType {
        group: known.group.into(),
        version: known
            .version
            .map_or_else(|| Cow::Owned(version.to_owned()), Into::into),
        kind: known.kind.into(),
        plural: known.plural.into(),
        singular: known.kind.to_lowercase().into(),
        namespaced: known.namespaced,
        qualified: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn a_kind_without_a_verdict_has_the_type_that_servers_serve() {
        let read = |api_version: &str, kind: &str| {
            let found = unjudged_type(api_version, kind)?;
            Some((found.api_version(), found.plural, found.namespaced))
        };
        let is = |version: &str, plural: &'static str, namespaced| {
            Some((version.to_owned(), Cow::Borrowed(plural), namespaced))
        };
        assert_eq!(read("v1", "ConfigMap"), is("v1", "configmaps", true));
        assert_eq!(
            read("rbac.authorization.k8s.io/v1beta1", "ClusterRole"),
            is("rbac.authorization.k8s.io/v1", "clusterroles", false)
        );
        assert_eq!(
            read("extensions/v1beta1", "Ingress"),
            is("networking.k8s.io/v1", "ingresses", true)
        );
        assert_eq!(
            read("resource.k8s.io/v1beta2", "DeviceClass"),
            is("resource.k8s.io/v1beta2", "deviceclasses", false)
        );
        for (api_version, kind) in [
            ("apps/v1", "Deployment"),
            ("networking.istio.io/v1", "Gateway"),
            ("example.com/v1", "ConfigMap"),
            ("v1", "Deploymnt"),
        ] {
            assert_eq!(read(api_version, kind), None, "{kind}");
        }
    }

    #[test]
    fn each_is_in_a_built_in_group_and_none_is_judged() {
        for known in KINDS {
            assert!(is_built_in_group(known.group), "{}", known.group);
            let judged = Kind::ALL
                .iter()
                .find(|kind| kind.kind() == known.kind && kind.group() == known.group);
            assert_eq!(judged, None, "{}", known.kind);
        }
        assert!(!is_built_in_group("gateway.networking.k8s.io"));
    }
}
