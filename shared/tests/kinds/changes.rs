//! The change after which a problem began: one row a case, each a dump as `kubectl get -o json` writes it.

use crate::causes::judge;
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::{ChangeKind, ObjectChange};
use sre_testkit::at;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

fn change(kind: Kind, objects: Vec<Value>) -> Option<ObjectChange> {
    judge(kind, objects).change.map(|change| *change)
}

/// The fields that differ, each `FIELD HOW FROM TO`.
fn fields(change: &ObjectChange) -> Vec<String> {
    let of = change.diff.iter().map(|field| {
        let how = format!("{:?}", field.how).to_lowercase();
        let values = [field.from.as_deref(), field.to.as_deref()];
        let values = values.into_iter().flatten().map(|value| format!(" {value}"));
        format!("{} {how}{}", field.field, values.collect::<String>())
    });
    of.collect()
}

/// An entry of `managedFields` that wrote these fields of the spec.
fn wrote(manager: &str, time: i64, fields: &[&str], subresource: Option<&str>) -> Value {
    let spec: serde_json::Map<String, Value> = fields
        .iter()
        .map(|field| (format!("f:{field}"), json!({})))
        .collect();
    let mut entry = json!({
        "manager": manager, "operation": "Update", "apiVersion": "apps/v1", "time": at(time),
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": spec},
    });
    if let Some(subresource) = subresource {
        entry["subresource"] = Value::from(subresource);
    }
    entry
}

fn container(image: &str, env: &[(&str, &str)]) -> Value {
    let env: Vec<Value> = env
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    json!({"name": "api", "image": image, "env": env})
}

fn template(container: &Value) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}})
}

fn web(writers: &[Value]) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web", "uid": "u-web", "generation": 3,
            "creationTimestamp": at(-DAY), "managedFields": writers},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"observedGeneration": 3, "replicas": 4, "updatedReplicas": 1, "readyReplicas": 3,
            "availableReplicas": 3, "conditions": [
                {"type": "Available", "status": "True", "lastTransitionTime": at(-DAY), "lastUpdateTime": at(-DAY)},
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
                 "lastTransitionTime": at(-HOUR + 600), "lastUpdateTime": at(-HOUR + 600)}]},
    })
}

/// A ReplicaSet of that Deployment: its revision, its age, its ready pods and the container of its template.
fn replica_set(revision: u64, created: i64, ready: i64, container: &Value, annotations: &Value) -> Value {
    let mut all = json!({"deployment.kubernetes.io/revision": revision.to_string(),
        "deployment.kubernetes.io/desired-replicas": "3"});
    for (key, value) in annotations.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"namespace": "shop", "name": format!("web-{revision}"), "uid": format!("u-{revision}"),
            "generation": 1, "creationTimestamp": at(created), "annotations": all,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u-web",
                "controller": true}]},
        "spec": {"replicas": ready.max(1), "template": template(container)},
        "status": {"replicas": ready.max(1), "readyReplicas": ready, "availableReplicas": ready, "observedGeneration": 1},
    })
}

/// A pod of a ReplicaSet that cannot pull its image since that time.
fn unpulled(revision: u64, since: i64) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "shop", "name": format!("web-{revision}-x"), "uid": "u-pod",
            "creationTimestamp": at(since),
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("web-{revision}"),
                "uid": format!("u-{revision}"), "controller": true}]},
        "spec": {"nodeName": "n1", "containers": [{"name": "api", "image": "web:9"}]},
        "status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(since)},
            {"type": "Ready", "status": "False", "lastTransitionTime": at(since)}],
            "containerStatuses": [{"name": "api", "ready": false, "restartCount": 0, "image": "web:9", "imageID": "",
                "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"web:9\""}}}]},
    })
}

/// Makes a Deployment one whose rollout is long over, and of whose pods one is not ready.
fn short_of_one(deployment: &mut Value) {
    deployment["status"] = json!({"observedGeneration": 3, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 2,
        "availableReplicas": 2, "conditions": [
            {"type": "Available", "status": "True", "lastTransitionTime": at(-DAY), "lastUpdateTime": at(-DAY)},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
             "lastTransitionTime": at(-DAY), "lastUpdateTime": at(-DAY)}]});
}

