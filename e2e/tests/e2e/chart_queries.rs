//! Every query of the chart's alerts and of its dashboard, on a real Prometheus with the metrics of a real cluster.

use crate::record::write_spans;
use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::metric_store::MetricStore;
use sre_e2e::node::helm;
use sre_e2e::prometheus::{Prometheus, remote_write, scrape};
use sre_e2e::report::{list, word};
use sre_e2e::{Agent, Cluster, Deployment, Namespace, root, temporary};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

const SOON: Duration = Duration::from_mins(2);
/// The name of the cluster, by the external label of its Prometheus.
const CLUSTER: &str = "prod-eu";

/// Alerts whose expression has no sample here, each with the reason.
const QUIET: [(&str, &str); 8] = [
    ("SreAgentAbsent", "the agent is scraped"),
    ("SreApiServerFailing", "the API server answers"),
    ("SreControllerDown", "both controllers renew their Leases"),
    (
        "SreApiServerCertificateExpires",
        "the certificate is valid for 30 days",
    ),
    (
        "SreAnswerUnknown",
        "the one gap has an alert of its own, SreNotSeen",
    ),
    ("SreObjectUnknown", "the agent understands each object"),
    ("SreControllerNotActing", "the controllers act"),
    ("SreObjectsHidden", "less than 500 objects are not healthy"),
];

/// The user of the agent may read all that it wants to, except for CronJobs.
fn allow(cluster: &Cluster, user: &str) {
    let verbs = ["get", "list", "watch"];
    let rule = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    cluster.kubectl().create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": user},
        "rules": [
            rule("apps", &["*"]),
            rule("batch", &["jobs"]),
            rule("", &["pods", "events", "nodes", "resourcequotas", "limitranges", "namespaces"]),
            rule("coordination.k8s.io", &["leases"]),
        ],
    }));
    cluster.kubectl().ok(&[
        "create",
        "clusterrolebinding",
        user,
        &format!("--clusterrole={user}"),
        &format!("--user={user}"),
    ]);
}

/// An agent whose record says that the API server was not ready for half of the last three days.
fn start_agent(kubeconfig: &Path) -> Agent {
    let directory = temporary("chart-queries");
    let path = directory.to_string_lossy().into_owned();
    let flags = ["--causes=true", "--history-dir", &path];
    let agent = Agent::start(kubeconfig, &flags);
    agent.until("/health/apiserver", SOON, 200, |a| a["status"] == "ok");
    assert_eq!(agent.terminate(Duration::from_secs(20)), Some(0));
    for (span, count) in [(10, 30), (60, 60), (300, 72), (3600, 72)] {
        write_spans(&directory, span, count, span / 2);
    }
    Agent::start(kubeconfig, &flags)
}

/// The rules that the chart makes, as the operator gives them to Prometheus.
fn rules() -> Value {
    let rendered = helm(&[
        "template",
        "sre-agent",
        "./helm/sre-agent",
        "--namespace",
        "sre-tools",
        "--set",
        // An unavailable object has an alert that fires while the test waits.
        "prometheusRule.enabled=true,serviceMonitor.enabled=true,prometheusRule.unavailableFor=5s",
        "--show-only",
        "templates/prometheusrule.yaml",
    ]);
    let rule: Value = serde_saphyr::from_str(&rendered.expect_code(0).stdout).expect("helm writes YAML");
    rule["spec"].clone()
}

/// The expressions of alerts, by name and window.
fn alerts(rules: &Value) -> Vec<(String, String)> {
    let groups = list(&rules["groups"]).iter();
    let rules = groups.flat_map(|group| list(&group["rules"]));
    let named = rules.map(|rule| {
        let window = word(&rule["labels"]["long"]);
        let name = format!("{} {window}", word(&rule["alert"]));
        (name.trim().to_owned(), word(&rule["expr"]).to_owned())
    });
    named.collect()
}

/// The expressions of the dashboard's panels, each with the panel's title.
fn panels(value: &Value, title: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| panels(value, title, found)),
        Value::Object(fields) => {
            let title = fields.get("title").and_then(Value::as_str).unwrap_or(title);
            if let Some(expr) = fields.get("expr").and_then(Value::as_str) {
                found.push((title.to_owned(), expr.to_owned()));
            }
            fields.values().for_each(|value| panels(value, title, found));
        }
        _ => {}
    }
}

/// The names of the metrics in an expression.
fn metrics(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_metric = |word: &&str| ["sre_", "process_"].iter().any(|prefix| word.starts_with(prefix));
    words.filter(is_metric).map(str::to_owned).collect()
}

/// The values of a variable of the dashboard, by its query `label_values(SELECTOR, LABEL)`.
fn label_values(store: &MetricStore, query: &str) -> Result<BTreeSet<String>, String> {
    let inner = query
        .strip_prefix("label_values(")
        .and_then(|q| q.strip_suffix(')'));
    let (selector, label) = inner
        .and_then(|inner| inner.rsplit_once(", "))
        .ok_or_else(|| format!("{query} is no label_values"))?;
    let samples = store.samples(&format!("group by ({label}) ({selector})"))?;
    let values = samples
        .iter()
        .map(|sample| word(&sample["metric"][label]).to_owned());
    Ok(values.filter(|value| !value.is_empty()).collect())
}

