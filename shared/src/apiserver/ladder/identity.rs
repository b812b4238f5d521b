//! Whom the API server takes this client for.

use crate::apiserver::failure::broken;
use crate::apiserver::{Facts, hint};
use crate::cluster::UserInfo;
use crate::failure::{Class, Failure, Side};
use crate::report::{Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    if let Some(failure) = facts.refusal(Class::Unauthenticated) {
        return Some(unauthenticated(facts, failure));
    }
    let rung = match facts.trace?.identity.as_ref()? {
        Ok(user) if user.username == "system:anonymous" && facts.sends_credential() => anonymous(facts),
        Ok(user) => Rung::new("identity", RungStatus::Ok, known(user)),
        Err(failure) if failure.class == Class::Unauthenticated => unauthenticated(facts, failure),
        Err(failure) => Rung::new(
            "identity",
            RungStatus::Unknown,
            format!("unknown: {}", failure.message),
        ),
    };
    Some(rung)
}

fn known(user: &UserInfo) -> String {
    let UserInfo { username, groups } = user;
    match groups.as_slice() {
        [] => format!("you are {username}"),
        groups => format!("you are {username}, in {}", groups.join(", ")),
    }
}

/// A credential was sent, and the API server saw none.
fn anonymous(facts: &Facts<'_>) -> Rung {
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

/// The API server answered 401.
fn unauthenticated(facts: &Facts<'_>, failure: &Failure) -> Rung {
    let sent = match facts.connection.credential.kind.as_str() {
        "" | "none" => "request without a credential",
        kind => kind,
    };
    Rung {
        message: format!("the API server does not accept the {sent}: {}", failure.message),
        hint: Some(hint::kubectl(facts.connection, "auth whoami")),
        ..broken("identity", failure, Side::Rights)
    }
}
