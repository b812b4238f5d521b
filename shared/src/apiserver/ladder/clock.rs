//! How far this machine's clock is from the API server's.

use crate::apiserver::facts::Facts;
use crate::failure::Side;
use crate::report::{Rung, RungStatus};

/// Clocks that are further apart are worth a warning. The `Date` header has whole seconds, and so has the time that it
/// is compared with: two good clocks can seem two seconds apart.
const WARNING_SECONDS: i64 = 5;

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let answers = facts.answers;
    let ahead = answers
        .local_time
        .seconds
        .saturating_sub(answers.server_time?.seconds);
    let message = match ahead {
        0 => "the same as here".to_owned(),
        1.. => format!("this machine is {ahead} s ahead"),
        _ => format!("this machine is {} s behind", ahead.unsigned_abs()),
    };
    let mut rung = Rung {
        ahead_seconds: Some(ahead),
        ..Rung::new("clock", RungStatus::Ok, message)
    };
    if ahead.abs() > WARNING_SECONDS {
        rung.status = RungStatus::Warning;
        rung.side = Some(Side::Machine.as_str().to_owned());
        rung.hint = Some("date -u".to_owned());
    }
    Some(rung)
}
