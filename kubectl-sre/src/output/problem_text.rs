//! The problems of a report in plain text, for outputs that are no screen: Markdown and annotations.

use super::selection::why;
use sre_shared::digest::{
    Digest, NotSeenGroup, ObjectProblem, Problem, Severity, SharedCause, baseline_words, describe_command,
    further_lines, object_name, ready_of_desired, trim_end_mark,
};
use sre_shared::report::{ApiServerCheck, Item, Report, Status};

/// What a problem of the API server is about.
pub(super) const API_SERVER: &str = "API server";
/// Objects that are named under a shared cause.
const NAMED: usize = 10;
/// Last lines of a log that are shown for each cause.
const LOG: usize = 3;

/// One problem. Its texts have the cluster's characters, and each output makes them harmless in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProblemText {
    pub severity: Severity,
    /// The object, as `shop/checkout`, or the code of a shared cause, the API server, or what was not seen.
    pub what: String,
    /// `1/3 ready`, or the reach of a shared cause.
    pub extent: Option<String>,
    /// Why, in one sentence.
    pub why: String,
    /// Since when, as an age: `19 min`.
    pub since: Option<String>,
    /// What shows it: the objects of a shared cause, lines of logs, missing rules.
    pub evidence: Vec<String>,
    /// The next command.
    pub command: Option<String>,
    /// Whether it is about something that was not seen.
    pub is_gap: bool,
}

/// The problems of a report: the API server first, then objects with the worst first, then what was not seen.
pub(super) fn problem_texts(report: &Report, digest: &Digest<'_>) -> Vec<ProblemText> {
    let api_server = digest.api_server.map(api_server);
    let objects = digest.problems.iter().map(|problem| match problem {
        Problem::Shared(cause) => shared_cause(problem.severity(), cause, digest),
        Problem::Object(object) => single_object(problem.severity(), object, digest),
    });
    let mut texts: Vec<ProblemText> = api_server.into_iter().chain(objects).collect();
    let mut grant = report.coverage.grant.as_ref().map(|grant| &grant.commands);
    for group in &digest.not_seen {
        let mut text = not_seen(group);
        // One grant has the rules of all groups.
        if group.lacks_rights()
            && let Some(commands) = grant.take()
        {
            text.command = commands.first().cloned();
            text.evidence.extend(commands.iter().cloned());
        }
        texts.push(text);
    }
    texts
}

fn api_server(check: &ApiServerCheck) -> ProblemText {
    let is_known = check.status == Status::Degraded;
    let class = check.class.as_deref().unwrap_or("unknown");
    let why = match &check.error {
        Some(error) => format!("{class}: {error}"),
        None => class.to_owned(),
    };
    let side = check.side.as_ref().map(|side| format!("on the side of {side}"));
    let missing = check.missing.as_ref().map(|rule| format!("missing rule: {rule}"));
    ProblemText {
        severity: if is_known {
            Severity::Broken
        } else {
            Severity::Unknown
        },
        what: API_SERVER.to_owned(),
        extent: check.endpoint.clone(),
        why,
        since: None,
        evidence: side.into_iter().chain(missing).collect(),
        command: check.hint.clone(),
        is_gap: !is_known,
    }
}

fn shared_cause(severity: Severity, cause: &SharedCause<'_>, digest: &Digest<'_>) -> ProblemText {
    let finding = &cause.finding;
    let affected = cause.affected();
    let all: Vec<&&Item> = affected.short.iter().chain(&affected.serving).collect();
    let mut evidence: Vec<String> = all.iter().take(NAMED).map(|item| counted_name(item)).collect();
    let more = all.len().saturating_sub(NAMED);
    if more > 0 {
        evidence.push(format!("and {more} more"));
    }
    evidence.extend(cause.change());
    ProblemText {
        severity,
        what: finding.code.to_string(),
        extent: Some(cause.extent()),
        why: trim_end_mark(&finding.message).to_owned(),
        since: digest.age(finding.since.as_deref()),
        evidence,
        command: finding.hint.clone(),
        is_gap: false,
    }
}

fn single_object(severity: Severity, object: &ObjectProblem<'_>, digest: &Digest<'_>) -> ProblemText {
    let item = object.item;
    let why = why(item);
    let services = match object.services {
        0 => None,
        1 => Some("1 Service without endpoints".to_owned()),
        n => Some(format!("{n} Services without endpoints")),
    };
    let why = baseline_words(item).map_or_else(|| why.clone(), |words| format!("{words}: {why}"));
    let logs = item.roots().flat_map(|cause| further_lines(cause, LOG));
    let change = object.change().map(|(words, _)| words);
    let hint = item.roots().find_map(|cause| cause.hint.clone());
    ProblemText {
        severity,
        what: object_name(item),
        extent: ready_of_desired(item).map(|counts| format!("{counts} ready")),
        why,
        since: digest.age(item.since.as_deref()),
        evidence: services.into_iter().chain(change).chain(logs).collect(),
        command: hint.or_else(|| describe_command(item)),
        is_gap: false,
    }
}

fn not_seen(group: &NotSeenGroup<'_>) -> ProblemText {
    let why = group.why();
    ProblemText {
        severity: Severity::Unknown,
        what: group.what(),
        extent: None,
        why: format!("not seen, {}: {why}", group.class())
            .trim_end_matches([':', ' '])
            .to_owned(),
        since: None,
        evidence: group.leave_out().into_iter().collect(),
        command: group.hint().map(str::to_owned),
        is_gap: true,
    }
}

fn counted_name(item: &Item) -> String {
    match ready_of_desired(item) {
        Some(counts) => format!("{} {counts} ready", object_name(item)),
        None => object_name(item),
    }
}
