//! Whether the newest run of a CronJob succeeded.

use super::workload::{
    DAY, DEGRADED, HEALTHY, Object, SUSPENDED, TERMINATING, UNKNOWN, assert_verdicts, now, state,
};
use serde_json::{Value, json};
use sre_shared::check::{Check as _, EventsAndNodes, Evidence, Now, Pods};
use sre_shared::report::Item;
use sre_shared::resource::{CronJob, Event, Job, Time, from_value};
use sre_testkit::at;

fn c(status: Value) -> Object {
    Object::new(json!({"schedule": "*/5 * * * *", "suspend": false}), status)
}

/// A CronJob whose newest run was scheduled, and whose newest success was, this many seconds ago.
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
    assert_verdicts::<CronJob>([
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
            active(ran(10, Some(290)), 3),
            HEALTHY,
            "Running",
            "3 runs are under way, the last success was at 2026-03-02T11:55:10Z",
            &[],
        ),
        (
            "no run was due yet",
            c(json!({})).created(120),
            HEALTHY,
            "NotScheduledYet",
            "no run was due yet",
            &[],
        ),
        (
            "a run by hand succeeded before any was due",
            c(json!({"lastSuccessfulTime": at(-60)})).created(120),
            HEALTHY,
            "NotScheduledYet",
            "no run was due yet",
            &[],
        ),
        (
            "status of null",
            c(json!(null)).created(120),
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
            "five minutes late",
            ran(600, Some(590)),
            HEALTHY,
            "LastRunSucceeded",
            "the last success was at 2026-03-02T11:50:10Z",
            &[],
        ),
        (
            "no run begins any more",
            ran(660, Some(590)),
            DEGRADED,
            "RunsMissed",
            "no run began since the one of 2026-03-02T11:49:00Z, and one was due by 2026-03-02T11:50:00Z",
            &[],
        ),
        (
            "no run begins any more, and one is under way",
            active(ran(660, Some(590)), 1),
            DEGRADED,
            "RunsMissed",
            "no run began since the one of 2026-03-02T11:49:00Z, and one was due by 2026-03-02T11:50:00Z",
            &[],
        ),
        (
            "no run begins while one is under way, as asked",
            active(ran(660, Some(590)), 1).set("/spec/concurrencyPolicy", "Forbid"),
            HEALTHY,
            "Running",
            "1 run is under way, the last success was at 2026-03-02T11:50:10Z",
            &[],
        ),
        (
            "no run ever began",
            c(json!({})),
            DEGRADED,
            "RunsMissed",
            "no run ever began, and one was due by 2026-03-01T12:05:00Z",
            &[],
        ),
        (
            "another schedule since a moment",
            ran(7200, Some(7100)).changed(200),
            HEALTHY,
            "LastRunSucceeded",
            "the last success was at 2026-03-02T10:01:40Z",
            &[],
        ),
        (
            "daily, in a zone that nobody names",
            c(json!({"lastScheduleTime": at(-DAY), "lastSuccessfulTime": at(-DAY + 60)}))
                .set("/spec/schedule", "0 14 * * *"),
            HEALTHY,
            "LastRunSucceeded",
            "the last success was at 2026-03-01T12:01:00Z",
            &[],
        ),
        (
            "daily, an hour and five minutes late in such a zone",
            c(json!({"lastScheduleTime": at(-DAY - 3900), "lastSuccessfulTime": at(-DAY)}))
                .set("/spec/schedule", "55 12 * * *")
                .set("/metadata/creationTimestamp", at(-9 * DAY)),
            HEALTHY,
            "LastRunSucceeded",
            "the last success was at 2026-03-01T12:00:00Z",
            &[],
        ),
        (
            "daily, in a zone that is named",
            c(json!({"lastScheduleTime": at(-DAY - 600), "lastSuccessfulTime": at(-DAY)}))
                .set("/spec/schedule", "50 12 * * *")
                .set("/spec/timeZone", "Europe/Berlin")
                .set("/metadata/creationTimestamp", at(-9 * DAY)),
            DEGRADED,
            "RunsMissed",
            "no run began since the one of 2026-03-01T11:50:00Z, and one was due by 2026-03-02T11:50:00Z",
            &[],
        ),
        (
            "a time zone that does not exist",
            c(json!({})).set("/spec/timeZone", "Europe/Berlim"),
            DEGRADED,
            "RunsMissed",
            "no run ever began, and one was due by 2026-03-01T12:05:00Z: time zone \"Europe/Berlim\" is in no time zone database",
            &[],
        ),
        (
            "a schedule that is not understood, and no run",
            c(json!({})).set("/spec/schedule", "every day"),
            UNKNOWN,
            "ScheduleNotUnderstood",
            "its schedule is not understood: every day",
            &[],
        ),
        (
            "a schedule that is not understood, and runs",
            ran(300, Some(290)).set("/spec/schedule", "0 0 L * *"),
            HEALTHY,
            "LastRunSucceeded",
            "the last success was at 2026-03-02T11:55:10Z",
            &["its schedule is not understood: 0 0 L * *"],
        ),
        (
            "a schedule that never comes",
            c(json!({})).set("/spec/schedule", "0 0 30 2 *"),
            HEALTHY,
            "NotScheduledYet",
            "no run was due yet",
            &[],
        ),
        (
            "a version that knows no last success",
            ran(300, None).set("/apiVersion", "batch/v1beta1"),
            UNKNOWN,
            "SuccessNotTold",
            "this version of the API does not say whether a run succeeded, and the run's Job is not known",
            &[],
        ),
        (
            "the same version of a server that knows one",
            ran(300, Some(590)).set("/apiVersion", "batch/v1beta1"),
            DEGRADED,
            "LastRunFailed",
            "its last run did not succeed, the last success was at 2026-03-02T11:50:10Z",
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
fn a_failed_run_counts_since_it_was_due() {
    assert_eq!(ran(300, None).judge::<CronJob>().since, Some(at(-300)));
}

/// The verdict with these Jobs and events known.
fn judge_with_jobs(cron: &Object, now: Now, jobs: &[Value], events: &[Value]) -> Item {
    let jobs: Vec<Job> = jobs.iter().map(|job| from_value(job).expect("a Job")).collect();
    let events: Vec<Event> = events.iter().map(|e| from_value(e).expect("an event")).collect();
    let known = EventsAndNodes::new(&events, []);
    cron.view::<CronJob>().judge(&Evidence {
        pods: Some(Pods {
            jobs: jobs.iter().collect(),
            ..Pods::default()
        }),
        events_and_nodes: Some(&known),
        ..Evidence::new(now)
    })
}

fn event(reason: &str, message: &str, ago: i64) -> Value {
    json!({"reason": reason, "message": message, "lastTimestamp": at(-ago), "involvedObject": {"uid": "0a1b"}})
}

fn told(item: &Item) -> (&str, &str) {
    (item.reason.as_str(), &item.message)
}

#[test]
fn an_event_of_the_controller_says_that_no_run_can_begin() {
    let of = |cron: &Object, events: &[Value]| judge_with_jobs(cron, now(), &[], events);
    let young = c(json!({})).created(120).set("/spec/timeZone", "Europe/Berlim");
    let said = r#"invalid timeZone: "Europe/Berlim": unknown time zone Europe/Berlim"#;
    let unknown = event("UnknownTimeZone", said, 30);
    let item = of(&young, &[unknown.clone()]);
    assert_eq!((state(&item), told(&item)), (DEGRADED, ("CannotSchedule", said)));
    // Without the event it is only a warning, until a run is late in every zone.
    let item = of(&young, &[]);
    assert_eq!((state(&item), item.reason.as_str()), (HEALTHY, "NotScheduledYet"));
    assert_eq!(
        item.warnings,
        [r#"time zone "Europe/Berlim" is in no time zone database"#]
    );
    // The schedule was corrected since, or a run began since.
    let corrected = c(json!({})).created(120).set("/spec/timeZone", "Europe/Berlin");
    assert_eq!(of(&corrected, &[unknown.clone()]).reason, "NotScheduledYet");
    let runs = ran(20, Some(10)).set("/spec/timeZone", "Europe/Berlim");
    assert_eq!(of(&runs, &[unknown]).reason, "LastRunSucceeded");

    let broken = c(json!({})).set("/spec/schedule", "0 0 * * 7");
    let said = r#"unparseable schedule: "0 0 * * 7" : end of range (7) above maximum (6): 7"#;
    for reason in ["UnparseableSchedule", "UnParseableCronJobSchedule"] {
        let item = of(&broken, &[event(reason, said, 300)]);
        assert_eq!((state(&item), told(&item)), (DEGRADED, ("CannotSchedule", said)));
    }
}

#[test]
fn an_event_since_a_run_was_due_says_why_it_did_not_begin() {
    let late = ran(660, Some(590));
    let said = r#"Error creating job: jobs.batch "search-1" is forbidden: exceeded quota: jobs, requested: count/jobs.batch=1"#;
    let message = |events: &[Value]| judge_with_jobs(&late, now(), &[], events).message;
    let began = "no run began since the one of 2026-03-02T11:49:00Z, and one was due by 2026-03-02T11:50:00Z";
    assert_eq!(
        message(&[event("FailedCreate", said, 100)]),
        format!("{began}: {said}")
    );
    assert_eq!(message(&[event("FailedCreate", said, 700)]), began);
    assert_eq!(message(&[event("JobAlreadyActive", "x", 100)]), began);
}

#[test]
fn with_a_starting_deadline_one_missed_run_is_a_warning() {
    let hourly = |ago: i64| {
        c(json!({"lastScheduleTime": at(-ago), "lastSuccessfulTime": at(-ago + 20)}))
            .set("/spec/schedule", "0 * * * *")
            .set("/spec/startingDeadlineSeconds", 60)
            .set("/metadata/creationTimestamp", at(-9 * DAY))
            .changed(9 * DAY)
    };
    let at_half_past = Now::known(Time::parse("2026-03-02T12:30:00Z").expect("a time"));
    let of = |ago| judge_with_jobs(&hourly(ago), at_half_past, &[], &[]);
    assert_eq!((state(&of(0)), of(0).warnings), (HEALTHY, Vec::<String>::new()));
    let one = of(3600);
    assert_eq!((state(&one), one.reason.as_str()), (HEALTHY, "LastRunSucceeded"));
    assert_eq!(
        one.warnings,
        ["no run began since the one of 2026-03-02T11:00:00Z, and one was due by 2026-03-02T12:00:00Z"]
    );
    assert_eq!(
        (state(&of(7200)), of(7200).reason.as_str()),
        (DEGRADED, "RunsMissed")
    );
}

#[test]
fn at_the_newest_time_of_a_dump_a_run_is_missed_only_after_an_hour() {
    let newest = |time: &str| Now::inferred(Time::parse(time).expect("a time"), None);
    let of = |time| judge_with_jobs(&ran(300, Some(290)), newest(time), &[], &[]).reason;
    assert_eq!(of("2026-03-02T13:00:00Z"), "LastRunSucceeded");
    assert_eq!(of("2026-03-02T13:00:01Z"), "RunsMissed");
}

#[test]
fn it_is_a_warning_if_a_run_is_always_under_way_and_none_succeeds() {
    let hourly = |succeeded: Option<i64>, policy: &str| {
        active(ran(1200, succeeded), 1)
            .set("/spec/schedule", "40 * * * *")
            .set("/spec/concurrencyPolicy", policy)
            .set("/metadata/creationTimestamp", at(-40 * DAY))
    };
    let warnings = |cron: Object| {
        let item = cron.judge::<CronJob>();
        assert_eq!((state(&item), item.reason.as_str()), (HEALTHY, "Running"));
        item.warnings
    };
    assert_eq!(
        warnings(hourly(Some(30 * DAY), "Replace")),
        [
            "no run has succeeded for 30 days, since 2026-01-31T12:00:00Z; a run that has not ended when the next is due is \
          ended by it (concurrencyPolicy Replace)"
        ]
    );
    assert_eq!(
        warnings(hourly(None, "Forbid")),
        [
            "no run has ever succeeded, in 40 days; no run begins while one is under way (concurrencyPolicy Forbid)"
        ]
    );
    assert_eq!(
        warnings(hourly(Some(12_000), "Allow")),
        ["no run has succeeded for 3 h, since 2026-03-02T08:40:00Z"]
    );
    assert_eq!(warnings(hourly(Some(8_000), "Allow")), Vec::<String>::new());
    let often = hourly(Some(3500), "Forbid").set("/spec/schedule", "*/5 * * * *");
    assert_eq!(warnings(often), Vec::<String>::new());
    let silent = hourly(None, "Forbid").set("/apiVersion", "batch/v1beta1");
    assert_eq!(warnings(silent), Vec::<String>::new());
}

fn run_of(name: &str, ago: i64, kind: &str, over: i64) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": at(-ago)},
           "status": {"startTime": at(-ago), "conditions": [{"type": kind, "status": "True",
                      "lastTransitionTime": at(-over)}]}})
}

