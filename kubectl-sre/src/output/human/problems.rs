//! What is wrong, worst first: causes that reach far with how far, then one object after the other.

use super::{Mark, Screen, span};
use crate::output::{escape, wrap};
use anstyle::Style as Paint;
use sre_shared::check::unended;
use sre_shared::report::{Cause, Fold, Item, ObjectRef, State, Status, fold, gist, shared_words};
use sre_shared::resource::Time;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use unicode_width::UnicodeWidthStr as _;

/// Entries that are shown.
const SHOWN: usize = 10;
/// Objects without a known cause that are shown by name, of those that are alike.
const SHOWN_ALIKE: usize = 5;
/// Causes that say the same of different things are shown one by one up to so many.
const SHOWN_SAME: usize = 3;
/// Objects that are named of those that have one cause.
const SHOWN_UNDER_CAUSE: usize = 3;
/// Causes that are shown of one object.
const SHOWN_CAUSES: usize = 3;
/// Lines of a log that are shown, the last ones.
const SHOWN_LOG: usize = 5;

/// What is told together.
enum Entry<'a> {
    /// A cause that several objects have.
    Wide(Box<Fold<'a>>),
    /// One object and its causes.
    One(&'a Item, Vec<Fold<'a>>),
    /// Objects that fall short alike, and nothing is known of why.
    Alike(Vec<&'a Item>),
}

impl<'a> Entry<'a> {
    fn items(&self) -> Vec<&'a Item> {
        match self {
            Self::Wide(fold) => fold.members.iter().map(|(item, _)| *item).collect(),
            Self::One(item, _) => vec![item],
            Self::Alike(items) => items.clone(),
        }
    }

    fn mark(&self) -> Mark {
        let marks = self.items().into_iter().filter_map(Mark::of);
        marks.min().unwrap_or(Mark::Moving)
    }

    /// The order on the screen.
    fn place(&self) -> impl Ord + use<> {
        let (kind, size) = match self {
            Self::Wide(fold) => (0, fold.members.len()),
            _ => (1, 0),
        };
        let serves = self.items().iter().all(|item| item.ready.unwrap_or(0) > 0);
        (self.mark(), kind, Reverse(size), serves)
    }
}

/// The one object that a cause is told with, where it is only one: a workload with its Services and its claim.
fn alone<'a>(fold: &Fold<'a>) -> Option<&'a Item> {
    let identity = |item: &Item| item.identity();
    let is_itself = |item: &Item| fold.finding.subject.as_ref() == Some(&identity(item));
    let under: HashSet<ObjectRef> = fold
        .members
        .iter()
        .filter(|(item, _)| !is_itself(item) && item.kind != "Service")
        .map(|(item, _)| identity(item))
        .collect();
    let mut members = fold.members.iter().map(|(item, _)| *item);
    match under.len() {
        0 => members.next(),
        1 => members.find(|item| under.contains(&identity(item))),
        _ => None,
    }
}

/// Puts together what is said in the same words of many different things: a quota in each of thirty namespaces.
fn together(folds: Vec<Fold<'_>>) -> Vec<Fold<'_>> {
    let words = |fold: &Fold<'_>| {
        let Fold { finding, .. } = fold;
        let words = match finding.subject {
            Some(_) => gist(&finding.message),
            None => shared_words(&finding.code, &finding.message)?,
        };
        Some((finding.code.clone(), words))
    };
    let mut same: HashMap<_, usize> = HashMap::new();
    for words in folds.iter().filter_map(words) {
        *same.entry(words).or_default() += 1;
    }
    let mut places = HashMap::new();
    let mut put: Vec<Fold<'_>> = Vec::new();
    for fold in folds {
        let words = words(&fold).filter(|words| same.get(words).is_some_and(|count| *count > SHOWN_SAME));
        let Some(words) = words else {
            put.push(fold);
            continue;
        };
        match places.get(&words).and_then(|at: &usize| put.get_mut(*at)) {
            Some(first) => {
                let (into, from) = (&mut first.finding, &fold.finding);
                into.pods += from.pods;
                into.workloads += from.workloads;
                into.services += from.services;
                into.subject = None;
                if from.since.is_some() && (into.since.is_none() || from.since < into.since) {
                    into.since.clone_from(&from.since);
                }
                if from.last > into.last {
                    into.last.clone_from(&from.last);
                }
                first.members.extend(fold.members);
            }
            None => {
                places.insert(words, put.len());
                put.push(fold);
            }
        }
    }
    put
}

