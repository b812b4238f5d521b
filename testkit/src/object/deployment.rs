//! Owns the builder of an apps/v1 Deployment.
//! Must not know which Deployments are healthy. By default the rollout finished long ago.

use serde_json::{Map, Value, json};

use super::condition::{Condition, Conditions, counts};
use super::metadata::{Metadata, metadata_methods};
use crate::clock::Clock;

/// Builds a Deployment. The defaults are one replica, full counts, generation observed, created a day ago,
/// Available=True/MinimumReplicasAvailable and Progressing=True/NewReplicaSetAvailable.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing by itself"]
pub struct Deployment {
    pub(super) metadata: Metadata,
    replicas: Option<i64>,
    counts: Option<[i64; 4]>,
    terminating: i64,
    observed: ObservedGeneration,
    paused: bool,
    min_ready_seconds: i64,
    progress_deadline: Option<i64>,
    strategy: &'static str,
    image: String,
    revision: u64,
    conditions: Option<Conditions>,
    touched: Conditions,
    dropped: Vec<String>,
    status: bool,
}

#[derive(Clone, Copy, Debug)]
enum ObservedGeneration {
    Latest,
    Generation(i64),
    Never,
}

metadata_methods!(Deployment);

impl Deployment {
    /// A Deployment whose label `app` is its name.
    pub fn new(namespace: &str, name: &str) -> Self {
        let mut metadata = Metadata::new("Deployment", "apps/v1", Some(namespace), name);
        metadata.generation = Some(1);
        metadata.labels.insert("app".to_owned(), Value::from(name));
        Self {
            metadata,
            replicas: Some(1),
            counts: None,
            terminating: 0,
            observed: ObservedGeneration::Latest,
            paused: false,
            min_ready_seconds: 0,
            progress_deadline: Some(600),
            strategy: "RollingUpdate",
            image: format!("registry.example.test/{name}:1.0"),
            revision: 1,
            conditions: None,
            touched: Conditions::default(),
            dropped: Vec::new(),
            status: true,
        }
    }

    /// Sets `spec.replicas`, and every count to it unless [`Deployment::counts`] is called.
    pub fn replicas(mut self, replicas: i64) -> Self {
        self.replicas = Some(replicas);
        self
    }

    /// Leaves `spec.replicas` out; the counts stay at the default of 1.
    pub fn without_replicas(mut self) -> Self {
        self.replicas = None;
        self
    }

    /// Sets `metadata.generation`.
    pub fn generation(mut self, generation: i64) -> Self {
        self.metadata.generation = Some(generation);
        self
    }

    /// Sets `status.observedGeneration`, which otherwise follows the generation.
    pub fn observed(mut self, generation: i64) -> Self {
        self.observed = ObservedGeneration::Generation(generation);
        self
    }

    /// Leaves `status.observedGeneration` out.
    pub fn unobserved(mut self) -> Self {
        self.observed = ObservedGeneration::Never;
        self
    }

    /// Sets `status.replicas`, `updatedReplicas`, `readyReplicas` and `availableReplicas`. A 0 leaves the
    /// field out, as the API server does. The conditions do not follow.
    pub fn counts(mut self, replicas: i64, updated: i64, ready: i64, available: i64) -> Self {
        self.counts = Some([replicas, updated, ready, available]);
        self
    }

    /// Sets `status.terminatingReplicas`.
    pub fn terminating_replicas(mut self, count: i64) -> Self {
        self.terminating = count;
        self
    }

    /// Writes `status: {}`, as before the controller has seen the Deployment.
    pub fn no_status(mut self) -> Self {
        self.status = false;
        self
    }

    /// Sets `spec.paused`.
    pub fn paused(mut self) -> Self {
        self.paused = true;
        self
    }

    /// Sets `spec.minReadySeconds`.
    pub fn min_ready_seconds(mut self, seconds: i64) -> Self {
        self.min_ready_seconds = seconds;
        self
    }

    /// Sets `spec.progressDeadlineSeconds`, which is 600 by default.
    pub fn progress_deadline(mut self, seconds: i64) -> Self {
        self.progress_deadline = Some(seconds);
        self
    }

    /// Leaves `spec.progressDeadlineSeconds` out.
    pub fn without_progress_deadline(mut self) -> Self {
        self.progress_deadline = None;
        self
    }

    /// Makes `spec.strategy` `Recreate` instead of `RollingUpdate`.
    pub fn recreate(mut self) -> Self {
        self.strategy = "Recreate";
        self
    }

