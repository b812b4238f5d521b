//! `--manifest` with an agent: it judges the kinds that it watches, and the plugin looks for the others by itself if it has a
//! cluster.

use super::agent::{Agent, HEALTH, TOKEN, json_body};
use super::follow::{Lines, clock, stderr};
use super::plugin::{PluginProcess, PluginRun, pipe, spawn};
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Match};
use std::io::Write as _;

fn named(api_version: &str, kind: &str, metadata: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
}

fn web() -> Value {
    named(
        "apps/v1",
        "Deployment",
        &json!({"name": "web", "namespace": "shop"}),
    )
}

fn config_map() -> Value {
    named(
        "v1",
        "ConfigMap",
        &json!({"name": "settings", "namespace": "shop"}),
    )
}

fn certificate() -> Value {
    named(
        "cert-manager.io/v1",
        "Certificate",
        &json!({"name": "web", "namespace": "shop"}),
    )
}

fn secret() -> Value {
    named("v1", "Secret", &json!({"name": "web", "namespace": "shop"}))
}

/// Manifests as a stream.
fn stream(manifests: &[Value]) -> String {
    let documents: Vec<String> = manifests.iter().map(Value::to_string).collect();
    documents.join("\n")
}

fn server() -> ApiServerBuilder {
    ApiServer::builder()
        .token(TOKEN)
        .context("prod-eu")
        .namespaces(["shop", "bank"])
        .objects([config_map()])
}

/// The plugin asks the agent by its URL; `more` says whether it has a cluster too.
fn ask(agent: &Agent, more: &[&str], manifests: &[Value]) -> PluginRun {
    let url = agent.url();
    let common = ["health", "--manifest", "-", "--color=never", "--agent-url", &url];
    pipe(&[&common, more].concat(), stream(manifests))
}

/// Each object with its state, and each entry for what was not seen with its class.
fn shown(report: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let items = list(&report["checks"])
        .into_iter()
        .flat_map(|check| list(&check["items"]));
    let items = items.map(|item| {
        let word = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        format!(
            "{}/{} {} {}",
            word("namespace"),
            word("name"),
            word("state"),
            word("reason")
        )
    });
    let entries = list(&report["coverage"]["notSeen"]);
    let entries = entries.iter().map(|entry| {
        let word = |field: &str| entry[field].as_str().unwrap_or_default();
        format!("{}: {}", word("what"), word("class"))
    });
    items.chain(entries).collect()
}

/// Serves the Certificate `shop/web`.
fn serve_certificate(server: &ApiServer, ready: &str) {
    let version = json!({"groupVersion": "cert-manager.io/v1", "version": "v1"});
    let group = json!({"kind": "APIGroup", "name": "cert-manager.io", "preferredVersion": version, "versions": [version]});
    let kinds = json!({"kind": "APIResourceList", "resources": [
        {"name": "certificates", "singularName": "certificate", "kind": "Certificate", "namespaced": true},
    ]});
    for (path, body) in [
        ("/apis/cert-manager.io", group),
        ("/apis/cert-manager.io/v1", kinds),
    ] {
        server.fail(Match::path(path), json_body(200, body.to_string()));
    }
    server.apply(json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"namespace": "shop", "name": "web", "uid": "c1", "generation": 1, "creationTimestamp": clock().at(-600)},
        "status": {"conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": clock().at(-300)}]},
    }));
}

