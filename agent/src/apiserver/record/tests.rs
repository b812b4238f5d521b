use super::*;
use sre_shared::cluster::{Certificate, DialTrace, Handshake, LeaseName};
use sre_shared::failure::{Class, Failure};

const SERVER: &str = "https://10.96.0.1:443";
const DAY: i64 = 86_400;

fn noon() -> Time {
    Time::from_seconds(20_000 * DAY)
}

fn hour_later() -> Time {
    Time::from_seconds(20_000 * DAY + 3600)
}

fn year_before() -> Time {
    Time::from_seconds(20_000 * DAY - 365 * DAY)
}

fn record(clock: Clock) -> ApiServerRecord {
    ApiServerRecord::new(99.9, SERVER, clock, Duration::from_secs(30))
}

async fn watch(record: &ApiServerRecord, checks: u32, ready: bool) {
    for _ in 0..checks {
        record.note(&CheckFindings {
            ready,
            ..CheckFindings::default()
        });
        tokio::time::advance(Duration::from_secs(10)).await;
    }
}

fn watched(record: &ApiServerRecord, name: &str) -> (Option<u64>, Option<f64>) {
    let windows = record.sample().record.windows;
    let window = windows
        .into_iter()
        .find(|window| window.window == name)
        .expect("a window");
    (window.watched_seconds, window.availability)
}

fn saved(record: &ApiServerRecord) -> RecordSnapshot {
    RecordSnapshot::read(&record.snapshot().to_bytes(), SERVER).expect("a record")
}

#[tokio::test(start_paused = true)]
async fn the_time_while_no_agent_ran_was_not_watched() {
    let before = record(noon);
    watch(&before, 61, true).await;
    assert_eq!(watched(&before, "1h").0, Some(600));
    let after = record(hour_later);
    assert_eq!(after.restore(saved(&before)), 0);
    watch(&after, 61, true).await;
    assert_eq!(watched(&after, "2h"), (Some(1200), Some(1.0)));
    // The first checks are more than an hour old by then.
    assert_eq!(watched(&after, "30m"), (Some(600), Some(1.0)));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_went_back_between_two_processes_loses_nothing_and_adds_nothing() {
    let before = record(noon);
    watch(&before, 61, false).await;
    let after = record(year_before);
    assert_eq!(after.restore(saved(&before)), 0);
    assert_eq!(watched(&after, "1h"), (Some(600), Some(0.0)));
    watch(&after, 61, true).await;
    assert_eq!(watched(&after, "1h"), (Some(1200), Some(0.5)));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_reads_the_file_late_keeps_its_own_checks() {
    let before = record(noon);
    watch(&before, 61, true).await;
    let after = record(hour_later);
    watch(&after, 61, true).await;
    let own = watched(&after, "5m");
    assert_eq!(own.1, Some(1.0));
    assert_eq!(after.restore(saved(&before)), 0);
    assert_eq!(watched(&after, "5m"), own);
    assert!(watched(&after, "2h").0 >= Some(600 + 300));
}

#[tokio::test(start_paused = true)]
async fn the_steps_of_a_walk_and_the_end_of_the_certificate_are_noted() {
    let step = |ms| Step {
        elapsed: Duration::from_millis(ms),
        result: Ok(()),
    };
    let failed = Step {
        elapsed: Duration::from_millis(1),
        result: Err(Failure::new(Class::Refused, "no")),
    };
    let expires = |seconds| Certificate {
        not_after: Some(Time::from_seconds(seconds)),
        ..Certificate::default()
    };
    let address = |last| std::net::SocketAddr::from(([10, 0, 0, last], 443));
    let walk = PathTrace {
        dial: DialTrace {
            resolved: Some(Step {
                elapsed: Duration::from_millis(2),
                result: Ok(Vec::new()),
            }),
            tcp: vec![(address(1), failed), (address(2), step(8)), (address(3), step(4))],
            tls: Some(Step {
                elapsed: Duration::from_millis(16),
                result: Ok(Handshake::default()),
            }),
            presented: vec![expires(900), expires(800)],
            ..DialTrace::default()
        },
        ..PathTrace::default()
    };
    let record = record(noon);
    let found = CheckFindings {
        ready: true,
        request_ms: Some(32.0),
        walk: Some(&walk),
        is_named: true,
        write: None,
    };
    let seen = record.note(&found);
    let phases: Vec<_> = seen.windows[0]
        .phases
        .iter()
        .map(|p| (p.phase.as_str(), p.max_ms))
        .collect();
    assert_eq!(
        phases,
        [("dns", 2.0), ("connect", 4.0), ("tls", 16.0), ("request", 32.0)]
    );
    assert_eq!(record.sample().certificate_expiry, Some(Time::from_seconds(800)));
    // An address is not resolved, and a check without a walk knows nothing of the way.
    let seen = record.note(&CheckFindings {
        is_named: false,
        ..found
    });
    assert_eq!(
        seen.windows[0].phases.iter().map(|p| p.count).collect::<Vec<_>>(),
        [1, 2, 2, 2]
    );
    let seen = record.note(&CheckFindings { walk: None, ..found });
    assert_eq!(
        seen.windows[0].phases.iter().map(|p| p.count).collect::<Vec<_>>(),
        [1, 2, 2, 3]
    );
}

/// How many times a step was counted in its histogram.
fn counted(record: &ApiServerRecord, name: &str) -> String {
    let steps = record.sample().steps;
    let (_, histogram) = steps.into_iter().find(|(known, _)| *known == name).unwrap();
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register("step", "A step", histogram);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let count = text.lines().find_map(|line| line.strip_prefix("step_count "));
    count.unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_refused_has_no_duration() {
    let record = record(noon);
    let lease = LeaseName {
        namespace: "sre-tools".into(),
        name: "sre-agent-canary".into(),
    };
    for (result, expected) in [
        (Err(Failure::new(Class::Refused, "no space")), "0"),
        (Ok(()), "1"),
    ] {
        let write = WriteAnswer {
            lease: lease.clone(),
            elapsed: Duration::from_millis(7),
            result,
        };
        record.note(&CheckFindings {
            ready: true,
            write: Some(&write),
            ..CheckFindings::default()
        });
        assert_eq!(counted(&record, "write"), expected);
    }
}
