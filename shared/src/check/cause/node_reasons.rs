//! The scheduler's reasons, and which of them matter.
//!
//! The scheduler counts the nodes by what keeps each from taking the pod: `0/6 nodes are available: 3 Insufficient cpu, 2
//! node(s) had untolerated taint {dedicated: gpu}.` (`FitError` in `pkg/scheduler/framework/types.go` of
//! kubernetes/kubernetes). It tests taints, labels and names of a node first, and then its room, its ports and its volumes
//! (`getDefaultPlugins` in `pkg/scheduler/apis/config/v1`). A node has the reasons of the first test that it fails. So a node
//! that only lacks room is one that the pod is meant for, and the taints and labels of others matter less.

use super::request::{requested, requested_labels};
use crate::check::text::{kubectl, one_line, print_fields};
use crate::resource::{Pod, Resource as _};

/// The most reasons that are named first.
const FIRST: usize = 4;
/// The most reasons of the other nodes that are named.
const OTHERS: usize = 8;

/// How much a reason says. The first one of these that any node has counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ReasonWeight {
    /// The pod is meant for the node, or the node is kept from all pods for now.
    Decides,
    /// The pod may not be meant for the node.
    Excludes,
    /// The node is reserved for its role, such as that of a control plane.
    Reserves,
}

/// One reason, and how many nodes have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NodeReason<'a> {
    nodes: u64,
    why: &'a str,
}

/// The reasons of all nodes.
#[derive(Debug)]
pub(super) struct NodeReasons<'a> {
    /// `0/6 nodes are available`
    head: &'a str,
    /// The reasons that matter, the most frequent first.
    first: Vec<NodeReason<'a>>,
    /// The reasons of the other nodes.
    others: Vec<NodeReason<'a>>,
}

impl<'a> NodeReasons<'a> {
    /// From the scheduler's sentence. `None` if it does not count nodes.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (head, rest) = text.split_once(": ")?;
        head.strip_suffix(" nodes are available")?.strip_prefix("0/")?;
        // Its attempts to make room for the pod are no reason.
        let list = rest.split(". ").next().unwrap_or(rest).trim_end_matches('.');
        let mut reasons: Vec<NodeReason<'_>> = split_reasons(list)
            .into_iter()
            .map(NodeReason::parse)
            .collect::<Option<_>>()?;
        reasons.sort_by_key(|reason| (reason.weight(), std::cmp::Reverse(reason.nodes)));
        let heaviest = reasons.first()?.weight();
        let (first, others) = reasons
            .into_iter()
            .partition(|reason| reason.weight() == heaviest);
        Some(Self { head, first, others })
    }

    /// The reasons that matter, as the scheduler writes them.
    pub fn head(&self) -> String {
        one_line(&format!("{}: {}", self.head, list(&self.first, FIRST)))
    }

    /// All reasons, with what the pod asks for.
    pub fn sentence(&self, pod: &Pod) -> String {
        let asked = match self.asked(pod).as_slice() {
            [] => String::new(),
            some => format!(" (pod {} asks for {})", pod.meta().name, some.join(" and ")),
        };
        let others = match self.others.as_slice() {
            [] => String::new(),
            some => format!("; the other nodes: {}", list(some, OTHERS)),
        };
        one_line(&format!("{}{asked}{others}", self.head()))
    }

    /// What the pod asks for and does not get.
    fn asked(&self, pod: &Pod) -> Vec<String> {
        let whys = || self.first.iter().take(FIRST).map(|reason| reason.why);
        let amounts = whys().filter_map(|why| requested(pod, why.strip_prefix("Insufficient ")?));
        let labels = whys().find(|why| is_about_labels(why));
        let labels = labels.and_then(|_| requested_labels(pod));
        amounts
            .chain(labels.map(|labels| format!("nodes with {labels}")))
            .collect()
    }

    /// The command that shows what the reasons are about.
    pub fn hint(&self, pod: &Pod) -> String {
        let namespace = &pod.meta().namespace;
        let why = self.first.first().map_or("", |reason| reason.why);
        let mut whys = self.first.iter().map(|reason| reason.why);
        if whys.clone().any(is_about_labels) && whys.any(|why| why.contains(" taint")) {
            return print_fields("", "nodes", "", LABELS_AND_TAINTS);
        }
        if is_about_labels(why) || why.contains("topology spread") {
            return "kubectl get nodes --show-labels".to_owned();
        }
        if why.contains("affinity rules") {
            return kubectl(namespace, "get pods -o wide --show-labels", "");
        }
        if why.contains("free ports") {
            return print_fields("", "pods -A", "", HOST_PORTS);
        }
        if why.contains("volume node affinity") {
            return print_fields("", "persistentvolumes", "", VOLUMES);
        }
        if why.contains("volume count") {
            return print_fields("", "csinodes", "", VOLUME_COUNTS);
        }
        let mut columns = NODES.to_owned();
        for reason in self.first.iter().take(FIRST) {
            match reason.why.strip_prefix("Insufficient ") {
                Some("cpu" | "memory") => {}
                Some(resource) => {
                    let path = resource.replace('.', "\\.");
                    columns = format!("{columns},{}:.status.allocatable.{path}", column_name(resource));
                }
                None if reason.why == "Too many pods" => columns.push_str(",PODS:.status.allocatable.pods"),
                None => {}
            }
        }
        print_fields("", "nodes", "", &format!("{columns}{TAINTS}"))
    }
}

