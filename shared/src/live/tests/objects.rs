//! Which objects an answer has, and what it says of them.

use super::*;

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
        unhealthy: 1,
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
