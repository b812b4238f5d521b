//! Who sent a token, by a `TokenReview`.

use crate::cluster::api::review::{Posted, post};
use crate::cluster::client::Client;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The bytes of an answer. An identity with hundreds of groups has a few kilobytes.
const LIMIT: usize = 64 << 10;

/// The user behind a token, with everything that an authorizer may decide by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenUser {
    /// The user's name.
    #[serde(rename(serialize = "user"))]
    pub username: String,
    /// The user's unique id; empty if it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The user's groups.
    #[serde(deserialize_with = "crate::resource::null_as_default")]
    pub groups: Vec<String>,
    /// Further facts, such as the pod to which the token is bound.
    #[serde(
        deserialize_with = "crate::resource::null_as_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub extra: BTreeMap<String, Vec<String>>,
}

/// Asks the API server who sent a token that was issued for `audience`; `None` if the token is not valid for it.
///
/// An authenticator that knows no audiences accepts a token without naming one. Such a token is for the API server, so it is
/// refused here (`TokenReviewStatus.audiences` of k8s.io/api `authentication/v1`).
///
/// # Errors
/// Those of the request; `notAnApiServer` if the response is no review.
pub async fn review_token(
    client: &Client,
    token: &str,
    audience: &str,
) -> Result<Option<TokenUser>, Failure> {
    #[derive(Serialize)]
    struct Spec<'a> {
        token: &'a str,
        audiences: [&'a str; 1],
    }
    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Status {
        authenticated: bool,
        user: TokenUser,
        #[serde(deserialize_with = "crate::resource::null_as_default")]
        audiences: Vec<String>,
    }
    const PATH: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
    let review = Posted {
        api_version: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: Some(Spec {
            token,
            audiences: [audience],
        }),
    };
    let status: Status = post(client, PATH, &review, LIMIT).await?;
    let is_for_audience = status.audiences.iter().any(|one| one == audience);
    Ok((status.authenticated && is_for_audience).then_some(status.user))
}
