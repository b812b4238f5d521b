//! Namespaces that may not be read, are empty or do not exist.

use super::{assert_nothing_seen, every_kind, in_namespace, named, not_seen, seven, totals};
use crate::client::{ask, missing, only_deployments, part, with_deployments};
use sre_shared::report::{Namespaces, Status};
use sre_shared::run::Request;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Fault, Match};

#[tokio::test]
async fn if_a_list_of_all_namespaces_is_forbidden_each_namespace_is_read_by_itself() {
    let spaces: Vec<String> = (0..20).map(|number| format!("team-{number:02}")).collect();
    let readable = spaces
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "team-07");
    let access =
        Access::namespaces(readable.chain(["default", "kube-system", "kube-public", "kube-node-lease"]));
    let server = ApiServer::builder()
        .user("t", "jane", access.and_namespace_list())
        .deployments(spaces.iter().map(|space| Deployment::new(space, "web")))
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    let entry = not_seen(&report);
    assert_eq!(entry.what(), "deployments in namespace team-07");
    assert_eq!(
        (entry.class.as_str(), missing(entry)),
        ("forbidden", Some("apps/deployments list"))
    );
    assert_eq!(
        (report.status, part(&report).status),
        (Status::Unknown, Status::Unknown)
    );
    assert_eq!(
        (part(&report).summary.total, part(&report).summary.healthy),
        (19, 19)
    );
    assert_eq!(report.coverage.namespaces, Namespaces::default());
    let server_side: Vec<u32> = server
        .requests_for(&Match::under("/apis/apps/v1/namespaces/team-07/"))
        .iter()
        .map(sre_testkit::RecordedRequest::page)
        .collect();
    assert_eq!(
        server_side,
        [1],
        "a right that is missing does not come by asking again"
    );
}

#[tokio::test]
async fn a_broken_workload_is_degraded_even_if_a_namespace_is_forbidden() {
    let server = ApiServer::builder()
        .user("t", "jane", Access::namespaces(["shop"]).and_namespace_list())
        .deployments([Deployment::new("shop", "web").replicas(3).counts(3, 3, 0, 0)])
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(report.status, Status::Degraded);
    assert_eq!(report.coverage.not_seen.len(), 4, "{:?}", report.coverage);
}

#[tokio::test]
async fn if_namespaces_cannot_be_listed_the_contexts_own_is_judged_and_the_rest_is_not_seen() {
    let server = seven()
        .user("t", "jane", Access::namespaces(["shop"]))
        .default_namespace("shop")
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(part(&report).summary.healthy, 7);
    assert_eq!(report.coverage.namespaces, Namespaces::These(vec!["shop".into()]));
    let entry = not_seen(&report);
    assert_eq!(entry.what(), "deployments in all namespaces but shop");
    assert_eq!(
        (entry.class.as_str(), missing(entry)),
        ("forbidden", Some("apps/deployments list"))
    );
    assert!(
        entry
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("-n NAMESPACE")),
        "{entry:?}"
    );
    assert_eq!(report.status, Status::Unknown);
    // What -n asks for is all there is to see.
    assert_eq!(ask(&server, &in_namespace("shop")).await.status, Status::Ok);
    let report = ask(&server, &in_namespace("bank")).await;
    assert_eq!(not_seen(&report).what(), "deployments in namespace bank");
    assert_eq!(missing(not_seen(&report)), Some("apps/deployments list"));
}

#[tokio::test]
async fn if_nothing_may_be_read_one_entry_names_the_rule() {
    let server = seven().user("t", "nobody", Access::none()).start().await;
    let report = ask(&server, &with_deployments()).await;
    assert_nothing_seen(&report, "forbidden");
    assert_eq!(missing(not_seen(&report)), Some("apps/deployments list"));
    assert_eq!(report.coverage.namespaces, Namespaces::default());
    assert_eq!(report.api_server().map(|check| check.status), Some(Status::Ok));
}

#[tokio::test]
async fn an_empty_namespace_is_ok_if_it_exists() {
    let server = seven().namespaces(["bank"]).start().await;
    assert_eq!(ask(&server, &in_namespace("bank")).await.status, Status::Ok);
    // The list was allowed and empty; that the namespace itself may not be read changes nothing.
    server.set_access("kubernetes-admin", Access::admin().without("get", "namespaces"));
    assert_eq!(ask(&server, &in_namespace("bank")).await.status, Status::Ok);
    server.set_access("kubernetes-admin", Access::admin());
    server.fail(Match::path("/api/v1/namespaces/bank"), Fault::Status(500));
    let report = ask(&server, &in_namespace("bank")).await;
    assert_eq!(
        (report.status, not_seen(&report).class.as_str()),
        (Status::Unknown, "unhealthy")
    );
}

#[tokio::test]
async fn a_namespace_that_does_not_exist_is_not_found_and_gets_the_nearest_name() {
    let server = seven().start().await;
    for wanted in [
        in_namespace("shopp"),
        Request {
            namespace: Some("shopp".into()),
            ..named("a")
        },
    ] {
        let report = ask(&server, &wanted).await;
        let entry = not_seen(&report);
        assert_eq!(
            (entry.what().as_str(), entry.class.as_str()),
            ("namespace shopp", "notFound")
        );
        assert_eq!(entry.hint.as_deref(), Some("did you mean \"shop\"?"));
        assert_eq!(report.status, Status::Unknown);
    }
}

#[tokio::test]
async fn a_namespace_that_was_asked_for_is_looked_up_once() {
    let server = seven().namespaces(["bank"]).start().await;
    let every_kind_in = |namespace: &str| Request {
        namespace: Some(namespace.into()),
        ..every_kind()
    };
    let lookups = || server.requests_for(&Match::under("/api/v1/namespaces")).len();
    assert_eq!(ask(&server, &every_kind_in("shop")).await.status, Status::Ok);
    assert_eq!(lookups(), 1);
    assert_eq!(ask(&server, &every_kind_in("bank")).await.status, Status::Ok);
    assert_eq!(lookups(), 2);
    let report = ask(&server, &every_kind_in("shopp")).await;
    assert_eq!(not_seen(&report).what(), "namespace shopp");
    assert!(
        report.kinds().all(|kind| kind.status == Status::Unknown),
        "{report:?}"
    );
}

#[tokio::test]
async fn the_names_of_all_namespaces_are_read_once_for_all_kinds() {
    let access = Access::namespaces(["shop", "default", "kube-system", "kube-public", "kube-node-lease"]);
    let server = seven()
        .user("t", "jane", access.and_namespace_list())
        .start()
        .await;
    let report = ask(&server, &every_kind()).await;
    assert_eq!(
        (report.status, totals(&report)[0].2),
        (Status::Ok, 7),
        "{report:?}"
    );
    assert_eq!(server.requests_for(&Match::path("/api/v1/namespaces")).len(), 1);
}

#[tokio::test]
async fn a_report_of_one_namespace_says_so_unless_a_kind_was_seen_everywhere() {
    let server = seven()
        .user("t", "jane", Access::namespaces(["shop"]))
        .default_namespace("shop")
        .start()
        .await;
    let report = ask(&server, &every_kind()).await;
    assert_eq!(report.coverage.namespaces, Namespaces::These(vec!["shop".into()]));
    assert_eq!(
        (report.status, report.coverage.not_seen.len()),
        (Status::Unknown, 5)
    );
}
