//! Pods that the API server refuses to create.

use super::{a, cause_text, event, judge, lines, set, stateful, web};
use sre_shared::kind::Kind;
use sre_shared::report::State;
use sre_testkit::at;
use sre_testkit::object::Pod;

#[test]
fn the_cause_of_a_refusal_names_its_author_and_the_command() {
    let forbidden = |why: &str| format!("pods \"web-1-x\" is forbidden: {why}");
    let webhooks = "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o \
                    'custom-columns=NAME:.metadata.name,WEBHOOKS:.webhooks[*].name,POLICY:.webhooks[*].failurePolicy,\
                    SERVICE:.webhooks[*].clientConfig.service.name'";
    let rows = [
        (
            forbidden("exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2"),
            "Quota",
            "quota compute: pods 2 of 2 used, 1 more asked",
            "kubectl -n shop get pods",
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
            "kubectl get namespace shop -o 'jsonpath={range .metadata.managedFields[*]}{.manager} {.operation} {.time}, \
             {end}'",
            Some("Namespace/shop"),
        ),
        (
            "admission webhook \"pods.example\" denied the request: no".to_owned(),
            "AdmissionWebhook",
            "admission webhook \"pods.example\" denied the request: no",
            webhooks,
            Some("Webhook/pods.example"),
        ),
        (
            "Internal error occurred: failed calling webhook \"pods.example\": service \"policy\" not found"
                .to_owned(),
            "AdmissionWebhook",
            "Internal error occurred: failed calling webhook \"pods.example\": service \"policy\" not found",
            webhooks,
            Some("Webhook/pods.example"),
        ),
        (
            forbidden("error looking up service account shop/robot: serviceaccount \"robot\" not found"),
            "ServiceAccount",
            "error looking up service account shop/robot: serviceaccount \"robot\" not found",
            "kubectl get serviceaccounts -A --field-selector metadata.name=robot",
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
    let now = "Error creating: pods \"x\" is forbidden: exceeded quota: new, requested: pods=1, used: pods=9, limited: pods=9";
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
            "Quota 1x quota new: pods 9 of 9 used, 1 more asked",
            "Unschedulable 1x 0/1 nodes"
        ]
    );
}

#[test]
fn a_quota_of_storage_that_refuses_a_claim_explains_its_stateful_set() {
    let set = stateful(0, 0);
    let said = "create Pod db-0 in StatefulSet db failed error: failed to create PVC data-db-0: persistentvolumeclaims \
                \"data-db-0\" is forbidden: exceeded quota: storage, requested: requests.storage=10Gi, used: \
                requests.storage=95Gi, limited: requests.storage=100Gi";
    let refused = event(&set, "FailedCreate", said, -60);
    let item = judge(Kind::StatefulSet, vec![set, refused]);
    let found: Vec<_> = item.causes.iter().map(cause_text).collect();
    assert_eq!(
        found,
        [(
            "Quota",
            "quota storage: requests.storage 95Gi of 100Gi used, 10Gi more asked",
            Some(at(-60)),
            "kubectl -n shop get persistentvolumeclaims",
            Some("ResourceQuota/shop/storage".to_owned())
        )]
    );
}

/// The fields that a level forbids are the answer. They stay whole, however many there are.
#[test]
fn the_list_of_a_policy_or_of_a_limit_range_is_not_cut() {
    let fields: Vec<String> = (0..6)
        .map(|n| {
            format!("runAsNonRoot != true (container \"app-{n}\" must set securityContext.runAsNonRoot=true)")
        })
        .collect();
    let level = format!(
        "violates PodSecurity \"restricted:latest\": {}",
        fields.join(", ")
    );
    let limits = "minimum cpu usage per Container is 100m, but request is 50m, maximum memory usage per Container is \
                  64Mi, but limit is 128Mi";
    for (why, message) in [(level.clone(), level.as_str()), (format!("[{limits}]"), limits)] {
        let sentence = format!("pods \"web-1-x\" is forbidden: {why}");
        let refusing = set().counts(0, 0, 0).failed_create(&sentence, at(-700));
        let pods = Pod::new("shop", "other").build();
        let objects = vec![web().counts(0, 0, 0, 0).build(), refusing.build(), pods];
        assert_eq!(judge(Kind::Deployment, objects).causes[0].message, message);
    }
}

#[test]
fn each_other_refusal_has_a_command_that_shows_what_it_is_about() {
    for (sentence, hint) in [
        (
            "pods \"x\" is forbidden: no PriorityClass with name gold was found",
            "kubectl get priorityclasses",
        ),
        (
            "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'pinned' with binding 'all' denied request: no tag",
            "kubectl describe validatingadmissionpolicy pinned",
        ),
        (
            "pods \"x\" is forbidden: something else",
            "kubectl -n shop describe replicaset web-1",
        ),
    ] {
        let refusing = set().counts(0, 0, 0).failed_create(sentence, at(-700));
        let pods = Pod::new("shop", "other").build();
        let objects = vec![web().counts(0, 0, 0, 0).build(), refusing.build(), pods];
        let cause = judge(Kind::Deployment, objects).causes.remove(0);
        assert_eq!(
            (cause.code.as_str(), cause.hint.as_deref()),
            ("FailedCreate", Some(hint))
        );
    }
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
