//! Puts reports about parts of a cluster together, as if one run had seen all of them.

use super::{CheckResult, Coverage, KindCheck, Namespaces, NotSeen, Report, TerminatingNamespace};
use std::collections::BTreeMap;

impl Report {
    /// One report about everything that these are about; `None` without any. The source is that of the first. Checks of one
    /// name become one check. The API server's part is that of the first report that has one.
    #[must_use]
    pub fn merge(reports: Vec<Self>) -> Option<Self> {
        let mut reports = reports.into_iter();
        let mut merged = reports.next()?;
        for report in reports {
            merged.add(report);
        }
        merged.settle();
        Some(merged)
    }

    fn add(&mut self, other: Self) {
        // The older of the two: the whole is known to be true only then.
        if other.observed_at < self.observed_at {
            self.observed_at = other.observed_at;
        }
        self.age_seconds = self.age_seconds.max(other.age_seconds);
        self.stale |= other.stale;
        self.source.version = self.source.version.take().or(other.source.version);
        add_coverage(&mut self.coverage, other.coverage);
        for check in other.checks {
            match check {
                CheckResult::ApiServer(_) if self.api_server().is_some() => {}
                CheckResult::ApiServer(check) => self.checks.insert(0, CheckResult::ApiServer(check)),
                CheckResult::Kind(kind) => self.add_kind(kind),
            }
        }
    }

    fn add_kind(&mut self, other: KindCheck) {
        let known = self.checks.iter_mut().find_map(|check| match check {
            CheckResult::Kind(kind) if kind.check == other.check => Some(kind),
            _ => None,
        });
        let Some(kind) = known else {
            self.checks.push(CheckResult::Kind(other));
            return;
        };
        kind.status = kind.status.worst(other.status);
        kind.summary.add(&other.summary);
        kind.every_object |= other.every_object;
        // A kind that one of them has read is served.
        kind.served = kind.served.and(other.served);
        kind.items.extend(other.items);
        kind.items
            .sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    }
}

fn add_coverage(coverage: &mut Coverage, other: Coverage) {
    // Without `..`, so that a new field is merged too.
    let Coverage {
        kinds,
        namespaces,
        selector: _,
        field_selector: _,
        objects,
        not_seen,
        causes_not_seen,
        grant,
        terminating_namespaces,
        manifest,
    } = other;
    add_new(&mut coverage.kinds, kinds);
    match (&mut coverage.namespaces, namespaces) {
        (Namespaces::These(own), Namespaces::These(others)) => add_new(own, others),
        (own, _) => *own = Namespaces::default(),
    }
    add_new(&mut coverage.objects, objects);
    add_new::<NotSeen>(&mut coverage.not_seen, not_seen);
    add_new::<NotSeen>(&mut coverage.causes_not_seen, causes_not_seen);
    coverage.grant = coverage.grant.take().or(grant);
    add_deletions(&mut coverage.terminating_namespaces, terminating_namespaces);
    if let Some(other) = manifest {
        let own = coverage.manifest.get_or_insert_default();
        add_counts(&mut own.present, other.present);
        add_counts(&mut own.not_checked, other.not_checked);
    }
}

fn add_new<T: PartialEq>(all: &mut Vec<T>, others: Vec<T>) {
    for other in others {
        if !all.contains(&other) {
            all.push(other);
        }
    }
}

fn add_counts(counts: &mut BTreeMap<String, u64>, others: BTreeMap<String, u64>) {
    for (name, count) in others {
        let sum = counts.entry(name).or_default();
        *sum = sum.saturating_add(count);
    }
}

fn add_deletions(all: &mut Vec<TerminatingNamespace>, others: Vec<TerminatingNamespace>) {
    for other in others {
        match all.iter_mut().find(|one| one.namespace == other.namespace) {
            Some(one) => add_counts(&mut one.left_out, other.left_out),
            None => all.push(other),
        }
    }
    all.sort_by(|a, b| a.namespace.cmp(&b.namespace));
}

#[cfg(test)]
mod tests {
    use crate::report::{
        ApiServerCheck, CheckResult, Code, Item, KindCheck, NotSeen, ObjectRef, Report, Scope, Source, State,
        Status,
    };

