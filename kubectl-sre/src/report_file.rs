//! The saved report that `--baseline` reads.

use serde::de::DeserializeOwned;
use sre_shared::cluster::read_bounded;
use sre_shared::fleet::{FLEET_KIND, FleetReport};
use sre_shared::report::{API_VERSION, KIND, Report};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// Bytes of a file at most.
const LIMIT: u64 = 512 << 20;

/// The words that say how to make such a file.
const HOW: &str = "kubectl sre health --save FILE writes one, and so does -o json";

/// Reads a report, as JSON or YAML, within that time.
///
/// # Errors
/// Why the file is no report, in one line that names it.
pub async fn read(path: PathBuf, limit: Duration) -> Result<Report, String> {
    read_with(path, limit, parse).await
}

/// Reads the result for many clusters, as JSON or YAML, within that time.
///
/// # Errors
/// Why the file has none, in one line that names it.
pub async fn read_fleet(path: PathBuf, limit: Duration) -> Result<FleetReport, String> {
    read_with(path, limit, |bytes| {
        parse_kind(bytes, FLEET_KIND, &HOW.replace("health", "fleet"))
    })
    .await
}

async fn read_with<T: Send + 'static>(
    path: PathBuf,
    limit: Duration,
    parse: impl FnOnce(&[u8]) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let shown = path.display().to_string();
    let until = Instant::now() + limit;
    let reading = tokio::task::spawn_blocking(move || {
        let bytes = read_bounded(&path, LIMIT, until).map_err(|error| format!("{error}; {HOW}"))?;
        parse(&bytes)
    });
    match tokio::time::timeout(limit, reading).await {
        Ok(Ok(result)) => result.map_err(|why| format!("--baseline {shown}: {why}")),
        Ok(Err(_)) => Err(format!("--baseline {shown}: it could not be read")),
        Err(_) => Err(format!(
            "--baseline {shown}: its file system does not answer within {} s",
            limit.as_secs()
        )),
    }
}

/// The report in these bytes.
fn parse(bytes: &[u8]) -> Result<Report, String> {
    parse_kind(bytes, KIND, HOW)
}

/// The value of that kind in these bytes. `how` says how to make such a file.
fn parse_kind<T: DeserializeOwned>(bytes: &[u8], kind: &str, how: &str) -> Result<T, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| format!("it is not UTF-8; {how}"))?;
    if text.trim().is_empty() {
        return Err(format!("it is empty; {how}"));
    }
    let value: serde_json::Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}; {how}"))?
    } else {
        serde_saphyr::from_str(text).map_err(|_| format!("it is neither JSON nor YAML; {how}"))?
    };
    let word = |key: &str| {
        value
            .get(key)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    };
    if (word("apiVersion"), word("kind")) != (API_VERSION, kind) {
        let given = match (word("apiVersion"), word("kind")) {
            ("", "") => "something else".to_owned(),
            (version, kind) => format!("{version} {kind}"),
        };
        return Err(format!("it is {given}, not {API_VERSION} {kind}; {how}"));
    }
    T::deserialize(value).map_err(|error| format!("it is not a whole report: {error}; {how}"))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_file_that_is_no_report_is_refused_with_what_it_is() {
        for (text, begin) in [
            ("", "it is empty"),
            ("  \n", "it is empty"),
            ("{", "it is not JSON: EOF"),
            ("kind: [", "it is neither JSON nor YAML"),
            (
                r#"{"kind": "List", "apiVersion": "v1"}"#,
                "it is v1 List, not sre/v1 HealthReport",
            ),
            ("[]", "it is something else, not sre/v1 HealthReport"),
            (
                r#"{"kind": "HealthReport", "apiVersion": "sre/v1"}"#,
                "it is not a whole report: missing field `status`",
            ),
        ] {
            let why = parse(text.as_bytes()).expect_err(text);
            assert!(why.starts_with(begin), "{text}: {why}");
            assert!(why.ends_with("and so does -o json"), "{why}");
        }
    }
}
