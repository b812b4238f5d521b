//! Every way in which an API server cannot be reached, each by a real socket: its class, what is said of it, and
//! that nothing secret is.

use super::client::{
    IMPATIENT, PATIENT, ask_with, client, only_deployments, settings, try_client, with_deployments,
};
use sre_shared::cluster::{Client, ConfigSource, Deadlines, Exchange, RunLimit, Settings, readyz, version};
use sre_shared::failure::{Class, Failure};
use sre_shared::report::{ApiServerCheck, Readyz, Source, Status};
use sre_shared::run;
use sre_testkit::{Access, ApiServer, Certificate, Fault, Match};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const TOKEN: &str = "s3cr3t-of-the-tests";

fn assert_no_secret(text: &str) {
    assert!(!text.contains(TOKEN), "{text}");
}

/// Asks `/version`, which must fail, and looks at what every failure has to have.
async fn failing(kubeconfig: &Path, deadlines: Deadlines) -> Failure {
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
    // The same failure as it stands in a report.
    let report = ask_with(&client, &with_deployments()).await;
    assert_no_secret(&serde_json::to_string(&report).expect("a report is JSON"));
    assert_eq!(report.status, Status::Unknown, "{report:?}");
    let check = report.api_server().expect("it was asked for");
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some(failure.class.as_str()))
    );
    assert_eq!(check.endpoint.as_deref(), Some(failure.endpoint.as_str()));
    let told = [&check.rung, &check.side, &check.hint];
    assert!(told.iter().all(|told| told.is_some()), "{check:?}");
    assert!(check.elapsed_ms.is_some_and(|ms| ms > 0.0), "{check:?}");
    assert_eq!(report.coverage.not_seen.len(), 1);
    failure
}

fn said(failure: &Failure) -> (Class, &str) {
    (failure.class, failure.message.as_str())
}

async fn with_certificate(certificate: Certificate) -> Failure {
    let server = ApiServer::builder()
        .token(TOKEN)
        .certificate(certificate)
        .start()
        .await;
    failing(server.kubeconfig(), PATIENT).await
}

/// A kubeconfig as it is given here, but for its one cluster and user.
struct Config {
    directory: tempfile::TempDir,
}

impl Config {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.directory.path().join("config");
        std::fs::write(&path, text).expect("it can be written to");
        path
    }

    /// One context; both parts in YAML's flow style.
    fn of(&self, cluster: &str, user: &str) -> PathBuf {
        self.write(&format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: prod-eu\ncontexts:\n- name: prod-eu\n  \
             context: {{cluster: c, user: u}}\nclusters:\n- name: c\n  cluster: {cluster}\nusers:\n- name: u\n  \
             user: {user}\n"
        ))
    }

    /// One context for that server, whose authority lies beside it.
    fn for_server(&self, server: &ApiServer, user: &str) -> PathBuf {
        std::fs::write(
            self.directory.path().join("ca.crt"),
            server.ca_pem().unwrap_or_default(),
        )
        .expect("it can be written to");
        let cluster = format!("{{server: '{}', certificate-authority: ca.crt}}", server.url());
        self.of(&cluster, user)
    }

    fn for_url(&self, url: &str) -> PathBuf {
        self.of(&format!("{{server: '{url}'}}"), &format!("{{token: {TOKEN}}}"))
    }
}

#[tokio::test]
async fn nothing_listens() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.stop();
    let failure = failing(server.kubeconfig(), PATIENT).await;
    assert_eq!(failure.class, Class::Refused);
    assert!(failure.message.starts_with("Connection refused"), "{failure}");
}

#[tokio::test]
async fn a_request_that_is_never_answered() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail(Match::any(), Fault::Hang);
    let failure = failing(server.kubeconfig(), IMPATIENT).await;
    assert_eq!(said(&failure), (Class::Timeout, "no byte for 0.3 s"));
    let request = Some(std::time::Duration::from_millis(200));
    let failure = failing(server.kubeconfig(), Deadlines { request, ..PATIENT }).await;
    assert_eq!(
        said(&failure),
        (Class::Timeout, "not finished within the request timeout of 0.2 s")
    );
}

