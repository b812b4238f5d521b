//! What a run asks for the causes of what is not healthy: which requests exactly, how many at most, and what becomes of
//! those that fail.

use super::client::{ask, part};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::{Item, Report, State, Status};
use sre_shared::run::{Causes, KindTarget, Request};
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Clock, Fault, Match, at};

fn of(kind: Kind) -> Request {
    Request {
        api_server: false,
        kinds: vec![KindTarget::all(kind)],
        causes: Causes::Told,
        ..Request::everything()
    }
}

fn deployments() -> Request {
    of(Kind::Deployment)
}

/// One Deployment of which nothing is ready, its ReplicaSet and the pod.
struct Broken {
    deployment: Deployment,
    set: ReplicaSet,
    pod: Pod,
}

fn broken(namespace: &str, name: &str) -> Broken {
    let deployment = Deployment::new(namespace, name).counts(1, 1, 0, 0);
    let set = ReplicaSet::new(namespace, &format!("{name}-1")).owned_by(&deployment);
    let pod = Pod::new(namespace, &format!("{name}-1-a"))
        .owned_by(&set)
        .waiting("CrashLoopBackOff", "back-off")
        .last_terminated("Error", 3, at(-40))
        .restarts(7);
    Broken { deployment, set, pod }
}

impl Broken {
    fn with(self, change: impl FnOnce(Pod) -> Pod) -> Self {
        Self {
            pod: change(self.pod),
            ..self
        }
    }

    fn build(&self) -> [Value; 3] {
        [self.deployment.build(), self.set.build(), self.pod.build()]
    }
}

fn server(broken: &[Broken]) -> ApiServerBuilder {
    let healthy = (0..10).map(|i| Deployment::new("calm", &format!("well-{i}")).build());
    ApiServer::builder()
        .objects(healthy)
        .objects(broken.iter().flat_map(Broken::build))
}

/// Path and query of each request for something else than Deployments, as it is meant, sorted.
fn asked(server: &ApiServer) -> Vec<String> {
    let mut asked: Vec<String> = server
        .requests()
        .iter()
        .filter(|r| r.path != "/apis/apps/v1/deployments")
        .map(|r| {
            let names = ["fieldSelector", "labelSelector", "limit", "resourceVersion"];
            let given = names
                .iter()
                .filter_map(|n| Some(format!("{n}={}", r.parameter(n)?)));
            format!("{}?{}", r.path, given.collect::<Vec<_>>().join("&"))
        })
        .collect();
    asked.sort();
    asked
}

fn item<'a>(report: &'a Report, name: &str) -> &'a Item {
    let items = &part(report).items;
    items.iter().find(|i| i.name == name).expect("it was judged")
}

fn lines(item: &Item) -> Vec<String> {
    let line = |c: &sre_shared::report::Cause| format!("{} {}x {}", c.code, c.count, c.message);
    item.causes.iter().map(line).collect()
}

const CRASHED: &str = "CrashLoop 1x container app exited 3 (7 restarts)";

fn event(about: &Value, kind: &str, reason: &str, message: &str) -> Value {
    let of = &about["metadata"];
    let name = format!("{}.{reason}", of["name"].as_str().unwrap_or_default());
    json!({
        "apiVersion": "v1", "kind": "Event", "type": kind, "reason": reason, "message": message,
        "metadata": {"namespace": of["namespace"], "name": name},
        "involvedObject": {"kind": "Pod", "name": of["name"], "namespace": of["namespace"], "uid": of["uid"],
            "fieldPath": "spec.containers{app}"},
        "lastTimestamp": at(0)
    })
}

fn missed(report: &Report) -> Vec<(&str, &str, Option<&str>)> {
    let all = report.coverage.causes_not_seen.iter();
    all.map(|n| (&*n.what().leak(), n.class.as_str(), n.missing.as_deref()))
        .collect()
}

