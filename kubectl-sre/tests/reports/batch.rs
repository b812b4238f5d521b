//! Jobs, CronJobs, and pods that are meant to end.

use super::judged::verdict;

#[test]
fn a_container_that_did_its_part_is_no_failure() {
    assert_eq!(
        verdict("r18-job-two-containers.json", &[]),
        "exit 0\n\
         Job shop/export healthy Running: 0 of 1 succeeded, 0 of 1 active ready\n  \
         note: container crunch runs on, fetch ended with 0"
    );
    assert_eq!(verdict("r34-pipeline-pod.json", &["po"]), "exit 0");
}

#[test]
fn a_cron_job_says_how_its_runs_go() {
    assert_eq!(
        verdict("r20-cron-replace.json", &[]),
        "exit 0\n\
         CronJob shop/sync healthy Running: 1 run is under way, the last success was at 2026-10-11T12:00:00Z\n  \
         warning: no run has succeeded for 40 days, since 2026-10-11T12:00:00Z; a run that has not ended when the \
         next is due is ended by it (concurrencyPolicy Replace)"
    );
    assert_eq!(
        verdict("r21-cron-flaps.json", &[]),
        "exit 0\n\
         CronJob shop/report healthy Running: 1 run is under way, the last success was at 2026-11-18T12:00:00Z\n  \
         warning: its run report-1 failed: BackoffLimitExceeded: Job has reached the specified backoff limit\n  \
         warning: no run has succeeded for 2 days, since 2026-11-18T12:00:00Z; no run begins while one is under way \
         (concurrencyPolicy Forbid)"
    );
    assert_eq!(
        verdict("r22b-cron-timezone.json", &[]),
        "exit 2\n\
         CronJob shop/nightly degraded CannotSchedule: invalid timeZone: \"Europe/Berlim\": unknown time zone \
         Europe/Berlim"
    );
    assert_eq!(
        verdict("r48-cron-v1beta1.json", &[]),
        "exit 3\n\
         CronJob shop/backup unknown SuccessNotTold: this version of the API does not tell whether a run succeeded, \
         and the run's Job is not known"
    );
}

#[test]
fn indexes_that_are_not_tried_again_are_named() {
    assert_eq!(
        verdict("r51-job-failed-indexes.json", &[]),
        "exit 2\n\
         Job shop/shards degraded IndexesFailed: indexes 1,3 have failed for good: 1 of 6 succeeded, 3 of 3 active \
         ready, 4 failed"
    );
}
