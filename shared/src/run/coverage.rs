//! From a failure to what a report says of it.

use super::noun::Noun;
use super::{Ask, Kind};
use crate::cluster::{Class, Failure};
use crate::nearest::nearest;
use crate::report::NotSeen;

/// The entry of a report's coverage for something that a failure kept from being seen.
#[must_use]
pub fn not_seen(what: impl Into<String>, failure: &Failure, rule: Option<&str>) -> NotSeen {
    let missing = rule
        .filter(|_| failure.class == Class::Forbidden)
        .map(str::to_owned);
    NotSeen {
        what: what.into(),
        class: failure.class.as_str().to_owned(),
        hint: Some(match &missing {
            Some(rule) => grant(rule),
            None => failure.hint().to_owned(),
        }),
        missing,
        error: Some(failure.message.clone()),
    }
}

/// How to get a rule such as `apps/deployments list`.
fn grant(rule: &str) -> String {
    let (resource, verb) = rule.split_once(' ').unwrap_or((rule, "list"));
    let resource = match resource.split_once('/') {
        Some((group, plural)) => format!("{plural}.{group}"),
        None => resource.to_owned(),
    };
    format!(
        "a cluster admin grants it: kubectl create clusterrole sre-health --verb={verb} --resource={resource}, \
         then a binding for you; or narrow with -n to a namespace that you may read"
    )
}

/// The same for a whole kind, in one namespace or in all.
#[must_use]
pub fn not_seen_kind(kind: Kind, namespace: Option<&str>, failure: &Failure) -> NotSeen {
    not_seen_noun(&kind.into(), namespace, failure)
}

pub(super) fn not_seen_noun(noun: &Noun, namespace: Option<&str>, failure: &Failure) -> NotSeen {
    let what = match namespace.filter(|_| noun.namespaced) {
        Some(namespace) => format!("{} in namespace {namespace}", noun.plural),
        None => noun.plural.clone(),
    };
    not_seen(what, failure, Some(&noun.rule))
}

/// A selector was given and nothing matches it.
pub(super) fn nothing_selected(ask: &Ask, noun: &Noun) -> NotSeen {
    let failure = Failure::new(
        Class::NotFound,
        format!("no {} match {:?}", noun.title, ask.selector_text),
    )
    .with_hint(format!(
        "check the labels: kubectl get {} -A --show-labels",
        noun.plural
    ));
    not_seen(
        format!("{} matching {}", noun.plural, ask.selector_text),
        &failure,
        None,
    )
}

/// A name was given and no object has it; `names` are those that exist.
pub(super) fn nothing_named(noun: &Noun, name: &str, namespace: Option<&str>, names: &[String]) -> NotSeen {
    let place = namespace.map_or(String::new(), |n| format!(" in namespace {n}"));
    let failure = Failure::new(
        Class::NotFound,
        format!("there is no {} {name}{place}", noun.singular),
    );
    let failure = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
        None => failure.with_hint(format!("kubectl get {} -A lists those that exist", noun.plural)),
    };
    not_seen(format!("{} {name}", noun.singular), &failure, None)
}
