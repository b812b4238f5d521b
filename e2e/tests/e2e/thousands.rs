//! As many Deployments as a large cluster has.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::report::list;
use sre_e2e::{Agent, Cluster, Deployment, Namespace};
use std::time::Duration;

const MANY: u32 = 2000;
/// How many kubectl processes share the work. Each creates some 50 objects a second.
const AT_ONCE: usize = 5;

fn create_many(ns: &Namespace<'_>) {
    let all: Vec<Value> = (0..MANY)
        .map(|number| {
            let mut manifest = Deployment::new(&format!("d{number:04}"), number % 2).manifest();
            manifest["metadata"]["namespace"] = ns.name().into();
            manifest["metadata"]["labels"]["half"] =
                (if number < MANY / 2 { "first" } else { "second" }).into();
            manifest
        })
        .collect();
    std::thread::scope(|scope| {
        for part in all.chunks(all.len().div_ceil(AT_ONCE)) {
            let (kubectl, list) = (
                ns.kubectl(),
                json!({"apiVersion": "v1", "kind": "List", "items": part}),
            );
            scope.spawn(move || kubectl.create(&list));
        }
    });
}

/// Whether the API server is of version 1.33 or newer.
fn streams_lists(ns: &Namespace<'_>) -> bool {
    let version: Value =
        serde_json::from_str(&ns.kubectl().ok(&["get", "--raw", "/version"])).expect("a version is JSON");
    let minor = version["minor"].as_str().expect("a minor version");
    minor.parse::<u32>().expect("a number") >= 33
}

#[test]
fn thousands_of_deployments_are_all_counted_and_read_in_few_requests() {
    let ns = Namespace::new("many");
    create_many(&ns);
    until("the controllers are done", Duration::from_mins(4), || {
        let deployments = ns.deployments();
        let done = |d: &&Value| {
            let (spec, status) = (&d["spec"]["replicas"], &d["status"]);
            status["observedGeneration"] == 1
                && status["availableReplicas"].as_u64().unwrap_or(0) == spec.as_u64().unwrap_or(0)
                && status.to_string().contains("NewReplicaSetAvailable")
        };
        let count = deployments.iter().filter(done).count();
        // The list has megabytes, so it is not requested too often.
        std::thread::sleep(Duration::from_secs(1));
        if count == MANY as usize {
            Ok(())
        } else {
            Err(format!("{count} of {} are done", deployments.len()))
        }
    });

    let (code, report) = ns.judge();
    assert_eq!((code, report.status()), (0, "ok"));
    let deployments = ns.deployments();
    let zero = deployments.iter().filter(|d| d["spec"]["replicas"] == 0).count();
    assert_eq!((deployments.len(), zero), (MANY as usize, MANY as usize / 2));
    assert_eq!(report.count("total"), Some(u64::from(MANY)));
    assert_eq!(report.count("healthy"), Some(u64::from(MANY)));
    assert_eq!(
        report
            .items()
            .iter()
            .filter(|i| i["reason"] == "ScaledToZero")
            .count(),
        zero
    );

    let agent = Agent::start(&Cluster::shared().kubeconfig(), &[]);
    let path = format!("/health/deployments?namespace={}", ns.name());
    let items = &report.deployments()["items"];
    agent.until(&path, Duration::from_secs(20), 200, |a| {
        &a["deployments"] == items
    });

    // A few in the middle of the list are broken.
    for name in ["d0001", "d1001", "d1999"] {
        ns.break_pods(name, 1);
        ns.wait(name, &["{.status.unavailableReplicas}=1"]);
    }
    let (code, report) = ns.judge();
    assert_eq!(code, 1, "a pod that failed just now may still recover");
    assert_eq!(
        (report.count("healthy"), report.count("progressing")),
        (Some(u64::from(MANY) - 3), Some(3))
    );

    // Each answer judges unhealthy objects again, and remembers the verdicts of the others.
    let answer = agent.until(
        &format!("{path}&state=progressing"),
        Duration::from_secs(10),
        200,
        |a| a["summary"] == report.deployments()["summary"],
    );
    assert_eq!(list(&answer["deployments"]).len(), 3);

    let plugin = Cluster::shared().plugin();
    let run = plugin
        .run(&format!("health deployments --cause none -v -n {}", ns.name()))
        .expect_code(1);
    let pages: Vec<&str> = run
        .stderr
        .lines()
        .filter(|l| l.contains("/deployments?"))
        .collect();
    // After the first page, a server that streams long lists is asked for the whole one. An older one gives a second page of
    // 500, and the other small objects in one.
    let parts: &[&str] = if streams_lists(&ns) {
        &["?limit=500 ", "&resourceVersionMatch=NotOlderThan "]
    } else {
        &["?limit=500 ", "?limit=500&continue=", "?limit=5000&continue="]
    };
    assert_eq!(pages.len(), parts.len(), "{}", run.stderr);
    for (page, part) in pages.iter().zip(parts) {
        assert!(page.starts_with("GET /apis/apps/v1/namespaces/"), "{page}");
        assert!(page.contains(part), "{part}: {page}");
        assert!(page.contains("  200  ") && page.contains(" bytes "), "{page}");
    }
    assert!(
        run.stdout.lines().count() < 30,
        "however many there are, the screen is short:\n{}",
        run.stdout
    );

    let (_, report) = plugin.health(&format!("--cause none -n {} -l half=first", ns.name()));
    assert_eq!(
        (report.count("total"), report.count("progressing")),
        (Some(u64::from(MANY) / 2), Some(1))
    );
    let (code, report) = plugin.health(&format!(
        "--cause none -n {} deploy/d1002 deploy/d1999",
        ns.name()
    ));
    assert_eq!((code, report.items().len()), (1, 2));
}
