//! Owns the builder of an apps/v1 ReplicaSet.
//! Must not know which ReplicaSet of a Deployment is the newest. The revision says so.

use serde_json::{Map, Value, json};

use super::condition::{Condition, Conditions, counts};
use super::deployment::Deployment;
use super::metadata::{Metadata, metadata_methods};

/// Builds a ReplicaSet. The default has one replica with full counts, no owner and revision 1.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing by itself"]
pub struct ReplicaSet {
    pub(super) metadata: Metadata,
    replicas: i64,
    counts: Option<[i64; 3]>,
    conditions: Conditions,
}

metadata_methods!(ReplicaSet);

impl ReplicaSet {
    /// A ReplicaSet without an owner.
    pub fn new(namespace: &str, name: &str) -> Self {
        let mut metadata = Metadata::new("ReplicaSet", "apps/v1", Some(namespace), name);
        metadata.generation = Some(1);
        Self {
            metadata,
            replicas: 1,
            counts: None,
            conditions: Conditions::default(),
        }
        .revision(1)
    }

    /// Makes the Deployment its controller, and takes over its `app` label.
    pub fn owned_by(mut self, deployment: &Deployment) -> Self {
        let owner = &deployment.metadata;
        self.metadata
            .add_owner(owner.api_version, owner.kind, &owner.name, &owner.uid);
        self.label("app", &owner.name)
    }

    /// Adds a controller by its names and uid.
    pub fn owner(mut self, api_version: &str, kind: &str, name: &str, uid: &str) -> Self {
        self.metadata.add_owner(api_version, kind, name, uid);
        self
    }

    /// Sets the annotation with the number of its revision.
    pub fn revision(self, revision: u64) -> Self {
        self.annotation("deployment.kubernetes.io/revision", &revision.to_string())
    }

    /// Sets `spec.replicas`, and every count to it unless [`ReplicaSet::counts`] is called.
    pub fn replicas(mut self, replicas: i64) -> Self {
        self.replicas = replicas;
        self
    }

    /// Sets `status.replicas`, `readyReplicas` and `availableReplicas`; `replicas` is written even at 0, as
    /// the API server does for this kind.
    pub fn counts(mut self, replicas: i64, ready: i64, available: i64) -> Self {
        self.counts = Some([replicas, ready, available]);
        self
    }

    /// Adds a condition. It replaces one of the same type. This kind has no lastUpdateTime.
    pub fn condition(
        mut self,
        kind: &str,
        status: &str,
        reason: &str,
        message: &str,
        time: impl Into<String>,
    ) -> Self {
        self.conditions.put(Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            last_update: None,
            last_transition: Some(time.into()),
        });
        self
    }

    /// Adds ReplicaFailure=True/FailedCreate with the message of the refusal of the pod.
    pub fn failed_create(self, message: &str, time: impl Into<String>) -> Self {
        self.condition("ReplicaFailure", "True", "FailedCreate", message, time)
    }

    /// The ReplicaSet as an API server writes it.
    pub fn build(&self) -> Value {
        let [replicas, ready, available] = self.counts.unwrap_or([self.replicas; 3]);
        let mut status = Map::from_iter([("replicas".to_owned(), Value::from(replicas))]);
        status.extend(counts(&[
            ("fullyLabeledReplicas", replicas),
            ("readyReplicas", ready),
            ("availableReplicas", available),
            ("observedGeneration", self.metadata.generation.unwrap_or(0)),
        ]));
        if !self.conditions.is_empty() {
            status.insert("conditions".to_owned(), self.conditions.to_value());
        }
        let labels = Value::Object(self.metadata.labels.clone());
        let spec = json!({
            "replicas": self.replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app"}]}},
        });
        self.metadata
            .wrap(vec![("spec", spec), ("status", Value::Object(status))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::at;

    #[test]
    fn a_replica_set_names_its_owner_by_uid_and_the_refusal_of_its_pods() {
        let deployment = Deployment::new("shop", "checkout");
        let object = ReplicaSet::new("shop", "checkout-1")
            .owned_by(&deployment)
            .revision(7)
            .replicas(2)
            .counts(0, 0, 0)
            .failed_create("exceeded quota", at(-10))
            .build();
        assert_eq!(
            object["metadata"]["ownerReferences"],
            json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout",
                    "uid": deployment.build()["metadata"]["uid"], "controller": true,
                    "blockOwnerDeletion": true}])
        );
        assert_eq!(
            object["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
            "7"
        );
        assert_eq!(
            object["status"],
            json!({"replicas": 0, "observedGeneration": 1, "conditions": [
                {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                 "message": "exceeded quota", "lastTransitionTime": at(-10)}]})
        );
    }
}
