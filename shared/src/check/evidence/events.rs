//! Events about the pods of a workload, and the nodes of the pods.

use crate::resource::{Event, Node, Resource as _, Time};
use std::collections::{BTreeSet, HashMap};

/// Events by the object they are about, and nodes by name.
#[derive(Debug, Clone, Default)]
pub struct EventsAndNodes<'a> {
    events: HashMap<&'a str, Vec<&'a Event>>,
    /// Events about claims, by namespace and name: a pod names its claims without their uids.
    claims: HashMap<(&'a str, &'a str), Vec<&'a Event>>,
    nodes: HashMap<&'a str, &'a Node>,
    nodes_seen: Option<&'a NodesSeen>,
}

/// The nodes that were searched for. They distinguish a node that does not exist from one that was not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodesSeen {
    /// Every node of the cluster.
    All,
    /// The nodes of these names.
    These(BTreeSet<String>),
}

impl Default for NodesSeen {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

/// One event about a claim.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct ClaimEvent<'a> {
    pub reason: &'a str,
    pub message: &'a str,
    pub is_warning: bool,
    pub time: Option<Time>,
}

impl<'a> EventsAndNodes<'a> {
    /// Sorts events and nodes by the objects that they belong to.
    pub fn new(
        events: impl IntoIterator<Item = &'a Event>,
        nodes: impl IntoIterator<Item = &'a Node>,
    ) -> Self {
        let mut all = Self::default();
        for event in events {
            if let Some(claim) = event.claim() {
                all.claims.entry(claim).or_default().push(event);
            }
            if !event.about().is_empty() {
                all.events.entry(event.about()).or_default().push(event);
            }
        }
        all.nodes = nodes.into_iter().map(|n| (n.meta().name.as_str(), n)).collect();
        all
    }

    /// Adds which nodes were searched for.
    #[must_use]
    pub fn with_nodes_seen(self, seen: &'a NodesSeen) -> Self {
        Self {
            nodes_seen: Some(seen),
            ..self
        }
    }

    /// Events about a claim since its pod was created. Before that, another claim may have had the name.
    pub(in crate::check) fn about_claim<'s>(
        &'s self,
        namespace: &'s str,
        claim: &'s str,
        since: Option<Time>,
    ) -> impl Iterator<Item = ClaimEvent<'s>> {
        let events = self.claims.get(&(namespace, claim)).into_iter().flatten();
        let known = events.filter(move |event| event.time().is_none_or(|t| since.is_none_or(|s| t >= s)));
        known.map(|event| ClaimEvent {
            reason: &event.reason,
            message: &event.message,
            is_warning: event.is_warning(),
            time: event.time(),
        })
    }

    /// Whether a node of that name was searched for and does not exist.
    pub(in crate::check) fn is_gone(&self, name: &str) -> bool {
        let was_searched = match self.nodes_seen {
            Some(NodesSeen::All) => true,
            Some(NodesSeen::These(names)) => names.contains(name),
            None => false,
        };
        was_searched && !self.nodes.contains_key(name)
    }

    /// The newest event about an object that the filter accepts.
    pub(in crate::check) fn newest(&self, uid: &str, is: impl Fn(&Event) -> bool) -> Option<&'a Event> {
        let events = self.events.get(uid)?;
        events
            .iter()
            .copied()
            .filter(|event| is(event))
            .max_by_key(|event| event.time())
    }

    /// Every event about an object.
    pub(in crate::check) fn events(&self, uid: &str) -> impl Iterator<Item = &'a Event> {
        self.events.get(uid).into_iter().flatten().copied()
    }

    /// The node of that name, if it is known.
    pub(in crate::check) fn node(&self, name: &str) -> Option<&'a Node> {
        self.nodes.get(name).copied()
    }
}
