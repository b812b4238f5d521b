//! One cluster as users with different rights see it.

use serde_json::{Value, json};
use sre_e2e::report::{verdict, word};
use sre_e2e::{Cluster, Deployment, Namespace, Report};

const RULE: &str = "apps/deployments list";
/// The question of a user who may list only Deployments.
const ASKED: &str = "apiserver deploy";

/// The default kinds, with the rule that each needs.
const DEFAULT: [(&str, &str); 5] = [
    ("deployments", RULE),
    ("statefulsets", "apps/statefulsets list"),
    ("daemonsets", "apps/daemonsets list"),
    ("jobs", "batch/jobs list"),
    ("cronjobs", "batch/cronjobs list"),
];

/// The gaps about Deployments: each entry's text, class and missing rule.
fn not_seen(report: &Report) -> Vec<(&str, &str, &str)> {
    report
        .not_seen()
        .iter()
        .map(|n| (word(&n["what"]), word(&n["class"]), word(&n["missing"])))
        .collect()
}

/// The kubeconfig with this token instead of the certificate.
fn with_token(kubeconfig: &str, token: &str) -> String {
    let kept = kubeconfig
        .lines()
        .filter(|l| !l.contains("client-certificate-data") && !l.contains("client-key-data"));
    let token = format!("    token: \"{token}\"");
    let lines: Vec<&str> = kept
        .flat_map(|l| if l == "  user:" { vec![l, &token] } else { vec![l] })
        .collect();
    lines.join("\n")
}

/// A namespace with a healthy Deployment and one that falls short.
fn two() -> Namespace<'static> {
    let ns = Namespace::new("rights");
    ns.create([Deployment::new("good", 1), Deployment::new("short", 4)]);
    ns.wait_ready("good", 1);
    ns.wait_ready("short", 4);
    ns.break_pods("short", 1);
    ns.wait("short", &["{.status.readyReplicas}=3"]);
    ns
}

fn healthy() -> Namespace<'static> {
    let ns = Namespace::new("rights");
    ns.create([Deployment::new("good", 1)]);
    ns.wait_ready("good", 1);
    ns
}

#[test]
fn the_administrator_sees_every_namespace() {
    let ns = two();
    let (code, report) = sre_e2e::Cluster::shared().plugin().health("--cause none");
    assert_eq!((code, report.status()), (2, "degraded"));
    let mut coverage = report.0["coverage"].clone();
    // Other tests delete their namespaces meanwhile.
    if let Some(fields) = coverage.as_object_mut() {
        fields.remove("terminatingNamespaces");
    }
    assert_eq!(
        coverage,
        json!({
            "kinds": ["deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"],
            "namespaces": "all", "notSeen": []
        })
    );
    let mine: Vec<&Value> = report
        .items()
        .iter()
        .filter(|i| i["namespace"] == ns.name())
        .collect();
    assert_eq!(mine.len(), 2);
    assert_eq!(verdict(mine[1]), ("degraded", Some(false), "ReadyBelowDesired"));
    report.assert_summary();
    assert_eq!(report.0["source"]["mode"], "direct");
    assert_eq!(report.0["source"]["context"], "e2e");
    let (server, version) = (&report.0["source"]["server"], &report.0["source"]["version"]);
    assert!(
        word(server).starts_with("https://127.0.0.1:") && word(version).starts_with("v1."),
        "{server} {version}"
    );
}

