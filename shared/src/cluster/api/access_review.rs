//! Whether a user may get a path, by a `SubjectAccessReview`.

use crate::cluster::api::review::{Posted, post};
use crate::cluster::api::token_review::TokenUser;
use crate::cluster::client::Client;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};

/// The bytes of an answer, which repeats the user.
const LIMIT: usize = 128 << 10;

/// Asks the API server whether a user may get a path that is no resource.
///
/// # Errors
/// Those of the request; `notAnApiServer` if the response is no review.
pub async fn may_get_path(client: &Client, user: &TokenUser, path: &str) -> Result<bool, Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec<'a> {
        #[serde(flatten)]
        user: &'a TokenUser,
        non_resource_attributes: Attributes<'a>,
    }
    #[derive(Serialize)]
    struct Attributes<'a> {
        path: &'a str,
        verb: &'static str,
    }
    #[derive(Deserialize)]
    struct Status {
        allowed: bool,
        #[serde(default)]
        denied: bool,
    }
    const PATH: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let review = Posted {
        api_version: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: Some(Spec {
            user,
            non_resource_attributes: Attributes { path, verb: "get" },
        }),
    };
    let status: Status = post(client, PATH, &review, LIMIT).await?;
    Ok(status.allowed && !status.denied)
}
