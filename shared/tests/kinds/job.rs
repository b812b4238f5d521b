//! Whether a Job is done, makes progress, or has given up.

use super::workload::{
    DEGRADED, HEALTHY, Object, PROGRESSING, Row, SETTLING, SUCCEEDED, SUSPENDED, TERMINATING, UNKNOWN,
    assert_verdicts, starting, state,
};
use super::{Evidence, RelatedKind, RelatedObjects, add_related, now};
use serde_json::{Value, json};
use sre_shared::check::{self, Check as _, EventsAndNodes, Pods};
use sre_shared::resource::{Job, Node, Pod as PodView, from_value};
use sre_testkit::at;
use sre_testkit::object::Pod;

/// A Job that asks for three successes. It was started an hour ago and has not changed since.
fn j(status: Value) -> Object {
    let object = Object::new(
        json!({"parallelism": 1, "completions": 3, "backoffLimit": 6}),
        status,
    );
    object.created(3600).set("/status/startTime", at(-3600))
}

fn condition(kind: &str, reason: &str, message: &str) -> Value {
    json!([{"type": kind, "status": "True", "lastProbeTime": at(-50), "lastTransitionTime": at(-50),
            "reason": reason, "message": message}])
}

fn ended(kind: &str, reason: &str, message: &str) -> Object {
    j(json!({"succeeded": 1, "failed": 2, "ready": 0}))
        .set("/status/conditions", condition(kind, reason, message))
}

