//! `/health?at=`: the report of a moment in the past. A moment that the history does not have is unknown.
//!
//! The history has states and no counts, causes, acknowledgements and labels, so its items have none of these.

use crate::history::past::{self, PastState, PastStates};
use crate::http::query::Query;
use crate::http::response::{Answer, Body};
use crate::not_seen::{self, kind_not_watched};
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};
use sre_shared::kind::Kind;
use sre_shared::live::{AnswerTime, Gap, KindObjects, OpenItems, Selection, controllers};
use sre_shared::report::{
    API_VERSION, Code, Coverage, Item, KIND, NotSeen, ObjectRef, Outcome, Source, State, Status, Summary,
};
use sre_shared::resource::Time;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The class of what the history does not reach.
const NOT_IN_HISTORY: &str = "notInHistory";
/// The reason of a state whose reason was not recorded.
const NOT_RECORDED: &str = "NotRecorded";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PastHead {
    api_version: &'static str,
    kind: &'static str,
    status: Status,
    observed_at: String,
    stale: bool,
    source: Source,
    coverage: Coverage,
    summary: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PastAge {
    age_seconds: u64,
}

#[derive(Serialize)]
struct PastSection<'a> {
    check: &'static str,
    status: Status,
    summary: Summary,
    items: PastItems<'a>,
}

/// The items of a part. They are made when they are written.
struct PastItems<'a> {
    part: &'a PastPart<'a>,
    query: &'a Query,
}

impl Serialize for PastItems<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut failed = None;
        if !self.query.no_items {
            let selection = self.query.selection.among(self.part.summary.total);
            self.part.each(&mut |item| {
                if failed.is_none() && selection.takes(item) {
                    failed = list.serialize_element(item).err();
                }
            });
        }
        match failed {
            Some(error) => Err(error),
            None => list.end(),
        }
    }
}

/// One kind at the moment.
struct PastPart<'a> {
    objects: &'a dyn KindObjects,
    kind: Kind,
    /// The present objects of the namespace.
    selection: Selection,
    time: &'a AnswerTime,
    at: Time,
    open: OpenItems,
    states: Result<PastStates, String>,
    summary: Summary,
    status: Status,
    not_seen: Vec<NotSeen>,
}

impl<'a> PastPart<'a> {
    fn new(
        state: &'a AgentState,
        objects: &'a Arc<dyn KindObjects>,
        query: &Query,
        time: &'a AnswerTime,
        at: Time,
    ) -> Self {
        let kind = objects.kind();
        let selection = Selection {
            namespace: query.selection.namespace.clone(),
            everywhere: query.selection.everywhere,
            ..Selection::default()
        };
        let (overview, open) = objects.judged(&selection, time);
        let states = past::states(&state.history.lock(), kind, selection.namespace.as_deref(), at);
        let is_of_scope = |gap: &&Gap| matches!(gap, Gap::NamespaceNotWatched(_) | Gap::OnlyWatched(_));
        let mut not_seen: Vec<NotSeen> = overview
            .gaps
            .iter()
            .filter(is_of_scope)
            .map(|gap| not_seen::describe(kind, gap))
            .collect();
        let mut part = Self {
            objects: &**objects,
            kind,
            selection,
            time,
            at,
            open,
            states,
            summary: Summary::default(),
            status: Status::Ok,
            not_seen: Vec::new(),
        };
        let (summary, status) = (Cell::new(Summary::default()), Cell::new(Status::Ok));
        part.each(&mut |item| {
            let mut counted = summary.get();
            counted.count(item.state);
            summary.set(counted);
            status.set(status.get().worst(item.status()));
        });
        (part.summary, part.status) = (summary.get(), status.get());
        not_seen.extend(part.gap());
        if !not_seen.is_empty() {
            part.status = part.status.worst(Status::Unknown);
        }
        part.not_seen = not_seen;
        part
    }

    /// The entry for objects of this kind whose state is not known.
    fn gap(&self) -> Option<NotSeen> {
        let plural = self.kind.plural();
        let (thing, why) = match &self.states {
            Err(why) => (format!("{plural} at {}", self.at), why),
            Ok(PastStates {
                others_unknown: Some(why),
                ..
            }) => (
                format!("{plural} at {} that had no transition from then on", self.at),
                why,
            ),
            Ok(_) => return None,
        };
        Some(NotSeen {
            thing,
            resource: Some(self.kind.resource()),
            class: NOT_IN_HISTORY.to_owned(),
            error: Some(why.clone()),
            hint: Some("ask for a moment that /history covers".to_owned()),
            ..NotSeen::default()
        })
    }

    /// Shows each object that existed at the moment, sorted by namespace and name.
    fn each(&self, show: &mut dyn FnMut(&Item)) {
        let Ok(states) = &self.states else { return };
        let mut recorded = states.objects.iter().peekable();
        let of_record = |(namespace, name): &(String, String), past: &PastState| {
            let object = ObjectRef::namespaced(self.kind.kind(), namespace, name);
            past_item(object, past)
        };
        self.objects
            .visit(&self.selection, self.time, &self.open, &mut |present| {
                let place = (present.namespace.as_str(), present.name.as_str());
                // Objects that were there and are gone.
                while let Some((key, past)) =
                    recorded.next_if(|((namespace, name), _)| (namespace.as_str(), name.as_str()) < place)
                {
                    of_record(key, past).iter().for_each(&mut *show);
                }
                let own =
                    recorded.next_if(|((namespace, name), _)| (namespace.as_str(), name.as_str()) == place);
                match own {
                    Some((key, past)) => of_record(key, past).iter().for_each(&mut *show),
                    None if states.others_unknown.is_some() => {
                        let message = "not everything was seen between that moment and now".to_owned();
                        let reason = Code::from(NOT_RECORDED);
                        show(&bare_item(present.identity(), State::Unknown, reason, message));
                    }
                    None => {
                        let message = format!("as now: {}", present.message);
                        show(&bare_item(
                            present.identity(),
                            present.state,
                            present.reason.clone(),
                            message,
                        ));
                    }
                }
                ControlFlow::Continue(())
            });
        for (key, past) in recorded {
            of_record(key, past).iter().for_each(&mut *show);
        }
    }
}

