//! Owns TLS of the agent: clients with and without it, deadlines, and a certificate that is renewed.

use crate::harness::{Answer, LIMIT, RunningAgent, read_to_end, settings, start};
use serde_json::json;
use sre_agent::{Agent, TlsFiles};
use sre_shared::cluster::{Client, ConfigSource, Deadlines, Overrides, unverified_tls};
use sre_shared::failure::Class;
use sre_testkit::{ApiServer, ServingCertificate};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

fn write(directory: &TempDir, pair: &ServingCertificate) -> TlsFiles {
    let files = TlsFiles {
        certificate: directory.path().join("tls.crt"),
        key: directory.path().join("tls.key"),
    };
    std::fs::write(&files.certificate, &pair.certificate).unwrap();
    std::fs::write(&files.key, &pair.key).unwrap();
    files
}

async fn agent_with(directory: &TempDir, pair: &ServingCertificate) -> (ApiServer, RunningAgent) {
    let server = ApiServer::builder().start().await;
    let mut settings = settings(server.kubeconfig());
    settings.tls = Some(write(directory, pair));
    settings.pace.certificate = Duration::from_millis(20);
    settings.pace.header = Duration::from_millis(300);
    let agent = start(settings).await;
    (server, agent)
}

/// A client of the agent that trusts only this authority, as kubectl would reach a server.
async fn client(agent: &RunningAgent, authority: &str, directory: &Path) -> Client {
    std::fs::write(directory.join("ca.crt"), authority).unwrap();
    let kubeconfig = directory.join("kubeconfig");
    let text = format!(
        "{{current-context: a, contexts: [{{name: a, context: {{cluster: a}}}}], \
         clusters: [{{name: a, cluster: {{server: 'https://{}', certificate-authority: ca.crt}}}}]}}",
        agent.address
    );
    std::fs::write(&kubeconfig, text).unwrap();
    let settings = sre_shared::cluster::Settings {
        source: ConfigSource::File(kubeconfig),
        context: None,
        overrides: Overrides::default(),
        deadlines: Deadlines::default(),
        user_agent: "test".into(),
    };
    Client::new(settings, None).await.unwrap()
}

async fn alive(client: &Client) -> Result<Vec<u8>, Class> {
    let answer = client.get_whole("/healthz", "*/*", 100).await;
    answer.map_err(|failure| failure.class)
}

#[tokio::test]
async fn a_client_verifies_the_certificate_and_is_answered() {
    let (files, own) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let pair = ServingCertificate::generate();
    let (_server, agent) = agent_with(&files, &pair).await;
    let client = client(&agent, &pair.authority, own.path()).await;
    assert_eq!(alive(&client).await, Ok(b"ok".to_vec()));
    // The kubelet verifies nothing.
    let mut stream = unverified_tls(agent.connect().await, "127.0.0.1").await.unwrap();
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut bytes = Vec::new();
    // rustls reports an end without a goodbye, and the answer is there by then.
    let _ = timeout(LIMIT, stream.read_to_end(&mut bytes)).await.unwrap();
    assert_eq!(Answer::parse(&bytes).status, 200);
}

#[tokio::test]
async fn a_client_without_tls_is_told() {
    let files = TempDir::new().unwrap();
    let (_server, agent) = agent_with(&files, &ServingCertificate::generate()).await;
    let answer = agent.get("/health").await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            400,
            json!({"error": "tlsRequired", "message": "this port speaks TLS: ask by an https:// URL"})
        )
    );
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_given_up() {
    let files = TempDir::new().unwrap();
    let (_server, agent) = agent_with(&files, &ServingCertificate::generate()).await;
    for begun in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = agent.connect().await;
        stream.write_all(begun).await.unwrap();
        read_to_end(&mut stream).await;
    }
    // Garbage that begins as TLS does ends the connection.
    let mut stream = agent.connect().await;
    stream.write_all(&[0x16; 64]).await.unwrap();
    read_to_end(&mut stream).await;
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
    let (files, own) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (old, new) = (ServingCertificate::generate(), ServingCertificate::generate());
    let (_server, agent) = agent_with(&files, &old).await;
    let by_old = client(&agent, &old.authority, own.path()).await;
    assert!(alive(&by_old).await.is_ok());
    // A certificate without its key, as in the middle of a renewal, changes nothing.
    std::fs::write(files.path().join("tls.crt"), &new.certificate).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let again = client(&agent, &old.authority, own.path()).await;
    assert!(alive(&again).await.is_ok());
    std::fs::write(files.path().join("tls.key"), &new.key).unwrap();
    let mut renewed = false;
    for _ in 0..500 {
        // Each client has a connection of its own.
        let by_new = client(&agent, &new.authority, own.path()).await;
        renewed = alive(&by_new).await.is_ok();
        if renewed {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(renewed);
    let by_old = client(&agent, &old.authority, own.path()).await;
    assert_eq!(alive(&by_old).await, Err(Class::UnknownAuthority));
}

#[tokio::test]
async fn an_agent_whose_certificate_cannot_be_used_does_not_start() {
    let server = ApiServer::builder().start().await;
    let files = TempDir::new().unwrap();
    let pair = ServingCertificate::generate();
    let mut settings = settings(server.kubeconfig());
    settings.tls = Some(write(&files, &pair));
    let key = files.path().join("tls.key");
    let hint = "; check --tls-cert-file and --tls-private-key-file, which are PEM";
    for (text, expected) in [
        (
            ServingCertificate::generate().key,
            "the server key does not belong to the server certificate".to_owned(),
        ),
        (String::new(), "the server key holds no key in PEM".to_owned()),
    ] {
        std::fs::write(&key, text).unwrap();
        let error = Agent::start(settings.clone()).await.err().unwrap();
        assert_eq!(error.to_string(), format!("{expected}{hint}"));
    }
    std::fs::remove_file(&key).unwrap();
    let error = Agent::start(settings).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "--tls-private-key-file {}: No such file or directory (os error 2){hint}",
            key.display()
        )
    );
}
