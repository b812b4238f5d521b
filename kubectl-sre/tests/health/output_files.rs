//! `-o FORMAT=FILE`, and `--save` with a wait: one run, and a file for each reader.

use super::agent::TOKEN;
use super::formats::FORMATS;
use super::plugin::{pipe, run};
use serde_json::Value;
use sre_testkit::object::{Deployment, List};
use sre_testkit::{ApiServer, Match, at};
use std::path::{Path, PathBuf};

fn short(name: &str) -> Deployment {
    Deployment::new("shop", name).replicas(3).counts(3, 3, 1, 1)
}

fn server() -> ApiServer {
    ApiServer::builder()
        .token(TOKEN)
        .deployments([short("web"), Deployment::new("bank", "ledger")])
        .start_blocking()
}

fn kubeconfig(server: &ApiServer) -> String {
    server.kubeconfig().display().to_string()
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a directory, hidden ones too.
fn files(directory: &tempfile::TempDir) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory.path()).expect("it is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.collect()
}

#[test]
fn each_file_has_what_stdout_has_with_that_format() {
    let dump = List::kubectl().items([short("web")]).to_json();
    let directory = directory();
    let path = |format: &str| directory.path().join(format);
    let now = at(0);
    let mut args = vec!["health", "-f", "-", "--at", &now, "--color=always", "-o", "json"];
    let values: Vec<String> = FORMATS
        .iter()
        .map(|format| format!("{format}={}", path(format).display()))
        .collect();
    args.extend(values.iter().flat_map(|value| ["-o", value]));
    let ran = pipe(&args, &dump);
    assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""));
    for format in FORMATS {
        // Colours are for terminals.
        let alone = pipe(&["health", "-f", "-", "--at", &now, "-o", format], &dump);
        assert_eq!(read(&path(format)), alone.out, "{format}");
    }
    assert_eq!(ran.out, read(&path("json")));
    assert_eq!(files(&directory).len(), FORMATS.len(), "no part is left");
}

