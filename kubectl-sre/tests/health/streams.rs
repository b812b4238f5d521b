//! Both streams, colour, a reader that goes away, and Ctrl-C.

use super::formats::FORMATS;
use super::plugin::{pipe, run, run_in, spawn};
use sre_testkit::object::{Deployment, List};
use sre_testkit::{ApiServer, Fault, Match, at};
use std::io::{Read as _, Write as _};

fn short(name: &str) -> Deployment {
    Deployment::new("shop", name).replicas(3).counts(3, 3, 1, 1)
}

#[test]
fn colour_is_for_terminals_unless_a_flag_asks_for_it() {
    let dump = List::kubectl().items([short("web")]).to_json();
    let colored = |variables: &[(&str, &str)], args: &[&str]| {
        let ran = run_in(variables, &[&["health", "-f", "-"], args].concat(), &dump);
        assert_eq!(ran.code, Some(2));
        ran.out.contains('\u{1b}')
    };
    assert!(!colored(&[], &[]));
    assert!(!colored(&[], &["--color", "never"]));
    assert!(colored(&[], &["--color", "always"]));
    assert!(colored(
        &[("NO_COLOR", "1"), ("TERM", "dumb")],
        &["--color", "always"]
    ));
    assert!(!colored(&[], &["--color", "always", "-o", "json"]));
}

/// Words of the command line come back in messages, and scripts take them from objects of a cluster.
#[test]
fn a_message_moves_no_cursor() {
    for args in [
        &["--\u{1b}[31mfoo"][..],
        &["health", "--\u{9b}31m\u{202e}oof"],
        &["explain", "\u{1b}]0;x\u{7}"],
    ] {
        let ran = run(args);
        assert_eq!(ran.code, Some(64), "{ran:?}");
        assert!(ran.err.contains("\\u{"), "{}", ran.err);
        let moves = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!ran.err.contains(moves), "{:?}", ran.err);
    }
}

#[test]
fn marks_are_ascii_if_the_locale_is() {
    let dump = List::kubectl().items([short("web")]).to_json();
    let mark = |variables: &[(&str, &str)]| {
        let ran = run_in(variables, &["health", "-f", "-"], &dump);
        let line = ran.out.lines().find(|line| line.contains(" shop/web  "));
        (line.and_then(|line| line.chars().next()), ran.out.is_ascii())
    };
    assert_eq!(mark(&[]), (Some('✗'), false));
    assert_eq!(mark(&[("LANG", "C")]), (Some('x'), true));
    assert_eq!(
        mark(&[("LANG", "en_US.UTF-8"), ("LC_ALL", "POSIX")]),
        (Some('x'), true)
    );
}

#[test]
fn stdout_has_only_the_result_and_stderr_only_a_refusal() {
    let dump = List::kubectl().items([short("web")]).to_json();
    for format in ["human", "json", "yaml"] {
        assert_eq!(
            pipe(&["health", "-f", "-", "-o", format], &dump).err,
            "",
            "{format}"
        );
    }
    let refused = run(&["health", "deploymnts"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(64), ""));
    assert_eq!(
        refused.err,
        "error: unknown target \"deploymnts\", did you mean \"deployments\"?\n"
    );
    let help = run(&["health", "--help"]);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    assert!(help.out.contains("Exit codes:"));
}

#[test]
fn quiet_is_the_verdict_in_one_line() {
    let dump = List::kubectl().items([short("web")]).to_json();
    let ran = pipe(&["health", "-f", "-", "-q"], &dump);
    assert_eq!(
        ran.out,
        "DEGRADED  standard input  shop/web 1/3 ready, too few pods are ready\n"
    );
    assert_eq!(ran.code, Some(2));
}

#[test]
fn a_reader_that_goes_away_is_not_an_error() {
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a temporary file");
    let many = (0..2000).map(|number| short(&format!("web-{number}")));
    std::fs::write(file.path(), List::kubectl().items(many).to_json()).expect("it can be written to");
    let path = file.path().display().to_string();
    for format in FORMATS {
        // `| true` has gone before anything is written, `| head -1` after the first bytes.
        for reads in [false, true] {
            let mut running = spawn(&["health", "-f", &path, "--at", &at(0), "-o", format]);
            let mut stdout = running.child.stdout.take().expect("a pipe");
            if reads {
                stdout.read_exact(&mut [0]).expect("it writes something");
            }
            drop(stdout);
            assert_eq!(running.wait().code(), Some(2), "{format}");
            assert_eq!(running.stderr(), "", "{format}");
        }
    }
    for args in [
        &["explain"][..],
        &["explain", "-o", "json"],
        &["version", "--client"],
        &["health", "--help"],
    ] {
        let mut running = spawn(args);
        drop(running.child.stdout.take());
        assert_eq!(running.wait().code(), Some(0), "{args:?}");
        assert_eq!(running.stderr(), "", "{args:?}");
    }
}

/// A signal ends kubectl then. Otherwise the watch, and the pipeline that waits for it, would stay until the next Ctrl-C.
// johanhaleby/kubetail#31: people do not want to read that the pipe is broken.
#[cfg(unix)]
#[test]
fn a_watch_ends_once_nobody_reads_it() {
    use super::follow::{kubeconfig, rolling, server};
    for flags in [&["-o", "json"][..], &[]] {
        let server = server(rolling("web"));
        let kubeconfig = kubeconfig(&server);
        let watch = [
            "health",
            "deploy",
            "web",
            "-n",
            "shop",
            "-w",
            "--kubeconfig",
            &kubeconfig,
        ];
        let mut running = spawn(&[&watch[..], flags].concat());
        let mut stdout = running.child.stdout.take().expect("a pipe");
        stdout.read_exact(&mut [0]).expect("it writes what it sees first");
        drop(stdout);
        server.apply(Deployment::new("shop", "web"));
        assert_eq!(running.wait().code(), Some(0), "the code of the last report");
        assert_eq!(running.stderr(), "", "{flags:?}");
    }
}

#[tokio::test]
async fn ctrl_c_ends_a_run_that_waits_for_the_api_server() {
    let server = ApiServer::builder().start().await;
    server.fail(Match::any(), Fault::Hang);
    let kubeconfig = server.kubeconfig().display().to_string();
    let mut running = spawn(&["health", "--kubeconfig", &kubeconfig]);
    server.wait_for_requests(&Match::path("/version"), 1).await;
    running.interrupt();
    assert_eq!(running.wait().code(), Some(130));
    assert_eq!(running.stderr(), "interrupted\n");
}

#[test]
fn ctrl_c_ends_a_run_that_waits_for_standard_input() {
    let mut running = spawn(&["health", "-f", "-"]);
    let mut input = running.child.stdin.take().expect("stdin is a pipe");
    // More than a pipe holds, so the run is reading once this returns.
    input.write_all(&vec![b' '; 1 << 20]).expect("the run reads");
    running.interrupt();
    assert_eq!(running.wait().code(), Some(130));
    assert_eq!(running.stderr(), "interrupted\n");
}

#[cfg(unix)]
#[tokio::test]
async fn the_signal_to_terminate_ends_a_run_with_a_code_of_its_own() {
    let server = ApiServer::builder().start().await;
    server.fail(Match::any(), Fault::Hang);
    let kubeconfig = server.kubeconfig().display().to_string();
    let mut running = spawn(&["health", "--kubeconfig", &kubeconfig]);
    server.wait_for_requests(&Match::path("/version"), 1).await;
    running.signal("-TERM");
    assert_eq!(running.wait().code(), Some(143));
    assert_eq!(running.stderr(), "terminated\n");
}
