//! Owns what the agent's answers do not show: the files of its configuration, and the names in certificates.

use crate::harness::{RunningAgent, listed_agent, settings, start};
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, Certificate};

const PATHS: [&str; 6] = [
    "/",
    "/health",
    "/health/apiserver",
    "/health/deployments",
    "/metrics",
    "/readyz?verbose",
];

/// No answer has any of these words.
async fn assert_hidden(agent: &RunningAgent, words: &[&str]) {
    for path in PATHS {
        let text = agent.get(path).await.text();
        for word in words {
            assert!(!text.contains(word), "{path} has {word:?}: {text}");
        }
    }
}

fn rung(check: &Value, name: &str) -> Value {
    let ladder = check["ladder"].as_array().unwrap();
    let mut rung = ladder.iter().find(|rung| rung["rung"] == name).unwrap().clone();
    for volatile in ["elapsedMs", "expires", "daysLeft"] {
        rung.as_object_mut().unwrap().remove(volatile);
    }
    rung
}

#[tokio::test]
async fn answers_have_no_path_of_a_file_and_no_name_of_a_certificate() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let agent = listed_agent(&server).await;
    let directory = server.kubeconfig().parent().unwrap().display().to_string();
    assert_hidden(&agent, &[&directory, "kube-apiserver", "testkit-ca", "CN="]).await;
    let check = agent.get("/health/apiserver").await.json();
    assert_eq!(
        [rung(&check, "kubeconfig"), rung(&check, "credential")],
        [
            json!({"rung": "kubeconfig", "status": "ok", "message": "a kubeconfig, context testkit", "context": "testkit"}),
            json!({"rung": "credential", "status": "ok", "message": "token", "kind": "token"}),
        ]
    );
    let tls = rung(&check, "tls");
    assert_eq!(
        (
            &tls["status"],
            &tls["tlsVersion"],
            &tls["verifiedFor"],
            &tls["certificates"]
        ),
        (&json!("ok"), &json!("TLS 1.3"), &json!("127.0.0.1"), &Value::Null)
    );
    let message = tls["message"].as_str().unwrap();
    assert!(message.starts_with("TLS 1.3, "), "{message}");
}

#[tokio::test]
async fn a_certificate_that_is_refused_is_not_named() {
    for (certificate, class, error) in [
        (
            Certificate::WrongName,
            "wrongName",
            "the server's certificate is for another name",
        ),
        (
            Certificate::UnknownCa,
            "unknownAuthority",
            "the server's certificate is not signed by a trusted authority",
        ),
        (
            Certificate::Expired,
            "certificateExpired",
            "the server's certificate has expired or is not valid yet",
        ),
    ] {
        let server = ApiServer::builder().certificate(certificate).start().await;
        let agent = start(settings(server.kubeconfig())).await;
        let answer = agent
            .until("/health/apiserver", |a| a.json()["class"] == class)
            .await;
        assert_eq!(answer.json()["error"], error);
        agent
            .until("/health/deployments", |a| {
                a.json()["notSeen"][0]["class"] == class
            })
            .await;
        let directory = server.kubeconfig().parent().unwrap().display().to_string();
        let words = [
            directory.as_str(),
            "kube-apiserver",
            "testkit-ca",
            "another-ca",
            "elsewhere.example.test",
        ];
        assert_hidden(&agent, &words).await;
    }
}

#[tokio::test]
async fn a_file_of_the_configuration_that_is_gone_is_not_named() {
    let server = ApiServer::builder().start().await;
    let directory = tempfile::TempDir::new().unwrap();
    let token = directory.path().join("token");
    std::fs::write(&token, "unknown-token").unwrap();
    let text = std::fs::read_to_string(server.kubeconfig()).unwrap();
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::write(
        &kubeconfig,
        text.replace(
            "token: \"testkit-token\"",
            &format!("tokenFile: {}", token.display()),
        ),
    )
    .unwrap();
    let agent = start(settings(&kubeconfig)).await;
    let answer = agent
        .until("/health/apiserver", |a| a.json()["class"] == "unauthenticated")
        .await;
    assert_eq!(rung(&answer.json(), "credential")["kind"], "token file");
    let own = directory.path().display().to_string();
    assert_hidden(&agent, &[&own]).await;
    std::fs::remove_file(&token).unwrap();
    std::fs::remove_file(&kubeconfig).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_hidden(&agent, &[&own]).await;
}
