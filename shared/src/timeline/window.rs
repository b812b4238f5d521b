//! The span of time that a timeline is about.

use crate::resource::Time;

/// A bound of the span as it is given: a time, or so many seconds ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowBound {
    /// A point in time.
    At(Time),
    /// Seconds before now.
    Ago(i64),
}

impl WindowBound {
    /// The time that it means.
    #[must_use]
    pub fn time(self, now: Time) -> Time {
        match self {
            Self::At(time) => time,
            Self::Ago(seconds) => Time::from_seconds(now.seconds.saturating_sub(seconds)),
        }
    }
}

/// The span of time that a timeline is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindow {
    /// Its beginning, which belongs to it.
    pub since: Time,
    /// Its end, which belongs to it. Without one, changes count that another clock dates after now.
    pub until: Option<Time>,
}

impl TimeWindow {
    /// Whether that time is in it.
    #[must_use]
    pub fn has(&self, time: Time) -> bool {
        time >= self.since && self.until.is_none_or(|until| time <= until)
    }
}
