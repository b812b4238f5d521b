//! Compares a report with an earlier one, its baseline: what is new, worse, the same, better and gone.
//!
//! An object is compared by kind, namespace, name and state. Counts and causes do not make it worse: a Deployment with 1 of 3
//! pods is as degraded as one with 2 of 3. Something that was not seen now is never excused.

use crate::report::{
    BaselineMark, BaselineSummary, CheckResult, Item, KindCheck, Namespaces, ObjectRef, Report, State, Status,
};
use std::collections::{HashMap, HashSet};

/// Why the baseline is about something else than the report: another cluster, other kinds, namespaces, labels or names. `None`
/// if nothing says so.
#[must_use]
pub fn mismatch(before: &Report, now: &Report) -> Option<String> {
    let (old, new) = (&before.source, &now.source);
    let is_dump = |mode: &str| mode == "file";
    if is_dump(&old.mode) != is_dump(&new.mode) {
        let of = |mode: &str| if is_dump(mode) { "a dump" } else { "a cluster" };
        return Some(format!(
            "the baseline is of {}, and this report of {}",
            of(&old.mode),
            of(&new.mode)
        ));
    }
    if let (Some(one), Some(other)) = (&old.server, &new.server)
        && one != other
    {
        return Some(format!(
            "the baseline is of another cluster: {one}, and this report of {other}"
        ));
    }
    let (old, new) = (&before.coverage, &now.coverage);
    let kinds = |kinds: &[String]| kinds.join(", ");
    if sorted(&old.kinds) != sorted(&new.kinds) || before.api_server().is_some() != now.api_server().is_some()
    {
        let with_api_server = |report: &Report| {
            let first = report.api_server().map(|_| "apiserver".to_owned()).into_iter();
            kinds(
                &first
                    .chain(report.coverage.kinds.iter().cloned())
                    .collect::<Vec<_>>(),
            )
        };
        return Some(format!(
            "the baseline is about {}, and this report about {}",
            with_api_server(before),
            with_api_server(now)
        ));
    }
    let namespaces = |of: &Namespaces| match of {
        Namespaces::All(_) => "all namespaces".to_owned(),
        Namespaces::These(names) => format!("namespace {}", names.join(", ")),
    };
    if old.namespaces != new.namespaces {
        return Some(format!(
            "the baseline is about {}, and this report about {}",
            namespaces(&old.namespaces),
            namespaces(&new.namespaces)
        ));
    }
    let or_all =
        |text: Option<&str>| text.map_or("all objects".to_owned(), |text| format!("objects with {text}"));
    for (old, new) in [
        (&old.selector, &new.selector),
        (&old.field_selector, &new.field_selector),
    ] {
        if old != new {
            return Some(format!(
                "the baseline is about {}, and this report about {}",
                or_all(old.as_deref()),
                or_all(new.as_deref())
            ));
        }
    }
    if sorted(&old.objects) != sorted(&new.objects) {
        let named = |names: &[String]| match names {
            [] => "all objects".to_owned(),
            names => kinds(names),
        };
        return Some(format!(
            "the baseline is about {}, and this report about {}",
            named(&old.objects),
            named(&new.objects)
        ));
    }
    None
}

fn sorted(words: &[String]) -> Vec<&String> {
    let mut words: Vec<&String> = words.iter().collect();
    words.sort();
    words
}

/// Marks each object of the report, and lets status and findings follow what is new or worse.
pub fn compare(before: &Report, now: &mut Report) {
    compare_unless(before, now, |_| false);
}

/// As [`compare`]. An object that falls short counts as new if `is_under_way` says that it was changed and is still waited for:
/// its state is that of another spec.
pub(super) fn compare_unless(before: &Report, now: &mut Report, is_under_way: impl Fn(&ObjectRef) -> bool) {
    let known = KnownStates::new(before);
    let mut summary = BaselineSummary {
        observed_at: before.observed_at.clone(),
        ..BaselineSummary::default()
    };
    let mut seen: HashSet<ObjectRef> = HashSet::new();
    let api_server = before
        .api_server()
        .map(|check| (check.status, check.class.clone()));
    let unseen: Vec<String> = now
        .kinds()
        .filter(|kind| {
            now.coverage
                .not_seen
                .iter()
                .any(|entry| entry.is_about(&kind.check))
        })
        .map(|kind| kind.check.clone())
        .collect();
    for check in &mut now.checks {
        match check {
            CheckResult::ApiServer(check) => {
                let is_same = api_server
                    .as_ref()
                    .is_some_and(|(status, class)| (*status, class) == (check.status, &check.class));
                let was = api_server.as_ref().map(|(status, _)| *status);
                check.baseline = Some(match was {
                    _ if is_same => BaselineMark::Same,
                    None => BaselineMark::New,
                    Some(was) if rank_of_status(was) > rank_of_status(check.status) => BaselineMark::Better,
                    Some(_) => BaselineMark::Worse,
                });
            }
            CheckResult::Kind(kind) => {
                for item in &mut kind.items {
                    known.mark(&kind.check, item);
                    if rank(item) > 0 && is_under_way(&item.identity()) {
                        (item.baseline, item.baseline_state) = (Some(BaselineMark::New), None);
                    }
                    count(item, &mut summary);
                    seen.insert(item.identity());
                }
                let is_unseen = unseen.contains(&kind.check);
                settle(kind, is_unseen);
            }
        }
    }
    for (check, object) in known.objects() {
        let kind = now.kinds().find(|kind| kind.check == *check);
        // An object that is counted and not listed exists. One of a kind that was not seen may exist.
        let is_listed = kind.is_some_and(|kind| kind.unlisted() == 0);
        let is_in_scope = match &now.coverage.namespaces {
            Namespaces::All(_) => true,
            Namespaces::These(names) => object.namespace.is_empty() || names.contains(&object.namespace),
        };
        if is_listed && is_in_scope && !unseen.contains(check) && !seen.contains(object) {
            summary.gone = summary.gone.saturating_add(1);
            summary.gone_objects.push(object.clone());
        }
    }
    summary.gone_objects.sort_by_key(ToString::to_string);
    now.baseline = Some(summary);
    now.settle();
}

