//! Missing ConfigMaps and Secrets, and missing keys in them.

use crate::check::text::{kubectl, quoted_behind};
use crate::report::ObjectRef;

/// The ConfigMap or Secret that a sentence calls missing or lacking a key, and the command that looks for it.
pub(super) fn missing_source(namespace: &str, sentence: &str) -> Option<(ObjectRef, String)> {
    [("Secret", "secret"), ("ConfigMap", "configmap")]
        .into_iter()
        .find_map(|(kind, word)| {
            let missing =
                quoted_behind(sentence, &format!("{word} ")).filter(|_| sentence.contains("not found"));
            // `couldn't find key KEY in Secret NAMESPACE/NAME`
            let lacking = || {
                let (_, rest) = sentence.split_once(&format!(" in {kind} {namespace}/"))?;
                rest.split([' ', ',', ':']).next()
            };
            let name = missing.or_else(lacking)?;
            Some((
                ObjectRef::namespaced(kind, namespace, name),
                kubectl(namespace, &format!("get {word}"), name),
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_secret_and_a_missing_key_are_named() {
        let subject = |sentence| missing_source("shop", sentence).map(|(object, _)| object.to_string());
        assert_eq!(
            subject("secret \"db\" not found").as_deref(),
            Some("Secret/shop/db")
        );
        assert_eq!(
            subject("couldn't find key url in ConfigMap shop/settings").as_deref(),
            Some("ConfigMap/shop/settings")
        );
        assert_eq!(
            subject("container has runAsNonRoot and image will run as root"),
            None
        );
    }
}