#[test]
fn known_jobs_say_more_than_the_status() {
    let of = |cron: &Object, jobs: &[Value]| {
        let item = judge_with_jobs(cron, now(), jobs, &[]);
        (item.state, item.healthy, item.reason.to_string(), item.message)
    };
    let told = |(state, healthy), reason: &str, message: &str| {
        (state, healthy, reason.to_owned(), message.to_owned())
    };
    // A Job that was started by hand after the failed run.
    let failed = ran(300, Some(590));
    let by_hand = run_of("again", 200, "Complete", 100);
    let bad = run_of("search-1", 300, "Failed", 250);
    assert_eq!(
        of(&failed, &[by_hand.clone(), bad.clone()]),
        told(HEALTHY, "LastRunSucceeded", "its run again succeeded")
    );
    let before = run_of("before", 700, "Complete", 600);
    let last = "its last run did not succeed, the last success was at 2026-03-02T11:50:10Z";
    assert_eq!(
        of(&failed, &[bad.clone(), before]),
        told(DEGRADED, "LastRunFailed", last)
    );
    // A version whose status has no last success.
    let old = ran(300, None).set("/apiVersion", "batch/v1beta1");
    assert_eq!(
        of(&old, &[run_of("search-1", 299, "Complete", 250)]),
        told(HEALTHY, "LastRunSucceeded", "its run search-1 succeeded")
    );
    assert_eq!(
        of(&old, &[bad.clone()]),
        told(
            DEGRADED,
            "LastRunFailed",
            "its last run did not succeed, none ever succeeded"
        )
    );
    assert_eq!(
        of(&old, &[run_of("search-0", 700, "Failed", 650)]).2,
        "SuccessNotTold"
    );
    // A failure before the last success is over.
    let runs = active(ran(30, Some(200)), 1);
    let item = judge_with_jobs(&runs, now(), &[bad.clone()], &[]);
    assert_eq!((item.reason.as_str(), item.warnings.len()), ("Running", 0));
    let runs = active(ran(30, Some(590)), 1);
    assert_eq!(
        judge_with_jobs(&runs, now(), &[bad], &[]).warnings,
        ["its run search-1 failed: "]
    );
}

