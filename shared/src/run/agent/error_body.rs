//! The body of an agent's refusal.

use crate::cluster::ServiceResponse;
use serde::Deserialize;

/// The agent's refusal of a request.
#[derive(Deserialize)]
pub(super) struct ErrorBody {
    /// The stable code.
    pub error: String,
    /// The sentence beside it.
    #[serde(default)]
    pub message: String,
}

impl ErrorBody {
    /// The refusal in a response, if it is one.
    pub fn read(served: &ServiceResponse) -> Option<Self> {
        serde_json::from_slice(&served.body).ok()
    }
}
