//! Whether a Job is done, gets on, or has given up.
//!
//! By its conditions, as the Job controller writes them (`pkg/controller/job` in kubernetes/kubernetes): `Complete` and
//! `Failed` are final, `SuccessCriteriaMet` and `FailureTarget` say the same while its pods are still ending. Without
//! one of them it tries: a pod that failed is replaced until `backoffLimit`, with a pause of at most ten minutes
//! (`MaxJobPodFailureBackOff`), so retries are progress, and so are containers that are started again in their pod. What
//! no condition ever tells is a Job whose pods never run, since a Job has no deadline by default: it is called broken
//! once nothing moved for that long, and at once where its pods say that they cannot start. A Job that a CronJob or another controller owns is not judged: its owner answers for it.

use super::common::{self, Finding};
use super::workload::STEP_SECONDS;
use super::{Evidence, GRACE_SECONDS, Judged};
use crate::report::{Item, State};
use crate::resource::{Job, JobStatus, Resource as _, Time};

impl Judged for Job {
    fn answers_for_itself(&self) -> bool {
        self.meta().controller().is_none()
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Vec::new();
        let finding = finding(self, evidence, &mut notes);
        Item {
            notes,
            ..finding.item(self)
        }
    }
}

/// What the Job of a CronJob that is under way is like where it gets nowhere. The evidence is about that Job.
pub(super) fn gets_nowhere(job: &Job, evidence: &Evidence<'_>) -> Option<Finding> {
    let finding = finding(job, evidence, &mut Vec::new());
    matches!(finding.reason, "PodsNotRunning" | "ControllerNotObserving").then_some(finding)
}

fn finding(job: &Job, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Finding {
    let meta = job.meta();
    let status = job.status.clone().unwrap_or_default();
    let written = status != JobStatus::default();
    if let Some(finding) = common::manifest(meta, written)
        .or_else(|| common::malformed(malformed(job, &status)))
        .or_else(|| common::deleting(meta, evidence, notes))
    {
        return finding;
    }
    if let Some(complete) = job.met("Complete") {
        let count = status.succeeded.unwrap_or(0);
        return Finding::new(State::Succeeded, true, "Complete", format!("{count} succeeded"))
            .since(complete.last_transition_time);
    }
    if let Some(failed) = job.met("Failed").or_else(|| job.met("FailureTarget")) {
        return Finding::degraded("JobFailed", failed.words()).since(failed.last_transition_time);
    }
    if let Some(done) = job.met("SuccessCriteriaMet") {
        return Finding::new(State::Progressing, true, "Finishing", "done, its pods are ending")
            .since(done.last_transition_time);
    }
    let spec = job.spec.clone().unwrap_or_default();
    if spec.suspend == Some(true) {
        return Finding::new(State::Suspended, true, "Suspended", "suspended")
            .since(job.met("Suspended").and_then(|c| c.last_transition_time));
    }
    if spec.parallelism == Some(0) {
        return Finding::new(State::Suspended, true, "Suspended", "held: its parallelism is 0");
    }
    let Some(started) = status.start_time else {
        // The controller writes it at first sight.
        return unseen(job, evidence);
    };
    running(job, &status, started, evidence, notes)
}

fn malformed(job: &Job, status: &JobStatus) -> Option<String> {
    let spec = job.spec.clone().unwrap_or_default();
    let wide = |n: Option<i32>| n.map(i64::from);
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    common::negative(&[
        ("spec.parallelism", wide(spec.parallelism)),
        ("spec.completions", wide(spec.completions)),
        ("status.active", wide(status.active)),
        ("status.ready", wide(status.ready)),
        ("status.succeeded", wide(status.succeeded)),
        ("status.failed", wide(status.failed)),
    ])
    .or_else(|| common::more(("ready", count(status.ready)), ("active", count(status.active))))
}

fn unseen(job: &Job, evidence: &Evidence<'_>) -> Finding {
    let created = job.meta().creation_timestamp;
    let young = created.is_none_or(|t| evidence.now.is_within(common::OBSERVE_SECONDS + 1, t));
    let finding = if young {
        Finding::new(
            State::Progressing,
            false,
            "NotObserved",
            "its controller has not seen it yet",
        )
    } else {
        Finding::degraded(
            "ControllerNotObserving",
            "its controller does not act: it was never started",
        )
    };
    finding.since(created)
}

/// A Job that has begun and is neither done nor given up.
fn running(
    job: &Job,
    status: &JobStatus,
    started: Time,
    evidence: &Evidence<'_>,
    notes: &mut Vec<String>,
) -> Finding {
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    let (active, failed) = (count(status.active), count(status.failed));
    let told = told(job, status);
    let runs = active > 0 && status.ready.is_none_or(|ready| ready > 0);
    let pods = evidence.pods.as_ref();
    // What ran and failed is tried again; what cannot start will not pass by itself.
    let stuck = pods.is_some_and(|p| p.hard_causes().iter().any(|c| !has_run(&c.code)));
    if stuck && !runs {
        return Finding::degraded("PodsNotRunning", told).since(Some(started));
    }
    if runs && failed == 0 {
        return Finding::healthy("Running", told).since(Some(started));
    }
    let moved = job.meta().last_status_write().max(Some(started));
    let moves = |seconds| {
        moved.is_some_and(|t| evidence.now.is_within(seconds, t))
            || pods.and_then(|p| p.newest_is_within(seconds)).unwrap_or(false)
    };
    match () {
        () if runs => Finding::new(State::Progressing, true, "Retrying", told),
        () if failed > 0 && moves(STEP_SECONDS + GRACE_SECONDS) => {
            Finding::new(State::Progressing, false, "Retrying", told)
        }
        // No pod at all is only for a moment so.
        () if moves(if active > 0 { STEP_SECONDS } else { GRACE_SECONDS }) => {
            if pods.is_none() {
                notes.push("podsNotSeen".into());
            }
            Finding::new(State::Progressing, false, "PodsStarting", told)
        }
        () => Finding::degraded("PodsNotRunning", told),
    }
    .since(moved)
}

/// Whether a cause of that code is one of a container that did run.
fn has_run(code: &str) -> bool {
    matches!(
        code,
        "CrashLoop" | "OutOfMemory" | "LivenessProbe" | "StartupProbe" | "PodFailed"
    )
}

/// How far it is.
fn told(job: &Job, status: &JobStatus) -> String {
    let count = |n: Option<i32>| n.unwrap_or(0);
    let succeeded = count(status.succeeded);
    let completions = job.spec.as_ref().and_then(|s| s.completions);
    let mut told = vec![match completions {
        Some(completions) => format!("{succeeded} of {completions} succeeded"),
        None => format!("{succeeded} succeeded"),
    }];
    match (count(status.active), status.ready) {
        (0, _) => told.push("none active".into()),
        (active, Some(ready)) => told.push(format!("{ready} of {active} active ready")),
        (active, None) => told.push(format!("{active} active")),
    }
    if count(status.failed) > 0 {
        told.push(format!("{} failed", count(status.failed)));
    }
    told.join(", ")
}
