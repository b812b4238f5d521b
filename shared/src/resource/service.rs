//! `v1` Service: its pods, its ports and its load balancer.

use super::{
    Condition, ObjectMeta, ProbedCondition, Resource, has_conditions, has_metadata, null_as_default,
};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// The fields of a Service that a verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Name, age, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The desired state.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ServiceSpec>,
    /// The state of its load balancer.
    #[prost(message, optional, tag = "3")]
    pub status: Option<ServiceStatus>,
}

/// The part of `v1` ServiceSpec that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// Its ports.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<ServicePort>,
    /// Labels of its pods. Without labels, Kubernetes does not keep its endpoints.
    #[prost(btree_map = "string, string", tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub selector: BTreeMap<String, String>,
    /// `ClusterIP` and others; `ExternalName` is an alias of a name outside.
    #[prost(string, tag = "4")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// The name outside that it is an alias of.
    #[prost(string, tag = "10")]
    #[serde(deserialize_with = "null_as_default")]
    pub external_name: String,
    /// The maker of its load balancer, if that is not the cluster's own cloud.
    #[prost(string, tag = "21")]
    #[serde(deserialize_with = "null_as_default")]
    pub load_balancer_class: String,
}

/// The part of `v1` ServiceStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    /// Its load balancer.
    #[prost(message, optional, tag = "1")]
    pub load_balancer: Option<LoadBalancerStatus>,
    /// Conditions by controllers of load balancers.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub conditions: Vec<ProbedCondition>,
}

/// The part of `v1` LoadBalancerStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerStatus {
    /// Its addresses.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub ingress: Vec<LoadBalancerIngress>,
}

/// The part of `v1` LoadBalancerIngress that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerIngress {
    /// Its IP address.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub ip: String,
    /// Its host name, if it has one in place of an IP address.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub hostname: String,
    /// The state of the Service's ports there.
    #[prost(message, repeated, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub ports: Vec<LoadBalancerPort>,
}

/// The part of `v1` PortStatus that is read.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerPort {
    /// The port of the Service.
    #[prost(int32, tag = "1")]
    pub port: i32,
    /// A word in CamelCase that says why it is not served.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub error: String,
}

/// A port of a Service.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// Its name; empty if it is the only port.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Its own number.
    #[prost(int32, tag = "3")]
    pub port: i32,
    /// The port of the pods: a number, or the name that a container gives to one of its ports.
    #[prost(message, optional, tag = "4")]
    pub target_port: Option<TargetPort>,
}

/// The port of a pod, by its number or by its name: `k8s.io/apimachinery` `IntOrString`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TargetPort {
    /// The name; empty for a number, which is not kept: every pod has all of them.
    #[prost(string, tag = "3")]
    pub name: String,
}

impl<'de> Deserialize<'de> for TargetPort {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TargetPortVisitor;
        impl Visitor<'_> for TargetPortVisitor {
            type Value = TargetPort;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number or the name of a port")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<TargetPort, E> {
                Ok(TargetPort {
                    name: name.to_owned(),
                })
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<TargetPort, E> {
                Ok(TargetPort::default())
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<TargetPort, E> {
                Ok(TargetPort::default())
            }
        }
        from.deserialize_any(TargetPortVisitor)
    }
}

impl ServicePort {
    /// The port name that a container needs for this port to lead anywhere.
    #[must_use]
    pub fn needs(&self) -> Option<&str> {
        let name = self.target_port.as_ref()?.name.as_str();
        (!name.is_empty()).then_some(name)
    }
}

impl Service {
    /// Its ports.
    #[must_use]
    pub fn ports(&self) -> &[ServicePort] {
        self.spec.as_ref().map_or(&[], |spec| &spec.ports)
    }

    /// Whether it is an alias of a name outside of the cluster.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| s.kind == "ExternalName")
    }

    /// Whether it asks for a load balancer.
    #[must_use]
    pub fn asks_for_load_balancer(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| s.kind == "LoadBalancer")
    }

    /// The addresses of its load balancer. Entries without an address are left out.
    pub fn load_balancer_places(&self) -> impl Iterator<Item = &LoadBalancerIngress> {
        let status = self.status.as_ref().and_then(|s| s.load_balancer.as_ref());
        let ingress = status.map_or(&[][..], |s| &s.ingress);
        ingress
            .iter()
            .filter(|i| !i.ip.is_empty() || !i.hostname.is_empty())
    }

    /// The labels of its pods, if it has pods.
    #[must_use]
    pub fn selector(&self) -> Option<&BTreeMap<String, String>> {
        let selector = &self.spec.as_ref()?.selector;
        (!self.is_external() && !selector.is_empty()).then_some(selector)
    }
}

impl Resource for Service {
    type Whole = k8s_openapi::api::core::v1::Service;

    has_metadata!();
    has_conditions!();
}