fn entries<'a>(items: &[&'a Item]) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let mut ones: HashMap<ObjectRef, usize> = HashMap::new();
    for fold in together(fold(items.iter().copied())) {
        match alone(&fold) {
            None => entries.push(Entry::Wide(Box::new(fold))),
            Some(item) => {
                let at = *ones.entry(item.identity()).or_insert_with(|| {
                    entries.push(Entry::One(item, Vec::new()));
                    entries.len() - 1
                });
                if let Some(Entry::One(_, folds)) = entries.get_mut(at) {
                    folds.push(fold);
                }
            }
        }
    }
    let mut alike: HashMap<_, usize> = HashMap::new();
    for item in items.iter().copied().filter(|item| !item.is_found()) {
        let Some(mark) = Mark::of(item) else { continue };
        let at = *alike
            .entry((mark, item.state, &item.kind, &item.reason))
            .or_insert_with(|| {
                entries.push(Entry::Alike(Vec::new()));
                entries.len() - 1
            });
        if let Some(Entry::Alike(items)) = entries.get_mut(at) {
            items.push(item);
        }
    }
    for entry in &mut entries {
        if let Entry::Alike(items) = entry {
            items.sort_by_key(|item| item.ready.unwrap_or(0) > 0);
        }
    }
    entries.sort_by_key(Entry::place);
    entries
}

