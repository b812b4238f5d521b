use super::cache::Cache;
use super::*;
use crate::check::{RelatedKind, RelatedObjects};
use crate::failure::{Class, Failure};
use crate::kind::Kind;
use crate::report::{Code, ObjectRef, State, Status, Summary};
use crate::resource::{CronJob, Decoded, Deployment, EndpointSlice, Service, Time, from_value};
use crate::run;
use sre_testkit::Clock;
use sre_testkit::object::Deployment as Build;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

const STALE_AFTER: Duration = Duration::from_mins(3);

thread_local! {
    /// The beginning of a test, and how much time has passed since by the clock of its process.
    static CLOCK: Cell<(Instant, Duration)> = Cell::new((tokio::time::Instant::now().into_std(), Duration::ZERO));
}

fn instant() -> Instant {
    let (begin, passed) = CLOCK.get();
    begin + passed
}

/// Lets time pass by the clock of the process.
fn advance(time: Duration) {
    let (begin, passed) = CLOCK.get();
    CLOCK.set((begin, passed + time));
}

/// An event at this instant, at that time of the API server's clock.
pub(super) fn event(time: Time) -> EventTime {
    EventTime {
        instant: instant(),
        time,
    }
}

pub(super) fn now() -> Time {
    Time::parse(sre_testkit::clock::NOW).unwrap()
}

fn at(seconds: i64) -> String {
    Clock::fixed().at(seconds)
}

pub(super) fn healthy(namespace: &str, name: &str) -> Build {
    Build::new(namespace, name).replicas(3)
}

/// A Deployment that has lacked a pod for an hour.
pub(super) fn degraded(namespace: &str, name: &str) -> Build {
    Build::new(namespace, name).replicas(3).counts(3, 3, 2, 2)
}

/// A Deployment that lacks a pod and whose rollout has a minute left at [`now`].
fn rolling(namespace: &str, name: &str) -> Build {
    let rolling = Build::new(namespace, name).replicas(3).counts(3, 2, 2, 2);
    rolling.condition("Progressing", "True", "ReplicaSetUpdated", at(-540))
}

pub(super) fn decoded(build: &Build) -> Decoded<Deployment> {
    from_value(&build.build())
}

fn broken(namespace: &str, name: &str) -> Decoded<Deployment> {
    from_value(&healthy(namespace, name).set("/spec/replicas", "3").build())
}

fn cache(namespaces: &[&str]) -> Cache<Deployment> {
    let namespaces: Vec<String> = namespaces.iter().map(|n| (*n).to_owned()).collect();
    Cache::new(Kind::Deployment, &namespaces)
}

fn cache_with(items: &[Build]) -> Cache<Deployment> {
    let cache = cache(&[]);
    cache.replace(0, items.iter().map(decoded).collect(), event(now()));
    cache
}

pub(super) fn later(seconds: i64) -> Time {
    Time::from_seconds(now().seconds + seconds)
}

/// This moment, `seconds` after [`now`] by the API server's clock.
pub(super) fn moment(seconds: i64) -> AnswerTime {
    AnswerTime {
        now: later(seconds),
        instant: instant(),
        silent: None,
        stale: Duration::from_secs(90),
        stale_after: STALE_AFTER,
    }
}

fn names(cache: &Cache<Deployment>, selection: &Selection) -> Vec<String> {
    let mut names = Vec::new();
    cache.visit(selection, &moment(0), &OpenItems::default(), &mut |item| {
        names.push(format!(
            "{}/{} {}",
            item.namespace,
            item.name,
            item.state.as_str()
        ));
        ControlFlow::Continue(())
    });
    names
}

fn in_namespace(namespace: &str) -> Selection {
    Selection {
        namespace: Some(namespace.to_owned()),
        ..Selection::default()
    }
}

pub(super) fn with_selector(selector: &str) -> Selection {
    Selection {
        selector: selector.parse().unwrap(),
        selector_text: selector.to_owned(),
        ..Selection::default()
    }
}

