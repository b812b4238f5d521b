//! Events, which are listed only if the pods leave a question.

use super::{
    BrokenDeployment, broken_deployment, causes_of, crashes, deployments, event, item, lines, other_requests,
    server,
};
use crate::client::{ask, part};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_testkit::object::Pod;
use sre_testkit::{ApiServer, at};

#[tokio::test]
async fn events_are_listed_only_if_the_pods_leave_a_question() {
    let unready = broken_deployment("shop", "web").change_pod(|p| {
        p.ready(false, at(-500))
            .set(
                "/status/containerStatuses/0/state",
                json!({"running": {"startedAt": at(-500)}}),
            )
            .set("/status/containerStatuses/0/lastState", json!({}))
    });
    let pod = unready.pod.build();
    let said = event(
        &pod,
        "Warning",
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 404",
    );
    let server = server(&[unready]).objects([said]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["ReadinessProbe 1x container app: HTTP probe failed with statuscode: 404"]
    );
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    assert_eq!(
        other_requests(&server)[0],
        format!("/api/v1/namespaces/shop/events?fieldSelector=involvedObject.uid={uid}&limit=500")
    );
}

#[tokio::test]
async fn a_missing_pull_secret_is_looked_up_if_the_registry_refuses_a_pod_that_names_one() {
    for (secrets, events) in [(json!([{"name": "regcred"}]), 1), (json!([]), 0)] {
        let refused = broken_deployment("shop", "web").change_pod(|p| {
            p.waiting(
                "ImagePullBackOff",
                "Back-off pulling image: ErrImagePull: pull access denied",
            )
            .set("/status/containerStatuses/0/lastState", json!({}))
            .set("/spec/imagePullSecrets", secrets.clone())
        });
        let said = event(
            &refused.pod.build(),
            "Warning",
            "FailedToRetrieveImagePullSecret",
            "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
        );
        let server = server(&[refused]).objects([said]).start().await;
        let report = ask(&server, &deployments()).await;
        let missing = ["", "image pull secret regcred is missing: "][events];
        assert_eq!(
            lines(item(&report, "web")),
            [format!("ImagePull 1x container app: {missing}pull access denied")]
        );
        let asked = other_requests(&server);
        assert_eq!(
            asked.iter().filter(|path| path.contains("/events?")).count(),
            events
        );
    }
}

#[tokio::test]
async fn events_of_many_pods_are_listed_by_their_type_in_few_pages() {
    let creating = |i: usize| {
        broken_deployment(&format!("team-{}", i % 5), &format!("web-{i}")).change_pod(|p| {
            p.waiting("ContainerCreating", "")
                .set("/status/containerStatuses/0/lastState", json!({}))
        })
    };
    let all: Vec<BrokenDeployment> = (0..20).map(creating).collect();
    let events: Vec<Value> = all
        .iter()
        .map(|b| event(&b.pod.build(), "Warning", "FailedMount", "no such volume"))
        .collect();
    let noise = event(&all[0].pod.build(), "Normal", "Scheduled", "assigned");
    let server = server(&all).objects(events).objects([noise]).start().await;
    let report = ask(&server, &deployments()).await;
    for item in part(&report).items.iter().filter(|i| !i.state.is_fine()) {
        assert_eq!(lines(item), ["VolumeMount 1x no such volume"]);
    }
    assert_eq!(
        other_requests(&server)[0],
        "/api/v1/events?fieldSelector=type=Warning&limit=500"
    );
    assert_eq!(other_requests(&server).len(), 3);
}

#[tokio::test]
async fn scale_up_events_are_listed_if_a_pod_has_no_node() {
    let stuck =
        broken_deployment("shop", "web").change_pod(|p| p.unschedulable("0/3 nodes are available", at(-600)));
    let server = server(&[stuck]).start().await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["Unschedulable 1x 0/3 nodes are available"]
    );
    assert_eq!(
        other_requests(&server)[..2],
        ["Nominated", "TriggeredScaleUp"]
            .map(|reason| format!("/api/v1/namespaces/shop/events?fieldSelector=reason={reason}&limit=500"))
    );
}

#[tokio::test]
async fn the_events_of_a_claim_are_listed_if_a_pod_waits_for_it() {
    let waiting = broken_deployment("shop", "web").change_pod(|p| {
        p.unschedulable(
            "0/3 nodes: pod has unbound immediate PersistentVolumeClaims",
            at(-600),
        )
        .set(
            "/spec/volumes",
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]),
        )
    });
    let said = |claim: &str, message: &str| {
        json!({
            "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "ProvisioningFailed", "message": message,
            "metadata": {"namespace": "shop", "name": format!("{claim}.x")},
            "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": claim, "uid": claim},
            "lastTimestamp": at(0)
        })
    };
    let server = server(&[waiting])
        .objects([said("data", "no such storage class"), said("other", "no quota")])
        .start()
        .await;
    let report = ask(&server, &deployments()).await;
    assert_eq!(
        lines(item(&report, "web")),
        ["VolumeClaim 1x claim data: no such storage class"]
    );
    assert!(
        other_requests(&server).contains(
            &"/api/v1/namespaces/shop/events?fieldSelector=involvedObject.kind=PersistentVolumeClaim&limit=500"
                .to_owned()
        ),
        "{:?}",
        other_requests(&server)
    );
}

#[tokio::test]
async fn the_events_of_a_claim_explain_a_stateful_set_and_a_bare_pod() {
    let waiting = |pod: Pod| {
        pod.unschedulable(
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            at(-600),
        )
        .set(
            "/spec/volumes",
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}]),
        )
        .label("app", "db")
        .build()
    };
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"namespace": "shop", "name": "db", "uid": "s", "generation": 1, "creationTimestamp": at(-9000)},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "db"}}},
        "status": {"observedGeneration": 1, "replicas": 1, "readyReplicas": 0, "currentRevision": "r",
            "updateRevision": "r"}
    });
    let missing = json!({
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "ProvisioningFailed",
        "message": "storageclass.storage.k8s.io \"nfs-client\" not found",
        "metadata": {"namespace": "shop", "name": "data-db-0.x"},
        "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data-db-0", "uid": "c"},
        "lastTimestamp": at(0)
    });
    let pod = Pod::new("shop", "db-0");
    let owned = waiting(pod.clone().owner("apps/v1", "StatefulSet", "db", "s"));
    for (kind, name, objects) in [
        (Kind::StatefulSet, "db", vec![set, owned]),
        (Kind::Pod, "db-0", vec![waiting(pod)]),
    ] {
        let server = ApiServer::builder()
            .objects(objects)
            .objects([missing.clone()])
            .start()
            .await;
        let report = ask(&server, &causes_of(kind)).await;
        let causes = &item(&report, name).causes;
        let found: Vec<_> = causes
            .iter()
            .map(|c| (c.message.as_str(), c.hint.as_deref(), c.since.clone()))
            .collect();
        assert_eq!(
            found,
            [(
                "claim data-db-0: storageclass.storage.k8s.io \"nfs-client\" not found",
                Some("kubectl get storageclasses"),
                Some(at(-600))
            )],
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn events_are_listed_if_any_container_leaves_a_question() {
    for (code, events) in [(137, 1), (7, 0)] {
        let two = broken_deployment("shop", "web").change_pod(|p| {
            let both = json!([crashes("api", 2), crashes("worker", code)]);
            p.set("/status/containerStatuses", both)
        });
        let server = server(&[two]).start().await;
        ask(&server, &deployments()).await;
        let asked = other_requests(&server);
        assert_eq!(
            asked.iter().filter(|path| path.contains("/events?")).count(),
            events
        );
    }
}
