//! The entries of a report for objects that could not be seen: from a failure, a name or a selector to the words.

use crate::failure::{Class, Failure};
use crate::judge::Judged;
use crate::kind::{Kind, RbacRule, ResourceType};
use crate::nearest::nearest;
use crate::report::{NotSeen, Scope};
use crate::run::request::Request;

/// The entry for something that could not be seen because of a failure. `rule` is the RBAC rule that allows it.
#[must_use]
pub fn not_seen(thing: impl Into<String>, failure: &Failure, rule: Option<&RbacRule>) -> NotSeen {
    let missing = rule.filter(|_| failure.class == Class::Forbidden).cloned();
    NotSeen {
        thing: thing.into(),
        class: failure.class.as_str().to_owned(),
        hint: missing.is_none().then(|| failure.hint().to_owned()),
        missing,
        error: Some(failure.message.clone()),
        ..NotSeen::default()
    }
}

/// The entry for a kind that could not be seen, in one namespace or in all.
#[must_use]
pub fn not_seen_kind(kind: Kind, namespace: Option<&str>, failure: &Failure) -> NotSeen {
    type_not_seen(&kind.resource_type(), namespace, failure)
}

/// The entry for a type that could not be seen, in one namespace or in all.
pub(super) fn type_not_seen(
    resource_type: &ResourceType,
    namespace: Option<&str>,
    failure: &Failure,
) -> NotSeen {
    let entry = NotSeen {
        scope: Scope::new(namespace.filter(|_| resource_type.namespaced)),
        resource: Some(resource_type.resource()),
        ..not_seen(resource_type.name(), failure, Some(&resource_type.rule()))
    };
    // The API server answers an empty list too. If the path is unknown, the kind is.
    if failure.class == Class::NotFound {
        return NotSeen {
            error: Some(format!(
                "the server does not serve {}: {}",
                resource_type.group_and_plural(),
                failure.message
            )),
            hint: Some(format!(
                "kubectl api-resources --api-group={} shows what it serves; it may be older than the kind",
                match &*resource_type.group {
                    "" => "''",
                    group => group,
                }
            )),
            ..entry
        };
    }
    entry
}

/// The entry for a kind of custom resources that could not be seen.
pub(super) fn custom_not_seen(name: &str, failure: &Failure) -> NotSeen {
    NotSeen {
        resource: Some(name.to_owned()),
        ..not_seen(name, failure, None)
    }
}

/// The entry for a namespace that does not exist, or could not be looked up.
pub(super) fn namespace_not_seen(namespace: &str, failure: &Failure) -> NotSeen {
    NotSeen {
        resource: Some("namespaces".into()),
        ..not_seen(format!("namespace {namespace}"), failure, None)
    }
}

/// The most namespaces that are named one by one. If there are more, their number says more than a list.
const NAMED: usize = 4;

/// The words for all namespaces but the watched ones.
#[must_use]
pub fn all_but(watched: &[String]) -> String {
    match watched.len() {
        0 => "all namespaces".into(),
        few if few <= NAMED => format!("all namespaces but {}", watched.join(", ")),
        many => format!("all namespaces but the {many} that are watched"),
    }
}

/// Adds a way to leave a kind out on purpose to the hint of each kind that may not be read, if other kinds may be read.
pub(super) fn leave_out_on_purpose(request: &Request, kinds: &mut [Judged]) {
    let forbidden = |plural: &str| {
        let mut entries = kinds.iter().flat_map(|judged| &judged.not_seen);
        entries.any(|entry| entry.class == Class::Forbidden.as_str() && entry.is_about(plural))
    };
    let others: Vec<&str> = request
        .api_server
        .then_some("apiserver")
        .into_iter()
        .chain(request.kinds.iter().map(|w| w.kind.plural()))
        .filter(|plural| !forbidden(plural))
        .collect();
    // If objects are named, there are no kinds to choose.
    if others.is_empty() || request.kinds.iter().any(|w| !w.names.is_empty()) {
        return;
    }
    let others: Vec<String> = others.into_iter().map(str::to_owned).collect();
    for entry in kinds.iter_mut().flat_map(|judged| &mut judged.not_seen) {
        let all = match entry.scope.namespace() {
            None => entry.scope == Scope::Everywhere,
            namespace => namespace == request.namespace.as_deref(),
        };
        let whole =
            all && entry.needed_by.is_none() && request.kinds.iter().any(|w| entry.thing == w.kind.plural());
        if whole && entry.class == Class::Forbidden.as_str() {
            entry.readable_kinds.clone_from(&others);
        }
    }
}

/// The entry for a selector that no object of these kinds matches.
#[must_use]
pub fn nothing_selected<S: AsRef<str>>(checks: &[S], selector: &str, namespace: Option<&str>) -> NotSeen {
    let place = namespace.map_or(String::new(), |n| format!(" in namespace {n}"));
    let what = match checks {
        [one] => one.as_ref().to_owned(),
        _ => "objects".into(),
    };
    let failure = Failure::new(
        Class::NotFound,
        format!("no {} match {selector:?}{place}", one_or_other(checks)),
    )
    .with_hint(format!(
        "check the labels: kubectl get {} -A --show-labels",
        checks.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
    ));
    NotSeen {
        resource: match checks {
            [one] => Some(resource_of(one.as_ref())),
            _ => None,
        },
        ..not_seen(format!("{what} matching {selector}"), &failure, None)
    }
}

/// The resource of a check. The check of a custom resource has the name of its resource.
fn resource_of(check: &str) -> String {
    Kind::from_word(check).map_or_else(|| check.to_owned(), Kind::resource)
}

/// The titles of checks: `Jobs`, `Jobs or CronJobs`, `Deployments, Jobs or CronJobs`.
pub(super) fn one_or_other<S: AsRef<str>>(checks: &[S]) -> String {
    let title = |check: &S| {
        let check = check.as_ref();
        Kind::from_word(check).map_or_else(|| check.to_owned(), |k| k.title().to_owned())
    };
    let titles: Vec<String> = checks.iter().map(title).collect();
    match titles.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The entry for a name that no object has. `names` are those that exist.
pub(super) fn name_not_found(
    resource_type: &ResourceType,
    name: &str,
    namespace: Option<&str>,
    names: &[String],
) -> NotSeen {
    let thing = format!("{} {name}", resource_type.name_of_one());
    let place = namespace.map_or(String::new(), |n| format!(" in namespace {n}"));
    let failure = Failure::new(Class::NotFound, format!("there is no {thing}{place}"));
    let failure = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
        None => failure.with_hint(format!(
            "kubectl get {} -A lists those that exist",
            resource_type.name()
        )),
    };
    NotSeen {
        resource: Some(resource_type.resource()),
        ..not_seen(thing, &failure, None)
    }
}