    /// Sets the image of its one container.
    pub fn image(mut self, image: &str) -> Self {
        self.image = image.into();
        self
    }

    /// Sets the annotation with the number of the current revision.
    pub fn revision(mut self, revision: u64) -> Self {
        self.revision = revision;
        self
    }

    /// Adds a condition. It replaces one of the same type, also a default one. Both its times are `time`; the message is
    /// the controller's for that reason. An empty reason is left out.
    pub fn condition(mut self, kind: &str, status: &str, reason: &str, time: impl Into<String>) -> Self {
        let time = time.into();
        self.dropped.retain(|dropped| dropped != kind);
        self.touched.put(Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: self.message_for(kind, reason),
            last_update: Some(time.clone()),
            last_transition: Some(time),
        });
        self
    }

    /// Sets both times of a condition, one by one.
    ///
    /// # Panics
    /// If [`Deployment::condition`] has not put a condition of that type before.
    pub fn condition_times(
        mut self,
        kind: &str,
        last_update: impl Into<String>,
        last_transition: impl Into<String>,
    ) -> Self {
        let condition = self
            .touched
            .find(kind)
            .expect("condition() comes before condition_times()");
        condition.last_update = Some(last_update.into());
        condition.last_transition = Some(last_transition.into());
        self
    }

    /// Sets the message of a condition.
    ///
    /// # Panics
    /// If [`Deployment::condition`] has not put a condition of that type before.
    pub fn condition_message(mut self, kind: &str, message: &str) -> Self {
        let condition = self
            .touched
            .find(kind)
            .expect("condition() comes before condition_message()");
        condition.message = message.into();
        self
    }

    /// Leaves out the condition of a type.
    pub fn without_condition(mut self, kind: &str) -> Self {
        self.touched.remove(kind);
        self.dropped.push(kind.to_owned());
        self
    }

    /// Leaves out every condition, also the default ones.
    pub fn without_conditions(mut self) -> Self {
        self.touched.clear();
        self.conditions = Some(Conditions::default());
        self
    }

    /// Adds an entry of `metadata.managedFields` that wrote the spec at that time.
    pub fn managed_fields(mut self, time: impl Into<String>) -> Self {
        let fields = json!({"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {
            "f:progressDeadlineSeconds": {}, "f:replicas": {}, "f:revisionHistoryLimit": {}, "f:selector": {},
            "f:strategy": {"f:type": {}}, "f:template": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}, "f:name": {}}}}}}});
        self.metadata
            .manage("kubectl-client-side-apply", None, &fields, &time.into());
        self
    }

    /// Adds an entry of `metadata.managedFields` that asked for the number of pods through the `scale` subresource. It has no time, as
    /// the API server writes it.
    pub fn managed_scale(mut self, manager: &str) -> Self {
        self.metadata.managed_fields.push(json!({
            "manager": manager, "operation": "Update", "apiVersion": "apps/v1", "subresource": "scale",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
        }));
        self
    }

    /// Adds an entry of `metadata.managedFields` that wrote the status subresource at that time.
    pub fn managed_status(mut self, time: impl Into<String>) -> Self {
        let fields = json!({"f:status": {"f:availableReplicas": {}, "f:conditions": {".": {},
            "k:{\"type\":\"Available\"}": {".": {}, "f:status": {}},
            "k:{\"type\":\"Progressing\"}": {".": {}, "f:status": {}}},
            "f:observedGeneration": {}, "f:readyReplicas": {}, "f:replicas": {}, "f:updatedReplicas": {}}});
        self.metadata
            .manage("kube-controller-manager", Some("status"), &fields, &time.into());
        self
    }

    /// The Deployment as an API server writes it.
    pub fn build(&self) -> Value {
        let mut metadata = self.metadata.clone();
        metadata
            .annotations
            .entry("deployment.kubernetes.io/revision")
            .or_insert_with(|| Value::from(self.revision.to_string()));
        let status = if self.status {
            Value::Object(self.status())
        } else {
            json!({})
        };
        metadata.wrap(vec![("spec", Value::Object(self.spec())), ("status", status)])
    }

    fn spec(&self) -> Map<String, Value> {
        let name = &self.metadata.name;
        let mut spec = Map::new();
        if let Some(replicas) = self.replicas {
            spec.insert("replicas".to_owned(), Value::from(replicas));
        }
        spec.insert("selector".to_owned(), json!({"matchLabels": {"app": name}}));
        spec.insert(
            "template".to_owned(),
            json!({
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [{
                        "name": "app",
                        "image": self.image,
                        "resources": {},
                        "terminationMessagePath": "/dev/termination-log",
                        "terminationMessagePolicy": "File",
                        "imagePullPolicy": "IfNotPresent",
                    }],
                    "restartPolicy": "Always",
                    "terminationGracePeriodSeconds": 30,
                    "dnsPolicy": "ClusterFirst",
                    "securityContext": {},
                    "schedulerName": "default-scheduler",
                },
            }),
        );
        let strategy = match self.strategy {
            "RollingUpdate" => {
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}})
            }
            other => json!({"type": other}),
        };
        spec.insert("strategy".to_owned(), strategy);
        if self.min_ready_seconds != 0 {
            spec.insert("minReadySeconds".to_owned(), Value::from(self.min_ready_seconds));
        }
        spec.insert("revisionHistoryLimit".to_owned(), Value::from(10));
        if self.paused {
            spec.insert("paused".to_owned(), Value::from(true));
        }
        if let Some(seconds) = self.progress_deadline {
            spec.insert("progressDeadlineSeconds".to_owned(), Value::from(seconds));
        }
        spec
    }

    fn status(&self) -> Map<String, Value> {
        let desired = self.replicas.unwrap_or(1);
        let [replicas, updated, ready, available] = self.counts.unwrap_or([desired; 4]);
        let observed = match self.observed {
            ObservedGeneration::Latest => self.metadata.generation.unwrap_or(0),
            ObservedGeneration::Generation(generation) => generation,
            ObservedGeneration::Never => 0,
        };
        let mut status = counts(&[
            ("observedGeneration", observed),
            ("replicas", replicas),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", available),
            ("unavailableReplicas", (desired.max(replicas) - available).max(0)),
            ("terminatingReplicas", self.terminating),
        ]);
        let conditions = self.all_conditions();
        if !conditions.is_empty() {
            status.insert("conditions".to_owned(), conditions.to_value());
        }
        status
    }

    fn all_conditions(&self) -> Conditions {
        let mut conditions = self
            .conditions
            .clone()
            .unwrap_or_else(|| self.default_conditions());
        for condition in self.touched.iter() {
            conditions.put(condition.clone());
        }
        for kind in &self.dropped {
            conditions.remove(kind);
        }
        conditions
    }

    fn default_conditions(&self) -> Conditions {
        // The rollout ends a minute after the creation. A younger object must not have a condition from before its creation
        // or after now.
        let created = Clock::standing_at(&self.metadata.created_at());
        let age = self.metadata.clock.now().duration_since(created.now()).as_secs();
        let finished = created.at(age.clamp(0, 60));
        let mut conditions = Conditions::default();
        for (kind, reason) in [
            ("Available", "MinimumReplicasAvailable"),
            ("Progressing", "NewReplicaSetAvailable"),
        ] {
            conditions.put(Condition {
                kind: kind.to_owned(),
                status: "True".to_owned(),
                reason: reason.to_owned(),
                message: self.message_for(kind, reason),
                last_update: Some(finished.clone()),
                last_transition: Some(finished.clone()),
            });
        }
        conditions
    }

    fn message_for(&self, kind: &str, reason: &str) -> String {
        let replica_set = format!("{}-{}", self.metadata.name, template_hash(&self.metadata.name));
        match (kind, reason) {
            (_, "MinimumReplicasAvailable") => "Deployment has minimum availability.".to_owned(),
            (_, "MinimumReplicasUnavailable") => "Deployment does not have minimum availability.".to_owned(),
            (_, "NewReplicaSetAvailable") => {
                format!("ReplicaSet \"{replica_set}\" has successfully progressed.")
            }
            (_, "ReplicaSetUpdated") => format!("ReplicaSet \"{replica_set}\" is progressing."),
            (_, "NewReplicaSetCreated") => format!("Created new replica set \"{replica_set}\""),
            (_, "FoundNewReplicaSet") => format!("Found new replica set \"{replica_set}\""),
            (_, "ProgressDeadlineExceeded") => {
                format!("ReplicaSet \"{replica_set}\" has timed out progressing.")
            }
            (_, "DeploymentPaused") => "Deployment is paused".to_owned(),
            (_, "DeploymentResumed") => "Deployment is resumed".to_owned(),
            ("ReplicaFailure", "FailedCreate") => format!(
                "pods \"{replica_set}-x7k2p\" is forbidden: exceeded quota: compute, requested: pods=1, \
                 used: pods=2, limited: pods=2"
            ),
            _ => String::new(),
        }
    }
}

