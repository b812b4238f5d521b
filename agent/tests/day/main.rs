//! A day of an agent in a moment: a million events and a thousand reconnections of its watch. At the end the process has as
//! many descriptors and tasks and as much memory as at its start.

#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "tests are read, not linked to")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, reason = "shown with --nocapture: what was measured")]

#[allow(dead_code, reason = "the other tests need all of it")]
#[path = "../agent/harness.rs"]
mod harness;

use harness::{settings, start};
use sre_shared::kind::Kind;
use sre_shared::live::{Cache, EventTime};
use sre_shared::resource::{Deployment as View, Resource as _, Time, from_json};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Match, WatchFault};
use std::fmt::Write as _;
use std::time::Duration;

/// Events of a day.
const EVENTS: u64 = 1_000_000;
/// Reconnections of a day: a watch lasts a minute and a half.
const ROUNDS: u64 = 1000;
const ROUND: Duration = Duration::from_millis(86_400);
/// Events that each of these watches brings. The others go into the cache directly: without optimisation the way over HTTP
/// takes a hundred times as long.
const EVENTS_OF_ROUND: u64 = 20;
/// Rounds after which every buffer has its size.
const WARM_UP: u64 = 200;
const OBJECTS: u64 = 500;
/// Descriptors and tasks of requests that are under way at the moment of counting.
const UNDER_WAY: usize = 16;
/// Memory that an allocator may lose to gaps between small pieces, in kB.
const GAPS: u64 = 4 << 10;

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    descriptors: usize,
    tasks: usize,
    kilobytes: u64,
}

fn held() -> Held {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    Held {
        descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
        tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
        kilobytes: memory.trim_end_matches("kB").trim().parse().unwrap(),
    }
}

fn object(number: u64, round: u64) -> Deployment {
    // Every eleventh one falls short in every other round.
    let ready = if number.is_multiple_of(11) && !round.is_multiple_of(2) {
        1
    } else {
        3
    };
    Deployment::new(&format!("ns-{}", number % 20), &format!("web-{number}"))
        .replicas(3)
        .counts(3, 3, ready, ready)
}

/// The lines of the events of a round. All have the version of the server, from which the watch goes on.
fn events(round: u64, version: u64) -> Vec<u8> {
    let mut lines = String::new();
    for number in 0..EVENTS_OF_ROUND {
        let mut object = object(number * 25 % OBJECTS, round).build();
        object["metadata"]["resourceVersion"] = version.to_string().into();
        writeln!(lines, "{{\"type\":\"MODIFIED\",\"object\":{object}}}").unwrap();
    }
    lines.into_bytes()
}

impl Held {
    fn assert_no_more_than(self, before: Self) {
        println!("{before:?}, then {self:?}");
        assert!(self.descriptors <= before.descriptors + UNDER_WAY);
        assert!(self.tasks <= before.tasks + UNDER_WAY);
        assert!(self.kilobytes <= before.kilobytes + GAPS);
    }
}

// One test, since the memory is that of the process.
#[tokio::test]
async fn after_a_day_of_events_the_process_holds_what_it_held_at_its_start() {
    a_million_events();
    a_thousand_reconnections().await;
}

fn a_million_events() {
    let cache = Cache::<View>::new(Kind::Deployment, &[]);
    let views: Vec<View> = (0..2 * OBJECTS)
        .map(|number| {
            let object = object(number % OBJECTS, number / OBJECTS).build().to_string();
            from_json(object.as_bytes()).unwrap()
        })
        .collect();
    let mut before = None;
    let mut transitions = 0;
    for number in 0..EVENTS {
        let second = i64::try_from(number * 86_400 / EVENTS).unwrap();
        let at = EventTime {
            instant: tokio::time::Instant::now().into_std(),
            time: Time::from_seconds(1_800_000_000 + second),
        };
        let view = &views[usize::try_from(number % (2 * OBJECTS)).unwrap()];
        match number % 1000 {
            // Some are deleted and come back.
            999 => drop(cache.delete(0, &view.meta().namespace, &view.meta().name, at)),
            _ => transitions += u64::from(cache.apply(0, Ok(view.clone()), at).is_some()),
        }
        if number == EVENTS / 10 {
            before = Some(held());
        }
    }
    assert!(transitions > EVENTS / 100, "{transitions}");
    held().assert_no_more_than(before.unwrap());
}

async fn a_thousand_reconnections() {
    let objects: Vec<_> = (0..OBJECTS).map(|number| object(number, 0)).collect();
    let server = ApiServer::builder().deployments(objects).start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.search_pause = Duration::from_secs(15);
    settings.pace.probe_every = Duration::from_secs(10);
    let agent = start(settings).await;
    agent
        .until("/health/deployments", |a| a.json()["observedAt"].is_string())
        .await;
    // While a blocking task runs, a clock that is stopped does not advance by itself.
    let (over, blocked) = std::sync::mpsc::channel::<()>();
    let blocking = tokio::task::spawn_blocking(move || blocked.recv());
    tokio::time::pause();
    let mut before = None;
    for round in 0..WARM_UP + ROUNDS {
        if round == WARM_UP {
            before = Some(held());
        }
        one_round(&server, round).await;
    }
    held().assert_no_more_than(before.unwrap());
    over.send(()).unwrap();
    blocking.await.unwrap().unwrap();
}

/// Events on an open watch, the rest of its minute and a half, its end, and the next one.
async fn one_round(server: &ApiServer, round: u64) {
    server.clear_requests();
    server.disturb_watches(&WatchFault::Garbage(events(round, server.resource_version())));
    tokio::time::advance(ROUND).await;
    server.disturb_watches(&WatchFault::End);
    let watches = Match::any().watches();
    while server.requests_for(&watches).is_empty() || server.open_watches() == 0 {
        // If the watch was opened a moment ago, the agent pauses before the next one.
        tokio::time::advance(Duration::from_millis(10)).await;
    }
}
