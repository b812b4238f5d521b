//! The items of a report fold into findings by the cause behind them.

#![allow(clippy::expect_used, reason = "a test that cannot build its item has failed")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "a literal ends where it becomes an item"
)]

use serde_json::{Value, json};
use sre_shared::report::{Acknowledged, Finding, Item, State, findings};

/// An unhealthy object. For a workload, none of its pods is ready.
fn item(identity: &str, causes: Value) -> Item {
    let mut parts = identity.split('/');
    let kind = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let (namespace, name) = match rest.as_slice() {
        [namespace, name] => (*namespace, *name),
        _ => ("", rest.concat().leak() as &str),
    };
    let value = json!({
        "kind": kind, "namespace": namespace, "name": name, "state": "unavailable", "healthy": false,
        "reason": "ReadyBelowDesired", "message": "0 of 3 ready", "since": "2026-03-02T11:00:00Z", "causes": causes,
    });
    serde_json::from_value(value).expect("an item")
}

fn cause(code: &str, message: &str, count: u32, subject: Option<&str>) -> Value {
    json!({
        "code": code, "message": message, "count": count, "subject": subject, "example": "Pod/x-1",
        "hint": "kubectl describe x", "since": "2026-03-02T11:30:00Z",
    })
}

/// `CODE subject: message, P pods of W workloads, S services [items]`
fn line(finding: &Finding) -> String {
    let items: Vec<String> = finding.items.iter().map(ToString::to_string).collect();
    format!(
        "{} {}: {}, {} pods of {} workloads, {} services [{}]",
        finding.code,
        finding.subject.as_ref().map_or("-".into(), ToString::to_string),
        finding.message,
        finding.pods,
        finding.workloads,
        finding.services,
        items.join(" ")
    )
}

fn lines(items: &[Item]) -> Vec<String> {
    findings(items).iter().map(line).collect()
}

#[test]
fn a_lost_node_is_one_finding_with_all_objects_on_it() {
    let lost = |count| {
        json!([cause(
            "NodeNotReady",
            "node n7 is not ready: Kubelet stopped posting node status.",
            count,
            Some("Node/n7")
        )])
    };
    let mut items: Vec<Item> = (1..=11)
        .map(|number| item(&format!("Deployment/shop/web-{number:02}"), lost(3)))
        .collect();
    items.push(item("DaemonSet/kube-system/proxy", lost(1)));
    items.push(item("Pod/shop/alone", lost(1)));
    items.push(item("Node/n7", json!([])));
    for number in 1..=4 {
        let empty = cause(
            "NoReadyEndpoints",
            "no endpoint",
            1,
            Some(&format!("Deployment/shop/web-{number:02}")),
        );
        items.push(item(&format!("Service/shop/web-{number:02}"), json!([empty])));
    }
    // The workload of this Service is healthy.
    let other = cause("NoReadyEndpoints", "no endpoint", 1, Some("Deployment/shop/fine"));
    items.push(item("Service/shop/other", json!([other])));
    assert_eq!(
        lines(&items),
        [
            "NodeNotReady Node/n7: node n7 is not ready: Kubelet stopped posting node status., 35 pods of 12 workloads, \
             4 services [Deployment/shop/web-01 Deployment/shop/web-02 Deployment/shop/web-03 Deployment/shop/web-04 \
             Deployment/shop/web-05]",
            "NoReadyEndpoints Deployment/shop/fine: no endpoint, 0 pods of 0 workloads, 1 services [Service/shop/other]",
        ]
    );
    let first = &findings(&items)[0];
    assert_eq!(
        (
            first.state,
            first.since.as_deref(),
            first.hint.as_deref(),
            first.example.clone()
        ),
        (
            State::Unavailable,
            Some("2026-03-02T11:00:00Z"),
            Some("kubectl describe x"),
            Some("Pod/x-1".into())
        )
    );
}

#[test]
fn a_missing_secret_is_one_finding_for_all_codes_that_it_causes() {
    let causes = |code, message| json!([cause(code, message, 2, Some("Secret/shop/db"))]);
    let items = [
        item(
            "Deployment/shop/api",
            causes("ContainerConfig", "container api: secret \"db\" not found"),
        ),
        item(
            "StatefulSet/shop/db",
            causes("VolumeMount", "secret \"db\" not found"),
        ),
    ];
    assert_eq!(
        lines(&items),
        [
            "ContainerConfig Secret/shop/db: container api: secret \"db\" not found, 4 pods of 2 workloads, 0 services \
          [Deployment/shop/api StatefulSet/shop/db]"
        ]
    );
}

