//! An agent's answer covers the question and not the objects that the agent happens to watch. Each question is asked of
//! differently configured agents, and the workloads that an agent does not watch are broken.

use super::agent::{Agent, HEALTH, TOKEN, ask, json_body};
use super::plugin::run;
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, Match, at};

/// The questions. Objects in `shop` are healthy; objects in `bank` and nodes are not.
const QUESTIONS: [&str; 24] = [
    "",
    "-A",
    "-n shop",
    "-n bank",
    "-n nowhere",
    "apiserver",
    "deployments",
    "deployments -n shop",
    "deployments -n bank",
    "statefulsets -n shop",
    "nodes",
    "nodes -n shop",
    "deployments statefulsets -n shop",
    "deploy/web",
    "deploy/web -n shop",
    "deploy/ledger",
    "deploy/ledger -n bank",
    "-l tier=web",
    "-l tier=web -n shop",
    "-l tier=bank",
    "deployments -l tier=web -n shop",
    "--kinds all -n shop",
    "--kinds apiserver,deployments,cronjobs -n shop",
    "certificates.cert-manager.io -n shop",
];

fn object(api_version: &str, kind: &str, namespace: &str, name: &str, status: &Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "uid": name, "generation": 1, "creationTimestamp": at(-86_400)},
        "spec": {}, "status": status,
    });
    if kind == "Node" {
        object["metadata"]
            .as_object_mut()
            .map(|meta| meta.remove("namespace"));
    }
    object
}

