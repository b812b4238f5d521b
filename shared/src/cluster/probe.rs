//! The two questions to the API server itself.

use super::{Answer, Class, Client, Failure, Refusal};
use serde::Deserialize;
use std::time::Duration;

/// Larger than any `/version` or `/readyz?verbose`.
const LIMIT: usize = 256 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

/// Asks `/version`: the `gitVersion`, and how long it took from the first packet to the last byte.
///
/// # Errors
/// `notAnApiServer` where the answer is no version, such as the 200 with which a captive portal greets.
pub async fn version(client: &Client) -> (Result<String, Failure>, Duration) {
    let started = tokio::time::Instant::now();
    let result = once_more(client, "/version").await;
    let elapsed = started.elapsed();
    let version = match result {
        Ok((200, text)) => match serde_json::from_str::<Version>(&text) {
            Ok(version) => Ok(version.git_version),
            Err(error) => {
                let head: String = text.trim_start().chars().take(40).collect();
                Err(Failure {
                    endpoint: format!("{}/version", client.server()),
                    elapsed,
                    ..Failure::new(
                        Class::NotAnApiServer,
                        format!("/version answers {head:?}, which is no version: {error}"),
                    )
                })
            }
        },
        Ok((code, text)) => Err(Failure {
            endpoint: format!("{}/version", client.server()),
            elapsed,
            ..super::classify::answer(
                super::classify::code(code).unwrap_or(Class::NotAnApiServer),
                code,
                text.as_bytes(),
                None,
            )
        }),
        Err(failure) => Err(failure),
    };
    (version, elapsed)
}

/// What `/readyz?verbose` answered: the status code decides, the text informs.
pub type Readiness = (u16, String);

/// Asks `/readyz?verbose`.
///
/// # Errors
/// Only where there was no answer: 500 is one.
pub async fn readyz(client: &Client) -> Result<Readiness, Failure> {
    once_more(client, "/readyz?verbose").await
}

/// Who the API server takes this client for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct UserInfo {
    /// The user's name.
    pub username: String,
    /// The user's groups.
    pub groups: Vec<String>,
}

/// Asks the API server who this client is, by a `SelfSubjectReview`, which every authenticated user may create
/// (`system:basic-user`) since Kubernetes 1.28.
///
/// # Errors
/// Those of the request; `notAnApiServer` where the answer is no review.
pub async fn whoami(client: &Client) -> Result<UserInfo, Failure> {
    #[derive(Deserialize)]
    struct Review {
        status: ReviewStatus,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ReviewStatus {
        user_info: UserInfo,
    }
    const PATH: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const REVIEW: &str = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
    let answer = match client.post(PATH, REVIEW).await?.refusal().await? {
        Refusal::None(answer) => answer,
        Refusal::Failed(failure) => return Err(failure),
    };
    let body = answer.whole(LIMIT).await?;
    serde_json::from_slice(&body)
        .map(|review: Review| review.status.user_info)
        .map_err(|error| Failure {
            endpoint: format!("{}{PATH}", client.server()),
            ..Failure::new(
                Class::NotAnApiServer,
                format!("{PATH} answers no review: {error}"),
            )
        })
}

/// A connection that was kept open may have been closed by the other side just now; that is no answer, so it is
/// asked once more. Nothing else is: the first answer is the truth.
async fn once_more(client: &Client, path: &str) -> Result<(u16, String), Failure> {
    match whole(client, path).await {
        Err(failure) if failure.class == Class::ConnectionLost => whole(client, path).await,
        result => result,
    }
}

async fn whole(client: &Client, path: &str) -> Result<(u16, String), Failure> {
    let answer: Answer = client.get(path, "application/json, */*").await?;
    let status = answer.status;
    let body = answer.whole(LIMIT).await?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
