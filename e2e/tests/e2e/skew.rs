//! The plugin and the agent of the previous release with those of this commit, through the real service proxy.
//!
//! `e2e/cluster/components.d/previous` says which commit stands for the previous release. Nothing runs in these clusters
//! but the API server, so the objects keep the status that is written here.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::endpoint::{TOOLS, serve};
use sre_e2e::report::list;
use sre_e2e::{Agent, Build, Cluster, Deployment, Namespace, Plugin};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

/// What people ask an agent. `NS` is the namespace with the objects.
const QUESTIONS: [&str; 14] = [
    "",
    "apiserver",
    "-n NS",
    "-n nowhere",
    "deploy -n NS",
    "deploy/short -n NS",
    "deploy short good",
    "deploy/absent -n NS",
    "deploy -l tier=web",
    "deploy -l tier=none",
    "sts,jobs -n NS",
    "--kinds apiserver,deployments",
    "--kinds all",
    "--no-ignore -n NS",
];

/// The forms of an answer.
const FORMS: [&str; 4] = ["", "-q", "-o wide", "-o json"];

/// A cluster with objects in every state, and one that is acknowledged.
fn objects(cluster: &Cluster) -> Namespace<'_> {
    let kubectl = cluster.kubectl();
    kubectl.ok(&["create", "namespace", TOOLS]);
    for account in ["default", "sre-agent-reader"] {
        kubectl.ok(&["--namespace", TOOLS, "create", "serviceaccount", account]);
    }
    let ns = Namespace::new_in(cluster, "skew");
    ns.create([
        Deployment::new("good", 1).label("tier", "web"),
        Deployment::new("none", 2).label("tier", "web"),
        Deployment::new("short", 4),
        Deployment::new("known", 3),
    ]);
    ns.run(&[
        "annotate",
        "deployment/known",
        "sre/ignore=ReadyBelowDesired until 2126-01-01, the tests know",
    ]);
    for (name, replicas, ready) in [("good", 1, 1), ("none", 2, 0), ("short", 4, 3), ("known", 3, 2)] {
        let (status, reason) = if ready == replicas {
            ("True", "MinimumReplicasAvailable")
        } else {
            ("False", "MinimumReplicasUnavailable")
        };
        let long_ago = "2026-01-01T00:00:00Z";
        ns.set_status(
            &format!("deployment/{name}"),
            &json!({
                // The annotation was the second change.
                "observedGeneration": if name == "known" { 2 } else { 1 }, "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": ready,
                "availableReplicas": ready, "unavailableReplicas": replicas - ready,
                "conditions": [{"type": "Available", "status": status, "reason": reason, "message": "",
                                "lastUpdateTime": long_ago, "lastTransitionTime": long_ago}],
            }),
        );
    }
    ns
}

/// An agent of a build behind the Service of the cluster, once it has listed what it watches.
fn agent(cluster: &Cluster, build: Build) -> Agent {
    let agent = Agent::start_build(build, "0.0.0.0:0", &cluster.kubeconfig(), &[]);
    serve(cluster, &agent, "http");
    agent.until("/health", SOON, 200, |answer| {
        list(&answer["coverage"]["notSeen"]).is_empty()
    });
    await_service(cluster);
    agent
}

/// Waits until the API server knows the endpoint of the Service.
fn await_service(cluster: &Cluster) {
    until("the service proxy reaches the agent", SOON, || {
        let ran = cluster.plugin().run("health --agent apiserver");
        if ran.code == Some(69) { Err(ran) } else { Ok(()) }
    });
}

/// An answer of the plugin: its exit code, and its text without what changes from one run to the next.
fn answer(plugin: &Plugin, question: &str, form: &str) -> (Option<i32>, String) {
    let ran = plugin.run(&format!("health --agent {question} {form}"));
    let text = match form {
        // Today's schema is not that of an older plugin.
        "-o json" => serde_json::from_str(&ran.stdout).map_or(ran.stdout, |report: Value| essence(&report)),
        _ => in_common(&ran.stdout),
    };
    (ran.code, format!("{text}\n{}", ran.stderr))
}

