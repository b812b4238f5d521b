//! Owns connections: limits, clients that are slow or silent, and the end of the process.

use crate::harness::{Answer, RunningAgent, listed_agent, read_answer, read_to_end, settings, start};
use sre_agent::Signal;
use sre_testkit::{ApiServer, Fault, Match};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: agent\r\n\r\n";

async fn open_connection(agent: &RunningAgent) -> TcpStream {
    let mut stream = agent.connect().await;
    stream.write_all(GET).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 200);
    stream
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = ApiServer::builder().start().await;
    let agent = listed_agent(&server).await;
    let mut stream = open_connection(&agent).await;
    stream
        .write_all(b"GET /nix HTTP/1.1\r\nhost: agent\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 404);
    stream.write_all(GET).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.status, 200);
}

#[tokio::test]
async fn a_client_that_never_ends_its_header_is_given_up() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.header = Duration::from_millis(200);
    let agent = start(settings).await;
    let mut stream = agent.connect().await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nx: ").await.unwrap();
    read_to_end(&mut stream).await;
    // An idle connection ends after as long.
    let mut idle = open_connection(&agent).await;
    assert_eq!(read_to_end(&mut idle).await, b"");
}

#[tokio::test]
async fn if_all_places_are_taken_the_client_that_was_waited_for_longest_is_closed() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.max_connections = 2;
    settings.pace.header = Duration::from_hours(1);
    let agent = start(settings).await;
    let mut slow = agent.connect().await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nx: ").await.unwrap();
    let mut second = open_connection(&agent).await;
    let mut third = open_connection(&agent).await;
    assert_eq!(read_to_end(&mut slow).await, b"");
    // The second one has asked before, and waits since then.
    let _fourth = open_connection(&agent).await;
    assert_eq!(read_to_end(&mut second).await, b"");
    third.write_all(GET).await.unwrap();
    assert_eq!(read_answer(&mut third).await.status, 200);
}

#[tokio::test]
async fn probes_are_answered_while_every_other_request_is_refused() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.max_connections = 8;
    settings.request_timeout = Duration::from_hours(1);
    settings.cluster.deadlines.request = None;
    settings.cluster.deadlines.idle = Duration::from_hours(1);
    settings.pace.check = Duration::from_hours(1);
    server.fail(Match::path("/version"), Fault::Hang);
    let agent = start(settings).await;
    agent.until("/readyz", |a| a.status == 200).await;
    // Three quarters of the connections may wait for an answer of the API server.
    let mut hanging = Vec::new();
    for _ in 0..6 {
        let mut stream = agent.connect().await;
        stream
            .write_all(b"GET /health/apiserver HTTP/1.1\r\nhost: agent\r\n\r\n")
            .await
            .unwrap();
        hanging.push(stream);
    }
    let refused = agent.until("/health/deployments", |a| a.status == 429).await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(
        refused.json(),
        serde_json::json!({
            "error": "tooManyRequests",
            "message": "this agent is busy: too many requests are under way; ask again in a second",
        })
    );
    for path in ["/healthz", "/livez", "/readyz"] {
        assert_eq!(agent.get(path).await.status, 200, "{path}");
    }
    server.clear_faults();
    server.drop_connections();
    for stream in &mut hanging {
        assert_eq!(read_answer(stream).await.status, 200);
    }
    assert_eq!(agent.get("/health/deployments").await.status, 200);
}

