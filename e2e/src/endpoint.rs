//! A Service of a cluster without nodes, whose endpoint is an agent on this machine.

use crate::agent::Agent;
use crate::cluster::Cluster;
use serde_json::{Value, json};
use std::net::{IpAddr, UdpSocket};

/// The namespace of the Service. It has to exist.
pub const TOOLS: &str = "sre-tools";

/// An address of this machine that is not the loopback, which no endpoint may have. Nothing is sent.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a port");
    socket.connect("192.0.2.1:9").expect("there is a route");
    socket.local_addr().expect("a bound socket has an address").ip()
}

/// Makes the Service `sre-agent` whose endpoint is the agent, as a pod that only the API server knows of.
pub fn serve(cluster: &Cluster, agent: &Agent, port: &str) {
    let (kubectl, address) = (cluster.kubectl(), own_address().to_string());
    let of = |kind: &str, version: &str, name: &str, labels: Value| json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": TOOLS, "labels": labels}});
    let mut service = of(
        "Service",
        "v1",
        "sre-agent",
        json!({"app.kubernetes.io/name": "sre-agent"}),
    );
    service["spec"] = json!({"ports": [{"name": port, "port": 8080}]});
    let mut pod = of("Pod", "v1", "sre-agent-0", json!({}));
    pod["spec"] = json!({"nodeName": "nowhere", "automountServiceAccountToken": false,
                         "containers": [{"name": "agent", "image": "sre-agent"}]});
    let mut slice = of(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        "sre-agent-1",
        json!({"kubernetes.io/service-name": "sre-agent"}),
    );
    slice["addressType"] = json!("IPv4");
    slice["ports"] = json!([{"name": port, "port": agent.address().port(), "protocol": "TCP"}]);
    slice["endpoints"] = json!([{"addresses": [address], "conditions": {"ready": true},
        "targetRef": {"kind": "Pod", "name": "sre-agent-0", "namespace": TOOLS}}]);
    // The proxy of Kubernetes 1.30 reads only the older form, which no controller writes here.
    let mut endpoints = of("Endpoints", "v1", "sre-agent", json!({}));
    endpoints["subsets"] = json!([{
        "ports": slice["ports"],
        "addresses": [{"ip": address, "targetRef": slice["endpoints"][0]["targetRef"]}]}]);
    for object in [service, pod, slice, endpoints] {
        kubectl.create(&object);
    }
    let status =
        json!({"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}).to_string();
    kubectl.ok(&[
        "--namespace",
        TOOLS,
        "patch",
        "pod",
        "sre-agent-0",
        "--subresource=status",
        "--type=merge",
        "--patch",
        &status,
    ]);
}
