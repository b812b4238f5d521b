//! Owns the last transitions on the page, the newest first, and the gaps between them.

use super::links::Links;
use super::symbol::Symbol;
use super::text;
use crate::history::gaps::WatchGap;
use crate::history::transition_history::KnownHistory;
use sre_shared::digest::change_words;
use sre_shared::kind::Kind;
use sre_shared::report::TransitionRecord;
use sre_shared::resource::Time;
use sre_shared::span::span;

/// Transitions that are shown.
const SHOWN: usize = 50;
/// Gaps that are shown.
const GAPS: usize = 10;

/// The last transitions of the objects that a page is about.
#[derive(Debug)]
pub struct LastTransitions {
    /// Since when there is a history.
    pub since: String,
    /// The transitions, the newest first.
    pub rows: Vec<TransitionRow>,
    /// Whether there are older ones.
    pub is_cut: bool,
    /// Sentences about spans of time in which not everything was seen, the newest first.
    pub gaps: Vec<String>,
}

/// One transition.
#[derive(Debug)]
pub struct TransitionRow {
    /// When it was seen, RFC 3339.
    pub at: String,
    /// How long ago.
    pub age: String,
    /// The object.
    pub object: String,
    /// Its page.
    pub link: Option<String>,
    /// The state before, in words.
    pub from: &'static str,
    /// The state after; `None` for an object that was deleted.
    pub to: Option<Symbol>,
    /// The reason, and the cause that was known.
    pub reason: String,
    /// The change before it.
    pub change: Option<String>,
}

/// The objects that a page is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageScope<'a> {
    /// Only objects of this kind.
    pub kind: Option<Kind>,
    /// Only objects in this namespace, and those in none.
    pub namespace: Option<&'a str>,
    /// Only objects of this name.
    pub name: Option<&'a str>,
}

impl PageScope<'_> {
    fn takes(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.kind.is_none_or(|wanted| wanted.kind() == kind)
            && self
                .namespace
                .is_none_or(|wanted| namespace.is_empty() || wanted == namespace)
            && self.name.is_none_or(|wanted| wanted == name)
    }
}

impl LastTransitions {
    /// The last transitions of a history.
    pub fn new(known: &KnownHistory, scope: &PageScope<'_>, links: &Links, now: Time) -> Self {
        let taken = known.ring.newest().filter(|kept| {
            let object = kept.object();
            scope.takes(&object.kind, &object.namespace, &object.name)
        });
        let mut taken = taken.take(SHOWN.saturating_add(1));
        let rows: Vec<TransitionRow> = taken
            .by_ref()
            .take(SHOWN)
            .map(|kept| TransitionRow::new(&kept.record(), kept.at(), links, now))
            .collect();
        let all = known.gaps.all();
        let gaps = all.iter().rev();
        let gaps = gaps.filter(|gap| gap.is_about(scope.kind.map(Kind::plural), scope.namespace));
        Self {
            since: known.since().to_string(),
            is_cut: taken.next().is_some(),
            rows,
            gaps: gaps.take(GAPS).map(|gap| gap_sentence(gap, now)).collect(),
        }
    }
}

impl TransitionRow {
    fn new(record: &TransitionRecord, at: Time, links: &Links, now: Time) -> Self {
        let name = match record.namespace.as_str() {
            "" => format!("{} {}", record.kind, record.name),
            namespace => format!("{} {namespace}/{}", record.kind, record.name),
        };
        let code = record.code.as_ref().filter(|code| **code != record.reason);
        Self {
            at: record.at.clone(),
            age: span(now.seconds_since(at)),
            object: text::line(&name),
            link: links.object(&record.kind, &record.namespace, &record.name),
            from: record.from.map_or("new", |state| state.as_str()),
            to: record.to.map(Symbol::from),
            reason: code.map_or_else(
                || record.reason.to_string(),
                |code| format!("{}, {code}", record.reason),
            ),
            change: record
                .change
                .as_deref()
                .map(|change| text::sentence(&change_words(change))),
        }
    }
}

fn gap_sentence(gap: &WatchGap, now: Time) -> String {
    let what = match (&gap.kind, &gap.namespace) {
        (None, _) => "nothing was seen".to_owned(),
        (Some(kind), None) => format!("{kind} were not seen"),
        (Some(kind), Some(namespace)) => format!("{kind} in namespace {namespace} were not seen"),
    };
    let begin = span(now.seconds_since(gap.from));
    let end = gap.to.map_or_else(
        || "until now".to_owned(),
        |to| format!("for {}", span(to.seconds_since(gap.from))),
    );
    text::sentence(&format!("{what} from {begin} ago {end} ({})", gap.why.as_str()))
}
