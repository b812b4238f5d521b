//! The example for Argo Rollouts, with its real controller and real agents.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::report::{list, verdict, word};
use sre_e2e::{Agent, Cluster, Deployment, Namespace, RolloutsController, root};
use std::time::Duration;

/// An agent has read its cluster, or a change of it, within this time.
const READ: Duration = Duration::from_secs(30);
/// Pods that fall short have a minute to become ready before they count.
const COUNTED: Duration = Duration::from_mins(3);
/// Limit of an analysis. With an interval of 1 s ten measurements take 10 s, and three errors 20 s.
const ANALYSED: Duration = Duration::from_mins(3);
/// Each Rollout of the test.
const SHOP: &str = "rollouts.argoproj.io/shop";

fn example() -> String {
    let path = root().join("examples/integrations/argo-rollouts.yaml");
    std::fs::read_to_string(path).expect("the example is a text")
}

/// The example with the agent of the test. It asks each second; nothing else of it is changed.
fn template(agent: &Agent) -> String {
    let mut text = example();
    let url = format!("http://{}", agent.address());
    for (example, here) in [
        ("http://sre-agent.sre-tools:8080", url.as_str()),
        ("  namespace: shop\n", ""),
        ("initialDelay: 30s", "initialDelay: 1s"),
        ("interval: 30s", "interval: 1s"),
    ] {
        assert_eq!(text.matches(example).count(), 1, "{example} in the example");
        text = text.replace(example, here);
    }
    text
}

/// A Rollout with the strategy in the example's comment.
fn rollout() -> Value {
    let comment = example();
    let comment: Vec<&str> = comment
        .lines()
        .filter_map(|line| line.strip_prefix("#     "))
        .collect();
    let shown: Value = serde_saphyr::from_str(&comment.join("\n")).expect("the comment is YAML");
    let labels = json!({"app": "shop"});
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "shop"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "registry.example/shop:v1"}]},
            },
            "strategy": shown["strategy"],
        },
    })
}

/// A namespace with a Deployment, the example and a Rollout, all well.
fn shop<'c>(cluster: &'c Cluster, prefix: &str, agent: &Agent) -> Namespace<'c> {
    let ns = Namespace::new_in(cluster, prefix);
    ns.create([Deployment::new("checkout", 2)]);
    for object in [template(agent), rollout().to_string()] {
        let arguments = ["create", "--validate=strict", "--namespace", ns.name(), "-f", "-"];
        let _ = ns.kubectl().run(&arguments, Some(object)).expect_code(0);
    }
    ns
}

/// Waits until the first revision serves. It is not analysed (argoproj/argo-rollouts#3984).
fn wait_for_first_revision(ns: &Namespace<'_>) {
    ns.wait_ready("checkout", 2);
    ns.kubectl().wait(ns.name(), SHOP, &["{.status.phase}=Healthy"]);
    assert_eq!(analyses(ns), [] as [Value; 0]);
}

fn analyses(ns: &Namespace<'_>) -> Vec<Value> {
    list(&ns.kubectl().get(&["analysisruns", "--namespace", ns.name()])["items"]).to_vec()
}

/// Begins a second revision.
fn update(ns: &Namespace<'_>) {
    let patch = r#"{"spec":{"template":{"metadata":{"labels":{"revision":"2"}}}}}"#;
    ns.run(&["patch", SHOP, "--type=merge", "--patch", patch]);
}

/// The only analysis of a namespace after its end.
fn finished_analysis(ns: &Namespace<'_>) -> Value {
    until("the analysis ends", ANALYSED, || {
        let runs = analyses(ns);
        match runs.as_slice() {
            [run] if !["", "Pending", "Running"].contains(&word(&run["status"]["phase"])) => Ok(run.clone()),
            _ => Err(json!(runs)),
        }
    })
}

/// The phase of an analysis, and the phases and values or messages of its measurements.
fn measured(run: &Value) -> (&str, Vec<(&str, &str)>) {
    let result = &run["status"]["metricResults"][0];
    let said = |m: &'_ Value| if m["value"].is_null() { "message" } else { "value" };
    let measurements = list(&result["measurements"]).iter();
    let measurements = measurements.map(|m| (word(&m["phase"]), word(&m[said(m)])));
    (word(&run["status"]["phase"]), measurements.collect())
}