#[tokio::test]
async fn what_is_healthy_costs_no_request_and_neither_does_a_run_without_causes() {
    let well = server(&[]).start().await;
    let report = ask(&well, &deployments()).await;
    assert_eq!(report.status, Status::Ok);
    assert_eq!(asked(&well), Vec::<String>::new());

    let ill = server(&[broken("shop", "web")]).start().await;
    let report = ask(
        &ill,
        &Request {
            causes: Causes::None,
            ..deployments()
        },
    )
    .await;
    assert_eq!(item(&report, "web").state, State::Unavailable);
    assert_eq!(lines(item(&report, "web")), Vec::<String>::new());
    assert_eq!(asked(&ill), Vec::<String>::new());
}

#[tokio::test]
async fn one_workload_is_asked_about_in_its_namespace_by_its_selector() {
    let server = server(&[broken("shop", "web")]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(lines(item(&report, "web")), [CRASHED]);
    assert_eq!(missed(&report), []);
    assert_eq!(
        asked(&server),
        [
            "/api/v1/namespaces/shop/pods?labelSelector=app=web&resourceVersion=0",
            "/apis/apps/v1/namespaces/shop/replicasets?labelSelector=app=web&resourceVersion=0",
        ]
    );
}

#[tokio::test]
async fn fifty_workloads_of_many_namespaces_are_asked_about_at_once() {
    let all: Vec<Broken> = (0..50)
        .map(|i| broken(&format!("team-{}", i % 10), &format!("web-{i:02}")))
        .collect();
    let server = server(&all).start().await;
    let report = ask(&server, &deployments()).await;
    let unhealthy: Vec<&Item> = part(&report)
        .items
        .iter()
        .filter(|i| !i.state.is_fine())
        .collect();
    assert_eq!(unhealthy.len(), 50);
    for item in unhealthy {
        assert_eq!(lines(item), [CRASHED], "{}", item.name);
    }
    // The worst first, then by namespace and identity.
    let asked = asked(&server);
    assert_eq!(asked.len(), 2, "{asked:?}");
    for (at, path) in ["/api/v1/pods", "/apis/apps/v1/replicasets"].iter().enumerate() {
        let values = asked[at]
            .strip_prefix(&format!("{path}?labelSelector=app in ("))
            .and_then(|rest| rest.strip_suffix(")&resourceVersion=0"))
            .expect("one list by the label that they share");
        let mut values: Vec<&str> = values.split(',').collect();
        values.sort_unstable();
        let names: Vec<String> = (0..50).map(|i| format!("web-{i:02}")).collect();
        assert_eq!(values, names);
    }
}

#[tokio::test]
async fn pods_are_matched_by_their_owner_and_not_by_their_labels() {
    let (a, b) = (broken("shop", "web"), broken("bank", "web"));
    let b = b.with(|p| p.last_terminated("Error", 4, at(-40)));
    let stray = Pod::new("shop", "stray")
        .label("app", "web")
        .waiting("ErrImagePull", "x");
    let server = server(&[a, b]).objects([stray.build()]).start().await;
    let report = ask(&server, &deployments()).await;
    let found: Vec<Vec<String>> = part(&report)
        .items
        .iter()
        .filter(|i| i.name == "web")
        .map(lines)
        .collect();
    assert_eq!(
        found,
        [["CrashLoop 1x container app exited 4 (7 restarts)"], [CRASHED]]
    );
}

#[tokio::test]
async fn a_selector_of_expressions_is_asked_as_it_is() {
    let expressions =
        json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "old"]}]});
    let mut one = broken("shop", "web");
    one.deployment = one.deployment.set("/spec/selector", expressions);
    let server = server(&[one]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(lines(item(&report, "web")), [CRASHED]);
    assert_eq!(
        asked(&server)[0],
        "/api/v1/namespaces/shop/pods?labelSelector=app in (web,old)&resourceVersion=0"
    );
}

