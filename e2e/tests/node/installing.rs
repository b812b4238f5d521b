//! The chart: installed, upgraded, rolled back and removed.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::node::{self, Curl, RUNS, kubectl};
use sre_e2e::report::{list, word};
use sre_e2e::{Release, Report};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

const NAMESPACE: &str = "sre-tools";

#[test]
fn with_default_values_it_is_ready_and_answers_curl_from_a_pod() {
    let release = Release::install(NAMESPACE, &[]);
    let pods = release.pods();
    let status = &pods[0]["status"]["containerStatuses"][0];
    assert_eq!((pods.len(), &status["restartCount"]), (1, &json!(0)));
    assert_eq!(status["ready"], json!(true));

    let curl = Curl::start();
    let ask = |path: &str| {
        let (code, body) = curl.ask(NAMESPACE, "sre-agent", path);
        let json: Value = serde_json::from_str(&body).unwrap_or(Value::String(body));
        (code, json)
    };
    assert_eq!(ask("/healthz"), (200, json!("ok")));
    let (code, server) = ask("/health/apiserver");
    assert_eq!((code, &server["status"]), (200, &json!("ok")), "{server:#}");
    let version: Value =
        serde_json::from_str(&kubectl().ok(&["get", "--raw", "/version"])).expect("a version");
    assert_eq!(server["version"], version["gitVersion"]);
    let (code, answer) = ask("/health/deployments");
    assert_eq!((code, &answer["stale"]), (200, &json!(false)), "{answer:#}");
    let own = list(&answer["deployments"])
        .iter()
        .find(|d| d["namespace"] == NAMESPACE)
        .expect("its own Deployment is one of them");
    assert_eq!(
        (word(&own["name"]), word(&own["state"]), &own["ready"]),
        ("sre-agent", "healthy", &json!(1))
    );
    assert_eq!(word(&answer["pod"]), release.pod_names()[0]);
    assert_eq!(ask("/nothing").0, 404);
    assert_eq!(ask("/health/deployments?nmespace=a").0, 400);
    release.test();
}

#[test]
fn an_upgrade_and_a_rollback_fail_no_request() {
    let release = Release::install(NAMESPACE, &[]);
    let curl = Curl::start();
    let address = node::cluster_ip(NAMESPACE, "sre-agent");
    // The loop ends by a stop file, or by its count.
    let line = format!(
        "i=0; while [ ! -e /tmp/stop ] && [ $i -lt 5000 ]; do curl -s -o /dev/null --max-time 3 -w '%{{http_code}}\\n' \
         http://{address}:8080/health/deployments; i=$((i+1)); done | sort | uniq -c"
    );
    let over = AtomicBool::new(false);
    let first = release.pod_names();
    let (codes, proxied) = std::thread::scope(|scope| {
        let inside = scope.spawn(|| curl.shell(&line));
        let outside = scope.spawn(|| {
            let mut codes = BTreeSet::new();
            let mut runs = 0;
            while !over.load(Ordering::Relaxed) && runs < 5000 {
                codes.insert(
                    node::plugin()
                        .run("health --agent -q deployments -n sre-tools")
                        .code,
                );
                runs += 1;
            }
            (codes, runs)
        });
        release.upgrade(&["--set", "log.level=debug"]);
        until("the new pod alone is left", RUNS, || {
            let now = release.pod_names();
            if now.len() == 1 && now != first {
                Ok(())
            } else {
                Err(format!("{now:?}"))
            }
        });
        release.rollback();
        until("the second new pod alone is left", RUNS, || {
            let now = release.pod_names();
            if now.len() == 1 && now != first {
                Ok(())
            } else {
                Err(format!("{now:?}"))
            }
        });
        let _ = curl.shell("touch /tmp/stop");
        over.store(true, Ordering::Relaxed);
        (
            inside.join().expect("curl ends"),
            outside.join().expect("the plugin ends"),
        )
    });
    let counted: Vec<_> = codes.stdout.split_whitespace().collect();
    assert_eq!((counted.len(), counted.get(1)), (2, Some(&"200")), "{codes}");
    // The agent may report its own rollout. But every request must be answered.
    let (codes, runs) = proxied;
    assert!(
        runs > 10 && codes.iter().all(|c| matches!(c, Some(0..=2))),
        "{codes:?} in {runs} runs"
    );
}

