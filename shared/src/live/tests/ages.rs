//! How old data may be, and what time alone changes.

use super::*;

#[test]
fn time_alone_changes_a_verdict_that_is_not_settled() {
    let cache = cache_with(&[rolling("bank", "cards")]);
    let state = |seconds| cache.overview(&Selection::default(), &moment(seconds)).summary;
    assert_eq!(state(59).progressing, 1);
    assert!(cache.review(&moment(59)).is_empty());
    assert_eq!(state(60).degraded, 1);
    let changes = cache.review(&moment(60));
    assert_eq!(
        (changes.len(), changes[0].health_change),
        (1, Some(HealthChange::Failed))
    );
    assert!(cache.review(&moment(61)).is_empty(), "it was returned once");
}

#[test]
fn a_run_that_does_not_begin_is_missed_without_an_event_of_its_cron_job() {
    let cron = serde_json::json!({
        "metadata": {"namespace": "shop", "name": "sync", "generation": 1, "creationTimestamp": at(-86_400)},
        "spec": {"schedule": "*/5 * * * *"},
        "status": {"lastScheduleTime": at(-600), "lastSuccessfulTime": at(-590)}
    });
    let cache: Cache<CronJob> = Cache::new(Kind::CronJob, &[]);
    cache.replace(0, vec![from_value(&cron)], event(now()));
    let status = |seconds| cache.overview(&Selection::default(), &moment(seconds)).status;
    assert_eq!((status(0), status(1)), (Status::Ok, Status::Degraded));
    let changes = |seconds| cache.review(&moment(seconds)).len();
    assert_eq!((changes(0), changes(1)), (0, 1));
}

#[test]
fn an_object_that_has_just_recovered_is_judged_again_for_a_minute() {
    let recovered = healthy("shop", "flapper")
        .created(at(-86_400))
        .condition("Available", "True", "MinimumReplicasAvailable", at(0))
        .condition("Progressing", "True", "NewReplicaSetAvailable", at(-86_400));
    let cache = cache_with(&[recovered]);
    let state = |seconds| cache.overview(&Selection::default(), &moment(seconds)).summary;
    assert_eq!((state(0).progressing, state(59).progressing), (1, 1));
    assert_eq!(cache.search_targets(&moment(30)).len(), 1, "its pods show why");
    // Without a further event of the watch.
    assert_eq!(cache.review(&moment(59)), []);
    assert_eq!(state(60).healthy, 1);
    assert_eq!(cache.open_count(), 1);
    cache.review(&moment(60));
    assert_eq!(cache.open_count(), 0, "it cannot change with time any more");
    assert_eq!(state(61).healthy, 1);
    assert_eq!(cache.totals(&moment(61)).overview.summary.healthy, 1);
}

#[test]
fn a_search_includes_an_object_whose_status_was_just_written() {
    let written = |ago: i64| {
        healthy("shop", "web")
            .created(at(-86_400))
            .managed_fields(at(-86_400))
            .managed_status(at(ago))
    };
    let open = |build: Build| cache_with(&[build]).search_targets(&moment(0)).len();
    assert_eq!((open(written(-5)), open(written(-60))), (1, 0));
    // Somebody has scaled it.
    assert_eq!(open(written(-5).managed_fields(at(-30))), 0);
}

#[test]
fn a_verdict_is_not_carried_far_beyond_the_last_event() {
    let cards = rolling("bank", "cards").condition("Progressing", "True", "ReplicaSetUpdated", at(-500));
    let cache = cache_with(&[cards]);
    // Its deadline passes 100 s after the last event.
    advance(Duration::from_mins(2));
    let overview = cache.overview(&Selection::default(), &moment(120));
    assert_eq!(
        (overview.summary.progressing, overview.stale, overview.age_seconds),
        (1, true, 120)
    );
    cache.note_bookmark(0, event(later(120)));
    let overview = cache.overview(&Selection::default(), &moment(120));
    assert_eq!(
        (overview.summary.degraded, overview.stale, overview.age_seconds),
        (1, false, 0)
    );
}

#[test]
fn silence_makes_data_stale_and_then_unknown() {
    let cache = cache_with(&[degraded("shop", "api")]);
    advance(Duration::from_secs(89));
    assert!(!cache.overview(&Selection::default(), &moment(89)).stale);
    advance(Duration::from_secs(1));
    let overview = cache.overview(&Selection::default(), &moment(90));
    assert_eq!((overview.stale, overview.status), (true, Status::Degraded));
    advance(Duration::from_secs(90));
    let overview = cache.overview(&Selection::default(), &moment(180));
    assert_eq!(
        (overview.stale, overview.status, overview.summary.degraded),
        (true, Status::Unknown, 1)
    );
    assert_eq!(
        (overview.verdict.degraded, overview.verdict.unknown),
        (false, true)
    );
    assert_eq!(overview.gaps[0].class(), "stale");
    assert_eq!((overview.observed, overview.age_seconds), (Some(now()), 180));
    assert_eq!(
        names(&cache, &Selection::default()),
        ["shop/api degraded"],
        "it is shown as last seen"
    );
}