#[tokio::test]
async fn however_many_are_broken_the_requests_are_few_and_short_and_the_rest_is_told() {
    let all: Vec<Broken> = (0..900)
        .map(|i| {
            broken(
                &format!("team-{}", i % 100),
                &format!("a-service-with-a-long-name-{i:04}"),
            )
        })
        .collect();
    let server = server(&all).start().await;
    let report = ask(&server, &deployments()).await;
    let requests = asked(&server);
    assert!(requests.len() <= 15, "{}", requests.len());
    let longest = server
        .requests()
        .iter()
        .map(|r| r.path.len() + r.query.len())
        .max();
    assert!(longest < Some(7 << 10), "{longest:?}");
    let told = part(&report)
        .items
        .iter()
        .filter(|i| !i.causes.is_empty())
        .count();
    assert!((400..900).contains(&told), "{told}");
    assert_eq!(part(&report).summary.unavailable, 900);
    let what = format!("causes of {} of 900 objects that are not healthy", 900 - told);
    assert_eq!(missed(&report), [(what.as_str(), "tooMany", None)]);
    assert_eq!(report.status, Status::Degraded);
}

#[tokio::test]
async fn what_is_forbidden_across_namespaces_is_asked_in_those_that_matter() {
    let all: Vec<Broken> = ["a", "b", "c", "d"].map(|n| broken(n, "web")).into();
    let server = server(&all)
        .user(
            "t",
            "somebody",
            Access::namespaces(["a", "b", "calm"]).and_namespace_list(),
        )
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    let found: Vec<(&str, Vec<String>)> = part(&report)
        .items
        .iter()
        .filter(|i| i.name == "web")
        .map(|i| (i.namespace.as_str(), lines(i)))
        .collect();
    assert_eq!(
        found,
        [("a", vec![CRASHED.to_owned()]), ("b", vec![CRASHED.to_owned()])]
    );

    // The Deployments may be read everywhere, the pods in no namespace.
    let all: Vec<Broken> = ["a", "b", "c", "d"].map(|n| broken(n, "web")).into();
    let server = super::causes::server(&all)
        .user("t", "somebody", Access::admin().without("list", "pods"))
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        (report.status, part(&report).status),
        (Status::Degraded, Status::Degraded)
    );
    assert_eq!(report.coverage.not_seen, []);
    assert!(part(&report).items.iter().all(|i| i.causes.is_empty()));
    assert_eq!(missed(&report), [("pods", "forbidden", Some("pods list"))]);
    assert!(server.requests().len() <= 1 + 15);
}

#[tokio::test]
async fn an_answer_that_does_not_come_costs_the_text_and_not_the_verdict() {
    let server = server(&[broken("shop", "web")]).start().await;
    server.fail(Match::under("/api/v1/namespaces/shop/pods"), Fault::Hang);
    let report = ask(&server, &deployments()).await;
    assert_eq!(item(&report, "web").state, State::Unavailable);
    assert_eq!(report.coverage.not_seen, []);
    assert_eq!(missed(&report), [("pods in namespace shop", "timeout", None)]);
}

#[tokio::test]
async fn an_overloaded_server_is_not_asked_again_for_what_only_explains() {
    let server = server(&[broken("shop", "web")]).start().await;
    server.fail(
        Match::under("/api/v1/namespaces/shop/pods"),
        Fault::TooManyRequests(1),
    );
    let report = ask(&server, &deployments()).await;
    assert_eq!(missed(&report), [("pods in namespace shop", "overloaded", None)]);
    assert_eq!(asked(&server).len(), 2);
}

