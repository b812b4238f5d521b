//! The identity that the API server gives this client.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::broken_rung;
use crate::apiserver::hint;
use crate::cluster::UserInfo;
use crate::failure::{Class, Failure, Side};
use crate::report::{Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    if let Some(failure) = facts.refusal(Class::Unauthenticated) {
        return Some(unauthenticated_rung(facts, failure));
    }
    let rung = match facts.trace?.identity.as_ref()? {
        Ok(user) if user.username == "system:anonymous" && facts.sends_credential() => anonymous_rung(facts),
        Ok(user) => Rung::new("identity", RungStatus::Ok, identity_text(user)),
        Err(failure) if failure.class == Class::Unauthenticated => unauthenticated_rung(facts, failure),
        Err(failure) => Rung::new(
            "identity",
            RungStatus::Unknown,
            format!("unknown: {}", failure.message),
        ),
    };
    Some(rung)
}

fn identity_text(user: &UserInfo) -> String {
    let UserInfo { username, groups } = user;
    match groups.as_slice() {
        [] => format!("you are {username}"),
        groups => format!("you are {username}, in {}", groups.join(", ")),
    }
}

/// The rung if a credential was sent and the API server saw none.
fn anonymous_rung(facts: &Facts<'_>) -> Rung {
    let message = format!(
        "you are system:anonymous: the {} did not arrive, as happens if a load balancer ends TLS",
        facts.connection.credential.kind
    );
    Rung {
        side: Some(Side::Proxy.as_str().to_owned()),
        hint: Some(hint::kubectl(facts.connection, "auth whoami")),
        ..Rung::new("identity", RungStatus::Warning, message)
    }
}

/// The rung if the API server answered 401.
fn unauthenticated_rung(facts: &Facts<'_>, failure: &Failure) -> Rung {
    let sent = match facts.connection.credential.kind.as_str() {
        "" | "none" => "request without a credential",
        kind => kind,
    };
    Rung {
        message: format!("the API server does not accept the {sent}: {}", failure.message),
        hint: Some(hint::kubectl(facts.connection, "auth whoami")),
        ..broken_rung("identity", failure, Side::Rights)
    }
}
