//! Owns `/page/`: the whole report in its own order, drawn from the digest.

use super::document::{Coverage, Document};
use super::entry::{ObjectLabel, ProblemEntry};
use super::entry_list::{EntryList, Room};
use super::last_transitions::{LastTransitions, PageScope};
use super::links::{Links, encoded};
use super::namespace_problems::AllNamespaces;
use super::record_chart::RecordChart;
use super::symbol::Symbol;
use super::text;
use crate::apiserver::windows::RecordSpan;
use crate::history::transition_history::KnownHistory;
use askama::Template;
use sre_shared::digest::{Digest, PartLine, Problem, Severity, object_name};
use sre_shared::kind::Kind;
use sre_shared::report::{Item, Report};
use sre_shared::resource::Time;
use std::collections::HashSet;

/// Shared causes that are shown.
const FINDINGS: usize = 30;
/// Acknowledged objects that are shown.
const ACKNOWLEDGED: usize = 50;

/// The page of a whole cluster, or of one namespace.
#[derive(Debug, Template)]
#[template(path = "overview.html")]
pub struct OverviewPage {
    document: Document,
    /// The namespace that was asked for.
    namespace: Option<String>,
    /// The sentences of the verdict.
    sentences: Vec<String>,
    version: Option<String>,
    findings: EntryList,
    namespaces: AllNamespaces,
    acknowledged: Vec<AcknowledgedRow>,
    acknowledged_left: usize,
    parts: Vec<PartRow>,
    record: Option<RecordChart>,
    transitions: LastTransitions,
    coverage: Coverage,
}

/// An object that an annotation acknowledges.
#[derive(Debug)]
struct AcknowledgedRow {
    object: ObjectLabel,
    text: String,
}

/// A part of the report.
#[derive(Debug)]
struct PartRow {
    title: String,
    symbol: Option<Symbol>,
    text: String,
}

/// What the page needs beside the report.
pub struct Setting<'a> {
    /// The name of the cluster, if it has one of its own.
    pub title: Option<&'a str>,
    /// The kinds that are watched.
    pub kinds: Vec<Kind>,
    /// The namespace that was asked for.
    pub namespace: Option<&'a str>,
    /// The spans of the API server's record, and the seconds of each.
    pub spans: (u64, Vec<RecordSpan>),
    /// What is known of the time before.
    pub history: &'a KnownHistory,
    /// The present.
    pub now: Time,
}

impl OverviewPage {
    /// The page of a report.
    pub fn new(report: &Report, setting: &Setting<'_>) -> Self {
        let digest = Digest::new(report);
        let links = Links::of_overview(setting.kinds.clone());
        let mut room = Room::default();
        let shared: Vec<&Problem<'_>> = digest
            .problems
            .iter()
            .filter(|problem| matches!(problem, Problem::Shared(_)))
            .collect();
        let api_server = digest.api_server.map(ProblemEntry::api_server);
        let shared = shared
            .into_iter()
            .map(|problem| ProblemEntry::new(problem, &digest, &links));
        let findings = room.write(api_server.into_iter().chain(shared), FINDINGS);
        let namespaces = AllNamespaces::new(&digest, &links, setting.namespace, &mut room);
        let acknowledged = digest.acknowledged.iter().take(ACKNOWLEDGED);
        let headline = &digest.headline;
        let name = setting
            .title
            .or(headline.place.as_deref())
            .unwrap_or("this cluster");
        let stream = match setting.namespace {
            Some(namespace) => format!("../health/changes?namespace={}", encoded(namespace)),
            None => "../health/changes".to_owned(),
        };
        let short = short(&digest);
        let scope = PageScope {
            namespace: setting.namespace,
            ..PageScope::default()
        };
        Self {
            namespace: setting.namespace.map(str::to_owned),
            sentences: headline
                .sentences
                .iter()
                .map(|words| text::sentence(words))
                .collect(),
            version: headline.version.clone(),
            findings,
            namespaces,
            acknowledged: acknowledged
                .map(|(item, acknowledged)| AcknowledgedRow {
                    object: ObjectLabel {
                        symbol: Symbol::from_item(item),
                        text: object_name(item),
                        link: links.item(item),
                    },
                    text: text::sentence(&format!(
                        "{} until {}: {}",
                        acknowledged.code, acknowledged.until, acknowledged.reason
                    )),
                })
                .collect(),
            acknowledged_left: digest.acknowledged.len().saturating_sub(ACKNOWLEDGED),
            parts: digest.parts.iter().map(PartRow::new).collect(),
            record: record(report, &setting.spans),
            transitions: LastTransitions::new(setting.history, &scope, &links, setting.now),
            coverage: Coverage::new(&digest),
            document: Document::new(report, headline.health, short, name, links, stream),
        }
    }

    /// Whether nothing is known to fall short.
    fn is_empty(&self) -> bool {
        self.findings.entries.is_empty() && self.namespaces.shown.is_empty()
    }
}

impl PartRow {
    fn new(part: &PartLine) -> Self {
        Self {
            title: part.title.clone(),
            symbol: part.health.map(Symbol::from),
            text: text::sentence(&part.text),
        }
    }
}

/// How many objects are as bad as the worst one, the API server included.
fn short(digest: &Digest<'_>) -> usize {
    let items: Vec<&Item> = digest.problems.iter().flat_map(Problem::items).collect();
    let worst = items.iter().filter_map(|item| Severity::from_item(item)).min();
    let mut seen = HashSet::new();
    let is_worst = |item: &&&Item| Severity::from_item(item) == worst && seen.insert(item.identity());
    let count = items.iter().filter(is_worst).count();
    count.saturating_add(usize::from(digest.api_server.is_some()))
}

fn record(report: &Report, (seconds, spans): &(u64, Vec<RecordSpan>)) -> Option<RecordChart> {
    let record = report.api_server()?.record.as_ref()?;
    Some(RecordChart::new(spans, *seconds, &record.windows))
}
