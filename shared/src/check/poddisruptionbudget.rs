//! Whether as many pods are healthy as a PodDisruptionBudget asks for.
//!
//! By the counts of the disruption controller (`pkg/controller/disruption` in kubernetes/kubernetes). A budget breaks
//! nothing: the workload falls short, and is judged by itself. So it is a warning if fewer pods are healthy than
//! wanted, and a note if the budget allows no disruption: a drain waits then. If the controller cannot compute the
//! budget, it says so: `DisruptionAllowed` is False with `SyncFailed`. Then no pod may be evicted, and the counts and
//! the observed generation stay as they were: that is degraded. Pods of a controller without a scale count for nothing
//! (`getExpectedScale`). A budget that expects no pod lets none of them be evicted: a warning.
//!
//! `pkg/registry/core/pod/storage/eviction.go` decides about an eviction. A pod that has begun and is not ready may be
//! evicted as long as enough others are healthy, and always with `unhealthyPodEvictionPolicy: AlwaysAllow`. A pod that
//! two budgets select is never evicted: the answer is an error 500. Such a pod is searched for only among budgets whose
//! selectors do not exclude each other, in the pods of the namespace, else in the templates of its workloads. Two equal
//! selectors that expect pods need no such proof.

use super::lifecycle::{self, Preliminaries};
use super::related::budgets::BudgetFacts;
use super::related::pods::PodStage;
use super::related::{RelatedKind, RelatedNeed, RelatedObjects, workloads};
use super::verdict::Verdict;
use super::{Check, Evidence};
use crate::kind::{JudgedKind, KindInfo};
use crate::report::{Code, Item, Notes, State};
use crate::resource::{Condition as _, PodDisruptionBudget, PodDisruptionBudgetStatus, Resource as _};

/// How many other budgets over the same pods are named.
const NAMED: usize = 3;

impl JudgedKind for PodDisruptionBudget {
    const INFO: KindInfo = KindInfo {
        short_names: &["pdb"],
        ..KindInfo::new("poddisruptionbudget", "PodDisruptionBudgets")
    };
}

impl Check for PodDisruptionBudget {
    const RELATED_KINDS: &'static [RelatedKind] = &[
        RelatedKind::PodDisruptionBudgets,
        RelatedKind::Pods,
        RelatedKind::Deployments,
        RelatedKind::StatefulSets,
        RelatedKind::DaemonSets,
        RelatedKind::ReplicaSets,
        RelatedKind::ReplicationControllers,
    ];

    fn related_needs(&self, known: &RelatedObjects) -> Vec<RelatedNeed> {
        let meta = self.meta();
        let namespace = meta.namespace.as_str();
        if self.selector().is_none() || meta.deletion_timestamp.is_some() {
            return Vec::new();
        }
        if !known.is_asked(RelatedKind::PodDisruptionBudgets, namespace) {
            return vec![(RelatedKind::PodDisruptionBudgets, namespace.to_owned())];
        }
        if !rivals(self, known).any(|rival| !is_sure(self, rival)) {
            return Vec::new();
        }
        match known.pods(namespace) {
            Some(_) => Vec::new(),
            None if known.is_asked(RelatedKind::Pods, namespace) => workloads::workload_needs(namespace),
            None => vec![(RelatedKind::Pods, namespace.to_owned())],
        }
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let (mut notes, mut warnings) = (Notes::default(), Vec::new());
        let shared = match evidence.related {
            Some(known) if self.meta().deletion_timestamp.is_none() => SharedPods::find(self, known),
            _ => SharedPods::default(),
        };
        let verdict = verdict(self, evidence, &shared, &mut notes, &mut warnings);
        if !matches!(verdict.state, State::Unknown | State::Terminating) {
            warnings.extend(shared.warning());
            if shared.not_seen {
                notes.push("whether another budget selects its pods was not seen".to_owned());
            }
        }
        Item {
            notes,
            warnings,
            ..verdict.item(self)
        }
    }
}

