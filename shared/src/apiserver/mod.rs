//! Whether the API server can be reached and is healthy, and which step of the path to it is broken.
//!
//! [`Facts`] hold the answers to the requests and the trace of a connection. [`judge`] makes the verdict of them: `health`
//! reads the API server's own answers, `leases` reads the Leases of its controllers, and `ladder` judges the path rung by
//! rung. [`vantage`] compares two such verdicts. Nothing here sends a request or reads a clock.

mod facts;
mod failure;
mod health;
mod hint;
pub mod ladder;
pub mod leases;
mod milliseconds;
mod public;
pub mod slo;
mod validity;
pub mod vantage;
pub mod writes;

pub use facts::{AddressAnswers, Facts, HealthAnswers, PathTrace, WriteAnswer, is_answered};

use crate::failure::{Class, Failure};
use crate::report::{ApiServerCheck, Identity, Rung, RungStatus, Status};

/// The verdict on the API server, with the ladder if the path was traced.
#[must_use]
pub fn judge(facts: &Facts<'_>) -> ApiServerCheck {
    let mut check = health::judge(facts.answers);
    if let Some(rung) = ladder::controllers::rung(facts) {
        let states = facts.leases();
        let frozen_since = leases::frozen_since(facts.now(), &states);
        health::add_controllers(&mut check, &rung, frozen_since, leases::note_code(&states));
    }
    if let (Some(state), Some(rung)) = (writes::write_state(facts.answers), ladder::write::rung(facts)) {
        writes::add_writes(&mut check, &state, &rung);
    }
    let rungs = ladder::rungs(facts);
    name_broken_rung(&mut check, &rungs);
    // If the identity could not be read, its rung says why.
    let identity = facts
        .trace
        .and_then(|trace| trace.identity.as_ref()?.as_ref().ok());
    check.identity = identity.map(|user| Identity {
        user: user.username.clone(),
        groups: user.groups.clone(),
    });
    if facts.trace.is_some() {
        check.ladder = rungs;
    }
    check
}

/// As [`judge`], for readers who must not learn the names of files and certificates.
#[must_use]
pub fn judge_for_everybody(facts: &Facts<'_>) -> ApiServerCheck {
    public::with_public(facts, judge)
}

/// The verdict if no request could be sent, because no client could be made.
#[must_use]
pub fn judge_failure(failure: &Failure) -> ApiServerCheck {
    let mut check = health::failed_check(failure);
    let rungs = vec![failure::rung_by_class(failure)];
    name_broken_rung(&mut check, &rungs);
    check.ladder = rungs;
    check
}

/// Writes into the check which rung broke, on whose side, and what to do.
fn name_broken_rung(check: &mut ApiServerCheck, rungs: &[Rung]) {
    if check.status == Status::Ok {
        return;
    }
    let failed = || rungs.iter().filter(|rung| rung.status == RungStatus::Failed);
    let rung = failed()
        .filter(|rung| rung.class == check.class)
        // `/readyz` decides before `/livez`.
        .min_by_key(|rung| rung.rung == "livez")
        .or_else(|| failed().next());
    match rung {
        Some(rung) => {
            check.rung = Some(rung.rung.clone());
            check.side.clone_from(&rung.side);
            if rung.hint.is_some() {
                check.hint.clone_from(&rung.hint);
            }
        }
        None => {
            let class = check.class.as_deref().and_then(Class::from_word);
            check.side = class.map(|class| class.side().as_str().to_owned());
        }
    }
}
