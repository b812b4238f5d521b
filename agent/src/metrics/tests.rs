//! What a scrape says of a check that is old, and how large it is.

use super::*;
use crate::apiserver::record::RecordSample;
use crate::apiserver::write_canary::CanaryResult;
use sre_shared::check::Check;
use sre_shared::kind::RegisteredKind;
use sre_shared::live::{AnswerTime, Cache, EventTime, KindObjects};
use sre_shared::report::ApiServerCheck;
use sre_shared::resource::{CronJob, DaemonSet, Decoded, Deployment, Job, StatefulSet, Time, from_value};
use sre_testkit::object::Deployment as Build;
use std::time::Duration;
use tokio::time::Instant;

thread_local! {
    static TIME: AnswerTime = AnswerTime {
        now: Time::parse(sre_testkit::clock::NOW).unwrap(),
        instant: Instant::now().into_std(),
        silent: None,
        stale: Duration::from_secs(90),
        stale_after: Duration::from_mins(3),
    };
}

/// The text of a scrape with that last check and those objects.
fn scrape(last: Option<Status>, stale: bool, kinds: &[Arc<dyn KindObjects>]) -> String {
    let checked = |status| ProbeResult {
        check: ApiServerCheck {
            status,
            ..ApiServerCheck::default()
        },
        began: Instant::now(),
        at: Time::from_seconds(0),
        error: None,
        forbidden: Vec::new(),
        write: CanaryResult::default(),
    };
    let sample = MetricsSnapshot {
        format: TextFormat::OpenMetrics,
        started: 0,
        process: ProcessSample::default(),
        api_server: ProbeSnapshot {
            last: last.map(|status| Arc::new(checked(status))),
            stale,
            durations: Histogram::new([1.0]),
            failures: std::collections::BTreeMap::new(),
            record: RecordSample::default(),
        },
        kinds: kinds
            .iter()
            .map(|objects| (objects.kind(), objects.totals(&TIME.with(|time| *time))))
            .collect(),
        named: NamedObjects::new(kinds, &TIME.with(|time| *time)),
        requests: Vec::new(),
        durations: Histogram::new([1.0]),
        streams: 0,
        history: HistorySample::default(),
    };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(sample));
    let mut text = String::new();
    encode_registry(&mut text, &registry).unwrap();
    text
}

fn lines(last: Option<Status>, stale: bool) -> Vec<String> {
    let text = scrape(last, stale, &[]);
    let is_about_health = |line: &&str| {
        line.ends_with(" 1") && (line.starts_with("sre_check_status{") || line.starts_with("sre_not_seen{"))
            || line.starts_with("sre_apiserver_up ")
    };
    text.lines().filter(is_about_health).map(str::to_owned).collect()
}

#[test]
fn a_check_that_is_old_or_was_never_made_is_unknown_and_neither_up_nor_down() {
    let status = |status| format!("sre_check_status{{check=\"apiserver\",status=\"{status}\"}} 1");
    let not_seen = |class| format!("sre_not_seen{{what=\"apiserver\",class=\"{class}\"}} 1");
    assert_eq!(
        lines(Some(Status::Ok), false),
        [status("ok"), "sre_apiserver_up 1".into()]
    );
    assert_eq!(
        lines(Some(Status::Ok), true),
        [status("unknown"), not_seen("stale")]
    );
    assert_eq!(lines(None, false), [status("unknown"), not_seen("notAsked")]);
}

/// A cache of the kind with those objects.
fn listed<T: Check + RegisteredKind>(objects: Vec<Decoded<T>>) -> Arc<dyn KindObjects> {
    let cache = Cache::<T>::new(T::REGISTERED, &[]);
    let time = TIME.with(|time| *time);
    let at = EventTime {
        instant: time.instant,
        time: time.now,
    };
    cache.replace(0, objects, at);
    Arc::new(cache)
}

/// The five default kinds, with that many Deployments. The first ones have no ready pod.
fn cluster(deployments: usize, unhealthy: usize) -> Vec<Arc<dyn KindObjects>> {
    let deployment = |number: usize| {
        let name = format!("a-service-with-a-long-name-{number:05}");
        let object = Build::new(&format!("team-{}", number % 50), &name).replicas(2);
        let object = if number < unhealthy {
            object.counts(2, 2, 0, 0).condition(
                "Available",
                "False",
                "MinimumReplicasUnavailable",
                sre_testkit::at(-300),
            )
        } else {
            object
        };
        from_value(&object.build())
    };
    vec![
        listed::<Deployment>((0..deployments).map(deployment).collect()),
        listed::<StatefulSet>(Vec::new()),
        listed::<DaemonSet>(Vec::new()),
        listed::<Job>(Vec::new()),
        listed::<CronJob>(Vec::new()),
    ]
}

/// Each bound is what is measured, with some room. Before objects were named, the first of them had 252 series.
#[test]
#[allow(
    clippy::print_stdout,
    reason = "docs/metrics.md names this test for its figures"
)]
fn a_scrape_is_bounded_however_many_objects_are_not_healthy() {
    for (deployments, unhealthy, named, most_series, most_bytes) in [
        (10_000, 0, 0, 160, 15_000),
        (10_000, 50, 50, 260, 60_000),
        (5_000, 5_000, 500, 1_160, 200_000),
    ] {
        let text = scrape(Some(Status::Ok), false, &cluster(deployments, unhealthy));
        let series = text.lines().filter(|line| !line.starts_with('#')).count();
        println!(
            "{deployments} Deployments, {unhealthy} not healthy: {series} series, {} bytes",
            text.len()
        );
        assert_eq!(text.matches("\nsre_object_unhealthy{").count(), named);
        let since = Time::parse(&sre_testkit::at(-300)).unwrap().seconds;
        let dated = format!("-00000\"}} {since}\n");
        assert_eq!(text.contains(&dated), named > 0, "{dated}");
        let hidden = format!("\nsre_object_unhealthy_hidden {}\n", unhealthy - named);
        assert!(text.contains(&hidden), "{hidden}");
        assert!(series <= most_series, "{series}");
        assert!(text.len() <= most_bytes, "{}", text.len());
    }
}
