//! Rules that hold for every kind, before its own: manifests, impossible numbers, deletion, a controller that has not
//! seen the newest spec. Then the rules for an object that has just changed or has just recovered.

use super::message::Message;
use super::verdict::Verdict;
use super::{Evidence, GRACE_SECONDS, Now};
use crate::report::{Code, Item, Note, NoteCode, Notes, State};
use crate::resource::{ObjectMeta, Time};

/// A working controller sees a new spec within a second. After this many seconds it does not work.
pub(super) const OBSERVE_SECONDS: i64 = 60;
/// A deletion, or a scale to zero, that takes longer than this many seconds is worth a warning.
pub(super) const LINGER_SECONDS: i64 = 15 * 60;

/// An object younger than this many seconds is still in its first start. It has not recovered from anything.
const OLD_SECONDS: i64 = 10 * 60;

/// The rules for every object, before those of its kind.
pub(super) struct Preliminaries<'a> {
    pub meta: &'a ObjectMeta,
    pub evidence: &'a Evidence<'a>,
    /// Whether a controller has written a status. `kubectl create --dry-run=client` writes an empty one.
    pub has_status: bool,
    /// Whether the API server gives objects of this kind a generation.
    pub has_generation: bool,
    /// Why a number of it cannot be true, if one cannot.
    pub malformed: Option<String>,
}

impl Preliminaries<'_> {
    /// The verdict, if one of these rules decides it. The first one that fits does.
    pub fn verdict(self, notes: &mut Notes) -> Option<Verdict> {
        self.manifest()
            .or_else(|| self.malformed.as_deref().map(Verdict::malformed))
            .or_else(|| deletion_verdict(self.meta, self.evidence, notes))
    }

    /// An object that no API server has seen.
    fn manifest(&self) -> Option<Verdict> {
        let meta = self.meta;
        let (is_seen, lacks) = if self.has_generation {
            (meta.generation.is_some(), "neither status nor generation")
        } else {
            let has_identity = !meta.uid.is_empty() || meta.creation_timestamp.is_some();
            (has_identity, "neither uid nor creation time")
        };
        let message = || format!("has {lacks}: a manifest, not an object of a cluster");
        (!self.has_status && !is_seen).then(|| Verdict::unknown(Code::Manifest, message()))
    }
}

/// The verdict about an object that is being deleted. A deletion that takes long gets a note with its age and its
/// finalizers.
fn deletion_verdict(meta: &ObjectMeta, evidence: &Evidence<'_>, notes: &mut Notes) -> Option<Verdict> {
    let deleted = meta.deletion_timestamp?;
    let age = evidence.now.age(deleted);
    if age > LINGER_SECONDS {
        let finalizers = match meta.finalizers.as_slice() {
            [] => "no finalizer is set".to_owned(),
            some => format!("finalizers: {}", some.join(", ")),
        };
        notes.push(Note::coded(
            NoteCode::DeletionLingers,
            format!("being deleted for {} min, {finalizers}", age / 60),
        ));
    }
    Some(Verdict {
        state: State::Terminating,
        healthy: evidence.named.then_some(false),
        reason: Code::Deleting,
        message: "being deleted".into(),
        since: Some(deleted),
    })
}

/// The first negative number of these, as a sentence.
pub(super) fn find_negative(numbers: &[(&str, Option<i64>)]) -> Option<String> {
    numbers
        .iter()
        .find_map(|(name, value)| value.filter(|v| *v < 0).map(|v| format!("{name} is {v}")))
}

/// The sentence that the part is more than the whole, if it is.
pub(super) fn find_excess(part: (&str, i64), whole: (&str, i64)) -> Option<String> {
    (part.1 > whole.1).then(|| format!("{} {} is more than {} {}", part.0, part.1, whole.0, whole.1))
}

/// The verdict about an object without the condition that judges it: the condition's writer has not seen the object yet, or
/// does not run.
pub(super) fn missing_condition_verdict(meta: &ObjectMeta, writer: &str, evidence: &Evidence<'_>) -> Verdict {
    let since = meta.creation_timestamp;
    if since.is_none_or(|t| evidence.now.is_within(OBSERVE_SECONDS + 1, t)) {
        return Verdict::new(
            State::Progressing,
            false,
            Code::NotObserved,
            format!("{writer} has not seen it yet"),
        )
        .since(since);
    }
    Verdict::degraded(
        Code::ControllerNotObserving,
        format!("{writer} does not act: it has written no condition yet"),
    )
    .since(since)
}

/// The generation that the controller has acted upon. Some control planes write counts and never a generation: karmada,
/// virtual kubelets, and others that write the status of objects that run elsewhere. Their counts are believed, with a
/// note.
pub(super) fn observed_generation(
    meta: &ObjectMeta,
    observed: Option<i64>,
    is_counted: bool,
    notes: &mut Notes,
) -> Option<i64> {
    if observed.is_some() || !is_counted {
        return observed;
    }
    let generation = meta.generation.unwrap_or(0);
    notes.push(format!(
        "its control plane writes no observedGeneration, so whether its counts are of generation {generation} is not known"
    ));
    Some(generation)
}