#[test]
fn a_user_with_rights_in_one_namespace_gets_its_verdict_and_the_gaps() {
    let ns = healthy();
    let name = format!("{}-user", ns.name());
    let user = Cluster::shared().user(&name);
    ns.allow(&name, "list", "deployments.apps");

    let (code, report) = user.plugin().health(&format!("{ASKED} -n {}", ns.name()));
    assert_eq!(
        (code, report.status(), report.count("healthy")),
        (0, "ok", Some(1)),
        "{:#}",
        report.0
    );

    // By default the other kinds are judged too, and a kind that may not be read is never ok.
    let (code, report) = user.plugin().health(&format!("-n {}", ns.name()));
    assert_eq!(
        (code, report.count("healthy"), report.not_seen().len()),
        (3, Some(1), 4)
    );
    let leave_out = "leave it out on purpose: --kinds apiserver,deployments";
    for entry in report.not_seen() {
        assert!(word(&entry["hint"]).ends_with(leave_out), "{entry:#}");
    }

    // The context has the namespace `default`, in which the user may read nothing either.
    let (code, report) = user.plugin().health(ASKED);
    assert_eq!((code, report.status()), (3, "unknown"));
    assert_eq!(not_seen(&report), [("deployments", "forbidden", RULE)]);
    assert_eq!(report.deployments()["status"], "unknown");
    assert_eq!(report.api_server()["status"], "ok");

    user.set_namespace(ns.name());
    let (code, report) = user.plugin().health(ASKED);
    assert_eq!((code, report.status()), (3, "unknown"));
    assert_eq!(
        not_seen(&report),
        [(
            &*format!("deployments in all namespaces but {}", ns.name()),
            "forbidden",
            RULE
        )]
    );
    assert!(
        word(&report.not_seen()[0]["hint"]).contains("-n"),
        "{:?}",
        report.not_seen()
    );
    assert_eq!(report.0["coverage"]["namespaces"], json!([ns.name()]));
    assert_eq!(
        (report.count("total"), report.count("healthy")),
        (Some(1), Some(1))
    );

    let screen = user
        .plugin()
        .run(&format!("health {ASKED}"))
        .expect_code(3)
        .stdout;
    assert!(screen.starts_with("UNKNOWN") && screen.contains(RULE), "{screen}");
    let (code, report) = user.plugin().health(&format!("deploy/good -n {}", ns.name()));
    assert_eq!((code, report.items().len()), (0, 1));
    let (code, report) = user.plugin().health(&format!("{ASKED} -n kube-system"));
    assert_eq!(
        (code, not_seen(&report)),
        (
            3,
            vec![("deployments in namespace kube-system", "forbidden", RULE)]
        )
    );
}

#[test]
fn a_user_who_may_list_namespaces_sees_the_allowed_ones_and_a_list_of_the_others() {
    let (broken, other) = (two(), healthy());
    let name = format!("{}-user", broken.name());
    let user = Cluster::shared().user(&name);
    broken.allow_everywhere(&name, "list,get", "namespaces");
    other.allow(&name, "list", "deployments.apps");

    let (code, report) = user.plugin().health(ASKED);
    assert_eq!((code, report.status()), (3, "unknown"), "{:#}", report.0);
    let seen = not_seen(&report);
    for namespace in ["default", "kube-system", broken.name()] {
        let entry = format!("deployments in namespace {namespace}");
        assert!(
            seen.contains(&(&*entry, "forbidden", RULE)),
            "{namespace}: {seen:?}"
        );
    }
    assert!(
        !seen
            .iter()
            .any(|(what, ..)| *what == format!("deployments in namespace {}", other.name())),
        "{seen:?}"
    );
    assert_eq!(report.items().len(), 1);
    assert_eq!(verdict(report.item("good")), ("healthy", Some(true), "Ready"));

    // Degraded comes before unknown.
    broken.allow(&name, "list", "deployments.apps");
    let (code, report) = user.plugin().health(ASKED);
    assert_eq!((code, report.status()), (2, "degraded"));
    assert_eq!(report.items().len(), 3);
    assert!(not_seen(&report).len() >= 2, "{:?}", report.not_seen());
    let (code, _) = user.plugin().health(&format!("{ASKED} --fail-on unknown"));
    assert_eq!(code, 3);
}

