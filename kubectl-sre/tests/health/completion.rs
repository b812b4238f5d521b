//! The candidates for a word, with names from kubeconfigs and from the scripted API server.

use super::plugin::{PluginRun, run, run_in};
use serde_json::json;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Fault, Match};

const TOKEN: &str = "s3cr3t-of-the-tests";
const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

fn server() -> ApiServerBuilder {
    ApiServer::builder()
        .token(TOKEN)
        .context("prod-eu")
        .namespaces(["shop", "bank", "shed"])
        .deployments([
            Deployment::new("shop", "checkout"),
            Deployment::new("bank", "checkout"),
            Deployment::new("shop", "search"),
            Deployment::new("bank", "ledger"),
        ])
}

/// The candidates for the last word of a line, and the directive. Nothing else may be said, and no secret.
fn complete(kubeconfig: &str, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let ran = run_in(
        &[("KUBECONFIG", kubeconfig)],
        &[&["__complete"], &words[..]].concat(),
        "",
    );
    lines(&ran)
}

fn lines(ran: &PluginRun) -> Vec<String> {
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(!ran.out.contains(TOKEN), "{ran:?}");
    ran.out.lines().map(str::to_owned).collect()
}

fn ask(server: &ApiServer, line: &str) -> Vec<String> {
    complete(&server.kubeconfig().display().to_string(), line)
}

