//! A namespace that is being deleted. Since Kubernetes 1.33 its pods are deleted first, and its other objects only once
//! no pod is left (`OrderedNamespaceDeletion`), so that a Deployment stays and cannot have pods.

use serde_json::json;
use sre_e2e::report::verdict;
use sre_e2e::{Cluster, Deployment, Namespace};

#[test]
fn a_namespace_that_is_being_deleted_is_left_out() {
    let ns = Namespace::new("deletion");
    ns.create([Deployment::new("web", 1)]);
    ns.wait_ready("web", 1);
    // A pod that stays holds the deletion.
    Cluster::shared().kubectl().create(&json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "held", "namespace": ns.name(), "finalizers": ["sre.example/hold"]},
        "spec": {"containers": [{"name": "main", "image": "none"}], "terminationGracePeriodSeconds": 0},
    }));
    Cluster::shared()
        .kubectl()
        .ok(&["delete", "namespace", ns.name(), "--wait=false"]);
    ns.wait("web", &["{.status.unavailableReplicas}=1"]);
    let plugin = Cluster::shared().plugin();
    let (_, report) = plugin.health("--cause none deploy");
    let item = report.items().iter().find(|item| item["namespace"] == ns.name());
    let item = item.expect("the Deployment stays until no pod is left");
    assert_eq!(verdict(item), ("terminating", None, "NamespaceTerminating"));
    let namespaces = report.0["coverage"]["terminatingNamespaces"]
        .as_array()
        .expect("a list");
    let own = namespaces.iter().find(|one| one["namespace"] == ns.name());
    assert_eq!(own.expect("it is named")["leftOut"], json!({"deployments": 1}));
    // Alone, it is no failure; the verdict says why nothing was judged.
    let alone = plugin
        .run(&format!("health deploy -q -n {}", ns.name()))
        .expect_code(0);
    let sentence = format!("namespace {} is being deleted", ns.name());
    assert!(alone.stdout.contains(&sentence), "{alone}");
    // Somebody who waits for the Deployment waits in vain.
    let (code, report) = plugin.health(&format!("deploy/web -n {}", ns.name()));
    assert_eq!(
        (code, verdict(report.item("web"))),
        (2, ("terminating", Some(false), "NamespaceTerminating"))
    );
    let patch = r#"{"metadata": {"finalizers": null}}"#;
    ns.run(&["patch", "pod", "held", "--type=merge", "--patch", patch]);
}
