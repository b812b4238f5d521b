//! The agent, compared with the plugin, and during outages of the API server.

use serde_json::{Value, json};
use sre_e2e::report::{list, word};
use sre_e2e::{Agent, Cluster, Deployment, Namespace};
use std::time::Duration;

/// A change must show within this time while the API server works.
const SOON: Duration = Duration::from_secs(10);
/// After the API server's return the agent has this long.
const RECOVERS: Duration = Duration::from_secs(10);
/// The agent notices within this time that the API server no longer answers: two checks, ten seconds apart, each with its
/// own timeout.
const NOTICES: Duration = Duration::from_secs(40);

fn is_ok(answer: &Value) -> bool {
    answer["status"] == "ok"
}

/// The answer without fields that change each time.
fn without(mut answer: Value, fields: &[&str]) -> Value {
    for field in fields {
        answer.as_object_mut().map(|map| map.remove(*field));
    }
    answer
}

fn mixed() -> Namespace<'static> {
    let ns = Namespace::new("agent");
    ns.create([
        Deployment::new("good", 1).label("tier", "web"),
        Deployment::new("none", 2)
            .never_ready()
            .spec("progressDeadlineSeconds", 2),
        Deployment::new("rolling", 1).never_ready().label("tier", "web"),
        Deployment::new("short", 4),
    ]);
    ns.wait_ready("good", 1);
    ns.wait_ready("short", 4);
    ns.break_pods("short", 1);
    ns.wait("short", &["{.status.readyReplicas}=3"]);
    ns.wait("rolling", &["{.status.updatedReplicas}=1"]);
    ns.wait_for_reason("none", "Progressing", "ProgressDeadlineExceeded");
    ns
}

/// Creates a Deployment in a bare cluster. The test acts as its controller and writes a complete status.
fn with_status(ns: &Namespace<'_>, name: &str, ready: u32) {
    let status = json!({
        "observedGeneration": 1, "replicas": ready, "updatedReplicas": ready, "readyReplicas": ready,
        "availableReplicas": ready,
    });
    ns.set_status(&format!("deployment/{name}"), &status);
}

#[test]
fn the_agent_has_the_plugins_verdict_about_every_deployment() {
    let ns = mixed();
    let agent = Agent::start(&Cluster::shared().kubeconfig(), &[]);
    let (_, report) = ns.judge();
    let path = format!("/health/deployments?namespace={}", ns.name());
    let answer = agent.until(&path, SOON, 200, |a| {
        a["deployments"] == report.deployments()["items"]
    });
    assert_eq!(answer["status"], "degraded");
    assert_eq!(answer["summary"], report.deployments()["summary"]);
    assert_eq!(answer["stale"], json!(false));
    assert!(
        answer["ageSeconds"].as_u64().is_some_and(|age| age < 90),
        "{answer:#}"
    );
    assert!(
        !word(&answer["observedAt"]).is_empty() && answer["kind"].is_null(),
        "{answer:#}"
    );

    let whole = agent.get(&format!("/health?namespace={}", ns.name()));
    let whole = sre_e2e::Report::parse(&whole.body).expect("a report");
    assert_eq!(whole.deployments(), report.deployments());
    assert_eq!(whole.status(), report.status());
    assert_eq!(
        without(whole.0["coverage"].clone(), &["causesNotSeen"]),
        report.0["coverage"]
    );
    assert_eq!(whole.0["source"]["mode"], "agent");
    assert_eq!(whole.0["source"]["version"], report.0["source"]["version"]);
    assert_eq!(whole.api_server()["readyz"], report.api_server()["readyz"]);

    // Without a namespace the answer is about the whole cluster, in which other tests run.
    let all = agent.get("/health/deployments").json();
    let total: u64 = [
        "healthy",
        "progressing",
        "degraded",
        "unavailable",
        "unknown",
        "terminating",
    ]
    .iter()
    .filter_map(|state| all["summary"][state].as_u64())
    .sum();
    assert_eq!(all["summary"]["total"], json!(total));
    assert_eq!(list(&all["deployments"]).len() as u64, total);
    let server = agent.get("/health/apiserver");
    assert_eq!((server.code, &server.json()["status"]), (200, &json!("ok")));
    assert_eq!(server.json()["version"], report.0["source"]["version"]);
}