fn none() -> Value {
    json!({})
}

/// A rollout from one container to another, an hour ago.
fn rollout(old: &Value, new: &Value, annotations: &Value) -> Vec<Value> {
    vec![
        web(&[wrote("argocd-controller", -HOUR, &["replicas", "template"], None)]),
        replica_set(12, -DAY, 3, old, &none()),
        replica_set(13, -HOUR, 0, new, annotations),
        unpulled(13, -HOUR + 2),
    ]
}

#[test]
fn a_rollout_is_named_by_its_fields_and_shows_no_value_of_a_variable() {
    let old = container(
        "web:8",
        &[("DATABASE_URL", "postgres://u:secret@db"), ("LEVEL", "info")],
    );
    let new = container("web:9", &[("LEVEL", "debug"), ("EXTRA", "hunter2")]);
    let found = change(Kind::Deployment, rollout(&old, &new, &none())).expect("a change");
    assert_eq!((found.what, found.seconds_before), (ChangeKind::Rollout, Some(2)));
    assert_eq!(
        (found.revision.as_deref(), found.from.as_deref()),
        (Some("13"), Some("12"))
    );
    assert_eq!(found.by.as_deref(), Some("argocd-controller"));
    assert_eq!(
        fields(&found),
        [
            "image changed web:8 web:9",
            "env DATABASE_URL removed",
            "env LEVEL changed",
            "env EXTRA added"
        ]
    );
    let text = serde_json::to_string(&found).expect("it is serialized");
    assert!(
        !text.contains("secret") && !text.contains("hunter2") && !text.contains("debug"),
        "{text}"
    );
    let undo = found.undo.expect("the earlier revision still has its pods");
    assert_eq!(
        (undo.worked, undo.command.as_deref(), undo.ready, undo.desired),
        (
            true,
            Some("kubectl -n shop rollout undo deployment web --to-revision=12"),
            Some(3),
            Some(3)
        )
    );
}

#[test]
fn values_are_shown_of_resources_ports_and_numbers_of_probes_alone() {
    let with = |limit: &str, port: u16, period: u16, header: &str, argument: &str| {
        json!({"name": "api", "image": "web:9", "args": [argument],
            "resources": {"limits": {"memory": limit}},
            "ports": [{"name": "http", "containerPort": port}],
            "livenessProbe": {"periodSeconds": period, "httpGet": {"path": "/", "httpHeaders": [
                {"name": "Authorization", "value": header}]}},
            "securityContext": {"runAsUser": period}})
    };
    let (old, new) = (
        with("64Mi", 80, 5, "Basic a", "--token=1"),
        with("32Mi", 81, 6, "Basic b", "--token=2"),
    );
    let found = change(Kind::Deployment, rollout(&old, &new, &none())).expect("a change");
    assert_eq!(
        fields(&found),
        [
            "args changed",
            "resources.limits.memory changed 64Mi 32Mi",
            "livenessProbe.httpGet.httpHeaders changed",
            "livenessProbe.periodSeconds changed 5 6",
            "port http changed 80 81",
            "securityContext.runAsUser changed",
        ]
    );
}

#[test]
fn a_restart_is_told_from_a_rollout_by_its_only_difference() {
    let old = container("web:9", &[]);
    let mut objects = rollout(&old, &old, &none());
    objects[2]["spec"]["template"]["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/restartedAt": at(-HOUR)});
    let found = change(Kind::Deployment, objects.clone()).expect("a change");
    assert_eq!(found.what, ChangeKind::Restart);
    objects[2]["spec"]["template"]["spec"]["containers"][0]["image"] = Value::from("web:10");
    assert_eq!(
        change(Kind::Deployment, objects).map(|found| found.what),
        Some(ChangeKind::Rollout)
    );
}

