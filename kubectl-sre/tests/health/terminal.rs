//! The plugin on a terminal: its progress, and the log lines that only a terminal shows without being asked.

use super::plugin::{PluginRun, rows, run, spawn_on_terminal};
use sre_shared::resource::Time;
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{ApiServer, Fault, Match, at};

const LOG: &str = "/api/v1/namespaces/shop/pods/web-1-a/log";

/// A cluster whose only Deployment crashes, and whose log says why.
fn crashing() -> ApiServer {
    let deployment = Deployment::new("shop", "web").counts(1, 1, 0, 0);
    let set = ReplicaSet::new("shop", "web-1").owned_by(&deployment);
    let pod = Pod::new("shop", "web-1-a")
        .owned_by(&set)
        .waiting("CrashLoopBackOff", "back-off")
        .last_terminated("Error", 3, at(-40))
        .restarts(7);
    let objects = [deployment.build(), set.build(), pod.build()];
    let server = ApiServer::builder().objects(objects).start_blocking();
    let log =
        "loading\nTraceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'DATABASE_URL'\n";
    server.fail(
        Match::path(LOG),
        Fault::WrongBody {
            status: 200,
            content_type: "text/plain".into(),
            body: log.into(),
        },
    );
    server
}

/// What a terminal shows in the end.
fn on_terminal(columns: usize, args: &[&str]) -> (Option<i32>, Vec<String>) {
    let mut running = spawn_on_terminal(columns, args);
    let bytes = running.read_until(|_| false);
    (running.wait().code(), rows(&bytes, columns))
}

#[test]
fn the_line_of_a_crash_is_shown_unasked_only_on_a_terminal() {
    let server = crashing();
    let kubeconfig = server.kubeconfig().display().to_string();
    let args = |more: &[&'static str]| [&["health", "deploy", "--kubeconfig", &kubeconfig], more].concat();
    let logs = || server.requests_for(&Match::path(LOG)).len();
    let line = "CrashLoop: container app exited 3 (7 restarts): KeyError: 'DATABASE_URL'";

    let (code, rows) = on_terminal(200, &args(&["--color=never"]));
    assert_eq!((code, logs()), (Some(2), 1));
    assert!(rows.iter().any(|row| row.contains(line)), "{rows:#?}");
    let log: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.trim().strip_prefix("| "))
        .collect();
    assert_eq!(log, ["loading"]);

    for more in [
        &["--logs=false", "--color=never"][..],
        &["--quiet", "--color=never"],
        &["-o", "json"],
        &["--cause=none", "--color=never"],
    ] {
        let (code, rows) = on_terminal(200, &args(more));
        assert_eq!((code, logs()), (Some(2), 1), "{more:?} {rows:#?}");
    }
    for more in [&[][..], &["--color=always"], &["-o", "yaml"]] {
        let ran: PluginRun = run(&args(more));
        assert_eq!((ran.code, logs()), (Some(2), 1), "{more:?}");
    }
    let ran = run(&args(&["--logs"]));
    assert_eq!((ran.code, logs()), (Some(2), 2));
    assert!(ran.out.contains(line), "{}", ran.out);
    let ran = run(&args(&["--logs=true", "-o", "json"]));
    let log = &ran.json()["checks"][0]["items"][0]["causes"][0]["log"];
    assert_eq!(log.as_array().map(Vec::len), Some(4));
}

/// Whether a terminal shows one row, which begins with these words and ends with seconds.
fn shows(bytes: &[u8], columns: usize, words: &str) -> bool {
    let rows = rows(bytes, columns);
    let seconds = rows[0].strip_suffix(" s").and_then(|row| row.rsplit_once(", "));
    let is_number = |text: &str| text.parse::<u64>().is_ok();
    rows.len() == 1 && seconds.is_some_and(|(row, seconds)| row == words && is_number(seconds))
}