fn cluster() -> ApiServer {
    let full = json!({"observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "availableReplicas": 1});
    let none = json!({"observedGeneration": 1, "replicas": 1});
    let lost = json!({"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]});
    ApiServer::builder()
        .token(TOKEN)
        .context("prod-eu")
        .user("t", "shopkeeper", Access::namespaces(["shop"]))
        .namespaces(["shop", "bank"])
        .deployments([
            Deployment::new("shop", "web").label("tier", "web"),
            Deployment::new("bank", "ledger")
                .label("tier", "bank")
                .replicas(3)
                .counts(3, 3, 0, 0),
        ])
        .objects([
            object("apps/v1", "StatefulSet", "shop", "db", &full),
            object("apps/v1", "StatefulSet", "bank", "vault", &none),
            object("v1", "Node", "", "n7", &lost),
        ])
        .start_blocking()
}

fn words(question: &str) -> Vec<&str> {
    std::iter::once("health")
        .chain(question.split_whitespace())
        .collect()
}

/// The exit codes of all questions, each in the order of the agents.
fn table(rows: impl IntoIterator<Item = (&'static str, Vec<Option<i32>>)>) -> Vec<String> {
    rows.into_iter()
        .map(|(question, codes)| {
            let codes: Vec<String> = codes
                .iter()
                .map(|code| code.map_or("?".into(), |code| code.to_string()))
                .collect();
            format!("{} {question}", codes.join(" ")).trim_end().to_owned()
        })
        .collect()
}

/// Asserts that an answer is ok only if the cluster is, and that it names its gaps if only the cluster is ok.
fn is_honest(question: &str, direct: Option<i32>, code: Option<i32>, report: &Value) {
    let not_seen = report["coverage"]["notSeen"].as_array().map_or(0, Vec::len);
    match (code, direct) {
        (Some(0), _) => assert_eq!((direct, not_seen), (Some(0), 0), "{question}: {report:#}"),
        (Some(2), _) => assert_eq!(direct, Some(2), "{question}: {report:#}"),
        _ => assert!(not_seen > 0, "{question}: {report:#}"),
    }
}

#[test]
fn an_answer_is_never_ok_about_objects_that_the_agent_does_not_watch() {
    let server = cluster();
    let own = server.kubeconfig();
    let shopkeeper = server.kubeconfig_for("shopkeeper");
    let agents = [
        Agent::start_with(own, &[]),
        Agent::start_with(own, &["--kinds=all"]),
        Agent::start_with(own, &["--namespaces=shop"]),
        Agent::start_with(own, &["--namespaces=shop", "--causes=false", "--kinds=all"]),
        Agent::start_with(&shopkeeper, &["--namespaces=shop,bank"]),
        Agent::start_with(own, &["--kinds=deployments"]),
        Agent::start_with(own, &["--namespaces=shop", "--kinds=deployments,nodes"]),
    ];
    let rows = QUESTIONS.map(|question| {
        let args = [&words(question)[..], &["-o", "json"]].concat();
        let direct = ask(&server, &args).code;
        let asked = agents.iter().enumerate().map(|(number, agent)| {
            let url = agent.url();
            let ran = run(&[&args[..], &["--agent-url", &url]].concat());
            is_honest(question, direct, ran.code, &ran.json());
            // The screen has the same verdict, though the agent sends only notable items for it. One agent is enough here.
            if number == 2 {
                let human = run(&[&words(question)[..], &["--agent-url", &url]].concat());
                assert_eq!(human.code, ran.code, "{question}: {human:?}");
            }
            ran.code
        });
        (question, std::iter::once(direct).chain(asked).collect())
    });
    assert_eq!(
        table(rows),
        [
            // Columns: no agent; agents of all default kinds; of every kind; in shop; in shop of every kind; in shop and
            // bank without rights in bank; of Deployments; of Deployments and nodes in shop.
            "2 2 2 3 3 3 2 3",
            "2 2 2 3 3 3 2 3 -A",
            "0 0 0 0 0 0 3 3 -n shop",
            "2 2 2 3 3 3 2 3 -n bank",
            "3 3 3 3 3 3 3 3 -n nowhere",
            "0 0 0 0 0 0 0 0 apiserver",
            "2 2 2 3 3 3 2 3 deployments",
            "0 0 0 0 0 0 0 0 deployments -n shop",
            "2 2 2 3 3 3 2 3 deployments -n bank",
            "0 0 0 0 0 0 3 3 statefulsets -n shop",
            "2 3 2 3 2 3 3 2 nodes",
            "2 3 2 3 2 3 3 2 nodes -n shop",
            "0 0 0 0 0 0 3 3 deployments statefulsets -n shop",
            "0 0 0 3 3 3 0 3 deploy/web",
            "0 0 0 0 0 0 0 0 deploy/web -n shop",
            "2 2 2 3 3 3 2 3 deploy/ledger",
            "2 2 2 3 3 3 2 3 deploy/ledger -n bank",
            "0 0 0 3 3 3 3 3 -l tier=web",
            "0 0 0 0 0 0 3 3 -l tier=web -n shop",
            "2 2 2 3 3 3 2 3 -l tier=bank",
            "0 0 0 0 0 0 0 0 deployments -l tier=web -n shop",
            "2 3 2 3 2 3 3 2 --kinds all -n shop",
            "0 0 0 0 0 0 3 3 --kinds apiserver,deployments,cronjobs -n shop",
            "3 3 3 3 3 3 3 3 certificates.cert-manager.io -n shop",
        ]
    );
}

/// The query of an agent that is older than the parameter `kinds`.
fn plain_query(question: &str) -> String {
    let words: Vec<&str> = question.split_whitespace().collect();
    let after = |flag| {
        let at = words.iter().position(|word| *word == flag);
        at.and_then(|at| words.get(at + 1))
    };
    let mut query = Vec::new();
    query.extend(after("-n").map(|namespace| format!("namespace={namespace}")));
    query.extend(after("-l").map(|selector| format!("selector={}", selector.replace('=', "%3D"))));
    if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    }
}

#[test]
fn the_answer_of_an_older_agent_is_compared_with_the_question_too() {
    let server = cluster();
    let all = Agent::start_with(server.kubeconfig(), &["--kinds=all"]);
    let shop = Agent::start_with(server.kubeconfig(), &["--namespaces=shop"]);
    let refusal = json!({"error": "invalidQuery", "message": "there is no parameter \"kinds\""}).to_string();
    let rows = QUESTIONS.map(|question| {
        let args = [&words(question)[..], &["-o", "json"]].concat();
        let direct = ask(&server, &args).code;
        let played = |answer: &[u8]| {
            server.fail_times(1, Match::path(HEALTH), json_body(400, &refusal));
            server.fail_times(1, Match::path(HEALTH), json_body(200, answer));
            let ran = ask(&server, &[&args[..], &["--agent"]].concat());
            server.clear_faults();
            is_honest(question, direct, ran.code, &ran.json());
            ran.code
        };
        let query = plain_query(question);
        let silent = |agent: &Agent| {
            let mut answer: Value = serde_json::from_slice(&agent.answer(&query)).expect("a report");
            answer["coverage"]
                .as_object_mut()
                .map(|map| map.remove("namespaces"));
            answer.to_string()
        };
        let codes = [
            played(&all.answer(&query)),
            played(&shop.answer(&query)),
            played(silent(&all).as_bytes()),
            played(silent(&shop).as_bytes()),
        ];
        (question, codes.to_vec())
    });
    assert_eq!(
        table(rows),
        [
            // Columns: agents of every kind; in shop; both again, without coverage in their answers.
            "2 3 2 3",
            "2 3 2 3 -A",
            "0 0 3 3 -n shop",
            "2 3 2 3 -n bank",
            "3 3 3 3 -n nowhere",
            "0 0 0 0 apiserver",
            "2 3 2 3 deployments",
            "0 0 3 3 deployments -n shop",
            "2 3 2 3 deployments -n bank",
            "0 0 3 3 statefulsets -n shop",
            "2 3 2 3 nodes",
            "2 3 2 3 nodes -n shop",
            "0 0 3 3 deployments statefulsets -n shop",
            "0 3 3 3 deploy/web",
            "0 0 3 3 deploy/web -n shop",
            "2 3 2 3 deploy/ledger",
            "2 3 2 3 deploy/ledger -n bank",
            "0 3 3 3 -l tier=web",
            "0 0 3 3 -l tier=web -n shop",
            "2 3 2 3 -l tier=bank",
            "0 0 3 3 deployments -l tier=web -n shop",
            "2 3 2 3 --kinds all -n shop",
            "0 0 3 3 --kinds apiserver,deployments,cronjobs -n shop",
            "3 3 3 3 certificates.cert-manager.io -n shop",
        ]
    );
}

#[test]
fn kinds_that_are_not_watched_are_one_line_with_a_next_step() {
    let server = cluster();
    let agent = Agent::start_with(server.kubeconfig(), &["--namespaces=shop"]);
    let ran = run(&["health", "-A", "--agent-url", &agent.url()]);
    let lines: Vec<&str> = ran.out.lines().collect();
    let kinds: Vec<&str> = Kind::by_default().map(Kind::plural).collect();
    let kinds = format!("{} in all namespaces but shop", kinds.join(", "));
    assert!(
        lines[0].ends_with(&format!(
            "the 2 workloads seen are healthy; not seen: {kinds} (notWatched)"
        )),
        "{}",
        ran.out
    );
    assert_eq!(
        lines[2..4],
        [
            format!("? not seen: {kinds}  notWatched: the agent watches only namespace shop"),
            "    narrow with -n shop, add the others to the chart's value namespaces, or leave out --agent"
                .to_owned(),
        ]
    );
    let last = lines.last().copied().unwrap_or_default();
    assert!(
        last.starts_with(
            "looked at 2 of 5 kinds and the API server, namespace shop, by agent http://127.0.0.1:"
        ),
        "{last}"
    );
    let ran = run(&[
        "health",
        "--kinds",
        "all",
        "-n",
        "shop",
        "--agent-url",
        &agent.url(),
    ]);
    let default: Vec<Kind> = Kind::by_default().collect();
    let others = Kind::ALL.iter().filter(|kind| !default.contains(kind));
    let others: Vec<&str> = others.map(|kind| kind.plural()).collect();
    let line = format!(
        "? not seen: {}  notWatched: it is not among the kinds that the agent watches\n",
        others.join(", ")
    );
    assert!(ran.out.contains(&line), "{}", ran.out);
}

#[test]
fn without_a_target_the_default_kinds_are_judged_whichever_the_agent_watches() {
    let server = cluster();
    let agent = Agent::start_with(server.kubeconfig(), &["--kinds=all"]);
    let kinds = |args: &[&str]| {
        let report = run(&[args, &["-o", "json", "--agent-url", &agent.url()]].concat()).json();
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        checks.len()
    };
    assert_eq!(kinds(&["health", "-n", "shop"]), 1 + Kind::by_default().count());
    assert_eq!(
        kinds(&["health", "-n", "shop", "--kinds", "all"]),
        1 + Kind::ALL.len()
    );
    // The question does not include the lost node.
    assert_eq!(
        run(&["health", "-n", "shop", "--agent-url", &agent.url()]).code,
        Some(0)
    );
}

#[test]
fn an_agent_that_does_not_look_for_causes_says_how_to_turn_them_on() {
    let server = cluster();
    let off = Agent::start_with(server.kubeconfig(), &["--causes=false"]);
    let line = "no causes: this agent does not look for causes; start it without \
                --causes=false (the chart's value causes.enabled)";
    let ran = run(&["health", "--agent-url", &off.url()]);
    assert!(ran.out.contains(line), "{}", ran.out);
    let report = run(&["health", "-o", "json", "--agent-url", &off.url()]).json();
    assert_eq!(report["coverage"]["causesNotSeen"][0]["class"], "turnedOff");
    // Causes are not missed if all is healthy or the run does not ask for them.
    for args in [&["health", "-n", "shop"][..], &["health", "--cause", "none"]] {
        let ran = run(&[args, &["--agent-url", &off.url()]].concat());
        assert!(!ran.out.contains("no causes"), "{}", ran.out);
    }
    let on = Agent::start_with(server.kubeconfig(), &[]);
    let ran = run(&["health", "--agent-url", &on.url()]);
    assert!(!ran.out.contains("no causes"), "{}", ran.out);
}

/// Removes the value at the pointer.
fn without(report: &Value, pointer: &str) -> Value {
    let mut report = report.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match report.pointer_mut(parent) {
        Some(Value::Object(map)) => drop(map.remove(key)),
        Some(Value::Array(list)) => drop(list.remove(key.parse().expect("an index"))),
        other => panic!("{pointer} leads to {other:?}"),
    }
    report
}

#[test]
fn an_answer_that_lacks_a_part_is_never_ok() {
    let server = cluster();
    let agent = Agent::start_with(server.kubeconfig(), &[]);
    let whole: Value = serde_json::from_slice(&agent.answer("?namespace=shop")).expect("a report");
    let code = |answer: &Value, args: &[&str]| {
        let id = server.fail(Match::path(HEALTH), json_body(200, answer.to_string()));
        let ran = ask(&server, &[args, &["--agent", "-n", "shop"]].concat());
        server.clear_fault(id);
        ran.code
    };
    let both: [&[&str]; 2] = [&["health"], &["health", "deploy/web"]];
    assert_eq!(both.map(|args| code(&whole, args)), [Some(0); 2]);
    for pointer in [
        "/status",
        "/coverage",
        "/coverage/namespaces",
        "/checks",
        "/checks/0",
        "/checks/1",
        "/checks/1/status",
        "/checks/1/summary",
        "/checks/3",
    ] {
        let codes = both.map(|args| code(&without(&whole, pointer), args));
        // A question about a Deployment includes neither the API server nor DaemonSets.
        let named = if matches!(pointer, "/checks/0" | "/checks/3") {
            0
        } else {
            3
        };
        assert_eq!(codes, [Some(3), Some(named)], "{pointer}");
    }
    let mut changed = Vec::new();
    let mut change = |pointer: &str, value: Value| {
        let mut report = whole.clone();
        *report.pointer_mut(pointer).expect("it is there") = value;
        changed.push((pointer.to_owned(), report));
    };
    change("/status", json!("unknown"));
    change("/status", json!("excellent"));
    change("/coverage/namespaces", json!("all"));
    change("/coverage/namespaces", json!(["bank"]));
    change("/coverage/namespaces", json!(["shop", "bank"]));
    change("/coverage/namespaces", json!([]));
    change(
        "/coverage/notSeen",
        json!([{"what": "deployments", "class": "stale"}]),
    );
    change("/checks/1/status", json!("unknown"));
    change("/checks/1/summary/unknown", json!(1));
    change("/checks/1/check", json!("pods"));
    change("/checks/2", whole["checks"][1].clone());
    for (pointer, report) in changed {
        assert_eq!(code(&report, &["health"]), Some(3), "{pointer}: {report:#}");
    }
}
