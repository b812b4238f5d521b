//! `fleet --prometheus` against a scripted store of metrics.

use super::plugin::{PluginRun, run};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The moment of all answers.
const NOW: i64 = 1_780_000_000;

/// A request as it came.
#[derive(Debug, Clone)]
struct StoreRequest {
    /// The request line and the headers, in small letters.
    head: String,
    /// The form.
    body: String,
}

/// A store that answers a query by a word that it has, and other requests by their path. It ends when it is dropped.
struct Store {
    url: String,
    requests: Arc<Mutex<Vec<StoreRequest>>>,
    ends: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

type Answer = Box<dyn Fn(&str) -> (u16, String) + Send>;

impl Store {
    fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the machine gives a port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let (requests, ends) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (noted, ended) = (Arc::clone(&requests), Arc::clone(&ends));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                serve(stream, &answer, &noted);
            }
        });
        Self {
            url,
            requests,
            ends,
            thread: Some(thread),
        }
    }

    fn requests(&self) -> Vec<StoreRequest> {
        self.requests.lock().expect("no thread has panicked").clone()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the thread.
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, answer: &Answer, noted: &Mutex<Vec<StoreRequest>>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let (head, body) = loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let head = head.to_lowercase();
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        if body.len() >= length.and_then(|text| text.parse().ok()).unwrap_or(0) {
            break (head, body.to_owned());
        }
    };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (status, text) = answer(if body.is_empty() { target } else { &body });
    noted
        .lock()
        .expect("no thread has panicked")
        .push(StoreRequest { head, body });
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
}

/// The answer with these samples, each with its labels and its value.
fn vector(samples: &[(Value, i64)]) -> String {
    let result: Vec<Value> = samples
        .iter()
        .map(|(labels, value)| json!({"metric": labels, "value": [NOW, value.to_string()]}))
        .collect();
    json!({"status": "success", "data": {"resultType": "vector", "result": result}}).to_string()
}

/// The answer with these values of a label.
fn values(names: &[&str]) -> String {
    json!({"status": "success", "data": names}).to_string()
}

/// The answer to a request, as its form or its path has it.
fn answer(question: &str) -> String {
    if question.starts_with("/api/v1/label/cluster/values?match[]=sre_agent_info&start=") {
        return values(&["lab-3", "prod-eu", "prod-us"]);
    }
    vector(&samples(question))
}

/// Three clusters: one is degraded, one is well, and one is silent for two hours.
fn samples(query: &str) -> Vec<(Value, i64)> {
    let part = |cluster: &str, check: &str, status: &str| {
        (json!({"cluster": cluster, "check": check, "status": status}), 1)
    };
    let objects = |cluster: &str, state: &str, count| {
        (
            json!({"__name__": "sre_objects", "cluster": cluster, "kind": "deployments", "state": state}),
            count,
        )
    };
    match () {
        () if query.contains("sre_object_unhealthy") => vec![
            (
                json!({"cluster": "prod-eu", "kind": "Deployment", "namespace": "shop", "name": "checkout", "state": "unavailable",
                       "reason": "CrashLoop"}),
                1,
            ),
            (json!({"cluster": "prod-eu", "version": "0.1.0"}), NOW - 12),
            (json!({"cluster": "prod-us", "version": "0.1.0"}), NOW - 12),
        ],
        () if query.contains("max_over_time") => vec![(json!({"cluster": "lab-3"}), NOW - 7200)],
        () if query.contains("sre_check_status") => vec![
            part("prod-eu", "apiserver", "ok"),
            part("prod-eu", "deployments", "degraded"),
            part("prod-us", "apiserver", "ok"),
            part("prod-us", "deployments", "ok"),
        ],
        () if query.contains("sre_objects") => vec![
            objects("prod-eu", "healthy", 211),
            objects("prod-eu", "degraded", 2),
            objects("prod-eu", "unavailable", 1),
            objects("prod-us", "healthy", 1204),
        ],
        () => Vec::new(),
    }
}

