//! The verdict in one line: the overall health, the place that was judged, and the sentences that say why.

use super::OverallHealth;
use super::impact::serves_all;
use super::manifest;
use super::not_seen::{self, NotSeenGroup};
use super::words::{count, kind_and_name, kind_title, listed, ready_of_desired};
use crate::judge::CONTROLLERS;
use crate::kind::Kind;
use crate::report::{
    BaselineMark, BaselineSummary, Item, KindCheck, Namespaces, Outcome, Report, State, Status,
};
use crate::resource::Time;
use crate::span::span;

/// Number of kinds that the verdict names if more fall short.
const NAMED_KINDS: usize = 5;

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// The worst of the parts.
    pub health: OverallHealth,
    /// The place that was judged: the first that is known of context, dump, agent and API server.
    pub place: Option<String>,
    /// `gitVersion` of the API server.
    pub version: Option<String>,
    /// The sentences that say why; at least one.
    pub sentences: Vec<String>,
    /// The agent that answered.
    pub agent: Option<String>,
}

impl Headline {
    pub(super) fn new(report: &Report, not_seen: &[NotSeenGroup<'_>]) -> Self {
        let source = &report.source;
        let place = [&source.context, &source.file, &source.agent, &source.server];
        Self {
            health: health(Outcome::of(report)),
            place: place.into_iter().flatten().next().cloned(),
            version: source.version.clone(),
            sentences: sentences(report, not_seen, &object_sentence),
            agent: source.agent.clone().filter(|_| !report.checks.is_empty()),
        }
    }
}

fn health(outcome: Outcome) -> OverallHealth {
    match outcome {
        Outcome { degraded: true, .. } => OverallHealth::Degraded,
        Outcome { unknown: true, .. } => OverallHealth::Unknown,
        Outcome {
            progressing: true, ..
        } => OverallHealth::Progressing,
        _ => OverallHealth::Ok,
    }
}

/// The sentences of the verdict; `of_object` makes the one for the only object.
pub(super) fn sentences(
    report: &Report,
    groups: &[NotSeenGroup<'_>],
    of_object: &dyn Fn(&Item, &KindCheck) -> String,
) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut is_api_server_unreached = false;
    if let Some(check) = report.api_server() {
        let class = check.class.as_deref().unwrap_or("unknown");
        match check.status {
            Status::Ok => {}
            Status::Degraded if check.is_excused() => {
                sentences.push(format!("the API server is not well ({class}), as before"));
            }
            Status::Degraded => sentences.push(format!("the API server is not well ({class})")),
            Status::Unknown if check.version.is_some() => {
                sentences.push(format!(
                    "the API server answers, but its health could not be checked ({class})"
                ));
            }
            Status::Unknown => {
                is_api_server_unreached = true;
                sentences.push(format!("the API server cannot be asked ({class})"));
            }
        }
    }
    match &report.baseline {
        Some(baseline) => sentences.extend(baseline_sentences(report, baseline)),
        None => sentences.extend(objects_sentence(report, of_object)),
    }
    if report.kinds().next().is_none() {
        sentences.extend(manifest::present_words(report));
    }
    sentences.extend(deletion_sentence(report));
    // If the API server itself is the reason, a sentence above says so.
    if !groups.is_empty() && !is_api_server_unreached {
        let only = match groups {
            [one] => one
                .short()
                .map(|what| format!("not seen: {what} ({})", one.class())),
            _ => None,
        };
        let counted = || format!("{} not seen", not_seen::counted(&report.coverage.not_seen));
        sentences.push(only.unwrap_or_else(counted));
    }
    if report.stale {
        let age = i64::try_from(report.age_seconds).unwrap_or(i64::MAX);
        sentences.push(format!("stale, as of {} ago", span(age)));
    }
    if sentences.is_empty() {
        sentences.push("the API server is well".to_owned());
    }
    sentences
}

/// The sentences about what differs from the baseline. Objects that were not understood count, in the baseline or not.
fn baseline_sentences(report: &Report, baseline: &BaselineSummary) -> Vec<String> {
    let then = Time::parse(&baseline.observed_at).ok();
    let now = Time::parse(&report.observed_at).ok();
    let age = then.zip(now).map(|(then, now)| span(now.seconds_since(then)));
    let since = age.map_or_else(
        || format!("than at {}", baseline.observed_at),
        |age| format!("than {age} ago"),
    );
    let items = || report.kinds().flat_map(|kind| &kind.items);
    let failing = |mark| {
        let is_it = |i: &&Item| i.baseline == Some(mark) && !i.state.is_fine() && i.state != State::Unknown;
        items()
            .filter(|i| i.acknowledged.is_none() && !i.is_left_out())
            .filter(is_it)
            .count() as u64
    };
    let (new, worse) = (failing(BaselineMark::New), failing(BaselineMark::Worse));
    let mut sentences = vec![match (new, worse) {
        (0, 0) => format!("nothing is new or worse {since}"),
        (new, 0) => format!(
            "{} {} not healthy and new, nothing is worse {since}",
            count(new, "object"),
            is_or_are(new)
        ),
        (0, worse) => format!("{} {} worse {since}", count(worse, "object"), is_or_are(worse)),
        (new, worse) => format!(
            "{} {} not healthy and new, {worse} {} worse {since}",
            count(new, "object"),
            is_or_are(new),
            is_or_are(worse)
        ),
    }];
    let unknown: u64 = report.kinds().map(|kind| kind.summary.unknown).sum();
    if unknown > 0 {
        sentences.push(format!(
            "{} {} not understood",
            count(unknown, "object"),
            was_or_were(unknown)
        ));
    }
    let rest = [
        (baseline.known, "not healthy as before"),
        (baseline.better, "better"),
        (baseline.gone, "gone"),
    ];
    let rest = rest
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{n} {words}"));
    let rest: Vec<String> = rest.collect();
    if !rest.is_empty() {
        sentences.push(rest.join(", "));
    }
    sentences
}

/// The sentence for the namespace that was asked for, if it is being deleted.
fn deletion_sentence(report: &Report) -> Option<String> {
    let Namespaces::These(asked) = &report.coverage.namespaces else {
        return None;
    };
    let mut deletions = report.coverage.terminating_namespaces.iter();
    let deletion = deletions.find(|deletion| asked.contains(&deletion.namespace))?;
    Some(format!("namespace {} is being deleted", deletion.namespace))
}

/// One sentence about the objects of all kinds.
fn objects_sentence(report: &Report, of_object: &dyn Fn(&Item, &KindCheck) -> String) -> Option<String> {
    let kinds: Vec<&KindCheck> = report.kinds().filter(|k| k.summary.total > 0).collect();
    let sentence = match kinds.as_slice() {
        [] => return nothing_found(report),
        [one] => match one.items.as_slice() {
            [item] if one.summary.total == 1 => return Some(of_object(item, one)),
            _ => kind_sentence(one),
        },
        many => kinds_sentence(many),
    };
    let acknowledged: u64 = kinds.iter().map(|k| k.summary.acknowledged).sum();
    Some(match acknowledged {
        0 => sentence,
        n => format!("{sentence}, {n} acknowledged"),
    })
}

/// The sentence for kinds that were read and have no objects at all.
fn nothing_found(report: &Report) -> Option<String> {
    let read = report.kinds().filter(|kind| kind.status == Status::Ok);
    let titles: Vec<String> = read.map(title_of_none).collect();
    (!titles.is_empty()).then(|| format!("no {} found", listed(&titles, "or")))
}

/// The title of a kind without objects. If a kind was not named, only its objects without a controller are judged.
pub(super) fn title_of_none(kind: &KindCheck) -> String {
    let has_controllers = Kind::from_word(&kind.check).is_some_and(Kind::leaves_owned);
    let title = kind_title(&kind.check);
    if has_controllers && !kind.every_object {
        format!("bare {title}")
    } else {
        title
    }
}

/// The counts of a kind for its sentence. Acknowledged objects are only in the first count.
struct HeadlineCounts {
    /// Objects with a verdict.
    judged: u64,
    /// Objects that fall short.
    short: u64,
    /// Objects that were not understood.
    unknown: u64,
    /// Healthy objects that are under way.
    moving: u64,
    /// Whether all objects were seen, and recently.
    is_seen: bool,
    /// Whether the counts are too old to be certain.
    is_old: bool,
}

impl HeadlineCounts {
    fn new(kind: &KindCheck) -> Self {
        let summary = &kind.summary;
        let count = |is_counted: fn(&Item) -> bool| {
            let news = kind.items.iter().filter(|i| !i.is_excused());
            news.filter(|item| is_counted(item)).count() as u64
        };
        Self {
            judged: summary.total.saturating_sub(summary.terminating),
            short: count(|i| i.healthy == Some(false) && i.state != State::Unknown),
            unknown: summary.unknown,
            moving: count(|i| i.healthy == Some(true) && i.state == State::Progressing),
            is_seen: kind.status != Status::Unknown || summary.unknown > 0,
            is_old: kind.status == Status::Unknown,
        }
    }
}

fn is_or_are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

fn was_or_were(n: u64) -> &'static str {
    if n == 1 { "was" } else { "were" }
}

