//! Whether a ReplicationController has as many ready pods as its spec asks for: by the rules of the ReplicaSet, as one
//! controller of Kubernetes works for both.

use super::{Evidence, Judged, replicaset};
use crate::report::Item;
use crate::resource::{ReplicationController, Resource as _};

impl Judged for ReplicationController {
    fn answers_for_itself(&self) -> bool {
        self.meta().controller().is_none()
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        replicaset::judge(&self.as_replica_set(), Self::KIND, evidence)
    }
}
