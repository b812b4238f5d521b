//! `--manifest` about objects that a real API server has written, directly and with an agent.

use serde_json::{Value, json};
use sre_e2e::kubectl::Kubectl;
use sre_e2e::process::ProcessResult;
use sre_e2e::report::list;
use sre_e2e::{Agent, Cluster, Deployment, Namespace};

/// The objects of a release: a Deployment, and kinds without a verdict.
fn release(replicas: u32) -> Value {
    let object =
        |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    let items = [
        Deployment::new("web", replicas).manifest(),
        object("ConfigMap", "settings"),
        object("ServiceAccount", "web"),
        object("Secret", "password"),
    ];
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// What `kubectl apply -o json` prints for manifests.
#[track_caller]
fn apply(ns: &Namespace<'_>, manifests: &Value) -> String {
    let words = [
        "--namespace",
        ns.name(),
        "apply",
        "--output",
        "json",
        "--filename",
        "-",
    ];
    let ran = ns.kubectl().run(&words, Some(manifests.to_string()));
    ran.expect_code(0).stdout
}

#[track_caller]
fn wait(more: &str, applied: &str) -> ProcessResult {
    let line = format!("health --manifest - --wait --timeout 60s --color never {more}");
    Cluster::shared().plugin().judge(&line, Some(applied.to_owned()))
}

/// The flags for an agent, and for the cluster beside it.
fn with_agent(agent: &Agent) -> String {
    let kubeconfig = Cluster::shared().kubeconfig();
    format!(
        "--agent-url http://{} --kubeconfig {}",
        agent.address(),
        kubeconfig.display()
    )
}

#[test]
fn what_was_applied_is_waited_for_directly_and_with_an_agent() {
    let ns = Namespace::new("manifests");
    let agent = Agent::start(&Cluster::shared().kubeconfig(), &[]);
    let flags = with_agent(&agent);
    for (flags, replicas) in [("", 2), (flags.as_str(), 3)] {
        let applied = apply(&ns, &release(replicas));
        let ran = wait(flags, &applied).expect_code(0);
        for words in [
            &*format!("{replicas}/{replicas} ready"),
            "2 objects without a verdict are there: configmaps 1 and serviceaccounts 1",
            "1 Secret not checked",
        ] {
            assert!(ran.stdout.contains(words), "{words:?} is missing\n{ran}");
        }
        assert!(
            ran.stderr.contains("all 3 objects are as they should be, after "),
            "{ran}"
        );
    }
    // The agent alone has not seen the others.
    let applied = apply(&ns, &release(3));
    let alone = format!("--agent-url http://{} -o json", agent.address());
    let line = format!("health --manifest - {alone}");
    let ran = Cluster::shared()
        .plugin()
        .judge(&line, Some(applied))
        .expect_code(3);
    let report: Value = serde_json::from_str(&ran.stdout).expect("stdout is one report");
    let classes: Vec<&Value> = list(&report["coverage"]["notSeen"])
        .iter()
        .map(|entry| &entry["class"])
        .collect();
    assert_eq!(classes, ["notWatched", "notWatched"], "{ran}");
}

#[test]
fn an_object_that_was_replaced_is_not_the_one_of_the_manifest() {
    let ns = Namespace::new("manifests");
    let agent = Agent::start(&Cluster::shared().kubeconfig(), &[]);
    let applied = apply(&ns, &release(1));
    let _ = wait("", &applied).expect_code(0);
    ns.run(&["delete", "deployment/web"]);
    let _ = apply(&ns, &release(1));
    ns.wait_ready("web", 1);
    let flags = with_agent(&agent);
    for flags in ["", &flags] {
        let ran = wait(flags, &applied).expect_code(2);
        assert!(
            ran.stderr.contains("was replaced by another object of that name"),
            "{ran}"
        );
    }
}

#[test]
fn a_gate_with_an_agent_follows_what_its_command_changes() {
    let ns = Namespace::new("manifests");
    ns.create([Deployment::new("web", 2), Deployment::new("old", 1).never_ready()]);
    ns.wait_ready("web", 2);
    let agent = Agent::start(&Cluster::shared().kubeconfig(), &[]);
    agent.until(
        &format!("/health/deployments?namespace={}", ns.name()),
        std::time::Duration::from_secs(10),
        200,
        |answer| answer["summary"]["total"] == 2 && answer["summary"]["healthy"] == 1,
    );
    let gate = |change: &str| {
        let kubectl = Kubectl::program();
        let kubeconfig = Cluster::shared().kubeconfig();
        let line = format!(
            "gate deployments -n {0} --agent-url http://{1} --timeout 60s -o json -- {2} --kubeconfig {3} -n {0} {change}",
            ns.name(),
            agent.address(),
            kubectl.display(),
            kubeconfig.display(),
        );
        Cluster::shared().plugin().run(&line)
    };
    let ran = gate("set image deployment/web app=registry.example/web:v2").expect_code(0);
    assert!(ran.stderr.contains("is healthy, after "), "{ran}");
    let report: Value = serde_json::from_str(&ran.stdout).expect("stdout is one report");
    assert_eq!(report["source"]["mode"], "agent", "{ran}");
    let ran = gate("delete deployment/web --wait=true").expect_code(0);
    assert!(ran.stderr.contains("1 object is gone: Deployment/"), "{ran}");
}
