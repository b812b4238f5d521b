//! Objects that have a controller: which of them are read, and under whose name they are reported.

use super::client::ask;
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::{NotSeen, Report, Status};
use sre_shared::run::{Causes, KindTarget, Request};
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{Access, ApiServer, ApiServerBuilder, at};

fn request_for(kinds: &[Kind]) -> Request {
    Request {
        api_server: false,
        kinds: kinds.iter().copied().map(KindTarget::all).collect(),
        by_default: false,
        causes: Causes::WithoutLogs,
        ..Request::everything()
    }
}

fn all() -> Request {
    request_for(Kind::ALL)
}

fn every(kind: Kind) -> Request {
    Request {
        every_object: true,
        ..request_for(&[kind])
    }
}

/// Every judged object, one a line.
fn object_lines(report: &Report) -> Vec<String> {
    let items = report
        .kinds()
        .flat_map(|kind| kind.items.iter().map(move |i| (kind, i)));
    let line = items.map(|(kind, i)| {
        let state = i.state.as_str();
        let (check, reason, message) = (&kind.check, &i.reason, &i.message);
        format!(
            "{check}: {} {}/{} {state} {reason}: {message}",
            i.kind, i.namespace, i.name
        )
    });
    line.collect()
}

fn lists(server: &ApiServer) -> Vec<String> {
    let requests = server.requests();
    let lists = requests
        .iter()
        .map(|r| r.path.split('?').next().unwrap_or_default().to_owned());
    let mut lists: Vec<String> = lists.collect();
    lists.sort();
    lists
}

fn job(name: &str, owner: Option<(&str, &str, &str)>, status: &Value) -> Value {
    let owner = owner.map(|(version, kind, name)| {
        json!([{"apiVersion": version, "kind": kind, "name": name, "uid": name, "controller": true}])
    });
    json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": name, "uid": name, "creationTimestamp": at(-7200),
                     "generation": 1, "ownerReferences": owner},
        "spec": {"completions": 1}, "status": status})
}

fn failed() -> Value {
    json!({"startTime": at(-7200), "failed": 1, "conditions": [{"type": "Failed", "status": "True",
        "reason": "BackoffLimitExceeded", "message": "too often", "lastTransitionTime": at(-3600)}]})
}

fn runs() -> Value {
    json!({"startTime": at(-7200), "active": 1, "ready": 1})
}

/// A healthy Deployment, and a Rollout, a kind that is not judged, whose ReplicaSet lacks a pod.
fn rollout() -> ApiServerBuilder {
    let web = Deployment::new("shop", "web").replicas(1);
    let of_web = ReplicaSet::new("shop", "web-1").owned_by(&web).build();
    let set = |name: &str, replicas: i64, ready: i64| {
        ReplicaSet::new("shop", name)
            .owner("argoproj.io/v1alpha1", "Rollout", "api", "uid-of-api")
            .label("app", "api")
            .replicas(replicas)
            .counts(replicas, ready, ready)
    };
    let (new, old) = (set("api-2", 2, 1), set("api-1", 0, 0));
    let pod = |name: &str, set: &ReplicaSet| Pod::new("shop", name).owned_by(set).label("app", "api");
    let ready = pod("api-2-a", &new).ready(true, at(-7200)).build();
    let broken = pod("api-2-b", &new)
        .ready(false, at(-7200))
        .waiting("ImagePullBackOff", "Back-off pulling image \"x:1\"")
        .build();
    let alone = Pod::new("shop", "engine-0")
        .owner("example.com/v1", "Engine", "engine", "uid-of-engine")
        .ready(false, at(-7200))
        .build();
    ApiServer::builder().objects([
        web.build(),
        of_web,
        new.build(),
        old.build(),
        ready,
        broken,
        alone,
    ])
}