fn in_states(states: &[State]) -> Selection {
    Selection {
        states: Some(states.to_vec()),
        ..Selection::default()
    }
}

fn shop() -> Cache<Deployment> {
    cache_with(&[
        healthy("shop", "web").label("tier", "front"),
        degraded("shop", "api"),
        healthy("bank", "ledger"),
        rolling("bank", "cards").label("tier", "front"),
        healthy("shop-a", "zebra"),
    ])
}

#[test]
fn nothing_is_ok_before_the_first_list() {
    let cache = cache(&[]);
    let overview = cache.overview(&Selection::default(), &moment(0));
    assert_eq!((overview.status, overview.observed), (Status::Unknown, None));
    assert_eq!(overview.gaps[0].class(), "notListed");
    assert!(overview.verdict.unknown);
    assert!(!cache.is_tried());
    cache.note_failure(0, Failure::new(Class::Refused, "connection refused"), 1);
    let overview = cache.overview(&Selection::default(), &moment(0));
    assert_eq!(
        (overview.status, overview.gaps[0].class()),
        (Status::Unknown, "refused")
    );
    assert_eq!(cache.unlisted(), [(None, Some(Class::Refused))]);
    assert!(cache.is_tried());
}

#[test]
fn an_empty_list_that_was_read_is_ok() {
    let overview = cache_with(&[]).overview(&Selection::default(), &moment(0));
    assert_eq!((overview.status, overview.summary.total), (Status::Ok, 0));
    assert_eq!(
        (overview.observed, overview.stale, overview.gaps.len()),
        (Some(now()), false, 0)
    );
}

#[test]
fn the_summary_also_counts_selected_objects_that_are_not_shown() {
    let cache = shop();
    let all = Summary {
        total: 5,
        healthy: 3,
        degraded: 1,
        progressing: 1,
        ..Summary::default()
    };
    for selection in [
        Selection::default(),
        in_states(&[State::Degraded]),
        Selection {
            after: Some(ObjectKey::new("shop", "")),
            ..Selection::default()
        },
    ] {
        let overview = cache.overview(&selection, &moment(0));
        assert_eq!(
            (overview.summary, overview.status),
            (all, Status::Degraded),
            "{selection:?}"
        );
    }
    let bank = cache.overview(&in_namespace("bank"), &moment(0));
    assert_eq!(
        (bank.summary.total, bank.summary.progressing, bank.summary.healthy),
        (2, 1, 1)
    );
    assert_eq!((bank.verdict.progressing, bank.verdict.degraded), (true, false));
    let front = cache.overview(&with_selector("tier=front"), &moment(0));
    assert_eq!((front.summary.total, front.summary.healthy), (2, 1));
    let shop = cache.overview(&in_namespace("shop"), &moment(0));
    assert_eq!(shop.summary.total, 2, "shop-a is another namespace");
}

#[test]
fn objects_are_shown_in_the_order_of_the_report() {
    let cache = shop();
    let all = [
        "bank/cards progressing",
        "bank/ledger healthy",
        "shop/api degraded",
        "shop/web healthy",
        "shop-a/zebra healthy",
    ];
    assert_eq!(names(&cache, &Selection::default()), all);
    assert_eq!(names(&cache, &in_namespace("shop")), all[2..4]);
    assert_eq!(names(&cache, &in_namespace("none")), [""; 0]);
    assert_eq!(names(&cache, &with_selector("tier=front")), [all[0], all[3]]);
    assert_eq!(names(&cache, &in_states(&[State::Degraded])), all[2..3]);
    assert_eq!(
        names(&cache, &in_states(&[State::Degraded, State::Healthy])),
        all[1..]
    );
    assert_eq!(names(&cache, &in_states(&[State::Unavailable])), [""; 0]);
    let after = |key| Selection {
        after: Some(key),
        ..Selection::default()
    };
    assert_eq!(names(&cache, &after(ObjectKey::new("bank", "ledger"))), all[2..]);
    assert_eq!(
        names(&cache, &after(ObjectKey::new("bank", "gone"))),
        all[1..],
        "its object was deleted meanwhile"
    );
    assert_eq!(names(&cache, &after(ObjectKey::new("zzz", "zzz"))), [""; 0]);
    let elsewhere = |namespace| Selection {
        after: Some(ObjectKey::new(namespace, "x")),
        ..in_namespace("shop")
    };
    assert_eq!(
        names(&cache, &elsewhere("zzz")),
        [""; 0],
        "a token of another namespace does not panic"
    );
    assert_eq!(names(&cache, &elsewhere("bank")), all[2..4]);
}

