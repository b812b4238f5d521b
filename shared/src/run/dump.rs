//! A run against a dump: the same judgement, of what a file holds.

use super::coverage::{Found, nothing_named, nothing_selected, one_or_other};
use super::noun::Noun;
use super::owners::{self, Owned, Roll, Sift};
use super::{Causes, Clock, Kind, KindTarget, KindVisitor, Request, gaps, related};
use crate::check::{
    self, Check, Controller, ControllerFacts, EventsAndNodes, Evidence, NodesSeen, Now, Related, RelatedKind,
    RelatedKindVisitor, RelatedObjects,
};
use crate::check::{EvidenceObject, EvidenceStore};
use crate::cluster::CustomName;
use crate::dump::{Objects, Stamped};
use crate::report::{CheckResult, Item, KindCheck, Namespaces, NotSeen, Report, Source, State};
use crate::resource::{
    CustomObject, Job, Node, Pod, ReplicaSet, ReplicationController, Resource, ScaledObject, Time,
    Undecodable,
};
use std::collections::{HashMap, HashSet};

/// Judges a dump. Only kinds that it holds are judged, and the API server is no part of it.
///
/// The time is `at`, else the newest time in the dump; `clock` serves only where there is neither.
#[must_use]
pub fn dump(objects: &Objects, name: &str, ask: &Request, at: Option<Time>, clock: Clock) -> Report {
    let dump = Dump::new(objects, at);
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
    gaps::tell(objects, ask, &mut report.coverage);
    report.coverage.not_seen.extend(dump.not_understood(ask));
    let sift = if ask.every_object {
        Sift::every()
    } else {
        Sift::default()
    };
    let part = |names| Part {
        dump: &dump,
        around: &around,
        ask,
        names,
        sift: &sift,
        now,
    };
    // A kind that only some clusters have is judged where the dump has it; live it is asked for by name.
    let is_asked = |kind: &Kind| ask.kinds.iter().any(|wanted| wanted.kind == *kind);
    let others: Vec<KindTarget> = Kind::ALL
        .iter()
        .filter(|kind| ask.by_default && !kind.is_built_in() && !is_asked(kind))
        .map(|kind| KindTarget::all(*kind))
        .collect();
    let mut roll = dump.roll();
    let mut owned = Vec::new();
    let mut kinds = Vec::new();
    for wanted in ask.kinds.iter().chain(&others) {
        if let Some(mut judged) = wanted.kind.visit(part(&wanted.names)) {
            roll.judge(wanted.kind.group(), &judged.items);
            owned.append(&mut judged.owned);
            kinds.push((wanted.kind.plural().to_owned(), judged));
        }
    }
    // What is not asked for tells of its controllers all the same: it is at hand.
    let is_other = |kind: &&Kind| kind.leaves_owned() && !is_asked(kind);
    let tells = !ask.kinds.is_empty() && !ask.every_object;
    for kind in Kind::ALL.iter().filter(is_other).filter(|_| tells) {
        owned.extend(kind.visit(part(&[])).into_iter().flat_map(|judged| judged.owned));
    }
    let (owned, members): (Vec<Owned>, Vec<Item>) = owned.into_iter().unzip();
    let roots = roll.roots(&owned).into_iter().zip(members);
    let roots = roots.filter_map(|(root, item)| Some((root?, item)));
    let mut words = Words::default();
    let word = |of: &Controller| words.of(objects, of);
    let known = at.map_or(Now::inferred(now, None), Now::known);
    let controllers = owners::check(roots, known, word);
    let custom = ask
        .custom
        .iter()
        .map(|wanted| part(&wanted.names).custom(&wanted.kind, name));
    let parts: Vec<(String, Judgement)> = kinds.into_iter().chain(custom).collect();
    let nothing = why_empty(ask, &parts).filter(|_| controllers.is_none());
    for (check, part) in parts {
        report.coverage.kinds.push(check.clone());
        let all_seen = part.not_seen.is_empty() && (nothing.is_none() || !part.found().nothing);
        report.checks.push(CheckResult::Kind(KindCheck {
            every_object: ask.judges_every(&check),
            ..KindCheck::of(&check, part.items, all_seen)
        }));
        report.coverage.not_seen.extend(part.not_seen);
    }
    report.coverage.not_seen.extend(nothing);
    // What could not be read may have held some.
    if report.checks.is_empty() && report.coverage.not_seen.is_empty() {
        let titles: Vec<&str> = ask.kinds.iter().map(|w| w.kind.title()).collect();
        report.coverage.not_seen.push(NotSeen {
            thing: titles.join(", "),
            class: "notFound".into(),
            error: Some(format!("{name} holds none")),
            hint: Some(
                "kubectl get deployments,replicasets,pods,events -A -o yaml writes such a dump".into(),
            ),
            ..NotSeen::default()
        });
    }
    report.checks.extend(controllers.map(CheckResult::Kind));
    report.settle();
    report
}