#[test]
fn query_parameters_narrow_the_answer_and_decide_the_code() {
    let ns = mixed();
    let agent = Agent::start(&Cluster::shared().kubeconfig(), &[]);
    let base = format!("/health/deployments?namespace={}", ns.name());
    let whole = agent.until(&base, SOON, 200, |a| {
        a["summary"]["total"] == 4 && a["summary"]["healthy"] == 1 && a["summary"]["progressing"] == 1
    });
    let names = |answer: &Value| -> Vec<String> {
        list(&answer["deployments"])
            .iter()
            .map(|i| word(&i["name"]).to_owned())
            .collect()
    };
    assert_eq!(names(&whole), ["good", "none", "rolling", "short"]);
    for (query, expected) in [
        ("state=degraded", &["short"][..]),
        ("state=unavailable,progressing", &["none", "rolling"]),
        ("state=unknown", &[]),
        ("selector=tier%3Dweb", &["good", "rolling"]),
        (
            "selector=tier%21%3Dweb&state=degraded,unavailable",
            &["none", "short"],
        ),
        ("limit=3", &["good", "none", "rolling"]),
    ] {
        let answer = agent.get(&format!("{base}&{query}"));
        assert_eq!(
            (answer.code, names(&answer.json())),
            (200, expected.iter().map(|n| (*n).to_owned()).collect()),
            "{query}"
        );
    }
    // The next page of a list that was cut.
    let token = agent.get(&format!("{base}&limit=3")).json()["continue"].clone();
    let rest = agent
        .get(&format!("{base}&limit=3&continue={}", word(&token)))
        .json();
    assert_eq!(names(&rest), ["short"]);
    assert!(rest["continue"].is_null(), "{rest:#}");

    for (fail, code) in [
        ("degraded", 500),
        ("progressing", 500),
        ("unknown", 200),
        ("progressing,degraded,unknown", 500),
    ] {
        let answer = agent.get(&format!("{base}&fail={fail}"));
        assert_eq!(answer.code, code, "{fail}: {}", answer.body);
        assert_eq!(answer.json()["summary"], whole["summary"], "the body is complete");
    }
    assert_eq!(
        agent
            .get(&format!("{base}&fail=degraded&selector=tier%3Dweb"))
            .code,
        200
    );
    for (method, path, code, error) in [
        ("GET", "/health/deployments?stat=degraded", 400, "invalidQuery"),
        ("GET", "/health/deployments?state=degrade", 400, "invalidQuery"),
        ("GET", "/health/nothing", 404, "unknownKind"),
        ("GET", "/nothing", 404, "unknownPath"),
        ("POST", "/version", 405, "methodNotAllowed"),
    ] {
        let answer = agent.ask(method, path);
        assert_eq!(
            (answer.code, &answer.json()["error"]),
            (code, &json!(error)),
            "{method} {path}"
        );
        assert_eq!(
            code == 405,
            answer.head.to_lowercase().contains("allow: get, head"),
            "{}",
            answer.head
        );
    }
}

#[test]
fn the_agent_follows_changes_as_they_happen() {
    let ns = Namespace::new("follow");
    let agent = Agent::start(&Cluster::shared().kubeconfig(), &[]);
    let path = format!("/health/deployments?namespace={}", ns.name());
    agent.until(&path, SOON, 200, |a| is_ok(a) && a["summary"]["total"] == 0);
    ns.create([Deployment::new("web", 4)]);
    ns.wait_ready("web", 4);
    agent.until(&path, SOON, 200, |a| is_ok(a) && a["summary"]["healthy"] == 1);
    ns.break_pods("web", 1);
    ns.wait("web", &["{.status.readyReplicas}=3"]);
    agent.until(&path, SOON, 200, |a| a["summary"]["degraded"] == 1);
    ns.run(&["delete", "deployment/web"]);
    agent.until(&path, SOON, 200, |a| is_ok(a) && a["summary"]["total"] == 0);
    let logged: Vec<Value> = agent
        .log()
        .into_iter()
        .filter(|l| l["namespace"] == ns.name())
        .collect();
    assert_eq!(
        logged.len(),
        1,
        "one line for the one change for the worse: {logged:#?}"
    );
    assert_eq!(
        (&logged[0]["name"], &logged[0]["state"]),
        (&json!("web"), &json!("degraded"))
    );
}

