//! `--manifest` as a process: files, directories and standard input, and what is printed about the objects that they name.

use super::plugin::{PluginRun, pipe, run, spawn};
use serde_json::{Value, json};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, ApiServerBuilder};
use std::io::{Read as _, Write as _};

/// As `helm get manifest` prints a release: comments, and a Secret among the objects.
const RELEASE: &str = "\
---
# Source: web/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  name: web
  namespace: shop
data: {password: aHVudGVyMg==}
---
# Source: web/templates/serviceaccount.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
---
# Source: web/templates/configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
# Source: web/templates/empty.yaml
---
# Source: web/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
";

fn object(kind: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}})
}

/// A server with the objects of the release, but for its Deployment.
fn server() -> ApiServerBuilder {
    ApiServer::builder()
        .context("prod-eu")
        .objects([object("ServiceAccount", "web"), object("ConfigMap", "settings")])
}

fn ask(server: &ApiServer, args: &[&str], input: &str) -> PluginRun {
    let kubeconfig = server.kubeconfig().display().to_string();
    let common = ["health", "--kubeconfig", &kubeconfig, "--color=never"];
    pipe(&[&common, args].concat(), input)
}

/// The lines of the screen without the last, which says how long it took.
fn screen(ran: &PluginRun) -> Vec<&str> {
    let mut lines: Vec<&str> = ran.out.lines().collect();
    assert!(
        lines.pop().is_some_and(|last| last.starts_with("looked at ")),
        "{}",
        ran.out
    );
    lines
}

#[test]
fn the_objects_of_a_release_are_judged_from_standard_input() {
    let server = server()
        .deployments([
            Deployment::new("shop", "web").replicas(3),
            // Another release.
            Deployment::new("shop", "api").counts(1, 1, 0, 0),
        ])
        .start_blocking();
    let ran = ask(&server, &["--manifest", "-"], RELEASE);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(
        screen(&ran),
        [
            "OK  prod-eu  Deployment shop/web is healthy, 3/3 ready",
            "",
            "Deployments  ok        1 healthy",
            "2 objects without a verdict are there: configmaps 1 and serviceaccounts 1",
            "1 Secret not checked",
        ]
    );
    let asked: Vec<String> = server.requests().iter().map(|r| r.path.clone()).collect();
    assert!(asked.iter().all(|path| !path.contains("secrets")), "{asked:#?}");
    assert!(!format!("{ran:?}").contains("aHVudGVyMg"), "{ran:?}");
}

#[test]
fn a_missing_object_is_named_and_the_exit_code_is_3() {
    let server = server().start_blocking();
    let ran = ask(&server, &["--manifest", "-", "-o", "json"], RELEASE);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let report = ran.json();
    assert_eq!(
        report["coverage"]["manifest"],
        json!({"present": {"configmaps": 1, "serviceaccounts": 1}, "notChecked": {"Secret": 1}})
    );
    assert_eq!(
        report["coverage"]["objects"],
        json!([
            "serviceaccounts/shop/web",
            "configmaps/shop/settings",
            "deployments/shop/web"
        ])
    );
    assert_eq!(report["coverage"]["namespaces"], json!(["shop"]));
    assert_eq!(
        report["coverage"]["notSeen"][0]["what"], "deployment web",
        "{report:#}"
    );
    let ran = ask(&server, &["--manifest", "-", "-q"], RELEASE);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(3), "UNKNOWN  prod-eu  not seen: deployment web (notFound)\n")
    );
}

#[test]
fn manifests_of_objects_without_a_verdict_say_so_in_the_verdict() {
    let server = server().start_blocking();
    let manifest = object("ConfigMap", "settings").to_string();
    let ran = ask(&server, &["--manifest", "-"], &manifest);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "OK  prod-eu  1 object without a verdict is there",
            "",
            "1 object without a verdict is there: configmaps 1",
        ]
    );
    assert!(
        lines[3].starts_with("looked at objects without a verdict, in "),
        "{lines:?}"
    );
}

#[test]
fn a_directory_is_read_with_all_of_its_files() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("a file");
    std::fs::create_dir(directory.path().join("more")).expect("a directory");
    file(
        "a.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n",
    );
    file("more/b.json", &object("ConfigMap", "settings").to_string());
    file("empty.yml", "");
    file("notes.txt", "kind: Nothing");
    let server = server()
        .default_namespace("shop")
        .deployments([Deployment::new("shop", "web")])
        .start_blocking();
    let path = directory.path().display().to_string();
    let ran = ask(&server, &["--manifest", &path], "");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    // A part alone is not judged.
    file("values.yaml", "replicas: 3\n");
    let ran = ask(&server, &["--manifest", &path], "");
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err),
        (
            Some(64),
            "",
            format!("error: {path}/values.yaml, line 1: no kind: nothing says what it is\n")
        )
    );
}

