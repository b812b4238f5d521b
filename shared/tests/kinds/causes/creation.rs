//! Pods that the API server refuses to create.

use super::{a, cause_text, event, judge, lines, set, stateful, web};
use sre_shared::kind::Kind;
use sre_shared::report::State;
use sre_testkit::at;
use sre_testkit::object::Pod;

#[test]
fn the_cause_of_a_refusal_names_its_author_and_the_command() {
    let forbidden = |why: &str| format!("pods \"web-1-x\" is forbidden: {why}");
    let rows = [
        (
            forbidden("exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2"),
            "Quota",
            "exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2",
            "kubectl -n shop describe quota compute",
            Some("ResourceQuota/shop/compute"),
        ),
        (
            forbidden("failed quota: compute: must specify cpu for: app"),
            "Quota",
            "failed quota: compute: must specify cpu for: app",
            "kubectl -n shop describe quota compute",
            Some("ResourceQuota/shop/compute"),
        ),
        (
            forbidden("maximum memory usage per Container is 64Mi, but limit is 128Mi"),
            "LimitRange",
            "maximum memory usage per Container is 64Mi, but limit is 128Mi",
            "kubectl -n shop describe limitrange",
            Some("Namespace/shop"),
        ),
        (
            forbidden("violates PodSecurity \"restricted:latest\": privileged"),
            "PodSecurity",
            "violates PodSecurity \"restricted:latest\": privileged",
            "kubectl get namespace --show-labels shop",
            Some("Namespace/shop"),
        ),
        (
            "admission webhook \"pods.example\" denied the request: no".to_owned(),
            "AdmissionWebhook",
            "admission webhook \"pods.example\" denied the request: no",
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            Some("Webhook/pods.example"),
        ),
        (
            "Internal error occurred: failed calling webhook \"pods.example\": service \"policy\" not found"
                .to_owned(),
            "AdmissionWebhook",
            "Internal error occurred: failed calling webhook \"pods.example\": service \"policy\" not found",
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            Some("Webhook/pods.example"),
        ),
        (
            forbidden("error looking up service account shop/robot: serviceaccount \"robot\" not found"),
            "ServiceAccount",
            "error looking up service account shop/robot: serviceaccount \"robot\" not found",
            "kubectl -n shop get serviceaccount robot",
            Some("ServiceAccount/shop/robot"),
        ),
        (
            "Pod \"web-1-x\" is invalid: spec.containers: Required value".to_owned(),
            "FailedCreate",
            "Pod \"web-1-x\" is invalid: spec.containers: Required value",
            "kubectl -n shop describe replicaset web-1",
            None,
        ),
    ];
    for (sentence, code, message, hint, subject) in rows {
        let refusing = set().counts(0, 0, 0).failed_create(&sentence, at(-700));
        let item = judge(
            Kind::Deployment,
            vec![
                web().counts(0, 0, 0, 0).build(),
                refusing.build(),
                // A pod without an owner shows that the dump has pods.
                Pod::new("shop", "other").build(),
            ],
        );
        let found: Vec<_> = item.causes.iter().map(cause_text).collect();
        assert_eq!(
            found,
            [(code, message, Some(at(-700)), hint, subject.map(str::to_owned))]
        );
        assert_eq!(item.causes[0].example, Some("ReplicaSet/web-1".into()));
    }
}

#[test]
fn the_newest_refusal_counts_before_the_condition_that_keeps_the_first() {
    let set = set().failed_create("pods \"x\" is forbidden: exceeded quota: old", at(-700));
    let now = "Error creating: pods \"x\" is forbidden: exceeded quota: new, requested: pods=1";
    let events = [
        event(&set.build(), "FailedCreate", "Error creating: long ago", -600),
        event(&set.build(), "FailedCreate", now, -30),
    ];
    let mut objects = vec![
        web().build(),
        set.build(),
        a().unschedulable("0/1 nodes", at(-500)).build(),
    ];
    objects.extend(events);
    assert_eq!(
        lines(&judge(Kind::Deployment, objects)),
        [
            "Quota 1x exceeded quota: new, requested: pods=1",
            "Unschedulable 1x 0/1 nodes"
        ]
    );
}

#[test]
fn an_event_names_the_refusal_if_the_controller_has_no_condition_for_it() {
    let set = stateful(0, 0);
    let said =
        "create Pod db-0 in StatefulSet db failed error: pods \"db-0\" is forbidden: exceeded quota: compute";
    let fresh = event(&set, "FailedCreate", said, -60);
    let old = event(&set, "FailedCreate", said, -1300);
    let item = judge(Kind::StatefulSet, vec![set.clone(), fresh]);
    assert_eq!(
        (item.state, lines(&item)),
        (
            State::Unavailable,
            vec!["Quota 1x exceeded quota: compute".to_owned()]
        )
    );
    assert_eq!(item.causes[0].example, Some("StatefulSet/db".into()));
    let item = judge(Kind::StatefulSet, vec![set, old]);
    assert_eq!(
        lines(&item),
        Vec::<String>::new(),
        "a refusal of long ago may be over"
    );
}
