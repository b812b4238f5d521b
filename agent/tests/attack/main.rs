//! The agent as a process, while clients behave as badly as they can: thousands that say nothing, that come back at once, that
//! send a head for ever, or that read no answer. Its probes are answered as the chart asks, its memory stays below the
//! chart's limit, and what it took for them is given back.

#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "tests are read, not linked to")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, reason = "shown with --nocapture: what was measured")]

mod memory_limit;
mod process;

use process::AgentProcess;
use sre_testkit::ApiServer;
use sre_testkit::attack::{Attack, raise_descriptors};
use sre_testkit::object::Deployment;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The chart's limit of memory, in kB.
const LIMIT: u64 = 128 << 10;
/// As many as a large cluster has: a thousand answers about all of them are far more than that limit.
const DEPLOYMENTS: usize = 10_000;
/// The chart's failures of a probe in a row.
const FAILURE_THRESHOLD: u32 = 3;
/// How long each attack lasts. Clients that are given up come back within it many times.
const LASTS: Duration = Duration::from_secs(4);

#[test]
fn probes_are_answered_and_memory_is_bounded_whatever_clients_do() {
    if !raise_descriptors() {
        println!("the limit of open files stays as it is; fewer clients can connect");
    }
    let objects = (0..DEPLOYMENTS).map(|number| {
        let name = format!("deployment-{number:06}");
        Deployment::new(&format!("namespace-{:03}", number % 200), &name)
    });
    let server = ApiServer::builder().deployments(objects).start_blocking();
    let agent = AgentProcess::start(server.kubeconfig(), LIMIT);
    let address = agent.address;
    let ask = |path| get(address, path, Duration::from_mins(1)).unwrap_or_default();
    until("it has the first list", || {
        ask("/health/deployments?limit=1").contains("observedAt")
    });
    let (before, descriptors) = (agent.memory("VmRSS"), agent.descriptors());
    println!("at rest: {before} kB, {descriptors} descriptors");
    for attack in [
        Attack::Idle(10_000),
        Attack::ComeBack(1_000),
        Attack::SlowHeads(2_000),
        Attack::ReadNothing(1_000),
        Attack::ReadNothingOfManyAnswers(1_000),
        Attack::ReadNothingOfStreams(1_000),
    ] {
        let over = Arc::new(AtomicBool::new(false));
        // As the chart asks.
        let probes = [("/healthz", 5), ("/readyz", 2)].map(|(path, seconds)| {
            let over = Arc::clone(&over);
            std::thread::spawn(move || probe(address, path, Duration::from_secs(seconds), &over))
        });
        attack.run(address, LASTS);
        over.store(true, Ordering::Relaxed);
        for probe in probes {
            println!("{attack:?}: {}", probe.join().unwrap());
        }
        let peak = agent.memory("VmHWM");
        println!("{attack:?}: peak of memory {peak} kB");
        assert!(peak < LIMIT, "{attack:?}: {peak} kB");
    }
    let whole = ask("/health/deployments");
    assert!(whole.starts_with("HTTP/1.1 200 OK\r\n"), "{whole:.200}");
    assert_eq!(whole.matches("\"kind\":\"Deployment\"").count(), DEPLOYMENTS);
    until("it has as many descriptors as before", || {
        agent.descriptors() <= descriptors
    });
}

/// Asks ten times a second as the kubelet does, each time on a new connection, until it is over. As many failures in a row as
/// make the kubelet act are too many; fewer are due to the machine, which runs the attackers too.
fn probe(address: SocketAddr, path: &str, limit: Duration, over: &AtomicBool) -> String {
    let (mut answered, mut failed, mut in_a_row, mut slowest) = (0, 0, 0, Duration::ZERO);
    while !over.load(Ordering::Relaxed) {
        let began = tokio::time::Instant::now();
        match get(address, path, limit) {
            Ok(answer) => {
                assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {answer:?}");
                answered += 1;
                in_a_row = 0;
                slowest = slowest.max(began.elapsed());
            }
            Err(error) => {
                println!("{path}: {error}");
                failed += 1;
                in_a_row += 1;
                assert!(in_a_row < FAILURE_THRESHOLD, "{path}: {error}");
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    format!("{path} answered {answered} times, the slowest after {slowest:?}, and failed {failed} times")
}

/// The whole answer as text.
fn get(address: SocketAddr, path: &str, limit: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Waits until that is so.
fn until(what: &str, fits: impl Fn() -> bool) {
    for _ in 0..600 {
        if fits() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("it never was so that {what}");
}
