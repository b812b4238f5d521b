//! Logs of containers that crashed.

use super::{BrokenDeployment, broken_deployment, crashes, deployments, item, lines, server, unseen_causes};
use crate::client::{ask, part};
use serde_json::json;
use sre_shared::report::Report;
use sre_shared::run::{Causes, Request};
use sre_testkit::{ApiServer, Fault, Match, at};
use std::time::Duration;

/// The request for the log of a pod of [`broken_deployment`].
fn of_pod(i: usize) -> Match {
    Match::path(&format!("/api/v1/namespaces/shop/pods/web-{i}-1-a/log"))
}

fn says(body: impl AsRef<[u8]>) -> Fault {
    Fault::WrongBody {
        status: 200,
        content_type: "text/plain".into(),
        body: body.as_ref().to_vec(),
    }
}

fn with(causes: Causes) -> Request {
    Request {
        causes,
        ..deployments()
    }
}

fn broken(count: usize) -> Vec<BrokenDeployment> {
    let names = (0..count).map(|i| format!("web-{i}"));
    names.map(|name| broken_deployment("shop", &name)).collect()
}

/// The pods whose logs were requested.
fn logs_read(server: &ApiServer) -> Vec<String> {
    let requests = server.requests();
    let paths = requests.iter().filter_map(|r| r.path.strip_suffix("/log"));
    let mut pods: Vec<String> = paths
        .filter_map(|path| Some(path.rsplit_once('/')?.1.to_owned()))
        .collect();
    pods.sort();
    pods
}

fn messages(report: &Report) -> Vec<String> {
    let items = part(report).items.iter();
    items
        .flat_map(|item| item.causes.iter().map(|cause| cause.message.clone()))
        .collect()
}

#[tokio::test]
async fn logs_of_three_containers_are_read_on_request_and_a_failure_costs_only_the_log() {
    let server = server(&broken(5)).start().await;
    server.fail(
        of_pod(0),
        says("starting\npanic: DATABASE_URL is not set\n\ngoroutine 1 [running]:\nmain.main()\n"),
    );
    server.fail(of_pod(1), says("one\nlast words\n"));
    server.fail(of_pod(2), Fault::Status(403));
    ask(&server, &deployments()).await;
    assert!(!server.requests().iter().any(|r| r.path.ends_with("/log")));

    let report = ask(&server, &with(Causes::WithLogs)).await;
    let mut logs: Vec<_> = server
        .requests()
        .iter()
        .filter(|r| r.path.ends_with("/log"))
        .map(|r| (r.path.clone(), r.query.clone()))
        .collect();
    logs.sort();
    assert_eq!(logs.len(), 3, "{logs:?}");
    assert_eq!(
        logs[0],
        (
            "/api/v1/namespaces/shop/pods/web-0-1-a/log".to_owned(),
            "container=app&tailLines=50&limitBytes=65536&previous=true".into()
        )
    );
    let cause = |i: usize| item(&report, &format!("web-{i}")).causes[0].clone();
    assert_eq!(
        cause(0).message,
        "container app exited 3 (7 restarts): panic: DATABASE_URL is not set"
    );
    assert_eq!(cause(0).log.len(), 5);
    assert_eq!(
        (cause(1).message.as_str(), cause(1).log),
        (
            "container app exited 3 (7 restarts): last words",
            vec!["one".to_owned(), "last words".to_owned()]
        )
    );
    assert_eq!(cause(2).message, "container app exited 3 (7 restarts)");
    assert_eq!(cause(3).log, Vec::<String>::new());
    assert_eq!(
        unseen_causes(&report),
        [
            (
                "logs of 1 of 5 crashed containers",
                "forbidden",
                Some("pods/log get")
            ),
            ("logs of 2 of 5 crashed containers", "tooMany", None),
        ]
    );
    let grant = report.coverage.grant.as_ref().expect("a right is missing");
    assert!(grant.commands[0].contains("pods/log,"), "{grant:?}");
}

#[tokio::test]
async fn each_container_that_crashed_gets_its_own_log() {
    let two = broken_deployment("shop", "web").change_pod(|p| {
        p.set(
            "/status/containerStatuses",
            json!([crashes("api", 2), crashes("worker", 7)]),
        )
    });
    let server = server(&[two]).start().await;
    let report = ask(&server, &with(Causes::WithLogs)).await;
    assert_eq!(
        lines(item(&report, "web")),
        [
            "CrashLoop 1x container api exited 2 (2 restarts)",
            "CrashLoop 1x container worker exited 7 (2 restarts)"
        ]
    );
    let requests = server.requests();
    let logs = requests.iter().filter(|r| r.path.ends_with("/log"));
    let mut of: Vec<_> = logs
        .map(|r| r.parameter("container").unwrap_or_default())
        .collect();
    of.sort();
    assert_eq!(of, ["api", "worker"]);
}

