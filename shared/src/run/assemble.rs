//! Puts the parts of a run together. Every report of verdicts is made here.

use crate::judge::{Judged, Reach};
use crate::report::{ApiServerCheck, CheckResult, KindCheck, Namespaces, NotSeen, Report, Source};
use crate::resource::Time;
use crate::run::request::Request;

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
    report.checks.extend(parts.api_server.map(CheckResult::ApiServer));
    for judged in parts.kinds {
        let all_seen = judged.not_seen.is_empty() && (parts.empty.is_none() || !judged.is_empty());
        coverage.kinds.push(judged.check.clone());
        report.checks.push(CheckResult::Kind(KindCheck {
            served: judged.served,
            every_object: request.judges_every(&judged.check),
            ..KindCheck::of(&judged.check, judged.items, all_seen)
        }));
        coverage.not_seen.extend(judged.not_seen);
    }
    report.checks.extend(parts.controllers.map(CheckResult::Kind));
    coverage.not_seen.extend(parts.empty);
    report.settle();
    report
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
