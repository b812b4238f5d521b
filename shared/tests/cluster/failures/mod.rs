//! Every way in which an API server can fail to be reached, each by a real socket: its class, its message, and that no secret
//! is shown.

mod configuration;
mod credential;
mod exchanges;
mod health;
mod transport;

use crate::client::{IMPATIENT, ask_with, settings, try_client, with_deployments};
use sre_shared::cluster::{Client, Deadlines, Settings, version};
use sre_shared::failure::{Class, Failure};
use sre_shared::report::{Source, Status};
use sre_shared::run;
use sre_testkit::ApiServer;
use std::path::{Path, PathBuf};

const TOKEN: &str = "s3cr3t-of-the-tests";

fn assert_no_secret(text: &str) {
    assert!(!text.contains(TOKEN), "{text}");
}

/// Asks `/version`, which must fail, and checks what every failure must have.
async fn version_failure(kubeconfig: &Path, deadlines: Deadlines) -> Failure {
    let client = try_client(kubeconfig, deadlines)
        .await
        .expect("the configuration itself is good");
    let failure = version(&client).await.0.expect_err("the server is made to fail");
    assert_no_secret(&format!("{failure} {failure:?} {client:?}"));
    assert_eq!(failure.endpoint, format!("{}/version", client.server()));
    assert!(!failure.elapsed.is_zero(), "{failure:?}");
    assert!(
        !failure.hint().is_empty() && !failure.message.is_empty(),
        "{failure:?}"
    );
    // A report has this failure too.
    let report = ask_with(&client, &with_deployments()).await;
    assert_no_secret(&serde_json::to_string(&report).expect("a report is JSON"));
    assert_eq!(report.status, Status::Unknown, "{report:?}");
    let check = report.api_server().expect("it was asked for");
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some(failure.class.as_str()))
    );
    assert_eq!(check.endpoint.as_deref(), Some(failure.endpoint.as_str()));
    let named = [&check.rung, &check.side, &check.hint];
    assert!(named.iter().all(|field| field.is_some()), "{check:?}");
    assert!(check.elapsed_ms.is_some_and(|ms| ms > 0.0), "{check:?}");
    assert_eq!(report.coverage.not_seen.len(), 1);
    failure
}

fn class_and_message(failure: &Failure) -> (Class, &str) {
    (failure.class, failure.message.as_str())
}

/// A directory with a kubeconfig.
struct Config {
    directory: tempfile::TempDir,
}

impl Config {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.directory.path().join("config");
        std::fs::write(&path, text).expect("it can be written to");
        path
    }

    /// One context; both parts in YAML's flow style.
    fn context(&self, cluster: &str, user: &str) -> PathBuf {
        self.write(&format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: prod-eu\ncontexts:\n- name: prod-eu\n  \
             context: {{cluster: c, user: u}}\nclusters:\n- name: c\n  cluster: {cluster}\nusers:\n- name: u\n  \
             user: {user}\n"
        ))
    }

    /// One context for that server; its authority is in a file beside the kubeconfig.
    fn for_server(&self, server: &ApiServer, user: &str) -> PathBuf {
        std::fs::write(
            self.directory.path().join("ca.crt"),
            server.ca_pem().unwrap_or_default(),
        )
        .expect("it can be written to");
        let cluster = format!("{{server: '{}', certificate-authority: ca.crt}}", server.url());
        self.context(&cluster, user)
    }

    fn for_url(&self, url: &str) -> PathBuf {
        self.context(&format!("{{server: '{url}'}}"), &format!("{{token: {TOKEN}}}"))
    }
}

/// Why no client can be made of a kubeconfig.
async fn configuration_failure(kubeconfig: &Path, context: Option<&str>) -> Failure {
    let settings = Settings {
        context: context.map(str::to_owned),
        ..settings(kubeconfig, IMPATIENT)
    };
    let failure = Client::new(settings, None)
        .await
        .expect_err("the configuration cannot be used");
    assert_no_secret(&format!("{failure} {failure:?}"));
    assert!(!failure.hint().is_empty());
    let report = run::unreached(
        &with_deployments(),
        &failure,
        Source::default(),
        run::clock::system,
    );
    let json = serde_json::to_value(&report).expect("a report is JSON");
    assert_no_secret(&json.to_string());
    assert_ne!(json["checks"][0]["endpoint"], "", "what is not known is left out");
    assert_eq!((report.status, report.checks.len()), (Status::Unknown, 2));
    failure
}
