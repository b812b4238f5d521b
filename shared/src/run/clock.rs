//! The one room that reads the clock of this machine.

use crate::resource::Time;

/// Tells the time; tests bring their own.
pub type Clock = fn() -> Time;

/// This machine's clock.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this is the room that reads the clock")]
pub fn system() -> Time {
    Time::from_seconds(jiff::Timestamp::now().as_second())
}