#[tokio::test]
async fn unasked_logs_are_read_only_of_containers_that_crashed_for_an_unknown_reason() {
    let mut all = broken(5);
    all[0].pod = all[0].pod.clone().set(
        "/status/containerStatuses/0/lastState/terminated/message",
        json!("DATABASE_URL is not set"),
    );
    all[1].pod = all[1].pod.clone().last_terminated("OOMKilled", 137, at(-40));
    let server = server(&all).start().await;
    server.fail(
        Match::any().parameter("tailLines", "50"),
        says("one\nlast words\n"),
    );
    let report = ask(&server, &with(Causes::WithQuickLogs)).await;
    assert_eq!(logs_read(&server), ["web-2-1-a", "web-3-1-a", "web-4-1-a"]);
    let crashed = "container app exited 3 (7 restarts): last words";
    assert_eq!(
        messages(&report),
        [
            "container app exited 3 (7 restarts): DATABASE_URL is not set",
            "container app ran out of memory: it has no limit of its own, so its node had none left (7 restarts)",
            crashed,
            crashed,
            crashed
        ]
    );
    assert_eq!(unseen_causes(&report), []);
    // A run that was asked for logs reads the same ones first.
    let report = ask(&server, &with(Causes::WithLogs)).await;
    assert_eq!(
        logs_read(&server),
        [
            "web-2-1-a",
            "web-2-1-a",
            "web-3-1-a",
            "web-3-1-a",
            "web-4-1-a",
            "web-4-1-a"
        ]
    );
    assert_eq!(
        unseen_causes(&report),
        [("logs of 2 of 5 crashed containers", "tooMany", None)]
    );
}

#[tokio::test]
async fn a_log_adds_lines_and_no_words_to_a_cause_that_says_why() {
    let mut one = broken_deployment("shop", "web-0");
    one.pod = one.pod.set(
        "/status/containerStatuses/0/lastState/terminated/message",
        json!("Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'DATABASE_URL'\n"),
    );
    let server = server(&[one]).start().await;
    server.fail(of_pod(0), says("starting\nlast words\n"));
    let report = ask(&server, &with(Causes::WithLogs)).await;
    let cause = &item(&report, "web-0").causes[0];
    assert_eq!(
        cause.message,
        "container app exited 3 (7 restarts): KeyError: 'DATABASE_URL'"
    );
    assert_eq!(cause.log, ["starting", "last words"]);
}

#[tokio::test]
async fn logs_that_nobody_asked_for_and_may_not_be_read_are_not_missed() {
    let server = server(&broken(5)).start().await;
    server.fail(of_pod(0), Fault::Status(403));
    server.fail(of_pod(1), Fault::Status(403));
    server.fail(of_pod(2), Fault::Status(403));
    let report = ask(&server, &with(Causes::WithQuickLogs)).await;
    assert_eq!(unseen_causes(&report), []);
    assert_eq!(logs_read(&server).len(), 3);
}

#[tokio::test]
async fn unasked_logs_that_do_not_come_at_once_are_left_out() {
    let server = server(&broken(3)).start().await;
    server.fail(of_pod(0), Fault::Hang);
    let slow = Fault::SlowBody {
        bytes: 1,
        every: Duration::from_millis(300),
    };
    server.fail(of_pod(1), slow);
    server.fail(of_pod(2), says("last words\n"));
    let report = ask(&server, &with(Causes::WithQuickLogs)).await;
    assert_eq!(
        messages(&report),
        [
            "container app exited 3 (7 restarts)",
            "container app exited 3 (7 restarts)",
            "container app exited 3 (7 restarts): last words",
        ]
    );
    assert_eq!(
        unseen_causes(&report),
        [("logs of 2 of 3 crashed containers", "timeout", None)]
    );
    let error = report.coverage.causes_not_seen[0].error.as_deref();
    assert_eq!(error, Some("not read within 1 s; --logs waits longer"));
    // The run itself is not less certain.
    assert_eq!(report.coverage.not_seen, []);
}

#[tokio::test]
async fn a_log_that_the_kubelet_has_removed_says_nothing() {
    let server = server(&broken(2)).start().await;
    server.fail(of_pod(0), Fault::Status(400));
    server.fail(
        of_pod(1),
        says("unable to retrieve container logs for containerd://61a93aa17bfb193bc125"),
    );
    let report = ask(&server, &with(Causes::WithQuickLogs)).await;
    let silent = "container app exited 3 (7 restarts)";
    assert_eq!(messages(&report), [silent, silent]);
    assert_eq!(unseen_causes(&report), []);
    assert_eq!(item(&report, "web-1").causes[0].log, Vec::<String>::new());
}

#[tokio::test]
async fn a_log_whose_end_the_server_cuts_off_is_not_taken_for_the_last_words() {
    let server = server(&broken(1)).start().await;
    server.fail(of_pod(0), says("x".repeat(64 << 10)));
    let report = ask(&server, &with(Causes::WithLogs)).await;
    assert_eq!(messages(&report), ["container app exited 3 (7 restarts)"]);
    assert_eq!(
        unseen_causes(&report),
        [("logs of crashed containers", "tooLarge", None)]
    );
}
