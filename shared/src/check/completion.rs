//! Pods whose containers are meant to end: which containers are done, which still run, and which keep the pod from ending.
//!
//! A container that ended with 0 is not started again if `restartPolicy` is `OnFailure` or `Never`
//! (`ShouldContainerBeRestarted` in `pkg/kubelet/container/helpers.go` of kubernetes/kubernetes). From then on the pod
//! is not Ready, though nothing is wrong with it. The pod ends with its last container. A container that never ends,
//! such as the proxy of a service mesh, keeps its Job from completing.

use crate::resource::{ContainerStatus, Pod, Time};

/// Containers that serve the others of their pod and do not end by themselves, by name or by a part of the image's
/// name.
const SIDECARS: [&str; 20] = [
    "istio-proxy",
    "istio/proxyv2",
    "linkerd-proxy",
    "cloud-sql-proxy",
    "cloudsql-proxy",
    "cloud-sql-connectors",
    "alloydb-auth-proxy",
    "consul-dataplane",
    "envoy-sidecar",
    "kuma-sidecar",
    "daprd",
    "vault-agent",
    "aws-xray-daemon",
    "fluent-bit",
    "fluentd",
    "filebeat",
    "promtail",
    "otel-collector",
    "opentelemetry-collector",
    // A Docker daemon of a build.
    "docker:dind",
];

/// A pod that works: some of its containers may be done, and the others run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PodCompletion<'a> {
    /// Containers that ended with 0.
    pub done: Vec<&'a str>,
    /// Containers that run.
    pub running: Vec<&'a str>,
    /// Whether all running containers are ready.
    pub ready: bool,
    /// When the last of the done containers ended.
    pub since: Option<Time>,
    /// Whether only containers still run that serve the others: the pod never ends by itself then.
    pub is_kept: bool,
}

impl<'a> PodCompletion<'a> {
    /// The progress of a pod that is meant to end and runs; `None` if one of its containers has failed or waits.
    pub fn from_pod(pod: &'a Pod) -> Option<Self> {
        let status = pod.status.as_ref().filter(|s| s.phase == "Running")?;
        if !pod.is_meant_to_end() || !pod.is_active() || status.container_statuses.is_empty() {
            return None;
        }
        let (mut done, mut running) = (Vec::new(), Vec::new());
        for container in &status.container_statuses {
            let state = container.state.as_ref()?;
            match &state.terminated {
                Some(ended) if ended.exit_code == 0 && ended.reason != "OOMKilled" => {
                    done.push((container, ended.finished_at));
                }
                Some(_) => return None,
                None if state.running.is_some() => running.push(container),
                None => return None,
            }
        }
        if running.is_empty() {
            return None;
        }
        Some(Self {
            is_kept: !done.is_empty() && running.iter().all(|c| is_sidecar(c)),
            ready: running.iter().all(|c| c.ready),
            since: done.iter().filter_map(|(_, at)| *at).max(),
            done: done.iter().map(|(c, _)| c.name.as_str()).collect(),
            running: running.iter().map(|c| c.name.as_str()).collect(),
        })
    }

    /// The running containers: `container istio-proxy`.
    pub fn running_text(&self) -> String {
        match self.running.as_slice() {
            [one] => format!("container {one}"),
            many => format!("containers {}", many.join(", ")),
        }
    }

    /// The sentence about the containers that keep it from ending.
    pub fn kept_text(&self) -> String {
        let is = if self.running.len() == 1 { "keeps" } else { "keep" };
        format!(
            "{} {is} the pod from ending: {} ended with 0",
            self.running_text(),
            self.done.join(", ")
        )
    }
}

fn is_sidecar(container: &ContainerStatus) -> bool {
    SIDECARS
        .iter()
        .any(|known| container.name == *known || container.image.contains(known))
}
