//! Owns the agent's words for gaps: what it could not see, and why. Must not know how they are shown.

use crate::rights;
use sre_shared::failure::{Class, Failure};
use sre_shared::kind::Kind;
use sre_shared::live::controllers::PartialSelection;
use sre_shared::live::{Gap, Overview, Selection, unmatched_kinds};
use sre_shared::report::{NotSeen, Scope};
use sre_shared::resource::Time;
use sre_shared::run;

/// The class of a kind or namespace that is asked for and not watched.
const NOT_WATCHED: &str = "notWatched";

/// Controllers that are named one by one if the selector does not take them.
const NAMED: usize = 10;

/// The entry of a report for a selector that matches no object of these kinds. `None` if it matches one, or if not all
/// of their objects could be seen.
pub fn nothing_selected<'a>(
    parts: impl Iterator<Item = (Kind, &'a Overview)>,
    selection: &Selection,
) -> Option<NotSeen> {
    let kinds = unmatched_kinds(parts, selection)?;
    let checks: Vec<&str> = kinds.into_iter().map(Kind::plural).collect();
    Some(run::nothing_selected(
        &checks,
        &selection.selector_text,
        selection.namespace.as_deref(),
    ))
}

/// The entries of a report for the gaps of a kind.
pub fn describe_all(kind: Kind, gaps: &[Gap]) -> Vec<NotSeen> {
    gaps.iter().map(|gap| describe(kind, gap)).collect()
}

/// The entry of a report for one gap of a kind.
pub fn describe(kind: Kind, gap: &Gap) -> NotSeen {
    let class = gap.class();
    match gap {
        Gap::FirstListPending { namespace } => entry(
            kind,
            Scope::new(namespace.as_deref()),
            class,
            "the first list has not finished yet".to_owned(),
            "ask again in a few seconds",
        ),
        Gap::NotListed { namespace, failure } => not_listed(kind, namespace.as_deref(), failure),
        Gap::Stale {
            namespace,
            since,
            failure,
        } => stale(kind, namespace.as_deref(), *since, failure.as_ref()),
        Gap::NamespaceNotWatched(namespace) => entry(
            kind,
            Scope::new(Some(namespace)),
            class,
            "the agent does not watch this namespace".to_owned(),
            "add it to the agent's --namespaces",
        ),
        Gap::OnlyWatched(namespaces) => entry(
            kind,
            Scope::Namespaces(run::all_but(namespaces)),
            class,
            "the agent does not watch these namespaces".to_owned(),
            "narrow the question to a namespace that is watched, or add the others to the agent's --namespaces",
        ),
        Gap::RelatedPending => related_entry(
            kind,
            class,
            "they have not been read yet".to_owned(),
            "ask again in a few seconds",
        ),
        Gap::RelatedStale { since } => related_entry(
            kind,
            class,
            format!("they were last read at {since}"),
            "ask /health/apiserver",
        ),
        Gap::Described(entry) => entry.clone(),
    }
}

/// The entry for a kind that is asked for and not watched.
pub fn kind_not_watched(kind: Kind) -> NotSeen {
    entry(
        kind,
        Scope::Everywhere,
        NOT_WATCHED,
        "it is not among the kinds that the agent watches".to_owned(),
        "add it to the agent's --kinds (the chart's value kinds)",
    )
}

/// The entry for unhealthy objects that a selector takes without their controllers.
pub fn partial_selection(alone: PartialSelection) -> NotSeen {
    let more = if alone.controllers.len() > NAMED {
        ", ..."
    } else {
        ""
    };
    let named: Vec<String> = alone.controllers.into_iter().take(NAMED).collect();
    NotSeen {
        thing: format!("{} of {}{more}", alone.kind.plural(), named.join(", ")),
        ..entry(
            alone.kind,
            Scope::Everywhere,
            NOT_WATCHED,
            "some of them are not well, and the selector takes them without their controller".to_owned(),
            "select the controller too, or ask without the agent",
        )
    }
}