#[tokio::test]
async fn a_deadline_of_the_whole_run_bounds_every_request() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail(Match::any(), Fault::Hang);
    let run = Some(RunLimit::from_now(std::time::Duration::from_millis(300)));
    let client = try_client(server.kubeconfig(), Deadlines { run, ..PATIENT })
        .await
        .expect("a client");
    let report = ask_with(&client, &with_deployments()).await;
    let check = report.api_server().expect("it was asked for");
    let error = check.error.as_deref();
    assert_eq!(
        error,
        Some("the 300ms of --timeout were over while waiting for the answer")
    );
    assert_eq!(
        (
            check.class.as_deref(),
            check.side.as_deref(),
            check.hint.as_deref()
        ),
        (
            Some("timeout"),
            None,
            Some("give it more time, such as --timeout 60s")
        )
    );
    assert_eq!(report.coverage.not_seen[0].error.as_deref(), error);

    // A handshake that does not end is no trouble of the network's either, while there was hardly time for one.
    server.clear_faults();
    server.fail(Match::any(), Fault::HangTls);
    let run = Some(RunLimit::from_now(std::time::Duration::from_millis(150)));
    let client = try_client(server.kubeconfig(), Deadlines { run, ..PATIENT })
        .await
        .expect("a client");
    let check = run::apiserver::check_path(&client, "default", run::clock::system).await;
    assert_eq!(
        check.error.as_deref(),
        Some("the 150ms of --timeout were over while connecting")
    );
    assert_eq!((check.rung.as_deref(), check.side), (Some("tls"), None));
    let rung = check.ladder.last().expect("it broke");
    assert_eq!(
        (rung.side.clone(), rung.hint.as_deref()),
        (None, Some("give it more time, such as --timeout 60s"))
    );
}

#[tokio::test]
async fn a_handshake_that_never_ends() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail(Match::any(), Fault::HangTls);
    let patient_but_for_connections = Deadlines {
        connect: IMPATIENT.connect,
        ..PATIENT
    };
    let failure = failing(server.kubeconfig(), patient_but_for_connections).await;
    assert_eq!(said(&failure), (Class::Timeout, "no connection within 0.3 s"));
}

#[tokio::test]
async fn a_body_that_stops() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let slow = Fault::SlowBody {
        bytes: 20,
        every: std::time::Duration::from_mins(1),
    };
    server.fail(Match::path("/version"), slow.clone());
    let client = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    let failure = version(&client).await.0.expect_err("the server is made to fail");
    assert_eq!(failure.class, Class::Timeout);
}

#[tokio::test]
async fn certificates_that_cannot_be_trusted_each_have_their_class() {
    for (certificate, class) in [
        (Certificate::Expired, Class::CertificateExpired),
        (Certificate::NotYetValid, Class::CertificateExpired),
        (Certificate::WrongName, Class::WrongName),
        (Certificate::UnknownCa, Class::UnknownAuthority),
    ] {
        assert_eq!(
            with_certificate(certificate).await.class,
            class,
            "{certificate:?}"
        );
    }
    let failure = with_certificate(Certificate::WrongName).await;
    assert!(failure.message.contains("elsewhere.example.test"), "{failure}");
}

