//! The path to the API server by real sockets: the rung that breaks, its class, its side and its hint.

use super::client::{IMPATIENT, PATIENT, ask_with, try_client, with_deployments};
use serde_json::{Value, json};
use sre_shared::cluster::Deadlines;
use sre_shared::report::{ApiServerCheck, NoteCode, Rung, RungStatus, Status};
use sre_shared::run::{self, clock};
use sre_testkit::{Access, ApiServer, Certificate, Fault, Match};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

const TOKEN: &str = "s3cr3t-of-the-tests";
const MACHINE: &str = "your machine";
const NETWORK: &str = "the network";
const PROXY: &str = "the load balancer or proxy";
const CONTROL_PLANE: &str = "the control plane";
const RIGHTS: &str = "your rights";

/// The check with the whole path. It shows no secret.
pub(super) async fn check_path(kubeconfig: &Path, deadlines: Deadlines) -> ApiServerCheck {
    let client = try_client(kubeconfig, deadlines).await.expect("a client");
    let check = run::apiserver::check_path(&client, "default", clock::system).await;
    let text = serde_json::to_string(&check).expect("a check is JSON");
    assert!(!text.contains(TOKEN), "{text}");
    check
}

fn names(check: &ApiServerCheck) -> Vec<&str> {
    check.ladder.iter().map(|rung| rung.rung.as_str()).collect()
}

pub(super) fn rung<'a>(check: &'a ApiServerCheck, name: &str) -> &'a Rung {
    check
        .ladder
        .iter()
        .find(|rung| rung.rung == name)
        .unwrap_or_else(|| panic!("no {name} in {check:#?}"))
}

/// Name, class, side and command of the rung that broke. The check has the same side and command.
fn broken(check: &ApiServerCheck) -> (String, String, String, String) {
    let name = check.rung.clone().unwrap_or_else(|| panic!("{check:#?}"));
    let rung = rung(check, &name);
    assert_eq!(rung.status, RungStatus::Failed, "{check:#?}");
    assert_eq!((&rung.side, &rung.hint), (&check.side, &check.hint), "{check:#?}");
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (name, text(&rung.class), text(&rung.side), text(&rung.hint))
}

fn rung_text(
    rung: &str,
    class: &str,
    side: &str,
    hint: impl Into<String>,
) -> (String, String, String, String) {
    (rung.into(), class.into(), side.into(), hint.into())
}

/// A hint with the server's kubeconfig and context.
fn kubectl(kubeconfig: &Path, rest: &str) -> String {
    format!(
        "kubectl --kubeconfig {} --context testkit {rest}",
        kubeconfig.display()
    )
}

/// A kubeconfig for any cluster, kept as long as its directory.
fn config(directory: &tempfile::TempDir, cluster: &str) -> PathBuf {
    let path = directory.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: testkit\ncontexts:\n- name: testkit\n  context: {{cluster: c, \
         user: u}}\nclusters:\n- name: c\n  cluster: {{{cluster}}}\nusers:\n- name: u\n  user: {{token: {TOKEN}}}\n"
    );
    std::fs::write(&path, text).expect("it can be written to");
    path
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[tokio::test]
async fn every_rung_of_a_path_that_holds_is_reported_in_its_order() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let check = check_path(server.kubeconfig(), PATIENT).await;
    assert_eq!(
        (check.status, &check.rung, &check.side),
        (Status::Ok, &None, &None)
    );
    assert_eq!(
        names(&check),
        [
            "kubeconfig",
            "credential",
            "proxy",
            "dns",
            "tcp",
            "tls",
            "http",
            "clock",
            "identity",
            "rights",
            "version",
            "livez",
            "readyz",
            "controllers"
        ]
    );
    assert!(
        check.ladder.iter().all(|rung| rung.status == RungStatus::Ok),
        "{check:#?}"
    );
    let message = |name| rung(&check, name).message.as_str();
    assert_eq!(message("credential"), "token");
    assert_eq!(message("dns"), "127.0.0.1 is an address");
    assert_eq!(message("tcp"), format!("connected to {}", server.address()));
    assert!(
        message("tls").starts_with("TLS 1.3, CN=kube-apiserver signed by CN=testkit-ca, expires in "),
        "{}",
        message("tls")
    );
    assert_eq!(
        message("identity"),
        "you are kubernetes-admin, in system:authenticated"
    );
    assert_eq!(message("version"), "v1.37.2");
    assert_eq!(message("readyz"), "42 of 42 checks pass");
    assert_eq!(message("livez"), "39 of 39 checks pass");
    let timed = ["dns", "tcp", "tls", "http"];
    assert!(
        timed.iter().all(|name| rung(&check, name).elapsed_ms.is_some()),
        "{check:#?}"
    );
}

