//! Whether a ReplicationController has as many ready pods as its spec asks for: by the rules of the ReplicaSet, as one
//! controller of Kubernetes works for both.

use super::{Check, Evidence, Now, lifecycle, replicaset};
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Item, RolloutProgress};
use crate::resource::{OwnerReference, ReplicationController, Resource as _};

impl JudgedKind for ReplicationController {
    const INFO: KindInfo = KindInfo {
        short_names: &["rc"],
        pods: PodNames::Suffix,
        left_to_controller: true,
        ..KindInfo::new("replicationcontroller", "ReplicationControllers")
    };
}

impl Check for ReplicationController {
    fn responsible_controller(&self) -> Option<&OwnerReference> {
        self.meta().controller()
    }

    fn counts_for_controller(&self) -> bool {
        self.spec.and_then(|s| s.replicas) != Some(0)
    }

    fn needs_evidence(&self, item: &Item, now: Now) -> bool {
        super::is_open(item) || lifecycle::may_have_recovered(self.meta(), item, now)
    }

    fn rollout_progress(&self) -> Option<RolloutProgress> {
        Some(replicaset::rollout_progress(&self.as_replica_set()))
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        replicaset::judge(&self.as_replica_set(), Self::KIND, evidence)
    }
}
