//! One report about all objects of the manifests, from the reports about each namespace.

use super::plan::ManifestPlan;
use super::presence::{self, Presence};
use crate::check::{Expectation, set_present_if_silent};
use crate::follow::WaitTarget;
use crate::report::{
    CheckResult, Item, KindCheck, ManifestCoverage, Namespaces, Report, Source, State, Status,
};
use crate::resource::Time;

/// Puts the reports together, with the objects that were only looked for. In it, each object that is there has an item.
pub(super) fn whole_report(
    plan: &ManifestPlan,
    reports: Vec<Report>,
    found: &[Presence],
    source: Source,
    time: Time,
) -> Report {
    let mut report = Report::merge(reports).unwrap_or_else(|| Report::new(source, time.to_string()));
    let (checks, not_seen) = presence::checks(&plan.present, found);
    report.checks.extend(checks.into_iter().map(CheckResult::Kind));
    for check in &mut report.checks {
        if let CheckResult::Kind(kind) = check {
            judge_by_manifest(kind, plan.targets());
        }
    }
    let coverage = &mut report.coverage;
    coverage.not_seen.extend(not_seen);
    coverage.objects.clone_from(&plan.names);
    coverage.namespaces = match plan.namespaces.as_slice() {
        [] => Namespaces::default(),
        some => Namespaces::These(some.to_vec()),
    };
    coverage.manifest = Some(ManifestCoverage {
        not_checked: plan.not_checked.clone(),
        ..ManifestCoverage::default()
    });
    report.settle();
    report
}

/// Replaces verdicts by what only the manifests know: which object, and which version of it, is meant, and that an object
/// which reports nothing about itself need only be there.
fn judge_by_manifest(kind: &mut KindCheck, targets: &[WaitTarget]) {
    let had_unknown = kind.items.iter().any(|item| item.state == State::Unknown);
    let is_whole = kind.status != Status::Unknown || had_unknown;
    let mut has_changed = false;
    for item in &mut kind.items {
        let (state, was_acknowledged) = (item.state, item.acknowledged.is_some());
        set_present_if_silent(item);
        let mut exact = targets
            .iter()
            .filter(|target| target.uid.is_some() || target.generation.is_some());
        if let Some(target) =
            exact.find(|target| target.takes(&kind.check, &item.kind, &item.namespace, &item.name))
        {
            let expectation = Expectation {
                uid: target.uid.clone(),
                generation: target.generation,
            };
            expectation.judge(item);
        }
        if item.state == state {
            continue;
        }
        has_changed = true;
        if was_acknowledged {
            kind.summary.unacknowledge(state);
        }
        kind.summary.uncount(state);
        kind.summary.count(item.state);
        if item.acknowledged.is_some() {
            kind.summary.acknowledge(item.state);
        }
    }
    if has_changed {
        let floor = if is_whole { Status::Ok } else { Status::Unknown };
        let statuses = kind.items.iter().map(Item::status);
        kind.status = statuses.fold(floor, Status::worst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::report::{Code, Item, ObjectRef};

    fn item(kind: &str, name: &str, state: State, reason: Code) -> Item {
        Item {
            uid: Some(format!("uid-of-{name}")),
            generation: Some(2),
            healthy: (state != State::Unknown).then_some(state == State::Healthy),
            ..Item::new(
                ObjectRef::namespaced(kind, "shop", name),
                state,
                reason,
                String::new(),
            )
        }
    }

    fn expecting(name: &str, uid: Option<&str>, generation: Option<i64>) -> WaitTarget {
        WaitTarget {
            uid: uid.map(str::to_owned),
            generation,
            ..WaitTarget::named(Kind::Deployment, Some("shop"), name)
        }
    }

    #[test]
    fn a_verdict_about_another_object_or_an_older_spec_does_not_count() {
        let healthy = |name: &str| item("Deployment", name, State::Healthy, Code::Ready);
        let items = ["same", "other", "old"].map(healthy).to_vec();
        let mut kind = KindCheck::of("deployments", items, true);
        let targets = [
            expecting("same", Some("uid-of-same"), Some(2)),
            expecting("other", Some("another"), None),
            expecting("old", None, Some(3)),
        ];
        judge_by_manifest(&mut kind, &targets);
        let states: Vec<_> = kind
            .items
            .iter()
            .map(|item| (item.name.as_str(), item.state, item.reason.as_str()))
            .collect();
        assert_eq!(
            states,
            [
                ("old", State::Progressing, "NotObserved"),
                ("other", State::Unavailable, "Replaced"),
                ("same", State::Healthy, "Ready"),
            ]
        );
        let summary = kind.summary;
        assert_eq!(
            (
                summary.total,
                summary.healthy,
                summary.progressing,
                summary.unavailable
            ),
            (3, 1, 1, 1)
        );
        assert_eq!(kind.status, Status::Degraded);
    }

    #[test]
    fn an_object_that_reports_nothing_is_there_and_makes_nothing_unknown() {
        let silent = item("Monitor", "web", State::Unknown, Code::NoConditions);
        let status = |all_seen: bool| {
            let mut kind = KindCheck::of("monitors.example.com", vec![silent.clone()], all_seen);
            judge_by_manifest(&mut kind, &[]);
            (kind.status, kind.items[0].reason.clone())
        };
        assert_eq!(status(true), (Status::Ok, Code::Present));
    }
}
