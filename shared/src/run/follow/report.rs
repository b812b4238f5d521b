//! The report about the objects as they are known at present. Its cost grows with the number of objects that fall short, and
//! not with the size of the cluster.

use super::shown::ShownObjects;
use super::state::{CustomKind, FollowState};
use crate::judge::{Judged, Reach};
use crate::kind::ResourceType;
use crate::live::{AnswerTime, Gap, KindObjects, LiveObjects, Selection, controllers};
use crate::report::{Item, NotSeen, Report, Scope, Summary};
use crate::run::assemble::{Parts, assemble};
use crate::run::emptiness::Emptiness;
use crate::run::live::source;
use crate::run::not_seen::{custom_not_seen, name_not_found, type_not_seen};
use std::ops::ControlFlow;
use std::sync::Arc;

/// If a part has at most so many objects, all of them are shown.
const FEW: u64 = 100;

/// Which objects a report has. All of them are counted.
#[derive(Clone, Copy)]
pub(super) enum ReportItems<'a> {
    /// All.
    All,
    /// Those that a caller chooses, by the name of the check and the item, and all of a part that has few.
    Chosen(&'a dyn Fn(&str, &Item) -> bool),
    /// Those worth showing, those that fell short a while ago, and all of a part that has few.
    Notable,
}

/// The report at present.
pub(super) fn report(state: &FollowState, which: ReportItems<'_>, shown: &mut ShownObjects) -> Report {
    let time = state.answer_time();
    let request = &state.request;
    let mut kinds = Vec::new();
    for (number, (target, objects)) in request.kinds.iter().zip(&state.kinds).enumerate() {
        kinds.push(judged(
            state,
            number,
            &**objects,
            &target.names,
            which,
            &time,
            shown,
        ));
    }
    // The lock is not held while objects are judged.
    let custom: Vec<_> = request.custom.iter().enumerate().collect();
    for (number, target) in custom {
        let name = target.kind.to_string();
        let found = match state.status().custom.get(number) {
            Some(CustomKind::Found(objects)) => Ok(Arc::clone(objects)),
            Some(CustomKind::Failed(failure)) => Err(custom_not_seen(&name, failure)),
            Some(CustomKind::Pending) | None => Err(pending(&name, None)),
        };
        let number = request.kinds.len().saturating_add(number);
        kinds.push(match found {
            Ok(objects) => judged(state, number, &*objects, &target.names, which, &time, shown),
            Err(entry) => Judged::unseen(name, true, entry),
        });
    }
    shown.forget_old();
    let watched: Vec<&dyn KindObjects> = state.kinds.iter().map(|objects| &**objects).collect();
    let selection = selection(state, which);
    let controllers = controllers::judge(&watched, &state.kinds, &selection, &time);
    let emptiness = Emptiness::new(&kinds);
    let status = state.status();
    let empty = emptiness
        .namespace(request)
        .and_then(|_| status.namespace_not_seen.clone())
        .or_else(|| emptiness.selector(request, &request.checks()))
        .filter(|_| controllers.is_none());
    let parts = Parts {
        api_server: status.api_server.clone(),
        kinds,
        controllers: controllers.map(|part| part.check),
        empty,
        not_seen: Vec::new(),
        causes_not_seen: status.causes_not_seen.clone(),
        deletions: status.deletions.clone(),
    };
    drop(status);
    let source = source(&state.client, parts.api_server.as_ref());
    assemble(source, time.now, parts, request)
}

fn selection(state: &FollowState, which: ReportItems<'_>) -> Selection {
    // Namespace and labels are those of the watches.
    Selection {
        notable: matches!(which, ReportItems::Notable),
        no_ignore: state.request.no_ignore,
        ..Selection::default()
    }
}

