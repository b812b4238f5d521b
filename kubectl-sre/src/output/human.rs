//! The screen: verdict first, what is wrong worst first with evidence and next command, then a line a part.
//!
//! It is read at 3 a.m.: without colour, in a narrow window, by someone who has to decide what to type next. So
//! what is alike is said once, and however much is broken the screen stays short; `-o json` lists everything.

mod api_server;

use super::{Style, escape};
use anstyle::{AnsiColor, Style as Paint};
use sre_shared::check::path::span;
use sre_shared::report::{Item, KindCheck, Namespaces, NotSeen, Report, State, Status, Verdict};
use sre_shared::resource::Time;
use sre_shared::run::Kind;
use std::collections::BTreeSet;
use std::io::{Result, Write};
use unicode_width::UnicodeWidthStr as _;

/// Objects of one group that are shown by name.
const SHOWN_OF_GROUP: usize = 5;
/// Groups that are shown.
const SHOWN_GROUPS: usize = 8;
/// Entries of what was not seen that are shown.
const SHOWN_NOT_SEEN: usize = 4;
/// Names in an entry that stands for many.
const SHOWN_NAMES: usize = 4;

/// Writes the screen.
///
/// # Errors
/// Those of the writer.
pub fn human(report: &Report, style: &Style, out: &mut dyn Write) -> Result<()> {
    let screen = Screen {
        report,
        style,
        now: now(report),
    };
    let mut blocks = vec![vec![screen.headline()]];
    if !style.quiet {
        blocks.push(screen.problems());
        blocks.push(screen.not_seen());
        blocks.push(screen.ladder());
        blocks.push(screen.parts());
    }
    blocks.retain(|block| !block.is_empty());
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        for line in block {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

/// When the report was made: its data may be older.
fn now(report: &Report) -> Option<Time> {
    let observed = Time::parse(&report.observed_at).ok()?;
    let age = i64::try_from(report.age_seconds).ok()?;
    Some(Time::from_seconds(observed.seconds.saturating_add(age)))
}

struct Screen<'a> {
    report: &'a Report,
    style: &'a Style,
    now: Option<Time>,
}

/// How bad a line is; the order is that of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Mark {
    /// It falls short.
    Bad,
    /// It still serves, or takes suspiciously long.
    Warning,
    /// It was not understood.
    Unknown,
    /// It is under way.
    Moving,
}

impl Mark {
    fn of(item: &Item) -> Option<Self> {
        match (item.state, item.healthy) {
            (State::Unavailable, _) => Some(Self::Bad),
            (State::Degraded, _) if item.ready >= item.desired && item.desired.is_some() => {
                Some(Self::Warning)
            }
            (State::Degraded, _) => Some(Self::Bad),
            (State::Unknown, _) => Some(Self::Unknown),
            (State::Progressing, _) => Some(Self::Moving),
            (State::Terminating, Some(false)) => Some(Self::Bad),
            // Notes other than `paused` are warnings: something takes longer than it should.
            (State::Terminating, _) => (!item.notes.is_empty()).then_some(Self::Warning),
            _ if !item.warnings.is_empty() => Some(Self::Warning),
            (State::Suspended | State::Succeeded, _) => None,
            (State::Healthy, _) => item
                .notes
                .iter()
                .any(|n| n.contains("still going after"))
                .then_some(Self::Warning),
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Bad => "✗",
            Self::Warning => "!",
            Self::Unknown => "?",
            Self::Moving => "~",
        }
    }

    fn paint(self) -> Paint {
        match self {
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warning | Self::Unknown => AnsiColor::Yellow.on_default().bold(),
            Self::Moving => AnsiColor::Cyan.on_default().bold(),
        }
    }
}

