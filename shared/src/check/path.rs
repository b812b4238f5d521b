//! What is judged of the path to the API server beside its own answers: how long credentials and certificates last,
//! how far two clocks are apart, and whether the controllers that write every workload's counts are alive.
//!
//! - A certificate warns 14 days before its end, since renewing one takes people; a token 10 minutes before, since
//!   most of them live for an hour and are renewed by a plugin.
//! - The `Date` header has whole seconds, and so has the time that it is compared with: two good clocks can seem two
//!   seconds apart. From 5 s on it is more than that.
//! - kube-controller-manager and kube-scheduler renew their Leases every 2 s (`RetryPeriod` of k8s.io/component-base)
//!   and lose them after 15 s. One that was not renewed for a minute has no holder: every count that
//!   a Deployment's status shows is from before then, however healthy it looks.

use crate::report::{ApiServerCheck, LeaseView, Rung, RungStatus, Status};
use crate::resource::Time;

const DAY: i64 = 86_400;
/// A certificate that ends sooner is worth a warning.
pub const CERTIFICATE_WARNING_SECONDS: i64 = 14 * DAY;
/// The same for a token.
pub const TOKEN_WARNING_SECONDS: i64 = 600;
/// Clocks that are further apart are worth a warning.
pub const CLOCK_WARNING_SECONDS: i64 = 5;
/// A Lease that was not renewed for longer has no holder any more.
pub const FROZEN_AFTER_SECONDS: i64 = 60;

/// How long something is still valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It ended so many seconds ago.
    Ended(i64),
    /// It ends in so many seconds, which is soon.
    Soon(i64),
    /// It ends in so many seconds.
    Fine(i64),
}

impl Validity {
    /// What is left at `now` of something that ends at `end`.
    #[must_use]
    pub fn of(now: Time, end: Time, warning_seconds: i64) -> Self {
        let left = end.seconds.saturating_sub(now.seconds);
        if left <= 0 {
            Self::Ended(left.saturating_neg())
        } else if left < warning_seconds {
            Self::Soon(left)
        } else {
            Self::Fine(left)
        }
    }
}

impl std::fmt::Display for Validity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ended(seconds) => write!(f, "expired {} ago", span(*seconds)),
            Self::Soon(seconds) | Self::Fine(seconds) => write!(f, "expires in {}", span(*seconds)),
        }
    }
}

/// Whole days, rounded down; negative after the end.
#[must_use]
pub fn days_left(now: Time, end: Time) -> i64 {
    end.seconds.saturating_sub(now.seconds).div_euclid(DAY)
}

/// A span of time as a person says it.
#[must_use]
pub fn span(seconds: i64) -> String {
    match seconds {
        ..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / DAY),
    }
}

/// What is known of one Lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseSeen {
    /// It was last renewed then.
    Renewed(Time),
    /// There is none: the controller runs without leader election, or elsewhere.
    Absent,
    /// The identity may not read it.
    Forbidden,
    /// It could not be read, for that reason.
    Failed(String),
}

/// What the Leases say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Controllers {
    /// The rung.
    pub rung: Rung,
    /// Since when the counts of workloads are not written, where they are not.
    pub frozen_since: Option<Time>,
}

/// Judges the Leases of kube-controller-manager and kube-scheduler at `now` by the API server's clock.
///
/// What cannot be seen is no verdict: many a cluster hides its control plane.
#[must_use]
pub fn controllers(now: Time, leases: &[(&str, LeaseSeen)]) -> Controllers {
    let mut frozen: Vec<(Time, &str)> = Vec::new();
    let mut alive = Vec::new();
    let mut unseen = Vec::new();
    let mut views = Vec::new();
    for (name, seen) in leases {
        let mut view = LeaseView {
            name: (*name).to_owned(),
            ..LeaseView::default()
        };
        match seen {
            LeaseSeen::Renewed(at) => {
                let age = now.seconds_since(*at);
                view.renewed = Some(at.to_string());
                view.age_seconds = Some(age);
                if age > FROZEN_AFTER_SECONDS {
                    frozen.push((*at, name));
                } else {
                    alive.push(format!("{name} renewed its Lease {} ago", span(age)));
                }
            }
            LeaseSeen::Absent => unseen.push(format!("{name} has no Lease in kube-system")),
            LeaseSeen::Forbidden => unseen.push(format!("the Lease of {name} may not be read")),
            LeaseSeen::Failed(error) => unseen.push(format!("the Lease of {name} was not read: {error}")),
        }
        views.push(view);
    }
    frozen.sort_unstable();
    let since = frozen.first().map(|(at, _)| *at);
    let (status, message) = match since {
        Some(since) => {
            let silent: Vec<_> = frozen
                .iter()
                .map(|(at, name)| {
                    let what = match *name {
                        "kube-scheduler" => ", no new pod is placed",
                        _ => "",
                    };
                    let age = span(now.seconds_since(*at));
                    format!("{name} has not renewed its Lease for {age}{what}")
                })
                .collect();
            let message = format!("workload counts are frozen since {since}: {}", silent.join("; "));
            (RungStatus::Failed, message)
        }
        None if alive.is_empty() => (RungStatus::Unknown, unseen.join("; ")),
        None => {
            alive.append(&mut unseen);
            (RungStatus::Ok, alive.join("; "))
        }
    };
    let mut rung = Rung {
        leases: views,
        ..Rung::new("controllers", status, message)
    };
    if since.is_some() {
        rung.class = Some("unhealthy".into());
        rung.side = Some("the control plane".into());
    }
    Controllers {
        rung,
        frozen_since: since,
    }
}

