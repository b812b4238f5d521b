//! What a search for changes requests, and how many requests more than a search for causes.

use super::{BrokenDeployment, broken_deployment, deployments, item, other_requests, server, unseen_causes};
use crate::client::ask;
use serde_json::{Value, json};
use sre_shared::report::ChangeKind;
use sre_shared::run::{ChangeSources, ConfigMaps, Request};
use sre_testkit::{ApiServer, Fault, Match, at};

fn with(changes: ChangeSources) -> Request {
    Request {
        changes,
        ..deployments()
    }
}

/// A broken Deployment in that namespace. Its ReplicaSet says why it has no pods, or its template names a ConfigMap.
fn broken(namespace: &str, name: &str, refusal: Option<&str>) -> BrokenDeployment {
    let mut broken = broken_deployment(namespace, name).change_pod(|pod| pod.ready(false, at(-60)));
    broken.deployment = broken.deployment.created(at(-86_400));
    broken.set = broken.set.set(
        "/metadata/annotations",
        json!({"deployment.kubernetes.io/revision": "1"}),
    );
    match refusal {
        Some(message) => {
            let condition = json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                "message": message, "lastTransitionTime": at(-60)}]);
            broken.set = broken.set.set("/status/conditions", condition);
        }
        None => {
            let container =
                json!([{"name": "app", "image": "a", "envFrom": [{"configMapRef": {"name": "settings"}}]}]);
            broken.set = broken.set.set("/spec/template/spec/containers", container);
        }
    }
    broken
}

const REFUSALS: [&str; 4] = [
    r#"pods "x-" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5"#,
    r#"pods "x-" is forbidden: maximum cpu usage per Container is 1, but limit is 2"#,
    r#"admission webhook "guard.example.com" denied the request: no"#,
    r#"Internal error occurred: failed calling webhook "guard.example.com": connection refused"#,
];

#[tokio::test]
async fn changes_of_fifty_workloads_take_at_most_eight_requests_more_than_their_causes() {
    let all: Vec<BrokenDeployment> = (0..50)
        .map(|i| {
            let refusal = REFUSALS.get(i % 5).copied();
            broken(&format!("team-{}", i % 12), &format!("web-{i:02}"), refusal)
        })
        .collect();
    let server = server(&all).start().await;
    ask(&server, &with(ChangeSources::default())).await;
    let causes = other_requests(&server);
    server.clear_requests();
    ask(&server, &with(ChangeSources::DEFAULT)).await;
    let changes = other_requests(&server);
    let more: Vec<&String> = changes.iter().filter(|path| !causes.contains(path)).collect();
    assert_eq!(
        more,
        [
            "/api/v1/limitranges?resourceVersion=0",
            "/api/v1/resourcequotas?resourceVersion=0",
            "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations?resourceVersion=0",
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations?resourceVersion=0",
        ]
    );
    assert_eq!(changes.len(), causes.len() + 4, "no request is made twice");
}

/// The metadata of a ConfigMap that was written before the pods failed.
fn config_map(namespace: &str) -> Value {
    json!({"metadata": {"namespace": namespace, "name": "settings", "managedFields": [
        {"manager": "kubectl-edit", "operation": "Update", "time": at(-100), "fieldsType": "FieldsV1",
         "fieldsV1": {"f:data": {"f:level": {}}}}]}})
}

async fn with_config_maps(namespaces: usize) -> ApiServer {
    let all: Vec<BrokenDeployment> = (0..namespaces)
        .map(|i| broken(&format!("team-{i:02}"), &format!("web-{i:02}"), None))
        .collect();
    let server = server(&all).start().await;
    for namespace in (0..namespaces).map(|i| format!("team-{i:02}")) {
        let list = json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": {},
            "items": [config_map(&namespace)]});
        server.fail(
            Match::path(&format!("/api/v1/namespaces/{namespace}/configmaps")),
            Fault::WrongBody {
                status: 200,
                content_type: "application/json".into(),
                body: list.to_string().into_bytes(),
            },
        );
    }
    server
}

fn config_requests(server: &ApiServer) -> usize {
    let requests = server.requests();
    requests
        .iter()
        .filter(|request| request.path.ends_with("/configmaps"))
        .count()
}

#[tokio::test]
async fn config_maps_are_read_by_metadata_in_few_namespaces_or_in_sixteen_if_somebody_asks() {
    let asked = ChangeSources {
        config_maps: ConfigMaps::Asked,
        ..ChangeSources::DEFAULT
    };
    for (namespaces, sources, requests) in [
        (3, ChangeSources::DEFAULT, 3),
        (4, ChangeSources::DEFAULT, 0),
        (4, asked, 4),
        (20, asked, 16),
        (2, ChangeSources::default(), 0),
    ] {
        let server = with_config_maps(namespaces).await;
        ask(&server, &with(sources)).await;
        assert_eq!(config_requests(&server), requests, "{namespaces} {sources:?}");
    }
    let server = with_config_maps(1).await;
    let report = ask(&server, &with(ChangeSources::DEFAULT)).await;
    let change = item(&report, "web-00")
        .change
        .as_deref()
        .cloned()
        .expect("a change");
    assert_eq!(
        (change.what, change.by.as_deref()),
        (ChangeKind::Config, Some("kubectl-edit"))
    );
    let sent = server.requests_for(&Match::path("/api/v1/namespaces/team-00/configmaps"));
    let accept = sent[0].header("accept").unwrap_or_default();
    assert!(
        accept.starts_with("application/json;as=PartialObjectMetadataList;"),
        "{accept}"
    );
}

#[tokio::test]
async fn a_right_to_config_maps_that_nobody_asked_for_is_no_gap() {
    for (sources, gaps) in [
        (ChangeSources::DEFAULT, vec![]),
        (
            ChangeSources {
                config_maps: ConfigMaps::Asked,
                ..ChangeSources::DEFAULT
            },
            vec!["configmaps in namespace team-00 forbidden".to_owned()],
        ),
    ] {
        let server = with_config_maps(1).await;
        let path = Match::path("/api/v1/namespaces/team-00/configmaps");
        server.clear_faults();
        server.fail(path, Fault::Status(403));
        let report = ask(&server, &with(sources)).await;
        let found: Vec<String> = report
            .coverage
            .causes_not_seen
            .iter()
            .map(|entry| format!("{} {}", entry.what(), entry.class))
            .collect();
        assert_eq!(found, gaps, "{:?}", unseen_causes(&report));
    }
}