#[test]
fn of_two_programs_that_wrote_in_the_same_second_none_is_named() {
    let mut objects = rollout(&container("web:8", &[]), &container("web:9", &[]), &none());
    for (first, second, expected) in [(-HOUR, -HOUR, None), (-HOUR - 1, -HOUR, Some("kubectl-rollout"))] {
        objects[0]["metadata"]["managedFields"] = json!([
            wrote("kubectl", first, &["template"], None),
            wrote("kubectl-rollout", second, &["template"], None),
        ]);
        let found = change(Kind::Deployment, objects.clone()).expect("a change");
        assert_eq!(found.by.as_deref(), expected);
    }
}

#[test]
fn a_rollback_is_dated_by_the_write_and_not_by_the_age_of_its_replica_set() {
    let (old, new) = (container("web:8", &[]), container("web:9", &[]));
    let history = json!({"deployment.kubernetes.io/revision-history": "11"});
    let objects = vec![
        web(&[wrote("kubectl-rollout", -HOUR, &["template"], None)]),
        replica_set(12, -2 * HOUR, 3, &old, &none()),
        replica_set(13, -DAY, 0, &new, &history),
        unpulled(13, -HOUR + 5),
    ];
    let found = change(Kind::Deployment, objects).expect("a change");
    assert_eq!(
        (found.what, found.at.as_str()),
        (ChangeKind::Rollback, at(-HOUR).as_str())
    );
    assert_eq!(
        (found.by.as_deref(), found.seconds_before),
        (Some("kubectl-rollout"), Some(5))
    );
}

#[test]
fn a_rollback_that_only_removes_fields_is_dated_by_its_replica_set() {
    let (old, new) = (container("web:8", &[("LEVEL", "debug")]), container("web:8", &[]));
    let history = json!({"deployment.kubernetes.io/revision-history": "11"});
    let older = [wrote("kubectl-set", -2 * HOUR, &["template"], None)];
    let mut returned = replica_set(13, -DAY, 0, &new, &history);
    returned["metadata"]["managedFields"] =
        json!([wrote("kube-controller-manager", -HOUR, &["replicas"], None)]);
    let mut objects = vec![
        web(&older),
        replica_set(12, -2 * HOUR + 1, 3, &old, &none()),
        returned,
        unpulled(13, -HOUR + 5),
    ];
    let found = change(Kind::Deployment, objects.clone()).expect("a change");
    assert_eq!(
        (found.what, found.at.as_str(), found.by.as_deref()),
        (ChangeKind::Rollback, at(-HOUR).as_str(), None)
    );
    // Another number of pods writes the ReplicaSet again.
    let timed = wrote("kubectl", -HOUR, &["replicas"], Some("scale"));
    objects[0] = web(&[older[0].clone(), timed]);
    let found = change(Kind::Deployment, objects.clone()).map(|found| found.what);
    assert_eq!(found, Some(ChangeKind::Scale));
    objects[0] = web(&[older[0].clone(), scaled("kubectl")]);
    assert_eq!(change(Kind::Deployment, objects), None, "either wrote it");
}

#[test]
fn no_way_back_is_offered_to_a_revision_that_was_not_seen_to_work() {
    let (old, new) = (container("web:8", &[]), container("web:9", &[]));
    let mut objects = rollout(&old, &new, &none());
    objects[1]["status"]["readyReplicas"] = json!(0);
    let undo = change(Kind::Deployment, objects)
        .and_then(|found| found.undo)
        .expect("a revision before");
    assert_eq!((undo.worked, undo.command, undo.ready), (false, None, None));
}

#[test]
fn a_problem_long_after_a_rollout_that_worked_is_not_blamed_on_it() {
    let (old, new) = (container("web:8", &[]), container("web:9", &[]));
    let mut objects = rollout(&old, &new, &none());
    objects[2] = replica_set(13, -DAY, 3, &new, &none());
    objects[3] = unpulled(13, -HOUR);
    objects[3]["metadata"]["creationTimestamp"] = Value::from(at(-DAY));
    objects[0]["metadata"]["managedFields"] = json!([wrote("helm", -DAY, &["template"], None)]);
    short_of_one(&mut objects[0]);
    assert_eq!(change(Kind::Deployment, objects), None);
}

