//! Whether a Job is done, gets on, or has given up.
//!
//! By its conditions, as the Job controller writes them (`pkg/controller/job` in kubernetes/kubernetes): `Complete` and
//! `Failed` are final, `SuccessCriteriaMet` and `FailureTarget` say the same while its pods are still ending. Without
//! one of them it tries: a pod that failed is replaced until `backoffLimit`, with a pause of at most ten minutes
//! (`MaxJobPodFailureBackOff`), so retries are progress, and so are containers that are started again in their pod. That has
//! an end where `backoffLimit` is as it is by default; where it is far away, a Job that has failed more often than that and
//! for an hour is called broken. A pod that still runs ten minutes after something moved is no retry any more but a run.
//!
//! Readiness is of no use to a Job: a pod of which one container did its part is not Ready and works ([`super::completion`]).
//! What no condition ever tells is a Job whose pods never run, since a Job has no deadline by default: it is called broken
//! once nothing moved for that long, and at once where its pods say that they cannot start. The same holds for one whose pods
//! are kept from ending by a proxy. An indexed Job with an index that is not tried again
//! (`backoffLimitPerIndex`) ends as failed whatever the others do, unless a success policy says otherwise.
//!
//! A Job that a CronJob or another controller owns is left to it. A run that failed and was followed by a success of the
//! same controller is no failure any more.

use super::cause::works;
use super::lifecycle;
use super::related::{RelatedKind, RelatedNeed, RelatedObjects};
use super::replicas::STEP_SECONDS;
use super::text::shorten;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, Now};
use crate::report::{Item, State};
use crate::resource::{Job, JobStatus, Resource as _, Time};

/// The default of `backoffLimit`.
const RETRIES: i64 = 6;
/// Failing again and again for longer than this many seconds is no progress. As often as by default is over in a quarter.
const RETRY_SECONDS: i64 = 3600;

impl Check for Job {
    const COMPANIONS: &'static [RelatedKind] = &[RelatedKind::CronJobs];
    const LEFT_TO_CONTROLLER: bool = true;

    fn fell(&self) -> Option<Time> {
        self.met("Failed")?.last_transition_time
    }

    fn makes_up(&self) -> Option<Time> {
        self.met("Complete").and(self.meta().creation_timestamp)
    }

    /// Whether a success came after its failure, its CronJob knows.
    fn wants(&self, known: &RelatedObjects) -> Vec<RelatedNeed> {
        let namespace = &self.meta().namespace;
        if self.met("Failed").is_some()
            && (self.cron_job().is_some() || self.is_started_by_hand())
            && !known.is_asked(RelatedKind::CronJobs, namespace)
        {
            return vec![(RelatedKind::CronJobs, namespace.clone())];
        }
        Vec::new()
    }

    /// What runs can be overdue, and its pods can tell that it works though none is ready.
    fn is_settled(&self, item: &Item, now: Now) -> bool {
        let status = self.status.as_ref();
        let spec = self.spec.as_ref();
        let plain = status.is_some_and(|s| s.failed.unwrap_or(0) == 0 && s.ready.unwrap_or(1) > 0)
            && spec.is_none_or(|s| s.active_deadline_seconds.is_none());
        match item.state {
            State::Succeeded | State::Suspended => true,
            state if state.is_fine() && item.healthy == Some(true) => {
                plain && !self.is_worth_a_look(item, now)
            }
            _ => false,
        }
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut beside = Beside::default();
        let verdict = verdict(self, evidence, &mut beside);
        Item {
            notes: beside.notes,
            warnings: beside.warnings,
            ..verdict.item(self)
        }
    }
}

/// What is told beside the verdict.
#[derive(Default)]
struct Beside {
    notes: Vec<String>,
    warnings: Vec<String>,
}

/// What the Job of a CronJob that is under way is like where it gets nowhere. The evidence is about that Job.
pub(super) fn gets_nowhere(job: &Job, evidence: &Evidence<'_>) -> Option<Verdict> {
    let verdict = verdict(job, evidence, &mut Beside::default());
    let nowhere = [
        "PodsNotRunning",
        "ControllerNotObserving",
        "KeepsFailing",
        "KeptFromEnding",
    ];
    nowhere.contains(&verdict.reason).then_some(verdict)
}

/// What keeps the Job of a CronJob from ending, for a minute at least. The evidence is about that Job.
pub(super) fn kept(job: &Job, evidence: &Evidence<'_>) -> Option<Verdict> {
    let active = job.status.as_ref().and_then(|s| s.active).unwrap_or(0);
    let at_work = AtWork::of(evidence);
    let (since, kept) = at_work.kept.filter(|_| at_work.count >= i64::from(active))?;
    let lasts = evidence.now.age(since) >= GRACE_SECONDS;
    lasts.then(|| Verdict::degraded("KeptFromEnding", kept).since(Some(since)))
}

