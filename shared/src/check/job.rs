//! Whether a Job is done, makes progress, or has given up.
//!
//! By its conditions, as the Job controller writes them (`pkg/controller/job` in kubernetes/kubernetes): `Complete` and
//! `Failed` are final, `SuccessCriteriaMet` and `FailureTarget` announce them while its pods are still ending. Without
//! one of them the Job tries. A failed pod is replaced until `backoffLimit`, with a pause of at most ten minutes
//! (`MaxJobPodFailureBackOff`). So retries are progress, and so are restarts of containers within a pod. With the
//! default `backoffLimit` retries come to an end. With a higher one, a Job is called broken if it has failed more often
//! than the default allows and for an hour. A pod that still runs ten minutes after the last change is a run, not a retry.
//!
//! Readiness is of no use to a Job: a pod with a done container is not Ready and works ([`super::completion`]). No
//! condition reports a Job whose pods never run, since a Job has no deadline by default. It is called broken if nothing
//! changed for ten minutes, and at once if its pods say that they cannot start. So is a Job whose pods cannot end
//! because of a proxy. An indexed Job with an index that is not tried again (`backoffLimitPerIndex`) ends as failed
//! even if the others succeed, unless a success policy says otherwise.
//!
//! A Job of a CronJob or of another controller is left to it. A failed run is no failure any more once a later run of
//! that controller has succeeded.

use super::cause::{self, working_pod};
use super::lifecycle::{self, Preliminaries};
use super::related::{RelatedKind, RelatedNeed, RelatedObjects};
use super::revision::STEP_SECONDS;
use super::text::one_line;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, Now};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Cause, Code, Item, Note, NoteCode, Notes, State};
use crate::resource::{Condition as _, Job, JobStatus, OwnerReference, Resource as _, Time};

/// The default of `backoffLimit`.
const RETRIES: i64 = 6;
/// A Job that fails again and again for longer than this many seconds makes no progress. The default number of retries
/// takes a quarter of that.
const RETRY_SECONDS: i64 = 3600;

impl JudgedKind for Job {
    const INFO: KindInfo = KindInfo {
        by_default: true,
        pods: PodNames::Suffix,
        left_to_controller: true,
        ends: true,
        ..KindInfo::new("job", "Jobs")
    };
}

impl Check for Job {
    const RELATED_KINDS: &'static [RelatedKind] = &[RelatedKind::CronJobs];

    fn responsible_controller(&self) -> Option<&OwnerReference> {
        self.meta().controller()
    }

    fn failure_time(&self) -> Option<Time> {
        self.met("Failed")?.last_transition_time
    }

    fn replacement_time(&self) -> Option<Time> {
        self.met("Complete").and(self.meta().creation_timestamp)
    }

    /// Its CronJob knows whether a success came after the failure.
    fn related_needs(&self, known: &RelatedObjects) -> Vec<RelatedNeed> {
        let namespace = &self.meta().namespace;
        if self.met("Failed").is_some()
            && (self.cron_job().is_some() || self.is_started_by_hand())
            && !known.is_asked(RelatedKind::CronJobs, namespace)
        {
            return vec![(RelatedKind::CronJobs, namespace.clone())];
        }
        Vec::new()
    }

    /// A running Job can become overdue, and its pods can show that it works though none of them is ready.
    fn is_settled(&self, item: &Item, now: Now) -> bool {
        let status = self.status.as_ref();
        let spec = self.spec.as_ref();
        let plain = status.is_some_and(|s| s.failed.unwrap_or(0) == 0 && s.ready.unwrap_or(1) > 0)
            && spec.is_none_or(|s| s.active_deadline_seconds.is_none());
        match item.state {
            State::Succeeded | State::Suspended => true,
            state if state.is_fine() && item.healthy == Some(true) => {
                plain && !self.needs_evidence(item, now)
            }
            _ => false,
        }
    }

    fn own_causes(&self, _evidence: &Evidence<'_>) -> Vec<Cause> {
        cause::job_failure(self).into_iter().collect()
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut remarks = Remarks::default();
        let verdict = verdict(self, evidence, &mut remarks);
        Item {
            notes: remarks.notes,
            warnings: remarks.warnings,
            ..verdict.item(self)
        }
    }
}

/// Remarks besides the verdict.
#[derive(Default)]
struct Remarks {
    notes: Notes,
    warnings: Vec<String>,
}