#[test]
fn a_scaling_and_an_edit_are_named_by_the_program_that_wrote_them() {
    for (writer, what) in [
        (
            wrote("kubectl-scale", -HOUR - 30, &["replicas"], Some("scale")),
            ChangeKind::Scale,
        ),
        (
            wrote(
                "kube-controller-manager",
                -HOUR - 30,
                &["replicas"],
                Some("scale"),
            ),
            ChangeKind::Scale,
        ),
        (
            wrote("kubectl-edit", -HOUR - 30, &["strategy"], None),
            ChangeKind::Edit,
        ),
    ] {
        let new = container("web:9", &[]);
        let mut objects = vec![
            web(&[
                wrote("helm", -DAY, &["replicas", "template"], None),
                writer.clone(),
            ]),
            replica_set(13, -DAY, 2, &new, &none()),
            unpulled(13, -HOUR),
        ];
        short_of_one(&mut objects[0]);
        let found = change(Kind::Deployment, objects).expect("a change");
        assert_eq!(
            (found.what, found.by.as_deref(), found.seconds_before),
            (what, writer["manager"].as_str(), Some(30))
        );
        assert_eq!(
            (found.revision, found.diff.len()),
            (None, 0),
            "no field is claimed"
        );
    }
}

#[test]
fn a_recorded_command_shows_no_value_of_a_variable() {
    let (old, new) = (container("web:9", &[]), container("web:9", &[("TOKEN", "abc")]));
    let cause =
        json!({"kubernetes.io/change-cause": "kubectl set env deployment/web TOKEN=abc --record=true"});
    let found = change(Kind::Deployment, rollout(&old, &new, &cause)).expect("a change");
    assert_eq!(
        found.change_cause.as_deref(),
        Some("kubectl set env deployment/web TOKEN=*** --record=true")
    );
}

#[test]
fn a_config_map_that_the_template_names_counts_and_another_one_does_not() {
    let config_map = |name: &str, at_seconds: i64| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "shop", "name": name,
            "uid": name, "creationTimestamp": at(-DAY), "managedFields": [
                {"manager": "kubectl-edit", "operation": "Update", "time": at(at_seconds),
                 "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:level": {}}}}]},
            "data": {"level": "hunter2"}})
    };
    let named = json!({"name": "api", "image": "web:9", "envFrom": [{"configMapRef": {"name": "settings"}}]});
    let objects = |config: Vec<Value>| {
        let mut objects = vec![
            web(&[wrote("helm", -DAY, &["replicas", "template"], None)]),
            replica_set(13, -DAY, 2, &named, &none()),
            unpulled(13, -HOUR),
        ];
        short_of_one(&mut objects[0]);
        objects.extend(config);
        objects
    };
    let found = change(
        Kind::Deployment,
        objects(vec![config_map("settings", -HOUR - 90)]),
    )
    .expect("a change");
    assert_eq!((found.what, found.seconds_before), (ChangeKind::Config, Some(90)));
    assert_eq!(
        found.subject.map(|object| object.to_string()).as_deref(),
        Some("ConfigMap/shop/settings")
    );
    assert_eq!(
        change(Kind::Deployment, objects(vec![config_map("other", -HOUR - 90)])),
        None
    );
    assert_eq!(
        change(
            Kind::Deployment,
            objects(vec![config_map("settings", -2 * HOUR - 90)])
        ),
        None,
        "it was long before"
    );
}

