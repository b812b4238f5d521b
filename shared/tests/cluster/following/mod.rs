//! Objects that are followed: what is requested, what becomes of each change, and how the watches come back.

mod agent;
mod breaks;
mod objects;
mod pods;
mod requests;

use crate::client::{client, now};
use serde_json::Value;
use sre_shared::kind::Kind;
use sre_shared::report::{Item, KindCheck, Report};
use sre_shared::run::follow::{FollowPace, Follower, Observed};
use sre_shared::run::{Causes, KindTarget, Request};
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{ApiServer, Clock};
use std::time::Duration;

/// Longer than any wait here. A test that waits in vain ends after it.
const LIMIT: Duration = Duration::from_secs(20);
/// Longer than any test: what happens so seldom does not happen in one.
const NEVER: Duration = Duration::from_hours(1);

/// Reports as soon as something changes, and does nothing that is due by time.
fn eager() -> FollowPace {
    FollowPace {
        coalesce: Duration::from_millis(5),
        heartbeat: NEVER,
        patience: LIMIT,
        tick: Duration::from_millis(50),
        search_pause: Duration::from_millis(50),
        search_again: NEVER,
        search_delay: Duration::from_millis(100),
        recheck: NEVER,
        late_event: Duration::from_millis(200),
        poll: Duration::from_millis(50),
        related: Duration::from_millis(50),
        deletions: NEVER,
        api_server: NEVER,
    }
}

/// Every Deployment.
fn deployments() -> Request {
    Request {
        api_server: false,
        kinds: vec![KindTarget::all(Kind::Deployment)],
        causes: Causes::WithoutLogs,
        ..Request::everything()
    }
}

/// Deployments of the namespace `shop` by their names.
fn named(names: &[&str]) -> Request {
    let target = KindTarget {
        kind: Kind::Deployment,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    Request {
        kinds: vec![target],
        namespace: Some("shop".into()),
        every_object: true,
        by_default: false,
        ..deployments()
    }
}

async fn follow(server: &ApiServer, request: &Request, pace: FollowPace) -> Follower {
    Follower::start(&client(server).await, request, now, pace)
}

/// What is observed next.
async fn next(follower: &mut Follower) -> Observed {
    tokio::time::timeout(LIMIT, follower.next())
        .await
        .expect("a follower reports something in the end")
}

/// The first report that fits.
async fn until(follower: &mut Follower, fits: impl Fn(&Report) -> bool) -> Report {
    let mut last = None;
    let seen = async {
        loop {
            let observed = follower.next().await;
            if let Observed::Report(report) = &observed
                && fits(report)
            {
                return (**report).clone();
            }
            last = Some(observed);
        }
    };
    let seen = tokio::time::timeout(LIMIT, seen).await;
    seen.unwrap_or_else(|_| panic!("no such report; the last was {last:#?}"))
}

/// The class of the failure, once nothing can be read.
async fn until_away(follower: &mut Follower) -> &'static str {
    let away = async {
        loop {
            if let Observed::Away(failure) = follower.next().await {
                return failure.class.as_str();
            }
        }
    };
    tokio::time::timeout(LIMIT, away)
        .await
        .expect("nothing can be read in the end")
}

fn part(report: &Report) -> &KindCheck {
    report.kinds().next().expect("a kind was asked for")
}

fn find<'a>(report: &'a Report, name: &str) -> Option<&'a Item> {
    report
        .kinds()
        .flat_map(|kind| &kind.items)
        .find(|item| item.name == name)
}

/// The state and the reason of an object, in one line.
fn state(report: &Report, name: &str) -> String {
    find(report, name).map_or_else(
        || "none".to_owned(),
        |item| format!("{} {}", item.state.as_str(), item.reason),
    )
}

/// The entries for what was not seen, each with its class.
fn not_seen(report: &Report) -> Vec<String> {
    let entries = report.coverage.not_seen.iter();
    entries
        .map(|entry| format!("{}: {}", entry.what(), entry.class))
        .collect()
}

/// The real time, which the server's answers have.
fn clock() -> Clock {
    Clock::standing_at(&sre_shared::run::clock::system().to_string())
}

/// A Deployment whose rollout began some seconds ago and has no ready pod.
fn rolling(name: &str) -> Deployment {
    let begun = clock().at(-20);
    Deployment::new("shop", name)
        .counts(1, 1, 0, 0)
        .condition("Progressing", "True", "ReplicaSetUpdated", &begun)
        .condition("Available", "False", "MinimumReplicasUnavailable", &begun)
}

/// The ReplicaSet of a Deployment and a pod of it, as old as the rollout.
fn pod_of(deployment: &Deployment, name: &str) -> (ReplicaSet, Pod) {
    let begun = clock().at(-20);
    let set = ReplicaSet::new("shop", &format!("{name}-1"))
        .created(&begun)
        .owned_by(deployment);
    let pod = Pod::new("shop", &format!("{name}-1-a"))
        .created(&begun)
        .owned_by(&set);
    (set, pod)
}

fn crashing(pod: Pod, restarts: i64) -> Pod {
    pod.waiting("CrashLoopBackOff", "back-off")
        .last_terminated("Error", 3, clock().at(-10))
        .restarts(restarts)
}

/// A rollout that waits for its only pod.
fn starting(name: &str) -> [Value; 3] {
    let deployment = rolling(name);
    let (set, pod) = pod_of(&deployment, name);
    let pod = pod.waiting("ContainerCreating", "");
    [deployment.build(), set.build(), pod.build()]
}

/// The requests so far without their resource versions and limits, each with how often it was made, sorted.
fn requests(server: &ApiServer) -> Vec<String> {
    let line = |request: &sre_testkit::RecordedRequest| {
        let kind = if request.is_watch() { "watch" } else { "get" };
        let selectors = ["fieldSelector", "labelSelector"];
        let given = selectors.iter().filter_map(|name| request.parameter(name));
        let given: Vec<String> = given.filter(|text| !text.is_empty()).collect();
        [&[kind.to_owned(), request.path.clone()][..], &given]
            .concat()
            .join(" ")
    };
    let mut lines: Vec<String> = server.requests().iter().map(line).collect();
    lines.sort();
    lines
}
