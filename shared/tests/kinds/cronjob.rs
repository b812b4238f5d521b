//! Whether the newest run of a CronJob succeeded.

use super::workload::{DEGRADED, HEALTHY, Object, SUSPENDED, TERMINATING, UNKNOWN, hold};
use serde_json::{Value, json};
use sre_shared::resource::CronJob;
use sre_testkit::at;

fn c(status: Value) -> Object {
    Object::new(json!({"schedule": "*/5 * * * *", "suspend": false}), status)
}

/// The newest run was scheduled so many seconds ago, and the newest success was so many ago.
fn ran(scheduled: i64, succeeded: Option<i64>) -> Object {
    let mut status = json!({"lastScheduleTime": at(-scheduled)});
    if let Some(succeeded) = succeeded {
        status["lastSuccessfulTime"] = at(-succeeded).into();
    }
    c(status)
}

fn active(object: Object, runs: usize) -> Object {
    let runs: Vec<Value> = (0..runs)
        .map(|n| json!({"kind": "Job", "namespace": "shop", "name": format!("search-{n}"), "apiVersion": "batch/v1"}))
        .collect();
    object.set("/status/active", runs)
}

fn suspended(object: Object) -> Object {
    object.set("/spec/suspend", true)
}

#[test]
fn every_cronjob_gets_its_state_reason_message_and_notes() {
    hold::<CronJob>([
        (
            "the newest run succeeded",
            ran(300, Some(290)),
            HEALTHY,
            "LastRunSucceeded",
            "the last success was at 2026-03-02T11:55:10Z",
            &[][..],
        ),
        (
            "it succeeded in the second it was due",
            ran(300, Some(300)),
            HEALTHY,
            "LastRunSucceeded",
            "the last success was at 2026-03-02T11:55:00Z",
            &[],
        ),
        (
            "the newest run failed",
            ran(300, Some(590)),
            DEGRADED,
            "LastRunFailed",
            "its last run did not succeed, the last success was at 2026-03-02T11:50:10Z",
            &[],
        ),
        (
            "no run ever succeeded",
            ran(300, None),
            DEGRADED,
            "LastRunFailed",
            "its last run did not succeed, none ever succeeded",
            &[],
        ),
        (
            "a run is under way",
            active(ran(10, Some(290)), 1),
            HEALTHY,
            "Running",
            "1 run is under way, the last success was at 2026-03-02T11:55:10Z",
            &[],
        ),
        (
            "the first run is under way",
            active(ran(10, None), 1),
            HEALTHY,
            "Running",
            "1 run is under way, none ever succeeded",
            &[],
        ),
        (
            "several runs are under way",
            active(ran(10, None), 3),
            HEALTHY,
            "Running",
            "3 runs are under way, none ever succeeded",
            &[],
        ),
        (
            "no run was due yet",
            c(json!({})),
            HEALTHY,
            "NotScheduledYet",
            "no run was due yet",
            &[],
        ),
        (
            "a run by hand succeeded before any was due",
            c(json!({"lastSuccessfulTime": at(-60)})),
            HEALTHY,
            "NotScheduledYet",
            "no run was due yet",
            &[],
        ),
        (
            "status of null",
            c(json!(null)),
            HEALTHY,
            "NotScheduledYet",
            "no run was due yet",
            &[],
        ),
        (
            "active of null",
            ran(300, Some(290)).set("/status/active", json!(null)),
            HEALTHY,
            "LastRunSucceeded",
            "the last success was at 2026-03-02T11:55:10Z",
            &[],
        ),
        (
            "suspended",
            suspended(ran(300, Some(290))),
            SUSPENDED,
            "Suspended",
            "suspended",
            &[],
        ),
        (
            "suspended before its first run",
            suspended(c(json!({}))),
            SUSPENDED,
            "Suspended",
            "suspended",
            &[],
        ),
        (
            "suspended after a run that failed",
            suspended(ran(300, None)),
            SUSPENDED,
            "Suspended",
            "suspended",
            &["its last run did not succeed, none ever succeeded"],
        ),
        (
            "suspended while a run is under way",
            suspended(active(ran(300, None), 1)),
            SUSPENDED,
            "Suspended",
            "suspended",
            &[],
        ),
        (
            "being deleted after a run that failed",
            ran(300, None).deleting(5, &[]),
            TERMINATING,
            "Deleting",
            "being deleted",
            &[],
        ),
        (
            "a manifest",
            c(json!({})).manifest(),
            UNKNOWN,
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
            &[],
        ),
    ]);
}

#[test]
fn a_run_that_failed_is_told_since_it_was_due() {
    assert_eq!(ran(300, None).judge::<CronJob>().since, Some(at(-300)));
}
