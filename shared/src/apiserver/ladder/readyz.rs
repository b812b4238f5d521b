//! Whether the API server, and each of its addresses, says that it is ready.

use crate::apiserver::facts::{AddressAnswers, Facts};
use crate::apiserver::failure::{address_result, broken_rung};
use crate::apiserver::health::readyz_lines;
use crate::apiserver::hint;
use crate::cluster::{Readiness, status_class};
use crate::failure::{Class, Failure, Side};
use crate::report::{AddressResult, Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let mut rung = health_rung(facts, "readyz", &facts.answers.readyz);
    let addresses = facts.addresses();
    rung.addresses = addresses.iter().map(address_readyz).collect();
    let not_ready: Vec<_> = addresses
        .iter()
        .filter(|answers| is_not_ready(answers))
        .map(|answers| answers.address.to_string())
        .collect();
    if !not_ready.is_empty() && rung.status == RungStatus::Ok {
        rung.status = RungStatus::Warning;
        rung.message = format!(
            "{} of {} addresses {} not ready: {}",
            not_ready.len(),
            addresses.len(),
            if not_ready.len() == 1 { "is" } else { "are" },
            not_ready.join(", ")
        );
        rung.side = Some(Side::ControlPlane.as_str().to_owned());
        rung.hint = Some(verbose(facts, "readyz"));
    }
    Some(rung)
}

/// The rung of `/readyz` or `/livez`, from its answer.
pub(super) fn health_rung(facts: &Facts<'_>, name: &str, answer: &Result<Readiness, Failure>) -> Rung {
    let mut rung = match answer {
        Ok((200, text)) => {
            let message = match readyz_lines(text) {
                Some(lines) => format!("{} of {} checks pass", lines.passed, lines.total),
                None => "passes".to_owned(),
            };
            Rung::new(name, RungStatus::Ok, message)
        }
        Ok((403, _)) => Rung::new(name, RungStatus::Unknown, "not allowed"),
        Ok((404, _)) => Rung::new(name, RungStatus::Unknown, "not served"),
        Ok((429, _)) => Rung::new(name, RungStatus::Unknown, "unknown: 429"),
        Ok((code, text)) => {
            let class = status_class(*code).unwrap_or(Class::NotAnApiServer);
            let (message, failing) = unready_text(*code, text);
            let is_gateway = matches!(code, 502..=504) && failing.is_empty();
            let side = if is_gateway { Side::Proxy } else { class.side() };
            Rung {
                failing,
                ..broken_rung(name, &Failure::new(class, message), side)
            }
        }
        Err(failure) => {
            let side = match failure.class {
                Class::Timeout => Side::ControlPlane,
                _ => failure.side(),
            };
            broken_rung(name, failure, side)
        }
    };
    if rung.status == RungStatus::Failed {
        rung.hint.get_or_insert_with(|| verbose(facts, name));
    }
    rung
}

fn verbose(facts: &Facts<'_>, name: &str) -> String {
    hint::kubectl(facts.connection, &format!("get --raw '/{name}?verbose'"))
}

/// The answer in words, and the parts that fail.
fn unready_text(code: u16, text: &str) -> (String, Vec<String>) {
    let failing = readyz_lines(text).map(|lines| lines.failing).unwrap_or_default();
    let message = match failing.as_slice() {
        [] => format!("answers {code}"),
        failing => format!("answers {code}, failing: {}", failing.join(", ")),
    };
    (message, failing)
}

fn address_readyz(answers: &AddressAnswers) -> AddressResult {
    let mut result = address_result(answers.address, answers.elapsed, answers.readyz.as_ref().err());
    if let Ok((code @ 400.., text)) = &answers.readyz {
        result.class = status_class(*code).map(|class| class.as_str().to_owned());
        result.error = Some(unready_text(*code, text).0);
    }
    result
}

/// Whether the address is not ready. One that may not be asked, or serves no `/readyz`, is not counted.
fn is_not_ready(answers: &AddressAnswers) -> bool {
    match &answers.readyz {
        Ok((403 | 404, _)) => false,
        Ok((code, _)) => *code >= 400,
        Err(_) => true,
    }
}
