//! Connections to an API server with real sockets and real processes, one part of the configuration a file.

mod certificates;
mod files;
mod identity;
mod plugins;
mod proxies;
mod steps;

use crate::client::{PATIENT, try_client};
use sre_shared::cluster::{Client, version};
use sre_shared::failure::{Class, Failure};
use sre_testkit::ApiServer;
use std::path::{Path, PathBuf};

const TOKEN: &str = "s3cr3t-of-the-tests";

/// A directory with a kubeconfig, the authority of its server and other files.
struct ConfigDirectory(tempfile::TempDir);

impl ConfigDirectory {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("it can be written to");
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// A kubeconfig of one context; cluster and user in YAML's flow style, without their braces.
    fn config(&self, cluster: &str, user: &str) -> PathBuf {
        self.write(
            "config",
            &format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: prod\ncontexts:\n- name: prod\n  context: {{cluster: \
                 c, user: u}}\nclusters:\n- name: c\n  cluster: {{{cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\n"
            ),
        )
    }

    /// A kubeconfig for a server with its authority; `more` is the rest of the cluster.
    fn config_for(&self, server: &ApiServer, more: &str, user: &str) -> PathBuf {
        self.write("ca.crt", server.ca_pem().unwrap_or_default());
        self.config(
            &format!("server: '{}', certificate-authority: ca.crt{more}", server.url()),
            user,
        )
    }

    /// An executable that a shell runs.
    fn script(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(name, &format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        path
    }
}

fn class_and_message(failure: &Failure) -> (Class, &str) {
    (failure.class, failure.message.as_str())
}

async fn reach(kubeconfig: &Path) -> Client {
    let client = try_client(kubeconfig, PATIENT).await.expect("a client");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    client
}

async fn refusal(kubeconfig: &Path) -> Failure {
    let failure = try_client(kubeconfig, PATIENT).await.expect_err("it is refused");
    assert!(!format!("{failure:?}").contains(TOKEN), "{failure:?}");
    failure
}
