//! Whether a ReplicationController has as many ready pods as its spec asks for: by the rules of the ReplicaSet, as one
//! controller of Kubernetes works for both.

use super::{Check, Evidence, Now, lifecycle, replicaset};
use crate::report::Item;
use crate::resource::{ReplicationController, Resource as _};

impl Check for ReplicationController {
    const LEFT_TO_CONTROLLER: bool = true;

    fn speaks_for_controller(&self) -> bool {
        self.spec.and_then(|s| s.replicas) != Some(0)
    }

    fn is_worth_a_look(&self, item: &Item, now: Now) -> bool {
        super::is_open(item) || lifecycle::may_have_recovered(self.meta(), item, now)
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        replicaset::judge(&self.as_replica_set(), Self::KIND, evidence)
    }
}
