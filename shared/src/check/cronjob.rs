//! Whether the runs of a CronJob begin when they are due, and whether the newest succeeded.
//!
//! `status.lastSuccessfulTime` is when the newest successful run completed, `lastScheduleTime` is the due time of the
//! newest run (`pkg/controller/cronjob/cronjob_controllerv2.go` in kubernetes/kubernetes). A run that was due after the
//! last success, and is not under way any more, did not succeed. The controller removes a run from `status.active` and
//! notes its success in one write (`syncCronJob`). A run whose Job was deleted before it ended counts as not
//! successful, unless a known Job has succeeded since: the controller does not always note a Job that a person started.
//!
//! The controller begins a due run at once, and the newest missed run as soon as it can. With `startingDeadlineSeconds`
//! it waits for the next one if the deadline has passed. So a run that has not begun five minutes after it was due
//! shows that the controller does not work for this CronJob. With a deadline one run may be missed, which is a warning.
//! [`super::schedule`] says when runs are due. With `Forbid` a run that is under way keeps others from beginning, as
//! the spec asks. Only the CronJob's events say why a run does not begin: an unknown time zone, a schedule, a quota.
//!
//! A run that is under way may make no progress for ever, and nobody else judges its Job. If the Jobs are known, the newest
//! one older than a minute is judged like any Job. If it is older than the last success, it is only a warning. Jobs are
//! searched for once a run takes longer than a minute, or several are under way. Runs that are always under way and
//! never succeed (with `Replace` each ends the one before) are a warning too.

use super::cause;
use super::lifecycle::Preliminaries;
use super::schedule::Schedule;
use super::text::one_line;
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS, Now, is_open, job};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Cause, Code, Item, Notes, RolloutProgress, State};
use crate::resource::{Condition as _, CronJob, CronJobStatus, Event, Job, Resource as _, Time};
use crate::span::span;

/// The controller begins a run within seconds. With thousands of runs at midnight it takes longer.
const LATE_SECONDS: i64 = 300;
/// The limit if the time is the newest in a dump. Writing a large dump takes many minutes, and the CronJob may be at
/// its beginning.
const LATE_IN_DUMP_SECONDS: i64 = 3600;
/// If this many runs are under way and none has ended for this many seconds, they pile up.
const PILE: (usize, i64) = (3, 86_400);
/// This many runs in a row without a success, over this many seconds, are a warning while one is under way.
const WITHOUT_SUCCESS: (usize, i64) = (3, 3600);

impl JudgedKind for CronJob {
    const INFO: KindInfo = KindInfo {
        short_names: &["cj"],
        by_default: true,
        pods: PodNames::HashAndSuffix,
        ends: true,
        ..KindInfo::new("cronjob", "CronJobs")
    };
}

impl Check for CronJob {
    fn needs_evidence(&self, item: &Item, now: Now) -> bool {
        let scheduled = self.status.as_ref().and_then(|s| s.last_schedule_time);
        let several = self.status.as_ref().is_some_and(|s| s.active.len() > 1);
        let long = several || scheduled.is_some_and(|t| !now.is_within(GRACE_SECONDS, t));
        is_open(item) || self.needs_events(item) || (item.reason == Code::Running && long)
    }

    /// The events say why a run does not begin, and whether one ever will.
    fn needs_events(&self, item: &Item) -> bool {
        let unclear = || {
            let schedule = schedule(self);
            !self.text().is_empty() && schedule.is_none_or(|s| !s.knows_its_zone())
        };
        match item.reason {
            Code::RunsMissed | Code::CannotSchedule | Code::ScheduleNotUnderstood => true,
            Code::NotScheduledYet => unclear(),
            _ => false,
        }
    }

    /// A run becomes overdue as time passes.
    fn is_settled(&self, item: &Item, _now: Now) -> bool {
        item.state == State::Suspended
    }

    /// Why its newest Job gave up.
    fn own_causes(&self, evidence: &Evidence<'_>) -> Vec<Cause> {
        let newest = evidence.pods.as_ref().and_then(|pods| pods.jobs.first());
        newest
            .and_then(|job| cause::job_failure(job))
            .into_iter()
            .collect()
    }

