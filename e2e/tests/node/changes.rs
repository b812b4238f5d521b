//! What changed before a problem, on real pods: each change is made, and then asked for without naming it.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::node::{RestrictedNamespace, deployment, kubectl, plugin};
use std::time::Duration;

/// How long a change may take until the verdict shows it. The kubelet looks at ConfigMaps once a minute.
const SHOWN: Duration = Duration::from_mins(3);

/// A Deployment whose container ends unless a variable is set.
fn with_variable() -> Value {
    let script = "test -n \"$DATABASE_URL\" || { echo DATABASE_URL is not set; exit 1; }; sleep 3600";
    let mut web = deployment("web", 1, &["sh", "-c", script]);
    web["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "DATABASE_URL", "value": "postgres://app:hunter2@db"}, {"name": "LEVEL", "value": "info"}]);
    // A pod that ends at once is ready for a moment, and would complete the rollout.
    web["spec"]["minReadySeconds"] = 15.into();
    web
}

fn rolled_out(space: &RestrictedNamespace) {
    space.run(&["rollout", "status", "deployment/web", "--timeout=90s"]);
}

/// Waits until a write has another time: of two programs that wrote in the same second none is named.
fn in_another_second() {
    std::thread::sleep(Duration::from_secs(2));
}

/// The item of the Deployment once it has a change of that kind.
fn changed(namespace: &str, what: &str) -> Value {
    until(&format!("a change {what} is shown"), SHOWN, || {
        let ran = plugin().run(&format!("health deploy/web -n {namespace} -o json"));
        let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        let checks = report["checks"].as_array().into_iter().flatten();
        let item = checks
            .filter_map(|check| check["items"].as_array())
            .flatten()
            .next();
        match item {
            Some(item) if item["change"]["what"] == what => Ok(item.clone()),
            _ => Err(ran),
        }
    })
}

#[test]
fn a_removed_variable_is_named_without_its_value_and_the_way_back_works() {
    let space = RestrictedNamespace::new("changed-env");
    space.create(with_variable());
    rolled_out(&space);
    space.run(&["set", "env", "deployment/web", "DATABASE_URL-"]);
    let item = changed("changed-env", "rollout");
    let change = &item["change"];
    assert_eq!(
        change["diff"],
        json!([{"field": "env DATABASE_URL", "container": "app", "how": "removed"}]),
        "{item:#}"
    );
    assert_eq!(
        (&change["revision"], &change["from"]),
        (&json!("2"), &json!("1")),
        "{item:#}"
    );
    // The removal of a field leaves no entry in managedFields.
    assert_eq!(change["by"], Value::Null, "{item:#}");
    // Between two crashes the pod is ready for a moment, and the screen has no problem.
    let screen = until("the screen has the change", SHOWN, || {
        let ran = plugin().run("health deploy/web -n changed-env");
        let line = "after revision 2 (env DATABASE_URL removed)";
        if ran.stdout.contains(line) {
            Ok(ran.stdout)
        } else {
            Err(ran)
        }
    });
    assert!(
        !screen.contains("hunter2") && !item.to_string().contains("hunter2"),
        "{screen}"
    );
    let command = change["undo"]["command"]
        .as_str()
        .expect("revision 1 still has its pod");
    let _ = kubectl().run_in_shell(command).expect_code(0);
    rolled_out(&space);
    let _ = plugin()
        .wait("health deploy/web -n changed-env --wait --timeout 2m")
        .expect_code(0);
}

#[test]
fn a_restart_and_a_rollback_are_told_from_a_rollout() {
    let space = RestrictedNamespace::new("changed-back");
    space.create(with_variable());
    rolled_out(&space);
    space.run(&["set", "env", "deployment/web", "DATABASE_URL-"]);
    changed("changed-back", "rollout");
    space.run(&[
        "set",
        "env",
        "deployment/web",
        "DATABASE_URL=postgres://db",
        "LEVEL-",
    ]);
    rolled_out(&space);
    // Revision 2 is the one that fails.
    space.run(&["rollout", "undo", "deployment/web", "--to-revision=2"]);
    let item = changed("changed-back", "rollback");
    assert_eq!(item["change"]["revision"], "4", "{item:#}");
    in_another_second();
    space.run(&["rollout", "restart", "deployment/web"]);
    let item = changed("changed-back", "restart");
    assert_eq!(item["change"]["by"], "kubectl-rollout", "{item:#}");
}

#[test]
fn a_changed_config_map_is_named_by_its_metadata() {
    let space = RestrictedNamespace::new("changed-config");
    space.run(&["create", "configmap", "settings", "--from-literal=mode=good"]);
    let mut web = deployment("web", 1, &["sleep", "3600"]);
    let pod = &mut web["spec"]["template"]["spec"];
    pod["volumes"] = json!([{"name": "settings", "configMap": {"name": "settings"}}]);
    pod["containers"][0]["volumeMounts"] = json!([{"name": "settings", "mountPath": "/settings"}]);
    pod["containers"][0]["readinessProbe"] = json!({"exec": {"command": ["grep", "good", "/settings/mode"]}, "periodSeconds": 2, "failureThreshold": 1, "timeoutSeconds": 20});
    space.create(web);
    rolled_out(&space);
    in_another_second();
    let patch = r#"{"data":{"mode":"hunter2"}}"#;
    space.run(&["patch", "configmap", "settings", "--type=merge", "-p", patch]);
    let item = changed("changed-config", "config");
    assert_eq!(
        item["change"]["subject"], "ConfigMap/changed-config/settings",
        "{item:#}"
    );
    assert_eq!(item["change"]["by"], "kubectl-patch", "{item:#}");
    assert!(!item.to_string().contains("hunter2"), "{item:#}");
}

#[test]
fn a_lowered_quota_is_named_by_the_program_that_wrote_it() {
    let space = RestrictedNamespace::new("changed-quota");
    space.run(&["create", "quota", "pods", "--hard=pods=3"]);
    space.create(deployment("web", 2, &["sleep", "3600"]));
    rolled_out(&space);
    in_another_second();
    // What was there before is more than 30 minutes old for nobody, so that the last change counts.
    space.run(&[
        "patch",
        "quota",
        "pods",
        "--type=merge",
        "-p",
        r#"{"spec":{"hard":{"pods":"1"}}}"#,
    ]);
    // Until the quota is in force, pods are admitted by the one before.
    kubectl().wait("changed-quota", "resourcequota/pods", &["{.status.hard.pods}=1"]);
    space.run(&["delete", "pod", "-l", "app=web", "--wait=false"]);
    let item = changed("changed-quota", "quota");
    assert_eq!(
        item["change"]["subject"], "ResourceQuota/changed-quota/pods",
        "{item:#}"
    );
    assert_eq!(item["change"]["by"], "kubectl-patch", "{item:#}");
}

#[test]
fn a_cordoned_node_is_named_if_pods_find_no_node() {
    let space = RestrictedNamespace::new("changed-node");
    space.create(deployment("web", 1, &["sleep", "3600"]));
    rolled_out(&space);
    let node = kubectl().ok(&["get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"]);
    let _mended = Uncordon(node.clone());
    kubectl().ok(&["cordon", &node]);
    space.run(&["delete", "pod", "-l", "app=web", "--wait=false"]);
    let item = changed("changed-node", "node");
    assert_eq!(item["change"]["subject"], format!("Node/{node}"), "{item:#}");
    let by = item["change"]["by"].as_str().unwrap_or_default();
    assert!(by.starts_with("kubectl"), "{item:#}");
}

/// Whether an entry is about that object, alone or with others.
fn is_about(entry: &Value, object: &str) -> bool {
    let others = entry["objects"].as_array().into_iter().flatten();
    entry["object"] == object || others.into_iter().any(|other| other == object)
}

#[test]
fn a_timeline_shows_each_of_many_changes_with_its_program() {
    let space = RestrictedNamespace::new("timeline");
    for name in ["bigger", "anew", "back", "away"] {
        space.create(deployment(name, 1, &["sleep", "3600"]));
    }
    for name in ["bigger", "anew", "back", "away"] {
        let object = format!("deployment/{name}");
        space.run(&["rollout", "status", &object, "--timeout=90s"]);
    }
    space.run(&["create", "configmap", "settings", "--from-literal=mode=hunter2"]);
    space.run(&["create", "quota", "pods", "--hard=pods=50"]);
    // A write within 5 s belongs to the creation, and times of managedFields are whole seconds.
    std::thread::sleep(Duration::from_secs(7));
    space.run(&["scale", "deployment/bigger", "--replicas=2"]);
    space.run(&["rollout", "restart", "deployment/anew"]);
    space.run(&["set", "env", "deployment/back", "LEVEL=hunter2"]);
    space.run(&["rollout", "status", "deployment/back", "--timeout=90s"]);
    space.run(&["rollout", "undo", "deployment/back"]);
    let mode = r#"{"data":{"mode":"hunter3"}}"#;
    space.run(&["patch", "configmap", "settings", "--type=merge", "-p", mode]);
    let hard = r#"{"spec":{"hard":{"pods":"40"}}}"#;
    space.run(&["patch", "quota", "pods", "--type=merge", "-p", hard]);
    space.run(&["scale", "deployment/away", "--replicas=0"]);
    let node = kubectl().ok(&["get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"]);
    let _mended = Uncordon(node.clone());
    kubectl().ok(&["cordon", &node]);
    let node = format!("Node/{node}");
    // `kubectl rollout undo` only removes a variable here, and no pod is no field: neither leaves an entry in managedFields.
    let expected = [
        ("scale", "Deployment/timeline/bigger", "kubectl"),
        ("scale", "Deployment/timeline/away", ""),
        ("restart", "Deployment/timeline/anew", "kubectl-rollout"),
        ("rollback", "Deployment/timeline/back", ""),
        ("config", "ConfigMap/timeline/settings", "kubectl-patch"),
        ("quota", "ResourceQuota/timeline/pods", "kubectl-patch"),
        ("node", node.as_str(), "kubectl"),
    ];
    let shown = until("each change is on the timeline", SHOWN, || {
        let ran = plugin().run("changes -n timeline --since 10m -o json");
        let timeline: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
        let is_shown = |(what, object, by): &(&str, &str, &str)| {
            entries.iter().any(|entry| {
                let program = entry["by"].as_str().unwrap_or_default();
                entry["what"] == *what && is_about(entry, object) && program.starts_with(by)
            })
        };
        let missing: Vec<_> = expected.iter().filter(|one| !is_shown(one)).collect();
        if missing.is_empty() {
            Ok(ran.stdout)
        } else {
            Err(format!("{missing:?} in {ran:?}"))
        }
    });
    assert!(!shown.contains("hunter"), "{shown}");
    let timeline: Value = serde_json::from_str(&shown).unwrap_or_default();
    let zero = timeline["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|entry| entry["what"] == "scale" && is_about(entry, "Deployment/timeline/away"));
    let words = zero.and_then(|entry| entry["message"].as_str());
    assert!(
        words.is_some_and(|words| words.starts_with("scaled from 1 to 0")),
        "{shown}"
    );
    let times: Vec<&str> = timeline["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry["at"].as_str())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// Makes the node usable again for the tests that follow.
struct Uncordon(String);

impl Drop for Uncordon {
    fn drop(&mut self) {
        let _ = kubectl().run(&["uncordon", &self.0], None);
    }
}