#[test]
fn the_agent_starts_without_an_api_server_and_recovers_within_ten_seconds_of_its_return() {
    let cluster = Cluster::bare("agent-away");
    let ns = Namespace::new_in(&cluster, "away");
    ns.create([Deployment::new("web", 2)]);
    with_status(&ns, "web", 2);
    cluster.stop();
    let agent = Agent::start(&cluster.kubeconfig(), &[]);
    let healthz = agent.get("/healthz");
    assert_eq!((healthz.code, healthz.body.trim()), (200, "ok"));
    let server = agent.get("/health/apiserver");
    assert_eq!(
        (server.code, &server.json()["status"], &server.json()["class"]),
        (500, &json!("error"), &json!("refused"))
    );
    for field in ["error", "hint", "endpoint"] {
        assert!(
            !word(&server.json()[field]).is_empty(),
            "{field}: {}",
            server.body
        );
    }
    let deployments = agent.get("/health/deployments");
    assert_eq!(
        (deployments.code, &deployments.json()["status"]),
        (500, &json!("unknown"))
    );
    assert_eq!(
        (
            &deployments.json()["deployments"],
            &deployments.json()["summary"]["total"]
        ),
        (&json!([]), &json!(0))
    );
    assert_eq!(deployments.json()["notSeen"][0]["class"], "refused");
    agent.until("/health", SOON, 200, |a| a["status"] == "unknown");
    sre_e2e::deadline::until("it is ready to say that it knows nothing", SOON, || {
        let ready = agent.get("/readyz");
        if ready.code == 200 {
            Ok(())
        } else {
            Err(ready.body)
        }
    });

    // After this time the pauses between attempts have their greatest length.
    std::thread::sleep(Duration::from_secs(12));
    cluster.start();
    agent.until("/health/deployments", RECOVERS, 200, |a| {
        is_ok(a) && a["summary"]["healthy"] == 1
    });
    agent.until("/health/apiserver", RECOVERS, 200, is_ok);
    // All kinds have to be back: only then is the outage over and logged as such.
    agent.until("/health", RECOVERS, 200, is_ok);

    // A second outage, now with data.
    cluster.stop();
    agent.until("/health/apiserver", SOON, 500, |a| a["class"] == "refused");
    assert_eq!(agent.get("/healthz").code, 200);
    let stale = agent.until("/health/deployments", NOTICES, 200, |a| a["stale"] == true);
    assert_eq!(
        (&stale["status"], &stale["summary"]["healthy"]),
        (&json!("ok"), &json!(1)),
        "what was known, called stale"
    );
    assert!(
        stale["ageSeconds"].as_u64().is_some_and(|age| age > 0),
        "{stale:#}"
    );
    cluster.start();
    agent.until("/health/deployments", RECOVERS, 200, |a| {
        is_ok(a) && a["stale"] == false
    });
    ns.create([Deployment::new("later", 0)]);
    with_status(&ns, "later", 0);
    agent.until("/health/deployments", SOON, 200, |a| {
        is_ok(a) && a["summary"]["healthy"] == 2
    });

    let lost = agent
        .log()
        .iter()
        .filter(|l| word(&l["message"]).starts_with("lost: "))
        .count();
    assert_eq!(
        lost,
        2,
        "each outage is logged once, and no retry is:\n{}",
        agent.lines().join("\n")
    );
    assert_eq!(agent.terminate(Duration::from_secs(10)), Some(0));
}

#[test]
fn a_hanging_api_server_is_a_timeout_and_old_data_becomes_unknown() {
    let cluster = Cluster::bare("agent-hung");
    let ns = Namespace::new_in(&cluster, "hung");
    ns.create([Deployment::new("web", 2)]);
    with_status(&ns, "web", 2);
    let agent = Agent::start(
        &cluster.kubeconfig(),
        &["--request-timeout", "2s", "--stale-after", "95s"],
    );
    agent.until("/health/deployments", SOON, 200, |a| {
        is_ok(a) && a["summary"]["healthy"] == 1
    });
    cluster.pause();
    let server = agent.until("/health/apiserver", SOON, 500, |a| a["status"] == "error");
    assert_eq!(server["class"], "timeout", "{server:#}");
    let healthz = agent.get("/healthz");
    assert!(
        healthz.code == 200 && healthz.took < Duration::from_secs(1),
        "{healthz:?}"
    );
    let cached = agent.get("/health/deployments");
    assert!(
        cached.took < Duration::from_secs(1),
        "an answer from memory does not wait: {cached:?}"
    );
    agent.until("/health/deployments", NOTICES, 200, |a| a["stale"] == true);
    let old = agent.until("/health/deployments", Duration::from_mins(2), 200, |a| {
        a["status"] == "unknown"
    });
    assert!(old["ageSeconds"].as_u64().is_some_and(|age| age >= 95), "{old:#}");
    assert_eq!(agent.get("/health/deployments?fail=unknown").code, 500);
    cluster.resume();
    agent.until("/health/deployments", RECOVERS, 200, |a| {
        is_ok(a) && a["stale"] == false
    });
    agent.until("/health/apiserver", RECOVERS, 200, is_ok);
    ns.create([Deployment::new("later", 0)]);
    with_status(&ns, "later", 0);
    agent.until("/health/deployments", SOON, 200, |a| {
        is_ok(a) && a["summary"]["healthy"] == 2
    });
    // The agent also stops during an outage.
    cluster.stop();
    assert_eq!(agent.terminate(Duration::from_secs(15)), Some(0));
}

