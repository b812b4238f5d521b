//! One look.

use super::{
    ask, certificate, config_map, counts, deployment, manifest, paths, plan, serve_certificates, shown,
};
use crate::client::now;
use serde_json::json;
use sre_shared::failure::{Class, Failure};
use sre_shared::report::{FailOn, Namespaces, Outcome, Source, Status};
use sre_shared::run::manifests::unreached_manifests;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer};

#[tokio::test]
async fn exactly_the_named_objects_of_all_namespaces_are_judged() {
    let server = ApiServer::builder()
        .deployments([
            Deployment::new("shop", "web"),
            Deployment::new("bank", "ledger").replicas(3).counts(3, 3, 1, 1),
            // Nobody named these.
            Deployment::new("shop", "other").counts(1, 1, 0, 0),
            Deployment::new("bank", "web").counts(1, 1, 0, 0),
        ])
        .start()
        .await;
    let report = ask(
        &server,
        &[
            deployment(&json!({"name": "web"})),
            deployment(&json!({"name": "ledger", "namespace": "bank"})),
        ],
    )
    .await;
    assert_eq!(
        shown(&report),
        [
            "Deployment/bank/ledger degraded ReadyBelowDesired",
            "Deployment/shop/web healthy Ready"
        ]
    );
    assert_eq!(report.kinds().count(), 1, "one check for both namespaces");
    assert_eq!(report.status, Status::Degraded);
    let shops = ["bank", "shop"].map(str::to_owned).to_vec();
    assert_eq!(report.coverage.namespaces, Namespaces::These(shops));
    assert_eq!(
        report.coverage.objects,
        ["deployments/shop/web", "deployments/bank/ledger"]
    );
    assert_eq!(report.api_server(), None, "it is no object of the manifests");
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.path != "/apis/apps/v1/deployments"),
        "no list of all namespaces: {:?}",
        paths(&server)
    );
}

#[tokio::test]
async fn a_missing_object_is_not_seen_in_its_namespace_though_another_has_its_name() {
    let server = ApiServer::builder()
        .namespaces(["shop", "bank"])
        .deployments([Deployment::new("bank", "web")])
        .start()
        .await;
    let report = ask(&server, &[deployment(&json!({"name": "web"}))]).await;
    assert_eq!(shown(&report), ["deployment web: notFound"]);
    assert_eq!(FailOn::default().exit_code(Outcome::of(&report)), 3);
}

#[tokio::test]
async fn an_object_with_another_uid_was_replaced_and_an_older_generation_is_not_settled() {
    let server = ApiServer::builder()
        .deployments([
            Deployment::new("shop", "web")
                .uid("now")
                .generation(2)
                .observed(2),
            Deployment::new("shop", "api")
                .uid("same")
                .generation(3)
                .observed(2),
        ])
        .start()
        .await;
    let state = async |name: &str, uid: &str, generation: i64| {
        let metadata = json!({"name": name, "namespace": "shop", "uid": uid, "generation": generation});
        let report = ask(&server, &[deployment(&metadata)]).await;
        (
            shown(&report).join(", "),
            FailOn::default().exit_code(Outcome::of(&report)),
        )
    };
    let is = |state: &str, code: u8| (state.to_owned(), code);
    assert_eq!(
        state("web", "now", 2).await,
        is("Deployment/shop/web healthy Ready", 0)
    );
    // A later generation is as good.
    assert_eq!(
        state("web", "now", 1).await,
        is("Deployment/shop/web healthy Ready", 0)
    );
    assert_eq!(
        state("web", "before", 2).await,
        is("Deployment/shop/web unavailable Replaced", 2)
    );
    assert_eq!(
        state("web", "now", 3).await,
        is("Deployment/shop/web progressing NotObserved", 1)
    );
    // Its status is about the generation before.
    let (shown, code) = state("api", "same", 3).await;
    assert!(
        shown.starts_with("Deployment/shop/api ") && !shown.contains("healthy"),
        "{shown}"
    );
    assert_ne!(code, 0);
}

#[tokio::test]
async fn objects_without_a_verdict_are_looked_for_by_metadata_and_secrets_are_never_asked_for() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .objects([
            config_map("there"),
            manifest("v1", "Secret", &json!({"name": "s", "namespace": "shop"})),
        ])
        .objects([manifest(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            &json!({"name": "reader"}),
        )])
        .start()
        .await;
    let manifests = [
        deployment(&json!({"name": "web"})),
        config_map("there"),
        manifest(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            &json!({"name": "reader"}),
        ),
        manifest("v1", "Secret", &json!({"name": "s"})),
        manifest("v1", "Secret", &json!({"name": "t"})),
    ];
    let report = ask(&server, &manifests).await;
    assert_eq!(shown(&report), ["Deployment/shop/web healthy Ready"]);
    assert_eq!(
        counts(&report),
        [("clusterroles", 1), ("configmaps", 1), ("Secret", 2)]
    );
    assert_eq!(report.status, Status::Ok);
    let config_maps: Vec<_> = server
        .requests()
        .iter()
        .filter(|request| request.path.contains("/configmaps"))
        .map(|request| (request.path.clone(), request.asks_for_metadata()))
        .collect();
    assert_eq!(
        config_maps,
        [("/api/v1/namespaces/shop/configmaps/there".to_owned(), true)]
    );
    let asked = paths(&server);
    assert!(asked.iter().all(|path| !path.contains("secrets")), "{asked:#?}");
    // One that is missing is not seen, and the others count.
    let report = ask(&server, &[config_map("there"), config_map("gone")]).await;
    assert_eq!(shown(&report), ["configmap gone: notFound"]);
    assert_eq!(counts(&report), [("configmaps", 1)]);
    assert_eq!(FailOn::default().exit_code(Outcome::of(&report)), 3);
}