    fn item(namespace: &str, name: &str, state: State) -> Item {
        let object = ObjectRef::namespaced("Deployment", namespace, name);
        Item {
            healthy: Some(state == State::Healthy),
            ..Item::new(object, state, Code::Ready, String::new())
        }
    }

    fn report(checks: Vec<CheckResult>, observed_at: &str) -> Report {
        let mut report = Report::new(Source::default(), observed_at.to_owned());
        report.coverage.kinds = vec!["deployments".to_owned()];
        report.checks = checks;
        report.settle();
        report
    }

    fn deployments(items: Vec<Item>, all_seen: bool) -> CheckResult {
        CheckResult::Kind(KindCheck::of("deployments", items, all_seen))
    }

    #[test]
    fn checks_of_one_name_become_one_with_the_worst_status_and_all_objects_in_order() {
        let one = deployments(vec![item("shop", "web", State::Healthy)], true);
        let two = deployments(
            vec![
                item("bank", "api", State::Degraded),
                item("shop", "api", State::Healthy),
            ],
            true,
        );
        let jobs = CheckResult::Kind(KindCheck::of("jobs", Vec::new(), true));
        let merged = Report::merge(vec![
            report(vec![one], "2026-01-01T00:00:09Z"),
            report(vec![two, jobs], "2026-01-01T00:00:08Z"),
        ]);
        let merged = merged.expect("there are reports");
        let checks: Vec<_> = merged
            .kinds()
            .map(|kind| (kind.check.as_str(), kind.status))
            .collect();
        assert_eq!(checks, [("deployments", Status::Degraded), ("jobs", Status::Ok)]);
        let first = merged.kinds().next().expect("a check");
        let names: Vec<String> = first
            .items
            .iter()
            .map(|item| item.identity().to_string())
            .collect();
        assert_eq!(
            names,
            [
                "Deployment/bank/api",
                "Deployment/shop/api",
                "Deployment/shop/web"
            ]
        );
        assert_eq!(
            (first.summary.total, first.summary.healthy, first.summary.degraded),
            (3, 2, 1)
        );
        assert_eq!(merged.status, Status::Degraded);
        assert_eq!(merged.observed_at, "2026-01-01T00:00:08Z");
        assert_eq!(merged.coverage.kinds, ["deployments"]);
    }

    #[test]
    fn a_part_that_was_not_seen_makes_the_whole_unknown() {
        let mut other = report(vec![deployments(Vec::new(), false)], "2026-01-01T00:00:00Z");
        let entry = NotSeen {
            thing: "deployments".to_owned(),
            scope: Scope::new(Some("bank")),
            class: "forbidden".to_owned(),
            ..NotSeen::default()
        };
        other.coverage.not_seen = vec![entry.clone()];
        let well = report(
            vec![deployments(vec![item("shop", "web", State::Healthy)], true)],
            "2026-01-01T00:00:00Z",
        );
        let merged = Report::merge(vec![well, other.clone(), other]).expect("there are reports");
        assert_eq!(
            (merged.status, merged.coverage.not_seen),
            (Status::Unknown, vec![entry])
        );
        assert_eq!(Report::merge(Vec::new()), None);
    }

    #[test]
    fn the_api_server_has_one_part_and_it_comes_first() {
        let api_server = |version: &str| {
            CheckResult::ApiServer(ApiServerCheck {
                status: Status::Ok,
                version: Some(version.to_owned()),
                ..ApiServerCheck::default()
            })
        };
        let kind = || deployments(vec![item("shop", "web", State::Healthy)], true);
        let merged = Report::merge(vec![
            report(vec![kind()], ""),
            report(vec![api_server("v1"), kind()], ""),
            report(vec![api_server("v2")], ""),
        ]);
        let merged = merged.expect("there are reports");
        assert!(matches!(merged.checks.first(), Some(CheckResult::ApiServer(_))));
        assert_eq!(merged.checks.len(), 2);
        assert_eq!(
            merged.api_server().and_then(|check| check.version.as_deref()),
            Some("v1")
        );
    }
}
