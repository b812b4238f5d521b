//! Owns the last transitions in memory: their order, and how much room they take.
//! Must not know where they come from, nor how they are written.

use super::interner::{Interner, Shared};
use sre_shared::report::{Code, Item, ObjectChange, State, TransitionRecord};
use sre_shared::resource::Time;
use std::collections::VecDeque;
use std::sync::Arc;

/// The most transitions.
pub const TRANSITIONS: usize = 10_000;
/// The most bytes of all transitions together. 10,000 transitions of as many objects take 1.6 MB without changes; the test
/// below prints it. If their changes need more, the oldest transitions make room.
pub const BYTES: usize = 4 << 20;
/// The longest change that is kept, as JSON. A change with more fields than that is kept without its fields.
const CHANGE: usize = 8 << 10;
/// The newest transitions among which one is looked for whose cause has become known.
const EXPLAINED: usize = 2_000;
/// Clocks of several API servers differ by so much. A record that seems to be older than the one before by less is as old as it.
const CLOCKS_DIFFER: i64 = 60;

/// The object of a transition.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct RecordedObject {
    /// Its kind.
    pub kind: Arc<Box<str>>,
    /// Its namespace; empty if it has none.
    pub namespace: Arc<Box<str>>,
    /// Its name.
    pub name: Box<str>,
}

impl Shared for RecordedObject {
    fn heap_bytes(&self) -> usize {
        self.name.heap_bytes()
    }
}

/// Why an object changed its state. Many transitions have the same.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TransitionCause {
    reason: Code,
    code: Option<Code>,
    /// The change before it, as JSON.
    change: Option<Box<str>>,
}

impl Shared for TransitionCause {
    fn heap_bytes(&self) -> usize {
        let word = |code: &Code| match code {
            Code::Other(word) => word.capacity(),
            _ => 0,
        };
        let change = self.change.as_ref().map_or(0, Shared::heap_bytes);
        word(&self.reason) + self.code.as_ref().map_or(0, word) + change
    }
}

/// A transition as it is kept.
#[derive(Debug)]
struct RingEntry {
    at: Time,
    object: Arc<RecordedObject>,
    cause: Arc<TransitionCause>,
    from: Option<State>,
    to: Option<State>,
}

/// A transition, as it is read from the ring.
#[derive(Debug, Clone, Copy)]
pub struct KeptTransition<'a> {
    /// Its number. Numbers grow by one, also if the clock goes back.
    pub number: u64,
    entry: &'a RingEntry,
}

impl KeptTransition<'_> {
    /// When it was seen.
    pub fn at(&self) -> Time {
        self.entry.at
    }

    /// Its object.
    pub fn object(&self) -> &RecordedObject {
        &self.entry.object
    }

    /// The state before; `None` for a new object.
    pub fn from(&self) -> Option<State> {
        self.entry.from
    }

    /// The state after; `None` for an object that was deleted.
    pub fn to(&self) -> Option<State> {
        self.entry.to
    }

    /// The reason of the state after.
    pub fn reason(&self) -> &Code {
        &self.entry.cause.reason
    }

    /// The record, as an answer has it.
    pub fn record(&self) -> TransitionRecord {
        let RingEntry {
            at,
            object,
            cause,
            from,
            to,
        } = self.entry;
        TransitionRecord {
            at: at.to_string(),
            kind: object.kind.to_string(),
            namespace: object.namespace.to_string(),
            name: object.name.to_string(),
            from: *from,
            to: *to,
            reason: cause.reason.clone(),
            code: cause.code.clone(),
            change: cause
                .change
                .as_ref()
                .and_then(|json| serde_json::from_str(json).ok()),
        }
    }
}

/// A change as JSON, without its fields if it is long; `None` if it is long without them, too.
fn change_text(mut change: ObjectChange) -> Option<Box<str>> {
    let whole = serde_json::to_string(&change).ok()?;
    if whole.len() <= CHANGE {
        return Some(whole.into());
    }
    change.diff.clear();
    let short = serde_json::to_string(&change).ok()?;
    (short.len() <= CHANGE).then(|| short.into())
}

/// The last transitions, in the order in which they were seen.
#[derive(Debug, Default)]
pub struct TransitionRing {
    entries: VecDeque<RingEntry>,
    /// The number of the first entry.
    first: u64,
    /// The time of the newest transition that had to make room.
    forgotten: Option<Time>,
    words: Interner<Box<str>>,
    objects: Interner<RecordedObject>,
    causes: Interner<TransitionCause>,
}

