use super::{FleetQuery, StoreAnswers, StoreSample, queries, store_clusters};
use crate::fleet::{FleetCluster, FleetState};
use std::sync::Arc;

/// A time that all samples of a test share.
const NOW: f64 = 1_780_000_000.0;

fn sample(labels: &[(&str, &str)], value: f64) -> StoreSample {
    StoreSample {
        labels: labels
            .iter()
            .map(|(name, value)| (Arc::from(*name), Arc::from(*value)))
            .collect(),
        at: NOW,
        value,
    }
}

/// A sample of a query: its labels and its value.
type Row<'a> = (FleetQuery, &'a [(&'a str, &'a str)], f64);

fn answers(of: &[Row<'_>]) -> StoreAnswers {
    let mut answers = StoreAnswers::new();
    for (query, labels, value) in of {
        answers.entry(*query).or_default().push(sample(labels, *value));
    }
    answers
}

fn shown(clusters: &[FleetCluster]) -> Vec<(&str, FleetState, &str)> {
    let rows = clusters.iter();
    rows.map(|row| (row.name.as_str(), row.state, row.message.as_str()))
        .collect()
}

#[test]
fn a_row_is_made_of_the_metrics_of_an_agent() {
    use FleetQuery::{Counts, Names, Status};
    let object = |reason, state, name| {
        [
            ("cluster", "eu"),
            ("kind", "Deployment"),
            ("namespace", "shop"),
            ("name", name),
            ("state", state),
            ("reason", reason),
        ]
    };
    let (web, checkout) = (
        object("OOMKilled", "degraded", "a"),
        object("CrashLoop", "unavailable", "checkout"),
    );
    let objects = |state| {
        [
            ("__name__", "sre_objects"),
            ("cluster", "eu"),
            ("kind", "deployments"),
            ("state", state),
        ]
    };
    let clusters = store_clusters(
        &answers(&[
            (
                Status,
                &[("cluster", "eu"), ("check", "apiserver"), ("status", "ok")],
                1.0,
            ),
            (Names, &[("cluster", "eu"), ("version", "1.2.3")], NOW - 20.0),
            (
                Status,
                &[
                    ("cluster", "eu"),
                    ("check", "deployments"),
                    ("status", "degraded"),
                ],
                1.0,
            ),
            (Counts, &objects("healthy"), 211.0),
            (Counts, &objects("degraded"), 2.0),
            (Counts, &objects("unavailable"), 1.0),
            (Names, &web, 1.0),
            (Names, &checkout, 1.0),
        ]),
        "cluster",
        &[],
        &[],
    );
    assert_eq!(
        shown(&clusters),
        [(
            "eu",
            FleetState::Degraded,
            "3 of 214 Deployments not healthy: CrashLoop shop/checkout and 2 more"
        )]
    );
    assert_eq!(
        clusters[0].hint.as_deref(),
        Some("kubectl sre health --context eu")
    );
    let report = clusters[0].report.as_ref().expect("a report");
    assert_eq!(report.source.agent_version.as_deref(), Some("1.2.3"));
    assert_eq!(report.age_seconds, 20);
    let items = report.kinds().flat_map(|kind| &kind.items);
    let items: Vec<(&str, &str)> = items
        .map(|item| (item.kind.as_str(), item.name.as_str()))
        .collect();
    assert_eq!(items, [("Deployment", "a"), ("Deployment", "checkout")]);
}

#[test]
fn what_is_counted_and_not_judged_or_not_understood_is_not_well() {
    use FleetQuery::{Counts, Names, Status};
    let counted = |kind, state| {
        [
            ("__name__", "sre_objects"),
            ("cluster", "eu"),
            ("kind", kind),
            ("state", state),
        ]
    };
    let not_seen = |what| {
        [
            ("__name__", "sre_not_seen"),
            ("cluster", "eu"),
            ("what", what),
            ("class", "forbidden"),
        ]
    };
    let seen = [("cluster", "eu")];
    let jobs = [("cluster", "eu"), ("check", "jobs"), ("status", "ok")];
    let row = |more: &[Row<'_>]| {
        let known: [Row<'_>; 2] = [(Names, &seen, NOW), (Status, &jobs, 1.0)];
        let mut clusters = store_clusters(&answers(&[&known, more].concat()), "cluster", &[], &[]);
        let cluster = clusters.remove(0);
        let unhealthy = cluster.report.map(|report| report.summary.unhealthy);
        (cluster.state, cluster.message, unhealthy)
    };
    let unknown = |message: &str, unhealthy| (FleetState::Unknown, message.to_owned(), Some(unhealthy));
    assert_eq!(
        row(&[(Counts, &counted("pods", "healthy"), 3.0)]),
        unknown("unknown: Pods", 0)
    );
    assert_eq!(
        row(&[(Counts, &counted("jobs", "unknown"), 1.0)]),
        unknown("1 object not understood", 1)
    );
    assert_eq!(
        row(&[(Counts, &not_seen("jobs"), 1.0)]),
        unknown("not seen: jobs (forbidden)", 0)
    );
    // A path of the API server is a detail of its check, which has a status.
    let detail = row(&[(Counts, &not_seen("/readyz"), 1.0)]);
    assert_eq!(detail, (FleetState::Ok, "0 objects".to_owned(), Some(0)));
}

#[test]
fn the_newest_sample_of_any_query_says_what_time_it_is() {
    let at = |at: f64, labels: &[(&str, &str)]| StoreSample {
        at,
        ..sample(labels, NOW)
    };
    let mut answers = StoreAnswers::new();
    let status = [("cluster", "eu"), ("check", "jobs"), ("status", "ok")];
    let samples = vec![at(NOW + 301.0, &status), at(NOW, &status)];
    answers.insert(FleetQuery::Status, samples);
    answers.insert(FleetQuery::Names, vec![at(NOW, &[("cluster", "eu")])]);
    let clusters = store_clusters(&answers, "cluster", &[], &[]);
    assert_eq!(shown(&clusters), [("eu", FleetState::Silent, "silent for 5 min")]);
}

// rancher/fleet#594, rancher/dashboard#14966: offline clusters were shown as ready.
#[test]
fn a_cluster_without_a_recent_sample_is_silent_and_one_without_any_was_never_seen() {
    use FleetQuery::{Names, Silence, Status};
    let ok = |name| [("cluster", name), ("check", "deployments"), ("status", "ok")];
    let clusters = store_clusters(
        &answers(&[
            (Status, &ok("now"), 1.0),
            (Names, &[("cluster", "now")], NOW - 300.0),
            (Status, &ok("late"), 1.0),
            (Names, &[("cluster", "late")], NOW - 301.0),
            (Silence, &[("cluster", "gone")], NOW - 7200.0),
            (Silence, &[("cluster", "stopped")], NOW - 11.0),
        ]),
        "cluster",
        &["gone", "late", "lost", "now", "stopped"].map(str::to_owned),
        &["now".to_owned(), "new".to_owned()],
    );
    assert_eq!(
        shown(&clusters),
        [
            ("gone", FleetState::Silent, "silent for 2 h"),
            ("late", FleetState::Silent, "silent for 5 min"),
            ("lost", FleetState::Silent, "silent, since when is not known"),
            ("now", FleetState::Ok, "0 objects"),
            ("stopped", FleetState::Unknown, "its samples stopped 11 s ago"),
            (
                "new",
                FleetState::NeverSeen,
                "it is in the inventory, and the store has no sample of it"
            ),
        ]
    );
    assert_eq!(clusters[0].last_seen.as_deref(), Some("2026-05-28T18:26:40Z"));
}

#[test]
fn replicas_that_disagree_are_as_bad_as_the_worst_and_their_objects_count_once() {
    let status = |status| [("cluster", "eu"), ("check", "jobs"), ("status", status)];
    for (first, second) in [("ok", "unknown"), ("unknown", "ok")] {
        let clusters = store_clusters(
            &answers(&[
                (FleetQuery::Status, &status(first), 1.0),
                (FleetQuery::Status, &status(second), 1.0),
                (FleetQuery::Names, &[("cluster", "eu")], NOW),
            ]),
            "cluster",
            &[],
            &[],
        );
        assert_eq!(shown(&clusters), [("eu", FleetState::Unknown, "unknown: Jobs")]);
    }
    assert!(queries("c", false).iter().all(|(_, text)| !text.contains("sum")));
}

#[test]
fn samples_without_the_label_are_a_row_that_says_so() {
    let clusters = store_clusters(
        &answers(&[(FleetQuery::Status, &[("check", "jobs"), ("status", "ok")], 1.0)]),
        "cluster",
        &[],
        &[],
    );
    assert_eq!(
        (clusters[0].name.as_str(), clusters[0].state),
        ("(no label)", FleetState::Unknown)
    );
}

#[test]
fn numbers_that_no_agent_writes_do_no_harm() {
    use FleetQuery::{Counts, Names, Status};
    let objects = |state| {
        [
            ("__name__", "sre_objects"),
            ("cluster", "a"),
            ("kind", "x"),
            ("state", state),
        ]
    };
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e300] {
        let clusters = store_clusters(
            &answers(&[
                (
                    Status,
                    &[("cluster", "a"), ("check", "x"), ("status", "ok")],
                    value,
                ),
                (Names, &[("cluster", "a")], value),
                (Counts, &objects("healthy"), value),
                (Counts, &objects("degraded"), value),
            ]),
            "cluster",
            &[],
            &[],
        );
        assert_eq!(clusters.len(), 1, "{value}");
    }
}

#[test]
fn a_name_is_no_expression_of_the_query() {
    let silent = ["a.b|c\"}".to_owned(), "x y_z-1".to_owned()];
    let query = FleetQuery::silence("cluster", &silent).expect("two names");
    assert!(
        query.contains(r#"{cluster=~"a\\.b\\|c\\\"\\}|x y_z-1"}"#),
        "{query}"
    );
    assert_eq!(FleetQuery::silence("cluster", &[]), None);
}