#[test]
fn events_and_new_lists_change_the_objects() {
    let cache = shop();
    let apply = |object: Build| cache.apply(0, decoded(&object), event(now()));
    let health_change = |object| apply(object).unwrap().health_change;
    assert_eq!(
        health_change(healthy("shop", "api")),
        Some(HealthChange::Recovered)
    );
    assert_eq!(health_change(degraded("shop", "web")), Some(HealthChange::Failed));
    assert_eq!(health_change(healthy("shop", "new")), None);
    cache.delete(0, "bank", "cards", event(now()));
    assert_eq!(
        names(&cache, &in_namespace("shop")),
        ["shop/api healthy", "shop/new healthy", "shop/web degraded"]
    );
    assert_eq!(names(&cache, &in_namespace("bank")), ["bank/ledger healthy"]);
    let changes = cache.replace(
        0,
        vec![
            decoded(&degraded("bank", "ledger")),
            decoded(&healthy("shop", "web")),
        ],
        event(now()),
    );
    let seen: Vec<_> = changes
        .iter()
        .map(|t| (t.object.name.as_str(), t.to, t.health_change))
        .collect();
    assert_eq!(
        seen,
        [
            ("ledger", Some(State::Degraded), Some(HealthChange::Failed)),
            ("web", Some(State::Healthy), Some(HealthChange::Recovered)),
            ("api", None, None),
            ("new", None, None),
            ("zebra", None, None),
        ]
    );
    assert_eq!(
        names(&cache, &Selection::default()),
        ["bank/ledger degraded", "shop/web healthy"]
    );
    let overview = cache.overview(&Selection::default(), &moment(0));
    assert_eq!(
        (
            overview.summary.total,
            overview.summary.healthy,
            overview.summary.degraded
        ),
        (2, 1, 1)
    );
    assert_eq!(cache.open_count(), 1);
}

#[test]
fn the_first_list_has_no_transitions() {
    let cache = cache(&[]);
    assert_eq!(
        cache.replace(0, vec![decoded(&degraded("shop", "api"))], event(now())),
        []
    );
}

#[test]
fn an_object_that_does_not_decode_is_unknown_and_the_others_are_judged() {
    let cache = cache(&[]);
    cache.replace(
        0,
        vec![broken("shop", "api"), decoded(&healthy("shop", "web"))],
        event(now()),
    );
    let overview = cache.overview(&Selection::default(), &moment(0));
    assert_eq!(
        (
            overview.status,
            overview.summary.unknown,
            overview.summary.healthy
        ),
        (Status::Unknown, 1, 1)
    );
    assert!(overview.verdict.unknown);
    assert_eq!(
        names(&cache, &with_selector("app=web")),
        ["shop/api unknown", "shop/web healthy"]
    );
}

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
fn a_selector_that_matches_nothing_is_not_ok() {
    let selection = with_selector("app=none");
    let mut overview = shop().overview(&selection, &moment(0));
    // The selector may match objects of another kind, so the overview of one kind alone has no gap.
    assert_eq!((overview.status, overview.gaps.len()), (Status::Ok, 0));
    let kinds = unmatched_kinds(std::iter::once((Kind::Deployment, &overview)), &selection);
    assert_eq!(kinds, Some(vec![Kind::Deployment]));
    overview.add_gap(run::nothing_selected(&["deployments"], "app=none", None));
    assert_eq!(
        (
            overview.status,
            overview.gaps[0].class(),
            overview.verdict.unknown
        ),
        (Status::Unknown, "notFound", true)
    );
    let matching = shop().overview(&with_selector("app"), &moment(0));
    let parts = [(Kind::Deployment, &matching), (Kind::Job, &overview)];
    assert_eq!(unmatched_kinds(parts.into_iter(), &with_selector("app")), None);
}

