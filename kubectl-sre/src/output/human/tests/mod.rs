//! Tests of the screen, by the parts of it. Here is what they share.

mod api_server;
mod headline;
mod layout;
mod not_seen;
mod problems;

use super::write;
use crate::output::Style;
use crate::shell::Charset;
use sre_shared::apiserver::slo;
use sre_shared::dump::{File, Objects};
use sre_shared::failure::{Class, Failure};
use sre_shared::kind::Kind;
use sre_shared::report::{
    ApiServerCheck, CheckResult, Grant, Identity, Item, KindCheck, NeededRights, NotSeen, PhaseLatency,
    Readyz, Record, Report, Source, Status, Window,
};
use sre_shared::resource::Time;
use sre_shared::run::{self, Request};
use sre_testkit::at;
use sre_testkit::object::{Deployment, List};
use std::time::Duration;

const STYLE: Style = Style {
    color: false,
    charset: Charset::Utf8,
    width: None,
    height: None,
    quiet: false,
    verbose: false,
    all: false,
    elapsed: Some(Duration::from_millis(62)),
};

fn now() -> Time {
    Time::parse(&at(0)).expect("the test clock is a time")
}

fn screen(report: &Report, style: &Style) -> String {
    let mut out = Vec::new();
    write(report, style, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("the screen is text")
}

fn healthy_api_server() -> ApiServerCheck {
    ApiServerCheck {
        status: Status::Ok,
        version: Some("v1.37.2".into()),
        latency_ms: Some(9.1),
        readyz: Some(Readyz {
            passed: 47,
            total: 47,
            failing: vec![],
        }),
        ..ApiServerCheck::default()
    }
}

/// The report about a cluster with these Deployments, judged as in a live run.
fn cluster(api_server: ApiServerCheck, objects: impl IntoIterator<Item = Deployment>) -> Report {
    let body = List::new("DeploymentList", "apps/v1").items(objects).to_json();
    let objects = Objects::read(vec![File::new("cluster", body.into_bytes())]);
    let mut report = run::dump(&objects, "cluster", &Request::everything(), Some(now()), now);
    report.source = Source {
        mode: "direct".into(),
        context: Some("prod-eu".into()),
        version: api_server.version.clone(),
        ..Source::default()
    };
    report.checks.insert(0, CheckResult::ApiServer(api_server));
    report.settle();
    report
}

fn deployment(namespace: &str, name: &str) -> Deployment {
    Deployment::new(namespace, name)
}

/// A report with these items, each `Kind/namespace/name`, a state and further fields. All kinds were read.
fn report_with(items: &[(&str, &str, serde_json::Value)]) -> Report {
    let plurals = [
        ("Deployment", "deployments"),
        ("StatefulSet", "statefulsets"),
        ("DaemonSet", "daemonsets"),
        ("Job", "jobs"),
        ("CronJob", "cronjobs"),
        ("Node", "nodes"),
        ("Service", "services"),
    ];
    let mut report = cluster(healthy_api_server(), []);
    report.checks.truncate(1);
    for (kind, plural) in plurals {
        let of_kind = items
            .iter()
            .filter(|(identity, ..)| identity.starts_with(&format!("{kind}/")));
        let items: Vec<Item> = of_kind
            .map(|(identity, state, more)| {
                let mut parts = identity.split('/').skip(1).collect::<Vec<_>>();
                let name = parts.pop().unwrap_or_default();
                let healthy = *state == "healthy";
                let mut value = serde_json::json!({
                    "kind": kind, "namespace": parts.first().unwrap_or(&""), "name": name, "state": state,
                    "healthy": healthy, "reason": if healthy { "Ready" } else { "ReadyBelowDesired" },
                    "message": "", "since": at(-1500),
                });
                if !matches!(kind, "Node" | "Service" | "Job" | "CronJob") {
                    let ready = match *state {
                        "healthy" => 3,
                        "degraded" => 2,
                        _ => 0,
                    };
                    value["desired"] = 3.into();
                    value["ready"] = ready.into();
                    value["message"] = format!("{ready} of 3 ready").into();
                    value["detail"] = "".into();
                }
                if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
                    value.extend(more.clone());
                }
                serde_json::from_value(value).expect("an item")
            })
            .collect();
        report
            .checks
            .push(CheckResult::Kind(KindCheck::of(plural, items, true)));
    }
    report.settle();
    report
}

fn cause(code: &str, message: &str, count: u32, subject: Option<&str>, hint: &str) -> serde_json::Value {
    serde_json::json!({
        "code": code, "message": message, "count": count, "subject": subject, "hint": hint,
        "example": "Pod/x-1", "since": at(-1200),
    })
}

fn quota(deployment: Deployment, name: &str) -> Deployment {
    deployment.condition("ReplicaFailure", "True", "FailedCreate", at(-30)).condition_message(
        "ReplicaFailure",
        &format!("pods \"{name}-7d9c-x2k4l\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2"),
    )
}

fn mixed() -> Report {
    let unavailable =
        |d: Deployment, ago: i64| d.condition("Available", "False", "MinimumReplicasUnavailable", at(-ago));
    cluster(
        healthy_api_server(),
        [
            unavailable(
                deployment("shop", "checkout").replicas(3).counts(3, 3, 1, 1),
                1140,
            ),
            unavailable(deployment("shop", "search").replicas(2).counts(2, 2, 0, 0), 720),
            quota(
                deployment("shop", "import").replicas(4).counts(2, 2, 2, 2),
                "import",
            ),
            deployment("payments", "api")
                .replicas(3)
                .counts(4, 1, 3, 3)
                .condition("Progressing", "False", "ProgressDeadlineExceeded", at(-1500)),
            deployment("payments", "ledger")
                .replicas(4)
                .counts(5, 2, 4, 4)
                .condition("Progressing", "True", "ReplicaSetUpdated", at(-20)),
            deployment("bank", "old").deleting(at(-3600), &["example.com/backup"]),
            deployment("bank", "odd").set("/spec/replicas", "3"),
            deployment("bank", "held").replicas(2).counts(2, 2, 0, 0).paused(),
            deployment("bank", "web").replicas(2),
            deployment("bank", "off").replicas(0),
        ],
    )
}
