//! What cannot be read: rights, outages, configuration, and objects that are not there.

use crate::story::{Story, failing, report, unseen, web};
use serde_json::json;
use sre_shared::failure::Class;
use sre_shared::follow::{EndReason, WaitRules, WaitTarget};
use sre_shared::kind::Kind;

#[test]
fn an_outage_is_neither_progress_nor_failure() {
    let quota = || failing(json!({"code": "Quota", "message": "quota compute is used up", "count": 1}));
    let mut story = Story::new(WaitRules::default());
    story.items(0, &[quota()]).away(60, Class::Refused);
    assert_eq!(story.end(400), None);
    story.items(400, &[quota()]);
    // 60 s before the outage and 60 s after it.
    assert_eq!(story.runs_out(400).0, 460);
    assert_eq!(
        story.changes[1..],
        [
            "60 nothing can be read: it does not answer".to_owned(),
            "400 the objects can be read again after 5 min".to_owned()
        ]
    );
}

#[test]
fn a_deadline_during_an_outage_is_69() {
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[web(json!({"state": "progressing"}))])
        .away(60, Class::Timeout);
    assert_eq!(
        story.runs_out(60),
        (
            720,
            69,
            "timed out after 12 min: nothing could be read for 11 min: it does not answer".to_owned()
        )
    );
}

#[test]
fn a_wrong_configuration_ends_the_wait_at_once_if_nothing_was_read_yet() {
    for (class, code) in [
        (Class::Dns, 69),
        (Class::UnknownAuthority, 69),
        (Class::Unauthenticated, 3),
    ] {
        let mut story = Story::new(WaitRules::default());
        story.away(0, class);
        let end = story.end(0).expect("an end");
        assert_eq!((end.reason, end.code), (EndReason::Refused, code), "{class:?}");

        let mut later = Story::new(WaitRules::default());
        later
            .items(0, &[web(json!({"state": "progressing"}))])
            .away(5, class);
        assert_eq!(later.end(5), None, "{class:?}");
    }
}

#[test]
fn missing_rights_end_the_wait_with_3_after_10_s_at_the_start_and_after_the_grace_later() {
    let forbidden = json!({
        "what": "deployments in namespace shop", "resource": "deployments.apps", "namespace": "shop",
        "class": "forbidden", "missing": "apps/deployments list",
    });
    let mut story = Story::new(WaitRules::default());
    story.see(0, unseen(&[], std::slice::from_ref(&forbidden)));
    let words = "deployments in namespace shop not seen: forbidden, grant apps/deployments list";
    assert_eq!(story.runs_out(0), (10, 3, words.to_owned()));

    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[web(json!({"state": "progressing"}))])
        .see(30, unseen(&[], &[forbidden]));
    assert_eq!(story.runs_out(30), (150, 3, words.to_owned()));
}

#[test]
fn a_named_object_that_is_not_there_yet_is_waited_for_until_the_deadline() {
    let rules = || WaitRules {
        targets: vec![WaitTarget::named(Kind::Deployment, Some("shop"), "web")],
        ..WaitRules::default()
    };
    let missing = || {
        unseen(
            &[],
            &[json!({"what": "deployment web", "resource": "deployments.apps", "class": "notFound"})],
        )
    };
    let mut story = Story::new(rules());
    story.see(0, missing());
    assert_eq!(
        story.runs_out(0),
        (
            720,
            3,
            "timed out after 12 min: 1 of 1: deployment shop/web is not there".to_owned()
        )
    );
    let mut story = Story::new(rules());
    story.see(0, missing()).see(300, report(&[web(json!({}))]));
    assert_eq!(story.end(300).map(|end| end.code), Some(0));
}

#[test]
fn a_kind_that_the_server_does_not_serve_ends_the_wait_at_once_at_the_start_and_after_the_grace_later() {
    let unserved = || {
        let name = "certificates.cert-manager.io";
        json!({"what": name, "resource": name, "class": "notFound", "error": "the server does not serve it"})
    };
    let words = "certificates.cert-manager.io not seen: notFound: the server does not serve it".to_owned();
    let mut story = Story::new(WaitRules::default());
    story.see(0, unseen(&[], &[unserved()]));
    assert_eq!(story.runs_out(0), (0, 3, words.clone()));
    let mut story = Story::new(WaitRules::default());
    story
        .items(0, &[web(json!({"state": "progressing"}))])
        .see(9, unseen(&[], &[unserved()]));
    assert_eq!(story.runs_out(9), (129, 3, words));
}