#[tokio::test]
async fn http_where_https_is_expected_and_the_other_way_round() {
    let config = Config::new();
    let plain = ApiServer::builder().token(TOKEN).plain_http().start().await;
    let failure = failing(&config.for_url(&plain.url().replace("http:", "https:")), PATIENT).await;
    assert_eq!(failure.class, Class::NotAnApiServer);

    // What Go's TLS server says to plain HTTP.
    plain.fail(
        Match::any(),
        Fault::WrongBody {
            status: 400,
            content_type: "text/plain".into(),
            body: b"Client sent an HTTP request to an HTTPS server.\n".to_vec(),
        },
    );
    let failure = failing(&config.for_url(plain.url()), PATIENT).await;
    assert_eq!(failure.class, Class::Tls);
    assert_eq!(
        failure.hint(),
        "write https:// in front of the server's address in the kubeconfig"
    );

    let tls = ApiServer::builder().token(TOKEN).start().await;
    let failure = failing(&config.for_url(&tls.url().replace("https:", "http:")), PATIENT).await;
    assert!(
        matches!(failure.class, Class::NotAnApiServer | Class::ConnectionLost),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    // Longer than a label may be, so that no resolver is ever asked.
    let url = format!("http://{}.invalid:6443", "a".repeat(64));
    let failure = failing(&Config::new().for_url(&url), PATIENT).await;
    assert_eq!(failure.class, Class::Dns);
}

#[tokio::test]
async fn a_connection_that_is_closed_without_an_answer_is_tried_once_more() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail_times(1, Match::path("/version"), Fault::Close);
    let reached = version(&client(&server).await).await.0;
    assert_eq!(reached.as_deref(), Ok("v1.37.2"));
    server.fail(Match::any(), Fault::Close);
    let failure = failing(server.kubeconfig(), PATIENT).await;
    assert_eq!(failure.class, Class::ConnectionLost);
    server.clear_faults();
    server.fail(Match::any(), Fault::CutStream(20));
    let failure = failing(server.kubeconfig(), PATIENT).await;
    assert_eq!(failure.class, Class::ConnectionLost);
    assert!(
        failure.message.starts_with("the answer broke off after 20 bytes"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_credential_that_is_wrong() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let wrong = server.kubeconfig_with_token("not-s3cr3t");
    let failure = failing(&wrong, PATIENT).await;
    assert_eq!(said(&failure), (Class::Unauthenticated, "Unauthorized"));
    server.revoke(TOKEN);
    assert_eq!(
        failing(server.kubeconfig(), PATIENT).await.class,
        Class::Unauthenticated
    );
}

async fn api_server_of(server: &ApiServer) -> ApiServerCheck {
    run::apiserver::check(&client(server).await, run::clock::system).await
}

#[tokio::test]
async fn a_version_that_may_not_be_read_names_the_rule() {
    let access = Access::admin().without_path("/version");
    let server = ApiServer::builder().user(TOKEN, "jane", access).start().await;
    let check = api_server_of(&server).await;
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some("forbidden"))
    );
    assert_eq!(check.missing.as_deref(), Some("nonResourceURL /version get"));
}

#[tokio::test]
async fn readyz_decides_whether_it_is_well() {
    let server = ApiServer::builder().start().await;
    let check = api_server_of(&server).await;
    assert_eq!(
        (check.status, check.version.as_deref()),
        (Status::Ok, Some("v1.37.2"))
    );
    let whole = check.readyz.expect("it was read");
    assert!(whole.passed > 30 && whole.passed == whole.total, "{whole:?}");

    server.fail_check("/readyz", "etcd");
    let check = api_server_of(&server).await;
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Degraded, Some("unhealthy"))
    );
    assert_eq!(check.error.as_deref(), Some("/readyz answers 500, failing: etcd"));
    assert_eq!(check.version.as_deref(), Some("v1.37.2"));
    let expected = Readyz {
        passed: whole.total - 1,
        total: whole.total,
        failing: vec!["etcd".into()],
    };
    assert_eq!(check.readyz, Some(expected));

    for (code, status, class) in [
        (401, Status::Unknown, Some("unauthenticated")),
        (429, Status::Degraded, Some("overloaded")),
        (503, Status::Degraded, Some("unhealthy")),
        (404, Status::Ok, None),
    ] {
        server.clear_faults();
        server.fail(Match::path("/readyz"), Fault::Status(code));
        let check = api_server_of(&server).await;
        assert_eq!((check.status, check.class.as_deref()), (status, class), "{code}");
    }
}

#[tokio::test]
async fn a_readyz_that_may_not_be_read_is_a_note() {
    let access = Access::admin().without_path("/readyz");
    let server = ApiServer::builder().user(TOKEN, "jane", access).start().await;
    let check = api_server_of(&server).await;
    assert_eq!(
        (check.status, check.class, check.notes),
        (Status::Ok, None, vec!["readyz not allowed".into()])
    );
}

#[tokio::test]
async fn an_api_server_that_answers_version_and_then_hangs_is_not_ok() {
    let server = ApiServer::builder().start().await;
    server.fail(Match::path("/readyz"), Fault::Hang);
    let client = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    let check = run::apiserver::check(&client, run::clock::system).await;
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some("timeout"))
    );
    assert_eq!(check.version.as_deref(), Some("v1.37.2"));
    assert_eq!(readyz(&client).await.map_err(|f| f.class), Err(Class::Timeout));
}

