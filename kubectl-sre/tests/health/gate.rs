//! `gate` as a process: a command between two looks, its streams, its exit code and its signals.

use super::follow::{clock, kubeconfig, rolling, stderr, stdout};
use super::plugin::{PluginProcess, PluginRun, run, spawn, spawn_on_terminal};
use serde_json::{Value, json};
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{Access, ApiServer, Fault, Match};
use std::path::PathBuf;
use std::time::Duration;

const PATH: &str = "/apis/apps/v1/namespaces/shop/deployments";
/// Says that it has begun, and ends with its first argument once it may.
const PAUSE: &str = ": > begun; until [ -e go ]; do sleep 0.02; done; exit ${1:-0}";

/// The directory in which a command runs, with files that say how far it is.
pub struct Room(tempfile::TempDir);

impl Room {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub fn write(&self, name: &str) {
        std::fs::write(self.path(name), "").expect("it can be written to");
    }

    /// Waits until the command has made that file.
    fn await_file(&self, name: &str) {
        for _ in 0..2000 {
            if self.has(name) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no file {name}");
    }

    /// The script, run in this directory.
    fn script(&self, script: &str) -> String {
        format!("cd '{}'; {script}", self.0.path().display())
    }
}

/// The arguments of a gate about Deployments in the namespace `shop`, whose command is that script.
fn args<'a>(kubeconfig: &'a str, more: &[&'a str], script: &'a str) -> Vec<&'a str> {
    let common = [
        "gate",
        "deploy",
        "-n",
        "shop",
        "--color=never",
        "--kubeconfig",
        kubeconfig,
    ];
    [&common, more, &["--", "/bin/sh", "-c", script, "sh"]].concat()
}

fn gate(server: &ApiServer, more: &[&str], script: &str) -> PluginRun {
    run(&args(&kubeconfig(server), more, script))
}

/// A gate whose command has begun and ends once it may, with the code.
pub fn begin(server: &ApiServer, room: &Room, more: &[&str], code: &str) -> PluginProcess {
    let script = room.script(PAUSE);
    let kubeconfig = kubeconfig(server);
    let mut args = args(&kubeconfig, more, &script);
    args.push(code);
    let running = spawn(&args);
    room.await_file("begun");
    running
}

/// One of three pods is ready.
pub fn short(name: &str) -> Deployment {
    Deployment::new("shop", name).replicas(3).counts(3, 3, 1, 1)
}

pub fn server(deployments: impl IntoIterator<Item = Deployment>) -> ApiServer {
    ApiServer::builder().deployments(deployments).start_blocking()
}

fn job(name: &str, conditions: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}"), "generation": 1,
            "creationTimestamp": clock().at(-5)},
        "spec": {"completions": 1, "parallelism": 1, "backoffLimit": 0},
        "status": {"startTime": clock().at(-5), "failed": 1, "conditions": conditions},
    })
}

#[test]
fn a_command_that_changes_nothing_passes_and_its_output_comes_first() {
    let server = server([Deployment::new("shop", "web"), short("old")]);
    let ran = gate(&server, &[], "echo done; echo to stderr >&2; cat");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "done");
    assert!(lines[1].starts_with("OK"), "{lines:#?}");
    assert!(lines[1].contains("nothing is new or worse"), "{lines:#?}");
    assert!(lines[1].ends_with("1 not healthy as before"), "{lines:#?}");
    assert_eq!(
        ran.err,
        "to stderr\nnothing changed, and nothing is worse\nnote: 1 object is not healthy, as before\n"
    );
    // One run, and the watch afterwards.
    assert_eq!(server.requests_for(&Match::path(PATH).lists()).len(), 2);
}