/// The sentence if one object is all there is.
pub(super) fn object_sentence(item: &Item, kind: &KindCheck) -> String {
    let is_old = kind.status == Status::Unknown && kind.summary.unknown == 0;
    let counts = ready_of_desired(item).map_or_else(String::new, |counts| format!(", {counts} ready"));
    let word = progress_word([kind.check.as_str()]);
    let mut sentence = match (item.state, item.healthy) {
        (State::Unknown, _) => "was not understood".to_owned(),
        (State::Terminating, None) => "is being deleted".to_owned(),
        (State::Suspended, _) => "is suspended".to_owned(),
        (State::Succeeded, _) => "has succeeded".to_owned(),
        (State::Progressing, Some(true)) => format!("is healthy{counts}, still {word}"),
        (_, Some(true)) => format!("is healthy{counts}"),
        (State::Progressing, _) => format!("is not healthy yet{counts}"),
        _ if is_old => format!("was not healthy when last seen{counts}"),
        // "Not healthy, 3/3 ready" would look like a mistake.
        _ if serves_all(item) => format!("is {}{counts}", item.state.as_str()),
        _ => format!("is not healthy{counts}"),
    };
    if item.acknowledged.is_some() {
        sentence.push_str(", acknowledged");
    }
    format!("{} {sentence}", kind_and_name(item))
}