#[tokio::test]
async fn an_api_server_in_trouble_is_degraded_and_not_only_unknown() {
    let server = ApiServer::builder().start().await;
    for (code, class) in [(500, "unhealthy"), (429, "overloaded")] {
        server.clear_faults();
        server.fail(Match::any(), Fault::Status(code));
        let report = ask_with(&client(&server).await, &with_deployments()).await;
        let check = report.api_server().expect("it was asked for");
        assert_eq!(
            (report.status, check.class.as_deref()),
            (Status::Degraded, Some(class))
        );
        assert_eq!(report.coverage.not_seen[0].class, class);
    }
}

/// Why no client can be made of a kubeconfig.
async fn refused(kubeconfig: &Path, context: Option<&str>) -> Failure {
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

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_used_is_a_bad_configuration() {
    let config = Config::new();
    let good = config.for_url("https://127.0.0.1:1");
    let failure = refused(&good, Some("prod-us")).await;
    assert_eq!(failure.class, Class::BadConfiguration);
    assert_eq!(
        failure.message,
        format!("context \"prod-us\" does not exist in {}", good.display())
    );
    assert_eq!(failure.hint(), "did you mean \"prod-eu\"?");

    let missing = config.directory.path().join("none");
    let failure = refused(&missing, None).await;
    assert_eq!(
        failure.message,
        format!("kubeconfig {} does not exist", missing.display())
    );

    let failure = refused(&config.write("apiVersion: v1\nkind: Config\n"), None).await;
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
            refused(&config.write(&text), None).await.class,
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
        let failure = refused(&config.of(cluster, &token), None).await;
        assert_eq!(failure.class, Class::BadConfiguration, "{cluster}: {failure}");
    }
}

#[tokio::test]
async fn a_directory_in_the_place_of_a_kubeconfig_is_a_bad_configuration() {
    let config = Config::new();
    assert_eq!(
        refused(config.directory.path(), None).await.class,
        Class::BadConfiguration
    );
}

fn exec(command: &str, args: &str) -> String {
    format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{command}', args: [{args}], \
         interactiveMode: Never}}}}"
    )
}

#[tokio::test]
async fn a_credential_plugin_that_fails_or_never_ends_is_told_within_the_deadline() {
    let config = Config::new();
    let cluster = "{server: 'https://127.0.0.1:1'}";
    let failure = refused(&config.of(cluster, &exec("sleep", "'20'")), None).await;
    assert_eq!(
        said(&failure),
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
        // A plugin that says more than it should before it fails.
        ("sh", format!("-c, 'echo {TOKEN}; echo {TOKEN} >&2; exit 3'")),
        ("echo", "'{}'".into()),
    ] {
        let user = exec(command, &args);
        let failure = refused(&config.of(cluster, &user), None).await;
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
    let file = config.directory.path().join("token");
    for text in [TOKEN.to_owned(), format!("{TOKEN}\n")] {
        std::fs::write(&file, text).expect("it can be written to");
        let user = format!("{{tokenFile: '{}'}}", file.display());
        let kubeconfig = config.for_server(&server, &user);
        let client = try_client(&kubeconfig, PATIENT).await.expect("a client");
        assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    }
}

#[tokio::test]
async fn an_observer_is_told_of_every_exchange_and_of_no_secret() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let written = Arc::clone(&lines);
    let observer = Arc::new(move |exchange: &Exchange<'_>| {
        written
            .lock()
            .expect("no test panics here")
            .push(format!("{exchange:?}"));
    });
    let client = Client::new(settings(server.kubeconfig(), PATIENT), Some(observer))
        .await
        .expect("a client");
    ask_with(&client, &with_deployments()).await;
    server.stop();
    ask_with(&client, &only_deployments()).await;
    let lines = lines.lock().expect("no test panics here");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("status: Some(200)"))
            .count(),
        5,
        "{lines:?}"
    );
    // A connection that was kept open may be found lost first.
    assert!(
        lines.last().is_some_and(|line| line.contains("Refused")),
        "{lines:?}"
    );
    assert_no_secret(&lines.concat());
}

#[tokio::test]
async fn the_configuration_in_the_cluster_is_only_used_where_it_is_asked_for() {
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
