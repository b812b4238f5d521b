//! The path to the API server, one rung a file.

#![allow(
    clippy::unnecessary_wraps,
    reason = "the rungs share one signature, and some of them are always there"
)]

mod clock;
pub(super) mod controllers;
mod credential;
mod dns;
mod flow_control;
mod http;
mod identity;
mod kubeconfig;
mod livez;
mod proxy;
mod readyz;
mod rights;
mod tcp;
mod tls;
mod tunnel;
mod version;
pub(super) mod write;

use crate::apiserver::facts::Facts;
use crate::report::{Rung, RungStatus};

/// Makes the rung, if the facts say anything about it.
type RungFn = fn(&Facts<'_>) -> Option<Rung>;

/// What a rung that failed means for the rungs below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FailureEffect {
    /// They are shown: they do not need it.
    Continue,
    /// They are left out, unless the API server answers over a connection that is open already. Then it is a warning,
    /// since the next connection will fail.
    EndUnlessAnswered,
    /// They are left out: they need it.
    End,
    /// They are left out, even if there is no such rung because no request was sent.
    EndOrAbsent,
}
use FailureEffect::{Continue, End, EndOrAbsent, EndUnlessAnswered};

/// The rungs in the order of the path.
const LADDER: [(&str, RungFn, FailureEffect); 17] = [
    ("kubeconfig", kubeconfig::rung, Continue),
    ("credential", credential::rung, Continue),
    ("proxy", proxy::rung, Continue),
    ("dns", dns::rung, EndUnlessAnswered),
    ("tcp", tcp::rung, EndUnlessAnswered),
    ("tunnel", tunnel::rung, EndUnlessAnswered),
    ("tls", tls::rung, EndUnlessAnswered),
    ("http", http::rung, EndOrAbsent),
    ("clock", clock::rung, Continue),
    ("identity", identity::rung, End),
    ("rights", rights::rung, Continue),
    ("version", version::rung, Continue),
    ("livez", livez::rung, Continue),
    ("readyz", readyz::rung, Continue),
    ("flowControl", flow_control::rung, Continue),
    ("controllers", controllers::rung, Continue),
    ("write", write::rung, Continue),
];

/// Every rung that the facts allow, down to the one that ends the path.
#[must_use]
pub fn rungs(facts: &Facts<'_>) -> Vec<Rung> {
    let mut rungs = Vec::new();
    for (_, make_rung, effect) in LADDER {
        let Some(mut rung) = make_rung(facts) else {
            match effect {
                EndOrAbsent => break,
                _ => continue,
            }
        };
        let ends = match effect {
            _ if rung.status != RungStatus::Failed => false,
            EndUnlessAnswered if facts.answers.is_answered() => {
                rung.status = RungStatus::Warning;
                false
            }
            Continue => false,
            EndUnlessAnswered | End | EndOrAbsent => true,
        };
        rungs.push(rung);
        if ends {
            break;
        }
    }
    rungs
}

#[cfg(test)]
mod tests;
