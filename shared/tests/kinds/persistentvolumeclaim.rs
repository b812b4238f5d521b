//! Whether a claim has its volume, and why it has none.

use crate::*;
use sre_shared::resource::PersistentVolumeClaim;

fn claim(name: &str, phase: &str, more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        ("/spec/storageClassName", json!("fast")),
        ("/spec/volumeName", json!("pv-1")),
        ("/status/phase", json!(phase)),
    ];
    fields.extend_from_slice(more);
    object("shop", name, &fields)
}

fn pod(name: &str, claim: &str, age: i64, more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        (
            "/spec/volumes",
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]),
        ),
        ("/status/phase", json!("Pending")),
        aged(age),
    ];
    fields.extend_from_slice(more);
    object("shop", name, &fields)
}

fn pods() -> RelatedObjects {
    let gate = json!([condition("PodScheduled", "False", "SchedulingGated", "")]);
    let mut known = RelatedObjects::default();
    add_related(
        &mut known,
        RelatedKind::Pods,
        &[
            pod("db-0", "data", 300, &[]),
            pod("db-1", "data", 200, &[]),
            pod("young-0", "new", 20, &[]),
            pod("over", "kept", 300, &[("/status/phase", json!("Succeeded"))]),
            pod("leaving", "kept", 300, &[deleting()]),
            pod("gated", "kept", 300, &[("/status/conditions", gate)]),
            pod("owner", "other", 300, &[("/metadata/uid", json!("uid-of-owner"))]),
        ],
    );
    add_related(&mut known, RelatedKind::ClaimEvents, &[]);
    known
}

fn grows(seconds: i64) -> (&'static str, Value) {
    let mut resizing = condition("Resizing", "True", "", "");
    set(&mut resizing, "/lastTransitionTime", json!(at(-seconds)));
    ("/status/conditions", json!([resizing]))
}

fn said(claim: &str, kind: &str, reason: &str, message: &str, seconds: i64) -> Value {
    json!({
        "metadata": {"namespace": "shop", "name": format!("{claim}.{reason}")},
        "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": claim,
            "uid": format!("uid-of-{claim}")},
        "type": kind, "reason": reason, "message": message, "lastTimestamp": at(-seconds),
    })
}