#[test]
fn a_stateful_set_and_a_daemon_set_compare_their_controller_revisions() {
    let revision = |kind: &str, number: u64, created: i64, image: &str| {
        json!({"apiVersion": "apps/v1", "kind": "ControllerRevision",
            "metadata": {"namespace": "shop", "name": format!("db-{number}"), "uid": format!("r-{number}"),
                "creationTimestamp": at(created), "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind,
                "name": "db", "uid": "u-db", "controller": true}]},
            "revision": number, "data": {"spec": {"template": {"$patch": "replace",
                "spec": {"containers": [{"name": "db", "image": image}]}}}}})
    };
    let pod = |kind: &str| {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"namespace": "shop", "name": "db-0", "uid": "u-pod", "creationTimestamp": at(-HOUR + 3),
                "labels": {"controller-revision-hash": "db-2"}, "ownerReferences": [{"apiVersion": "apps/v1",
                "kind": kind, "name": "db", "uid": "u-db", "controller": true}]},
            "spec": {"nodeName": "n1", "containers": [{"name": "db", "image": "db:2"}]},
            "status": {"phase": "Pending", "conditions": [
                {"type": "Ready", "status": "False", "lastTransitionTime": at(-HOUR + 3)}],
                "containerStatuses": [{"name": "db", "ready": false, "restartCount": 0, "image": "db:2", "imageID": "",
                    "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]}})
    };
    let metadata = json!({"namespace": "shop", "name": "db", "uid": "u-db", "generation": 2,
        "creationTimestamp": at(-DAY), "managedFields": [wrote("helm", -HOUR, &["template"], None)]});
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata,
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "db"}}},
        "status": {"observedGeneration": 2, "replicas": 1, "readyReplicas": 0, "updatedReplicas": 1,
            "currentReplicas": 0, "currentRevision": "db-1", "updateRevision": "db-2"}});
    let daemon = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata,
        "spec": {"selector": {"matchLabels": {"app": "db"}}},
        "status": {"observedGeneration": 2, "desiredNumberScheduled": 1, "currentNumberScheduled": 1,
            "numberReady": 0, "numberAvailable": 0, "numberUnavailable": 1, "updatedNumberScheduled": 1}});
    for (kind, name, object) in [
        (Kind::StatefulSet, "StatefulSet", set),
        (Kind::DaemonSet, "DaemonSet", daemon),
    ] {
        let objects = vec![
            object,
            revision(name, 1, -DAY, "db:1"),
            revision(name, 2, -HOUR, "db:2"),
            pod(name),
        ];
        let found = change(kind, objects).expect("a change");
        assert_eq!(
            (found.what, fields(&found)),
            (ChangeKind::Rollout, vec!["image changed db:1 db:2".to_owned()])
        );
        assert_eq!(
            (found.revision.as_deref(), found.by.as_deref()),
            (Some("db-2"), Some("helm"))
        );
        assert_eq!(
            found.undo.map(|undo| (undo.worked, undo.command)),
            Some((false, None)),
            "{name}"
        );
    }
}

#[test]
fn a_cron_job_compares_its_last_run_with_the_one_that_succeeded() {
    let run = |name: &str, created: i64, image: &str, condition: &str| {
        json!({"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"namespace": "shop", "name": name, "uid": name, "creationTimestamp": at(created),
                "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "backup", "uid": "u-cron",
                "controller": true}]},
            "spec": {"completions": 1, "template": {"spec": {"containers": [{"name": "main", "image": image}]}}},
            "status": {"startTime": at(created), "failed": 1, "conditions": [{"type": condition, "status": "True",
                "reason": "BackoffLimitExceeded", "lastTransitionTime": at(created + 60)}]}})
    };
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"namespace": "shop", "name": "backup", "uid": "u-cron", "generation": 2,
            "creationTimestamp": at(-10 * DAY), "managedFields": [wrote("kubectl-edit", -HOUR, &["jobTemplate"], None)]},
        "spec": {"schedule": "*/30 * * * *", "jobTemplate": {}},
        "status": {"lastScheduleTime": at(-1_200), "lastSuccessfulTime": at(-2 * HOUR)}});
    let objects = vec![
        cron,
        run("backup-1", -2 * HOUR - 60, "backup:1", "Complete"),
        run("backup-2", -1_200, "backup:2", "Failed"),
    ];
    let found = change(Kind::CronJob, objects).expect("a change");
    assert_eq!(
        (found.what, fields(&found)),
        (
            ChangeKind::Edit,
            vec!["image changed backup:1 backup:2".to_owned()]
        )
    );
    assert_eq!((found.at, found.by.as_deref()), (at(-HOUR), Some("kubectl-edit")));
    assert_eq!(found.undo, None);
}