fn verdict(job: &Job, evidence: &Evidence<'_>, beside: &mut Beside) -> Verdict {
    let meta = job.meta();
    let status = job.status.clone().unwrap_or_default();
    let written = status != JobStatus::default();
    if let Some(verdict) = lifecycle::manifest(meta, written)
        .or_else(|| lifecycle::malformed(malformed(job, &status)))
        .or_else(|| lifecycle::deleting(meta, evidence, &mut beside.notes))
    {
        return verdict;
    }
    if let Some(complete) = job.met("Complete") {
        let count = status.succeeded.unwrap_or(0);
        return Verdict::new(State::Succeeded, true, "Complete", format!("{count} succeeded"))
            .since(complete.last_transition_time);
    }
    if let Some(failed) = job.met("Failed").or_else(|| job.met("FailureTarget")) {
        let since = failed.last_transition_time;
        if let (Some(since), Some((name, succeeded))) = (since, success(job, evidence))
            && succeeded > since
        {
            let told = format!(
                "{}; CronJob {name} succeeded since, at {succeeded}",
                failed.words()
            );
            return Verdict::healthy("FollowedBySuccess", told);
        }
        if evidence.replaced {
            let told = format!("{}; a later one of the same controller succeeded", failed.words());
            return Verdict::healthy("FollowedBySuccess", told);
        }
        return Verdict::degraded("JobFailed", failed.words()).since(since);
    }
    if let Some(done) = job.met("SuccessCriteriaMet") {
        let since = done.last_transition_time;
        if since.is_some_and(|t| evidence.now.is_within(STEP_SECONDS, t)) {
            return Verdict::new(State::Progressing, true, "Finishing", "done, its pods are ending")
                .since(since);
        }
        beside
            .warnings
            .push("it is done, and its last pods do not end".into());
        return Verdict::new(State::Succeeded, true, "Finishing", "done").since(since);
    }
    let spec = job.spec.clone().unwrap_or_default();
    if spec.suspend == Some(true) {
        return Verdict::new(State::Suspended, true, "Suspended", "suspended")
            .since(job.met("Suspended").and_then(|c| c.last_transition_time));
    }
    if spec.parallelism == Some(0) {
        return Verdict::new(State::Suspended, true, "Suspended", "held: its parallelism is 0");
    }
    let Some(started) = status.start_time else {
        // The controller writes it at first sight.
        return unseen(job, evidence);
    };
    if !status.failed_indexes.is_empty() {
        let told = indexes_failed(&status.failed_indexes);
        if spec.success_policy.is_none() {
            return Verdict::degraded("IndexesFailed", format!("{told}: {}", told_of(job, &status)))
                .since(meta.last_status_write());
        }
        beside.warnings.push(told);
    }
    running(job, &status, started, evidence, beside)
}

/// When the CronJob that this is a run of last succeeded, and its name.
fn success<'a>(job: &Job, evidence: &Evidence<'a>) -> Option<(&'a str, Time)> {
    let meta = job.meta();
    let known = evidence.companions?;
    match job.cron_job() {
        Some(uid) => known.success(&meta.namespace, |cron| cron.uid == uid),
        // As tools name what they start: the CronJob's name comes first.
        None if job.is_started_by_hand() => known.success(&meta.namespace, |cron| {
            let rest = meta.name.strip_prefix(cron.name.as_str());
            rest.is_some_and(|rest| rest.starts_with('-'))
        }),
        None => None,
    }
}

fn indexes_failed(indexes: &str) -> String {
    if indexes.contains([',', '-']) {
        format!("indexes {} have failed for good", shorten(indexes))
    } else {
        format!("index {indexes} has failed for good")
    }
}

fn malformed(job: &Job, status: &JobStatus) -> Option<String> {
    let spec = job.spec.clone().unwrap_or_default();
    let wide = |n: Option<i32>| n.map(i64::from);
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    lifecycle::negative(&[
        ("spec.parallelism", wide(spec.parallelism)),
        ("spec.completions", wide(spec.completions)),
        ("status.active", wide(status.active)),
        ("status.ready", wide(status.ready)),
        ("status.succeeded", wide(status.succeeded)),
        ("status.failed", wide(status.failed)),
    ])
    .or_else(|| lifecycle::more(("ready", count(status.ready)), ("active", count(status.active))))
}

fn unseen(job: &Job, evidence: &Evidence<'_>) -> Verdict {
    let created = job.meta().creation_timestamp;
    let young = created.is_none_or(|t| evidence.now.is_within(lifecycle::OBSERVE_SECONDS + 1, t));
    let manager = job.spec.as_ref().map_or("", |s| s.managed_by.as_str());
    let verdict = match manager {
        _ if young => Verdict::new(
            State::Progressing,
            false,
            "NotObserved",
            "its controller has not seen it yet",
        ),
        "" | JOB_CONTROLLER => Verdict::degraded(
            "ControllerNotObserving",
            "its controller does not act: it was never started",
        ),
        other => Verdict::unknown(
            "ManagedElsewhere",
            format!("{other} manages it and tells nothing of it"),
        ),
    };
    verdict.since(created)
}

/// The value of `managedBy` that is the Job controller's own.
const JOB_CONTROLLER: &str = "kubernetes.io/job-controller";

