//! `/version`: name and version of this agent.

use crate::http::response::{Answer, Body};
use http::StatusCode;
use serde::Serialize;
use sre_shared::report::API_VERSION;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Build {
    name: &'static str,
    version: &'static str,
    api_version: &'static str,
}

pub fn answer() -> Answer {
    let build = Build {
        name: "sre-agent",
        version: env!("CARGO_PKG_VERSION"),
        api_version: API_VERSION,
    };
    Answer::json(StatusCode::OK, Body::default().stable(&build))
}
