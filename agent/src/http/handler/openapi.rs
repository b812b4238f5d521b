//! `/openapi.json`: the description of every path, from which clients are generated. Tests compare it with the routes.

use crate::http::response::Answer;

/// The description.
pub const TEXT: &str = include_str!("../openapi.json");

pub fn answer() -> Answer {
    Answer::typed("application/json", TEXT)
}
