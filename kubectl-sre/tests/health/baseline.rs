//! `--save` and `--baseline`: direct, with an agent and from a dump; in every format.

use super::agent::{Agent, TOKEN};
use super::plugin::{PluginRun, pipe, run};
use serde_json::Value;
use sre_testkit::at;
use sre_testkit::object::{Deployment, List};
use sre_testkit::{ApiServer, ApiServerBuilder, Fault, Match};
use std::path::{Path, PathBuf};

fn builder() -> ApiServerBuilder {
    ApiServer::builder().token(TOKEN).context("prod-eu").deployments([
        short("old"),
        Deployment::new("shop", "web"),
        Deployment::new("bank", "ledger"),
    ])
}

/// One of three pods is ready.
fn short(name: &str) -> Deployment {
    Deployment::new("shop", name).replicas(3).counts(3, 3, 1, 1)
}

fn ask(server: &ApiServer, args: &[&str]) -> PluginRun {
    let kubeconfig = server.kubeconfig().display().to_string();
    run(&[&["health", "--kubeconfig", &kubeconfig], args].concat())
}

/// A directory, and a path in it.
fn file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("before.json");
    (directory, path)
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// Everything of a text but ages, which the clock of this machine makes.
fn without_age(text: &str) -> String {
    let (begin, rest) = text.split_once("than ").unwrap_or((text, ""));
    let rest = rest.split_once(" ago").map_or(rest, |(_, rest)| rest);
    format!("{begin}{rest}")
}

#[test]
fn what_was_broken_before_does_not_fail_a_run_and_what_is_new_or_worse_does() {
    let server = builder().start_blocking();
    let (_directory, path) = file();
    let saved = ask(&server, &["deploy", "--save", shown(&path)]);
    assert_eq!((saved.code, saved.err.as_str()), (Some(2), ""));

    let compared = ask(&server, &["deploy", "--baseline", shown(&path)]);
    assert_eq!(
        (compared.code, compared.err.as_str()),
        (Some(0), ""),
        "{}",
        compared.out
    );
    assert_eq!(
        without_age(compared.headline()),
        "OK  prod-eu  nothing is new or worse ; 1 not healthy as before"
    );
    assert!(!compared.out.contains("shop/old"), "{}", compared.out);
    assert!(
        compared
            .out
            .contains("2 healthy, 1 degraded, 1 of them as before"),
        "{}",
        compared.out
    );

    server.apply(short("new"));
    server.apply(Deployment::new("shop", "web").replicas(2).counts(2, 2, 0, 0));
    assert!(server.delete("bank", "ledger"));
    let compared = ask(&server, &["deploy", "--baseline", shown(&path)]);
    assert_eq!((compared.code, compared.err.as_str()), (Some(2), ""));
    assert_eq!(
        without_age(compared.headline()),
        "DEGRADED  prod-eu  1 object is not healthy and new, 1 is worse ; 1 not healthy as before, 1 gone"
    );
    let problems: Vec<&str> = compared
        .out
        .lines()
        .filter(|line| line.contains("ready"))
        .collect();
    assert_eq!(problems.len(), 2, "{}", compared.out);
    assert!(
        problems[0].contains("shop/web") && problems[0].contains("worse, was healthy: "),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("shop/new") && problems[1].contains("new: "),
        "{problems:?}"
    );
}

#[test]
fn every_format_marks_what_is_new_and_worse() {
    let server = builder().start_blocking();
    let (_directory, path) = file();
    ask(&server, &["deploy", "--save", shown(&path)]);
    server.apply(short("new"));
    server.apply(Deployment::new("shop", "web").replicas(2).counts(2, 2, 0, 0));
    let flags = ["deploy", "--baseline", shown(&path)];

    let report = ask(&server, &[&flags[..], &["-o", "json"]].concat()).json();
    let items = report["checks"][0]["items"].as_array().expect("items");
    let marks: Vec<(&str, &str, &Value)> = items
        .iter()
        .map(|item| {
            let text = |field: &str| item[field].as_str().unwrap_or_default();
            (text("name"), text("baseline"), &item["baselineState"])
        })
        .collect();
    let was = |state: &str| Value::from(state);
    assert_eq!(
        marks,
        [
            ("ledger", "same", &was("healthy")),
            ("new", "new", &Value::Null),
            ("old", "same", &was("degraded")),
            ("web", "worse", &was("healthy")),
        ]
    );
    let summary = &report["baseline"];
    let count = |field: &str| summary[field].as_u64();
    assert_eq!(
        (
            count("new"),
            count("worse"),
            count("same"),
            count("gone"),
            count("failing"),
            count("known")
        ),
        (Some(1), Some(1), Some(2), Some(0), Some(2), Some(1))
    );
    assert_eq!(report["status"], "degraded");

    let table = ask(&server, &[&flags[..], &["-o", "wide"]].concat());
    let rows: Vec<Vec<&str>> = table
        .out
        .lines()
        .map(|line| line.split_whitespace().take(8).collect())
        .collect();
    assert_eq!(
        rows.iter()
            .map(|row| (row[1], row[5], row[6]))
            .collect::<Vec<_>>(),
        [
            ("NAME", "STATE", "BASELINE"),
            ("web", "unavailable", "worse"),
            ("new", "degraded", "new")
        ]
    );
    let yaml = ask(&server, &[&flags[..], &["-o", "yaml"]].concat());
    assert!(yaml.out.contains("baseline: worse"), "{}", yaml.out);
    let quiet = ask(&server, &[&flags[..], &["-q"]].concat());
    assert_eq!(
        without_age(quiet.out.trim_end()),
        "DEGRADED  prod-eu  1 object is not healthy and new, 1 is worse ; 1 not healthy as before"
    );
}

