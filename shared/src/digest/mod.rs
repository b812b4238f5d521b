//! A report in the form in which people read it: the verdict first, then groups of problems with the worst first, then
//! the things that were not seen, and one line for each part.
//!
//! It is made once from a [`Report`]. It holds data and plain sentences, without colour, escapes or line breaks. The terminal
//! and every other output for people draw from it, so that all of them group, order and word a report alike.

mod api_record;
mod api_server;
mod change;
mod headline;
mod impact;
mod left_out;
mod log;
mod manifest;
mod not_seen;
mod part;
mod problem;
mod words;

pub use api_record::percent;
pub use change::{change_words, plain_change_words, undo_words};
pub use headline::Headline;
pub use impact::{Impact, worst_first};
pub use log::further_lines;
pub use not_seen::{CausesNotSeen, NotSeenGroup};
pub use part::{Extent, PartLine};
pub use problem::{Affected, ObjectProblem, Problem, Severity, SharedCause};
pub use words::{
    baseline_words, cause_sentence, count, describe_command, milliseconds, object_name, ready_of_desired,
};

pub use crate::check::{abridge, trim_end_mark};
use crate::report::{Acknowledged, ApiServerCheck, Grant, Item, Report, Status};
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
    /// The commands that grant the missing rights, if rights are missing.
    pub grant: Option<&'a Grant>,
    /// Things that the search for causes did not see.
    pub causes_not_seen: CausesNotSeen<'a>,
    /// Sentences about namespaces that are being deleted.
    pub left_out: Vec<String>,
    /// Sentences about objects of manifests that have no verdict.
    pub manifest: Vec<String>,
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
        // Most objects of a cluster are well, and no list of them is made.
        let is_shown = |item: &&Item| {
            item.acknowledged.is_some() || item.is_reportable() || Severity::from_item(item).is_some()
        };
        let items = report.kinds().flat_map(|kind| &kind.items);
        let items: Vec<&Item> = items.filter(is_shown).collect();
        let not_seen = not_seen::group(&report.coverage.not_seen);
        let now = report_time(report);
        Self {
            headline: Headline::new(report, &not_seen),
            api_server: report
                .api_server()
                .filter(|check| check.status != Status::Ok && !check.is_excused()),
            problems: problem::group(&items),
            acknowledged: items
                .iter()
                .filter_map(|item| Some((*item, item.acknowledged.as_ref()?)))
                .collect(),
            not_seen,
            grant: report.coverage.grant.as_ref(),
            causes_not_seen: CausesNotSeen::new(report),
            left_out: left_out::sentences(report, now),
            manifest: manifest::sentences(report),
            parts: part::list(report, now),
            extent: Extent::new(report),
            now,
        }
    }

    /// The sentences of a verdict that stands alone. If one object is all there is and it falls short, they say why.
    #[must_use]
    pub fn brief(&self, report: &Report) -> Vec<String> {
        headline::sentences(report, &self.not_seen, &|item, kind| {
            let why = self.problems.iter().find_map(|problem| problem.text(item, self));
            match why {
                Some(why) => words::name_and_text(item, &why),
                None => headline::object_sentence(item, kind),
            }
        })
    }

    /// How long ago a time was, such as `19 min`; `None` if the text is not a time.
    #[must_use]
    pub fn age(&self, since: Option<&str>) -> Option<String> {
        self.seconds(since).map(span)
    }

    /// How many seconds ago a time was; `None` if the text is not a time.
    #[must_use]
    pub fn seconds(&self, since: Option<&str>) -> Option<i64> {
        let since = Time::parse(since?).ok()?;
        Some(self.now?.seconds_since(since))
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