pub(super) fn rank_of_status(status: Status) -> u8 {
    match status {
        Status::Ok => 0,
        Status::Degraded => 1,
        Status::Unknown => 2,
    }
}

/// The states of a baseline.
struct KnownStates<'a> {
    states: HashMap<ObjectRef, (&'a String, State, u8)>,
    /// Checks that count more objects than they list. An object that they do not list was healthy.
    partial: HashSet<&'a String>,
}

impl<'a> KnownStates<'a> {
    fn new(before: &'a Report) -> Self {
        let mut known = Self {
            states: HashMap::new(),
            partial: HashSet::new(),
        };
        for kind in before.kinds() {
            if kind.unlisted() > 0 {
                known.partial.insert(&kind.check);
            }
            for item in &kind.items {
                known
                    .states
                    .insert(item.identity(), (&kind.check, item.state, rank(item)));
            }
        }
        known
    }

    fn objects(&self) -> impl Iterator<Item = (&'a String, &ObjectRef)> {
        self.states.iter().map(|(object, (check, ..))| (*check, object))
    }

    fn mark(&self, check: &String, item: &mut Item) {
        let now = rank(item);
        let (mark, was) = match self.states.get(&item.identity()) {
            Some((_, state, before)) => {
                let mark = match now.cmp(before) {
                    std::cmp::Ordering::Greater => BaselineMark::Worse,
                    std::cmp::Ordering::Equal => BaselineMark::Same,
                    std::cmp::Ordering::Less => BaselineMark::Better,
                };
                (mark, Some(*state))
            }
            None if self.partial.contains(check) && now == 0 => (BaselineMark::Same, None),
            None if self.partial.contains(check) => (BaselineMark::Worse, Some(State::Healthy)),
            None => (BaselineMark::New, None),
        };
        item.baseline = Some(mark);
        item.baseline_state = was;
    }
}

/// The order of states. An object that is left out of the verdict is as good as a healthy one.
pub(super) fn rank(item: &Item) -> u8 {
    match item.state {
        _ if item.acknowledged.is_some() => 0,
        State::Healthy | State::Suspended | State::Succeeded => 0,
        State::Terminating if item.healthy.is_none() => 0,
        State::Progressing => 1,
        State::Degraded | State::Terminating => 2,
        State::Unavailable => 3,
        State::Unknown => 4,
    }
}

fn count(item: &Item, summary: &mut BaselineSummary) {
    let add = |count: &mut u64| *count = count.saturating_add(1);
    match item.baseline {
        Some(BaselineMark::New) => add(&mut summary.new),
        Some(BaselineMark::Worse) => add(&mut summary.worse),
        Some(BaselineMark::Same) => add(&mut summary.same),
        Some(BaselineMark::Better) => add(&mut summary.better),
        None => {}
    }
    let falls_short = (1..=3).contains(&rank(item));
    if falls_short && item.is_excused() {
        add(&mut summary.known);
    } else if falls_short {
        add(&mut summary.failing);
    }
}

/// The status of a kind by what is new or worse. A store counts more objects than it names: those without a name may be new.
fn settle(kind: &mut KindCheck, is_unseen: bool) {
    let floor = if is_unseen { Status::Unknown } else { Status::Ok };
    let is_short = |item: &&Item| matches!(item.state, State::Degraded | State::Unavailable);
    let named = u64::try_from(kind.items.iter().filter(is_short).count()).unwrap_or(u64::MAX);
    let counted = kind.summary.degraded.saturating_add(kind.summary.unavailable);
    let floor = if counted > named {
        floor.worst(Status::Degraded)
    } else {
        floor
    };
    // Data that is too old to be certain makes a kind unknown, though all of its items are understood.
    let is_old = kind.status == Status::Unknown && kind.items.iter().all(|item| item.state != State::Unknown);
    let floor = if is_old { Status::Unknown } else { floor };
    kind.status = kind
        .items
        .iter()
        .fold(floor, |worst, item| worst.worst(item.status()));
}