/// A dump with what every part of a run needs of it.
struct Dump<'a> {
    objects: &'a Objects,
    at: Option<Time>,
    newest: Option<(Time, usize, Option<Time>)>,
    known: EvidenceStore,
    has_pods: bool,
    /// The namespaces whose pods were not all seen, by the word of the dump itself; `None` stands for all of them.
    without_pods: HashSet<Option<&'a str>>,
    /// Objects that would tell causes and were not understood: their kind, and the error.
    lost: Vec<(&'static str, Undecodable)>,
}

impl<'a> Dump<'a> {
    fn new(objects: &'a Objects, at: Option<Time>) -> Self {
        let (mut known, mut lost) = (EvidenceStore::default(), Vec::new());
        add::<Pod>(objects, &mut known, &mut lost);
        add::<ReplicaSet>(objects, &mut known, &mut lost);
        add::<Job>(objects, &mut known, &mut lost);
        known.add_events(understood(objects, &mut lost).into_iter().map(|(_, event)| event));
        let before = lost.len();
        known.add_nodes(understood(objects, &mut lost).into_iter().map(|(_, node)| node));
        let all = lost.len() == before && gaps::of_resource(objects, Node::PLURAL).next().is_none();
        if all && objects.holds::<Node>() {
            known.add_nodes_seen(NodesSeen::All);
        }
        // Pods are found by their ReplicaSets too.
        let behind = ["pods", "replicasets"].into_iter();
        let without_pods = behind.flat_map(|plural| gaps::of_resource(objects, plural));
        Self {
            objects,
            at,
            newest: objects.newest(),
            known,
            has_pods: objects.holds::<Pod>(),
            without_pods: without_pods.map(|(namespace, _)| namespace).collect(),
            lost,
        }
    }

    /// Whether the pods of a namespace were seen: then one that is not there is not in the cluster.
    fn saw_pods(&self, namespace: &str) -> bool {
        self.has_pods && !self.without_pods.contains(&None) && !self.without_pods.contains(&Some(namespace))
    }

    /// What would tell causes and was not understood. A kind that was asked for has an item for each.
    fn not_understood(&self, ask: &Request) -> impl Iterator<Item = NotSeen> {
        let in_scope = |u: &Undecodable| {
            u.namespace.is_empty() || ask.namespace.as_ref().is_none_or(|n| *n == u.namespace)
        };
        let asked = |kind: &str| ask.kinds.iter().any(|wanted| wanted.kind.kind() == kind);
        let lost = self
            .lost
            .iter()
            .filter(move |(kind, u)| in_scope(u) && !asked(kind));
        lost.map(|(kind, u)| NotSeen {
            thing: [*kind, &u.namespace, &u.name]
                .into_iter()
                .filter(|w| !w.is_empty())
                .collect::<Vec<_>>()
                .join("/"),
            class: "undecodable".into(),
            error: Some(u.error.clone()),
            hint: Some("take the dump again, or mend that place".into()),
            ..NotSeen::default()
        })
    }

