//! The health of the API server by its own answers, and the Leases of its controllers.

use crate::cluster::api::accept;
use crate::cluster::api::get::decode_object;
use crate::cluster::api::path::collection_path;
use crate::cluster::client::Client;
use crate::cluster::refusal;
use crate::cluster::server_version::ServerVersion;
use crate::failure::{Class, Failure};
use crate::resource::Lease;
use serde::Deserialize;
use std::time::Duration;

/// Larger than any `/version` or `/readyz?verbose`.
const LIMIT: usize = 256 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionInfo {
    git_version: String,
    /// The version whose features are on, since 1.33. It may be older than that of the program.
    #[serde(default)]
    emulation_major: String,
    #[serde(default)]
    emulation_minor: String,
}

impl VersionInfo {
    /// The version by whose features the server answers.
    fn features(&self) -> Option<ServerVersion> {
        let own = ServerVersion::parse(&self.git_version)?;
        let emulated = format!("{}.{}", self.emulation_major, self.emulation_minor);
        Some(ServerVersion::parse(&emulated).map_or(own, |emulated| own.min(emulated)))
    }
}

/// Asks `/version`, and notes it for the client: the `gitVersion`, and how long it took from the first packet to the last byte.
///
/// # Errors
/// `notAnApiServer` if the response is no version, such as the page of a captive portal.
pub async fn version(client: &Client) -> (Result<String, Failure>, Duration) {
    let started = tokio::time::Instant::now();
    let result = get_text(client, "/version").await;
    let elapsed = started.elapsed();
    let version = match result {
        Ok(TextResponse {
            status: 200, text, ..
        }) => match serde_json::from_str::<VersionInfo>(&text) {
            Ok(version) => {
                if let Some(features) = version.features() {
                    client.versions().note(features);
                }
                Ok(version.git_version)
            }
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
        Ok(TextResponse {
            status,
            text,
            retry_after,
        }) => Err(Failure {
            endpoint: format!("{}/version", client.server()),
            elapsed,
            ..version_failure(status, &text, retry_after)
        }),
        Err(failure) => Err(failure),
    };
    (version, elapsed)
}

/// The failure for a refusal of `/version`. Every API server has it, so a server without it is something else.
fn version_failure(status: u16, text: &str, retry_after: Option<Duration>) -> Failure {
    let class = refusal::status_class(status).unwrap_or(Class::NotAnApiServer);
    let failure = refusal::refusal(class, status, text.as_bytes(), retry_after);
    match failure.class {
        Class::NotFound => Failure {
            class: Class::NotAnApiServer,
            message: format!(
                "what answers is not an API server: /version answers {}",
                failure.message
            ),
            ..failure
        },
        _ => failure,
    }
}

/// Status code and text of `/readyz?verbose`: the code decides, the text explains.
pub type Readiness = (u16, String);

/// Asks `/readyz?verbose`.
///
/// # Errors
/// Only if there was no response; a 500 is one.
pub async fn readyz(client: &Client) -> Result<Readiness, Failure> {
    let whole = get_text(client, "/readyz?verbose").await?;
    Ok((whole.status, whole.text))
}

/// Asks `/livez?verbose`. It separates an API server that hangs or ends from one that is only not ready.
///
/// # Errors
/// As [`readyz`].
pub async fn livez(client: &Client) -> Result<Readiness, Failure> {
    let whole = get_text(client, "/livez?verbose").await?;
    Ok((whole.status, whole.text))
}

/// Reads the Lease of a component of the control plane, once.
///
/// # Errors
/// Those of the request; `notAnApiServer` if the response is no Lease.
pub async fn lease(client: &Client, name: &str) -> Result<Lease, Failure> {
    let path = format!("{}/{name}", collection_path::<Lease>(Some("kube-system")));
    let body = client.get_whole(&path, accept::JSON, LIMIT).await?;
    decode_object(&body).map_err(|failure| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..failure
    })
}

/// GETs a path. It is tried once more if the connection was lost, since the server may have closed an idle one just then.
/// Every other result counts as it is.
async fn get_text(client: &Client, path: &str) -> Result<TextResponse, Failure> {
    match get_text_once(client, path).await {
        Err(failure) if failure.class == Class::ConnectionLost => get_text_once(client, path).await,
        result => result,
    }
}

/// A response with any status code, read to its end.
struct TextResponse {
    status: u16,
    text: String,
    retry_after: Option<Duration>,
}

async fn get_text_once(client: &Client, path: &str) -> Result<TextResponse, Failure> {
    let response = client.get(path, "application/json, */*").await?;
    let (status, retry_after) = (response.status, response.retry_after);
    let body = response.whole(LIMIT).await?;
    Ok(TextResponse {
        status,
        text: String::from_utf8_lossy(&body).into_owned(),
        retry_after,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_the_features_of_the_version_that_it_emulates() {
        for (json, minor) in [
            (r#"{"gitVersion": "v1.37.2"}"#, Some(37)),
            (
                r#"{"gitVersion": "v1.37.2", "emulationMajor": "1", "emulationMinor": "32"}"#,
                Some(32),
            ),
            (
                r#"{"gitVersion": "v1.33.0", "emulationMajor": "1", "emulationMinor": "34"}"#,
                Some(33),
            ),
            (
                r#"{"gitVersion": "v1.33.0", "emulationMajor": "", "emulationMinor": ""}"#,
                Some(33),
            ),
            (r#"{"gitVersion": "unknown"}"#, None),
        ] {
            let info: VersionInfo = serde_json::from_str(json).expect("JSON");
            assert_eq!(info.features().map(|version| version.minor), minor, "{json}");
        }
    }
}