#[tokio::test]
async fn the_whole_path_takes_five_requests_more_than_the_check() {
    let server = ApiServer::builder().start().await;
    let client = try_client(server.kubeconfig(), PATIENT).await.expect("a client");
    run::apiserver::check(&client, clock::system).await;
    let plain = server.requests().len();
    server.clear_requests();
    run::apiserver::check_path(&client, "default", clock::system).await;
    assert_eq!(
        (plain, server.requests().len()),
        (4, 9),
        "{:?}",
        server.requests()
    );
}

#[tokio::test]
async fn a_path_that_breaks_before_http_ends_with_the_rung_that_broke() {
    // Nothing listens.
    let server = ApiServer::builder().token(TOKEN).start().await;
    let port = server.address().port();
    server.stop();
    let check = check_path(server.kubeconfig(), PATIENT).await;
    assert_eq!(
        broken(&check),
        rung_text(
            "tcp",
            "refused",
            CONTROL_PLANE,
            format!("nc -vz 127.0.0.1 {port}")
        )
    );
    assert_eq!(names(&check), ["kubeconfig", "credential", "proxy", "dns", "tcp"]);

    // A name that does not resolve. It is longer than a label may be, so that no resolver is ever asked.
    let (place, name) = (directory(), format!("{}.invalid", "a".repeat(64)));
    let check = check_path(&config(&place, &format!("server: 'http://{name}:6443'")), PATIENT).await;
    assert_eq!(
        broken(&check),
        rung_text("dns", "dns", MACHINE, format!("nslookup {name}"))
    );
    assert_eq!(names(&check), ["kubeconfig", "credential", "proxy", "dns"]);

    // A connection that is accepted and then silent.
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.fail(Match::any(), Fault::HangTls);
    let silent = Deadlines {
        connect: IMPATIENT.connect,
        ..PATIENT
    };
    let check = check_path(server.kubeconfig(), silent).await;
    let hint = format!(
        "openssl s_client -connect {} </dev/null | openssl x509 -noout -subject",
        server.address()
    );
    assert_eq!(broken(&check), rung_text("tls", "timeout", PROXY, hint));

    // Plain HTTP on the port.
    let plain = ApiServer::builder().token(TOKEN).plain_http().start().await;
    let url = plain.url().to_owned();
    let place = directory();
    let check = check_path(
        &config(
            &place,
            &format!("server: '{}'", url.replacen("http:", "https:", 1)),
        ),
        PATIENT,
    )
    .await;
    assert_eq!(
        broken(&check),
        rung_text("tls", "notAnApiServer", PROXY, format!("curl -v {url}"))
    );
}

#[tokio::test]
async fn an_address_that_never_answers_is_on_the_side_of_the_network() {
    // TEST-NET-1 (RFC 5737) may be answered by a router at once; a full backlog is silent by itself.
    let socket = full_listener().await;
    let place = directory();
    let server = format!("server: 'https://{}'", socket.0);
    let impatient = Deadlines {
        connect: IMPATIENT.connect,
        ..PATIENT
    };
    let check = check_path(&config(&place, &server), impatient).await;
    assert_eq!(
        broken(&check),
        rung_text(
            "tcp",
            "timeout",
            NETWORK,
            format!("nc -vz 127.0.0.1 {}", socket.0.port())
        )
    );
}

/// A listener whose queue is full: further connections are neither accepted nor refused.
async fn full_listener() -> (std::net::SocketAddr, TcpListener, Vec<tokio::net::TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a port");
    let listener = socket.listen(1).expect("it listens");
    let address = listener.local_addr().expect("it is bound");
    let mut held = Vec::new();
    let patience = std::time::Duration::from_millis(200);
    while let Ok(Ok(stream)) = tokio::time::timeout(patience, tokio::net::TcpStream::connect(address)).await {
        held.push(stream);
        assert!(held.len() < 64, "the queue is never full");
    }
    (address, listener, held)
}

