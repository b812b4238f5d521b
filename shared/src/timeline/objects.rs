//! Quotas, `LimitRanges`, webhooks and `ConfigMaps`: when they were created, and when each program last wrote them.

use super::happening::{Happening, TimelineSource};
use super::window::TimeWindow;
use super::workloads::with_writer;
use crate::check::{creation_change, spec_writes};
use crate::report::{ObjectRef, TimelineKind};
use crate::resource::ObjectMeta;

/// ConfigMaps that programs write all the time or into every namespace, and that say nothing about a workload.
const NOISE: [&str; 4] = [
    "kube-root-ca.crt",
    "openshift-service-ca.crt",
    "istio-ca-root-cert",
    "cluster-autoscaler-status",
];

/// What happened to an object of that kind.
pub(super) fn happenings(
    kind: &str,
    what: TimelineKind,
    meta: &ObjectMeta,
    window: &TimeWindow,
) -> Vec<Happening> {
    if kind == "ConfigMap" && NOISE.contains(&meta.name.as_str()) {
        return Vec::new();
    }
    let object = ObjectRef::namespaced(kind, &meta.namespace, &meta.name);
    let new = |at, verb: &str, by: Option<String>| {
        let words = with_writer(verb, by.as_deref());
        Happening::new(TimelineSource::Objects, at, what, object.clone(), words)
            .folded()
            .by(by)
    };
    let created = creation_change(meta).into_iter();
    let created = created.map(|(at, change)| new(at, "created", change.by));
    let written = spec_writes(meta, &[]).into_iter();
    let written = written.map(|(at, change)| new(at, "written", change.by));
    created
        .chain(written)
        .filter(|found| window.has(found.at))
        .collect()
}
