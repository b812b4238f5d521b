//! Owns what every page has: its title, its icon, its age, and the addresses of its files and of the stream of changes.

use super::links::Links;
use super::symbol::Symbol;
use sre_shared::digest::{Digest, NotSeenGroup, OverallHealth};
use sre_shared::report::Report;
use sre_shared::span::span;

/// Characters of the name of a cluster in the title.
const NAME: usize = 80;
/// Gaps that are shown.
const GAPS: usize = 20;

/// The frame of a page.
#[derive(Debug)]
pub struct Document {
    /// The title of the window.
    pub title: String,
    /// The name of the cluster.
    pub name: String,
    /// The state.
    pub symbol: Symbol,
    /// Addresses from this page.
    pub links: Links,
    /// The stream of changes about it.
    pub stream: String,
    /// When its data was known to be true, RFC 3339.
    pub observed_at: String,
    /// Seconds since then.
    pub age_seconds: u64,
    /// The same in words.
    pub age: String,
    /// The agent that answered.
    pub agent: Option<String>,
}

/// Something that was not seen.
#[derive(Debug)]
pub struct GapRow {
    /// What was not seen.
    pub what: String,
    /// Why.
    pub why: String,
    /// The next step.
    pub hint: Option<String>,
}

/// The things that were not seen.
#[derive(Debug)]
pub struct Coverage {
    /// Those that verdicts depend on.
    pub gaps: Vec<GapRow>,
    /// How many more there are.
    pub left: usize,
    /// The commands that grant the missing rights.
    pub grant: Vec<String>,
    /// Sentences about causes that were not looked for, and about objects that were left out.
    pub sentences: Vec<String>,
    /// How much was looked at.
    pub extent: String,
}

impl Document {
    /// The frame of a page about that many objects that are not well.
    pub fn new(
        report: &Report,
        health: OverallHealth,
        short: usize,
        name: &str,
        links: Links,
        stream: String,
    ) -> Self {
        let symbol = Symbol::from(health);
        let count = match short {
            0 => symbol.word.to_owned(),
            count => count.to_string(),
        };
        let name: String = name.chars().take(NAME).collect();
        Self {
            title: format!("{} {count} · {name}", symbol.sign),
            name,
            symbol,
            links,
            stream,
            observed_at: report.observed_at.clone(),
            age_seconds: report.age_seconds,
            age: span(i64::try_from(report.age_seconds).unwrap_or(i64::MAX)),
            agent: agent(report),
        }
    }
}

/// `sre-agent v1.2.3 in pod sre-agent-0`.
fn agent(report: &Report) -> Option<String> {
    let source = &report.source;
    let version = source.agent_version.as_ref()?;
    let pod = source
        .pod
        .as_ref()
        .map_or_else(String::new, |pod| format!(" in pod {pod}"));
    Some(format!("sre-agent v{version}{pod}"))
}

impl Coverage {
    /// That of a report.
    pub fn new(digest: &Digest<'_>) -> Self {
        use sre_shared::digest::CausesNotSeen;
        let groups = &digest.not_seen;
        let causes = match &digest.causes_not_seen {
            CausesNotSeen::TurnedOff { why, hint } => {
                let why = why.unwrap_or("they are not looked for");
                let text = format!("no causes: {why}; {}", hint.unwrap_or_default());
                vec![text.trim_end_matches([';', ' ']).to_owned()]
            }
            CausesNotSeen::Missing(groups) => groups
                .iter()
                .take(GAPS)
                .map(|group| {
                    format!(
                        "causes are missing, not seen: {} ({}: {})",
                        group.what(),
                        group.class(),
                        group.why()
                    )
                })
                .collect(),
        };
        let extent = &digest.extent;
        let mut words = vec![format!("looked at {}", extent.looked_at)];
        words.extend(extent.namespaces.clone());
        words.extend(extent.nothing_found());
        let left_out = digest.left_out.iter().chain(&digest.manifest).take(GAPS).cloned();
        Self {
            gaps: groups.iter().take(GAPS).map(GapRow::new).collect(),
            left: groups.len().saturating_sub(GAPS),
            grant: digest.grant.map_or_else(Vec::new, |grant| {
                grant
                    .commands
                    .iter()
                    .take(GAPS)
                    .filter_map(|command| super::text::command(command))
                    .collect()
            }),
            sentences: causes
                .into_iter()
                .chain(left_out)
                .map(|words| super::text::sentence(&words))
                .collect(),
            extent: super::text::sentence(&words.join(", ")),
        }
    }
}

impl GapRow {
    fn new(group: &NotSeenGroup<'_>) -> Self {
        let why = format!("{}: {}", group.class(), group.why());
        Self {
            what: super::text::sentence(&group.what()),
            why: super::text::sentence(why.trim_end_matches([':', ' '])),
            hint: group.hint().map(super::text::sentence),
        }
    }
}
