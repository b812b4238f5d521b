//! Objects that a sentence calls missing, and keys that it calls missing in them.
//!
//! The words are the kubelet's, the scheduler's and those of `NewNotFound` in `k8s.io/apimachinery`, which has the kind in
//! the plural.

use crate::check::text::{find_elsewhere, kubectl, quoted_behind};
use crate::report::ObjectRef;

/// Kinds that pods need: the kind, and its words in the singular and in the plural.
const KINDS: [(&str, &str, &str); 4] = [
    ("Secret", "secret", "secrets"),
    ("ConfigMap", "configmap", "configmaps"),
    (
        "PersistentVolumeClaim",
        "persistentvolumeclaim",
        "persistentvolumeclaims",
    ),
    ("ServiceAccount", "serviceaccount", "serviceaccounts"),
];

/// An object that is missing, or that lacks a key.
pub(super) struct MissingObject {
    pub subject: ObjectRef,
    /// The command that looks for the object elsewhere, or for the keys that it has.
    pub hint: String,
}

impl MissingObject {
    /// From a sentence about objects in that namespace.
    pub fn from_sentence(namespace: &str, sentence: &str) -> Option<Self> {
        KINDS.into_iter().find_map(|(kind, one, several)| {
            let missing = sentence.contains("not found");
            let name = [one, several].into_iter().filter(|_| missing);
            let mut name = name.filter_map(|word| quoted_behind(sentence, &format!("{word} ")));
            if let Some(name) = name.next() {
                return Some(Self::new(kind, several, namespace, name));
            }
            // `couldn't find key KEY in Secret NAMESPACE/NAME`
            let (_, rest) = sentence.split_once(&format!(" in {kind} {namespace}/"))?;
            let name = rest.split([' ', ',', ':']).next()?;
            Some(Self {
                subject: ObjectRef::namespaced(kind, namespace, name),
                hint: kubectl(namespace, &format!("describe {one}"), name),
            })
        })
    }

    /// A Secret that a pod names and that does not exist.
    pub fn secret(namespace: &str, name: &str) -> Self {
        Self::new("Secret", "secrets", namespace, name)
    }

    fn new(kind: &str, kinds: &str, namespace: &str, name: &str) -> Self {
        Self {
            subject: ObjectRef::namespaced(kind, namespace, name),
            hint: find_elsewhere(kinds, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_object_and_a_missing_key_are_named() {
        let found = |sentence| {
            let missing = MissingObject::from_sentence("shop", sentence)?;
            Some((missing.subject.to_string(), missing.hint))
        };
        let elsewhere = |kinds, name| format!("kubectl get {kinds} -A --field-selector metadata.name={name}");
        for (sentence, subject, hint) in [
            (
                "secret \"db\" not found",
                "Secret/shop/db",
                elsewhere("secrets", "db"),
            ),
            (
                "[configmap \"a\" not found, configmap \"b\" not found]",
                "ConfigMap/shop/a",
                elsewhere("configmaps", "a"),
            ),
            (
                "error processing PVC shop/data: failed to fetch PVC from API server: persistentvolumeclaims \"data\" \
                 not found",
                "PersistentVolumeClaim/shop/data",
                elsewhere("persistentvolumeclaims", "data"),
            ),
            (
                "error looking up service account shop/robot: serviceaccount \"robot\" not found",
                "ServiceAccount/shop/robot",
                elsewhere("serviceaccounts", "robot"),
            ),
            (
                "couldn't find key url in ConfigMap shop/settings",
                "ConfigMap/shop/settings",
                "kubectl -n shop describe configmap settings".to_owned(),
            ),
        ] {
            assert_eq!(found(sentence), Some((subject.to_owned(), hint)), "{sentence}");
        }
        assert_eq!(
            found("container has runAsNonRoot and image will run as root"),
            None
        );
        assert_eq!(found("object \"shop\"/\"db\" not registered"), None);
    }
}
