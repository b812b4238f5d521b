#![allow(
    clippy::needless_pass_by_value,
    reason = "a literal ends where it becomes a part of a report"
)]

use super::{CausesNotSeen, Digest, Headline, NotSeenGroup, OverallHealth, PartLine, Problem, Severity};
use crate::report::Report;
use serde_json::{Value, json};

/// A report with these checks and these things that were not seen, settled as by a run.
fn report(checks: Value, not_seen: Value, causes_not_seen: Value) -> Report {
    let mut report: Report = serde_json::from_value(json!({
        "apiVersion": "sre/v1", "kind": "HealthReport", "status": "unknown", "observedAt": "2026-03-02T12:00:00Z",
        "source": {"mode": "direct", "context": "prod-eu", "version": "v1.37.2"},
        "coverage": {"kinds": [], "namespaces": "all", "notSeen": not_seen, "causesNotSeen": causes_not_seen},
        "checks": checks,
    }))
    .expect("a report");
    report.settle();
    report
}

fn item(namespace: &str, name: &str, ready: i64, causes: Value) -> Value {
    json!({
        "kind": "Deployment", "namespace": namespace, "name": name, "state": "unavailable", "healthy": false,
        "ready": ready, "desired": 3, "reason": "ReadyBelowDesired", "message": format!("{ready} of 3 ready"), "detail": "",
        "since": "2026-03-02T11:00:00Z", "causes": causes,
    })
}

fn deployments(status: &str, items: Value) -> Value {
    let count = items.as_array().map_or(0, Vec::len);
    json!({
        "check": "deployments", "status": status, "items": items,
        "summary": {"total": count, "unavailable": count},
    })
}

fn quota(pods: u32) -> Value {
    json!([{
        "code": "QuotaExceeded", "message": "quota compute is used up", "count": pods, "example": "Pod/x-1",
        "subject": "ResourceQuota/shop/compute", "hint": "kubectl -n shop describe quota compute",
        "since": "2026-03-02T11:30:00Z",
    }])
}

/// One line for each problem: `SEVERITY kind: names`, and for a shared cause its reach.
fn listed(digest: &Digest<'_>) -> Vec<String> {
    let name = |problem: &Problem<'_>| {
        let names: Vec<String> = problem.items().iter().map(|item| item.name.clone()).collect();
        names.join(" ")
    };
    let one = |problem: &Problem<'_>| {
        let (severity, names) = (problem.severity(), name(problem));
        match problem {
            Problem::Shared(cause) => {
                let code = &cause.finding.code;
                format!("{severity:?} {code}: {names}: {}", cause.reach(digest))
            }
            Problem::Object(object) => format!("{severity:?} object: {names}: {}", object.text(digest)),
        }
    };
    digest.problems.iter().map(one).collect()
}

#[test]
fn a_shared_cause_comes_first_and_objects_that_still_serve_come_last() {
    let crash = json!([{
        "code": "CrashLoop", "message": "container app exited 1: no config.", "count": 2, "example": "Pod/x-1",
    }]);
    let items = json!([
        item("bank", "serves", 2, json!([])),
        item("shop", "alone", 0, crash),
        item("shop", "empty", 0, json!([])),
        item("shop", "one", 0, quota(3)),
        item("shop", "two", 1, quota(2)),
    ]);
    let report = report(json!([deployments("degraded", items)]), json!([]), json!([]));
    assert_eq!(
        listed(&Digest::new(&report)),
        [
            "Broken QuotaExceeded: one two: 5 pods of 2 workloads, for 30 min",
            "Broken object: alone: CrashLoop: container app exited 1: no config, 2 pods, for 60 min",
            "Broken object: empty: no pod is ready, for 60 min",
            "Broken object: serves: too few pods are ready, for 60 min",
        ]
    );
}

#[test]
fn an_acknowledged_object_is_no_problem_and_is_listed_with_its_reason() {
    let mut known = item("shop", "known", 0, json!([]));
    known["acknowledged"] =
        json!({"code": "ReadyBelowDesired", "until": "2026-03-03", "reason": "a migration"});
    let report = report(json!([deployments("ok", json!([known]))]), json!([]), json!([]));
    let digest = Digest::new(&report);
    assert!(digest.problems.is_empty(), "{:?}", digest.problems);
    let known = digest.acknowledged.iter();
    let known: Vec<(&str, &str)> = known
        .map(|(item, a)| (item.name.as_str(), a.reason.as_str()))
        .collect();
    assert_eq!(known, [("known", "a migration")]);
}

