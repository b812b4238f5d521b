//! A report on the wire, read by the field names of the contract.

use jsonschema::Validator;
use serde_json::Value;
use std::sync::LazyLock;

/// What every report is held to.
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../../docs/report.schema.json");
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is a schema")
});

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report(pub Value);

impl Report {
    /// Parses a report.
    ///
    /// # Errors
    /// If it is not a report.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if value["apiVersion"] != "sre/v1" || value["kind"] != "HealthReport" {
            return Err(format!(
                "neither sre/v1 nor HealthReport: {} {}",
                value["apiVersion"], value["kind"]
            ));
        }
        let errors: Vec<String> = SCHEMA
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        if !errors.is_empty() {
            return Err(format!(
                "not as docs/report.schema.json says: {}",
                errors.join("; ")
            ));
        }
        Ok(Self(value))
    }

    /// The overall status.
    #[must_use]
    pub fn status(&self) -> &str {
        word(&self.0["status"])
    }

    /// The part of that name; null if there is none.
    #[must_use]
    pub fn check(&self, name: &str) -> &Value {
        static NONE: Value = Value::Null;
        list(&self.0["checks"])
            .iter()
            .find(|c| c["check"] == name)
            .unwrap_or(&NONE)
    }

    /// The part about the API server.
    #[must_use]
    pub fn api_server(&self) -> &Value {
        self.check("apiserver")
    }

    /// The part about Deployments.
    #[must_use]
    pub fn deployments(&self) -> &Value {
        self.check("deployments")
    }

    /// A number of the summary of Deployments.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.deployments()["summary"][name].as_u64()
    }

    /// Every judged Deployment.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        list(&self.deployments()["items"])
    }

    /// The Deployment of that name.
    #[must_use]
    #[track_caller]
    pub fn item(&self, name: &str) -> &Value {
        self.items()
            .iter()
            .find(|i| i["name"] == name)
            .unwrap_or_else(|| panic!("no item {name}: {:#}", self.0))
    }

    /// The entries about gaps.
    #[must_use]
    pub fn not_seen(&self) -> &[Value] {
        list(&self.0["coverage"]["notSeen"])
    }

    /// Panics unless the report has the controllers' counts of each Deployment, and counts all Deployments.
    #[track_caller]
    pub fn assert_counts_of(&self, deployments: &[Value]) {
        assert_eq!(
            self.items().len(),
            deployments.len(),
            "as many items as Deployments"
        );
        for (item, deployment) in self.items().iter().zip(deployments) {
            let (meta, spec, status) = (
                &deployment["metadata"],
                &deployment["spec"],
                &deployment["status"],
            );
            // The order is part of the contract, and kubectl's list has the same.
            assert_eq!(
                (&item["namespace"], &item["name"], &item["kind"]),
                (&meta["namespace"], &meta["name"], &Value::from("Deployment"))
            );
            let expected = [
                ("desired", spec["replicas"].as_u64()),
                ("ready", status["readyReplicas"].as_u64().or(Some(0))),
                ("available", status["availableReplicas"].as_u64().or(Some(0))),
                ("updated", status["updatedReplicas"].as_u64().or(Some(0))),
            ];
            for (field, count) in expected {
                assert_eq!(
                    item[field].as_u64(),
                    count,
                    "{field} of {}: {item:#}",
                    meta["name"]
                );
            }
        }
        self.assert_summary();
    }

    /// Panics unless the summary counts the items, state by state.
    #[track_caller]
    pub fn assert_summary(&self) {
        assert_eq!(self.count("total"), Some(self.items().len() as u64));
        for state in [
            "healthy",
            "progressing",
            "degraded",
            "unavailable",
            "unknown",
            "terminating",
        ] {
            let counted = self.items().iter().filter(|i| i["state"] == state).count();
            assert_eq!(
                self.count(state),
                Some(counted as u64),
                "{state} of {}",
                self.deployments()["summary"]
            );
        }
    }
}

/// State, literal answer and reason.
pub type Verdict<'a> = (&'a str, Option<bool>, &'a str);

/// The verdict of an item.
#[must_use]
pub fn verdict(item: &Value) -> Verdict<'_> {
    (
        word(&item["state"]),
        item["healthy"].as_bool(),
        word(&item["reason"]),
    )
}

/// The text of a JSON string; empty for anything else.
#[must_use]
pub fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The elements of a JSON list; none for anything else.
#[must_use]
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
