//! An agent in its pod while the API server is away. The test stops the API server, so it runs only on our own cluster.
//! For other clusters it is skipped by the name of this file, and counted.

use serde_json::{Value, json};
use sre_e2e::deadline::{Deadline, until};
use sre_e2e::node::{self, RestrictedNamespace, deployment, kubectl, plugin};
use sre_e2e::report::word;
use sre_e2e::{Release, http};
use std::net::SocketAddr;
use std::time::Duration;

const OUTAGE: Duration = Duration::from_mins(2);
/// How long the API server of a wait is away.
const AWAY: Duration = Duration::from_secs(30);
const RECOVERS: Duration = Duration::from_secs(10);
const ANSWERS: Duration = Duration::from_secs(15);

#[test]
fn an_outage_of_two_minutes_is_reported_and_restarts_no_pod() {
    let release = Release::install("sre-tools", &[]);
    let pod = release.pods().remove(0);
    // Without an API server the pod can be reached only by its own address: our network is a bridge on this machine.
    let address: SocketAddr = format!("{}:8080", word(&pod["status"]["podIP"]))
        .parse()
        .expect("a pod has an address");
    let get = |path: &str| http::ask(address, "GET", path, ANSWERS);
    let healthy = get("/health/deployments").expect("it answers").json();
    assert_eq!(
        (&healthy["status"], &healthy["stale"]),
        (&json!("ok"), &json!(false))
    );

    let cluster = node::cluster();
    cluster.stop();
    let away = Deadline::within(OUTAGE);
    until(
        "the API server is reported to be away",
        Duration::from_secs(40),
        || {
            let answer = get("/health/apiserver")?;
            let class = answer.json()["class"].clone();
            if answer.code == 500 && class == "refused" {
                Ok(())
            } else {
                Err(answer.body)
            }
        },
    );
    until(
        "the data is reported to be stale",
        Duration::from_secs(40),
        || {
            let answer = get("/health/deployments")?;
            if answer.json()["stale"] == json!(true) {
                Ok(())
            } else {
                Err(answer.body)
            }
        },
    );
    while !away.is_over() {
        assert_eq!(get("/healthz").map(|a| a.code), Ok(200));
        assert_eq!(get("/readyz").map(|a| a.code), Ok(200));
        let server = get("/health/apiserver").expect("it answers");
        assert_eq!((server.code, &server.json()["status"]), (500, &json!("error")));
        let answer = get("/health/deployments").expect("it answers").json();
        assert_eq!(answer["stale"], json!(true), "{answer:#}");
        let report = get("/health").expect("it answers").json();
        assert_eq!(report["status"], "unknown", "{report:#}");
        std::thread::sleep(Duration::from_secs(2));
    }
    cluster.start();
    until("it has recovered", RECOVERS, || {
        let report = get("/health")?.json();
        let well = report["status"] == "ok" && report["stale"] == json!(false);
        if well { Ok(()) } else { Err(format!("{report:#}")) }
    });
    let now: Value = kubectl().get(&["pod", word(&pod["metadata"]["name"]), "--namespace", "sre-tools"]);
    assert_eq!(
        now["status"]["containerStatuses"][0]["restartCount"],
        json!(0),
        "{now:#}"
    );
    assert_eq!(now["metadata"]["uid"], pod["metadata"]["uid"]);
}

#[test]
fn a_wait_outlives_an_api_server_that_goes_away_and_comes_back() {
    let space = RestrictedNamespace::new("following");
    let mut slow = deployment("web", 1, &["sleep", "3600"]);
    slow["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] =
        json!({"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1});
    space.create(slow);
    let line = "health deploy/web -n following --wait --timeout 4m --color never";
    let waiting = std::thread::spawn(move || plugin().wait(line));
    kubectl().wait(&space.0, "deployment/web", &["{.status.unavailableReplicas}=1"]);
    kubectl().ok(&[
        "wait",
        "-n",
        &space.0,
        "pod",
        "-l",
        "app=web",
        "--for=jsonpath={.status.phase}=Running",
        "--timeout=90s",
    ]);

    let cluster = node::cluster();
    cluster.stop();
    std::thread::sleep(AWAY);
    cluster.start();
    until(
        "the file that makes the pod ready is written",
        RECOVERS * 6,
        || {
            let told = kubectl().run(
                &["-n", &space.0, "exec", "deploy/web", "--", "touch", "/tmp/ready"],
                None,
            );
            if told.code == Some(0) { Ok(()) } else { Err(told) }
        },
    );
    let ran = waiting.join().expect("a wait does not panic").expect_code(0);
    assert!(ran.stderr.contains("nothing can be read: "), "{ran}");
    assert!(
        ran.stderr.contains("Deployment following/web is healthy"),
        "{ran}"
    );
}