#[test]
fn an_unobserved_generation_is_counted_from_when_it_was_first_seen() {
    let unobserved = |generation| {
        healthy("shop", "web")
            .generation(generation)
            .observed(1)
            .remove("/metadata/managedFields")
    };
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

/// Checks that metrics agree with the answer at the moment of a review.
fn assert_agreement(cache: &Cache<Deployment>, seconds: i64) {
    let moment = moment(seconds);
    cache.review(&moment);
    assert_eq!(
        cache.totals(&moment).overview,
        cache.overview(&Selection::default(), &moment)
    );
}

#[test]
fn metrics_agree_with_answers_after_every_event() {
    let cache = cache(&["bank", "shop"]);
    assert_agreement(&cache, 0);
    cache.note_failure(0, Failure::new(Class::Refused, "no"), 1);
    assert_agreement(&cache, 0);
    cache.replace(
        0,
        vec![
            decoded(&rolling("bank", "cards")),
            decoded(&healthy("bank", "ledger")),
        ],
        event(now()),
    );
    assert_agreement(&cache, 0);
    cache.replace(
        1,
        vec![decoded(&degraded("shop", "api")), broken("shop", "web")],
        event(now()),
    );
    assert_agreement(&cache, 0);
    assert_agreement(&cache, 60);
    cache.apply(1, decoded(&healthy("shop", "api")), event(later(60)));
    assert_agreement(&cache, 60);
    cache.apply(1, decoded(&degraded("shop", "new")), event(later(60)));
    cache.delete(1, "shop", "web", event(later(60)));
    cache.delete(1, "shop", "none", event(later(60)));
    assert_agreement(&cache, 60);
    cache.replace(1, vec![decoded(&healthy("shop", "new"))], event(later(60)));
    assert_agreement(&cache, 60);
    let totals = cache.totals(&moment(60));
    assert_eq!((totals.synced, totals.relists), (true, 1));
    assert_eq!(totals.errors, BTreeMap::from([("refused", 1)]));
    assert_eq!(
        (
            totals.overview.summary.total,
            totals.overview.summary.healthy,
            totals.overview.summary.degraded
        ),
        (3, 2, 1)
    );
    advance(STALE_AFTER);
    cache.note_bookmark(1, event(later(240)));
    assert_agreement(&cache, 240);
    cache.note_failure(1, Failure::new(Class::Forbidden, "no"), 2);
    assert_agreement(&cache, 240);
}

#[test]
fn metrics_show_a_change_by_time_alone_after_the_next_review() {
    let cache = cache_with(&[rolling("bank", "cards")]);
    let summary = || cache.totals(&moment(60)).overview.summary;
    assert_eq!(summary().progressing, 1);
    cache.review(&moment(60));
    assert_eq!((summary().progressing, summary().degraded), (0, 1));
}

#[test]
fn an_acknowledged_object_is_counted_and_left_out_of_the_verdict() {
    let known = |name, until: &str| {
        degraded("shop", name).annotation("sre/ignore", &format!("ReadyBelowDesired until {until}, known"))
    };
    let cache = cache_with(&[healthy("shop", "web"), known("api", &at(60))]);
    let verdict = |selection: &Selection, seconds| {
        let overview = cache.overview(selection, &moment(seconds));
        (
            overview.status,
            overview.verdict.degraded,
            overview.summary.degraded,
            overview.summary.acknowledged,
        )
    };
    let all = Selection {
        no_ignore: true,
        ..Selection::default()
    };
    assert_eq!(verdict(&Selection::default(), 0), (Status::Ok, false, 1, 1));
    assert_eq!(verdict(&all, 0), (Status::Degraded, true, 1, 0));
    // The acknowledgement has ended.
    assert_eq!(verdict(&Selection::default(), 60), (Status::Degraded, true, 1, 0));
    let totals = |seconds| {
        let totals = cache.totals(&moment(seconds));
        let Totals {
            overview,
            unacknowledged,
            ..
        } = totals;
        (
            overview.status,
            overview.summary.acknowledged,
            unacknowledged.degraded,
        )
    };
    assert_eq!(totals(0), (Status::Ok, 1, 0));
    cache.review(&moment(60));
    assert_eq!(totals(60), (Status::Degraded, 0, 1));
    // Once it is deleted, it is not counted.
    cache.delete(0, "shop", "api", event(later(61)));
    assert_eq!(totals(61), (Status::Ok, 0, 0));
}

/// The Service `web`.
fn web() -> Decoded<Service> {
    from_value(&serde_json::json!({
        "metadata": {"name": "web", "namespace": "shop", "creationTimestamp": at(-86_400)},
        "spec": {"selector": {"app": "web"}},
    }))
}

/// A cache with the Service `web`.
fn services() -> Cache<Service> {
    let cache = Cache::new(Kind::Service, &[]);
    cache.replace(0, vec![web()], event(now()));
    cache
}

/// Its only endpoint, as related objects.
fn endpoint(ready: bool) -> RelatedObjects {
    let slice = serde_json::json!({
        "metadata": {"name": "web-1", "namespace": "shop", "creationTimestamp": at(-86_400),
                     "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}],
    });
    let mut known = RelatedObjects::default();
    let slices: [Decoded<EndpointSlice>; 1] = [from_value(&slice)];
    known.add(RelatedKind::EndpointSlices, Some("shop"), &slices);
    known
}

/// The answer if its endpoints cannot be read because of a failure of that class.
fn no_endpoint(class: Class) -> RelatedAnswer {
    let mut known = RelatedObjects::default();
    known.mark_unread(RelatedKind::EndpointSlices, Some("shop"));
    let entry = run::not_seen("endpointslices", &Failure::new(class, "no"), None);
    (known, vec![entry])
}

/// The status, and the classes of the gaps.
fn status_and_gaps(cache: &Cache<Service>) -> (Status, Vec<String>) {
    let overview = cache.overview(&Selection::default(), &moment(0));
    let totals = cache.totals(&moment(0)).overview;
    assert_eq!((overview.status, &overview.gaps), (totals.status, &totals.gaps));
    let classes = overview.gaps.iter().map(|gap| gap.class().to_owned());
    (overview.status, classes.collect())
}

fn bring(cache: &Cache<Service>, answer: RelatedAnswer) -> Vec<(String, HealthChange)> {
    let transitions = cache.update_related(Some((answer, event(now()))), &moment(0));
    transitions
        .into_iter()
        .filter_map(|transition| Some((transition.reason, transition.health_change?)))
        .collect()
}

#[test]
fn related_objects_count_as_soon_as_they_are_read_and_change_states() {
    let cache = services();
    assert_eq!(
        status_and_gaps(&cache),
        (Status::Unknown, vec!["notListed".to_owned()])
    );
    let wanted = cache.related_needs(&RelatedObjects::default());
    assert_eq!(
        wanted.into_iter().collect::<Vec<_>>(),
        [(RelatedKind::EndpointSlices, BTreeSet::from(["shop".to_owned()]))]
    );
    assert!(cache.related_needs(&endpoint(true)).is_empty());
    assert_eq!(bring(&cache, (endpoint(true), Vec::new())), []);
    assert_eq!(status_and_gaps(&cache), (Status::Ok, vec![]));
    // A Service that is healthy when it changes is not settled.
    assert_eq!(cache.apply(0, web(), event(now())), None);
    assert_eq!(status_and_gaps(&cache), (Status::Ok, vec![]));
    let changes = bring(&cache, (endpoint(false), Vec::new()));
    assert_eq!(changes, [("NoReadyEndpoints".to_owned(), HealthChange::Failed)]);
    assert_eq!(status_and_gaps(&cache), (Status::Degraded, vec![]));
    let changes = bring(&cache, (endpoint(true), Vec::new()));
    assert_eq!(changes, [("Ready".to_owned(), HealthChange::Recovered)]);
}

#[test]
fn a_verdict_is_unknown_once_its_related_objects_are_too_old() {
    let cache = services();
    bring(&cache, (endpoint(true), Vec::new()));
    advance(Duration::from_secs(179));
    cache.note_bookmark(0, event(now()));
    assert_eq!(status_and_gaps(&cache), (Status::Ok, vec![]));
    let overview = cache.overview(&Selection::default(), &moment(0));
    assert_eq!((overview.stale, overview.age_seconds), (true, 179));
    advance(Duration::from_secs(1));
    let overview = cache.overview(&Selection::default(), &moment(0));
    assert_eq!(
        (
            overview.status,
            overview.summary.unknown,
            overview.gaps[0].class()
        ),
        (Status::Unknown, 1, "stale")
    );
    // So are the counts from the next review on, and objects that change after it.
    let transitions = cache.review(&moment(0));
    assert_eq!(
        transitions
            .iter()
            .map(|t| (t.from, t.to, t.health_change))
            .collect::<Vec<_>>(),
        [(Some(State::Healthy), Some(State::Unknown), None)]
    );
    assert_eq!(
        status_and_gaps(&cache),
        (Status::Unknown, vec!["stale".to_owned()])
    );
    assert_eq!(cache.apply(0, web(), event(now())), None);
    assert_eq!(
        status_and_gaps(&cache),
        (Status::Unknown, vec!["stale".to_owned()])
    );
}

#[test]
fn related_objects_outlive_a_failure_until_they_are_too_old_but_no_refusal() {
    let cache = services();
    bring(&cache, (endpoint(true), Vec::new()));
    bring(&cache, no_endpoint(Class::Timeout));
    assert_eq!(status_and_gaps(&cache), (Status::Ok, vec![]));
    advance(STALE_AFTER);
    cache.note_bookmark(0, event(now()));
    bring(&cache, no_endpoint(Class::Timeout));
    assert_eq!(
        status_and_gaps(&cache),
        (Status::Unknown, vec!["timeout".to_owned()])
    );
    bring(&cache, (endpoint(true), Vec::new()));
    bring(&cache, no_endpoint(Class::Forbidden));
    assert_eq!(
        status_and_gaps(&cache),
        (Status::Unknown, vec!["forbidden".to_owned()])
    );
}

/// The parts of transitions that do not depend on words.
fn steps(
    transitions: impl IntoIterator<Item = Transition>,
) -> Vec<(String, Option<State>, Option<State>, i64)> {
    transitions
        .into_iter()
        .map(|t| (t.object.name, t.from, t.to, t.at.seconds - now().seconds))
        .collect()
}

#[test]
fn a_run_has_exactly_the_transitions_that_happened() {
    use State::{Degraded, Healthy, Progressing};
    let cache = cache_with(&[degraded("shop", "api"), rolling("bank", "cards")]);
    let step = |name: &str, from, to, at| (name.to_owned(), from, to, at);
    let mut seen = Vec::new();
    seen.extend(cache.apply(0, decoded(&healthy("shop", "api")), event(later(10))));
    // An event that changes nothing is no transition.
    seen.extend(cache.apply(0, decoded(&healthy("shop", "api")), event(later(11))));
    let recovered = Transition {
        object: ObjectRef::namespaced("Deployment", "shop", "api"),
        from: Some(Degraded),
        to: Some(Healthy),
        at: later(10),
        reason: "Ready".into(),
        message: seen[0].message.clone(),
        health_change: Some(HealthChange::Recovered),
    };
    assert_eq!(seen, [recovered]);
    assert!(!seen[0].message.is_empty());
    let seen = cache.delete(0, "shop", "api", event(later(20)));
    let deleted = Transition::deleted("Deployment", "shop", "api", Healthy, later(20));
    assert_eq!(seen, Some(deleted));
    assert_eq!(
        cache.delete(0, "shop", "api", event(later(21))),
        None,
        "it is gone"
    );
    // The watch is stale when the deadline of the rollout passes, so the change is not known.
    advance(Duration::from_secs(90));
    assert_eq!(cache.review(&moment(110)), []);
    cache.note_bookmark(0, event(later(110)));
    assert_eq!(
        steps(cache.review(&moment(110))),
        [step("cards", Some(Progressing), Some(Degraded), 110)]
    );
    assert_eq!(cache.review(&moment(111)), []);
    // A list after a lost watch: one object is new, one is gone, one has changed.
    cache.note_failure(0, Failure::new(Class::ConnectionLost, "reset"), 1);
    cache.replace(
        0,
        vec![
            decoded(&rolling("bank", "cards")),
            decoded(&healthy("shop", "web")),
        ],
        event(later(111)),
    );
    let relist = vec![
        decoded(&degraded("bank", "ledger")),
        decoded(&degraded("shop", "web")),
    ];
    assert_eq!(
        steps(cache.replace(0, relist, event(later(120)))),
        [
            step("ledger", None, Some(Degraded), 120),
            step("web", Some(Healthy), Some(Degraded), 120),
            step("cards", Some(Degraded), None, 120),
        ]
    );
    assert_eq!(
        steps(cache.note_unserved(0, event(later(130)))),
        [
            step("ledger", Some(Degraded), None, 130),
            step("web", Some(Degraded), None, 130),
        ]
    );
}

#[test]
fn a_visit_shows_the_items_that_are_judged_already_and_judges_the_others() {
    let cache = cache_with(&[
        rolling("bank", "a"),
        healthy("bank", "b"),
        rolling("shop", "a"),
        degraded("shop", "b"),
    ]);
    let selection = Selection::default();
    let states = |open: &OpenItems, selection: &Selection| {
        let mut states = Vec::new();
        cache.visit(selection, &moment(60), open, &mut |item| {
            states.push((format!("{}/{}", item.namespace, item.name), item.state));
            ControlFlow::Continue(())
        });
        states
    };
    let (_, now) = cache.judged(&selection, &moment(0));
    let judged: Vec<_> = now.all().expect("few").iter().map(|item| &*item.name).collect();
    assert_eq!(judged, ["a", "a", "b"], "settled objects are counted");
    // A minute later the rollouts have failed, which shows who was judged again.
    let row = |name: &str, state| (name.to_owned(), state);
    let [a, b, c, d] = ["bank/a", "bank/b", "shop/a", "shop/b"];
    assert_eq!(
        states(&now, &selection),
        [
            row(a, State::Progressing),
            row(b, State::Healthy),
            row(c, State::Progressing),
            row(d, State::Degraded)
        ]
    );
    assert_eq!(
        states(&OpenItems::default(), &selection),
        [
            row(a, State::Degraded),
            row(b, State::Healthy),
            row(c, State::Degraded),
            row(d, State::Degraded)
        ]
    );
    let after = Selection {
        after: Some(ObjectKey::new("bank", "b")),
        ..Selection::default()
    };
    assert_eq!(
        states(&now, &after),
        [row(c, State::Progressing), row(d, State::Degraded)]
    );
    let (_, of_bank) = cache.judged(&in_namespace("bank"), &moment(0));
    assert_eq!(
        states(&of_bank, &after),
        [row(c, State::Degraded), row(d, State::Degraded)]
    );
}

#[test]
fn items_of_very_many_open_objects_are_not_all_kept() {
    let cache = cache(&[]);
    let many = (0..10_001).map(|number| decoded(&degraded("shop", &format!("web-{number:05}"))));
    cache.replace(0, many.collect(), event(now()));
    let (overview, open) = cache.judged(&Selection::default(), &moment(0));
    assert_eq!((overview.summary.degraded, open.all()), (10_001, None));
    let mut seen = 0;
    cache.visit(&Selection::default(), &moment(0), &open, &mut |_| {
        seen += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(seen, 10_001);
}
