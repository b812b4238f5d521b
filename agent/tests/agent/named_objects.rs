//! Owns the metrics that name objects and findings.

use crate::harness::{listed_agent, settings, start};
use serde_json::{Value, json};
use sre_agent::Settings;
use sre_shared::resource::Time;
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{ApiServer, Fault, Match, at};

fn well(number: usize) -> Deployment {
    Deployment::new(&format!("team-{}", number % 50), &format!("service-{number:05}"))
}

fn dead(number: usize) -> Deployment {
    well(number).replicas(2).counts(2, 2, 0, 0)
}

fn samples<'a>(text: &'a str, family: &str) -> Vec<&'a str> {
    let of_family = |line: &&str| {
        line.strip_prefix(family)
            .is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '))
    };
    text.lines().filter(of_family).collect()
}

#[tokio::test]
async fn the_worst_objects_are_named_and_recovery_ends_their_series() {
    let degraded = Deployment::new("a", "first-by-name")
        .replicas(3)
        .counts(3, 3, 2, 2);
    let acknowledged = dead(9).annotation("sre/ignore", "ReadyBelowDesired until 2999-12-31, known");
    let server = ApiServer::builder()
        .deployments([degraded, dead(1), well(2), acknowledged])
        .start()
        .await;
    let agent = start(settings(server.kubeconfig())).await;
    let answer = agent
        .until("/metrics", |answer| {
            answer.text().contains("\nsre_object_unhealthy{")
        })
        .await;
    let text = answer.text();
    let named: Vec<&str> = samples(&text, "sre_object_unhealthy");
    assert_eq!(
        named,
        [
            "sre_object_unhealthy{kind=\"Deployment\",namespace=\"team-1\",name=\"service-00001\",state=\"unavailable\",\
             reason=\"ReadyBelowDesired\"} 1",
            "sre_object_unhealthy{kind=\"Deployment\",namespace=\"a\",name=\"first-by-name\",state=\"degraded\",\
             reason=\"ReadyBelowDesired\"} 1",
        ]
    );
    server.apply(well(1));
    agent
        .until("/metrics", |answer| !answer.text().contains("service-00001"))
        .await;
}

#[tokio::test]
async fn nothing_is_said_of_objects_before_they_are_read() {
    let server = ApiServer::builder().start().await;
    server.fail(Match::path("/apis/apps/v1/deployments"), Fault::Close);
    let agent = start(settings(server.kubeconfig())).await;
    let answer = agent
        .until("/metrics", |answer| {
            answer.text().contains("\nsre_apiserver_up 1\n")
        })
        .await;
    assert!(
        !answer.text().contains("sre_object_unhealthy"),
        "{}",
        answer.text()
    );
}

/// A Deployment whose only pod crashes.
fn crashing(name: &str) -> [Value; 3] {
    let deployment = Deployment::new("shop", name).counts(1, 1, 0, 0);
    let set = ReplicaSet::new("shop", &format!("{name}-1")).owned_by(&deployment);
    let pod = Pod::new("shop", &format!("{name}-1-a"))
        .owned_by(&set)
        .waiting("CrashLoopBackOff", "back-off")
        .last_terminated("Error", 3, at(-40))
        .restarts(7);
    [deployment.build(), set.build(), pod.build()]
}

#[tokio::test]
async fn a_cause_names_the_object_and_counts_the_workloads_that_it_reaches() {
    let server = ApiServer::builder()
        .objects(["api", "web"].into_iter().flat_map(crashing))
        .start()
        .await;
    let agent = start(Settings {
        causes: true,
        ..settings(server.kubeconfig())
    })
    .await;
    let answer = agent
        .until("/metrics", |answer| answer.text().contains("\nsre_finding{"))
        .await;
    let text = answer.text();
    assert_eq!(
        samples(&text, "sre_finding"),
        ["sre_finding{code=\"CrashLoop\",subject_kind=\"\",subject_namespace=\"\",subject_name=\"\"} 2"]
    );
    let named = samples(&text, "sre_object_unhealthy");
    assert!(
        named
            .iter()
            .all(|sample| sample.contains(",reason=\"CrashLoop\"}")),
        "{named:?}"
    );
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(
        !text.contains("-1-a"),
        "the name of a pod is a new series with each pod: {text}"
    );
}

#[tokio::test]
async fn a_controller_is_up_while_it_renews_its_lease() {
    let lease = |name: &str, seconds: i64| {
        let now = sre_shared::run::clock::system();
        let renewed = Time::from_seconds(now.seconds - seconds).to_string();
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"holderIdentity": "x", "renewTime": renewed.replace('Z', ".000000Z")},
        })
    };
    let server = ApiServer::builder()
        .objects([lease("kube-controller-manager", 600), lease("kube-scheduler", 1)])
        .start()
        .await;
    let agent = start(settings(server.kubeconfig())).await;
    let answer = agent
        .until("/metrics", |answer| {
            answer.text().contains("\nsre_controller_up{")
        })
        .await;
    assert_eq!(
        samples(&answer.text(), "sre_controller_up"),
        [
            "sre_controller_up{controller=\"kube-controller-manager\"} 0",
            "sre_controller_up{controller=\"kube-scheduler\"} 1",
        ]
    );
}

#[tokio::test]
async fn watches_that_work_are_the_denominator_of_those_that_fail() {
    let server = ApiServer::builder().start().await;
    let agent = listed_agent(&server).await;
    // The list, and the stream after it.
    let success = "sre_watch_total{kind=\"deployments\",result=\"success\"} 2\n";
    let answer = agent
        .until("/metrics", |answer| answer.text().contains(success))
        .await;
    assert_eq!(
        samples(&answer.text(), "sre_watch_total"),
        [
            "sre_watch_total{kind=\"deployments\",result=\"success\"} 2",
            "sre_watch_total{kind=\"deployments\",result=\"error\"} 0",
        ]
    );
    assert!(!answer.text().contains("sre_watch_errors"), "{}", answer.text());
    server.stop();
    agent
        .until("/metrics", |answer| {
            let text = answer.text();
            let error = "sre_watch_total{kind=\"deployments\",result=\"error\"} ";
            text.contains(error) && !text.contains(&format!("{error}0\n"))
        })
        .await;
}