#[tokio::test]
async fn a_certificate_that_cannot_be_trusted_is_reported_with_its_fields() {
    let show = |server: &ApiServer, what: &str| {
        format!(
            "openssl s_client -connect {} </dev/null | openssl x509 {what}",
            server.address()
        )
    };
    let rows = [
        (
            Certificate::Expired,
            "certificateExpired",
            CONTROL_PLANE,
            "-noout -subject -issuer -dates",
            "CN=kube-apiserver expired ",
        ),
        (
            Certificate::WrongName,
            "wrongName",
            MACHINE,
            "-noout -subject -ext subjectAltName",
            "the certificate is not for 127.0.0.1 but for elsewhere.example.test",
        ),
        (
            Certificate::UnknownCa,
            "unknownAuthority",
            MACHINE,
            "-noout -subject -issuer -fingerprint",
            "CN=kube-apiserver is signed by CN=another-ca, and certificate-authority of the kubeconfig is another",
        ),
    ];
    for (certificate, class, side, what, said) in rows {
        let server = ApiServer::builder()
            .token(TOKEN)
            .certificate(certificate)
            .start()
            .await;
        let check = check_path(server.kubeconfig(), PATIENT).await;
        assert_eq!(broken(&check), rung_text("tls", class, side, show(&server, what)));
        let tls = rung(&check, "tls");
        assert!(tls.message.starts_with(said), "{}", tls.message);
        assert_eq!(tls.certificates[0].subject, "CN=kube-apiserver");
    }
    let server = ApiServer::builder()
        .certificate(Certificate::NotYetValid)
        .start()
        .await;
    let check = check_path(server.kubeconfig(), PATIENT).await;
    assert_eq!(
        broken(&check),
        rung_text("tls", "certificateExpired", MACHINE, "date -u")
    );
}

#[tokio::test]
async fn a_server_that_is_no_api_server_breaks_the_path_at_http() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let curl = format!("curl -vk {}/version", server.url());
    for (fault, deadlines, class, side) in [
        (Fault::captive_portal(), PATIENT, "notAnApiServer", PROXY),
        (
            Fault::Redirect("https://login.example/".into()),
            PATIENT,
            "notAnApiServer",
            PROXY,
        ),
        (Fault::Close, PATIENT, "connectionLost", PROXY),
        (Fault::Hang, IMPATIENT, "timeout", CONTROL_PLANE),
    ] {
        server.clear_faults();
        server.fail(Match::any(), fault);
        // The connection itself has time.
        let deadlines = Deadlines {
            connect: PATIENT.connect,
            ..deadlines
        };
        let check = check_path(server.kubeconfig(), deadlines).await;
        assert_eq!(broken(&check), rung_text("http", class, side, curl.as_str()));
        assert_eq!(check.status, Status::Unknown);
        assert_eq!(
            names(&check),
            ["kubeconfig", "credential", "proxy", "dns", "tcp", "tls", "http"]
        );
    }
}

#[tokio::test]
async fn a_refusal_is_on_the_side_of_the_rights() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    server.revoke(TOKEN);
    let kubeconfig = server.kubeconfig();
    let check = check_path(kubeconfig, PATIENT).await;
    assert_eq!(
        broken(&check),
        rung_text(
            "identity",
            "unauthenticated",
            RIGHTS,
            kubectl(kubeconfig, "auth whoami")
        )
    );
    assert_eq!(names(&check).last(), Some(&"identity"), "what stands is told");
    assert_eq!(rung(&check, "http").message, "it answers with 401");

    let access = Access::admin().without_path("/version");
    let server = ApiServer::builder().user(TOKEN, "jane", access).start().await;
    let kubeconfig = server.kubeconfig();
    let check = check_path(kubeconfig, PATIENT).await;
    assert_eq!(
        broken(&check),
        rung_text(
            "rights",
            "forbidden",
            RIGHTS,
            kubectl(kubeconfig, "auth can-i get /version")
        )
    );
    assert_eq!(rung(&check, "readyz").status, RungStatus::Ok);

    // A missing right to list is a warning: the path holds.
    let server = ApiServer::builder()
        .user(TOKEN, "jane", Access::none())
        .start()
        .await;
    let check = check_path(server.kubeconfig(), PATIENT).await;
    let rights = rung(&check, "rights");
    assert_eq!(
        (check.status, rights.status, rights.missing.first().cloned()),
        (
            Status::Ok,
            RungStatus::Warning,
            Some("apps/deployments list".into())
        )
    );
    assert_eq!(
        rights.hint.as_deref(),
        Some(
            "a cluster admin grants it: kubectl -n default create rolebinding sre-jane --clusterrole=view --user=jane"
        )
    );
}