/// The entry for related objects that could not be read, with the agent's own rights in mind.
pub fn related_not_seen(kind: Kind, unread: NotSeen) -> NotSeen {
    NotSeen {
        needed_by: Some(kind.plural().to_owned()),
        ..with_own_hint(unread)
    }
}

/// The entry with a hint for the agent's own rights, if one is missing. The plugin's are those of its user.
///
/// Every client of the agent reads the entry, so it has no names of files and certificates.
pub fn with_own_hint(entry: NotSeen) -> NotSeen {
    if let Some(class) = Class::from_word(&entry.class)
        && let Some(message) = class.public_message()
    {
        return NotSeen {
            error: Some(message.to_owned()),
            hint: Some(class.hint().to_owned()),
            ..entry
        };
    }
    let resource = entry.resource.as_deref().filter(|_| entry.missing.is_some());
    let grant = resource.map(rights::hint_to_list);
    NotSeen {
        hint: grant.or(entry.hint),
        ..entry
    }
}

/// The objects of a kind, in a namespace or in all.
pub fn place(kind: Kind, namespace: Option<&str>) -> String {
    format!("{}{}", kind.plural(), Scope::new(namespace))
}

/// An entry about the objects of a kind.
fn entry(kind: Kind, scope: Scope, class: &str, error: String, hint: &str) -> NotSeen {
    NotSeen {
        thing: kind.plural().to_owned(),
        scope,
        resource: Some(kind.resource()),
        class: class.to_owned(),
        error: Some(error),
        hint: Some(hint.to_owned()),
        ..NotSeen::default()
    }
}

/// An entry about the related objects by which a kind is judged.
fn related_entry(kind: Kind, class: &str, error: String, hint: &str) -> NotSeen {
    let related: Vec<&str> = kind.related_kinds().iter().map(|c| c.plural()).collect();
    NotSeen {
        thing: related.join(", "),
        needed_by: Some(kind.plural().to_owned()),
        class: class.to_owned(),
        error: Some(error),
        hint: Some(hint.to_owned()),
        ..NotSeen::default()
    }
}

fn not_listed(kind: Kind, namespace: Option<&str>, failure: &Failure) -> NotSeen {
    let mut entry = run::not_seen_kind(kind, namespace, &failure.public());
    if let Some(missing) = rights::missing_on_kind(kind, failure) {
        entry.missing = Some(missing.rule);
        entry.hint = Some(missing.hint);
    }
    entry
}

fn stale(kind: Kind, namespace: Option<&str>, since: Time, failure: Option<&Failure>) -> NotSeen {
    let failure = failure.map(Failure::public);
    let because = failure
        .as_ref()
        .map_or(String::new(), |failure| format!(": {}", failure.message));
    entry(
        kind,
        Scope::new(namespace),
        "stale",
        format!("nothing was heard of the API server since {since}{because}"),
        failure.as_ref().map_or("ask /health/apiserver", Failure::hint),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_namespace_is_named_with_the_missing_rule() {
        let gap = Gap::NotListed {
            namespace: Some("bank".into()),
            failure: Failure::new(Class::Forbidden, "no"),
        };
        let entry = describe(Kind::Deployment, &gap);
        assert_eq!(
            (entry.what().as_str(), entry.class.as_str()),
            ("deployments in namespace bank", "forbidden")
        );
        assert_eq!(entry.missing, Some("apps/deployments list".into()));
    }

    #[test]
    fn unread_related_objects_are_named_with_the_kind_that_needs_them() {
        let stale = Gap::RelatedStale {
            since: Time::from_seconds(0),
        };
        for (gap, class) in [(Gap::RelatedPending, "notListed"), (stale, "stale")] {
            let entry = describe(Kind::Service, &gap);
            assert_eq!(entry.class, class);
            assert!(
                entry.what().starts_with("services (by endpointslices"),
                "{entry:?}"
            );
        }
    }
}
