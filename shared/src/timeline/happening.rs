//! One thing that happened, before those that are alike are folded.

use crate::report::{ObjectChange, ObjectRef, TimelineKind, VerdictChange};
use crate::resource::Time;

/// A source of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimelineSource {
    /// Deployments, StatefulSets, DaemonSets, Jobs and CronJobs: their creation and the last write of each program.
    Workloads,
    /// ReplicaSets and ControllerRevisions.
    Revisions,
    /// The last end of each container.
    Pods,
    /// Conditions, taints and creation of nodes.
    Nodes,
    /// Events.
    Events,
    /// Quotas, `LimitRanges`, webhooks and `ConfigMaps`.
    Objects,
    /// Leases of controllers and API servers.
    Leases,
    /// The transitions that an agent has seen.
    Agent,
}

impl TimelineSource {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workloads => "workloads",
            Self::Revisions => "revisions",
            Self::Pods => "pods",
            Self::Nodes => "nodes",
            Self::Events => "events",
            Self::Objects => "objects",
            Self::Leases => "leases",
            Self::Agent => "agent",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When it happened, or began.
    pub at: Time,
    /// When it happened for the last time.
    pub last: Time,
    /// How often it happened.
    pub times: u64,
    /// What kind of change it is.
    pub what: TimelineKind,
    /// The object that changed.
    pub object: ObjectRef,
    /// The text by which it is folded with others of its kind; `None` if it stays alone.
    pub fold: Option<String>,
    /// Two sources that show one thing have one text here.
    pub same: Option<String>,
    /// The program that wrote it.
    pub by: Option<String>,
    /// The node on which it happened.
    pub node: Option<String>,
    /// The change with its fields.
    pub change: Option<ObjectChange>,
    /// The states before and after.
    pub verdict: Option<VerdictChange>,
    /// The change in words, without the object.
    pub words: String,
    /// The source that shows it.
    pub source: TimelineSource,
}

impl Happening {
    /// A happening with its words.
    #[must_use]
    pub fn new(
        source: TimelineSource,
        at: Time,
        what: TimelineKind,
        object: ObjectRef,
        words: impl Into<String>,
    ) -> Self {
        Self {
            at,
            last: at,
            times: 1,
            what,
            object,
            fold: None,
            same: None,
            by: None,
            node: None,
            change: None,
            verdict: None,
            words: words.into(),
            source,
        }
    }

    /// Folds it with others of its namespace that have the same words.
    #[must_use]
    pub fn folded_in_namespace(self) -> Self {
        let fold = Some(format!("{} {}", self.object.namespace, self.words));
        Self { fold, ..self }
    }

    /// Folds it with others that have the same words.
    #[must_use]
    pub fn folded(self) -> Self {
        let fold = Some(self.words.clone());
        Self { fold, ..self }
    }

    /// Another source may show the same thing.
    #[must_use]
    pub fn known_as(self, same: String) -> Self {
        Self {
            same: Some(same),
            ..self
        }
    }

    /// Adds the program that wrote it.
    #[must_use]
    pub fn by(self, by: Option<String>) -> Self {
        Self { by, ..self }
    }

    /// Adds the node on which it happened; an empty name is none.
    #[must_use]
    pub fn on_node(self, node: &str) -> Self {
        let node = Some(node.to_owned()).filter(|node| !node.is_empty());
        Self { node, ..self }
    }
}