#[tokio::test]
async fn with_all_kinds_objects_that_no_judged_kind_controls_are_reported_under_their_controllers_name() {
    let server = rollout().start().await;
    let report = ask(&server, &all()).await;
    assert_eq!(
        object_lines(&report),
        [
            "deployments: Deployment shop/web healthy Ready: 1 of 1 ready",
            "namespaces: Namespace /default healthy Active: active",
            "namespaces: Namespace /kube-node-lease healthy Active: active",
            "namespaces: Namespace /kube-public healthy Active: active",
            "namespaces: Namespace /kube-system healthy Active: active",
            "namespaces: Namespace /shop healthy Active: active",
            "controllers: Rollout shop/api degraded ReadyBelowDesired: 1 of 2 pods ready",
            "controllers: Engine shop/engine unavailable ReadyBelowDesired: 0 of 1 pods ready",
        ]
    );
    let causes = |at: usize| {
        let controllers = report.kinds().last().expect("the part of the controllers");
        let causes = controllers.items[at].causes.iter();
        causes.map(|c| c.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (causes(0), causes(1)),
        (vec!["ImagePull".into()], vec!["NotReady".into()])
    );
    assert_eq!(
        report.kinds().last().expect("a part").items[0].judged_by,
        ["replicasets"]
    );
}

#[tokio::test]
async fn by_default_nothing_more_is_listed_and_jobs_are_reported_under_their_controllers_name() {
    let jobs = [
        job("nightly-1", Some(("batch/v1", "CronJob", "nightly")), &failed()),
        job(
            "train-0",
            Some(("jobset.x-k8s.io/v1alpha2", "JobSet", "train")),
            &failed(),
        ),
        job(
            "train-1",
            Some(("jobset.x-k8s.io/v1alpha2", "JobSet", "train")),
            &runs(),
        ),
        job("once", None, &runs()),
    ];
    let server = rollout().objects(jobs).start().await;
    let ask_for = Request {
        api_server: false,
        ..Request::everything()
    };
    let report = ask(&server, &ask_for).await;
    assert_eq!(
        object_lines(&report),
        [
            "deployments: Deployment shop/web healthy Ready: 1 of 1 ready",
            "jobs: Job shop/once healthy Running: 0 of 1 succeeded, 1 of 1 active ready",
            "controllers: JobSet shop/train degraded JobFailed: 1 of 2 Jobs not well, Job train-0: \
             BackoffLimitExceeded: too often",
        ]
    );
    assert_eq!(
        lists(&server),
        [
            "/api/v1/namespaces/shop",
            "/apis/apps/v1/daemonsets",
            "/apis/apps/v1/deployments",
            "/apis/apps/v1/statefulsets",
            "/apis/batch/v1/cronjobs",
            "/apis/batch/v1/jobs",
        ]
    );
}

#[tokio::test]
async fn objects_of_a_controller_that_may_not_be_read_are_reported_under_its_name() {
    let access = Access::admin().without("list", "deployments");
    let server = rollout().user("limited", "jane", access).start().await;
    let workloads = request_for(&[Kind::Deployment, Kind::ReplicaSet, Kind::Pod]);
    let report = ask(&server, &workloads).await;
    assert_eq!(
        object_lines(&report),
        [
            "controllers: Rollout shop/api degraded ReadyBelowDesired: 1 of 2 pods ready",
            "controllers: Engine shop/engine unavailable ReadyBelowDesired: 0 of 1 pods ready",
            "controllers: Deployment shop/web healthy Ready: 1 of 1 pods ready",
        ]
    );
    let not_seen: Vec<String> = report.coverage.not_seen.iter().map(NotSeen::what).collect();
    assert_eq!(not_seen, ["deployments"]);
    // If ReplicaSets may not be read either, their pods are judged.
    let access = Access::admin().without("list", "replicasets");
    let server = rollout().user("limited", "jane", access).start().await;
    let report = ask(&server, &workloads).await;
    assert_eq!(
        object_lines(&report),
        [
            "deployments: Deployment shop/web healthy Ready: 1 of 1 ready",
            "controllers: ReplicaSet shop/api-2 degraded ReadyBelowDesired: 1 of 2 pods ready",
            "controllers: Engine shop/engine unavailable ReadyBelowDesired: 0 of 1 pods ready",
        ]
    );
}

#[tokio::test]
async fn a_selector_leaves_an_object_to_its_controller_only_if_it_selects_the_controller_too() {
    let mut labelled = job("nightly-1", Some(("batch/v1", "CronJob", "nightly")), &failed());
    labelled["metadata"]["labels"] = json!({"team": "a"});
    let cron = |labels: &Value| {
        json!({"apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": {"namespace": "shop", "name": "nightly", "uid": "nightly", "creationTimestamp": at(-86_400),
                         "labels": labels},
            "spec": {}, "status": {"lastScheduleTime": at(-80_000), "lastSuccessfulTime": at(-79_000)}})
    };
    let asked = Request {
        selector_text: "team=a".into(),
        selector: "team=a".parse().expect("a selector"),
        ..request_for(&[Kind::Job, Kind::CronJob])
    };
    let server = ApiServer::builder()
        .objects([labelled.clone(), cron(&json!({}))])
        .start()
        .await;
    assert_eq!(
        object_lines(&ask(&server, &asked).await),
        [
            "controllers: CronJob shop/nightly degraded JobFailed: Job nightly-1: BackoffLimitExceeded: too often"
        ]
    );
    let server = ApiServer::builder()
        .objects([labelled, cron(&json!({"team": "a"}))])
        .start()
        .await;
    let report = ask(&server, &asked).await;
    assert_eq!(object_lines(&report).len(), 1, "{:?}", object_lines(&report));
    assert_eq!(report.status, Status::Ok);
}

#[tokio::test]
async fn if_a_kind_is_named_its_owned_objects_are_judged_too() {
    let server = rollout().start().await;
    let report = ask(&server, &every(Kind::Pod)).await;
    assert_eq!(
        object_lines(&report),
        [
            "pods: Pod shop/api-2-a healthy Ready: ready",
            "pods: Pod shop/api-2-b unavailable PodNotReady: running, its container is not ready",
            "pods: Pod shop/engine-0 unavailable PodNotReady: running, its container is ready",
        ]
    );
    assert!(report.kinds().all(|kind| kind.every_object));
    let report = ask(&server, &every(Kind::ReplicaSet)).await;
    assert_eq!(
        object_lines(&report),
        [
            "replicasets: ReplicaSet shop/api-1 healthy ScaledToZero: scaled to zero",
            "replicasets: ReplicaSet shop/api-2 degraded ReadyBelowDesired: 1 of 2 ready",
            "replicasets: ReplicaSet shop/web-1 healthy Ready: 1 of 1 ready",
        ]
    );
}