#[test]
fn the_events_about_a_claim_say_why_it_has_no_volume() {
    let mut known = pods();
    add_related(
        &mut known,
        RelatedKind::ClaimEvents,
        &[
            said(
                "data",
                "Normal",
                "ExternalProvisioning",
                "Waiting for a volume",
                10,
            ),
            said(
                "data",
                "Warning",
                "ProvisioningFailed",
                "storageclass.storage.k8s.io \"fast\" not found",
                20,
            ),
            said(
                "new",
                "Normal",
                "WaitForFirstConsumer",
                "waiting for first consumer",
                5,
            ),
        ],
    );
    let causes = |name: &str| {
        let item = judge_with_related::<PersistentVolumeClaim>(&known, &claim(name, "Pending", &[]));
        let of = |c: &sre_shared::report::Cause| {
            let (subject, hint) = (c.subject.clone(), c.hint.clone());
            format!(
                "{}: {} [{}] {}",
                c.code,
                c.message,
                subject.unwrap_or_default(),
                hint.unwrap_or_default()
            )
        };
        assert!(item.notes.is_empty(), "{:?}", item.notes);
        item.causes.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(
        causes("data"),
        [
            "VolumeClaim: claim data: storageclass.storage.k8s.io \"fast\" not found \
          [PersistentVolumeClaim/shop/data] kubectl get storageclasses"
        ]
    );
    assert_eq!(
        causes("new"),
        [
            "VolumeClaim: claim new: waits for Pod young-0 to be given to a node \
          [Pod/shop/young-0] kubectl -n shop describe pod young-0"
        ]
    );
    let pending = view::<PersistentVolumeClaim>(&claim("data", "Pending", &[]));
    let mut first = RelatedObjects::default();
    add_related(&mut first, RelatedKind::Pods, &[pod("db-0", "data", 300, &[])]);
    assert_eq!(
        pending.related_needs(&first),
        [(RelatedKind::ClaimEvents, "shop".to_owned())]
    );
    let spare = view::<PersistentVolumeClaim>(&claim("spare", "Pending", &[]));
    assert_eq!(spare.related_needs(&first), []);
    first.mark_unread(RelatedKind::ClaimEvents, None);
    assert_rows_with_related::<PersistentVolumeClaim>(
        &first,
        &[row(
            "its events may not be read",
            claim("data", "Pending", &[]),
            DEGRADED,
            "ClaimPending",
            "pending, Pod db-0 waits for it, storage class \"fast\"",
        )
        .notes(&["its events were not seen"])],
    );
}

#[test]
fn every_claim_gets_its_state() {
    let resize = (
        "/status/conditions",
        json!([condition("NodeResizeError", "True", "Failed", "no space")]),
    );
    let waits = (
        "/status/conditions",
        json!([condition("FileSystemResizePending", "True", "", "")]),
    );
    assert_rows_with_related::<PersistentVolumeClaim>(
        &pods(),
        &[
            row(
                "bound",
                claim("data", "Bound", &[]),
                HEALTHY,
                "Bound",
                "bound to pv-1",
            ),
            row(
                "lost",
                claim("data", "Lost", &[]),
                DEGRADED,
                "ClaimLost",
                "lost: volume pv-1 is gone or is another claim's",
            ),
            row(
                "lost without a name",
                claim("data", "Lost", &[("/spec/volumeName", json!(null))]),
                DEGRADED,
                "ClaimLost",
                "lost: its volume is gone, and the data with it",
            ),
            row(
                "pending and wanted",
                claim("data", "Pending", &[]),
                DEGRADED,
                "ClaimPending",
                "pending, Pod db-0 and 1 more wait for it, storage class \"fast\"",
            ),
            row(
                "wanted a moment ago",
                claim("new", "Pending", &[]),
                PROGRESSING,
                "ClaimBinding",
                "pending, Pod young-0 waits for it, storage class \"fast\"",
            ),
            row(
                "made a moment ago for a pod that waits for long",
                claim("data", "Pending", &[aged(10)]),
                PROGRESSING,
                "ClaimBinding",
                "pending, Pod db-0 and 1 more wait for it, storage class \"fast\"",
            ),
            row(
                "of an ephemeral volume",
                claim(
                    "owner-scratch",
                    "Pending",
                    &[owned("Pod"), ("/spec/storageClassName", json!(null))],
                ),
                DEGRADED,
                "ClaimPending",
                "pending, Pod owner waits for it",
            ),
            row(
                "pending and not wanted",
                claim("spare", "Pending", &[]),
                HEALTHY,
                "NotWantedYet",
                "pending, no pod wants it",
            ),
            row(
                "only pods that are over, leaving or held",
                claim("kept", "Pending", &[]),
                HEALTHY,
                "NotWantedYet",
                "pending, no pod wants it",
            ),
            row(
                "not looked at yet",
                claim("spare", "", &[]),
                HEALTHY,
                "NotWantedYet",
                "pending, no pod wants it",
            ),
            row(
                "cannot grow",
                claim("data", "Bound", &[resize]),
                HEALTHY,
                "Bound",
                "bound to pv-1",
            )
            .warns(&["NodeResizeError: Failed: no space"]),
            row(
                "grows at the next start",
                claim("data", "Bound", &[waits]),
                HEALTHY,
                "Bound",
                "bound to pv-1",
            )
            .notes(&["its volume is larger, its file system will be once a pod mounts it again"]),
            row(
                "grows, since a few minutes",
                claim("data", "Bound", &[grows(300)]),
                HEALTHY,
                "Bound",
                "bound to pv-1",
            ),
            row(
                "grows, and never has",
                claim("data", "Bound", &[grows(3600)]),
                HEALTHY,
                "Bound",
                "bound to pv-1",
            )
            .warns(&["its volume is being made larger for 60 min and is not yet"]),
            row(
                "cannot grow, and the server has given up",
                claim(
                    "data",
                    "Bound",
                    &[(
                        "/status/allocatedResourceStatuses",
                        json!({"storage": "ControllerResizeInfeasible"}),
                    )],
                ),
                HEALTHY,
                "Bound",
                "bound to pv-1",
            )
            .warns(&["its volume cannot be made as large as asked: ControllerResizeInfeasible"]),
            row(
                "another phase",
                claim("data", "Gone", &[]),
                UNKNOWN,
                "Malformed",
                "malformed: status.phase is \"Gone\"",
            ),
            row(
                "being deleted",
                claim("data", "Bound", &[deleting()]),
                TERMINATING,
                "Deleting",
                "being deleted",
            ),
            row(
                "being deleted and in use",
                claim(
                    "data",
                    "Bound",
                    &[
                        ("/metadata/deletionTimestamp", json!(at(-1200))),
                        ("/metadata/finalizers", json!(["kubernetes.io/pvc-protection"])),
                    ],
                ),
                TERMINATING,
                "Deleting",
                "being deleted",
            )
            .notes(&[
                "being deleted for 20 min, finalizers: kubernetes.io/pvc-protection",
                "Pod db-0 and 1 more use it",
            ]),
        ],
    );
}

#[test]
fn a_pending_claim_is_unknown_if_the_pods_were_not_seen() {
    let message = "pending, and whether a pod waits for it is not known: the pods were not seen";
    assert_rows::<PersistentVolumeClaim>(&[
        row(
            "pending",
            claim("data", "Pending", &[]),
            UNKNOWN,
            "PodsNotSeen",
            message,
        ),
        row(
            "bound",
            claim("data", "Bound", &[]),
            HEALTHY,
            "Bound",
            "bound to pv-1",
        ),
    ]);
    let wants = |phase: &str| {
        view::<PersistentVolumeClaim>(&claim("data", phase, &[])).related_needs(&RelatedObjects::default())
    };
    assert_eq!(wants("Pending"), [(RelatedKind::Pods, "shop".to_owned())]);
    assert_eq!(wants("Bound"), []);
}
