//! The fewest requests that ask for the pods of many workloads: by a label that they share.

use super::PodSearch;
use crate::cluster::escape;
use crate::resource::LabelSelector;
use std::collections::{BTreeMap, BTreeSet};

/// A label selector is no longer than this in an address: proxies on the way refuse more than 8 KB.
const SELECTOR: usize = 6_000;

/// One request about several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    pub namespace: Option<String>,
    pub selector: String,
    /// Places of those that it is about.
    pub of: Vec<usize>,
}

/// The requests that ask about these: the fewest of the label keys that they have, each with the values of several.
pub(super) fn chunks(wanted: &[PodSearch], of: &[usize], namespaced: bool) -> Vec<Chunk> {
    let mut scopes: Vec<(Option<String>, Vec<usize>)> = Vec::new();
    for at in of {
        let one = &wanted[*at];
        // Without a label to ask by, only the namespace bounds what comes.
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
    let mut chunks = Vec::new();
    for (namespace, mut members) in scopes {
        while let Some(key) = most_common_key(wanted, &members) {
            let value = |at: &usize| value_of(&wanted[*at], &key);
            let (having, rest) = members.into_iter().partition(|at| value(at).is_some());
            members = rest;
            let having: Vec<usize> = having;
            chunks.extend(by_key(wanted, &having, namespace.as_ref(), &key));
        }
        let (bare, others): (Vec<usize>, Vec<usize>) =
            members.into_iter().partition(|at| whole(&wanted[*at]).is_empty());
        if !bare.is_empty() {
            chunks.push(Chunk {
                namespace: namespace.clone(),
                selector: String::new(),
                of: bare,
            });
        }
        chunks.extend(others.into_iter().map(|at| Chunk {
            namespace: namespace.clone(),
            selector: whole(&wanted[at]),
            of: vec![at],
        }));
    }
    chunks
}

fn whole(wanted: &PodSearch) -> String {
    wanted
        .selector
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn value_of<'a>(wanted: &'a PodSearch, key: &str) -> Option<&'a str> {
    let labels = &wanted.selector.as_ref()?.match_labels;
    labels.get(key).map(String::as_str)
}

/// The label key that most of them have; of several the one that tells most of them apart.
fn most_common_key(wanted: &[PodSearch], members: &[usize]) -> Option<String> {
    let mut keys: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for at in members {
        let selector = wanted[*at].selector.iter();
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

fn by_key(wanted: &[PodSearch], having: &[usize], namespace: Option<&String>, key: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut open: (Vec<&str>, Vec<usize>, usize) = (Vec::new(), Vec::new(), 0);
    let mut close = |(values, of, _): (Vec<&str>, Vec<usize>, usize)| {
        let selector = match (of.as_slice(), values.as_slice()) {
            ([], _) => return,
            ([one], _) => whole(&wanted[*one]),
            (_, [value]) => format!("{key}={value}"),
            _ => format!("{key} in ({})", values.join(",")),
        };
        chunks.push(Chunk {
            namespace: namespace.cloned(),
            selector,
            of,
        });
    };
    for at in having {
        let value = value_of(&wanted[*at], key).unwrap_or_default();
        if !open.0.contains(&value) {
            // With its comma.
            let length = escape(value).len() + 3;
            if open.2 + length > SELECTOR {
                close(std::mem::take(&mut open));
            }
            open.0.push(value);
            open.2 += length;
        }
        open.1.push(*at);
    }
    close(open);
    chunks
}