/// The exit code of `health rollouts`, its only verdict, and that verdict's causes in one text.
fn judged(cluster: &Cluster, ns: &Namespace<'_>) -> (i32, (String, Option<bool>, String), String) {
    let (code, report) = cluster.plugin().health(&format!("rollouts -n {}", ns.name()));
    let [item] = list(&report.check("rollouts")["items"]) else {
        panic!("not one Rollout: {report:#?}")
    };
    let (state, healthy, reason) = verdict(item);
    (
        code,
        (state.to_owned(), healthy, reason.to_owned()),
        item["causes"].to_string(),
    )
}

fn aborted() -> (String, Option<bool>, String) {
    ("degraded".to_owned(), Some(false), "RolloutAborted".to_owned())
}

#[test]
fn a_canary_goes_on_only_if_the_agent_is_certain_that_no_deployment_falls_short() {
    let cluster = Cluster::whole("argo-rollouts");
    let _controller = RolloutsController::start(&cluster);
    let agent = Agent::start(&cluster.kubeconfig(), &["--kinds", "deployments,rollouts"]);
    // This one may read nothing.
    let blind = Agent::start(cluster.user("stranger").kubeconfig(), &[]);

    let well = shop(&cluster, "well", &agent);
    let broken = shop(&cluster, "broken", &agent);
    let unseen = shop(&cluster, "unseen", &blind);
    for ns in [&well, &broken, &unseen] {
        wait_for_first_revision(ns);
    }
    broken.break_pods("checkout", 2);
    let path = |ns: &Namespace<'_>| {
        format!(
            "/health/deployments?namespace={}&items=none&fail=unknown",
            ns.name()
        )
    };
    agent.until(&path(&well), READ, 200, |a| a["summary"]["unhealthy"] == 0);
    agent.until(&path(&broken), COUNTED, 200, |a| a["summary"]["unhealthy"] == 1);
    blind.until(&path(&unseen), READ, 500, |a| a["status"] == "unknown");
    // A body that is no JSON would be a success whatever the condition says (argoproj/argo-rollouts#4535).
    for answer in [
        agent.get(&path(&well)),
        blind.get(&path(&unseen)),
        agent.get("/health/nothing"),
    ] {
        assert!(answer.head.contains("application/json"), "{answer:?}");
    }
    for ns in [&well, &broken, &unseen] {
        update(ns);
    }

    let run = finished_analysis(&broken);
    let (phase, measurements) = measured(&run);
    assert_eq!(
        (phase, measurements),
        ("Failed", vec![("Failed", "1"); 2]),
        "{run:#}"
    );

    let run = finished_analysis(&well);
    let (phase, measurements) = measured(&run);
    assert_eq!(phase, "Successful", "{run:#}");
    // The number stays a number (argoproj/argo-rollouts#718), and errors are no part of the count.
    assert_eq!(measurements, [("Successful", "0"); 10], "{run:#}");

    let run = finished_analysis(&unseen);
    let (phase, measurements) = measured(&run);
    assert_eq!(phase, "Error", "{run:#}");
    assert_eq!(
        measurements,
        [("Error", "received non 2xx response code: 500"); 3],
        "{run:#}"
    );

    // The Rollout says why (argoproj/argo-rollouts#404), and is not progressing (argoproj/argo-rollouts#457).
    for (ns, why) in [
        (&broken, "failed (2) > failureLimit (1)"),
        (&unseen, "(3) > consecutiveErrorLimit (2)"),
    ] {
        ns.kubectl().wait(
            ns.name(),
            SHOP,
            &["{.status.phase}=Degraded", "{.status.abort}=true"],
        );
        let (code, verdict, causes) = judged(&cluster, ns);
        assert_eq!((code, verdict), (2, aborted()), "{causes}");
        assert!(
            causes.contains("unhealthy-deployments") && causes.contains(why),
            "{causes}"
        );
    }
    let path = format!("/health/rollouts?namespace={}", broken.name());
    agent.until(&path, READ, 200, |a| {
        a["rollouts"][0]["reason"] == "RolloutAborted"
    });
    well.kubectl().wait(
        well.name(),
        SHOP,
        &["{.status.phase}=Healthy", "{.status.updatedReplicas}=2"],
    );
    let (code, verdict, causes) = judged(&cluster, &well);
    assert_eq!(
        (code, verdict),
        (0, ("healthy".to_owned(), Some(true), "Ready".to_owned())),
        "{causes}"
    );
}
