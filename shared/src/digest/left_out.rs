//! The sentences about namespaces that are being deleted, and the objects in them that are left out.

use super::words::{kind_title, listed};
use crate::kind::Kind;
use crate::report::{Report, TerminatingNamespace};
use crate::resource::Time;
use crate::span::span;
use std::collections::BTreeMap;

/// Namespaces that have a sentence each. If there are more, they share one.
const NAMED: usize = 3;
/// A deletion that takes longer than this many seconds may be stuck.
const LINGER_SECONDS: i64 = 15 * 60;

/// One sentence for each namespace, or one for all if there are many.
pub(super) fn sentences(report: &Report, now: Option<Time>) -> Vec<String> {
    let namespaces = &report.coverage.terminating_namespaces;
    if namespaces.len() <= NAMED {
        return namespaces.iter().map(|one| sentence(one, now)).collect();
    }
    let named: Vec<&str> = namespaces
        .iter()
        .take(NAMED)
        .map(|one| one.namespace.as_str())
        .collect();
    let mut counts = BTreeMap::new();
    for (check, count) in namespaces.iter().flat_map(|one| &one.left_out) {
        let sum: &mut u64 = counts.entry(check.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
    vec![format!(
        "{} namespaces are being deleted ({}, ...){}",
        namespaces.len(),
        named.join(", "),
        left_out(&counts)
    )]
}

/// `namespace shop is being deleted: 7 Deployments left out`.
fn sentence(one: &TerminatingNamespace, now: Option<Time>) -> String {
    let name = &one.namespace;
    let since = one.since.as_deref().and_then(|since| Time::parse(since).ok());
    let age = now.zip(since).map(|(now, since)| now.seconds_since(since));
    let left_out = left_out(&one.left_out);
    match age.filter(|age| *age > LINGER_SECONDS) {
        Some(age) => format!(
            "namespace {name} is being deleted for {}{left_out}; kubectl sre health ns/{name} says what holds it",
            span(age)
        ),
        None => format!("namespace {name} is being deleted{left_out}"),
    }
}

fn left_out(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let words = counts.iter().map(|(check, count)| {
        let one = || Kind::from_word(check).map(|kind| kind.kind().to_owned());
        let title = match count {
            1 => one().unwrap_or_else(|| kind_title(check)),
            _ => kind_title(check),
        };
        format!("{count} {title}")
    });
    format!(": {} left out", listed(&words.collect::<Vec<_>>(), "and"))
}
