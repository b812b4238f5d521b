//! Reports for the tests of outputs.

#![allow(clippy::expect_used, reason = "a test that has no report has failed")]

use serde_json::{Value, json};
use sre_shared::report::{CheckResult, KindCheck, Report};

/// A report about Deployments with these items, as from a cluster named prod-eu.
pub(super) fn report_with(items: &[Value]) -> Report {
    report(
        &json!({"check": "apiserver", "status": "ok", "version": "v1.37.2", "latencyMs": 9.1}),
        items,
        &json!([]),
    )
}

fn report(api_server: &Value, items: &[Value], not_seen: &Value) -> Report {
    let mut report: Report = serde_json::from_value(json!({
        "apiVersion": "sre/v1", "kind": "HealthReport", "status": "unknown", "observedAt": "2026-03-02T12:00:00Z",
        "source": {"mode": "direct", "context": "prod-eu", "version": "v1.37.2"},
        "coverage": {"kinds": ["deployments"], "namespaces": "all", "notSeen": not_seen},
        "checks": [api_server],
    }))
    .expect("a report");
    let items = items.iter().cloned().map(serde_json::from_value);
    let items = items.collect::<Result<_, _>>().expect("items");
    let all_seen = report.coverage.not_seen.is_empty();
    report
        .checks
        .push(CheckResult::Kind(KindCheck::of("deployments", items, all_seen)));
    report.settle();
    report
}

fn deployment(name: &str, state: &str, ready: i64) -> Value {
    json!({
        "kind": "Deployment", "namespace": "shop", "name": name, "state": state, "healthy": state == "healthy",
        "desired": 3, "ready": ready, "updated": 3, "available": ready, "reason": "ReadyBelowDesired",
        "message": format!("{ready} of 3 ready"), "detail": "", "since": "2026-03-02T11:41:00Z",
    })
}

fn forbidden() -> Value {
    json!({
        "what": "jobs in namespace bank", "resource": "jobs.batch", "namespace": "bank", "class": "forbidden",
        "missing": "batch/jobs list", "error": "jobs.batch is forbidden",
    })
}

/// One object of each sort, and a gap.
pub(super) fn sample() -> Report {
    let mut crashing = deployment("checkout", "degraded", 1);
    crashing["causes"] = json!([{
        "code": "CrashLoop", "message": "container api exited 1 (7 restarts).", "count": 2,
        "example": "Pod/checkout-7d9c-x2k4l", "hint": "kubectl -n shop logs checkout-7d9c-x2k4l -c api --previous",
        "log": ["starting on port 8080", "panic: DATABASE_URL is not set"],
    }]);
    let mut known = deployment("search", "degraded", 2);
    known["acknowledged"] =
        json!({"code": "ReadyBelowDesired", "until": "2026-03-09", "reason": "waits for a node"});
    let mut deleted = deployment("old", "terminating", 0);
    deleted["healthy"] = Value::Null;
    deleted["reason"] = json!("Deleting");
    let mut paused = deployment("nightly", "suspended", 0);
    paused["healthy"] = json!(true);
    let items = [
        crashing,
        known,
        deleted,
        paused,
        deployment("web", "healthy", 3),
        deployment("api", "progressing", 2),
        deployment("pay", "unavailable", 0),
        deployment("odd", "unknown", 0),
    ];
    let mut report = report(
        &json!({"check": "apiserver", "status": "ok", "version": "v1.37.2", "latencyMs": 9.1}),
        &items,
        &json!([forbidden()]),
    );
    report.coverage.grant = serde_json::from_value(json!({
        "commands": ["kubectl -n bank create role sre --verb=list --resource=jobs.batch"],
    }))
    .ok();
    report
}

/// Everything was seen and is well.
pub(super) fn well() -> Report {
    report_with(&[deployment("web", "healthy", 3)])
}

/// A kind was asked for, and it has no object.
pub(super) fn empty() -> Report {
    let mut report = report_with(&[]);
    report.checks.remove(0);
    report.settle();
    report
}