#[test]
fn kinds_and_namespaces_not_seen_for_one_reason_are_one_group() {
    let entry = |kind: &str, namespace: &str| {
        json!({
            "what": format!("{kind} in namespace {namespace}"), "resource": format!("{kind}.apps"), "class": "forbidden",
            "missing": format!("apps/{kind} list"), "error": "no",
        })
    };
    let not_seen = json!([
        entry("deployments", "bank"),
        entry("deployments", "shop"),
        entry("daemonsets", "bank"),
        entry("daemonsets", "shop"),
        {"what": "nodes", "class": "timeout", "error": "no byte for 10 s"},
    ]);
    let report = report(json!([]), not_seen, json!([]));
    let digest = Digest::new(&report);
    let lines: Vec<String> = digest
        .not_seen
        .iter()
        .map(|group| format!("{} ({}: {})", group.what(), group.class(), group.why()))
        .collect();
    assert_eq!(
        lines,
        [
            "deployments, daemonsets in 2 namespaces (bank, shop) (forbidden: missing rules apps/deployments list, \
             apps/daemonsets list)",
            "nodes (timeout: no byte for 10 s)",
        ]
    );
    let hints: Vec<_> = digest
        .not_seen
        .iter()
        .map(|g| (g.hint(), g.lacks_rights()))
        .collect();
    assert_eq!(
        hints,
        [(None, true), (None, false)],
        "one grant has the rules of all groups"
    );
}

#[test]
fn a_hint_from_an_agent_stays_unchanged_for_several_rules() {
    let entry = |kind: &str| json!({"what": kind, "class": "forbidden", "missing": format!("apps/{kind} list"), "hint": "ask its owner"});
    let report = report(
        json!([]),
        json!([entry("deployments"), entry("daemonsets")]),
        json!([]),
    );
    let digest = Digest::new(&report);
    let hints: Vec<Option<&str>> = digest.not_seen.iter().map(NotSeenGroup::hint).collect();
    assert_eq!(hints, [Some("ask its owner")]);
}

#[test]
fn severity_follows_the_code_of_a_note_and_not_its_text() {
    let severity = |codes: Value, text: &str| {
        let item = json!({
            "kind": "Deployment", "name": "web", "state": "healthy", "healthy": true, "reason": "ScaledToZero",
            "message": "scaled to zero", "notes": [text], "noteCodes": codes,
        });
        Severity::from_item(&serde_json::from_value(item).expect("an item"))
    };
    for text in ["2 pods still going after 12 min", "anything else"] {
        assert_eq!(severity(json!(["podsLinger"]), text), Some(Severity::Warning));
        assert_eq!(severity(json!([""]), text), None);
    }
}

#[test]
fn a_note_explains_a_deletion_that_takes_long() {
    let explained = |state: &str, text: &str| {
        let item = json!({
            "kind": "Deployment", "name": "web", "state": state, "reason": "Deleting", "message": "being deleted",
            "notes": [text, "two", "three"], "noteCodes": ["deletionLingers", "podsNotSeen", ""],
        });
        let report = report(json!([]), json!([]), json!([]));
        Digest::new(&report).explain(&serde_json::from_value(item).expect("an item"))
    };
    for text in ["being deleted for 12 min, finalizers: x", "anything else"] {
        assert_eq!(explained("terminating", text), format!("{text} (two; three)"));
        // In any other state, the note only follows the message. The note that pods were not seen is for programs alone.
        assert_eq!(
            explained("degraded", text),
            format!("being deleted ({text}; three)")
        );
    }
}

#[test]
fn a_search_for_causes_that_is_off_is_not_reported_while_all_is_well() {
    let off =
        json!([{"what": "causes", "class": "turnedOff", "error": "--cause none", "hint": "leave it out"}]);
    let short = deployments("degraded", json!([item("shop", "web", 0, json!([]))]));
    let open = report(json!([short]), json!([]), off.clone());
    assert_eq!(
        Digest::new(&open).causes_not_seen,
        CausesNotSeen::TurnedOff {
            why: Some("--cause none"),
            hint: Some("leave it out"),
        }
    );
    let well = report(json!([deployments("ok", json!([]))]), json!([]), off);
    assert_eq!(
        Digest::new(&well).causes_not_seen,
        CausesNotSeen::Missing(Vec::new())
    );
}

