//! The chart's rules on the real API server: all of them are needed, and there are no others.

use serde_json::{Value, json};
use sre_e2e::Release;
use sre_e2e::deadline::until;
use sre_e2e::node::{self, RUNS, kubectl};
use sre_e2e::report::list;

/// The binding that grants `/version`, `/livez` and `/readyz` to everybody.
const PUBLIC: &str = "clusterrolebinding/system:public-info-viewer";
/// The binding that grants these and discovery to every authenticated user.
const DISCOVERY: &str = "clusterrolebinding/system:discovery";

/// Default bindings that are removed until this value is dropped.
struct RemovedBindings(Vec<Value>);

impl RemovedBindings {
    fn without(bindings: &[&str]) -> Self {
        let mut removed = Self(Vec::new());
        for name in bindings {
            let mut binding = kubectl().get(&[name]);
            for field in ["resourceVersion", "uid", "creationTimestamp"] {
                binding["metadata"].as_object_mut().map(|map| map.remove(field));
            }
            kubectl().ok(&["delete", name]);
            removed.0.push(binding);
        }
        removed
    }
}

impl Drop for RemovedBindings {
    fn drop(&mut self) {
        for binding in &self.0 {
            let _ = kubectl().run(&["create", "-f", "-"], Some(binding.to_string()));
        }
    }
}

fn rules() -> Vec<Value> {
    let role = kubectl().get(&["clusterrole", "sre-agent"]);
    list(&role["rules"]).to_vec()
}

fn set_rules(rules: &[Value]) {
    let patch = json!([{"op": "replace", "path": "/rules", "value": rules}]).to_string();
    kubectl().ok(&[
        "patch",
        "clusterrole",
        "sre-agent",
        "--type=json",
        "--patch",
        &patch,
    ]);
}

/// The kinds of the chart's default values.
const KINDS: [&str; 5] = [
    "apps/deployments",
    "apps/statefulsets",
    "apps/daemonsets",
    "batch/jobs",
    "batch/cronjobs",
];

/// The rules without one verb of every kind, or without one path.
fn without(rules: &[Value], field: &str, word: &str) -> Vec<Value> {
    let mut rules = rules.to_vec();
    let mut removed = 0;
    for rule in &mut rules {
        // The agent gets Leases, and only lists the kinds in which causes are found.
        let is_kind = || {
            let resource = rule["resources"][0].as_str().unwrap_or_default();
            KINDS.iter().any(|kind| kind.ends_with(&format!("/{resource}")))
        };
        if field == "verbs" && !is_kind() {
            continue;
        }
        if let Some(words) = rule[field].as_array_mut() {
            let before = words.len();
            words.retain(|w| w != word);
            removed += before - words.len();
        }
    }
    let wanted = if field == "verbs" { KINDS.len() } else { 1 };
    assert_eq!(removed, wanted, "{field} {word} in {rules:?}");
    rules
}

#[test]
fn the_charts_rules_suffice_and_each_missing_one_is_named() {
    let _hardened = RemovedBindings::without(&[PUBLIC, DISCOVERY]);
    let release = Release::install("sre-tools", &[]);
    until("all is seen", RUNS, || {
        let report = release.get("/health");
        let well = list(&report["checks"])
            .iter()
            .filter(|c| c["status"] == "ok")
            .count();
        let seen = well == 1 + KINDS.len() && list(&report["coverage"]["notSeen"]).is_empty();
        if seen { Ok(()) } else { Err(format!("{report:#}")) }
    });
    let whole = rules();
    let of_kinds = |verb: &str| KINDS.map(|kind| format!("{kind} {verb}")).to_vec();
    let of_path = |path: &str| vec![format!("nonResourceURL {path} get")];
    for (field, word, rules) in [
        ("verbs", "list", of_kinds("list")),
        ("verbs", "watch", of_kinds("watch")),
        ("nonResourceURLs", "/version", of_path("/version")),
        ("nonResourceURLs", "/readyz", of_path("/readyz")),
        ("nonResourceURLs", "/livez", of_path("/livez")),
    ] {
        set_rules(&without(&whole, field, word));
        release.restart();
        until(word, RUNS, || {
            let report = release.get("/health").to_string();
            let part = match field {
                "verbs" => release.get("/health?items=notable")["coverage"].to_string(),
                _ => report.clone(),
            };
            let log = release.log();
            let screen = node::plugin().run("health --agent");
            let unnamed = rules.iter().find(|rule| {
                [&part, &log, &screen.stdout]
                    .iter()
                    .any(|line| !line.contains(*rule))
            });
            match unnamed {
                None => Ok(()),
                Some(rule) => Err(format!("{rule}\nanswer {report}\nlog {log}\n{screen}")),
            }
        });
        // Once the rule is back, the agent recovers without a restart.
        set_rules(&whole);
        until("all is seen again", RUNS, || {
            let report = release.get("/health");
            let seen =
                report["checks"][0]["status"] == "ok" && list(&report["coverage"]["notSeen"]).is_empty();
            if seen { Ok(()) } else { Err(format!("{report:#}")) }
        });
    }
}

