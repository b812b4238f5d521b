//! Tests of the problems, their order and their causes.

use super::*;

#[test]
fn the_worst_problem_comes_first_with_evidence_and_the_next_command() {
    insta::assert_snapshot!(screen(&mixed(), &STYLE), @r#"
    DEGRADED  prod-eu  v1.37.2  5 of 9 Deployments are not healthy, 1 was not understood, 1 still rolling out

    ✗ bank/held        0/2 ready  no pod is ready (paused)
        kubectl -n bank describe deployment held
    ✗ shop/search      0/2 ready  no pod is ready, for 12 min
    ✗ shop/import      2/4 ready  Quota: quota compute: pods 2 of 2 used, 1 more asked
        kubectl -n shop get pods
    ✗ shop/checkout    1/3 ready  too few pods are ready, for 19 min
        kubectl -n shop describe deployment checkout
    ! payments/api     3/3 ready  rollout stalled, old revision still serving: 3 of 3 ready, 1 of 3 updated, for 25 min
        ProgressDeadlineExceeded: ReplicaSet "api-5f5zd86494" has timed out progressing
        kubectl -n payments describe deployment api
    ! bank/old         1/1 ready  being deleted for 60 min, finalizers: example.com/backup
        kubectl -n bank describe deployment old
    ? bank/odd  the object does not decode: spec.replicas is text ("3") and has to be a whole number of 32 bits, line 1 of cluster
        kubectl -n bank describe deployment odd
    ~ payments/ledger  4/4 ready  rolling out: 2 of 4 updated, for 20 s

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  2 healthy, 1 progressing, 3 degraded, 2 unavailable, 1 unknown, 1 terminating
    looked at Deployments and the API server, objects in 3 namespaces, in 62 ms
    "#);
}

#[test]
fn a_narrow_terminal_breaks_long_lines() {
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
        Quota: quota compute: pods 2 of 2 used, 1 more asked
        kubectl -n shop get pods
    ✗ shop/checkout    1/3 ready
        too few pods are ready, for 19 min
        kubectl -n shop describe deployment checkout
    ! payments/api     3/3 ready
        rollout stalled, old revision still serving: 3 of
        3 ready, 1 of 3 updated, for 25 min
        ProgressDeadlineExceeded: ReplicaSet "api-5f5zd86494"
        has timed out progressing
        kubectl -n payments describe deployment api
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

    API server   ok        reached in 9.1 ms, readyz 47 of
                           47 checks pass
    Deployments  degraded  2 healthy, 1 progressing, 3 degraded,
                           2 unavailable, 1 unknown,
                           1 terminating
    looked at Deployments and the API server, objects in
      3 namespaces, in 62 ms
    kubectl sre explain Quota    # what it means, and what to do
    "#);
}

#[test]
fn colour_adds_to_the_words_and_never_replaces_them() {
    let report = cluster(
        healthy_api_server(),
        [deployment("shop", "checkout").replicas(3).counts(3, 3, 1, 1)],
    );
    let colored = screen(&report, &Style { color: true, ..STYLE });
    insta::assert_snapshot!(colored.replace('\u{1b}', "^"), @"
    ^[1m^[31mDEGRADED^[0m  prod-eu  v1.37.2  Deployment shop/checkout is not healthy, 1/3 ready

    ^[1m^[31m✗^[0m ^[1mshop/checkout^[0m  1/3 ready  too few pods are ready
        ^[2mkubectl -n shop describe deployment checkout^[0m

    API server   ^[32mok^[0m        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ^[31mdegraded^[0m  0 healthy, 1 degraded
    ^[2mlooked at Deployments and the API server, objects in 1 namespace, in 62 ms^[0m
    ");
}

#[test]
fn the_screen_stays_short_however_many_objects_are_broken_for_one_reason() {
    let broken = (0..500).map(|number| {
        let name = format!("worker-{number:03}");
        quota(
            deployment(&format!("team-{:02}", number % 30), &name)
                .replicas(3)
                .counts(0, 0, 0, 0),
            &name,
        )
    });
    let healthy = (0..40).map(|number| deployment("platform", &format!("web-{number}")));
    let report = cluster(healthy_api_server(), broken.chain(healthy));
    insta::assert_snapshot!(screen(&report, &STYLE), @"
    DEGRADED  prod-eu  v1.37.2  500 of 540 Deployments are not healthy

    ✗ Quota: quota compute: pods 2 of 2 used, 1 more asked
        500 workloads in 30 namespaces, for 30 s
        0/3 team-00/worker-000, 0/3 team-00/worker-030, 0/3 team-00/worker-060 and 497 more
        kubectl -n team-00 get pods

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  40 healthy, 500 unavailable
    looked at Deployments and the API server, objects in 31 namespaces, in 62 ms
    ");
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
    report_with(&items)
}

#[test]
fn a_lost_node_comes_first_with_how_far_it_reaches() {
    insta::assert_snapshot!(screen(&node_lost(), &STYLE), @"
    DEGRADED  prod-eu  v1.37.2  15 of 17 objects are not healthy: 12 Deployments, 1 DaemonSet, 1 Node, 1 Service

    ✗ NodeNotReady: node n7 is not ready: Kubelet stopped posting node status.
        39 pods of 13 workloads in 2 namespaces, 1 Service without endpoints, for 25 min
        2/3 shop/web-00, 2/3 shop/web-01, 2/3 shop/web-02 and 10 more
        kubectl describe node n7

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  1 healthy, 12 degraded
    DaemonSets   degraded  0 healthy, 1 degraded
    Nodes        degraded  1 healthy, 1 unavailable
    Services     degraded  0 healthy, 1 degraded
    looked at 7 kinds and the API server, objects in 2 namespaces, no StatefulSets, bare Jobs or CronJobs found, in 62 ms
    ");
}

#[test]
fn five_hundred_broken_pods_of_one_cause_take_less_than_fifteen_lines() {
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
    let text = screen(&report_with(&items), &STYLE);
    assert!(text.lines().count() < 15, "{text}");
    insta::assert_snapshot!(text, @"
    DEGRADED  prod-eu  v1.37.2  50 of 54 workloads are not healthy: 50 Deployments

    ✗ ImagePull: container app: dial tcp: lookup registry.example: no such host
        500 pods of 50 workloads in 7 namespaces, for 20 min
        0/3 team-00/worker-00, 0/3 team-00/worker-07, 0/3 team-00/worker-14 and 47 more
        kubectl -n team-00 describe pod worker-00-x

    API server    ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments   degraded  0 healthy, 50 unavailable
    StatefulSets  ok        1 healthy
    DaemonSets    ok        1 healthy
    Jobs          ok        1 healthy
    CronJobs      ok        1 healthy
    looked at 7 kinds and the API server, objects in 10 namespaces, no Nodes or Services found, in 62 ms
    ");
}

#[test]
fn one_cause_replaces_the_counts_and_several_are_listed_below() {
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
    let report = report_with(&[
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
    insta::assert_snapshot!(screen(&report, &STYLE), @r"
    DEGRADED  prod-eu  v1.37.2  5 of 5 workloads are not healthy: 3 Deployments, 1 StatefulSet, 1 Job

    ✗ shop/checkout        0/3 ready  CrashLoop: container api exited 1 (7 restarts), 2 pods, for 25 min
          | starting
          | panic: DATABASE_URL is not set\u{1b}[2J
        kubectl -n shop logs x-1 -c api --previous
    ✗ shop/web             0/3 ready  no pod is ready, for 25 min
        kubectl -n shop describe deployment web
    ✗ shop/search          2/3 ready  too few pods are ready, for 25 min (annotation sre/ignore: Quota was acknowledged until 2026-03-01, which is over)
        kubectl -n shop describe deployment search
    ✗ StatefulSet shop/db  2/3 ready  too few pods are ready, for 25 min
        CrashLoop: container db exited 1 (7 restarts)
        Unschedulable: 0/3 nodes are available: 3 Insufficient cpu
        kubectl -n shop logs x-1 -c db --previous
    ✗ Job shop/import  Job has reached the specified backoff limit, for 25 min
        7x CrashLoop: container import exited 1 (7 restarts)
        kubectl -n shop logs x-1 -c import --previous

    API server    ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments   degraded  0 healthy, 1 degraded, 2 unavailable
    StatefulSets  degraded  0 healthy, 1 degraded
    Jobs          degraded  0 healthy, 1 degraded
    looked at 7 kinds and the API server, objects in 1 namespace, no DaemonSets, CronJobs, Nodes or Services found, in 62 ms
    ");
    let narrow = Style {
        width: Some(60),
        ..STYLE
    };
    insta::assert_snapshot!(screen(&report, &narrow), @r"
    DEGRADED  prod-eu  v1.37.2  5 of 5 workloads are not
      healthy: 3 Deployments, 1 StatefulSet, 1 Job

    ✗ shop/checkout        0/3 ready
        CrashLoop: container api exited 1 (7 restarts), 2 pods,
        for 25 min
          | starting
          | panic: DATABASE_URL is not set\u{1b}[2J
        kubectl -n shop logs x-1 -c api --previous
    ✗ shop/web             0/3 ready
        no pod is ready, for 25 min
        kubectl -n shop describe deployment web
    ✗ shop/search          2/3 ready
        too few pods are ready, for 25 min (annotation
        sre/ignore: Quota was acknowledged until 2026-03-01,
        which is over)
        kubectl -n shop describe deployment search
    ✗ StatefulSet shop/db  2/3 ready
        too few pods are ready, for 25 min
        CrashLoop: container db exited 1 (7 restarts)
        Unschedulable: 0/3 nodes are available: 3 Insufficient
        cpu
        kubectl -n shop logs x-1 -c db --previous
    ✗ Job shop/import
        Job has reached the specified backoff limit, for 25 min
        7x CrashLoop: container import exited 1 (7 restarts)
        kubectl -n shop logs x-1 -c import --previous

    API server    ok        reached in 9.1 ms, readyz 47 of
                            47 checks pass
    Deployments   degraded  0 healthy, 1 degraded, 2 unavailable
    StatefulSets  degraded  0 healthy, 1 degraded
    Jobs          degraded  0 healthy, 1 degraded
    looked at 7 kinds and the API server, objects in
      1 namespace, no DaemonSets, CronJobs, Nodes or Services
      found, in 62 ms
    kubectl sre explain CrashLoop
    ");
}

fn known() -> Report {
    let known = serde_json::json!({
        "acknowledged": {"code": "Quota", "until": "2026-12-01", "reason": "the budget is decided on Monday"},
        "causes": [cause("Quota", "exceeded quota: compute", 1, Some("ResourceQuota/shop/compute"), "x")],
    });
    report_with(&[
        ("Deployment/shop/checkout", "degraded", known.clone()),
        ("Deployment/shop/search", "unavailable", known),
        ("Deployment/shop/web", "healthy", serde_json::json!({})),
        ("Job/shop/import", "healthy", serde_json::json!({})),
    ])
}

#[test]
fn acknowledged_objects_are_counted_and_listed_only_with_verbose() {
    insta::assert_snapshot!(screen(&known(), &STYLE), @r#"
    OK  prod-eu  v1.37.2  2 of 4 workloads are healthy, 2 acknowledged

      2 acknowledged, which -v lists and --no-ignore judges

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        1 healthy, 1 degraded, 1 unavailable, 2 acknowledged
    Jobs         ok        1 healthy
    looked at 7 kinds and the API server, objects in 1 namespace, no StatefulSets, DaemonSets, CronJobs, Nodes or Services found, in 62 ms
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
    looked at 7 kinds and the API server, objects in 1 namespace, no StatefulSets, DaemonSets, CronJobs, Nodes or Services found, in 62 ms
    "#);
}

#[test]
fn sixteen_workloads_with_different_causes_fit_on_a_screen() {
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
    insta::assert_snapshot!(screen(&report_with(&items), &STYLE), @"
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
    ✗ shop/web-10  0/3 ready  ImagePull: container app: shop/web-k:v1: not found, for 25 min
    ✗ shop/web-11  0/3 ready  ImagePull: container app: shop/web-l:v1: not found, for 25 min
    ✗ shop/web-12  0/3 ready  ImagePull: container app: shop/web-m:v1: not found, for 25 min
    ✗ shop/web-13  0/3 ready  ImagePull: container app: shop/web-n:v1: not found, for 25 min
    ✗ shop/web-14  0/3 ready  ImagePull: container app: shop/web-o:v1: not found, for 25 min
    ✗ shop/web-15  0/3 ready  ImagePull: container app: shop/web-p:v1: not found, for 25 min
      --all shows the last 6 in full

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  0 healthy, 16 unavailable
    looked at 7 kinds and the API server, objects in 1 namespace, no StatefulSets, DaemonSets, bare Jobs, CronJobs, Nodes or Services found, in 62 ms
    ");
}

#[test]
fn a_service_alone_is_shown_once() {
    let empty = serde_json::json!({"causes": [cause(
        "NoReadyEndpoints", "0 of 3 endpoints ready", 1, Some("Pod/shop/web-1"), "kubectl -n shop describe service web",
    )], "reason": "NoReadyEndpoints", "message": "0 of 3 endpoints ready"});
    let report = report_with(&[("Service/shop/web", "degraded", empty)]);
    insta::assert_snapshot!(screen(&report, &STYLE), @"
    DEGRADED  prod-eu  v1.37.2  Service shop/web is not healthy

    ✗ Service shop/web  0 of 3 endpoints ready, for 25 min
        kubectl -n shop describe service web

    API server  ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Services    degraded  0 healthy, 1 degraded
    looked at 7 kinds and the API server, objects in 1 namespace, no Deployments, StatefulSets, DaemonSets, bare Jobs, CronJobs or Nodes found, in 62 ms
    ");
}

#[test]
fn a_word_of_a_controller_does_not_get_into_the_command_that_explains() {
    let foreign = "Broken;reboot";
    let explained = |more: &serde_json::Value| {
        let report = report_with(&[("Job/shop/import", "degraded", more.clone())]);
        let on_a_terminal = Style {
            width: Some(80),
            ..STYLE
        };
        let screen = screen(&report, &on_a_terminal);
        let command = screen
            .lines()
            .find(|line| line.starts_with("kubectl sre explain"));
        command.map(str::to_owned)
    };
    let causes = serde_json::json!([cause(foreign, "it says so", 1, None, "kubectl get jobs")]);
    assert_eq!(
        explained(&serde_json::json!({"causes": causes, "reason": "JobFailed"})).as_deref(),
        Some("kubectl sre explain JobFailed    # what it means, and what to do")
    );
    assert_eq!(
        explained(&serde_json::json!({"causes": causes, "reason": foreign})),
        None
    );
}
