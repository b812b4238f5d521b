//! A report as an agent sent it, and the fields that are read before it.

use super::error_body::ErrorBody;
use crate::cluster::ServiceResponse;
use crate::failure::{Class, Failure};
use crate::report::{API_VERSION, KIND, Report};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The fields that are read before the whole answer. They show who answered, and whether every required field is there.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    api_version: String,
    kind: String,
    #[serde(default)]
    pub coverage: HeadCoverage,
    #[serde(default)]
    pub checks: Vec<HeadCheck>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct HeadCoverage {
    pub namespaces: Option<IgnoredAny>,
}

#[derive(Clone, Deserialize)]
pub(super) struct HeadCheck {
    #[serde(default)]
    pub check: String,
    #[serde(default)]
    pub summary: Option<IgnoredAny>,
}

/// A report of an agent, as it sent it.
#[derive(Clone)]
pub(super) struct ReceivedReport {
    pub report: Report,
    pub head: Head,
}

impl ReceivedReport {
    /// Reads a report.
    ///
    /// # Errors
    /// `agentVersion` if the agent speaks another version of the report; `notAnAgent` if it is no report.
    pub fn read(body: &[u8], status: u16) -> Result<Self, Failure> {
        match read_report(body, status)? {
            Some(received) => Ok(received),
            None => Err(no_agent(&ServiceResponse {
                status,
                body: body.get(..SHOWN).unwrap_or(body).to_vec(),
            })),
        }
    }
}

/// The bytes of something else that are shown.
const SHOWN: usize = 200;

/// Decodes a report; `None` if it is something else.
pub(super) fn read_report(body: &[u8], status: u16) -> Result<Option<ReceivedReport>, Failure> {
    let failure = |message: String| Failure {
        status: Some(status),
        ..Failure::new(Class::AgentVersion, message)
    };
    let head = serde_json::from_slice::<Head>(body);
    let Some(head) = head.ok().filter(|head| head.kind == KIND) else {
        return Ok(None);
    };
    if head.api_version != API_VERSION {
        return Err(failure(format!(
            "the agent reports as {}, and this plugin understands {API_VERSION}",
            head.api_version
        )));
    }
    let report = serde_json::from_slice(body)
        .map_err(|error| failure(format!("the agent's report cannot be understood: {error}")))?;
    Ok(Some(ReceivedReport { report, head }))
}

/// The failure if something else answered.
pub(super) fn no_agent(served: &ServiceResponse) -> Failure {
    let text = String::from_utf8_lossy(served.body.get(..SHOWN).unwrap_or(&served.body));
    let line: String = text
        .trim()
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect();
    let failure = Failure {
        status: Some(served.status),
        ..Failure::new(
            Class::NotAnAgent,
            format!("what answers is no agent: HTTP {} {line:?}", served.status),
        )
    };
    // An agent refuses in this form, for a reason that came after this release. So do many other programs.
    if ErrorBody::read(served).is_none() {
        return failure;
    }
    failure.with_hint(
        "check the name of the Service or the URL; if it is an agent, it is newer than this plugin: install the plugin of \
         its version",
    )
}
