//! Namespaces that are deleted, as the namespace controller and people in the field describe them.

use crate::*;
use sre_shared::check;
use sre_shared::resource::Namespace;

const MINUTE: i64 = 60;

/// A condition of the namespace controller.
fn says(kind: &str, reason: &str, message: &str) -> Value {
    condition(kind, "True", reason, message)
}

/// The five conditions of a namespace that nothing holds.
fn nothing_holds() -> Vec<Value> {
    [
        ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered"),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "ParsedGroupVersions",
        ),
        ("NamespaceDeletionContentFailure", "ContentDeleted"),
        ("NamespaceContentRemaining", "ContentRemoved"),
        ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers"),
    ]
    .iter()
    .map(|(kind, reason)| condition(kind, "False", reason, "All is well"))
    .collect()
}

/// A namespace that has been terminating for this many seconds. These conditions replace those of their type.
fn terminating(seconds: i64, holds: &[Value], fields: &[(&str, Value)]) -> Value {
    let mut conditions = nothing_holds();
    for hold in holds {
        let at = conditions.iter().position(|c| c["type"] == hold["type"]);
        conditions[at.expect("a type of the controller's")] = hold.clone();
    }
    let mut all = vec![
        ("/metadata/deletionTimestamp", json!(at(-seconds))),
        ("/spec/finalizers", json!(["kubernetes"])),
        ("/status/phase", json!("Terminating")),
        ("/status/conditions", json!(conditions)),
    ];
    all.extend_from_slice(fields);
    object("", "shop", &all)
}

fn stuck(holds: &[Value]) -> Value {
    terminating(40 * MINUTE, holds, &[])
}

fn discovery(failed: &str) -> Value {
    says(
        "NamespaceDeletionDiscoveryFailure",
        "DiscoveryFailed",
        &format!(
            "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: {failed}"
        ),
    )
}

fn remaining(what: &str) -> Value {
    says(
        "NamespaceContentRemaining",
        "SomeResourcesRemain",
        &format!("Some resources are remaining: {what}"),
    )
}

fn finalizers(which: &str) -> Value {
    says(
        "NamespaceFinalizersRemaining",
        "SomeFinalizersRemain",
        &format!("Some content in the namespace has finalizers remaining: {which}"),
    )
}

fn failure(errors: &str) -> Value {
    says(
        "NamespaceDeletionContentFailure",
        "ContentDeletionFailed",
        &format!("Failed to delete all resource types, {errors}"),
    )
}

const METRICS: &str = "metrics.k8s.io/v1beta1: the server is currently unable to handle the request";