#[test]
fn a_rollout_that_the_command_begins_is_followed_from_a_list_that_begins_after_its_end() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let mut running = begin(&server, &room, &["-o", "json"], "0");
    let before = server.requests_for(&Match::path(PATH)).len();
    assert_eq!(server.open_watches(), 0);
    // Its controller has not seen it yet.
    server.apply(Deployment::new("shop", "web").generation(2).observed(1));
    room.write("go");
    let mut lines = stderr(&mut running);
    lines.with("waiting for Deployment shop/web, at most 12 min");
    lines.with("Deployment/shop/web: progressing");
    let after = &server.requests_for(&Match::path(PATH).lists())[before..];
    assert!(
        after
            .iter()
            .all(|request| !format!("{:?}", request.query).contains("resourceVersion")),
        "{after:#?}"
    );
    server.apply(rolling("web").generation(2));
    server.apply(Deployment::new("shop", "web").generation(2));
    lines.with("Deployment shop/web is healthy, after ");
    let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
    assert_eq!(report["command"], json!({"exitCode": 0}));
    assert_eq!(report["checks"][0]["items"][0]["baseline"], "same");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn an_object_that_the_command_creates_is_followed_until_it_is_healthy() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let mut running = begin(&server, &room, &[], "0");
    server.apply(rolling("api"));
    room.write("go");
    let mut lines = stderr(&mut running);
    lines.with("waiting for Deployment shop/api");
    server.apply(Deployment::new("shop", "api"));
    lines.with("Deployment shop/api is healthy, after ");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn what_gets_worse_fails_and_what_was_broken_before_does_not() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web"), short("old")])
        .start_blocking();
    let room = Room::new();
    let mut running = begin(&server, &room, &["--timeout=2s"], "0");
    server.apply(short("web"));
    room.write("go");
    let out = stdout(&mut running).rest();
    let code = running.wait().code();
    assert_eq!(code, Some(2), "{out}");
    assert!(out.starts_with("DEGRADED"), "{out}");
    assert!(
        out.contains("1 object is worse than") && out.contains("1 not healthy as before"),
        "{out}"
    );
    let err = running.stderr();
    assert!(
        err.contains("timed out after 2 s: 1 of 1: shop/web 1/3 ready"),
        "{err}"
    );
    assert!(
        err.ends_with("note: 1 object is not healthy, as before\n"),
        "{err}"
    );
}

#[test]
fn a_job_that_the_command_creates_and_that_fails_ends_the_wait_at_once() {
    let server = server([short("old")]);
    let room = Room::new();
    let script = room.script(PAUSE);
    let kubeconfig = kubeconfig(&server);
    let mut args = args(&kubeconfig, &[], &script);
    args[1] = "deploy,jobs";
    let mut running = spawn(&args);
    room.await_file("begun");
    let failed = json!([{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
        "message": "Job has reached the specified backoff limit", "lastTransitionTime": clock().at(-1)}]);
    server.apply(job("migrate", &failed));
    room.write("go");
    stderr(&mut running).with("Job shop/migrate: ");
    assert_eq!(running.wait().code(), Some(2));
}

#[test]
fn an_object_that_the_command_removes_is_a_remark() {
    for targets in [&["deploy"][..], &["deploy/web", "deploy/old"]] {
        let server = server([Deployment::new("shop", "web"), Deployment::new("shop", "old")]);
        let room = Room::new();
        let (script, kubeconfig) = (room.script(PAUSE), kubeconfig(&server));
        let mut args = args(&kubeconfig, &["-o", "json"], &script);
        args.splice(1..2, targets.iter().copied());
        let mut running = spawn(&args);
        room.await_file("begun");
        assert!(server.delete("shop", "old"));
        room.write("go");
        let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
        assert_eq!(running.wait().code(), Some(0), "{}", running.stderr());
        assert_eq!(
            (&report["status"], &report["baseline"]["gone"]),
            (&"ok".into(), &1.into())
        );
        let err = running.stderr();
        assert!(
            err.ends_with("note: 1 object is gone: Deployment/shop/old\n"),
            "{err}"
        );
    }
}

