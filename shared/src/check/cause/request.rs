//! What a pod asks of a node: amounts of resources, and labels.

use crate::resource::{Container, NodeSelectorRequirement, Pod};

/// The most containers whose amounts are named.
const CONTAINERS: usize = 3;
/// The most labels that are named.
const LABELS: usize = 4;

/// How much of a resource a pod requests: `cpu 8`, `cpu 4 + 500m`. `None` if that is not known or has too many parts.
///
/// The scheduler adds the containers and the sidecars up. An init container that needs more than all of them raises the sum
/// (`PodRequests` in `k8s.io/component-helpers/resource`). A request of the pod as a whole counts in place of these.
pub(super) fn requested(pod: &Pod, resource: &str) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    if let Some(whole) = spec.resources.as_ref().and_then(|r| r.request(resource)) {
        return Some(format!("{resource} {whole}"));
    }
    let request = |c: &Container| Some(c.resources.as_ref()?.request(resource)?.to_owned());
    let (sidecars, init): (Vec<_>, Vec<_>) =
        spec.init_containers.iter().partition(|c| pod.is_sidecar(&c.name));
    let lasting: Vec<String> = spec
        .containers
        .iter()
        .chain(sidecars)
        .filter_map(request)
        .collect();
    let other = init
        .into_iter()
        .filter_map(|c| Some((c.name.as_str(), request(c)?)))
        .find(|(_, amount)| !lasting.contains(amount));
    let mut parts = Vec::new();
    if !lasting.is_empty() {
        parts.push(lasting.join(" + "));
    }
    parts.extend(other.map(|(name, amount)| format!("{amount} for init container {name}")));
    let few = !parts.is_empty() && lasting.len() <= CONTAINERS;
    few.then(|| format!("{resource} {}", parts.join(", ")))
}

/// The labels that a pod asks its node for: `disk=ssd, zone In a|b`. `None` if it asks for none, or offers a choice.
pub(super) fn requested_labels(pod: &Pod) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    let affinity = spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref());
    let required = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
    let terms = required.map_or(&[][..], |r| &r.node_selector_terms);
    let expressions = match terms {
        [] => &[][..],
        [term] => &term.match_expressions,
        _ => return None,
    };
    let named = spec
        .node_selector
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let mut labels: Vec<String> = named.chain(expressions.iter().map(expression)).collect();
    let more = labels.len().saturating_sub(LABELS);
    labels.truncate(LABELS);
    if more > 0 {
        labels.push(format!("{more} more"));
    }
    (!labels.is_empty()).then(|| labels.join(", "))
}

fn expression(one: &NodeSelectorRequirement) -> String {
    let mut words = vec![one.key.clone(), one.operator.clone()];
    if !one.values.is_empty() {
        words.push(one.values.join("|"));
    }
    words.join(" ")
}
