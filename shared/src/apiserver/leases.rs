//! The Leases that kube-controller-manager and kube-scheduler renew while they run.
//!
//! Both renew their Lease every 2 s (`RetryPeriod` of k8s.io/component-base) and lose it after 15 s. A Lease that was
//! not renewed for a minute has no holder: every count in a Deployment's status is from before then, however healthy it
//! looks.

use crate::failure::{Class, Failure};
use crate::report::{LeaseView, NoteCode};
use crate::resource::{Lease, Time};

/// The Lease of the controllers that write the counts of workloads.
pub const CONTROLLER_MANAGER: &str = "kube-controller-manager";
/// The Lease of the scheduler, which places new pods.
pub const SCHEDULER: &str = "kube-scheduler";
/// A Lease that was not renewed for longer has no holder any more.
const FROZEN_AFTER_SECONDS: i64 = 60;

/// The state of one Lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseState {
    /// It was last renewed then.
    Renewed(Time),
    /// There is none: the controller runs without leader election, or elsewhere.
    Absent,
    /// The identity may not read it.
    Forbidden,
    /// It could not be read, for that reason.
    Unread(String),
}

/// The state of a Lease, from the answer to the request for it.
pub(super) fn state(answer: &Result<Lease, Failure>) -> LeaseState {
    match answer {
        Ok(lease) => match lease.renewed() {
            Some(at) => LeaseState::Renewed(at),
            None => LeaseState::Unread("it was never renewed".into()),
        },
        Err(failure) if failure.class == Class::NotFound => LeaseState::Absent,
        Err(failure) if failure.class == Class::Forbidden => LeaseState::Forbidden,
        Err(failure) => LeaseState::Unread(failure.message.clone()),
    }
}

/// Whether a Lease that was last renewed at that time has no holder any more.
pub(super) fn is_frozen(now: Time, renewed: Time) -> bool {
    now.seconds_since(renewed) > FROZEN_AFTER_SECONDS
}

/// Whether a Lease has a holder; `None` if it was not seen.
#[must_use]
pub fn is_held(lease: &LeaseView) -> Option<bool> {
    lease.age_seconds.map(|age| age <= FROZEN_AFTER_SECONDS)
}

/// Since when nobody writes the counts of workloads: since the first Lease lost its holder. `None` if each has one.
pub(super) fn frozen_since(now: Time, leases: &[(&str, LeaseState)]) -> Option<Time> {
    let renewed = leases.iter().filter_map(|(_, state)| match state {
        LeaseState::Renewed(at) => Some(*at),
        _ => None,
    });
    renewed.filter(|at| is_frozen(now, *at)).min()
}

/// Why no Lease was seen, if the reason is one that lasts.
pub(super) fn note_code(leases: &[(&str, LeaseState)]) -> Option<NoteCode> {
    let all = |is: fn(&LeaseState) -> bool| leases.iter().all(|(_, state)| is(state));
    match () {
        () if all(|state| *state == LeaseState::Absent) => Some(NoteCode::LeasesAbsent),
        () if leases.iter().any(|(_, state)| *state == LeaseState::Forbidden) => {
            Some(NoteCode::LeasesForbidden)
        }
        () => None,
    }
}