#[test]
fn a_command_that_fails_gives_its_code_and_one_report_without_a_wait() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let mut running = begin(&server, &room, &["-o", "json"], "7");
    server.apply(rolling("web").generation(2));
    room.write("go");
    let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
    assert_eq!(running.wait().code(), Some(7));
    assert_eq!(running.stderr(), "sh exited 7\n");
    assert_eq!(report["command"], json!({"exitCode": 7}));
    assert_eq!(report["checks"][0]["items"][0]["baseline"], "worse");
    assert_eq!(server.requests_for(&Match::path(PATH).watches()).len(), 0);

    // A code of ours is the command's.
    for code in [1, 2, 3, 64, 69, 255] {
        let ran = gate(&server, &[], &format!("exit {code}"));
        assert_eq!((ran.code, ran.err), (Some(code), format!("sh exited {code}\n")));
    }
}

#[test]
fn a_command_that_a_signal_ends_gives_128_and_its_number() {
    let server = server([Deployment::new("shop", "web")]);
    let ran = gate(&server, &["-o", "json"], "kill -9 $$");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(137), "sh was ended by SIGKILL\n")
    );
    assert_eq!(ran.json()["command"], json!({"exitCode": 137, "signal": 9}));
}

#[test]
fn a_program_that_cannot_be_started_gives_the_code_of_a_shell() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    room.write("plain");
    let plain = room.path("plain").display().to_string();
    let kubeconfig = kubeconfig(&server);
    let directory = room.0.path().display().to_string();
    for (program, code, begin) in [
        ("kubectll", 127, "kubectll cannot be run: not found\n"),
        (&*plain, 126, "plain cannot be run: "),
        (&*directory, 126, ""),
    ] {
        let ran = run(&[
            "gate",
            "deploy",
            "--kubeconfig",
            &kubeconfig,
            "-o",
            "json",
            "--",
            program,
            "apply",
        ]);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(
            ran.err.starts_with(begin) && ran.err.contains(" cannot be run: "),
            "{ran:?}"
        );
        assert_eq!(ran.json()["command"], json!({"exitCode": code}));
    }
}

#[test]
fn a_command_is_not_run_if_the_objects_cannot_be_read_before_it() {
    let room = Room::new();
    let script = room.script(": > begun");
    let server = server([Deployment::new("shop", "web")]);
    let ran = gate(&server, &[], &script);
    assert_eq!(
        (ran.code, room.has("begun")),
        (Some(0), true),
        "it is run otherwise"
    );
    std::fs::remove_file(room.path("begun")).expect("it was made");

    server.set_access("kubernetes-admin", Access::admin().without("list", "deployments"));
    let ran = gate(&server, &[], &script);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(
        ran.err,
        "error: deployments in namespace shop could not be read: sh was not run\n"
    );
    assert!(ran.out.contains("not seen"), "{}", ran.out);
    server.set_access("kubernetes-admin", Access::admin());
    server.fail(Match::path(PATH), Fault::Status(500));
    let ran = gate(&server, &[], &script);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    server.stop();
    let ran = gate(&server, &[], &script);
    assert_eq!(ran.code, Some(69), "{ran:?}");
    assert_eq!(ran.err, "error: nothing could be read: sh was not run\n");
    // A wrong path is found before the command is run.
    let ran = gate(&server, &["--save", "/nowhere/report.json"], &script);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(!room.has("begun"), "it was not run");
}

#[test]
fn states_that_do_not_count_do_not_keep_the_command_from_running() {
    let server = server([Deployment::new("shop", "web")]);
    server.set_access("kubernetes-admin", Access::admin().without("list", "jobs"));
    let kubeconfig = kubeconfig(&server);
    let ran = |flags: &[&str]| {
        let common = [
            "gate",
            "deploy,jobs",
            "-n",
            "shop",
            "--grace=1s",
            "--kubeconfig",
            &kubeconfig,
        ];
        run(&[&common, flags, &["--", "/bin/sh", "-c", "exit 0"]].concat())
    };
    assert_eq!(ran(&[]).code, Some(3));
    let ran = ran(&["--fail-on=degraded"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(0), "nothing changed, and nothing is worse\n"),
        "{ran:?}"
    );
}

