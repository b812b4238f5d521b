use super::human;
use crate::output::Style;
use sre_shared::cluster::{Class, Failure};
use sre_shared::dump::File;
use sre_shared::report::{ApiServerCheck, Check, NotSeen, Readyz, Report, Source, Status};
use sre_shared::resource::Time;
use sre_shared::run::{self, Ask, Kind};
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
    human(report, style, &mut out).expect("a vector takes everything");
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
    let files = [File {
        name: "cluster".into(),
        bytes: body.into_bytes(),
    }];
    let mut report = run::dump(&files, "cluster", &Ask::everything(), Some(now()), now);
    report.source = Source {
        mode: "direct".into(),
        context: Some("prod-eu".into()),
        version: api_server.version.clone(),
        ..Source::default()
    };
    report.checks.insert(0, Check::ApiServer(api_server));
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
    ProgressDeadlineExceeded: ReplicaSet "api-5f5zd86494" has timed out progressing.
        kubectl -n payments rollout status deployment api
    ! bank/old         1/1 ready  being deleted for 60 min, finalizers: example.com/backup
        kubectl -n bank describe deployment old
    ? bank/odd                    the object does not decode: invalid type: string "3", expected i32 at line 1 column 305
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
    DEGRADED  prod-eu  v1.37.2  5 of 9 Deployments are not healthy, 1 was not understood, 1 still rolling out

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
          has timed out progressing.
        kubectl -n payments rollout status deployment api
    ! bank/old         1/1 ready
        being deleted for 60 min, finalizers: example.com/backup
        kubectl -n bank describe deployment old
    ? bank/odd
        the object does not decode: invalid type: string "3",
        expected i32 at line 1 column 305
        kubectl -n bank describe deployment odd
    ~ payments/ledger  4/4 ready
        rolling out: 2 of 4 updated, for 20 s

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  2 healthy, 1 progressing, 3 degraded, 2 unavailable, 1 unknown, 1 terminating
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
        17 workloads, for 30 s: team-00/worker-000, team-00/worker-030, team-00/worker-060 and 14 more
        kubectl -n team-00 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-01/worker-001, team-01/worker-031, team-01/worker-061 and 14 more
        kubectl -n team-01 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-02/worker-002, team-02/worker-032, team-02/worker-062 and 14 more
        kubectl -n team-02 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-03/worker-003, team-03/worker-033, team-03/worker-063 and 14 more
        kubectl -n team-03 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-04/worker-004, team-04/worker-034, team-04/worker-064 and 14 more
        kubectl -n team-04 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-05/worker-005, team-05/worker-035, team-05/worker-065 and 14 more
        kubectl -n team-05 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-06/worker-006, team-06/worker-036, team-06/worker-066 and 14 more
        kubectl -n team-06 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-07/worker-007, team-07/worker-037, team-07/worker-067 and 14 more
        kubectl -n team-07 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-08/worker-008, team-08/worker-038, team-08/worker-068 and 14 more
        kubectl -n team-08 describe quota compute
    ✗ Quota: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2
        17 workloads, for 30 s: team-09/worker-009, team-09/worker-039, team-09/worker-069 and 14 more
        kubectl -n team-09 describe quota compute
      and 330 more for other reasons; -o json lists every one

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
    let ask = Ask {
        kinds: vec![run::Wanted::all(Kind::Deployments)],
        ..Ask::everything()
    };
    let mut report = run::unreached(&ask, &failure, Source::default(), now);
    report.source.context = Some("prod-eu".into());
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    UNKNOWN  prod-eu  the API server cannot be asked (timeout)

    ? API server https://10.0.0.1:6443/version  no connection within 5 s (after 5.0 s)
        on the side of the network, at http
        check firewall, VPN and proxy on the way, then the load of the API server

    ? not seen: deployments  timeout: no connection within 5 s
    ? not seen: statefulsets  timeout: no connection within 5 s
    ? not seen: daemonsets  timeout: no connection within 5 s
    ? not seen: jobs  timeout: no connection within 5 s
      and 1 more; -o json lists every one

    API server    unknown   timeout
    Deployments   unknown   not seen
    StatefulSets  unknown   not seen
    DaemonSets    unknown   not seen
    Jobs          unknown   not seen
    CronJobs      unknown   not seen
    looked at 0 of 6 parts, all namespaces, in 62 ms
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
    run::not_seen_kind(Kind::Deployments, namespace, &failure)
}

#[test]
fn many_forbidden_namespaces_are_one_line() {
    let mut report = cluster(well(), [d("shop", "web")]);
    report.coverage.not_seen = (0..30)
        .map(|number| forbidden(Some(&format!("team-{number:02}"))))
        .collect();
    if let Some(Check::Kind(kind)) = report.checks.last_mut() {
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
    if let Some(Check::Kind(kind)) = report.checks.last_mut() {
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
