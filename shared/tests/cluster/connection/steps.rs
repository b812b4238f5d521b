//! The steps of a new connection.

use super::{TOKEN, class_and_message};
use crate::client::{IMPATIENT, PATIENT, try_client};
use sre_shared::failure::Class;
use sre_testkit::{ApiServer, Certificate, Fault, Match};

#[tokio::test]
async fn a_dialed_connection_reports_each_step_and_its_certificates_even_if_they_are_refused() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let client = try_client(server.kubeconfig(), PATIENT).await.expect("a client");
    let dialed = client.dial().await;
    let resolved = dialed.resolved.expect("taken").result;
    assert_eq!(resolved, Ok(vec![server.address().ip()]));
    assert_eq!(dialed.tcp.len(), 1);
    assert_eq!(
        (dialed.tcp[0].0, &dialed.tcp[0].1.result),
        (server.address(), &Ok(()))
    );
    assert!(dialed.proxy.is_none());
    let tls = dialed.tls.expect("taken").result.expect("a good certificate");
    assert_eq!(tls.version, "TLS 1.3");
    assert_eq!(tls.verified_for.as_deref(), Some("127.0.0.1"));
    assert_eq!(tls.chain[0].subject, "CN=kube-apiserver");
    assert_eq!(tls.chain[0].issuer, "CN=testkit-ca");
    assert_eq!(
        tls.chain[0].names,
        [
            "127.0.0.1",
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc"
        ]
    );
    let until = tls.chain[0].not_after.expect("it ends");
    assert_eq!(until.to_string(), "2099-01-01T00:00:00Z");
    assert_eq!(server.requests().len(), 0, "no request is sent");

    server.fail(Match::any(), Fault::HangTls);
    let impatient = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    let step = impatient
        .dial()
        .await
        .tls
        .expect("begun")
        .result
        .expect_err("it hangs");
    assert_eq!(
        class_and_message(&step),
        (Class::Timeout, "the TLS handshake did not end within 0.3 s")
    );
    server.stop();
    let dialed = client.dial().await;
    let (address, step) = &dialed.tcp[0];
    let failure = step.result.as_ref().expect_err("nothing listens");
    assert_eq!(
        (failure.class, failure.endpoint.clone()),
        (Class::Refused, address.to_string())
    );
    assert!(dialed.tls.is_none());

    let expired = ApiServer::builder()
        .certificate(Certificate::Expired)
        .start()
        .await;
    let client = try_client(expired.kubeconfig(), PATIENT).await.expect("a client");
    let dialed = client.dial().await;
    let failure = dialed.tls.expect("begun").result.expect_err("it has expired");
    assert_eq!(failure.class, Class::CertificateExpired);
    let until = dialed.presented[0].not_after.expect("it ended");
    assert_eq!(until.to_string(), "2021-01-01T00:00:00Z");
}
