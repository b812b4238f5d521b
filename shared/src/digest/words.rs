//! Words and small sentences that several places use.

use crate::check::trim_end_mark;
use crate::judge::CONTROLLERS;
use crate::kind::Kind;
use crate::report::{BaselineMark, Cause, Item, NoteCode, State};

/// Joins words to a list: `a, b and c`. `last` is the word before the last one.
pub(super) fn listed(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// `1 pod`, `2 pods`.
#[must_use]
pub fn count(n: u64, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

/// The plural of a kind as its upstream writes it, such as `DaemonSets`.
pub(super) fn kind_title(plural: &str) -> String {
    if plural == CONTROLLERS {
        return "Controllers".to_owned();
    }
    Kind::from_word(plural).map_or_else(|| plural.to_owned(), |kind| kind.title().to_owned())
}

/// A duration: `9.1 ms`, `120 ms`, `1.5 s`.
#[must_use]
pub fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// How an object compares with the baseline, in words; `None` without a baseline, or if it is excused by it.
#[must_use]
pub fn baseline_words(item: &Item) -> Option<String> {
    match (item.baseline?, item.baseline_state) {
        (BaselineMark::New, _) => Some("new".to_owned()),
        (BaselineMark::Worse, Some(was)) => Some(format!("worse, was {}", was.as_str())),
        (BaselineMark::Worse, None) => Some("worse".to_owned()),
        (BaselineMark::Same | BaselineMark::Better, _) => None,
    }
}

/// The name of an object: `shop/checkout` for a Deployment, else with its kind before it.
#[must_use]
pub fn object_name(item: &Item) -> String {
    let name = match item.name.as_str() {
        "" => "(no name)",
        name => name,
    };
    let name = match item.namespace.as_str() {
        "" => name.to_owned(),
        namespace => format!("{namespace}/{name}"),
    };
    match item.kind.as_str() {
        kind if !item.judged_by.is_empty() => format!("{kind} {name} (not judged itself)"),
        kind if kind == Kind::Deployment.kind() => name,
        kind => format!("{kind} {name}"),
    }
}

/// The name of an object, always with its kind.
pub(super) fn kind_and_name(item: &Item) -> String {
    let name = object_name(item);
    if item.kind == Kind::Deployment.kind() && item.judged_by.is_empty() {
        format!("{} {name}", item.kind)
    } else {
        name
    }
}

/// How many pods of an object are ready: `1/3`. `None` for an object without pods.
#[must_use]
pub fn ready_of_desired(item: &Item) -> Option<String> {
    let (ready, desired) = item.ready.zip(item.desired)?;
    Some(format!("{ready}/{desired}"))
}

/// An object, its counts and a text in one line.
pub(super) fn name_and_text(item: &Item, text: &str) -> String {
    let name = object_name(item);
    match ready_of_desired(item) {
        Some(counts) => format!("{name} {counts} ready, {text}"),
        None => format!("{name}: {text}"),
    }
}

/// The command that shows more about an object that falls short.
#[must_use]
pub fn describe_command(item: &Item) -> Option<String> {
    let falls_short = !matches!(item.state, State::Progressing | State::Healthy);
    if !falls_short || item.reason == "Manifest" {
        return None;
    }
    let kind = item.kind.to_lowercase();
    Some(match item.namespace.as_str() {
        "" => format!("kubectl describe {kind} {}", item.name),
        namespace => format!("kubectl -n {namespace} describe {kind} {}", item.name),
    })
}

/// A cause as a sentence without its full stop, so that more words can follow.
#[must_use]
pub fn cause_sentence(cause: &Cause) -> String {
    format!("{}: {}", cause.code, trim_end_mark(&cause.message))
}

/// A text about an item, with the item's notes and warnings in brackets after it.
pub(super) fn with_notes(item: &Item, text: String) -> String {
    let notes = item.notes.iter();
    let notes = notes.filter(|note| note.code != Some(NoteCode::PodsNotSeen));
    let notes = notes.map(|note| &note.text).chain(&item.warnings);
    let notes: Vec<&str> = notes.map(|note| trim_end_mark(note)).collect();
    if notes.is_empty() {
        text
    } else {
        format!("{text} ({})", notes.join("; "))
    }
}
