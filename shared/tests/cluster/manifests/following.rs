//! A wait: reports as something changes, and the end.

use super::{certificate, config_map, counts, deployment, manifest, paths, plan, serve_certificates, shown};
use crate::client::{client, now};
use serde_json::{Value, json};
use sre_shared::failure::Class;
use sre_shared::follow::{End, EndReason, Observation, Wait, WaitRules};
use sre_shared::report::{Report, Status};
use sre_shared::resource::Time;
use sre_shared::run::follow::{FollowPace, Observed};
use sre_shared::run::manifests::{ManifestFollower, ManifestPlan};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Fault, Match};
use std::time::Duration;

/// Longer than any wait here. A test that waits in vain ends after it.
const LIMIT: Duration = Duration::from_secs(20);

/// Reports as soon as something changes.
fn eager() -> FollowPace {
    let never = Duration::from_hours(1);
    FollowPace {
        coalesce: Duration::from_millis(5),
        heartbeat: never,
        patience: LIMIT,
        tick: Duration::from_millis(50),
        poll: Duration::from_millis(50),
        recheck: Duration::from_millis(200),
        ..FollowPace::default()
    }
}

async fn follow(server: &ApiServer, manifests: &[Value]) -> ManifestFollower {
    ManifestFollower::start(&client(server).await, plan(manifests), now, eager())
}

/// The first report that fits.
async fn until(follower: &mut ManifestFollower, fits: impl Fn(&Report) -> bool) -> Report {
    let mut last = None;
    let seen = async {
        loop {
            let observed = follower.next().await;
            if let Observed::Report(report) = &observed
                && fits(report)
            {
                return (**report).clone();
            }
            last = Some(observed);
        }
    };
    let seen = tokio::time::timeout(LIMIT, seen).await;
    seen.unwrap_or_else(|_| panic!("no such report; the last was {last:#?}"))
}

/// A wait for the objects of a plan.
fn wait_for(plan: &ManifestPlan) -> Wait {
    let rules = WaitRules {
        targets: plan.targets().to_vec(),
        expects_kinds: true,
        ..WaitRules::default()
    };
    Wait::new(rules, Time::from_seconds(0))
}

/// The end of a wait that sees these reports, each at that second.
fn end_of(plan: &ManifestPlan, reports: &[(i64, &Report)]) -> Option<End> {
    let mut wait = wait_for(plan);
    let mut end = None;
    for (second, report) in reports {
        let at = Time::from_seconds(*second);
        wait.observe(Observation::Report(report), at);
        end = wait.end(at);
    }
    end
}

fn is_ok(report: &Report) -> bool {
    report.status == Status::Ok
}

#[tokio::test]
async fn objects_that_are_missing_are_waited_for_until_they_come_in_every_namespace() {
    let server = ApiServer::builder().namespaces(["shop", "bank"]).start().await;
    let manifests = [
        deployment(&json!({"name": "web"})),
        deployment(&json!({"name": "web", "namespace": "bank"})),
        config_map("settings"),
    ];
    let mut follower = follow(&server, &manifests).await;
    let first = until(&mut follower, |_| true).await;
    assert_eq!(
        shown(&first),
        [
            "deployment web: notFound",
            "deployment web: notFound",
            "configmap settings: notFound"
        ]
    );
    let plan = plan(&manifests);
    assert_eq!(end_of(&plan, &[(0, &first), (700, &first)]), None);
    let end = end_of(&plan, &[(0, &first), (720, &first)]).expect("the deadline");
    assert_eq!((end.reason, end.code), (EndReason::TimedOut, 3));
    server.apply(Deployment::new("shop", "web"));
    server.apply(Deployment::new("bank", "web"));
    server.apply(config_map("settings"));
    let last = until(&mut follower, is_ok).await;
    assert_eq!(
        shown(&last),
        [
            "Deployment/bank/web healthy Ready",
            "Deployment/shop/web healthy Ready",
            "ConfigMap/shop/settings healthy Present"
        ]
    );
    let end = end_of(&plan, &[(0, &first), (30, &last)]).expect("all is there");
    assert_eq!(
        (end.code, end.words.as_str()),
        (0, "all 3 objects are as they should be, after 30 s")
    );
    // In the report that is shown, they are counted.
    let whole = follower.whole_report().await;
    assert_eq!(counts(&whole), [("configmaps", 1)]);
    assert_eq!((whole.kinds().count(), whole.status), (1, Status::Ok));
}

