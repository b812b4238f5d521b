//! Many clusters at once: real stores with the metrics of two agents, and a kubeconfig in which most contexts are broken.

use serde_json::{Value, json};
use sre_e2e::authority::{Authority, CertificateRequest, P256, Validity};
use sre_e2e::deadline::until;
use sre_e2e::metric_store::MetricStore;
use sre_e2e::prometheus::Prometheus;
use sre_e2e::report::{list, word};
use sre_e2e::victoria_metrics::VictoriaMetrics;
use sre_e2e::{Agent, Cluster, Deployment, Namespace, Plugin, ProcessResult, temporary};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

/// A sample is in the answers of `VictoriaMetrics` 30 s after it was taken, and a query by the minute sees it up to a minute later.
const STORED: Duration = Duration::from_mins(3);
/// The name of a cluster with the special characters of JSON, of `PromQL`, of its regular expressions and of the shell.
const HOSTILE: &str = "prod \"eu\"\\x|.*{é}";
/// A pattern that takes it.
const HOSTILE_PATTERN: &str = "prod \"eu\"*";
/// A cluster of the inventory that never wrote.
const ABSENT: &str = "lab-4";

/// Deployments in a cluster without controllers, each with that many ready pods of its replicas.
fn fill(ns: &Namespace<'_>, deployments: &[(&str, u32, u32)]) {
    ns.create(
        deployments
            .iter()
            .map(|(name, replicas, _)| Deployment::new(name, *replicas)),
    );
    for (name, replicas, ready) in deployments {
        let (is_over, reason) = if replicas == ready {
            ("True", "NewReplicaSetAvailable")
        } else {
            ("False", "ProgressDeadlineExceeded")
        };
        let status = json!({
            "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": ready,
            "availableReplicas": ready, "unavailableReplicas": replicas - ready,
            "conditions": [{"type": "Progressing", "status": is_over, "reason": reason}],
        });
        ns.set_status(&format!("deployment/{name}"), &status);
    }
}

/// Two clusters: all of the first is healthy, and two of three Deployments of the second are not.
struct Pair {
    well: Cluster,
    bad: Cluster,
    space: String,
}

impl Pair {
    fn new(name: &str) -> Self {
        let well = Cluster::bare(&format!("{name}-well"));
        let bad = Cluster::bare(&format!("{name}-bad"));
        fill(
            &Namespace::new_in(&well, "shop"),
            &[("cart", 1, 1), ("web", 2, 2)],
        );
        let space = {
            let ns = Namespace::new_in(&bad, "shop");
            fill(&ns, &[("cart", 3, 1), ("checkout", 2, 0), ("web", 2, 2)]);
            ns.name().to_owned()
        };
        Self { well, bad, space }
    }

    /// The objects of the second that are not healthy.
    fn broken(&self) -> BTreeSet<String> {
        ["cart", "checkout"]
            .map(|name| format!("{}/{name}", self.space))
            .into()
    }
}

/// A kubeconfig whose contexts have a cluster and a user each.
#[derive(Default)]
struct Kubeconfig(Vec<(String, Value, Value)>);

impl Kubeconfig {
    fn add(&mut self, name: &str, cluster: Value, user: Value) {
        self.0.push((name.to_owned(), cluster, user));
    }

    /// Writes it. A cluster that is null has no entry.
    fn write(&self, path: &Path) {
        let (mut clusters, mut users, mut contexts) = (Vec::new(), Vec::new(), Vec::new());
        for (number, (name, cluster, user)) in self.0.iter().enumerate() {
            let (c, u) = (format!("c{number}"), format!("u{number}"));
            if !cluster.is_null() {
                clusters.push(json!({"name": c, "cluster": cluster}));
            }
            users.push(json!({"name": u, "user": user}));
            contexts.push(json!({"name": name, "context": {"cluster": c, "user": u}}));
        }
        let config = json!({"apiVersion": "v1", "kind": "Config", "clusters": clusters, "users": users, "contexts": contexts});
        std::fs::write(path, config.to_string()).expect("the directory of the tests can be written");
    }
}