#[test]
fn names_come_from_the_cluster_with_their_namespaces_and_as_metadata_alone() {
    let server = server().start_blocking();
    // Without -n the command reads every namespace, and so do the names.
    assert_eq!(
        ask(&server, "health deploy "),
        ["checkout\tbank, shop", "ledger\tbank", "search\tshop", ":4"]
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(
        requests[0].asks_for_metadata() && requests[0].query == "limit=500",
        "{requests:?}"
    );
    assert_eq!(ask(&server, "gate deployments.apps se"), ["search\tshop", ":4"]);
    assert_eq!(ask(&server, "health deploy/s"), ["deploy/search\tshop", ":4"]);
    assert_eq!(
        ask(&server, "health deploy search "),
        ["checkout\tbank, shop", "ledger\tbank", ":4"]
    );
    assert_eq!(ask(&server, "health deploy/search deploy/s"), [":4"]);
    assert_eq!(ask(&server, "health deploy,sts l"), ["ledger\tbank", ":4"]);
}

#[test]
fn a_namespace_that_was_typed_bounds_the_names() {
    let server = server().start_blocking();
    for line in [
        "health -n shop deploy ",
        "health deploy -n shop ",
        "health --namespace=shop deploy ",
        "gate -nshop deploy ",
    ] {
        assert_eq!(
            ask(&server, line),
            ["checkout\tshop", "search\tshop", ":4"],
            "{line}"
        );
    }
    assert_eq!(ask(&server, "health -n shop -A deploy l"), ["ledger\tbank", ":4"]);
    let paths: Vec<String> = server
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(paths[0], "/apis/apps/v1/namespaces/shop/deployments");
}

#[test]
fn namespaces_and_custom_resources_come_from_the_cluster_too() {
    let server = server()
        .objects([json!({
            "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"namespace": "shop", "name": "web-tls"},
        })])
        .start_blocking();
    let version = json!({"groupVersion": "cert-manager.io/v1", "version": "v1"});
    let kinds = json!([{"name": "certificates", "singularName": "certificate", "kind": "Certificate", "namespaced": true}]);
    for (path, body) in [
        (
            "/apis/cert-manager.io",
            json!({"kind": "APIGroup", "name": "cert-manager.io", "preferredVersion": version, "versions": [version]}),
        ),
        (
            "/apis/cert-manager.io/v1",
            json!({"kind": "APIResourceList", "groupVersion": "cert-manager.io/v1", "resources": kinds}),
        ),
    ] {
        let fault = Fault::WrongBody {
            status: 200,
            content_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
        };
        server.fail(Match::path(path), fault);
    }
    for line in ["health -n sh", "health --namespace sh", "gate -n=sh"] {
        assert_eq!(ask(&server, line), ["shed", "shop", ":4"], "{line}");
    }
    assert_eq!(ask(&server, "health -nsh"), ["-nshed", "-nshop", ":4"]);
    assert_eq!(ask(&server, "health namespace/b"), ["namespace/bank", ":4"]);
    assert_eq!(
        ask(&server, "health certificates.cert-manager.io/"),
        ["certificates.cert-manager.io/web-tls\tshop", ":4"]
    );
}

#[test]
fn many_clusters_are_completed_with_the_names_of_contexts_and_without_a_request() {
    let server = server().start_blocking();
    for line in ["fleet ", "fleet prod", "fleet lab-* prod-"] {
        assert_eq!(ask(&server, line), ["prod-eu", ":4"], "{line}");
    }
    assert_eq!(
        ask(&server, "health --contexts lab-*,pr"),
        ["lab-*,prod-eu", ":4"]
    );
    let formats = ask(&server, "fleet -o m");
    assert!(formats[0].starts_with("markdown"), "{formats:?}");
    assert!(server.requests().is_empty());
}

#[test]
fn flags_that_were_typed_choose_the_cluster_and_the_user() {
    let here = server()
        .user("other-token", "guest", Access::none())
        .start_blocking();
    let there = ApiServer::builder()
        .token("v")
        .context("there")
        .deployments([Deployment::new("far", "away")])
        .start_blocking();
    let kubeconfig = |server: &ApiServer| server.kubeconfig().display().to_string();
    let line = format!("health --kubeconfig {} deploy ", kubeconfig(&there));
    assert_eq!(ask(&here, &line), ["away\tfar", ":4"]);
    // Both in one file, as a list of files in KUBECONFIG is.
    let directory = tempfile::tempdir().expect("a temporary directory");
    let both = directory.path().join("both");
    let text = format!(
        "current-context: here\ncontexts: [{{name: here, context: {{cluster: here, user: u}}}}, {{name: there, context: \
         {{cluster: there, user: v}}}}]\nclusters: [{{name: here, cluster: {{server: '{}', insecure-skip-tls-verify: true}}}}, \
         {{name: there, cluster: {{server: '{}', insecure-skip-tls-verify: true}}}}]\nusers: [{{name: u, user: {{token: \
         {TOKEN}}}}}, {{name: v, user: {{token: v}}}}, {{name: guest, user: {{token: other-token}}}}]\n",
        here.url(),
        there.url(),
    );
    std::fs::write(&both, text).expect("it can be written to");
    let both = both.display().to_string();
    assert_eq!(complete(&both, "health deploy led"), ["ledger\tbank", ":4"]);
    assert_eq!(complete(&both, "health --context there -n f"), ["far", ":4"]);
    assert_eq!(
        complete(&both, "health --context=there deploy "),
        ["away\tfar", ":4"]
    );
    assert_eq!(
        complete(&both, "health --cluster there --user v deploy "),
        ["away\tfar", ":4"]
    );
    // A user who may read nothing gets nothing, and no word about it.
    assert_eq!(complete(&both, "health --user guest deploy "), [":4"]);
    // The cluster of an agent's URL is not known here.
    assert_eq!(
        complete(&both, "health --agent-url http://127.0.0.1:1 deploy "),
        [":4"]
    );
    assert_eq!(complete(&both, "health --context t"), ["there", ":4"]);
    assert_eq!(complete(&both, "version --cluster "), ["here", "there", ":4"]);
    assert_eq!(complete(&both, "gate --user="), ["guest", "u", "v", ":4"]);
}

#[test]
fn names_that_a_shell_would_change_are_left_out() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("config");
    let names = [
        "arn:aws:eks:eu-west-1:123:cluster/prod",
        "default/api.example.com:6443/kube:admin",
        "user@prod",
        "bücher",
        "two words",
        "$(touch run)",
        "`touch run`",
        "a;b",
        "it's",
        "tab\there",
        "line\nend",
        "escape\u{1b}[31m",
        "over\u{202e}ridden",
    ];
    let contexts: Vec<_> = names
        .iter()
        .map(|name| json!({"name": name, "context": {}}))
        .collect();
    std::fs::write(&path, json!({"contexts": contexts}).to_string()).expect("it can be written to");
    assert_eq!(
        complete(&path.display().to_string(), "health --context "),
        [
            "arn:aws:eks:eu-west-1:123:cluster/prod",
            "bücher",
            "default/api.example.com:6443/kube:admin",
            "user@prod",
            ":4"
        ]
    );
}

