//! Configurations that cannot be used.

use super::{Config, TOKEN, configuration_failure};
use crate::client::{IMPATIENT, settings};
use sre_shared::cluster::{Client, ConfigSource, Settings};
use sre_shared::failure::Class;
use std::path::Path;

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_used_is_a_bad_configuration() {
    let config = Config::new();
    let good = config.for_url("https://127.0.0.1:1");
    let failure = configuration_failure(&good, Some("prod-us")).await;
    assert_eq!(failure.class, Class::BadConfiguration);
    assert_eq!(
        failure.message,
        format!("context \"prod-us\" does not exist in {}", good.display())
    );
    assert_eq!(failure.hint(), "did you mean \"prod-eu\"?");

    let missing = config.path().join("none");
    let failure = configuration_failure(&missing, None).await;
    assert_eq!(
        failure.message,
        format!("kubeconfig {} does not exist", missing.display())
    );

    let failure = configuration_failure(&config.write("apiVersion: v1\nkind: Config\n"), None).await;
    assert!(failure.message.ends_with("sets no current-context"), "{failure}");
    assert_eq!(failure.class, Class::BadConfiguration);

    let token = format!("{{token: {TOKEN}}}");
    let rows = [
        ("an empty file", String::new()),
        ("no YAML", "a: [\n".into()),
        ("another kind of file", "hello\n".into()),
        ("a list", "- a\n".into()),
        (
            "a mistake beside a token",
            format!("users:\n- name: u\n  user:\n    token: {TOKEN}\n   x: [\n"),
        ),
        (
            "a token in the wrong place",
            format!("users:\n- name: u\n  user: {TOKEN}\n"),
        ),
    ];
    for (name, text) in rows {
        assert_eq!(
            configuration_failure(&config.write(&text), None).await.class,
            Class::BadConfiguration,
            "{name}"
        );
    }
    for cluster in [
        "{server: 'not a url'}",
        "{server: ''}",
        "{}",
        "{server: 'https://127.0.0.1:1', certificate-authority: /nowhere/ca.crt}",
        "{server: 'https://127.0.0.1:1', certificate-authority-data: bm8gY2VydGlmaWNhdGU=}",
        "{server: 'https://127.0.0.1:1', proxy-url: 'ftp://proxy.example.test'}",
    ] {
        let failure = configuration_failure(&config.context(cluster, &token), None).await;
        assert_eq!(failure.class, Class::BadConfiguration, "{cluster}: {failure}");
    }
}

#[tokio::test]
async fn a_directory_in_the_place_of_a_kubeconfig_is_a_bad_configuration() {
    let config = Config::new();
    assert_eq!(
        configuration_failure(config.path(), None).await.class,
        Class::BadConfiguration
    );
}

#[tokio::test]
async fn the_in_cluster_configuration_is_refused_outside_of_a_pod() {
    let settings = Settings {
        source: ConfigSource::InCluster,
        ..settings(Path::new("unused"), IMPATIENT)
    };
    let failure = Client::new(settings, None)
        .await
        .expect_err("no test runs in a pod");
    assert_eq!(failure.class, Class::BadConfiguration);
    assert!(
        failure.message.starts_with("no in-cluster configuration"),
        "{failure}"
    );
}
