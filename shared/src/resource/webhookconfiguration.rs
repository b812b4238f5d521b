//! `admissionregistration.k8s.io/v1` webhook configurations: whom the API server asks before it writes, and what it does
//! where it gets no answer. The two kinds number what is read of a webhook in the same way.

use super::{LabelSelector, ObjectMeta, Resource, ServiceReference, has_metadata, null_as_default};
use serde::Deserialize;

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
    /// Whom it calls.
    #[prost(message, optional, tag = "2")]
    pub client_config: Option<WebhookClientConfig>,
    /// What it is asked about; nothing where there is none.
    #[prost(message, repeated, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub rules: Vec<RuleWithOperations>,
    /// `Fail`, which is the default, or `Ignore`.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub failure_policy: String,
    /// The namespaces that it is asked about; all where it is empty.
    #[prost(message, optional, tag = "5")]
    pub namespace_selector: Option<LabelSelector>,
}

/// Whom a webhook calls: a Service, or an address of which nothing is known here.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookClientConfig {
    /// The Service.
    #[prost(message, optional, tag = "1")]
    pub service: Option<ServiceReference>,
}

/// What a webhook is asked about.
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
}

impl Resource for MutatingWebhookConfiguration {
    type Whole = k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
    const NAMESPACED: bool = false;

    has_metadata!();
}