    fn rollout_progress(&self) -> Option<RolloutProgress> {
        let active = self.status.as_ref().map_or(0, |s| s.active.len());
        Some(RolloutProgress {
            active_runs: i64::try_from(active).ok().filter(|runs| *runs > 0),
            ..RolloutProgress::default()
        })
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let (mut notes, mut warnings) = (Notes::default(), Vec::new());
        let verdict = verdict(self, evidence, &mut notes, &mut warnings);
        Item {
            notes,
            warnings,
            ..verdict.item(self)
        }
    }
}

fn schedule(cron: &CronJob) -> Option<Schedule> {
    let spec = cron.spec.as_ref()?;
    Schedule::parse(&spec.schedule, spec.time_zone.as_deref())
}

fn verdict(
    cron: &CronJob,
    evidence: &Evidence<'_>,
    notes: &mut Notes,
    warnings: &mut Vec<String>,
) -> Verdict {
    let meta = cron.meta();
    let status = cron.status.clone().unwrap_or_default();
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: status != CronJobStatus::default(),
        has_generation: true,
        malformed: None,
    };
    if let Some(verdict) = preliminaries.verdict(notes) {
        return verdict;
    }
    let (scheduled, succeeded) = (status.last_schedule_time, status.last_successful_time);
    let failed = scheduled.is_some() && scheduled > succeeded && status.active.is_empty();
    let last = match succeeded {
        Some(time) => format!("the last success was at {time}"),
        None => "none ever succeeded".to_owned(),
    };
    if cron.spec.as_ref().is_some_and(|s| s.suspend == Some(true)) {
        if failed && !(cron.before_v1 && succeeded.is_none()) {
            notes.push(format!("its last run did not succeed, {last}"));
        }
        return Verdict::new(State::Suspended, true, Code::Suspended, "suspended");
    }
    if let Some(event) = refusal_event(cron, evidence) {
        return Verdict::degraded(Code::CannotSchedule, one_line(&event.message))
            .since(scheduled.or(meta.creation_timestamp));
    }
    let schedule = schedule(cron);
    if schedule.is_none() && !cron.text().is_empty() {
        let message = format!("its schedule is not understood: {}", one_line(cron.text()));
        if scheduled.is_none() {
            return Verdict::unknown(Code::ScheduleNotUnderstood, message);
        }
        notes.push(message);
    }
    let jobs = evidence.pods.as_ref().map_or(&[][..], |pods| &pods.jobs);
    let without_success = schedule
        .as_ref()
        .filter(|_| !status.active.is_empty())
        .and_then(|schedule| without_success(cron, schedule, evidence));
    if !status.active.is_empty() {
        if let Some(verdict) = uncounted_end(&status, jobs, evidence.now) {
            return verdict;
        }
        let run = jobs.first().filter(|job| !job.is_over());
        let stuck = run.and_then(|job| {
            let kept = || {
                without_success
                    .as_ref()
                    .and_then(|_| job::kept_verdict(job, evidence))
            };
            Some((job, job::stuck_verdict(job, evidence).or_else(kept)?))
        });
        if let Some((job, why)) = stuck {
            let message = format!("its run {} gets nowhere: {}", job.meta().name, why.message.text);
            if job.meta().creation_timestamp > succeeded {
                return Verdict {
                    message: message.into(),
                    ..why
                };
            }
            warnings.push(message);
        }
        let over = newest_ended(jobs).filter(|job| job.meta().creation_timestamp > succeeded);
        if let Some((job, failed)) = over.and_then(|job| Some((job, job.met("Failed")?))) {
            warnings.push(format!("its run {} failed: {}", job.meta().name, failed.words()));
        }
    }
    let missed = schedule.as_ref().and_then(|s| find_missed_run(cron, s, evidence));
    let missed = missed.map(|missed| (missed.hard, missed.text(cron, evidence), missed.due));
    if let (Some((true, message, due)), false) = (&missed, failed) {
        return Verdict::degraded(Code::RunsMissed, message.clone()).since(Some(*due));
    }
    warnings.extend(missed.map(|(_, message, _)| message));
    let running = status.active.len();
    if let Some((age, message)) = without_success {
        if running >= PILE.0 && age >= PILE.1 {
            return Verdict::degraded(
                Code::RunsPileUp,
                format!("{running} runs are under way, and {message}"),
            )
            .since(succeeded.or(meta.creation_timestamp));
        }
        warnings.push(message);
    }
    match running {
        0 if failed => last_run_verdict(cron, jobs, &last),
        0 if scheduled.is_none() => {
            if let Some(zone) = cron.spec.as_ref().and_then(|s| s.time_zone.as_deref())
                && schedule.is_some_and(|s| !s.knows_its_zone())
            {
                warnings.push(format!("time zone {zone:?} is in no time zone database"));
            }
            Verdict::healthy(Code::NotScheduledYet, "no run was due yet")
        }
        0 => Verdict::healthy(Code::LastRunSucceeded, last),
        1 => Verdict::healthy(Code::Running, format!("1 run is under way, {last}")).since(scheduled),
        n => Verdict::healthy(Code::Running, format!("{n} runs are under way, {last}")).since(scheduled),
    }
}