#[tokio::test]
async fn events_are_asked_only_for_what_the_pods_leave_open() {
    let unready = broken("shop", "web").with(|p| {
        p.ready(false, at(-500))
            .set(
                "/status/containerStatuses/0/state",
                json!({"running": {"startedAt": at(-500)}}),
            )
            .set("/status/containerStatuses/0/lastState", json!({}))
    });
    let pod = unready.pod.build();
    let said = event(
        &pod,
        "Warning",
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 404",
    );
    let server = server(&[unready]).objects([said]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["ReadinessProbe 1x container app: statuscode: 404"]
    );
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    assert_eq!(
        asked(&server)[0],
        format!("/api/v1/namespaces/shop/events?fieldSelector=involvedObject.uid={uid}&limit=500")
    );
}

#[tokio::test]
async fn whether_a_pull_secret_is_missing_is_asked_where_the_registry_refuses_a_pod_that_has_some() {
    for (secrets, events) in [(json!([{"name": "regcred"}]), 1), (json!([]), 0)] {
        let refused = broken("shop", "web").with(|p| {
            p.waiting(
                "ImagePullBackOff",
                "Back-off pulling image: ErrImagePull: pull access denied",
            )
            .set("/status/containerStatuses/0/lastState", json!({}))
            .set("/spec/imagePullSecrets", secrets.clone())
        });
        let said = event(
            &refused.pod.build(),
            "Warning",
            "FailedToRetrieveImagePullSecret",
            "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
        );
        let server = server(&[refused]).objects([said]).start().await;
        let report = ask(&server, &deployments()).await;
        let missing = ["", "image pull secret regcred is missing: "][events];
        assert_eq!(
            lines(item(&report, "web")),
            [format!("ImagePull 1x container app: {missing}pull access denied")]
        );
        let asked = asked(&server);
        assert_eq!(
            asked.iter().filter(|path| path.contains("/events?")).count(),
            events
        );
    }
}

#[tokio::test]
async fn events_of_many_are_asked_by_their_kind_in_few_pages() {
    let creating = |i: usize| {
        broken(&format!("team-{}", i % 5), &format!("web-{i}")).with(|p| {
            p.waiting("ContainerCreating", "")
                .set("/status/containerStatuses/0/lastState", json!({}))
        })
    };
    let all: Vec<Broken> = (0..20).map(creating).collect();
    let events: Vec<Value> = all
        .iter()
        .map(|b| event(&b.pod.build(), "Warning", "FailedMount", "no such volume"))
        .collect();
    let noise = event(&all[0].pod.build(), "Normal", "Scheduled", "assigned");
    let server = server(&all).objects(events).objects([noise]).start().await;
    let report = ask(&server, &deployments()).await;
    for item in part(&report).items.iter().filter(|i| !i.state.is_fine()) {
        assert_eq!(lines(item), ["VolumeMount 1x no such volume"]);
    }
    assert_eq!(
        asked(&server)[0],
        "/api/v1/events?fieldSelector=type=Warning&limit=500"
    );
    assert_eq!(asked(&server).len(), 3);
}

#[tokio::test]
async fn whether_the_autoscaler_is_at_work_is_asked_where_a_pod_has_no_node() {
    let stuck = broken("shop", "web").with(|p| p.unschedulable("0/3 nodes are available", at(-600)));
    let server = server(&[stuck]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["Unschedulable 1x 0/3 nodes are available"]
    );
    assert_eq!(
        asked(&server)[0],
        "/api/v1/namespaces/shop/events?fieldSelector=reason=TriggeredScaleUp&limit=500"
    );
}

#[tokio::test]
async fn a_lost_node_is_asked_for_by_its_name() {
    let lost = broken("shop", "web").with(|p| {
        p.node("n7")
            .ready(false, at(-500))
            .condition("ContainersReady", "True", "", at(-900))
            .set(
                "/status/containerStatuses/0",
                json!({"name": "app", "ready": true, "state": {"running": {}}}),
            )
    });
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n7"},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown",
            "message": "Kubelet stopped posting node status."}]}
    });
    let server = server(&[lost]).objects([node]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["NodeNotReady 1x node n7 is not ready: Kubelet stopped posting node status."]
    );
    assert_eq!(
        asked(&server)[1],
        "/api/v1/nodes?fieldSelector=metadata.name=n7&resourceVersion=0"
    );
}

