//! Whether an API server answers, and how fast.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::{broken_rung, connection_side};
use crate::apiserver::hint;
use crate::apiserver::milliseconds::milliseconds;
use crate::failure::{Class, Side};
use crate::report::{Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    if facts.unsent_failure().is_some() {
        return None;
    }
    let mut rung = match &facts.answers.version {
        Ok(_) => Rung::new("http", RungStatus::Ok, "an API server answers"),
        Err(failure) if facts.answers.is_answered() => {
            let code = failure.status.map(|code| format!(" with {code}"));
            let message = format!("it answers{}", code.unwrap_or_default());
            Rung::new("http", RungStatus::Ok, message)
        }
        Err(failure) => {
            let side = match failure.class {
                // The connection is open, so the server is silent on it.
                Class::Timeout => Side::ControlPlane,
                _ => connection_side(facts, failure),
            };
            let mut rung = broken_rung("http", failure, side);
            rung.hint
                .get_or_insert_with(|| hint::curl_version(facts.connection));
            rung
        }
    };
    rung.elapsed_ms = Some(milliseconds(facts.answers.latency));
    Some(rung)
}
