//! What comes before the reading of any kind: manifests, numbers that cannot be true, deletion, and a controller that
//! has not seen the newest spec. The first that fits is the verdict. And what several kinds judge in the same way at full
//! strength: pods that have just come back.

use super::verdict::Verdict;
use super::{Evidence, GRACE_SECONDS, Now};
use crate::report::{Item, State};
use crate::resource::{ObjectMeta, Time};

/// A controller that works has seen a new spec within a second; after this many it does not.
pub(super) const OBSERVE_SECONDS: i64 = 60;
/// A deletion, or a scale to zero, that takes longer than this many seconds is worth a warning.
pub(super) const LINGER_SECONDS: i64 = 15 * 60;

/// An object younger than this many seconds has its first start behind it, and not a failure.
const OLD_SECONDS: i64 = 10 * 60;

/// An object that no API server has seen. `written` tells whether a controller has written a status: `kubectl create
/// --dry-run=client` writes an empty one.
pub(super) fn manifest(meta: &ObjectMeta, written: bool) -> Option<Verdict> {
    (!written && meta.generation.is_none()).then(|| {
        Verdict::unknown(
            "Manifest",
            "has neither status nor generation: a manifest, not an object of a cluster",
        )
    })
}

/// The same for a kind whose objects have no generation. What the API server itself gives to each tells instead.
pub(super) fn uncreated(meta: &ObjectMeta, written: bool) -> Option<Verdict> {
    (!written && meta.uid.is_empty() && meta.creation_timestamp.is_none()).then(|| {
        Verdict::unknown(
            "Manifest",
            "has neither uid nor creation time: a manifest, not an object of a cluster",
        )
    })
}

/// An object without the condition that it is judged by: what writes it has not seen the object yet, or does not run.
/// `who` is what writes it.
pub(super) fn without_condition(meta: &ObjectMeta, who: &str, evidence: &Evidence<'_>) -> Verdict {
    let since = meta.creation_timestamp;
    if since.is_none_or(|t| evidence.now.is_within(OBSERVE_SECONDS + 1, t)) {
        return Verdict::new(
            State::Progressing,
            false,
            "NotObserved",
            format!("{who} has not seen it yet"),
        )
        .since(since);
    }
    Verdict::degraded(
        "ControllerNotObserving",
        format!("{who} does not act: it has written no condition yet"),
    )
    .since(since)
}

/// What a number that cannot be true makes of the object.
pub(super) fn malformed(wrong: Option<String>) -> Option<Verdict> {
    wrong.map(|wrong| Verdict::unknown("Malformed", format!("malformed: {wrong}")))
}

/// The first of the numbers that is negative, where none can be.
pub(super) fn negative(numbers: &[(&str, Option<i64>)]) -> Option<String> {
    numbers
        .iter()
        .find_map(|(name, value)| value.filter(|v| *v < 0).map(|v| format!("{name} is {v}")))
}

/// `a`, where it is more than `b` and cannot be.
pub(super) fn more(a: (&str, i64), b: (&str, i64)) -> Option<String> {
    (a.1 > b.1).then(|| format!("{} {} is more than {} {}", a.0, a.1, b.0, b.1))
}

/// An object that is being deleted. How long, and what holds it back, is a note once it takes long.
pub(super) fn deleting(
    meta: &ObjectMeta,
    evidence: &Evidence<'_>,
    notes: &mut Vec<String>,
) -> Option<Verdict> {
    let deleted = meta.deletion_timestamp?;
    let age = evidence.now.age(deleted);
    if age > LINGER_SECONDS {
        let finalizers = match meta.finalizers.as_slice() {
            [] => "no finalizer is set".to_owned(),
            some => format!("finalizers: {}", some.join(", ")),
        };
        notes.push(format!("being deleted for {} min, {finalizers}", age / 60));
    }
    Some(Verdict {
        state: State::Terminating,
        healthy: evidence.named.then_some(false),
        reason: "Deleting",
        message: "being deleted".into(),
        since: Some(deleted),
    })
}

/// The generation that the controller has acted upon. Some control planes write counts and never a generation (karmada,
/// virtual kubelets and others that fill in the status of what runs elsewhere): where there are counts, they are believed,
/// and a note says so.
pub(super) fn observed(
    meta: &ObjectMeta,
    observed: Option<i64>,
    is_counted: bool,
    notes: &mut Vec<String>,
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

/// Whether the object is old enough to have been well before.
pub(super) fn is_old(meta: &ObjectMeta, now: Now) -> bool {
    meta.creation_timestamp.is_some_and(|t| now.age(t) > OLD_SECONDS)
}

/// Whether somebody changed what is asked for not long before that moment: it was scaled up from nothing, for one.
pub(super) fn was_changed_before(meta: &ObjectMeta, time: Time) -> bool {
    meta.last_spec_write()
        .is_some_and(|t| time.seconds_since(t) < OLD_SECONDS)
}

/// Pods that were too few until a moment ago.
pub(super) fn just_recovered(counted: &str, since: Time, now: Now) -> Verdict {
    let message = format!("{counted}, back for {} s", now.age(since));
    Verdict::new(State::Progressing, true, "JustRecovered", message).since(Some(since))
}

/// Whether the pods of an object that has all it asks for may have come back a moment ago: its status was written, and
/// nobody had changed its spec before.
pub(super) fn may_have_recovered(meta: &ObjectMeta, item: &Item, now: Now) -> bool {
    let written = meta
        .last_status_write()
        .filter(|t| now.is_within(GRACE_SECONDS, *t));
    item.reason == "Ready" && is_old(meta, now) && written.is_some_and(|t| !was_changed_before(meta, t))
}

/// Something at full strength of which nothing tells how long it has been under way.
pub(super) fn not_dated(told: &str) -> Verdict {
    Verdict::unknown(
        "NotDated",
        format!("{told}; nothing tells since when, which its pods would, or --show-managed-fields"),
    )
}

/// Whether the controller has not acted upon the newest spec: its counts and conditions are of an older one then.
/// Newer than the object is fine: the status was written after the metadata was read.
pub(super) fn is_unobserved(meta: &ObjectMeta, observed: Option<i64>) -> bool {
    observed.is_none_or(|o| o < meta.generation.unwrap_or(0))
}

/// A controller that has not acted upon the newest spec. `failing` is the state once it takes too long.
pub(super) fn unobserved(
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
        Some(_) => meta.last_spec_write().or(evidence.first_seen),
    };
    let generation = meta
        .generation
        .map_or_else(|| "its spec".into(), |g| format!("generation {g}"));
    let seen = observed.map_or_else(|| "none yet".into(), |o| format!("{o}"));
    if since.is_none_or(|t| evidence.now.is_within(OBSERVE_SECONDS + 1, t)) {
        return Some(
            Verdict::new(
                State::Progressing,
                false,
                "NotObserved",
                format!("its controller has not seen {generation} yet (observed: {seen})"),
            )
            .since(since),
        );
    }
    Some(
        Verdict::new(
            failing,
            false,
            "ControllerNotObserving",
            format!("its controller does not act: {generation} is not observed (observed: {seen})"),
        )
        .since(since),
    )
}

/// Whether something changed within the grace: in the object itself, or in what stands behind it.
pub(super) fn is_recent(now: Now, own: Option<Time>, behind: Option<Time>) -> bool {
    own.is_some_and(|t| now.is_within(GRACE_SECONDS, t))
        || behind.is_some_and(|t| now.is_within_of_another(GRACE_SECONDS, t))
}