/// A pod template hash, as names have it. It depends only on the name of the Deployment.
fn template_hash(name: &str) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let uid = super::uid_of("PodTemplate", "", name);
    uid.bytes()
        .filter(|byte| *byte != b'-')
        .take(10)
        .map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::at;

    #[test]
    fn the_default_is_a_complete_deployment_of_yesterday() {
        let object = Deployment::new("shop", "checkout")
            .replicas(3)
            .generation(5)
            .build();
        assert_eq!(object["kind"], "Deployment");
        assert_eq!(object["apiVersion"], "apps/v1");
        assert_eq!(object["metadata"]["creationTimestamp"], at(-86_400));
        assert_eq!(object["metadata"]["generation"], 5);
        assert_eq!(
            object["metadata"]["annotations"],
            json!({"deployment.kubernetes.io/revision": "1"})
        );
        assert_eq!(object["spec"]["replicas"], 3);
        assert_eq!(object["spec"]["progressDeadlineSeconds"], 600);
        assert!(object["spec"].get("paused").is_none());
        assert_eq!(
            object["status"],
            json!({
                "observedGeneration": 5, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3,
                "availableReplicas": 3,
                "conditions": [
                    {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                     "message": "Deployment has minimum availability.",
                     "lastUpdateTime": at(-86_340), "lastTransitionTime": at(-86_340)},
                    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
                     "message": format!("ReplicaSet \"checkout-{}\" has successfully progressed.",
                                        template_hash("checkout")),
                     "lastUpdateTime": at(-86_340), "lastTransitionTime": at(-86_340)},
                ],
            })
        );
    }

    #[test]
    fn counts_of_zero_are_left_out_and_the_missing_pods_are_unavailable() {
        let status = Deployment::new("a", "b")
            .replicas(3)
            .counts(0, 0, 0, 0)
            .without_conditions()
            .build()["status"]
            .take();
        assert_eq!(status, json!({"observedGeneration": 1, "unavailableReplicas": 3}));
        assert_eq!(Deployment::new("a", "b").no_status().build()["status"], json!({}));
        assert_eq!(
            Deployment::new("a", "b")
                .unobserved()
                .counts(1, 1, 0, 0)
                .without_conditions()
                .build()["status"],
            json!({"replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1})
        );
    }

    #[test]
    fn a_condition_replaces_the_one_of_its_type_and_its_times_can_differ() {
        let object = Deployment::new("a", "b")
            .condition("Progressing", "False", "ProgressDeadlineExceeded", at(-60))
            .condition_times("Progressing", at(-5), at(-60))
            .condition_message("Progressing", "late")
            .without_condition("Available")
            .build();
        assert_eq!(
            object["status"]["conditions"],
            json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
                    "message": "late", "lastUpdateTime": at(-5), "lastTransitionTime": at(-60)}])
        );
    }

    #[test]
    fn a_deployment_five_seconds_old_has_no_condition_from_the_future() {
        let object = Deployment::new("a", "b").created(at(-5)).build();
        assert_eq!(object["status"]["conditions"][0]["lastTransitionTime"], at(0));
    }

    #[test]
    fn spec_switches_deletion_and_managed_fields_have_the_places_of_the_api() {
        let object = Deployment::new("a", "b")
            .without_replicas()
            .paused()
            .min_ready_seconds(60)
            .progress_deadline(2_147_483_647)
            .recreate()
            .deleting(at(-900), &["example.test/hold"])
            .managed_fields(at(-30))
            .managed_status(at(-1))
            .set("/status/readyReplicas", -1)
            .remove("/spec/template")
            .build();
        assert_eq!(
            object["spec"],
            json!({"selector": {"matchLabels": {"app": "b"}}, "strategy": {"type": "Recreate"},
                   "minReadySeconds": 60, "revisionHistoryLimit": 10, "paused": true,
                   "progressDeadlineSeconds": 2_147_483_647})
        );
        assert_eq!(object["metadata"]["deletionTimestamp"], at(-900));
        assert_eq!(object["metadata"]["finalizers"], json!(["example.test/hold"]));
        let entries = object["metadata"]["managedFields"]
            .as_array()
            .expect("two entries were added");
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0]["time"], at(-30));
        assert!(entries[0].get("subresource").is_none());
        assert_eq!(entries[1]["time"], at(-1));
        assert_eq!(entries[1]["subresource"], "status");
        assert_eq!(object["status"]["readyReplicas"], -1);
    }
}
