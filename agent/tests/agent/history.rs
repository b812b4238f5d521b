//! Owns the history: what it lists, what outlives a restart, what a broken disk does, and the verdicts of a moment.

use crate::harness::{RunningAgent, settings, start};
use serde_json::{Value, json};
use sre_agent::{Settings, Signal};
use sre_shared::kind::Kind;
use sre_testkit::ApiServer;
use sre_testkit::object::Deployment;
use std::path::Path;
use std::time::Duration;

fn healthy(name: &str) -> Deployment {
    Deployment::new("shop", name)
}

fn degraded(name: &str) -> Deployment {
    healthy(name).replicas(3).counts(3, 3, 2, 2)
}

/// Settings with short pauses between two looks at the watches.
fn quick(server: &ApiServer) -> Settings {
    let mut settings = settings(server.kubeconfig());
    settings.pace.watching = Duration::from_millis(20);
    settings
}

fn in_directory(server: &ApiServer, directory: &Path) -> Settings {
    Settings {
        history_directory: Some(directory.to_owned()),
        ..quick(server)
    }
}

/// An agent that has its first lists, and whose history knows it.
async fn watching(settings: Settings) -> RunningAgent {
    let agent = start(settings).await;
    agent
        .until("/history", |a| {
            let gaps = a.json()["gaps"].clone();
            let lasts = |gap: &Value| gap["to"].is_null();
            !gaps.as_array().unwrap().iter().any(lasts)
        })
        .await;
    agent
}

fn names(answer: &Value) -> Vec<&str> {
    let transitions = answer["transitions"].as_array().unwrap();
    transitions
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

async fn with_transitions(agent: &RunningAgent, count: usize) -> Value {
    let answer = agent.until("/history", |a| names(&a.json()).len() == count).await;
    answer.json()
}

async fn end(agent: RunningAgent) {
    agent.stop.send(Signal::Terminate).await.unwrap();
    agent.wait_for_end().await;
}

#[tokio::test]
async fn changes_of_states_are_listed_newest_last_and_by_pages() {
    let server = ApiServer::builder()
        .deployments([healthy("web"), healthy("api")])
        .start()
        .await;
    let agent = watching(quick(&server)).await;
    server.wait_for_watches(1).await;
    server.apply(degraded("web"));
    with_transitions(&agent, 1).await;
    server.apply(Deployment::new("bank", "ledger"));
    with_transitions(&agent, 2).await;
    server.delete("shop", "api");
    let all = with_transitions(&agent, 3).await;
    assert_eq!(names(&all), ["web", "ledger", "api"]);
    let web = &all["transitions"][0];
    assert_eq!(
        (
            &web["kind"],
            &web["namespace"],
            &web["from"],
            &web["to"],
            &web["reason"]
        ),
        (
            &json!("Deployment"),
            &json!("shop"),
            &json!("healthy"),
            &json!("degraded"),
            &json!("ReadyBelowDesired")
        )
    );
    assert!(all["transitions"][1]["from"].is_null() && all["transitions"][2]["to"].is_null());
    assert_eq!(
        (&all["kind"], &all["pod"]),
        (&json!("HealthHistory"), &json!("agent-0"))
    );
    assert_eq!(all["coverage"]["namespaces"], "all");
    assert_eq!(all["coverage"]["notSeen"], json!([]));
    for (query, expected) in [
        ("namespace=bank", vec!["ledger"]),
        ("kind=deploy&name=web", vec!["web"]),
        ("since=1h&until=0", vec!["web", "ledger", "api"]),
        ("until=2020-01-01T00:00:00Z", vec![]),
        ("since=2999-01-01T00:00:00Z", vec![]),
        ("limit=2", vec!["web", "ledger"]),
    ] {
        let answer = agent.get(&format!("/history?{query}")).await.json();
        assert_eq!(names(&answer), expected, "{query}");
    }
    let first = agent.get("/history?limit=2").await.json();
    let token = first["continue"].as_str().unwrap();
    let second = agent
        .get(&format!("/history?limit=2&continue={token}"))
        .await
        .json();
    assert_eq!((names(&second), second.get("continue")), (vec!["api"], None));
    let other = agent.get("/history?continue=b3RoZXIvMQ").await;
    assert_eq!(
        (other.status, &other.json()["error"]),
        (410, &json!("expiredToken"))
    );
    for wrong in [
        "since=1d",
        "kind=x",
        "until=2h&since=1h",
        "selector=a",
        "limit=0",
        "at=1h",
    ] {
        let refused = agent.get(&format!("/history?{wrong}")).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]),
            (400, &json!("invalidQuery")),
            "{wrong}"
        );
    }
    // A kind that is not watched is not seen, and its silence is not peace.
    let nodes = agent.get("/history?kind=nodes").await.json();
    assert_eq!(nodes["coverage"]["notSeen"][0]["class"], "notWatched");
}