fn kind_sentence(kind: &KindCheck) -> String {
    let title = kind_title(&kind.check);
    let HeadlineCounts {
        judged,
        short,
        unknown,
        moving,
        is_old,
        ..
    } = HeadlineCounts::new(kind);
    let mut parts = Vec::new();
    if short > 0 && is_old {
        parts.push(format!("{short} of {judged} {title} fell short when last seen"));
    } else if short > 0 {
        parts.push(format!(
            "{short} of {judged} {title} {} not healthy",
            is_or_are(short)
        ));
    }
    if unknown > 0 {
        // The part before already says the total and the kind.
        let total = if short > 0 {
            String::new()
        } else {
            format!(" of {judged} {title}")
        };
        parts.push(format!(
            "{unknown}{total} {} not understood",
            was_or_were(unknown)
        ));
    }
    if parts.is_empty() {
        parts.push(healthy_sentence(kind, judged, &title));
    }
    if moving > 0 {
        parts.push(format!("{moving} still {}", progress_word([kind.check.as_str()])));
    }
    parts.join(", ")
}

/// The sentence for a kind without unhealthy objects. If some objects were not seen, it is only about those that were.
/// Acknowledged objects fall short and do not count as healthy.
fn healthy_sentence(kind: &KindCheck, judged: u64, title: &str) -> String {
    let one = Kind::from_word(&kind.check).map_or_else(|| kind.check.clone(), |kind| kind.kind().to_owned());
    let healthy = judged.saturating_sub(kind.summary.acknowledged);
    match (kind.status, judged, healthy) {
        (Status::Unknown, 1, 1) => format!("the only {one} seen is healthy"),
        (Status::Unknown, n, m) if n == m => format!("the {n} {title} seen are healthy"),
        (_, 0, _) => format!("no {title} but those being deleted"),
        (_, 1, 1) => format!("the only {one} is healthy"),
        (_, 2, 2) => format!("both {title} are healthy"),
        (_, n, m) if n == m => format!("all {n} {title} are healthy"),
        (_, n, m) => format!("{m} of {n} {title} {} healthy", is_or_are(m)),
    }
}

