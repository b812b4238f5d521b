//! A run against a dump: the same judgement, of what a file holds.

use super::coverage::{nothing_named, nothing_selected};
use super::noun::Noun;
use super::{Ask, Clock, Kind, KindVisitor, companions};
use crate::check::{self, Accompanies, Companion, CompanionVisitor, Companions, Evidence, Judged, Now, Pods};
use crate::cluster::CustomName;
use crate::dump::{File, Objects, Stamped};
use crate::report::{Check, Item, KindCheck, Namespaces, NotSeen, Report, Source, State};
use crate::resource::{CustomObject, Pod, ReplicaSet, Resource, Time};
use std::collections::HashMap;

/// Judges a dump. Only kinds that it holds are judged, and the API server is no part of it.
///
/// The time is `at`, else the newest time in the dump; `clock` serves only where there is neither.
#[must_use]
pub fn dump(files: &[File], name: &str, ask: &Ask, at: Option<Time>, clock: Clock) -> Report {
    let objects = Objects::read(files);
    let dump = Dump::new(&objects, at);
    let now = at.or(dump.newest.map(|(time, _, _)| time)).unwrap_or_else(clock);
    let source = Source {
        mode: "file".into(),
        file: Some(name.to_owned()),
        ..Source::default()
    };
    let mut report = Report::new(source, now.to_string());
    if let Some(namespace) = &ask.namespace {
        report.coverage.namespaces = Namespaces::These(vec![namespace.clone()]);
    }
    report
        .coverage
        .not_seen
        .extend(objects.broken.iter().map(|broken| NotSeen {
            what: broken.place.clone(),
            class: "undecodable".into(),
            error: Some(broken.error.clone()),
            hint: Some("take the dump again, or mend that place".into()),
            ..NotSeen::default()
        }));
    for wanted in &ask.kinds {
        let Some(part) = wanted.kind.visit(Part {
            dump: &dump,
            ask,
            names: &wanted.names,
            now,
        }) else {
            continue;
        };
        report.coverage.kinds.push(wanted.kind.plural().to_owned());
        report.checks.push(Check::Kind(KindCheck::of(
            wanted.kind.plural(),
            part.items,
            part.not_seen.is_empty(),
        )));
        report.coverage.not_seen.extend(part.not_seen);
    }
    for wanted in &ask.custom {
        let part = Part {
            dump: &dump,
            ask,
            names: &wanted.names,
            now,
        };
        let (check, part) = part.custom(&wanted.kind, name);
        report.coverage.kinds.push(check.clone());
        report.checks.push(Check::Kind(KindCheck::of(
            &check,
            part.items,
            part.not_seen.is_empty(),
        )));
        report.coverage.not_seen.extend(part.not_seen);
    }
    if report.checks.is_empty() {
        let titles: Vec<&str> = ask.kinds.iter().map(|w| w.kind.title()).collect();
        report.coverage.not_seen.push(NotSeen {
            what: titles.join(", "),
            class: "notFound".into(),
            error: Some(format!("{name} holds none")),
            hint: Some(
                "kubectl get deployments,replicasets,pods,events -A -o yaml writes such a dump".into(),
            ),
            ..NotSeen::default()
        });
    }
    report.settle();
    report
}

/// A dump with what every part of a run needs of it.
struct Dump<'a> {
    objects: &'a Objects<'a>,
    at: Option<Time>,
    newest: Option<(Time, usize, Option<Time>)>,
    pods: HashMap<String, Vec<Stamped<Pod>>>,
    replica_sets: HashMap<String, Vec<Stamped<ReplicaSet>>>,
    has_pods: bool,
}

impl<'a> Dump<'a> {
    fn new(objects: &'a Objects<'a>, at: Option<Time>) -> Self {
        Self {
            objects,
            at,
            newest: objects.newest(),
            pods: by_controller(objects),
            replica_sets: by_controller(objects),
            has_pods: objects.holds::<Pod>(),
        }
    }

    /// The time that ages of the object at that index are measured against.
    fn now_for(&self, index: usize, now: Time) -> Now {
        match (self.at, self.newest) {
            (Some(at), _) => Now::known(at),
            (None, Some((newest, at, others))) => {
                Now::inferred(newest, if at == index { others } else { Some(newest) })
            }
            (None, None) => Now::inferred(now, None),
        }
    }

