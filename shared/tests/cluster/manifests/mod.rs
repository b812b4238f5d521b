//! The objects that manifests name: which requests are made for them, what the report says, and how a wait for them ends.

mod following;
mod once;

use crate::client::{client, now};
use serde_json::{Value, json};
use sre_shared::dump::{File, Objects};
use sre_shared::report::Report;
use sre_shared::run::manifests::{Manifest, ManifestPlan, live_manifests};
use sre_shared::run::{Causes, Request};
use sre_testkit::{ApiServer, Fault, Match, at};

/// The plan for these manifests. Objects without a namespace are in `shop`.
fn plan(manifests: &[Value]) -> ManifestPlan {
    let text: Vec<String> = manifests.iter().map(Value::to_string).collect();
    let files = vec![File::new("m.json", text.join("\n").into_bytes())];
    let manifest = Manifest::new(&Objects::read_manifests(files), "m.json").expect("it names objects");
    let request = Request {
        causes: Causes::None,
        ..Request::everything()
    };
    ManifestPlan::new(&manifest, &request, "shop")
}

async fn ask(server: &ApiServer, manifests: &[Value]) -> Report {
    live_manifests(&client(server).await, &plan(manifests), now, &|_| {}).await
}

/// The manifest of an object.
fn manifest(api_version: &str, kind: &str, metadata: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
}

fn deployment(metadata: &Value) -> Value {
    manifest("apps/v1", "Deployment", metadata)
}

fn config_map(name: &str) -> Value {
    manifest("v1", "ConfigMap", &json!({"name": name, "namespace": "shop"}))
}

fn certificate(ready: &str) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"namespace": "shop", "name": "web", "uid": "web", "creationTimestamp": at(-86_400)},
        "status": {"conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": at(-3600)}]},
    })
}

/// Serves the group of the Certificates.
fn serve_certificates(server: &ApiServer) {
    let version = json!({"groupVersion": "cert-manager.io/v1", "version": "v1"});
    let group = json!({"kind": "APIGroup", "name": "cert-manager.io", "preferredVersion": version, "versions": [version]});
    let certificates = json!({"name": "certificates", "singularName": "certificate", "kind": "Certificate", "namespaced": true});
    for (path, body) in [
        ("/apis/cert-manager.io", group),
        (
            "/apis/cert-manager.io/v1",
            json!({"kind": "APIResourceList", "resources": [certificates]}),
        ),
    ] {
        let fault = Fault::WrongBody {
            status: 200,
            content_type: "application/json".into(),
            body: body.to_string().into(),
        };
        server.fail(Match::path(path), fault);
    }
}

/// Every object of a report with its state and reason, and every entry for what was not seen.
fn shown(report: &Report) -> Vec<String> {
    let items = report.kinds().flat_map(|kind| &kind.items);
    let items = items.map(|item| format!("{} {} {}", item.identity(), item.state.as_str(), item.reason));
    let entries = report.coverage.not_seen.iter();
    let entries = entries.map(|entry| format!("{}: {}", entry.what(), entry.class));
    items.chain(entries).collect()
}

/// The counts of objects without a verdict: those that are there, and those that were not looked for.
fn counts(report: &Report) -> Vec<(&str, u64)> {
    let manifest = report.coverage.manifest.iter();
    let counts = manifest.flat_map(|manifest| manifest.present.iter().chain(&manifest.not_checked));
    counts.map(|(what, count)| (what.as_str(), *count)).collect()
}

/// The paths that were requested, sorted, each once.
fn paths(server: &ApiServer) -> Vec<String> {
    let mut paths: Vec<String> = server.requests().iter().map(|r| r.path.clone()).collect();
    paths.sort();
    paths.dedup();
    paths
}
