//! Folds things that happened at about the same time and are alike into one entry.

use super::happening::Happening;
use crate::report::{ObjectRef, TimelineEntry};
use crate::resource::Time;
use std::collections::{BTreeSet, HashMap};

/// Happenings that follow each other within this many seconds are folded.
const TOGETHER_SECONDS: i64 = 120;
/// Objects that an entry names.
const NAMED: usize = 10;
/// Objects that the words of an entry name.
const SHOWN: usize = 3;
/// The shortest beginning of names that is worth showing.
const SHORTEST_PREFIX: usize = 3;

/// Happenings that become one entry.
struct FoldGroup {
    first: Happening,
    last: Time,
    times: u64,
    objects: BTreeSet<FoldKey>,
    /// The newest beginning of a happening.
    newest: Time,
}

/// An object in the order of its names.
type FoldKey = (String, String, String);

fn key(object: &ObjectRef) -> FoldKey {
    (object.kind.clone(), object.namespace.clone(), object.name.clone())
}

impl FoldGroup {
    fn new(first: Happening) -> Self {
        Self {
            last: first.last,
            newest: first.at,
            times: first.times,
            objects: BTreeSet::from([key(&first.object)]),
            first,
        }
    }

    fn takes(&self, at: Time) -> bool {
        at.seconds_after(self.newest) <= TOGETHER_SECONDS
    }

    fn add(&mut self, other: &Happening) {
        self.newest = self.newest.max(other.at);
        self.last = self.last.max(other.last);
        self.times = self.times.saturating_add(other.times);
        self.objects.insert(key(&other.object));
        if self.first.by != other.by {
            self.first.by = None;
        }
        if self.first.node != other.node {
            self.first.node = None;
        }
        self.first.change = None;
    }

    fn entry(self) -> TimelineEntry {
        let Self {
            first, last, times, ..
        } = self;
        let count = self.objects.len() as u64;
        let objects: Vec<ObjectRef> = self.objects.into_iter().map(from_key).collect();
        let subject = subject(&objects);
        let single = (count == 1).then_some(first.object);
        TimelineEntry {
            at: first.at.to_string(),
            last: (last > first.at).then(|| last.to_string()),
            what: first.what,
            objects: match single {
                Some(_) => Vec::new(),
                None => objects.into_iter().take(NAMED).collect(),
            },
            object: single,
            count,
            times: (times > count).then_some(times),
            node: first.node,
            by: first.by,
            change: first.change.map(Box::new),
            verdict: first.verdict,
            subject,
            message: first.words,
            source: first.source.as_str().to_owned(),
        }
    }
}

fn from_key((kind, namespace, name): FoldKey) -> ObjectRef {
    ObjectRef {
        kind,
        namespace,
        name,
    }
}

/// Folds happenings. The entries are in the order in which they began.
pub(super) fn fold(mut happenings: Vec<Happening>) -> Vec<TimelineEntry> {
    happenings.sort_by_cached_key(|happening| (happening.at, happening.what, key(&happening.object)));
    let mut groups: Vec<FoldGroup> = Vec::new();
    let mut open: HashMap<(crate::report::TimelineKind, String, String), usize> = HashMap::new();
    for happening in happenings {
        let Some(fold) = happening.fold.clone() else {
            groups.push(FoldGroup::new(happening));
            continue;
        };
        let place = (happening.what, happening.object.kind.clone(), fold);
        match open.get(&place).and_then(|at| groups.get_mut(*at)) {
            Some(group) if group.takes(happening.at) => group.add(&happening),
            _ => {
                open.insert(place, groups.len());
                groups.push(FoldGroup::new(happening));
            }
        }
    }
    groups.into_iter().map(FoldGroup::entry).collect()
}

/// The objects in words: `Deployment shop/checkout`, `ConfigMaps shop/a, shop/b`, `12 Pods of shop/checkout-*`.
fn subject(objects: &[ObjectRef]) -> String {
    let name = |object: &ObjectRef| match object.namespace.as_str() {
        "" => object.name.clone(),
        namespace => format!("{namespace}/{}", object.name),
    };
    let kind = objects.first().map_or("", |first| first.kind.as_str());
    let names: Vec<String> = objects.iter().take(SHOWN).map(name).collect();
    match objects.len() {
        0 => String::new(),
        1 => format!("{kind} {}", names.concat()).trim().to_owned(),
        few if few <= SHOWN => format!("{} {}", plural(kind), names.join(", ")),
        many => {
            let namespaces: BTreeSet<&str> = objects.iter().map(|o| o.namespace.as_str()).collect();
            let namespaces: Vec<&str> = namespaces.into_iter().collect();
            let of = match namespaces.as_slice() {
                [""] => String::new(),
                [one] => format!(" of {one}/{}*", prefix(objects)),
                several => format!(" in {} namespaces", several.len()),
            };
            format!("{many} {}{of}", plural(kind))
        }
    }
}

fn plural(kind: &str) -> String {
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{kind}s"),
    }
}

/// The beginning that all names share, up to a hyphen; empty if it is short.
fn prefix(objects: &[ObjectRef]) -> String {
    let mut names = objects.iter().map(|object| object.name.as_str());
    let mut shared = names.next().unwrap_or_default();
    for name in names {
        let end = shared
            .char_indices()
            .zip(name.chars())
            .find(|((_, a), b)| a != b)
            .map_or(shared.len().min(name.len()), |((at, _), _)| at);
        shared = shared.get(..end).unwrap_or_default();
    }
    let end = shared.rfind('-').map_or(0, |at| at.saturating_add(1));
    let shared = shared.get(..end).unwrap_or_default();
    if shared.len() > SHORTEST_PREFIX {
        shared.to_owned()
    } else {
        String::new()
    }
}