#[test]
fn a_silent_api_server_makes_data_stale_until_the_next_event() {
    let cache = cache_with(&[]);
    advance(Duration::from_secs(5));
    let silent = AnswerTime {
        silent: Some(instant()),
        ..moment(5)
    };
    assert!(cache.overview(&Selection::default(), &silent).stale);
    advance(Duration::from_secs(1));
    cache.note_bookmark(0, event(later(6)));
    let after = AnswerTime {
        instant: instant(),
        ..silent
    };
    assert!(!cache.overview(&Selection::default(), &after).stale);
}

#[test]
fn a_forbidden_namespace_is_not_seen_and_the_others_are_judged() {
    let cache = cache(&["bank", "shop"]);
    cache.replace(1, vec![decoded(&healthy("shop", "web"))], event(now()));
    cache.note_failure(0, Failure::new(Class::Forbidden, "no"), 3);
    let overview = cache.overview(&Selection::default(), &moment(0));
    assert_eq!((overview.status, overview.summary.healthy), (Status::Unknown, 1));
    assert_eq!(
        overview.gaps,
        [Gap::NotListed {
            namespace: Some("bank".into()),
            failure: Failure::new(Class::Forbidden, "no"),
        }]
    );
    assert_eq!(
        cache.overview(&in_namespace("shop"), &moment(0)).status,
        Status::Ok
    );
    let elsewhere = cache.overview(&in_namespace("team"), &moment(0));
    assert_eq!(
        (elsewhere.status, elsewhere.gaps[0].class()),
        (Status::Unknown, "notWatched")
    );
    assert_eq!(elsewhere.observed, None);
}

#[test]
fn a_new_list_of_one_namespace_leaves_the_others_alone() {
    let cache = cache(&["bank", "shop"]);
    cache.replace(0, vec![decoded(&healthy("bank", "ledger"))], event(now()));
    cache.replace(1, vec![decoded(&healthy("shop", "web"))], event(now()));
    cache.replace(1, Vec::<Decoded<Deployment>>::new(), event(now()));
    assert_eq!(names(&cache, &Selection::default()), ["bank/ledger healthy"]);
}

#[test]
fn an_overview_is_as_old_as_its_oldest_namespace() {
    let cache = cache(&["bank", "shop"]);
    cache.replace(0, vec![decoded(&degraded("bank", "ledger"))], event(now()));
    advance(STALE_AFTER);
    cache.replace(1, vec![decoded(&healthy("shop", "web"))], event(now()));
    let overview = cache.overview(&Selection::default(), &moment(180));
    assert_eq!((overview.status, overview.age_seconds), (Status::Unknown, 180));
    let shop = cache.overview(&in_namespace("shop"), &moment(180));
    assert_eq!(
        (shop.status, shop.age_seconds, shop.stale),
        (Status::Ok, 0, false)
    );
}

#[test]
fn a_right_that_is_taken_away_is_reported_with_the_second_refusal() {
    let cache = cache_with(&[]);
    let forbidden = || Failure::new(Class::Forbidden, "no");
    cache.note_failure(0, forbidden(), 1);
    assert_eq!(
        cache.overview(&Selection::default(), &moment(0)).status,
        Status::Ok,
        "once may be a start-up"
    );
    cache.note_failure(0, forbidden(), 2);
    assert_eq!(
        cache.overview(&Selection::default(), &moment(0)).status,
        Status::Unknown
    );
}

#[test]
fn an_unobserved_generation_is_counted_from_when_it_was_first_seen() {
    // Neither without managedFields nor after a scaling does anything say when it was written.
    let undated = healthy("shop", "web").remove("/metadata/managedFields");
    let scaled = healthy("shop", "web")
        .managed_fields(at(-7_200))
        .managed_scale("keda");
    for deployment in [undated, scaled] {
        let unobserved = |generation| deployment.clone().generation(generation).observed(1);
        let cache = cache_with(&[unobserved(2)]);
        let reason = |seconds| {
            let mut reason = Code::default();
            cache.visit(
                &Selection::default(),
                &moment(seconds),
                &OpenItems::default(),
                &mut |item| {
                    reason = item.reason.clone();
                    ControlFlow::Continue(())
                },
            );
            reason
        };
        assert_eq!(reason(60), "NotObserved");
        assert_eq!(reason(61), "ControllerNotObserving");
        cache.apply(0, decoded(&unobserved(2)), event(later(30)));
        assert_eq!(
            reason(61),
            "ControllerNotObserving",
            "the same generation is not newer"
        );
        cache.apply(0, decoded(&unobserved(3)), event(later(30)));
        assert_eq!(reason(61), "NotObserved");
    }
}