#[tokio::test]
async fn a_rollout_is_waited_for_at_the_generation_of_the_manifest() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web").uid("u1").generation(2).observed(2)])
        .start()
        .await;
    let named = deployment(&json!({"name": "web", "uid": "u1", "generation": 3}));
    let manifests = [named];
    let mut follower = follow(&server, &manifests).await;
    let old = until(&mut follower, |_| true).await;
    assert_eq!(shown(&old), ["Deployment/shop/web progressing NotObserved"]);
    // The new spec is written, and the status is about the old one.
    server.apply(Deployment::new("shop", "web").uid("u1").generation(3).observed(2));
    let unobserved = until(&mut follower, |report| {
        report
            .kinds()
            .flat_map(|kind| &kind.items)
            .any(|item| item.generation == Some(3))
    })
    .await;
    assert!(!is_ok(&unobserved), "{:?}", shown(&unobserved));
    let plan = plan(&manifests);
    assert_eq!(end_of(&plan, &[(0, &old), (5, &unobserved)]), None);
    server.apply(Deployment::new("shop", "web").uid("u1").generation(3).observed(3));
    let last = until(&mut follower, is_ok).await;
    let end = end_of(&plan, &[(0, &old), (5, &unobserved), (9, &last)]);
    assert_eq!(
        end.map(|end| (end.reason, end.code)),
        Some((EndReason::Settled, 0))
    );
}

#[tokio::test]
async fn an_object_that_was_replaced_ends_the_wait_with_2() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web").uid("u1")])
        .start()
        .await;
    let manifests = [deployment(&json!({"name": "web", "uid": "u1"})), config_map("a")];
    let mut follower = follow(&server, &manifests).await;
    let first = until(&mut follower, |_| true).await;
    server.delete("shop", "web");
    server.apply(Deployment::new("shop", "web").uid("u2"));
    let replaced = until(&mut follower, |report| {
        shown(report).iter().any(|line| line.ends_with("Replaced"))
    })
    .await;
    let end = end_of(&plan(&manifests), &[(0, &first), (5, &replaced)]).expect("an end");
    assert_eq!((end.reason, end.code), (EndReason::Replaced, 2));
    assert_eq!(
        end.words,
        "Deployment shop/web was replaced by another object of that name"
    );
}

#[tokio::test]
async fn an_object_that_was_there_before_the_wait_and_is_gone_ends_it_after_10_s() {
    let server = ApiServer::builder().namespaces(["shop"]).start().await;
    let job = manifest("batch/v1", "Job", &json!({"name": "migrate", "uid": "u1"}));
    for (named, reason, code, words) in [
        (
            deployment(&json!({"name": "web", "uid": "u1"})),
            EndReason::Deleted,
            2,
            "deployment shop/web is gone",
        ),
        (
            job,
            EndReason::NotSeen,
            3,
            "job shop/migrate is gone, and it is not known whether it has succeeded",
        ),
    ] {
        let manifests = [named];
        let mut follower = follow(&server, &manifests).await;
        let report = until(&mut follower, |_| true).await;
        let plan = plan(&manifests);
        assert_eq!(end_of(&plan, &[(0, &report), (9, &report)]), None);
        let end = end_of(&plan, &[(0, &report), (10, &report)]).expect("an end");
        assert_eq!((end.reason, end.code, end.words.as_str()), (reason, code, words));
    }
}