#[test]
fn a_saved_report_is_the_json_output_and_either_is_a_baseline() {
    let server = builder().start_blocking();
    let (directory, path) = file();
    let ran = ask(&server, &["deploy", "-o", "json", "--save", shown(&path)]);
    let saved = std::fs::read_to_string(&path).expect("the file is there");
    assert_eq!(saved, ran.out);
    let names: Vec<_> = std::fs::read_dir(directory.path())
        .expect("a directory")
        .collect();
    assert_eq!(names.len(), 1, "nothing else is left behind: {names:?}");
    let yaml = directory.path().join("before.yaml");
    std::fs::write(&yaml, ask(&server, &["deploy", "-o", "yaml"]).out).expect("it is written");
    for path in [&path, &yaml] {
        assert_eq!(ask(&server, &["deploy", "--baseline", shown(path)]).code, Some(0));
    }
    // The file of the next run, from the same command.
    server.apply(short("new"));
    let both = ["deploy", "--baseline", shown(&path), "--save", shown(&path)];
    assert_eq!(ask(&server, &both).code, Some(2));
    assert_eq!(ask(&server, &both).code, Some(0));
    assert!(
        !std::fs::read_to_string(&path)
            .expect("text")
            .contains("\"baseline\"")
    );
}

#[test]
fn a_baseline_of_another_scope_is_refused_unless_it_is_forced() {
    let server = builder().start_blocking();
    let (_directory, path) = file();
    ask(&server, &["deploy", "-n", "shop", "--save", shown(&path)]);
    for (flags, words) in [
        (
            &["deploy"][..],
            "the baseline is about namespace shop, and this report about all namespaces",
        ),
        (
            &["deploy,sts", "-n", "shop"],
            "the baseline is about deployments, and this report about deployments, statefulsets",
        ),
        (
            &["deploy", "-n", "shop", "-l", "app=web"],
            "the baseline is about all objects, and this report about objects with app=web",
        ),
        (
            &["deploy/web", "-n", "shop"],
            "the baseline is about all objects, and this report about deployments/web",
        ),
    ] {
        let compared = ask(&server, &[flags, &["--baseline", shown(&path)]].concat());
        assert_eq!(
            (compared.code, compared.out.as_str(), compared.err.as_str()),
            (
                Some(64),
                "",
                format!("error: {words}; --force compares them nevertheless\n").as_str()
            ),
            "{flags:?}"
        );
    }
    let before = std::fs::read_to_string(&path).expect("text");
    let both = ["deploy", "--baseline", shown(&path), "--save", shown(&path)];
    assert_eq!(ask(&server, &both).code, Some(64));
    assert_eq!(
        std::fs::read_to_string(&path).expect("text"),
        before,
        "nothing is written"
    );
    let forced = ask(&server, &["deploy", "--baseline", shown(&path), "--force"]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert_eq!(
        forced.err,
        "warning: the baseline is about namespace shop, and this report about all namespaces\n"
    );
    let other = builder().start_blocking();
    let compared = ask(&other, &["deploy", "-n", "shop", "--baseline", shown(&path)]);
    assert_eq!(compared.code, Some(64));
    assert!(
        compared
            .err
            .starts_with("error: the baseline is of another cluster: "),
        "{}",
        compared.err
    );
}

#[test]
fn what_is_not_seen_now_is_3_whatever_the_baseline_says() {
    let server = builder().start_blocking();
    let (_directory, path) = file();
    ask(&server, &["deploy", "--save", shown(&path)]);
    server.fail(Match::path("/apis/apps/v1/deployments"), Fault::Status(500));
    let compared = ask(&server, &["deploy", "--baseline", shown(&path)]);
    assert_eq!(compared.code, Some(3), "{compared:?}");
    assert!(!compared.out.contains("gone"), "{}", compared.out);
}

#[test]
fn an_api_server_that_is_away_is_neither_saved_nor_compared() {
    let server = builder().start_blocking();
    let (directory, path) = file();
    ask(&server, &["deploy", "--save", shown(&path)]);
    let before = std::fs::read_to_string(&path).expect("text");
    server.stop();
    let saved = ask(&server, &["deploy", "--save", shown(&path)]);
    assert_eq!(saved.code, Some(69));
    assert_eq!(
        saved.err,
        "error: --save: nothing could be read, so that nothing is saved\n"
    );
    assert_eq!(std::fs::read_to_string(&path).expect("text"), before);
    assert_eq!(
        std::fs::read_dir(directory.path()).expect("a directory").count(),
        1
    );
    assert_eq!(
        ask(&server, &["deploy", "--baseline", shown(&path)]).code,
        Some(69)
    );
}

#[test]
fn an_agent_is_compared_like_the_cluster_itself() {
    let server = builder().start_blocking();
    let (_directory, path) = file();
    let agent = |args: &[&str]| {
        let agent = Agent::start_with(server.kubeconfig(), &[]);
        run(&[&["health", "deploy", "--agent-url", &agent.url()], args].concat())
    };
    assert_eq!(agent(&["--save", shown(&path)]).code, Some(2));
    assert_eq!(agent(&["--baseline", shown(&path)]).code, Some(0));
    server.apply(short("new"));
    let compared = agent(&["--baseline", shown(&path)]);
    assert_eq!(compared.code, Some(2));
    assert!(
        compared.headline().contains("1 object is not healthy and new"),
        "{}",
        compared.out
    );
    // The cluster itself says the same.
    assert_eq!(
        ask(&server, &["deploy", "--baseline", shown(&path)]).code,
        Some(2)
    );
}

#[test]
fn a_dump_is_compared_with_a_dump_and_not_with_a_cluster() {
    let dump = |objects: &[Deployment]| List::kubectl().items(objects.iter().cloned()).to_json();
    let now = at(0);
    let judge = |objects: &[Deployment], args: &[&str]| {
        pipe(
            &[&["health", "-f", "-", "--at", &now], args].concat(),
            dump(objects),
        )
    };
    let (_directory, path) = file();
    assert_eq!(judge(&[short("old")], &["--save", shown(&path)]).code, Some(2));
    let compared = judge(&[short("old"), short("new")], &["--baseline", shown(&path)]);
    assert_eq!(compared.code, Some(2));
    assert!(
        compared
            .out
            .contains("1 object is not healthy and new, nothing is worse than 0 s ago"),
        "{}",
        compared.out
    );
    let server = builder().start_blocking();
    let compared = ask(&server, &["deploy", "--baseline", shown(&path)]);
    assert_eq!(
        (compared.code, compared.err.as_str()),
        (
            Some(64),
            "error: the baseline is of a dump, and this report of a cluster; --force compares them nevertheless\n"
        )
    );
}

#[test]
fn a_wrong_file_is_refused_before_anything_is_asked() {
    let server = builder().start_blocking();
    let (directory, path) = file();
    std::fs::write(&path, "{\"kind\": \"List\", \"apiVersion\": \"v1\"}").expect("it is written");
    let missing = directory.path().join("none/before.json");
    let refused = |args: &[&str]| {
        let ran = ask(&server, &[&["deploy"], args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{args:?}");
        ran.err
    };
    let how = "kubectl sre health --save FILE writes one, and so does -o json";
    assert_eq!(
        refused(&["--baseline", shown(&path)]),
        format!(
            "error: --baseline {}: it is v1 List, not sre/v1 HealthReport; {how}\n",
            shown(&path)
        )
    );
    assert_eq!(
        refused(&["--baseline", shown(&missing)]),
        format!(
            "error: --baseline {}: No such file or directory (os error 2); {how}\n",
            shown(&missing)
        )
    );
    assert_eq!(
        refused(&["--baseline", shown(directory.path())]),
        format!(
            "error: --baseline {}: it is a directory; {how}\n",
            shown(directory.path())
        )
    );
    assert_eq!(
        refused(&["--save", shown(directory.path())]),
        format!(
            "error: --save {}: it is a directory: name a file\n",
            shown(directory.path())
        )
    );
    assert!(refused(&["--save", shown(&missing)]).contains("No such file or directory"));
    assert_eq!(
        refused(&["--save", ""]),
        "error: --save: the path is empty: name a file\n"
    );
    assert_eq!(
        refused(&["--force"]),
        "error: --baseline is missing: a flag that was given needs it\n"
    );
    assert_eq!(server.requests().len(), 0, "{:?}", server.requests());
}
