//! Settled objects are kept compact, and nothing else changes by it.

use super::rows::SettledObjects;
use super::tests::{decoded, degraded, event, healthy, later, moment, now, with_selector};
use super::{Cache, LiveObjects as _, ObjectKey, Selection};
use crate::check::NamespaceDeletions;
use crate::cluster::ListItem as _;
use crate::judge::SettledObject;
use crate::kind::Kind;
use crate::live::OpenItems;
use crate::report::{Item, State};
use crate::resource::{Deployment, IGNORE};
use std::ops::{Bound, ControlFlow};

fn items(cache: &Cache<Deployment>, selection: &Selection) -> Vec<Item> {
    let mut items = Vec::new();
    cache.visit(selection, &moment(0), &OpenItems::default(), &mut |item| {
        items.push(item.clone());
        ControlFlow::Continue(())
    });
    items
}

#[test]
fn a_list_that_was_made_compact_as_it_was_read_is_the_same_as_one_that_was_not() {
    let builds = [
        healthy("bank", "cards").label("tier", "front"),
        healthy("bank", "cards-api").replicas(5).label("app", "cards-api"),
        degraded("bank", "ledger"),
        healthy("shop", "api").label("tier", "front").label("app", "api"),
        healthy("shop", "paused").set("/spec/paused", true),
        healthy("shop", "web").set("/metadata/annotations", serde_json::json!({IGNORE: "known"})),
    ];
    let (read, whole) = (
        Cache::new(Kind::Deployment, &[]),
        Cache::new(Kind::Deployment, &[]),
    );
    let map = read.keep(now);
    let kept: Vec<_> = builds.iter().filter_map(|build| map(decoded(build))).collect();
    read.replace(0, kept, event(now()));
    whole.replace(0, builds.iter().map(decoded).collect(), event(now()));
    assert_eq!(read.compact_count(), (3, 2));
    assert_eq!(whole.compact_count(), (3, 2));
    let mut selections = vec![
        Selection::default(),
        Selection {
            notable: true,
            ..Selection::default()
        },
    ];
    selections.extend(
        [
            "tier=front",
            "app=api",
            "app=cards-api",
            "tier!=front",
            "!app",
            "none",
        ]
        .map(with_selector),
    );
    for state in [State::Healthy, State::Degraded] {
        selections.push(Selection {
            states: Some(vec![state]),
            ..Selection::default()
        });
    }
    for selection in selections {
        assert_eq!(
            items(&read, &selection),
            items(&whole, &selection),
            "{selection:?}"
        );
        let judged = |cache: &Cache<Deployment>| cache.overview(&selection, &moment(0));
        assert_eq!(judged(&read), judged(&whole), "{selection:?}");
    }
    let names: Vec<String> = items(&read, &with_selector("tier=front"))
        .into_iter()
        .map(|i| i.name)
        .collect();
    assert_eq!(names, ["cards", "api"]);
    assert_eq!(read.totals(&moment(0)), whole.totals(&moment(0)));
}

#[test]
fn a_compact_object_changes_and_goes_like_any_other() {
    let cache = Cache::new(Kind::Deployment, &[]);
    let list = |names: &[&str]| names.iter().map(|name| decoded(&healthy("shop", name))).collect();
    cache.replace(0, list(&["a", "b", "c"]), event(now()));
    assert_eq!((cache.compact_count().0, cache.open_count()), (3, 0));
    let failed = cache
        .apply(0, decoded(&degraded("shop", "b")), event(now()))
        .expect("a transition");
    assert_eq!(
        (failed.from, failed.to),
        (Some(State::Healthy), Some(State::Degraded))
    );
    assert_eq!((cache.compact_count().0, cache.open_count()), (2, 1));
    let namespace = "shop";
    let found = ["a", "b", "d"].map(|name| cache.contains(namespace, name));
    assert_eq!(found, [true, true, false]);
    let back = cache
        .apply(0, decoded(&healthy("shop", "b")), event(later(600)))
        .expect("a transition");
    assert_eq!(
        (back.from, back.to),
        (Some(State::Degraded), Some(State::Healthy))
    );
    let deleted = cache
        .delete(0, "shop", "a", event(later(600)))
        .expect("a transition");
    assert_eq!((deleted.from, deleted.to), (Some(State::Healthy), None));
    let relisted: Vec<_> = cache.replace(0, list(&["b", "d"]), event(later(601)));
    let steps: Vec<_> = relisted.iter().map(|t| (t.object.name.as_str(), t.to)).collect();
    assert_eq!(steps, [("d", Some(State::Healthy)), ("c", None)]);
    let summary = cache.overview(&Selection::default(), &moment(601)).summary;
    assert_eq!((summary.total, summary.healthy), (2, 2));
}

