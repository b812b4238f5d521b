//! Owns the builder of a v1 Namespace.
//! Must not know the objects in it.

use serde_json::{Value, json};

use super::metadata::{Metadata, metadata_methods};

/// Builds a Namespace, Active by default.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing by itself"]
pub struct Namespace {
    metadata: Metadata,
    phase: &'static str,
}

metadata_methods!(Namespace);

impl Namespace {
    /// An active Namespace with the label that the API server adds.
    pub fn new(name: &str) -> Self {
        let metadata = Metadata::new("Namespace", "v1", None, name);
        Self {
            metadata,
            phase: "Active",
        }
        .label("kubernetes.io/metadata.name", name)
    }

    /// Sets the phase to Terminating; [`Namespace::deleting`] sets the time.
    pub fn terminating(mut self) -> Self {
        self.phase = "Terminating";
        self
    }

    /// The Namespace as an API server writes it.
    pub fn build(&self) -> Value {
        self.metadata.wrap(vec![
            ("spec", json!({"finalizers": ["kubernetes"]})),
            ("status", json!({"phase": self.phase})),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_in_no_namespace_and_has_its_name_as_a_label() {
        let object = Namespace::new("shop").terminating().build();
        assert!(object["metadata"].get("namespace").is_none());
        assert_eq!(
            object["metadata"]["labels"],
            json!({"kubernetes.io/metadata.name": "shop"})
        );
        assert_eq!(object["status"], json!({"phase": "Terminating"}));
    }
}