    /// The pods of a workload through its ReplicaSets, by uid: labels overlap. `None` where the dump does not
    /// hold them, which shows in a workload without a single ReplicaSet too.
    fn pods_of(&self, uid: &str, now: Time) -> Option<Pods<'_>> {
        let replica_sets = self
            .replica_sets
            .get(uid)
            .filter(|_| self.has_pods && !uid.is_empty())?;
        let mut found = Pods::default();
        for set in replica_sets {
            let Ok(replica_set) = &set.object else { continue };
            let meta = replica_set.meta();
            let created = meta.creation_timestamp.map(|t| (t, self.now_for(set.index, now)));
            found.newest_replica_set = match (found.newest_replica_set, created) {
                (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
                (a, b) => a.or(b),
            };
            let pods = self.pods.get(&meta.uid).map_or(&[][..], Vec::as_slice);
            found.pods.extend(pods.iter().filter_map(|p| {
                p.object
                    .as_ref()
                    .ok()
                    .map(|pod| (pod, self.now_for(p.index, now)))
            }));
        }
        Some(found)
    }
}

fn by_controller<T: Resource>(objects: &Objects<'_>) -> HashMap<String, Vec<Stamped<T>>> {
    let mut owned: HashMap<String, Vec<Stamped<T>>> = HashMap::new();
    for stamped in objects.of_kind::<T>() {
        let owner = stamped
            .object
            .as_ref()
            .ok()
            .and_then(|o| o.meta().controller())
            .map(|o| o.uid.clone());
        if let Some(uid) = owner {
            owned.entry(uid).or_default().push(stamped);
        }
    }
    owned
}

/// Takes a companion from a dump, where the dump holds it.
struct Take<'a> {
    objects: &'a Objects<'a>,
    known: &'a mut Companions,
}

impl CompanionVisitor for Take<'_> {
    type Output = bool;

    fn visit<T: Accompanies>(self, companion: Companion) -> bool {
        let held = self.objects.holds::<T>();
        if held {
            let found: Vec<_> = self
                .objects
                .of_kind::<T>()
                .into_iter()
                .map(|s| s.object)
                .collect();
            self.known.take(companion, None, &found);
        } else {
            self.known.miss(companion, None);
        }
        held
    }
}

/// What the verdicts about these objects need of other kinds, and what of it the dump does not hold.
fn bring<T: Judged>(objects: &Objects<'_>, found: &[Stamped<T>]) -> (Companions, Vec<NotSeen>) {
    let (mut known, mut missing) = (Companions::default(), Vec::new());
    loop {
        let wanted = companions::wanted(found.iter().map(|s| &s.object), &known);
        if wanted.is_empty() {
            return (known, missing);
        }
        for companion in wanted.into_keys() {
            let known = &mut known;
            if !companion.visit(Take { objects, known }) {
                missing.push(companions::not_held(companion));
            }
        }
    }
}

/// Judges one kind of a dump; `None` where the dump does not hold it.
struct Part<'a> {
    dump: &'a Dump<'a>,
    ask: &'a Ask,
    names: &'a [String],
    now: Time,
}

struct Judgement {
    items: Vec<Item>,
    not_seen: Vec<NotSeen>,
}

impl KindVisitor for Part<'_> {
    type Output = Option<Judgement>;

    fn visit<T: Judged>(self, kind: Kind) -> Self::Output {
        let objects = self.dump.objects;
        objects
            .holds::<T>()
            .then(|| self.judge(&kind.into(), &objects.of_kind::<T>()))
    }
}

