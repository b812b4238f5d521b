//! How many pods a budget lets go, and budgets that select the same pods.

use crate::*;
use sre_shared::resource::PodDisruptionBudget;

/// `[expected, healthy, wanted, allowed]` of the status.
fn pdb(counts: [i64; 4], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        ("/metadata/generation", json!(1)),
        ("/status/observedGeneration", json!(1)),
        ("/status/expectedPods", json!(counts[0])),
        ("/status/currentHealthy", json!(counts[1])),
        ("/status/desiredHealthy", json!(counts[2])),
        ("/status/disruptionsAllowed", json!(counts[3])),
    ];
    fields.extend_from_slice(more);
    object("shop", "web", &fields)
}

#[test]
fn every_budget_gets_its_state() {
    let failed = (
        "/status/conditions",
        json!([condition(
            "DisruptionAllowed",
            "False",
            "SyncFailed",
            "found no controllers for pod \"web-1\""
        )]),
    );
    let enough = (
        "/status/conditions",
        json!([condition("DisruptionAllowed", "False", "InsufficientPods", "")]),
    );
    let always = ("/spec/unhealthyPodEvictionPolicy", json!("AlwaysAllow"));
    let stale = ("/metadata/generation", json!(2));
    assert_rows::<PodDisruptionBudget>(&[
        row(
            "room",
            pdb([3, 3, 2, 1], &[]),
            HEALTHY,
            "DisruptionAllowed",
            "3 healthy, 2 wanted, 1 may be evicted",
        ),
        row(
            "at its limit",
            pdb([2, 2, 2, 0], &[enough.clone()]),
            HEALTHY,
            "NoDisruptionAllowed",
            "2 healthy, 2 wanted, 0 may be evicted",
        )
        .notes(&[
            "no pod that is ready may be evicted, all of them are wanted, so a drain waits until the budget or their number is changed",
        ]),
        row(
            "below it",
            pdb([3, 1, 2, 0], &[enough]),
            HEALTHY,
            "BelowDesiredHealthy",
            "1 healthy, 2 wanted, 0 may be evicted",
        )
        .warns(&["1 of 2 wanted pods are healthy: none may be evicted, a drain waits"]),
        row(
            "none healthy",
            pdb([3, 0, 2, 0], &[]),
            HEALTHY,
            "BelowDesiredHealthy",
            "0 healthy, 2 wanted, 0 may be evicted",
        )
        .warns(&["0 of 2 wanted pods are healthy: none may be evicted, a drain waits"]),
        row(
            "at its limit, and there are more pods",
            pdb([3, 2, 2, 0], &[]),
            HEALTHY,
            "NoDisruptionAllowed",
            "2 healthy, 2 wanted, 0 may be evicted",
        )
        .notes(&["no pod that is ready may be evicted, a drain waits"]),
        row(
            "below it, and pods that are not ready may go",
            pdb([3, 1, 2, 0], &[always.clone()]),
            HEALTHY,
            "BelowDesiredHealthy",
            "1 healthy, 2 wanted, those that are not ready may be evicted",
        )
        .warns(&[
            "1 of 2 wanted pods are healthy: only those that are not ready may be evicted, a drain of the others waits",
        ]),
        row(
            "at its limit, and pods that are not ready may go",
            pdb([3, 2, 2, 0], &[always]),
            HEALTHY,
            "NoDisruptionAllowed",
            "2 healthy, 2 wanted, those that are not ready may be evicted",
        )
        .notes(&["no pod that is ready may be evicted, a drain waits"]),
        row(
            "of pods without a controller",
            pdb([0, 3, 0, 0], &[]),
            HEALTHY,
            "UnmanagedPods",
            "3 healthy, 0 expected",
        )
        .warns(&[
            "its 3 pods are of no controller that can be asked how many there should be: none may be evicted, a drain waits",
        ]),
        row(
            "of no pod",
            pdb([0, 0, 0, 0], &[]),
            HEALTHY,
            "NoPods",
            "it expects no pods",
        ),
        row(
            "of a workload scaled to zero",
            pdb([0, 0, 2, 0], &[]),
            HEALTHY,
            "NoPods",
            "it expects no pods",
        ),
        row(
            "not worked out",
            pdb([0, 0, 0, 0], &[failed.clone()]),
            DEGRADED,
            "SyncFailed",
            "SyncFailed: found no controllers for pod \"web-1\"",
        ),
        row(
            "not worked out and never observed",
            pdb(
                [0, 0, 0, 0],
                &[failed, ("/status/observedGeneration", json!(null))],
            ),
            DEGRADED,
            "SyncFailed",
            "SyncFailed: found no controllers for pod \"web-1\"",
        ),
        row(
            "a newer spec",
            pdb([3, 1, 2, 0], &[stale]),
            PROGRESSING,
            "NotObserved",
            "its controller has not seen generation 2 yet (observed: 1)",
        ),
        row(
            "never observed",
            pdb([0, 0, 0, 0], &[("/status", json!({"disruptionsAllowed": 0}))]),
            DEGRADED,
            "ControllerNotObserving",
            "its controller does not act: generation 1 is not observed (observed: none yet)",
        ),
        row(
            "negative",
            pdb([3, -1, 2, 0], &[]),
            UNKNOWN,
            "Malformed",
            "malformed: status.currentHealthy is -1",
        ),
        row(
            "being deleted",
            pdb([3, 1, 2, 0], &[deleting()]),
            TERMINATING,
            "Deleting",
            "being deleted",
        ),
        row(
            "a manifest",
            json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"minAvailable": 2}}),
            UNKNOWN,
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        ),
    ]);
}

