//! Credentials that are wrong or cannot be obtained.

use super::{Config, TOKEN, class_and_message, configuration_failure, version_failure};
use crate::client::{PATIENT, try_client};
use sre_shared::cluster::version;
use sre_shared::failure::Class;
use sre_testkit::ApiServer;

#[tokio::test]
async fn a_wrong_credential_is_unauthenticated() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let wrong = server.kubeconfig_with_token("not-s3cr3t");
    let failure = version_failure(&wrong, PATIENT).await;
    assert_eq!(
        class_and_message(&failure),
        (Class::Unauthenticated, "Unauthorized")
    );
    server.revoke(TOKEN);
    assert_eq!(
        version_failure(server.kubeconfig(), PATIENT).await.class,
        Class::Unauthenticated
    );
}

fn exec(command: &str, args: &str) -> String {
    format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{command}', args: [{args}], \
         interactiveMode: Never}}}}"
    )
}

#[tokio::test]
async fn a_credential_plugin_that_fails_or_never_ends_is_reported_within_the_deadline() {
    let config = Config::new();
    let cluster = "{server: 'https://127.0.0.1:1'}";
    let failure = configuration_failure(&config.context(cluster, &exec("sleep", "'20'")), None).await;
    assert_eq!(
        class_and_message(&failure),
        (
            Class::Credential,
            "the credential plugin gave no answer within 0.3 s"
        )
    );
    assert_eq!(failure.endpoint, "https://127.0.0.1:1");
    assert!(!failure.elapsed.is_zero());
    for (command, args) in [
        ("/nowhere/at/all", String::new()),
        ("false", String::new()),
        ("echo", format!("'{TOKEN}'")),
        // A plugin that prints a secret before it fails.
        ("sh", format!("-c, 'echo {TOKEN}; echo {TOKEN} >&2; exit 3'")),
        ("echo", "'{}'".into()),
    ] {
        let user = exec(command, &args);
        let failure = configuration_failure(&config.context(cluster, &user), None).await;
        assert_eq!(failure.class, Class::Credential, "{user}: {failure}");
    }
}

#[tokio::test]
async fn a_token_file_is_read_with_or_without_its_line_end() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let config = Config::new();
    let file = config.path().join("token");
    for text in [TOKEN.to_owned(), format!("{TOKEN}\n")] {
        std::fs::write(&file, text).expect("it can be written to");
        let user = format!("{{tokenFile: '{}'}}", file.display());
        let kubeconfig = config.for_server(&server, &user);
        let client = try_client(&kubeconfig, PATIENT).await.expect("a client");
        assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    }
}
