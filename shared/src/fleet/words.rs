//! The words of a fleet: its verdict, and what a row says about its cluster.

use super::FleetReport;
use crate::digest::{Digest, OverallHealth, Problem};
use crate::failure::Class;
use crate::report::{Item, Outcome, Report};

/// The verdict in one word, and how it is coloured.
#[must_use]
pub fn fleet_word(fleet: &FleetReport) -> (&'static str, OverallHealth) {
    match fleet.outcome() {
        Outcome { degraded: true, .. } => ("NEEDS A LOOK", OverallHealth::Degraded),
        Outcome { unknown: true, .. } => ("NEEDS A LOOK", OverallHealth::Unknown),
        Outcome {
            progressing: true, ..
        } => ("PROGRESSING", OverallHealth::Progressing),
        _ => ("OK", OverallHealth::Ok),
    }
}

/// The verdict in numbers: `2 of 14 clusters, 1 not reached`.
#[must_use]
pub fn fleet_sentence(fleet: &FleetReport) -> String {
    let summary = &fleet.summary;
    let notable = summary.total.saturating_sub(summary.ok);
    let clusters = if summary.total == 1 { "cluster" } else { "clusters" };
    let mut parts = vec![match (notable, summary.total) {
        (_, 0) => "no cluster was seen".to_owned(),
        (0, 1) => "the only cluster is ok".to_owned(),
        (0, total) => format!("all {total} clusters are ok"),
        (notable, total) => format!("{notable} of {total} {clusters}"),
    }];
    let counts = [
        (summary.not_reached, "not reached"),
        (summary.silent, "silent"),
        (summary.never_seen, "never seen"),
    ];
    parts.extend(
        counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}")),
    );
    match (fleet.source.warnings.len(), &fleet.source.store) {
        (0, _) => {}
        (_, Some(_)) => parts.push("and the store did not answer in full".to_owned()),
        (1, None) => parts.push("and 1 context was not asked".to_owned()),
        (hidden, None) => parts.push(format!("and {hidden} contexts were not asked")),
    }
    parts.join(", ")
}

/// The verdict about one cluster in few words: the sentences of its headline, and the worst of its problems.
pub(super) fn verdict(report: &Report) -> String {
    let digest = Digest::new(report);
    let sentences = digest.brief(report).join("; ");
    // The sentence about a single object says all that there is.
    match first_problem(&digest).filter(|_| report.summary.total != 1) {
        Some(problem) if sentences.contains(": ") => format!("{sentences}; {problem}"),
        Some(problem) => format!("{sentences}: {problem}"),
        None => sentences,
    }
}

/// `CrashLoop shop/checkout and 2 more`
fn first_problem(digest: &Digest<'_>) -> Option<String> {
    let (code, item) = match digest.problems.first()? {
        Problem::Shared(cause) => {
            let affected = cause.affected();
            let first = affected.short.first().or(affected.serving.first()).copied();
            (
                cause.finding.code.to_string(),
                first.or(cause.items.first().copied())?,
            )
        }
        Problem::Object(object) => {
            let root = object.item.roots().next();
            let code = root.map_or_else(|| object.item.reason.to_string(), |cause| cause.code.to_string());
            (code, object.item)
        }
    };
    let all: usize = digest.problems.iter().map(|problem| problem.items().len()).sum();
    let more = match all.saturating_sub(1) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{code} {}{more}", name(item)))
}

/// `shop/checkout`, or the name alone of an object without a namespace.
fn name(item: &Item) -> String {
    match item.namespace.as_str() {
        "" => item.name.clone(),
        namespace => format!("{namespace}/{}", item.name),
    }
}

/// Why a cluster was not reached.
pub(super) struct Unreached {
    pub class: String,
    pub rung: Option<String>,
    pub side: Option<String>,
    place: String,
    /// The error, if the class says too little.
    error: Option<String>,
}

impl Unreached {
    /// The facts of a report in which nothing was seen.
    pub fn new(report: &Report) -> Self {
        let check = report.api_server();
        let gap = report.coverage.not_seen.first();
        let class = check
            .and_then(|check| check.class.clone())
            .or_else(|| gap.map(|gap| gap.class.clone()))
            .unwrap_or_else(|| "unknown".to_owned());
        let known = Class::from_word(&class);
        let error = check
            .and_then(|check| check.error.clone())
            .or_else(|| gap.and_then(|gap| gap.error.clone()));
        let says_too_little = |class: Class| {
            matches!(
                class,
                Class::BadConfiguration
                    | Class::Credential
                    | Class::NoAgent
                    | Class::AgentNotReady
                    | Class::AgentUnreachable
                    | Class::NotAnAgent
            )
        };
        let server = report.source.server.clone();
        let endpoint = server.or_else(|| check.and_then(|check| check.endpoint.clone()));
        Self {
            rung: check.and_then(|check| check.rung.clone()),
            side: check
                .and_then(|check| check.side.clone())
                .or_else(|| known.map(|class| class.side().as_str().to_owned())),
            place: endpoint.as_deref().map(host_and_port).unwrap_or_default(),
            error: error.filter(|_| known.is_none_or(says_too_little)),
            class,
        }
    }

