//! An API server that answers and is not healthy.

use super::TOKEN;
use crate::client::{IMPATIENT, ask_with, client, try_client, with_deployments};
use sre_shared::cluster::readyz;
use sre_shared::failure::Class;
use sre_shared::report::{ApiServerCheck, Readyz, Status};
use sre_shared::run;
use sre_testkit::{Access, ApiServer, Fault, Match};

async fn check_api_server(server: &ApiServer) -> ApiServerCheck {
    run::apiserver::check(&client(server).await, run::clock::system).await
}

#[tokio::test]
async fn a_version_that_may_not_be_read_names_the_rule() {
    let access = Access::admin().without_path("/version");
    let server = ApiServer::builder().user(TOKEN, "jane", access).start().await;
    let check = check_api_server(&server).await;
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some("forbidden"))
    );
    assert_eq!(check.missing.as_deref(), Some("nonResourceURL /version get"));
}

#[tokio::test]
async fn readyz_decides_whether_the_api_server_is_healthy() {
    let server = ApiServer::builder().start().await;
    let check = check_api_server(&server).await;
    assert_eq!(
        (check.status, check.version.as_deref()),
        (Status::Ok, Some("v1.37.2"))
    );
    let whole = check.readyz.expect("it was read");
    assert!(whole.passed > 30 && whole.passed == whole.total, "{whole:?}");

    server.fail_check("/readyz", "etcd");
    let check = check_api_server(&server).await;
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Degraded, Some("unhealthy"))
    );
    assert_eq!(check.error.as_deref(), Some("/readyz answers 500, failing: etcd"));
    assert_eq!(check.version.as_deref(), Some("v1.37.2"));
    let expected = Readyz {
        passed: whole.total - 1,
        total: whole.total,
        failing: vec!["etcd".into()],
    };
    assert_eq!(check.readyz, Some(expected));

    for (code, status, class) in [
        (401, Status::Unknown, Some("unauthenticated")),
        (429, Status::Degraded, Some("overloaded")),
        (503, Status::Degraded, Some("unhealthy")),
        (404, Status::Ok, None),
    ] {
        server.clear_faults();
        server.fail(Match::path("/readyz"), Fault::Status(code));
        let check = check_api_server(&server).await;
        assert_eq!((check.status, check.class.as_deref()), (status, class), "{code}");
    }
}

#[tokio::test]
async fn a_readyz_that_may_not_be_read_is_a_note() {
    let access = Access::admin().without_path("/readyz");
    let server = ApiServer::builder().user(TOKEN, "jane", access).start().await;
    let check = check_api_server(&server).await;
    assert_eq!(
        (check.status, check.class.as_deref(), check.notes.texts()),
        (Status::Ok, None, vec!["readyz not allowed"])
    );
}

#[tokio::test]
async fn an_api_server_that_answers_version_and_then_hangs_is_not_ok() {
    let server = ApiServer::builder().start().await;
    server.fail(Match::path("/readyz"), Fault::Hang);
    let client = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    let check = run::apiserver::check(&client, run::clock::system).await;
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some("timeout"))
    );
    assert_eq!(check.version.as_deref(), Some("v1.37.2"));
    assert_eq!(readyz(&client).await.map_err(|f| f.class), Err(Class::Timeout));
}

#[tokio::test]
async fn an_api_server_in_trouble_is_degraded_and_not_only_unknown() {
    let server = ApiServer::builder().start().await;
    for (code, class) in [(500, "unhealthy"), (429, "overloaded")] {
        server.clear_faults();
        server.fail(Match::any(), Fault::Status(code));
        let report = ask_with(&client(&server).await, &with_deployments()).await;
        let check = report.api_server().expect("it was asked for");
        assert_eq!(
            (report.status, check.class.as_deref()),
            (Status::Degraded, Some(class))
        );
        assert_eq!(report.coverage.not_seen[0].class, class);
    }
}