/// The verdict if the status counts runs as under way though all of them ended long ago: the controller has not seen it.
fn uncounted_end(status: &CronJobStatus, jobs: &[&Job], now: Now) -> Option<Verdict> {
    let late = late_seconds(now);
    let over = |name: &str| {
        let job = jobs.iter().find(|job| job.meta().name == name)?;
        let over = job.met("Complete").or_else(|| job.met("Failed"))?;
        over.last_transition_time.filter(|time| now.age(*time) > late)
    };
    let mut over_all = status.active.iter().map(|run| over(&run.name));
    let first = over_all.next()??;
    let last = over_all.try_fold(first, |last, time| Some(last.max(time?)))?;
    let name = &status.active.first()?.name;
    let message =
        format!("its controller does not act: its run {name} was over by {last} and counts as under way");
    Some(Verdict::degraded(Code::ControllerNotObserving, message).since(Some(last)))
}

/// After how many seconds a due run is missed.
fn late_seconds(now: Now) -> i64 {
    if now.is_known() {
        LATE_SECONDS
    } else {
        LATE_IN_DUMP_SECONDS
    }
}

/// The newest Job that has ended.
fn newest_ended<'a>(jobs: &[&'a Job]) -> Option<&'a Job> {
    let over = jobs.iter().copied().filter(|job| job.is_over());
    over.max_by_key(|job| job.meta().creation_timestamp)
}

/// The verdict if the newest run has ended and the status reports no success since.
fn last_run_verdict(cron: &CronJob, jobs: &[&Job], last: &str) -> Verdict {
    let status = cron.status.clone().unwrap_or_default();
    let scheduled = status.last_schedule_time;
    let complete = |job: &&&Job| job.met("Complete").and_then(|c| c.last_transition_time) >= scheduled;
    let done = jobs
        .iter()
        .filter(|job| job.met("Complete").is_some())
        .find(complete);
    if let Some(job) = done {
        return Verdict::healthy(
            Code::LastRunSucceeded,
            format!("its run {} succeeded", job.meta().name),
        );
    }
    let is_known_by_job = newest_ended(jobs).is_some_and(|job| job.meta().creation_timestamp >= scheduled);
    if cron.before_v1 && status.last_successful_time.is_none() && !is_known_by_job {
        let message =
            "this version of the API does not say whether a run succeeded, and the run's Job is not known";
        return Verdict::unknown(Code::SuccessNotTold, message).since(scheduled);
    }
    Verdict::degraded(
        Code::LastRunFailed,
        format!("its last run did not succeed, {last}"),
    )
    .since(scheduled)
}

/// The controller's event that it can begin no run, if the object is still as the event says.
fn refusal_event<'a>(cron: &CronJob, evidence: &Evidence<'a>) -> Option<&'a Event> {
    let spec = cron.spec.as_ref()?;
    let zone = spec.time_zone.as_deref().unwrap_or_default();
    let event =
        evidence
            .events_and_nodes()?
            .newest(&cron.meta().uid, |event| match event.reason.as_str() {
                "UnknownTimeZone" => !zone.is_empty() && event.message.contains(zone),
                // Kubernetes 1.20 to 1.24 write the second one.
                "UnparseableSchedule" | "UnParseableCronJobSchedule" | "InvalidSchedule" => {
                    !spec.schedule.is_empty() && event.message.contains(&spec.schedule)
                }
                _ => false,
            })?;
    let ran = cron.status.as_ref().and_then(|s| s.last_schedule_time);
    (event.time() > ran).then_some(event)
}