#[test]
fn the_agents_token_can_do_nothing_else() {
    let _hardened = RemovedBindings::without(&[PUBLIC]);
    let _release = Release::install("sre-tools", &[]);
    let agent = node::service_account("sre-tools", "sre-agent");
    let kubectl = sre_e2e::Kubectl::new(agent.kubeconfig());
    let table = |namespace: &str| -> Vec<String> {
        let text = kubectl.ok(&[
            "auth",
            "can-i",
            "--list",
            "--no-headers",
            "--namespace",
            namespace,
        ]);
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        lines.sort();
        lines
    };
    // The rights of every ServiceAccount (system:discovery, system:basic-user, system:service-account-issuer-discovery,
    // system:cluster-trust-bundle-discovery), and the chart's rules.
    let expected = [
        "[/.well-known/openid-configuration/] [] [get]",
        "[/.well-known/openid-configuration] [] [get]",
        "[/api/*] [] [get]",
        "[/api] [] [get]",
        "[/apis/*] [] [get]",
        "[/apis] [] [get]",
        "[/healthz] [] [get]",
        "[/livez] [] [get]",
        "[/livez] [] [get]",
        "[/openapi/*] [] [get]",
        "[/openapi] [] [get]",
        "[/openid/v1/jwks/] [] [get]",
        "[/openid/v1/jwks] [] [get]",
        "[/readyz] [] [get]",
        "[/readyz] [] [get]",
        "[/version/] [] [get]",
        "[/version] [] [get]",
        "[/version] [] [get]",
        "clustertrustbundles.certificates.k8s.io [] [] [get list watch]",
        "controllerrevisions.apps [] [] [list]",
        "cronjobs.batch [] [] [list watch]",
        "daemonsets.apps [] [] [list watch]",
        "deployments.apps [] [] [list watch]",
        "events [] [] [list]",
        "jobs.batch [] [] [list watch]",
        "limitranges [] [] [list]",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io [] [] [list]",
        "namespaces [] [] [get list]",
        "nodes [] [] [list]",
        "pods [] [] [list]",
        "replicasets.apps [] [] [list]",
        "resourcequotas [] [] [list]",
        "selfsubjectaccessreviews.authorization.k8s.io [] [] [create]",
        "selfsubjectreviews.authentication.k8s.io [] [] [create]",
        "selfsubjectrulesreviews.authorization.k8s.io [] [] [create]",
        "statefulsets.apps [] [] [list watch]",
        "validatingwebhookconfigurations.admissionregistration.k8s.io [] [] [list]",
    ];
    for namespace in ["sre-tools", "default"] {
        assert_eq!(table(namespace), expected, "in {namespace}");
    }
    let leases = [
        "leases.coordination.k8s.io [] [kube-controller-manager] [get]",
        "leases.coordination.k8s.io [] [kube-scheduler] [get]",
    ];
    let mut with_leases = [&expected[..], &leases].concat();
    with_leases.sort_unstable();
    assert_eq!(table("kube-system"), with_leases);
}