#[tokio::test]
async fn a_custom_resource_is_waited_for_though_its_kind_comes_later() {
    let server = ApiServer::builder()
        .namespaces(["shop"])
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let named = manifest("cert-manager.io/v1", "Certificate", &json!({"name": "web"}));
    let manifests = [named, deployment(&json!({"name": "web"}))];
    let mut follower = follow(&server, &manifests).await;
    let first = until(&mut follower, |_| true).await;
    assert_eq!(
        shown(&first),
        [
            "Deployment/shop/web healthy Ready",
            "certificate.cert-manager.io: notFound"
        ]
    );
    let plan = plan(&manifests);
    assert_eq!(end_of(&plan, &[(0, &first), (700, &first)]), None);
    serve_certificates(&server);
    let missing = until(&mut follower, |report| {
        shown(report).contains(&"certificate.cert-manager.io web: notFound".to_owned())
    })
    .await;
    server.apply(certificate("True"));
    let last = until(&mut follower, is_ok).await;
    let end = end_of(&plan, &[(0, &first), (20, &missing), (30, &last)]).expect("all is well");
    assert_eq!(
        (end.code, end.words.as_str()),
        (0, "all 2 objects are as they should be, after 30 s")
    );
}

#[tokio::test]
async fn a_kind_that_no_manifest_can_bring_ends_the_wait_at_once() {
    let server = ApiServer::builder().namespaces(["shop"]).start().await;
    let manifests = [manifest("apps/v1", "Deploymnt", &json!({"name": "web"}))];
    let mut follower = follow(&server, &manifests).await;
    let report = until(&mut follower, |_| true).await;
    let end = end_of(&plan(&manifests), &[(0, &report)]).expect("an end");
    assert_eq!((end.reason, end.code), (EndReason::NotSeen, 3));
}

#[tokio::test]
async fn an_object_without_a_verdict_that_is_deleted_during_the_wait_ends_it() {
    let server = ApiServer::builder()
        .objects([config_map("a")])
        .deployments([Deployment::new("shop", "web").counts(1, 1, 0, 0)])
        .start()
        .await;
    let manifests = [config_map("a"), deployment(&json!({"name": "web"}))];
    let mut follower = follow(&server, &manifests).await;
    let first = until(&mut follower, |_| true).await;
    server.delete_object("v1", "ConfigMap", "shop", "a");
    let gone = until(&mut follower, |report| {
        shown(report).contains(&"configmap a: notFound".to_owned())
    })
    .await;
    let end = end_of(&plan(&manifests), &[(0, &first), (5, &gone), (15, &gone)]).expect("an end");
    assert_eq!((end.reason, end.code), (EndReason::Deleted, 2));
    assert_eq!(end.words, "ConfigMap shop/a was deleted");
}

#[tokio::test]
async fn secrets_are_not_asked_for_and_each_namespace_is_watched_alone() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web"), Deployment::new("bank", "web")])
        .start()
        .await;
    let manifests = [
        deployment(&json!({"name": "web"})),
        deployment(&json!({"name": "web", "namespace": "bank"})),
        manifest("v1", "Secret", &json!({"name": "s"})),
    ];
    let mut follower = follow(&server, &manifests).await;
    until(&mut follower, is_ok).await;
    assert_eq!(counts(&follower.present_report()), [("Secret", 1)]);
    assert_eq!(
        paths(&server),
        [
            "/apis/apps/v1/namespaces/bank/deployments",
            "/apis/apps/v1/namespaces/shop/deployments",
        ]
    );
}

#[tokio::test]
async fn nothing_can_be_read_only_if_no_namespace_can() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .objects([config_map("a")])
        .start()
        .await;
    let away = async |follower: &mut ManifestFollower| {
        let away = async {
            loop {
                if let Observed::Away(failure) = follower.next().await {
                    return failure.class;
                }
            }
        };
        tokio::time::timeout(LIMIT, away)
            .await
            .expect("it is away in the end")
    };
    let mut only_present = follow(&server, &[config_map("a")]).await;
    until(&mut only_present, is_ok).await;
    let named = deployment(&json!({"name": "web"}));
    let mut judged = follow(&server, &[named, config_map("a")]).await;
    until(&mut judged, is_ok).await;
    server.fail(Match::any(), Fault::Status(503));
    server.disturb_watches(&sre_testkit::WatchFault::End);
    assert_eq!(away(&mut only_present).await, Class::Unhealthy);
    assert_eq!(away(&mut judged).await, Class::Unhealthy);
    server.clear_faults();
    until(&mut only_present, is_ok).await;
    until(&mut judged, is_ok).await;
}
