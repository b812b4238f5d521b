//! What is said of what could not be seen.

use super::{Overview, Selection};
use crate::rights;
use sre_shared::failure::Failure;
use sre_shared::report::{NotSeen, Scope};
use sre_shared::resource::Time;
use sre_shared::run::{self, Kind, not_seen_kind};

/// The class of what is asked for and not watched.
const NOT_WATCHED: &str = "notWatched";

/// An entry about the objects of a kind.
fn of_kind(kind: Kind, scope: Scope, class: &str) -> NotSeen {
    NotSeen {
        thing: kind.plural().to_owned(),
        scope,
        resource: Some(kind.resource()),
        class: class.to_owned(),
        ..NotSeen::default()
    }
}

pub(super) fn not_listed(kind: Kind, namespace: Option<&str>, failure: &Failure) -> NotSeen {
    let mut entry = not_seen_kind(kind, namespace, failure);
    if let Some(missing) = rights::of_kind(kind, failure) {
        entry.missing = Some(missing.rule);
        entry.hint = Some(missing.hint);
    }
    entry
}

pub(super) fn not_begun(kind: Kind, namespace: Option<&str>) -> NotSeen {
    NotSeen {
        error: Some("the first list has not finished yet".into()),
        hint: Some("ask again in a few seconds".into()),
        ..of_kind(kind, Scope::new(namespace), "notListed")
    }
}

pub(super) fn too_old_to_tell(
    kind: Kind,
    namespace: Option<&str>,
    since: Time,
    failure: Option<&Failure>,
) -> NotSeen {
    let because = failure.map_or(String::new(), |f| format!(": {}", f.message));
    NotSeen {
        error: Some(format!(
            "nothing was heard of the API server since {since}{because}"
        )),
        hint: Some(failure.map_or("ask /health/apiserver", Failure::hint).to_owned()),
        ..of_kind(kind, Scope::new(namespace), "stale")
    }
}

/// What is said of the namespaces that are asked for and not among those that are watched.
pub(super) fn not_watched_elsewhere(kind: Kind, watched: &[String]) -> NotSeen {
    NotSeen {
        error: Some("the agent does not watch these namespaces".into()),
        hint: Some("narrow the question to a namespace that is watched, or add the others to the agent's --namespaces".into()),
        ..of_kind(kind, Scope::Namespaces(run::all_but(watched)), NOT_WATCHED)
    }
}

/// What is said of a kind that is asked for and not watched.
pub fn kind_not_watched(kind: Kind) -> NotSeen {
    NotSeen {
        error: Some("it is not among the kinds that the agent watches".into()),
        hint: Some("add it to the agent's --kinds (the chart's value kinds)".into()),
        ..of_kind(kind, Scope::Everywhere, NOT_WATCHED)
    }
}

pub(super) fn not_watched(kind: Kind, namespace: &str) -> NotSeen {
    NotSeen {
        error: Some("the agent does not watch this namespace".into()),
        hint: Some("add it to the agent's --namespaces".into()),
        ..of_kind(kind, Scope::new(Some(namespace)), NOT_WATCHED)
    }
}

/// What is not seen where a selector was given and nothing of all these kinds matches it; none where something does,
/// and where not all could be seen.
pub fn nothing_selected<'a>(
    parts: impl Iterator<Item = (Kind, &'a Overview)>,
    selection: &Selection,
) -> Option<NotSeen> {
    let mut kinds = Vec::new();
    for (kind, overview) in parts {
        if overview.summary.total > 0 || !overview.not_seen.is_empty() {
            return None;
        }
        kinds.push(kind.plural());
    }
    if selection.selector.is_empty() || kinds.is_empty() {
        return None;
    }
    Some(run::nothing_selected(
        &kinds,
        &selection.selector_text,
        selection.namespace.as_deref(),
    ))
}
