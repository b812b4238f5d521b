//! `/openapi.json`: the description of every path, for whoever generates a client. Tests hold it to the routes.

use crate::http::response::Answer;

/// The description.
pub const TEXT: &str = include_str!("../openapi.json");

pub fn answer() -> Answer {
    Answer::typed("application/json", TEXT)
}
