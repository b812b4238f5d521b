//! The objects before a change.

use super::differ;
use crate::failure::Class;
use crate::follow::WaitTarget;
use crate::follow::baseline::{rank, rank_of_status};
use crate::follow::wait::WaitResource;
use crate::report::{ApiServerCheck, Item, NotSeen, ObjectRef, Report, State, Status};
use std::collections::{HashMap, HashSet};

/// The report before a change.
#[derive(Debug)]
pub struct BeforeImage {
    report: Report,
    objects: HashMap<ObjectRef, ObjectBefore>,
    /// Checks that count more objects than they list. An object that they do not list was healthy.
    partial: HashSet<String>,
}

/// One object before the change.
#[derive(Debug)]
struct ObjectBefore {
    check: String,
    rank: u8,
    uid: Option<String>,
    generation: Option<i64>,
}

impl BeforeImage {
    /// By the report about the objects before the change. It has to list every object.
    #[must_use]
    pub fn new(report: Report) -> Self {
        let (mut objects, mut partial) = (HashMap::new(), HashSet::new());
        for kind in report.kinds() {
            if kind.unlisted() > 0 {
                partial.insert(kind.check.clone());
            }
            for item in &kind.items {
                let before = ObjectBefore {
                    check: kind.check.clone(),
                    rank: rank(item),
                    uid: item.uid.clone(),
                    generation: item.generation,
                };
                objects.insert(item.identity(), before);
            }
        }
        Self {
            report,
            objects,
            partial,
        }
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What could not be read, in words; empty if the image is whole. Something that does not exist was read.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        let report = &self.report;
        let entries = &report.coverage.not_seen;
        let unread = entries.iter().filter(|entry| !is_absent(entry));
        let mut gaps: Vec<String> = unread.map(NotSeen::what).collect();
        if report
            .api_server()
            .is_some_and(|check| check.status == Status::Unknown)
        {
            gaps.push("the API server's health".to_owned());
        }
        for kind in report.kinds() {
            let unknown = kind.items.iter().filter(|item| rank(item) > 0);
            let unknown: Vec<&Item> = unknown.filter(|item| item.state == State::Unknown).collect();
            gaps.extend(unknown.iter().map(|item| item.identity().to_string()));
            let is_named = entries.iter().any(|entry| entry.is_about(&kind.check));
            if kind.status == Status::Unknown && unknown.is_empty() && !is_named {
                gaps.push(kind.check.clone());
            }
        }
        gaps
    }

    /// Things that were asked for and do not exist before the change.
    pub fn absent(&self) -> impl Iterator<Item = &NotSeen> {
        let entries = self.report.coverage.not_seen.iter();
        entries.filter(|entry| is_absent(entry))
    }

    /// Whether it was not seen before the change either.
    pub(super) fn lacks(&self, entry: &NotSeen) -> bool {
        let entries = &self.report.coverage.not_seen;
        entries
            .iter()
            .any(|before| before.thing == entry.thing && before.scope == entry.scope)
    }

    /// Whether there was an object.
    pub(super) fn has_objects(&self) -> bool {
        !self.objects.is_empty() || !self.partial.is_empty()
    }

    /// Whether that object was there.
    pub(super) fn has_object(&self, object: &ObjectRef) -> bool {
        self.objects.contains_key(object)
    }

    /// Whether an object of that name was there.
    pub(super) fn has(&self, target: &WaitTarget) -> bool {
        let mut objects = self.objects.iter();
        objects.any(|(object, before)| {
            target.takes(&before.check, &object.kind, &object.namespace, &object.name)
        })
    }

    /// Whether a kind that is not served now was served.
    pub(super) fn serves(&self, entry: &NotSeen) -> bool {
        let same = |before: &NotSeen| before.thing == entry.thing && before.is_kind();
        !self.absent().any(same)
    }

    /// Whether the object is no worse than before. A new one is, if it is as it should be.
    pub(super) fn excuses(&self, check: &str, object: &ObjectRef, item: &Item) -> bool {
        match self.objects.get(object) {
            Some(before) => rank(item) <= before.rank,
            None => self.partial.contains(check) && rank(item) == 0,
        }
    }

    /// Whether the object is new, or has another spec than before.
    pub(super) fn differs(&self, check: &str, object: &ObjectRef, item: &Item) -> bool {
        match self.objects.get(object) {
            Some(before) => {
                differ(before.uid.as_deref(), item.uid.as_deref())
                    || before
                        .generation
                        .zip(item.generation)
                        .is_some_and(|(old, new)| old != new)
            }
            None => !self.partial.contains(check),
        }
    }

    /// Whether the API server was better than it is now.
    pub(super) fn is_better_than(&self, now: &ApiServerCheck) -> bool {
        match self.report.api_server() {
            Some(before) if rank_of_status(before.status) == rank_of_status(now.status) => {
                before.class != now.class && now.status != Status::Ok
            }
            Some(before) => rank_of_status(before.status) < rank_of_status(now.status),
            None => now.status != Status::Ok,
        }
    }
}

/// Whether the entry says that something does not exist.
pub(super) fn is_absent(entry: &NotSeen) -> bool {
    Class::from_word(&entry.class) == Some(Class::NotFound) && entry.needed_by.is_none()
}

/// Whether an entry about something absent names that target, or its namespace.
pub(super) fn is_about(entry: &NotSeen, target: &WaitTarget) -> bool {
    if entry.resource.as_deref() == Some("namespaces") {
        return true;
    }
    let is_of_kind = match &target.resource {
        WaitResource::Kind(kind) => entry.is_about(kind.plural()),
        // The type that discovery found is not known here.
        WaitResource::Custom(_) | WaitResource::Manifest { .. } => true,
    };
    let name = entry.thing.split(' ').next_back();
    is_of_kind && target.name.as_deref() == name
}