/// The verdict about a CronJob's Job that is under way and gets nowhere. The evidence is about that Job.
pub(super) fn stuck_verdict(job: &Job, evidence: &Evidence<'_>) -> Option<Verdict> {
    let verdict = verdict(job, evidence, &mut Remarks::default());
    let nowhere = [
        Code::PodsNotRunning,
        Code::ControllerNotObserving,
        Code::KeepsFailing,
        Code::KeptFromEnding,
    ];
    nowhere.contains(&verdict.reason).then_some(verdict)
}

/// The verdict about a CronJob's Job that containers have kept from ending for at least a minute. The evidence is about
/// that Job.
pub(super) fn kept_verdict(job: &Job, evidence: &Evidence<'_>) -> Option<Verdict> {
    let active = job.status.as_ref().and_then(|s| s.active).unwrap_or(0);
    let working = WorkingPods::find(evidence);
    let (since, kept) = working.kept.filter(|_| working.count >= i64::from(active))?;
    let lasts = evidence.now.age(since) >= GRACE_SECONDS;
    lasts.then(|| Verdict::degraded(Code::KeptFromEnding, kept).since(Some(since)))
}

fn verdict(job: &Job, evidence: &Evidence<'_>, remarks: &mut Remarks) -> Verdict {
    let meta = job.meta();
    let status = job.status.clone().unwrap_or_default();
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: status != JobStatus::default(),
        has_generation: true,
        malformed: malformed(job, &status),
    };
    if let Some(verdict) = preliminaries.verdict(&mut remarks.notes) {
        return verdict;
    }
    if let Some(complete) = job.met("Complete") {
        let count = status.succeeded.unwrap_or(0);
        return Verdict::new(
            State::Succeeded,
            true,
            Code::Complete,
            format!("{count} succeeded"),
        )
        .since(complete.last_transition_time);
    }
    if let Some(failed) = job.met("Failed").or_else(|| job.met("FailureTarget")) {
        let since = failed.last_transition_time;
        if let (Some(since), Some((name, succeeded))) = (since, last_cron_job_success(job, evidence))
            && succeeded > since
        {
            let message = format!(
                "{}; CronJob {name} succeeded since, at {succeeded}",
                failed.words()
            );
            return Verdict::healthy(Code::FollowedBySuccess, message);
        }
        if evidence.replaced {
            let message = format!("{}; a later one of the same controller succeeded", failed.words());
            return Verdict::healthy(Code::FollowedBySuccess, message);
        }
        return Verdict::degraded(Code::JobFailed, failed.words()).since(since);
    }
    if let Some(done) = job.met("SuccessCriteriaMet") {
        let since = done.last_transition_time;
        if since.is_some_and(|t| evidence.now.is_within(STEP_SECONDS, t)) {
            return Verdict::new(
                State::Progressing,
                true,
                Code::Finishing,
                "done, its pods are ending",
            )
            .since(since);
        }
        remarks
            .warnings
            .push("it is done, and its last pods do not end".into());
        return Verdict::new(State::Succeeded, true, Code::Finishing, "done").since(since);
    }
    let spec = job.spec.clone().unwrap_or_default();
    if spec.suspend == Some(true) {
        return Verdict::new(State::Suspended, true, Code::Suspended, "suspended")
            .since(job.met("Suspended").and_then(|c| c.last_transition_time));
    }
    if spec.parallelism == Some(0) {
        return Verdict::new(
            State::Suspended,
            true,
            Code::Suspended,
            "held: its parallelism is 0",
        );
    }
    let Some(started) = status.start_time else {
        // The controller writes it when it first sees the Job.
        return unstarted_verdict(job, evidence);
    };
    if !status.failed_indexes.is_empty() {
        let message = failed_indexes(&status.failed_indexes);
        if spec.success_policy.is_none() {
            return Verdict::degraded(
                Code::IndexesFailed,
                format!("{message}: {}", progress_text(job, &status)),
            )
            .since(meta.last_status_write());
        }
        remarks.warnings.push(message);
    }
    running_verdict(job, &status, started, evidence, remarks)
}