/// Columns that show the size of nodes.
const NODES: &str =
    "custom-columns=NAME:.metadata.name,CPU:.status.allocatable.cpu,MEMORY:.status.allocatable.memory";
/// A column with what keeps pods from a node.
const TAINTS: &str = ",TAINTS:.spec.taints[*].key";
/// Columns that show which nodes have the labels that a pod asks for, and what keeps it from these.
const LABELS_AND_TAINTS: &str =
    "custom-columns=NAME:.metadata.name,TAINTS:.spec.taints[*].key,LABELS:.metadata.labels";
/// Columns with the ports that each pod takes on its node.
const HOST_PORTS: &str = "custom-columns=NAMESPACE:.metadata.namespace,POD:.metadata.name,NODE:.spec.nodeName,\
                          PORTS:.spec.containers[*].ports[*].hostPort";
/// Columns that show the nodes that volumes are bound to.
const VOLUMES: &str = "custom-columns=VOLUME:.metadata.name,CLAIM:.spec.claimRef.name,\
                       ONLYON:.spec.nodeAffinity.required.nodeSelectorTerms[*].matchExpressions[*].values";
/// Columns with the number of volumes that a node takes, by driver.
const VOLUME_COUNTS: &str = "custom-columns=NODE:.metadata.name,DRIVERS:.spec.drivers[*].name,\
                             MOST:.spec.drivers[*].allocatable.count";

/// The name of a column for a device: `nvidia.com/gpu` becomes `GPU`.
fn column_name(resource: &str) -> String {
    let last = resource.rsplit('/').next().unwrap_or(resource);
    last.to_uppercase()
}

impl<'a> NodeReason<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (nodes, why) = text.split_once(' ')?;
        Some(Self {
            nodes: nodes.parse().ok()?,
            why,
        })
    }

    fn weight(&self) -> ReasonWeight {
        let Some((_, taint)) = self.why.split_once(" taint") else {
            let excludes = is_about_labels(self.why)
                || self.why.contains("requested node name")
                || self.why.contains("didn't satisfy plugin");
            return if excludes {
                ReasonWeight::Excludes
            } else {
                ReasonWeight::Decides
            };
        };
        let key = taint.split_once('{').map_or("", |(_, key)| key);
        if key.starts_with("node-role.kubernetes.io/") {
            ReasonWeight::Reserves
        } else if key.starts_with("node.kubernetes.io/") || key.starts_with("node.cloudprovider.") {
            // The node is not ready, under pressure, cordoned, or not yet set up.
            ReasonWeight::Decides
        } else {
            ReasonWeight::Excludes
        }
    }
}

