//! `/metrics`: the metrics for Prometheus. Never waits for the API server.

use crate::http::response::Answer;
use crate::metric_page::TextFormat;
use crate::metrics;
use crate::state::AgentState;
use http::StatusCode;
use http::header::{self, HeaderMap};

pub fn answer(state: &AgentState, request: &HeaderMap) -> Answer {
    let format = format(request);
    match metrics::text(state, format) {
        Ok(text) => Answer::typed(format.content_type(), text),
        Err(_) => Answer::error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the metrics could not be written",
        ),
    }
}

/// The plain format, if a client asks for it and not for `OpenMetrics`. Prometheus asks for both.
fn format(request: &HeaderMap) -> TextFormat {
    let accepts = |kind: &str| {
        let values = request.get_all(header::ACCEPT).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.to_ascii_lowercase().contains(kind))
    };
    if accepts("text/plain") && !accepts("application/openmetrics-text") {
        TextFormat::Plain
    } else {
        TextFormat::OpenMetrics
    }
}