#[test]
fn a_page_begins_after_any_object_compact_or_whole() {
    let cache = Cache::new(Kind::Deployment, &[]);
    let builds = [
        healthy("a", "x"),
        healthy("b", "1"),
        degraded("b", "2"),
        healthy("b", "3"),
        healthy("b-c", "0"),
        healthy("c", "4"),
    ];
    cache.replace(0, builds.iter().map(decoded).collect(), event(now()));
    let all: Vec<(String, String)> = items(&cache, &Selection::default())
        .into_iter()
        .map(|item| (item.namespace, item.name))
        .collect();
    assert_eq!(all.len(), 6);
    assert!(all.is_sorted());
    for place in 0..all.len() {
        let (namespace, name) = &all[place];
        let after = Selection {
            after: Some(ObjectKey::new(namespace, name)),
            ..Selection::default()
        };
        let rest: Vec<(String, String)> = items(&cache, &after)
            .into_iter()
            .map(|item| (item.namespace, item.name))
            .collect();
        assert_eq!(rest, all[place + 1..]);
    }
    let named = |namespace: &str| Selection {
        namespace: Some(namespace.into()),
        ..Selection::default()
    };
    assert_eq!(items(&cache, &named("b")).len(), 3);
    assert_eq!(items(&cache, &named("b-")).len(), 0);
    assert_eq!(cache.overview(&named("b"), &moment(0)).summary.total, 3);
}

#[test]
fn a_range_that_ends_before_it_begins_is_empty() {
    let rows = SettledObjects::default();
    let key = |namespace| ObjectKey::new(namespace, "x");
    let range = (Bound::Included(key("b")), Bound::Excluded(key("a")));
    assert_eq!(rows.range(range, |_| true).count(), 0);
}

#[test]
fn compact_objects_in_a_deleted_namespace_are_left_out() {
    let cache = Cache::new(Kind::Deployment, &[]);
    let builds = [
        healthy("bank", "cards"),
        healthy("shop", "api"),
        degraded("shop", "web"),
    ];
    cache.replace(0, builds.iter().map(decoded).collect(), event(now()));
    let mut deletions = NamespaceDeletions::default();
    let namespace =
        serde_json::json!({"metadata": {"name": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"}});
    deletions.update(&crate::resource::from_value(&namespace).expect("a namespace"));
    let steps = cache.update_deletions(&deletions, &moment(0));
    let steps: Vec<_> = steps
        .iter()
        .map(|t| (t.object.name.as_str(), t.from, t.to))
        .collect();
    assert_eq!(
        steps,
        [
            ("api", Some(State::Healthy), Some(State::Terminating)),
            ("web", Some(State::Degraded), Some(State::Terminating)),
        ]
    );
    let overview = cache.overview(&Selection::default(), &moment(0));
    assert_eq!((overview.summary.healthy, overview.summary.terminating), (1, 2));
    assert_eq!(overview.left_out.get("shop"), Some(&2));
    let totals = cache.totals(&moment(0)).overview;
    assert_eq!(
        (overview.summary, overview.status),
        (totals.summary, totals.status)
    );
    let mut failing = std::collections::BTreeSet::new();
    cache.failing_namespaces(&moment(0), &mut failing);
    assert_eq!(failing.into_iter().collect::<Vec<_>>(), ["shop"]);
    let unhealthy = Selection::default().unhealthy();
    let names: Vec<String> = items(&cache, &unhealthy)
        .into_iter()
        .map(|item| item.name)
        .collect();
    assert_eq!(names, ["api", "web"]);
    let steps = cache.update_deletions(&NamespaceDeletions::default(), &moment(0));
    let steps: Vec<_> = steps.iter().map(|t| (t.object.name.as_str(), t.to)).collect();
    assert_eq!(
        steps,
        [("api", Some(State::Healthy)), ("web", Some(State::Degraded))]
    );
    assert_eq!(
        cache.overview(&Selection::default(), &moment(0)).summary.healthy,
        2
    );
}

#[test]
fn a_settled_object_takes_little_memory() {
    let cache = Cache::new(Kind::Deployment, &[]);
    let map = cache.keep(now);
    let kept = |number: u32| {
        let name = format!("service-{number:05}");
        let labels = [
            ("app.kubernetes.io/name", name.clone()),
            ("app.kubernetes.io/instance", format!("{name}-prod")),
            ("app.kubernetes.io/managed-by", "Helm".to_owned()),
            ("app.kubernetes.io/part-of", "platform".to_owned()),
            ("helm.sh/chart", format!("{name}-0.1.0")),
        ];
        let build = healthy("shop", &name);
        let build = labels
            .iter()
            .fold(build, |build, (key, value)| build.label(key, value));
        map(decoded(&build)).expect("it is kept").memory()
    };
    // Words that are met for the first and second time stay with their objects.
    let bytes: Vec<usize> = (0..4).map(kept).collect();
    assert_eq!(bytes[3], size_of::<SettledObject>() + 41);
    // Of these are 24 for the uid.
    assert!(size_of::<SettledObject>() <= 88);
}
