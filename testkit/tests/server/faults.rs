//! Owns faults: of connections, certificates and answers, and how they are set and cleared.
//! Must not know watches.

use std::time::Duration;

use crate::client::{Client, chain};
use serde_json::json;
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, ApiServerBuilder, Certificate, Fault, Match};
use tokio::net::TcpStream;

const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

fn plain() -> ApiServerBuilder {
    ApiServer::builder()
        .token("secret")
        .plain_http()
        .deployments(["a", "b", "c"].map(|name| Deployment::new("shop", name)))
}

#[tokio::test]
async fn a_stopped_server_refuses_and_starts_again_on_its_port() {
    let server = plain().start().await;
    let mut client = Client::admin(&server).await;
    client.get("/version").await;
    server.stop();
    assert_eq!(server.connections(), 0);
    assert!(client.try_get("/version").await.is_err());
    for _ in 0..2 {
        let error = TcpStream::connect(server.address())
            .await
            .expect_err("nothing listens");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        server.stop();
    }
    server.start_again();
    server.start_again();
    assert_eq!(Client::admin(&server).await.get("/version").await.status, 200);
}

#[tokio::test]
async fn dropping_the_handle_ends_the_server_and_its_connections() {
    let server = plain().start().await;
    let address = server.address();
    let mut client = Client::admin(&server).await;
    client.get("/version").await;
    drop(server);
    assert!(client.try_get("/version").await.is_err());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn open_connections_can_be_broken_while_the_server_goes_on_listening() {
    let server = plain().start().await;
    let mut client = Client::admin(&server).await;
    client.get("/version").await;
    assert_eq!(server.connections(), 1);
    server.drop_connections();
    assert!(client.try_get("/version").await.is_err());
    assert_eq!(Client::admin(&server).await.get("/version").await.status, 200);
    server.wait_for_connections(0).await;
}

#[tokio::test]
async fn each_certificate_fails_in_its_own_way() {
    for (certificate, expected) in [
        (Certificate::Valid, None),
        (Certificate::Expired, Some("certificate expired")),
        (Certificate::NotYetValid, Some("certificate not valid yet")),
        (Certificate::WrongName, Some("certificate not valid for name")),
        (Certificate::UnknownCa, Some("UnknownIssuer")),
    ] {
        let server = ApiServer::builder().certificate(certificate).start().await;
        let outcome = Client::connect(&server, None)
            .await
            .err()
            .map(|error| chain(error.as_ref()));
        match expected {
            None => assert_eq!(outcome, None),
            Some(text) => assert!(
                outcome.as_ref().is_some_and(|outcome| outcome.contains(text)),
                "{certificate:?} gave {outcome:?}"
            ),
        }
    }
}

#[tokio::test]
async fn each_status_has_its_body_and_ends_after_its_count() {
    let server = plain().start().await;
    let mut client = Client::admin(&server).await;
    for (code, reason) in [
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (410, "Expired"),
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
    ] {
        server.fail_times(1, Match::path(DEPLOYMENTS), Fault::Status(code));
        let answer = client.get(DEPLOYMENTS).await;
        assert_eq!(answer.status.as_u16(), code);
        let body = answer.json();
        assert_eq!(
            (&body["kind"], &body["reason"]),
            (&json!("Status"), &json!(reason))
        );
        assert_eq!(answer.header("retry-after"), "");
        assert_eq!(client.get(DEPLOYMENTS).await.status, 200);
    }
}

#[tokio::test]
async fn retry_after_comes_with_a_status_or_in_plain_text() {
    let server = plain().start().await;
    let mut client = Client::admin(&server).await;
    server.fail_times(1, Match::any(), Fault::RetryAfter(429, 3));
    server.fail_times(1, Match::any(), Fault::TooManyRequests(1));
    let status = client.get(DEPLOYMENTS).await;
    assert_eq!(status.header("retry-after"), "3");
    assert_eq!(status.json()["details"], json!({"retryAfterSeconds": 3}));
    let text = client.get(DEPLOYMENTS).await;
    assert_eq!((text.status.as_u16(), text.header("retry-after")), (429, "1"));
    assert_eq!(text.text, "Too many requests, please try again later.\n");
}

#[tokio::test]
async fn a_fault_hits_only_its_path_and_page_until_it_is_cleared() {
    let server = plain().start().await;
    let mut client = Client::admin(&server).await;
    let id = server.fail(Match::path(DEPLOYMENTS).page(2), Fault::Status(410));
    let first = client.get(&format!("{DEPLOYMENTS}?limit=1")).await;
    assert_eq!(first.status, 200);
    let token = first.json()["metadata"]["continue"]
        .as_str()
        .expect("a page is left")
        .to_owned();
    let second = format!("{DEPLOYMENTS}?limit=1&continue={token}");
    assert_eq!(client.get(&second).await.status, 410);
    assert_eq!(client.get("/version").await.status, 200);
    server.clear_fault(id);
    let third = client.get(&second).await.json()["metadata"]["continue"]
        .as_str()
        .expect("one is left")
        .to_owned();
    server.fail(Match::any().pages_from(3), Fault::Status(500));
    assert_eq!(client.get(&second).await.status, 200);
    assert_eq!(
        client
            .get(&format!("{DEPLOYMENTS}?continue={third}"))
            .await
            .status,
        500
    );
    server.clear_faults();
    assert_eq!(
        client
            .get(&format!("{DEPLOYMENTS}?continue={third}"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_wrong_body_and_a_redirect_are_sent_unchanged() {
    let server = plain().start().await;
    let mut client = Client::admin(&server).await;
    server.fail_times(1, Match::any(), Fault::captive_portal());
    server.fail_times(
        1,
        Match::any(),
        Fault::Redirect("http://127.0.0.1/login".to_owned()),
    );
    let portal = client.get("/version").await;
    assert_eq!(
        (portal.status.as_u16(), portal.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(portal.text.starts_with("<!DOCTYPE html>"));
    let redirect = client.get("/version").await;
    assert_eq!(
        (redirect.status.as_u16(), redirect.header("location")),
        (302, "http://127.0.0.1/login")
    );
}

#[tokio::test]
async fn a_cut_stream_breaks_counted_and_chunked_bodies() {
    let server = plain().start().await;
    server.fail(Match::any(), Fault::CutStream(10));
    for target in ["/version", DEPLOYMENTS] {
        let error = Client::admin(&server)
            .await
            .try_get(target)
            .await
            .expect_err("the body breaks off");
        let error = error
            .downcast::<hyper::Error>()
            .expect("it is an error of the connection");
        assert!(chain(error.as_ref()).contains("connection"), "{error:?}");
    }
    // A cut after the last byte still leaves the body without its end.
    server.clear_faults();
    server.fail(Match::any(), Fault::CutStream(1 << 20));
    assert!(Client::admin(&server).await.try_get(DEPLOYMENTS).await.is_err());
}

#[tokio::test]
async fn the_bytes_before_the_cut_arrive_exactly() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = plain().start().await;
    server.fail(Match::any(), Fault::CutStream(10));
    let mut stream = TcpStream::connect(server.address()).await.expect("it listens");
    let request = "GET /version HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut received = String::new();
    stream.read_to_string(&mut received).await.expect("it closes");
    let (_, body) = received.split_once("\r\n\r\n").expect("the head is whole");
    assert_eq!(body, "{\n  \"major\""[..10].to_owned());
}

#[tokio::test]
async fn a_hanging_request_holds_only_its_connection() {
    let server = plain().start().await;
    server.fail(Match::path("/readyz"), Fault::Hang);
    let mut client = Client::admin(&server).await;
    let hanging = tokio::spawn(async move { client.try_get("/readyz").await.is_ok() });
    server.wait_for_requests(&Match::path("/readyz"), 1).await;
    assert!(!hanging.is_finished());
    assert_eq!(Client::admin(&server).await.get("/version").await.status, 200);
    hanging.abort();
    server.wait_for_connections(0).await;
}

#[tokio::test]
async fn a_tls_handshake_can_be_left_hanging() {
    let server = ApiServer::builder().token("secret").start().await;
    server.fail_times(1, Match::any(), Fault::HangTls);
    let address = server.address();
    let ca = server.ca_pem().map(str::to_owned);
    assert!(ca.is_some());
    let stalled = TcpStream::connect(address).await.expect("it accepts");
    server.wait_for_connections(1).await;
    assert_eq!(Client::admin(&server).await.get("/version").await.status, 200);
    assert_eq!(server.requests().len(), 1);
    drop(stalled);
    server.wait_for_connections(0).await;
}

#[tokio::test]
async fn a_closed_connection_gives_no_answer() {
    let server = plain().start().await;
    server.fail_times(1, Match::any(), Fault::Close);
    assert!(Client::admin(&server).await.try_get("/version").await.is_err());
    assert_eq!(Client::admin(&server).await.get("/version").await.status, 200);
}

#[tokio::test]
async fn slow_answers_are_complete() {
    let server = plain().start().await;
    let mut client = Client::admin(&server).await;
    let right = client.get("/version").await.text;
    server.fail_times(1, Match::any(), Fault::SlowHeaders(Duration::from_millis(1)));
    assert_eq!(client.get("/version").await.text, right);
    server.fail_times(
        1,
        Match::any(),
        Fault::SlowBody {
            bytes: 50,
            every: Duration::from_millis(1),
        },
    );
    assert_eq!(client.get("/version").await.text, right);
}

#[test]
fn a_blocking_test_is_answered_too() {
    use std::io::{Read, Write};
    let server = plain().start_blocking();
    let mut stream = std::net::TcpStream::connect(server.address()).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a timeout can be set");
    let request = "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers and closes");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(answer.ends_with("\r\n\r\nok"));
}
