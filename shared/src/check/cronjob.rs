//! Whether the newest run of a CronJob succeeded.
//!
//! `status.lastSuccessfulTime` is when the newest successful run was completed, `lastScheduleTime` for when the newest
//! run was scheduled (`pkg/controller/cronjob/cronjob_controllerv2.go` in kubernetes/kubernetes): a run that was
//! scheduled later than the last success, and is not under way any more, did not succeed. The controller takes a run
//! out of `status.active` and notes its success in one write (`syncCronJob`). A run whose Job was deleted before it was
//! over counts as one that did not succeed. Whether runs are missed altogether cannot be told from the object: that
//! would take reading the schedule as the controller does.

use super::common::{self, Finding};
use super::{Evidence, Judged};
use crate::report::{Item, State};
use crate::resource::{CronJob, CronJobStatus, Resource as _};

impl Judged for CronJob {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let mut notes = Vec::new();
        let finding = finding(self, evidence, &mut notes);
        Item {
            notes,
            ..finding.item(self)
        }
    }
}

fn finding(cron: &CronJob, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Finding {
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
    match status.active.len() {
        0 if failed => Finding::degraded("LastRunFailed", format!("its last run did not succeed, {last}"))
            .since(scheduled),
        0 if scheduled.is_none() => Finding::healthy("NotScheduledYet", "no run was due yet"),
        0 => Finding::healthy("LastRunSucceeded", last),
        1 => Finding::healthy("Running", format!("1 run is under way, {last}")).since(scheduled),
        n => Finding::healthy("Running", format!("{n} runs are under way, {last}")).since(scheduled),
    }
}
