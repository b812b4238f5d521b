//! Tests of the first line, and of screens without a problem.

use super::*;

#[test]
fn a_healthy_cluster_is_ok() {
    let report = cluster(
        healthy_api_server(),
        [
            deployment("shop", "web"),
            deployment("shop", "api"),
            deployment("bank", "ledger"),
        ],
    );
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    OK  prod-eu  v1.37.2  all 3 Deployments are healthy

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        3 healthy
    looked at Deployments and the API server, objects in 2 namespaces, in 62 ms
    "#);
}

#[test]
fn quiet_prints_only_the_verdict() {
    insta::assert_snapshot!(screen(&mixed(), &Style { quiet: true, ..STYLE }), @"DEGRADED  prod-eu  v1.37.2  5 of 9 Deployments are not healthy, 1 was not understood, 1 still rolling out");
}

/// The verdict on a terminal of so many columns.
fn verdict(report: &Report, width: usize) -> String {
    let style = Style {
        width: Some(width),
        ..STYLE
    };
    let text = screen(report, &style);
    text.split("\n\n").next().unwrap_or_default().to_owned()
}

#[test]
fn the_verdict_wraps_between_words_in_a_narrow_window() {
    insta::assert_snapshot!(verdict(&mixed(), 60), @r"
    DEGRADED  prod-eu  v1.37.2  5 of 9 Deployments are not
      healthy, 1 was not understood, 1 still rolling out
    ");
    insta::assert_snapshot!(verdict(&mixed(), 40), @r"
    DEGRADED  prod-eu  v1.37.2  5 of
      9 Deployments are not healthy, 1 was
      not understood, 1 still rolling out
    ");
    // EKS names its contexts so.
    let mut report = mixed();
    report.source.context = Some("arn:aws:eks:eu-west-1:123456789012:cluster/prod".into());
    insta::assert_snapshot!(verdict(&report, 60), @r"
    DEGRADED  arn:aws:eks:eu-west-1:123456789012:cluster/prod
      v1.37.2  5 of 9 Deployments are not healthy, 1 was not
      understood, 1 still rolling out
    ");
    insta::assert_snapshot!(verdict(&report, 40), @r"
    DEGRADED  arn:aws:eks:eu-west-1:123456789012:cluster/prod
      v1.37.2  5 of 9 Deployments are not
      healthy, 1 was not understood, 1 still
      rolling out
    ");
}

#[test]
fn no_line_of_the_verdict_is_wider_than_the_window_or_begins_with_a_gap() {
    for width in 24..120 {
        for line in verdict(&mixed(), width).lines() {
            assert!(line.chars().count() <= width, "{width}: {line:?}");
            let indent = line.len() - line.trim_start().len();
            assert!(indent == 0 || indent == 2, "{width}: {line:?}");
        }
    }
}

#[test]
fn a_cluster_without_objects_is_ok() {
    insta::assert_snapshot!(screen(&cluster(healthy_api_server(), []), &STYLE), @r#"
    OK  prod-eu  v1.37.2  no Deployments found

    API server   ok        reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  ok        none found
    looked at Deployments and the API server, all namespaces, in 62 ms
    "#);
}

#[test]
fn a_cluster_with_only_rollouts_is_progressing() {
    let moving = |deployment: Deployment| {
        deployment
            .condition("Progressing", "True", "ReplicaSetUpdated", at(-45))
            .condition("Available", "False", "MinimumReplicasUnavailable", at(-45))
    };
    let report = cluster(
        healthy_api_server(),
        [
            deployment("shop", "web"),
            moving(deployment("shop", "api").replicas(3).counts(3, 3, 1, 1)),
        ],
    );
    insta::assert_snapshot!(screen(&report, &STYLE), @r#"
    PROGRESSING  prod-eu  v1.37.2  1 of 2 Deployments is not healthy

    ~ shop/api  1/3 ready  rolling out: 3 of 3 updated, for 45 s

    API server   ok           reached in 9.1 ms, readyz 47 of 47 checks pass
    Deployments  progressing  1 healthy, 1 progressing
    looked at Deployments and the API server, objects in 1 namespace, in 62 ms
    "#);
}

#[test]
fn the_verdict_names_the_first_kinds_that_fall_short_and_counts_the_others() {
    let kinds = [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "Node",
        "Service",
    ];
    let names = kinds.map(|kind| format!("{kind}/shop/web"));
    let items: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "degraded", serde_json::json!({})))
        .collect();
    let text = screen(&report_with(&items), &STYLE);
    assert_eq!(
        text.lines().next(),
        Some(
            "DEGRADED  prod-eu  v1.37.2  7 of 7 objects are not healthy: 1 Deployment, 1 StatefulSet, 1 DaemonSet, 1 Job, \
             1 CronJob, 2 others"
        )
    );
}