/// Adds what the controllers' Leases say to the verdict on an API server that answers: frozen counts make it
/// degraded, what could not be seen is a note.
pub fn add_controllers(check: &mut ApiServerCheck, controllers: &Controllers) {
    let rung = &controllers.rung;
    match controllers.frozen_since {
        Some(since) => {
            check.frozen_since = Some(since.to_string());
            // An API server that is in trouble itself comes first.
            if check.status != Status::Degraded {
                check.status = Status::Degraded;
                check.class.clone_from(&rung.class);
                check.error = Some(rung.message.clone());
                check.endpoint = None;
                check.elapsed_ms = None;
                check.missing = None;
                check.hint.clone_from(&rung.hint);
            }
        }
        None if rung.status == RungStatus::Unknown => {
            check.notes.push("controllers not seen".into());
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_seconds(1_000_000);

    fn ago(seconds: i64) -> LeaseSeen {
        LeaseSeen::Renewed(Time::from_seconds(NOW.seconds - seconds))
    }

    fn both(manager: LeaseSeen, scheduler: LeaseSeen) -> Controllers {
        controllers(
            NOW,
            &[
                ("kube-controller-manager", manager),
                ("kube-scheduler", scheduler),
            ],
        )
    }

    #[test]
    fn what_ends_soon_is_told_from_what_has_ended() {
        let of = |left: i64, warning| {
            let validity = Validity::of(NOW, Time::from_seconds(NOW.seconds + left), warning);
            (validity, validity.to_string())
        };
        let rows = [
            (DAY * 14, Validity::Fine(DAY * 14), "expires in 14 days"),
            (DAY * 14 - 1, Validity::Soon(DAY * 14 - 1), "expires in 13 days"),
            (1, Validity::Soon(1), "expires in 1 s"),
            (0, Validity::Ended(0), "expired 0 s ago"),
            (-7200, Validity::Ended(7200), "expired 2 h ago"),
        ];
        for (left, validity, text) in rows {
            assert_eq!(
                of(left, CERTIFICATE_WARNING_SECONDS),
                (validity, text.to_owned()),
                "{left}"
            );
        }
        assert_eq!(of(600, TOKEN_WARNING_SECONDS).0, Validity::Fine(600));
        assert_eq!(of(599, TOKEN_WARNING_SECONDS).0, Validity::Soon(599));
        assert_eq!(days_left(NOW, Time::from_seconds(NOW.seconds - 1)), -1);
    }

    #[test]
    fn a_lease_that_is_not_renewed_for_a_minute_freezes_the_counts() {
        let at = |seconds: i64| Time::from_seconds(NOW.seconds - seconds);
        let well = both(ago(60), ago(2));
        assert_eq!((well.rung.status, well.frozen_since), (RungStatus::Ok, None));
        let frozen = both(ago(61), ago(2));
        assert_eq!(
            (frozen.rung.status, frozen.frozen_since),
            (RungStatus::Failed, Some(at(61)))
        );
        assert_eq!(
            frozen.rung.message,
            format!(
                "workload counts are frozen since {}: kube-controller-manager has not renewed its Lease for 61 s",
                at(61)
            )
        );
        let both_silent = both(ago(100), ago(200));
        assert_eq!(both_silent.frozen_since, Some(at(200)), "since the first of them");
        assert_eq!(
            both_silent.rung.message,
            format!(
                "workload counts are frozen since {}: kube-scheduler has not renewed its Lease for 3 min, no new pod \
                 is placed; kube-controller-manager has not renewed its Lease for 100 s",
                at(200)
            )
        );
        // A clock that is behind makes nothing old.
        assert_eq!(both(ago(-500), ago(0)).frozen_since, None);
    }

    #[test]
    fn a_lease_that_cannot_be_seen_is_a_note_and_no_verdict() {
        let unseen = both(LeaseSeen::Absent, LeaseSeen::Forbidden);
        assert_eq!(
            (unseen.rung.status, unseen.rung.message.as_str()),
            (
                RungStatus::Unknown,
                "kube-controller-manager has no Lease in kube-system; the Lease of kube-scheduler may not be read"
            )
        );
        let mut check = ApiServerCheck {
            status: Status::Ok,
            ..ApiServerCheck::default()
        };
        add_controllers(&mut check, &unseen);
        assert_eq!(
            (check.status, check.notes.as_slice()),
            (Status::Ok, ["controllers not seen".to_owned()].as_slice())
        );
        // One of them seen and alive says enough.
        assert_eq!(both(ago(1), LeaseSeen::Absent).rung.status, RungStatus::Ok);
        assert_eq!(
            both(LeaseSeen::Failed("no".into()), ago(90)).rung.status,
            RungStatus::Failed
        );
    }

    #[test]
    fn frozen_counts_are_degraded_and_do_not_hide_what_is_worse() {
        let frozen = both(ago(90), ago(1));
        let of = |status, class: &str| {
            let mut check = ApiServerCheck {
                status,
                class: Some(class.into()),
                ..ApiServerCheck::default()
            };
            add_controllers(&mut check, &frozen);
            (check.status, check.class, check.frozen_since.is_some())
        };
        for (status, class, expected) in [
            (Status::Ok, "", "unhealthy"),
            (Status::Unknown, "forbidden", "unhealthy"),
            (Status::Degraded, "overloaded", "overloaded"),
        ] {
            assert_eq!(
                of(status, class),
                (Status::Degraded, Some(expected.to_owned()), true),
                "{status:?}"
            );
        }
    }
}
