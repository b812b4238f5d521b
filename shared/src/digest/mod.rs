//! A report in the form in which people read it: the verdict first, then groups of problems with the worst first, then
//! the things that were not seen, and one line for each part.
//!
//! It is made once from a [`Report`]. It holds data and plain sentences, without colour, escapes or line breaks. The terminal
//! and every other output for people draw from it, so that all of them group, order and word a report alike.

mod api_server;
mod headline;
mod not_seen;
mod part;
mod problem;
mod words;

pub use headline::Headline;
pub use not_seen::{CausesNotSeen, NotSeenGroup};
pub use part::{Extent, PartLine};
pub use problem::{ObjectProblem, Problem, Severity, SharedCause};
pub use words::{cause_sentence, describe_command, milliseconds, object_name, ready_count};

use crate::report::{Acknowledged, ApiServerCheck, Item, Report, Status};
use crate::resource::Time;
use crate::span::span;

/// A report in the form in which people read it.
#[derive(Debug)]
pub struct Digest<'a> {
    /// The verdict.
    pub headline: Headline,
    /// The API server's part, if it is not well.
    pub api_server: Option<&'a ApiServerCheck>,
    /// The problems of the objects, the worst first: causes that several objects share, single objects, and objects that
    /// fall short alike.
    pub problems: Vec<Problem<'a>>,
    /// Objects that an annotation acknowledges.
    pub acknowledged: Vec<(&'a Item, &'a Acknowledged)>,
    /// Things that were asked for and not seen, one entry for each failure.
    pub not_seen: Vec<NotSeenGroup<'a>>,
    /// Things that the search for causes did not see.
    pub causes_not_seen: CausesNotSeen<'a>,
    /// One line for each part that has something to report, the API server first.
    pub parts: Vec<PartLine>,
    /// The parts, namespaces and kinds that were asked for.
    pub extent: Extent,
    now: Option<Time>,
}

/// The health of a part, or of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverallHealth {
    /// All of it was seen and is healthy.
    Ok,
    /// All objects that fall short are under way.
    Progressing,
    /// Something falls short.
    Degraded,
    /// Not all of it was seen or understood.
    Unknown,
}

impl OverallHealth {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Progressing => "progressing",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Status> for OverallHealth {
    fn from(status: Status) -> Self {
        match status {
            Status::Ok => Self::Ok,
            Status::Degraded => Self::Degraded,
            Status::Unknown => Self::Unknown,
        }
    }
}

impl<'a> Digest<'a> {
    /// The digest of a report. Ages are those at the time of the report.
    #[must_use]
    pub fn new(report: &'a Report) -> Self {
        let items: Vec<&Item> = report.kinds().flat_map(|kind| &kind.items).collect();
        let not_seen = not_seen::group(&report.coverage.not_seen);
        let now = report_time(report);
        Self {
            headline: Headline::new(report, &not_seen),
            api_server: report.api_server().filter(|check| check.status != Status::Ok),
            problems: problem::group(&items),
            acknowledged: items
                .iter()
                .filter_map(|item| Some((*item, item.acknowledged.as_ref()?)))
                .collect(),
            not_seen,
            causes_not_seen: CausesNotSeen::new(report),
            parts: part::list(report, now),
            extent: Extent::new(report),
            now,
        }
    }

    /// How long ago a time was, such as `19 min`; `None` if the text is not a time.
    #[must_use]
    pub fn age(&self, since: Option<&str>) -> Option<String> {
        let since = Time::parse(since?).ok()?;
        Some(span(self.now?.seconds_since(since)))
    }
}

/// When the report was made. Its data may be older.
fn report_time(report: &Report) -> Option<Time> {
    let observed = Time::parse(&report.observed_at).ok()?;
    let age = i64::try_from(report.age_seconds).ok()?;
    Some(Time::from_seconds(observed.seconds.saturating_add(age)))
}

#[cfg(test)]
mod tests;
