//! Objects that the API server answers and does not keep, such as a review.

use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// An object that is posted: its type, and the question in `spec`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Posted<'a, Spec> {
    pub api_version: &'a str,
    pub kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Spec>,
}

/// Posts an object and reads the status of the response, of at most `limit` bytes.
///
/// # Errors
/// Those of the request; `notAnApiServer` if the response is of another kind, or cannot be decoded.
pub(super) async fn post<Spec: Serialize, Status: DeserializeOwned>(
    client: &Client,
    path: &str,
    object: &Posted<'_, Spec>,
    limit: usize,
) -> Result<Status, Failure> {
    #[derive(Deserialize)]
    struct Answer<Status> {
        kind: String,
        status: Status,
    }
    // The words of the failure do not repeat the object, which can hold a token.
    let json = serde_json::to_string(object).map_err(|_| {
        let kind = object.kind;
        Failure::new(Class::Rejected, format!("the {kind} cannot be written as JSON"))
    })?;
    let response = client.post(path, json).await?.error_for_status().await?;
    let body = response.whole(limit).await?;
    let no_answer = |why: String| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..Failure::new(
            Class::NotAnApiServer,
            format!("{path} answers no {}: {why}", object.kind),
        )
    };
    match serde_json::from_slice::<Answer<Status>>(&body) {
        Ok(answer) if answer.kind == object.kind => Ok(answer.status),
        Ok(answer) => Err(no_answer(format!("it is of kind {:?}", answer.kind))),
        Err(error) => Err(no_answer(error.to_string())),
    }
}
