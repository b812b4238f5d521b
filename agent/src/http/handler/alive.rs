//! `/healthz` and `/livez`: this process works. The answer depends on nothing remote, since a process that is restarted in
//! an outage cannot report it.

use crate::http::query::Query;
use crate::http::response::Answer;
use http::StatusCode;

pub fn answer(query: &Query) -> Answer {
    Answer::text(
        StatusCode::OK,
        if query.verbose {
            "[+]ping ok\nhealthz check passed\n"
        } else {
            "ok"
        },
    )
}