/// The cluster and the user of a kubeconfig with one of each.
fn entries(kubeconfig: &Path) -> (Value, Value) {
    let text = std::fs::read_to_string(kubeconfig).expect("the cluster has a kubeconfig");
    let config: Value = serde_saphyr::from_str(&text).expect("a kubeconfig is YAML");
    (
        config["clusters"][0]["cluster"].clone(),
        config["users"][0]["user"].clone(),
    )
}

/// The result, which is as docs/fleet-report.schema.json says.
#[track_caller]
fn fleet(run: &ProcessResult) -> Value {
    let schema = include_str!("../../../docs/fleet-report.schema.json");
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    let schema = jsonschema::draft202012::new(&schema).expect("the schema is a schema");
    let fleet = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {run}"));
    let errors: Vec<String> = schema
        .iter_errors(&fleet)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{run}");
    fleet
}

/// The row of that cluster.
#[track_caller]
fn row<'a>(fleet: &'a Value, name: &str) -> &'a Value {
    let mut rows = list(&fleet["clusters"]).iter();
    rows.find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("no row {name:?}: {fleet:#}"))
}

/// Name and state of each row, in their order.
fn states(fleet: &Value) -> Vec<(&str, &str)> {
    let rows = list(&fleet["clusters"]).iter();
    rows.map(|row| (word(&row["name"]), word(&row["state"])))
        .collect()
}

/// The objects that a row names as not healthy.
fn named(row: &Value) -> BTreeSet<String> {
    let checks = list(&row["report"]["checks"]).iter();
    let items = checks.flat_map(|check| list(&check["items"]));
    let unhealthy = items.filter(|item| item["healthy"] == false);
    unhealthy
        .map(|item| format!("{}/{}", word(&item["namespace"]), word(&item["name"])))
        .collect()
}

/// The clusters in a store, with those of the inventory.
#[track_caller]
fn ask(plugin: &Plugin, store: &MetricStore, inventory: &Path, more: &[&str]) -> ProcessResult {
    let (url, inventory) = (store.url(), inventory.to_string_lossy());
    let words = [
        "fleet",
        "--prometheus",
        &url,
        "--inventory",
        &inventory,
        "-o",
        "json",
    ];
    plugin.run_with(&[&words[..], more].concat())
}

/// Compares the numbers and names of a row with the store's own answers to plain queries.
fn compare(row: &Value, store: &MetricStore) -> Result<(), String> {
    // The escapes of JSON are among those of PromQL.
    let cluster = format!("cluster={}", row["name"]);
    let summary = &row["report"]["summary"];
    for (field, states) in [
        ("total", ".*"),
        ("healthy", "healthy"),
        ("unhealthy", "degraded|unavailable|unknown"),
        ("degraded", "degraded"),
        ("unavailable", "unavailable"),
    ] {
        let stored = store.query(&format!("sum(sre_objects{{{cluster},state=~\"{states}\"}})"))?;
        if summary[field].as_f64() != Some(stored) {
            return Err(format!(
                "{field} is {}, and {stored} in the store: {row:#}",
                summary[field]
            ));
        }
    }
    let samples = store.samples(&format!("sre_object_unhealthy{{{cluster}}}"))?;
    let metrics = samples.iter().map(|sample| &sample["metric"]);
    let stored = metrics.map(|labels| format!("{}/{}", word(&labels["namespace"]), word(&labels["name"])));
    let (named, stored) = (named(row), stored.collect::<BTreeSet<_>>());
    if named == stored {
        Ok(())
    } else {
        Err(format!("{named:?} are named, and {stored:?} in the store"))
    }
}

/// Whether both are the same; if not, both and the output.
fn is<T: PartialEq + std::fmt::Debug>(seen: &T, expected: &T, said: &str) -> Result<(), String> {
    if seen == expected {
        Ok(())
    } else {
        Err(format!("{seen:?}, expected {expected:?}\n{said}"))
    }
}

