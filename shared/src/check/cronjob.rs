//! Whether the newest run of a CronJob succeeded.
//!
//! `status.lastSuccessfulTime` is when the newest successful run was completed, `lastScheduleTime` for when the newest
//! run was scheduled (`pkg/controller/cronjob/cronjob_controllerv2.go` in kubernetes/kubernetes): a run that was
//! scheduled later than the last success, and is not under way any more, did not succeed. The controller takes a run
//! out of `status.active` and notes its success in one write (`syncCronJob`). A run whose Job was deleted before it was
//! over counts as one that did not succeed. Whether runs are missed altogether cannot be told from the object: that
//! would take reading the schedule as the controller does.
//!
//! A run that is under way may get nowhere for ever, as its Job is judged by nobody else. Where the Jobs are known, the
//! newest that has had a minute is judged as any Job is; older than the last success it is only a warning. They are looked
//! for once a run takes longer than a minute, or several are under way.

use super::common::{self, Finding};
use super::{Evidence, GRACE_SECONDS, Judged, Now, is_open, job};
use crate::report::{Item, State};
use crate::resource::{CronJob, CronJobStatus, Resource as _};

impl Judged for CronJob {
    fn is_worth_a_look(&self, item: &Item, now: Now) -> bool {
        let scheduled = self.status.as_ref().and_then(|s| s.last_schedule_time);
        let several = self.status.as_ref().is_some_and(|s| s.active.len() > 1);
        let long = several || scheduled.is_some_and(|t| !now.is_within(GRACE_SECONDS, t));
        is_open(item) || (item.reason == "Running" && long)
    }

    fn is_settled(&self, item: &Item, _now: Now) -> bool {
        item.state.is_fine() && item.healthy == Some(true) && item.reason != "Running"
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        let finding = finding(self, evidence, &mut notes, &mut warnings);
        Item {
            notes,
            warnings,
            ..finding.item(self)
        }
    }
}

fn finding(
    cron: &CronJob,
    evidence: &Evidence<'_>,
    notes: &mut Vec<String>,
    warnings: &mut Vec<String>,
) -> Finding {
    let meta = cron.meta();
    let status = cron.status.clone().unwrap_or_default();
    let written = status != CronJobStatus::default();
    if let Some(finding) = common::manifest(meta, written).or_else(|| common::deleting(meta, evidence, notes))
    {
        return finding;
    }
    let (scheduled, succeeded) = (status.last_schedule_time, status.last_successful_time);
    let failed = scheduled.is_some() && scheduled > succeeded && status.active.is_empty();
    let last = match succeeded {
        Some(time) => format!("the last success was at {time}"),
        None => "none ever succeeded".to_owned(),
    };
    if cron.spec.as_ref().is_some_and(|s| s.suspend == Some(true)) {
        if failed {
            notes.push(format!("its last run did not succeed, {last}"));
        }
        return Finding::new(State::Suspended, true, "Suspended", "suspended");
    }
    if let (false, Some(pods)) = (status.active.is_empty(), &evidence.pods) {
        let stuck = pods.jobs.first().filter(|job| !job.is_over());
        let stuck = stuck.and_then(|job| Some((job, job::gets_nowhere(job, evidence)?)));
        if let Some((job, why)) = stuck {
            let message = format!("its run {} gets nowhere: {}", job.meta().name, why.message);
            if job.meta().creation_timestamp > succeeded {
                return Finding { message, ..why };
            }
            warnings.push(message);
        }
        let over = pods.jobs.iter().find(|job| job.is_over());
        if let Some((job, failed)) = over.and_then(|job| Some((job, job.met("Failed")?))) {
            warnings.push(format!("its run {} failed: {}", job.meta().name, failed.words()));
        }
    }
    match status.active.len() {
        0 if failed => Finding::degraded("LastRunFailed", format!("its last run did not succeed, {last}"))
            .since(scheduled),
        0 if scheduled.is_none() => Finding::healthy("NotScheduledYet", "no run was due yet"),
        0 => Finding::healthy("LastRunSucceeded", last),
        1 => Finding::healthy("Running", format!("1 run is under way, {last}")).since(scheduled),
        n => Finding::healthy("Running", format!("{n} runs are under way, {last}")).since(scheduled),
    }
}
