//! Whether the API server says that it is alive.

use super::readyz;
use crate::apiserver::facts::Facts;
use crate::report::{Rung, RungStatus};

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let mut rung = readyz::health_rung(facts, "livez", facts.answers.livez.as_ref()?);
    // `/readyz` decides. An API server that is ready and not alive is about to be restarted.
    if rung.status == RungStatus::Failed && matches!(&facts.answers.readyz, Ok((200, _))) {
        rung.status = RungStatus::Warning;
    }
    Some(rung)
}
