//! Owns `/page/object/...`: one object with its causes and the change before its problem.

use super::document::{Coverage, Document};
use super::last_transitions::{LastTransitions, PageScope};
use super::links::{Links, encoded};
use super::symbol::Symbol;
use super::text;
use crate::history::transition_history::KnownHistory;
use askama::Template;
use sre_shared::digest::{
    Digest, OverallHealth, Problem, cause_sentence, change_words, describe_command, undo_words,
};
use sre_shared::kind::Kind;
use sre_shared::report::{Cause, FieldChangeKind, Item, ObjectChange, Report};
use sre_shared::resource::Time;

/// Causes that are shown.
const CAUSES: usize = 50;
/// Lines of each log.
const LOG: usize = 50;
/// Fields of a change.
const FIELDS: usize = 100;

/// The page of one object.
#[derive(Debug, Template)]
#[template(path = "object.html")]
pub struct ObjectPage {
    document: Document,
    kind: &'static str,
    namespace: Option<NamespaceLink>,
    name: String,
    symbol: Symbol,
    /// The text about it: why it is in its state, and since when.
    text: String,
    /// Rows of its counts and times.
    facts: Vec<(&'static str, String)>,
    acknowledged: Option<String>,
    warnings: Vec<String>,
    causes: Vec<CauseRow>,
    causes_left: usize,
    change: Option<ChangeTable>,
    commands: Vec<String>,
    /// The same as JSON.
    json: String,
    transitions: LastTransitions,
    coverage: Coverage,
}

#[derive(Debug)]
struct NamespaceLink {
    name: String,
    link: String,
}

#[derive(Debug)]
struct CauseRow {
    sentence: String,
    times: String,
    example: Option<(String, Option<String>)>,
    log: Vec<String>,
}

#[derive(Debug)]
struct ChangeTable {
    words: String,
    at: String,
    undo: Option<String>,
    fields: Vec<FieldRow>,
}

#[derive(Debug)]
struct FieldRow {
    field: String,
    container: String,
    how: &'static str,
    from: String,
    to: String,
}

/// The object that a path names.
pub struct PageSubject<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace, if the kind has any.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

/// What the page needs beside the report.
pub struct ObjectSetting<'a> {
    /// The name of the cluster, if it has one of its own.
    pub title: Option<&'a str>,
    /// The kinds that are watched.
    pub kinds: Vec<Kind>,
    /// What is known of the time before.
    pub history: &'a KnownHistory,
    /// The present.
    pub now: Time,
}