#[test]
fn an_api_server_that_is_away_after_the_command_is_waited_for_until_the_deadline() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let mut running = begin(&server, &room, &["--timeout=2s", "-o", "json"], "0");
    server.stop();
    room.write("go");
    let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
    assert_eq!(running.wait().code(), Some(69));
    assert_eq!(
        (&report["status"], &report["command"]),
        (&"unknown".into(), &json!({"exitCode": 0}))
    );
    let err = running.stderr();
    assert!(
        err.contains("timed out after 2 s: nothing could be read"),
        "{err}"
    );

    // It comes back in time.
    server.start_again();
    let room = Room::new();
    let mut running = begin(&server, &room, &[], "0");
    server.stop();
    room.write("go");
    let mut lines = stderr(&mut running);
    lines.with("nothing can be read: ");
    server.start_again();
    lines.with("the objects can be read again after ");
    lines.with("nothing changed, and nothing is worse");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn a_named_object_may_appear_with_the_command() {
    let server = ApiServer::builder().namespaces(["shop"]).start_blocking();
    let room = Room::new();
    let (script, kubeconfig) = (room.script(PAUSE), kubeconfig(&server));
    let mut args = args(&kubeconfig, &[], &script);
    args[1] = "deploy/web";
    let mut running = spawn(&args);
    room.await_file("begun");
    let mut lines = stderr(&mut running);
    let before = lines.with("before sh: ");
    assert_eq!(before, "before sh: there is no deployment web in namespace shop");
    server.apply(rolling("web"));
    room.write("go");
    lines.with("waiting for Deployment shop/web");
    server.apply(Deployment::new("shop", "web"));
    lines.with("Deployment shop/web is healthy, after ");
    assert_eq!(running.wait().code(), Some(0));

    args.splice(1..2, ["deploy/api", "--timeout=1s"]);
    let ran = run(&args);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.err.contains("deployment shop/api is not there"),
        "{}",
        ran.err
    );
}

#[test]
fn pods_that_decide_a_verdict_are_seen_before_the_command_too() {
    // Its pods are young. That they crash for a reason that does not pass makes it degraded.
    let begun = clock().at(-20);
    let deployment = Deployment::new("shop", "web").counts(1, 1, 0, 0).condition(
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        &begun,
    );
    let set = ReplicaSet::new("shop", "web-1").owned_by(&deployment);
    let pod = Pod::new("shop", "web-1-a")
        .owned_by(&set)
        .waiting("InvalidImageName", "couldn't parse image reference \"App\"");
    let objects = [deployment.build(), set.build(), pod.build()];
    let server = ApiServer::builder().objects(objects).start_blocking();
    let ran = gate(&server, &["-o", "json"], "exit 0");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["checks"][0]["items"][0]["baseline"], "same");
    assert_eq!(ran.json()["baseline"]["known"], 1);
}

#[test]
fn a_document_on_stdout_is_the_report_alone() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let saved = room.path("report.json").display().to_string();
    let ran = gate(
        &server,
        &["-o", "json", "--save", &saved],
        "echo deployment configured",
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["command"], json!({"exitCode": 0}));
    assert!(ran.err.starts_with("deployment configured\n"), "{}", ran.err);
    let report: Value = serde_json::from_str(&room.read("report.json")).expect("a report");
    assert_eq!(
        (&report["command"], &report["baseline"]["same"]),
        (&json!({"exitCode": 0}), &1.into())
    );
    // It is a baseline too.
    let kubeconfig = kubeconfig(&server);
    let compared = run(&[
        "health",
        "deploy",
        "-n",
        "shop",
        "--kubeconfig",
        &kubeconfig,
        "--baseline",
        &saved,
    ]);
    assert_eq!((compared.code, compared.err.as_str()), (Some(0), ""));
}