#[test]
fn two_rules_of_a_namespace_are_two_findings() {
    let causes = |code| json!([cause(code, "forbidden", 1, Some("Namespace/shop"))]);
    let items = [
        item("Deployment/shop/a", causes("PodSecurity")),
        item("Deployment/shop/b", causes("LimitRange")),
        item("Deployment/shop/c", causes("LimitRange")),
    ];
    assert_eq!(
        lines(&items),
        [
            "LimitRange Namespace/shop: forbidden, 2 pods of 2 workloads, 0 services [Deployment/shop/b Deployment/shop/c]",
            "PodSecurity Namespace/shop: forbidden, 1 pods of 1 workloads, 0 services [Deployment/shop/a]",
        ]
    );
}

#[test]
fn a_webhook_that_fails_and_the_workloads_that_it_refuses_are_one_finding() {
    let refused = json!({"code": "AdmissionWebhook", "message": "denied", "count": 1, "subject": "Webhook/policy.example",
                         "example": "ReplicaSet/api-1"});
    let dead = json!({"code": "AdmissionWebhook", "message": "policy.example refuses CREATE of pods", "count": 1,
                      "subject": "Webhook/policy.example", "example": "ValidatingWebhookConfiguration/policy"});
    let items = [
        item("ValidatingWebhookConfiguration/policy", json!([dead])),
        item("Deployment/shop/api", json!([refused])),
    ];
    assert_eq!(
        lines(&items),
        [
            "AdmissionWebhook Webhook/policy.example: denied, 0 pods of 1 workloads, 0 services \
          [ValidatingWebhookConfiguration/policy Deployment/shop/api]"
        ]
    );
}

/// Workloads that crash, each with a message of its own. `shared` has the words that their causes share; the number of the
/// workload replaces `#` in them.
fn crashing(shared: Option<&str>, count: usize) -> Vec<Item> {
    let one = |number: usize| {
        let number = number.to_string();
        let mut cause = cause("CrashLoop", &format!("it ended {number} times"), 1, None);
        cause["gist"] = json!("it ended times");
        if let Some(words) = shared {
            cause["sharedWords"] = json!(words.replace('#', &number));
        }
        item(&format!("Deployment/shop/web-{number}"), json!([cause]))
    };
    (1..=count).map(one).collect()
}

#[test]
fn more_than_three_workloads_that_share_words_are_one_finding() {
    let count = |count| findings(&crashing(Some("lost lease"), count)).len();
    assert_eq!((count(3), count(4)), (3, 1));
    assert_eq!(
        line(&findings(&crashing(Some("lost lease"), 4))[0]),
        "CrashLoop -: it ended 1 times, 4 pods of 4 workloads, 0 services \
         [Deployment/shop/web-1 Deployment/shop/web-2 Deployment/shop/web-3 Deployment/shop/web-4]"
    );
}

#[test]
fn workloads_without_shared_words_are_separate_findings() {
    for shared in [None, Some("cannot open port 808#")] {
        assert_eq!(findings(&crashing(shared, 6)).len(), 6, "{shared:?}");
    }
    // Causes with different codes are different causes.
    let mut items = crashing(Some("lost lease"), 8);
    for item in items.iter_mut().take(4) {
        item.causes[0].code = "OutOfMemory".into();
    }
    assert_eq!(findings(&items).len(), 2);
}

#[test]
fn a_message_in_other_words_changes_no_finding() {
    let items = |words: &str| {
        let mut items = crashing(Some("lost lease"), 4);
        for (number, item) in items.iter_mut().enumerate() {
            item.causes[0].message = words.replace('#', &number.to_string());
        }
        items
    };
    for words in [
        "",
        "it failed",
        "container app exited # (# restarts)",
        "#: a scheduler",
    ] {
        assert_eq!(findings(&items(words)).len(), 1, "{words}");
    }
}

#[test]
fn causes_from_an_agent_without_shared_words_are_one_only_if_their_messages_are_equal() {
    let older = |message: fn(usize) -> String| {
        let one = |number| {
            let causes = json!([cause("Unschedulable", &message(number), 1, None)]);
            item(&format!("Deployment/shop/web-{number}"), causes)
        };
        findings(&(1..=4).map(one).collect::<Vec<_>>()).len()
    };
    assert_eq!(older(|_| "0/5 nodes are available".to_owned()), 1);
    assert_eq!(older(|number| format!("0/{number} nodes are available")), 4);
}

#[test]
fn a_crash_has_the_time_of_its_beginning_and_of_its_last_occurrence() {
    let mut items = crashing(None, 1);
    let first = &mut items[0];
    first.since = Some("2026-03-02T11:20:00Z".into());
    first.causes[0].since = Some("2026-03-02T11:10:00Z".into());
    first.causes[0].last = Some("2026-03-02T11:59:00Z".into());
    let found = &findings(&items)[0];
    assert_eq!(
        (found.since.as_deref(), found.last.as_deref()),
        (Some("2026-03-02T11:10:00Z"), Some("2026-03-02T11:59:00Z"))
    );
}

