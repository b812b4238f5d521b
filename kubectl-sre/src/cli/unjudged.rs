//! Kinds of Kubernetes that have no verdict. Users of kubectl ask for them all the same, and get the list of those that have.

use sre_shared::kind::Kind;

/// The title of each, and kubectl's short names for it (`kubectl api-resources`).
const KINDS: &[(&str, &[&str])] = &[
    ("Bindings", &[]),
    ("CertificateSigningRequests", &["csr"]),
    ("ClusterRoleBindings", &[]),
    ("ClusterRoles", &[]),
    ("ComponentStatuses", &["cs"]),
    ("ConfigMaps", &["cm"]),
    ("ControllerRevisions", &[]),
    ("CSIDrivers", &[]),
    ("CSINodes", &[]),
    ("CSIStorageCapacities", &[]),
    ("CustomResourceDefinitions", &["crd", "crds"]),
    ("DeviceClasses", &[]),
    ("Endpoints", &["ep"]),
    ("EndpointSlices", &[]),
    ("Events", &["ev"]),
    ("FlowSchemas", &[]),
    ("IngressClasses", &[]),
    ("Ingresses", &["ing"]),
    ("IPAddresses", &["ip"]),
    ("Leases", &[]),
    ("LimitRanges", &["limits"]),
    ("NetworkPolicies", &["netpol"]),
    ("PersistentVolumes", &["pv"]),
    ("PodTemplates", &[]),
    ("PriorityClasses", &["pc"]),
    ("PriorityLevelConfigurations", &[]),
    ("ResourceClaims", &[]),
    ("ResourceClaimTemplates", &[]),
    ("ResourceQuotas", &["quota"]),
    ("ResourceSlices", &[]),
    ("RoleBindings", &[]),
    ("Roles", &[]),
    ("RuntimeClasses", &[]),
    ("Secrets", &[]),
    ("ServiceAccounts", &["sa"]),
    ("ServiceCIDRs", &[]),
    ("StorageClasses", &["sc"]),
    ("ValidatingAdmissionPolicies", &[]),
    ("ValidatingAdmissionPolicyBindings", &[]),
    ("VolumeAttachments", &[]),
    ("VolumeAttributesClasses", &["vac"]),
];

/// The title of the kind that this word names in kubectl.
pub(super) fn title(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let names = |title: &str, short: &[&str]| {
        let plural = title.to_ascii_lowercase();
        word == plural || word == singular(&plural) || short.contains(&word.as_str())
    };
    let known = KINDS.iter().find(|(title, short)| names(title, short));
    known.map(|(title, _)| *title)
}

/// The singular of a plural of Kubernetes, which makes plurals by the rules of English. `Endpoints` has no other.
fn singular(plural: &str) -> String {
    match plural {
        _ if plural.ends_with("ies") => format!("{}y", plural.trim_end_matches("ies")),
        _ if plural.ends_with("sses") || plural.ends_with("uses") => plural.trim_end_matches("es").to_owned(),
        _ => plural.trim_end_matches('s').to_owned(),
    }
}

/// The line that refuses such a kind.
pub(super) fn refusal(title: &str) -> String {
    let plurals: Vec<&str> = Kind::ALL.iter().map(|kind| kind.plural()).collect();
    format!("{title} are not judged; kinds: {}", plurals.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn such_a_kind_is_known_by_kubectls_names() {
        for (word, expected) in [
            ("ConfigMap", "ConfigMaps"),
            ("ingress", "Ingresses"),
            ("ing", "Ingresses"),
            ("networkpolicy", "NetworkPolicies"),
            ("storageclass", "StorageClasses"),
            ("componentstatus", "ComponentStatuses"),
            ("leases", "Leases"),
            ("lease", "Leases"),
            ("endpoints", "Endpoints"),
            ("crds", "CustomResourceDefinitions"),
        ] {
            assert_eq!(title(word), Some(expected), "{word}");
        }
        assert_eq!(title("deployments"), None);
    }

    #[test]
    fn a_kind_that_is_judged_is_not_in_the_list() {
        let judged: Vec<&str> = Kind::ALL
            .iter()
            .flat_map(|kind| kind.words())
            .filter(|word| title(word).is_some())
            .collect();
        assert_eq!(judged, [""; 0]);
    }
}