#[test]
fn progress_counts_the_seconds_in_one_line_that_ctrl_c_erases() {
    let server = ApiServer::builder().start_blocking();
    server.fail(Match::any(), Fault::Hang);
    let kubeconfig = server.kubeconfig().display().to_string();
    let whole = format!("asking {}", server.url());
    for (columns, words) in [(120, whole.as_str()), (22, "asking http...")] {
        let mut running = spawn_on_terminal(columns, &["health", "--kubeconfig", &kubeconfig]);
        let mut bytes = running.read_until(|bytes| shows(bytes, columns, words));
        assert!(shows(&bytes, columns, words), "{:?}", rows(&bytes, columns));
        running.press(b"\x03");
        bytes.extend(running.read_until(|_| false));
        assert_eq!(running.wait().code(), Some(130));
        assert_eq!(rows(&bytes, columns), ["interrupted", ""]);
    }
}

#[test]
fn progress_names_the_kinds_that_are_not_read_yet_and_is_erased_at_the_end() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start_blocking();
    server.fail(Match::path("/apis/batch/v1/jobs"), Fault::Hang);
    let kubeconfig = server.kubeconfig().display().to_string();
    let args = [
        "health",
        "--kubeconfig",
        &kubeconfig,
        "--timeout=5s",
        "--color=never",
    ];
    let mut running = spawn_on_terminal(80, &args);
    let mut bytes = running.read_until(|bytes| shows(bytes, 80, "reading jobs"));
    assert!(shows(&bytes, 80, "reading jobs"), "{:?}", rows(&bytes, 80));
    bytes.extend(running.read_until(|_| false));
    assert_eq!(running.wait().code(), Some(3));
    let rows = rows(&bytes, 80);
    assert!(rows[0].starts_with("UNKNOWN  testkit"), "{rows:#?}");
}

#[test]
fn without_a_terminal_or_with_other_output_there_is_no_progress() {
    let server = ApiServer::builder().start_blocking();
    server.fail(Match::any(), Fault::Hang);
    let kubeconfig = server.kubeconfig().display().to_string();
    let args = [
        "health",
        "apiserver",
        "--kubeconfig",
        &kubeconfig,
        "--timeout",
        "1s",
    ];
    assert_eq!(run(&args).err, "");
    for flag in ["-q", "-v"] {
        let (code, rows) = on_terminal(200, &[&args[..], &[flag, "--color=never"]].concat());
        assert_eq!(code, Some(69));
        assert!(!rows.iter().any(|row| row.contains("asking")), "{rows:#?}");
    }
}

/// A Deployment whose rollout began some seconds ago, by the real time.
fn rolling(name: &str) -> Deployment {
    let now = sre_shared::run::clock::system();
    let begun = Time::from_seconds(now.seconds - 20).to_string();
    Deployment::new("shop", name)
        .counts(1, 1, 0, 0)
        .condition("Progressing", "True", "ReplicaSetUpdated", &begun)
        .condition("Available", "False", "MinimumReplicasUnavailable", &begun)
}

/// Whether a row of the terminal begins with these words.
fn has_row(bytes: &[u8], columns: usize, words: &str) -> bool {
    rows(bytes, columns).iter().any(|row| row.starts_with(words))
}

#[test]
fn a_wait_draws_a_bar_and_its_objects_in_place_and_erases_them_at_the_end() {
    for columns in [100, 30] {
        let server = ApiServer::builder()
            .deployments([rolling("web"), Deployment::new("shop", "api")])
            .start_blocking();
        let kubeconfig = server.kubeconfig().display().to_string();
        let args = [
            "health",
            "deploy",
            "--wait",
            "--color=never",
            "--kubeconfig",
            &kubeconfig,
        ];
        let mut running = spawn_on_terminal(columns, &args);
        let bar = "1 of 2 done, ";
        let mut bytes = running.read_until(|bytes| {
            has_row(bytes, columns, bar) && has_row(bytes, columns, "~ shop/web 0/1 ready")
        });
        assert!(has_row(&bytes, columns, bar), "{:#?}", rows(&bytes, columns));
        server.apply(Deployment::new("shop", "web"));
        bytes.extend(running.read_until(|_| false));
        assert_eq!(running.wait().code(), Some(0));
        let rows = rows(&bytes, columns);
        assert!(
            !rows
                .iter()
                .any(|row| row.contains("done") || row.starts_with('~')),
            "{rows:#?}"
        );
        assert!(rows.iter().any(|row| row.starts_with("OK")), "{rows:#?}");
    }
}

