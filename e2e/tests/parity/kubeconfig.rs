//! A kubeconfig, as a change to one that works.

use crate::fixture::Fixture;
use serde_json::{Value, json};

/// A kubeconfig with one cluster, one user and one context, unless it was changed.
#[derive(Debug, Clone)]
pub struct Kubeconfig(Value);

impl Kubeconfig {
    /// Everything inline: context `e2e`, cluster `e2e`, user `alice` with her certificate.
    pub fn new(fixture: &Fixture) -> Self {
        Self(json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "e2e", "cluster": {
                "server": fixture.server(),
                "certificate-authority-data": fixture.inline("ca.crt"),
            }}],
            "users": [{"name": "alice", "user": fixture.certificate("alice")}],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "alice"}}],
            "current-context": "e2e",
        }))
    }

    /// With these fields of the cluster; null takes one away.
    #[must_use]
    pub fn cluster(mut self, fields: Value) -> Self {
        merge(&mut self.0["clusters"][0]["cluster"], fields);
        self
    }

    /// With these fields of the user; null takes one away.
    #[must_use]
    pub fn user(mut self, fields: Value) -> Self {
        merge(&mut self.0["users"][0]["user"], fields);
        self
    }

    /// With this credential in the place of the certificate.
    #[must_use]
    pub fn credential(mut self, fields: Value) -> Self {
        self.0["users"][0]["user"] = fields;
        self
    }

    /// With these fields of the context; null takes one away.
    #[must_use]
    pub fn context(mut self, fields: Value) -> Self {
        merge(&mut self.0["contexts"][0]["context"], fields);
        self
    }

    /// With these fields of the file itself; null takes one away.
    #[must_use]
    pub fn file(mut self, fields: Value) -> Self {
        merge(&mut self.0, fields);
        self
    }

    /// With one more cluster, user or context, by the name of their list.
    #[must_use]
    pub fn another(mut self, list: &str, entry: Value) -> Self {
        if let Some(entries) = self.0[list].as_array_mut() {
            entries.push(entry);
        }
        self
    }

    /// As people have it.
    pub fn yaml(&self) -> String {
        serde_saphyr::to_string(&self.0).expect("JSON is YAML")
    }

    /// As programs write it.
    pub fn json(&self) -> String {
        self.0.to_string()
    }
}

fn merge(into: &mut Value, fields: Value) {
    let (Value::Object(into), Value::Object(fields)) = (into, fields) else {
        panic!("only objects have fields");
    };
    for (name, value) in fields {
        if value.is_null() {
            into.remove(&name);
        } else {
            into.insert(name, value);
        }
    }
}