/// The API server does not answer.
pub(super) fn unreached() -> Report {
    let refused = json!({
        "check": "apiserver", "status": "unknown", "class": "refused", "error": "connection refused",
        "endpoint": "https://10.0.0.1:6443", "side": "the network", "hint": "is the API server's port open?",
    });
    let gap = json!({"what": "deployments", "resource": "deployments.apps", "class": "refused", "error": "connection refused"});
    report(&refused, &[], &json!([gap]))
}

/// So many Deployments that fall short, each for a cause of its own, and a gap.
pub(super) fn many(count: usize) -> Report {
    let items: Vec<Value> = (0..count)
        .map(|number| {
            let mut item = deployment(&format!("app-{number}"), "degraded", 1);
            item["causes"] = json!([{
                "code": "CrashLoop", "message": format!("container c{number} exited {number}: {}", "x".repeat(200)), "count": 1,
                "log": [format!("line of {number}")],
            }]);
            item
        })
        .collect();
    report(
        &json!({"check": "apiserver", "status": "ok", "version": "v1.37.2"}),
        &items,
        &json!([forbidden()]),
    )
}

/// Texts that a renderer, a runner, a bot or a terminal could act upon.
pub(super) const HOSTILE: [&str; 40] = [
    "a | b || c \\| d",
    "`rm -rf` and ``two`` `",
    "`",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden",
    "</details></table>",
    "&lt;b&gt; &#64;all",
    "@all @octocat please look",
    "mail root@example.com",
    "see #1 and GH-12 and acme/shop#7",
    "merge !12, milestone %3, label ~bug, epic &4, snippet $5",
    "PROJ-123 blocks this, UTF-8 too",
    "fixed by 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
    "deadbeef",
    "https://evil.example/x?y=1",
    "www.evil.example",
    "[click](https://evil.example)",
    "![image](https://evil.example/x.png)",
    "[^1] [ref]: https://evil.example",
    "*bold* _it_ ~~gone~~ **x**",
    "# heading",
    "- [ ] task",
    "1. one",
    "> quote",
    "> [!WARNING]",
    "---",
    "/lgtm",
    "first\n/approve\n/close",
    "first\n\n::error::injected",
    "##[add-mask]secret",
    "100% ::set-output name=a::b",
    "title=x,file=/etc/passwd::y",
    ":100: :smile: 12:30:45",
    "$x^2$ and $`y`$",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{202e}txt.exe\u{2066}",
    "tab\there\r\nand there",
    "\"quoted\\\" and 'single'",
    "  spaces  ",
];

/// Such texts in every place where a cluster can write.
pub(super) fn hostile() -> Report {
    let items: Vec<Value> = HOSTILE
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let mut item = deployment(&format!("h{number}"), "degraded", 1);
            if number % 3 == 0 {
                item["name"] = json!(text);
            }
            if number % 2 == 0 {
                item["detail"] = json!(text);
                item["message"] = json!(format!("1 of 3 ready: {text}"));
                item["notes"] = json!([text]);
            } else {
                item["causes"] = json!([{
                    "code": "CrashLoop", "message": text, "gist": text, "count": 1, "log": [text, format!("{text} again")], "hint": text,
                }]);
            }
            item
        })
        .collect();
    let mut gap = forbidden();
    gap["error"] = json!(HOSTILE.join(" "));
    gap["missing"] = Value::Null;
    gap["hint"] = json!(HOSTILE[0]);
    let mut report = report(
        &json!({"check": "apiserver", "status": "degraded", "class": "serverError", "error": HOSTILE[8], "hint": HOSTILE[27]}),
        &items,
        &json!([gap]),
    );
    report.source.context = Some("@admin #1".to_owned());
    report
}

/// One Deployment whose every text is that one.
pub(super) fn about(text: &str) -> Report {
    report_with(&[json!({
        "kind": "Deployment", "namespace": text, "name": text, "state": "degraded", "healthy": false,
        "reason": "ReadyBelowDesired", "message": text, "detail": text, "warnings": [text], "since": text,
    })])
}

/// A report that has not seen that thing.
pub(super) fn gap(what: &str) -> Report {
    let entry = json!({"what": what, "class": "forbidden"});
    report(
        &json!({"check": "apiserver", "status": "ok"}),
        &[],
        &json!([entry]),
    )
}
