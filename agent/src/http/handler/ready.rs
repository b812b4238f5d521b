//! `/readyz`: this process can serve an answer, an honest "unknown" included.
//!
//! It is not ready before the first lists have had their time, so that a rollout of the agent does not begin with unknown.
//! It is no longer ready once it is about to end, so that clients ask another pod.

use crate::http::query::Query;
use crate::http::response::Answer;
use crate::not_seen;
use crate::state::AgentState;
use http::StatusCode;

pub fn answer(state: &AgentState, query: &Query) -> Answer {
    let mut ready = !state.is_stopping();
    let server = if ready {
        "[+]server ok"
    } else {
        "[-]server is stopping"
    };
    let mut lines = vec![server.to_owned()];
    for objects in &state.kinds {
        let can_answer = state.is_patience_over() || objects.is_tried();
        ready &= can_answer;
        let unlisted = objects.unlisted();
        if unlisted.is_empty() {
            lines.push(format!("[+]{} ok", objects.kind().plural()));
        }
        lines.extend(unlisted.iter().map(|(namespace, class)| {
            let what = not_seen::place(objects.kind(), namespace.as_deref());
            match (can_answer, class) {
                (true, Some(class)) => format!("[+]{what} unknown: not listed, {}", class.as_str()),
                (true, None) => format!("[+]{what} unknown: not listed yet"),
                (false, _) => format!("[-]{what} the first list has not finished"),
            }
        }));
    }
    // The disk decides nothing: answers come from memory.
    lines.extend(state.history.disk().map(|disk| match disk.problem() {
        None => "[+]history ok".to_owned(),
        Some(problem) => format!("[+]history in memory alone: {problem}"),
    }));
    if let Some(problem) = state.record_store.as_ref().and_then(|store| store.problem()) {
        lines.push(format!("[+]record of the API server is not saved: {problem}"));
    }
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    if ready && !query.verbose {
        return Answer::text(status, "ok");
    }
    let outcome = if ready { "passed" } else { "failed" };
    Answer::text(status, format!("{}\nreadyz check {outcome}\n", lines.join("\n")))
}