impl ObjectPage {
    /// The page of the object in a report that has no other one.
    pub fn new(report: &Report, subject: &PageSubject<'_>, setting: &ObjectSetting<'_>) -> Self {
        let digest = Digest::new(report);
        let kind = subject.kind;
        let links = Links::of_object(setting.kinds.clone(), kind);
        let item = report.kinds().flat_map(|check| &check.items).next();
        let symbol = item.map_or_else(|| OverallHealth::Unknown.into(), Symbol::from_item);
        let place = subject
            .namespace
            .map(|name| format!("{}/", encoded(name)))
            .unwrap_or_default();
        let path = format!("{}/{place}{}", kind.plural(), encoded(subject.name));
        let query = subject
            .namespace
            .map_or_else(String::new, |name| format!("&namespace={}", encoded(name)));
        let stream = format!(
            "{root}../health/changes?kinds={plural}&objects={plural}/{name}{query}",
            root = links.root,
            plural = kind.plural(),
            name = encoded(subject.name),
        );
        let cluster = setting
            .title
            .or(digest.headline.place.as_deref())
            .unwrap_or("this cluster");
        let causes: Vec<&Cause> = item.map_or_else(Vec::new, |item| item.causes.iter().collect());
        let change = item.and_then(|item| item.change.as_deref());
        let hints = causes.iter().filter_map(|cause| cause.hint.clone());
        let undo = change.and_then(|change| change.undo.as_ref()?.command.clone());
        let mut commands: Vec<String> = Vec::new();
        let all = hints.chain(item.and_then(describe_command)).chain(undo);
        for command in all.filter_map(|command| text::command(&command)).take(CAUSES) {
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
        let scope = PageScope {
            kind: Some(kind),
            namespace: subject.namespace,
            name: Some(subject.name),
        };
        let mut document = Document::new(report, digest.headline.health, 0, cluster, links.clone(), stream);
        document.title = format!("{} {} · {}", symbol.sign, subject.name, document.name);
        document.symbol.sign = symbol.sign;
        Self {
            kind: kind.kind(),
            namespace: subject.namespace.map(|name| NamespaceLink {
                name: name.to_owned(),
                link: links.namespace(name),
            }),
            name: subject.name.to_owned(),
            text: item.map_or_else(
                || "it was not seen, so nothing is known about it".to_owned(),
                |item| words(item, &digest),
            ),
            facts: item.map_or_else(Vec::new, facts),
            acknowledged: item
                .and_then(|item| item.acknowledged.as_ref())
                .map(|acknowledged| {
                    let text = format!(
                        "{} until {}: {}",
                        acknowledged.code, acknowledged.until, acknowledged.reason
                    );
                    text::sentence(&text)
                }),
            warnings: item.map_or_else(Vec::new, |item| {
                item.warnings
                    .iter()
                    .take(CAUSES)
                    .map(|words| text::sentence(words))
                    .collect()
            }),
            causes: causes
                .iter()
                .take(CAUSES)
                .map(|cause| CauseRow::new(cause, subject, &digest, &links))
                .collect(),
            causes_left: causes.len().saturating_sub(CAUSES),
            change: change.map(ChangeTable::new),
            commands,
            json: format!("{}../health/{path}", links.root),
            transitions: LastTransitions::new(setting.history, &scope, &links, setting.now),
            coverage: Coverage::new(&digest),
            symbol,
            document,
        }
    }
}

/// Why the object is in its state, as every output says it.
fn words(item: &Item, digest: &Digest<'_>) -> String {
    let problem = digest.problems.iter().find_map(|problem| match problem {
        Problem::Object(object) => Some(object.text(digest)),
        Problem::Shared(_) => None,
    });
    text::sentence(&problem.unwrap_or_else(|| digest.explain(item)))
}

fn facts(item: &Item) -> Vec<(&'static str, String)> {
    let count = |count: Option<i64>| count.map(|count| count.to_string());
    let rows = [
        ("reason", Some(item.reason.to_string())),
        ("since", item.since.clone()),
        ("asked for", count(item.desired)),
        ("ready", count(item.ready)),
        ("available", count(item.available)),
        ("of the newest revision", count(item.updated)),
        ("spec written", item.spec_written.clone()),
        ("generation", count(item.generation)),
    ];
    let rows = rows.into_iter().filter_map(|(name, value)| Some((name, value?)));
    rows.map(|(name, value)| (name, text::line(&value))).collect()
}

impl CauseRow {
    fn new(cause: &Cause, subject: &PageSubject<'_>, digest: &Digest<'_>, links: &Links) -> Self {
        let times = [
            (cause.count > 1).then(|| format!("{} pods or objects show it", cause.count)),
            digest.age(cause.since.as_deref()).map(|age| format!("for {age}")),
            digest
                .age(cause.last.as_deref())
                .map(|age| format!("last {age} ago")),
        ];
        let example = cause.subject.as_ref().or(cause.example.as_ref());
        Self {
            sentence: text::sentence(&cause_sentence(cause)),
            times: times.into_iter().flatten().collect::<Vec<_>>().join(", "),
            example: example.map(|object| {
                let namespace = match object.namespace.as_str() {
                    "" => subject.namespace.unwrap_or_default(),
                    own => own,
                };
                let link = links
                    .reference(object)
                    .or_else(|| links.object(&object.kind, namespace, &object.name));
                (text::line(&object.to_string()), link)
            }),
            log: cause
                .log
                .iter()
                .rev()
                .take(LOG)
                .rev()
                .map(|line| text::line(line))
                .collect(),
        }
    }
}

impl ChangeTable {
    fn new(change: &ObjectChange) -> Self {
        Self {
            words: text::sentence(&change_words(change)),
            at: change.at.clone(),
            undo: undo_words(change).map(|words| text::sentence(&words)),
            fields: change
                .diff
                .iter()
                .take(FIELDS)
                .map(|field| FieldRow {
                    field: text::line(&field.field),
                    container: field.container.as_deref().map(text::line).unwrap_or_default(),
                    how: match field.how {
                        FieldChangeKind::Added => "added",
                        FieldChangeKind::Removed => "removed",
                        FieldChangeKind::Changed | FieldChangeKind::Other => "changed",
                    },
                    from: field.from.as_deref().map(text::line).unwrap_or_default(),
                    to: field.to.as_deref().map(text::line).unwrap_or_default(),
                })
                .collect(),
        }
    }
}
