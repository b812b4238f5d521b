//! CronJobs, their Jobs and the pods of those.

use super::{causes_of, event, item, lines, other_requests, system_time};
use crate::client::ask;
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_testkit::object::Pod;
use sre_testkit::{ApiServer, Clock, at};

#[tokio::test]
async fn a_cron_job_is_followed_to_the_pods_of_its_newest_job() {
    let cron = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"namespace": "shop", "name": "nightly", "uid": "c", "generation": 1, "creationTimestamp": at(-9000)},
        "spec": {"schedule": "@hourly"}, "status": {"lastScheduleTime": at(-300)}
    });
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": "nightly-2", "uid": "j", "creationTimestamp": at(-300),
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c",
                "controller": true}]},
        "spec": {"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "j"}}},
        "status": {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
            "message": "Job has reached the specified backoff limit"}]}
    });
    let pod = Pod::new("shop", "nightly-2-x")
        .owner("batch/v1", "Job", "nightly-2", "j")
        .label("batch.kubernetes.io/controller-uid", "j")
        .terminated("Error", 12, at(-200))
        .phase("Failed");
    let server = ApiServer::builder()
        .objects([cron, job, pod.build()])
        .start()
        .await;
    let report = ask(&server, &causes_of(Kind::CronJob)).await;
    assert_eq!(
        lines(item(&report, "nightly")),
        [
            "ContainerFailed 1x container app exited 12",
            "JobBackoffLimit 1x Job has reached the specified backoff limit"
        ]
    );
    assert_eq!(
        other_requests(&server),
        [
            "/api/v1/namespaces/shop/pods?labelSelector=batch.kubernetes.io/controller-uid=j&resourceVersion=0",
            "/apis/batch/v1/cronjobs?limit=500",
            "/apis/batch/v1/namespaces/shop/jobs?resourceVersion=0",
        ]
    );
}

#[tokio::test]
async fn the_pods_of_a_run_are_searched_once_it_takes_longer_than_a_minute() {
    let clock = Clock::standing_at(&system_time());
    for (scheduled, reason, requests) in [(30, "Running", 1), (90, "PodsNotRunning", 3)] {
        let cron = json!({
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": {"namespace": "shop", "name": "nightly", "uid": "c", "creationTimestamp": clock.at(-9000)},
            "spec": {"schedule": "@hourly"},
            "status": {"lastScheduleTime": clock.at(-scheduled), "active": [{"kind": "Job", "name": "nightly-2"}]}
        });
        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"namespace": "shop", "name": "nightly-2", "uid": "j", "creationTimestamp": clock.at(-scheduled),
                "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c",
                    "controller": true}]},
            "spec": {"completions": 1, "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "j"}}},
            "status": {"active": 1, "ready": 0, "startTime": clock.at(-scheduled)}
        });
        let pod = Pod::new("shop", "nightly-2-x")
            .owner("batch/v1", "Job", "nightly-2", "j")
            .label("batch.kubernetes.io/controller-uid", "j")
            .created(clock.at(-scheduled))
            .waiting("ImagePullBackOff", "x: not found");
        let server = ApiServer::builder()
            .objects([cron, job, pod.build()])
            .start()
            .await;
        let report = ask(&server, &causes_of(Kind::CronJob)).await;
        assert_eq!(item(&report, "nightly").reason, reason);
        assert_eq!(other_requests(&server).len(), requests, "{scheduled}");
    }
}

#[tokio::test]
async fn the_events_of_a_cron_job_are_listed_if_no_run_begins() {
    let clock = Clock::standing_at(&system_time());
    let cron = |name: &str, spec: Value, scheduled: i64| {
        json!({
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": {"namespace": "shop", "name": name, "uid": name, "generation": 1,
                "creationTimestamp": clock.at(-9 * 86_400)},
            "spec": spec,
            "status": {"lastScheduleTime": clock.at(-scheduled), "lastSuccessfulTime": clock.at(10 - scheduled)}
        })
    };
    let well = cron("well", json!({"schedule": "@every 1h"}), 3600);
    let late = cron("late", json!({"schedule": "@every 1h"}), 5400);
    let mut zone = cron(
        "zone",
        json!({"schedule": "0 3 * * *", "timeZone": "Europe/Berlim"}),
        0,
    );
    zone["status"] = json!({});
    zone["metadata"]["creationTimestamp"] = clock.at(-20).into();
    let about = |cron: &Value, reason: &str, message: &str| {
        let mut event = event(cron, "Warning", reason, message);
        event["lastTimestamp"] = clock.at(-5).into();
        event
    };
    let quota = r#"Error creating job: jobs.batch "late-1" is forbidden: exceeded quota: jobs, requested: 1"#;
    let unknown = r#"invalid timeZone: "Europe/Berlim": unknown time zone Europe/Berlim"#;
    let objects = [
        about(&late, "FailedCreate", quota),
        about(&zone, "UnknownTimeZone", unknown),
        well.clone(),
    ];
    let server = ApiServer::builder()
        .objects(objects)
        .objects([late, zone])
        .start()
        .await;
    let report = ask(&server, &causes_of(Kind::CronJob)).await;
    let told = |name| (item(&report, name).reason.as_str(), lines(item(&report, name)));
    assert_eq!(told("well"), ("LastRunSucceeded", vec![]));
    assert_eq!(told("zone"), ("CannotSchedule", vec![]));
    assert_eq!(item(&report, "zone").message, unknown);
    let refused = "Quota 1x exceeded quota: jobs, requested: 1";
    assert_eq!(told("late"), ("RunsMissed", vec![refused.to_owned()]));
    assert_eq!(
        other_requests(&server),
        [
            "/api/v1/namespaces/shop/events?fieldSelector=involvedObject.uid=late&limit=500",
            "/api/v1/namespaces/shop/events?fieldSelector=involvedObject.uid=zone&limit=500",
            "/api/v1/namespaces/shop/resourcequotas?resourceVersion=0",
            "/apis/batch/v1/cronjobs?limit=500",
            "/apis/batch/v1/namespaces/shop/jobs?resourceVersion=0",
        ]
    );

    let server = ApiServer::builder().objects([well]).start().await;
    ask(&server, &causes_of(Kind::CronJob)).await;
    assert_eq!(other_requests(&server), ["/apis/batch/v1/cronjobs?limit=500"]);
}
