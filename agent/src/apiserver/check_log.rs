//! Owns what the log says about the checks of the API server: outages, recoveries, and rights that are missing.
//! Must not know how it is checked.

use crate::apiserver::probe::ProbeResult;
use crate::history::failures::{FailureLog, LoggedFailure};
use crate::rights;
use sre_shared::failure::Class;
use sre_shared::report::Status;

/// The name of the check in the log of failures.
const WHO: &str = "check of the API server";
/// The name of the right to write.
const WRITES: &str = "right to write to the Lease of --write-canary";

/// Logs a check, after one with that status.
pub fn write(log: &FailureLog, checked: &ProbeResult, before: Option<Status>) {
    write_check(log, checked, before);
    if checked.is_answered() {
        write_rights(log, checked);
        write_canary_right(log, checked);
    }
}

/// Logs the missing rights without which the check still has a result. If another right is missing, the check fails, and the
/// failure is logged.
fn write_rights(log: &FailureLog, checked: &ProbeResult) {
    for path in ["/readyz", "/livez"] {
        let who = format!("right to get {path}");
        if checked.forbidden.contains(&path) {
            let missing = rights::missing_on_path(path);
            let rule = missing.rule.to_string();
            let failure = LoggedFailure {
                class: Class::Forbidden.as_str(),
                error: "the API server refuses it to the agent's identity",
                endpoint: path,
                next: &missing.hint,
                missing: Some(&rule),
                own: true,
            };
            log.failed(&who, &failure);
        } else {
            log.recovered(&who);
        }
    }
}

fn write_canary_right(log: &FailureLog, checked: &ProbeResult) {
    let Some(rule) = &checked.write.missing else {
        return log.recovered(WRITES);
    };
    let failure = LoggedFailure {
        class: Class::Forbidden.as_str(),
        error: "the API server refuses it to the agent's identity",
        endpoint: "the Lease of --write-canary",
        next: "let the agent's identity patch that Lease (the chart's Role does)",
        missing: Some(rule),
        own: true,
    };
    log.failed(WRITES, &failure);
}

fn write_check(log: &FailureLog, checked: &ProbeResult, before: Option<Status>) {
    let check = &checked.check;
    let error = checked.error.as_deref().unwrap_or_default();
    let next = check.hint.as_deref().unwrap_or_default();
    if check.status == Status::Unknown {
        let failure = LoggedFailure {
            class: check.class.as_deref().unwrap_or_default(),
            error,
            endpoint: check.endpoint.as_deref().unwrap_or_default(),
            next,
            missing: check.missing.as_deref(),
            own: checked.is_answered(),
        };
        return log.failed(WHO, &failure);
    }
    log.recovered(WHO);
    match (before, check.status) {
        (Some(Status::Degraded), Status::Ok) => tracing::info!("the API server is ok again"),
        (Some(Status::Degraded), _) | (_, Status::Ok | Status::Unknown) => {}
        (_, Status::Degraded) => tracing::warn!(error, next, "the API server is degraded"),
    }
}
