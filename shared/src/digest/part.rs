//! One line for each part, and the extent of a report.

use super::headline::title_of_none;
use super::words::{kind_title, listed};
use super::{OverallHealth, api_server};
use crate::judge::CONTROLLERS;
use crate::report::{Item, KindCheck, Namespaces, Report, State, Status};
use crate::resource::Time;
use std::collections::BTreeSet;

/// The line of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartLine {
    /// Its name, such as `API server` or `DaemonSets`.
    pub title: String,
    /// Its health; `None` for a line that adds to the part before.
    pub health: Option<OverallHealth>,
    /// Its counts, or its measured values.
    pub text: String,
}

/// The parts, namespaces and kinds that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extent {
    /// The things that were seen, in words: `6 kinds and the API server`.
    pub looked_at: String,
    /// The namespaces in words; `None` if no objects were asked for.
    pub namespaces: Option<String>,
    /// The agent that answered, with its version and pod.
    pub agent: Option<String>,
    /// Kinds that have no line because they have no objects, such as `bare Jobs`.
    pub empty: Vec<String>,
}

/// The lines of all parts. If there are several kinds, kinds without objects have no line.
pub(super) fn list(report: &Report, now: Option<Time>) -> Vec<PartLine> {
    let mut parts = Vec::new();
    if let Some(check) = report.api_server() {
        parts.push(PartLine {
            title: "API server".to_owned(),
            health: Some(check.status.into()),
            text: api_server::line(check, now),
        });
        let details = api_server::detail_lines(check).into_iter();
        parts.extend(details.map(|(title, text)| PartLine {
            title: title.to_owned(),
            health: None,
            text,
        }));
    }
    let with_line = report.kinds().filter(|kind| !is_without_line(report, kind));
    parts.extend(with_line.map(|kind| PartLine {
        title: kind_title(&kind.check),
        health: Some(health(kind)),
        text: counts(kind),
    }));
    parts
}

/// Whether a kind has no line: it has no objects, and there are other kinds.
fn is_without_line(report: &Report, kind: &KindCheck) -> bool {
    kind.summary.total == 0 && report.kinds().count() > 1
}

/// The health of a kind. As in the verdict, objects that fall short may be under way.
fn health(kind: &KindCheck) -> OverallHealth {
    let is_broken = kind
        .items
        .iter()
        .any(|i| i.status() == Status::Degraded && i.state != State::Progressing);
    match kind.status {
        Status::Degraded if !is_broken => OverallHealth::Progressing,
        status => status.into(),
    }
}

fn counts(kind: &KindCheck) -> String {
    let summary = &kind.summary;
    if summary.total == 0 {
        let text = match kind.status {
            Status::Ok => "none found",
            Status::Degraded | Status::Unknown => "not seen",
        };
        return text.to_owned();
    }
    let counted: Vec<String> = State::ALL
        .into_iter()
        .map(|state| (state, summary.in_state(state)))
        .filter(|(state, n)| *n > 0 || *state == State::Healthy)
        .map(|(state, n)| format!("{n} {}", state.as_str()))
        .chain(as_before(kind))
        .chain((summary.acknowledged > 0).then(|| format!("{} acknowledged", summary.acknowledged)))
        .collect();
    counted.join(", ")
}

/// How many objects fall short as they did in the baseline.
fn as_before(kind: &KindCheck) -> Option<String> {
    let is_known = |i: &&Item| i.baseline.is_some() && i.is_excused() && i.acknowledged.is_none();
    let known = kind.items.iter().filter(is_known);
    let known = known.filter(|i| !i.state.is_fine() && !i.is_left_out()).count();
    (known > 0).then(|| format!("{known} of them as before"))
}

impl Extent {
    /// The sentence for the kinds that have no line because they have no objects.
    #[must_use]
    pub fn nothing_found(&self) -> Option<String> {
        (!self.empty.is_empty()).then(|| format!("no {} found", listed(&self.empty, "or")))
    }

    pub(super) fn new(report: &Report) -> Self {
        // Kinds that were not seen are listed as not seen.
        let is_empty = |kind: &&KindCheck| kind.status == Status::Ok && is_without_line(report, kind);
        Self {
            looked_at: looked_at(report),
            namespaces: namespaces(report),
            agent: agent(report),
            empty: report.kinds().filter(is_empty).map(title_of_none).collect(),
        }
    }
}

/// The things that were seen. Controllers are no kind: they are judged by objects of the kinds.
fn looked_at(report: &Report) -> String {
    let kinds: Vec<&KindCheck> = report.kinds().filter(|kind| kind.check != CONTROLLERS).collect();
    let is_seen = |kind: &&&KindCheck| kind.status != Status::Unknown || kind.summary.total > 0;
    let seen = kinds.iter().filter(is_seen).count();
    let mut words = Vec::new();
    match (seen, kinds.as_slice()) {
        (0, _) => {}
        (1, [one]) => words.push(kind_title(&one.check)),
        (_, many) if seen == many.len() => words.push(format!("{seen} kinds")),
        (_, many) => words.push(format!("{seen} of {} kinds", many.len())),
    }
    let api_server = report.api_server().map(|check| check.status);
    if api_server.is_some_and(|status| status != Status::Unknown) {
        words.push("the API server".to_owned());
    }
    if words.is_empty() {
        let manifest = report.coverage.manifest.as_ref();
        let found = manifest.is_some_and(|manifest| !manifest.present.is_empty());
        let things = if found {
            "objects without a verdict"
        } else {
            "nothing"
        };
        words.push(things.to_owned());
    }
    listed(&words, "and")
}

fn agent(report: &Report) -> Option<String> {
    let source = &report.source;
    let mut words = vec![source.agent.clone()?];
    words.extend(source.agent_version.iter().map(|version| format!("v{version}")));
    words.extend(source.pod.iter().map(|pod| format!("in pod {pod}")));
    Some(words.join(" "))
}

fn namespaces(report: &Report) -> Option<String> {
    report.kinds().next()?;
    if let Namespaces::These(names) = &report.coverage.namespaces {
        return Some(format!("namespace {}", names.join(", ")));
    }
    // An agent may send only items worth showing. They say nothing about the other namespaces.
    if report.source.mode == "agent" {
        return Some("all namespaces".to_owned());
    }
    let all = report.kinds().flat_map(|kind| &kind.items);
    let all = all.map(|item| item.namespace.as_str());
    // One by one: to collect them, a set makes a list of all objects first.
    let mut found = BTreeSet::new();
    found.extend(all.filter(|namespace| !namespace.is_empty()));
    Some(match found.len() {
        0 => "all namespaces".to_owned(),
        1 => "objects in 1 namespace".to_owned(),
        n => format!("objects in {n} namespaces"),
    })
}
