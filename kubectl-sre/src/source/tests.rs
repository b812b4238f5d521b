use super::*;
use crate::cli::{Command, HealthSettings, parse};
use sre_shared::report::Status;
use sre_testkit::object::{Deployment, List};
use sre_testkit::{ApiServer, Fault, Match};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// The settings of a command line.
fn settings(args: &[&str]) -> HealthSettings {
    let line = ["kubectl-sre", "health"].iter().chain(args).map(OsString::from);
    match parse(line) {
        Ok(Command::Health(args)) => HealthSettings::new(&args, false),
        other => panic!("{args:?} are no flags of health: {other:?}"),
    }
}

fn limit() -> RunLimit {
    RunLimit::from_now(Duration::from_secs(30))
}

async fn status(source: &Source, request: &Request, limit: RunLimit) -> Status {
    source.report(request, limit, &|_| ()).await.status
}

fn healthy() -> Deployment {
    Deployment::new("shop", "web").replicas(3)
}

fn short() -> Deployment {
    healthy().counts(3, 3, 1, 1)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of a test is text")
}

#[tokio::test]
async fn an_open_cluster_is_asked_again_without_its_kubeconfig_on_one_connection() {
    let server = ApiServer::builder().deployments([short()]).start().await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let kubeconfig = directory.path().join("config");
    std::fs::copy(server.kubeconfig(), &kubeconfig).expect("it can be written to");
    let HealthSettings { source, request, .. } =
        settings(&["deploy", "--cause", "none", "--kubeconfig", path(&kubeconfig)]);
    let source = Source::open(source, limit(), None).await.expect("it can be used");
    assert_eq!(status(&source, &request, limit()).await, Status::Degraded);
    std::fs::remove_file(&kubeconfig).expect("it is there");
    server.apply(healthy());
    assert_eq!(status(&source, &request, limit()).await, Status::Ok);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn each_report_of_an_open_cluster_has_a_limit_of_its_own() {
    let server = ApiServer::builder().deployments([healthy()]).start().await;
    let HealthSettings { source, request, .. } =
        settings(&["deploy", "--kubeconfig", path(server.kubeconfig())]);
    let source = Source::open(source, limit(), None).await.expect("it can be used");
    let over = RunLimit::from_now(Duration::ZERO);
    assert_eq!(status(&source, &request, over).await, Status::Unknown);
    assert_eq!(status(&source, &request, limit()).await, Status::Ok);
}

#[tokio::test]
async fn an_open_dump_is_judged_again_after_its_file_was_deleted() {
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a temporary file");
    let objects = [short(), Deployment::new("bank", "ledger")];
    std::fs::write(file.path(), List::kubectl().items(objects).to_json()).expect("it can be written to");
    let HealthSettings { source, request, .. } = settings(&["deploy", "-f", path(file.path())]);
    let source = Source::open(source, limit(), None).await.expect("it can be read");
    assert_eq!(status(&source, &request, limit()).await, Status::Degraded);
    drop(file);
    let bank = Request {
        namespace: Some("bank".to_owned()),
        ..request.clone()
    };
    assert_eq!(status(&source, &bank, limit()).await, Status::Ok);
    assert_eq!(status(&source, &request, limit()).await, Status::Degraded);
}

#[tokio::test]
async fn the_agent_at_a_url_is_asked_again_on_one_connection() {
    let server = ApiServer::builder().plain_http().start().await;
    let mut report = Report::new(
        sre_shared::report::Source::default(),
        "2026-11-23T18:40:12Z".to_owned(),
    );
    report.checks =
        vec![serde_json::from_str(r#"{"check": "deployments", "status": "ok"}"#).expect("a check")];
    report.settle();
    let answer = Fault::WrongBody {
        status: 200,
        content_type: "application/json".to_owned(),
        body: serde_json::to_vec(&report).expect("a report is JSON"),
    };
    server.fail(Match::path("/health"), answer);
    let HealthSettings { source, request, .. } = settings(&["deploy", "--agent-url", server.url()]);
    let source = Source::open(source, limit(), None)
        .await
        .expect("a URL needs no more");
    assert_eq!(status(&source, &request, limit()).await, Status::Ok);
    assert_eq!(status(&source, &request, limit()).await, Status::Ok);
    assert_eq!(
        (
            server.requests_for(&Match::path("/health")).len(),
            server.accepted()
        ),
        (2, 1)
    );
}
