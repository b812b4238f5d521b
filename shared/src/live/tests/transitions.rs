//! Changes of state, and the metrics about them.

use super::*;

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
        code: None,
        change: None,
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