#[tokio::test]
async fn the_node_of_a_pod_that_cannot_end_is_asked_for_and_may_be_gone() {
    let leaving = |name: &str| {
        let broken = broken("shop", name);
        let set = ReplicaSet::new("shop", &format!("{name}-1")).owned_by(&broken.deployment);
        let pod = Pod::new("shop", &format!("{name}-1-a"))
            .owned_by(&set)
            .node(&format!("of-{name}"))
            .ready(true, at(-9000))
            .deleting(at(-300), &[]);
        Broken { pod, ..broken }
    };
    let lost = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "of-web"},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown",
            "message": "Kubelet stopped posting node status."}]}
    });
    let server = server(&[leaving("web"), leaving("api")])
        .objects([lost])
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["NodeNotReady 1x node of-web is not ready: Kubelet stopped posting node status."]
    );
    assert_eq!(
        lines(item(&report, "api")),
        ["NodeGone 1x node of-api does not exist any more"]
    );
    let nodes: Vec<String> = asked(&server)
        .into_iter()
        .filter(|path| path.starts_with("/api/v1/nodes"))
        .collect();
    assert_eq!(
        nodes,
        [
            "/api/v1/nodes?fieldSelector=metadata.name=of-api&resourceVersion=0",
            "/api/v1/nodes?fieldSelector=metadata.name=of-web&resourceVersion=0",
        ]
    );
}

#[tokio::test]
async fn the_events_of_a_claim_are_asked_for_where_a_pod_waits_for_it() {
    let waiting = broken("shop", "web").with(|p| {
        p.unschedulable(
            "0/3 nodes: pod has unbound immediate PersistentVolumeClaims",
            at(-600),
        )
        .set(
            "/spec/volumes",
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]),
        )
    });
    let said = |claim: &str, message: &str| {
        json!({
            "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "ProvisioningFailed", "message": message,
            "metadata": {"namespace": "shop", "name": format!("{claim}.x")},
            "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": claim, "uid": claim},
            "lastTimestamp": at(0)
        })
    };
    let server = server(&[waiting])
        .objects([said("data", "no such storage class"), said("other", "no quota")])
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["VolumeClaim 1x claim data: no such storage class"]
    );
    assert!(
        asked(&server).contains(
            &"/api/v1/namespaces/shop/events?fieldSelector=involvedObject.kind=PersistentVolumeClaim&limit=500"
                .to_owned()
        ),
        "{:?}",
        asked(&server)
    );
}

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
    let report = ask(&server, &of(Kind::CronJob)).await;
    assert_eq!(
        lines(item(&report, "nightly")),
        [
            "CrashLoop 1x container app exited 12",
            "JobBackoffLimit 1x Job has reached the specified backoff limit"
        ]
    );
    assert_eq!(
        asked(&server),
        [
            "/api/v1/namespaces/shop/pods?labelSelector=batch.kubernetes.io/controller-uid=j&resourceVersion=0",
            "/apis/batch/v1/cronjobs?limit=500",
            "/apis/batch/v1/namespaces/shop/jobs?resourceVersion=0",
        ]
    );
}

#[tokio::test]
async fn a_run_of_a_cron_job_is_looked_at_once_it_takes_longer_than_a_minute() {
    let clock = Clock::standing_at(&jiff_now());
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
        let report = ask(&server, &of(Kind::CronJob)).await;
        assert_eq!(item(&report, "nightly").reason, reason);
        assert_eq!(asked(&server).len(), requests, "{scheduled}");
    }
}