#[test]
fn a_forbidden_part_never_counts_as_healthy() {
    let nobody = Cluster::shared().user(&format!("nobody-{}", std::process::id()));
    let (code, report) = nobody.plugin().health("");
    assert_eq!((code, report.status()), (3, "unknown"));
    assert_eq!(
        not_seen(&report),
        DEFAULT.map(|(kind, rule)| (kind, "forbidden", rule))
    );
    assert_eq!(report.deployments()["status"], "unknown");
    assert_eq!(report.count("total"), Some(0));
    // The message is the API server's, although lists are refused in protobuf.
    let error = word(&report.not_seen()[0]["error"]);
    assert!(
        error.contains("cannot list resource \"deployments\" in API group \"apps\""),
        "{error}"
    );
    let role = word(&report.0["coverage"]["grant"]["commands"][0]);
    assert!(
        role.starts_with(
            "kubectl create clusterrole sre-health --verb=get,list --resource=deployments.apps,statefulsets.apps,"
        ),
        "{role}"
    );
    // Every authenticated user may read /version and /readyz.
    assert_eq!(report.api_server()["status"], "ok");

    let screen = nobody.plugin().run("health").expect_code(3).stdout;
    assert!(screen.starts_with("UNKNOWN") && screen.contains(RULE), "{screen}");
    let (code, report) = nobody.plugin().health("apiserver");
    assert_eq!((code, report.status()), (0, "ok"));
    let (code, report) = nobody.plugin().health("deploy/web -n default");
    assert_eq!((code, report.status()), (3, "unknown"), "{:#}", report.0);
}

#[test]
fn a_wrong_token_is_unauthenticated_and_no_token_is_forbidden() {
    let ns = Namespace::new("tokens");
    let cluster = Cluster::shared();
    let wrong = cluster.user_with(&format!("{}-wrong", ns.name()), |k| with_token(k, "not-a-token"));
    let (code, report) = wrong.plugin().health("");
    assert_eq!((code, report.status()), (3, "unknown"), "{:#}", report.0);
    assert_eq!(
        (&report.api_server()["status"], &report.api_server()["class"]),
        (&json!("unknown"), &json!("unauthenticated"))
    );
    assert_eq!(
        not_seen(&report),
        DEFAULT.map(|(kind, _)| (kind, "unauthenticated", ""))
    );
    let run = wrong.plugin().run("health -v").expect_code(3);
    assert!(
        !run.stdout.contains("not-a-token") && !run.stderr.contains("not-a-token"),
        "a token is never shown: {run}"
    );

    let anonymous = cluster.user_with(&format!("{}-anonymous", ns.name()), |k| with_token(k, ""));
    let (code, report) = anonymous.plugin().health("");
    assert_eq!((code, report.status()), (3, "unknown"), "{:#}", report.0);
    assert_eq!(
        report.api_server()["status"],
        "ok",
        "/version and /readyz are public"
    );
    assert_eq!(
        not_seen(&report),
        DEFAULT.map(|(kind, rule)| (kind, "forbidden", rule))
    );
}

#[test]
fn the_token_of_a_service_account_is_as_good_as_a_certificate() {
    let ns = healthy();
    ns.run(&["create", "serviceaccount", "reader"]);
    ns.allow(
        &format!("system:serviceaccount:{}:reader", ns.name()),
        "list",
        "deployments.apps",
    );
    let token = ns.run(&["create", "token", "reader", "--duration=10m"]);
    let user = Cluster::shared().user_with(&format!("{}-reader", ns.name()), |k| with_token(k, token.trim()));
    let (code, report) = user.plugin().health(&format!("{ASKED} -n {}", ns.name()));
    assert_eq!(
        (code, report.status(), report.count("healthy")),
        (0, "ok", Some(1)),
        "{:#}",
        report.0
    );
    let (code, report) = user.plugin().health(&format!("{ASKED} -n kube-system"));
    assert_eq!((code, not_seen(&report)[0].2), (3, RULE));
}
