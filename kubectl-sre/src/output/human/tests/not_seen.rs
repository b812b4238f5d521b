//! Tests of the lines about gaps.

use super::*;

fn forbidden(namespace: Option<&str>) -> NotSeen {
    let failure = Failure::new(
        Class::Forbidden,
        "deployments.apps is forbidden: User \"jane\" cannot list resource \"deployments\" in API group \"apps\"",
    );
    run::not_seen_kind(Kind::Deployment, namespace, &failure)
}

/// The grant of everything that is missing, for the user jane.
fn grant(report: &Report) -> Grant {
    let mut needed = NeededRights::default();
    for rule in report.coverage.not_seen.iter().flat_map(|entry| &entry.missing) {
        needed.add(rule, true);
    }
    let jane = Identity {
        user: "jane".into(),
        groups: Vec::new(),
    };
    Grant::new(Some(&jane), &needed, None)
}

#[test]
fn many_forbidden_namespaces_are_one_line() {
    let mut report = cluster(healthy_api_server(), [deployment("shop", "web")]);
    report.coverage.not_seen = (0..30)
        .map(|number| forbidden(Some(&format!("team-{number:02}"))))
        .collect();
    if let Some(CheckResult::Kind(kind)) = report.checks.last_mut() {
        kind.status = Status::Unknown;
    }
    report.coverage.grant = Some(grant(&report));
    report.settle();
    insta::assert_snapshot!(screen(&report, &STYLE), @"
    UNKNOWN  prod-eu  v1.37.2  Deployment shop/web is healthy, 1/1 ready; not seen: deployments in 30 namespaces (forbidden)

    ? not seen: deployments in 30 namespaces (team-00, team-01, team-02, team-03, ...)  forbidden: missing rule apps/deployments list
      a cluster admin grants all that this run needs:
        kubectl create clusterrole sre-health --verb=get,list --resource=deployments.apps --dry-run=client -o yaml | kubectl auth reconcile -f -
        kubectl create clusterrolebinding sre-jane --clusterrole=sre-health --user=jane

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  unknown   1 healthy
    looked at Deployments and the API server, objects in 1 namespace, in 62 ms
    ");
}

#[test]
fn a_cluster_of_which_nothing_may_be_read_is_unknown() {
    let mut report = cluster(healthy_api_server(), []);
    report.coverage.not_seen = vec![forbidden(None)];
    if let Some(CheckResult::Kind(kind)) = report.checks.last_mut() {
        kind.status = Status::Unknown;
    }
    report.coverage.grant = Some(grant(&report));
    report.settle();
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    UNKNOWN  prod-eu  v1.37.2  not seen: deployments (forbidden)

    ? not seen: deployments  forbidden: missing rule apps/deployments list
      a cluster admin grants all that this run needs:
        kubectl create clusterrole sre-health --verb=get,list --resource=deployments.apps --dry-run=client -o yaml | kubectl auth reconcile -f -
        kubectl create clusterrolebinding sre-jane --clusterrole=sre-health --user=jane

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  unknown   not seen
    looked at the API server, all namespaces, in 62 ms
    "#);
}

#[test]
fn kinds_that_may_not_be_read_are_one_line() {
    let mut report = cluster(healthy_api_server(), [deployment("shop", "web")]);
    let failure = Failure::new(Class::Forbidden, "User \"jane\" cannot list it");
    report.coverage.not_seen = [Kind::StatefulSet, Kind::Job, Kind::CronJob]
        .map(|kind| run::not_seen_kind(kind, None, &failure))
        .into();
    for kind in ["statefulsets", "jobs", "cronjobs"] {
        report
            .checks
            .push(CheckResult::Kind(KindCheck::of(kind, vec![], false)));
    }
    report.coverage.grant = Some(grant(&report));
    report.settle();
    insta::assert_snapshot!(screen(&report, &STYLE), @"
    UNKNOWN  prod-eu  v1.37.2  Deployment shop/web is healthy, 1/1 ready; not seen: statefulsets, jobs, cronjobs (forbidden)

    ? not seen: statefulsets, jobs, cronjobs  forbidden: missing rules apps/statefulsets list, batch/jobs list, batch/cronjobs list
      a cluster admin grants all that this run needs:
        kubectl create clusterrole sre-health --verb=get,list --resource=statefulsets.apps,jobs.batch,cronjobs.batch --dry-run=client -o yaml | kubectl auth reconcile -f -
        kubectl create clusterrolebinding sre-jane --clusterrole=sre-health --user=jane

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        1 healthy
    looked at 1 of 4 kinds and the API server, objects in 1 namespace, in 62 ms
    ");
}

#[test]
fn missing_evidence_is_one_line_and_changes_no_verdict() {
    let mut report = report_with(&[("Deployment/shop/web", "unavailable", serde_json::json!({}))]);
    let failure = Failure::new(Class::Forbidden, "User \"jane\" cannot list it");
    report.coverage.causes_not_seen = ["pods", "events"]
        .map(|what| run::not_seen(what, &failure, Some(&format!("{what} list").into())))
        .into();
    insta::assert_snapshot!(screen(&report, &STYLE), @"
    DEGRADED  prod-eu  v1.37.2  Deployment shop/web is not healthy, 0/3 ready

    ✗ shop/web  0/3 ready  no pod is ready, for 25 min
        kubectl -n shop describe deployment web

      causes are missing, not seen: pods, events (forbidden: missing rules pods list, events list)

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  degraded  0 healthy, 1 unavailable
    looked at 7 kinds and the API server, objects in 1 namespace, no StatefulSets, DaemonSets, bare Jobs, CronJobs, Nodes or Services found, in 62 ms
    ");
}
