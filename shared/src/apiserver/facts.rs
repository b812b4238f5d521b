//! The facts about the API server and the path to it, before they are judged.

use crate::apiserver::leases::{self, LeaseState};
use crate::cluster::{ConnectionInfo, DialTrace, FlowControl, LeaseName, Readiness, Rules, UserInfo};
use crate::failure::{Class, Failure};
use crate::resource::{Lease, Time};
use std::net::SocketAddr;
use std::time::Duration;

/// Everything that the verdict and the rungs are made of.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The decisions before the first packet.
    pub connection: &'a ConnectionInfo,
    /// The answers to the requests of each check.
    pub answers: &'a HealthAnswers,
    /// The trace of the path, if it was taken.
    pub trace: Option<&'a PathTrace>,
    /// How the API server's flow control classifies the requests, if an answer said so.
    pub flow: Option<FlowControl>,
}

/// The answers to the requests that each check sends.
#[derive(Debug, Clone)]
pub struct HealthAnswers {
    /// `gitVersion` of `/version`.
    pub version: Result<String, Failure>,
    /// How long `/version` took.
    pub latency: Duration,
    /// Whether `/version` was not asked, and both are those of an earlier check.
    pub is_version_former: bool,
    /// The response of `/readyz`, with any status code.
    pub readyz: Result<Readiness, Failure>,
    /// The response of `/livez`, with any status code; `None` if it was not asked.
    pub livez: Option<Result<Readiness, Failure>>,
    /// The Leases of the controllers that were asked for, by name.
    pub leases: Vec<(&'static str, Result<Lease, Failure>)>,
    /// The answer to a write, if one was tried.
    pub write: Option<WriteAnswer>,
    /// The API server's time after the last answer, if an answer had a `Date`.
    pub server_time: Option<Time>,
    /// This machine's time in the same moment.
    pub local_time: Time,
}

/// The answer to a write into a Lease that is there for that.
#[derive(Debug, Clone)]
pub struct WriteAnswer {
    /// The Lease.
    pub lease: LeaseName,
    /// How long the write took.
    pub elapsed: Duration,
    /// Whether it was stored.
    pub result: Result<(), Failure>,
}

/// The trace of the path: one fresh connection and the requests that only the ladder needs.
#[derive(Debug, Clone, Default)]
pub struct PathTrace {
    /// A fresh connection, step by step.
    pub dial: DialTrace,
    /// The identity that the API server gives this client; `None` if it was not asked.
    pub identity: Option<Result<UserInfo, Failure>>,
    /// A namespace and the rights of this client in it; `None` if it was not asked.
    pub rules: Option<(String, Result<Rules, Failure>)>,
    /// The answers of each address, if the API server's name has several.
    pub addresses: Vec<AddressAnswers>,
}

/// The answers of one of several addresses.
#[derive(Debug, Clone)]
pub struct AddressAnswers {
    /// The address, with its port.
    pub address: SocketAddr,
    /// How long `/readyz` took.
    pub elapsed: Duration,
    /// `gitVersion` of its `/version`.
    pub version: Result<String, Failure>,
    /// The response of its `/readyz`, with any status code.
    pub readyz: Result<Readiness, Failure>,
}

impl HealthAnswers {
    /// Whether an API server answered, if only with a refusal.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        is_answered(&self.version)
    }

    /// The status code of `/livez`, if it was asked and answered.
    #[must_use]
    pub fn livez_code(&self) -> Option<u16> {
        let (code, _) = self.livez.as_ref()?.as_ref().ok()?;
        Some(*code)
    }
}

/// Whether this answer to `/version` came from an API server, if only as a refusal.
#[must_use]
pub fn is_answered(version: &Result<String, Failure>) -> bool {
    version
        .as_ref()
        .err()
        .is_none_or(|failure| !failure.class.is_unreached())
}

impl<'a> Facts<'a> {
    /// The present by the API server's clock, or by this machine's if no answer had a `Date`.
    pub(super) fn now(&self) -> Time {
        self.answers.server_time.unwrap_or(self.answers.local_time)
    }

    /// Whether requests carry a credential.
    pub(super) fn sends_credential(&self) -> bool {
        !matches!(self.connection.credential.kind.as_str(), "" | "none")
    }

    /// Why no request was sent, such as a credential plugin that failed.
    pub(super) fn unsent_failure(&self) -> Option<&'a Failure> {
        let failure = self.answers.version.as_ref().err()?;
        matches!(failure.class, Class::Credential | Class::BadConfiguration).then_some(failure)
    }

    /// Why the API server refused the plainest request, if it did so with that class.
    pub(super) fn refusal(&self, class: Class) -> Option<&'a Failure> {
        let failure = self.answers.version.as_ref().err()?;
        (failure.class == class).then_some(failure)
    }

    /// The state of each Lease that was asked for; none if no API server answered.
    pub(super) fn leases(&self) -> Vec<(&'static str, LeaseState)> {
        if !self.answers.is_answered() {
            return Vec::new();
        }
        let leases = self.answers.leases.iter();
        leases
            .map(|(name, answer)| (*name, leases::state(answer)))
            .collect()
    }

    /// The answers of each address, if there are several.
    pub(super) fn addresses(&self) -> &'a [AddressAnswers] {
        self.trace.map_or(&[], |trace| trace.addresses.as_slice())
    }
}
