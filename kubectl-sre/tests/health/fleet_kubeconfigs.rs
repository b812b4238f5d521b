//! `fleet` over kubeconfigs as people have them: many files, names that stand in several of them, clusters of other networks.

use super::fleet::{TestContext, directory, healthy, kubeconfig, row, rows};
use super::plugin::{PluginRun, run_in};
use serde_json::json;
use sre_testkit::ApiServer;
use std::path::Path;

/// A file with one context of that name, of that server.
fn file(directory: &Path, name: &str, context: &str, server: &ApiServer) -> String {
    let directory = directory.join(name);
    std::fs::create_dir(&directory).expect("the directory can be written to");
    kubeconfig(&directory, &[TestContext::new(context, server)])
}

/// Runs it with these files in KUBECONFIG.
fn ask(files: &[&str], args: &[&str]) -> PluginRun {
    let files = std::env::join_paths(files).expect("paths without a separator");
    let files = files.into_string().expect("paths of the tests are text");
    run_in(&[("KUBECONFIG", &files)], args, "")
}

// kubestellar/console#3651, sunny0826/kubecm#1047, skyhook-io/radar#519, kubernetes/kubernetes#87763: installers give each cluster the
// same names, the first file wins, and the other clusters vanish without a word.
#[test]
fn a_cluster_whose_names_stand_in_an_earlier_file_is_not_left_out_in_silence() {
    let (one, two) = (healthy(), healthy());
    let directory = directory();
    let first = file(directory.path(), "first", "kubernetes-admin@kubernetes", &one);
    let second = file(directory.path(), "second", "kubernetes-admin@kubernetes", &two);
    let ran = ask(&[&first, &second], &["fleet", "-o", "json"]);
    assert_eq!(rows(&ran), [row("kubernetes-admin@kubernetes", "ok", "")]);
    let warning = format!(
        "the context kubernetes-admin@kubernetes of {second} is another cluster in an earlier file, so that this one is not asked: \
         kubectl sre health --context kubernetes-admin@kubernetes --kubeconfig {second}"
    );
    assert_eq!(
        (ran.code, &ran.json()["source"]["warnings"]),
        (Some(3), &json!([warning])),
        "{ran:?}"
    );
    let human = ask(&[&first, &second], &["fleet"]);
    assert!(
        human
            .headline()
            .starts_with("NEEDS A LOOK  the only cluster is ok, and 1 context was not asked, in "),
        "{human:?}"
    );
    assert!(two.requests().is_empty());
    // The command that the warning gives.
    let ran = ask(
        &[&first],
        &[
            "health",
            "--context",
            "kubernetes-admin@kubernetes",
            "--kubeconfig",
            &second,
        ],
    );
    assert_eq!((ran.code, two.requests().is_empty()), (Some(0), false), "{ran:?}");
}

// kubernetes/kubernetes#53723: shells add the same path again and again.
#[test]
fn a_file_that_is_named_twice_and_a_cluster_of_two_files_are_no_clash() {
    let server = healthy();
    let directory = directory();
    let first = file(directory.path(), "first", "a", &server);
    let second = file(directory.path(), "second", "a", &server);
    let ran = ask(&[&first, &second, &first], &["fleet", "-o", "json"]);
    assert_eq!(rows(&ran), [row("a", "ok", "")]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
}

// skyhook-io/radar#411 and #514, janosmiko/lfk#23: the credential of another file is sent, and the server says 401.
#[test]
fn a_user_of_an_earlier_file_that_is_taken_is_named() {
    let server = healthy();
    let directory = directory();
    let (first, second) = (directory.path().join("first"), directory.path().join("second"));
    let authority = server.kubeconfig().with_file_name("ca.crt").display().to_string();
    std::fs::write(
        &first,
        "apiVersion: v1\nkind: Config\nusers: [{name: me, user: {token: of-another}}]\n",
    )
    .expect("the directory can be written to");
    let own = json!({
        "apiVersion": "v1", "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": server.url(), "certificate-authority": authority}}],
        "users": [{"name": "me", "user": {"token": "s3cr3t-of-the-tests"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
    });
    std::fs::write(&second, own.to_string()).expect("the directory can be written to");
    let (first, second) = (first.display().to_string(), second.display().to_string());
    let ran = ask(&[&first, &second], &["fleet"]);
    let expected = format!(
        "warning: the context lab of {second} has another user in an earlier file, and that one is taken: rename one of them\n"
    );
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(3), expected.as_str()),
        "{ran:?}"
    );
    assert_eq!(ask(&[&second, &first], &["fleet"]).code, Some(0));
}

// replicatedhq/outdated#8, sarub0b0/kubetui#897, SametKUM/klustr#59: clusters of another VPN, and plugins that open a browser.
#[cfg(unix)]
#[test]
fn a_context_that_was_not_chosen_is_not_asked_and_its_plugin_does_not_run() {
    let (chosen, other) = (healthy(), healthy());
    let directory = directory();
    let ran_plugin = directory.path().join("ran");
    let plugin = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": "touch",
        "args": [ran_plugin.display().to_string()],
    }});
    let contexts = [
        TestContext::new("prod", &chosen),
        TestContext {
            user: plugin.to_string(),
            ..TestContext::new("lab", &other)
        },
    ];
    let file = kubeconfig(directory.path(), &contexts);
    let path = ("PATH", "/usr/bin:/bin");
    let ran = run_in(
        &[path],
        &["fleet", "prod", "--kubeconfig", &file, "-o", "json"],
        "",
    );
    assert_eq!(
        (ran.code, rows(&ran)),
        (Some(0), vec![row("prod", "ok", "")]),
        "{ran:?}"
    );
    assert_eq!((other.requests().is_empty(), ran_plugin.exists()), (true, false));
    let ran = run_in(&[path], &["fleet", "--kubeconfig", &file], "");
    assert_eq!((ran.code, ran_plugin.exists()), (Some(3), true), "{ran:?}");
}
