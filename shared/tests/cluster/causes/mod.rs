//! What a run requests to find causes: which requests exactly, how many at most, and what becomes of those that fail.

mod changes;
mod cron_jobs;
mod events;
mod logs;
mod nodes;
mod workloads;

use crate::client::{missing, part};
use serde_json::{Value, json};
use sre_shared::kind::Kind;
use sre_shared::report::{Item, Report};
use sre_shared::run::{Causes, KindTarget, Request};
use sre_testkit::object::{Deployment, Pod, ReplicaSet};
use sre_testkit::{ApiServer, ApiServerBuilder, at};

fn causes_of(kind: Kind) -> Request {
    Request {
        api_server: false,
        kinds: vec![KindTarget::all(kind)],
        causes: Causes::WithoutLogs,
        ..Request::everything()
    }
}

fn deployments() -> Request {
    causes_of(Kind::Deployment)
}

/// A Deployment without a ready pod, its ReplicaSet and its pod.
struct BrokenDeployment {
    deployment: Deployment,
    set: ReplicaSet,
    pod: Pod,
}

fn broken_deployment(namespace: &str, name: &str) -> BrokenDeployment {
    let deployment = Deployment::new(namespace, name).counts(1, 1, 0, 0);
    let set = ReplicaSet::new(namespace, &format!("{name}-1")).owned_by(&deployment);
    let pod = Pod::new(namespace, &format!("{name}-1-a"))
        .owned_by(&set)
        .waiting("CrashLoopBackOff", "back-off")
        .last_terminated("Error", 3, at(-40))
        .restarts(7);
    BrokenDeployment { deployment, set, pod }
}

impl BrokenDeployment {
    fn change_pod(self, change: impl FnOnce(Pod) -> Pod) -> Self {
        Self {
            pod: change(self.pod),
            ..self
        }
    }

    fn build(&self) -> [Value; 3] {
        [self.deployment.build(), self.set.build(), self.pod.build()]
    }
}

fn server(broken: &[BrokenDeployment]) -> ApiServerBuilder {
    let healthy = (0..10).map(|i| Deployment::new("calm", &format!("well-{i}")).build());
    ApiServer::builder()
        .objects(healthy)
        .objects(broken.iter().flat_map(BrokenDeployment::build))
}

/// Path and decoded query of each request that is not for Deployments, sorted.
fn other_requests(server: &ApiServer) -> Vec<String> {
    let is_namespace = |path: &str| {
        let rest = path.strip_prefix("/api/v1/namespaces");
        rest.is_some_and(|rest| rest.rfind('/').is_none_or(|at| at == 0))
    };
    let mut asked: Vec<String> = server
        .requests()
        .iter()
        .filter(|r| r.path != "/apis/apps/v1/deployments" && !is_namespace(&r.path))
        .map(|r| {
            let names = ["fieldSelector", "labelSelector", "limit", "resourceVersion"];
            let given = names
                .iter()
                .filter_map(|n| Some(format!("{n}={}", r.parameter(n)?)));
            format!("{}?{}", r.path, given.collect::<Vec<_>>().join("&"))
        })
        .collect();
    asked.sort();
    asked
}

fn item<'a>(report: &'a Report, name: &str) -> &'a Item {
    let items = &part(report).items;
    items.iter().find(|i| i.name == name).expect("it was judged")
}

fn lines(item: &Item) -> Vec<String> {
    let line = |c: &sre_shared::report::Cause| format!("{} {}x {}", c.code, c.count, c.message);
    item.causes.iter().map(line).collect()
}

const CRASHED: &str = "CrashLoop 1x container app exited 3 (7 restarts)";

fn event(about: &Value, kind: &str, reason: &str, message: &str) -> Value {
    let object = &about["metadata"];
    let name = format!("{}.{reason}", object["name"].as_str().unwrap_or_default());
    json!({
        "apiVersion": "v1", "kind": "Event", "type": kind, "reason": reason, "message": message,
        "metadata": {"namespace": object["namespace"], "name": name},
        "involvedObject": {"kind": "Pod", "name": object["name"], "namespace": object["namespace"], "uid": object["uid"],
            "fieldPath": "spec.containers{app}"},
        "lastTimestamp": at(0)
    })
}

fn unseen_causes(report: &Report) -> Vec<(&str, &str, Option<&str>)> {
    let all = report.coverage.causes_not_seen.iter();
    all.map(|n| (&*n.what().leak(), n.class.as_str(), missing(n)))
        .collect()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the server says what time it is in its Date header, too"
)]
fn system_time() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.map_or(0, |d| d.as_secs());
    sre_shared::resource::Time::from_seconds(i64::try_from(seconds).unwrap_or(0)).to_string()
}

fn crashes(name: &str, code: i64) -> Value {
    json!({"name": name, "ready": false, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": code, "reason": "Error", "finishedAt": at(-40)}}})
}