/// When the CronJob of this run last succeeded, and its name.
fn last_cron_job_success<'a>(job: &Job, evidence: &Evidence<'a>) -> Option<(&'a str, Time)> {
    let meta = job.meta();
    let known = evidence.related?;
    match job.cron_job() {
        Some(uid) => known.last_success(&meta.namespace, |cron| cron.uid == uid),
        // Tools name the Jobs that they start after the CronJob.
        None if job.is_started_by_hand() => known.last_success(&meta.namespace, |cron| {
            let rest = meta.name.strip_prefix(cron.name.as_str());
            rest.is_some_and(|rest| rest.starts_with('-'))
        }),
        None => None,
    }
}

fn failed_indexes(indexes: &str) -> String {
    if indexes.contains([',', '-']) {
        format!("indexes {} have failed for good", one_line(indexes))
    } else {
        format!("index {indexes} has failed for good")
    }
}

fn malformed(job: &Job, status: &JobStatus) -> Option<String> {
    let spec = job.spec.clone().unwrap_or_default();
    let wide = |n: Option<i32>| n.map(i64::from);
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    lifecycle::find_negative(&[
        ("spec.parallelism", wide(spec.parallelism)),
        ("spec.completions", wide(spec.completions)),
        ("status.active", wide(status.active)),
        ("status.ready", wide(status.ready)),
        ("status.succeeded", wide(status.succeeded)),
        ("status.failed", wide(status.failed)),
    ])
    .or_else(|| lifecycle::find_excess(("ready", count(status.ready)), ("active", count(status.active))))
}

/// The verdict about a Job without a start time.
fn unstarted_verdict(job: &Job, evidence: &Evidence<'_>) -> Verdict {
    let created = job.meta().creation_timestamp;
    let young = created.is_none_or(|t| evidence.now.is_within(lifecycle::OBSERVE_SECONDS + 1, t));
    let manager = job.spec.as_ref().map_or("", |s| s.managed_by.as_str());
    let verdict = match manager {
        _ if young => Verdict::new(
            State::Progressing,
            false,
            Code::NotObserved,
            "its controller has not seen it yet",
        ),
        "" | JOB_CONTROLLER => Verdict::degraded(
            Code::ControllerNotObserving,
            "its controller does not act: it was never started",
        ),
        other => Verdict::unknown(
            Code::ManagedElsewhere,
            format!("{other} manages it and reports nothing about it"),
        ),
    };
    verdict.since(created)
}

/// The value of `managedBy` that stands for the Job controller itself.
const JOB_CONTROLLER: &str = "kubernetes.io/job-controller";

/// The active pods of a Job that work, though they may not be ready.
#[derive(Default)]
struct WorkingPods {
    /// How many work.
    count: i64,
    /// Since when all of them are kept from ending, and by what.
    kept: Option<(Time, String)>,
    /// A sentence about pods with done containers.
    partly: Option<String>,
}

impl WorkingPods {
    fn find(evidence: &Evidence<'_>) -> Self {
        let Some(pods) = &evidence.pods else {
            return Self::default();
        };
        let active = pods.pods.iter().filter(|(pod, _)| pod.is_active());
        let (mut found, mut others) = (Self::default(), 0);
        for (pod, now) in active {
            let Some(ending) = working_pod(pod, *now, pods.events_and_nodes) else {
                others += 1;
                continue;
            };
            found.count += 1;
            match ending.since {
                Some(since) if ending.is_kept => {
                    let earlier = found.kept.as_ref().is_some_and(|(time, _)| *time <= since);
                    if !earlier {
                        found.kept = Some((since, ending.kept_text()));
                    }
                }
                since => {
                    others += 1;
                    if since.is_some_and(|t| now.age(t) >= STEP_SECONDS) {
                        found.partly = Some(format!(
                            "{} runs on, {} ended with 0",
                            ending.running_text(),
                            ending.done.join(", ")
                        ));
                    }
                }
            }
        }
        if others > 0 {
            found.kept = None;
        }
        found
    }
}

