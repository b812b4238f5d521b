//! Names, connections and TLS that fail.

use super::{Config, TOKEN, class_and_message, version_failure};
use crate::client::{IMPATIENT, PATIENT, ask_with, client, try_client, with_deployments};
use sre_shared::cluster::{Deadlines, RunLimit, version};
use sre_shared::failure::{Class, Failure};
use sre_shared::run;
use sre_testkit::{ApiServer, Certificate, Fault, Match};

async fn certificate_failure(certificate: Certificate) -> Failure {
    let server = ApiServer::builder()
        .token(TOKEN)
        .certificate(certificate)
        .start()
        .await;
    version_failure(server.kubeconfig(), PATIENT).await
}

#[tokio::test]
async fn a_connection_is_refused_if_nothing_listens() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.stop();
    let failure = version_failure(server.kubeconfig(), PATIENT).await;
    assert_eq!(failure.class, Class::Refused);
    assert!(failure.message.starts_with("Connection refused"), "{failure}");
}

#[tokio::test]
async fn a_request_without_an_answer_is_a_timeout() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail(Match::any(), Fault::Hang);
    let failure = version_failure(server.kubeconfig(), IMPATIENT).await;
    assert_eq!(class_and_message(&failure), (Class::Timeout, "no byte for 0.3 s"));
    let request = Some(std::time::Duration::from_millis(200));
    let failure = version_failure(server.kubeconfig(), Deadlines { request, ..PATIENT }).await;
    assert_eq!(
        class_and_message(&failure),
        (Class::Timeout, "not finished within the request timeout of 0.2 s")
    );
}

#[tokio::test]
async fn a_deadline_of_the_whole_run_bounds_every_request() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail(Match::any(), Fault::Hang);
    let run = Some(RunLimit::from_now(std::time::Duration::from_millis(300)));
    let client = try_client(server.kubeconfig(), Deadlines { run, ..PATIENT })
        .await
        .expect("a client");
    let report = ask_with(&client, &with_deployments()).await;
    let check = report.api_server().expect("it was asked for");
    let error = check.error.as_deref();
    assert_eq!(
        error,
        Some("the 300ms of --timeout were over while waiting for the answer")
    );
    assert_eq!(
        (
            check.class.as_deref(),
            check.side.as_deref(),
            check.hint.as_deref()
        ),
        (
            Some("timeout"),
            None,
            Some("give it more time, such as --timeout 60s")
        )
    );
    assert_eq!(report.coverage.not_seen[0].error.as_deref(), error);

    // The network is not at fault for a handshake that had hardly any time.
    server.clear_faults();
    server.fail(Match::any(), Fault::HangTls);
    let run = Some(RunLimit::from_now(std::time::Duration::from_millis(150)));
    let client = try_client(server.kubeconfig(), Deadlines { run, ..PATIENT })
        .await
        .expect("a client");
    let check = run::apiserver::check_path(&client, "default", run::clock::system).await;
    assert_eq!(
        check.error.as_deref(),
        Some("the 150ms of --timeout were over while connecting")
    );
    assert_eq!((check.rung.as_deref(), check.side), (Some("tls"), None));
    let rung = check.ladder.last().expect("it broke");
    assert_eq!(
        (rung.side.clone(), rung.hint.as_deref()),
        (None, Some("give it more time, such as --timeout 60s"))
    );
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_timeout() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail(Match::any(), Fault::HangTls);
    let patient_but_for_connections = Deadlines {
        connect: IMPATIENT.connect,
        ..PATIENT
    };
    let failure = version_failure(server.kubeconfig(), patient_but_for_connections).await;
    assert_eq!(
        class_and_message(&failure),
        (Class::Timeout, "no connection within 0.3 s")
    );
}

#[tokio::test]
async fn a_body_that_stops_is_a_timeout() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let slow = Fault::SlowBody {
        bytes: 20,
        every: std::time::Duration::from_mins(1),
    };
    server.fail(Match::path("/version"), slow.clone());
    let client = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    let failure = version(&client).await.0.expect_err("the server is made to fail");
    assert_eq!(failure.class, Class::Timeout);
}

#[tokio::test]
async fn certificates_that_cannot_be_trusted_each_have_their_class() {
    for (certificate, class) in [
        (Certificate::Expired, Class::CertificateExpired),
        (Certificate::NotYetValid, Class::CertificateExpired),
        (Certificate::WrongName, Class::WrongName),
        (Certificate::UnknownCa, Class::UnknownAuthority),
    ] {
        assert_eq!(
            certificate_failure(certificate).await.class,
            class,
            "{certificate:?}"
        );
    }
    let failure = certificate_failure(Certificate::WrongName).await;
    assert!(failure.message.contains("elsewhere.example.test"), "{failure}");
}

#[tokio::test]
async fn http_in_place_of_https_and_https_in_place_of_http_are_recognized() {
    let config = Config::new();
    let plain = ApiServer::builder().token(TOKEN).plain_http().start().await;
    let failure = version_failure(&config.for_url(&plain.url().replace("http:", "https:")), PATIENT).await;
    assert_eq!(failure.class, Class::NotAnApiServer);

    // The answer of Go's TLS server to plain HTTP.
    plain.fail(
        Match::any(),
        Fault::WrongBody {
            status: 400,
            content_type: "text/plain".into(),
            body: b"Client sent an HTTP request to an HTTPS server.\n".to_vec(),
        },
    );
    let failure = version_failure(&config.for_url(plain.url()), PATIENT).await;
    assert_eq!(failure.class, Class::Tls);
    assert_eq!(
        failure.hint(),
        "write https:// in front of the server's address in the kubeconfig"
    );

    let tls = ApiServer::builder().token(TOKEN).start().await;
    let failure = version_failure(&config.for_url(&tls.url().replace("https:", "http:")), PATIENT).await;
    assert!(
        matches!(failure.class, Class::NotAnApiServer | Class::ConnectionLost),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_dns_failure() {
    // Longer than a label may be, so that no resolver is ever asked.
    let url = format!("http://{}.invalid:6443", "a".repeat(64));
    let failure = version_failure(&Config::new().for_url(&url), PATIENT).await;
    assert_eq!(failure.class, Class::Dns);
}

#[tokio::test]
async fn a_connection_that_is_closed_without_an_answer_is_tried_once_more() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail_times(1, Match::path("/version"), Fault::Close);
    let reached = version(&client(&server).await).await.0;
    assert_eq!(reached.as_deref(), Ok("v1.37.2"));
    server.fail(Match::any(), Fault::Close);
    let failure = version_failure(server.kubeconfig(), PATIENT).await;
    assert_eq!(failure.class, Class::ConnectionLost);
    server.clear_faults();
    server.fail(Match::any(), Fault::CutStream(20));
    let failure = version_failure(server.kubeconfig(), PATIENT).await;
    assert_eq!(failure.class, Class::ConnectionLost);
    assert!(
        failure.message.starts_with("the answer broke off after 20 bytes"),
        "{failure}"
    );
}