/// The verdicts about the objects of one part.
fn judged(
    state: &FollowState,
    number: usize,
    objects: &dyn LiveObjects,
    names: &[String],
    which: ReportItems<'_>,
    time: &AnswerTime,
    shown: &mut ShownObjects,
) -> Judged {
    let resource_type = objects.resource_type();
    let (overview, open) = objects.judged(&selection(state, which), time);
    let which = if overview.summary.total <= FEW || !names.is_empty() {
        ReportItems::All
    } else {
        which
    };
    let selection = selection(state, which);
    let check = resource_type.name();
    let mut items: Vec<Item> = Vec::new();
    objects.visit(&selection, time, &open, &mut |item| {
        let is_shown = match which {
            ReportItems::Chosen(chooses) => chooses(&check, item),
            ReportItems::All | ReportItems::Notable => true,
        };
        if is_shown {
            items.push(item.clone());
        }
        ControlFlow::Continue(())
    });
    if matches!(which, ReportItems::Notable) {
        let is_missing = |key: &&crate::live::ObjectKey| {
            let place = (&*key.namespace, &*key.name);
            let known = items.binary_search_by(|item| (&*item.namespace, &*item.name).cmp(&place));
            known.is_err()
        };
        let further: Vec<Item> = shown
            .of_part(number)
            .filter(is_missing)
            .filter_map(|key| objects.item(&key.namespace, &key.name, &selection, time))
            .collect();
        items.extend(further);
    }
    shown.note(number, &items);
    let mut not_seen = gaps(resource_type, &overview.gaps);
    if not_seen.is_empty() {
        not_seen.extend(missing_names(state, resource_type, names, &items));
    }
    Judged {
        check,
        namespaced: resource_type.namespaced,
        named: !names.is_empty(),
        counted: uncounted(overview.summary, &items),
        items,
        not_seen,
        reach: if overview.observed.is_some() {
            Reach::All
        } else {
            Reach::Nothing
        },
        served: overview.served,
        ..Judged::default()
    }
}

/// The counts without those of these items.
fn uncounted(mut summary: Summary, items: &[Item]) -> Summary {
    for item in items {
        if item.acknowledged.is_some() {
            summary.unacknowledge(item.state);
        }
        summary.uncount(item.state);
    }
    summary.acknowledged = 0;
    summary
}

/// The entries for names that no object has.
fn missing_names(
    state: &FollowState,
    resource_type: &ResourceType,
    names: &[String],
    items: &[Item],
) -> Vec<NotSeen> {
    let is_missing = |name: &&String| !items.iter().any(|item| item.name == **name);
    let namespace = state
        .request
        .namespace
        .as_deref()
        .filter(|_| resource_type.namespaced);
    let missing = names.iter().filter(is_missing);
    missing
        // Other names are not looked up for a suggestion: the object may be about to come, and the cluster large.
        .map(|name| name_not_found(resource_type, name, namespace, &[]))
        .collect()
}

/// The entries for the reasons why objects could not be seen, each once.
fn gaps(resource_type: &ResourceType, gaps: &[Gap]) -> Vec<NotSeen> {
    let mut entries: Vec<NotSeen> = Vec::new();
    for gap in gaps {
        let entry = describe(resource_type, gap);
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

fn describe(resource_type: &ResourceType, gap: &Gap) -> NotSeen {
    let unread = |namespace: Option<&str>, error: String| NotSeen {
        resource: Some(resource_type.resource()),
        scope: Scope::new(namespace.filter(|_| resource_type.namespaced)),
        class: gap.class().to_owned(),
        error: Some(error),
        hint: Some("kubectl sre health apiserver checks the path to the API server".to_owned()),
        ..NotSeen::default()
    };
    let named = |entry: NotSeen| NotSeen {
        thing: resource_type.name(),
        ..entry
    };
    match gap {
        Gap::FirstListPending { namespace } => pending(&resource_type.name(), namespace.as_deref()),
        Gap::NotListed { namespace, failure } => type_not_seen(resource_type, namespace.as_deref(), failure),
        Gap::Stale {
            namespace,
            since,
            failure,
        } => {
            let because = failure
                .as_ref()
                .map_or(String::new(), |f| format!(": {}", f.message));
            let error = format!("nothing was heard of the API server since {since}{because}");
            named(unread(namespace.as_deref(), error))
        }
        Gap::RelatedPending => NotSeen {
            thing: "related objects".to_owned(),
            needed_by: Some(resource_type.name()),
            ..unread(None, "they have not been read yet".to_owned())
        },
        Gap::RelatedStale { since } => NotSeen {
            thing: "related objects".to_owned(),
            needed_by: Some(resource_type.name()),
            ..unread(None, format!("they were last read at {since}"))
        },
        // Each watch is one of the request.
        Gap::NamespaceNotWatched(namespace) => named(unread(Some(namespace), "it is not watched".to_owned())),
        Gap::OnlyWatched(_) => named(unread(None, "only some namespaces are watched".to_owned())),
        Gap::Described(entry) => entry.clone(),
    }
}

/// The entry for objects whose first list has not finished.
fn pending(name: &str, namespace: Option<&str>) -> NotSeen {
    NotSeen {
        thing: name.to_owned(),
        resource: Some(name.to_owned()),
        scope: Scope::new(namespace),
        class: "notListed".to_owned(),
        error: Some("the first list has not finished yet".to_owned()),
        ..NotSeen::default()
    }
}
