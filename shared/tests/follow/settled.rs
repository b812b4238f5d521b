//! A wait that ends well, and one that its deadline ends.

use crate::story::{Story, object, web};
use serde_json::json;
use sre_shared::follow::{EndReason, WaitRules};
use std::time::Duration;

#[test]
fn a_wait_ends_with_0_once_everything_is_healthy_and_its_generation_is_observed() {
    let mut story = Story::new(WaitRules::default());
    story.items(
        0,
        &[web(
            json!({"state": "progressing", "healthy": false, "reason": "NotObserved"}),
        )],
    );
    assert_eq!(story.end(0), None);
    story.items(5, &[web(json!({"desired": 3, "ready": 3}))]);
    let end = story.end(5).expect("an end");
    assert_eq!(
        (end.reason, end.code, end.words.as_str()),
        (EndReason::Settled, 0, "Deployment shop/web is healthy, after 5 s")
    );
    assert_eq!(
        story.changes,
        [
            "0 Deployment/shop/web: progressing",
            "5 Deployment/shop/web: healthy, 3/3 ready"
        ]
    );
}

#[test]
fn everything_must_stay_as_it_should_be_for_the_settle_time() {
    let rules = || WaitRules {
        settle: Duration::from_secs(30),
        ..WaitRules::default()
    };
    let mut story = Story::new(rules());
    story.items(0, &[web(json!({}))]);
    assert_eq!(story.runs_out(0).0, 30);

    let mut story = Story::new(rules());
    story
        .items(0, &[web(json!({}))])
        .items(20, &[web(json!({"state": "degraded", "healthy": false}))])
        .items(25, &[web(json!({}))]);
    assert_eq!(story.runs_out(25).0, 55);
}

#[test]
fn a_deadline_is_1_if_everything_that_falls_short_is_progressing_and_never_0() {
    let moving = json!({"state": "progressing", "healthy": false, "reason": "RolloutInProgress", "desired": 3, "ready": 1});
    let timed_out = |fail_on: &str| {
        let mut story = Story::new(WaitRules {
            fail_on: fail_on.parse().expect("words"),
            ..WaitRules::default()
        });
        story.items(0, &[web(moving.clone())]);
        story.runs_out(0)
    };
    let words = "timed out after 12 min: 1 of 1: shop/web 1/3 ready".to_owned();
    assert_eq!(timed_out("progressing,degraded,unknown"), (720, 1, words.clone()));
    assert_eq!(timed_out("unknown"), (720, 1, words));
}

#[test]
fn a_report_that_may_be_older_than_the_beginning_ends_nothing() {
    let rules = || WaitRules {
        lag: Duration::from_secs(3),
        ..WaitRules::default()
    };
    let job = |state: &str, reason: &str| {
        let fields = json!({"state": state, "healthy": state == "succeeded", "reason": reason});
        object("Job", "jobs", "migrate", fields)
    };
    // As it was is as it stays.
    for (item, code) in [
        (web(json!({})), 0),
        (job("succeeded", "Complete"), 0),
        (job("degraded", "JobFailed"), 2),
    ] {
        let mut story = Story::new(rules());
        story.items(0, std::slice::from_ref(&item));
        let (second, ended, _) = story.runs_out(0);
        assert_eq!((second, ended), (3, code), "{item}");
    }
    // The change was heard of later.
    let mut story = Story::new(rules());
    let moving = json!({"state": "progressing", "healthy": false, "reason": "NotObserved", "generation": 2});
    story.items(0, &[web(json!({}))]).items(2, &[web(moving)]);
    assert_eq!(story.end(3), None);
    story.items(9, &[web(json!({"generation": 2}))]);
    assert_eq!(story.end(9).map(|end| end.code), Some(0));
    // A deadline is one nevertheless.
    let mut story = Story::new(WaitRules {
        timeout: Some(Duration::from_secs(2)),
        ..rules()
    });
    story.items(0, &[web(json!({}))]);
    let (second, code, words) = story.runs_out(0);
    assert_eq!((second, code), (2, 1), "{words}");
}