impl TransitionRing {
    /// Adds a transition. The oldest ones make room.
    pub fn push(&mut self, record: TransitionRecord) {
        let Ok(at) = Time::parse(&record.at) else { return };
        let at = match self.entries.back() {
            Some(last) if last.at > at && last.at.seconds_since(at) <= CLOCKS_DIFFER => last.at,
            _ => at,
        };
        while self.entries.len() >= TRANSITIONS {
            self.forget_oldest();
        }
        let object = RecordedObject {
            kind: self.words.share(record.kind.into()),
            namespace: self.words.share(record.namespace.into()),
            name: record.name.into(),
        };
        let cause = TransitionCause {
            reason: record.reason,
            code: record.code,
            change: record.change.and_then(|change| change_text(*change)),
        };
        let entry = RingEntry {
            at,
            object: self.objects.share(object),
            cause: self.causes.share(cause),
            from: record.from,
            to: record.to,
        };
        if self.entries.len() == self.entries.capacity() {
            // Not by doubling: the last step would take 16,384 places for 10,000 entries.
            self.entries.reserve_exact((TRANSITIONS / 8).max(1));
        }
        self.entries.push_back(entry);
        while self.bytes() > BYTES && self.entries.len() > 1 {
            self.forget_oldest();
        }
    }

    /// Adds the cause and the change to the last transition of an object, if it has none and the object still is in that state.
    /// Returns the record if it has more now.
    pub fn explain(&mut self, item: &Item) -> Option<TransitionRecord> {
        let code = item.roots().next().map(|cause| cause.code.clone());
        let change = item.change.as_deref().cloned();
        if code.is_none() && change.is_none() {
            return None;
        }
        let is_about = |entry: &&mut RingEntry| {
            let object = &entry.object;
            let names = (object.kind.as_ref(), object.namespace.as_ref(), &object.name);
            (&**names.0, &**names.1, &**names.2)
                == (item.kind.as_str(), item.namespace.as_str(), item.name.as_str())
        };
        let entry = self.entries.iter_mut().rev().take(EXPLAINED).find(is_about)?;
        let old = &entry.cause;
        let is_news = (old.code.is_none() && code.is_some()) || (old.change.is_none() && change.is_some());
        if entry.to != Some(item.state) || !is_news {
            return None;
        }
        let cause = TransitionCause {
            reason: old.reason.clone(),
            code: old.code.clone().or(code),
            change: old.change.clone().or_else(|| change.and_then(change_text)),
        };
        let old = std::mem::replace(&mut entry.cause, self.causes.share(cause));
        let record = KeptTransition { number: 0, entry }.record();
        self.causes.release(&old);
        drop(old);
        while self.bytes() > BYTES && self.entries.len() > 1 {
            self.forget_oldest();
        }
        Some(record)
    }

    fn forget_oldest(&mut self) {
        let Some(RingEntry {
            at, object, cause, ..
        }) = self.entries.pop_front()
        else {
            return;
        };
        self.first += 1;
        self.forgotten = Some(self.forgotten.map_or(at, |before| before.max(at)));
        self.causes.release(&cause);
        let words = [Arc::clone(&object.kind), Arc::clone(&object.namespace)];
        self.objects.release(&object);
        drop(object);
        for word in words {
            self.words.release(&word);
        }
    }

    /// The transitions from that number on, newest last.
    pub fn since(&self, number: u64) -> impl Iterator<Item = KeptTransition<'_>> {
        let skipped = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let entries = self.entries.range(skipped.min(self.entries.len())..);
        let first = self.first.max(number);
        (first..)
            .zip(entries)
            .map(|(number, entry)| KeptTransition { number, entry })
    }

    /// The transitions, newest first.
    pub fn newest(&self) -> impl Iterator<Item = KeptTransition<'_>> {
        self.entries
            .iter()
            .enumerate()
            .rev()
            .map(|(place, entry)| KeptTransition {
                number: self.first.saturating_add(place as u64),
                entry,
            })
    }

    /// The time of the newest transition that had to make room; `None` if each is still here.
    pub fn forgotten(&self) -> Option<Time> {
        self.forgotten
    }

    /// How many transitions there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of all transitions: their places, and what they share.
    pub fn bytes(&self) -> usize {
        let places = self.entries.capacity().saturating_mul(size_of::<RingEntry>());
        places + self.words.bytes() + self.objects.bytes() + self.causes.bytes()
    }
}

#[cfg(test)]
#[allow(clippy::print_stdout, reason = "a measurement is printed")]
mod tests {
    use super::*;
    use sre_shared::report::{Cause, ChangeKind, FieldChange, FieldChangeKind, ObjectRef};

    fn record(number: i64, name: &str) -> TransitionRecord {
        TransitionRecord {
            at: Time::from_seconds(1_800_000_000 + number).to_string(),
            kind: "Deployment".to_owned(),
            namespace: format!("team-{}", number % 40),
            name: name.to_owned(),
            from: Some(State::Healthy),
            to: Some(State::Degraded),
            reason: Code::from("ReadyBelowDesired"),
            code: Some(Code::from("CrashLoop")),
            change: None,
        }
    }

    fn change(fields: usize) -> ObjectChange {
        ObjectChange {
            at: "2026-11-23T18:40:12Z".to_owned(),
            what: ChangeKind::Rollout,
            seconds_before: Some(40),
            revision: Some("13".to_owned()),
            from: Some("12".to_owned()),
            by: Some("argocd-controller".to_owned()),
            change_cause: None,
            diff: (0..fields)
                .map(|number| FieldChange {
                    field: format!("env VARIABLE_{number}"),
                    container: Some("api".to_owned()),
                    how: FieldChangeKind::Changed,
                    from: None,
                    to: None,
                })
                .collect(),
            subject: None,
            undo: None,
        }
    }

