//! Writes to one Lease, to see whether the API server takes writes.

use crate::cluster::api::accept;
use crate::cluster::api::get::decode_object;
use crate::cluster::api::path::{collection_path, escape};
use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use crate::resource::{Lease, Time};
use std::fmt;
use std::str::FromStr;

/// Larger than any Lease.
const LIMIT: usize = 256 << 10;
/// Microseconds in a second.
const MICROSECONDS: u32 = 1_000_000;

/// The Lease that is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A text that names no Lease.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no Lease, which looks like sre-tools/sre-agent-write-canary")]
pub struct ParseLeaseNameError(String);

impl FromStr for LeaseName {
    type Err = ParseLeaseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseLeaseNameError(text.to_owned());
        let (namespace, name) = text.split_once('/').ok_or_else(error)?;
        if is_name(namespace, 63, false) && is_name(name, 253, true) {
            Ok(Self {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            })
        } else {
            Err(error())
        }
    }
}

/// A name by RFC 1123, of one label or of several.
fn is_name(text: &str, longest: usize, with_dots: bool) -> bool {
    let end = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.into_iter().all(|b| b.is_some_and(|b| end(*b))) && bytes.iter().all(|b| end(*b) || *b == b'-')
    };
    text.len() <= longest && (with_dots || !text.contains('.')) && text.split('.').all(is_label)
}

/// Writes a new `renewTime` into an existing Lease, as a merge patch without a version, so that several writers do not conflict. An
/// API server does not write an object that a request leaves as it is (`GuaranteedUpdate` of k8s.io/apiserver), so `turn` has to differ
/// from write to write: it becomes the microseconds.
///
/// # Errors
/// Those of the request; `notAnApiServer` if the response is not the Lease as it was written.
pub async fn renew_lease(
    client: &Client,
    lease: &LeaseName,
    holder: Option<&str>,
    now: Time,
    turn: u32,
) -> Result<(), Failure> {
    let collection = collection_path::<Lease>(Some(&lease.namespace));
    let path = format!("{collection}/{}?fieldManager=sre-agent", escape(&lease.name));
    let second = Time::from_seconds(now.seconds).to_string();
    let renewed = format!("{}.{:06}Z", second.trim_end_matches('Z'), turn % MICROSECONDS);
    let mut spec = serde_json::json!({ "renewTime": renewed });
    if let Some(holder) = holder {
        spec["holderIdentity"] = holder.into();
    }
    let patch = serde_json::json!({ "spec": spec }).to_string();
    let once = async || {
        let response = client.merge_patch(&path, accept::JSON, patch.clone()).await?;
        let response = response.error_for_status().await?;
        response.whole(LIMIT).await
    };
    let body = match once().await {
        // The server may have closed an idle connection just then. The same write again does no harm.
        Err(failure) if failure.class == Class::ConnectionLost => once().await?,
        result => result?,
    };
    let wrong = |message: String| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..Failure::new(Class::NotAnApiServer, message)
    };
    let written: Lease = decode_object(&body).map_err(|failure| wrong(failure.message))?;
    match written.renewed() {
        Some(at) if at.seconds == now.seconds => Ok(()),
        _ => Err(wrong(
            "the answer to the write has not what was written".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_named_by_its_namespace_and_its_name() {
        for (text, is_good) in [
            ("sre-tools/sre-agent-write-canary", true),
            ("a/b.c", true),
            ("sre-tools", false),
            ("/x", false),
            ("x/", false),
            ("a/b/c", false),
            ("a/..", false),
            ("a/../pods", false),
            ("a.b/c", false),
            ("a/B", false),
            ("a/b?x", false),
            ("-a/b", false),
            ("a/b-", false),
        ] {
            let read = text.parse::<LeaseName>();
            assert_eq!(read.is_ok(), is_good, "{text}");
            if let Ok(lease) = read {
                assert_eq!(lease.to_string(), text);
            }
        }
        assert!(format!("{}/x", "n".repeat(64)).parse::<LeaseName>().is_err());
        assert!(format!("x/{}", "n".repeat(254)).parse::<LeaseName>().is_err());
    }
}