#[tokio::test]
async fn the_events_of_a_cron_job_are_asked_for_where_no_run_begins() {
    let clock = Clock::standing_at(&jiff_now());
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
    let report = ask(&server, &of(Kind::CronJob)).await;
    let told = |name| (item(&report, name).reason.as_str(), lines(item(&report, name)));
    assert_eq!(told("well"), ("LastRunSucceeded", vec![]));
    assert_eq!(told("zone"), ("CannotSchedule", vec![]));
    assert_eq!(item(&report, "zone").message, unknown);
    let refused = "Quota 1x exceeded quota: jobs, requested: 1";
    assert_eq!(told("late"), ("RunsMissed", vec![refused.to_owned()]));
    assert_eq!(
        asked(&server),
        [
            "/api/v1/namespaces/shop/events?fieldSelector=involvedObject.uid=late&limit=500",
            "/api/v1/namespaces/shop/events?fieldSelector=involvedObject.uid=zone&limit=500",
            "/apis/batch/v1/cronjobs?limit=500",
            "/apis/batch/v1/namespaces/shop/jobs?resourceVersion=0",
        ]
    );

    let server = ApiServer::builder().objects([well]).start().await;
    ask(&server, &of(Kind::CronJob)).await;
    assert_eq!(asked(&server), ["/apis/batch/v1/cronjobs?limit=500"]);
}

#[tokio::test]
async fn pods_that_were_seen_live_decide_as_those_of_a_dump() {
    let clock = Clock::standing_at(&jiff_now());
    let fresh = Deployment::new("shop", "web")
        .clock(clock)
        .counts(1, 1, 0, 0)
        .condition("Available", "False", "MinimumReplicasUnavailable", clock.at(-5));
    let set = ReplicaSet::new("shop", "web-1").clock(clock).owned_by(&fresh);
    let pod = Pod::new("shop", "web-1-a")
        .clock(clock)
        .owned_by(&set)
        .created(clock.at(-5));
    let bad = pod.waiting("InvalidImageName", "");
    let all = [fresh.build(), set.build(), bad.build()];
    let server = ApiServer::builder().objects(all).start().await;
    let without = Request {
        causes: Causes::None,
        ..deployments()
    };
    let report = ask(&server, &without).await;
    assert_eq!(
        (item(&report, "web").state, item(&report, "web").notes.as_slice()),
        (State::Progressing, &["podsNotSeen".to_owned()][..])
    );
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        (item(&report, "web").state, item(&report, "web").notes.as_slice()),
        (State::Unavailable, &[][..])
    );
}

#[tokio::test]
async fn sets_without_their_pods_do_not_pass_for_a_workload_that_has_none() {
    let clock = Clock::standing_at(&jiff_now());
    let fresh = Deployment::new("shop", "web")
        .clock(clock)
        .counts(1, 1, 0, 0)
        .condition("Available", "False", "MinimumReplicasUnavailable", clock.at(-5));
    let set = ReplicaSet::new("shop", "web-1").clock(clock).owned_by(&fresh);
    let server = ApiServer::builder()
        .objects([fresh.build(), set.build()])
        .user("t", "somebody", Access::admin().without("list", "pods"))
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        (item(&report, "web").state, item(&report, "web").notes.as_slice()),
        (State::Progressing, &["podsNotSeen".to_owned()][..])
    );
    assert_eq!(
        missed(&report),
        [("pods in namespace shop", "forbidden", Some("pods list"))]
    );
}

#[allow(
    clippy::disallowed_methods,
    reason = "the server says what time it is in its Date header, too"
)]
fn jiff_now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.map_or(0, |d| d.as_secs());
    sre_shared::resource::Time::from_seconds(i64::try_from(seconds).unwrap_or(0)).to_string()
}

