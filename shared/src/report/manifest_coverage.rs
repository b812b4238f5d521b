//! The objects of manifests that have no verdict: those that are there, and those that were not looked for.

use super::{CheckResult, Code, KindCheck, Report};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The objects of manifests that have no verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ManifestCoverage {
    /// How many objects are there, by the plural of their kind: `configmaps`. Nothing says whether they are well.
    pub present: BTreeMap<String, u64>,
    /// How many objects were not looked for, and what each is: `Secret`, `Helm hook`.
    pub not_checked: BTreeMap<String, u64>,
}

impl Report {
    /// Counts the objects that are there and have no verdict under [`ManifestCoverage::present`], and takes them out of the
    /// checks. A check without any other object is removed.
    pub fn set_present_aside(&mut self) {
        let mut present: BTreeMap<String, u64> = BTreeMap::new();
        let mut emptied: Vec<String> = Vec::new();
        for check in &mut self.checks {
            let CheckResult::Kind(kind) = check else { continue };
            let count = take_present(kind);
            if count == 0 {
                continue;
            }
            let sum = present.entry(kind.check.clone()).or_default();
            *sum = sum.saturating_add(count);
            if kind.summary.total == 0 {
                emptied.push(kind.check.clone());
            }
        }
        if present.is_empty() {
            return;
        }
        self.checks
            .retain(|check| !matches!(check, CheckResult::Kind(kind) if emptied.contains(&kind.check)));
        self.coverage.kinds.retain(|kind| !emptied.contains(kind));
        let manifest = self.coverage.manifest.get_or_insert_default();
        for (check, count) in present {
            let sum = manifest.present.entry(check).or_default();
            *sum = sum.saturating_add(count);
        }
        self.settle();
    }
}

/// Takes the objects without a verdict out of a check. Returns how many they are.
fn take_present(kind: &mut KindCheck) -> u64 {
    let mut count = 0_u64;
    let summary = &mut kind.summary;
    kind.items.retain(|item| {
        let is_present = item.reason == Code::Present;
        if is_present {
            count = count.saturating_add(1);
            summary.uncount(item.state);
        }
        !is_present
    });
    count
}

#[cfg(test)]
mod tests {
    use crate::report::{
        CheckResult, Code, Item, KindCheck, ManifestCoverage, ObjectRef, Outcome, Report, Source, State,
        Status,
    };

    fn item(kind: &str, name: &str, state: State, reason: Code) -> Item {
        let healthy = (reason != Code::Present).then_some(state == State::Healthy);
        Item {
            healthy,
            ..Item::new(
                ObjectRef::namespaced(kind, "shop", name),
                state,
                reason,
                String::new(),
            )
        }
    }

    fn report(checks: Vec<KindCheck>) -> Report {
        let mut report = Report::new(Source::default(), String::new());
        report.coverage.kinds = checks.iter().map(|check| check.check.clone()).collect();
        report.checks = checks.into_iter().map(CheckResult::Kind).collect();
        report.settle();
        report
    }

    fn present(report: &Report) -> Vec<(&str, u64)> {
        let manifest = report.coverage.manifest.iter();
        let counts = manifest.flat_map(|manifest| &manifest.present);
        counts.map(|(check, count)| (check.as_str(), *count)).collect()
    }

    #[test]
    fn objects_without_a_verdict_are_counted_and_are_in_no_check() {
        let config = |name: &str| item("ConfigMap", name, State::Healthy, Code::Present);
        let issuers = vec![
            item("Issuer", "a", State::Healthy, Code::Present),
            item("Issuer", "b", State::Degraded, Code::ConditionNotMet),
        ];
        let mut report = report(vec![
            KindCheck::of("configmaps", vec![config("a"), config("b")], true),
            KindCheck::of("issuers.example.com", issuers, true),
        ]);
        report.set_present_aside();
        assert_eq!(present(&report), [("configmaps", 2), ("issuers.example.com", 1)]);
        assert_eq!(report.coverage.kinds, ["issuers.example.com"]);
        let left: Vec<_> = report
            .kinds()
            .map(|kind| (kind.check.as_str(), kind.summary.total, kind.items.len()))
            .collect();
        assert_eq!(left, [("issuers.example.com", 1, 1)]);
        assert_eq!(report.status, Status::Degraded);
    }

    #[test]
    fn a_report_of_nothing_but_such_objects_is_ok_and_one_of_nothing_is_not() {
        let there = item("ConfigMap", "a", State::Healthy, Code::Present);
        let mut some = report(vec![KindCheck::of("configmaps", vec![there], true)]);
        some.set_present_aside();
        assert_eq!((some.status, some.checks.len()), (Status::Ok, 0));
        assert!(!Outcome::of(&some).unknown);
        let mut none = report(Vec::new());
        none.coverage.manifest = Some(ManifestCoverage::default());
        none.set_present_aside();
        none.settle();
        assert_eq!(none.status, Status::Unknown);
        assert!(Outcome::of(&none).unknown);
    }
}