#[test]
fn the_agent_judges_its_kinds_and_the_plugin_looks_for_the_others_in_the_cluster() {
    let server = server()
        .deployments([Deployment::new("shop", "web").replicas(3)])
        .start_blocking();
    serve_certificate(&server, "True");
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let kubeconfig = server.kubeconfig().display().to_string();
    let with_cluster = ["--kubeconfig", &kubeconfig];
    let all = [web(), config_map(), certificate(), secret()];
    let before = server.requests().len();
    let ran = ask(&agent, &with_cluster, &all);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    for line in [
        "1 object without a verdict is there: configmaps 1",
        "1 Secret not checked",
    ] {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
    let asked: Vec<String> = server.requests()[before..]
        .iter()
        .map(|r| r.path.clone())
        .collect();
    assert!(!asked.iter().any(|path| path.contains("secrets")), "{asked:#?}");
    assert!(
        !asked
            .iter()
            .any(|path| path.contains("namespaces/shop/deployments")),
        "{asked:#?}"
    );
    assert!(
        asked.iter().any(|path| path.ends_with("/configmaps/settings")),
        "{asked:#?}"
    );
    serve_certificate(&server, "False");
    let ran = ask(&agent, &[&with_cluster[..], &["-o", "json"]].concat(), &all);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(
        shown(&ran.json()),
        ["shop/web healthy Ready", "shop/web degraded ConditionNotMet"]
    );
    // Without a cluster nobody has seen them.
    let ran = ask(&agent, &["-o", "json"], &all);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let report = ran.json();
    assert_eq!(report["source"]["mode"], "agent");
    assert_eq!(
        shown(&report),
        [
            "shop/web healthy Ready",
            "certificate.cert-manager.io: notWatched",
            "configmaps in namespace shop: notWatched"
        ]
    );
    assert_eq!(
        report["coverage"]["manifest"],
        json!({"present": {}, "notChecked": {"Secret": 1}})
    );
    let ran = ask(&agent, &[], &[web()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_verdict_of_the_agent_is_about_the_object_and_the_spec_of_the_manifest() {
    let server = server()
        .deployments([Deployment::new("shop", "web").uid("u2").generation(4).observed(4)])
        .start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    for (uid, generation, code, shown_as) in [
        ("u2", 4, 0, "shop/web healthy Ready"),
        ("u2", 5, 1, "shop/web progressing NotObserved"),
        ("u1", 4, 2, "shop/web unavailable Replaced"),
    ] {
        let metadata = json!({"name": "web", "namespace": "shop", "uid": uid, "generation": generation});
        let applied = [named("apps/v1", "Deployment", &metadata)];
        let ran = ask(&agent, &["-o", "json"], &applied);
        assert_eq!(
            (ran.code, shown(&ran.json())),
            (Some(code), vec![shown_as.to_owned()]),
            "{ran:?}"
        );
        let ran = ask(&agent, &["--wait", "--timeout=4s", "-o", "json"], &applied);
        assert_eq!(
            (ran.code, shown(&ran.json())),
            (Some(code), vec![shown_as.to_owned()]),
            "{ran:?}"
        );
    }
}

#[test]
fn an_older_agent_that_does_not_say_which_spec_it_judges_is_not_believed() {
    let server = server()
        .deployments([Deployment::new("shop", "web").uid("u2").generation(4).observed(4)])
        .start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let mut report: Value =
        serde_json::from_slice(&agent.answer("?kinds=deployments&namespace=shop")).expect("a report");
    let item = report["checks"][0]["items"][0].as_object_mut().expect("an item");
    item.remove("uid");
    item.remove("generation");
    server.fail(Match::path(HEALTH), json_body(200, report.to_string()));
    let kubeconfig = server.kubeconfig().display().to_string();
    let ask = |metadata: &Value| {
        let args = [
            "health",
            "--manifest",
            "-",
            "--agent",
            "-o",
            "json",
            "--kubeconfig",
            &kubeconfig,
        ];
        pipe(&args, named("apps/v1", "Deployment", metadata).to_string())
    };
    let ran = ask(&json!({"name": "web", "namespace": "shop"}));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = ask(&json!({"name": "web", "namespace": "shop", "generation": 4}));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(shown(&ran.json()), ["shop/web unknown NotObserved"]);
}

#[test]
fn through_the_service_proxy_the_rights_of_the_user_decide_about_the_objects_that_the_agent_does_not_keep() {
    let server = server()
        .deployments([Deployment::new("shop", "web")])
        .start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let answer = agent.answer("?kinds=deployments&namespace=shop");
    server.fail(Match::path(HEALTH), json_body(200, answer));
    let kubeconfig = server.kubeconfig().display().to_string();
    let args = [
        "health",
        "--manifest",
        "-",
        "--agent",
        "-o",
        "json",
        "--kubeconfig",
        &kubeconfig,
    ];
    let ran = pipe(&args, stream(&[web(), config_map()]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.json();
    assert_eq!(
        report["coverage"]["manifest"]["present"],
        json!({"configmaps": 1})
    );
    assert_eq!(
        (&report["source"]["mode"], &report["source"]["agent"]),
        (&json!("agent"), &json!("sre-tools/sre-agent"))
    );
    server.set_access("kubernetes-admin", Access::admin().without("get", "configmaps"));
    let ran = pipe(&args, stream(&[web(), config_map()]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let entry = &ran.json()["coverage"]["notSeen"][0];
    assert_eq!(
        (&entry["class"], &entry["missing"]),
        (&json!("forbidden"), &json!("configmaps get")),
        "{entry:#}"
    );
}

#[test]
fn a_kind_that_the_agent_does_not_watch_is_unknown_and_an_object_that_is_missing_is_named() {
    let server = server().start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &["--kinds", "deployments"]);
    let service = named("v1", "Service", &json!({"name": "web", "namespace": "shop"}));
    let ran = ask(&agent, &["-o", "json"], &[web(), service]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(
        shown(&ran.json()),
        ["services: notWatched", "deployment web: notFound"]
    );
}

#[test]
fn a_manifest_without_a_namespace_needs_one_where_no_context_has_it() {
    let server = server()
        .deployments([Deployment::new("shop", "web")])
        .start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &["--kinds", "deployments,namespaces"]);
    let bare = [named("apps/v1", "Deployment", &json!({"name": "web"}))];
    let ran = ask(&agent, &[], &bare);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            Some(64),
            "",
            "error: Deployment web (standard input, line 1) names no namespace, and an agent's URL has no context with one: \
             give -n\n"
        )
    );
    assert_eq!(ask(&agent, &["-n", "shop"], &bare).code, Some(0));
    // A Namespace is in none.
    let namespace = [named("v1", "Namespace", &json!({"name": "shop"}))];
    let ran = ask(&agent, &[], &namespace);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

fn wait_for(
    agent: &Agent,
    more: &[&str],
    manifests: &[Value],
) -> (PluginProcess, Lines<std::process::ChildStderr>) {
    let url = agent.url();
    let common = ["health", "--manifest", "-", "--wait", "--agent-url", &url];
    let mut running = spawn(&[&common, more].concat());
    let mut stdin = running.child.stdin.take().expect("a pipe");
    stdin
        .write_all(stream(manifests).as_bytes())
        .expect("the plugin reads it");
    drop(stdin);
    let lines = stderr(&mut running);
    (running, lines)
}

#[test]
fn objects_in_two_namespaces_are_waited_for_through_the_agent_until_all_are_there() {
    let server = server().start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let ledger = named(
        "apps/v1",
        "Deployment",
        &json!({"name": "ledger", "namespace": "bank"}),
    );
    let job = named(
        "batch/v1",
        "Job",
        &json!({"name": "migrate", "namespace": "shop"}),
    );
    let kubeconfig = server.kubeconfig().display().to_string();
    let (mut running, mut lines) = wait_for(
        &agent,
        &["--kubeconfig", &kubeconfig],
        &[web(), ledger, job, config_map()],
    );
    lines.with("waiting for 4 objects");
    server.apply(Deployment::new("shop", "web"));
    server.apply(Deployment::new("bank", "ledger"));
    server.apply(json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "migrate", "namespace": "shop", "uid": "j1", "generation": 1, "creationTimestamp": clock().at(-5)},
        "spec": {"completions": 1, "parallelism": 1},
        "status": {"succeeded": 1, "startTime": clock().at(-5), "completionTime": clock().at(-1), "conditions": [
            {"type": "Complete", "status": "True", "lastTransitionTime": clock().at(-1)},
        ]},
    }));
    lines.with("all 4 objects are as they should be, after ");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn an_agent_that_is_away_is_waited_for_and_is_69_at_the_deadline() {
    let server = server()
        .deployments([Deployment::new("shop", "web")])
        .start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let address = agent.url().trim_start_matches("http://").to_owned();
    let kubeconfig = server.kubeconfig().display().to_string();
    let generation = json!({"name": "web", "namespace": "shop", "generation": 2});
    let manifests = [named("apps/v1", "Deployment", &generation), config_map()];
    let (mut running, mut lines) = wait_for(&agent, &["--kubeconfig", &kubeconfig], &manifests);
    lines.with("Deployment/shop/web: progressing");
    drop(agent);
    lines.with("nothing can be read: ");
    server.apply(Deployment::new("shop", "web").generation(2).observed(2));
    let agent = Agent::start_with(server.kubeconfig(), &["--address", &address]);
    lines.with("the objects can be read again after ");
    lines.with("all 2 objects are as they should be, after ");
    assert_eq!(running.wait().code(), Some(0));
    let url = agent.url();
    drop(agent);
    let args = ["health", "--manifest", "-", "--agent-url", &url];
    for (more, code) in [(&[][..], 69), (&["--wait", "--timeout=2s"], 69)] {
        let ran = pipe(&[&args[..], more].concat(), stream(&[web(), config_map()]));
        assert_eq!(ran.code, Some(code), "{ran:?}");
    }
}