    #[test]
    fn a_cause_that_is_found_later_is_added_to_the_last_transition_of_its_object() {
        let mut ring = TransitionRing::default();
        let bare = |number| TransitionRecord {
            code: None,
            ..record(number, "web")
        };
        ring.push(bare(0));
        ring.push(TransitionRecord {
            namespace: "team-0".to_owned(),
            ..bare(1)
        });
        let object = ObjectRef::namespaced("Deployment", "team-0", "web");
        let mut item = Item::new(
            object,
            State::Degraded,
            Code::from("ReadyBelowDesired"),
            String::new(),
        );
        assert_eq!(ring.explain(&item), None, "nothing is known yet");
        item.causes = vec![Cause {
            code: Code::CrashLoop,
            ..Cause::default()
        }];
        item.change = Some(Box::new(change(1)));
        let healthy = Item {
            state: State::Healthy,
            ..item.clone()
        };
        assert_eq!(ring.explain(&healthy), None, "it is in another state by now");
        let explained = ring.explain(&item).unwrap();
        assert_eq!(
            (explained.code, explained.change),
            (Some(Code::CrashLoop), item.change.clone())
        );
        assert_eq!(ring.explain(&item), None, "it is known already");
        let codes: Vec<Option<Code>> = ring.since(0).map(|one| one.record().code).collect();
        assert_eq!(codes, [None, Some(Code::CrashLoop)]);
        for number in 2..10_002 {
            ring.push(record(number, "other"));
        }
        assert_eq!(ring.causes.bytes(), {
            let mut other = TransitionRing::default();
            other.push(record(0, "other"));
            other.causes.bytes()
        });
    }

    #[test]
    fn ten_thousand_transitions_of_as_many_objects_take_less_than_two_megabytes() {
        let mut ring = TransitionRing::default();
        for number in 0..25_000 {
            // The name of a Deployment, as generators of names make them.
            ring.push(record(number, &format!("checkout-service-canary-{number:012}")));
        }
        println!("10,000 transitions take {} bytes", ring.bytes());
        assert_eq!(ring.len(), TRANSITIONS);
        assert!(ring.bytes() < 2_000_000, "{}", ring.bytes());
        assert_eq!(ring.forgotten(), Some(Time::from_seconds(1_800_014_999)));
        assert_eq!(ring.since(0).next().unwrap().number, 15_000);
        assert_eq!(
            ring.since(24_998).map(|one| one.number).collect::<Vec<_>>(),
            [24_998, 24_999]
        );
        assert_eq!(ring.since(99_999).count(), 0);
    }

    #[test]
    fn changes_and_long_names_never_need_more_than_four_megabytes() {
        let mut ring = TransitionRing::default();
        for number in 0..20_000 {
            let mut record = record(number, &format!("{}{number:010}", "x".repeat(243)));
            let mut change = change(60);
            change.revision = Some(number.to_string());
            record.change = Some(Box::new(change));
            ring.push(record);
            assert!(ring.bytes() <= BYTES);
        }
        println!(
            "{} transitions with changes take {} bytes",
            ring.len(),
            ring.bytes()
        );
        assert!(ring.len() > 400, "{}", ring.len());
        assert!(ring.forgotten().is_some());
        // Transitions that share a change keep it once.
        let mut ring = TransitionRing::default();
        for number in 0..10_000 {
            let mut record = record(number, &format!("checkout-service-canary-{:012}", number % 2_000));
            record.change = Some(Box::new(change(usize::try_from(number % 20).unwrap())));
            ring.push(record);
        }
        println!("10,000 transitions with 20 changes take {} bytes", ring.bytes());
        assert_eq!(ring.len(), TRANSITIONS);
        assert!(ring.bytes() < 2_000_000);
        assert_eq!(
            ring.since(9_999).next().unwrap().record().change.as_deref(),
            Some(&change(19))
        );
    }

    #[test]
    fn a_change_with_too_many_fields_is_kept_without_them() {
        let mut ring = TransitionRing::default();
        let mut large = record(1, "web");
        large.change = Some(Box::new(change(1_000)));
        ring.push(large);
        assert_eq!(
            ring.since(0).next().unwrap().record().change.as_deref(),
            Some(&change(0))
        );
    }

    #[test]
    fn a_record_is_read_back_as_it_was_added_and_clocks_that_differ_little_keep_the_order() {
        let mut ring = TransitionRing::default();
        for second in [100, 97, 99, 101, 20] {
            ring.push(record(second, "web"));
        }
        let times: Vec<i64> = ring
            .since(0)
            .map(|one| one.at().seconds - 1_800_000_000)
            .collect();
        // A clock that jumped is no clock that differs: its times stay as they are.
        assert_eq!(times, [100, 100, 100, 101, 20]);
        assert_eq!(ring.since(3).next().unwrap().record(), record(101, "web"));
    }
}