#[test]
fn an_uninstalled_release_leaves_nothing() {
    // Every kind that can be listed, without those that the cluster writes by itself.
    let kinds = kubectl().ok(&["api-resources", "--verbs=list", "--output=name"]);
    let kinds: Vec<_> = kinds
        .lines()
        .filter(|k| {
            !k.starts_with("events") && !k.starts_with("leases") && !k.starts_with("componentstatuses")
        })
        .collect();
    let everything = || {
        let names = kubectl().ok(&["get", &kinds.join(","), "--all-namespaces", "--output", "name"]);
        let names: BTreeSet<String> = names
            .lines()
            .filter(|n| !n.contains("helm"))
            .map(str::to_owned)
            .collect();
        names
    };
    let space = node::RestrictedNamespace::new("before");
    let before = everything();
    drop(space);
    let all = [
        "replicas=3",
        "podDisruptionBudget.enabled=true",
        "networkPolicy.enabled=true",
        "grafanaDashboard.enabled=true",
        "serviceProxier.create=true",
        "serviceProxier.subjects[0].kind=Group",
        "serviceProxier.subjects[0].name=on-call",
    ];
    let release = Release::install("before", &["--set", &all.join(",")]);
    release.test();
    let during = everything();
    let made: Vec<_> = during.difference(&before).map(String::as_str).collect();
    for kind in [
        "clusterrole.",
        "clusterrolebinding.",
        "deployment.",
        "service/",
        "networkpolicy.",
    ] {
        assert!(
            made.iter().any(|name| name.starts_with(kind)),
            "no {kind} in {made:?}"
        );
    }
    release.uninstall();
    until("nothing is left", RUNS, || {
        let left: Vec<_> = everything().difference(&before).cloned().collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    });
}

#[test]
fn each_of_three_replicas_answers_and_names_itself() {
    let release = Release::install(NAMESPACE, &["--set", "replicas=3"]);
    let pods: BTreeSet<String> = release.pod_names().into_iter().collect();
    assert_eq!(pods.len(), 3);
    let mut seen = BTreeSet::new();
    // The probability that one of three pods is not chosen in 100 tries is 3 * (2/3)^100, about 10^-17.
    for _ in 0..100 {
        let answer = release.get("/health?items=notable");
        let report = Report::parse(&answer.to_string()).expect("a report");
        assert_eq!(report.0["source"]["mode"], "agent");
        seen.insert(word(&report.0["source"]["pod"]).to_owned());
        if seen == pods {
            break;
        }
    }
    assert_eq!(seen, pods);
}

#[test]
fn with_namespaces_it_gets_roles_there_and_sees_no_others() {
    let shop = node::RestrictedNamespace::new("shop");
    shop.create(node::deployment("web", 1, &["sleep", "3600"]));
    let release = Release::install(NAMESPACE, &["--set", "namespaces={shop,sre-tools}"]);
    let cluster_roles = kubectl().ok(&[
        "get",
        "clusterroles,clusterrolebindings",
        "--selector",
        "app.kubernetes.io/name=sre-agent",
        "--output",
        "name",
    ]);
    assert_eq!(cluster_roles, "");
    shop.run(&["rollout", "status", "deployment/web", "--timeout=90s"]);
    until("both are seen as healthy", RUNS, || {
        let report = release.get("/health");
        let summary = &report["checks"][1]["summary"];
        let seen = report["status"] == "ok" && summary["healthy"] == 2 && summary["total"] == 2;
        if seen { Ok(()) } else { Err(format!("{report:#}")) }
    });
    let (code, report) = node::plugin().health("--agent -n kube-system");
    assert_eq!((code, report.status()), (3, "unknown"));
    assert_eq!(report.0["coverage"]["notSeen"][0]["class"], "notWatched");
}