    /// Who controls the objects that can stand between a pod and what it is of.
    fn roll(&self) -> Roll {
        fn link<T: Check>(objects: &Objects, roll: &mut Roll) {
            let all = objects.of_kind::<T>().into_iter();
            let understood = all.filter_map(|stamped| stamped.object.ok());
            understood
                .filter_map(|object| Owned::of(&object))
                .for_each(|owned| roll.link(owned));
        }
        let mut roll = Roll::default();
        link::<ReplicaSet>(self.objects, &mut roll);
        link::<ReplicationController>(self.objects, &mut roll);
        link::<Job>(self.objects, &mut roll);
        roll
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

/// What controllers say of themselves in a dump. Each kind is decoded once, however many of its objects are asked for.
#[derive(Default)]
struct Words(HashMap<(String, String), HashMap<Controller, ControllerFacts>>);

impl Words {
    fn of(&mut self, objects: &Objects, controller: &Controller) -> ControllerFacts {
        let (group, kind) = (&controller.group, &controller.kind);
        let read = || {
            let all = objects.of::<ScaledObject>(group, kind).into_iter();
            let understood = all.filter_map(|stamped| stamped.object.ok());
            understood.map(|object| named(&object, group, kind)).collect()
        };
        let words = self.0.entry((group.clone(), kind.clone())).or_insert_with(read);
        words.get(controller).copied().unwrap_or_default()
    }
}

fn named(object: &ScaledObject, group: &str, kind: &str) -> (Controller, ControllerFacts) {
    let meta = object.meta();
    let controller = Controller {
        namespace: meta.namespace.clone(),
        group: group.to_owned(),
        kind: kind.to_owned(),
        name: meta.name.clone(),
    };
    let word = ControllerFacts {
        asked: object.spec.as_ref().and_then(|spec| spec.replicas),
        changed: meta.last_spec_write().max(meta.creation_timestamp),
        is_done: object.status.as_ref().is_some_and(|status| status.is_done),
    };
    (controller, word)
}

/// The objects of a kind that can be read; those that cannot are put aside.
fn understood<T: Resource>(
    objects: &Objects,
    lost: &mut Vec<(&'static str, Undecodable)>,
) -> Vec<(usize, T)> {
    let mut found = Vec::new();
    for stamped in objects.of_kind::<T>() {
        match stamped.object {
            Ok(object) => found.push((stamped.index, object)),
            Err(undecodable) => lost.push((T::KIND, undecodable)),
        }
    }
    found
}

fn add<T: EvidenceObject>(
    objects: &Objects,
    known: &mut EvidenceStore,
    lost: &mut Vec<(&'static str, Undecodable)>,
) {
    for (index, object) in understood::<T>(objects, lost) {
        known.add(index, object);
    }
}

/// Takes a companion from a dump, where the dump holds it.
struct Take<'a> {
    objects: &'a Objects,
    known: &'a mut RelatedObjects,
}

impl RelatedKindVisitor for Take<'_> {
    type Output = bool;

    fn visit<T: Related>(self, companion: RelatedKind) -> bool {
        let held = companion.is_rare() || self.objects.holds::<T>();
        if held {
            let found: Vec<_> = self
                .objects
                .of_kind::<T>()
                .into_iter()
                .map(|s| s.object)
                .collect();
            self.known.take(companion, None, &found);
            if companion.is_rare() {
                // So are kinds of others that ask for pods. Their groups have a dot, which few of Kubernetes' own have.
                let others = self.objects.kinds().into_iter();
                for (group, kind) in others.filter(|(group, _)| group.contains('.')) {
                    let all = self.objects.of::<ScaledObject>(group, kind).into_iter();
                    all.filter_map(|stamped| stamped.object.ok())
                        .for_each(|object| self.known.take_scaled(kind, &object));
                }
            }
            for (namespace, _) in gaps::of_companion(self.objects, companion) {
                self.known.miss(companion, namespace);
            }
        } else {
            self.known.miss(companion, None);
        }
        held
    }
}

/// What the verdicts about these objects need of other kinds, and what of it the dump does not hold.
fn bring<T: Check>(objects: &Objects, found: &[Stamped<T>]) -> (RelatedObjects, Vec<NotSeen>) {
    let (mut known, mut missing) = (RelatedObjects::default(), Vec::new());
    loop {
        let wanted = related::wanted(found.iter().map(|s| &s.object), &known);
        if wanted.is_empty() {
            return (known, missing);
        }
        for companion in wanted.into_keys() {
            let known = &mut known;
            let held = companion.visit(Take { objects, known });
            if companion.is_optional() {
                continue;
            }
            let told = missing.len();
            missing.extend(gaps::of_companion(objects, companion).map(|(_, entry)| entry));
            if !held && missing.len() == told {
                missing.push(related::not_held(companion));
            }
        }
    }
}

/// Judges one kind of a dump; `None` where the dump does not hold it.
struct Part<'a> {
    dump: &'a Dump<'a>,
    around: &'a EventsAndNodes<'a>,
    ask: &'a Request,
    names: &'a [String],
    sift: &'a Sift,
    now: Time,
}

struct Judgement {
    items: Vec<Item>,
    /// What has a controller that may have no verdict.
    owned: Vec<(Owned, Item)>,
    /// How many more there are, whose controllers answer for them.
    passed_over: usize,
    not_seen: Vec<NotSeen>,
    /// Whether its objects are in namespaces.
    namespaced: bool,
}

impl Judgement {
    fn found(&self) -> Found {
        let objects = self.items.len() + self.owned.len() + self.passed_over;
        Found::new(self.namespaced, objects, self.not_seen.len())
    }
}

impl KindVisitor for Part<'_> {
    type Output = Option<Judgement>;

