//! Why an agent did not answer a request.

use crate::failure::Failure;
use crate::kind::RbacRule;

/// A failure, and the rule that is missing if a right is.
#[derive(Debug, Clone)]
pub struct AgentRefusal {
    /// The failure, with words and a hint about agents.
    pub failure: Failure,
    /// The rule that the caller lacks.
    pub missing: Option<Box<RbacRule>>,
}

impl From<Failure> for AgentRefusal {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            missing: None,
        }
    }
}
