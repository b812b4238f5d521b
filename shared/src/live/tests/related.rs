//! Verdicts that need objects of other kinds.

use super::*;

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
        .filter_map(|transition| Some((transition.reason.to_string(), transition.health_change?)))
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
