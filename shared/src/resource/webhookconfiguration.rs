//! `admissionregistration.k8s.io/v1` webhook configurations: the webhooks that the API server asks before it writes,
//! and whether it writes without their answer. Both kinds number the fields of a webhook in the same way.

use super::{LabelSelector, ObjectMeta, Resource, has_metadata, null_as_default};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};

/// The fields of a ValidatingWebhookConfiguration that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingWebhookConfiguration {
    /// Name, age, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Its webhooks.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub webhooks: Vec<Webhook>,
}

/// The fields of a MutatingWebhookConfiguration that its verdict reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingWebhookConfiguration {
    /// Name, age, deletion, finalizers.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Its webhooks.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub webhooks: Vec<Webhook>,
}

/// One webhook.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Webhook {
    /// Its name, which the API server's refusals carry.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// The server it calls.
    #[prost(message, optional, tag = "2")]
    pub client_config: Option<WebhookClientConfig>,
    /// The requests it is asked about; none if it is empty.
    #[prost(message, repeated, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub rules: Vec<RuleWithOperations>,
    /// `Fail`, which is the default, or `Ignore`.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub failure_policy: String,
    /// The namespaces that it is asked about; all if it is empty.
    #[prost(message, optional, tag = "5")]
    pub namespace_selector: Option<LabelSelector>,
}

/// The server that a webhook calls: a Service, or an address about which nothing is known here.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookClientConfig {
    /// The Service.
    #[prost(message, optional, tag = "1")]
    pub service: Option<WebhookService>,
    /// The authorities that its certificate is checked against, in PEM.
    #[prost(bytes = "vec", tag = "2")]
    #[serde(deserialize_with = "authority")]
    pub ca_bundle: Vec<u8>,
}

/// A Service that the API server calls for a webhook.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookService {
    /// Its namespace.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub namespace: String,
    /// Its name.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// The port of the Service; absent means 443.
    #[prost(int32, optional, tag = "4")]
    pub port: Option<i32>,
}

/// The first line of an authority in PEM.
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Reads the authorities. If a person has replaced them by other words in a dump, these count as one authority.
fn authority<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let mut text = Option::<String>::deserialize(from)?.unwrap_or_default();
    text.retain(|c| !c.is_whitespace());
    Ok(STANDARD.decode(text).unwrap_or_else(|_| BEGIN.to_vec()))
}

impl WebhookClientConfig {
    /// Whether it has an authority. A placeholder, such as an empty line, is none.
    #[must_use]
    pub fn has_authority(&self) -> bool {
        self.ca_bundle.windows(BEGIN.len()).any(|part| part == BEGIN)
    }
}

/// Requests that a webhook is asked about.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RuleWithOperations {
    /// `CREATE`, `UPDATE`, ... or `*`.
    #[prost(string, repeated, tag = "1")]
    pub operations: Vec<String>,
    /// The resources.
    #[prost(message, optional, tag = "2")]
    pub rule: Option<Rule>,
}

/// The resources that a webhook is asked about.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    /// Their groups, or `*`.
    #[prost(string, repeated, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub api_groups: Vec<String>,
    /// Their plural names, or `*`.
    #[prost(string, repeated, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub resources: Vec<String>,
}

/// In JSON the fields of the rule stand beside the operations.
#[derive(Deserialize, Default)]
#[serde(default)]
struct FlatRule {
    #[serde(deserialize_with = "null_as_default")]
    operations: Vec<String>,
    #[serde(flatten)]
    rule: Rule,
}

impl<'de> Deserialize<'de> for RuleWithOperations {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let FlatRule { operations, rule } = FlatRule::deserialize(deserializer)?;
        Ok(Self {
            operations,
            rule: Some(rule),
        })
    }
}

impl Resource for ValidatingWebhookConfiguration {
    type Whole = k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
    const NAMESPACED: bool = false;

    has_metadata!();

    fn may_fall_short(&self) -> bool {
        true
    }
}

impl Resource for MutatingWebhookConfiguration {
    type Whole = k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
    const NAMESPACED: bool = false;

    has_metadata!();

    fn may_fall_short(&self) -> bool {
        true
    }
}
