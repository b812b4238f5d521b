//! The server's certificate and the client's own.

use super::plugins::{V1, exec};
use super::{ConfigDirectory, reach, refusal};
use crate::client::{PATIENT, try_client};
use sre_shared::cluster::version;
use sre_shared::failure::Class;
use sre_testkit::{ApiServer, Certificate};

#[tokio::test]
async fn certificates_are_judged_as_go_judges_them() {
    let own = ApiServer::builder()
        .certificate(Certificate::SelfSigned)
        .start()
        .await;
    reach(own.kubeconfig()).await;
    for (certificate, class) in [
        (Certificate::SelfSignedExpired, Class::CertificateExpired),
        (Certificate::SelfSignedWrongName, Class::WrongName),
        (Certificate::ExpiredCa, Class::CertificateExpired),
    ] {
        let server = ApiServer::builder().certificate(certificate).start().await;
        let client = try_client(server.kubeconfig(), PATIENT).await.expect("a client");
        let failure = version(&client).await.0.expect_err("it is refused");
        assert_eq!(failure.class, class, "{certificate:?}: {failure}");
    }
    // An entry of a bundle that is no certificate is skipped, and the name of the server can be set.
    let place = ConfigDirectory::new();
    let server = ApiServer::builder()
        .certificate(Certificate::WrongName)
        .start()
        .await;
    let config = place.config_for(&server, ", tls-server-name: elsewhere.example.test", "");
    let ca = server.ca_pem().unwrap_or_default();
    place.write(
        "ca.crt",
        &format!(
            "# ours\n{}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{ca}",
            own.ca_pem().unwrap_or_default()
        ),
    );
    let client = reach(&config).await;
    assert_eq!(
        client.connection_info().tls_server_name.as_deref(),
        Some("elsewhere.example.test")
    );
    let insecure = place.config(
        &format!("server: '{}', insecure-skip-tls-verify: true", server.url()),
        "",
    );
    let client = reach(&insecure).await;
    assert!(client.is_insecure());
    let tls = client
        .dial()
        .await
        .tls
        .expect("taken")
        .result
        .expect("nobody verifies");
    assert_eq!(tls.verified_for, None);
    // As Go, which reads PEM from the beginning of a line on.
    place.write(
        "marked.crt",
        &format!("\u{feff}{}", server.ca_pem().unwrap_or_default()),
    );
    let marked = place.config(
        &format!("server: '{}', certificate-authority: marked.crt", server.url()),
        "",
    );
    let failure = refusal(&marked).await;
    assert!(
        failure
            .message
            .ends_with("certificate-authority holds no certificate"),
        "{failure}"
    );
    assert!(
        failure.hint().starts_with("a byte order mark"),
        "{}",
        failure.hint()
    );
    let both = place.config_for(&server, ", insecure-skip-tls-verify: true", "");
    assert!(refusal(&both).await.message.contains("only one is allowed"));
    // Without certificate-authority, the machine's authorities count. None of them signed this server.
    let system = place.config(&format!("server: '{}'", server.url()), "");
    let client = try_client(&system, PATIENT).await.expect("a client");
    let failure = version(&client).await.0.expect_err("nobody vouches");
    assert_eq!(failure.class, Class::UnknownAuthority);
}

#[tokio::test]
async fn a_client_certificate_is_read_in_every_form_and_refused_with_the_reason() {
    let place = ConfigDirectory::new();
    let pair = |name: &str| {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = params.self_signed(&key).expect("it signs itself");
        (certificate.pem(), key.serialize_pem())
    };
    let (certificate, key) = pair("jane");
    let (_, other) = pair("joe");
    place.write("crt", &certificate);
    place.write(
        "key",
        &format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{key}"),
    );
    place.write("other", &other);
    place.write(
        "encrypted",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    place.write("empty", "");
    let cluster = "server: 'https://127.0.0.1:1'";
    let client = try_client(
        &place.config(cluster, "client-certificate: crt, client-key: key"),
        PATIENT,
    )
    .await
    .expect("a client");
    let credential = &client.connection_info().credential;
    assert_eq!(credential.kind, "client certificate");
    assert_eq!(
        credential.certificate.as_ref().map(|c| c.subject.as_str()),
        Some("CN=jane")
    );
    for (user, expected) in [
        (
            "client-certificate: crt, client-key: other",
            "does not belong to the client certificate",
        ),
        (
            "client-certificate: crt, client-key: encrypted",
            "the client key is encrypted",
        ),
        (
            "client-certificate: crt, client-key: empty",
            "the client key holds no key in PEM",
        ),
        (
            "client-certificate: empty, client-key: key",
            "holds no certificate in PEM",
        ),
        ("client-certificate: crt", "a client certificate without its key"),
        ("client-certificate: crt, client-key: none", "client-key "),
    ] {
        let failure = refusal(&place.config(cluster, user)).await;
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(failure.message.contains(expected), "{user}: {failure}");
    }
    // A certificate of X.509 version 1, as `openssl x509 -req` makes it without extensions, and MicroK8s did.
    let kept = format!("{}/tests/certificates", env!("CARGO_MANIFEST_DIR"));
    let kubeconfig = |certificate: &str, key: &str| {
        place.config(
            cluster,
            &format!("client-certificate: {kept}/{certificate}.pem, client-key: {kept}/{key}.key"),
        )
    };
    let client = try_client(&kubeconfig("client", "client"), PATIENT)
        .await
        .expect("a client");
    let certificate = client.connection_info().credential.certificate.as_ref();
    assert_eq!(certificate.map(|c| c.subject.as_str()), Some("CN=jane, O=team"));
    // A plugin may give such a certificate too.
    let kept_file = |name: &str| std::fs::read_to_string(format!("{kept}/{name}")).expect("it is kept");
    let status = serde_json::json!({
        "clientCertificateData": kept_file("client.pem"), "clientKeyData": kept_file("client.key"),
    });
    let answer = serde_json::json!({"apiVersion": V1, "kind": "ExecCredential", "status": status});
    place.write("answer", &answer.to_string());
    let plugin = place.script("plugin", &format!("cat '{}'", place.path("answer").display()));
    let client = try_client(&place.config(cluster, &exec(&plugin, "")), PATIENT)
        .await
        .expect("a client");
    let certificate = client.connection_info().credential.certificate.as_ref();
    assert_eq!(certificate.map(|c| c.subject.as_str()), Some("CN=jane, O=team"));
    for (certificate, key, expected) in [
        (
            "client",
            "other",
            "the client key does not belong to the client certificate",
        ),
        (
            "client-1024",
            "client-1024",
            "the client key cannot be used: it is of RSA with 1024 bits, and 2048 are the least that is accepted here \
             (kubectl takes 1024)",
        ),
        (
            "client-p521",
            "client-p521",
            "the client key cannot be used: it is of the curve P-521, which is not known here",
        ),
    ] {
        let path = kubeconfig(certificate, key);
        let text = std::fs::read_to_string(&path).expect("it was written");
        std::fs::write(&path, text.replace(&format!("{kept}/other.key"), "other"))
            .expect("it can be written to");
        let failure = refusal(&path).await;
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(failure.message.ends_with(expected), "{failure}");
    }
    // A key without a certificate is ignored, and under plain HTTP nothing is read.
    assert!(
        try_client(&place.config(cluster, "client-key: other"), PATIENT)
            .await
            .is_ok()
    );
    let plain = place.config(
        "server: 'http://127.0.0.1:1'",
        "client-certificate: crt, client-key: encrypted",
    );
    assert!(try_client(&plain, PATIENT).await.is_ok());
}
