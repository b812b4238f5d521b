//! Jobs, CronJobs, and pods that are meant to end.

use super::judge::verdict;

#[test]
fn a_container_that_ended_well_is_no_failure() {
    assert_eq!(
        verdict("r18-job-two-containers.json", &[]),
        "exit 0\n\
         Job shop/export healthy Running: 0 of 1 succeeded, 0 of 1 active ready\n  \
         note: container crunch runs on, fetch ended with 0"
    );
    assert_eq!(verdict("r34-pipeline-pod.json", &["po"]), "exit 0");
}

#[test]
fn a_cron_job_reports_its_runs() {
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
         CronJob shop/backup unknown SuccessNotTold: this version of the API does not say whether a run succeeded, \
         and the run's Job is not known"
    );
}

#[test]
fn failed_indexes_that_are_not_retried_are_named() {
    assert_eq!(
        verdict("r51-job-failed-indexes.json", &[]),
        "exit 2\n\
         Job shop/shards degraded IndexesFailed: indexes 1,3 have failed for good: 1 of 6 succeeded, 3 of 3 active \
         ready, 4 failed"
    );
}

#[test]
fn the_container_that_keeps_a_pod_running_is_named() {
    assert_eq!(
        verdict("batch-proxy.json", &["--kinds", "jobs,pods"]),
        "exit 2\n\
         Job ops/import degraded KeptFromEnding: container istio-proxy keeps the pod from ending: import ended with 0\n\
         Pod ops/import-x degraded KeptFromEnding: container istio-proxy keeps the pod from ending: import ended with 0\n\
         Pod ops/runner-1 degraded KeptFromEnding: container docker keeps the pod from ending: runner ended with 0"
    );
    // A run begins every two minutes, and the newest is younger than ten minutes.
    assert_eq!(
        verdict("batch-pile.json", &[]),
        "exit 2\n\
         CronJob ops/ship degraded KeptFromEnding: its run ship-4 gets nowhere: container fluent-bit keeps the pod from \
         ending: main ended with 0"
    );
    assert_eq!(
        verdict("batch-pile-unseen.json", &[]),
        "exit 2\n\
         CronJob ops/ship degraded RunsPileUp: 4 runs are under way, and no run has succeeded for 2 days, since \
         2026-11-18T12:00:00Z"
    );
}

#[test]
fn a_job_that_never_ends_does_not_stay_progressing() {
    assert_eq!(
        verdict("batch-on-failure.json", &[]),
        "exit 2\n\
         Job ops/migrate degraded KeepsFailing: 0 of 1 succeeded, 0 of 1 active ready\n  \
         CrashLoop: container migrate exited 2 (61 restarts)"
    );
    assert_eq!(
        verdict("batch-deadline.json", &[]),
        "exit 2\n\
         Job ops/train degraded ControllerNotObserving: its controller does not act: its activeDeadlineSeconds were \
         over at 2026-11-20T04:00:00Z"
    );
    assert_eq!(
        verdict("batch-success-policy.json", &[]),
        "exit 0\n\
         Job ops/leader succeeded Finishing: done\n  \
         warning: it is done, and its last pods do not end"
    );
}

#[test]
fn a_manual_run_counts_and_a_failure_before_a_success_does_not() {
    assert_eq!(verdict("batch-by-hand.json", &[]), "exit 0");
    // The third run was not started by a CronJob.
    let failed = "BackoffLimitExceeded: Job has reached the specified backoff limit";
    assert_eq!(
        verdict("batch-by-hand-long-ago.json", &[]),
        format!(
            "exit 2\n\
             Job ops/reindex degraded JobFailed: {failed}\n  \
             JobBackoffLimit: Job has reached the specified backoff limit"
        )
    );
}

#[test]
fn a_run_that_does_not_begin_is_reported_with_the_reason() {
    assert_eq!(
        verdict("batch-active-is-over.json", &[]),
        "exit 2\n\
         CronJob ops/poll degraded ControllerNotObserving: its controller does not act: its run poll-3 was over by \
         2026-11-19T20:23:00Z and counts as under way"
    );
    assert_eq!(
        verdict("batch-control-plane-zone.json", &[]),
        "exit 2\n\
         CronJob ops/lazy degraded RunsMissed: no run began since the one of 2026-11-06T20:00:00Z, and one was due by \
         2026-11-13T21:00:00Z"
    );
    let long = "end-of-month-billing-report-of-every-region-and-tenant-x";
    let sentence =
        format!("\"{long}-29393640\" is invalid: metadata.labels: must be no more than 63 characters");
    assert_eq!(
        verdict("batch-long-name.json", &[])
            .lines()
            .take(2)
            .collect::<Vec<_>>(),
        [
            "exit 2".to_owned(),
            format!(
                "CronJob ops/{long} degraded RunsMissed: no run ever began, and one was due by 2026-11-20T09:05:00Z: \
                 Error creating job: Job.batch {sentence}"
            )
        ]
    );
    assert_eq!(
        verdict("batch-resumed.json", &[]),
        "exit 2\n\
         CronJob ops/mailer degraded RunsMissed: no run began since the one of 2026-10-30T12:00:00Z, and one was due by \
         2026-10-30T12:05:00Z: Cannot determine if job needs to be started: too many missed start time (> 100). Set or \
         decrease .spec.startingDeadlineSeconds or check clock skew"
    );
    assert_eq!(
        verdict("batch-secret-key.json", &[]),
        "exit 2\n\
         CronJob ops/report degraded PodsNotRunning: its run report-7 gets nowhere: 0 of 1 succeeded, 0 of 1 active \
         ready\n  \
         ContainerConfig: container report: couldn't find key token in Secret ops/report"
    );
}

#[test]
fn a_run_that_takes_long_is_held_or_was_never_due_is_healthy() {
    assert_eq!(verdict("batch-fine.json", &[]), "exit 0");
}
