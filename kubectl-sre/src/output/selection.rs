//! The objects that a list of single objects has, their order, and their names as kubectl writes them.

use sre_shared::digest::{cause_sentence, trim_end_mark, worst_first};
use sre_shared::kind::Kind;
use sre_shared::report::{Code, Item, KindCheck, Report, State};

/// What a table, or a list of names, shows.
#[derive(Debug, Clone, Default)]
pub struct TableOptions {
    /// Only objects in these states; if there is none, all in a table, and in a list of names those that are not healthy.
    pub states: Vec<State>,
    /// The order; the worst first if there is none.
    pub sort_by: Option<SortBy>,
    /// Whether to leave out the names of the columns.
    pub no_headers: bool,
}

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SortBy {
    /// By namespace, then by name
    Namespace,
    /// By name, then by namespace
    Name,
    /// By state, in the order of a summary
    State,
    /// The state that has lasted longest first
    Since,
}

/// The objects in the states that are asked for, in order, each with the check of its kind.
pub(super) fn objects<'a>(report: &'a Report, options: &TableOptions) -> Vec<(&'a KindCheck, &'a Item)> {
    let items = report
        .kinds()
        .flat_map(|kind| kind.items.iter().map(move |item| (kind, item)));
    let is_shown = |(_, item): &(&KindCheck, &Item)| {
        let is_chosen = options.states.is_empty() || options.states.contains(&item.state);
        // With a baseline, only what is new or worse, and what was not understood.
        let is_news = item
            .baseline
            .is_none_or(|mark| mark.is_news() || item.state == State::Unknown);
        is_chosen && is_news
    };
    let mut items: Vec<_> = items.filter(is_shown).collect();
    match options.sort_by {
        None => items.sort_by_cached_key(|(_, item)| worst_first(item)),
        Some(SortBy::Namespace) => items.sort_by_key(|(_, item)| (&item.namespace, &item.name)),
        Some(SortBy::Name) => items.sort_by_key(|(_, item)| (&item.name, &item.namespace)),
        Some(SortBy::State) => {
            items.sort_by_key(|(_, item)| State::ALL.iter().position(|s| *s == item.state));
        }
        // Without a time it comes last.
        Some(SortBy::Since) => items.sort_by_key(|(_, item)| (item.since.is_none(), &item.since)),
    }
    items
}

/// The type before the name of an object, as kubectl writes it: `deployment.apps`.
pub(super) fn type_name(kind: &KindCheck, item: &Item) -> String {
    let singular = item.kind.to_lowercase();
    let group = match Kind::from_kind(&item.kind) {
        Some(kind) => kind.group(),
        // The check of a custom resource has its group behind the plural.
        None => kind.check.split_once('.').map_or("", |(_, group)| group),
    };
    match group {
        "" => singular,
        group => format!("{singular}.{group}"),
    }
}

/// The words about an object beside its counts and its age: the acknowledgement, the causes, else the message, and notes.
pub(super) fn words(item: &Item) -> Vec<String> {
    let causes: Vec<String> = item.roots().map(cause_sentence).collect();
    let notes = item.notes.texts().into_iter().map(trim_end_mark);
    let notes = notes.chain(item.warnings.iter().map(|warning| trim_end_mark(warning)));
    let acknowledged = item.acknowledged.as_ref();
    let acknowledged =
        acknowledged.map(|a| format!("{} acknowledged until {}: {}", a.code, a.until, a.reason));
    let message = item.detail.as_ref().unwrap_or(&item.message);
    let message =
        (causes.is_empty() && !item.state.is_fine() && !message.is_empty()).then(|| message.clone());
    let words = acknowledged.into_iter().chain(causes).chain(message);
    words.chain(notes.map(str::to_owned)).collect()
}

/// Why an object falls short, in one sentence: its [`words`]. If its counts alone say it, their meaning.
pub(super) fn why(item: &Item) -> String {
    match words(item).as_slice() {
        [] if item.reason == Code::ReadyBelowDesired && item.ready == Some(0) => "no pod is ready".to_owned(),
        [] if item.reason == Code::ReadyBelowDesired => "too few pods are ready".to_owned(),
        [] if item.message.is_empty() => item.reason.to_string(),
        [] => item.message.clone(),
        words => words.join("; "),
    }
}
