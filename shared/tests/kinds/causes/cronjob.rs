//! Why the runs of a CronJob fail or make no progress.

use super::{HOUR, failed_pod, job, judge, lines};
use crate::DAY;
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::{Item, State};
use sre_testkit::at;
use sre_testkit::object::Pod;

#[test]
fn the_newest_job_explains_its_cron_job() {
    let cron = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"namespace": "shop", "name": "nightly", "uid": "c", "generation": 1, "creationTimestamp": at(-DAY)},
        "spec": {"schedule": "@hourly"},
        "status": {"lastScheduleTime": at(-HOUR)}
    });
    let owner = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c", "controller": true}]);
    let owned = |name: &str, uid: &str, age: i64, message: &str| {
        let mut job = job(name, uid, "BackoffLimitExceeded", message);
        job["metadata"]["ownerReferences"] = owner.clone();
        job["metadata"]["creationTimestamp"] = at(-age).into();
        job
    };
    let objects = vec![
        cron,
        owned("nightly-1", "old", 7200, "an older one"),
        owned("nightly-2", "new", 3600, "the newest"),
        failed_pod("nightly-1", "old", 1),
        failed_pod("nightly-2", "new", 2),
    ];
    assert_eq!(
        lines(&judge(Kind::CronJob, objects)),
        [
            "ContainerFailed 1x container app exited 2",
            "JobBackoffLimit 1x the newest"
        ]
    );
}

/// A Job of the CronJob `nightly` that began so many seconds ago.
fn run(name: &str, begun: i64, status: Value) -> Value {
    let mut status = status;
    status["startTime"] = at(-begun).into();
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": name, "uid": name, "generation": 1, "creationTimestamp": at(-begun),
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c",
                "controller": true}]},
        "spec": {"completions": 1, "parallelism": 1}, "status": status
    })
}

fn failed() -> Value {
    json!({"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
        "message": "tried enough", "lastTransitionTime": at(-100)}]})
}

/// The verdict about that CronJob. Its runs without a condition are under way.
fn nightly(scheduled: i64, succeeded: Option<i64>, runs: &[Value], pods: &[Pod]) -> Item {
    let active = runs.iter().filter(|run| run["status"]["conditions"].is_null());
    let active: Vec<Value> = active
        .map(|run| json!({"kind": "Job", "name": run["metadata"]["name"]}))
        .collect();
    let cron = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"namespace": "shop", "name": "nightly", "uid": "c", "generation": 1, "creationTimestamp": at(-DAY)},
        "spec": {"schedule": "@hourly"},
        "status": {"lastScheduleTime": at(-scheduled), "active": active, "lastSuccessfulTime": succeeded.map(|t| at(-t))}
    });
    let objects = [cron].into_iter().chain(runs.iter().cloned());
    judge(
        Kind::CronJob,
        objects.chain(pods.iter().map(Pod::build)).collect(),
    )
}

fn pod_of(run: &str) -> Pod {
    Pod::new("shop", &format!("{run}-x")).owner("batch/v1", "Job", run, run)
}

#[test]
fn a_run_without_progress_makes_its_cron_job_degraded() {
    let found = |item: &Item| (item.state, item.reason.clone(), item.message.clone(), lines(item));
    let waiting = || json!({"active": 1, "ready": 0});
    let second = |begun, status| [run("nightly-1", 7200, failed()), run("nightly-2", begun, status)];
    let bad = |run: &str| pod_of(run).waiting("ImagePullBackOff", "x: not found");
    let nowhere = "its run nightly-2 gets nowhere: 0 of 1 succeeded, 0 of 1 active ready";
    let pull = vec!["ImagePull 1x container app: x: not found".to_owned()];
    let item = nightly(90, None, &second(90, waiting()), &[bad("nightly-2")]);
    assert_eq!(
        found(&item),
        (
            State::Degraded,
            "PodsNotRunning".into(),
            nowhere.into(),
            pull.clone()
        )
    );
    assert_eq!((item.healthy, item.since), (Some(false), Some(at(-90))));
    // Without its pods, once nothing changed for ten minutes.
    let late = |begun| nightly(begun, None, &second(begun, waiting()), &[]).reason;
    assert_eq!(
        (late(599).as_str(), late(600).as_str()),
        ("Running", "PodsNotRunning")
    );

    // The newest run has not begun; the one before it is older than a minute.
    let runs = [
        second(90, waiting()).as_slice(),
        &[run("nightly-3", 30, waiting())],
    ]
    .concat();
    let item = nightly(30, None, &runs, &[bad("nightly-2"), pod_of("nightly-3")]);
    assert_eq!(
        found(&item),
        (State::Degraded, "PodsNotRunning".into(), nowhere.into(), pull)
    );
}

#[test]
fn an_earlier_run_of_a_cron_job_is_only_a_warning() {
    let found = |item: &Item| {
        (
            item.state,
            item.healthy,
            item.reason.clone(),
            item.warnings.clone(),
        )
    };
    let healthy = |reason: &str, warning: &str| {
        (
            State::Healthy,
            Some(true),
            reason.into(),
            vec![warning.to_owned()],
        )
    };
    // While a run goes on, the failure of the one before is a warning.
    let runs = [
        run("nightly-1", 7200, failed()),
        run("nightly-2", 3000, json!({"active": 1, "ready": 1})),
    ];
    assert_eq!(
        found(&nightly(3000, Some(7300), &runs, &[pod_of("nightly-2")])),
        healthy(
            "Running",
            "its run nightly-1 failed: BackoffLimitExceeded: tried enough"
        )
    );
    // A run from long ago never began, and another one has succeeded since.
    let runs = [run("nightly-1", 7200, json!({"active": 1, "ready": 0}))];
    assert_eq!(
        found(&nightly(300, Some(290), &runs, &[])),
        healthy(
            "Running",
            "its run nightly-1 gets nowhere: 0 of 1 succeeded, 0 of 1 active ready"
        )
    );
}
