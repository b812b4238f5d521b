//! Credential plugins, each a real process.

use super::{ConfigDirectory, TOKEN, class_and_message, reach, refusal};
use crate::client::{PATIENT, settings, try_client};
use sre_shared::cluster::{Client, ConfigSource, Deadlines, Kuberc, Overrides, RunLimit, Settings, version};
use sre_shared::failure::Class;
use sre_testkit::ApiServer;
use std::path::{Path, PathBuf};

pub const V1: &str = "client.authentication.k8s.io/v1";

pub fn exec(command: &Path, more: &str) -> String {
    format!(
        "exec: {{apiVersion: {V1}, command: '{}', interactiveMode: Never{more}}}",
        command.display()
    )
}

fn credential(status: &str) -> String {
    format!(
        "echo x >> \"$0.runs\"\necho '{{\"apiVersion\": \"{V1}\", \"kind\": \"ExecCredential\", \"status\": {{{status}}}}}'"
    )
}

#[tokio::test]
async fn a_plugin_runs_once_for_all_requests_and_again_if_its_credential_is_refused_or_has_expired() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = ConfigDirectory::new();
    let runs = || place.read("plugin.runs").lines().count();
    let plugin = place.script(
        "plugin",
        &credential(&format!(
            "\"token\": \"{TOKEN}\", \"expirationTimestamp\": \"2099-01-01T00:00:00Z\""
        )),
    );
    let client = try_client(&place.config_for(&server, "", &exec(&plugin, "")), PATIENT)
        .await
        .expect("a client");
    let (one, two, three) = tokio::join!(version(&client), version(&client), version(&client));
    assert!(one.0.is_ok() && two.0.is_ok() && three.0.is_ok());
    assert_eq!(runs(), 1);
    let credential_of = &client.connection_info().credential;
    assert_eq!(credential_of.kind, "exec plugin plugin");
    assert_eq!(
        credential_of
            .token_expires
            .map(|time| time.to_string())
            .as_deref(),
        Some("2099-01-01T00:00:00Z")
    );
    assert!(credential_of.elapsed.is_some());

    // If this credential is refused, another is obtained and the request is repeated with it.
    let turning = place.script(
        "turning",
        &format!(
            "test -e \"$0.runs\" && token={TOKEN} || token=old\necho x >> \"$0.runs\"\necho '{{\"apiVersion\": \"{V1}\", \
             \"kind\": \"ExecCredential\", \"status\": {{\"token\": \"'$token'\"}}}}'"
        ),
    );
    let client = try_client(&place.config_for(&server, "", &exec(&turning, "")), PATIENT)
        .await
        .expect("a client");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    assert_eq!(place.read("turning.runs").lines().count(), 2);

    let over = place.script(
        "over",
        &credential(&format!(
            "\"token\": \"{TOKEN}\", \"expirationTimestamp\": \"2020-01-01T00:00:00Z\""
        )),
    );
    let client = try_client(&place.config_for(&server, "", &exec(&over, "")), PATIENT)
        .await
        .expect("a client");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    assert_eq!(place.read("over.runs").lines().count(), 2);

    // A token goes before a plugin, which is not run then.
    let beside = format!("token: {TOKEN}, {}", exec(&place.path("nowhere"), ""));
    reach(&place.config_for(&server, "", &beside)).await;
}

#[tokio::test]
async fn a_plugin_gets_its_cluster_if_it_asks_for_it_and_is_found_beside_its_kubeconfig() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = ConfigDirectory::new();
    place.script(
        "plugin",
        &format!(
            "printf '%s' \"$KUBERNETES_EXEC_INFO\" > \"$0.info\"\nprintf '%s %s' \"$1\" \"$COLOUR\" > \"$0.args\"\n{}",
            credential(&format!("\"token\": \"{TOKEN}\""))
        ),
    );
    let more = ", provideClusterInfo: true, args: [get], env: [{name: COLOUR, value: blue}]";
    let extension = ", extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: '06e3'}}], tls-server-name: localhost";
    reach(&place.config_for(&server, extension, &exec(Path::new("./plugin"), more))).await;
    let info: serde_json::Value = serde_json::from_str(&place.read("plugin.info")).expect("JSON");
    assert_eq!(info["kind"], "ExecCredential");
    assert_eq!(info["apiVersion"], V1);
    assert_eq!(info["spec"]["interactive"], false);
    let cluster = &info["spec"]["cluster"];
    assert_eq!(cluster["server"], server.url());
    assert_eq!(cluster["tls-server-name"], "localhost");
    assert_eq!(cluster["config"]["audience"], "06e3");
    assert!(
        cluster["certificate-authority-data"]
            .as_str()
            .is_some_and(|data| data.len() > 100)
    );
    assert_eq!(place.read("plugin.args"), "get blue");
}

