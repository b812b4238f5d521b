//! `/health/KIND`, such as `/health/deployments`: every object of the kind with its verdict, from the cache.

use super::{Items, Provenance, pod};
use crate::http::query::Query;
use crate::http::response::{Answer, Body};
use crate::not_seen;
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use sre_shared::judge::CONTROLLERS;
use sre_shared::live::{KindObjects, Overview, controllers};
use sre_shared::report::{Coverage, KindCheck, NotSeen, Status};

struct Listing<'a> {
    overview: &'a Overview,
    items: Items<'a>,
    /// The controllers without a verdict of their own.
    controllers: Option<KindCheck>,
    coverage: Coverage,
    causes_not_seen: Vec<NotSeen>,
}

impl Serialize for Listing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Overview {
            status,
            summary,
            stale,
            ..
        } = self.overview;
        let not_seen = &self.coverage.not_seen;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", status)?;
        map.serialize_entry("summary", summary)?;
        map.serialize_entry(self.items.objects.kind().plural(), &self.items)?;
        if let Some(check) = &self.controllers {
            map.serialize_entry(CONTROLLERS, &check.items)?;
        }
        if let Some(token) = &*self.items.next.borrow() {
            map.serialize_entry("continue", token)?;
        }
        if !not_seen.is_empty() {
            map.serialize_entry("notSeen", not_seen)?;
        }
        if !self.causes_not_seen.is_empty() {
            map.serialize_entry("causesNotSeen", &self.causes_not_seen)?;
        }
        map.serialize_entry("coverage", &self.coverage)?;
        map.serialize_entry("stale", stale)?;
        map.end()
    }
}

pub fn answer(state: &AgentState, objects: &dyn KindObjects, query: &Query) -> Answer {
    let time = state.answer_time();
    let selection = &query.selection;
    let mut overview = objects.overview(selection, &time);
    let nothing = not_seen::nothing_selected(std::iter::once((objects.kind(), &overview)), selection);
    let controllers = controllers::judge(&[objects], &state.kinds, selection, &time);
    let alone = controllers::partial_selections(&[objects], &state.kinds, selection, &time);
    let nothing = nothing.filter(|_| controllers.is_none() && alone.is_empty());
    let alone = alone.into_iter().map(not_seen::partial_selection);
    nothing
        .into_iter()
        .chain(alone)
        .for_each(|entry| overview.add_gap(entry));
    if let Some(part) = &controllers {
        part.add_to(&mut overview.status, &mut overview.verdict);
    }
    let nothing_read = overview.status == Status::Unknown && overview.observed.is_none();
    let fails = nothing_read
        || query
            .fail
            .is_some_and(|fail| fail.exit_code(overview.verdict) != 0);
    let code = if fails {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    let observed = Provenance {
        observed_at: overview.observed.map(|time| time.to_string()),
        age_seconds: overview.observed.map(|_| overview.age_seconds),
        pod: pod(state),
    };
    let coverage = Coverage {
        kinds: vec![objects.kind().plural().to_owned()],
        namespaces: state.covered(selection, [objects.kind()]),
        not_seen: not_seen::describe_all(objects.kind(), &overview.gaps),
        ..Coverage::default()
    };
    let items = Items {
        objects,
        selection,
        time: &time,
        limit: query.limit,
        next: None.into(),
    };
    Answer::json(
        code,
        Body::default()
            .stable(&Listing {
                overview: &overview,
                items,
                controllers: controllers.map(|part| part.check),
                coverage,
                causes_not_seen: state.causes_not_seen(),
            })
            .volatile(&observed),
    )
}