#[test]
fn arguments_of_the_command_are_in_no_output() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let saved = room.path("report.json").display().to_string();
    for (format, script) in [("human", "exit 0"), ("json", "exit 3"), ("yaml", "kill -9 $$")] {
        for more in [&["--progress=json"][..], &["-v"]] {
            let flags = [&["-o", format, "--save", &saved], more].concat();
            let kubeconfig = kubeconfig(&server);
            let mut args = args(&kubeconfig, &flags, script);
            args.push("--set=password=hunter2");
            let ran = run(&args);
            for text in [&ran.out, &ran.err, &room.read("report.json")] {
                assert!(!text.contains("hunter2"), "{text}");
            }
        }
    }
}

#[test]
fn progress_for_machines_says_how_the_command_ended() {
    let server = server([Deployment::new("shop", "web")]);
    let ran = gate(&server, &["--progress=json"], "exit 5");
    let line: Value = serde_json::from_str(&ran.err).expect("one object");
    assert_eq!(
        (&line["event"], &line["message"]),
        (&"command".into(), &"sh exited 5".into())
    );
    let ran = gate(&server, &["--progress=json"], "exit 0");
    let line: Value = serde_json::from_str(&ran.err).expect("one object");
    assert_eq!((&line["event"], &line["exitCode"]), (&"end".into(), &0.into()));
}

/// Whether a process with the number in that file is there.
fn is_running(room: &Room, file: &str) -> bool {
    let id = room.read(file);
    let sent = std::process::Command::new("kill")
        .args(["-0", id.trim()])
        .output();
    sent.is_ok_and(|output| output.status.success())
}

/// Notes each signal, and ends a while after the first one.
const TRAP: &str = "echo $$ > id; trap 'echo int >> seen; ended=1' INT; trap 'echo term >> seen; ended=1' TERM; \
                    : > begun; until [ \"$ended\" ]; do sleep 0.02; done; sleep 0.1; exit 4";

#[test]
fn a_signal_without_a_terminal_is_passed_on_once_and_the_command_may_end_in_its_own_way() {
    for (signal, code, seen, word) in [
        ("-INT", 130, "int\n", "interrupted"),
        ("-TERM", 143, "term\n", "terminated"),
    ] {
        let server = server([Deployment::new("shop", "web")]);
        let room = Room::new();
        let mut running = spawn(&args(&kubeconfig(&server), &[], &room.script(TRAP)));
        room.await_file("begun");
        running.signal(signal);
        assert_eq!(running.wait().code(), Some(code));
        assert_eq!(room.read("seen"), seen);
        assert_eq!(
            running.stderr(),
            format!("{word}: sh has 30 s to end\nsh exited 4\n{word}\n")
        );
        assert!(!is_running(&room, "id"));
    }
}

