//! Logs of containers that crashed.

use super::{BrokenDeployment, broken_deployment, crashes, deployments, item, lines, server, unseen_causes};
use crate::client::ask;
use serde_json::json;
use sre_shared::run::{Causes, Request};
use sre_testkit::{Fault, Match};

#[tokio::test]
async fn logs_of_three_containers_are_read_on_request_and_a_failure_costs_only_the_log() {
    let all: Vec<BrokenDeployment> = (0..5)
        .map(|i| broken_deployment("shop", &format!("web-{i}")))
        .collect();
    let server = server(&all).start().await;
    let of_pod = |i: usize| Match::path(&format!("/api/v1/namespaces/shop/pods/web-{i}-1-a/log"));
    let says = |body: &str| Fault::WrongBody {
        status: 200,
        content_type: "text/plain".into(),
        body: body.as_bytes().to_vec(),
    };
    server.fail(
        of_pod(0),
        says("starting\npanic: DATABASE_URL is not set\n\ngoroutine 1 [running]:\nmain.main()\n"),
    );
    server.fail(of_pod(1), says("one\nlast words\n"));
    server.fail(of_pod(2), Fault::Status(403));
    ask(&server, &deployments()).await;
    assert!(!server.requests().iter().any(|r| r.path.ends_with("/log")));

    let asks = Request {
        causes: Causes::WithLogs,
        ..deployments()
    };
    let report = ask(&server, &asks).await;
    let logs: Vec<_> = server
        .requests()
        .iter()
        .filter(|r| r.path.ends_with("/log"))
        .map(|r| (r.path.clone(), r.query.clone()))
        .collect();
    assert_eq!(logs.len(), 3, "{logs:?}");
    assert_eq!(
        logs[0],
        (
            "/api/v1/namespaces/shop/pods/web-0-1-a/log".to_owned(),
            "container=app&tailLines=20&limitBytes=65536&previous=true".into()
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
        [("logs of crashed containers", "forbidden", Some("pods/log get"))]
    );
    let hint = report.coverage.causes_not_seen[0].next_step();
    assert!(
        hint.as_ref()
            .is_some_and(|hint| hint.contains("--verb=get --resource=pods/log,")),
        "{hint:?}"
    );
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
    let asks = Request {
        causes: Causes::WithLogs,
        ..deployments()
    };
    let report = ask(&server, &asks).await;
    assert_eq!(
        lines(item(&report, "web")),
        [
            "CrashLoop 1x container api exited 2 (2 restarts)",
            "CrashLoop 1x container worker exited 7 (2 restarts)"
        ]
    );
    let requests = server.requests();
    let logs = requests.iter().filter(|r| r.path.ends_with("/log"));
    let of: Vec<_> = logs
        .map(|r| r.parameter("container").unwrap_or_default())
        .collect();
    assert_eq!(of, ["api", "worker"]);
}