/// The verdict about a Job that has begun and has neither finished nor given up.
fn running_verdict(
    job: &Job,
    status: &JobStatus,
    started: Time,
    evidence: &Evidence<'_>,
    remarks: &mut Remarks,
) -> Verdict {
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    let (active, failed, succeeded) = (
        count(status.active),
        count(status.failed),
        count(status.succeeded),
    );
    let message = progress_text(job, status);
    if let Some(verdict) = overdue_verdict(job, started, evidence) {
        return verdict;
    }
    let working = WorkingPods::find(evidence);
    let runs = active > 0 && (working.count > 0 || status.ready.is_none_or(|ready| ready > 0));
    let pods = evidence.pods.as_ref();
    if let (true, Some((since, kept))) = (working.count >= active, &working.kept) {
        if evidence.now.age(*since) >= STEP_SECONDS {
            return Verdict::degraded(Code::KeptFromEnding, kept.clone()).since(Some(*since));
        }
        remarks.notes.push(kept.clone());
    }
    // A pod that ran and failed is tried again. A pod that cannot start will not recover by itself.
    let hard = pods.map(super::Pods::hard_causes).unwrap_or_default();
    if hard.iter().any(|c| !has_run(&c.code)) && !runs {
        return Verdict::degraded(Code::PodsNotRunning, message).since(Some(started));
    }
    let often = failed > RETRIES && failed > succeeded;
    let again = !runs && !hard.is_empty();
    if (often || again) && evidence.now.age(started) >= RETRY_SECONDS {
        return Verdict::degraded(Code::KeepsFailing, message).since(Some(started));
    }
    if runs && failed == 0 {
        remarks.notes.extend(working.partly);
        return Verdict::healthy(Code::Running, message).since(Some(started));
    }
    let moved = job.meta().last_status_write().max(Some(started));
    let moves = |seconds| {
        moved.is_some_and(|t| evidence.now.is_within(seconds, t))
            || pods.and_then(|p| p.newest_is_within(seconds)).unwrap_or(false)
    };
    match () {
        () if runs && moves(STEP_SECONDS + GRACE_SECONDS) => {
            Verdict::new(State::Progressing, true, Code::Retrying, message)
        }
        () if runs => {
            remarks.notes.extend(working.partly);
            let pods = if failed == 1 {
                "1 pod"
            } else {
                &format!("{failed} pods")
            };
            remarks.warnings.push(format!("{pods} failed before"));
            return Verdict::healthy(Code::Running, message).since(Some(started));
        }
        () if failed > 0 && moves(STEP_SECONDS + GRACE_SECONDS) => {
            Verdict::new(State::Progressing, false, Code::Retrying, message)
        }
        // Having no pod at all is only a passing state.
        () if moves(if active > 0 { STEP_SECONDS } else { GRACE_SECONDS }) => {
            if pods.is_none() {
                remarks
                    .notes
                    .push(Note::coded(NoteCode::PodsNotSeen, NoteCode::PodsNotSeen.as_str()));
            }
            Verdict::new(State::Progressing, false, Code::PodsStarting, message)
        }
        () => Verdict::degraded(Code::PodsNotRunning, message),
    }
    .since(moved)
}

/// The verdict about a Job that its deadline should have ended long ago.
fn overdue_verdict(job: &Job, started: Time, evidence: &Evidence<'_>) -> Option<Verdict> {
    let seconds = job.spec.as_ref()?.active_deadline_seconds?;
    let deadline = Time::from_seconds(started.seconds.saturating_add(seconds));
    (evidence.now.age(deadline) > lifecycle::OBSERVE_SECONDS).then(|| {
        let message =
            format!("its controller does not act: its activeDeadlineSeconds were over at {deadline}");
        Verdict::degraded(Code::ControllerNotObserving, message).since(Some(deadline))
    })
}

/// Whether a cause of that code means that the container did run.
fn has_run(code: &Code) -> bool {
    matches!(
        code,
        Code::CrashLoop
            | Code::ContainerFailed
            | Code::OutOfMemory
            | Code::LivenessProbe
            | Code::StartupProbe
            | Code::PodFailed
    )
}

/// Its progress as a sentence.
fn progress_text(job: &Job, status: &JobStatus) -> String {
    let count = |n: Option<i32>| n.unwrap_or(0);
    let succeeded = count(status.succeeded);
    let completions = job.spec.as_ref().and_then(|s| s.completions);
    let mut parts = vec![match completions {
        Some(completions) => format!("{succeeded} of {completions} succeeded"),
        None => format!("{succeeded} succeeded"),
    }];
    match (count(status.active), status.ready) {
        (0, _) => parts.push("none active".into()),
        (active, Some(ready)) => parts.push(format!("{ready} of {active} active ready")),
        (active, None) => parts.push(format!("{active} active")),
    }
    if count(status.failed) > 0 {
        parts.push(format!("{} failed", count(status.failed)));
    }
    parts.join(", ")
}
