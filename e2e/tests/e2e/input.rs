//! Targets, namespaces and selectors that match nothing are never "ok".

use serde_json::json;
use sre_e2e::report::word;
use sre_e2e::{Cluster, Deployment, Namespace, Plugin};

fn plugin() -> Plugin {
    Cluster::shared().plugin()
}

fn only_hint(report: &sre_e2e::Report) -> (&str, &str, &str) {
    assert_eq!(report.not_seen().len(), 1, "{:#}", report.0);
    let entry = &report.not_seen()[0];
    (word(&entry["what"]), word(&entry["class"]), word(&entry["hint"]))
}

#[test]
fn an_empty_namespace_that_exists_is_ok_and_says_that_nothing_was_found() {
    let ns = Namespace::new("empty");
    let (code, report) = plugin().health(&format!("-n {}", ns.name()));
    assert_eq!((code, report.status(), report.count("total")), (0, "ok", Some(0)));
    assert_eq!(report.deployments()["items"], json!([]));
    let screen = plugin()
        .run(&format!("health -n {}", ns.name()))
        .expect_code(0)
        .stdout;
    assert!(
        screen.starts_with("OK")
            && screen.contains("no Deployments, StatefulSets, DaemonSets, bare Jobs or CronJobs found"),
        "{screen}"
    );
}

#[test]
fn a_namespace_that_does_not_exist_is_unknown_with_the_nearest_name() {
    let ns = Namespace::new("shopping");
    let typo = ns.name().replacen("shopping", "shoping", 1);
    let (code, report) = plugin().health(&format!("-n {typo}"));
    assert_eq!((code, report.status()), (3, "unknown"));
    let near = format!("did you mean \"{}\"?", ns.name());
    assert_eq!(
        only_hint(&report),
        (&*format!("namespace {typo}"), "notFound", &*near)
    );
    let (code, report) = plugin().health(&format!("deploy/web -n {typo}"));
    assert_eq!((code, only_hint(&report).2), (3, &*near));
    let screen = plugin().run(&format!("health -n {typo}")).expect_code(3).stdout;
    assert!(
        screen.starts_with("UNKNOWN") && screen.contains(&near),
        "{screen}"
    );
}

#[test]
fn a_deployment_that_does_not_exist_is_unknown_with_the_nearest_name() {
    let ns = Namespace::new("names");
    ns.create([Deployment::new("checkout", 1)]);
    ns.wait_ready("checkout", 1);
    let (code, report) = plugin().health(&format!("deploy/chekout -n {}", ns.name()));
    assert_eq!((code, report.status()), (3, "unknown"));
    assert_eq!(
        only_hint(&report),
        ("deployment chekout", "notFound", "did you mean \"checkout\"?")
    );
    // A target that exists does not make up for one that does not.
    let (code, report) = plugin().health(&format!(
        "deploy/checkout deployments.apps/chekout -n {}",
        ns.name()
    ));
    assert_eq!(
        (code, report.status(), report.count("healthy")),
        (3, "unknown", Some(1))
    );
    let (code, _) = plugin().health(&format!("deployment/checkout -n {}", ns.name()));
    assert_eq!(code, 0);
}

#[test]
fn a_selector_selects_as_in_kubectl_and_one_that_matches_nothing_is_unknown() {
    let ns = Namespace::new("labels");
    let tiers = [("a", "web"), ("b", "web"), ("c", "batch")];
    ns.create(tiers.map(|(name, tier)| Deployment::new(name, 0).label("tier", tier)));
    ns.wait_ready("c", 0);
    for selector in ["tier=web", "tier!=web", "tier", "!tier", "tier=web,app=b"] {
        let kubectl = ns.run(&["get", "deployments", "--selector", selector, "--output", "name"]);
        let expected: Vec<&str> = kubectl
            .lines()
            .map(|l| l.rsplit('/').next().unwrap_or_default())
            .collect();
        let (code, report) = plugin().health(&format!("-n {} -l {selector}", ns.name()));
        let names: Vec<&str> = report.items().iter().map(|i| word(&i["name"])).collect();
        assert_eq!(names, expected, "{selector}");
        assert_eq!(
            code,
            if expected.is_empty() { 3 } else { 0 },
            "{selector}: {:#}",
            report.0
        );
    }
    let (code, report) = plugin().health(&format!("-n {} -l tier=wbe", ns.name()));
    assert_eq!((code, report.status()), (3, "unknown"));
    let (what, class, hint) = only_hint(&report);
    assert_eq!((what, class), ("objects matching tier=wbe", "notFound"));
    assert!(hint.contains("--show-labels"), "{hint}");
}

#[test]
fn refused_input_is_one_line_with_the_right_word_and_asks_no_cluster() {
    let plugin = plugin();
    for (line, part) in [
        ("health --context e3e", "did you mean \"e2e\"?"),
        (
            "health --kubeconfig /does/not/exist",
            "/does/not/exist does not exist",
        ),
        ("health -l a=b,", "no label selector"),
        ("health -n Shop", "no name of a namespace"),
        ("health deploymets", "did you mean \"deployments\"?"),
        ("helth", "did you mean \"health\"?"),
        ("health -o jsn", "did you mean \"json\"?"),
        ("health --agents", "unknown flag --agents, did you mean --agent?"),
        ("health -f /does/not/exist.yaml", "does not exist"),
    ] {
        let run = plugin.run(line).expect_code(64);
        assert!(run.stdout.is_empty(), "{run}");
        assert_eq!(run.stderr.lines().count(), 1, "{run}");
        assert!(run.stderr.contains(part), "{run}");
    }
}