#[test]
fn every_namespace_gets_its_state() {
    assert_rows::<Namespace>(&[
        row(
            "active",
            object("", "shop", &[("/status/phase", json!("Active"))]),
            HEALTHY,
            "Active",
            "active",
        ),
        row(
            "just deleted, while its pods end",
            terminating(73, &[remaining("pods. has 5 resource instances")], &[]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "after 46 s already held by a part of the API, which may come back",
            terminating(46, &[discovery(METRICS)], &[]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "at the end of its time",
            terminating(15 * MINUTE, &[discovery(METRICS)], &[]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "right after it",
            terminating(
                15 * MINUTE + 1,
                &[remaining("pods. has 1 resource instances")],
                &[],
            ),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 15 min: Some resources are remaining: pods. has 1 resource instances",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "shop"}}),
            UNKNOWN,
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        ),
    ]);
}

/// Each row is a report from the field; the number is that of its thread.
#[test]
fn the_message_says_what_holds_a_namespace() {
    assert_rows::<Namespace>(&[
        row(
            "metrics-server is gone and its APIService is not (kube-prometheus 275, containers-roadmap 1006)",
            stuck(&[discovery(METRICS)]),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: Discovery failed for some groups, 1 failing: unable to retrieve the complete list of \
             server APIs: metrics.k8s.io/v1beta1: the server is currently unable to handle the request",
        ),
        row(
            "a custom resource outlives the operator that would take its finalizer (kusk-gateway 599)",
            stuck(&[
                remaining("staticroutes.gateway.kusk.io has 1 resource instances"),
                finalizers("gateway.kusk.io/finalizer in 1 resource instances"),
            ]),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: Some content in the namespace has finalizers remaining: gateway.kusk.io/finalizer in 1 \
             resource instances; Some resources are remaining: staticroutes.gateway.kusk.io has 1 resource instances",
        ),
        row(
            "its operator was removed first (AKS 733)",
            stuck(&[finalizers(
                "istio-finalizer.install.istio.io in 1 resource instances",
            )]),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: Some content in the namespace has finalizers remaining: \
             istio-finalizer.install.istio.io in 1 resource instances",
        ),
        row(
            "pods that do not end (sonobuoy 1370)",
            stuck(&[remaining("pods. has 5 resource instances")]),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: Some resources are remaining: pods. has 5 resource instances",
        ),
        row(
            "the webhook that would allow the deletions was in the namespace (netbird 46, knsk 28)",
            stuck(&[failure(
                "1 remaining: Internal error occurred: failed calling webhook \"vnb.netbird.io\": service \"hook\" not found",
            )]),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: Failed to delete all resource types, 1 remaining: Internal error occurred: failed calling \
             webhook \"vnb.netbird.io\": service \"hook\" not found",
        ),
        row(
            "an aggregated API that answers a deletion with another form (cozystack 1674)",
            stuck(&[failure(
                "1 remaining: content is not a list: []unstructured.Unstructured",
            )]),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: Failed to delete all resource types, 1 remaining: content is not a list: \
             []unstructured.Unstructured",
        ),
        row(
            "a definition that is deleted at the same time (cluster-api-operator 562)",
            stuck(&[failure(
                "2 remaining: Internal error occurred: error resolving resource",
            )]),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: Failed to delete all resource types, 2 remaining: Internal error occurred: error \
             resolving resource",
        ),
        row(
            "a finalizer of Rancher on the namespace itself (kubernetes 64002)",
            terminating(
                40 * MINUTE,
                &[],
                &[
                    (
                        "/metadata/finalizers",
                        json!(["controller.cattle.io/namespace-auth"]),
                    ),
                    ("/spec/finalizers", json!([])),
                    ("/status/conditions", json!([])),
                ],
            ),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: its own finalizers hold it: controller.cattle.io/namespace-auth",
        ),
        row(
            "foregroundDeletion, with nothing left in it (kubernetes 111251)",
            terminating(
                40 * MINUTE,
                &[],
                &[
                    ("/metadata/finalizers", json!(["foregroundDeletion"])),
                    ("/spec", json!({})),
                ],
            ),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: its own finalizers hold it: foregroundDeletion",
        ),
        row(
            "an operator that marks namespaces does not run (remove-empty-ns-operator 5)",
            terminating(
                40 * MINUTE,
                &[],
                &[(
                    "/metadata/finalizers",
                    json!(["kopf.zalando.org/KopfFinalizerMarker"]),
                )],
            ),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: its own finalizers hold it: kopf.zalando.org/KopfFinalizerMarker",
        ),
        row(
            "a distribution's finalizer after its controllers are gone (kubernetes 19317)",
            terminating(
                40 * MINUTE,
                &[],
                &[("/spec/finalizers", json!(["openshift.io/origin", "kubernetes"]))],
            ),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: its own finalizers hold it: openshift.io/origin",
        ),
        row(
            "no controller manager works on it",
            terminating(40 * MINUTE, &[], &[("/status/conditions", json!([]))]),
            DEGRADED,
            "NamespaceStuck",
            "being deleted for 40 min: the namespace controller has written no condition",
        ),
    ]);
}

#[test]
fn the_cause_names_the_api_that_holds_it_and_the_command_that_shows_what_is_left() {
    let caused = |holds: &[Value]| {
        let item = check::judge(&view::<Namespace>(&stuck(holds)), &Evidence::new(now()));
        let cause = item.causes.first().expect("a cause");
        (
            cause.code.to_string(),
            cause
                .subject
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            cause.hint.clone().unwrap_or_default(),
        )
    };
    let expected =
        |code: &str, subject: &str, hint: &str| (code.to_owned(), subject.to_owned(), hint.to_owned());
    // The first of two that do not answer (kubernetes 75788).
    let two = "custom.metrics.k8s.io/v1beta1: the server is currently unable to handle the request, \
               external.metrics.k8s.io/v1beta1: the server is currently unable to handle the request";
    assert_eq!(
        caused(&[discovery(two), remaining("pods. has 1 resource instances")]),
        expected(
            "NamespaceDeletionDiscoveryFailure",
            "APIService/v1beta1.custom.metrics.k8s.io",
            "kubectl get apiservices"
        )
    );
    // Newer servers call it stale (deckhouse 3246 in the older words).
    assert_eq!(
        caused(&[discovery(
            "bashible.deckhouse.io/v1alpha1: stale GroupVersion discovery: bashible.deckhouse.io/v1alpha1"
        )])
        .1,
        "APIService/v1alpha1.bashible.deckhouse.io"
    );
    assert_eq!(
        caused(&[
            remaining("nbroutingpeers.netbird.io has 1 resource instances, pods. has 5 resource instances"),
            finalizers("netbird.io/cleanup in 1 resource instances"),
        ]),
        expected(
            "NamespaceFinalizersRemaining",
            "",
            "kubectl -n shop get nbroutingpeers.netbird.io,pods"
        )
    );
    assert_eq!(
        caused(&[failure("1 remaining: no")]),
        expected(
            "NamespaceDeletionContentFailure",
            "",
            "kubectl describe namespace shop"
        )
    );
}

#[test]
fn a_namespace_named_by_the_user_is_not_healthy_while_it_is_deleted() {
    let evidence = Evidence {
        named: true,
        ..Evidence::new(now())
    };
    let item = view::<Namespace>(&terminating(73, &[], &[])).judge(&evidence);
    assert_eq!((item.state, item.healthy), (State::Terminating, Some(false)));
}