#[tokio::test]
async fn a_restart_loses_nothing_and_the_time_in_between_is_a_gap() {
    let server = ApiServer::builder().deployments([healthy("web")]).start().await;
    let directory = tempfile::tempdir().unwrap();
    let agent = watching(in_directory(&server, directory.path())).await;
    server.wait_for_watches(1).await;
    server.apply(degraded("web"));
    let before = with_transitions(&agent, 1).await;
    end(agent).await;
    // What changes while no agent runs is in no history.
    server.apply(healthy("web"));
    let agent = watching(in_directory(&server, directory.path())).await;
    let after = with_transitions(&agent, 1).await;
    assert_eq!(after["transitions"], before["transitions"]);
    assert_eq!(after["watchedSince"], before["watchedSince"]);
    let whys: Vec<&Value> = after["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| &gap["why"])
        .collect();
    assert_eq!(whys.last(), Some(&&json!("agentDown")), "{after}");
    assert!(
        agent
            .get("/readyz?verbose")
            .await
            .text()
            .contains("[+]history ok")
    );
    // A page of the process before is not continued.
    server.wait_for_watches(1).await;
    server.apply(degraded("web"));
    with_transitions(&agent, 2).await;
    end(agent).await;
    // With other settings the records of kinds and namespaces that are not watched stay hidden.
    let mut narrow = in_directory(&server, directory.path());
    narrow.namespaces = vec!["bank".to_owned()];
    let agent = watching(narrow).await;
    let hidden = agent.get("/history").await.json();
    assert_eq!(
        (names(&hidden).len(), &hidden["coverage"]["namespaces"]),
        (0, &json!(["bank"]))
    );
    let asked = agent.get("/history?namespace=shop").await.json();
    assert_eq!(names(&asked).len(), 0);
    assert_eq!(asked["coverage"]["notSeen"][0]["class"], "notWatched");
    end(agent).await;
    let mut jobs = in_directory(&server, directory.path());
    jobs.kinds = vec![Kind::Job];
    let agent = watching(jobs).await;
    assert_eq!(names(&agent.get("/history").await.json()).len(), 0);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_stops_nothing_and_is_used_once_it_can() {
    let server = ApiServer::builder().deployments([healthy("web")]).start().await;
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("history");
    std::fs::write(&path, "no directory").unwrap();
    let agent = watching(in_directory(&server, &path)).await;
    server.wait_for_watches(1).await;
    server.apply(degraded("web"));
    let before = with_transitions(&agent, 1).await;
    let verbose = agent.get("/readyz?verbose").await;
    assert_eq!(verbose.status, 200);
    assert!(
        verbose.text().contains("[+]history in memory alone: "),
        "{}",
        verbose.text()
    );
    assert!(!verbose.text().contains(path.to_str().unwrap()));
    let metrics = agent.get("/metrics").await.text();
    assert!(metrics.contains("\nsre_history_writable 0\n"), "{metrics}");
    assert!(metrics.contains("\nsre_history_transitions 1\n"));
    std::fs::remove_file(&path).unwrap();
    agent
        .until("/metrics", |a| a.text().contains("\nsre_history_writable 1\n"))
        .await;
    // The lines waited for the disk.
    end(agent).await;
    let agent = watching(in_directory(&server, &path)).await;
    assert_eq!(
        with_transitions(&agent, 1).await["transitions"],
        before["transitions"]
    );
}

#[tokio::test]
async fn a_moment_that_the_history_does_not_reach_is_unknown() {
    let server = ApiServer::builder().deployments([healthy("web")]).start().await;
    let agent = watching(quick(&server)).await;
    let before = agent.get("/health?at=2020-01-01T00:00:00Z").await;
    let report = before.json();
    assert_eq!((before.status, &report["status"]), (200, &json!("unknown")));
    assert_eq!(report["observedAt"], "2020-01-01T00:00:00Z");
    let gap = &report["coverage"]["notSeen"][0];
    assert_eq!(gap["class"], "notInHistory");
    assert!(
        gap["error"]
            .as_str()
            .unwrap()
            .starts_with("the agent's history begins at ")
    );
    assert_eq!(report["checks"][0]["check"], "deployments");
    assert_eq!(agent.get("/health?at=1h&fail=unknown").await.status, 500);
    let api_server = agent.get("/health?at=1h&kinds=apiserver").await.json();
    assert_eq!(api_server["coverage"]["notSeen"][0]["class"], "notInHistory");
    for wrong in [
        "at=2999-01-01T00:00:00Z",
        "at=1h&selector=app=web",
        "at=yesterday",
    ] {
        let refused = agent.get(&format!("/health?{wrong}")).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]),
            (400, &json!("invalidQuery")),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_moment_after_the_first_list_has_the_states_of_then() {
    let server = ApiServer::builder()
        .deployments([healthy("web"), degraded("api"), healthy("gone")])
        .start()
        .await;
    let agent = watching(quick(&server)).await;
    server.wait_for_watches(1).await;
    // The gap of the start has whole seconds, so the moment has to be a later one.
    let report = agent
        .until("/health?at=0", |a| a.json()["coverage"]["notSeen"] == json!([]))
        .await
        .json();
    let at = report["observedAt"].as_str().unwrap().to_owned();
    assert_eq!(
        (&report["status"], &report["summary"]["total"]),
        (&json!("degraded"), &json!(3))
    );
    agent
        .until("/health?at=0", |a| a.json()["observedAt"] != report["observedAt"])
        .await;
    server.apply(degraded("web"));
    server.apply(healthy("api"));
    server.delete("shop", "gone");
    server.apply(healthy("new"));
    with_transitions(&agent, 4).await;
    let then = agent.get(&format!("/health?at={at}")).await.json();
    let items = then["checks"][0]["items"].as_array().unwrap();
    let states: Vec<(&str, &str)> = items
        .iter()
        .map(|item| (item["name"].as_str().unwrap(), item["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        states,
        [("api", "degraded"), ("gone", "healthy"), ("web", "healthy")]
    );
    assert_eq!(
        (&then["status"], &then["summary"]),
        (&report["status"], &report["summary"])
    );
    let notable = agent.get(&format!("/health?at={at}&items=notable")).await.json();
    assert_eq!(notable["checks"][0]["items"].as_array().unwrap().len(), 1);
    assert_eq!(notable["checks"][0]["items"][0]["healthy"], false);
}

#[tokio::test]
async fn an_object_whose_state_changes_again_and_again_flaps_also_while_it_is_healthy() {
    let server = ApiServer::builder()
        .deployments([healthy("web"), healthy("api"), healthy("zoo")])
        .start()
        .await;
    let agent = watching(quick(&server)).await;
    server.wait_for_watches(1).await;
    for number in 0..6 {
        let object = if number % 2 == 0 {
            degraded("web")
        } else {
            healthy("web")
        };
        server.apply(object);
        with_transitions(&agent, number + 1).await;
    }
    let note = json!(["flaps: 6 changes of its state within an hour"]);
    let report = agent
        .until("/health?items=notable&kinds=deployments", |a| {
            a.json()["checks"][0]["items"] != json!([])
        })
        .await
        .json();
    let items = &report["checks"][0]["items"];
    assert_eq!((items.as_array().unwrap().len(), &items[0]["notes"]), (1, &note));
    assert_eq!(
        (&items[0]["noteCodes"], &items[0]["state"]),
        (&json!(["flapping"]), &json!("healthy"))
    );
    assert_eq!(report["status"], "ok", "a note is no verdict");
    let all = agent.get("/health/deployments").await;
    assert_eq!(all.names(), ["api", "web", "zoo"]);
    assert_eq!(all.json()["deployments"][1]["notes"], note);
}
