//! The identity that the API server gives this client, and its rights.

use crate::cluster::api::review::{Posted, post};
use crate::cluster::client::Client;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};

/// An identity with thousands of rules has a megabyte of them.
const LIMIT: usize = 16 << 20;

/// The identity that the API server gives this client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct UserInfo {
    /// The user's name.
    pub username: String,
    /// The user's groups.
    pub groups: Vec<String>,
}

/// Asks the API server for the identity of this client, by a `SelfSubjectReview`, which every authenticated user may create
/// (`system:basic-user`) since Kubernetes 1.28.
///
/// # Errors
/// Those of the request; `notAnApiServer` if the response is no review.
pub async fn whoami(client: &Client) -> Result<UserInfo, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ReviewStatus {
        user_info: UserInfo,
    }
    const PATH: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = Posted {
        api_version: "authentication.k8s.io/v1",
        kind: "SelfSubjectReview",
        spec: None::<()>,
    };
    let status: ReviewStatus = post(client, PATH, &review, LIMIT).await?;
    Ok(status.user_info)
}

/// The rights of an identity in one namespace, as far as the API server's authorizers can list them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    resource_rules: Vec<ResourceRule>,
    /// Whether an authorizer, such as a webhook, could not list its rules: then more may be allowed.
    pub incomplete: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ResourceRule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    /// If not empty, the rule is only for these objects.
    resource_names: Vec<String>,
}

impl Rules {
    /// Whether every object of that resource may be read or changed by that verb.
    #[must_use]
    pub fn allow(&self, verb: &str, group: &str, plural: &str) -> bool {
        let has = |words: &[String], word: &str| words.iter().any(|w| w == word || w == "*");
        self.resource_rules.iter().any(|rule| {
            rule.resource_names.is_empty()
                && has(&rule.verbs, verb)
                && has(&rule.api_groups, group)
                && has(&rule.resources, plural)
        })
    }
}

/// Asks the API server for the rights of this client in a namespace, by a `SelfSubjectRulesReview`, which every
/// authenticated user may create (`system:basic-user`).
///
/// # Errors
/// As [`whoami`].
pub async fn rules(client: &Client, namespace: &str) -> Result<Rules, Failure> {
    #[derive(Serialize)]
    struct Spec<'a> {
        namespace: &'a str,
    }
    const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let review = Posted {
        api_version: "authorization.k8s.io/v1",
        kind: "SelfSubjectRulesReview",
        spec: Some(Spec { namespace }),
    };
    post(client, PATH, &review, LIMIT).await
}