/// A screen without what may differ: the next commands, the reason for missing Leases, which is newer, and numbers with their
/// units, since ages, latencies and counts of checks change from one run to the next.
fn in_common(screen: &str) -> String {
    let lines = screen.lines().filter(|line| !line.starts_with("    kubectl "));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let text = without_numbers(&text.replace(" (no Leases in kube-system)", ""));
    text.replace("0 ms", "0 s")
        .replace("0 min", "0 s")
        .replace("0 check in", "0 checks in")
}

/// The verdicts of a report, with what both releases have.
fn essence(report: &Value) -> String {
    let checks: Vec<Value> = list(&report["checks"])
        .iter()
        .map(|check| {
            let items: Vec<Value> = list(&check["items"])
                .iter()
                .map(|i| {
                    json!([
                        i["kind"],
                        i["namespace"],
                        i["name"],
                        i["state"],
                        i["healthy"],
                        i["reason"],
                        i["message"],
                        i["desired"],
                        i["ready"],
                        i["acknowledged"]
                    ])
                })
                .collect();
            // Only a newer agent says how many of them are acknowledged among those that fall short.
            let mut summary = check["summary"].clone();
            summary.as_object_mut().map(|summary| summary.remove("unhealthy"));
            json!({"check": check["check"], "status": check["status"], "summary": summary, "items": items})
        })
        .collect();
    let gaps: Vec<Value> = list(&report["coverage"]["notSeen"])
        .iter()
        .map(|gap| json!([gap["what"], gap["class"], gap["missing"]]))
        .collect();
    let report = json!({"status": report["status"], "checks": checks, "notSeen": gaps,
                        "kinds": report["coverage"]["kinds"], "namespaces": report["coverage"]["namespaces"]});
    format!("{report:#}")
}

/// Text in which each number is `0` and each gap one blank: columns are as wide as their numbers.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' | '.' if out.ends_with('0') => {}
            ' ' if out.ends_with(' ') => {}
            '0'..='9' => out.push('0'),
            _ => out.push(c),
        }
    }
    out
}

/// Asserts that a plugin has the same answers from the agent of either build.
fn answers_alike(build: Build) {
    let cluster = Cluster::bare("skew");
    let ns = objects(&cluster);
    let plugin = Plugin::of_build(build, &cluster.kubeconfig());
    let all = |agent_build: Build| {
        let agent = agent(&cluster, agent_build);
        let mut answers = Vec::new();
        for question in QUESTIONS {
            for form in FORMS {
                let question = question.replace("NS", ns.name());
                let (code, text) = answer(&plugin, &question, form);
                answers.push((format!("{question} {form}"), code, text));
            }
        }
        drop(agent);
        // No kubelet confirms the end of the pod.
        let line = "--namespace sre-tools delete services,endpoints,endpointslices,pods --all --force --grace-period=0";
        cluster.kubectl().ok(&line.split(' ').collect::<Vec<_>>());
        answers
    };
    let (of_its_own, of_the_other) = match build {
        Build::Present => (all(Build::Present), all(Build::Previous)),
        Build::Previous => (all(Build::Previous), all(Build::Present)),
    };
    let differing: Vec<String> = std::iter::zip(&of_its_own, &of_the_other)
        .filter(|(own, other)| own != other)
        .map(|(own, other)| {
            format!(
                "== {}\n{:?} {}\n-- but\n{:?} {}",
                own.0, own.1, own.2, other.1, other.2
            )
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn the_previous_agent_gives_this_plugin_the_answers_of_the_present_one() {
    answers_alike(Build::Present);
}

#[test]
fn the_previous_plugin_understands_the_present_agent_as_its_own() {
    answers_alike(Build::Previous);
}

#[test]
fn the_previous_plugin_never_calls_an_agent_ok_that_wants_a_token() {
    let cluster = Cluster::bare("skew-tokens");
    let _ns = objects(&cluster);
    let agent = Agent::start_build(
        Build::Present,
        "0.0.0.0:0",
        &cluster.kubeconfig(),
        &["--authenticate"],
    );
    serve(&cluster, &agent, "http");
    await_service(&cluster);
    let plugin = Plugin::of_build(Build::Previous, &cluster.kubeconfig());
    let ran = plugin.run("health --agent").expect_code(3);
    let said = "HTTP 401: {\"error\":\"unauthenticated\",\"message\":\"a token is needed, which kubectl sre of this release";
    assert!(ran.stdout.contains(said), "{ran}");
}
