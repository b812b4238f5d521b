//! `/`: the list of paths.

use crate::http::response::{Answer, Body};
use crate::state::AgentState;
use http::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
struct Entry {
    path: String,
    answer: String,
}

fn entry(path: &str, answer: &str) -> Entry {
    Entry {
        path: path.to_owned(),
        answer: answer.to_owned(),
    }
}

pub fn answer(state: &AgentState) -> Answer {
    let metrics = (!state.metrics_elsewhere).then(|| entry("/metrics", "metrics for Prometheus"));
    let mut paths = vec![
        entry(
            "/health",
            "everything at once, as a HealthReport: ?kinds= ?namespace= ?selector= ?state= ?items=notable|none \
             ?fail=progressing,degraded,unknown",
        ),
        entry(
            "/health/changes",
            "the same as server-sent events, whole first and then what changes: ?kinds= ?namespace= ?selector= ?objects= \
             ?state=",
        ),
        entry(
            "/history",
            "the changes of states that this agent has seen, newest last: ?since= ?until= ?namespace= ?kind= ?name= ?limit= \
             ?continue=",
        ),
        entry(
            "/health/apiserver",
            "whether the API server can be reached and is well, asked live",
        ),
    ];
    paths.extend(state.kinds.iter().map(|objects| Entry {
        path: format!("/health/{}", objects.kind().plural()),
        answer: format!(
            "every {}, and each by its namespace and name: ?namespace= ?name= ?selector= ?state= ?items=notable|none ?fail=progressing,degraded,unknown ?limit= ?continue=",
            objects.kind().kind()
        ),
    }));
    paths.extend([
        entry("/healthz", "whether this process works; /livez is the same"),
        entry("/readyz", "whether this process can answer; ?verbose says more"),
    ]);
    paths.extend(metrics);
    if state.page.is_some() {
        paths.push(entry(
            "/page/",
            "the report as a page for browsers, and the page of each object at /page/object/KIND/NAMESPACE/NAME: ?namespace=",
        ));
    }
    paths.extend([
        entry("/openapi.json", "the description of all paths, for programs"),
        entry("/version", "name and version of this agent"),
        entry("/", "this list"),
    ]);
    Answer::json(
        StatusCode::OK,
        Body::default().list("paths", |list| paths.iter().for_each(|p| list.stable(p))),
    )
}
