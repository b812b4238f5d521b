//! Amounts of resources: of cpu, of memory, of devices.

use super::null_as_default;
use serde::Deserialize;
use serde::de::{Error, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// An amount as the object writes it: `500m`, `128Mi`. It is shown and not calculated with. Only an object that was written by
/// hand has a bare number.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Quantity {
    /// The amount with its unit.
    #[prost(string, tag = "1")]
    pub text: String,
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QuantityVisitor;
        impl Visitor<'_> for QuantityVisitor {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity such as 500m or 128Mi")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                Ok(Quantity {
                    text: text.to_owned(),
                })
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_unit<E: Error>(self) -> Result<Quantity, E> {
                Ok(Quantity::default())
            }
        }
        deserializer.deserialize_any(QuantityVisitor)
    }
}

/// The resources of a container, or of a pod as a whole.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub struct ResourceRequirements {
    /// The most that it may use, by the name of the resource.
    #[prost(btree_map = "string, message", tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub limits: BTreeMap<String, Quantity>,
    /// The amounts that a node has to have free for it.
    #[prost(btree_map = "string, message", tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub requests: BTreeMap<String, Quantity>,
}

impl ResourceRequirements {
    /// The most memory that may be used, if there is a limit.
    #[must_use]
    pub fn memory_limit(&self) -> Option<&str> {
        amount(&self.limits, "memory")
    }

    /// How much of a resource is requested. A request of nothing is none.
    #[must_use]
    pub fn request(&self, resource: &str) -> Option<&str> {
        amount(&self.requests, resource)
    }
}

/// The amount of a resource, unless it is nothing: a limit of 0 is no limit
/// (`ResourceConfigForPod` in `pkg/kubelet/cm/helpers_linux.go` of kubernetes/kubernetes).
fn amount<'a>(amounts: &'a BTreeMap<String, Quantity>, resource: &str) -> Option<&'a str> {
    let text = amounts.get(resource)?.text.as_str();
    (!matches!(text, "" | "0")).then_some(text)
}