fn store() -> Store {
    Store::start(Box::new(|query| (200, answer(query))))
}

fn ask(store: &Store, args: &[&str]) -> PluginRun {
    run(&[&["fleet", "--prometheus", &store.url], args].concat())
}

fn file(directory: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, text).expect("the directory can be written to");
    path.display().to_string()
}

// rancher/fleet#594, rancher/dashboard#14966: a cluster that is away was shown as ready.
#[test]
fn a_store_gives_the_same_rows_with_those_that_are_silent_and_those_that_were_never_seen() {
    let (store, directory) = (store(), tempfile::tempdir().expect("a directory"));
    let inventory = file(
        &directory,
        "clusters",
        "# ours\nprod-eu\nprod-us\n\nlab-3\nlab-4\n",
    );
    let ran = ask(&store, &["--inventory", &inventory]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{ran:?}");
    assert!(
        ran.headline()
            .starts_with("NEEDS A LOOK  3 of 4 clusters, 1 silent, 1 never seen, in "),
        "{ran:?}"
    );
    let lines: Vec<&str> = ran.out.lines().skip(2).collect();
    assert_eq!(
        lines,
        [
            "✗ prod-eu  -  degraded     3 of 214 Deployments not healthy: CrashLoop shop/checkout and 2 more  kubectl sre health \
             --context prod-eu",
            "? lab-3    -  silent       silent for 2 h, last seen 2026-05-28T18:26:40Z  kubectl sre health --context lab-3",
            "? lab-4    -  never seen   it is in the inventory, and the store has no sample of it  kubectl sre health --context lab-4",
            "✓ prod-us  -  ok           1204 objects  kubectl sre health --context prod-us",
        ]
    );
    // The number of requests does not depend on that of the clusters.
    let requests = store.requests();
    let is_query = |request: &&StoreRequest| request.head.starts_with("post /api/v1/query http/1.1");
    let is_query_with_limit = |request: &StoreRequest| request.body.contains("&timeout=");
    assert_eq!(
        (
            requests.len(),
            requests.iter().filter(is_query).count(),
            // The store itself gives up a query that nobody waits for.
            requests.iter().filter(|one| is_query_with_limit(one)).count(),
        ),
        (5, 4, 4),
        "{requests:#?}"
    );
    assert_eq!(ask(&store, &["prod-us"]).code, Some(0));
    assert_eq!(ask(&store, &["lab-*"]).code, Some(3));
    let ran = ask(&store, &["prod-su"]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.err.contains("did you mean \"prod-us\"?"), "{ran:?}");
    let ran = ask(&store, &["-o", "json", "--inventory", &inventory]);
    let fleet = ran.json();
    assert_eq!(
        (
            &fleet["kind"],
            &fleet["source"]["mode"],
            &fleet["clusters"][0]["report"]["summary"]["unhealthy"]
        ),
        (&json!("FleetReport"), &json!("store"), &json!(3))
    );
    assert_eq!(fleet["clusters"][2]["report"], Value::Null);
}

// grafana/mimir#2030, grafana/mimir#2310: "no org id" says nothing to a person who has never heard of one.
#[test]
fn a_store_with_tenants_is_asked_for_one() {
    let store = Store::start(Box::new(|_| (401, "no org id\n".to_owned())));
    let ran = ask(&store, &[]);
    assert_eq!(ran.code, Some(69), "{ran:?}");
    assert!(
        ran.err.contains("the store has tenants: give --tenant NAME"),
        "{ran:?}"
    );
}

#[test]
fn headers_and_secrets_are_sent_and_shown_nowhere() {
    let (store, directory) = (store(), tempfile::tempdir().expect("a directory"));
    let token = file(&directory, "token", "s3cr3t\n");
    let ran = ask(
        &store,
        &[
            "--tenant",
            "team-a",
            "--header",
            "X-Key=s3cr3t-too",
            "--token-file",
            &token,
        ],
    );
    assert!(!format!("{ran:?}").contains("s3cr3t"), "{ran:?}");
    let requests = store.requests();
    for line in [
        "x-scope-orgid: team-a",
        "x-key: s3cr3t-too",
        "authorization: bearer s3cr3t",
    ] {
        assert!(
            requests.iter().all(|request| request.head.contains(line)),
            "{requests:#?}"
        );
    }
    let password = file(&directory, "password", "me:s3cr3t:x");
    ask(&store, &["--basic-auth-file", &password]);
    let last = store
        .requests()
        .pop()
        .map(|request| request.head)
        .unwrap_or_default();
    assert!(last.contains("authorization: basic bwu6cznjcjn0ong="), "{last}");
    // Not over plain HTTP to another host.
    let ran = run(&[
        "fleet",
        "--prometheus",
        "http://store.example",
        "--token-file",
        &token,
    ]);
    assert_eq!(ran.code, Some(64), "{ran:?}");
    assert!(ran.err.contains("is not sent over plain HTTP"), "{ran:?}");
    let wrong = run(&[
        "fleet",
        "--prometheus",
        "https://store.example",
        "--header",
        "s3cr3t",
    ]);
    assert_eq!(wrong.code, Some(64));
    assert!(!wrong.err.contains("s3cr3t"), "{wrong:?}");
}

// thanos-io/thanos#622, kubecost/kubecost#451: an answer without a part of the store looks like a whole one.
#[test]
fn an_answer_with_warnings_is_unknown_at_best() {
    let store = Store::start(Box::new(|query| {
        let mut answer: Value = serde_json::from_str(&answer(query)).expect("our own JSON");
        if query.contains("sre_objects") {
            answer["warnings"] = json!(["store 10.0.0.7: deadline exceeded"]);
        }
        (200, answer.to_string())
    }));
    let ran = ask(&store, &["prod-us"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.out.contains("? store 10.0.0.7: deadline exceeded"), "{ran:?}");
    // VictoriaMetrics has a word for it.
    let store = Store::start(Box::new(|query| {
        let mut answer: Value = serde_json::from_str(&answer(query)).expect("our own JSON");
        answer["isPartial"] = json!(true);
        (200, answer.to_string())
    }));
    assert_eq!(ask(&store, &["prod-us"]).code, Some(3));
}

#[test]
fn an_answer_that_is_none_of_a_store_is_refused_by_its_class() {
    for (status, body, said) in [
        (
            200,
            "<html>sign in</html>".to_owned(),
            "notAnApiServer: the answer is none of a store",
        ),
        (
            200,
            "{}".to_owned(),
            "notAnApiServer: the answer is none of a store",
        ),
        (302, String::new(), "notAnApiServer: HTTP 302"),
        (
            404,
            "404 page not found".to_owned(),
            "notFound: HTTP 404: 404 page not found; give the URL in front of",
        ),
        (
            422,
            json!({"status": "error", "error": "unknown function"}).to_string(),
            "rejected: HTTP 422: unknown function",
        ),
        (
            503,
            "no healthy upstream".to_owned(),
            "unhealthy: HTTP 503: no healthy upstream",
        ),
        (
            200,
            json!({"status": "success", "data": {"resultType": "matrix", "result": []}}).to_string(),
            "notAnApiServer",
        ),
        (
            200,
            json!({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}}]}})
                .to_string(),
            "notAnApiServer",
        ),
    ] {
        let store = Store::start(Box::new(move |_| (status, body.clone())));
        let ran = ask(&store, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(69), ""), "{said}: {ran:?}");
        assert!(ran.err.contains(said), "{said}: {ran:?}");
    }
    let store = store();
    let url = store.url.clone();
    drop(store);
    let ran = run(&["fleet", "--prometheus", &url]);
    assert_eq!(ran.code, Some(69), "{ran:?}");
    assert!(ran.err.contains("refused"), "{ran:?}");
}

