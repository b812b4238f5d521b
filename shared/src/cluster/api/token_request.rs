//! A token of a ServiceAccount, by a `TokenRequest`.

use crate::cluster::api::review::{Posted, post};
use crate::cluster::client::Client;
use crate::cluster::secret::Secret;
use crate::failure::{Class, Failure};
use serde::{Deserialize, Serialize};

/// The bytes of an answer. A token has about one kilobyte.
const LIMIT: usize = 64 << 10;
/// The shortest time that the API server takes (`validateTokenRequest` of pkg/apis/authentication).
const SECONDS: u32 = 600;

/// A token that the API server issued for one audience. It is never shown.
#[derive(Debug, Clone)]
pub struct IssuedToken(Secret);

impl IssuedToken {
    /// The token, to be sent to its audience and to nobody else.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.0.0
    }
}

/// Asks the API server for a token of a ServiceAccount, which is valid for 10 min and only for `audience`.
///
/// # Errors
/// Those of the request; `notAnApiServer` if the response has no token.
pub async fn request_token(
    client: &Client,
    namespace: &str,
    service_account: &str,
    audience: &str,
) -> Result<IssuedToken, Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec<'a> {
        audiences: [&'a str; 1],
        expiration_seconds: u32,
    }
    #[derive(Deserialize)]
    struct Status {
        token: Secret,
    }
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token");
    let request = Posted {
        api_version: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: Some(Spec {
            audiences: [audience],
            expiration_seconds: SECONDS,
        }),
    };
    let Status { token } = post(client, &path, &request, LIMIT).await?;
    if token.0.is_empty() || !token.0.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure {
            endpoint: format!("{}{path}", client.server()),
            ..Failure::new(
                Class::NotAnApiServer,
                "the TokenRequest was answered without a token",
            )
        });
    }
    Ok(IssuedToken(token))
}