#[tokio::test]
async fn an_endless_header_and_bytes_that_are_not_http_are_refused() {
    let server = ApiServer::builder().start().await;
    let agent = listed_agent(&server).await;
    let long = format!(
        "GET /healthz HTTP/1.1\r\nhost: agent\r\nx: {}\r\n\r\n",
        "y".repeat(64 << 10)
    );
    let mut stream = agent.connect().await;
    // The agent may close the connection before all of it is written.
    let _ = stream.write_all(long.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut bytes).await;
    if !bytes.is_empty() {
        assert_eq!(Answer::parse(&bytes).status, 431);
    }
    assert_eq!(
        Answer::parse(&agent.exchange(b"\x16\x03\x01\x00\x05hello\r\n\r\n").await).status,
        400
    );
    assert_eq!(agent.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn the_long_header_of_a_proxied_request_is_taken() {
    let server = ApiServer::builder().start().await;
    let agent = listed_agent(&server).await;
    let header = format!("x-forwarded-uri: /{}\r\n", "y".repeat(8 << 10));
    assert_eq!(agent.ask("GET", "/healthz", &header).await.status, 200);
}

#[tokio::test]
async fn the_body_of_a_request_is_never_read() {
    let server = ApiServer::builder().start().await;
    let agent = listed_agent(&server).await;
    let mut stream = agent.connect().await;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: agent\r\ncontent-length: 1000000000\r\n\r\nx")
        .await
        .unwrap();
    assert_eq!(Answer::parse(&read_to_end(&mut stream).await).status, 200);
}

#[tokio::test]
async fn a_request_to_stop_lets_running_requests_end_and_takes_no_more() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.drain = Duration::from_hours(1);
    settings.request_timeout = Duration::from_hours(1);
    settings.cluster.deadlines.request = None;
    settings.cluster.deadlines.idle = Duration::from_hours(1);
    server.fail(Match::path("/version"), Fault::Hang);
    let agent = start(settings).await;
    let mut under_way = agent.connect().await;
    under_way
        .write_all(b"GET /health/apiserver HTTP/1.1\r\nhost: agent\r\n\r\n")
        .await
        .unwrap();
    let mut idle = open_connection(&agent).await;
    agent.stop.send(Signal::Interrupt).await.unwrap();
    assert_eq!(read_to_end(&mut idle).await, b"", "it has nothing under way");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!agent.is_over(), "a request is under way");
    server.clear_faults();
    server.drop_connections();
    assert_eq!(read_answer(&mut under_way).await.status, 200);
    let address = agent.address;
    agent.wait_for_end().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn no_request_that_arrives_before_the_socket_is_closed_is_lost() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.max_connections = 16;
    let agent = start(settings).await;
    let mut kept = open_connection(&agent).await;
    let mut idle = open_connection(&agent).await;
    // This thread runs the agent too, but not before the next wait. Until then the kernel has the connections.
    agent.stop.try_send(Signal::Interrupt).unwrap();
    assert_eq!(kept.try_write(GET).unwrap(), GET.len());
    let queued: Vec<_> = (0..40)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(agent.address).unwrap();
            std::io::Write::write_all(&mut stream, GET).unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        })
        .collect();
    for stream in queued {
        let mut stream = TcpStream::from_std(stream).unwrap();
        let answer = Answer::parse(&read_to_end(&mut stream).await);
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    }
    assert_eq!(Answer::parse(&read_to_end(&mut kept).await).status, 200);
    assert_eq!(read_to_end(&mut idle).await, b"");
    agent.wait_for_end().await;
}

#[tokio::test]
async fn a_stop_is_bounded_and_a_second_signal_ends_it_at_once() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.pace.drain = Duration::from_millis(100);
    server.fail(Match::path("/version"), Fault::Hang);
    let agent = start(settings.clone()).await;
    let mut hangs = agent.connect().await;
    hangs
        .write_all(b"GET /health/apiserver HTTP/1.1\r\nhost: agent\r\n\r\n")
        .await
        .unwrap();
    agent.get("/healthz").await;
    agent.stop.send(Signal::Interrupt).await.unwrap();
    agent.wait_for_end().await;
    settings.pace.drain = Duration::from_hours(1);
    settings.request_timeout = Duration::from_hours(1);
    settings.cluster.deadlines.request = None;
    settings.cluster.deadlines.idle = Duration::from_hours(1);
    let agent = start(settings).await;
    let mut hangs = agent.connect().await;
    hangs
        .write_all(b"GET /health/apiserver HTTP/1.1\r\nhost: agent\r\n\r\n")
        .await
        .unwrap();
    agent.get("/healthz").await;
    agent.stop.send(Signal::Interrupt).await.unwrap();
    agent.stop.send(Signal::Interrupt).await.unwrap();
    agent.wait_for_end().await;
}

/// An agent that is asked to stop and still accepts for a while.
async fn stopping_agent(delay: Duration) -> (ApiServer, RunningAgent) {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.shutdown_delay = delay;
    let agent = start(settings).await;
    agent.until("/readyz", |a| a.status == 200).await;
    agent.stop.send(Signal::Terminate).await.unwrap();
    agent.until("/readyz", |a| a.status == 500).await;
    (server, agent)
}

#[tokio::test]
async fn during_the_delay_it_answers_clients_that_do_not_know_it_is_stopping() {
    let (_server, agent) = stopping_agent(Duration::from_hours(1)).await;
    let ready = agent.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.text().as_str()),
        (
            500,
            "[-]server is stopping\n[+]deployments ok\nreadyz check failed\n"
        )
    );
    assert_eq!(agent.get("/healthz").await.status, 200);
    let health = agent.get("/health").await;
    assert_eq!(
        (health.status, health.json()["status"].as_str()),
        (200, Some("ok"))
    );
    let mut kept = agent.connect().await;
    kept.write_all(GET).await.unwrap();
    let last = Answer::parse(&read_to_end(&mut kept).await);
    assert_eq!(
        (last.status, last.header("connection")),
        (200, Some("close")),
        "the next request is to go elsewhere"
    );
    assert!(!agent.is_over());
    agent.stop.send(Signal::Terminate).await.unwrap();
    let address = agent.address;
    agent.wait_for_end().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_delay_before_it_ends_is_bounded() {
    let (_server, agent) = stopping_agent(Duration::from_millis(100)).await;
    agent.wait_for_end().await;
}

#[tokio::test]
async fn sigint_stops_it_without_the_delay() {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.shutdown_delay = Duration::from_hours(1);
    let agent = start(settings).await;
    agent.get("/healthz").await;
    agent.stop.send(Signal::Interrupt).await.unwrap();
    agent.wait_for_end().await;
}