#[test]
fn every_job_gets_its_state_reason_message_and_notes() {
    let rows: Vec<Row> = vec![
        (
            "complete",
            j(json!({"succeeded": 3, "ready": 0})).set("/status/conditions", condition("Complete", "", "")),
            SUCCEEDED,
            "Complete",
            "3 succeeded",
            &[],
        ),
        (
            "complete after failures",
            j(json!({"succeeded": 3, "failed": 4})).set("/status/conditions", condition("Complete", "", "")),
            SUCCEEDED,
            "Complete",
            "3 succeeded",
            &[],
        ),
        (
            "failed at its backoff limit",
            ended(
                "Failed",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            ),
            DEGRADED,
            "JobFailed",
            "BackoffLimitExceeded: Job has reached the specified backoff limit",
            &[],
        ),
        (
            "failed at its deadline",
            ended(
                "Failed",
                "DeadlineExceeded",
                "Job was active longer than specified deadline",
            ),
            DEGRADED,
            "JobFailed",
            "DeadlineExceeded: Job was active longer than specified deadline",
            &[],
        ),
        (
            "failed by its policy",
            ended(
                "Failed",
                "PodFailurePolicy",
                "Container app for pod shop/search-x failed with exit code 42",
            ),
            DEGRADED,
            "JobFailed",
            "PodFailurePolicy: Container app for pod shop/search-x failed with exit code 42",
            &[],
        ),
        (
            "failed by its indexes",
            ended("Failed", "FailedIndexes", "Job has failed indexes"),
            DEGRADED,
            "JobFailed",
            "FailedIndexes: Job has failed indexes",
            &[],
        ),
        (
            "given up, its pods are still ending",
            ended(
                "FailureTarget",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            )
            .set("/status/active", 1),
            DEGRADED,
            "JobFailed",
            "BackoffLimitExceeded: Job has reached the specified backoff limit",
            &[],
        ),
        (
            "done, its pods are still ending",
            ended(
                "SuccessCriteriaMet",
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            ),
            SETTLING,
            "Finishing",
            "done, its pods are ending",
            &[],
        ),
        (
            "a condition that is not so",
            j(json!({"active": 1, "ready": 1, "conditions": [{"type": "Failed", "status": "False"}]})),
            HEALTHY,
            "Running",
            "0 of 3 succeeded, 1 of 1 active ready",
            &[],
        ),
        (
            "running",
            j(json!({"active": 1, "ready": 1, "succeeded": 1})),
            HEALTHY,
            "Running",
            "1 of 3 succeeded, 1 of 1 active ready",
            &[],
        ),
        (
            "running without a number to reach",
            j(json!({"active": 2, "ready": 2})).without("/spec", "completions"),
            HEALTHY,
            "Running",
            "0 succeeded, 2 of 2 active ready",
            &[],
        ),
        (
            "a retry that lasts is a run",
            j(json!({"active": 1, "ready": 1, "failed": 2})).moved(660),
            HEALTHY,
            "Running",
            "0 of 3 succeeded, 1 of 1 active ready, 2 failed",
            &[],
        ),
        (
            "failing for an hour, with a backoff limit that is far away",
            j(json!({"active": 1, "ready": 1, "failed": 7, "succeeded": 2})).moved(5),
            DEGRADED,
            "KeepsFailing",
            "2 of 3 succeeded, 1 of 1 active ready, 7 failed",
            &[],
        ),
        (
            "many failures among more that succeeded",
            j(json!({"active": 1, "ready": 1, "failed": 7, "succeeded": 20})).moved(5),
            SETTLING,
            "Retrying",
            "20 of 3 succeeded, 1 of 1 active ready, 7 failed",
            &[],
        ),
        (
            "indexes that are not tried again",
            j(json!({"active": 3, "ready": 3, "failed": 4, "failedIndexes": "1,3"})),
            DEGRADED,
            "IndexesFailed",
            "indexes 1,3 have failed for good: 0 of 3 succeeded, 3 of 3 active ready, 4 failed",
            &[],
        ),
        (
            "one index that is not tried again",
            j(json!({"active": 1, "ready": 1, "failed": 1, "failedIndexes": "0"})),
            DEGRADED,
            "IndexesFailed",
            "index 0 has failed for good: 0 of 3 succeeded, 1 of 1 active ready, 1 failed",
            &[],
        ),
        (
            "not ended at its deadline",
            j(json!({"active": 1, "ready": 1})).set("/spec/activeDeadlineSeconds", 600),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: its activeDeadlineSeconds were over at 2026-03-02T11:10:00Z",
            &[],
        ),
        (
            "runs within its deadline",
            j(json!({"active": 1, "ready": 1})).set("/spec/activeDeadlineSeconds", 3600),
            HEALTHY,
            "Running",
            "0 of 3 succeeded, 1 of 1 active ready",
            &[],
        ),
        (
            "somebody else's, who tells nothing",
            Object::new(
                json!({"completions": 1, "managedBy": "kueue.x-k8s.io/multikueue"}),
                json!({}),
            ),
            UNKNOWN,
            "ManagedElsewhere",
            "kueue.x-k8s.io/multikueue manages it and reports nothing about it",
            &[],
        ),
        (
            "done long ago, and its pods do not end",
            ended("SuccessCriteriaMet", "SuccessPolicy", "Matched rules at index 0")
                .set("/status/conditions/0/lastTransitionTime", at(-600)),
            SUCCEEDED,
            "Finishing",
            "done",
            &[],
        ),
        (
            "a retry runs",
            j(json!({"active": 1, "ready": 1, "failed": 2})).moved(659),
            SETTLING,
            "Retrying",
            "0 of 3 succeeded, 1 of 1 active ready, 2 failed",
            &[],
        ),
        (
            "waiting for the next retry",
            j(json!({"ready": 0, "failed": 5})).moved(640),
            PROGRESSING,
            "Retrying",
            "0 of 3 succeeded, none active, 5 failed",
            &[],
        ),
        (
            "a retry that never came",
            j(json!({"ready": 0, "failed": 5})).moved(660),
            DEGRADED,
            "PodsNotRunning",
            "0 of 3 succeeded, none active, 5 failed",
            &[],
        ),
        (
            "its pod is starting",
            j(json!({"active": 1, "ready": 0})).moved(599),
            PROGRESSING,
            "PodsStarting",
            "0 of 3 succeeded, 0 of 1 active ready",
            &["podsNotSeen"],
        ),
        (
            "its pod never runs",
            j(json!({"active": 1, "ready": 0})).moved(600),
            DEGRADED,
            "PodsNotRunning",
            "0 of 3 succeeded, 0 of 1 active ready",
            &[],
        ),
        (
            "between two pods",
            j(json!({"succeeded": 2, "ready": 0})).moved(3),
            PROGRESSING,
            "PodsStarting",
            "2 of 3 succeeded, none active",
            &["podsNotSeen"],
        ),
        (
            "no pod is made",
            j(json!({"ready": 0})).moved(60),
            DEGRADED,
            "PodsNotRunning",
            "0 of 3 succeeded, none active",
            &[],
        ),
        (
            "suspended",
            Object::new(json!({"suspend": true, "completions": 3}), json!({})).set(
                "/status/conditions",
                condition("Suspended", "JobSuspended", "Job suspended"),
            ),
            SUSPENDED,
            "Suspended",
            "suspended",
            &[],
        ),
        (
            "suspended before it was ever seen",
            Object::new(json!({"suspend": true}), json!({})),
            SUSPENDED,
            "Suspended",
            "suspended",
            &[],
        ),
        (
            "held by its parallelism",
            j(json!({"ready": 0})).set("/spec/parallelism", 0),
            SUSPENDED,
            "Suspended",
            "held: its parallelism is 0",
            &[],
        ),
        (
            "suspended after it had failed",
            ended(
                "Failed",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            )
            .set("/spec/suspend", true),
            DEGRADED,
            "JobFailed",
            "BackoffLimitExceeded: Job has reached the specified backoff limit",
            &[],
        ),
        (
            "created a moment ago",
            Object::new(json!({"completions": 1}), json!({})).created(3),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen it yet",
            &[],
        ),
        (
            "never seen by its controller",
            Object::new(json!({"completions": 1}), json!({})),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: it was never started",
            &[],
        ),
        (
            "being deleted",
            j(json!({"active": 1, "ready": 1})).deleting(5, &["foregroundDeletion"]),
            TERMINATING,
            "Deleting",
            "being deleted",
            &[],
        ),
        (
            "a negative count",
            j(json!({"active": -1})),
            UNKNOWN,
            "Malformed",
            "malformed: status.active is -1",
            &[],
        ),
        (
            "more ready than active",
            j(json!({"active": 1, "ready": 2})),
            UNKNOWN,
            "Malformed",
            "malformed: ready 2 is more than active 1",
            &[],
        ),
        (
            "a manifest",
            Object::new(json!({"completions": 1}), json!({})).manifest(),
            UNKNOWN,
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
            &[],
        ),
    ];
    assert_verdicts::<Job>(rows);
}

