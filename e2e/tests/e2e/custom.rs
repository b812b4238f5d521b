//! Custom resources, whose kinds are known only to a real API server with their definition.

use serde_json::{Value, json};
use sre_e2e::deadline::until;
use sre_e2e::report::{list, verdict, word};
use sre_e2e::{Cluster, Namespace, Report};
use std::time::Duration;

/// A definition is served within this time.
const SERVED: Duration = Duration::from_secs(30);

fn definition(plural: &str, kind: &str, scope: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.e2e.example")},
        "spec": {
            "group": "e2e.example", "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
            }]
        }
    })
}

/// A name, and state, healthy and reason.
type NamedVerdict<'a> = (&'a str, (&'a str, Option<bool>, &'a str));

/// The verdicts about the objects of a kind.
fn verdicts<'a>(check: &str, report: &'a Report) -> Vec<NamedVerdict<'a>> {
    let items = list(&report.check(check)["items"]).iter();
    items.map(|item| (word(&item["name"]), verdict(item))).collect()
}

#[test]
fn custom_resources_are_judged_by_their_conditions_live_and_from_a_dump() {
    let cluster = Cluster::bare("custom");
    let ns = Namespace::new_in(&cluster, "custom");
    ns.kubectl()
        .create(&definition("widgets", "Widget", "Namespaced"));
    ns.kubectl().create(&definition("fleets", "Fleet", "Cluster"));
    let served = |plural: &str| {
        until("the definition is served", SERVED, || {
            let tried = ns.kubectl().run(&["get", &format!("{plural}.e2e.example")], None);
            if tried.code == Some(0) { Ok(()) } else { Err(tried) }
        });
    };
    served("widgets");
    served("fleets");
    let plugin = cluster.plugin();
    let all = format!("widgets.e2e.example -n {}", ns.name());

    let none = plugin.run(&format!("health widgets.e2e.example -n {}", ns.name()));
    assert!(
        none.code == Some(0) && none.stdout.contains("no widgets.e2e.example found"),
        "{none}"
    );

    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "Told", "message": "so it is", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let widgets = [
        (
            "good",
            json!({"observedGeneration": 1, "conditions": [condition("Ready", "True")]}),
        ),
        ("bad", json!({"conditions": [condition("Ready", "False")]})),
        ("stalled", json!({"conditions": [condition("Stalled", "True")]})),
        (
            "stale",
            json!({"observedGeneration": 0, "conditions": [condition("Ready", "True")]}),
        ),
        ("mute", json!({})),
        ("silent", json!({"phase": "Fine"})),
    ];
    for (name, status) in &widgets {
        ns.kubectl().create(&json!({
            "apiVersion": "e2e.example/v1", "kind": "Widget",
            "metadata": {"namespace": ns.name(), "name": name}, "spec": {"size": 1}
        }));
        ns.set_status(&format!("widgets.e2e.example/{name}"), status);
    }
    let (code, live) = plugin.health(&all);
    assert_eq!((code, live.status()), (2, "degraded"));
    let live_verdicts = verdicts("widgets.e2e.example", &live);
    assert_eq!(
        live_verdicts,
        [
            ("bad", ("degraded", Some(false), "ConditionNotMet")),
            ("good", ("healthy", Some(true), "Ready")),
            // Its controller has a minute to write a status.
            ("mute", ("progressing", Some(false), "NotObserved")),
            // Its status does not say whether it is healthy.
            ("silent", ("unknown", Some(false), "NoConditions")),
            ("stale", ("progressing", Some(false), "NotObserved")),
            ("stalled", ("degraded", Some(false), "Stalled")),
        ]
    );

    let dump = ns.run(&[
        "get",
        "widgets.e2e.example",
        "-o",
        "json",
        "--show-managed-fields",
    ]);
    let line = format!(
        "health -f - widgets.e2e.example -o json --at {}",
        word(&live.0["observedAt"])
    );
    let dumped = plugin.judge(&line, Some(dump)).expect_code(2);
    let dumped = Report::parse(&dumped.stdout).expect("a report");
    assert_eq!(verdicts("widgets.e2e.example", &dumped), live_verdicts);

    // One object by name; one in no namespace; an object, a kind and a group that do not exist.
    let one = format!("widgets.e2e.example/good -n {}", ns.name());
    assert_eq!(plugin.health(&one).0, 0);
    ns.kubectl().create(
        &json!({"apiVersion": "e2e.example/v1", "kind": "Fleet", "metadata": {"name": "east"},
        "spec": {}}),
    );
    ns.set_status(
        "fleets.e2e.example/east",
        &json!({"conditions": [condition("Ready", "True")]}),
    );
    let (code, fleets) = plugin.health("fleets.e2e.example");
    assert_eq!(
        (code, verdicts("fleets.e2e.example", &fleets)),
        (0, vec![("east", ("healthy", Some(true), "Ready"))])
    );
    for (target, why) in [
        ("widgets.e2e.example/typo", "typo"),
        ("gadgets.e2e.example", "did you mean widgets.e2e.example?"),
        ("widgets.nosuch.example", "serves no group nosuch.example"),
    ] {
        let run = plugin
            .run(&format!("health {target} -n {}", ns.name()))
            .expect_code(3);
        assert!(run.stdout.contains(why), "{target}: {run}");
    }
}
