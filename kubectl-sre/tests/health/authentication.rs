//! Agents that want a token: how the plugin gets one, where it sends it, and what it says if it cannot.

use super::agent::{Agent, HEALTH, TOKEN, ask, json_body};
use super::plugin::run;
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Fault, Match};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

const HEALTH_BY_TLS: &str = "/api/v1/namespaces/sre-tools/services/https:sre-agent:https/proxy/health";
const SERVICE: &str = "/api/v1/namespaces/sre-tools/services/sre-agent";
const READER_TOKEN: &str = "/api/v1/namespaces/sre-tools/serviceaccounts/sre-agent-reader/token";

fn server() -> ApiServer {
    ApiServer::builder()
        .token(TOKEN)
        .context("prod-eu")
        .deployments([Deployment::new("shop", "web")])
        .start_blocking()
}

fn refusal(status: u16, error: &str) -> Fault {
    json_body(
        status,
        json!({"error": error, "message": "run this: rm -rf /"}).to_string(),
    )
}

fn status(code: u16, reason: &str, message: &str) -> Fault {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                        "message": message, "reason": reason, "code": code});
    json_body(code, status.to_string())
}

fn no_endpoints() -> Fault {
    status(
        503,
        "ServiceUnavailable",
        "no endpoints available for service \"sre-agent:http\"",
    )
}

fn not_seen(report: &Value) -> &Value {
    &report["coverage"]["notSeen"][0]
}

#[test]
fn a_token_of_the_reader_is_requested_and_the_users_own_is_never_sent() {
    let server = server();
    let answer = Agent::start_with(server.kubeconfig(), &[]).answer("");
    server.clear_requests();
    server.fail_times(1, Match::path(HEALTH), refusal(401, "unauthenticated"));
    server.fail(Match::path(HEALTH), json_body(200, answer));
    let ran = ask(&server, &["health", "--agent", "-o", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let requested = server.requests_for(&Match::path(READER_TOKEN));
    assert_eq!(
        requested.iter().map(|request| &request.json).collect::<Vec<_>>(),
        [&json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"audiences": ["sre-agent"], "expirationSeconds": 600}
        })]
    );
    let asked = server.requests_for(&Match::path(HEALTH));
    let tokens: Vec<_> = asked
        .iter()
        .map(|request| request.header("x-sre-token"))
        .collect();
    assert_eq!(
        tokens,
        [
            None,
            Some("issued-1-system-serviceaccount-sre-tools-sre-agent-reader")
        ]
    );
    // Authorization is for the API server, which removes it.
    assert!(
        asked
            .iter()
            .all(|request| request.header("authorization") == Some(&format!("Bearer {TOKEN}")))
    );
    let verbose = ask(&server, &["health", "--agent", "-v"]);
    assert!(!format!("{verbose:?}").contains("issued-"), "{verbose:?}");
}

#[cfg(unix)]
#[test]
fn an_agent_that_wants_a_token_makes_no_credential_plugin_run_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = server();
    let answer = Agent::start_with(server.kubeconfig(), &[]).answer("");
    let refusal = json!({"error": "unauthenticated", "message": "x"}).to_string();
    server.fail_times(1, Match::path(HEALTH), Fault::Challenge(refusal));
    server.fail(Match::path(HEALTH), json_body(200, answer));
    let directory = tempfile::tempdir().expect("a directory");
    let (runs, plugin) = (directory.path().join("runs"), directory.path().join("plugin"));
    let credential = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                            "status": {"token": TOKEN}});
    let script = format!(
        "#!/bin/sh\necho run >> {}\ncat <<'E'\n{credential}\nE\n",
        runs.display()
    );
    std::fs::write(&plugin, script).expect("it can be written");
    std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    let kubeconfig = directory.path().join("kubeconfig");
    let text = std::fs::read_to_string(server.kubeconfig()).expect("a kubeconfig");
    let exec = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: {}}}",
        plugin.display()
    );
    std::fs::write(&kubeconfig, text.replace(&format!("token: \"{TOKEN}\""), &exec))
        .expect("it can be written");
    let path = kubeconfig.display().to_string();
    let ran = run(&["health", "--agent", "-q", "--kubeconfig", &path]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&runs).ok().as_deref(), Some("run\n"));
}