#[test]
fn a_list_that_fails_for_now_is_waited_for_and_drops_no_object() {
    // The last two are words of an agent.
    for class in ["timeout", "unhealthy", "overloaded", "stale", "notListed"] {
        let failing =
            json!({"what": "deployments", "resource": "deployments.apps", "class": class, "error": "10 s"});
        let mut story = Story::new(WaitRules::default());
        story
            .items(0, &[web(json!({"state": "progressing"}))])
            .see(30, unseen(&[], &[failing]));
        assert_eq!(story.end(300), None, "{class}");
        assert_eq!(story.changes.len(), 1, "{:?}", story.changes);
        story.items(310, &[web(json!({}))]);
        assert_eq!(story.end(310).map(|end| end.code), Some(0));
    }
}

#[test]
fn a_report_that_reached_nothing_or_is_old_is_an_outage() {
    let mut unreached = unseen(
        &[],
        &[
            json!({"what": "deployments", "resource": "deployments.apps", "class": "refused", "error": "connection refused"}),
        ],
    );
    for check in &mut unreached.checks {
        if let sre_shared::report::CheckResult::Kind(kind) = check {
            kind.status = sre_shared::report::Status::Unknown;
        }
    }
    let mut stale = report(&[web(json!({}))]);
    (stale.stale, stale.age_seconds) = (true, 95);
    for (seen, words) in [
        (unreached, "30 nothing can be read: connection refused"),
        (stale, "30 nothing can be read: the data is 95 s old"),
    ] {
        let mut story = Story::new(WaitRules::default());
        story
            .items(0, &[web(json!({"state": "progressing"}))])
            .see(30, seen);
        assert_eq!(story.changes[1..], [words.to_owned()]);
        let (seconds, code, _) = story.runs_out(30);
        assert_eq!((seconds, code), (720, 69));
    }
}

#[test]
fn an_api_server_that_is_part_of_the_question_has_to_be_well() {
    let with = |status: &str| {
        let mut report = report(&[web(json!({}))]);
        let check = json!({"check": "apiserver", "status": status, "version": "v1.37.2"});
        report
            .checks
            .insert(0, serde_json::from_value(check).expect("a check"));
        report.settle();
        report
    };
    let mut story = Story::new(WaitRules::default());
    story.see(0, with("degraded"));
    assert_eq!(
        story.runs_out(0),
        (120, 2, "the API server is degraded".to_owned())
    );
    let mut story = Story::new(WaitRules::default());
    story.see(0, with("degraded")).see(60, with("ok"));
    assert_eq!(story.end(60).map(|end| end.code), Some(0));
}

#[test]
fn a_job_that_an_agent_may_leave_to_its_controller_is_waited_for_and_a_kind_that_it_does_not_watch_is_not() {
    let not_watched = |what: &str, resource: &str| {
        let entry = json!({"what": what, "resource": resource, "namespace": "shop", "class": "notWatched",
            "error": "the agent leaves them to their controllers and does not keep them"});
        unseen(&[], &[entry])
    };
    let rules = || WaitRules {
        targets: vec![WaitTarget::named(Kind::Job, Some("shop"), "migrate")],
        ..WaitRules::default()
    };
    let mut story = Story::new(rules());
    story.see(0, not_watched("job migrate in namespace shop", "jobs.batch"));
    assert_eq!(story.end(700), None);
    let (second, code, _) = story.runs_out(700);
    assert_eq!((second, code), (720, 3));
    for what in [
        "jobs in namespace shop",
        "jobs that have a controller in namespace shop",
    ] {
        let mut story = Story::new(rules());
        story.see(0, not_watched(what, "jobs.batch"));
        let (second, code, words) = story.runs_out(0);
        assert_eq!((second, code), (10, 3), "{words}");
    }
}