#[tokio::test]
async fn last_words_are_read_only_when_asked_of_three_containers_and_cost_only_themselves() {
    let all: Vec<Broken> = (0..5).map(|i| broken("shop", &format!("web-{i}"))).collect();
    let server = server(&all).start().await;
    let of_pod = |i: usize| Match::path(&format!("/api/v1/namespaces/shop/pods/web-{i}-1-a/log"));
    let says = |body: &str| Fault::WrongBody {
        status: 200,
        content_type: "text/plain".into(),
        body: body.as_bytes().to_vec(),
    };
    server.fail(
        of_pod(0),
        says("starting\npanic: DATABASE_URL is not set\n\ngoroutine 1 [running]:\nmain.main()\n"),
    );
    server.fail(of_pod(1), says("one\nlast words\n"));
    server.fail(of_pod(2), Fault::Status(403));
    ask(&server, &deployments()).await;
    assert!(!server.requests().iter().any(|r| r.path.ends_with("/log")));

    let asks = Request {
        causes: Causes::WithLogs,
        ..deployments()
    };
    let report = ask(&server, &asks).await;
    let logs: Vec<_> = server
        .requests()
        .iter()
        .filter(|r| r.path.ends_with("/log"))
        .map(|r| (r.path.clone(), r.query.clone()))
        .collect();
    assert_eq!(logs.len(), 3, "{logs:?}");
    assert_eq!(
        logs[0],
        (
            "/api/v1/namespaces/shop/pods/web-0-1-a/log".to_owned(),
            "container=app&tailLines=20&limitBytes=65536&previous=true".into()
        )
    );
    let cause = |i: usize| item(&report, &format!("web-{i}")).causes[0].clone();
    assert_eq!(
        cause(0).message,
        "container app exited 3 (7 restarts): panic: DATABASE_URL is not set"
    );
    assert_eq!(cause(0).log.len(), 5);
    assert_eq!(
        (cause(1).message.as_str(), cause(1).log),
        (
            "container app exited 3 (7 restarts): last words",
            vec!["one".to_owned(), "last words".to_owned()]
        )
    );
    assert_eq!(cause(2).message, "container app exited 3 (7 restarts)");
    assert_eq!(cause(3).log, Vec::<String>::new());
    assert_eq!(
        missed(&report),
        [("logs of crashed containers", "forbidden", Some("pods/log get"))]
    );
    let hint = report.coverage.causes_not_seen[0].hint.as_deref();
    assert!(
        hint.is_some_and(|hint| hint.contains("--verb=get --resource=pods/log,")),
        "{hint:?}"
    );
}

fn crashes(name: &str, code: i64) -> Value {
    json!({"name": name, "ready": false, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": code, "reason": "Error", "finishedAt": at(-40)}}})
}

#[tokio::test]
async fn each_container_that_crashed_gets_its_own_last_words() {
    let two = broken("shop", "web").with(|p| {
        p.set(
            "/status/containerStatuses",
            json!([crashes("api", 2), crashes("worker", 7)]),
        )
    });
    let server = server(&[two]).start().await;
    let asks = Request {
        causes: Causes::WithLogs,
        ..deployments()
    };
    let report = ask(&server, &asks).await;
    assert_eq!(
        lines(item(&report, "web")),
        [
            "CrashLoop 1x container api exited 2 (2 restarts)",
            "CrashLoop 1x container worker exited 7 (2 restarts)"
        ]
    );
    let requests = server.requests();
    let logs = requests.iter().filter(|r| r.path.ends_with("/log"));
    let of: Vec<_> = logs
        .map(|r| r.parameter("container").unwrap_or_default())
        .collect();
    assert_eq!(of, ["api", "worker"]);
}

#[tokio::test]
async fn events_are_asked_for_where_any_of_the_containers_leaves_a_question() {
    for (code, events) in [(137, 1), (7, 0)] {
        let two = broken("shop", "web").with(|p| {
            let both = json!([crashes("api", 2), crashes("worker", code)]);
            p.set("/status/containerStatuses", both)
        });
        let server = server(&[two]).start().await;
        ask(&server, &deployments()).await;
        let asked = asked(&server);
        assert_eq!(
            asked.iter().filter(|path| path.contains("/events?")).count(),
            events
        );
    }
}
