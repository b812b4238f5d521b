//! Answers of a store of metrics about many clusters.

use crate::input::Choices;
use sre_shared::fleet::{
    FleetCluster, FleetQuery, FleetReport, FleetSource, FleetState, SILENT_AFTER, StoreAnswers, StoreSample,
    fleet_sentence, store_clusters,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The moment of all answers.
const NOW: i64 = 1_780_000_000;
/// Samples of an input at most.
const MOST: usize = 300;
const QUERIES: [FleetQuery; 4] = [
    FleetQuery::Status,
    FleetQuery::Counts,
    FleetQuery::Names,
    FleetQuery::Silence,
];
const CLUSTERS: [&str; 5] = ["eu", "us", "", "a\"b\n\u{1b}[31m", "é|.*"];
const SERIES: [&str; 4] = ["sre_objects", "sre_not_seen", "sre_agent_info", "other"];
const CHECKS: [&str; 4] = ["apiserver", "deployments", "jobs", "widgets.example.com"];
const STATUSES: [&str; 4] = ["ok", "degraded", "unknown", "?"];
const STATES: [&str; 8] = [
    "healthy",
    "degraded",
    "unavailable",
    "unknown",
    "progressing",
    "suspended",
    "terminating",
    "?",
];

const NAMES: [&str; 2] = ["", "web"];

fn one_of<T: Copy>(choices: &mut Choices<'_>, all: &[T]) -> T {
    all[choices.below(all.len())]
}

#[allow(clippy::cast_precision_loss, reason = "times of seconds are exact as floats")]
fn value(choices: &mut Choices<'_>) -> f64 {
    let (now, old) = (NOW as f64, (NOW - SILENT_AFTER - 1) as f64);
    one_of(
        choices,
        &[
            now,
            now - 20.0,
            old,
            1.0,
            3.0,
            0.0,
            -1.0,
            1e300,
            f64::NAN,
            f64::INFINITY,
        ],
    )
}

fn sample(choices: &mut Choices<'_>) -> (FleetQuery, StoreSample) {
    let query = one_of(choices, &QUERIES);
    let mut labels = Vec::new();
    for (name, all) in [
        ("cluster", &CLUSTERS[..]),
        ("__name__", &SERIES),
        ("check", &CHECKS),
        // The API server has no objects.
        ("kind", &CHECKS[1..]),
        ("status", &STATUSES),
        ("state", &STATES),
        ("what", &CHECKS),
        ("name", &NAMES),
    ] {
        labels.push((Arc::from(name), Arc::from(one_of(choices, all))));
    }
    let sample = StoreSample {
        labels,
        #[allow(clippy::cast_precision_loss, reason = "times of seconds are exact as floats")]
        at: NOW as f64,
        value: value(choices),
    };
    (query, sample)
}

/// Whether the samples say that all is well in a cluster, by a rule of its own.
fn is_well(answers: &StoreAnswers, name: &str) -> bool {
    let of = |query: FleetQuery| {
        let samples = answers.get(&query).into_iter().flatten();
        samples.filter(move |sample| sample.label("cluster") == name)
    };
    #[allow(clippy::cast_precision_loss, reason = "times of seconds are exact as floats")]
    let is_recent = |sample: &StoreSample| sample.value >= (NOW - SILENT_AFTER) as f64;
    let statuses: Vec<&StoreSample> = of(FleetQuery::Status).collect();
    let agents = of(FleetQuery::Names).filter(|sample| sample.label("name").is_empty());
    let is_short = |sample: &StoreSample| {
        sample.value >= 1.0 && ["degraded", "unavailable", "unknown"].contains(&sample.label("state"))
    };
    let mut counts = of(FleetQuery::Counts).filter(|sample| sample.label("__name__") == "sre_objects");
    statuses.iter().all(|sample| sample.label("status") == "ok")
        && !statuses.is_empty()
        && !counts.any(is_short)
        && agents.chain(of(FleetQuery::Silence)).any(is_recent)
}

/// Holds if each cluster that is named anywhere has one row, and if none is ok without recent samples that say so.
pub fn holds(input: &[u8]) {
    let mut choices = Choices::new(input);
    let known: Vec<String> = CLUSTERS[..choices.below(3)]
        .iter()
        .map(ToString::to_string)
        .collect();
    let inventory: Vec<String> = CLUSTERS[choices.below(5)..]
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut answers = StoreAnswers::new();
    for _ in 0..MOST {
        if choices.is_empty() {
            break;
        }
        let (query, sample) = sample(&mut choices);
        answers.entry(query).or_default().push(sample);
    }
    let rows = store_clusters(&answers, "cluster", &known, &inventory);
    let named = answers.values().flatten().map(|sample| sample.label("cluster"));
    let asked = known.iter().chain(&inventory).map(String::as_str);
    let named: BTreeSet<&str> = named.chain(asked).collect();
    assert_eq!(rows.len(), named.len(), "a row for each cluster");
    for row in &rows {
        let is_ok = row.state == FleetState::Ok;
        assert!(!is_ok || is_well(&answers, &row.name), "{row:?} of {answers:?}");
    }
    print(rows);
}

fn print(rows: Vec<FleetCluster>) {
    let report = FleetReport::new(FleetSource::default(), NOW.to_string(), rows);
    let _ = fleet_sentence(&report);
    serde_json::to_string(&report).expect("a report is JSON");
}
