//! Owns one problem on the page, in the words of the digest.

use super::links::Links;
use super::symbol::Symbol;
use super::text;
use askama::Template;
use sre_shared::digest::{
    Digest, ObjectProblem, Problem, Severity, SharedCause, describe_command, further_lines, object_name,
    ready_of_desired,
};
use sre_shared::report::{ApiServerCheck, Item, Status};
use std::collections::BTreeMap;

/// Causes of one object that are shown; its own page has all of them.
const CAUSES: usize = 3;
/// Last lines of a log that are shown for a cause.
const LOG: usize = 3;
/// Affected objects that are named.
const NAMED: usize = 8;
/// Namespaces that are named beside objects that are left out.
const NAMESPACES: usize = 8;

/// One problem.
#[derive(Debug, Template)]
#[template(path = "entry.html")]
pub struct ProblemEntry {
    /// Its state.
    pub symbol: Symbol,
    /// The object, or the code of a shared cause.
    pub name: String,
    /// The page of the object.
    pub link: Option<String>,
    /// The counts of the object.
    pub extent: Option<String>,
    /// Why, with its age.
    pub why: String,
    /// Further sentences: causes, or the reach of a shared cause.
    pub further: Vec<String>,
    /// Lines of logs.
    pub log: Vec<String>,
    /// Objects that a shared cause affects.
    pub affected: Vec<ObjectLabel>,
    /// How many affected objects are not named, and their namespaces.
    pub left_out: Option<LeftOutObjects>,
    /// The change before it.
    pub change: Option<String>,
    /// Commands to paste.
    pub commands: Vec<String>,
}

/// An object that is named.
#[derive(Debug)]
pub struct ObjectLabel {
    /// Its state.
    pub symbol: Symbol,
    /// Its name and its counts.
    pub text: String,
    /// Its page.
    pub link: Option<String>,
}

/// Objects that are only counted.
#[derive(Debug)]
pub struct LeftOutObjects {
    /// Their number.
    pub count: usize,
    /// Some of their namespaces, with the overview of each.
    pub namespaces: Vec<(String, String)>,
}

impl ProblemEntry {
    /// The entry of a problem.
    pub fn new(problem: &Problem<'_>, digest: &Digest<'_>, links: &Links) -> Self {
        let severity = problem.severity();
        match problem {
            Problem::Shared(cause) => Self::shared_cause(severity, cause, digest, links),
            Problem::Object(object) => Self::object(severity, object, digest, links),
        }
    }

    /// The entry of the API server, if it is not well.
    pub fn api_server(check: &ApiServerCheck) -> Self {
        let is_known = check.status == Status::Degraded;
        let side = check.side.as_ref().map(|side| match &check.rung {
            Some(rung) => format!("on the side of {side}, at {rung}"),
            None => format!("on the side of {side}"),
        });
        let missing = check.missing.as_ref().map(|rule| format!("missing rule: {rule}"));
        Self {
            symbol: if is_known {
                Severity::Broken
            } else {
                Severity::Unknown
            }
            .into(),
            name: "API server".to_owned(),
            link: None,
            extent: check.endpoint.clone().filter(|endpoint| endpoint.contains("://")),
            why: text::sentence(check.error.as_deref().unwrap_or("no reason is known")),
            further: side
                .into_iter()
                .chain(missing)
                .map(|words| text::sentence(&words))
                .collect(),
            log: Vec::new(),
            affected: Vec::new(),
            left_out: None,
            change: None,
            commands: check
                .hint
                .as_deref()
                .and_then(text::command)
                .into_iter()
                .collect(),
        }
    }

    fn shared_cause(severity: Severity, cause: &SharedCause<'_>, digest: &Digest<'_>, links: &Links) -> Self {
        let finding = &cause.finding;
        let affected = cause.affected();
        let all: Vec<&Item> = affected.short.iter().chain(&affected.serving).copied().collect();
        let (named, others) = all.split_at(all.len().min(NAMED));
        Self {
            symbol: severity.into(),
            name: finding.code.to_string(),
            link: finding
                .subject
                .as_ref()
                .and_then(|subject| links.reference(subject)),
            extent: None,
            why: text::sentence(&finding.message),
            further: vec![text::sentence(&cause.reach(digest))],
            log: Vec::new(),
            affected: named.iter().map(|item| named_object(item, links)).collect(),
            left_out: (!others.is_empty()).then(|| left_out(others, links)),
            change: cause.change().map(|words| text::sentence(&words)),
            commands: finding
                .hint
                .as_deref()
                .and_then(text::command)
                .into_iter()
                .collect(),
        }
    }

    fn object(severity: Severity, object: &ObjectProblem<'_>, digest: &Digest<'_>, links: &Links) -> Self {
        let item = object.item;
        let causes = object.causes(digest);
        let sentences = causes.iter().filter_map(|(_, sentence)| sentence.as_deref());
        let mut further: Vec<String> = sentences.take(CAUSES).map(text::sentence).collect();
        let more = causes.len().saturating_sub(CAUSES);
        if more > 0 {
            further.push(format!("and {more} more causes"));
        }
        let logs = causes
            .iter()
            .take(CAUSES)
            .flat_map(|(cause, _)| further_lines(cause, LOG));
        let hint = causes.iter().find_map(|(cause, _)| cause.hint.clone());
        let (change, undo) = object.change().unzip();
        let commands = [
            hint.or_else(|| describe_command(item)),
            undo.flatten().map(str::to_owned),
        ];
        Self {
            symbol: Symbol {
                word: item.state.as_str(),
                ..severity.into()
            },
            name: object_name(item),
            link: links.item(item),
            extent: ready_of_desired(item).map(|counts| format!("{counts} ready")),
            why: text::sentence(&object.text(digest)),
            further,
            log: logs.map(|line| text::line(&line)).collect(),
            affected: Vec::new(),
            left_out: None,
            change: change.map(|words| text::sentence(&words)),
            commands: commands
                .into_iter()
                .flatten()
                .filter_map(|command| text::command(&command))
                .collect(),
        }
    }
}

fn named_object(item: &Item, links: &Links) -> ObjectLabel {
    let counts = ready_of_desired(item).map_or_else(String::new, |counts| format!(" {counts} ready"));
    ObjectLabel {
        symbol: Symbol::from_item(item),
        text: format!("{}{counts}", object_name(item)),
        link: links.item(item),
    }
}

/// The namespaces with the most objects come first.
fn left_out(items: &[&Item], links: &Links) -> LeftOutObjects {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for item in items.iter().filter(|item| !item.namespace.is_empty()) {
        let count = counts.entry(&item.namespace).or_default();
        *count = count.saturating_add(1);
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let namespaces = counts.iter().take(NAMESPACES);
    LeftOutObjects {
        count: items.len(),
        namespaces: namespaces
            .map(|(name, count)| (format!("{name} ({count})"), links.namespace(name)))
            .collect(),
    }
}