#[tokio::test]
async fn the_failure_of_a_plugin_says_why_and_what_to_do() {
    let place = ConfigDirectory::new();
    let cluster = "server: 'https://127.0.0.1:1'";
    let absent = exec(
        Path::new("/nowhere/aws"),
        ", installHint: \"get it\\n  with brew install aws\"",
    );
    let failure = refusal(&place.config(cluster, &absent)).await;
    assert_eq!(
        class_and_message(&failure),
        (Class::Credential, "the credential plugin aws is not found")
    );
    assert_eq!(failure.hint(), "get it with brew install aws");

    let row = |text: &str| place.script("plugin", text);
    for (text, expected) in [
        (
            format!("echo {TOKEN}; echo 'log in \u{1b}[1mfirst' >&2; echo {TOKEN} >&2; exit 3"),
            "failed: exit status: 3: log in \\u{1b}[1mfirst",
        ),
        (
            format!("echo {TOKEN}"),
            "wrote something that is no ExecCredential",
        ),
        (
            credential("").replace("/v1", "/v1beta1"),
            "answers in the apiVersion \"client.authentication.k8s.io/v1beta1\", and client.authentication.k8s.io/v1 is what the kubeconfig names",
        ),
        (credential(""), "gave neither a token nor a certificate"),
        ("true".into(), "wrote nothing"),
        (
            "echo >&2; echo 'please log in' >&2; echo more >&2".into(),
            "wrote nothing to stdout, and to stderr: please log in",
        ),
        (
            "echo '{}'".into(),
            "answers without an apiVersion, and client.authentication.k8s.io/v1 is what the kubeconfig names",
        ),
        (
            credential(&format!("\"clientKeyData\": \"{TOKEN}\"")),
            "gave a certificate without its key, or a key without its certificate",
        ),
    ] {
        let failure = refusal(&place.config(cluster, &exec(&row(&text), ""))).await;
        let expected = format!("the credential plugin plugin {expected}");
        assert_eq!(
            class_and_message(&failure),
            (Class::Credential, expected.as_str())
        );
    }
    for (user, expected) in [
        (
            exec(Path::new("x"), "").replace("/v1,", "/v1alpha1,"),
            "v1alpha1, which kubectl has removed",
        ),
        (
            exec(Path::new("x"), "").replace("/v1,", "/v2,"),
            "which is unknown",
        ),
        (
            exec(Path::new("x"), "").replace("Never", "Sometimes"),
            "the interactiveMode \"Sometimes\"",
        ),
        (
            format!("exec: {{apiVersion: {V1}, command: x}}"),
            "names no interactiveMode",
        ),
        (
            format!("exec: {{apiVersion: {V1}, interactiveMode: Never}}"),
            "names no command",
        ),
        (
            "auth-provider: {name: gcp}".into(),
            "the auth-provider \"gcp\", which kubectl has removed",
        ),
    ] {
        let failure = refusal(&place.config(cluster, &user)).await;
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(failure.message.contains(expected), "{failure}");
    }
    // A test has no terminal.
    let always = exec(&row("exit 0"), "").replace("Never", "Always");
    let failure = refusal(&place.config(cluster, &always)).await;
    assert!(
        failure.message.ends_with("standard input is no terminal"),
        "{failure}"
    );
    let beta = exec(
        &row(&credential("\"token\": \"t\"").replace("/v1", "/v1beta1")),
        "",
    )
    .replace("/v1,", "/v1beta1,")
    .replace(", interactiveMode: Never", "");
    let client = try_client(&place.config(cluster, &beta), PATIENT)
        .await
        .expect("a client");
    assert_eq!(client.connection_info().credential.kind, "exec plugin plugin");
}

