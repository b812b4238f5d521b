//! Deployments as a person would write them.

use serde_json::{Value, json};

/// A pod with this label runs and never becomes ready. Without it a pod is ready at once.
pub const NEVER_READY: &str = "sre.test/never-ready";
/// A finalizer that no controller removes.
pub const HELD: &str = "sre.test/held";

/// A manifest of a Deployment.
#[derive(Debug, Clone)]
pub struct Deployment(Value);

impl Deployment {
    /// With that many replicas whose pods become ready.
    #[must_use]
    pub fn new(name: &str, replicas: u32) -> Self {
        // The nodes are simulated, so no image is pulled.
        Self(json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "app", "image": format!("registry.example/{name}:v1")}]},
                },
            },
        }))
    }

    /// With a field of the spec set.
    #[must_use]
    pub fn spec(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0["spec"][field] = value.into();
        self
    }

    /// With a rolling update of that many pods too many and too few.
    #[must_use]
    pub fn rolling(self, surge: impl Into<Value>, unavailable: impl Into<Value>) -> Self {
        let update = json!({"maxSurge": surge.into(), "maxUnavailable": unavailable.into()});
        self.spec(
            "strategy",
            json!({"type": "RollingUpdate", "rollingUpdate": update}),
        )
    }

    /// With a label on itself.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.0["metadata"]["labels"][name] = value.into();
        self
    }

    /// With pods that never become ready.
    #[must_use]
    pub fn never_ready(mut self) -> Self {
        self.0["spec"]["template"]["metadata"]["labels"][NEVER_READY] = "true".into();
        self
    }

    /// With a finalizer, so that a deletion begins and does not end.
    #[must_use]
    pub fn with_finalizer(mut self) -> Self {
        self.0["metadata"]["finalizers"] = json!([HELD]);
        self
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(self) -> Value {
        self.0
    }
}

/// A patch that begins a rollout whose pods never become ready.
#[must_use]
pub fn bad_revision() -> String {
    json!({"spec": {"template": {"metadata": {"labels": {NEVER_READY: "true"}}}}}).to_string()
}
