//! The agent's record of the API server, and its writes, on a real API server with a real etcd.

use serde_json::{Value, json};
use sre_e2e::report::{list, word};
use sre_e2e::{Agent, Cluster, temporary};
use std::path::Path;
use std::time::Duration;

/// The agent writes every 10 s, and a write has 10 s.
const SOON: Duration = Duration::from_secs(45);
const CANARY: &[&str] = &["--write-canary", "default/canary"];

/// Creates the Lease that the chart makes.
fn create_lease(cluster: &Cluster) {
    cluster.kubectl().create(&json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "canary", "namespace": "default"},
    }));
}

fn renewed(cluster: &Cluster) -> String {
    let lease = cluster.kubectl().get(&["lease", "canary", "--namespace=default"]);
    word(&lease["spec"]["renewTime"]).to_owned()
}

fn rung<'a>(check: &'a Value, name: &str) -> &'a Value {
    static NONE: Value = Value::Null;
    let mut rungs = list(&check["ladder"]).iter();
    rungs.find(|rung| rung["rung"] == name).unwrap_or(&NONE)
}

fn is_written(check: &Value) -> bool {
    rung(check, "write")["status"] == "ok"
}

#[test]
fn a_full_or_silent_etcd_shows_in_the_writes_while_reads_may_be_well() {
    let cluster = Cluster::bare("canary");
    create_lease(&cluster);
    let agent = Agent::start(&cluster.kubeconfig(), CANARY);
    agent.until("/health/apiserver", SOON, 200, is_written);
    let first = renewed(&cluster);
    assert!(!first.is_empty(), "the write is stored");
    let is_renewed = |than: &str| match renewed(&cluster) {
        now if now == than => Err(now),
        _ => Ok(()),
    };
    sre_e2e::deadline::until("each write changes the Lease", SOON, || is_renewed(&first));

    // https://github.com/etcd-io/etcd/issues/16337: reads are served as if nothing were wrong.
    cluster.fill_etcd();
    let check = agent.until("/health/apiserver", SOON, 500, |a| a["rung"] == "write");
    assert_eq!(
        (&check["status"], &check["class"], &check["side"]),
        (
            &json!("degraded"),
            &json!("unhealthy"),
            &json!("the control plane")
        ),
        "{check:#}"
    );
    assert!(
        word(&check["error"]).contains("database space exceeded"),
        "{check:#}"
    );
    assert_eq!(rung(&check, "readyz")["status"], "ok", "{check:#}");
    assert_eq!(cluster.plugin().health("").0, 0, "without a write it looks well");
    cluster.free_etcd();
    agent.until("/health/apiserver", SOON, 200, is_written);

    cluster.pause_etcd();
    let check = agent.until("/health/apiserver", SOON, 500, |_| true);
    assert_eq!(check["status"], "degraded", "{check:#}");
    cluster.resume_etcd();
    agent.until("/health/apiserver", SOON, 200, is_written);
    let metrics = agent.get("/metrics").body;
    assert!(metrics.contains("\nsre_apiserver_write_up 1\n"), "{metrics}");
}

#[test]
fn the_chart_s_right_is_enough_to_write_and_without_it_nothing_is_claimed() {
    let cluster = Cluster::bare("canary-right");
    create_lease(&cluster);
    let user = cluster.user("canary-writer");
    let agent = Agent::start(user.kubeconfig(), CANARY);
    let check = agent.until("/health/apiserver", SOON, 200, |a| {
        rung(a, "write")["status"] == "unknown"
    });
    assert_eq!(
        check["missing"], "coordination.k8s.io/leases patch for canary in namespace default",
        "{check:#}"
    );
    assert_eq!(renewed(&cluster), "");
    let kubectl = cluster.kubectl();
    let role = "create role canary --namespace=default --verb=get,patch --resource=leases.coordination.k8s.io \
                --resource-name=canary";
    kubectl.ok(&role.split_whitespace().collect::<Vec<_>>());
    let binding =
        "create rolebinding canary --namespace=default --role=canary --user=canary-writer".split(' ');
    kubectl.ok(&binding.collect::<Vec<_>>());
    agent.until("/health/apiserver", SOON, 200, is_written);
    assert!(!renewed(&cluster).is_empty());
}

/// Replaces the spans of that many seconds in a saved record by the last `count` before it was saved. In each of them the API server was
/// ready for `up` seconds.
pub fn write_spans(directory: &Path, span: u64, count: u64, up: u64) {
    let path = directory.join("apiserver-record.json");
    let text = std::fs::read_to_string(&path).expect("the agent has saved it");
    let mut record: Value = serde_json::from_str(&text).expect("JSON");
    let last = record["second"].as_u64().expect("it says when it was saved") / span;
    let rings = record["rings"].as_array_mut().expect("rings");
    let ring = rings.iter_mut().find(|ring| ring["span"] == span);
    let ring = ring.expect("it has spans of that length");
    let mut bucket = ring["buckets"][0].clone();
    let buckets = (last - count..last).map(|number| {
        bucket["number"] = json!(number);
        bucket["watched"] = json!(span);
        bucket["up"] = json!(up);
        bucket.clone()
    });
    ring["buckets"] = buckets.collect();
    std::fs::write(path, record.to_string()).expect("it can be written");
}

#[test]
fn a_demanded_availability_is_judged_by_a_record_that_outlives_the_agent() {
    let cluster = Cluster::bare("demand");
    let directory = temporary("record");
    let path = directory.to_string_lossy().into_owned();
    let demand = |up: Option<u64>| {
        if let Some(up) = up {
            write_spans(&directory, 60, 50, up);
        }
        let agent = Agent::start(&cluster.kubeconfig(), &["--history-dir", &path]);
        agent.until("/health/apiserver", SOON, 200, |a| a["status"] == "ok");
        let flags = format!(
            "apiserver --agent-url http://{} --min-availability 99 --window 1h",
            agent.address()
        );
        let (code, report) = cluster.plugin().health(&flags);
        let check = report.api_server().clone();
        assert_eq!(agent.terminate(Duration::from_secs(20)), Some(0));
        (
            code,
            check["class"].clone(),
            check["record"]["demand"]["met"].clone(),
        )
    };
    assert_eq!(demand(None), (3, json!("notWatchedEnough"), Value::Null));
    assert_eq!(demand(Some(60)), (0, Value::Null, json!(true)));
    assert_eq!(demand(Some(59)), (2, json!("belowDemand"), json!(false)));
}
