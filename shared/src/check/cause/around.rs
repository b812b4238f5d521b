//! What else is known around the pods of a workload: events, and the nodes they run on.

use crate::resource::{Event, Node, Resource as _};
use std::collections::HashMap;

/// Events by the object they are about, and nodes by name.
#[derive(Debug, Clone, Default)]
pub struct Around<'a> {
    events: HashMap<&'a str, Vec<&'a Event>>,
    nodes: HashMap<&'a str, &'a Node>,
}

impl<'a> Around<'a> {
    /// Sorts what is known.
    pub fn new(
        events: impl IntoIterator<Item = &'a Event>,
        nodes: impl IntoIterator<Item = &'a Node>,
    ) -> Self {
        let mut around = Self::default();
        for event in events {
            if !event.about().is_empty() {
                around.events.entry(event.about()).or_default().push(event);
            }
        }
        around.nodes = nodes.into_iter().map(|n| (n.meta().name.as_str(), n)).collect();
        around
    }

    /// The newest event about an object that is one of those wanted.
    pub(in crate::check) fn newest(&self, uid: &str, is: impl Fn(&Event) -> bool) -> Option<&'a Event> {
        let events = self.events.get(uid)?;
        events
            .iter()
            .copied()
            .filter(|event| is(event))
            .max_by_key(|event| event.time())
    }

    /// Every event about an object.
    pub(super) fn events(&self, uid: &str) -> impl Iterator<Item = &'a Event> {
        self.events.get(uid).into_iter().flatten().copied()
    }

    /// The node of that name, where it is known.
    pub(super) fn node(&self, name: &str) -> Option<&'a Node> {
        self.nodes.get(name).copied()
    }
}
