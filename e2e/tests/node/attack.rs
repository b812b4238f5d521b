//! The agent in its pod, under the chart's limits and the kubelet's own probes, while clients behave as badly as they can. The
//! test fills the cluster, so it runs where no other test counts objects.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::node::{RUNS, RestrictedNamespace, deployment, kubectl};
use sre_e2e::report::{list, word};
use sre_e2e::{Release, http};
use sre_testkit::attack::{Attack, raise_descriptors};
use std::net::SocketAddr;
use std::time::Duration;

/// So many that a thousand answers about all of them are more than the chart's limit of memory.
const DEPLOYMENTS: usize = 1_000;
/// How long each attack lasts: longer than the kubelet needs for three probes that fail in a row.
const LASTS: Duration = Duration::from_secs(40);
const ANSWERS: Duration = Duration::from_secs(15);
const LISTED: Duration = Duration::from_mins(2);

#[test]
fn no_client_takes_the_pod_of_the_chart_down() {
    assert!(raise_descriptors(), "the clients need descriptors");
    let space = RestrictedNamespace::new("attacked");
    let manifests: Vec<Value> = (0..DEPLOYMENTS)
        .map(|number| {
            let mut manifest = deployment(&format!("deployment-{number:04}"), 0, &["true"]);
            manifest["metadata"]["namespace"] = space.0.as_str().into();
            manifest
        })
        .collect();
    kubectl().create(&json!({"apiVersion": "v1", "kind": "List", "items": manifests}));

    let release = Release::install("sre-tools", &[]);
    let pod = release.pods().remove(0);
    let address: SocketAddr = format!("{}:8080", word(&pod["status"]["podIP"]))
        .parse()
        .expect("a pod has an address");
    let path = "/health/deployments?namespace=attacked";
    until("the agent has every Deployment", LISTED, || {
        let answer = http::ask(address, "GET", path, ANSWERS)?.json();
        if answer["summary"]["healthy"] == json!(DEPLOYMENTS) {
            Ok(())
        } else {
            Err(format!("{:#}", answer["summary"]))
        }
    });

    for attack in [
        Attack::Idle(10_000),
        Attack::ComeBack(1_000),
        Attack::SlowHeads(2_000),
        Attack::ReadNothing(1_000),
        Attack::ReadNothingOfManyAnswers(1_000),
    ] {
        attack.run(address, LASTS);
        let pods = release.pods();
        let status = &pods[0]["status"]["containerStatuses"][0];
        assert_eq!(
            (
                pods.len(),
                &status["restartCount"],
                &status["ready"],
                &status["lastState"]
            ),
            (1, &json!(0), &json!(true), &json!({})),
            "{attack:?}: {status:#}"
        );
    }
    let events = release.space.run(&[
        "get",
        "events",
        "--field-selector",
        "reason=Unhealthy",
        "--output",
        "json",
    ]);
    let events: Value = serde_json::from_str(&events).expect("kubectl writes JSON");
    // Of the start, one probe may have come before the agent listened.
    let of_pod = |event: &&Value| event["involvedObject"]["name"] == pod["metadata"]["name"];
    let failed: Vec<&Value> = list(&events["items"]).iter().filter(of_pod).collect();
    let count: u64 = failed
        .iter()
        .map(|event| event["count"].as_u64().unwrap_or(1))
        .sum();
    assert!(count < 3, "{failed:#?}");

    until("it answers as before", RUNS, || {
        let answer = http::ask(address, "GET", path, ANSWERS)?;
        if list(&answer.json()["deployments"]).len() == DEPLOYMENTS {
            Ok(())
        } else {
            Err(answer.body)
        }
    });
}