#[test]
fn the_agent_needs_only_list_and_watch_on_deployments() {
    let ns = mixed();
    let name = format!("{}-watcher", ns.name());
    let user = Cluster::shared().user(&name);
    ns.allow_everywhere(&name, "list,watch", "deployments.apps");
    let (_, report) = ns.judge();
    let agent = Agent::start(user.kubeconfig(), &[]);
    let path = format!("/health/deployments?namespace={}", ns.name());
    agent.until(&path, SOON, 200, |a| {
        a["deployments"] == report.deployments()["items"]
    });
    assert!(agent.get("/health/deployments").json()["notSeen"].is_null());
    assert_eq!(agent.get("/health/apiserver").code, 200);
    ns.run(&["scale", "deployment/good", "--replicas=0"]);
    agent.until(&path, SOON, 200, |a| {
        a["deployments"][0]["reason"] == "ScaledToZero"
    });
}

#[test]
fn a_missing_right_is_named_and_the_agent_goes_on_once_it_is_granted() {
    let ns = Namespace::new("norights");
    let name = format!("{}-watcher", ns.name());
    let user = Cluster::shared().user(&name);
    let agent = Agent::start(user.kubeconfig(), &[]);
    let answer = agent.until("/health/deployments", SOON, 500, |a| {
        a["notSeen"][0]["class"] == "forbidden"
    });
    assert_eq!(answer["status"], "unknown");
    assert_eq!(answer["notSeen"][0]["missing"], "apps/deployments list");
    let hint = word(&answer["notSeen"][0]["hint"]);
    assert!(!hint.contains(" -n "), "an agent has no flag -n: {hint}");
    assert_eq!(
        agent.get("/health/apiserver").code,
        200,
        "that much everyone may ask"
    );
    assert_eq!(agent.get("/healthz").code, 200);

    // The plugin as that user has the same words, since both make the same report.
    let (_, report) = user.plugin().health("--cause none");
    let whole = agent.until("/health", SOON, 200, |a| a["status"] == "unknown");
    assert_eq!(
        without(whole["coverage"]["notSeen"][0].clone(), &["hint"]),
        without(report.not_seen()[0].clone(), &["hint"])
    );

    ns.allow_everywhere(&name, "list,watch", "deployments.apps");
    agent.until("/health/deployments", SOON, 200, |a| {
        a["notSeen"].is_null() && a["status"] != "unknown"
    });
}

#[test]
fn with_namespaces_only_these_are_watched() {
    let (ns, other) = (mixed(), Namespace::new("other"));
    let name = format!("{}-watcher", ns.name());
    let user = Cluster::shared().user(&name);
    ns.allow(&name, "list,watch", "deployments.apps");
    let agent = Agent::start(
        user.kubeconfig(),
        &["--namespaces", &format!("{},{}", ns.name(), other.name())],
    );
    let (_, report) = ns.judge();
    let answer = agent.until("/health/deployments", SOON, 200, |a| {
        a["deployments"] == report.deployments()["items"]
    });
    // A degraded object stays degraded although the other namespace is not seen.
    assert_eq!(answer["status"], "degraded");
    let entries =
        agent.until("/health/deployments", SOON, 200, |a| !a["notSeen"].is_null())["notSeen"].clone();
    assert_eq!(list(&entries).len(), 1);
    assert_eq!(
        entries[0]["what"],
        format!("deployments in namespace {}", other.name())
    );
    assert_eq!(entries[0]["missing"], "apps/deployments list");
    let whole = agent.get("/health").json();
    assert_eq!(
        list(&whole["coverage"]["namespaces"]).len(),
        2,
        "{:#}",
        whole["coverage"]
    );
    let plugin = Cluster::shared().plugin();
    let (_, all) = plugin.health(&format!("--cause none -n {}", ns.name()));
    assert_eq!(whole["checks"][1]["items"], all.deployments()["items"]);
}
