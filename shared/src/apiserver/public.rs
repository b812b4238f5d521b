//! The facts for readers who must not learn the names of files and certificates, such as the clients of an agent.
//!
//! What they may know stays: addresses, classes of failures, and when something expires.

use crate::apiserver::facts::{AddressAnswers, Facts, HealthAnswers, PathTrace, WriteAnswer};
use crate::cluster::{Certificate, ConnectionInfo, CredentialInfo, DialTrace, Step};
use crate::failure::Failure;

/// Calls `judge` with the facts without these names.
pub(super) fn with_public<T>(facts: &Facts<'_>, judge: impl FnOnce(&Facts<'_>) -> T) -> T {
    let trace = facts.trace.map(path_trace);
    judge(&Facts {
        connection: &connection(facts.connection),
        answers: &answers(facts.answers),
        trace: trace.as_ref(),
        flow: facts.flow.clone(),
    })
}

fn connection(info: &ConnectionInfo) -> ConnectionInfo {
    ConnectionInfo {
        files: Vec::new(),
        skipped: Vec::new(),
        credential: CredentialInfo {
            // `token file /path` without the path.
            kind: without_paths(&info.credential.kind),
            warning: info.credential.warning.as_deref().map(without_paths),
            certificate: info.credential.certificate.as_ref().map(certificate),
            ..info.credential.clone()
        },
        ..info.clone()
    }
}

/// The words that are no path.
fn without_paths(text: &str) -> String {
    let words = text.split(' ').filter(|word| !word.contains(['/', '\\']));
    words.collect::<Vec<_>>().join(" ")
}

/// Only when it is valid.
fn certificate(certificate: &Certificate) -> Certificate {
    Certificate {
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        ..Certificate::default()
    }
}

fn answers(answers: &HealthAnswers) -> HealthAnswers {
    HealthAnswers {
        version: public(&answers.version),
        readyz: public(&answers.readyz),
        livez: answers.livez.as_ref().map(public),
        leases: answers
            .leases
            .iter()
            .map(|(name, lease)| (*name, public(lease)))
            .collect(),
        write: answers.write.as_ref().map(|write| WriteAnswer {
            result: public(&write.result),
            ..write.clone()
        }),
        ..answers.clone()
    }
}

fn path_trace(trace: &PathTrace) -> PathTrace {
    PathTrace {
        dial: dial(&trace.dial),
        identity: trace.identity.as_ref().map(public),
        rules: trace
            .rules
            .as_ref()
            .map(|(namespace, rules)| (namespace.clone(), public(rules))),
        addresses: trace
            .addresses
            .iter()
            .map(|one| AddressAnswers {
                version: public(&one.version),
                readyz: public(&one.readyz),
                ..one.clone()
            })
            .collect(),
    }
}

fn dial(dial: &DialTrace) -> DialTrace {
    let mut public = DialTrace {
        resolved: dial.resolved.as_ref().map(step),
        tcp: dial
            .tcp
            .iter()
            .map(|(address, tcp)| (*address, step(tcp)))
            .collect(),
        proxy: dial.proxy.as_ref().map(step),
        tls: dial.tls.as_ref().map(step),
        presented: dial.presented.iter().map(certificate).collect(),
    };
    if let Some(Ok(handshake)) = public.tls.as_mut().map(|tls| &mut tls.result) {
        handshake.chain = handshake.chain.iter().map(certificate).collect();
    }
    public
}

fn step<T: Clone>(step: &Step<T>) -> Step<T> {
    Step {
        elapsed: step.elapsed,
        result: public(&step.result),
    }
}

fn public<T: Clone>(result: &Result<T, Failure>) -> Result<T, Failure> {
    result.clone().map_err(|failure| failure.public())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_credential_loses_its_path() {
        for (kind, public) in [
            ("token file /var/run/token", "token file"),
            ("client certificate", "client certificate"),
            ("exec plugin aws", "exec plugin aws"),
            ("ServiceAccount token", "ServiceAccount token"),
        ] {
            assert_eq!(without_paths(kind), public);
        }
    }
}
