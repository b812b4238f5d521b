//! The status of a condition of a custom resource.

use crate::resource::CustomCondition;

/// Whether a warning condition warns: `NoWarnings` while it is False, others while they are True. Argo CD writes no
/// status.
pub(super) fn warns(condition: &CustomCondition) -> bool {
    if condition.kind.starts_with("No") {
        has_status(condition, "False")
    } else {
        has_status(condition, "True") || condition.status.is_empty()
    }
}

/// Whether a condition has that status. Another word, such as `Degraded`, is not True.
pub(super) fn has_status(condition: &CustomCondition, status: &str) -> bool {
    let own = condition.status.as_str();
    match status {
        "False" => {
            !own.is_empty() && !own.eq_ignore_ascii_case("true") && !own.eq_ignore_ascii_case("unknown")
        }
        _ => own.eq_ignore_ascii_case(status),
    }
}