#[test]
fn real_stores_and_contexts_give_the_same_rows_and_an_agent_that_stops_is_never_well() {
    let pair = Pair::new("fleet");
    let (victoria, central) = (VictoriaMetrics::start(), Prometheus::receiving());
    let stores: [&MetricStore; 2] = [&victoria, &central];
    let urls = stores.map(MetricStore::write_url);
    let well = Agent::start(&pair.well.kubeconfig(), &[]);
    let bad = Agent::start(&pair.bad.kubeconfig(), &[]);
    let _scraped = [
        Prometheus::writing(well.address(), HOSTILE, &urls),
        Prometheus::writing(bad.address(), "prod-us", &urls),
    ];
    let directory = temporary("fleet");
    let inventory = directory.join("inventory");
    let names = format!("# all of them\n{HOSTILE}\nprod-us\n{ABSENT}\n");
    std::fs::write(&inventory, names).expect("the directory of the tests can be written");

    let kubeconfig = directory.join("both.kubeconfig");
    let mut config = Kubeconfig::default();
    for (name, cluster) in [(HOSTILE, &pair.well), ("prod-us", &pair.bad)] {
        let (cluster, user) = entries(&cluster.kubeconfig());
        config.add(name, cluster, user);
    }
    config.write(&kubeconfig);
    let plugin = Plugin::new(&kubeconfig);
    let run = plugin.run_with(&[
        "fleet",
        "--cause",
        "none",
        "--kubeconfig",
        &kubeconfig.to_string_lossy(),
        "-o",
        "json",
    ]);
    let run = run.expect_code(2);
    let live = fleet(&run);
    assert_eq!(
        (&live["status"], &live["source"]["mode"]),
        (&json!("degraded"), &json!("contexts"))
    );
    assert_eq!(states(&live), [("prod-us", "degraded"), (HOSTILE, "ok")], "{run}");
    assert_eq!(named(row(&live, "prod-us")), pair.broken(), "{run}");
    assert_eq!(row(&live, "prod-us")["report"]["summary"]["total"], 3, "{run}");

    // Scrapes fail on a busy machine, so each answer may be another one for a moment.
    for store in stores {
        until("the store has both clusters", STORED, || {
            let run = ask(&plugin, store, &inventory, &[]);
            let (stored, said) = (fleet(&run), run.to_string());
            is(
                &(run.code, states(&stored)),
                &(
                    Some(2),
                    vec![("prod-us", "degraded"), (ABSENT, "neverSeen"), (HOSTILE, "ok")],
                ),
                &said,
            )?;
            let (degraded, well) = (row(&stored, "prod-us"), row(&stored, HOSTILE));
            for (row, live) in [(degraded, row(&live, "prod-us")), (well, row(&live, HOSTILE))] {
                compare(row, store)?;
                is(&row["report"]["summary"], &live["report"]["summary"], &said)?;
                is(&named(row), &named(live), &said)?;
            }
            let worst = format!(
                "2 of 3 Deployments not healthy: ProgressDeadlineExceeded {}/checkout and 1 more",
                pair.space
            );
            is(
                &[&degraded["message"], &well["message"]],
                &[&json!(worst), &json!("2 objects")],
                &said,
            )?;
            assert_eq!(
                (&stored["source"]["mode"], &stored["source"]["warnings"]),
                (&json!("store"), &Value::Null),
                "{said}"
            );
            assert!(
                !word(&degraded["lastSeen"]).is_empty() && row(&stored, ABSENT)["report"].is_null(),
                "{said}"
            );
            let chosen = ask(&plugin, store, &inventory, &[HOSTILE_PATTERN]);
            is(&chosen.code, &Some(0), &chosen.to_string())
        });
    }

    // The last sample of a silent cluster is looked for minute by minute.
    for store in stores {
        until("a whole minute has a sample", STORED, || {
            store.query("max(max_over_time(timestamp(sre_agent_info)[1d:1m]))")
        });
    }
    assert_eq!(well.terminate(Duration::from_secs(20)), Some(0));
    for store in stores {
        until("the store knows that the samples have stopped", STORED, || {
            let run = ask(&plugin, store, &inventory, &[HOSTILE_PATTERN]);
            let (stored, said) = (fleet(&run), run.to_string());
            let stopped = row(&stored, HOSTILE);
            let message = word(&stopped["message"]);
            if !message.starts_with("its samples stopped ") {
                return Err(said);
            }
            assert_eq!(
                (run.code, &stopped["state"], &stored["status"]),
                (Some(3), &json!("unknown"), &json!("unknown")),
                "{said}"
            );
            assert!(
                !word(&stopped["lastSeen"]).is_empty() && stopped["report"].is_null(),
                "{said}"
            );
            let run = ask(&plugin, store, &inventory, &[]);
            is(
                &(run.code, states(&fleet(&run))),
                &(
                    Some(2),
                    vec![
                        ("prod-us", "degraded"),
                        (ABSENT, "neverSeen"),
                        (HOSTILE, "unknown"),
                    ],
                ),
                &run.to_string(),
            )
        });
    }
}