impl Screen<'_> {
    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.style.color {
            format!("{paint}{text}{paint:#}")
        } else {
            text.to_owned()
        }
    }

    fn dim(&self, text: &str) -> String {
        self.paint(Paint::new().dimmed(), text)
    }

    fn headline(&self) -> String {
        let verdict = Verdict::of(self.report);
        let (word, paint) = match verdict {
            Verdict { degraded: true, .. } => ("DEGRADED", AnsiColor::Red.on_default().bold()),
            Verdict { unknown: true, .. } => ("UNKNOWN", AnsiColor::Yellow.on_default().bold()),
            Verdict {
                progressing: true, ..
            } => ("PROGRESSING", AnsiColor::Cyan.on_default().bold()),
            _ => ("OK", AnsiColor::Green.on_default().bold()),
        };
        let source = &self.report.source;
        let place = source
            .context
            .as_ref()
            .or(source.file.as_ref())
            .or(source.agent.as_ref())
            .or(source.server.as_ref());
        let mut parts = vec![self.paint(paint, word)];
        parts.extend(place.map(|p| escape(p)));
        parts.extend(source.version.as_ref().map(|v| escape(v)));
        parts.push(self.sentences().join("; "));
        parts.join("  ")
    }

    fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if let Some(check) = self.report.api_server() {
            let class = check.class.as_deref().unwrap_or("unknown");
            match check.status {
                Status::Ok => {}
                Status::Degraded => sentences.push(format!("the API server is not well ({})", escape(class))),
                Status::Unknown if check.version.is_some() => {
                    sentences.push(format!(
                        "the API server could not be asked whether it is well ({})",
                        escape(class)
                    ));
                }
                Status::Unknown => {
                    sentences.push(format!("the API server cannot be asked ({})", escape(class)));
                }
            }
        }
        for kind in self.report.kinds() {
            sentences.extend(kind_sentence(kind));
        }
        sentences.extend(self.nothing_found());
        let not_seen = self.report.coverage.not_seen.len();
        // Said already where the API server itself is the reason.
        let said = self
            .report
            .api_server()
            .is_some_and(|c| c.status == Status::Unknown && c.version.is_none());
        if not_seen > 0 && !said {
            sentences.push(match self.report.coverage.not_seen.as_slice() {
                [one] => format!("not seen: {} ({})", escape(&one.what), escape(&one.class)),
                many => format!("{} parts not seen", many.len()),
            });
        }
        if self.report.stale {
            let age = i64::try_from(self.report.age_seconds).unwrap_or(i64::MAX);
            sentences.push(format!("stale, as of {} ago", span(age)));
        }
        if sentences.is_empty() {
            sentences.push("the API server is well".into());
        }
        sentences
    }

    fn problems(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(check) = self.report.api_server().filter(|c| c.status != Status::Ok) {
            lines.extend(self.api_server_problem(check));
        }
        let mut shown: Vec<(Mark, &Item)> = self
            .report
            .kinds()
            .flat_map(|k| &k.items)
            .filter_map(|item| Mark::of(item).map(|mark| (mark, item)))
            .collect();
        shown.sort_by_key(|(mark, item)| (*mark, item.ready.unwrap_or(0) > 0));
        let groups = fold(&shown);
        let name_width = groups
            .iter()
            .take(SHOWN_GROUPS)
            .flat_map(|g| g.items.iter().take(SHOWN_OF_GROUP))
            .map(|item| name_of(item).width())
            .max()
            .unwrap_or(0)
            .min(40);
        for group in groups.iter().take(SHOWN_GROUPS) {
            self.group(group, name_width, &mut lines);
        }
        let left: usize = groups.iter().skip(SHOWN_GROUPS).map(|g| g.items.len()).sum();
        if left > 0 {
            lines.push(self.dim(&format!(
                "  and {left} more for other reasons; -o json lists every one"
            )));
        }
        lines
    }

    fn group(&self, group: &Group<'_>, name_width: usize, lines: &mut Vec<String>) {
        let symbol = self.paint(group.mark.paint(), group.mark.symbol());
        for (number, item) in group.items.iter().take(SHOWN_OF_GROUP).enumerate() {
            let name = name_of(item);
            let pad = " ".repeat(name_width.saturating_sub(name.width()));
            let counts = match (item.ready, item.desired) {
                (Some(ready), Some(desired)) => format!("{ready}/{desired} ready"),
                _ => String::new(),
            };
            let text = self.explain(item);
            let name = self.paint(Paint::new().bold(), &name);
            let plain = 2 + name_width + 2 + counts.width().max(9) + 2 + text.width();
            if self.style.width.is_some_and(|width| plain > width) {
                lines.push(format!("{symbol} {name}{pad}  {counts}"));
                lines.push(format!("    {text}"));
            } else {
                lines.push(format!("{symbol} {name}{pad}  {counts:<9}  {text}"));
            }
            if number == 0 {
                self.evidence(item, lines);
            }
        }
        let left = group.items.len().saturating_sub(SHOWN_OF_GROUP);
        if left > 0 {
            let all: BTreeSet<&str> = group.items.iter().map(|item| item.namespace.as_str()).collect();
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

    fn evidence(&self, item: &Item, lines: &mut Vec<String>) {
        for cause in item.causes.iter().take(3) {
            let count = if cause.count > 1 {
                format!("{}x ", cause.count)
            } else {
                String::new()
            };
            lines.push(format!(
                "    {count}{}: {}",
                escape(&cause.code),
                escape(&cause.message)
            ));
        }
        let hint = item.causes.iter().find_map(|c| c.hint.clone()).or_else(|| {
            let kind = item.kind.to_lowercase();
            let wrong = !matches!(item.state, State::Progressing | State::Healthy);
            (wrong && item.reason != "Manifest")
                .then(|| format!("kubectl -n {} describe {kind} {}", item.namespace, item.name))
        });
        lines.extend(hint.map(|hint| format!("    {}", self.dim(&escape(&hint)))));
    }

    /// What to say of an item beside its counts.
    fn explain(&self, item: &Item) -> String {
        let counted = match (item.ready, item.desired) {
            (Some(ready), Some(desired)) => format!("{ready} of {desired} ready"),
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
            return escape(note);
        }
        let mut text = match (rest, item.reason.as_str()) {
            ("", "ReadyBelowDesired") if item.ready == Some(0) => "no pod is ready".to_owned(),
            ("", "ReadyBelowDesired") => "too few pods are ready".to_owned(),
            ("", reason) => escape(reason),
            (rest, _) => escape(rest),
        };
        if let Some(age) = self.age(item) {
            text = format!("{text}, for {age}");
        }
        let notes: Vec<String> = item
            .notes
            .iter()
            .chain(&item.warnings)
            .filter(|n| *n != "podsNotSeen")
            .map(|n| escape(n))
            .collect();
        if !notes.is_empty() {
            text = format!("{text} ({})", notes.join("; "));
        }
        text
    }

    fn age(&self, item: &Item) -> Option<String> {
        let since = Time::parse(item.since.as_deref()?).ok()?;
        Some(span(self.now?.seconds_since(since)))
    }

    fn not_seen(&self) -> Vec<String> {
        let mut lines = Vec::new();
        // The same failure in many namespaces is one line.
        let mut groups: Vec<(&NotSeen, Vec<&str>)> = Vec::new();
        for entry in &self.report.coverage.not_seen {
            let namespace = entry
                .what
                .split_once(" in namespace ")
                .map(|(_, namespace)| namespace);
            let alike = |other: &NotSeen| {
                other.class == entry.class
                    && other.missing == entry.missing
                    && other.what.split(" in namespace ").next() == entry.what.split(" in namespace ").next()
            };
            match groups
                .iter_mut()
                .find(|(first, names)| namespace.is_some() && !names.is_empty() && alike(first))
            {
                Some((_, names)) => names.extend(namespace),
                None => groups.push((entry, namespace.into_iter().collect())),
            }
        }
        for (entry, names) in groups.iter().take(SHOWN_NOT_SEEN) {
            let what = match names.as_slice() {
                [] | [_] => escape(&entry.what),
                many => {
                    let kind = entry.what.split(" in namespace ").next().unwrap_or_default();
                    let some: Vec<String> = many.iter().take(SHOWN_NAMES).map(|n| escape(n)).collect();
                    let rest = if many.len() > SHOWN_NAMES { ", ..." } else { "" };
                    format!(
                        "{} in {} namespaces ({}{rest})",
                        escape(kind),
                        many.len(),
                        some.join(", ")
                    )
                }
            };
            let why = match &entry.missing {
                Some(rule) => format!("missing rule {}", escape(rule)),
                None => escape(entry.error.as_deref().unwrap_or_default()),
            };
            lines.push(format!(
                "{} not seen: {}  {}: {why}",
                self.paint(Mark::Unknown.paint(), Mark::Unknown.symbol()),
                self.paint(Paint::new().bold(), &what),
                escape(&entry.class),
            ));
            // The API server's own line has said it.
            let said = self
                .report
                .api_server()
                .is_some_and(|check| check.hint == entry.hint);
            let hint = entry.hint.iter().filter(|_| !said);
            lines.extend(hint.map(|hint| format!("    {}", self.dim(&escape(hint)))));
        }
        if groups.len() > SHOWN_NOT_SEEN {
            let left = groups.len() - SHOWN_NOT_SEEN;
            lines.push(self.dim(&format!("  and {left} more; -o json lists every one")));
        }
        lines
    }

    fn parts(&self) -> Vec<String> {
        let mut rows: Vec<(String, &str, Paint, String)> = Vec::new();
        if let Some(check) = self.report.api_server() {
            let (word, paint) = status_word(check.status);
            rows.push((
                "API server".into(),
                word,
                paint,
                api_server::line(check, self.now),
            ));
        }
        for kind in self.report.kinds() {
            let broken = kind
                .items
                .iter()
                .any(|i| i.healthy == Some(false) && i.state != State::Progressing);
            let (word, paint) = match kind.status {
                // As the verdict says it: what falls short is under way.
                Status::Degraded if !broken => ("progressing", AnsiColor::Cyan.on_default()),
                status => status_word(status),
            };
            rows.push((title(&kind.check), word, paint, kind_line(kind)));
        }
        let width = rows.iter().map(|(name, ..)| name.width()).max().unwrap_or(0);
        let total = rows.len();
        if total == 0 {
            return Vec::new();
        }
        let words = rows
            .iter()
            .map(|(_, word, ..)| word.len())
            .max()
            .unwrap_or(0)
            .max(8);
        let seen = self
            .report
            .checks
            .iter()
            .filter(|check| check.status() != Status::Unknown)
            .count();
        let mut lines: Vec<String> = rows
            .into_iter()
            .map(|(name, word, paint, text)| {
                let pad = " ".repeat(words.saturating_sub(word.len()));
                let word = self.paint(paint, word);
                format!("{name:<width$}  {word}{pad}  {text}")
            })
            .collect();
        if let Some(check) = self.report.api_server() {
            for (place, (name, text)) in api_server::more(check).into_iter().enumerate() {
                lines.insert(1 + place, format!("{name:<width$}  {:words$}  {text}", ""));
            }
        }
        let mut looked = vec![format!(
            "looked at {seen} of {total} part{}",
            if total == 1 { "" } else { "s" }
        )];
        looked.extend(self.namespaces());
        looked.extend(self.agent());
        if let Some(elapsed) = self.style.elapsed {
            looked.push(format!("in {}", milliseconds(elapsed.as_secs_f64() * 1e3)));
        } else {
            looked.push(format!("as of {}", escape(&self.report.observed_at)));
        }
        lines.push(self.dim(&looked.join(", ")));
        lines
    }

    /// Who was asked, where it was an agent.
    fn agent(&self) -> Option<String> {
        let source = &self.report.source;
        let agent = source.agent.as_ref()?;
        let mut who = vec![format!("by agent {}", escape(agent))];
        who.extend(
            source
                .agent_version
                .iter()
                .map(|version| format!("v{}", escape(version))),
        );
        who.extend(source.pod.iter().map(|pod| format!("in pod {}", escape(pod))));
        Some(who.join(" "))
    }

    /// Said aloud where it is all that there is to say; of one kind among others its own line says it.
    fn nothing_found(&self) -> Option<String> {
        if self.report.kinds().any(|kind| kind.summary.total > 0) {
            return None;
        }
        let read = self.report.kinds().filter(|kind| kind.status == Status::Ok);
        let titles: Vec<String> = read.map(|kind| title(&kind.check)).collect();
        match titles.as_slice() {
            [] => None,
            [one] => Some(format!("no {one} found")),
            [first @ .., last] => Some(format!("no {} or {last} found", first.join(", "))),
        }
    }

    fn namespaces(&self) -> Option<String> {
        self.report.kinds().next()?;
        if let Namespaces::These(names) = &self.report.coverage.namespaces {
            let names: Vec<String> = names.iter().map(|n| escape(n)).collect();
            return Some(format!("namespace {}", names.join(", ")));
        }
        // An agent is asked for what is notable only, which tells nothing of the other namespaces.
        if self.report.source.mode == "agent" {
            return Some("all namespaces".into());
        }
        let found: BTreeSet<&str> = self
            .report
            .kinds()
            .flat_map(|k| &k.items)
            .map(|i| i.namespace.as_str())
            .collect();
        match found.len() {
            0 => Some("all namespaces".into()),
            1 => Some("objects in 1 namespace".into()),
            n => Some(format!("objects in {n} namespaces")),
        }
    }
}

fn status_word(status: Status) -> (&'static str, Paint) {
    let paint = match status {
        Status::Ok => AnsiColor::Green.on_default(),
        Status::Degraded => AnsiColor::Red.on_default(),
        Status::Unknown => AnsiColor::Yellow.on_default(),
    };
    (status.as_str(), paint)
}

fn title(plural: &str) -> String {
    Kind::from_word(plural).map_or_else(|| escape(plural), |kind| kind.title().to_owned())
}

fn name_of(item: &Item) -> String {
    let name = if item.name.is_empty() {
        "(no name)"
    } else {
        &item.name
    };
    if item.namespace.is_empty() {
        escape(name)
    } else {
        escape(&format!("{}/{name}", item.namespace))
    }
}

/// Items that have the same thing wrong.
struct Group<'a> {
    mark: Mark,
    items: Vec<&'a Item>,
}