/// The item of an object with transitions; `None` if it did not exist.
fn past_item(object: ObjectRef, past: &PastState) -> Option<Item> {
    match past {
        PastState::Absent => None,
        PastState::Unknown => Some(bare_item(
            object,
            State::Unknown,
            Code::from(NOT_RECORDED),
            "not everything was seen between that moment and its transitions".to_owned(),
        )),
        PastState::Since(state, reason, since) => {
            let message = format!("{} since {since}", state.as_str());
            let mut item = bare_item(object, *state, reason.clone(), message);
            item.since = Some(since.to_string());
            Some(item)
        }
        PastState::Until(state, until, next) => {
            let next = next.map_or("deleted", State::as_str);
            let message = format!("{} until {until}, then {next}", state.as_str());
            // An object that is being deleted is left out of a verdict, then as now.
            let reason = match state {
                State::Terminating => Code::Deleting,
                _ => Code::from(NOT_RECORDED),
            };
            Some(bare_item(object, *state, reason, message))
        }
    }
}

/// An item with nothing but a state and its reason.
fn bare_item(object: ObjectRef, state: State, reason: Code, message: String) -> Item {
    Item {
        healthy: match state {
            State::Degraded | State::Unavailable => Some(false),
            state if state.is_fine() => Some(true),
            _ => None,
        },
        ..Item::new(object, state, reason, message)
    }
}

/// The report of the moment that the query names.
pub fn answer(state: &AgentState, query: &Query, at: Time) -> Answer {
    let time = state.answer_time();
    let selection = &query.selection;
    if at > time.now {
        return refusal(&format!("at: {at} is later than now, which is {}", time.now));
    }
    if !selection.selector.is_empty() {
        return refusal("at: the history has no labels, leave out selector");
    }
    let asked = |kind: Kind| {
        let parts = query.parts.as_ref();
        parts.is_none_or(|parts| parts.kinds.contains(&kind))
    };
    let watched = state.kinds.iter().filter(|objects| asked(objects.kind()));
    let parts: Vec<PastPart<'_>> = watched
        .map(|objects| PastPart::new(state, objects, query, &time, at))
        .collect();
    let kinds = || parts.iter().map(|part| part.kind);
    let named = query.parts.iter().flat_map(|parts| parts.kinds.iter().copied());
    let not_watched = named.filter(|kind| kinds().all(|watched| watched != *kind));
    let mut not_seen: Vec<NotSeen> = parts
        .iter()
        .flat_map(|part| part.not_seen.iter().cloned())
        .chain(not_watched.map(kind_not_watched))
        .collect();
    if query.parts.as_ref().is_some_and(|parts| parts.api_server) {
        not_seen.push(beyond("the API server", at));
    }
    let all: Vec<&dyn KindObjects> = parts.iter().map(|part| part.objects).collect();
    if controllers::judge(&all, &state.kinds, selection, &time).is_some() {
        not_seen.push(beyond("objects of controllers without a verdict", at));
    }
    let mut status = parts
        .iter()
        .fold(Status::Ok, |status, part| status.worst(part.status));
    let (mut summary, mut verdict) = (Summary::default(), Outcome::default());
    for part in &parts {
        summary.add(&part.summary);
        verdict = verdict.with(&part.summary);
    }
    if !not_seen.is_empty() || parts.is_empty() {
        status = status.worst(Status::Unknown);
        verdict.unknown = true;
    }
    let fails = query.fail.is_some_and(|fail| fail.exit_code(verdict) != 0);
    let code = if fails {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    let client = state.client.current();
    let head = PastHead {
        api_version: API_VERSION,
        kind: KIND,
        status,
        observed_at: at.to_string(),
        stale: false,
        source: Source {
            mode: "agent".to_owned(),
            context: client.context().map(str::to_owned),
            server: Some(client.server().to_owned()),
            pod: state.pod.clone(),
            agent_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            ..Source::default()
        },
        coverage: Coverage {
            kinds: kinds().map(|kind| kind.plural().to_owned()).collect(),
            namespaces: state.covered(selection, kinds()),
            not_seen,
            ..Coverage::default()
        },
        summary,
    };
    let age = PastAge {
        age_seconds: time.now.seconds_since(at).unsigned_abs(),
    };
    let body = Body::default()
        .stable(&head)
        .volatile(&age)
        .list("checks", |list| {
            for part in &parts {
                list.stable(&PastSection {
                    check: part.kind.plural(),
                    status: part.status,
                    summary: part.summary,
                    items: PastItems { part, query },
                });
            }
        });
    Answer::json(code, body)
}

/// The entry for something that no history has.
fn beyond(thing: &str, at: Time) -> NotSeen {
    NotSeen {
        thing: format!("{thing} at {at}"),
        class: NOT_IN_HISTORY.to_owned(),
        error: Some("the agent's history has no states of it".to_owned()),
        hint: Some("ask for the present without a moment".to_owned()),
        ..NotSeen::default()
    }
}

fn refusal(message: &str) -> Answer {
    Answer::error(StatusCode::BAD_REQUEST, "invalidQuery", message)
}