#[test]
fn a_job_with_a_controller_is_judged_by_itself_only_if_it_is_named() {
    let owned = |controller: bool| -> Job {
        let owner = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "1",
                            "controller": controller}]);
        j(json!({"ready": 0}))
            .set("/metadata/ownerReferences", owner)
            .view()
    };
    assert!(!owned(true).is_judged_by_default());
    assert!(owned(false).is_judged_by_default());
}

#[test]
fn pods_that_cannot_start_end_the_wait_and_pods_that_fail_are_tried_again() {
    let waiting = j(json!({"active": 1, "ready": 0}))
        .moved(5)
        .set("/status/startTime", at(-3599));
    let of = |pod| {
        let item = waiting.judge_with::<Job>([pod]);
        (state(&item), item.reason.to_string())
    };
    let pod = || starting("search-x", 5);
    assert_eq!(of(pod()), (PROGRESSING, "PodsStarting".to_owned()));
    assert_eq!(
        of(pod().waiting("ImagePullBackOff", "no such image")),
        (DEGRADED, "PodsNotRunning".to_owned())
    );
    let crashed = pod()
        .last_terminated("Error", 1, at(-3))
        .waiting("CrashLoopBackOff", "back-off 20s");
    assert_eq!(of(crashed.clone()).0, PROGRESSING);
    let hour = j(json!({"active": 1, "ready": 0}))
        .moved(5)
        .judge_with::<Job>([crashed]);
    assert_eq!((state(&hour), hour.reason.as_str()), (DEGRADED, "KeepsFailing"));
    // Others of its pods run, so it makes progress.
    let running = j(json!({"active": 2, "ready": 1})).moved(5);
    let stuck = pod().waiting("ImagePullBackOff", "no such image");
    assert_eq!(state(&running.judge_with::<Job>([stuck])), HEALTHY);
}

/// A pod that is meant to end. Each container has its name, its exit code or `None` while it runs, and the seconds
/// since then.
fn steps(containers: &[(&str, Option<i64>, i64)]) -> Pod {
    let statuses: Vec<Value> = containers
        .iter()
        .map(|(name, code, ago)| {
            let state = match code {
                Some(code) => json!({"terminated": {"exitCode": code, "finishedAt": at(-ago)}}),
                None => json!({"running": {"startedAt": at(-ago)}}),
            };
            json!({"name": name, "ready": code.is_none(), "restartCount": 0, "image": "registry.example/x:1",
                   "state": state})
        })
        .collect();
    starting("search-x", 3600)
        .phase("Running")
        .set("/spec/restartPolicy", "Never")
        .set("/status/containerStatuses", json!(statuses))
}

