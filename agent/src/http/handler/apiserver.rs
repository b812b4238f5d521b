//! `/health/apiserver`: whether the API server can be reached and is well, asked live.

use super::{Provenance, pod};
use crate::apiserver::probe::ProbeResult;
use crate::http::response::{Answer, Body};
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;
use sre_shared::report::{ApiServerCheck, Record, Rung, Status};

#[derive(Serialize)]
struct Verdict {
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Measurements<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<f64>,
    #[serde(skip_serializing_if = "<[Rung]>::is_empty")]
    ladder: &'a [Rung],
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a Record>,
}

pub fn answer(state: &AgentState, checked: &ProbeResult) -> Answer {
    let check = &checked.check;
    let (code, status) = match check.status {
        Status::Ok => (StatusCode::OK, "ok"),
        Status::Degraded => (StatusCode::INTERNAL_SERVER_ERROR, "degraded"),
        Status::Unknown => (StatusCode::INTERNAL_SERVER_ERROR, "error"),
    };
    // Written by way of a value, so that the answer gains each new field of the check.
    let mut fields = serde_json::to_value(essence(check)).unwrap_or_default();
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("status");
    }
    let body = Body::default()
        .stable(&Verdict { status })
        .stable(&fields)
        .volatile(&Measurements {
            latency_ms: check.latency_ms,
            elapsed_ms: check.elapsed_ms,
            ladder: &check.ladder,
            record: check.record.as_ref(),
        })
        .volatile(&Provenance {
            observed_at: Some(checked.at.to_string()),
            age_seconds: None,
            pod: pod(state),
        });
    Answer::json(code, body)
}

/// The check without the fields that differ each time though nothing happened.
pub fn essence(check: &ApiServerCheck) -> ApiServerCheck {
    ApiServerCheck {
        latency_ms: None,
        elapsed_ms: None,
        ladder: Vec::new(),
        record: None,
        ..check.clone()
    }
}
