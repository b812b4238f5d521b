//! `health` and `version` against the scripted API server.

use super::plugin::{PluginRun, run, run_in};
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Fault, Match};

const TOKEN: &str = "s3cr3t-of-the-tests";

fn server() -> ApiServerBuilder {
    ApiServer::builder().token(TOKEN).context("prod-eu").deployments([
        Deployment::new("shop", "checkout").replicas(3),
        Deployment::new("shop", "search"),
        Deployment::new("bank", "ledger"),
    ])
}

fn short() -> Deployment {
    Deployment::new("shop", "checkout").replicas(3).counts(3, 3, 1, 1)
}

fn ask(server: &ApiServer, args: &[&str]) -> PluginRun {
    let kubeconfig = server.kubeconfig().display().to_string();
    let ran = run(&[args, &["--kubeconfig", &kubeconfig]].concat());
    assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    ran
}

#[test]
fn a_healthy_cluster_is_ok_and_stderr_stays_empty() {
    let server = server().start_blocking();
    let ran = ask(&server, &["health"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(
        ran.headline(),
        "OK  prod-eu  v1.37.2  all 3 Deployments are healthy"
    );
    // One request each: the five lists, the API server's two, and the Leases of two controllers.
    assert_eq!(server.requests().len(), 9, "{:?}", server.requests());
}

#[test]
fn the_report_of_a_cluster_has_exactly_the_names_of_the_contract() {
    let server = server().start_blocking();
    let ran = ask(
        &server,
        &["health", "apiserver", "deploy", "-o", "json", "-n", "bank"],
    );
    let mut report = ran.json();
    let latency = report["checks"][0]["latencyMs"].take();
    assert!(latency.as_f64().is_some_and(|ms| ms > 0.0), "{latency}");
    let observed = report["observedAt"].take();
    assert!(
        observed
            .as_str()
            .is_some_and(|time| time.len() == 20 && time.ends_with('Z')),
        "{observed}"
    );
    assert_eq!(report["source"]["server"].take(), server.url());
    let passed = report["checks"][0]["readyz"]["passed"].clone();
    let uid = report["checks"][1]["items"][0]["uid"].clone();
    assert_eq!(uid.as_str().map(str::len), Some(36), "{uid}");
    assert_eq!(
        report,
        json!({
            "apiVersion": "sre/v1", "kind": "HealthReport", "status": "ok",
            "observedAt": null, "ageSeconds": 0, "stale": false,
            "source": {"mode": "direct", "context": "prod-eu", "namespace": "bank", "server": null, "version": "v1.37.2"},
            "coverage": {"kinds": ["deployments"], "namespaces": ["bank"], "notSeen": []},
            "summary": {"total": 1, "unhealthy": 0, "healthy": 1, "acknowledged": 0, "progressing": 0, "degraded": 0,
                        "unavailable": 0, "unknown": 0, "terminating": 0},
            "checks": [
                {"check": "apiserver", "status": "ok", "version": "v1.37.2", "latencyMs": null,
                 "readyz": {"passed": passed, "total": passed}},
                {"check": "deployments", "status": "ok",
                 "summary": {"total": 1, "unhealthy": 0, "healthy": 1, "acknowledged": 0, "progressing": 0, "degraded": 0,
                             "unavailable": 0, "unknown": 0, "terminating": 0},
                 "items": [{"kind": "Deployment", "namespace": "bank", "name": "ledger", "state": "healthy",
                            "healthy": true, "desired": 1, "ready": 1, "available": 1, "updated": 1,
                            "reason": "Ready", "message": "1 of 1 ready", "detail": "", "uid": uid,
                            "generation": 1}]},
            ],
        })
    );
}

#[test]
fn a_shortage_is_degraded() {
    let server = server().deployments([short()]).start_blocking();
    let ran = ask(&server, &["health"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.headline(),
        "DEGRADED  prod-eu  v1.37.2  1 of 3 Deployments is not healthy"
    );
    assert!(ran.out.contains("✗ shop/checkout  1/3 ready"), "{}", ran.out);
    let named = ask(&server, &["health", "deploy/search"]);
    assert_eq!(
        (named.code, server.requests_for(&Match::path("/version")).len()),
        (Some(0), 1)
    );
}

#[test]
fn an_api_server_that_fails_its_own_checks_is_degraded() {
    let server = server().start_blocking();
    server.fail_check("/readyz", "etcd");
    let ran = ask(&server, &["health"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.headline(),
        "DEGRADED  prod-eu  v1.37.2  the API server is not well (unhealthy); all 3 Deployments are healthy"
    );
}

#[test]
fn an_unreachable_api_server_ends_with_69_and_a_whole_report() {
    let server = server().start_blocking();
    server.stop();
    let ran = ask(&server, &["health", "-o", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(69), ""));
    let report = ran.json();
    assert_eq!(report["status"], "unknown");
    let checks = report["checks"].as_array().expect("checks are a list");
    let reported: Vec<_> = checks
        .iter()
        .map(|check| (&check["check"], &check["status"]))
        .collect();
    let unknown = json!("unknown");
    let parts = [
        "apiserver",
        "deployments",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
    ]
    .map(|part| json!(part));
    assert_eq!(reported, parts.each_ref().map(|part| (part, &unknown)));
    assert_eq!(checks[0]["class"], "refused");
    assert_eq!(checks[0]["endpoint"], format!("{}/version", server.url()));
    assert_eq!(report["coverage"]["notSeen"][0]["class"], "refused");
    // --fail-on does not make an unreachable cluster a success.
    assert_eq!(ask(&server, &["health", "--fail-on", "degraded"]).code, Some(69));
    assert_eq!(ask(&server, &["health", "deploy"]).code, Some(69));
    assert_eq!(ask(&server, &["health", "apiserver"]).code, Some(69));
    let human = ask(&server, &["health"]);
    assert!(
        human
            .headline()
            .starts_with("UNKNOWN  prod-eu  the API server cannot be asked (refused)"),
        "{human:?}"
    );
}

#[test]
fn a_wrong_token_is_unknown_and_not_unreached() {
    let server = server().start_blocking();
    server.revoke(TOKEN);
    let ran = ask(&server, &["health", "-o", "json"]);
    assert_eq!(ran.code, Some(3));
    assert_eq!(ran.json()["checks"][0]["class"], "unauthenticated");
}

#[test]
fn a_forbidden_namespace_does_not_hide_what_is_broken_elsewhere() {
    let access = Access::namespaces(["shop", "default"]).and_namespace_list();
    let server = ApiServer::builder()
        .user(TOKEN, "jane", access)
        .namespaces(["bank"])
        .deployments([short()])
        .start_blocking();
    let ran = ask(&server, &["health"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.out.contains("apps/deployments list"), "{}", ran.out);
    assert_eq!(ask(&server, &["health", "--fail-on", "unknown"]).code, Some(3));
}

#[test]
fn an_unknown_namespace_or_name_ends_with_3_and_the_nearest() {
    let server = server().start_blocking();
    let ran = ask(&server, &["health", "-n", "shopp"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.out.contains("did you mean \"shop\"?"), "{}", ran.out);
    let ran = ask(&server, &["health", "deploy/chekout"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.out.contains("did you mean \"checkout\"?"), "{}", ran.out);
}

#[test]
fn verbose_prints_each_request_and_no_secret() {
    let server = server().start_blocking();
    let ran = ask(&server, &["health", "-v"]);
    assert_eq!(ran.code, Some(0));
    let mut lines: Vec<&str> = ran.err.lines().filter(|line| line.starts_with("GET ")).collect();
    lines.sort_unstable();
    let heads: Vec<String> = lines
        .iter()
        .map(|line| line.split("  ").take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        heads,
        [
            "GET /apis/apps/v1/daemonsets?limit=500 200",
            "GET /apis/apps/v1/deployments?limit=500 200",
            "GET /apis/apps/v1/statefulsets?limit=500 200",
            "GET /apis/batch/v1/cronjobs?limit=500 200",
            "GET /apis/batch/v1/jobs?limit=500 200",
            "GET /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager 200",
            "GET /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler 200",
            "GET /readyz?verbose 200",
            "GET /version 200"
        ]
    );
    assert!(
        lines
            .iter()
            .all(|line| line.contains(" bytes  ") && line.ends_with(" ms")),
        "{lines:?}"
    );
    server.stop();
    let ran = ask(&server, &["health", "-v"]);
    assert!(ran.err.contains("GET /version  refused: "), "{}", ran.err);
}

#[test]
fn a_deadline_of_the_run_ends_it() {
    let server = server().start_blocking();
    server.fail(Match::under("/apis/apps/v1/"), Fault::Hang);
    let ran = ask(&server, &["health", "--timeout", "1s", "-o", "json"]);
    assert_eq!(ran.code, Some(3));
    let report = ran.json();
    assert_eq!(report["checks"][0]["status"], "ok");
    assert_eq!(report["coverage"]["notSeen"][0]["class"], "timeout");
    server.fail(Match::any(), Fault::Hang);
    assert_eq!(ask(&server, &["health", "--timeout", "500ms"]).code, Some(69));
    let ran = ask(&server, &["health", "--request-timeout", "300ms", "-o", "json"]);
    assert_eq!(ran.code, Some(69));
    let error = ran.json()["checks"][0]["error"].clone();
    assert_eq!(error, "not finished within the request timeout of 0.3 s");
}

#[test]
fn version_prints_the_versions_of_the_plugin_and_the_server() {
    let server = server().start_blocking();
    let own = concat!("Plugin: ", env!("CARGO_PKG_VERSION"), " (report sre/v1)\n");
    let ran = ask(&server, &["version"]);
    assert_eq!(
        (ran.code, ran.out, ran.err.as_str()),
        (Some(0), format!("{own}Server: v1.37.2\n"), "")
    );
    let ran = run(&["version", "--client"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), own, ""));
    let json = ask(&server, &["version", "-o", "json"]).json();
    assert_eq!(
        json,
        json!({"plugin": env!("CARGO_PKG_VERSION"), "report": "sre/v1", "server": "v1.37.2"})
    );
    server.stop();
    let ran = ask(&server, &["version"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(69), own));
    assert!(ran.err.starts_with("error: refused: "), "{}", ran.err);
}

#[test]
fn a_kubeconfig_that_cannot_be_used_ends_with_64_and_one_line() {
    let server = server().start_blocking();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("it can be written to");
        path.display().to_string()
    };
    let good = server.kubeconfig().display().to_string();
    let missing = directory.path().join("none").display().to_string();
    let rows: [(&[&str], &str); 8] = [
        (
            &["--kubeconfig", &missing],
            "none does not exist; check the path given with --kubeconfig",
        ),
        (
            &["--kubeconfig", &good, "--context", "prod-us"],
            "did you mean \"prod-eu\"?",
        ),
        (
            &["--kubeconfig", &file("empty", "apiVersion: v1\nkind: Config\n")],
            "sets no current-context; give --context NAME, or run kubectl config use-context NAME",
        ),
        (&["--kubeconfig", &file("broken", "apiVersion: [\n")], "broken: "),
        (&[], "there is no kubeconfig (looked for "),
        (
            &["--server", "/path"],
            "the flags: the server's address is no URL: there is no host",
        ),
        (
            &["--kubeconfig", &good, "--token", "a\nb"],
            "the token holds a line end or another control character; write the token on one line",
        ),
        (
            &["--kubeconfig", &good, "--user", "nobody"],
            "user \"nobody\" does not exist in ",
        ),
    ];
    for (args, expected) in rows {
        let ran = run(&[&["health"], args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert!(
            ran.err.starts_with("error: ") && ran.err.contains(expected),
            "{}",
            ran.err
        );
    }
}

#[test]
fn the_files_of_the_variable_kubeconfig_are_merged_and_missing_ones_skipped() {
    let server = server().start_blocking();
    let good = server.kubeconfig().display().to_string();
    let list = format!("/nowhere/at/all::{good}");
    let ran = run_in(&[("KUBECONFIG", &list)], &["health", "-o", "json"], "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["source"]["context"], "prod-eu");
    let ran = run_in(&[("KUBECONFIG", "/nowhere/at/all")], &["health"], "");
    assert_eq!(ran.code, Some(64));
    assert_eq!(
        ran.err,
        "error: there is no kubeconfig (looked for /nowhere/at/all); set KUBECONFIG, or give --kubeconfig FILE\n"
    );
}

#[test]
fn a_hostile_context_and_version_are_escaped() {
    let server = ApiServer::builder()
        .context("p\u{1b}[31m\u{202e}x")
        .start_blocking();
    server.set_git_version("v1\\u001b[2J");
    let ran = ask(&server, &["health"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.headline()
            .starts_with("OK  p\\u{1b}[31m\\u{202e}x  v1\\u{1b}[2J  "),
        "{ran:?}"
    );
}

#[test]
fn an_empty_cluster_is_ok_and_says_so() {
    let server = ApiServer::builder().start_blocking();
    let ran = ask(&server, &["health"]);
    assert_eq!(
        (ran.code, ran.headline()),
        (
            Some(0),
            "OK  testkit  v1.37.2  no Deployments, StatefulSets, DaemonSets, bare Jobs or CronJobs found"
        )
    );
    let report: Value = ask(&server, &["health", "-o", "json"]).json();
    assert_eq!(report["checks"][1]["items"], json!([]));
    let ran = ask(&server, &["health", "deploy"]);
    assert_eq!(ran.headline(), "OK  testkit  no Deployments found");
}

#[test]
fn a_server_that_is_no_api_server_is_reported_once_and_counts_as_unreached() {
    let server = server().start_blocking();
    let page = Fault::WrongBody {
        status: 404,
        content_type: "text/html".into(),
        body: b"<html><head><title>404 Not Found</title></head></html>".to_vec(),
    };
    server.fail(Match::any(), page);
    let ran = ask(&server, &["health"]);
    assert_eq!(ran.code, Some(69), "{ran:?}");
    let said = "what answers is not an API server: HTTP 404 with a page \"404 Not Found\"";
    // One entry of the API server, and one of all kinds together.
    assert_eq!(ran.out.matches(said).count(), 2, "{}", ran.out);
    assert!(!ran.out.contains("your machine"), "{}", ran.out);
    let ran = ask(&server, &["health", "deploy", "sts"]);
    assert_eq!(
        (ran.code, ran.out.matches(said).count()),
        (Some(69), 1),
        "{}",
        ran.out
    );
}

#[test]
fn a_run_without_enough_time_blames_no_side() {
    let server = server().start_blocking();
    server.fail(Match::any(), Fault::Hang);
    let ran = ask(
        &server,
        &["health", "apiserver", "--timeout", "200ms", "-o", "json"],
    );
    assert_eq!(ran.code, Some(69), "{ran:?}");
    let check = &ran.json()["checks"][0];
    assert_eq!(check["class"], "timeout");
    assert_eq!(
        check["error"],
        "the 200ms of --timeout were over while waiting for the answer"
    );
    assert_eq!(check["side"], Value::Null);
    let ran = ask(&server, &["health", "--timeout", "0"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            Some(64),
            "error: --timeout: \"0\" leaves no time to ask anything: give such as 30s or 5m, or leave it out\n"
        )
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stderr_does_not_end_the_run() {
    let server = server().start_blocking();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full");
    for args in [
        &["health", "-v"][..],
        &["health", "--nonsense"],
        &["health", "-v", "--kubeconfig", "/none"],
    ] {
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_kubectl-sre"))
            .args(args)
            .env("KUBECONFIG", server.kubeconfig())
            .stdout(std::process::Stdio::null())
            .stderr(full().expect("Linux has it"))
            .status()
            .expect("the plugin was built for this test");
        let expected = if args == ["health", "-v"] { 0 } else { 64 };
        assert_eq!(status.code(), Some(expected), "{args:?}");
    }
}