#[test]
fn a_watch_draws_the_screen_again_in_place_with_the_last_changes_under_it() {
    let server = ApiServer::builder()
        .deployments([rolling("web")])
        .start_blocking();
    let kubeconfig = server.kubeconfig().display().to_string();
    let args = [
        "health",
        "deploy",
        "-w",
        "--color=never",
        "--kubeconfig",
        &kubeconfig,
    ];
    let mut running = spawn_on_terminal(120, &args);
    let mut bytes = running.read_until(|bytes| has_row(bytes, 120, "PROGRESSING"));
    server.apply(Deployment::new("shop", "web"));
    let is_well = |more: &[u8]| {
        let screen = rows(&[bytes.as_slice(), more].concat(), 120);
        let begins = |words: &str| screen.iter().any(|row| row.starts_with(words));
        begins("OK")
            && screen
                .iter()
                .any(|row| row.ends_with("Deployment/shop/web: healthy, 1/1 ready"))
    };
    let more = running.read_until(is_well);
    bytes.extend(more);
    let screen = rows(&bytes, 120);
    assert!(
        !screen.iter().any(|row| row.starts_with("PROGRESSING")),
        "{screen:#?}"
    );
    assert!(
        screen
            .iter()
            .any(|row| row.contains("Deployment/shop/web: progressing, 0/1 ready")),
        "{screen:#?}"
    );
    running.press(b"\x03");
    running.read_until(|_| false);
    assert_eq!(running.wait().code(), Some(130));
}

#[test]
fn the_rows_of_many_clusters_appear_as_they_answer_and_end_with_the_worst_first() {
    use super::fleet::{TestContext, kubeconfig};
    let server = |deployment: Deployment| {
        ApiServer::builder()
            .token("s3cr3t-of-the-tests")
            .deployments([deployment])
            .start_blocking()
    };
    let well = server(Deployment::new("shop", "web"));
    let bad = server(Deployment::new("shop", "web").counts(1, 1, 0, 0));
    let late = bad.fail(Match::any(), Fault::Hang);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let contexts = [
        TestContext::new("prod-eu", &bad),
        TestContext::new("prod-us", &well),
    ];
    let kubeconfig = kubeconfig(directory.path(), &contexts);
    let mut running = spawn_on_terminal(160, &["fleet", "--color=never", "--kubeconfig", &kubeconfig]);
    // The row of the one is here while the other has not answered.
    let mut bytes = running.read_until(|bytes| {
        let shown = rows(bytes, 160);
        shown.iter().any(|row| row.starts_with("✓ prod-us"))
            && shown
                .iter()
                .any(|row| row.trim_end() == "asking 1 of 2 clusters: prod-eu")
    });
    bad.clear_fault(late);
    bad.drop_connections();
    bytes.extend(running.read_until(|_| false));
    assert_eq!(running.wait().code(), Some(2));
    let shown: Vec<String> = rows(&bytes, 160)
        .into_iter()
        .filter(|row| !row.trim().is_empty())
        .collect();
    let begins: Vec<&str> = shown.iter().filter_map(|row| row.get(..11)).collect();
    assert_eq!(begins.len(), 3, "{shown:#?}");
    assert!(
        shown[0].starts_with("NEEDS A LOOK  1 of 2 clusters, in "),
        "{shown:#?}"
    );
    assert!(shown[1].starts_with("✗ prod-eu"), "{shown:#?}");
    assert!(shown[2].starts_with("✓ prod-us"), "{shown:#?}");
}
