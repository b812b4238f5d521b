//! The limit behind a container that ran out of memory.
//!
//! The kubelet limits the memory of a container by its own limit, and that of a pod by the pod's limit, or by the sum of its
//! containers' limits if each has one (`ResourceConfigForPod` in `pkg/kubelet/cm/helpers_linux.go` of
//! kubernetes/kubernetes). A container without any limit only ends like that if its node has no memory left for pods.

use crate::resource::{Pod, ResourceRequirements};

/// How a container of that name ran out of memory.
pub(super) fn out_of_memory(pod: &Pod, container: &str) -> String {
    let Some(spec) = pod.container(container) else {
        return "ran out of memory".to_owned();
    };
    let own = spec
        .resources
        .as_ref()
        .and_then(ResourceRequirements::memory_limit);
    let all = pod.spec.as_ref().and_then(|spec| spec.resources.as_ref());
    match (own, all.and_then(ResourceRequirements::memory_limit)) {
        (Some(limit), _) => format!("ran out of memory, its limit is {limit}"),
        (None, Some(limit)) => format!("ran out of memory, the limit of its pod is {limit}"),
        (None, None) => "ran out of memory: it has no limit of its own, so its node had none left".to_owned(),
    }
}