impl Part<'_> {
    /// Judges a kind that is not in the registry. There is no discovery in a dump, so it goes by the word for the kind.
    fn custom(self, name: &CustomName, file: &str) -> (String, Judgement) {
        let objects = self.dump.objects;
        let Some(kind) = objects
            .kinds_of(&name.group)
            .into_iter()
            .find(|k| is_called(k, &name.word))
        else {
            let what = name.to_string();
            let missing = NotSeen {
                what: what.clone(),
                class: "notFound".into(),
                error: Some(format!("{file} holds none")),
                hint: Some(match objects.kinds_of(&name.group).as_slice() {
                    [] => format!("kubectl get {what} -A -o yaml writes such a dump"),
                    some => format!("of group {} it holds {}", name.group, some.join(", ")),
                }),
                ..NotSeen::default()
            };
            let part = Judgement {
                items: Vec::new(),
                not_seen: vec![missing],
            };
            return (what, part);
        };
        let found: Vec<Stamped<CustomObject>> = objects.of(&name.group, kind);
        let is_in_one = |o: &CustomObject| !o.meta().namespace.is_empty();
        let noun = Noun {
            plural: format!("{}.{}", plural(kind), name.group),
            singular: format!("{}.{}", kind.to_lowercase(), name.group),
            title: format!("{}.{}", plural(kind), name.group),
            rule: String::new(),
            namespaced: found.iter().filter_map(|s| s.object.as_ref().ok()).any(is_in_one),
        };
        let mut part = self.judge(&noun, &found);
        for item in &mut part.items {
            kind.clone_into(&mut item.kind);
        }
        (noun.plural, part)
    }

    fn judge<T: Judged>(self, noun: &Noun, found: &[Stamped<T>]) -> Judgement {
        let Self {
            dump,
            ask,
            names,
            now,
        } = self;
        let (beside, missing) = bring(dump.objects, found);
        // As kubectl: a kind that is in no namespace is the same from each.
        let scope = ask.namespace.as_deref().filter(|_| noun.namespaced);
        let in_scope = |namespace: &str| scope.is_none_or(|wanted| wanted == namespace);
        let is_named = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
        let mut items = Vec::new();
        let mut others = Vec::new();
        // There are some, and their controllers answer for them.
        let mut passed_over = false;
        for stamped in found {
            match &stamped.object {
                Ok(object) => {
                    let meta = object.meta();
                    if !in_scope(&meta.namespace) || !ask.selector.matches(&meta.labels) {
                        continue;
                    }
                    if !is_named(&meta.name) {
                        others.push(meta.name.clone());
                        continue;
                    }
                    if names.is_empty() && !object.answers_for_itself() {
                        passed_over = true;
                        continue;
                    }
                    items.push(object.judge(&Evidence {
                        pods: dump.pods_of(&meta.uid, now),
                        companions: Some(&beside),
                        named: !names.is_empty(),
                        ..Evidence::at(dump.now_for(stamped.index, now))
                    }));
                }
                // Whether a selector would have matched it cannot be known, so it is not left out.
                Err(undecodable) if in_scope(&undecodable.namespace) && is_named(&undecodable.name) => {
                    items.push(check::undecodable::<T>(undecodable));
                }
                Err(_) => {}
            }
        }
        let mut not_seen = Vec::new();
        // Where every verdict stands without them, nothing is missing.
        if items.iter().any(|item| item.state == State::Unknown) {
            not_seen.extend(missing);
        }
        for name in names {
            if !items.iter().any(|item| item.name == *name) {
                not_seen.push(nothing_named(noun, name, scope, &others));
            }
        }
        if items.is_empty() && not_seen.is_empty() && !passed_over {
            if !ask.selector.is_empty() {
                not_seen.push(nothing_selected(ask, noun));
            } else if let Some(namespace) = scope {
                not_seen.push(NotSeen {
                    what: format!("namespace {namespace}"),
                    class: "notFound".into(),
                    error: Some(format!(
                        "the dump holds no {} of namespace {namespace}",
                        noun.title
                    )),
                    hint: Some("leave -n out to judge all that the dump holds".into()),
                    ..NotSeen::default()
                });
            }
        }
        Judgement { items, not_seen }
    }
}

/// Whether a word names a kind: itself, or its plural as discovery would tell it.
fn is_called(kind: &str, word: &str) -> bool {
    kind.to_lowercase() == word || plural(kind) == word
}

/// The plural that is guessed for a kind where nobody tells it (`UnsafeGuessKindToResource` in `k8s.io/apimachinery`).
fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if singular.ends_with('s') => format!("{singular}es"),
        None => format!("{singular}s"),
    }
}
