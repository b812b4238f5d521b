//! Owns the metrics that name objects and findings: which of them are named, and in what order.
//! Must not know how a metric is written.
//!
//! A scrape judges only objects that are not settled, so that its cost grows with the number of unhealthy objects. Both families are
//! bounded: each name is a series in the database that scrapes it.

use crate::metric_page::{Labels, Page, labels};
use sre_shared::kind::Kind;
use sre_shared::live::{AnswerTime, KindObjects, OpenItems, Selection};
use sre_shared::report::{Item, ObjectRef, State, Status, fold};
use sre_shared::resource::Time;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Objects that are named at most.
const MOST_OBJECTS: usize = 500;
/// Findings that are named at most.
const MOST_FINDINGS: usize = 200;
/// Objects from which findings are made at most. Each takes about a kilobyte while a scrape is made.
const MOST_FOUND: usize = 10_000;
/// Characters of a label that names something. Names of Kubernetes have at most 253; an image may have more.
const MOST_CHARACTERS: usize = 253;

/// The objects and the findings that one scrape names.
#[derive(Debug, Default)]
pub struct NamedObjects {
    /// The worst first.
    objects: BTreeSet<UnhealthyObject>,
    /// Objects that are not healthy and not named; `None` if no kind was read yet.
    hidden: Option<u64>,
    findings: Vec<FindingReach>,
}

/// An object that is not healthy. The order is that of the fields: the worst state first, then the longest in it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UnhealthyObject {
    rank: u8,
    /// Seconds since 1970; the largest number if that is not known.
    since: i64,
    kind: String,
    namespace: String,
    name: String,
    state: State,
    reason: String,
}

/// A code, its subject, and how many workloads it reaches.
#[derive(Debug)]
struct FindingReach {
    code: String,
    subject: ObjectRef,
    workloads: u64,
}

impl NamedObjects {
    /// The objects of these kinds that are not healthy, judged for that time.
    pub fn new(kinds: &[Arc<dyn KindObjects>], time: &AnswerTime) -> Self {
        let mut named = Self::default();
        let mut found = Vec::new();
        let unhealthy = Selection::default().unhealthy();
        for kind in kinds {
            if kind.watches().iter().any(|watch| watch.last_event.is_some()) {
                named.hidden.get_or_insert(0);
            }
            kind.visit(&unhealthy, time, &OpenItems::default(), &mut |item| {
                if item.status() != Status::Ok {
                    named.add(UnhealthyObject::new(item));
                }
                if item.is_found() && found.len() < MOST_FOUND {
                    found.push(item.clone());
                }
                ControlFlow::Continue(())
            });
        }
        named.findings = findings(&found);
        named
    }

    fn add(&mut self, object: UnhealthyObject) {
        self.objects.insert(object);
        if self.objects.len() > MOST_OBJECTS {
            self.objects.pop_last();
            self.hidden = Some(self.hidden.unwrap_or(0).saturating_add(1));
        }
    }

    /// Writes them.
    ///
    /// # Errors
    /// None: writing to a string does not fail.
    pub fn encode(&self, page: &mut Page<'_>) -> fmt::Result {
        page.gauge(
            "sre_object_unhealthy",
            "1 for each object that is not healthy, with the first cause or else the reason; the worst first, and at most 500",
            self.objects.iter().map(UnhealthyObject::sample).collect(),
        )?;
        page.gauge(
            "sre_object_unhealthy_hidden",
            "Objects that are not healthy and have no series of their own",
            self.hidden
                .map(|count| (Labels::new(), count))
                .into_iter()
                .collect(),
        )?;
        page.gauge(
            "sre_object_unhealthy_since_timestamp_seconds",
            "Since when such an object has been in its state, in seconds since 1970, if that is known",
            self.objects
                .iter()
                .filter_map(UnhealthyObject::since_sample)
                .collect(),
        )?;
        page.gauge(
            "sre_finding",
            "Workloads that a cause reaches, by its code and the object behind it; the widest first, and at most 200",
            self.findings.iter().map(FindingReach::sample).collect(),
        )
    }
}

impl UnhealthyObject {
    fn new(item: &Item) -> Self {
        let since = item.since.as_deref().and_then(|since| Time::parse(since).ok());
        let cause = item.roots().next().map(|cause| &cause.code);
        Self {
            rank: match item.state {
                State::Unavailable => 0,
                State::Degraded => 1,
                State::Unknown => 2,
                _ => 3,
            },
            since: since.map_or(i64::MAX, |since| since.seconds),
            kind: bounded(&item.kind),
            namespace: bounded(&item.namespace),
            name: bounded(&item.name),
            state: item.state,
            reason: bounded(cause.unwrap_or(&item.reason).as_str()),
        }
    }

    fn labels(&self) -> Labels {
        labels([
            ("kind", &self.kind),
            ("namespace", &self.namespace),
            ("name", &self.name),
        ])
    }

    fn sample(&self) -> (Labels, u64) {
        let more = labels([("state", self.state.as_str()), ("reason", &self.reason)]);
        (self.labels().into_iter().chain(more).collect(), 1)
    }

    fn since_sample(&self) -> Option<(Labels, u64)> {
        let since = Some(self.since).filter(|since| *since != i64::MAX)?;
        Some((self.labels(), u64::try_from(since).ok()?))
    }
}

impl FindingReach {
    fn sample(&self) -> (Labels, u64) {
        let labels = labels([
            ("code", &self.code),
            ("subject_kind", &self.subject.kind),
            ("subject_namespace", &self.subject.namespace),
            ("subject_name", &self.subject.name),
        ]);
        (labels, self.workloads)
    }
}

/// The findings of those items, the widest first. Findings without a subject are one for each code, and so are those whose subject is
/// a pod, since each pod would be another series.
fn findings(items: &[Item]) -> Vec<FindingReach> {
    let mut reached: BTreeMap<(String, ObjectRefKey), HashSet<ObjectRef>> = BTreeMap::new();
    for fold in fold(items) {
        let subject = fold.finding.subject.unwrap_or_default();
        let subject = if subject.kind == Kind::Pod.kind() {
            ObjectRef::default()
        } else {
            subject
        };
        let key = (
            bounded(&subject.kind),
            bounded(&subject.namespace),
            bounded(&subject.name),
        );
        let reach = reached
            .entry((bounded(fold.finding.code.as_str()), key))
            .or_default();
        let members = fold.members.iter().map(|(item, _)| *item);
        let workloads = members.filter(|item| item.is_workload() && item.kind != Kind::Pod.kind());
        reach.extend(workloads.map(Item::identity).filter(|object| *object != subject));
    }
    let mut findings: Vec<FindingReach> = reached
        .into_iter()
        .map(|((code, (kind, namespace, name)), workloads)| FindingReach {
            code,
            subject: ObjectRef {
                kind,
                namespace,
                name,
            },
            workloads: u64::try_from(workloads.len()).unwrap_or(u64::MAX),
        })
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.workloads));
    findings.truncate(MOST_FINDINGS);
    findings
}

/// Kind, namespace and name.
type ObjectRefKey = (String, String, String);

fn bounded(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}
