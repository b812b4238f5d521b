//! Few requests for the pods of many workloads, by a label that they share.

use super::pod_search::PodSearch;
use crate::cluster::escape;
use crate::resource::LabelSelector;
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of a label selector in a URL. Proxies on the path refuse URLs of more than 8 KB.
const SELECTOR_BYTES: usize = 6_000;

/// One request about the pods of several workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PodRequest {
    pub namespace: Option<String>,
    pub selector: String,
    /// The places of the workloads that it is about.
    pub of: Vec<usize>,
}

/// The requests for the pods of the workloads at these places. They use few label keys, each with the values of several
/// workloads. `namespaced` says whether each request is about one namespace.
pub(super) fn pod_requests(searches: &[PodSearch], of: &[usize], namespaced: bool) -> Vec<PodRequest> {
    let mut scopes: Vec<(Option<String>, Vec<usize>)> = Vec::new();
    for at in of {
        let one = &searches[*at];
        // Without a label, only the namespace bounds the list.
        let bare = one
            .selector
            .as_ref()
            .is_none_or(|s| *s == LabelSelector::default());
        let scope = (namespaced || bare).then(|| one.namespace.clone());
        match scopes.iter_mut().find(|(known, _)| *known == scope) {
            Some((_, members)) => members.push(*at),
            None => scopes.push((scope, vec![*at])),
        }
    }
    let mut requests = Vec::new();
    for (namespace, mut members) in scopes {
        while let Some(key) = most_common_key(searches, &members) {
            let value = |at: &usize| value_of(&searches[*at], &key);
            let (having, rest) = members.into_iter().partition(|at| value(at).is_some());
            members = rest;
            let having: Vec<usize> = having;
            requests.extend(requests_by_key(searches, &having, namespace.as_ref(), &key));
        }
        let (bare, others): (Vec<usize>, Vec<usize>) = members
            .into_iter()
            .partition(|at| selector_text(&searches[*at]).is_empty());
        if !bare.is_empty() {
            requests.push(PodRequest {
                namespace: namespace.clone(),
                selector: String::new(),
                of: bare,
            });
        }
        requests.extend(others.into_iter().map(|at| PodRequest {
            namespace: namespace.clone(),
            selector: selector_text(&searches[at]),
            of: vec![at],
        }));
    }
    requests
}

fn selector_text(search: &PodSearch) -> String {
    search
        .selector
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn value_of<'a>(search: &'a PodSearch, key: &str) -> Option<&'a str> {
    let labels = &search.selector.as_ref()?.match_labels;
    labels.get(key).map(String::as_str)
}

/// The label key that most of them have. If there are several, it is the one with the most different values.
fn most_common_key(searches: &[PodSearch], members: &[usize]) -> Option<String> {
    let mut keys: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for at in members {
        let selector = searches[*at].selector.iter();
        for (key, value) in selector.flat_map(|s| &s.match_labels) {
            let (count, values) = keys.entry(key).or_default();
            *count += 1;
            values.insert(value);
        }
    }
    let best = keys
        .into_iter()
        .max_by_key(|(_, (count, values))| (*count, values.len()));
    best.map(|(key, _)| key.to_owned())
}

fn requests_by_key(
    searches: &[PodSearch],
    having: &[usize],
    namespace: Option<&String>,
    key: &str,
) -> Vec<PodRequest> {
    let mut requests = Vec::new();
    let mut open: (Vec<&str>, Vec<usize>, usize) = (Vec::new(), Vec::new(), 0);
    let mut close = |(values, of, _): (Vec<&str>, Vec<usize>, usize)| {
        let selector = match (of.as_slice(), values.as_slice()) {
            ([], _) => return,
            ([one], _) => selector_text(&searches[*one]),
            (_, [value]) => format!("{key}={value}"),
            _ => format!("{key} in ({})", values.join(",")),
        };
        requests.push(PodRequest {
            namespace: namespace.cloned(),
            selector,
            of,
        });
    };
    for at in having {
        let value = value_of(&searches[*at], key).unwrap_or_default();
        if !open.0.contains(&value) {
            // With its comma.
            let length = escape(value).len() + 3;
            if open.2 + length > SELECTOR_BYTES {
                close(std::mem::take(&mut open));
            }
            open.0.push(value);
            open.2 += length;
        }
        open.1.push(*at);
    }
    close(open);
    requests
}
