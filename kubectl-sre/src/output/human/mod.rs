//! The screen: verdict first, what is wrong worst first with evidence and next command, then a line a part.
//!
//! It is read at 3 a.m.: without colour, in a narrow window, by someone who has to decide what to type next. So
//! what is alike is said once, and however much is broken the screen stays short; `-o json` lists everything.

mod api_server;
mod not_seen;
mod problems;

use super::{Style, escape};
use anstyle::{AnsiColor, Style as Paint};
use sre_shared::judge::CONTROLLERS;
use sre_shared::report::{Item, KindCheck, Namespaces, Outcome, Report, State, Status};
use sre_shared::resource::Time;
use sre_shared::run::Kind;
use sre_shared::span::span;
use std::collections::BTreeSet;
use std::io::{Result, Write};
use unicode_width::UnicodeWidthStr as _;

/// Kinds whose objects together are called workloads.
const WORKLOADS: [&str; 10] = [
    "deployments",
    "statefulsets",
    "daemonsets",
    "rollouts",
    "replicasets",
    "replicationcontrollers",
    "pods",
    "jobs",
    "cronjobs",
    CONTROLLERS,
];

/// Writes the screen.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, style: &Style, out: &mut dyn Write) -> Result<()> {
    let screen = Screen {
        report,
        style,
        now: now(report),
    };
    let mut blocks = vec![screen.headline()];
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
    /// `None` where nobody has to look at it.
    fn of(item: &Item) -> Option<Self> {
        if item.acknowledged.is_some() {
            return None;
        }
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

    /// The verdict; one line where nothing else is said.
    fn headline(&self) -> Vec<String> {
        let verdict = Outcome::of(self.report);
        let (word, paint) = match verdict {
            Outcome { degraded: true, .. } => ("DEGRADED", AnsiColor::Red.on_default().bold()),
            Outcome { unknown: true, .. } => ("UNKNOWN", AnsiColor::Yellow.on_default().bold()),
            Outcome {
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
        let mut parts = Vec::new();
        parts.extend(place.map(|p| escape(p)));
        parts.extend(source.version.as_ref().map(|v| escape(v)));
        parts.push(self.sentences().join("; "));
        let (begin, text) = (format!("{}  ", self.paint(paint, word)), parts.join("  "));
        if self.style.quiet {
            // The last line of the screen, which is not written here, says whose answer it is.
            let answered = source.agent.as_ref().filter(|_| !self.report.checks.is_empty());
            let by = answered.map_or(String::new(), |agent| format!(", by agent {}", escape(agent)));
            return vec![format!("{begin}{text}{by}")];
        }
        self.wrap((&begin, word.len() + 2), 2, &text)
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
                        "the API server answers, but its health could not be checked ({})",
                        escape(class)
                    ));
                }
                Status::Unknown => {
                    sentences.push(format!("the API server cannot be asked ({})", escape(class)));
                }
            }
        }
        sentences.extend(self.kinds_sentence());
        let not_seen = not_seen::groups(&self.report.coverage.not_seen);
        // Said already where the API server itself is the reason.
        let said = self
            .report
            .api_server()
            .is_some_and(|c| c.status == Status::Unknown && c.version.is_none());
        if !not_seen.is_empty() && !said {
            sentences.push(match not_seen.as_slice() {
                [one] if one.is_short() => {
                    format!("not seen: {} ({})", one.what(), escape(&one.first.class))
                }
                _ => format!("{} parts not seen", self.report.coverage.not_seen.len()),
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

    /// What is said of the objects, in one sentence however many kinds there are.
    fn kinds_sentence(&self) -> Option<String> {
        let kinds: Vec<&KindCheck> = self.report.kinds().filter(|k| k.summary.total > 0).collect();
        let acknowledged: u64 = kinds.iter().map(|k| k.summary.acknowledged).sum();
        let mut sentence = match kinds.as_slice() {
            [] => return self.nothing_found(),
            [one] => kind_sentence(one),
            many => many_kinds_sentence(many),
        };
        if acknowledged > 0 {
            sentence = format!("{sentence}, {acknowledged} acknowledged");
        }
        Some(sentence)
    }

    /// Said aloud where it is all that there is to say.
    fn nothing_found(&self) -> Option<String> {
        let read = self.report.kinds().filter(|kind| kind.status == Status::Ok);
        let titles: Vec<String> = read.map(title_of_none).collect();
        (!titles.is_empty()).then(|| format!("no {} found", listed(&titles, "or")))
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
        let several = self.report.kinds().count() > 1;
        // One line for all of which there is none; what was not seen was told above.
        let is_empty = |kind: &&KindCheck| several && kind.summary.total == 0;
        let read = |kind: &&KindCheck| kind.status == Status::Ok;
        let empty = self.report.kinds().filter(is_empty).filter(read);
        let empty: Vec<String> = empty.map(title_of_none).collect();
        for kind in self.report.kinds().filter(|kind| !is_empty(kind)) {
            let broken = kind
                .items
                .iter()
                .any(|i| i.status() == Status::Degraded && i.state != State::Progressing);
            let (word, paint) = match kind.status {
                // As the verdict says it: what falls short is under way.
                Status::Degraded if !broken => ("progressing", AnsiColor::Cyan.on_default()),
                status => status_word(status),
            };
            rows.push((title(&kind.check), word, paint, kind_line(kind)));
        }
        let width = rows.iter().map(|(name, ..)| name.width()).max().unwrap_or(0);
        let total = self.report.checks.len();
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
        if let Some(check) = self.report.api_server() {
            for (place, (name, text)) in api_server::more(check).into_iter().enumerate() {
                rows.insert(1 + place, (name.into(), "", Paint::new(), text));
            }
        }
        let begin = width + 2 + words + 2;
        let mut lines: Vec<String> = Vec::new();
        for (name, word, paint, text) in rows {
            let pad = " ".repeat(words.saturating_sub(word.len()));
            let first = format!("{name:<width$}  {}{pad}  ", self.paint(paint, word));
            lines.extend(self.wrap((&first, begin), begin, &text));
        }
        let mut looked = vec![format!(
            "looked at {seen} of {total} part{}",
            if total == 1 { "" } else { "s" }
        )];
        looked.extend(self.namespaces());
        looked.extend(self.agent());
        if !empty.is_empty() {
            looked.push(format!("no {} found", listed(&empty, "or")));
        }
        if let Some(elapsed) = self.style.elapsed {
            looked.push(format!("in {}", milliseconds(elapsed.as_secs_f64() * 1e3)));
        } else {
            looked.push(format!("as of {}", escape(&self.report.observed_at)));
        }
        let looked = self.wrap(("", 0), 2, &looked.join(", "));
        lines.extend(looked.iter().map(|line| self.dim(line)));
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
            .filter(|namespace| !namespace.is_empty())
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
    if plural == CONTROLLERS {
        return "Controllers".to_owned();
    }
    Kind::from_word(plural).map_or_else(|| escape(plural), |kind| kind.title().to_owned())
}

/// The title of a kind of which there is none: where it was not named, of what has controllers only that which has none
/// is looked for.
fn title_of_none(kind: &KindCheck) -> String {
    let controlled = matches!(
        kind.check.as_str(),
        "pods" | "replicasets" | "replicationcontrollers" | "jobs"
    );
    let bare = if controlled && !kind.every_object {
        "bare "
    } else {
        ""
    };
    format!("{bare}{}", title(&kind.check))
}

/// What a sentence counts of a kind.
struct Tally {
    /// Those of which a verdict is made.
    judged: u64,
    short: u64,
    unknown: u64,
    moving: u64,
    /// Whether all of it was seen, and lately.
    seen: bool,
}

impl Tally {
    fn of(kind: &KindCheck) -> Self {
        let summary = &kind.summary;
        let news = || kind.items.iter().filter(|i| i.acknowledged.is_none());
        let short = news().filter(|i| i.healthy == Some(false) && i.state != State::Unknown);
        let moving = news().filter(|i| i.healthy == Some(true) && i.state == State::Progressing);
        Self {
            judged: summary.total.saturating_sub(summary.terminating),
            short: short.count() as u64,
            unknown: summary.unknown,
            moving: moving.count() as u64,
            seen: kind.status != Status::Unknown || summary.unknown > 0,
        }
    }
}

fn is_are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

fn was_were(n: u64) -> &'static str {
    if n == 1 { "was" } else { "were" }
}

/// `a, b and c`
fn listed(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

fn kind_sentence(kind: &KindCheck) -> String {
    let title = title(&kind.check);
    let Tally {
        judged,
        short,
        unknown,
        moving,
        ..
    } = Tally::of(kind);
    let mut parts = Vec::new();
    if short > 0 && kind.status == Status::Unknown {
        // What certainly falls short makes a part degraded; this was seen too long ago to be certain.
        parts.push(format!("{short} of {judged} {title} fell short when last seen"));
    } else if short > 0 {
        parts.push(format!(
            "{short} of {judged} {title} {} not healthy",
            is_are(short)
        ));
    }
    if unknown > 0 {
        // Of how many, and of what, the sentence before has said.
        let of = if short > 0 {
            String::new()
        } else {
            format!(" of {judged} {title}")
        };
        parts.push(format!("{unknown}{of} {} not understood", was_were(unknown)));
    }
    if parts.is_empty() {
        let one =
            Kind::from_word(&kind.check).map_or_else(|| escape(&kind.check), |kind| kind.kind().to_owned());
        // What was not seen may not be: then only what was seen is spoken of. What is known to fall short is not
        // among the healthy.
        parts.push(
            match (
                kind.status,
                judged,
                judged.saturating_sub(kind.summary.acknowledged),
            ) {
                (Status::Unknown, 1, 1) => format!("the only {one} seen is healthy"),
                (Status::Unknown, n, m) if n == m => format!("the {n} {title} seen are healthy"),
                (_, 0, _) => format!("no {title} but those being deleted"),
                (_, 1, 1) => format!("the only {one} is healthy"),
                (_, n, m) if n == m => format!("all {n} {title} are healthy"),
                (_, n, m) => format!("{m} of {n} {title} {} healthy", is_are(m)),
            },
        );
    }
    if moving > 0 {
        parts.push(format!("{moving} still {}", moving_so([kind.check.as_str()])));
    }
    parts.join(", ")
}

/// What those that are not there yet do: a Job has no rollout.
fn moving_so<'a>(checks: impl IntoIterator<Item = &'a str>) -> &'static str {
    let ends = |check| matches!(check, "jobs" | "cronjobs" | "pods");
    if checks.into_iter().all(ends) {
        "under way"
    } else {
        "rolling out"
    }
}

/// Kinds that the verdict names, of more that fall short.
const NAMED_KINDS: usize = 3;

fn many_kinds_sentence(kinds: &[&KindCheck]) -> String {
    let tallies: Vec<(&KindCheck, Tally)> = kinds.iter().map(|kind| (*kind, Tally::of(kind))).collect();
    let of = |count: &dyn Fn(&KindCheck, &Tally) -> u64| {
        let some = tallies.iter().filter(|(kind, t)| count(kind, t) > 0);
        let some: Vec<_> = some.collect();
        // The parts below have a line each: of many kinds the first few are enough.
        let named = if some.len() > NAMED_KINDS + 1 {
            NAMED_KINDS
        } else {
            some.len()
        };
        let (named, others) = some.split_at(named);
        let mut words: Vec<String> = named
            .iter()
            .map(|(kind, t)| format!("{} of {} {}", count(kind, t), t.judged, title(&kind.check)))
            .collect();
        if !others.is_empty() {
            let left: u64 = others.iter().map(|(kind, t)| count(kind, t)).sum();
            words.push(format!("{left} objects of {} other kinds", others.len()));
        }
        let total: u64 = tallies.iter().map(|(kind, t)| count(kind, t)).sum();
        (total, listed(&words, "and"))
    };
    let is_old = |kind: &KindCheck| kind.status == Status::Unknown;
    let mut parts = Vec::new();
    let (short, words) = of(&|kind, t| if is_old(kind) { 0 } else { t.short });
    if short > 0 {
        parts.push(format!("{words} {} not healthy", is_are(short)));
    }
    let (old, words) = of(&|kind, t| if is_old(kind) { t.short } else { 0 });
    if old > 0 {
        parts.push(format!("{words} fell short when last seen"));
    }
    let (unknown, words) = of(&|_, t| t.unknown);
    if unknown > 0 {
        parts.push(format!("{words} {} not understood", was_were(unknown)));
    }
    if parts.is_empty() {
        let judged: u64 = tallies.iter().map(|(_, t)| t.judged).sum();
        let known: u64 = tallies.iter().map(|(kind, _)| kind.summary.acknowledged).sum();
        let seen = tallies.iter().all(|(_, t)| t.seen);
        let makes_pods = |kind: &&KindCheck| WORKLOADS.contains(&kind.check.as_str());
        let what = if kinds.iter().all(makes_pods) {
            "workloads"
        } else {
            "objects"
        };
        parts.push(match (judged.saturating_sub(known), seen) {
            (n, false) => format!("the {n} {what} seen are healthy"),
            (n, true) if known > 0 => format!("{n} of {judged} {what} {} healthy", is_are(n)),
            (n, true) => format!("all {n} {what} are healthy"),
        });
    }
    let moving: u64 = tallies.iter().map(|(_, t)| t.moving).sum();
    if moving > 0 {
        let kinds = tallies.iter().filter(|(_, t)| t.moving > 0);
        let so = moving_so(kinds.map(|(kind, _)| kind.check.as_str()));
        parts.push(format!("{moving} still {so}"));
    }
    parts.join(", ")
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
        .chain((summary.acknowledged > 0).then(|| format!("{} acknowledged", summary.acknowledged)))
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