fn named(name: &str, selector: Value, expected: i64) -> Value {
    pdb(
        [expected, expected, 1.min(expected), (expected - 1).max(0)],
        &[("/metadata/name", json!(name)), ("/spec/selector", selector)],
    )
}

fn labelled(name: &str, labels: Value) -> Value {
    object(
        "shop",
        name,
        &[("/metadata/labels", labels), ("/status/phase", json!("Running"))],
    )
}

fn app(name: &str) -> Value {
    json!({"matchLabels": {"app": name}})
}

/// The number of needs of that budget once the budgets are known, and its reason, message, notes and warnings.
fn beside(
    budget: &Value,
    others: &[Value],
    pods: Option<&[Value]>,
    deployments: &[Value],
) -> (usize, Vec<String>) {
    let mut known = RelatedObjects::default();
    add_related(&mut known, RelatedKind::PodDisruptionBudgets, others);
    let wanted = view::<PodDisruptionBudget>(budget).related_needs(&known).len();
    match pods {
        Some(pods) => add_related(&mut known, RelatedKind::Pods, pods),
        None => known.mark_unread(RelatedKind::Pods, None),
    }
    add_related(&mut known, RelatedKind::Deployments, deployments);
    let item = judge_with_related::<PodDisruptionBudget>(&known, budget);
    let lines = [item.reason.to_string(), item.message].into_iter();
    (
        wanted,
        lines
            .chain(item.notes.texts().into_iter().map(str::to_owned))
            .chain(item.warnings)
            .collect(),
    )
}

#[test]
fn two_budgets_over_the_same_pods_let_none_of_them_be_evicted() {
    let (a, b) = (named("a", app("web"), 3), named("b", app("web"), 3));
    let tier = named("tier", json!({"matchLabels": {"tier": "front"}}), 3);
    let all = named("all", json!({}), 3);
    let own = json!({"app": "web", "tier": "front"});
    let pods = [
        labelled("web-1", own.clone()),
        labelled("db-1", json!({"app": "db"})),
    ];
    let overlap = |others: &str| {
        vec![
            "BudgetsOverlap".to_owned(),
            "3 healthy, 1 wanted".to_owned(),
            format!("{others}: each eviction of them fails, a drain waits for ever"),
        ]
    };
    let fine = |more: &[&str]| {
        let lines = ["DisruptionAllowed", "3 healthy, 1 wanted, 2 may be evicted"];
        lines
            .iter()
            .chain(more)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    // Two budgets with the same selector expect pods: nothing else is needed.
    assert_eq!(
        beside(&a, &[a.clone(), b.clone()], None, &[]),
        (0, overlap("PodDisruptionBudget b selects the same pods"))
    );
    assert_eq!(
        beside(&a, &[a.clone(), tier.clone()], Some(&pods), &[]),
        (
            1,
            overlap("PodDisruptionBudget tier selects the same pods, such as Pod web-1")
        )
    );
    assert_eq!(
        beside(&a, &[b, tier.clone(), all], Some(&pods), &[]),
        (
            1,
            overlap("PodDisruptionBudgets b, tier, all select the same pods, such as Pod web-1")
        )
    );
    // Both selectors could select one pod, and no pod has both labels.
    let apart = [
        labelled("web-1", json!({"app": "web"})),
        labelled("x-1", json!({"tier": "front"})),
    ];
    assert_eq!(
        beside(&a, &[a.clone(), tier.clone()], Some(&apart), &[]),
        (1, fine(&[]))
    );
    // No pod can match both selectors.
    assert_eq!(
        beside(&a, &[a.clone(), named("c", app("db"), 3)], None, &[]),
        (0, fine(&[]))
    );
    // If pods are not seen, the templates of workloads show which pods there may be.
    let workload = object(
        "shop",
        "web",
        &[
            ("/spec/replicas", json!(3)),
            ("/spec/template/metadata/labels", own),
        ],
    );
    assert_eq!(
        beside(&a, &[a.clone(), tier.clone()], None, &[workload]),
        (
            1,
            overlap("PodDisruptionBudget tier selects the same pods, such as Deployment web")
        )
    );
    assert_eq!(
        beside(&a, &[a.clone(), tier.clone()], None, &[]),
        (1, fine(&["whether another budget selects its pods was not seen"]))
    );
    // A budget that is being deleted, one that selects nothing, and one of another namespace do not count.
    let mut leaving = tier.clone();
    set(&mut leaving, deleting().0, deleting().1);
    let mut nothing = tier.clone();
    set(&mut nothing, "/spec/selector", json!(null));
    let mut elsewhere = tier;
    set(&mut elsewhere, "/metadata/namespace", json!("other"));
    assert_eq!(
        beside(&a, &[a.clone(), leaving, nothing, elsewhere], Some(&pods), &[]),
        (0, fine(&[]))
    );
}