#[test]
fn the_headline_has_health_place_and_sentences() {
    let checks = json!([
        {"check": "apiserver", "status": "unknown", "version": "v1.37.2", "class": "timeout"},
        deployments("degraded", json!([item("shop", "web", 0, json!([]))])),
    ]);
    let not_seen = json!([{"what": "nodes", "class": "forbidden"}]);
    let report = report(checks, not_seen, json!([]));
    let sentences = [
        "the API server answers, but its health could not be checked (timeout)",
        "Deployment shop/web is not healthy, 0/3 ready",
        "not seen: nodes (forbidden)",
    ];
    assert_eq!(
        Digest::new(&report).headline,
        Headline {
            health: OverallHealth::Degraded,
            place: Some("prod-eu".to_owned()),
            version: Some("v1.37.2".to_owned()),
            sentences: sentences.map(str::to_owned).to_vec(),
            agent: None,
        }
    );
}

#[test]
fn each_part_has_one_line_and_kinds_without_objects_share_one() {
    let checks = json!([
        {"check": "apiserver", "status": "ok", "version": "v1.37.2", "latencyMs": 9.1},
        deployments("degraded", json!([item("shop", "web", 0, json!([]))])),
        {"check": "jobs", "status": "ok"},
        {"check": "daemonsets", "status": "ok"},
    ]);
    let report = report(checks, json!([]), json!([]));
    let digest = Digest::new(&report);
    let part = |title: &str, health, text: &str| PartLine {
        title: title.to_owned(),
        health: Some(health),
        text: text.to_owned(),
    };
    assert_eq!(
        digest.parts,
        [
            part("API server", OverallHealth::Ok, "reached in 9.1 ms"),
            part("Deployments", OverallHealth::Degraded, "0 healthy, 1 unavailable"),
        ]
    );
    let extent = &digest.extent;
    assert_eq!(extent.looked_at, "3 kinds and the API server");
    assert_eq!(extent.namespaces.as_deref(), Some("objects in 1 namespace"));
    assert_eq!(
        extent.nothing_found().as_deref(),
        Some("no bare Jobs or DaemonSets found")
    );
}

#[test]
fn a_degraded_object_with_all_of_its_pods_is_a_warning() {
    let mut full = item("shop", "web", 3, json!([]));
    full["state"] = json!("degraded");
    let full = serde_json::from_value(full).expect("an item");
    assert_eq!(Severity::from_item(&full), Some(Severity::Warning));
}

#[test]
fn the_headline_counts_kinds_and_namespaces_that_were_not_seen() {
    let entry = |kind: &str, namespace: Option<&str>| {
        let place = namespace.map_or(String::new(), |name| format!(" in namespace {name}"));
        json!({
            "what": format!("{kind}{place}"), "resource": format!("{kind}.apps"), "namespace": namespace,
            "class": "forbidden", "missing": format!("apps/{kind} list"),
        })
    };
    let timeout = |kind: &str| json!({"what": kind, "resource": format!("{kind}.batch"), "class": "timeout"});
    let kinds = ["deployments", "statefulsets", "daemonsets"];
    let namespaces: Vec<String> = (0..42).map(|number| format!("team-{number:02}")).collect();
    let in_namespaces = |kinds: &[&str]| -> Vec<Value> {
        let pairs = kinds
            .iter()
            .flat_map(|kind| namespaces.iter().map(move |name| (kind, name)));
        pairs.map(|(kind, name)| entry(kind, Some(name))).collect()
    };
    let dump = json!({"what": "3 lines in dump.yaml, from line 2 on", "class": "undecodable"});
    for (entries, sentence) in [
        (in_namespaces(&kinds), "3 kinds in 42 namespaces not seen"),
        (
            in_namespaces(&kinds[..1]),
            "not seen: deployments in 42 namespaces (forbidden)",
        ),
        (
            vec![entry("deployments", None), timeout("jobs")],
            "2 kinds not seen",
        ),
        (
            [in_namespaces(&kinds), vec![timeout("jobs")]].concat(),
            "4 kinds not seen",
        ),
        (
            vec![entry("deployments", Some("shop")), dump.clone()],
            "1 kind in 1 namespace and 1 other thing not seen",
        ),
        (
            vec![
                dump.clone(),
                json!({"what": "deployment web", "class": "notFound"}),
            ],
            "2 things not seen",
        ),
    ] {
        let report = report(json!([]), Value::from(entries), json!([]));
        assert_eq!(Digest::new(&report).headline.sentences, [sentence]);
    }
}
