//! Jobs that gave up, by the reason that the Job controller writes into the condition `Failed` (`batch/v1` `types.go` in
//! k8s.io/api lists them).

use super::Sentence;
use crate::check::text::{kubectl, one_line};
use crate::report::{Cause, Code, ObjectRef};
use crate::resource::{Job, Resource as _};

/// Why a Job is not tried again; `None` if it is.
pub(in crate::check) fn job_failure(job: &Job) -> Option<Cause> {
    let failed = job.met("Failed").or_else(|| job.met("FailureTarget"))?;
    let code = match failed.reason.as_str() {
        "BackoffLimitExceeded" => Code::JobBackoffLimit,
        "DeadlineExceeded" => Code::JobDeadline,
        _ => Code::JobFailed,
    };
    let said = if failed.message.is_empty() {
        &failed.reason
    } else {
        &failed.message
    };
    let meta = job.meta();
    Some(Cause {
        example: Some(ObjectRef::named(Job::KIND, &meta.name)),
        hint: Some(kubectl(&meta.namespace, "describe job", &meta.name)),
        since: failed.last_transition_time.map(|t| t.to_string()),
        ..Sentence::without_reason(one_line(said)).into_cause(code)
    })
}