#[test]
fn a_store_without_any_cluster_is_unknown() {
    let store = Store::start(Box::new(|question| {
        let none = if question.starts_with('/') {
            values(&[])
        } else {
            vector(&[])
        };
        (200, none)
    }));
    let ran = ask(&store, &[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.headline().starts_with("NEEDS A LOOK  no cluster was seen"),
        "{ran:?}"
    );
}

// prom-label-proxy#79 (its default): a proxy lets nothing through but queries.
#[test]
fn a_store_that_gives_no_values_of_labels_is_asked_by_a_query() {
    let store = Store::start(Box::new(|question| {
        if question.starts_with('/') {
            return (404, "404 page not found".to_owned());
        }
        if question.contains("last_over_time") {
            let known = ["prod-eu", "prod-us", "lab-3"].map(|name| (json!({"cluster": name}), 1));
            return (200, vector(&known));
        }
        (200, answer(question))
    }));
    let ran = ask(&store, &["-o", "json"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(ran.json()["summary"]["silent"], json!(1), "{ran:?}");
}

// thanos-io/thanos#6223, #3742, #2091: a query that names a cluster whose Prometheus is gone is answered with a warning.
#[test]
fn a_store_that_says_it_has_nothing_of_a_silent_cluster_leaves_nothing_out() {
    let store = Store::start(Box::new(|question| {
        if question.contains("max_over_time") {
            let mut none: Value = serde_json::from_str(&vector(&[])).expect("our own JSON");
            none["warnings"] = json!(["No StoreAPIs matched for this query"]);
            return (200, none.to_string());
        }
        (200, answer(question))
    }));
    let ran = ask(&store, &["-o", "json"]);
    let fleet = ran.json();
    assert_eq!(fleet["source"]["warnings"], Value::Null, "{ran:?}");
    assert_eq!(
        (&fleet["clusters"][1]["name"], &fleet["clusters"][1]["message"]),
        (&json!("lab-3"), &json!("silent, since when is not known"))
    );
}

// grafana/mimir#1199 and #4245: a limit of the tenant is answered with 422 or 500, and only the message says which.
#[test]
fn a_limit_of_the_store_is_named_as_one_and_costs_no_row() {
    let limit = "the query time range exceeds the limit (query length: 24h0m0s, limit: 12h0m0s)";
    for status in [422, 500] {
        let refusal = json!({"status": "error", "errorType": "execution", "error": limit}).to_string();
        let all = refusal.clone();
        let store = Store::start(Box::new(move |_| (status, all.clone())));
        let ran = ask(&store, &[]);
        assert_eq!(ran.code, Some(69), "{ran:?}");
        let hint = "the store limits queries: raise that limit, or ask a tenant with fewer clusters";
        assert!(ran.err.contains(limit) && ran.err.contains(hint), "{ran:?}");
        // Only the query that looks back for a day is refused.
        let store = Store::start(Box::new(move |question| {
            if question.contains("max_over_time") {
                (status, refusal.clone())
            } else {
                (200, answer(question))
            }
        }));
        let fleet = ask(&store, &["-o", "json"]).json();
        let warnings = fleet["source"]["warnings"].to_string();
        let sentence = "since when clusters are silent is not known: store http://127.0.0.1:";
        assert!(
            warnings.contains(sentence) && warnings.contains(limit),
            "{warnings}"
        );
        assert_eq!(fleet["summary"]["total"], json!(3));
        assert_eq!(
            fleet["clusters"][1]["message"],
            json!("silent, since when is not known")
        );
        // The query is about the chosen clusters alone.
        let chosen = ask(&store, &["prod-us", "-o", "json"]);
        assert_eq!(chosen.code, Some(0), "{chosen:?}");
    }
}

// prometheus/prometheus#3359 and #6967, prometheus-community/helm-charts#2034, kubernetes-mixin#343: external labels are on what a
// Prometheus sends, and not in its own answers; a store that is read with local data has both.
#[test]
fn samples_without_the_label_are_a_row_that_is_never_well() {
    let store = Store::start(Box::new(|question| {
        if question.starts_with('/') {
            return (200, values(&[]));
        }
        let mut samples = samples(question);
        for (labels, _) in &mut samples {
            if labels["cluster"] == json!("prod-us") {
                labels.as_object_mut().expect("labels").remove("cluster");
            }
        }
        (200, vector(&samples))
    }));
    let ran = ask(&store, &["-o", "json"]);
    let row = &ran.json()["clusters"][1];
    assert_eq!(
        (&row["name"], &row["state"], &row["message"]),
        (
            &json!("(no label)"),
            &json!("unknown"),
            &json!(
                "samples without the label cluster: set it in external_labels of the Prometheus that sends them, and ask the store \
                 that it sends to"
            )
        ),
        "{ran:?}"
    );
    assert_eq!(ask(&store, &["(no label)"]).code, Some(3));
}

/// A store with one cluster, whose Deployments of these names fall short. It names as many of them as the query asks for, and counts
/// one more if `hidden`.
fn store_of(short: &[&'static str], hidden: bool) -> Store {
    let short = short.to_vec();
    Store::start(Box::new(move |question| {
        if question.starts_with('/') {
            return (200, values(&["eu"]));
        }
        let samples = if question.contains("sre_object_unhealthy") {
            let named = if question.contains("topk") { 1 } else { short.len() };
            let agent = (json!({"cluster": "eu", "version": "0.1.0"}), NOW);
            let names = short.iter().take(named);
            let sample = |name: &&str| {
                let labels = json!({"cluster": "eu", "kind": "Deployment", "namespace": "shop", "name": name,
                                    "state": "unavailable", "reason": "CrashLoop"});
                (labels, 1)
            };
            names.map(sample).chain([agent]).collect()
        } else if question.contains("sre_check_status") {
            let status = if short.is_empty() { "ok" } else { "degraded" };
            let labels = json!({"cluster": "eu", "check": "deployments", "status": status});
            vec![(labels, 1)]
        } else {
            let count = i64::try_from(short.len()).expect("a few") + i64::from(hidden);
            let labels = |state| json!({"__name__": "sre_objects", "cluster": "eu", "kind": "deployments", "state": state});
            vec![(labels("healthy"), 10), (labels("unavailable"), count)]
        };
        (200, vector(&samples))
    }))
}

#[test]
fn a_store_is_compared_with_a_saved_result_object_by_object() {
    let directory = tempfile::tempdir().expect("a directory");
    let saved = directory.path().join("yesterday.json").display().to_string();
    let ran = ask(&store_of(&["cart", "checkout"], false), &["--save", &saved]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    for (name, short, hidden, code) in [
        ("the same two", &["cart", "checkout"][..], false, 0),
        ("one of them", &["cart"], false, 0),
        ("none", &[], false, 0),
        ("as many, and another one", &["cart", "ledger"], false, 2),
        (
            "one that is not named, and may be new",
            &["cart", "checkout"],
            true,
            2,
        ),
    ] {
        let ran = ask(&store_of(short, hidden), &["--baseline", &saved, "-o", "json"]);
        assert_eq!(ran.code, Some(code), "{name}: {ran:?}");
        let status = if code == 0 { "ok" } else { "degraded" };
        let fleet = ran.json();
        assert_eq!(
            (&fleet["status"], &fleet["clusters"][0]["report"]["status"]),
            (&json!(status), &json!(status)),
            "{name}"
        );
    }
    // A silent cluster is not excused by what it was.
    let silent = Store::start(Box::new(|question| {
        let known = if question.starts_with('/') {
            values(&["eu"])
        } else {
            vector(&[])
        };
        (200, known)
    }));
    let ran = ask(&silent, &["--baseline", &saved, "-o", "json"]);
    assert_eq!(
        (ran.code, &ran.json()["clusters"][0]["state"]),
        (Some(3), &json!("silent")),
        "{ran:?}"
    );
}
