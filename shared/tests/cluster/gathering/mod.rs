//! What one run reads, and what becomes of the parts that it cannot read.

mod deletions;
mod grants;
mod kinds;
mod namespaces;
mod notable;
mod pages;
mod responses;
mod selection;
mod whole;

use crate::client::{only_deployments, part};
use sre_shared::kind::Kind;
use sre_shared::report::{NotSeen, Report, Status};
use sre_shared::run::{KindTarget, Request};
use sre_testkit::object::Deployment;
use sre_testkit::{ApiServer, ApiServerBuilder, Match};

const LISTS: &str = "/apis/apps/v1/deployments";

/// Seven Deployments, `a` to `g`.
fn seven() -> ApiServerBuilder {
    ApiServer::builder().deployments(('a'..='g').map(|name| Deployment::new("shop", &name.to_string())))
}

fn pages_of(size: u32) -> Request {
    Request {
        page_size: size,
        ..only_deployments()
    }
}

fn pages_asked_for(server: &ApiServer) -> Vec<u32> {
    server
        .requests_for(&Match::path(LISTS))
        .iter()
        .map(sre_testkit::RecordedRequest::page)
        .collect()
}

fn named(name: &str) -> Request {
    let wanted = KindTarget {
        kind: Kind::Deployment,
        names: vec![name.into()],
    };
    Request {
        kinds: vec![wanted],
        ..only_deployments()
    }
}

fn in_namespace(name: &str) -> Request {
    Request {
        namespace: Some(name.into()),
        ..only_deployments()
    }
}

/// The one entry of what was not seen.
fn not_seen(report: &Report) -> &NotSeen {
    match report.coverage.not_seen.as_slice() {
        [one] => one,
        other => panic!("{other:?}"),
    }
}

/// Nothing was judged, for one reason of this class.
fn assert_nothing_seen(report: &Report, class: &str) {
    assert_eq!(
        (report.status, part(report).status),
        (Status::Unknown, Status::Unknown),
        "{report:?}"
    );
    assert_eq!(part(report).items, [], "a part of a list is no list");
    assert_eq!(
        (not_seen(report).what().as_str(), not_seen(report).class.as_str()),
        ("deployments", class)
    );
    assert!(
        not_seen(report).next_step().is_some() && not_seen(report).error.is_some(),
        "{report:?}"
    );
}

/// The default kinds without the API server.
fn every_kind() -> Request {
    Request {
        api_server: false,
        ..Request::everything()
    }
}

fn cron_job(namespace: &str) -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": "nightly", "namespace": namespace, "labels": {"app": "nightly"},
                     "creationTimestamp": "2026-03-01T12:00:00Z", "generation": 1},
        "spec": {"schedule": "0 3 * * *", "suspend": true}, "status": {},
    })
}

/// Kind, status and number of objects of each part.
fn totals(report: &Report) -> Vec<(&str, Status, u64)> {
    let parts = report.kinds();
    parts
        .map(|k| (k.check.as_str(), k.status, k.summary.total))
        .collect()
}