#[tokio::test]
async fn a_plugin_that_kuberc_forbids_is_not_run() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = ConfigDirectory::new();
    let plugin = place.script("plugin", &credential(&format!("\"token\": \"{TOKEN}\"")));
    let config = place.config_for(&server, "", &exec(&plugin, ""));
    let kuberc = |policy: &str| {
        place.write(
            "kuberc",
            &format!("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n{policy}\n"),
        )
    };
    let with = |kuberc: PathBuf| Settings {
        overrides: Overrides {
            kuberc: Kuberc::File(kuberc),
            ..Overrides::default()
        },
        ..settings(&config, PATIENT)
    };
    let failure = Client::new(with(kuberc("credentialPluginPolicy: DenyAll")), None)
        .await
        .expect_err("it is forbidden");
    let file = place.path("kuberc");
    assert_eq!(
        class_and_message(&failure),
        (
            Class::Credential,
            format!(
                "the credential plugin {} may not be run: DenyAll is the credentialPluginPolicy of {}",
                plugin.display(),
                file.display()
            )
            .as_str()
        )
    );
    let unknown = Client::new(with(kuberc("credentialPluginPolicy: Never")), None).await;
    assert_eq!(
        unknown.map(|_| ()).map_err(|failure| failure.class),
        Err(Class::BadConfiguration)
    );
    let gone = Client::new(with(place.path("none")), None).await;
    assert_eq!(
        gone.map(|_| ()).map_err(|failure| failure.class),
        Err(Class::BadConfiguration)
    );
    assert_eq!(place.read("plugin.runs"), "", "none of them ran it");

    let listed = format!(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{{command: '{}'}}]",
        plugin.display()
    );
    let client = Client::new(with(kuberc(&listed)), None)
        .await
        .expect("it is allowed");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    // A user that needs no plugin is not affected.
    let config = place.config_for(&server, "", &format!("token: {TOKEN}, {}", exec(&plugin, "")));
    let settings = Settings {
        source: ConfigSource::File(config),
        ..with(kuberc("credentialPluginPolicy: DenyAll"))
    };
    let client = Client::new(settings, None).await.expect("a token goes first");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
}

#[tokio::test]
async fn a_plugin_may_answer_in_utf_16_and_its_expiry_is_read_as_kubectl_reads_it() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = ConfigDirectory::new();
    let answer = |status: &str| {
        format!("{{\"apiVersion\": \"{V1}\", \"kind\": \"ExecCredential\", \"status\": {{{status}}}}}\r\n")
    };
    let token = format!("\"token\": \"{TOKEN}\"");
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain(answer(&token).encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(place.path("answer"), wide).expect("it can be written to");
    let plugin = place.script("plugin", &format!("cat '{}'", place.path("answer").display()));
    reach(&place.config_for(&server, "", &exec(&plugin, ""))).await;
    for (end, is_time) in [
        ("null", true),
        ("\"2099-01-01T00:00:00Z\"", true),
        ("\"\"", false),
        ("\"2099-01-01 00:00:00Z\"", false),
    ] {
        place.write(
            "answer",
            &answer(&format!("{token}, \"expirationTimestamp\": {end}")),
        );
        let made = try_client(&place.config_for(&server, "", &exec(&plugin, "")), PATIENT).await;
        assert_eq!(made.is_ok(), is_time, "{end}");
    }
}

#[tokio::test]
async fn a_plugin_that_hangs_is_ended_with_the_run() {
    let place = ConfigDirectory::new();
    let plugin = place.script("plugin", "exec sleep 600");
    let run = Some(RunLimit::from_now(std::time::Duration::from_millis(300)));
    let config = place.config("server: 'https://127.0.0.1:1'", &exec(&plugin, ""));
    let failure = try_client(&config, Deadlines { run, ..PATIENT })
        .await
        .expect_err("it hangs");
    assert_eq!(failure.class, Class::Credential);
    assert!(
        failure
            .message
            .starts_with("the credential plugin gave no answer within 0."),
        "{failure}"
    );
}