#[test]
fn the_reader_has_the_name_of_the_service_and_not_one_of_the_agents_answer() {
    let server = server();
    let path = "/api/v1/namespaces/ops/services/health:http/proxy/health";
    server.fail(Match::path(path), refusal(401, "unauthenticated"));
    let ran = ask(&server, &["health", "--agent=ops/health", "-o", "json"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let accounts = server.requests_for(&Match::under("/api/v1/namespaces/").method("POST"));
    let paths: Vec<_> = accounts.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(
        paths,
        ["/api/v1/namespaces/ops/serviceaccounts/health-reader/token"]
    );
    let report = ran.json();
    assert_eq!(
        not_seen(&report)["error"],
        "agent ops/health does not accept a token of its reader health-reader"
    );
    assert!(
        !ran.out.contains("rm -rf"),
        "the agent's words are not shown: {ran:?}"
    );
}

#[test]
fn a_missing_right_to_a_token_names_the_rule_and_the_command() {
    let server = ApiServer::builder()
        .user(
            TOKEN,
            "joe",
            Access::admin().without("create", "serviceaccounts/token"),
        )
        .start_blocking();
    server.fail(Match::path(HEALTH), refusal(401, "unauthenticated"));
    let ran = ask(&server, &["health", "--agent", "-o", "json"]);
    let report = ran.json();
    let entry = not_seen(&report);
    assert_eq!(
        (&entry["class"], &entry["missing"], &entry["hint"]),
        (
            &json!("forbidden"),
            &json!("serviceaccounts/token create for sre-agent-reader in namespace sre-tools"),
            &json!(
                "a cluster admin grants it: kubectl -n sre-tools create role sre-agent-reader-token --verb=create \
                 --resource=serviceaccounts/token --resource-name=sre-agent-reader && kubectl -n sre-tools create \
                 rolebinding sre-joe-reader --role=sre-agent-reader-token --user=joe (or the chart's serviceProxier); \
                 or leave out --agent"
            )
        ),
        "{entry}"
    );
}

#[test]
fn each_refusal_of_an_agent_has_words_of_its_own() {
    for (status_code, error, class, missing, said) in [
        (
            401,
            "forbidden",
            "forbidden",
            json!("nonResourceURL /health get"),
            "the user of the token may not get /health of the agent",
        ),
        (
            500,
            "cannotAuthenticate",
            "agentNotReady",
            Value::Null,
            "the agent cannot review the token, since its API server gives no answer",
        ),
        (
            400,
            "tlsRequired",
            "notAnAgent",
            Value::Null,
            "the agent speaks TLS there, and was asked by plain HTTP",
        ),
        (
            429,
            "tooManyRequests",
            "agentNotReady",
            Value::Null,
            "the agent has more requests than it can answer",
        ),
    ] {
        let server = server();
        server.fail(Match::path(HEALTH), refusal(status_code, error));
        let ran = ask(&server, &["health", "--agent", "-o", "json"]);
        let report = ran.json();
        let entry = not_seen(&report);
        assert_eq!(
            (&entry["class"], &entry["missing"], &entry["error"]),
            (&json!(class), &missing, &json!(said)),
            "{ran:?}"
        );
        assert!(!ran.out.contains("rm -rf"), "{ran:?}");
    }
    let server = server();
    server.fail(Match::path(HEALTH), refusal(401, "unauthenticated"));
    let missing = status(404, "NotFound", "serviceaccounts \"sre-agent-reader\" not found");
    server.fail(Match::path(READER_TOKEN), missing);
    let ran = ask(&server, &["health", "--agent", "-o", "json"]);
    assert_eq!(
        not_seen(&ran.json())["error"],
        "agent sre-tools/sre-agent wants a token, and there is no ServiceAccount sre-agent-reader in namespace sre-tools"
    );
}

#[test]
fn an_agent_with_tls_is_asked_by_the_name_of_its_port() {
    let server = server();
    let answer = Agent::start_with(server.kubeconfig(), &[]).answer("");
    server.clear_requests();
    server.fail(Match::path(HEALTH), no_endpoints());
    server.fail_times(1, Match::path(HEALTH_BY_TLS), refusal(401, "unauthenticated"));
    server.fail(Match::path(HEALTH_BY_TLS), json_body(200, answer));
    let ran = ask(&server, &["health", "--agent"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(server.requests_for(&Match::path(HEALTH)).len(), 1);
    assert_eq!(server.requests_for(&Match::path(HEALTH_BY_TLS)).len(), 2);
    assert_eq!(server.requests_for(&Match::path(SERVICE)).len(), 0);
}

#[test]
fn a_user_whose_right_is_for_the_port_without_tls_learns_the_other_name() {
    let server = server();
    server.fail(Match::path(HEALTH), no_endpoints());
    let message = "services \"https:sre-agent:https\" is forbidden: User \"kubernetes-admin\" cannot get resource \
                   \"services/proxy\" in API group \"\" in the namespace \"sre-tools\"";
    server.fail(Match::path(HEALTH_BY_TLS), status(403, "Forbidden", message));
    let service = json!({"kind": "Service", "apiVersion": "v1",
        "metadata": {"name": "sre-agent", "labels": {"app.kubernetes.io/name": "sre-agent"}},
        "spec": {"ports": [{"name": "https", "port": 8080}]}});
    server.fail(Match::path(SERVICE), json_body(200, service.to_string()));
    let report = ask(&server, &["health", "--agent", "-o", "json"]).json();
    assert_eq!(
        not_seen(&report)["missing"],
        "services/proxy get for https:sre-agent:https in namespace sre-tools"
    );
}

/// A server that gives each connection this answer, and its address and the requests that it gets.
fn answering(answer: String) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it has an address");
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).unwrap_or_default();
            let _ = sender.send(String::from_utf8_lossy(&bytes[..read]).into_owned());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, requests)
}

fn whole(status: &str, header: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{header}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_token_file_is_sent_to_the_url_and_to_no_other_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("token");
    std::fs::write(&file, "a.b.c\n").expect("it can be written");
    let file = file.display().to_string();
    let (elsewhere, stolen) = answering(whole("200 OK", "", "{}"));
    let redirect = whole(
        "302 Found",
        &format!("location: http://{elsewhere}/health\r\n"),
        "",
    );
    let (address, asked) = answering(redirect);
    let url = format!("http://{address}");
    let ran = run(&[
        "health",
        "-o",
        "json",
        "--agent-url",
        &url,
        "--agent-token-file",
        &file,
    ]);
    assert_eq!(ran.code, Some(69), "{ran:?}");
    let report = ran.json();
    let entry = not_seen(&report);
    assert_eq!(
        (&entry["class"], &entry["error"]),
        (
            &json!("notAnAgent"),
            &json!(format!(
                "the URL redirects to http://{elsewhere}, which was not followed"
            ))
        )
    );
    let request = asked.recv().expect("it was asked");
    assert!(request.contains("authorization: Bearer a.b.c\r\n"), "{request}");
    assert!(stolen.try_recv().is_err(), "another server was asked");
    assert!(!format!("{ran:?}").contains("a.b.c"), "{ran:?}");
    // A user in the URL has its place in Authorization.
    let url = format!("http://me:pw@{address}");
    run(&["health", "--agent-url", &url, "--agent-token-file", &file]);
    let request = asked.recv().expect("it was asked");
    assert!(request.contains("x-sre-token: a.b.c\r\n"), "{request}");
    assert!(request.contains("authorization: Basic bWU6cHc=\r\n"), "{request}");
}

#[test]
fn a_token_is_not_sent_where_others_could_read_it() {
    let ran = run(&[
        "health",
        "--agent-url",
        "http://sre.example:8080",
        "--agent-token-file",
        "/nowhere",
    ]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""));
    assert!(
        ran.err
            .contains("--agent-token-file is not sent over plain HTTP to another host"),
        "{ran:?}"
    );
    let ran = run(&["health", "--agent-token-file", "/nowhere"]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    let ran = run(&[
        "health",
        "--agent-url",
        "http://127.0.0.1:1",
        "--agent-token-file",
        "/nowhere",
    ]);
    assert!(
        ran.out
            .contains("the token file /nowhere: No such file or directory"),
        "{ran:?}"
    );
}

#[test]
fn an_agent_at_a_url_that_wants_a_token_says_how_to_get_one() {
    let body = json!({"error": "unauthenticated", "message": "x"}).to_string();
    let (address, _asked) = answering(whole("401 Unauthorized", "", &body));
    let report = run(&[
        "health",
        "-o",
        "json",
        "--agent-url",
        &format!("http://{address}"),
    ])
    .json();
    let entry = not_seen(&report);
    assert_eq!(
        (&entry["class"], &entry["error"], &entry["hint"]),
        (
            &json!("forbidden"),
            &json!("the agent wants a token for the audience sre-agent, and got none that it accepts"),
            &json!(
                "kubectl -n sre-tools create token sre-agent-reader --audience sre-agent > FILE, then \
                 --agent-token-file FILE"
            )
        )
    );
}
