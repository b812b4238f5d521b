//! A run against a dump: the same judgement, of what a file holds.

use super::coverage::{nothing_found, nothing_named, nothing_selected, one_or_other};
use super::known::{Evident, Known};
use super::{Ask, Clock, Kind, KindVisitor, Wanted};
use crate::check::{self, Around, Evidence, Judged, Now};
use crate::dump::{File, Objects};
use crate::report::{Check, Item, KindCheck, Namespaces, NotSeen, Report, Source};
use crate::resource::{Job, Pod, ReplicaSet, Resource, Time};

/// Judges a dump. Only kinds that it holds are judged, and the API server is no part of it.
///
/// The time is `at`, else the newest time in the dump; `clock` serves only where there is neither.
#[must_use]
pub fn dump(files: &[File], name: &str, ask: &Ask, at: Option<Time>, clock: Clock) -> Report {
    let objects = Objects::read(files);
    let dump = Dump::new(&objects, at);
    let around = dump.known.around();
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
    let parts: Vec<(Kind, Judgement)> = ask
        .kinds
        .iter()
        .filter_map(|wanted| {
            let part = Part {
                dump: &dump,
                around: &around,
                ask,
                wanted,
                now,
            };
            Some((wanted.kind, wanted.kind.visit(part)?))
        })
        .collect();
    let counted = parts.iter().map(|(_, p)| (p.items.len(), p.not_seen.len()));
    let nothing = (!parts.is_empty() && nothing_found(ask, counted))
        .then(|| why_empty(ask, &parts.iter().map(|(kind, _)| *kind).collect::<Vec<_>>()))
        .flatten();
    for (kind, part) in parts {
        report.coverage.kinds.push(kind.plural().to_owned());
        report.checks.push(Check::Kind(KindCheck::of(
            kind.plural(),
            part.items,
            part.not_seen.is_empty() && nothing.is_none(),
        )));
        report.coverage.not_seen.extend(part.not_seen);
    }
    report.coverage.not_seen.extend(nothing);
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
    known: Known,
    has_pods: bool,
}

impl<'a> Dump<'a> {
    fn new(objects: &'a Objects<'a>, at: Option<Time>) -> Self {
        let mut known = Known::default();
        add::<Pod>(objects, &mut known);
        add::<ReplicaSet>(objects, &mut known);
        add::<Job>(objects, &mut known);
        known.add_events(understood(objects).map(|(_, event)| event));
        known.add_nodes(understood(objects).map(|(_, node)| node));
        Self {
            objects,
            at,
            newest: objects.newest(),
            known,
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
}

/// The objects of a kind that can be read. One that cannot is missed as evidence and is no error of its own.
fn understood<T: Resource>(objects: &Objects<'_>) -> impl Iterator<Item = (usize, T)> {
    let all = objects.of_kind::<T>().into_iter();
    all.filter_map(|stamped| Some((stamped.index, stamped.object.ok()?)))
}

fn add<T: Evident>(objects: &Objects<'_>, known: &mut Known) {
    for (index, object) in understood::<T>(objects) {
        known.add(index, object);
    }
}

/// Judges one kind of a dump; `None` where the dump does not hold it.
struct Part<'a> {
    dump: &'a Dump<'a>,
    around: &'a Around<'a>,
    ask: &'a Ask,
    wanted: &'a Wanted,
    now: Time,
}

struct Judgement {
    items: Vec<Item>,
    not_seen: Vec<NotSeen>,
}

impl KindVisitor for Part<'_> {
    type Output = Option<Judgement>;

    fn visit<T: Judged>(self, kind: Kind) -> Self::Output {
        let Self {
            dump,
            around,
            ask,
            wanted,
            now,
        } = self;
        if !dump.objects.holds::<T>() {
            return None;
        }
        let found = dump.objects.of_kind::<T>();
        let in_scope = |namespace: &str| ask.namespace.as_deref().is_none_or(|wanted| wanted == namespace);
        let is_named = |name: &str| wanted.names.is_empty() || wanted.names.iter().any(|n| n == name);
        let mut items = Vec::new();
        let mut others = Vec::new();
        for stamped in &found {
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
                    if wanted.names.is_empty() && !object.answers_for_itself() {
                        continue;
                    }
                    let now_of = |index| dump.now_for(index, now);
                    let pods = dump.known.pods_of(meta, around, now_of);
                    let evidence = Evidence {
                        pods: pods.filter(|_| dump.has_pods),
                        around: Some(around),
                        named: !wanted.names.is_empty(),
                        heeds_annotations: !ask.no_ignore,
                        ..Evidence::at(now_of(stamped.index))
                    };
                    items.push(check::judge(object, &evidence));
                }
                // Whether a selector would have matched it cannot be known, so it is not left out.
                Err(undecodable) if in_scope(&undecodable.namespace) && is_named(&undecodable.name) => {
                    items.push(check::undecodable::<T>(undecodable));
                }
                Err(_) => {}
            }
        }
        let mut not_seen = Vec::new();
        for name in &wanted.names {
            if !items.iter().any(|item| item.name == *name) {
                not_seen.push(nothing_named(kind, name, ask.namespace.as_deref(), &others));
            }
        }
        Some(Judgement { items, not_seen })
    }
}

/// Nothing of what was asked for is in the dump, though its kinds are. That is an answer only where nothing narrower was
/// asked for: a dump may have been taken of other namespaces.
fn why_empty(ask: &Ask, kinds: &[Kind]) -> Option<NotSeen> {
    if !ask.selector.is_empty() {
        return Some(nothing_selected(
            kinds,
            &ask.selector_text,
            ask.namespace.as_deref(),
        ));
    }
    let namespace = ask.namespace.as_ref()?;
    Some(NotSeen {
        what: format!("namespace {namespace}"),
        class: "notFound".into(),
        error: Some(format!(
            "the dump holds no {} of namespace {namespace}",
            one_or_other(kinds)
        )),
        hint: Some("leave -n out to judge all that the dump holds".into()),
        ..NotSeen::default()
    })
}