fn verdict(
    budget: &PodDisruptionBudget,
    evidence: &Evidence<'_>,
    shared: &SharedPods<'_>,
    notes: &mut Notes,
    warnings: &mut Vec<String>,
) -> Verdict {
    let meta = budget.meta();
    let status = budget.status.clone().unwrap_or_default();
    let count = |n: Option<i32>| i64::from(n.unwrap_or(0));
    let numbers = [
        ("status.disruptionsAllowed", status.disruptions_allowed),
        ("status.currentHealthy", status.current_healthy),
        ("status.desiredHealthy", status.desired_healthy),
        ("status.expectedPods", status.expected_pods),
    ]
    .map(|(name, n)| (name, n.map(i64::from)));
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: status != PodDisruptionBudgetStatus::default(),
        has_generation: false,
        malformed: lifecycle::find_negative(&numbers),
    };
    if let Some(verdict) = preliminaries.verdict(notes) {
        return verdict;
    }
    let failed = status
        .conditions
        .iter()
        .find(|c| c.kind == "DisruptionAllowed" && c.is_false() && c.reason == "SyncFailed");
    if let Some(failed) = failed {
        return Verdict::degraded(Code::SyncFailed, failed.words()).since(failed.last_transition_time);
    }
    let observed = status.observed_generation.filter(|o| *o != 0);
    if let Some(verdict) = lifecycle::unobserved_verdict(meta, observed, State::Degraded, evidence) {
        return verdict;
    }
    let (healthy, desired) = (count(status.current_healthy), count(status.desired_healthy));
    let (allowed, expected) = (count(status.disruptions_allowed), count(status.expected_pods));
    if expected == 0 && healthy > 0 {
        warnings.push(format!(
            "its {} of no controller that can be asked how many there should be: none may be evicted, a drain waits",
            count_text(healthy, "pod is", "pods are")
        ));
        return Verdict::healthy(Code::UnmanagedPods, format!("{healthy} healthy, 0 expected"));
    }
    if expected == 0 {
        return Verdict::healthy(Code::NoPods, "it expects no pods");
    }
    let always = budget.always_lets_unready_pods_go();
    let counts = format!("{healthy} healthy, {desired} wanted");
    if !shared.with.is_empty() {
        return Verdict::healthy(Code::BudgetsOverlap, counts);
    }
    if healthy < desired {
        let which = if always {
            "only those that are not ready may be evicted, a drain of the others waits"
        } else {
            "none may be evicted, a drain waits"
        };
        warnings.push(format!("{healthy} of {desired} wanted pods are healthy: {which}"));
        let message = if always {
            format!("{counts}, those that are not ready may be evicted")
        } else {
            format!("{counts}, {allowed} may be evicted")
        };
        return Verdict::healthy(Code::BelowDesiredHealthy, message);
    }
    if allowed == 0 {
        let wait = if desired >= expected {
            "all of them are wanted, so a drain waits until the budget or their number is changed"
        } else {
            "a drain waits"
        };
        notes.push(format!("no pod that is ready may be evicted, {wait}"));
        let message = if always {
            format!("{counts}, those that are not ready may be evicted")
        } else {
            format!("{counts}, 0 may be evicted")
        };
        return Verdict::healthy(Code::NoDisruptionAllowed, message);
    }
    Verdict::healthy(
        Code::DisruptionAllowed,
        format!("{counts}, {allowed} may be evicted"),
    )
}

fn count_text(count: i64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

/// Other budgets of the namespace that may select a pod of this one.
fn rivals<'a>(
    budget: &'a PodDisruptionBudget,
    known: &'a RelatedObjects,
) -> impl Iterator<Item = &'a BudgetFacts> + 'a {
    let meta = budget.meta();
    let others = known.budgets(&meta.namespace).iter();
    others.filter(move |other| {
        other.name != meta.name
            && budget
                .selector()
                .is_some_and(|own| !own.excludes(&other.selector))
    })
}

/// Whether two budgets certainly share their pods: they select the same, and the controller found some.
fn is_sure(budget: &PodDisruptionBudget, rival: &BudgetFacts) -> bool {
    let expected = budget.status.as_ref().and_then(|s| s.expected_pods);
    budget.selector() == Some(&rival.selector) && expected.unwrap_or(0) > 0 && rival.expects_pods
}

/// The pods of a budget that other budgets select too.
#[derive(Default)]
struct SharedPods<'a> {
    /// The names of the others.
    with: Vec<&'a str>,
    /// A workload with such a pod, or such a pod.
    example: Option<String>,
    /// Whether there may be more of them.
    not_seen: bool,
}

impl<'a> SharedPods<'a> {
    /// Looks for pods that this budget and another one select.
    fn find(budget: &'a PodDisruptionBudget, known: &'a RelatedObjects) -> Self {
        let mut shared = Self::default();
        let Some(own) = budget.selector() else {
            return shared;
        };
        let namespace = budget.meta().namespace.as_str();
        shared.not_seen = !known.has_seen_budgets(namespace);
        for rival in rivals(budget, known) {
            let match_both = |labels: &std::collections::BTreeMap<String, String>| {
                own.matches(labels) && rival.selector.matches(labels)
            };
            let example = match known.pods(namespace) {
                Some(pods) => {
                    let pod = pods
                        .iter()
                        .find(|pod| pod.stage == PodStage::Active && match_both(&pod.labels));
                    pod.map(|pod| format!("Pod {}", pod.name))
                }
                None => known.workload(namespace, match_both),
            };
            if example.is_some() || is_sure(budget, rival) {
                shared.with.push(&rival.name);
                shared.example = shared.example.or(example);
            } else if known.pods(namespace).is_none() {
                shared.not_seen = true;
            }
        }
        shared
    }

    fn warning(&self) -> Option<String> {
        let left = self.with.len().saturating_sub(NAMED);
        let named: Vec<&str> = self.with.iter().take(NAMED).copied().collect();
        let more = match left {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let example = match &self.example {
            Some(example) => format!(", such as {example}"),
            None => String::new(),
        };
        let named = named.join(", ");
        let who = match self.with.len() {
            0 => return None,
            1 => format!("PodDisruptionBudget {named} selects"),
            _ => format!("PodDisruptionBudgets {named}{more} select"),
        };
        Some(format!(
            "{who} the same pods{example}: each eviction of them fails, a drain waits for ever"
        ))
    }
}