/// Whether a reason is about the labels that the pod asks its node for.
fn is_about_labels(why: &str) -> bool {
    why.contains("node affinity/selector") || why.contains("match node selector")
}

/// The reasons in a list. A reason may have a comma itself: `had taint {a: b}, that the pod didn't tolerate`.
fn split_reasons(list: &str) -> Vec<&str> {
    let mut reasons = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(comma) = list.get(from..).and_then(|rest| rest.find(", ")) {
        let end = from + comma;
        from = end + 2;
        let next = list.get(from..).unwrap_or_default();
        let number = next.split(' ').next().unwrap_or_default();
        if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
            reasons.extend(list.get(start..end));
            start = from;
        }
    }
    reasons.extend(list.get(start..));
    reasons
}

/// Reasons as the scheduler lists them, up to that number.
fn list(reasons: &[NodeReason<'_>], most: usize) -> String {
    let shown = reasons.iter().take(most);
    let mut words: Vec<String> = shown.map(|r| format!("{} {}", r.nodes, r.why)).collect();
    let more = reasons.len().saturating_sub(most);
    if more > 0 {
        words.push(format!("and {more} more reasons"));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, String)> {
        let reasons = NodeReasons::parse(text)?;
        Some((reasons.head(), list(&reasons.others, OTHERS)))
    }

    #[test]
    fn a_node_that_lacks_room_counts_before_one_that_the_pod_is_not_meant_for() {
        for (text, first, others) in [
            (
                "0/3 nodes are available: 3 Insufficient cpu.",
                "3 Insufficient cpu",
                "",
            ),
            (
                "0/6 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 \
                 node(s) didn't match Pod's node affinity/selector, 3 Insufficient cpu, 3 Insufficient memory.",
                "3 Insufficient cpu, 3 Insufficient memory",
                "2 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint \
                 {node-role.kubernetes.io/control-plane: }",
            ),
            (
                "0/8 nodes are available: 2 Insufficient cpu, 3 node(s) had taints that the pod didn't tolerate, 5 \
                 node(s) didn't match node selector.",
                "2 Insufficient cpu",
                "5 node(s) didn't match node selector, 3 node(s) had taints that the pod didn't tolerate",
            ),
            (
                "0/13 nodes are available: 2 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn't \
                 tolerate, 2 node(s) were unschedulable, 3 node(s) didn't match Pod's node affinity/selector, 3 node(s) \
                 had taint {nvidia.com/gpu: }, that the pod didn't tolerate.",
                "2 node(s) were unschedulable",
                "3 node(s) didn't match Pod's node affinity/selector, 3 node(s) had taint {nvidia.com/gpu: }, that the \
                 pod didn't tolerate, 2 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn't \
                 tolerate",
            ),
            (
                "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 \
                 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. still not schedulable, preemption: 0/3 \
                 nodes are available: 3 Preemption is not helpful for scheduling.",
                "2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }",
                "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }",
            ),
            (
                "0/1 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }.",
                "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }",
                "",
            ),
        ] {
            let head = text.split(": ").next().unwrap_or_default();
            let expected = (format!("{head}: {first}"), others.to_owned());
            assert_eq!(parts(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_sentence_that_counts_no_nodes_stays_as_it_is() {
        for text in [
            "0/3 nodes are available",
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            "no node for it: 3 reasons",
            "",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_list_ends_with_the_number_of_reasons_that_are_left_out() {
        let taints: Vec<String> = (0..20)
            .map(|n| format!("1 node(s) had untolerated taint {{team: t{n}}}"))
            .collect();
        let text = format!(
            "0/21 nodes are available: 1 Insufficient cpu, {}.",
            taints.join(", ")
        );
        let (_, others) = parts(&text).unwrap_or_default();
        assert!(others.ends_with("{team: t7}, and 12 more reasons"), "{others}");
    }
}