#[test]
fn a_cluster_that_does_not_answer_has_no_candidates_and_no_message() {
    let server = server().start_blocking();
    for fault in [
        Fault::Hang,
        Fault::HangTls,
        Fault::Close,
        Fault::Status(503),
        Fault::captive_portal(),
    ] {
        server.drop_connections();
        server.clear_faults();
        server.fail(Match::any(), fault.clone());
        assert_eq!(ask(&server, "health deploy "), [":4"], "{fault:?}");
    }
    server.stop();
    assert_eq!(ask(&server, "health deploy "), [":4"]);
    // The other words need no cluster.
    assert_eq!(
        ask(&server, "health dep"),
        ["deployments\tDeployment (deployment, deploy)", ":4"]
    );
}

#[test]
fn half_of_the_names_is_never_shown_as_if_it_were_all() {
    let server = server()
        .deployments((0..700).map(|n| Deployment::new("many", &format!("web-{n:03}"))))
        .start_blocking();
    assert_eq!(
        ask(&server, "health deploy web-69").len(),
        11,
        "the second page is read"
    );
    server.fail(Match::path(DEPLOYMENTS).page(2), Fault::Hang);
    assert_eq!(ask(&server, "health deploy web-0"), [":4"]);
}

#[test]
fn the_number_of_candidates_and_of_requests_is_bounded() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .deployments((0..6000).map(|n| Deployment::new("many", &format!("web-{n:04}"))))
        .start_blocking();
    let lines = ask(&server, "health deploy/web");
    // On a machine that is too busy there are none.
    assert!(lines.len() == 1001 || lines == [":4"], "{}", lines.len());
    assert!(server.requests().len() <= 10, "{}", server.requests().len());
}

#[test]
fn a_command_line_or_a_kubeconfig_that_is_wrong_has_no_candidates_and_no_message() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let broken = directory.path().join("config");
    std::fs::write(&broken, "contexts: [").expect("it can be written to");
    let broken = broken.display().to_string();
    for line in [
        "health --context ",
        "health deploy ",
        "health -n ",
        "health --context gone deploy ",
        "health --request-timeout nonsense deploy ",
        "health --nonsense deploy ",
        "health --kubeconfig /nowhere/at/all deploy ",
    ] {
        assert_eq!(complete(&broken, line), [":4"], "{line}");
    }
    // Not a word at all.
    assert_eq!(
        lines(&run(&["__complete"])).last().map(String::as_str),
        Some(":4")
    );
}

/// A credential plugin may ask for a password on the terminal, and reports on stderr. Both would end up in the line that a
/// person is typing.
#[cfg(target_os = "linux")]
#[test]
fn a_credential_plugin_finds_no_terminal_while_a_line_is_typed() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = server().start_blocking();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (program, seen, config) = (
        directory.path().join("login"),
        directory.path().join("seen"),
        directory.path().join("config"),
    );
    let script = format!(
        "#!/bin/sh\n(: </dev/tty) 2>/dev/null && echo tty >>'{seen}'\n[ -t 0 ] && echo stdin >>'{seen}'\n\
         echo 'Password:' >&2\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" >>'{seen}'\n\
         printf '%s' '{{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {{\"token\": \
         \"{TOKEN}\"}}}}'\n",
        seen = seen.display()
    );
    std::fs::write(&program, script).expect("it can be written to");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let text = format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nclusters: [{{name: c, cluster: {{server: \
         '{}', insecure-skip-tls-verify: true}}}}]\nusers: [{{name: u, user: {{exec: {{apiVersion: \
         client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: {}}}}}}}]\n",
        server.url(),
        program.display()
    );
    std::fs::write(&config, text).expect("it can be written to");
    let config = config.display().to_string();
    // kubectl and the scripts of shells run it so: as a child in the session of a terminal.
    let plugin = env!("CARGO_BIN_EXE_kubectl-sre");
    let command = format!("{plugin} __complete health --kubeconfig {config} deploy led; true");
    let output = std::process::Command::new("script")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .args([
            "--quiet",
            "--flush",
            "--return",
            "--command",
            &command,
            "/dev/null",
        ])
        .output()
        .expect("util-linux is installed");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ledger\tbank\r\n:4\r\n");
    let seen = std::fs::read_to_string(seen).expect("it ran");
    assert!(
        seen.starts_with('{') && seen.contains("\"interactive\":false"),
        "{seen}"
    );
}