#[tokio::test]
async fn manifests_of_nothing_but_objects_without_a_verdict_are_ok_if_all_are_there() {
    let server = ApiServer::builder().objects([config_map("a")]).start().await;
    let report = ask(&server, &[config_map("a")]).await;
    assert_eq!((report.status, report.checks.len()), (Status::Ok, 0));
    assert_eq!(FailOn::default().exit_code(Outcome::of(&report)), 0);
}

#[tokio::test]
async fn an_object_without_a_verdict_that_was_replaced_or_is_being_deleted_falls_short() {
    let mut deleted = config_map("deleted");
    deleted["metadata"]["deletionTimestamp"] = json!(sre_testkit::at(-5));
    deleted["metadata"]["finalizers"] = json!(["example.com/wait"]);
    let mut other = config_map("other");
    other["metadata"]["uid"] = json!("now");
    let server = ApiServer::builder().objects([deleted, other]).start().await;
    let mut wanted = config_map("other");
    wanted["metadata"]["uid"] = json!("before");
    let report = ask(&server, &[wanted, config_map("deleted")]).await;
    assert_eq!(
        shown(&report),
        [
            "ConfigMap/shop/deleted terminating Deleting",
            "ConfigMap/shop/other unavailable Replaced"
        ]
    );
    assert_eq!(FailOn::default().exit_code(Outcome::of(&report)), 2);
}

#[tokio::test]
async fn a_kind_that_may_not_be_read_is_named_with_the_right_that_is_missing() {
    let server = ApiServer::builder()
        .objects([config_map("a")])
        .user("t", "jane", Access::none())
        .start()
        .await;
    let report = ask(&server, &[config_map("a"), config_map("b")]).await;
    assert_eq!(shown(&report), ["configmaps in namespace shop: forbidden"]);
    let missing = report.coverage.not_seen[0].missing.as_ref();
    assert_eq!(
        missing.map(ToString::to_string),
        Some("configmaps get".to_owned())
    );
    let grant = report.coverage.grant.expect("a right is missing");
    assert_eq!(grant.namespace.as_deref(), Some("shop"));
    assert!(
        grant
            .commands
            .iter()
            .any(|command| command.contains("configmaps")),
        "{:?}",
        grant.commands
    );
}

#[tokio::test]
async fn a_custom_resource_is_judged_by_its_conditions_and_only_looked_for_without_any() {
    let server = ApiServer::builder().objects([certificate("False")]).start().await;
    serve_certificates(&server);
    let named = manifest("cert-manager.io/v1", "Certificate", &json!({"name": "web"}));
    let report = ask(&server, std::slice::from_ref(&named)).await;
    assert_eq!(shown(&report), ["Certificate/shop/web degraded ConditionNotMet"]);
    // Many kinds never get a status, such as ServiceMonitors.
    let mut silent = certificate("True");
    silent.as_object_mut().expect("an object").remove("status");
    server.apply(silent.clone());
    let report = ask(&server, std::slice::from_ref(&named)).await;
    assert_eq!(shown(&report), [""; 0]);
    assert_eq!(counts(&report), [("certificates.cert-manager.io", 1)]);
    assert_eq!(report.status, Status::Ok);
    // In the first minute its controller may still write one: helm/helm#32066, fluxcd/flux2#5855.
    silent["metadata"]["creationTimestamp"] = json!(sre_shared::run::clock::system().to_string());
    server.apply(silent);
    let report = ask(&server, &[named]).await;
    assert_eq!(shown(&report), ["Certificate/shop/web progressing NotObserved"]);
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_not_seen() {
    let server = ApiServer::builder()
        .deployments([Deployment::new("shop", "web")])
        .start()
        .await;
    let report = ask(
        &server,
        &[
            deployment(&json!({"name": "web"})),
            manifest("cert-manager.io/v1", "Certificate", &json!({"name": "web"})),
        ],
    )
    .await;
    assert_eq!(
        shown(&report),
        [
            "Deployment/shop/web healthy Ready",
            "certificate.cert-manager.io: notFound"
        ]
    );
    assert_eq!(FailOn::default().exit_code(Outcome::of(&report)), 3);
}

#[test]
fn without_a_credential_every_object_is_unknown() {
    let failure = Failure::new(Class::Credential, "no credential");
    let plan = plan(&[deployment(&json!({"name": "web"})), config_map("a")]);
    let report = unreached_manifests(&plan, &failure, Source::default(), now);
    assert_eq!(
        shown(&report),
        [
            "deployments in namespace shop: credential",
            "configmaps in namespace shop: credential"
        ]
    );
    assert_eq!(report.status, Status::Unknown);
}
