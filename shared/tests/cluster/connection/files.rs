//! Files that are pipes, devices or directories.

use super::{ConfigDirectory, TOKEN, class_and_message, reach, refusal};
use crate::client::{PATIENT, try_client};
use sre_shared::cluster::{Deadlines, RunLimit, version};
use sre_shared::failure::Class;
use sre_testkit::ApiServer;
use std::path::Path;

fn make_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
}

#[tokio::test]
async fn a_file_that_never_answers_is_given_up_at_the_end_of_the_run() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = ConfigDirectory::new();
    make_fifo(&place.path("silent"));
    let silent = place.path("silent").display().to_string();
    place.write("ca.crt", server.ca_pem().unwrap_or_default());
    place.write("crt", "x");
    let token = format!("token: {TOKEN}");
    let authority = format!("certificate-authority: '{silent}'");
    let certificate = format!("client-certificate: '{silent}', client-key: crt");
    let key = format!("client-certificate: crt, client-key: '{silent}'");
    let token_file = format!("tokenFile: '{silent}'");
    let usual = "certificate-authority: ca.crt";
    for (cluster, user, what) in [
        (usual, "", "kubeconfig"),
        (authority.as_str(), token.as_str(), "certificate-authority"),
        (usual, &certificate, "client-certificate"),
        (usual, &key, "client-key"),
        (usual, &token_file, "tokenFile"),
    ] {
        let config = match user {
            "" => place.path("silent"),
            user => place.config(&format!("server: '{}', {cluster}", server.url()), user),
        };
        let run = Some(RunLimit::from_now(std::time::Duration::from_millis(300)));
        let failure = try_client(&config, Deadlines { run, ..PATIENT })
            .await
            .expect_err("nobody writes");
        let expected = format!("{what} {silent}: nobody wrote anything into it in time");
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(failure.message.ends_with(&expected), "{failure}");
    }
    for (path, why) in [
        ("/dev/zero", "it is larger than 16 MB"),
        ("/", "it is a directory"),
    ] {
        let failure = refusal(Path::new(path)).await;
        assert_eq!(
            class_and_message(&failure),
            (
                Class::BadConfiguration,
                format!("kubeconfig {path}: {why}").as_str()
            )
        );
    }
}

#[tokio::test]
async fn a_kubeconfig_may_come_from_a_pipe_and_a_token_file_may_become_a_pipe() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = ConfigDirectory::new();
    let config = place.config_for(&server, "", "tokenFile: token");
    place.write("token", TOKEN);
    let text = place
        .read("config")
        .replace("ca.crt", &place.path("ca.crt").display().to_string());
    std::fs::remove_file(&config).expect("it is there");
    make_fifo(&config);
    let (pipe, token) = (config.clone(), place.path("token"));
    let writer = std::thread::spawn(move || std::fs::write(pipe, text));
    let client = reach(&config).await;
    assert!(writer.join().is_ok_and(|written| written.is_ok()));

    std::fs::remove_file(&token).expect("it is there");
    make_fifo(&token);
    // After a refusal the token file is read again, and a pipe cannot be.
    server.revoke(TOKEN);
    let failure = version(&client).await.0.expect_err("the last token is over");
    assert_eq!(failure.class, Class::Unauthenticated);
}