/// The active pods of a Job that work, though they may not be ready.
#[derive(Default)]
struct AtWork {
    /// How many there are.
    count: i64,
    /// Where all of them are kept from ending: since when, and by what.
    kept: Option<(Time, String)>,
    /// Those of which a part is done.
    partly: Option<String>,
}

impl AtWork {
    fn of(evidence: &Evidence<'_>) -> Self {
        let Some(pods) = &evidence.pods else {
            return Self::default();
        };
        let active = pods.pods.iter().filter(|(pod, _)| pod.is_active());
        let (mut found, mut others) = (Self::default(), 0);
        for (pod, now) in active {
            let Some(ending) = works(pod, *now, pods.around) else {
                others += 1;
                continue;
            };
            found.count += 1;
            match ending.since {
                Some(since) if ending.is_kept => {
                    let earlier = found.kept.as_ref().is_some_and(|(time, _)| *time <= since);
                    if !earlier {
                        found.kept = Some((since, ending.kept()));
                    }
                }
                since => {
                    others += 1;
                    if since.is_some_and(|t| now.age(t) >= STEP_SECONDS) {
                        found.partly = Some(format!(
                            "{} runs on, {} ended with 0",
                            ending.runs(),
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

/// A Job that has begun and is neither done nor given up.
fn running(
    job: &Job,
    status: &JobStatus,
    started: Time,
    evidence: &Evidence<'_>,
    beside: &mut Beside,
) -> Verdict {
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    let (active, failed, succeeded) = (
        count(status.active),
        count(status.failed),
        count(status.succeeded),
    );
    let told = told_of(job, status);
    if let Some(verdict) = overdue(job, started, evidence) {
        return verdict;
    }
    let at_work = AtWork::of(evidence);
    let runs = active > 0 && (at_work.count > 0 || status.ready.is_none_or(|ready| ready > 0));
    let pods = evidence.pods.as_ref();
    if let (true, Some((since, kept))) = (at_work.count >= active, &at_work.kept) {
        if evidence.now.age(*since) >= STEP_SECONDS {
            return Verdict::degraded("KeptFromEnding", kept.clone()).since(Some(*since));
        }
        beside.notes.push(kept.clone());
    }
    // What ran and failed is tried again; what cannot start will not pass by itself.
    let hard = pods.map(super::Pods::hard_causes).unwrap_or_default();
    if hard.iter().any(|c| !has_run(&c.code)) && !runs {
        return Verdict::degraded("PodsNotRunning", told).since(Some(started));
    }
    let often = failed > RETRIES && failed > succeeded;
    let again = !runs && !hard.is_empty();
    if (often || again) && evidence.now.age(started) >= RETRY_SECONDS {
        return Verdict::degraded("KeepsFailing", told).since(Some(started));
    }
    if runs && failed == 0 {
        beside.notes.extend(at_work.partly);
        return Verdict::healthy("Running", told).since(Some(started));
    }
    let moved = job.meta().last_status_write().max(Some(started));
    let moves = |seconds| {
        moved.is_some_and(|t| evidence.now.is_within(seconds, t))
            || pods.and_then(|p| p.newest_is_within(seconds)).unwrap_or(false)
    };
    match () {
        () if runs && moves(STEP_SECONDS + GRACE_SECONDS) => {
            Verdict::new(State::Progressing, true, "Retrying", told)
        }
        () if runs => {
            beside.notes.extend(at_work.partly);
            let pods = if failed == 1 {
                "1 pod"
            } else {
                &format!("{failed} pods")
            };
            beside.warnings.push(format!("{pods} failed before"));
            return Verdict::healthy("Running", told).since(Some(started));
        }
        () if failed > 0 && moves(STEP_SECONDS + GRACE_SECONDS) => {
            Verdict::new(State::Progressing, false, "Retrying", told)
        }
        // No pod at all is only for a moment so.
        () if moves(if active > 0 { STEP_SECONDS } else { GRACE_SECONDS }) => {
            if pods.is_none() {
                beside.notes.push("podsNotSeen".into());
            }
            Verdict::new(State::Progressing, false, "PodsStarting", told)
        }
        () => Verdict::degraded("PodsNotRunning", told),
    }
    .since(moved)
}

/// A Job that should have been ended by its deadline long ago.
fn overdue(job: &Job, started: Time, evidence: &Evidence<'_>) -> Option<Verdict> {
    let seconds = job.spec.as_ref()?.active_deadline_seconds?;
    let deadline = Time::from_seconds(started.seconds.saturating_add(seconds));
    (evidence.now.age(deadline) > lifecycle::OBSERVE_SECONDS).then(|| {
        let told = format!("its controller does not act: its activeDeadlineSeconds were over at {deadline}");
        Verdict::degraded("ControllerNotObserving", told).since(Some(deadline))
    })
}

/// Whether a cause of that code is one of a container that did run.
fn has_run(code: &str) -> bool {
    matches!(
        code,
        "CrashLoop" | "OutOfMemory" | "LivenessProbe" | "StartupProbe" | "PodFailed"
    )
}

/// How far it is.
fn told_of(job: &Job, status: &JobStatus) -> String {
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