#[test]
fn a_command_that_does_not_end_is_killed_after_the_second_signal() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let script = room.script("echo $$ > id; trap '' INT TERM; : > begun; while :; do sleep 0.05; done");
    let mut running = spawn(&args(&kubeconfig(&server), &[], &script));
    room.await_file("begun");
    let mut lines = stderr(&mut running);
    running.signal("-TERM");
    lines.with("terminated: sh has 30 s to end");
    running.signal("-TERM");
    lines.with("sh does not end: it is killed");
    assert_eq!(running.wait().code(), Some(143));
    assert_eq!(lines.rest(), "sh was ended by SIGKILL\nterminated\n");
    assert!(!is_running(&room, "id"));
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_on_a_terminal_reaches_the_command_once() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    std::fs::write(room.path("trap"), room.script(TRAP)).expect("it can be written to");
    let trap = room.path("trap").display().to_string();
    let kubeconfig = kubeconfig(&server);
    let args = [
        "gate",
        "deploy",
        "-n",
        "shop",
        "--kubeconfig",
        &kubeconfig,
        "--",
        "/bin/sh",
        &trap,
    ];
    let mut running = spawn_on_terminal(80, &args);
    room.await_file("begun");
    running.press(b"\x03");
    let bytes = running.read_until(|_| false);
    assert_eq!(running.wait().code(), Some(130));
    assert_eq!(
        room.read("seen"),
        "int\n",
        "two of them would mean that nothing is to be undone"
    );
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        text.contains("interrupted: waiting for sh to end; a second signal kills it"),
        "{text}"
    );
    assert!(!is_running(&room, "id"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_has_the_terminal() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let script = room.script("test -t 0 && test -t 1 && test -t 2 && read answer && echo $answer > answer");
    std::fs::write(room.path("ask"), script).expect("it can be written to");
    let ask = room.path("ask").display().to_string();
    let kubeconfig = kubeconfig(&server);
    let args = [
        "gate",
        "deploy",
        "-n",
        "shop",
        "--kubeconfig",
        &kubeconfig,
        "--",
        "/bin/sh",
        &ask,
    ];
    let mut running = spawn_on_terminal(80, &args);
    running.press(b"yes\n");
    running.read_until(|_| false);
    assert_eq!(
        (running.wait().code(), room.read("answer").as_str()),
        (Some(0), "yes\n")
    );
}

#[test]
fn ctrl_c_during_the_wait_prints_the_last_report() {
    let server = server([Deployment::new("shop", "web")]);
    let room = Room::new();
    let mut running = begin(&server, &room, &["-o", "json"], "0");
    server.apply(rolling("web").generation(2));
    room.write("go");
    let mut lines = stderr(&mut running);
    lines.with("Deployment/shop/web: progressing");
    running.interrupt();
    let report: Value = serde_json::from_str(&stdout(&mut running).rest()).expect("one report");
    assert_eq!(report["checks"][0]["items"][0]["baseline"], "worse");
    assert_eq!(running.wait().code(), Some(130));
    assert!(lines.rest().ends_with("interrupted\n"));
}

#[test]
fn a_misuse_is_refused_and_the_command_not_run() {
    let room = Room::new();
    let file = room.path("begun").display().to_string();
    let needs =
        "gate needs a COMMAND after --, such as: kubectl sre gate -n shop -- kubectl apply -f shop.yaml";
    for (flags, line) in [
        (&[][..], needs),
        (&["--"], needs),
        (&["-n", "shop"], needs),
        (&["helm", "upgrade", "--install", "shop"], needs),
        (
            &["--", ""],
            "the COMMAND after -- is empty: give the program to run",
        ),
        (
            &["--wait", "--", "touch", &file],
            "gate does not work with --wait: it waits by itself; leave out --wait",
        ),
        (
            &["-w", "--", "touch", &file],
            "gate does not work with -w: it ends with the change; leave out -w",
        ),
        (
            &["-f", "x", "--", "touch", &file],
            "gate does not work with -f: it reads a cluster; leave out -f",
        ),
        (
            &["--baseline", "x", "--", "touch", &file],
            "gate does not work with --baseline: it compares with what it sees before COMMAND; leave out --baseline",
        ),
        (
            &["deploymnts", "--", "touch", &file],
            "unknown target \"deploymnts\", did you mean \"deployments\"?",
        ),
        (
            &["--grac=1", "--", "touch", &file],
            "unknown flag --grac, did you mean --grace?",
        ),
        (
            &["--timeout=0", "--", "touch", &file],
            "--timeout: \"0\" leaves no time to ask anything: give such as 30s or 5m, or leave it out",
        ),
    ] {
        let ran = run(&[&["gate"], flags].concat());
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (Some(64), &*format!("error: {line}\n")),
            "{flags:?}"
        );
    }
    assert!(!room.has("begun"));
    let help = run(&["gate", "--help"]).out;
    assert!(
        help.contains("Usage: kubectl sre gate [OPTIONS] [TARGET]... -- <COMMAND>..."),
        "{help}"
    );
    assert!(help.contains("127 not found"), "{help}");
    for flag in [
        "--wait",
        "--watch",
        "--baseline",
        "--force",
        "--filename",
        "--at ",
    ] {
        assert!(
            !help.contains(&format!("{flag} ")) || flag == "--wait",
            "{flag} in {help}"
        );
    }
}