#[test]
fn an_object_without_a_namespace_is_in_that_of_the_flag_or_of_the_context() {
    let server = ApiServer::builder()
        .default_namespace("team")
        .namespaces(["team", "shop"])
        .deployments([
            Deployment::new("team", "web").counts(1, 1, 0, 0),
            Deployment::new("shop", "web"),
        ])
        .start_blocking();
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n";
    let object = |more: &[&str]| {
        let ran = ask(
            &server,
            &[&["--manifest", "-", "-o", "json"], more].concat(),
            manifest,
        );
        let item = &ran.json()["checks"][0]["items"][0];
        (item["namespace"].clone(), ran.code)
    };
    assert_eq!(object(&[]), (json!("team"), Some(2)));
    assert_eq!(object(&["-n", "shop"]), (json!("shop"), Some(0)));
    let conflict = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n";
    let before = server.requests().len();
    let ran = ask(&server, &["--manifest", "-", "-n", "team"], conflict);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            Some(64),
            "",
            "error: Deployment shop/web (standard input, line 1) is in namespace shop, and -n names team: leave out -n, or \
             give -n shop\n"
        )
    );
    assert_eq!(server.requests().len(), before, "nothing was asked");
}

#[test]
fn input_that_names_no_object_is_an_error_and_never_ok() {
    let server = server().start_blocking();
    for (input, expected) in [
        ("", "standard input names no object to judge"),
        ("---\n---\n", "standard input names no object to judge"),
        (
            "Error: release: not found\n",
            "standard input, line 1: release: not found",
        ),
    ] {
        let ran = ask(&server, &["--manifest", "-", "--wait"], input);
        assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{input:?}: {ran:?}");
        assert_eq!(ran.err, format!("error: {expected}\n"), "{input:?}");
    }
    assert_eq!(server.requests().len(), 0);
    let ran = ask(&server, &["--manifest", "no/such.yaml"], "");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(64), "error: no/such.yaml does not exist\n")
    );
}

#[cfg(unix)]
#[test]
fn a_manifest_that_may_never_end_is_refused_at_once() {
    let ran = run(&["health", "--manifest", "/dev/zero"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""));
    assert!(
        ran.err.contains("/dev/zero is neither a file nor a directory"),
        "{}",
        ran.err
    );
}

#[test]
fn the_answer_of_an_apply_is_waited_for_and_another_object_of_the_name_is_not_it() {
    let server = server()
        .deployments([Deployment::new("shop", "web").uid("u2").generation(4).observed(4)])
        .start_blocking();
    let applied = |uid: &str, generation: i64| {
        let metadata = json!({"name": "web", "namespace": "shop", "uid": uid, "generation": generation});
        let web = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata});
        json!({"apiVersion": "v1", "kind": "List", "items": [web]}).to_string()
    };
    let wait = ["--manifest", "-", "--wait"];
    let ran = ask(&server, &wait, &applied("u2", 4));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.err.ends_with("Deployment shop/web is healthy, after 0 s\n"),
        "{}",
        ran.err
    );
    let ran = ask(&server, &wait, &applied("u1", 4));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err
            .ends_with("Deployment shop/web was replaced by another object of that name\n"),
        "{}",
        ran.err
    );
    assert!(
        ran.out
            .contains("replaced: the manifest is about uid u1, and this object has u2"),
        "{}",
        ran.out
    );
    let ran = ask(
        &server,
        &[&wait[..], &["--timeout=1s", "-o", "json"]].concat(),
        &applied("u2", 5),
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.json()["checks"][0]["items"][0]["reason"], "NotObserved");
}

#[cfg(unix)]
#[test]
fn a_wait_goes_on_until_all_objects_of_a_pipe_are_there() {
    let server = server().namespaces(["shop"]).start_blocking();
    let kubeconfig = server.kubeconfig().display().to_string();
    let mut running = spawn(&["health", "--manifest", "-", "--wait", "--kubeconfig", &kubeconfig]);
    let mut stdin = running.child.stdin.take().expect("a pipe");
    stdin.write_all(RELEASE.as_bytes()).expect("the plugin reads it");
    drop(stdin);
    let mut stderr = running.child.stderr.take().expect("a pipe");
    let mut seen = String::new();
    let mut buffer = [0; 1024];
    while !seen.contains("waiting for 3 objects") {
        let read = stderr.read(&mut buffer).expect("the plugin writes text");
        assert!(read > 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    server.apply(Deployment::new("shop", "web"));
    stderr.read_to_string(&mut seen).expect("the plugin writes text");
    assert_eq!(running.wait().code(), Some(0), "{seen}");
    assert!(
        seen.contains("all 3 objects are as they should be, after "),
        "{seen}"
    );
}

#[test]
fn a_dump_of_plain_manifests_says_what_they_are() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("deploy.yaml");
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n";
    std::fs::write(&path, manifest).expect("a file");
    let ran = run(&["health", "-f", &path.display().to_string()]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            Some(3),
            "hint: these are manifests, which no API server has seen; did you mean --manifest, which judges their objects \
             in the cluster?\n"
        )
    );
}

#[test]
fn a_server_that_cannot_be_reached_is_69_also_for_objects_without_a_verdict() {
    let server = server().start_blocking();
    server.stop();
    for manifest in [RELEASE.to_owned(), object("ConfigMap", "settings").to_string()] {
        let ran = ask(&server, &["--manifest", "-"], &manifest);
        assert_eq!(ran.code, Some(69), "{ran:?}");
    }
}
