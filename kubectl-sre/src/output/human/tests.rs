use super::write;
use crate::output::Style;
use sre_shared::dump::{File, Objects};
use sre_shared::failure::{Class, Failure};
use sre_shared::kind::Kind;
use sre_shared::report::{
    ApiServerCheck, CheckResult, Item, KindCheck, NotSeen, Readyz, Record, Report, Source, Status, Window,
};
use sre_shared::resource::Time;
use sre_shared::run::{self, Request};
use sre_testkit::at;
use sre_testkit::object::{Deployment, List};
use std::time::Duration;

const STYLE: Style = Style {
    color: false,
    width: None,
    quiet: false,
    verbose: false,
    elapsed: Some(Duration::from_millis(62)),
};

fn now() -> Time {
    Time::parse(&at(0)).expect("the test clock is a time")
}

fn screen(report: &Report, style: &Style) -> String {
    let mut out = Vec::new();
    write(report, style, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("the screen is text")
}

fn well() -> ApiServerCheck {
    ApiServerCheck {
        status: Status::Ok,
        version: Some("v1.37.2".into()),
        latency_ms: Some(9.1),
        readyz: Some(Readyz {
            passed: 47,
            total: 47,
            failing: vec![],
        }),
        ..ApiServerCheck::default()
    }
}

/// The report of a cluster that holds these, judged as in a live run.
fn cluster(api_server: ApiServerCheck, objects: impl IntoIterator<Item = Deployment>) -> Report {
    let body = List::new("DeploymentList", "apps/v1").items(objects).to_json();
    let objects = Objects::read(vec![File::new("cluster", body.into_bytes())]);
    let mut report = run::dump(&objects, "cluster", &Request::everything(), Some(now()), now);
    report.source = Source {
        mode: "direct".into(),
        context: Some("prod-eu".into()),
        version: api_server.version.clone(),
        ..Source::default()
    };
    report.checks.insert(0, CheckResult::ApiServer(api_server));
    report.settle();
    report
}

fn d(namespace: &str, name: &str) -> Deployment {
    Deployment::new(namespace, name)
}

fn quota(deployment: Deployment, name: &str) -> Deployment {
    deployment.condition("ReplicaFailure", "True", "FailedCreate", at(-30)).condition_message(
        "ReplicaFailure",
        &format!("pods \"{name}-7d9c-x2k4l\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2"),
    )
}

fn mixed() -> Report {
    let unavailable =
        |d: Deployment, ago: i64| d.condition("Available", "False", "MinimumReplicasUnavailable", at(-ago));
    cluster(
        well(),
        [
            unavailable(d("shop", "checkout").replicas(3).counts(3, 3, 1, 1), 1140),
            unavailable(d("shop", "search").replicas(2).counts(2, 2, 0, 0), 720),
            quota(d("shop", "import").replicas(4).counts(2, 2, 2, 2), "import"),
            d("payments", "api").replicas(3).counts(4, 1, 3, 3).condition(
                "Progressing",
                "False",
                "ProgressDeadlineExceeded",
                at(-1500),
            ),
            d("payments", "ledger").replicas(4).counts(5, 2, 4, 4).condition(
                "Progressing",
                "True",
                "ReplicaSetUpdated",
                at(-20),
            ),
            d("bank", "old").deleting(at(-3600), &["example.com/backup"]),
            d("bank", "odd").set("/spec/replicas", "3"),
            d("bank", "held").replicas(2).counts(2, 2, 0, 0).paused(),
            d("bank", "web").replicas(2),
            d("bank", "off").replicas(0),
        ],
    )
}

#[test]
fn all_is_well() {
    let report = cluster(well(), [d("shop", "web"), d("shop", "api"), d("bank", "ledger")]);
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    OK  prod-eu  v1.37.2  all 3 Deployments are healthy

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        3 healthy
    looked at 2 of 2 parts, objects in 2 namespaces, in 62 ms
    "#);
}

#[test]
fn the_worst_comes_first_with_evidence_and_the_next_command() {
    insta::assert_snapshot!(screen(&mixed(), &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  5 of 9 Deployments are not healthy, 1 was not understood, 1 still rolling out

    ✗ bank/held        0/2 ready  no pod is ready (paused)
        kubectl -n bank describe deployment held
    ✗ shop/search      0/2 ready  no pod is ready, for 12 min
    ✗ shop/import      2/4 ready  Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        kubectl -n shop describe quota compute
    ✗ shop/checkout    1/3 ready  too few pods are ready, for 19 min
        kubectl -n shop describe deployment checkout
    ! payments/api     3/3 ready  rollout stalled, old revision still serving: 3 of 3 ready, 1 of 3 updated, for 25 min
        ProgressDeadlineExceeded: ReplicaSet "api-5f5zd86494" has timed out progressing
        kubectl -n payments rollout status deployment api
    ! bank/old         1/1 ready  being deleted for 60 min, finalizers: example.com/backup
        kubectl -n bank describe deployment old
    ? bank/odd                    the object does not decode: spec.replicas is text ("3") and has to be a whole number of 32 bits, line 1 of cluster
        kubectl -n bank describe deployment odd
    ~ payments/ledger  4/4 ready  rolling out: 2 of 4 updated, for 20 s

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  2 healthy, 1 progressing, 3 degraded, 2 unavailable, 1 unknown, 1 terminating
    looked at 2 of 2 parts, objects in 3 namespaces, in 62 ms
    "#);
}

#[test]
fn a_narrow_window_breaks_what_does_not_fit() {
    let style = Style {
        width: Some(60),
        ..STYLE
    };
    insta::assert_snapshot!(screen(&mixed(), &style), @r#"
    DEGRADED  prod-eu  v1.37.2  5 of 9 Deployments are not
      healthy, 1 was not understood, 1 still rolling out

    ✗ bank/held        0/2 ready  no pod is ready (paused)
        kubectl -n bank describe deployment held
    ✗ shop/search      0/2 ready  no pod is ready, for 12 min
    ✗ shop/import      2/4 ready
        Quota: exceeded quota: compute, requested: pods=1, used:
        pods=2, limited: pods=2
        kubectl -n shop describe quota compute
    ✗ shop/checkout    1/3 ready
        too few pods are ready, for 19 min
        kubectl -n shop describe deployment checkout
    ! payments/api     3/3 ready
        rollout stalled, old revision still serving: 3 of 3
        ready, 1 of 3 updated, for 25 min
        ProgressDeadlineExceeded: ReplicaSet "api-5f5zd86494"
        has timed out progressing
        kubectl -n payments rollout status deployment api
    ! bank/old         1/1 ready
        being deleted for 60 min, finalizers: example.com/backup
        kubectl -n bank describe deployment old
    ? bank/odd
        the object does not decode: spec.replicas is text ("3")
        and has to be a whole number of 32 bits, line 1 of
        cluster
        kubectl -n bank describe deployment odd
    ~ payments/ledger  4/4 ready
        rolling out: 2 of 4 updated, for 20 s

    API server   ok        reached in 9.1 ms, readyz 47 of 47
                           checks pass
    Deployments  degraded  2 healthy, 1 progressing, 3 degraded,
                           2 unavailable, 1 unknown, 1
                           terminating
    looked at 2 of 2 parts, objects in 3 namespaces, in 62 ms
    "#);
}

#[test]
fn quiet_is_the_verdict_alone() {
    insta::assert_snapshot!(screen(&mixed(), &Style { quiet: true, ..STYLE }), @"DEGRADED  prod-eu  v1.37.2  5 of 9 Deployments are not healthy, 1 was not understood, 1 still rolling out");
}

#[test]
fn colour_adds_to_the_words_and_never_replaces_them() {
    let report = cluster(well(), [d("shop", "checkout").replicas(3).counts(3, 3, 1, 1)]);
    let colored = screen(&report, &Style { color: true, ..STYLE });
    insta::assert_snapshot!(colored.replace('\u{1b}', "^"), @r#"
    ^[1m^[31mDEGRADED^[0m  prod-eu  v1.37.2  1 of 1 Deployments is not healthy

    ^[1m^[31m✗^[0m ^[1mshop/checkout^[0m  1/3 ready  too few pods are ready
        ^[2mkubectl -n shop describe deployment checkout^[0m

    API server   ^[32mok^[0m        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ^[31mdegraded^[0m  0 healthy, 1 degraded
    ^[2mlooked at 2 of 2 parts, objects in 1 namespace, in 62 ms^[0m
    "#);
}

#[test]
fn however_much_is_broken_for_one_reason_the_screen_stays_short() {
    let broken = (0..500).map(|number| {
        let name = format!("worker-{number:03}");
        quota(
            d(&format!("team-{:02}", number % 30), &name)
                .replicas(3)
                .counts(0, 0, 0, 0),
            &name,
        )
    });
    let healthy = (0..40).map(|number| d("platform", &format!("web-{number}")));
    let report = cluster(well(), broken.chain(healthy));
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  500 of 540 Deployments are not healthy

    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        500 workloads in 30 namespaces, for 30 s: team-00/worker-000, team-00/worker-030, team-00/worker-060 and 497 more
        kubectl -n team-00 describe quota compute

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  40 healthy, 500 unavailable
    looked at 2 of 2 parts, objects in 31 namespaces, in 62 ms
    "#);
}

#[test]
fn an_api_server_that_cannot_be_reached() {
    let failure = Failure {
        endpoint: "https://10.0.0.1:6443/version".into(),
        elapsed: Duration::from_secs(5),
        ..Failure::new(Class::Timeout, "no connection within 5 s")
    };
    let ask = Request {
        kinds: vec![run::KindTarget::all(Kind::Deployment)],
        ..Request::everything()
    };
    let mut report = run::unreached(&ask, &failure, Source::default(), now);
    report.source.context = Some("prod-eu".into());
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    UNKNOWN  prod-eu  the API server cannot be asked (timeout)

    ? API server https://10.0.0.1:6443/version  no connection within 5 s (after 5.0 s)
        on the side of the network, at http
        check firewall, VPN and proxy on the way, then the load of the API server

    ? not seen: deployments  timeout: no connection within 5 s

    API server   unknown   timeout
    Deployments  unknown   not seen
    looked at 0 of 2 parts, all namespaces, in 62 ms
    "#);
}

#[test]
fn an_api_server_that_fails_its_own_checks() {
    let sick = ApiServerCheck {
        status: Status::Degraded,
        class: Some("unhealthy".into()),
        error: Some("/readyz answers 500, failing: etcd, informer-sync".into()),
        endpoint: Some("/readyz".into()),
        hint: Some("kubectl get --raw '/readyz?verbose'".into()),
        readyz: Some(Readyz {
            passed: 45,
            total: 47,
            failing: vec!["etcd".into(), "informer-sync".into()],
        }),
        ..well()
    };
    insta::assert_snapshot!(screen(&cluster(sick, [d("shop", "web")]), &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  the API server is not well (unhealthy); the only Deployment is healthy

    ✗ API server  /readyz answers 500, failing: etcd, informer-sync
        kubectl get --raw '/readyz?verbose'

    API server   degraded  reached in 9.1 ms, readyz fails: etcd, informer-sync
    Deployments  ok        1 healthy
    looked at 2 of 2 parts, objects in 1 namespace, in 62 ms
    "#);
}

fn forbidden(namespace: Option<&str>) -> NotSeen {
    let failure = Failure::new(
        Class::Forbidden,
        "deployments.apps is forbidden: User \"jane\" cannot list resource \"deployments\" in API group \"apps\"",
    );
    run::not_seen_kind(Kind::Deployment, namespace, &failure)
}

#[test]
fn many_forbidden_namespaces_are_one_line() {
    let mut report = cluster(well(), [d("shop", "web")]);
    report.coverage.not_seen = (0..30)
        .map(|number| forbidden(Some(&format!("team-{number:02}"))))
        .collect();
    if let Some(CheckResult::Kind(kind)) = report.checks.last_mut() {
        kind.status = Status::Unknown;
    }
    report.settle();
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    UNKNOWN  prod-eu  v1.37.2  the only Deployment seen is healthy; 30 parts not seen

    ? not seen: deployments in 30 namespaces (team-00, team-01, team-02, team-03, ...)  forbidden: missing rule apps/deployments list
        a cluster admin grants it: kubectl create clusterrole sre-health --verb=list --resource=deployments.apps, then a binding for you; or narrow with -n to a namespace that you may read

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  unknown   1 healthy
    looked at 1 of 2 parts, objects in 1 namespace, in 62 ms
    "#);
}

#[test]
fn nothing_may_be_read() {
    let mut report = cluster(well(), []);
    report.coverage.not_seen = vec![forbidden(None)];
    if let Some(CheckResult::Kind(kind)) = report.checks.last_mut() {
        kind.status = Status::Unknown;
    }
    report.settle();
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    UNKNOWN  prod-eu  v1.37.2  not seen: deployments (forbidden)

    ? not seen: deployments  forbidden: missing rule apps/deployments list
        a cluster admin grants it: kubectl create clusterrole sre-health --verb=list --resource=deployments.apps, then a binding for you; or narrow with -n to a namespace that you may read

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  unknown   not seen
    looked at 1 of 2 parts, all namespaces, in 62 ms
    "#);
}

#[test]
fn nothing_is_there() {
    insta::assert_snapshot!(screen(&cluster(well(), []), &STYLE), @r#"
    OK  prod-eu  v1.37.2  no Deployments found

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        none found
    looked at 2 of 2 parts, all namespaces, in 62 ms
    "#);
}

#[test]
fn only_rollouts_are_left() {
    let moving = |deployment: Deployment| {
        deployment
            .condition("Progressing", "True", "ReplicaSetUpdated", at(-45))
            .condition("Available", "False", "MinimumReplicasUnavailable", at(-45))
    };
    let report = cluster(
        well(),
        [
            d("shop", "web"),
            moving(d("shop", "api").replicas(3).counts(3, 3, 1, 1)),
        ],
    );
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    PROGRESSING  prod-eu  v1.37.2  1 of 2 Deployments is not healthy

    ~ shop/api  1/3 ready  rolling out: 3 of 3 updated, for 45 s

    API server   ok           reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  progressing  1 healthy, 1 progressing
    looked at 2 of 2 parts, objects in 1 namespace, in 62 ms
    "#);
}

/// The report of those items, as `Kind/namespace/name`, a state and causes; a kind that has none was read all the same.
fn of_items(items: &[(&str, &str, serde_json::Value)]) -> Report {
    let plurals = [
        ("Deployment", "deployments"),
        ("StatefulSet", "statefulsets"),
        ("DaemonSet", "daemonsets"),
        ("Job", "jobs"),
        ("CronJob", "cronjobs"),
        ("Node", "nodes"),
        ("Service", "services"),
    ];
    let mut report = cluster(well(), []);
    report.checks.truncate(1);
    for (kind, plural) in plurals {
        let of_kind = items
            .iter()
            .filter(|(identity, ..)| identity.starts_with(&format!("{kind}/")));
        let items: Vec<Item> = of_kind
            .map(|(identity, state, more)| {
                let mut parts = identity.split('/').skip(1).collect::<Vec<_>>();
                let name = parts.pop().unwrap_or_default();
                let healthy = *state == "healthy";
                let mut value = serde_json::json!({
                    "kind": kind, "namespace": parts.first().unwrap_or(&""), "name": name, "state": state,
                    "healthy": healthy, "reason": if healthy { "Ready" } else { "ReadyBelowDesired" },
                    "message": "", "since": at(-1500),
                });
                if !matches!(kind, "Node" | "Service" | "Job" | "CronJob") {
                    let ready = match *state {
                        "healthy" => 3,
                        "degraded" => 2,
                        _ => 0,
                    };
                    value["desired"] = 3.into();
                    value["ready"] = ready.into();
                    value["message"] = format!("{ready} of 3 ready").into();
                }
                if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
                    value.extend(more.clone());
                }
                serde_json::from_value(value).expect("an item")
            })
            .collect();
        report
            .checks
            .push(CheckResult::Kind(KindCheck::of(plural, items, true)));
    }
    report.settle();
    report
}

fn cause(code: &str, message: &str, count: u32, subject: Option<&str>, hint: &str) -> serde_json::Value {
    serde_json::json!({
        "code": code, "message": message, "count": count, "subject": subject, "hint": hint,
        "example": "Pod/x-1", "since": at(-1200),
    })
}

fn node_lost() -> Report {
    let lost = serde_json::json!({"causes": [cause(
        "NodeNotReady", "node n7 is not ready: Kubelet stopped posting node status.", 3, Some("Node/n7"),
        "kubectl describe node n7",
    )]});
    let names: Vec<String> = (0..12)
        .map(|number| format!("Deployment/shop/web-{number:02}"))
        .collect();
    let mut items: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "degraded", lost.clone()))
        .collect();
    items.push(("DaemonSet/kube-system/proxy", "degraded", lost.clone()));
    items.push((
        "Node/n7",
        "unavailable",
        serde_json::json!({"reason": "NodeNotReady", "message": "its kubelet does not answer"}),
    ));
    items.push(("Node/n8", "healthy", serde_json::json!({})));
    let empty = serde_json::json!({"causes": [cause(
        "NoReadyEndpoints", "0 of 3 endpoints ready", 1, Some("Deployment/shop/web-03"), "x",
    )], "reason": "NoReadyEndpoints", "message": "0 of 3 endpoints ready"});
    items.push(("Service/shop/web-03", "degraded", empty));
    items.push(("Deployment/shop/fine", "healthy", serde_json::json!({})));
    of_items(&items)
}

#[test]
fn a_lost_node_is_told_first_with_how_far_it_reaches() {
    insta::assert_snapshot!(screen(&node_lost(), &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  12 of 13 Deployments, 1 of 1 DaemonSets, 1 of 2 Nodes and 1 of 1 Services are not healthy

    ✗ NodeNotReady: node n7 is not ready: Kubelet stopped posting node status.
        39 pods of 13 workloads in 2 namespaces, 1 Service without endpoints, for 25 min: shop/web-00, shop/web-01, shop/web-02 and 10 more
        kubectl describe node n7

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  1 healthy, 12 degraded
    DaemonSets   degraded  0 healthy, 1 degraded
    Nodes        degraded  1 healthy, 1 unavailable
    Services     degraded  0 healthy, 1 degraded
    looked at 8 of 8 parts, objects in 2 namespaces, no StatefulSets, bare Jobs or CronJobs found, in 62 ms
    "#);
}

#[test]
fn five_hundred_broken_pods_of_one_cause_are_a_screen_of_less_than_fifteen_lines() {
    let image = serde_json::json!({"causes": [cause(
        "ImagePull", "container app: dial tcp: lookup registry.example: no such host", 10, Some("Registry/registry.example"),
        "kubectl -n team-00 describe pod worker-00-x",
    )]});
    let names: Vec<String> = (0..50)
        .map(|number| format!("Deployment/team-{:02}/worker-{number:02}", number % 7))
        .collect();
    let mut items: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "unavailable", image.clone()))
        .collect();
    for other in [
        "StatefulSet/db/main",
        "DaemonSet/kube-system/proxy",
        "Job/ops/done",
        "CronJob/ops/nightly",
    ] {
        items.push((other, "healthy", serde_json::json!({})));
    }
    let text = screen(&of_items(&items), &STYLE);
    assert!(text.lines().count() < 15, "{text}");
    insta::assert_snapshot!(text, @r#"
    DEGRADED  prod-eu  v1.37.2  50 of 50 Deployments are not healthy

    ✗ ImagePull: container app: dial tcp: lookup registry.example: no such host
        500 pods of 50 workloads in 7 namespaces, for 20 min: team-00/worker-00, team-00/worker-07, team-00/worker-14 and 47 more
        kubectl -n team-00 describe pod worker-00-x

    API server    ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments   degraded  0 healthy, 50 unavailable
    StatefulSets  ok        1 healthy
    DaemonSets    ok        1 healthy
    Jobs          ok        1 healthy
    CronJobs      ok        1 healthy
    looked at 8 of 8 parts, objects in 10 namespaces, no Nodes or Services found, in 62 ms
    "#);
}

#[test]
fn causes_are_told_in_the_place_of_counts_and_under_what_says_more() {
    let crash = |container: &str, count| {
        let message = format!("container {container} exited 1 (7 restarts)");
        cause(
            "CrashLoop",
            &message,
            count,
            None,
            &format!("kubectl -n shop logs x-1 -c {container} --previous"),
        )
    };
    let mut logged = crash("api", 2);
    logged["log"] = serde_json::json!(["starting", "panic: DATABASE_URL is not set\u{1b}[2J"]);
    let late = cause(
        "ProgressDeadlineExceeded",
        "has timed out progressing",
        1,
        None,
        "x",
    );
    let report = of_items(&[
        (
            "Deployment/shop/checkout",
            "unavailable",
            serde_json::json!({"causes": [logged, late]}),
        ),
        (
            "StatefulSet/shop/db",
            "degraded",
            serde_json::json!({"causes": [crash("db", 1), cause("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.", 1, None, "x")]}),
        ),
        (
            "Job/shop/import",
            "degraded",
            serde_json::json!({"reason": "JobFailed", "message": "Job has reached the specified backoff limit",
                "causes": [crash("import", 7), cause("JobBackoffLimit", "Job has reached the specified backoff limit", 1, None, "x")]}),
        ),
        ("Deployment/shop/web", "unavailable", serde_json::json!({})),
        (
            "Deployment/shop/search",
            "degraded",
            serde_json::json!({"warnings": ["annotation sre/ignore: Quota was acknowledged until 2026-03-01, which is over"]}),
        ),
    ]);
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  3 of 3 Deployments, 1 of 1 StatefulSets and 1 of 1 Jobs are not healthy

    ✗ shop/checkout        0/3 ready  CrashLoop: container api exited 1 (7 restarts), 2 pods, for 25 min
          | starting
          | panic: DATABASE_URL is not set\u{1b}[2J
        kubectl -n shop logs x-1 -c api --previous
    ✗ Job shop/import                 Job has reached the specified backoff limit, for 25 min
        7x CrashLoop: container import exited 1 (7 restarts)
        kubectl -n shop logs x-1 -c import --previous
    ✗ shop/web             0/3 ready  no pod is ready, for 25 min
        kubectl -n shop describe deployment web
    ✗ StatefulSet shop/db  2/3 ready  too few pods are ready, for 25 min
        CrashLoop: container db exited 1 (7 restarts)
        Unschedulable: 0/3 nodes are available: 3 Insufficient cpu
        kubectl -n shop logs x-1 -c db --previous
    ✗ shop/search          2/3 ready  too few pods are ready, for 25 min (annotation sre/ignore: Quota was acknowledged until 2026-03-01, which is over)
        kubectl -n shop describe deployment search

    API server    ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments   degraded  0 healthy, 1 degraded, 2 unavailable
    StatefulSets  degraded  0 healthy, 1 degraded
    Jobs          degraded  0 healthy, 1 degraded
    looked at 8 of 8 parts, objects in 1 namespace, no DaemonSets, CronJobs, Nodes or Services found, in 62 ms
    "#);
    let narrow = Style {
        width: Some(60),
        ..STYLE
    };
    insta::assert_snapshot!(screen(&report, &narrow), @r#"
    DEGRADED  prod-eu  v1.37.2  3 of 3 Deployments, 1 of 1
      StatefulSets and 1 of 1 Jobs are not healthy

    ✗ shop/checkout        0/3 ready
        CrashLoop: container api exited 1 (7 restarts), 2 pods,
        for 25 min
          | starting
          | panic: DATABASE_URL is not set\u{1b}[2J
        kubectl -n shop logs x-1 -c api --previous
    ✗ Job shop/import
        Job has reached the specified backoff limit, for 25 min
        7x CrashLoop: container import exited 1 (7 restarts)
        kubectl -n shop logs x-1 -c import --previous
    ✗ shop/web             0/3 ready
        no pod is ready, for 25 min
        kubectl -n shop describe deployment web
    ✗ StatefulSet shop/db  2/3 ready
        too few pods are ready, for 25 min
        CrashLoop: container db exited 1 (7 restarts)
        Unschedulable: 0/3 nodes are available: 3 Insufficient
        cpu
        kubectl -n shop logs x-1 -c db --previous
    ✗ shop/search          2/3 ready
        too few pods are ready, for 25 min (annotation
        sre/ignore: Quota was acknowledged until 2026-03-01,
        which is over)
        kubectl -n shop describe deployment search

    API server    ok        reached in 9.1 ms, readyz 47 of 47
                            checks pass
    Deployments   degraded  0 healthy, 1 degraded, 2 unavailable
    StatefulSets  degraded  0 healthy, 1 degraded
    Jobs          degraded  0 healthy, 1 degraded
    looked at 8 of 8 parts, objects in 1 namespace, no
      DaemonSets, CronJobs, Nodes or Services found, in 62 ms
    "#);
}

fn known() -> Report {
    let known = serde_json::json!({
        "acknowledged": {"code": "Quota", "until": "2026-12-01", "reason": "the budget is decided on Monday"},
        "causes": [cause("Quota", "exceeded quota: compute", 1, Some("ResourceQuota/shop/compute"), "x")],
    });
    of_items(&[
        ("Deployment/shop/checkout", "degraded", known.clone()),
        ("Deployment/shop/search", "unavailable", known),
        ("Deployment/shop/web", "healthy", serde_json::json!({})),
        ("Job/shop/import", "healthy", serde_json::json!({})),
    ])
}

#[test]
fn what_is_acknowledged_is_counted_and_listed_only_where_more_is_wanted() {
    insta::assert_snapshot!(screen(&known(), &STYLE), @r#"
    OK  prod-eu  v1.37.2  2 of 4 workloads are healthy, 2 acknowledged

      2 acknowledged, which -v lists and --no-ignore judges

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        1 healthy, 1 degraded, 1 unavailable, 2 acknowledged
    Jobs         ok        1 healthy
    looked at 8 of 8 parts, objects in 1 namespace, no StatefulSets, DaemonSets, CronJobs, Nodes or Services found, in 62 ms
    "#);
    let verbose = Style {
        verbose: true,
        ..STYLE
    };
    insta::assert_snapshot!(screen(&known(), &verbose), @r#"
    OK  prod-eu  v1.37.2  2 of 4 workloads are healthy, 2 acknowledged

      shop/checkout  2/3 ready  Quota acknowledged until 2026-12-01: the budget is decided on Monday
      shop/search    0/3 ready  Quota acknowledged until 2026-12-01: the budget is decided on Monday

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        1 healthy, 1 degraded, 1 unavailable, 2 acknowledged
    Jobs         ok        1 healthy
    looked at 8 of 8 parts, objects in 1 namespace, no StatefulSets, DaemonSets, CronJobs, Nodes or Services found, in 62 ms
    "#);
}

#[test]
fn sixteen_workloads_with_a_cause_each_are_not_more_than_a_screen() {
    let names: Vec<(String, serde_json::Value)> = (0..16)
        .map(|number| {
            let cause = cause(
                "ImagePull",
                &format!(
                    "container app: shop/web-{}:v1: not found",
                    char::from(b'a' + number)
                ),
                1,
                Some(&format!("Image/shop/web-{number}:v1")),
                &format!("kubectl -n shop describe pod web-{number}"),
            );
            (
                format!("Deployment/shop/web-{number:02}"),
                serde_json::json!({"causes": [cause]}),
            )
        })
        .collect();
    let items: Vec<_> = names
        .iter()
        .map(|(name, more)| (name.as_str(), "unavailable", more.clone()))
        .collect();
    insta::assert_snapshot!(screen(&of_items(&items), &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  16 of 16 Deployments are not healthy

    ✗ shop/web-00  0/3 ready  ImagePull: container app: shop/web-a:v1: not found, for 25 min
        kubectl -n shop describe pod web-0
    ✗ shop/web-01  0/3 ready  ImagePull: container app: shop/web-b:v1: not found, for 25 min
        kubectl -n shop describe pod web-1
    ✗ shop/web-02  0/3 ready  ImagePull: container app: shop/web-c:v1: not found, for 25 min
        kubectl -n shop describe pod web-2
    ✗ shop/web-03  0/3 ready  ImagePull: container app: shop/web-d:v1: not found, for 25 min
        kubectl -n shop describe pod web-3
    ✗ shop/web-04  0/3 ready  ImagePull: container app: shop/web-e:v1: not found, for 25 min
        kubectl -n shop describe pod web-4
    ✗ shop/web-05  0/3 ready  ImagePull: container app: shop/web-f:v1: not found, for 25 min
        kubectl -n shop describe pod web-5
    ✗ shop/web-06  0/3 ready  ImagePull: container app: shop/web-g:v1: not found, for 25 min
        kubectl -n shop describe pod web-6
    ✗ shop/web-07  0/3 ready  ImagePull: container app: shop/web-h:v1: not found, for 25 min
        kubectl -n shop describe pod web-7
    ✗ shop/web-08  0/3 ready  ImagePull: container app: shop/web-i:v1: not found, for 25 min
        kubectl -n shop describe pod web-8
    ✗ shop/web-09  0/3 ready  ImagePull: container app: shop/web-j:v1: not found, for 25 min
        kubectl -n shop describe pod web-9
      and 6 more for other reasons; -o json lists every one

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  0 healthy, 16 unavailable
    looked at 8 of 8 parts, objects in 1 namespace, no StatefulSets, DaemonSets, bare Jobs, CronJobs, Nodes or Services found, in 62 ms
    "#);
}

#[test]
fn kinds_that_may_not_be_read_are_one_line() {
    let mut report = cluster(well(), [d("shop", "web")]);
    let failure = Failure::new(Class::Forbidden, "User \"jane\" cannot list it");
    report.coverage.not_seen = [Kind::StatefulSet, Kind::Job, Kind::CronJob]
        .map(|kind| run::not_seen_kind(kind, None, &failure))
        .into();
    for kind in ["statefulsets", "jobs", "cronjobs"] {
        report
            .checks
            .push(CheckResult::Kind(KindCheck::of(kind, vec![], false)));
    }
    report.settle();
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    UNKNOWN  prod-eu  v1.37.2  the only Deployment is healthy; not seen: statefulsets, jobs, cronjobs (forbidden)

    ? not seen: statefulsets, jobs, cronjobs  forbidden: missing rules apps/statefulsets list, batch/jobs list, batch/cronjobs list
        a cluster admin grants it: kubectl create clusterrole sre-health --verb=list --resource=statefulsets.apps,jobs.batch,cronjobs.batch, then a binding for you; or narrow with -n to a namespace that you may read

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        1 healthy
    looked at 2 of 5 parts, objects in 1 namespace, in 62 ms
    "#);
}

#[test]
fn what_the_causes_lack_is_one_line_and_no_part_of_the_verdict() {
    let mut report = of_items(&[("Deployment/shop/web", "unavailable", serde_json::json!({}))]);
    let failure = Failure::new(Class::Forbidden, "User \"jane\" cannot list it");
    report.coverage.causes_not_seen = ["pods", "events"]
        .map(|what| run::not_seen(what, &failure, Some(&format!("{what} list"))))
        .into();
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  1 of 1 Deployments is not healthy

    ✗ shop/web  0/3 ready  no pod is ready, for 25 min
        kubectl -n shop describe deployment web

      causes are missing, not seen: pods, events (forbidden: missing rules pods list, events list)

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  0 healthy, 1 unavailable
    looked at 8 of 8 parts, objects in 1 namespace, no StatefulSets, DaemonSets, bare Jobs, CronJobs, Nodes or Services found, in 62 ms
    "#);
}

#[test]
fn a_service_alone_is_told_once() {
    let empty = serde_json::json!({"causes": [cause(
        "NoReadyEndpoints", "0 of 3 endpoints ready", 1, Some("Pod/shop/web-1"), "kubectl -n shop describe service web",
    )], "reason": "NoReadyEndpoints", "message": "0 of 3 endpoints ready"});
    let report = of_items(&[("Service/shop/web", "degraded", empty)]);
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  1 of 1 Services is not healthy

    ✗ Service shop/web             0 of 3 endpoints ready, for 25 min
        kubectl -n shop describe service web

    API server  ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Services    degraded  0 healthy, 1 degraded
    looked at 8 of 8 parts, objects in 1 namespace, no Deployments, StatefulSets, DaemonSets, bare Jobs, CronJobs or Nodes found, in 62 ms
    "#);
}

#[test]
fn the_verdict_names_the_first_kinds_that_fall_short_and_counts_the_others() {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "Job", "Service"];
    let names = kinds.map(|kind| format!("{kind}/shop/web"));
    let items: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "degraded", serde_json::json!({})))
        .collect();
    let text = screen(&of_items(&items), &STYLE);
    assert_eq!(
        text.lines().next(),
        Some(
            "DEGRADED  prod-eu  v1.37.2  1 of 1 Deployments, 1 of 1 StatefulSets, 1 of 1 DaemonSets and 2 objects of 2 \
             other kinds are not healthy"
        )
    );
}

#[test]
fn a_window_of_the_record_is_told_once_half_of_it_was_watched() {
    let window = |name: &str, watched: Option<u64>, checks: u64, availability: f64| Window {
        window: name.into(),
        watched_seconds: watched,
        checks,
        availability: Some(availability),
        p50_ms: Some(3.0),
        p99_ms: Some(8.0),
        max_ms: Some(8.4),
        ..Window::default()
    };
    let line = |windows: Vec<Window>| {
        let check = ApiServerCheck {
            record: Some(Record { windows }),
            ..well()
        };
        let text = screen(&cluster(check, [d("shop", "web")]), &STYLE);
        let line = text
            .lines()
            .find(|line| line.starts_with("Record"))
            .map(str::trim_end);
        line.map(|line| line.trim_start_matches("Record").trim_start().to_owned())
    };
    let began = |seconds: u64, checks: u64| {
        let watched = |length: u64| Some(seconds.min(length));
        vec![
            window("5m", watched(300), checks.min(30), 1.0),
            window("1h", watched(3600), checks, 1.0),
            window("24h", watched(86_400), checks, 1.0),
        ]
    };
    let latency = "p50 3.0 ms p99 8.0 ms max 8.4 ms";
    for (seconds, checks, told) in [
        (0, 1, format!("100 % of 1 check in 0 s, {latency}")),
        (8, 5, format!("100 % of 5 checks in 8 s, {latency}")),
        (149, 20, format!("100 % of 20 checks in 2 min, {latency}")),
        (150, 20, format!("5m 100 %, {latency}")),
        (1800, 180, format!("5m 100 %, {latency}; 1h 100 %, {latency}")),
        (
            43_200,
            4320,
            format!("5m 100 %, {latency}; 1h 100 %, {latency}; 24h 100 %, {latency}"),
        ),
    ] {
        assert_eq!(line(began(seconds, checks)), Some(told), "{seconds}");
    }
    // An older agent does not tell: then no window is named.
    let older = vec![window("5m", None, 30, 1.0), window("24h", None, 900, 0.9999)];
    assert_eq!(line(older), Some(format!("99.99 % of 900 checks, {latency}")));
    let mut nothing = began(0, 0);
    for window in &mut nothing {
        window.availability = None;
    }
    assert_eq!(line(nothing), None);
}