#[test]
fn a_consequence_of_another_cause_is_no_finding() {
    let late = cause("ProgressDeadlineExceeded", "timed out", 1, None);
    let crash = cause("CrashLoop", "container app exited 1", 1, None);
    assert_eq!(
        findings(&[item("Deployment/shop/a", json!([crash, late]))]).len(),
        1
    );
    assert_eq!(
        findings(&[item("Deployment/shop/a", json!([late]))])[0].code,
        "ProgressDeadlineExceeded"
    );
}

#[test]
fn only_an_open_item_with_a_cause_is_a_finding() {
    let crash = json!([cause("CrashLoop", "container app exited 1", 1, None)]);
    let broken = item("Deployment/shop/a", crash);
    let known = Item {
        acknowledged: Some(Acknowledged::default()),
        ..broken.clone()
    };
    let in_state = |state| Item {
        state,
        ..broken.clone()
    };
    assert_eq!(findings(&[known]), []);
    for state in [
        State::Healthy,
        State::Unknown,
        State::Terminating,
        State::Suspended,
    ] {
        assert_eq!(findings(&[in_state(state)]), [], "{state:?}");
    }
    assert_eq!(
        findings(&[in_state(State::Progressing)])[0].state,
        State::Progressing
    );
    // A workload without a known cause is no finding. A node is one by itself.
    assert_eq!(findings(&[item("Deployment/shop/a", json!([]))]), []);
    assert_eq!(
        lines(&[item("Node/n7", json!([]))]),
        ["ReadyBelowDesired Node/n7: 0 of 3 ready, 0 pods of 0 workloads, 0 services []"]
    );
}

#[test]
fn the_worst_and_widest_comes_first() {
    let crash = |name: &str, state, count| Item {
        state,
        ..item(
            name,
            json!([cause(
                "CrashLoop",
                &format!("container {name} exited 1"),
                count,
                None
            )]),
        )
    };
    let items = [
        crash("Deployment/shop/a", State::Progressing, 9),
        crash("Deployment/shop/b", State::Degraded, 1),
        crash("Deployment/shop/c", State::Unavailable, 1),
        crash("Deployment/shop/d", State::Unavailable, 2),
    ];
    let order = findings(&items).into_iter().flat_map(|f| f.items);
    let order: Vec<String> = order.map(|item| item.to_string()).collect();
    assert_eq!(
        order,
        ["d", "c", "b", "a"].map(|name| format!("Deployment/shop/{name}"))
    );
}

#[test]
fn a_cause_that_names_a_pod_belongs_to_the_workload_of_the_pod() {
    let crash = json!([cause("CrashLoop", "container app exited 1", 2, None)]);
    for (workload, pod) in [
        ("Deployment/shop/web-app", "web-app-7d9c8f5b6-x2k4l"),
        ("StatefulSet/shop/db", "db-0"),
        ("DaemonSet/shop/proxy", "proxy-x2k4l"),
        ("Pod/shop/alone", "alone"),
    ] {
        let empty = json!([cause(
            "NoReadyEndpoints",
            "no endpoint",
            1,
            Some(&format!("Pod/shop/{pod}"))
        )]);
        let items = [
            item(workload, crash.clone()),
            item("Service/shop/any", empty.clone()),
        ];
        let found = findings(&items);
        assert_eq!((found.len(), found[0].services), (1, 1), "{workload}");
        // A healthy workload is not behind it, and neither is one in another namespace.
        let items = [
            item("Deployment/bank/web-app", crash.clone()),
            item("Service/shop/any", empty),
        ];
        assert_eq!(findings(&items).len(), 2, "{workload}");
    }
}

#[test]
fn a_service_belongs_to_the_finding_of_its_own_workload() {
    let crash = json!([cause("CrashLoop", "container app exited 1", 2, None)]);
    let empty = |workload| json!([cause("NoReadyEndpoints", "no endpoint", 1, Some(workload))]);
    let items = [
        item("Deployment/shop/a", crash.clone()),
        item("Deployment/shop/b", crash),
        item("Service/shop/a", empty("Deployment/shop/a")),
        item("Service/shop/a-headless", empty("Deployment/shop/a")),
    ];
    assert_eq!(
        lines(&items),
        [
            "CrashLoop -: container app exited 1, 2 pods of 1 workloads, 2 services [Deployment/shop/a Service/shop/a \
             Service/shop/a-headless]",
            "CrashLoop -: container app exited 1, 2 pods of 1 workloads, 0 services [Deployment/shop/b]",
        ]
    );
}