impl Screen<'_> {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(check) = self.report.api_server().filter(|c| c.status != Status::Ok) {
            lines.extend(self.api_server_problem(check));
        }
        let items: Vec<&Item> = self.report.kinds().flat_map(|kind| &kind.items).collect();
        let entries = entries(&items);
        let shown = entries.get(..SHOWN).unwrap_or(&entries);
        let named = shown.iter().flat_map(|entry| match entry {
            Entry::Wide(_) => Vec::new(),
            _ => entry.items().into_iter().take(SHOWN_ALIKE).collect(),
        });
        let width = named.map(|item| name_of(item).width()).max().unwrap_or(0).min(40);
        for entry in shown {
            match entry {
                Entry::Wide(fold) => self.wide(entry.mark(), fold, &mut lines),
                Entry::One(item, folds) => self.one(entry.mark(), item, folds, width, &mut lines),
                Entry::Alike(items) => self.alike(entry.mark(), items, width, &mut lines),
            }
        }
        let left: HashSet<ObjectRef> = entries
            .iter()
            .skip(SHOWN)
            .flat_map(Entry::items)
            .map(Item::identity)
            .collect();
        if !left.is_empty() {
            lines.push(self.dim(&format!(
                "  and {} more for other reasons; -o json lists every one",
                left.len()
            )));
        }
        lines.extend(self.acknowledged(&items));
        lines
    }

    /// A cause and how far it reaches.
    fn wide(&self, mark: Mark, fold: &Fold<'_>, lines: &mut Vec<String>) {
        let finding = &fold.finding;
        let symbol = self.paint(mark.paint(), mark.symbol());
        let code = self.paint(Paint::new().bold(), &escape(&finding.code));
        let first = format!("{symbol} {code}: ");
        let begin = finding.code.width() + 4;
        lines.extend(self.wrap((&first, begin), 4, &escape(&finding.message)));
        let subject = finding.subject.as_ref();
        let under: Vec<&Item> = fold.members.iter().map(|(item, _)| *item).collect();
        let mut names: Vec<String> = Vec::new();
        for item in under {
            let name = name_of(item);
            if subject != Some(&item.identity()) && item.kind != "Service" && !names.contains(&name) {
                names.push(name);
            }
        }
        let namespaces: BTreeSet<&str> = fold
            .members
            .iter()
            .map(|(item, _)| item.namespace.as_str())
            .collect();
        let namespaces = namespaces.iter().filter(|name| !name.is_empty()).count();
        let mut reach = reach(finding.pods, finding.workloads, names.len() as u64);
        if namespaces > 1 {
            reach = format!("{reach} in {namespaces} namespaces");
        }
        if let Some(services) = services(finding.services) {
            reach = format!("{reach}, {services}");
        }
        if let Some(age) = self.age(finding.since.as_deref()) {
            reach = format!("{reach}, for {age}");
        }
        if let Some(age) = self.age(finding.last.as_deref()) {
            reach = format!("{reach}, last {age} ago");
        }
        let left = names.len().saturating_sub(SHOWN_UNDER_CAUSE);
        names.truncate(SHOWN_UNDER_CAUSE);
        let more = match left {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        lines.extend(self.indented(4, &format!("{reach}: {}{more}", names.join(", "))));
        lines.extend(self.hint(finding.hint.as_deref()));
    }

    fn one(&self, mark: Mark, item: &Item, folds: &[Fold<'_>], width: usize, lines: &mut Vec<String>) {
        let causes: Vec<&Cause> = item.roots().collect();
        let services = services(match item.kind.as_str() {
            "Service" => 0,
            _ => folds.iter().map(|fold| fold.finding.services).sum(),
        });
        // Counts say the same as the message; then the cause stands in its place.
        let inline = match causes.as_slice() {
            [cause] if item.reason == "ReadyBelowDesired" => Some(*cause),
            _ => None,
        };
        let mut text = match inline {
            Some(cause) => {
                let mut text = told(cause);
                if cause.count > 1 {
                    text = format!("{text}, {} pods", cause.count);
                }
                if let Some(age) = self.age(item.since.as_deref()) {
                    text = format!("{text}, for {age}");
                }
                if let Some(age) = self.age(cause.last.as_deref()) {
                    text = format!("{text}, last {age} ago");
                }
                with_notes(item, text)
            }
            None => self.explain(item),
        };
        if let Some(services) = services {
            text = format!("{text}, {services}");
        }
        self.line(mark, item, width, &text, lines);
        for cause in causes.iter().take(SHOWN_CAUSES) {
            // What is itself behind something says the same twice.
            if inline.is_none() && !item.message.ends_with(&cause.message) {
                let count = match cause.count {
                    0 | 1 => String::new(),
                    n => format!("{n}x "),
                };
                let last = self.age(cause.last.as_deref());
                let last = last.map_or_else(String::new, |age| format!(", last {age} ago"));
                lines.extend(self.indented(4, &format!("{count}{}{last}", told(cause))));
            }
            let log = cause.log.get(cause.log.len().saturating_sub(SHOWN_LOG)..);
            let log = log.unwrap_or_default().iter();
            lines.extend(log.map(|line| format!("      | {}", escape(line))));
        }
        let hint = causes.iter().find_map(|c| c.hint.clone());
        lines.extend(self.hint(hint.or_else(|| describe(item)).as_deref()));
    }

    fn alike(&self, mark: Mark, items: &[&Item], width: usize, lines: &mut Vec<String>) {
        for (number, item) in items.iter().take(SHOWN_ALIKE).enumerate() {
            self.line(mark, item, width, &self.explain(item), lines);
            if number == 0 {
                lines.extend(self.hint(describe(item).as_deref()));
            }
        }
        let left = items.len().saturating_sub(SHOWN_ALIKE);
        if left > 0 {
            let all: BTreeSet<&str> = items.iter().map(|item| item.namespace.as_str()).collect();
            let place = if all.len() > 1 {
                format!(", {} namespaces in all", all.len())
            } else {
                String::new()
            };
            lines.push(self.dim(&format!(
                "  and {left} more like these{place}; -o json lists every one"
            )));
        }
    }

    /// Name, counts and what is to be said of it.
    fn line(&self, mark: Mark, item: &Item, width: usize, text: &str, lines: &mut Vec<String>) {
        let symbol = self.paint(mark.paint(), mark.symbol());
        let name = name_of(item);
        let pad = " ".repeat(width.saturating_sub(name.width()));
        let counts = counts(item);
        let begin = 2 + width.max(name.width()) + 2 + counts.width().max(9) + 2;
        let name = self.paint(Paint::new().bold(), &name);
        if self
            .style
            .width
            .is_some_and(|screen| begin + text.width() > screen)
        {
            lines.push(format!("{symbol} {name}{pad}  {counts}"));
            lines.extend(self.indented(4, text));
        } else {
            lines.push(format!("{symbol} {name}{pad}  {counts:<9}  {text}"));
        }
    }

    /// What somebody knows of already: how many, and with `-v` which.
    fn acknowledged(&self, items: &[&Item]) -> Vec<String> {
        let known: Vec<_> = items
            .iter()
            .filter_map(|item| item.acknowledged.as_ref().map(|a| (*item, a)))
            .collect();
        if known.is_empty() {
            return Vec::new();
        }
        if !self.style.verbose {
            let count = known.len();
            return vec![self.dim(&format!(
                "  {count} acknowledged, which -v lists and --no-ignore judges"
            ))];
        }
        let width = known
            .iter()
            .map(|(item, _)| name_of(item).width())
            .max()
            .unwrap_or(0);
        let lines = known.iter().map(|(item, a)| {
            let name = name_of(item);
            let pad = " ".repeat(width.saturating_sub(name.width()));
            let text = format!("{} acknowledged until {}: {}", a.code, a.until, a.reason);
            self.dim(&format!("  {name}{pad}  {:<9}  {}", counts(item), escape(&text)))
        });
        lines.collect()
    }

    /// A command is never broken: it is there to be pasted.
    fn hint(&self, hint: Option<&str>) -> Option<String> {
        hint.map(|hint| format!("    {}", self.dim(&escape(hint))))
    }

    /// What to say of an item beside its counts.
    fn explain(&self, item: &Item) -> String {
        let counted = match (item.ready, item.desired) {
            (Some(ready), Some(desired)) if item.judged_by.is_empty() => {
                format!("{ready} of {desired} ready")
            }
            (Some(ready), Some(desired)) => format!("{ready} of {desired} pods ready"),
            _ => String::new(),
        };
        let rest = item.message.strip_prefix(&counted).unwrap_or(&item.message);
        let rest = rest.trim_start_matches([',', ' ']);
        if let Some(note) = item
            .notes
            .iter()
            .find(|note| item.state == State::Terminating && note.starts_with(rest))
        {
            // The note says the same, and for how long.
            let others = item.notes.iter().filter(|other| *other != note);
            let others: Vec<String> = others.map(|n| escape(unended(n))).collect();
            return match others.as_slice() {
                [] => escape(note),
                some => format!("{} ({})", escape(note), some.join("; ")),
            };
        }
        let mut text = match (rest, item.reason.as_str()) {
            ("", "ReadyBelowDesired") if item.ready == Some(0) => "no pod is ready".to_owned(),
            ("", "ReadyBelowDesired") => "too few pods are ready".to_owned(),
            ("", _) if item.state.is_fine() => item.state.as_str().to_owned(),
            ("", reason) => escape(reason),
            (rest, _) => escape(unended(rest)),
        };
        if let Some(age) = self.age(item.since.as_deref()).map(|age| format!("for {age}")) {
            // Some say so themselves.
            if !text.ends_with(&age) {
                text = format!("{text}, {age}");
            }
        }
        with_notes(item, text)
    }

    fn age(&self, since: Option<&str>) -> Option<String> {
        let since = Time::parse(since?).ok()?;
        Some(span(self.now?.seconds_since(since)))
    }

    /// Breaks a text at the edge of the terminal: the first line begins with `first`, the others with so many spaces.
    pub(super) fn wrap(&self, first: (&str, usize), indent: usize, text: &str) -> Vec<String> {
        wrap(first, indent, self.style.width, text)
    }

    fn indented(&self, indent: usize, text: &str) -> Vec<String> {
        self.wrap((&" ".repeat(indent), indent), indent, text)
    }
}

/// A text and what should be known beside it.
fn with_notes(item: &Item, text: String) -> String {
    let notes = item.notes.iter().chain(&item.warnings);
    let notes: Vec<String> = notes
        .filter(|n| *n != "podsNotSeen")
        .map(|n| escape(unended(n)))
        .collect();
    if notes.is_empty() {
        text
    } else {
        format!("{text} ({})", notes.join("; "))
    }
}

/// `37 pods of 12 workloads`
fn reach(pods: u64, workloads: u64, objects: u64) -> String {
    let count = |n: u64, one: &str| {
        if n == 1 {
            format!("1 {one}")
        } else {
            format!("{n} {one}s")
        }
    };
    match (pods, workloads) {
        (0, 0) => count(objects, "object"),
        (0, workloads) => count(workloads, "workload"),
        (pods, 0) => count(pods, "pod"),
        (pods, workloads) => format!("{} of {}", count(pods, "pod"), count(workloads, "workload")),
    }
}

fn services(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 Service without endpoints".to_owned()),
        n => Some(format!("{n} Services without endpoints")),
    }
}

