//! `/history`: the transitions that this agent has seen, newest last, and the gaps in between.

use super::pod;
use crate::history::gaps::WatchGap;
use crate::history::ring::KeptTransition;
use crate::http::query::{self, Query};
use crate::http::response::{Answer, Body};
use crate::not_seen::{self, kind_not_watched};
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use sre_shared::kind::Kind;
use sre_shared::live::Gap;
use sre_shared::report::{API_VERSION, Coverage, HistoryGap, HistoryPage, Namespaces, NotSeen};
use sre_shared::resource::Time;

/// The path.
pub const PATH: &str = "/history";
/// Transitions on a page, unless the query says another number.
const PAGE: usize = 1_000;

/// The fields before the transitions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryHead {
    api_version: &'static str,
    kind: &'static str,
    watched_since: String,
    gaps: Vec<HistoryGap>,
}

/// The fields after the transitions.
#[derive(Serialize)]
struct HistoryTail {
    #[serde(rename = "continue", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    coverage: Coverage,
}

/// The fields that do not count for the entity tag.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryOrigin<'a> {
    observed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<&'a str>,
}

/// What a query asks for.
struct Wanted<'a> {
    since: Option<Time>,
    until: Option<Time>,
    kind: Option<Kind>,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
}

impl Wanted<'_> {
    fn takes(&self, kept: &KeptTransition<'_>) -> bool {
        let object = kept.object();
        self.since.is_none_or(|since| kept.at() >= since)
            && self.until.is_none_or(|until| kept.at() <= until)
            && self.kind.is_none_or(|kind| kind.kind() == &**object.kind)
            && self.takes_namespace(&object.namespace)
            && self.name.is_none_or(|name| name == &*object.name)
    }

    /// As in kubectl, a namespace does not matter for objects that are in none.
    fn takes_namespace(&self, namespace: &str) -> bool {
        self.namespace
            .is_none_or(|wanted| namespace.is_empty() || wanted == namespace)
    }

    fn takes_gap(&self, gap: &WatchGap) -> bool {
        gap.is_about(self.kind.map(Kind::plural), self.namespace)
            && self.until.is_none_or(|until| gap.from <= until)
            && self.since.is_none_or(|since| gap.to.is_none_or(|to| to >= since))
    }
}

pub fn answer(state: &AgentState, query: &Query) -> Answer {
    let now = state.answer_time().now;
    let selection = &query.selection;
    let wanted = Wanted {
        since: query.since.map(|since| since.time(now)),
        until: query.until.map(|until| until.time(now)),
        kind: query.kind,
        namespace: selection.namespace.as_deref(),
        name: selection.names.first().map(String::as_str),
    };
    if let (Some(since), Some(until)) = (wanted.since, wanted.until)
        && since > until
    {
        return refusal("since is later than until");
    }
    let from = match &selection.after {
        None => 0,
        Some(after) if *after.namespace == *state.history.instance() => match after.name.parse::<u64>() {
            Ok(number) => number.saturating_add(1),
            Err(_) => return refusal("continue: it is no token of an answer of this path"),
        },
        Some(_) => {
            return Answer::error(
                StatusCode::GONE,
                "expiredToken",
                "continue: another agent made the page before, or this one was started again since; begin with the first \
                 page",
            );
        }
    };
    let limit = query.limit.map_or(PAGE, std::num::NonZeroUsize::get);
    let known = state.history.lock();
    let head = HistoryHead {
        api_version: API_VERSION,
        kind: HistoryPage::KIND,
        watched_since: known.since().to_string(),
        gaps: known
            .gaps
            .all()
            .iter()
            .filter(|gap| wanted.takes_gap(gap))
            .map(WatchGap::public)
            .collect(),
    };
    let mut next = None;
    let body = Body::default().stable(&head).list("transitions", |list| {
        let mut taken = known.ring.since(from).filter(|kept| wanted.takes(kept));
        let mut last = 0;
        for kept in taken.by_ref().take(limit) {
            last = kept.number;
            list.stable(&kept.record());
        }
        if taken.next().is_some() {
            next = Some(query::token(state.history.instance(), &last.to_string()));
        }
    });
    drop(known);
    let body = body
        .stable(&HistoryTail {
            next,
            coverage: coverage(state, query),
        })
        .volatile(&HistoryOrigin {
            observed_at: now.to_string(),
            pod: pod(state),
        });
    Answer::json(StatusCode::OK, body)
}

fn refusal(message: &str) -> Answer {
    Answer::error(StatusCode::BAD_REQUEST, "invalidQuery", message)
}

/// The kinds and namespaces of the answer, and what was asked for and is not watched.
fn coverage(state: &AgentState, query: &Query) -> Coverage {
    let selection = &query.selection;
    let watched: Vec<Kind> = state.kinds.iter().map(|objects| objects.kind()).collect();
    let kinds: Vec<Kind> = match query.kind {
        Some(kind) => watched.iter().copied().filter(|one| *one == kind).collect(),
        None => watched,
    };
    let mut not_seen: Vec<NotSeen> = query
        .kind
        .filter(|kind| !kinds.contains(kind))
        .map(kind_not_watched)
        .into_iter()
        .collect();
    if let Namespaces::These(names) = &state.namespaces {
        let gap = match &selection.namespace {
            Some(asked) if !names.contains(asked) => Some(Gap::NamespaceNotWatched(asked.clone())),
            None if selection.everywhere => Some(Gap::OnlyWatched(names.clone())),
            _ => None,
        };
        let namespaced = kinds.iter().filter(|kind| kind.is_namespaced());
        not_seen.extend(
            gap.iter()
                .flat_map(|gap| namespaced.clone().map(|kind| not_seen::describe(*kind, gap))),
        );
    }
    Coverage {
        kinds: kinds.iter().map(|kind| kind.plural().to_owned()).collect(),
        namespaces: state.covered(selection, kinds.iter().copied()),
        not_seen,
        ..Coverage::default()
    }
}
