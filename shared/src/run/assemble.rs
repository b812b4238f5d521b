//! Puts the parts of a run together. Every report of verdicts is made here.

use crate::check::NamespaceDeletions;
use crate::judge::{Judged, Reach};
use crate::report::{
    ApiServerCheck, CheckResult, KindCheck, Namespaces, NotSeen, Report, Source, TerminatingNamespace,
};
use crate::resource::Time;
use crate::run::request::{AgentItems, Request};
use std::collections::BTreeMap;

/// The parts that a run found.
#[derive(Default)]
pub(super) struct Parts {
    pub api_server: Option<ApiServerCheck>,
    pub kinds: Vec<Judged>,
    /// Controllers that are judged by their objects.
    pub controllers: Option<KindCheck>,
    /// Why nothing was found.
    pub empty: Option<NotSeen>,
    /// The entries for objects that could not be seen and belong to no kind of `kinds`.
    pub not_seen: Vec<NotSeen>,
    pub causes_not_seen: Vec<NotSeen>,
    /// The namespaces that are being deleted.
    pub deletions: NamespaceDeletions,
}

/// The report of a run.
pub(super) fn assemble(source: Source, observed_at: Time, parts: Parts, request: &Request) -> Report {
    let mut report = Report::new(source, observed_at.to_string());
    let coverage = &mut report.coverage;
    coverage.namespaces = match request.namespace.clone().or_else(|| only_namespace(&parts.kinds)) {
        Some(namespace) => Namespaces::These(vec![namespace]),
        None => Namespaces::default(),
    };
    coverage.causes_not_seen = parts.causes_not_seen;
    coverage.not_seen = parts.not_seen;
    coverage.terminating_namespaces = terminating_namespaces(&parts.deletions, &parts.kinds);
    report.checks.extend(parts.api_server.map(CheckResult::ApiServer));
    for mut judged in parts.kinds {
        // The only object is always shown: the verdict is about it.
        let is_only = judged.items.len() + judged.settled.len() == 1;
        if request.items == AgentItems::All || is_only {
            judged.expand_settled(|_| true);
        }
        let all_seen = judged.not_seen.is_empty() && (parts.empty.is_none() || !judged.is_empty());
        coverage.kinds.push(judged.check.clone());
        let mut check = KindCheck {
            served: judged.served,
            every_object: request.judges_every(&judged.check),
            ..KindCheck::of(&judged.check, judged.items, all_seen)
        };
        for (_, object) in &judged.settled {
            check.summary.count(object.shared_item().state);
        }
        check.summary.add(&judged.counted);
        report.checks.push(CheckResult::Kind(check));
        coverage.not_seen.extend(judged.not_seen);
    }
    report.checks.extend(parts.controllers.map(CheckResult::Kind));
    coverage.not_seen.extend(parts.empty);
    report.settle();
    report
}

/// The namespaces that are being deleted, with the number of objects that are left out in each.
fn terminating_namespaces(deletions: &NamespaceDeletions, kinds: &[Judged]) -> Vec<TerminatingNamespace> {
    let mut namespaces: Vec<TerminatingNamespace> = deletions
        .iter()
        .map(|(name, since)| TerminatingNamespace {
            namespace: name.to_owned(),
            since: since.map(|since| since.to_string()),
            left_out: BTreeMap::new(),
        })
        .collect();
    if namespaces.is_empty() {
        return namespaces;
    }
    let items = kinds
        .iter()
        .flat_map(|judged| judged.items.iter().map(|item| (&judged.check, item)));
    for (check, item) in items.filter(|(_, item)| item.is_left_out()) {
        if let Ok(at) = namespaces.binary_search_by(|n| n.namespace.as_str().cmp(&item.namespace))
            && let Some(namespace) = namespaces.get_mut(at)
        {
            *namespace.left_out.entry(check.clone()).or_default() += 1;
        }
    }
    namespaces
}

/// The one namespace that was read, if all namespaces were asked for and no other may be read.
fn only_namespace(kinds: &[Judged]) -> Option<String> {
    let mut only = None;
    for judged in kinds {
        match &judged.reach {
            Reach::Nothing => {}
            Reach::All => return None,
            Reach::Only(namespace) => only = Some(namespace.clone()),
        }
    }
    only
}
