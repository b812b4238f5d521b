//! Why a claim has no volume, by the events about it.
//!
//! The persistent volume controller and the provisioners of drivers write them
//! (`pkg/controller/volume/persistentvolume/pv_controller.go` in kubernetes/kubernetes,
//! `sig-storage-lib-external-provisioner`). `ProvisioningFailed` and `FailedBinding` name what is wrong; the first also
//! names a storage class that does not exist. `ExternalProvisioning` is repeated while the claim waits for a driver,
//! even for one that is registered nowhere.

use crate::check::text::shorten;
use crate::resource::Time;

/// A provisioner tries again within a few minutes. An older failure says nothing if a newer event exists.
const FAILED_SECONDS: i64 = 20 * 60;

/// The cause that the events about a claim give.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::check) enum ClaimCause {
    /// Something is wrong.
    Failed(String),
    /// Its volume is made once the pod that needs it has a node.
    WaitsForPod,
}

/// One event about a claim.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct ClaimEvent<'a> {
    pub reason: &'a str,
    pub message: &'a str,
    pub is_warning: bool,
    pub time: Option<Time>,
}

/// The cause that the events about one claim give, in any order.
pub(in crate::check) fn why<'a>(events: impl IntoIterator<Item = ClaimEvent<'a>>) -> Option<ClaimCause> {
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
        return Some(ClaimCause::Failed(shorten(&without_code(failed.message))));
    }
    let waits = waits?;
    Some(match waits.reason {
        "WaitForFirstConsumer" | "WaitForPodScheduled" => ClaimCause::WaitsForPod,
        "ExternalProvisioning" => ClaimCause::Failed(match quoted(waits.message) {
            Some(who) => format!("the provisioner {who} has not made its volume: does it run?"),
            None => "its provisioner has not made its volume: does it run?".to_owned(),
        }),
        _ => ClaimCause::Failed("its provisioner has begun to make its volume and has not ended".to_owned()),
    })
}

/// A driver's error without the words of gRPC: `rpc error: code = Internal desc = `.
fn without_code(text: &str) -> String {
    match text.split_once("rpc error: code = ") {
        Some((before, rest)) => match rest.split_once(" desc = ") {
            Some((_, said)) => format!("{before}{}", without_code(said)),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

/// The first words in quotes, of either form.
fn quoted(text: &str) -> Option<&str> {
    let open = text.find(['\'', '"'])?;
    let mark = text.get(open..=open)?;
    let inside = text.get(open + 1..)?.split(mark).next()?;
    (!inside.is_empty()).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(reason: &'static str, message: &'static str, at: i64) -> ClaimEvent<'static> {
        ClaimEvent {
            reason,
            message,
            is_warning: reason == "ProvisioningFailed",
            time: Some(Time::from_seconds(at)),
        }
    }

    #[test]
    fn what_failed_is_told_before_what_is_waited_for() {
        let missing = said(
            "ProvisioningFailed",
            "storageclass.storage.k8s.io \"nfs\" not found",
            1000,
        );
        let waits = |at| said("WaitForFirstConsumer", "waiting for first consumer", at);
        let external = |at| {
            said(
                "ExternalProvisioning",
                "Waiting for a volume to be created either by the external provisioner 'x.example' or manually.",
                at,
            )
        };
        let failed = |words: &str| Some(ClaimCause::Failed(words.to_owned()));
        let nfs = failed("storageclass.storage.k8s.io \"nfs\" not found");
        let runs = failed("the provisioner x.example has not made its volume: does it run?");
        for (events, expected) in [
            (vec![], None),
            (vec![said("Resizing", "x", 1)], None),
            (vec![missing], nfs),
            (
                vec![external(1300), missing],
                failed("storageclass.storage.k8s.io \"nfs\" not found"),
            ),
            (vec![missing, external(1000 + 1201)], runs),
            (vec![waits(5)], Some(ClaimCause::WaitsForPod)),
            (
                vec![said(
                    "WaitForPodScheduled",
                    "waiting for pod db-0 to be scheduled",
                    5,
                )],
                Some(ClaimCause::WaitsForPod),
            ),
            (
                vec![waits(5), external(9)],
                failed("the provisioner x.example has not made its volume: does it run?"),
            ),
            (
                vec![said(
                    "Provisioning",
                    "External provisioner is provisioning volume for claim \"a/b\"",
                    5,
                )],
                failed("its provisioner has begun to make its volume and has not ended"),
            ),
            (
                vec![said(
                    "FailedBinding",
                    "no persistent volumes available for this claim",
                    5,
                )],
                failed("no persistent volumes available for this claim"),
            ),
            (
                vec![said(
                    "ProvisioningFailed",
                    "failed to provision volume with StorageClass \"f\": rpc error: code = Internal desc = no quota",
                    5,
                )],
                failed("failed to provision volume with StorageClass \"f\": no quota"),
            ),
            (
                vec![said(
                    "ExternalProvisioning",
                    "waiting for a volume, either by external provisioner \"y\" or",
                    5,
                )],
                failed("the provisioner y has not made its volume: does it run?"),
            ),
            (
                vec![said("ExternalProvisioning", "waiting", 5)],
                failed("its provisioner has not made its volume: does it run?"),
            ),
        ] {
            assert_eq!(why(events.clone()), expected, "{events:?}");
        }
    }
}
