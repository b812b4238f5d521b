//! Which credential is sent, and how long it lasts.

use crate::apiserver::facts::Facts;
use crate::apiserver::milliseconds::milliseconds;
use crate::apiserver::validity::{CERTIFICATE_WARNING_SECONDS, TOKEN_WARNING_SECONDS, Validity};
use crate::apiserver::{failure, hint};
use crate::failure::{Class, Side};
use crate::report::{Rung, RungStatus};
use crate::resource::Time;

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let credential = &facts.connection.credential;
    let kind = Some(credential.kind.clone()).filter(|kind| !kind.is_empty());
    let whoami = || hint::kubectl(facts.connection, "auth whoami");
    if let Some(failure) = facts.unsent_failure() {
        return Some(Rung {
            kind,
            hint: Some(failure.hint.clone().unwrap_or_else(whoami)),
            ..failure::broken_rung("credential", failure, Side::Machine)
        });
    }
    let mut words = vec![match credential.kind.as_str() {
        "" | "none" => "none: you are asked as nobody".to_owned(),
        kind => kind.to_owned(),
    }];
    words.extend(credential.warning.iter().cloned());
    words.extend(credential.impersonates.iter().map(|who| format!("as {who}")));
    let mut status = if !facts.sends_credential() || credential.warning.is_some() {
        RungStatus::Warning
    } else {
        RungStatus::Ok
    };
    let mut rung = Rung {
        kind,
        elapsed_ms: credential.elapsed.map(milliseconds),
        certificates: credential
            .certificate
            .iter()
            .filter_map(super::tls::certificate_view)
            .collect(),
        ..Rung::new("credential", status, "")
    };
    let expiries = expiries(facts);
    for (what, end, warning_seconds) in &expiries {
        let validity = Validity::new(facts.now(), *end, *warning_seconds);
        words.push(format!("the {what} {validity}"));
        status = match (status, validity) {
            (_, Validity::Ended(_)) | (RungStatus::Failed, _) => RungStatus::Failed,
            (_, Validity::Soon(_)) => RungStatus::Warning,
            (status, Validity::Fine(_)) => status,
        };
    }
    rung.expires = expiries
        .iter()
        .map(|(_, end, _)| *end)
        .min()
        .map(|end| end.to_string());
    if status == RungStatus::Failed {
        if facts.answers.is_answered() && facts.refusal(Class::Unauthenticated).is_none() {
            status = RungStatus::Warning;
            words.push("yet the API server accepts it".into());
        }
        rung.class = Some(Class::Unauthenticated.as_str().to_owned());
        rung.side = Some(Side::Rights.as_str().to_owned());
        rung.hint = Some(whoami());
    }
    rung.status = status;
    rung.message = words.join(", ");
    Some(rung)
}

/// The parts of the credential that expire: name, time, and how many seconds before that a warning is due.
fn expiries(facts: &Facts<'_>) -> Vec<(&'static str, Time, i64)> {
    let credential = &facts.connection.credential;
    let token = credential
        .token_expires
        .map(|end| ("token", end, TOKEN_WARNING_SECONDS));
    let certificate = credential
        .certificate
        .as_ref()
        .and_then(|certificate| certificate.not_after)
        .map(|end| ("client certificate", end, CERTIFICATE_WARNING_SECONDS));
    token.into_iter().chain(certificate).collect()
}
