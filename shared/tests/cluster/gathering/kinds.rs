//! Several kinds in one run.

use super::{LISTS, cron_job, every_kind, not_seen, seven, totals};
use crate::client::{IMPATIENT, ask, ask_with, client, missing, try_client};
use sre_shared::kind::Kind;
use sre_shared::report::Status;
use sre_shared::run::{KindTarget, Request};
use sre_testkit::{Access, Fault, Match};
use std::time::Duration;

fn job_of_nightly() -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "nightly-1", "namespace": "shop", "creationTimestamp": "2026-03-01T12:00:00Z", "generation": 1,
                     "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "1",
                                          "controller": true}]},
        "spec": {}, "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]},
    })
}

#[tokio::test]
async fn every_default_kind_is_read_and_reported_in_one_order() {
    let server = seven()
        .objects([cron_job("shop"), job_of_nightly()])
        .start()
        .await;
    let report = ask(&server, &every_kind()).await;
    assert_eq!(
        totals(&report),
        [
            ("deployments", Status::Ok, 7),
            ("statefulsets", Status::Ok, 0),
            ("daemonsets", Status::Ok, 0),
            // The CronJob answers for it.
            ("jobs", Status::Ok, 0),
            ("cronjobs", Status::Ok, 1),
        ]
    );
    assert_eq!((report.status, report.coverage.not_seen.len()), (Status::Ok, 0));
    let named = Request {
        kinds: vec![KindTarget {
            kind: Kind::Job,
            names: vec!["nightly-1".into()],
        }],
        ..every_kind()
    };
    assert_eq!(ask(&server, &named).await.status, Status::Degraded);
}

#[tokio::test]
async fn no_more_than_four_kinds_are_read_at_the_same_time() {
    let server = seven().start().await;
    server.fail(Match::under("/apis/"), Fault::Hang);
    let client = client(&server).await;
    let run = tokio::spawn(async move { ask_with(&client, &every_kind()).await });
    server.wait_for_requests(&Match::under("/apis/"), 4).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let asked: Vec<String> = server.requests().iter().map(|r| r.path.clone()).collect();
    run.abort();
    assert_eq!(asked.len(), 4, "{asked:?}");
}

#[tokio::test]
async fn if_no_api_server_is_reached_no_further_kind_is_waited_for() {
    let server = seven().start().await;
    server.fail(Match::any(), Fault::Hang);
    let impatient = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    let report = ask_with(&impatient, &every_kind()).await;
    let classes: Vec<&str> = report
        .coverage
        .not_seen
        .iter()
        .map(|n| n.class.as_str())
        .collect();
    assert_eq!(classes, ["timeout"; 5]);
    assert_eq!(server.requests_for(&Match::under("/apis/")).len(), 4);
    // One list that takes too long is no reason to leave the others out.
    server.clear_faults();
    server.fail(Match::path(LISTS), Fault::Hang);
    let report = ask_with(&impatient, &every_kind()).await;
    assert_eq!(not_seen(&report).what(), "deployments");
}

#[tokio::test]
async fn a_kind_that_may_not_be_read_is_not_seen_and_the_hint_leaves_it_out() {
    let access = Access::admin().without("list", "cronjobs");
    let server = seven().user("t", "jane", access).start().await;
    let report = ask(&server, &Request::everything()).await;
    assert_eq!(report.status, Status::Unknown);
    assert_eq!(totals(&report)[0], ("deployments", Status::Ok, 7));
    assert_eq!(totals(&report)[4], ("cronjobs", Status::Unknown, 0));
    let entry = not_seen(&report);
    assert_eq!(
        (entry.what().as_str(), missing(entry)),
        ("cronjobs", Some("batch/cronjobs list"))
    );
    let hint = entry.next_step().expect("there is a next step");
    assert!(
        hint.ends_with(
            "; or leave it out on purpose: --kinds apiserver,deployments,statefulsets,daemonsets,jobs"
        ),
        "{hint}"
    );
    // Named, it is as unknown, and there is nothing to leave it out of.
    let only = Request {
        kinds: vec![KindTarget::all(Kind::CronJob)],
        ..every_kind()
    };
    let report = ask(&server, &only).await;
    assert_eq!(report.status, Status::Unknown);
    assert!(
        !not_seen(&report)
            .hint
            .as_deref()
            .unwrap_or_default()
            .contains("--kinds")
    );
}

#[tokio::test]
async fn a_kind_that_the_server_does_not_serve_is_not_seen_in_its_own_words() {
    let server = seven().start().await;
    server.fail(Match::path("/apis/batch/v1/cronjobs"), Fault::Status(404));
    let report = ask(&server, &every_kind()).await;
    let entry = not_seen(&report);
    assert_eq!(
        (entry.what().as_str(), entry.class.as_str()),
        ("cronjobs", "notFound")
    );
    let error = entry.error.as_deref().expect("there is an error");
    assert!(
        error.starts_with("the server does not serve batch/cronjobs: "),
        "{error}"
    );
    let hint = entry.next_step().expect("there is a next step");
    assert!(
        hint.starts_with("kubectl api-resources --api-group=batch "),
        "{hint}"
    );
    assert_eq!((report.status, missing(entry)), (Status::Unknown, None));
}