/// The word for objects that are under way: a Job has no rollout.
fn progress_word<'a>(checks: impl IntoIterator<Item = &'a str>) -> &'static str {
    let has_end = |check| Kind::from_word(check).is_some_and(|kind| kind.info().ends);
    if checks.into_iter().all(has_end) {
        "under way"
    } else {
        "rolling out"
    }
}

fn kinds_sentence(kinds: &[&KindCheck]) -> String {
    let tallies: Vec<(&KindCheck, HeadlineCounts)> = kinds
        .iter()
        .map(|kind| (*kind, HeadlineCounts::new(kind)))
        .collect();
    let judged: u64 = tallies.iter().map(|(_, t)| t.judged).sum();
    let makes_pods = |kind: &&KindCheck| {
        kind.check == CONTROLLERS || Kind::from_word(&kind.check).is_some_and(Kind::is_workload)
    };
    let what = if kinds.iter().all(makes_pods) {
        "workloads"
    } else {
        "objects"
    };
    let mut parts = Vec::new();
    let (short, words) = counted(&tallies, |t| if t.is_old { 0 } else { t.short });
    if short > 0 {
        parts.push(format!(
            "{short} of {judged} {what} {} not healthy: {words}",
            is_or_are(short)
        ));
    }
    let (old, words) = counted(&tallies, |t| if t.is_old { t.short } else { 0 });
    if old > 0 {
        parts.push(format!(
            "{old} of {judged} {what} fell short when last seen: {words}"
        ));
    }
    let (unknown, words) = counted(&tallies, |t| t.unknown);
    if unknown > 0 {
        parts.push(format!(
            "{unknown} of {judged} {what} {} not understood: {words}",
            was_or_were(unknown)
        ));
    }
    if parts.is_empty() {
        let acknowledged: u64 = kinds.iter().map(|kind| kind.summary.acknowledged).sum();
        let is_seen = tallies.iter().all(|(_, t)| t.is_seen);
        parts.push(match (judged.saturating_sub(acknowledged), is_seen) {
            (n, false) => format!("the {n} {what} seen are healthy"),
            (n, true) if acknowledged > 0 => format!("{n} of {judged} {what} {} healthy", is_or_are(n)),
            (2, true) => format!("both {what} are healthy"),
            (n, true) => format!("all {n} {what} are healthy"),
        });
    }
    let moving: u64 = tallies.iter().map(|(_, t)| t.moving).sum();
    if moving > 0 {
        let kinds = tallies.iter().filter(|(_, t)| t.moving > 0);
        let word = progress_word(kinds.map(|(kind, _)| kind.check.as_str()));
        parts.push(format!("{moving} still {word}"));
    }
    parts.join("; ")
}

/// The sum of a count, and its kinds in words. Each part has a line of its own, so the first few of many kinds are enough.
fn counted(
    tallies: &[(&KindCheck, HeadlineCounts)],
    number: impl Fn(&HeadlineCounts) -> u64,
) -> (u64, String) {
    let some: Vec<&(&KindCheck, HeadlineCounts)> = tallies.iter().filter(|(_, t)| number(t) > 0).collect();
    let (named, others) = some.split_at(some.len().min(NAMED_KINDS));
    let words = named
        .iter()
        .map(|(kind, t)| count_of_kind(number(t), &kind.check));
    let left: u64 = others.iter().map(|(_, t)| number(t)).sum();
    let left = (left > 0).then(|| count(left, "other"));
    let words: Vec<String> = words.chain(left).collect();
    let total = tallies.iter().map(|(_, t)| number(t)).sum();
    (total, words.join(", "))
}

/// `1 DaemonSet`, `13 Deployments`.
fn count_of_kind(n: u64, plural: &str) -> String {
    match Kind::from_word(plural) {
        Some(kind) if n == 1 => format!("1 {}", kind.kind()),
        _ => format!("{n} {}", kind_title(plural)),
    }
}
