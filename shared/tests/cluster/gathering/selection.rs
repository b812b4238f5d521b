//! Selectors and names.

use super::{LISTS, cron_job, every_kind, named, not_seen, seven, totals};
use crate::client::{ask, names, only_deployments, part};
use sre_shared::report::Status;
use sre_shared::run::Request;
use sre_testkit::Match;
use sre_testkit::object::Deployment;

#[tokio::test]
async fn the_server_applies_a_selector_and_one_without_a_match_is_not_found() {
    let server = seven().start().await;
    let selected = |text: &str| Request {
        selector_text: text.into(),
        selector: text.parse().expect("a selector"),
        ..only_deployments()
    };
    let report = ask(&server, &selected("app!=b,app")).await;
    assert_eq!(names(&part(&report).items).concat(), "acdefg");
    let sent = server.requests_for(&Match::path(LISTS));
    assert_eq!(sent[0].parameter("labelSelector").as_deref(), Some("app!=b,app"));
    let report = ask(&server, &selected("app=none")).await;
    assert_eq!(not_seen(&report).class, "notFound");
    assert_eq!(
        not_seen(&report).error.as_deref(),
        Some("no Deployments match \"app=none\"")
    );
    assert_eq!(report.status, Status::Unknown);
}

#[tokio::test]
async fn a_named_object_is_found_in_every_namespace_and_a_missing_one_gets_the_nearest_name() {
    let server = seven()
        .deployments([
            Deployment::new("shop", "checkout"),
            Deployment::new("bank", "checkout"),
        ])
        .start()
        .await;
    let report = ask(&server, &named("checkout")).await;
    assert_eq!((report.status, part(&report).summary.total), (Status::Ok, 2));
    let report = ask(&server, &named("chekout")).await;
    assert_eq!(not_seen(&report).what(), "deployment chekout");
    assert_eq!(
        not_seen(&report).hint.as_deref(),
        Some("did you mean \"checkout\"?")
    );
    assert_eq!(report.status, Status::Unknown);
    let report = ask(
        &server,
        &Request {
            namespace: Some("bank".into()),
            ..named("a")
        },
    )
    .await;
    assert_eq!(
        not_seen(&report).error.as_deref(),
        Some("there is no deployment a in namespace bank")
    );
}

#[tokio::test]
async fn a_selector_has_to_match_something_of_all_kinds_together() {
    let server = seven().objects([cron_job("shop")]).start().await;
    let selected = |text: &str| Request {
        selector_text: text.into(),
        selector: text.parse().expect("a selector"),
        ..every_kind()
    };
    let report = ask(&server, &selected("app=nightly")).await;
    assert_eq!((report.status, report.coverage.not_seen.len()), (Status::Ok, 0));
    assert_eq!(totals(&report)[4], ("cronjobs", Status::Ok, 1));
    let report = ask(&server, &selected("app=none")).await;
    let entry = not_seen(&report);
    assert_eq!(entry.what(), "objects matching app=none");
    assert_eq!(
        entry.error.as_deref(),
        Some("no Deployments, StatefulSets, DaemonSets, Jobs or CronJobs match \"app=none\"")
    );
    assert!(
        report.kinds().all(|kind| kind.status == Status::Unknown),
        "{report:?}"
    );
}
