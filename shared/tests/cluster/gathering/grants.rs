//! The commands that grant the rights that a run lacks.

use super::{every_kind, in_namespace, seven};
use crate::client::{ask, only_deployments, with_deployments};
use sre_shared::kind::Kind;
use sre_shared::report::{Grant, Report};
use sre_shared::run::{Causes, KindTarget, Request};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Fault, Match};

const WHOAMI: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

fn grant(report: &Report) -> &Grant {
    report.coverage.grant.as_ref().expect("a right is missing")
}

/// The command that makes the role of these resources.
fn role(resources: &str) -> String {
    format!(
        "kubectl create clusterrole sre-health --verb=get,list --resource={resources} --dry-run=client -o yaml | \
         kubectl auth reconcile -f -"
    )
}

fn binding(name: &str) -> String {
    format!("kubectl create clusterrolebinding sre-{name} --clusterrole=sre-health --user={name}")
}

#[tokio::test]
async fn nobody_gets_all_that_the_run_needs_by_two_commands() {
    let server = seven().user("t", "nobody", Access::none()).start().await;
    let request = Request {
        causes: Causes::WithLogs,
        ..every_kind()
    };
    let report = ask(&server, &request).await;
    assert_eq!(
        grant(&report).commands,
        [
            role(
                "deployments.apps,statefulsets.apps,daemonsets.apps,jobs.batch,cronjobs.batch,pods,replicasets.apps,\
                 events,pods/log,namespaces,nodes"
            ),
            binding("nobody")
        ]
    );
    assert_eq!(grant(&report).user.as_deref(), Some("nobody"));
    assert_eq!(server.requests_for(&Match::path(WHOAMI)).len(), 1);
}

#[tokio::test]
async fn without_causes_their_kinds_are_not_granted() {
    let server = seven().user("t", "jane", Access::none()).start().await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        grant(&report).commands,
        [role("deployments.apps,namespaces"), binding("jane")]
    );
}

#[tokio::test]
async fn rights_that_are_missing_in_one_namespace_are_granted_there() {
    let server = seven()
        .user("t", "jane", Access::admin().without("list", "endpointslices"))
        .objects([serde_json::json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"namespace": "shop", "name": "web", "uid": "s", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        })])
        .start()
        .await;
    let request = Request {
        kinds: vec![KindTarget::all(Kind::Service)],
        ..only_deployments()
    };
    let report = ask(&server, &request).await;
    let commands = &grant(&report).commands;
    // Rights are missing in one namespace alone: the only one with a Service.
    assert_eq!(
        commands,
        &["kubectl -n shop create rolebinding sre-jane --clusterrole=view --user=jane"]
    );
}

#[tokio::test]
async fn in_one_namespace_a_binding_to_view_is_enough() {
    let server = seven().user("t", "jane", Access::none()).start().await;
    let request = Request {
        causes: Causes::WithoutLogs,
        ..in_namespace("shop")
    };
    let report = ask(&server, &request).await;
    assert_eq!(
        grant(&report).commands,
        ["kubectl -n shop create rolebinding sre-jane --clusterrole=view --user=jane"]
    );
    assert_eq!(
        (grant(&report).namespace.as_deref(), &grant(&report).not_granted),
        (Some("shop"), &vec!["nodes".to_owned()])
    );
    // A kind in no namespace needs a role in the cluster.
    let request = Request {
        kinds: vec![KindTarget::all(Kind::Deployment), KindTarget::all(Kind::Node)],
        ..in_namespace("shop")
    };
    let report = ask(&server, &request).await;
    assert_eq!(
        grant(&report).commands,
        [role("deployments.apps,namespaces,nodes"), binding("jane")]
    );
}

#[tokio::test]
async fn missing_kinds_of_the_only_readable_namespace_are_granted_there() {
    let access = || Access::namespaces(["shop"]);
    let server = seven()
        .user("t", "jane", access().without("list", "jobs"))
        .default_namespace("shop")
        .start()
        .await;
    let report = ask(&server, &every_kind()).await;
    assert_eq!(
        grant(&report).commands,
        ["kubectl -n shop create rolebinding sre-jane --clusterrole=view --user=jane"]
    );
    // Nothing is missing in it: only a role in the cluster shows the others.
    server.set_access("jane", access());
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        grant(&report).commands,
        [role("deployments.apps,namespaces"), binding("jane")]
    );
}

#[tokio::test]
async fn a_forbidden_namespace_among_many_is_granted_alone() {
    let access = Access::namespaces(["shop", "default", "kube-system", "kube-public", "kube-node-lease"]);
    let server = ApiServer::builder()
        .user("t", "jane", access.and_namespace_list())
        .deployments([Deployment::new("shop", "web"), Deployment::new("bank", "web")])
        .start()
        .await;
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        grant(&report).commands,
        ["kubectl -n bank create rolebinding sre-jane --clusterrole=view --user=jane"]
    );
}

#[tokio::test]
async fn the_api_servers_own_paths_are_granted_by_the_role_that_is_there() {
    let line = "kubectl create clusterrolebinding sre-jane-apiserver --clusterrole=system:public-info-viewer --user=jane";
    let access = Access::admin().without_path("/version").without_path("/readyz");
    let server = seven().user("t", "jane", access).start().await;
    let report = ask(&server, &with_deployments()).await;
    assert_eq!(grant(&report).commands, [line]);
    server.set_access("jane", Access::none().without_path("/version"));
    let report = ask(&server, &with_deployments()).await;
    assert_eq!(grant(&report).commands.len(), 3);
    assert_eq!(grant(&report).commands[2], line);
}

#[tokio::test]
async fn leases_that_may_not_be_read_are_granted_with_the_rest_and_alone_are_no_reason() {
    let server = seven()
        .user("t", "jane", Access::admin().without("get", "leases"))
        .start()
        .await;
    assert_eq!(ask(&server, &with_deployments()).await.coverage.grant, None);
    server.set_access("jane", Access::none());
    let report = ask(&server, &with_deployments()).await;
    assert_eq!(
        grant(&report).commands[0],
        role("deployments.apps,namespaces,leases.coordination.k8s.io")
    );
}

#[tokio::test]
async fn a_user_without_a_known_name_gets_a_placeholder_that_a_shell_refuses() {
    let server = seven().user("t", "jane", Access::none()).start().await;
    // An API server before 1.28 has no such review.
    server.fail(Match::path(WHOAMI), Fault::Status(404));
    let report = ask(&server, &only_deployments()).await;
    assert_eq!(
        grant(&report).commands[1],
        "kubectl create clusterrolebinding sre-health --clusterrole=sre-health --user=<YOUR-NAME>"
    );
    assert_eq!(grant(&report).user, None);
}

#[tokio::test]
async fn a_run_that_lacks_no_right_asks_for_no_name() {
    let server = seven().start().await;
    server.fail(Match::under("/apis/batch"), Fault::Status(500));
    let report = ask(&server, &every_kind()).await;
    assert_eq!(
        (report.coverage.not_seen.len(), &report.coverage.grant),
        (2, &None)
    );
    assert_eq!(server.requests_for(&Match::path(WHOAMI)).len(), 0);
}
