//! Why a claim has no volume, by the events about it.
//!
//! The persistent volume controller and the provisioners of drivers write them
//! (`pkg/controller/volume/persistentvolume/pv_controller.go` in kubernetes/kubernetes,
//! `sig-storage-lib-external-provisioner`). `ProvisioningFailed` and `FailedBinding` name what is wrong; the first also
//! names a storage class that does not exist. `ExternalProvisioning` is repeated while the claim waits for a driver,
//! even for one that is registered nowhere.

use crate::check::evidence::ClaimEvent;
use crate::check::text::one_line;

/// A provisioner tries again within a few minutes. An older failure says nothing if a newer event exists.
const FAILED_SECONDS: i64 = 20 * 60;

/// The cause that the events about a claim give.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::check) enum ClaimCause {
    /// Something is wrong.
    Failed {
        words: String,
        /// The command that shows more than the claim itself, if there is one.
        hint: Option<&'static str>,
    },
    /// Its volume is made once the pod that needs it has a node.
    WaitsForPod,
}

/// Why a claim has no volume, by the events about it in any order.
pub(in crate::check) fn cause_from_events<'a>(
    events: impl IntoIterator<Item = ClaimEvent<'a>>,
) -> Option<ClaimCause> {
    let (mut failed, mut waits) = (None::<ClaimEvent<'_>>, None::<ClaimEvent<'_>>);
    for event in events {
        let newest = if event.is_warning || event.reason == "FailedBinding" {
            &mut failed
        } else if matches!(
            event.reason,
            "ExternalProvisioning" | "Provisioning" | "WaitForFirstConsumer" | "WaitForPodScheduled"
        ) {
            &mut waits
        } else {
            continue;
        };
        if newest.is_none_or(|other| event.time >= other.time) {
            *newest = Some(event);
        }
    }
    let is_over = |failed: &ClaimEvent<'_>| {
        let later = waits.and_then(|w| w.time).zip(failed.time);
        later.is_some_and(|(waits, failed)| waits.seconds_since(failed) > FAILED_SECONDS)
    };
    if let Some(failed) = failed.filter(|failed| !is_over(failed)) {
        return Some(ClaimCause::Failed {
            words: one_line(&strip_grpc_code(failed.message)),
            hint: failure_hint(failed.message),
        });
    }
    let waits = waits?;
    Some(match waits.reason {
        "WaitForFirstConsumer" | "WaitForPodScheduled" => ClaimCause::WaitsForPod,
        "ExternalProvisioning" => ClaimCause::Failed {
            words: match first_quoted(waits.message) {
                Some(who) => format!("the provisioner {who} has not made its volume: does it run?"),
                None => "its provisioner has not made its volume: does it run?".to_owned(),
            },
            hint: Some("kubectl get storageclasses,csidrivers"),
        },
        _ => ClaimCause::Failed {
            words: "its provisioner has begun to make its volume and has not ended".to_owned(),
            hint: None,
        },
    })
}

/// The command that lists the storage classes, or the volumes, that the failure is about.
fn failure_hint(message: &str) -> Option<&'static str> {
    if message.contains("storageclass") && message.contains("not found") {
        Some("kubectl get storageclasses")
    } else if message.contains("no persistent volumes available") {
        Some("kubectl get storageclasses,persistentvolumes")
    } else {
        None
    }
}

/// A driver's error without the words of gRPC: `rpc error: code = Internal desc = `.
fn strip_grpc_code(text: &str) -> String {
    match text.split_once("rpc error: code = ") {
        Some((before, rest)) => match rest.split_once(" desc = ") {
            Some((_, error)) => format!("{before}{}", strip_grpc_code(error)),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

/// The first words in quotes, of either form.
fn first_quoted(text: &str) -> Option<&str> {
    let open = text.find(['\'', '"'])?;
    let mark = text.get(open..=open)?;
    let inside = text.get(open + 1..)?.split(mark).next()?;
    (!inside.is_empty()).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Time;

    fn claim_event(reason: &'static str, message: &'static str, at: i64) -> ClaimEvent<'static> {
        ClaimEvent {
            reason,
            message,
            is_warning: reason == "ProvisioningFailed",
            time: Some(Time::from_seconds(at)),
        }
    }

    #[test]
    fn a_failure_is_reported_before_a_wait() {
        let missing = claim_event(
            "ProvisioningFailed",
            "storageclass.storage.k8s.io \"nfs\" not found",
            1000,
        );
        let waits = |at| claim_event("WaitForFirstConsumer", "waiting for first consumer", at);
        let external = |at| {
            claim_event(
                "ExternalProvisioning",
                "Waiting for a volume to be created either by the external provisioner 'x.example' or manually.",
                at,
            )
        };
        let looking = |words: &str, hint: &'static str| {
            Some(ClaimCause::Failed {
                words: words.to_owned(),
                hint: Some(hint),
            })
        };
        let failed = |words: &str| {
            Some(ClaimCause::Failed {
                words: words.to_owned(),
                hint: None,
            })
        };
        let nfs = || {
            looking(
                "storageclass.storage.k8s.io \"nfs\" not found",
                "kubectl get storageclasses",
            )
        };
        let drivers = |words| looking(words, "kubectl get storageclasses,csidrivers");
        let runs = || drivers("the provisioner x.example has not made its volume: does it run?");
        for (events, expected) in [
            (vec![], None),
            (vec![claim_event("Resizing", "x", 1)], None),
            (vec![missing], nfs()),
            (vec![external(1300), missing], nfs()),
            (vec![missing, external(1000 + 1201)], runs()),
            (vec![waits(5)], Some(ClaimCause::WaitsForPod)),
            (
                vec![claim_event(
                    "WaitForPodScheduled",
                    "waiting for pod db-0 to be scheduled",
                    5,
                )],
                Some(ClaimCause::WaitsForPod),
            ),
            (vec![waits(5), external(9)], runs()),
            (
                vec![claim_event(
                    "Provisioning",
                    "External provisioner is provisioning volume for claim \"a/b\"",
                    5,
                )],
                failed("its provisioner has begun to make its volume and has not ended"),
            ),
            (
                vec![claim_event(
                    "FailedBinding",
                    "no persistent volumes available for this claim",
                    5,
                )],
                looking(
                    "no persistent volumes available for this claim",
                    "kubectl get storageclasses,persistentvolumes",
                ),
            ),
            (
                vec![claim_event(
                    "ProvisioningFailed",
                    "failed to provision volume with StorageClass \"f\": rpc error: code = Internal desc = no quota",
                    5,
                )],
                failed("failed to provision volume with StorageClass \"f\": no quota"),
            ),
            (
                vec![claim_event(
                    "ExternalProvisioning",
                    "waiting for a volume, either by external provisioner \"y\" or",
                    5,
                )],
                drivers("the provisioner y has not made its volume: does it run?"),
            ),
            (
                vec![claim_event("ExternalProvisioning", "waiting", 5)],
                drivers("its provisioner has not made its volume: does it run?"),
            ),
        ] {
            assert_eq!(cause_from_events(events.clone()), expected, "{events:?}");
        }
    }
}