/// Whether the controller has not acted upon the newest spec yet. Its counts and conditions are of an older one then.
/// A generation newer than the object's is fine: the status was written after the metadata was read.
pub(super) fn is_unobserved(meta: &ObjectMeta, observed: Option<i64>) -> bool {
    observed.is_none_or(|o| o < meta.generation.unwrap_or(0))
}

/// The verdict if the controller has not acted upon the newest spec. `failing` is the state once that takes too long.
pub(super) fn unobserved_verdict(
    meta: &ObjectMeta,
    observed: Option<i64>,
    failing: State,
    evidence: &Evidence<'_>,
) -> Option<Verdict> {
    if !is_unobserved(meta, observed) {
        return None;
    }
    let since = match observed {
        None => meta.creation_timestamp,
        Some(_) => unobserved_since(meta, evidence.now).or(evidence.first_seen),
    };
    let generation = meta
        .generation
        .map_or_else(|| "its spec".into(), |g| format!("generation {g}"));
    let seen = observed.map_or_else(|| "none yet".into(), |o| format!("{o}"));
    let verdict = if since.is_none_or(|t| evidence.now.is_within(OBSERVE_SECONDS + 1, t)) {
        let message = format!("its controller has not seen {generation} yet (observed: {seen})");
        Verdict::new(State::Progressing, false, Code::NotObserved, message)
    } else {
        let message = format!("its controller does not act: {generation} is not observed (observed: {seen})");
        Verdict::new(failing, false, Code::ControllerNotObserving, message)
    };
    Some(verdict.since(since))
}

/// When the spec was written that its controller has not observed, if that is known. A scaling through the `scale` subresource and the
/// removal of a field leave no time. A write that the controller reported long after, and that it then had nothing to report about, was
/// observed, so that such a one came after it.
fn unobserved_since(meta: &ObjectMeta, now: Now) -> Option<Time> {
    let written = meta.last_spec_write()?;
    let is_long = |seconds: i64| seconds > OBSERVE_SECONDS;
    let is_at_rest = |reported: Time| is_long(reported.seconds_after(written)) && is_long(now.age(reported));
    let may_be_another = meta.has_undated_write() || meta.last_status_write().is_some_and(is_at_rest);
    (!may_be_another).then_some(written)
}

/// Whether the object itself, or the object behind it, changed within the grace.
pub(super) fn is_recent(now: Now, own: Option<Time>, behind: Option<Time>) -> bool {
    own.is_some_and(|t| now.is_within(GRACE_SECONDS, t))
        || behind.is_some_and(|t| now.is_other_within(GRACE_SECONDS, t))
}

/// Whether the object is old enough to have been well before.
pub(super) fn is_old(meta: &ObjectMeta, now: Now) -> bool {
    meta.creation_timestamp.is_some_and(|t| now.age(t) > OLD_SECONDS)
}

/// Whether the spec was changed shortly before that time. It may have been scaled up from nothing.
pub(super) fn was_changed_before(meta: &ObjectMeta, time: Time) -> bool {
    meta.last_spec_write()
        .is_some_and(|t| time.seconds_since(t) < OLD_SECONDS)
}

/// Whether the object was scaled up shortly before that time, by a write that has no time: its newest pod was created at `newest`. If
/// its pods are not known, nothing says so.
pub(super) fn was_scaled_before(meta: &ObjectMeta, newest: Option<Time>, time: Time) -> bool {
    let is_short = |newest: Time| time.seconds_since(newest) < OLD_SECONDS;
    meta.has_undated_write() && newest.is_some_and(is_short)
}

/// The verdict if too few pods were ready until a moment ago.
pub(super) fn recovery_verdict(counted: Message, since: Time, now: Now) -> Verdict {
    let message = counted.join(&format!("back for {} s", now.age(since)));
    Verdict::new(State::Progressing, true, Code::JustRecovered, message).since(Some(since))
}

/// Whether the pods of an object at full strength may have come back a moment ago: the status was just written, and the
/// spec was not changed shortly before.
pub(super) fn may_have_recovered(meta: &ObjectMeta, item: &Item, now: Now) -> bool {
    let written = meta
        .last_status_write()
        .filter(|t| now.is_within(GRACE_SECONDS, *t));
    item.reason == Code::Ready && is_old(meta, now) && written.is_some_and(|t| !was_changed_before(meta, t))
}

/// The verdict about a change at full strength whose age is unknown.
pub(super) fn undated_verdict(message: Message) -> Verdict {
    let unknown = "; nothing says since when; its pods would, or --show-managed-fields";
    Verdict::unknown(Code::NotDated, message.append(unknown))
}