/// A context, and its row.
struct Case {
    name: &'static str,
    cluster: Value,
    user: Value,
    state: &'static str,
    class: &'static str,
    rung: &'static str,
}

/// A context name with a new line, escape sequences and quotes.
const HOSTILE_CONTEXT: &str = "a'b\"c\n$(id)\u{1b}[31m\u{7}\u{202e}\u{9b}2J";

/// The same cluster by another name of its certificate, so that it has a row of its own.
fn as_server(cluster: &Value, name: &str) -> Value {
    let mut cluster = cluster.clone();
    cluster["tls-server-name"] = json!(name);
    cluster
}

fn at(cluster: &Value, url: &str) -> Value {
    let mut cluster = cluster.clone();
    cluster["server"] = json!(url);
    cluster
}

/// An expired certificate of the user of a cluster.
fn expired(cluster: &Cluster, directory: &Path) -> Value {
    let authority = Authority::new(cluster.authority(), directory);
    let pair = authority.issue(
        "expired",
        &CertificateRequest {
            subject: "/O=system:masters/CN=admin",
            extensions: &["extendedKeyUsage=clientAuth"],
            validity: Validity::Past,
            key: P256,
        },
    );
    json!({"client-certificate": pair.certificate_file, "client-key": pair.key_file})
}

fn plugin_of(command: &str, mode: &str) -> Value {
    json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "interactiveMode": mode}})
}