#[test]
fn a_container_that_did_its_part_is_not_a_failure() {
    let job = j(json!({"active": 1, "ready": 0}));
    let of = |containers| {
        let item = job.judge_with::<Job>([steps(containers)]);
        (
            state(&item),
            item.reason.to_string(),
            item.notes.texts().join(" | "),
        )
    };
    let runs = |notes: &str| (HEALTHY, "Running".to_owned(), notes.to_owned());
    assert_eq!(
        of(&[("fetch", Some(0), 3000), ("crunch", None, 3500)]),
        runs("container crunch runs on, fetch ended with 0")
    );
    assert_eq!(of(&[("fetch", Some(0), 300), ("crunch", None, 3500)]), runs(""));
    // It is not ready and works: readiness is of no use to a Job.
    assert_eq!(of(&[("crunch", None, 3500)]), runs(""));
    let fails = (DEGRADED, "PodsNotRunning".to_owned(), String::new());
    assert_eq!(of(&[("fetch", Some(1), 3000), ("crunch", None, 3500)]), fails);
    let always =
        steps(&[("fetch", Some(0), 3000), ("crunch", None, 3500)]).set("/spec/restartPolicy", "Always");
    assert_eq!(state(&job.judge_with::<Job>([always])), DEGRADED);
}

#[test]
fn a_pod_on_a_lost_node_does_not_work() {
    let job = j(json!({"active": 1, "ready": 0}));
    let pod = steps(&[("fetch", Some(0), 3000), ("crunch", None, 3500)]).set("/spec/nodeName", "n7");
    let pod: PodView = from_value(&pod.build()).expect("a pod");
    let of = |status: &str| {
        let node = json!({"metadata": {"name": "n7"}, "status": {"conditions": [{"type": "Ready", "status": status}]}});
        let node: Node = from_value(&node).expect("a node");
        let known = EventsAndNodes::new([], [&node]);
        let item = check::judge(
            &job.view::<Job>(),
            &Evidence {
                pods: Some(Pods {
                    pods: vec![(&pod, now())],
                    events_and_nodes: Some(&known),
                    ..Pods::default()
                }),
                ..Evidence::new(now())
            },
        );
        (
            state(&item),
            item.causes.iter().map(|c| c.code.clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(of("True"), (HEALTHY, vec![]));
    assert_eq!(of("Unknown"), (DEGRADED, vec!["NodeNotReady".into()]));
    // The node is asked for, since the pod does not show whether it is lost.
    assert_eq!(check::EvidenceNeeds::from_pod(&pod, now()).node, Some("n7"));
}

#[test]
fn a_proxy_that_keeps_a_job_from_ending_is_named() {
    let job = j(json!({"active": 1, "ready": 0}));
    let of = |containers| job.judge_with::<Job>([steps(containers)]);
    let kept = "container istio-proxy keeps the pod from ending: import ended with 0";
    let item = of(&[("import", Some(0), 600), ("istio-proxy", None, 3500)]);
    assert_eq!(
        (
            state(&item),
            item.reason.as_str(),
            item.message.as_str(),
            item.since
        ),
        (DEGRADED, "KeptFromEnding", kept, Some(at(-600)))
    );
    let item = of(&[("import", Some(0), 599), ("istio-proxy", None, 3500)]);
    assert_eq!((state(&item), item.notes.texts()), (HEALTHY, vec![kept]));
    // Another of its pods still works, or another container.
    let two = j(json!({"active": 2, "ready": 0}));
    let pods = [
        steps(&[("import", Some(0), 3000), ("istio-proxy", None, 3500)]),
        steps(&[("import", None, 3000), ("istio-proxy", None, 3500)]),
    ];
    assert_eq!(state(&two.judge_with::<Job>(pods)), HEALTHY);
    let item = of(&[
        ("import", Some(0), 3000),
        ("export", None, 9),
        ("istio-proxy", None, 3500),
    ]);
    assert_eq!(state(&item), HEALTHY);
}

#[test]
fn earlier_failures_of_a_running_job_are_a_warning() {
    let warnings = |object: Object| object.judge::<Job>().warnings;
    assert_eq!(
        warnings(j(json!({"active": 1, "ready": 1, "failed": 2}))),
        ["2 pods failed before"]
    );
    let enough = j(json!({"active": 1, "ready": 1, "failedIndexes": "2-4"}))
        .set("/spec/successPolicy", json!({"rules": []}));
    assert_eq!(warnings(enough), ["indexes 2-4 have failed for good"]);
    let done = ended("SuccessCriteriaMet", "SuccessPolicy", "")
        .set("/status/conditions/0/lastTransitionTime", at(-600));
    assert_eq!(warnings(done), ["it is done, and its last pods do not end"]);
}

#[test]
fn a_failed_run_before_a_success_of_its_cron_job_is_not_a_failure_any_more() {
    let failed = ended("Failed", "BackoffLimitExceeded", "it gave up");
    let cron = |name: &str, uid: &str, ago: Option<i64>| {
        json!({"metadata": {"name": name, "namespace": "shop", "uid": uid},
               "status": {"lastSuccessfulTime": ago.map(|ago| at(-ago))}})
    };
    let owner = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c"}]);
    let owned = failed.clone().set("/metadata/ownerReferences", owner);
    let by_hand = failed.clone().set(
        "/metadata/annotations",
        json!({"cronjob.kubernetes.io/instantiate": "manual"}),
    );
    let of = |object: &Object, crons: &[Value]| {
        let mut known = RelatedObjects::default();
        add_related(&mut known, RelatedKind::CronJobs, crons);
        object.view::<Job>().judge(&Evidence {
            related: Some(&known),
            ..Evidence::new(now())
        })
    };
    let item = of(&owned, &[cron("nightly", "c", Some(10))]);
    assert_eq!(
        (state(&item), item.reason.as_str(), item.message.as_str()),
        (
            HEALTHY,
            "FollowedBySuccess",
            "BackoffLimitExceeded: it gave up; CronJob nightly succeeded since, at 2026-03-02T11:59:50Z"
        )
    );
    for crons in [
        vec![cron("nightly", "c", Some(60))],
        vec![cron("nightly", "c", None)],
        vec![cron("nightly", "another", Some(10))],
        vec![],
    ] {
        assert_eq!(state(&of(&owned, &crons)), DEGRADED, "{crons:?}");
    }
    // Without an owner only the name of a Job that was started by hand shows its CronJob. This Job is called `search`.
    let of_name = |name: &str| {
        state(&of(
            &by_hand.clone().set("/metadata/name", name),
            &[cron("search", "c", Some(10)), cron("search-all", "d", None)],
        ))
    };
    assert_eq!(of_name("search-manual-7x"), HEALTHY);
    assert_eq!(of_name("search-all-7x"), DEGRADED);
    assert_eq!(of_name("searching-7x"), DEGRADED);
    assert_eq!(state(&of(&failed, &[cron("sear", "c", Some(10))])), DEGRADED);
    let wants = |object: &Object| object.view::<Job>().related_needs(&RelatedObjects::default());
    assert_eq!(wants(&owned), [(RelatedKind::CronJobs, "shop".to_owned())]);
    assert_eq!(wants(&by_hand), [(RelatedKind::CronJobs, "shop".to_owned())]);
    assert_eq!(wants(&failed), []);
    assert_eq!(wants(&j(json!({"active": 1}))), []);
}

#[test]
fn a_verdict_that_time_or_pods_can_change_is_not_settled() {
    let settled = |object: Object| {
        let job = object.view::<Job>();
        job.is_settled(&object.judge::<Job>(), now())
    };
    assert!(settled(j(json!({"active": 1, "ready": 1}))));
    assert!(settled(
        j(json!({"succeeded": 3})).set("/status/conditions", condition("Complete", "", ""))
    ));
    assert!(!settled(
        j(json!({"active": 1, "ready": 1})).set("/spec/activeDeadlineSeconds", 9999)
    ));
    assert!(!settled(j(json!({"active": 1, "ready": 1, "failed": 2}))));
    // Only its pods show that it works.
    let works = j(json!({"active": 1, "ready": 0}));
    let item = works.judge_with::<Job>([steps(&[("crunch", None, 3500)])]);
    assert_eq!(state(&item), HEALTHY);
    assert!(!works.view::<Job>().is_settled(&item, now()));
}