#[test]
fn a_controller_does_not_act_if_ended_runs_count_as_under_way() {
    let runs = active(ran(7200, Some(7300)), 2).set("/spec/concurrencyPolicy", "Forbid");
    let of = |jobs: &[Value]| {
        let item = judge_with_jobs(&runs, now(), jobs, &[]);
        (state(&item), item.reason.to_string())
    };
    let over = |name: &str, over| run_of(name, 7200, "Complete", over);
    let silent = (DEGRADED, "ControllerNotObserving".to_owned());
    assert_eq!(of(&[over("search-0", 400), over("search-1", 301)]), silent);
    for jobs in [
        vec![over("search-0", 400), over("search-1", 300)],
        vec![over("search-0", 400)],
        vec![over("search-0", 400), over("another", 400)],
    ] {
        assert_eq!(of(&jobs), (HEALTHY, "Running".to_owned()), "{jobs:?}");
    }
}

#[test]
fn runs_that_pile_up_are_not_long_runs() {
    let of = |runs, succeeded| {
        let cron = active(ran(100, Some(succeeded)), runs).set("/metadata/creationTimestamp", at(-9 * DAY));
        let item = cron.judge::<CronJob>();
        (state(&item), item.reason.to_string())
    };
    assert_eq!(of(3, DAY), (DEGRADED, "RunsPileUp".to_owned()));
    assert_eq!(of(3, DAY - 1), (HEALTHY, "Running".to_owned()));
    assert_eq!(of(2, DAY), (HEALTHY, "Running".to_owned()));
}