/// A run that was due and has not begun.
struct MissedRun {
    due: Time,
    /// Whether the controller begins no runs any more.
    hard: bool,
}

fn find_missed_run(cron: &CronJob, schedule: &Schedule, evidence: &Evidence<'_>) -> Option<MissedRun> {
    let (spec, meta) = (cron.spec.as_ref()?, cron.meta());
    let status = cron.status.as_ref();
    let ran = status.and_then(|s| s.last_schedule_time);
    let changed = meta.last_spec_write();
    // The schedule is new, or the CronJob was suspended: a missed run begins within this time.
    let late = late_seconds(evidence.now);
    if changed.is_some_and(|t| evidence.now.age(t) <= late) {
        return None;
    }
    let is_late = |due: &Time| evidence.now.age(*due) > late;
    let known = ran.max(meta.creation_timestamp)?;
    let from = match spec.starting_deadline_seconds {
        // Runs that were due before are missed for good.
        Some(_) => known.max(changed.unwrap_or(known)),
        None => known,
    };
    let due = schedule.due_after(from, ran).filter(is_late)?;
    let waits = status.is_some_and(|s| !s.active.is_empty()) && spec.concurrency_policy == "Forbid";
    if waits {
        return None;
    }
    let hard = match spec.starting_deadline_seconds {
        Some(_) => schedule.due_after(due, ran).is_some_and(|next| is_late(&next)),
        None => true,
    };
    Some(MissedRun { due, hard })
}

impl MissedRun {
    fn text(&self, cron: &CronJob, evidence: &Evidence<'_>) -> String {
        let ran = cron.status.as_ref().and_then(|s| s.last_schedule_time);
        let began = ran.map_or_else(
            || "no run ever began".to_owned(),
            |ran| format!("no run began since the one of {ran}"),
        );
        let mut message = format!("{began}, and one was due by {}", self.due);
        let reasons = [
            "MissSchedule",
            "TooManyMissedTimes",
            "FailedNeedsStart",
            "FailedCreate",
            "FailedGet",
            "FailedDelete",
        ];
        let event = evidence.events_and_nodes().and_then(|known| {
            known.newest(&cron.meta().uid, |event| {
                reasons.contains(&event.reason.as_str()) && event.time() >= Some(self.due)
            })
        });
        let zone = cron.spec.as_ref().and_then(|s| s.time_zone.as_deref());
        let unknown = zone.filter(|_| schedule(cron).is_some_and(|s| !s.knows_its_zone()));
        if let Some(event) = event {
            message = format!("{message}: {}", one_line(&event.message));
        } else if let Some(zone) = unknown {
            message = format!("{message}: time zone {zone:?} is in no time zone database");
        }
        message
    }
}

/// For how many seconds no run has succeeded while one is always under way, and the sentence about it.
fn without_success(cron: &CronJob, schedule: &Schedule, evidence: &Evidence<'_>) -> Option<(i64, String)> {
    let (times, seconds) = WITHOUT_SUCCESS;
    let status = cron.status.as_ref()?;
    // Before 1.21 nothing reports a success.
    let from = match status.last_successful_time {
        None if cron.before_v1 => return None,
        None => cron.meta().creation_timestamp?,
        Some(time) => time,
    };
    let now = evidence.now;
    let age = now.age(from);
    let until = Time::from_seconds(now.time().seconds.saturating_sub(late_seconds(now)));
    if age < seconds || !schedule.was_due(times, from, until, status.last_schedule_time) {
        return None;
    }
    let policy = cron.spec.as_ref().map_or("", |s| s.concurrency_policy.as_str());
    let why = match policy {
        "Replace" => {
            "; a run that has not ended when the next is due is ended by it (concurrencyPolicy Replace)"
        }
        "Forbid" => "; no run begins while one is under way (concurrencyPolicy Forbid)",
        _ => "",
    };
    let what = match status.last_successful_time {
        Some(time) => format!("no run has succeeded for {}, since {time}", span(age)),
        None => format!("no run has ever succeeded, in {}", span(age)),
    };
    Some((age, format!("{what}{why}")))
}
