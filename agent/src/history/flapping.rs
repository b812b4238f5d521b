//! Owns which objects flap: those whose state has changed often within the last hour. The time is that of the records.
//! Must not know where transitions are kept.

use sre_shared::live::{AnswerTime, KindObjects, Selection};
use sre_shared::report::{Item, Note, NoteCode, TransitionRecord};
use sre_shared::resource::Time;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// An object flaps if it has more transitions than this within [`SECONDS`].
const TRANSITIONS: usize = 5;
/// An hour.
const SECONDS: i64 = 3_600;
/// The most times of an object that are kept. More make no other note.
const TIMES: usize = 100;
/// The most objects. Objects beyond them get no note.
const OBJECTS: usize = 10_000;

/// An object by its kind, namespace and name.
type ObjectName = (String, String, String);

/// The transitions of the last hour, by object.
#[derive(Debug, Default)]
pub struct Flapping {
    times: HashMap<ObjectName, Vec<Time>>,
}

impl Flapping {
    /// Notes a transition.
    pub fn note(&mut self, record: &TransitionRecord) {
        let Ok(at) = Time::parse(&record.at) else { return };
        let key = (record.kind.clone(), record.namespace.clone(), record.name.clone());
        if self.times.len() >= OBJECTS && !self.times.contains_key(&key) {
            self.forget_old(at);
            if self.times.len() >= OBJECTS {
                return;
            }
        }
        // A later object of the same name is another one.
        if record.to.is_none() {
            self.times.remove(&key);
            return;
        }
        // A new object has changed nothing yet.
        if record.from.is_none() {
            return;
        }
        let times = self.times.entry(key).or_default();
        times.retain(|time| time.seconds.saturating_add(SECONDS) > at.seconds);
        if times.len() < TIMES {
            times.push(at);
        }
    }

    /// Forgets the transitions of more than an hour ago.
    pub fn forget_old(&mut self, now: Time) {
        self.times.retain(|_, times| {
            times.retain(|time| is_within(*time, now));
            !times.is_empty()
        });
    }

    /// The objects of a kind that flap.
    pub fn of_kind(&self, kind: &str, now: Time) -> FlappingObjects {
        let mut found = FlappingObjects::default();
        for ((own, namespace, name), times) in &self.times {
            let count = times.iter().filter(|time| is_within(**time, now)).count();
            if own == kind && count > TRANSITIONS {
                let objects = found.by_namespace.entry(namespace.clone()).or_default();
                objects.insert(name.clone(), count);
            }
        }
        found
    }
}

/// The objects of a kind that flap. Mostly there are none.
#[derive(Debug, Default)]
pub struct FlappingObjects {
    /// The number of transitions by namespace and name.
    by_namespace: BTreeMap<String, BTreeMap<String, usize>>,
}

impl FlappingObjects {
    /// The item with the note, if its object flaps.
    pub fn noted<'a>(&self, item: &'a Item) -> Cow<'a, Item> {
        let objects = self.by_namespace.get(&item.namespace);
        match objects.and_then(|objects| objects.get(&item.name)) {
            None => Cow::Borrowed(item),
            Some(count) => {
                let at_least = if *count >= TIMES { "at least " } else { "" };
                let text = format!("flaps: {at_least}{count} changes of its state within an hour");
                let mut noted = item.clone();
                noted.notes.push(Note::coded(NoteCode::Flapping, text));
                Cow::Owned(noted)
            }
        }
    }

    /// Their items that a selection takes because of the note alone, sorted by namespace and name.
    pub fn beyond(&self, objects: &dyn KindObjects, selection: &Selection, time: &AnswerTime) -> Vec<Item> {
        let after = |namespace: &str, name: &str| {
            let after = selection.after.as_ref();
            after.is_none_or(|after| (namespace, name) > (&*after.namespace, &*after.name))
        };
        let mut found = Vec::new();
        for (namespace, names) in &self.by_namespace {
            for name in names.keys() {
                if !after(namespace, name) || !objects.selects(namespace, name, selection) {
                    continue;
                }
                let item = objects.item(namespace, name, selection, time);
                let Some(item) = item.filter(|item| !selection.takes(item)) else {
                    continue;
                };
                let noted = self.noted(&item).into_owned();
                if selection.takes(&noted) {
                    found.push(noted);
                }
            }
        }
        found
    }
}

/// Whether that moment was within the hour before. Times after `now` are of a clock that went back.
fn is_within(time: Time, now: Time) -> bool {
    time.seconds.saturating_add(SECONDS) > now.seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use sre_shared::report::{Code, ObjectRef, State};

    fn record(second: i64, from: Option<State>, to: Option<State>) -> TransitionRecord {
        TransitionRecord {
            at: Time::from_seconds(second).to_string(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            from,
            to,
            reason: Code::Ready,
            code: None,
            change: None,
        }
    }

    #[test]
    fn more_than_five_transitions_within_an_hour_are_a_note() {
        let mut flapping = Flapping::default();
        let (healthy, degraded) = (Some(State::Healthy), Some(State::Degraded));
        let text = |flapping: &Flapping, now| {
            let item = |name| {
                let object = ObjectRef::namespaced("Deployment", "shop", name);
                Item::new(object, State::Healthy, Code::Ready, String::new())
            };
            let found = flapping.of_kind("Deployment", Time::from_seconds(now));
            assert!(found.noted(&item("api")).notes.is_empty());
            let noted = found.noted(&item("web")).into_owned();
            noted
                .notes
                .with_code(NoteCode::Flapping)
                .map(|note| note.text.clone())
        };
        flapping.note(&record(0, None, healthy));
        for number in 0..5 {
            flapping.note(&record(number * 600, healthy, degraded));
        }
        assert_eq!(text(&flapping, 3_000), None);
        flapping.note(&record(3_000, degraded, healthy));
        assert_eq!(
            text(&flapping, 3_000).as_deref(),
            Some("flaps: 6 changes of its state within an hour")
        );
        assert_eq!(text(&flapping, 3_600), None, "the first one was an hour ago");
        // A Deployment that is made again begins anew.
        flapping.note(&record(3_001, healthy, None));
        assert_eq!(text(&flapping, 3_001), None);
        for number in 0..1_000 {
            flapping.note(&record(4_000 + number, healthy, degraded));
        }
        assert_eq!(
            text(&flapping, 5_000).as_deref(),
            Some("flaps: at least 100 changes of its state within an hour")
        );
        flapping.forget_old(Time::from_seconds(20_000));
        assert!(flapping.times.is_empty());
    }
}