    fn visit<T: Check>(self, kind: Kind) -> Self::Output {
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
                thing: what.clone(),
                resource: Some(what.clone()),
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
                owned: Vec::new(),
                passed_over: 0,
                not_seen: vec![missing],
                namespaced: true,
            };
            return (what, part);
        };
        let found: Vec<Stamped<CustomObject>> = objects.of(&name.group, kind);
        let is_in_one = |o: &CustomObject| !o.meta().namespace.is_empty();
        let noun = Noun {
            plural: format!("{}.{}", plural(kind), name.group),
            singular: format!("{}.{}", kind.to_lowercase(), name.group),
            group: name.group.clone(),
            rule: String::new(),
            namespaced: found.iter().filter_map(|s| s.object.as_ref().ok()).any(is_in_one),
        };
        let mut part = self.judge(&noun, &found);
        for item in &mut part.items {
            kind.clone_into(&mut item.kind);
        }
        (noun.plural, part)
    }

    fn judge<T: Check>(self, noun: &Noun, found: &[Stamped<T>]) -> Judgement {
        let Self {
            dump,
            around,
            ask,
            names,
            sift,
            now,
        } = self;
        let (beside, missing) = bring(dump.objects, found);
        // As kubectl: a kind that is in no namespace is the same from each.
        let scope = ask.namespace.as_deref().filter(|_| noun.namespaced);
        let in_scope = |namespace: &str| scope.is_none_or(|wanted| wanted == namespace);
        let is_named = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
        let (mut items, mut owned) = (Vec::new(), Vec::new());
        let replaced = check::replaced(found.iter().filter_map(|s| s.object.as_ref().ok()));
        let mut others = Vec::new();
        // There are some, and their controllers answer for them.
        let mut passed_over = 0;
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
                    let own = !names.is_empty() || sift.takes(object);
                    if !own && !sift.takes_for_controller(object) {
                        passed_over += 1;
                        continue;
                    }
                    let now_of = |index| dump.now_for(index, now);
                    let pods = dump.known.pods_of(meta, around, now_of);
                    let evidence = Evidence {
                        pods: pods.filter(|pods| dump.saw_pods(&meta.namespace) || !pods.jobs.is_empty()),
                        around: Some(around),
                        companions: Some(&beside),
                        named: !names.is_empty(),
                        replaced: replaced.contains(&meta.uid),
                        heeds_annotations: !ask.no_ignore,
                        explained: ask.causes != Causes::None,
                        ..Evidence::at(now_of(stamped.index))
                    };
                    let item = check::judge(object, &evidence);
                    match Owned::of(object).filter(|_| !own) {
                        Some(who) => owned.push((who, item)),
                        None => items.push(item),
                    }
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
        Judgement {
            items,
            owned,
            passed_over,
            not_seen,
            namespaced: noun.namespaced,
        }
    }
}

/// Whether a word names a kind: itself, or its plural as discovery would tell it.
fn is_called(kind: &str, word: &str) -> bool {
    let singular = kind.to_lowercase();
    let ending = word.strip_prefix(&*singular);
    ending.is_some_and(|ending| ["", "s", "es"].contains(&ending)) || plural(kind) == word
}

/// The plural that is guessed for a kind where nobody tells it (`UnsafeGuessKindToResource` in `k8s.io/apimachinery`, but
/// for `Gateway` and others that end so).
pub(super) fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if singular.ends_with('s') => format!("{singular}es"),
        _ => format!("{singular}s"),
    }
}

/// Nothing of what was asked for is in the dump, though its kinds are. That is an answer only where nothing narrower was
/// asked for: a dump may have been taken of other namespaces.
fn why_empty(ask: &Request, parts: &[(String, Judgement)]) -> Option<NotSeen> {
    let found: Vec<Found> = parts.iter().map(|(_, part)| part.found()).collect();
    let empty = parts.iter().filter(|(_, part)| part.found().nothing);
    if !ask.selector.is_empty() && Found::nothing(&found) {
        let checks: Vec<&str> = empty.map(|(check, _)| check.as_str()).collect();
        return Some(nothing_selected(
            &checks,
            &ask.selector_text,
            ask.namespace.as_deref(),
        ));
    }
    if !Found::nothing_in_namespace(&found) {
        return None;
    }
    let checks = empty.filter(|(_, part)| part.namespaced);
    let checks: Vec<&str> = checks.map(|(check, _)| check.as_str()).collect();
    let namespace = ask.namespace.as_ref()?;
    Some(NotSeen {
        thing: format!("namespace {namespace}"),
        resource: Some("namespaces".into()),
        class: "notFound".into(),
        error: Some(format!(
            "the dump holds no {} of namespace {namespace}",
            one_or_other(&checks)
        )),
        hint: Some("leave -n out to judge all that the dump holds".into()),
        ..NotSeen::default()
    })
}