/// A cause in a sentence that may go on.
fn told(cause: &Cause) -> String {
    format!("{}: {}", escape(&cause.code), escape(unended(&cause.message)))
}

fn counts(item: &Item) -> String {
    match (item.ready, item.desired) {
        (Some(ready), Some(desired)) => format!("{ready}/{desired} ready"),
        _ => String::new(),
    }
}

/// What to type about an object of which nothing more is known.
fn describe(item: &Item) -> Option<String> {
    let wrong = !matches!(item.state, State::Progressing | State::Healthy);
    if !wrong || item.reason == "Manifest" {
        return None;
    }
    let kind = item.kind.to_lowercase();
    Some(match item.namespace.as_str() {
        "" => format!("kubectl describe {kind} {}", item.name),
        namespace => format!("kubectl -n {namespace} describe {kind} {}", item.name),
    })
}

/// `shop/checkout` for a Deployment, else with the kind.
fn name_of(item: &Item) -> String {
    let name = if item.name.is_empty() {
        "(no name)"
    } else {
        &item.name
    };
    let name = match item.namespace.as_str() {
        "" => escape(name),
        namespace => escape(&format!("{namespace}/{name}")),
    };
    match item.kind.as_str() {
        kind if !item.judged_by.is_empty() => format!("{} {name} (not judged itself)", escape(kind)),
        "Deployment" => name,
        kind => format!("{} {name}", escape(kind)),
    }
}
