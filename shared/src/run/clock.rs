//! The one module that reads the clock of this machine.

use crate::resource::Time;

/// Returns the time. Tests bring their own.
pub type Clock = fn() -> Time;

/// This machine's clock.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this module alone reads the clock")]
pub fn system() -> Time {
    Time::from_seconds(jiff::Timestamp::now().as_second())
}