#[test]
fn a_change_after_the_beginning_of_a_problem_is_not_named() {
    for (seconds, what) in [
        (-HOUR - 1, Some(ChangeKind::Edit)),
        (-HOUR + 4, Some(ChangeKind::Edit)),
        (-HOUR + 6, None),
    ] {
        let writers = [
            wrote("helm", -DAY, &["replicas", "template"], None),
            wrote("kubectl-edit", seconds, &["strategy"], None),
        ];
        let mut objects = vec![
            web(&writers),
            replica_set(13, -DAY, 2, &container("web:9", &[]), &none()),
            unpulled(13, -HOUR),
        ];
        short_of_one(&mut objects[0]);
        assert_eq!(
            change(Kind::Deployment, objects).map(|found| found.what),
            what,
            "{seconds}"
        );
    }
}

#[test]
fn a_program_that_only_removed_a_field_is_not_mistaken_for_the_one_that_wrote_before() {
    // kubectl set env NAME- leaves no entry: only the creation has one, seconds before.
    let (old, new) = (container("web:9", &[("A", "1")]), container("web:9", &[]));
    let objects = vec![
        web(&[wrote(
            "kubectl-create",
            -HOUR - 20,
            &["replicas", "template"],
            None,
        )]),
        replica_set(12, -HOUR - 20, 3, &old, &none()),
        replica_set(13, -HOUR, 0, &new, &none()),
        unpulled(13, -HOUR + 2),
    ];
    let found = change(Kind::Deployment, objects).expect("a change");
    assert_eq!(
        (fields(&found), found.by),
        (vec!["env A removed".to_owned()], None)
    );
}

#[test]
fn a_cordoned_node_is_named_by_the_program_that_cordoned_it() {
    let entry = |manager: &str, time: i64, field: &str| wrote(manager, time, &[field], None);
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "n1",
        "creationTimestamp": at(-DAY), "managedFields": [
            entry("kubectl-cordon", -HOUR - 60, "unschedulable"),
            entry("kube-controller-manager", -HOUR - 59, "taints")]},
        "spec": {"unschedulable": true}, "status": {"conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": at(-DAY)}]}});
    let mut pod = unpulled(13, -HOUR);
    pod["spec"] = json!({"containers": [{"name": "api", "image": "web:9"}]});
    pod["status"] = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "lastTransitionTime": at(-HOUR),
        "message": "0/1 nodes are available: 1 node(s) were unschedulable."}]});
    let mut objects = vec![
        web(&[wrote("helm", -DAY, &["replicas", "template"], None)]),
        replica_set(13, -DAY, 2, &container("web:9", &[]), &none()),
        pod,
        node,
    ];
    short_of_one(&mut objects[0]);
    let found = change(Kind::Deployment, objects.clone()).expect("a change");
    assert_eq!(
        (found.what, found.by.as_deref(), found.seconds_before),
        (ChangeKind::Node, Some("kubectl-cordon"), Some(60))
    );
    // What happened in the second of the creation came after it.
    objects[0]["metadata"]["creationTimestamp"] = Value::from(at(-HOUR - 60));
    objects[0]["metadata"]["managedFields"] =
        json!([wrote("helm", -HOUR - 60, &["replicas", "template"], None)]);
    let found = change(Kind::Deployment, objects).map(|found| found.what);
    assert_eq!(found, Some(ChangeKind::Node));
}

