//! The kubeconfig files and the context that are used.

use crate::apiserver::facts::Facts;
use crate::report::{Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let connection = facts.connection;
    let mut message = if connection.in_cluster {
        "the ServiceAccount of this pod".to_owned()
    } else if connection.files.is_empty() && connection.context.is_some() {
        // Its name is not for everybody.
        "a kubeconfig".to_owned()
    } else if connection.files.is_empty() {
        "none: the flags say everything".to_owned()
    } else {
        connection.files.join(", ")
    };
    if let Some(context) = &connection.context {
        message = format!("{message}, context {context}");
    }
    if !connection.skipped.is_empty() {
        let does = if connection.skipped.len() == 1 {
            "does"
        } else {
            "do"
        };
        message = format!(
            "{message}; skipped {}, which {does} not exist",
            connection.skipped.join(", ")
        );
    }
    Some(Rung {
        files: connection.files.clone(),
        skipped: connection.skipped.clone(),
        context: connection.context.clone(),
        ..Rung::new("kubeconfig", RungStatus::Ok, message)
    })
}