// GoogleContainerTools/container-structure-test#376, microsoft/folio#103, nette/tester#452: without it CI runs twice, once for
// people and once for the report.
#[test]
fn one_run_asks_once_for_all_of_its_outputs() {
    let server = server();
    let directory = directory();
    let (junit, json) = (directory.path().join("r.xml"), directory.path().join("r.json"));
    let ran = run(&[
        "health",
        "deploy",
        "--kubeconfig",
        &kubeconfig(&server),
        &format!("-ojunit={}", junit.display()),
        &format!("-ojson={}", json.display()),
    ]);
    assert!(ran.headline().starts_with("DEGRADED"), "{ran:?}");
    assert!(read(&junit).contains("<testsuites"), "{}", read(&junit));
    let report: Value = serde_json::from_str(&read(&json)).expect("a report");
    // The screen alone needs no healthy objects; a file for a program has every one.
    assert_eq!(report["checks"][0]["items"].as_array().map(Vec::len), Some(2));
    let lists = Match::path("/apis/apps/v1/deployments").lists();
    assert_eq!(server.requests_for(&lists).len(), 1);
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_is_asked() {
    let server = server();
    let directory = directory();
    let inside = directory.path().join("x");
    let (shown, within) = (directory.path().display(), inside.display());
    let kubeconfig = kubeconfig(&server);
    for (flags, line) in [
        (
            [format!("-ojunit={shown}"), "-ojson".to_owned()],
            format!("error: -o junit={shown}: it is a directory: name a file\n"),
        ),
        (
            [format!("-ojunit={within}"), format!("-ojson={within}")],
            format!("error: -o json={within}: -o junit={within} writes this file too: name another one\n"),
        ),
        (
            [format!("-oyaml={within}"), format!("--save={within}")],
            format!("error: -o yaml={within}: --save {within} writes this file too: name another one\n"),
        ),
    ] {
        for mode in [&["health"][..], &["health", "--wait"]] {
            let args = [mode, &["--kubeconfig", &kubeconfig, &flags[0], &flags[1]]].concat();
            let ran = run(&args);
            assert_eq!((ran.code, ran.err.as_str()), (Some(64), line.as_str()));
            assert_eq!(ran.out, "");
        }
    }
    assert_eq!(server.requests_for(&Match::any()).len(), 0);
    assert_eq!(files(&directory), Vec::<PathBuf>::new());
}

#[cfg(unix)]
mod following {
    use super::super::follow::{kubeconfig, rolling, server, stderr, stdout};
    use super::super::plugin::spawn;
    use super::{directory, files, read, run};
    use serde_json::Value;
    use sre_testkit::object::Deployment;

    /// The flags of a wait for the Deployment `web`.
    fn wait<'a>(kubeconfig: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let common = ["health", "deploy/web", "-n", "shop", "--kubeconfig", kubeconfig];
        [&common[..], &["--wait"], more].concat()
    }

    #[test]
    fn a_wait_saves_the_report_by_which_it_ended() {
        let server = server(rolling("web"));
        let kubeconfig = kubeconfig(&server);
        let directory = directory();
        let path = directory.path().join("r.json");
        let shown = path.display().to_string();
        let mut running = spawn(&wait(&kubeconfig, &["-o", "json", "--save", &shown]));
        let mut lines = stderr(&mut running);
        lines.with("Deployment/shop/web: progressing, 0/1 ready");
        assert!(!path.exists(), "nothing has ended yet");
        server.apply(Deployment::new("shop", "web"));
        let printed = stdout(&mut running).rest();
        assert_eq!(running.wait().code(), Some(0));
        assert_eq!(read(&path), printed);
        let report: Value = serde_json::from_str(&printed).expect("one report");
        assert_eq!(report["checks"][0]["items"][0]["state"], "healthy");
        assert_eq!(files(&directory), [path]);
        // It is a baseline of the same question.
        let baseline = ["health", "deploy/web", "-n", "shop", "--kubeconfig", &kubeconfig];
        let ran = run(&[&baseline[..], &["--baseline", &shown]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    }

    #[test]
    fn a_wait_that_ends_otherwise_saves_why_unless_nothing_was_seen() {
        let server = server(rolling("web"));
        let directory = directory();
        let path = directory.path().join("r.json");
        let shown = path.display().to_string();
        let kubeconfig = kubeconfig(&server);
        let ran = run(&wait(&kubeconfig, &["--timeout=1s", "--save", &shown]));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let saved = read(&path);
        let report: Value = serde_json::from_str(&saved).expect("a report");
        assert_eq!(report["summary"]["progressing"], 1);
        // A directory that is gone by then.
        let lost = directory.path().join("lost");
        std::fs::create_dir(&lost).expect("a directory");
        let inside = lost.join("r.json").display().to_string();
        let mut running = spawn(&wait(&kubeconfig, &["--timeout=2s", "--save", &inside]));
        let mut lines = stderr(&mut running);
        lines.with("Deployment/shop/web: progressing");
        std::fs::remove_dir_all(&lost).expect("it goes");
        assert_eq!(running.wait().code(), Some(64));
        assert!(lines.rest().contains(&format!("error: --save {inside}: ")));
        let away = ["--server=https://127.0.0.1:9", "--timeout=1s", "--save", &shown];
        let ran = run(&wait(&kubeconfig, &away));
        assert_eq!(ran.code, Some(69), "{ran:?}");
        assert!(
            ran.err.contains("error: --save: nothing could be read"),
            "{ran:?}"
        );
        assert_eq!(read(&path), saved, "the file of before stays");
    }

    #[test]
    fn a_wait_that_is_cancelled_writes_its_outputs_and_saves_nothing() {
        let server = server(rolling("web"));
        let kubeconfig = kubeconfig(&server);
        let directory = directory();
        let (saved, markdown) = (directory.path().join("r.json"), directory.path().join("r.md"));
        let output = format!("-omarkdown={}", markdown.display());
        let saved = saved.display().to_string();
        let mut running = spawn(&wait(&kubeconfig, &[&output, "--save", &saved]));
        let mut lines = stderr(&mut running);
        lines.with("Deployment/shop/web: progressing");
        running.signal("-TERM");
        assert_eq!(running.wait().code(), Some(143));
        assert!(
            read(&markdown).starts_with("**PROGRESSING**"),
            "{}",
            read(&markdown)
        );
        assert_eq!(files(&directory), [markdown]);
    }

    #[test]
    fn a_gate_has_the_screen_for_people_and_a_file_for_machines() {
        let server = server(Deployment::new("shop", "web"));
        let directory = directory();
        let path = directory.path().join("r.json");
        let output = format!("-ojson={}", path.display());
        let kubeconfig = kubeconfig(&server);
        let gate = [
            "gate",
            "deploy",
            "-n",
            "shop",
            "--kubeconfig",
            &kubeconfig,
            &output,
        ];
        let ran = run(&[&gate[..], &["--", "echo", "of the command"]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.starts_with("of the command\nOK"), "{ran:?}");
        let report: Value = serde_json::from_str(&read(&path)).expect("a report");
        assert_eq!(report["command"]["exitCode"], 0);
        let ran = run(&[&gate[..], &["--", "false"]].concat());
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let report: Value = serde_json::from_str(&read(&path)).expect("a report");
        assert_eq!(report["command"]["exitCode"], 1);
    }
}
