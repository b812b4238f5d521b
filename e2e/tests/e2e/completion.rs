//! The real kubectl completes the plugin by the file that `completion install` writes.

use sre_e2e::{Cluster, Deployment, Kubectl, Namespace, Plugin, temporary};
use std::path::Path;

/// Runs a line of bash that finds kubectl, the plugin and the files of this directory on PATH, and returns what it printed.
fn run(plugin: &Plugin, files: &Path, line: &str) -> String {
    let kubectl = Kubectl::program()
        .parent()
        .expect("it is in a directory")
        .display();
    let path = format!(
        "export PATH='{}':\"${{PLUGIN%/*}}\":'{kubectl}':$PATH",
        files.display()
    );
    plugin
        .run_in_shell(&format!("{path}; {line}"))
        .expect_code(0)
        .stdout
}

#[test]
fn kubectl_asks_the_installed_file_for_candidates() {
    let ns = Namespace::new("completion");
    ns.create([Deployment::new("checkout", 0), Deployment::new("search", 0)]);
    let plugin = Cluster::shared().plugin();
    let files = temporary("completion");
    let directory = files.display();
    let complete = |line: &str| run(&plugin, &files, &format!("kubectl __complete sre {line}"));
    assert_eq!(
        run(
            &plugin,
            &files,
            &format!("kubectl sre completion install --dir '{directory}' 2>&1")
        ),
        format!("written: {directory}/kubectl_complete-sre\n")
    );

    let name = ns.name();
    let objects = format!("checkout\t{name}\nsearch\t{name}\n:4\n");
    assert_eq!(complete(&format!("health deploy -n {name} ''")), objects);
    assert_eq!(
        complete(&format!("gate --namespace {name} deployments ''")),
        objects
    );
    assert_eq!(
        complete(&format!("health --namespace={name} deploy/se")),
        format!("deploy/search\t{name}\n:4\n")
    );
    assert_eq!(complete(&format!("health -n {name}")), format!("{name}\n:4\n"));
    // A word with a dash, and a value behind a sign.
    assert_eq!(
        complete("health --all-n"),
        "--all-namespaces\tAll namespaces, which is the default\n:4\n"
    );
    assert!(complete("health --output=ju").starts_with("junit\t"));
    // The words behind the dashes are those of another program, so that files are completed.
    assert_eq!(complete("gate -- kubectl apply -f ''"), ":0\n");
    // Without the file kubectl knows nothing about the plugin's words.
    run(
        &plugin,
        &files,
        &format!("kubectl sre completion install --remove --dir '{directory}'"),
    );
    assert_eq!(complete("health --all-n"), ":0\n");
}
