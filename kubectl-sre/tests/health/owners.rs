//! Objects that have a controller, in an agent's answer: judged as without an agent, or not seen.

use super::agent::{Agent, TOKEN, ask};
use super::plugin::{PluginRun, run};
use serde_json::{Value, json};
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{ApiServer, at};

fn job(name: &str, kind: &str, owner: &str) -> Value {
    json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": name, "uid": name, "creationTimestamp": at(-7200), "generation": 1,
                     "ownerReferences": [{"apiVersion": "example.com/v1", "kind": kind, "name": owner, "uid": owner,
                                          "controller": true}]},
        "spec": {}, "status": {"startTime": at(-7200), "failed": 1, "conditions": [{"type": "Failed", "status": "True",
            "reason": "BackoffLimitExceeded", "message": "too often", "lastTransitionTime": at(-3600)}]}})
}

fn cluster() -> ApiServer {
    let web = Deployment::new("shop", "web");
    let own = ReplicaSet::new("shop", "web-1").owned_by(&web);
    let rollout = ReplicaSet::new("shop", "api-2")
        .owner("argoproj.io/v1alpha1", "Rollout", "api", "uid-of-api")
        .replicas(2)
        .counts(2, 1, 1);
    let broken = Pod::new("shop", "web-1-a")
        .owned_by(&own)
        .ready(false, at(-7200))
        .build();
    let engine = Pod::new("shop", "engine-0")
        .owner("example.com/v1", "Engine", "engine", "uid-of-engine")
        .ready(false, at(-7200))
        .build();
    ApiServer::builder()
        .token(TOKEN)
        .context("prod-eu")
        .objects([
            web.build(),
            own.build(),
            rollout.build(),
            broken,
            engine,
            job("train-0", "Engine", "train"),
        ])
        .start_blocking()
}

/// The judged objects and the gaps, one line for each.
fn lines(ran: &PluginRun) -> Vec<String> {
    let report = ran.json();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for check in list(&report["checks"]) {
        for item in list(&check["items"]) {
            let words = ["kind", "name", "state"].map(|field| text(&item, field));
            lines.push(format!("{}: {}", text(&check, "check"), words.join(" ")));
        }
    }
    let not_seen = list(&report["coverage"]["notSeen"]);
    let own = not_seen.iter().filter(|n| n["class"] == "notWatched");
    lines.extend(own.map(|n| format!("not seen: {}", text(n, "what"))));
    lines
}

#[test]
fn the_agent_and_the_cluster_report_the_same_controllers() {
    let server = cluster();
    let kinds = "deployments,statefulsets,daemonsets,jobs,cronjobs,replicasets,pods";
    let agent = Agent::start_with(server.kubeconfig(), &["--kinds", kinds]);
    let by_default = [
        "deployments: Deployment web healthy",
        "controllers: Engine train degraded",
    ];
    let mut args = vec!["health", "-o", "json"];
    let (direct, asked) = (
        ask(&server, &args),
        run(&[&args[..], &["--agent-url", &agent.url()]].concat()),
    );
    assert_eq!(
        (lines(&direct), lines(&asked)),
        (by_default.map(str::to_owned).to_vec(), lines(&direct))
    );
    assert_eq!((direct.code, asked.code), (Some(2), Some(2)));
    args.push("-l");
    args.push("app=none");
    let (direct, asked) = (
        ask(&server, &args),
        run(&[&args[..], &["--agent-url", &agent.url()]].concat()),
    );
    assert_eq!((direct.code, asked.code), (Some(3), Some(3)));
}

#[test]
fn objects_that_an_agent_leaves_to_controllers_are_not_seen_if_their_kind_is_named() {
    let server = cluster();
    let agent = Agent::start_with(
        server.kubeconfig(),
        &["--kinds", "deployments,jobs,replicasets,pods"],
    );
    for (words, code, expected) in [
        ("pods", 3, &["not seen: pods that have a controller"][..]),
        ("rs", 3, &["not seen: replicasets that have a controller"]),
        ("--kinds jobs", 3, &["not seen: jobs that have a controller"]),
        ("pod/web-1-a", 3, &["not seen: pod web-1-a"]),
        ("deployments", 0, &["deployments: Deployment web healthy"]),
    ] {
        let args: Vec<&str> = ["health", "-o", "json"]
            .into_iter()
            .chain(words.split(' '))
            .collect();
        let asked = run(&[&args[..], &["--agent-url", &agent.url()]].concat());
        assert_eq!(
            (lines(&asked), asked.code),
            (
                expected.iter().map(|line| (*line).to_owned()).collect(),
                Some(code)
            ),
            "{words}"
        );
    }
    let direct = ask(&server, &["health", "-o", "json", "pods"]);
    assert_eq!(
        (lines(&direct), direct.code),
        (
            vec![
                "pods: Pod engine-0 unavailable".into(),
                "pods: Pod web-1-a unavailable".into()
            ],
            Some(2)
        )
    );
}

#[test]
fn a_job_that_a_selector_takes_without_its_cron_job_is_not_seen_by_an_agent() {
    let labelled = |mut object: Value| {
        object["metadata"]["labels"] = json!({"tier": "batch"});
        object
    };
    let mut nightly = job("nightly-1", "CronJob", "nightly");
    nightly["metadata"]["ownerReferences"][0]["apiVersion"] = json!("batch/v1");
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"namespace": "shop", "name": "nightly", "uid": "nightly", "creationTimestamp": at(-7200), "generation": 1},
        "spec": {"schedule": "0 0 1 1 *", "suspend": true}, "status": {}});
    let server = ApiServer::builder()
        .token(TOKEN)
        .context("prod-eu")
        .deployments([Deployment::new("shop", "web").label("tier", "batch")])
        .objects([cron, labelled(nightly)])
        .start_blocking();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    for (words, direct, by_agent) in [
        ("", 0, 0),
        ("-l tier=batch", 2, 3),
        ("-l tier=batch deployments", 0, 0),
    ] {
        let args: Vec<&str> = ["health", "-o", "json"]
            .into_iter()
            .chain(words.split_whitespace())
            .collect();
        let url = agent.url();
        let asked = run(&[&args[..], &["--agent-url", &url]].concat());
        assert_eq!(
            (ask(&server, &args).code, asked.code),
            (Some(direct), Some(by_agent)),
            "{words}: {asked:?}"
        );
        let lines = lines(&asked);
        let entry = lines
            .iter()
            .any(|line| line == "not seen: jobs of CronJob shop/nightly");
        assert_eq!(entry, by_agent == 3, "{lines:?}");
    }
}