/// The dashboard's variables with the values that Grafana finds, the longest name first.
fn variables(dashboard: &Value, store: &MetricStore) -> Result<Vec<(String, String)>, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for variable in list(&dashboard["templating"]["list"]) {
        let (name, query) = (word(&variable["name"]), word(&variable["query"]["query"]));
        if variable["type"] != "query" {
            continue;
        }
        let found = label_values(store, &replaced(query, &values))?;
        // The series in the Prometheus of one cluster have no label for it.
        if found.is_empty() && name != "cluster" {
            return Err(format!("${name} has no value: {query}"));
        }
        // A kind that cannot be read is not among the values.
        let value = if name == "kind" || found.is_empty() {
            word(&variable["allValue"]).to_owned()
        } else {
            found.into_iter().collect::<Vec<_>>().join("|")
        };
        values.insert(format!("${name}"), value);
    }
    values.insert("$__rate_interval".to_owned(), "1m".to_owned());
    Ok(values.into_iter().collect())
}

/// The text with the values in the places of variables. None is a prefix of another one.
fn replaced<'v>(text: &str, values: impl IntoIterator<Item = (&'v String, &'v String)>) -> String {
    let mut text = text.to_owned();
    for (name, value) in values {
        text = text.replace(name.as_str(), value);
    }
    text
}

/// Asks until there are samples.
fn assert_samples(store: &MetricStore, what: &str, expression: &str) {
    until(
        &format!("{what} has samples: {expression}"),
        SOON,
        || match store.samples(expression)?.len() {
            0 => Err("none".to_owned()),
            _ => Ok(()),
        },
    );
}

/// The alert with exactly these labels, in that state.
fn alert(prometheus: &Prometheus, labels: &Value, state: &str) -> Result<Value, String> {
    let alerts = prometheus.get("/api/v1/alerts")?;
    let mut found = list(&alerts["data"]["alerts"]).iter();
    let is_it = |alert: &&Value| alert["labels"] == *labels && alert["state"] == state;
    found.find(is_it).cloned().ok_or_else(|| format!("{alerts:#}"))
}

#[test]
fn each_query_of_the_chart_has_samples_of_a_real_cluster_or_is_rightly_empty() {
    let cluster = Cluster::whole("chart-queries");
    let user = cluster.user("chart-agent");
    allow(&cluster, "chart-agent");
    let ns = Namespace::new_in(&cluster, "shop");
    ns.create([Deployment::new("good", 1), Deployment::new("short", 4)]);
    ns.wait_ready("good", 1);
    ns.wait_ready("short", 4);
    ns.limit_pods("5");
    ns.create([Deployment::new("refused", 1)]);
    ns.wait_for_reason("refused", "ReplicaFailure", "FailedCreate");
    ns.break_pods("short", 1);
    ns.wait("short", &["{.status.readyReplicas}=3"]);
    let agent = start_agent(user.kubeconfig());

    let rules = rules();
    let file = temporary("chart-rules").join("rules.yml");
    std::fs::write(&file, rules.to_string()).expect("the directory of the tests can be written");
    let central = Prometheus::receiving();
    // The labels that the operator gives the target of a ServiceMonitor.
    let labels = json!({
        "namespace": "sre-tools", "service": "sre-agent", "pod": "sre-agent-0", "container": "sre-agent", "endpoint": "http",
    });
    let own = Prometheus::configured(&json!({
        "global": {"external_labels": {"cluster": CLUSTER}},
        "rule_files": [file],
        "scrape_configs": [scrape(agent.address(), json!({"honor_labels": true, "static_configs": [{"labels": labels}]}))],
        "remote_write": remote_write(&[central.write_url()]),
    }));

    let dashboard = std::fs::read_to_string(root().join("helm/sre-agent/files/dashboard.json"));
    let dashboard: Value =
        serde_json::from_str(&dashboard.expect("the chart has a dashboard")).expect("it is JSON");
    let (alerts, mut panels_found) = (alerts(&rules), Vec::new());
    panels(&dashboard, "", &mut panels_found);
    assert!(
        alerts.len() > QUIET.len() && panels_found.len() > 20,
        "{alerts:?} {panels_found:?}"
    );
    for (name, _) in QUIET {
        assert!(
            alerts.iter().any(|(alert, _)| alert == name),
            "{name}: {alerts:?}"
        );
    }
    for store in [&*own, &central] {
        let variables = until("each variable has values", SOON, || variables(&dashboard, store));
        for (title, expression) in &panels_found {
            let expression = replaced(expression, variables.iter().map(|(name, value)| (name, value)));
            assert!(!expression.contains('$'), "{expression}");
            assert_samples(store, title, &expression);
        }
        for (name, expression) in &alerts {
            if QUIET.iter().all(|(quiet, _)| quiet != name) {
                assert_samples(store, name, expression);
                continue;
            }
            // A scrape that fails on a busy machine is an agent that is gone, for a moment.
            until(&format!("{name} is quiet: {expression}"), SOON, || {
                match store.samples(expression)?.as_slice() {
                    [] => Ok(()),
                    samples => Err(format!("{samples:?}")),
                }
            });
            for metric in metrics(expression) {
                assert_samples(store, name, &metric);
            }
        }
    }

    for (name, object, state, reason) in [
        ("SreUnavailable", "refused", "firing", "Quota"),
        ("SreDegraded", "short", "pending", "NotReady"),
    ] {
        let labels = json!({
            "alertname": name, "severity": "warning", "reason": reason,
            "kind": "Deployment", "namespace": ns.name(), "name": object,
        });
        let alert = until("there is the alert", SOON, || alert(&own, &labels, state));
        let is = name.trim_start_matches("Sre").to_lowercase();
        assert_eq!(
            alert["annotations"]["summary"],
            format!("Deployment {}/{object} is {is}: {reason}", ns.name()),
            "{alert:#}"
        );
    }
}
