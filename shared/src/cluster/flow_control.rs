//! The part of the API server's flow control that handles the requests of this identity.
//!
//! Responses name it by UIDs, so that nobody learns names without the right to read them (`priority-and-fairness.go` of
//! `k8s.io/apiserver`).

use std::collections::BTreeMap;

/// A flow schema and its priority level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowControl {
    /// UID of the `FlowSchema`.
    pub schema: String,
    /// UID of its `PriorityLevelConfiguration`.
    pub level: String,
    /// Name of the `FlowSchema`, if it was read.
    pub schema_name: Option<String>,
    /// Name of the `PriorityLevelConfiguration`, if it was read.
    pub level_name: Option<String>,
}

/// Names by UID. What may not be read has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowNames {
    /// The names of flow schemas.
    pub schemas: BTreeMap<String, String>,
    /// The names of priority levels.
    pub levels: BTreeMap<String, String>,
}

impl FlowNames {
    /// A flow control with the names that are known.
    pub(super) fn named(&self, flow: FlowControl) -> FlowControl {
        FlowControl {
            schema_name: self.schemas.get(&flow.schema).cloned(),
            level_name: self.levels.get(&flow.level).cloned(),
            ..flow
        }
    }
}