#[test]
fn the_creator_is_the_first_program_that_wrote_and_not_one_that_wrote_a_moment_later() {
    let mut deployment = web(&[
        wrote("kubectl-create", -HOUR, &["replicas", "template"], None),
        wrote("kubectl-patch", -HOUR + 2, &["replicas"], None),
    ]);
    deployment["metadata"]["creationTimestamp"] = Value::from(at(-HOUR));
    short_of_one(&mut deployment);
    let objects = vec![
        deployment,
        replica_set(1, -HOUR, 2, &container("web:9", &[]), &none()),
        unpulled(1, -HOUR + 4),
    ];
    let found = change(Kind::Deployment, objects).expect("a change");
    assert_eq!(
        (found.what, found.by.as_deref()),
        (ChangeKind::Created, Some("kubectl-create"))
    );
}

#[test]
fn a_scaling_a_moment_after_a_rollout_is_a_change_of_its_own() {
    let mut objects = rollout(&container("web:8", &[]), &container("web:9", &[]), &none());
    objects[0]["metadata"]["managedFields"] = json!([
        wrote("helm", -HOUR, &["replicas", "template"], None),
        wrote("kubectl", -HOUR + 20, &["replicas"], Some("scale")),
    ]);
    objects[3] = unpulled(13, -HOUR + 30);
    let found = change(Kind::Deployment, objects).expect("a change");
    assert_eq!(
        (found.what, found.by.as_deref(), found.seconds_before),
        (ChangeKind::Scale, Some("kubectl"), Some(10))
    );
}

/// An entry without a time, as the API server writes it for the `scale` subresource.
fn scaled(manager: &str) -> Value {
    let mut entry = wrote(manager, 0, &["replicas"], Some("scale"));
    entry.as_object_mut().expect("an entry").remove("time");
    entry
}

#[test]
fn a_scaling_without_a_time_is_dated_by_the_replica_set_if_nothing_else_wrote_that() {
    let (old, new) = (container("web:8", &[]), container("web:9", &[]));
    let controller = "kube-controller-manager";
    // When the two ReplicaSets and the Deployment were written last, and what is named.
    let named = |newest: i64, previous: i64, deployment: i64| {
        let mut objects = rollout(&old, &new, &none());
        objects[0]["metadata"]["managedFields"] = json!([
            wrote("helm", deployment, &["replicas", "template"], None),
            scaled("kubectl"),
        ]);
        objects[1]["metadata"]["managedFields"] = json!([wrote(controller, previous, &["replicas"], None)]);
        objects[2]["metadata"]["managedFields"] = json!([wrote(controller, newest, &["replicas"], None)]);
        objects[2]["metadata"]["creationTimestamp"] = Value::from(at(-DAY));
        objects[3] = unpulled(13, -HOUR);
        short_of_one(&mut objects[0]);
        change(Kind::Deployment, objects).map(|found| (found.what, found.by, found.seconds_before))
    };
    let scaling = Some((ChangeKind::Scale, Some("kubectl".to_owned()), Some(30)));
    assert_eq!(named(-HOUR - 30, -DAY + 100, -DAY), scaling);
    let what = |newest, previous, deployment| named(newest, previous, deployment).map(|(what, ..)| what);
    // A step of a rollout writes both.
    assert_eq!(what(-HOUR - 30, -HOUR - 90, -DAY), Some(ChangeKind::Rollout));
    // The annotations of a Deployment are copied to its ReplicaSet.
    assert_eq!(what(-HOUR - 30, -DAY + 100, -HOUR - 40), Some(ChangeKind::Edit));
}

#[test]
fn a_scaling_of_a_deployment_whose_earlier_revisions_are_gone_is_not_told_from_a_rollout() {
    let named = |revision: u64| {
        let mut set = replica_set(revision, -DAY, 2, &container("web:9", &[]), &none());
        let written = wrote("kube-controller-manager", -HOUR - 30, &["replicas"], None);
        set["metadata"]["managedFields"] = json!([written]);
        let writers = [wrote("helm", -DAY, &["template"], None), scaled("keda")];
        let mut objects = vec![web(&writers), set, unpulled(revision, -HOUR)];
        short_of_one(&mut objects[0]);
        change(Kind::Deployment, objects).map(|found| (found.what, found.by))
    };
    assert_eq!(named(1), Some((ChangeKind::Scale, Some("keda".to_owned()))));
    assert_eq!(named(13), None);
}
