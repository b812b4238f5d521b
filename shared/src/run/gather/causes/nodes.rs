//! Reads the nodes that pods are on.

use super::search::{ListRequest, Search, single_answer, whole_list};
use crate::check::NodesSeen;
use crate::cluster::BoundedList;
use crate::failure::Failure;
use crate::resource::{Node, Resource as _};
use std::collections::BTreeSet;

impl Search<'_> {
    /// Keeps the nodes of these names.
    pub fn keep_nodes(&mut self, names: &BTreeSet<String>, answers: Vec<Result<BoundedList<Node>, Failure>>) {
        let mut failed = None;
        for answer in answers {
            match whole_list(answer) {
                Ok(nodes) => {
                    let named = nodes.into_iter().filter(|node| names.contains(&node.meta().name));
                    self.evidence.add_nodes(named);
                }
                Err(reason) => failed = Some(reason),
            }
        }
        match failed {
            Some(reason) => self.add_gap::<Node>(None, reason),
            None => self.evidence.add_nodes_seen(NodesSeen::These(names.clone())),
        }
    }
}

/// The requests for these nodes: one by one if there are few, else one list of all nodes.
pub(super) fn node_requests(names: &BTreeSet<String>) -> Vec<ListRequest> {
    let (mut options, bounds) = single_answer(None, String::new());
    match names.len() {
        0 => Vec::new(),
        1 | 2 => names
            .iter()
            .map(|name| {
                options.field_selector = format!("metadata.name={name}");
                (options.clone(), bounds)
            })
            .collect(),
        _ => vec![(options, bounds)],
    }
}