    /// `tcp 10.3.0.1:6443: timeout (the network)`
    pub fn sentence(&self) -> String {
        let place = [self.rung.as_deref().unwrap_or_default(), &self.place];
        let place: Vec<&str> = place.into_iter().filter(|word| !word.is_empty()).collect();
        let mut text = match place.join(" ") {
            place if place.is_empty() => self.class.clone(),
            place => format!("{place}: {}", self.class),
        };
        if let Some(side) = &self.side {
            text = format!("{text} ({side})");
        }
        match &self.error {
            Some(error) => format!("{text}: {error}"),
            None => text,
        }
    }
}

/// The host and port of a URL, without its path.
fn host_and_port(url: &str) -> String {
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    let host = behind.split(['/', '?']).next().unwrap_or_default();
    // A URL of a kubeconfig may hold a password.
    host.rsplit('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Unreached, verdict};
    use crate::fleet::{FleetCluster, FleetReport, FleetSource, FleetState, fleet_sentence};
    use crate::report::{ApiServerCheck, CheckResult, Report, Source};
    use serde_json::json;

    fn report(kind: &serde_json::Value) -> Report {
        let check = serde_json::from_value(kind.clone()).expect("a check");
        let mut report = Report::new(Source::default(), "2026-11-30T12:00:00Z".to_owned());
        report.checks = vec![check];
        report.settle();
        report
    }

    #[test]
    fn a_row_says_how_many_fall_short_and_names_the_worst() {
        let item = |name: &str, code: &str, state: &str| {
            json!({"kind": "Deployment", "namespace": "shop", "name": name, "state": state, "healthy": false, "desired": 3,
                   "ready": 0, "reason": "ReadyBelowDesired", "causes": [{"code": code, "message": format!("{code} of {name}")}]})
        };
        let report = report(&json!({
            "check": "deployments", "status": "degraded",
            "summary": {"total": 214, "unhealthy": 3, "healthy": 211, "degraded": 2, "unavailable": 1},
            "items": [item("web", "OOMKilled", "degraded"), item("checkout", "CrashLoop", "unavailable"),
                      item("api", "OOMKilled", "degraded")],
        }));
        let text = verdict(&report);
        assert!(
            text.starts_with("3 of 214 Deployments are not healthy: ") && text.ends_with(" and 2 more"),
            "{text}"
        );
    }

    #[test]
    fn a_cluster_that_was_not_reached_says_where_and_whose_side_it_is() {
        let mut report = Report::new(
            Source {
                server: Some("https://me:secret@10.3.0.1:6443/k8s".to_owned()),
                ..Source::default()
            },
            String::new(),
        );
        report.checks.push(CheckResult::ApiServer(ApiServerCheck {
            class: Some("timeout".to_owned()),
            rung: Some("tcp".to_owned()),
            ..ApiServerCheck::default()
        }));
        assert_eq!(
            Unreached::new(&report).sentence(),
            "tcp 10.3.0.1:6443: timeout (the network)"
        );
    }

    #[test]
    fn the_verdict_counts_the_clusters_that_need_a_look() {
        use FleetState::{Degraded, NeverSeen, NotReached, Ok, Silent};
        let fleet = |states: &[FleetState]| {
            let clusters = states
                .iter()
                .map(|state| FleetCluster::unseen("x".to_owned(), *state, String::new()));
            fleet_sentence(&FleetReport::new(
                FleetSource::default(),
                String::new(),
                clusters.collect(),
            ))
        };
        assert_eq!(fleet(&[Ok, Ok]), "all 2 clusters are ok");
        assert_eq!(fleet(&[Ok]), "the only cluster is ok");
        assert_eq!(
            fleet(&[Degraded, NotReached, Ok]),
            "2 of 3 clusters, 1 not reached"
        );
        assert_eq!(
            fleet(&[Silent, NeverSeen]),
            "2 of 2 clusters, 1 silent, 1 never seen"
        );
        assert_eq!(fleet(&[]), "no cluster was seen");
    }
}
