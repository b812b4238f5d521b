//! A quota that has no room, by the sentence of the admission plugin.
//!
//! The sentence names what lacks room and nothing else (`checkRequest` in
//! `staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota` of kubernetes/kubernetes): `exceeded quota: NAME,
//! requested: pods=1, used: pods=10, limited: pods=10`. Older servers begin it with a capital letter.

use crate::check::text::{kubectl, print_fields};

/// One resource that a quota has no room for.
#[derive(Debug, PartialEq, Eq)]
struct ResourceShortage<'a> {
    name: &'a str,
    requested: &'a str,
    used: &'a str,
    limited: &'a str,
}

/// A quota, and the resources that it has no room for. These are none if pods have to state a resource and do not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QuotaShortage<'a> {
    pub name: &'a str,
    lacking: Vec<ResourceShortage<'a>>,
}

impl<'a> QuotaShortage<'a> {
    /// The quotas that a sentence names.
    pub fn all_in(sentence: &'a str) -> Vec<Self> {
        let exceeded = sentence.split("xceeded quota: ").skip(1).map(Self::exceeded);
        let failed = sentence.split("failed quota: ").skip(1).map(|rest| Self {
            name: name(rest),
            lacking: Vec::new(),
        });
        exceeded.chain(failed).collect()
    }

    fn exceeded(rest: &'a str) -> Self {
        let amounts = |label: &str| amounts(rest, label);
        let (used, limited) = (amounts(", used: "), amounts(", limited: "));
        let amount = |all: &[(&'a str, &'a str)], name: &str| {
            all.iter()
                .find(|(other, _)| *other == name)
                .map(|(_, amount)| *amount)
        };
        let lacking = amounts(", requested: ")
            .into_iter()
            .filter_map(|(name, requested)| {
                Some(ResourceShortage {
                    name,
                    requested,
                    used: amount(&used, name)?,
                    limited: amount(&limited, name)?,
                })
            });
        Self {
            name: name(rest),
            lacking: lacking.collect(),
        }
    }

    /// How much room it has: `quota compute: pods 10 of 10 used, 1 more asked`. `None` if the sentence says it in another way.
    pub fn words(&self) -> Option<String> {
        let lacks = |r: &ResourceShortage<'_>| {
            format!(
                "{} {} of {} used, {} more asked",
                r.name, r.used, r.limited, r.requested
            )
        };
        let lacking: Vec<String> = self.lacking.iter().map(lacks).collect();
        (!lacking.is_empty()).then(|| format!("quota {}: {}", self.name, lacking.join("; ")))
    }

    /// The command that lists the objects that use it up.
    pub fn hint(&self, namespace: &str) -> String {
        let get = |kinds: &str| kubectl(namespace, &format!("get {kinds}"), "");
        let Some(first) = self.lacking.first() else {
            return kubectl(namespace, "describe quota", self.name);
        };
        let name = first.name.strip_prefix("count/").unwrap_or(first.name);
        if name.contains("storage") && !name.contains("ephemeral") {
            return get("persistentvolumeclaims");
        }
        match name.split_once('.').unwrap_or(("requests", name)) {
            (kind @ ("requests" | "limits"), resource) if is_of_containers(first.name) => {
                let path = format!(
                    ".spec.containers[*].resources.{kind}.{}",
                    resource.replace('.', "\\.")
                );
                let columns = format!("custom-columns=POD:.metadata.name,USED:{path}");
                print_fields(namespace, "pods", "", &columns)
            }
            (kind @ "services", _) => get(kind),
            _ => get(name),
        }
    }
}

/// Whether containers request a resource, so that it is no number of objects.
fn is_of_containers(resource: &str) -> bool {
    let amounts = ["cpu", "memory", "ephemeral-storage"];
    resource.starts_with("requests.") || resource.starts_with("limits.") || amounts.contains(&resource)
}

/// The name at the beginning of a text.
fn name(rest: &str) -> &str {
    rest.split([',', ':', ' ']).next().unwrap_or_default()
}

/// The amounts behind a label: `pods=1,requests.cpu=2`.
fn amounts<'a>(text: &'a str, label: &str) -> Vec<(&'a str, &'a str)> {
    let (_, rest) = text.split_once(label).unwrap_or_default();
    let rest = rest.split([' ', ';', ']']).next().unwrap_or_default();
    rest.split(',').filter_map(|one| one.split_once('=')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_of_each_quota_is_in_words() {
        let words = |sentence| -> Vec<String> {
            let all = QuotaShortage::all_in(sentence).into_iter();
            all.map(|quota| quota.words().unwrap_or_else(|| quota.name.to_owned()))
                .collect()
        };
        assert_eq!(
            words("exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10"),
            ["quota compute: pods 10 of 10 used, 1 more asked"]
        );
        assert_eq!(
            words(
                "Exceeded quota: compute-resources, requested: limits.cpu=384m,limits.memory=512Mi, used: \
                 limits.cpu=384m,limits.memory=512Mi, limited: limits.cpu=384m,limits.memory=512Mi"
            ),
            [
                "quota compute-resources: limits.cpu 384m of 384m used, 384m more asked; limits.memory 512Mi of 512Mi \
              used, 512Mi more asked"
            ]
        );
        assert_eq!(
            words(
                "[exceeded quota: a, requested: pods=1, used: pods=2, limited: pods=2, exceeded quota: b, requested: \
                 requests.cpu=1, used: requests.cpu=4, limited: requests.cpu=4]"
            ),
            [
                "quota a: pods 2 of 2 used, 1 more asked",
                "quota b: requests.cpu 4 of 4 used, 1 more asked"
            ]
        );
        assert_eq!(
            words("failed quota: compute: must specify cpu for: app"),
            ["compute"]
        );
        assert_eq!(words("exceeded quota: compute"), ["compute"]);
        assert_eq!(words("it is forbidden"), Vec::<String>::new());
    }

    #[test]
    fn the_command_lists_the_objects_that_use_a_quota_up() {
        let hint = |resource: &str| {
            let sentence = format!(
                "exceeded quota: q, requested: {resource}=1, used: {resource}=2, limited: {resource}=2"
            );
            let quotas = QuotaShortage::all_in(&sentence);
            quotas.first().map(|quota| quota.hint("shop")).unwrap_or_default()
        };
        let columns = |path: &str| {
            format!(
                "kubectl -n shop get pods -o 'custom-columns=POD:.metadata.name,USED:.spec.containers[*].resources.{path}'"
            )
        };
        for (resource, expected) in [
            ("pods", "kubectl -n shop get pods".to_owned()),
            ("count/jobs.batch", "kubectl -n shop get jobs.batch".to_owned()),
            (
                "services.loadbalancers",
                "kubectl -n shop get services".to_owned(),
            ),
            (
                "requests.storage",
                "kubectl -n shop get persistentvolumeclaims".to_owned(),
            ),
            (
                "gold.storageclass.storage.k8s.io/requests.storage",
                "kubectl -n shop get persistentvolumeclaims".to_owned(),
            ),
            ("cpu", columns("requests.cpu")),
            ("limits.memory", columns("limits.memory")),
            (
                "requests.ephemeral-storage",
                columns("requests.ephemeral-storage"),
            ),
            ("requests.nvidia.com/gpu", columns("requests.nvidia\\.com/gpu")),
        ] {
            assert_eq!(hint(resource), expected, "{resource}");
        }
        let failed = QuotaShortage::all_in("failed quota: q: must specify cpu for: app");
        assert_eq!(failed[0].hint("shop"), "kubectl -n shop describe quota q");
    }
}