#[tokio::test]
async fn a_control_plane_in_trouble_is_reported_with_its_failing_parts_and_its_retry_after() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let kubeconfig = server.kubeconfig();
    server.fail_check("/readyz", "etcd");
    server.fail_check("/livez", "etcd");
    let check = check_path(kubeconfig, PATIENT).await;
    let (class, side) = ("unhealthy", CONTROL_PLANE);
    // `/readyz` decides, so its rung is the broken one.
    let hint = kubectl(kubeconfig, "get --raw '/readyz?verbose'");
    assert_eq!(broken(&check), rung_text("readyz", class, side, hint));
    assert_eq!(rung(&check, "readyz").failing, ["etcd"]);
    assert_eq!(rung(&check, "livez").failing, ["etcd"]);
    server.pass_checks();

    server.fail(Match::any(), Fault::TooManyRequests(7));
    let check = check_path(kubeconfig, PATIENT).await;
    let hint = kubectl(
        kubeconfig,
        "get --raw /debug/api_priority_and_fairness/dump_priority_levels",
    );
    assert_eq!(
        broken(&check),
        rung_text("flowControl", "overloaded", CONTROL_PLANE, hint)
    );
    assert_eq!(rung(&check, "flowControl").retry_after_seconds, Some(7));
    assert_eq!(check.status, Status::Degraded);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_on_its_own_side() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let place = directory();
    let cluster = format!("server: 'https://api.example:6443', proxy-url: 'http://127.0.0.1:{port}'");
    let check = check_path(&config(&place, &cluster), PATIENT).await;
    assert_eq!(
        broken(&check),
        rung_text("tcp", "refused", PROXY, format!("nc -vz 127.0.0.1 {port}"))
    );
}

fn lease(name: &str, renewed: &str) -> Value {
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
           "metadata": {"name": name, "namespace": "kube-system"}, "spec": {"renewTime": renewed}})
}

#[tokio::test]
async fn controllers_that_are_silent_freeze_the_counts_in_every_run_that_asks_the_api_server() {
    let stopped = "2026-01-02T03:04:05.678901Z";
    let server = ApiServer::builder()
        .token(TOKEN)
        .objects([lease("kube-controller-manager", stopped)])
        .start()
        .await;
    let client = try_client(server.kubeconfig(), PATIENT).await.expect("a client");
    let report = ask_with(&client, &with_deployments()).await;
    let check = report.api_server().expect("it was asked for");
    assert_eq!(
        (report.status, check.class.as_deref(), check.rung.as_deref()),
        (Status::Degraded, Some("unhealthy"), Some("controllers"))
    );
    assert_eq!(check.frozen_since.as_deref(), Some("2026-01-02T03:04:05Z"));
    let error = check.error.as_deref().unwrap_or_default();
    assert!(
        error.starts_with("workload counts are frozen since 2026-01-02T03:04:05Z: kube-controller-manager "),
        "{error}"
    );
    assert_eq!(check.side.as_deref(), Some(CONTROL_PLANE));
    assert!(check.ladder.is_empty(), "nothing was walked");
}

#[tokio::test]
async fn controllers_that_cannot_be_seen_are_a_note() {
    let hidden = ApiServer::builder().without_leaders().start().await;
    let access = Access::admin().without("get", "leases");
    let forbidden = ApiServer::builder().user(TOKEN, "jane", access).start().await;
    for (server, code) in [
        (hidden, NoteCode::LeasesAbsent),
        (forbidden, NoteCode::LeasesForbidden),
    ] {
        let check = check_path(server.kubeconfig(), PATIENT).await;
        assert_eq!(check.notes[0].code, Some(code));
        assert_eq!(
            (check.status, check.notes.texts()),
            (Status::Ok, vec!["controllers not seen"])
        );
        assert_eq!(rung(&check, "controllers").status, RungStatus::Unknown);
    }
}

#[tokio::test]
async fn if_the_api_server_is_away_a_run_about_everything_walks_the_path_too() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.stop();
    let client = try_client(server.kubeconfig(), PATIENT).await.expect("a client");
    let report = ask_with(&client, &with_deployments()).await;
    let check = report.api_server().expect("it was asked for");
    assert_eq!(broken(check).0, "tcp");
}
