//! Leases of `kube-system`: new leaders of controllers, and API servers that came.

use super::happening::{Happening, TimelineSource};
use super::window::TimeWindow;
use crate::check::one_line;
use crate::report::{ObjectRef, TimelineKind};
use crate::resource::{Lease, Resource as _};

/// The label of an API server's own Lease (`controlplane.IdentityLeaseComponentLabelKey` in k8s.io/kubernetes).
const IDENTITY: &str = "apiserver.kubernetes.io/identity";
/// The beginning of the names of such Leases.
const API_SERVER: &str = "apiserver-";

/// What a Lease shows.
pub(super) fn happenings(lease: &Lease, window: &TimeWindow) -> Option<Happening> {
    let meta = lease.meta();
    let object = ObjectRef::namespaced("Lease", &meta.namespace, &meta.name);
    let spec = lease.spec.as_ref()?;
    let is_api_server = meta.labels.contains_key(IDENTITY) || meta.name.starts_with(API_SERVER);
    let happening = if is_api_server {
        let host = meta
            .labels
            .get("kubernetes.io/hostname")
            .map(|host| format!(" on {}", one_line(host)));
        let words = format!("an API server came{}", host.unwrap_or_default());
        Happening::new(
            TimelineSource::Leases,
            meta.creation_timestamp?,
            TimelineKind::ApiServer,
            object,
            words,
        )
    } else {
        let same = leader_name(&object);
        let words = became_leader(&spec.holder_identity);
        let at = spec.acquire_time.filter(|_| !spec.holder_identity.is_empty())?;
        Happening::new(TimelineSource::Leases, at, TimelineKind::Leader, object, words).known_as(same)
    };
    window.has(happening.at).then_some(happening)
}

/// `node-1 became the leader`. A holder's name ends with a random text.
pub(super) fn became_leader(holder: &str) -> String {
    let holder = one_line(holder);
    let name = holder.split('_').next().unwrap_or_default();
    format!("{name} became the leader")
}

/// The name under which all sources know a new leader.
pub(super) fn leader_name(object: &ObjectRef) -> String {
    format!("leader {}/{}", object.namespace, object.name)
}