fn fold<'a>(items: &[(Mark, &'a Item)]) -> Vec<Group<'a>> {
    let mut places = std::collections::HashMap::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (mark, item) in items {
        let causes: Vec<(&str, String)> = item
            .causes
            .iter()
            .map(|c| (c.code.as_str(), gist(&c.message)))
            .collect();
        let at = *places
            .entry((*mark, item.state, item.reason.as_str(), causes))
            .or_insert_with(|| {
                groups.push(Group {
                    mark: *mark,
                    items: Vec::new(),
                });
                groups.len() - 1
            });
        if let Some(group) = groups.get_mut(at) {
            group.items.push(item);
        }
    }
    groups
}

/// A message without what differs between objects with the same trouble: quoted names and numbers.
fn gist(message: &str) -> String {
    let mut gist = String::new();
    let mut quoted = false;
    for c in message.chars() {
        match c {
            '"' => quoted = !quoted,
            c if quoted || c.is_ascii_digit() => {}
            c => gist.push(c),
        }
    }
    gist
}

fn kind_sentence(kind: &KindCheck) -> Option<String> {
    let title = title(&kind.check);
    let summary = &kind.summary;
    let judged = summary.total - summary.terminating.min(summary.total);
    let short = kind
        .items
        .iter()
        .filter(|i| i.healthy == Some(false) && !matches!(i.state, State::Unknown))
        .count();
    let one_of = |n: u64| if n == 1 { "is" } else { "are" };
    if summary.total == 0 {
        return None;
    }
    let mut parts = Vec::new();
    if short > 0 && kind.status == Status::Unknown {
        // What certainly falls short makes a part degraded; this was seen too long ago to be certain.
        parts.push(format!("{short} of {judged} {title} fell short when last seen"));
    } else if short > 0 {
        parts.push(format!(
            "{short} of {judged} {title} {} not healthy",
            one_of(short as u64)
        ));
    }
    if summary.unknown > 0 {
        let plural = if summary.unknown == 1 { "was" } else { "were" };
        // Of how many, and of what, the sentence before has said.
        let of = if short > 0 {
            String::new()
        } else {
            format!(" of {judged} {title}")
        };
        parts.push(format!("{}{of} {plural} not understood", summary.unknown));
    }
    if parts.is_empty() {
        let one =
            Kind::from_word(&kind.check).map_or_else(|| escape(&kind.check), |kind| kind.kind().to_owned());
        let all = match judged {
            0 => format!("no {title} but those being deleted"),
            1 => format!("the only {one} is healthy"),
            n => format!("all {n} {title} are healthy"),
        };
        // What was not seen may not be: then only what was seen is spoken of.
        let all = match (kind.status, judged) {
            (Status::Unknown, 1) => format!("the only {one} seen is healthy"),
            (Status::Unknown, n) => format!("the {n} {title} seen are healthy"),
            _ => all,
        };
        parts.push(all);
    }
    let moving = kind
        .items
        .iter()
        .filter(|i| i.state == State::Progressing && i.healthy == Some(true))
        .count();
    if moving > 0 {
        parts.push(format!("{moving} still rolling out"));
    }
    Some(parts.join(", "))
}

fn kind_line(kind: &KindCheck) -> String {
    let summary = &kind.summary;
    if summary.total == 0 {
        return if kind.status == Status::Ok {
            "none found".into()
        } else {
            "not seen".into()
        };
    }
    let counted: Vec<String> = State::ALL
        .into_iter()
        .map(|state| (state, summary.in_state(state)))
        .filter(|(state, n)| *n > 0 || *state == State::Healthy)
        .map(|(state, n)| format!("{n} {}", state.as_str()))
        .collect();
    counted.join(", ")
}

fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

#[cfg(test)]
mod tests;
