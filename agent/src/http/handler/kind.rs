//! `/health/deployments`, and the same for each other kind: every object with its verdict, from the cache.

use super::{Items, Provenance, pod};
use crate::cache::{Moment, Objects, Overview, nothing_selected};
use crate::http::controllers;
use crate::http::query::Query;
use crate::http::response::{Answer, Body};
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use sre_shared::report::{Coverage, KindCheck, NotSeen, Status};
use sre_shared::run::CONTROLLERS;

struct Listing<'a> {
    overview: &'a Overview,
    items: Items<'a>,
    /// What they tell of controllers that nobody judges.
    controllers: Option<KindCheck>,
    coverage: Coverage,
    causes_not_seen: Vec<NotSeen>,
}

impl Serialize for Listing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Overview {
            status,
            summary,
            not_seen,
            stale,
            ..
        } = self.overview;
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

pub fn answer(state: &AgentState, objects: &dyn Objects, query: &Query) -> Answer {
    let moment: Moment = state.moment();
    let selection = &query.selection;
    let mut overview = objects.overview(selection, &moment);
    let nothing = nothing_selected(std::iter::once((objects.kind(), &overview)), selection);
    let told = controllers::of(&[objects], &state.kinds, selection, &moment);
    let unselected = controllers::unselected(&[objects], &state.kinds, selection, &moment);
    if told.is_none() && unselected.is_empty() {
        overview.unseen(nothing);
    }
    for entry in unselected {
        overview.unseen(Some(entry));
    }
    if let Some(told) = &told {
        overview.status = overview.status.worst(told.check.status);
        overview.verdict.degraded |= told.verdict.degraded;
        overview.verdict.unknown |= told.verdict.unknown;
        overview.verdict.progressing |= told.verdict.progressing;
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
        not_seen: overview.not_seen.clone(),
        ..Coverage::default()
    };
    let items = Items {
        objects,
        selection,
        moment: &moment,
        limit: query.limit,
        next: None.into(),
    };
    Answer::json(
        code,
        Body::default()
            .stable(&Listing {
                overview: &overview,
                items,
                controllers: told.map(|told| told.check),
                coverage,
                causes_not_seen: state.causes_not_seen(),
            })
            .volatile(&observed),
    )
}