#[test]
fn each_broken_context_has_its_class_and_rung_beside_clusters_that_are_right() {
    let pair = Pair::new("contexts");
    let directory = temporary("contexts");
    let (well, admin) = entries(&pair.well.kubeconfig());
    let (bad, bad_admin) = entries(&pair.bad.kubeconfig());
    let (_, nobody) = entries(pair.well.user("nobody").kubeconfig());
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let closed = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = |listener: &TcpListener| listener.local_addr().expect("a port has an address");
    let (silent_url, closed_url) = (
        format!("https://{}", address(&silent)),
        format!("https://{}", address(&closed)),
    );
    drop(closed);
    // Its port speaks plain HTTP.
    let plain = Agent::start(&pair.well.kubeconfig(), &[]);
    let mut stranger = well.clone();
    stranger["certificate-authority-data"] = bad["certificate-authority-data"].clone();
    let no_file = json!({"server": well["server"], "certificate-authority": directory.join("none.crt")});
    let case = |name, cluster: Value, user: &Value, state, class, rung| Case {
        name,
        cluster,
        user: user.clone(),
        state,
        class,
        rung,
    };
    let cases = [
        case("well", well.clone(), &admin, "ok", "", ""),
        case("bad", bad.clone(), &bad_admin, "degraded", "", ""),
        case(
            HOSTILE_CONTEXT,
            as_server(&well, "localhost"),
            &admin,
            "ok",
            "",
            "",
        ),
        case(
            "refused",
            at(&well, &closed_url),
            &admin,
            "notReached",
            "refused",
            "tcp",
        ),
        case(
            "hung",
            at(&well, &silent_url),
            &admin,
            "notReached",
            "timeout",
            "tls",
        ),
        case(
            "wrong-authority",
            stranger,
            &admin,
            "notReached",
            "unknownAuthority",
            "tls",
        ),
        case(
            "wrong-name",
            as_server(&well, "other.example"),
            &admin,
            "notReached",
            "wrongName",
            "tls",
        ),
        case(
            "plain-http",
            at(&well, &format!("https://{}", plain.address())),
            &admin,
            "notReached",
            "notAnApiServer",
            "tls",
        ),
        case(
            "http-to-https",
            at(&well, &word(&well["server"]).replacen("https", "http", 1)),
            &admin,
            "notReached",
            "tls",
            "http",
        ),
        case(
            "expired-certificate",
            as_server(&well, "kubernetes"),
            &expired(&pair.well, &directory.join("expired")),
            "unknown",
            "",
            "",
        ),
        case(
            "unknown-token",
            as_server(&well, "kubernetes.default"),
            &json!({"token": "of-nobody"}),
            "unknown",
            "",
            "",
        ),
        case(
            "no-rights",
            as_server(&well, "kubernetes.default.svc"),
            &nobody,
            "unknown",
            "",
            "",
        ),
        case(
            "plugin-asks",
            at(&well, "https://127.0.0.1:9"),
            &plugin_of("true", "Always"),
            "notReached",
            "credential",
            "credential",
        ),
        case(
            "plugin-missing",
            at(&well, "https://127.0.0.2:9"),
            &plugin_of("/no/such/plugin", "Never"),
            "notReached",
            "credential",
            "credential",
        ),
        case(
            "no-cluster",
            Value::Null,
            &admin,
            "notReached",
            "badConfiguration",
            "kubeconfig",
        ),
        case(
            "no-authority-file",
            no_file,
            &admin,
            "notReached",
            "badConfiguration",
            "kubeconfig",
        ),
    ];
    let mut config = Kubeconfig::default();
    for case in &cases {
        config.add(case.name, case.cluster.clone(), case.user.clone());
    }
    let kubeconfig = directory.join("many.kubeconfig");
    config.write(&kubeconfig);
    let plugin = Plugin::new(&kubeconfig);

    let run = plugin
        .run("fleet --cause none --timeout 15s -o json")
        .expect_code(2);
    let all = fleet(&run);
    assert_eq!(list(&all["clusters"]).len(), cases.len(), "{run}");
    let seen: BTreeSet<_> = list(&all["clusters"])
        .iter()
        .map(|row| ["name", "state", "class", "rung"].map(|field| word(&row[field])))
        .collect();
    let expected: BTreeSet<_> = cases
        .iter()
        .map(|case| [case.name, case.state, case.class, case.rung])
        .collect();
    assert_eq!(seen, expected, "{run}");
    for (name, class) in [
        ("expired-certificate", "unauthenticated"),
        ("unknown-token", "unauthenticated"),
        ("no-rights", "forbidden"),
    ] {
        let gaps = list(&row(&all, name)["report"]["coverage"]["notSeen"]);
        assert!(
            gaps.len() >= 5 && gaps.iter().all(|gap| gap["class"] == class),
            "{name}: {gaps:#?}"
        );
    }
    for name in ["well", HOSTILE_CONTEXT] {
        let summary = &row(&all, name)["report"]["summary"];
        assert_eq!(
            (&summary["total"], &summary["healthy"]),
            (&json!(2), &json!(2)),
            "{run}"
        );
    }
    assert_eq!(named(row(&all, "bad")), pair.broken(), "{run}");

    let human = plugin.run("fleet --cause none --timeout 15s").expect_code(2);
    let printed = human.stdout.clone() + &human.stderr;
    let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!printed.contains(is_raw), "{printed:?}");
    assert_eq!(
        human.stdout.lines().skip(2).count(),
        cases.len(),
        "each cluster is a line: {human}"
    );
    let of_state = |state: &str| cases.iter().filter(|case| case.state == state).count();
    let headline = format!(
        "NEEDS A LOOK  {} of {} clusters, {} not reached, in ",
        cases.len() - of_state("ok"),
        cases.len(),
        of_state("notReached")
    );
    assert!(human.stdout.starts_with(&headline), "{headline}: {human}");
    // The exit code is that of the worst cluster, and 69 only if none was reached.
    for (names, code) in [
        ("well", 0),
        ("well refused", 3),
        ("no-rights", 3),
        ("well bad refused", 2),
        ("refused no-cluster plugin-missing", 69),
    ] {
        let line = format!("fleet --cause none --timeout 15s {names}");
        let _ = plugin.run(&line).expect_code(code);
    }
    drop(silent);
}
