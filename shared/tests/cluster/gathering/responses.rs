//! Responses to lists: slow, refused, compressed or of something else.

use super::{LISTS, assert_nothing_seen, not_seen, pages_asked_for, pages_of, seven};
use crate::client::{
    IMPATIENT, PATIENT, ask, ask_with, names, only_deployments, part, try_client, with_deployments,
};
use sre_shared::cluster::{Deadlines, RunLimit};
use sre_shared::report::Status;
use sre_testkit::object::{Deployment, List};
use sre_testkit::{ApiServer, Fault, Match};
use std::io::Write as _;
use std::time::Duration;

#[tokio::test]
async fn an_empty_list_that_was_read_is_ok() {
    let server = ApiServer::builder().start().await;
    let report = ask(&server, &with_deployments()).await;
    assert_eq!((report.status, part(&report).summary.total), (Status::Ok, 0));
    assert_eq!(report.coverage.not_seen, []);
}

#[tokio::test]
async fn a_slow_answer_is_read_as_long_as_bytes_come_and_silence_is_a_timeout() {
    let server = seven().start().await;
    let impatient = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    // The whole takes longer than the longest silence that is allowed.
    let slow = Fault::SlowBody {
        bytes: 600,
        every: Duration::from_millis(30),
    };
    let id = server.fail(Match::path(LISTS), slow);
    let report = ask_with(&impatient, &only_deployments()).await;
    assert_eq!(names(&part(&report).items).concat(), "abcdefg");
    server.clear_fault(id);
    server.fail(
        Match::path(LISTS).page(2),
        Fault::SlowHeaders(Duration::from_mins(1)),
    );
    let report = ask_with(&impatient, &pages_of(3)).await;
    assert_nothing_seen(&report, "timeout");
    assert_eq!(not_seen(&report).error.as_deref(), Some("no byte for 0.3 s"));
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for_and_a_long_one_is_reported() {
    let server = seven().start().await;
    server.fail_times(1, Match::path(LISTS), Fault::RetryAfter(429, 1));
    let report = ask(&server, &only_deployments()).await;
    assert_eq!((report.status, pages_asked_for(&server).len()), (Status::Ok, 2));
    server.clear_requests();
    server.fail(Match::path(LISTS), Fault::TooManyRequests(60));
    let report = ask(&server, &only_deployments()).await;
    assert_nothing_seen(&report, "overloaded");
    assert_eq!(pages_asked_for(&server).len(), 1);
    // Longer than any clock goes.
    server.clear_faults();
    server.fail(Match::path(LISTS), Fault::RetryAfter(429, u64::MAX));
    let run = Some(RunLimit::from_now(Duration::from_secs(30)));
    let client = try_client(server.kubeconfig(), Deadlines { run, ..PATIENT })
        .await
        .expect("a client");
    assert_nothing_seen(&ask_with(&client, &only_deployments()).await, "overloaded");
}

#[tokio::test]
async fn only_a_transient_failure_is_tried_again() {
    for (code, class, tries) in [
        (400, "rejected", 1),
        (401, "unauthenticated", 1),
        (404, "notFound", 1),
        (500, "unhealthy", 1),
        (502, "unhealthy", 3),
        (503, "unhealthy", 3),
        (504, "unhealthy", 3),
    ] {
        let server = seven().start().await;
        server.fail(Match::path(LISTS), Fault::Status(code));
        let report = ask(&server, &only_deployments()).await;
        assert_nothing_seen(&report, class);
        assert_eq!(pages_asked_for(&server).len(), tries, "{code}");
        server.clear_faults();
        server.fail_times(2, Match::path(LISTS), Fault::Status(503));
        assert_eq!(ask(&server, &only_deployments()).await.status, Status::Ok);
    }
}

#[tokio::test]
async fn a_page_of_html_is_not_from_an_api_server() {
    let server = seven().start().await;
    server.fail(Match::any(), Fault::captive_portal());
    let report = ask(&server, &with_deployments()).await;
    assert_nothing_seen(&report, "notAnApiServer");
    let check = report.api_server().expect("it was asked for");
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some("notAnApiServer"))
    );
    assert!(
        check
            .error
            .as_deref()
            .is_some_and(|e| e.contains("<!DOCTYPE html>")),
        "{check:?}"
    );
    server.clear_faults();
    server.fail(
        Match::any(),
        Fault::Redirect("https://login.example.test/".into()),
    );
    let report = ask(&server, &with_deployments()).await;
    assert_nothing_seen(&report, "notAnApiServer");
}

#[tokio::test]
async fn json_that_is_no_list_is_not_from_an_api_server() {
    let server = seven().start().await;
    for body in [
        "{}",
        "[]",
        "\"ok\"",
        "",
        r#"{"kind":"Status","status":"Success"}"#,
        // Whether there is a next page cannot be known: what was read may be a part only.
        r#"{"metadata":{"continue":5},"items":[]}"#,
    ] {
        server.clear_faults();
        server.fail(Match::path(LISTS), json_body(body));
        assert_nothing_seen(&ask(&server, &only_deployments()).await, "notAnApiServer");
    }
}

fn json_body(body: &str) -> Fault {
    Fault::WrongBody {
        status: 200,
        content_type: "application/octet-stream".into(),
        body: body.into(),
    }
}

#[tokio::test]
async fn a_list_of_an_unknown_content_type_is_read_as_json() {
    let server = ApiServer::builder().start().await;
    let body = List::new("DeploymentList", "apps/v1")
        .items([Deployment::new("shop", "web")])
        .to_json();
    server.fail(Match::path(LISTS), json_body(&body));
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        (report.status, names(&part(&report).items)),
        (Status::Ok, vec!["web"])
    );
}

/// Answers every connection with this gzip as a list, and returns a kubeconfig for it.
fn serve_gzip(packed: Vec<u8>) -> tempfile::NamedTempFile {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback gives a port");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                packed.len()
            );
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&packed));
        }
    });
    let mut kubeconfig = tempfile::NamedTempFile::new().expect("a temporary file");
    write!(
        kubeconfig,
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {{cluster: a, user: a}}\n\
         clusters:\n- name: a\n  cluster: {{server: 'http://{address}'}}\nusers:\n- name: a\n  user: {{token: t}}\n"
    )
    .expect("it can be written to");
    kubeconfig
}

#[tokio::test]
async fn a_compressed_list_is_read_and_a_broken_one_is_not() {
    let many = (0..500).map(|number| Deployment::new("shop", &format!("web-{number:03}")));
    let body = List::new("DeploymentList", "apps/v1").items(many).to_json();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(body.as_bytes())
        .expect("a vector takes everything");
    let packed = encoder.finish().expect("a vector takes everything");
    let read = async |packed: Vec<u8>| {
        let kubeconfig = serve_gzip(packed);
        let client = try_client(kubeconfig.path(), PATIENT).await.expect("a client");
        ask_with(&client, &only_deployments()).await
    };
    let report = read(packed.clone()).await;
    assert_eq!((report.status, part(&report).summary.healthy), (Status::Ok, 500));

    // Cut in the middle, without its checksum, with a wrong checksum, no gzip, and empty.
    let half = packed[..packed.len() / 2].to_vec();
    let unfinished = packed[..packed.len() - 8].to_vec();
    let mut damaged = packed.clone();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    for broken in [half, unfinished, damaged, body.into_bytes(), Vec::new()] {
        assert_nothing_seen(&read(broken).await, "connectionLost");
    }
}
