//! Whether the controllers that write the counts of every workload are running.

use crate::apiserver::facts::Facts;
use crate::apiserver::hint;
use crate::apiserver::leases::{LeaseState, SCHEDULER, frozen_since, is_frozen};
use crate::failure::{Class, Side};
use crate::report::{LeaseView, Rung, RungStatus};
use crate::resource::Time;
use crate::span::span;

const GET_LEASES: &str = "-n kube-system get lease kube-controller-manager kube-scheduler";

pub(in crate::apiserver) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let leases = facts.leases();
    if leases.is_empty() {
        return None;
    }
    let now = facts.now();
    let mut rung = match frozen_since(now, &leases) {
        Some(since) => Rung {
            class: Some(Class::Unhealthy.as_str().to_owned()),
            side: Some(Side::ControlPlane.as_str().to_owned()),
            hint: Some(hint::kubectl(facts.connection, GET_LEASES)),
            ..Rung::new(
                "controllers",
                RungStatus::Failed,
                format!(
                    "workload counts are frozen since {since}: {}",
                    frozen_sentences(now, &leases)
                ),
            )
        },
        None => rung_without_frozen(now, &leases),
    };
    rung.leases = leases
        .iter()
        .map(|(name, state)| lease_view(now, name, state))
        .collect();
    Some(rung)
}

/// One sentence for each Lease without a holder, the oldest first.
fn frozen_sentences(now: Time, leases: &[(&str, LeaseState)]) -> String {
    let mut frozen: Vec<(Time, &str)> = leases
        .iter()
        .filter_map(|(name, state)| match state {
            LeaseState::Renewed(at) if is_frozen(now, *at) => Some((*at, *name)),
            _ => None,
        })
        .collect();
    frozen.sort_unstable();
    let sentences: Vec<_> = frozen
        .into_iter()
        .map(|(at, name)| {
            let so = if name == SCHEDULER {
                ", no new pod is placed"
            } else {
                ""
            };
            let age = span(now.seconds_since(at));
            format!("{name} has not renewed its Lease for {age}{so}")
        })
        .collect();
    sentences.join("; ")
}

/// The rung if no Lease is known to have lost its holder. One Lease that is renewed is enough, since many clusters hide
/// their control plane.
fn rung_without_frozen(now: Time, leases: &[(&str, LeaseState)]) -> Rung {
    let (mut renewed, mut unread) = (Vec::new(), Vec::new());
    for (name, state) in leases {
        match state {
            LeaseState::Renewed(at) => {
                let age = span(now.seconds_since(*at));
                renewed.push(format!("{name} renewed its Lease {age} ago"));
            }
            LeaseState::Absent => unread.push(format!("{name} has no Lease in kube-system")),
            LeaseState::Forbidden => unread.push(format!("the Lease of {name} may not be read")),
            LeaseState::Unread(error) => unread.push(format!("the Lease of {name} was not read: {error}")),
        }
    }
    let status = if renewed.is_empty() {
        RungStatus::Unknown
    } else {
        RungStatus::Ok
    };
    renewed.append(&mut unread);
    Rung::new("controllers", status, renewed.join("; "))
}

fn lease_view(now: Time, name: &str, state: &LeaseState) -> LeaseView {
    let renewed = match state {
        LeaseState::Renewed(at) => Some(*at),
        _ => None,
    };
    LeaseView {
        name: name.to_owned(),
        renewed: renewed.map(|at| at.to_string()),
        age_seconds: renewed.map(|at| now.seconds_since(at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::facts::HealthAnswers;
    use crate::apiserver::leases::CONTROLLER_MANAGER;
    use crate::cluster::ConnectionInfo;
    use crate::failure::Failure;
    use crate::resource::{Lease, LeaseSpec};
    use std::time::Duration;

    const NOW: Time = Time::from_seconds(1_000_000);

    fn at(seconds_ago: i64) -> Time {
        Time::from_seconds(NOW.seconds.saturating_sub(seconds_ago))
    }

    fn ago(seconds: i64) -> Result<Lease, Failure> {
        let spec = LeaseSpec {
            renew_time: Some(at(seconds)),
            ..LeaseSpec::default()
        };
        Ok(Lease {
            spec: Some(spec),
            ..Lease::default()
        })
    }

    fn failed(class: Class, message: &str) -> Result<Lease, Failure> {
        Err(Failure::new(class, message))
    }

    /// The rung, and since when the counts are frozen.
    fn rung_and_frozen_since(
        manager: Result<Lease, Failure>,
        scheduler: Result<Lease, Failure>,
    ) -> (Rung, Option<Time>) {
        let answers = HealthAnswers {
            version: Ok("v1".into()),
            latency: Duration::ZERO,
            is_version_former: false,
            readyz: Ok((200, "ok".into())),
            livez: None,
            leases: vec![(CONTROLLER_MANAGER, manager), (SCHEDULER, scheduler)],
            write: None,
            server_time: Some(NOW),
            local_time: NOW,
        };
        let facts = Facts {
            connection: &ConnectionInfo::default(),
            answers: &answers,
            trace: None,
            flow: None,
        };
        let rung = rung(&facts).expect("Leases were asked for");
        (rung, frozen_since(NOW, &facts.leases()))
    }

    #[test]
    fn a_lease_that_is_not_renewed_for_a_minute_freezes_the_counts() {
        let (rung, since) = rung_and_frozen_since(ago(60), ago(2));
        assert_eq!((rung.status, since), (RungStatus::Ok, None));
        let (rung, since) = rung_and_frozen_since(ago(61), ago(2));
        assert_eq!((rung.status, since), (RungStatus::Failed, Some(at(61))));
        assert_eq!(
            rung.message,
            format!(
                "workload counts are frozen since {}: kube-controller-manager has not renewed its Lease for 61 s",
                at(61)
            )
        );
        let (rung, since) = rung_and_frozen_since(ago(100), ago(200));
        assert_eq!(since, Some(at(200)), "since the first of them");
        assert_eq!(
            rung.message,
            format!(
                "workload counts are frozen since {}: kube-scheduler has not renewed its Lease for 3 min, no new pod \
                 is placed; kube-controller-manager has not renewed its Lease for 100 s",
                at(200)
            )
        );
        // A clock that is behind makes no Lease old.
        assert_eq!(rung_and_frozen_since(ago(-500), ago(0)).1, None);
    }

    #[test]
    fn one_lease_that_is_renewed_is_enough() {
        let (rung, _) = rung_and_frozen_since(failed(Class::NotFound, "no"), failed(Class::Forbidden, "no"));
        assert_eq!(
            (rung.status, rung.message.as_str()),
            (
                RungStatus::Unknown,
                "kube-controller-manager has no Lease in kube-system; the Lease of kube-scheduler may not be read"
            )
        );
        assert_eq!(
            rung_and_frozen_since(ago(1), failed(Class::NotFound, "no"))
                .0
                .status,
            RungStatus::Ok
        );
        let (rung, _) = rung_and_frozen_since(failed(Class::Timeout, "no"), ago(90));
        assert_eq!(rung.status, RungStatus::Failed);
    }
}
