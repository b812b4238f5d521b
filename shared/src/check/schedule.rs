//! When the runs of a CronJob are due.
//!
//! Fields, words and days are read like `github.com/robfig/cron/v3`, which the CronJob controller uses
//! (`ParseStandard`, `SpecSchedule.Next`). The crates that read crontabs follow Vixie's cron, which reads `*/2` in a
//! day beside a day of the week differently, and they know no `@every`. They would report runs as missed that were never
//! due.
//!
//! The time zone is `spec.timeZone`, or `TZ=` in the schedule of an old object. With neither it is the zone of
//! kube-controller-manager, which is UTC except for control planes on machines of another zone. The runs so far show
//! the zone. If they do not, a run is late only once it is late in every zone.

use crate::duration;
use crate::resource::Time;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _};
use std::sync::LazyLock;

/// The furthest that clocks are from UTC, in hours.
const OFFSETS: std::ops::RangeInclusive<i8> = -12..=14;
/// An unnamed zone may have changed to or from summer time since the last run.
const SUMMER_SECONDS: i64 = 3600;
/// A schedule that is not due within this many years is never due: 29 February occurs within every eight years.
const YEARS: i16 = 8;

/// The schedule of a CronJob.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    times: RunTimes,
    zone: ScheduleZone,
}

#[derive(Debug, Clone)]
enum RunTimes {
    Fields(CronFields),
    /// This many seconds after the previous run.
    Every(i64),
}

#[derive(Debug, Clone)]
enum ScheduleZone {
    Known(TimeZone),
    Unnamed,
    Unknown,
}

/// Bit sets of the values that fit.
#[derive(Debug, Clone)]
struct CronFields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the day of the month or the day of the week is unrestricted. Then both have to fit, otherwise one of
    /// them.
    any_day: bool,
}

impl Schedule {
    /// Reads a schedule; `None` if it is not understood. `zone` is the CronJob's time zone.
    pub fn parse(text: &str, zone: Option<&str>) -> Option<Self> {
        let text = text.trim();
        let own = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ="));
        let (zone, text) = match own {
            Some(rest) => {
                let (zone, rest) = rest.split_once(' ')?;
                (Some(zone), rest.trim())
            }
            None => (zone, text),
        };
        Some(Self {
            times: times(text)?,
            zone: zone.map_or(ScheduleZone::Unnamed, find_zone),
        })
    }

    /// Whether its time zone exists.
    pub fn knows_its_zone(&self) -> bool {
        !matches!(self.zone, ScheduleZone::Unknown)
    }

    /// The time by which the first run after `after` is due in every zone that the schedule may have. `run` is the due
    /// time of a known run.
    pub fn due_after(&self, after: Time, run: Option<Time>) -> Option<Time> {
        let fields = match &self.times {
            RunTimes::Every(seconds) => {
                return Some(Time::from_seconds(after.seconds.saturating_add(*seconds)));
            }
            RunTimes::Fields(fields) => fields,
        };
        let after = Timestamp::from_second(after.seconds).ok()?;
        if let ScheduleZone::Known(zone) = &self.zone {
            return fields.next(after, zone).map(time);
        }
        let run = run.and_then(|t| Timestamp::from_second(t.seconds).ok());
        let fits = |zone: &TimeZone| run.is_some_and(|run| fields.is_due(run, zone));
        if fits(&TimeZone::UTC) {
            return fields.next(after, &TimeZone::UTC).map(time);
        }
        let zones = || OFFSETS.map(|hours| TimeZone::fixed(Offset::constant(hours)));
        let is_known = zones().any(|zone| fits(&zone));
        let due = zones().filter(|zone| !is_known || fits(zone));
        let due: Vec<Timestamp> = due.filter_map(|zone| fields.next(after, &zone)).collect();
        let (first, last) = (due.iter().min()?, time(*due.iter().max()?));
        // If the zone makes no difference, neither does its summer time.
        let differs = is_known || time(*first) < last;
        let summer = if differs { SUMMER_SECONDS } else { 0 };
        Some(Time::from_seconds(last.seconds.saturating_add(summer)))
    }

    /// Whether this many runs were due between two times. `run` is the due time of a known run.
    pub fn was_due(&self, times: usize, from: Time, until: Time, run: Option<Time>) -> bool {
        let mut at = from;
        (0..times).all(|_| match self.due_after(at, run) {
            Some(due) if due <= until && due > at => {
                at = due;
                true
            }
            _ => false,
        })
    }
}

fn time(timestamp: Timestamp) -> Time {
    Time::from_seconds(timestamp.as_second())
}

fn find_zone(name: &str) -> ScheduleZone {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    match name {
        // As `time.LoadLocation` of Go reads it.
        "" | "UTC" => ScheduleZone::Known(TimeZone::UTC),
        name => ZONES.get(name).map_or(ScheduleZone::Unknown, ScheduleZone::Known),
    }
}

fn times(text: &str) -> Option<RunTimes> {
    if let Some(every) = text.strip_prefix("@every ") {
        return Some(RunTimes::Every(seconds(every.trim())?));
    }
    let text = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        text => text,
    };
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
        return None;
    };
    let (days, any_day) = field(days, 1, 31, &[])?;
    let (weekdays, any_weekday) = field(weekdays, 0, 6, &WEEKDAYS)?;
    Some(RunTimes::Fields(CronFields {
        minutes: field(minutes, 0, 59, &[])?.0,
        hours: field(hours, 0, 23, &[])?.0,
        days,
        months: field(months, 1, 12, &MONTHS)?.0,
        weekdays,
        any_day: any_day || any_weekday,
    }))
}

const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The values of a field, and whether it takes all of them.
fn field(text: &str, min: u32, max: u32, names: &[&str]) -> Option<(u64, bool)> {
    let (mut values, mut any) = (0, false);
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|s| *s > 0)?)),
            None => (part, None),
        };
        let value = |text: &str| {
            let name = names.iter().position(|name| text.eq_ignore_ascii_case(name));
            name.map_or_else(|| text.parse().ok(), |at| Some(u32::try_from(at).ok()? + min))
        };
        let (first, last) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => {
                // A step is a restriction.
                any |= step.is_none_or(|step| step == 1);
                (min, max)
            }
            Some((first, last)) => (value(first)?, value(last)?),
            None if step.is_some() => (value(range)?, max),
            None => (value(range)?, value(range)?),
        };
        if first < min || last > max || first > last {
            return None;
        }
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        values |= (first..=last)
            .step_by(step)
            .fold(0, |bits, value| bits | 1 << value);
    }
    Some((values, any))
}

/// The seconds between two runs of `@every`: whole, and at least one (`Every` in `github.com/robfig/cron/v3`).
fn seconds(every: &str) -> Option<i64> {
    let seconds = duration::parse(every)?.as_secs();
    Some(i64::try_from(seconds).unwrap_or(i64::MAX).max(1))
}

fn has(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits.checked_shr(value).unwrap_or(0) & 1 == 1)
}

/// The first fitting value from that one on.
fn first_from(bits: u64, value: i8) -> Option<i8> {
    let left = bits.checked_shr(u32::try_from(value).ok()?)?;
    (left > 0).then(|| value.saturating_add(i8::try_from(left.trailing_zeros()).unwrap_or(i8::MAX)))
}

impl CronFields {
    fn fits_day(&self, at: DateTime) -> bool {
        let day = has(self.days, at.day());
        let weekday = has(self.weekdays, at.weekday().to_sunday_zero_offset());
        if self.any_day {
            day && weekday
        } else {
            day || weekday
        }
    }

    fn is_due(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let at = zone.to_datetime(at);
        at.second() == 0
            && has(self.minutes, at.minute())
            && has(self.hours, at.hour())
            && has(self.months, at.month())
            && self.fits_day(at)
    }

    fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let start = zone.to_datetime(after);
        let last = start.year().saturating_add(YEARS);
        let mut at = start.with().second(0).subsec_nanosecond(0).build().ok()?;
        at = at.checked_add(1.minute()).ok()?;
        // It takes at most as many steps as there are days, and one for a clock that is set forward.
        while at.year() <= last {
            let midnight = || at.date().to_datetime(jiff::civil::Time::midnight());
            if !has(self.months, at.month()) {
                at = midnight().first_of_month().checked_add(1.month()).ok()?;
                continue;
            }
            if !self.fits_day(at) {
                at = midnight().checked_add(1.day()).ok()?;
                continue;
            }
            let Some(hour) = first_from(self.hours, at.hour()) else {
                at = midnight().checked_add(1.day()).ok()?;
                continue;
            };
            if hour > at.hour() {
                at = at.with().hour(hour).minute(0).build().ok()?;
            }
            let Some(minute) = first_from(self.minutes, at.minute()) else {
                at = at.with().minute(0).build().ok()?.checked_add(1.hour()).ok()?;
                continue;
            };
            at = at.with().minute(minute).build().ok()?;
            let instant = zone.to_ambiguous_timestamp(at);
            // A run that is due in the hour that the clock skips does not happen.
            if !matches!(instant.offset(), AmbiguousOffset::Gap { .. }) {
                let both = [instant.earlier().ok()?, instant.later().ok()?];
                if let Some(due) = both.into_iter().find(|due| *due > after) {
                    return Some(due);
                }
            }
            at = at.checked_add(1.minute()).ok()?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use crate::resource::Time;

    fn at(text: &str) -> Time {
        Time::parse(text).expect("a time")
    }

    /// The next three times, as the CronJob controller has them.
    fn next(schedule: &str, zone: Option<&str>, after: &str) -> Vec<String> {
        let schedule = Schedule::parse(schedule, zone).expect("a schedule");
        let mut after = at(after);
        let due = (0..3).map_while(|_| {
            after = schedule.due_after(after, None)?;
            Some(after.to_string())
        });
        due.collect()
    }

    #[test]
    fn runs_are_due_as_the_controller_reads_the_schedule() {
        for (schedule, after, expected) in [
            (
                "*/5 * * * *",
                "2026-11-20T11:56:10Z",
                [
                    "2026-11-20T12:00:00Z",
                    "2026-11-20T12:05:00Z",
                    "2026-11-20T12:10:00Z",
                ],
            ),
            (
                "5/20 3 * * *",
                "2026-11-20T03:25:00Z",
                [
                    "2026-11-20T03:45:00Z",
                    "2026-11-21T03:05:00Z",
                    "2026-11-21T03:25:00Z",
                ],
            ),
            (
                "@hourly",
                "2026-12-31T23:00:00Z",
                [
                    "2027-01-01T00:00:00Z",
                    "2027-01-01T01:00:00Z",
                    "2027-01-01T02:00:00Z",
                ],
            ),
            (
                "0 9 * * MON-fri",
                "2026-11-20T09:00:00Z",
                [
                    "2026-11-23T09:00:00Z",
                    "2026-11-24T09:00:00Z",
                    "2026-11-25T09:00:00Z",
                ],
            ),
            (
                "0 0 ? JAN,jul *",
                "2026-01-30T01:00:00Z",
                [
                    "2026-01-31T00:00:00Z",
                    "2026-07-01T00:00:00Z",
                    "2026-07-02T00:00:00Z",
                ],
            ),
            (
                "0 0 29 2 *",
                "2026-01-01T00:00:00Z",
                [
                    "2028-02-29T00:00:00Z",
                    "2032-02-29T00:00:00Z",
                    "2036-02-29T00:00:00Z",
                ],
            ),
            // One of two restricted days is enough, and a step is a restriction; a step of 1 is none.
            (
                "0 0 13 * 5",
                "2026-11-01T00:00:00Z",
                [
                    "2026-11-06T00:00:00Z",
                    "2026-11-13T00:00:00Z",
                    "2026-11-20T00:00:00Z",
                ],
            ),
            (
                "0 0 */10 * 5",
                "2026-11-01T00:00:00Z",
                [
                    "2026-11-06T00:00:00Z",
                    "2026-11-11T00:00:00Z",
                    "2026-11-13T00:00:00Z",
                ],
            ),
            (
                "0 0 */1 * 5",
                "2026-11-01T00:00:00Z",
                [
                    "2026-11-06T00:00:00Z",
                    "2026-11-13T00:00:00Z",
                    "2026-11-20T00:00:00Z",
                ],
            ),
            (
                "@every 1h30m",
                "2026-11-01T00:00:07Z",
                [
                    "2026-11-01T01:30:07Z",
                    "2026-11-01T03:00:07Z",
                    "2026-11-01T04:30:07Z",
                ],
            ),
        ] {
            assert_eq!(next(schedule, Some("UTC"), after), expected, "{schedule}");
        }
        assert_eq!(next("0 0 30 2 *", Some("UTC"), "2026-01-01T00:00:00Z"), [""; 0]);
    }

    #[test]
    fn a_zone_changes_to_summer_time_and_back() {
        // Half past two does not exist on 29 March 2026 and exists twice on 25 October. Only the first of the two
        // counts if the search begins before it. A missed run is then reported later than possible, and never too
        // early.
        assert_eq!(
            next("30 2 * * *", Some("Europe/Berlin"), "2026-03-28T01:30:00Z"),
            [
                "2026-03-30T00:30:00Z",
                "2026-03-31T00:30:00Z",
                "2026-04-01T00:30:00Z"
            ]
        );
        assert_eq!(
            next("30 2 * * *", Some("Europe/Berlin"), "2026-10-24T00:30:00Z"),
            [
                "2026-10-25T00:30:00Z",
                "2026-10-26T01:30:00Z",
                "2026-10-27T01:30:00Z"
            ]
        );
        assert_eq!(
            next("30 2 * * *", Some("Europe/Berlin"), "2026-10-25T01:10:00Z")[0],
            "2026-10-25T01:30:00Z"
        );
        assert_eq!(
            next("TZ=Asia/Tokyo 0 0 * * *", None, "2026-11-20T12:00:00Z")[0],
            "2026-11-20T15:00:00Z"
        );
    }

    #[test]
    fn without_a_zone_a_run_is_due_if_it_is_due_in_every_zone_that_fits_earlier_runs() {
        let daily = Schedule::parse("0 3 * * *", None).expect("a schedule");
        let due = |run: &str| daily.due_after(at(run), Some(at(run))).map(|t| t.to_string());
        assert_eq!(
            due("2026-11-20T03:00:00Z").as_deref(),
            Some("2026-11-21T03:00:00Z")
        );
        // It runs in a zone two hours ahead of UTC, which may have an hour less by now.
        assert_eq!(
            due("2026-11-20T01:00:00Z").as_deref(),
            Some("2026-11-21T02:00:00Z")
        );
        // The schedule was changed since, so all zones count, and an hour of summer time.
        assert_eq!(
            due("2026-11-20T12:34:00Z").as_deref(),
            Some("2026-11-21T13:00:00Z")
        );
        let was_due = |times| {
            let until = at("2026-11-20T03:00:00Z");
            daily.was_due(times, at("2026-11-18T03:00:07Z"), until, Some(until))
        };
        assert_eq!((was_due(2), was_due(3)), (true, false));
    }

    #[test]
    fn a_schedule_that_the_controller_does_not_understand_is_refused() {
        for schedule in [
            "",
            "hourly",
            "* * * *",
            "0 0 * * * *",
            "60 * * * *",
            "0 0 0 * *",
            "0 0 * * 7",
            "0 0 L * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "@reboot",
            "@every",
            "@every soon",
            // More nanoseconds than Go counts.
            "@every 99999999999999999999h",
            "TZ=UTC",
            "a * * * *",
            "0 0 * * 1#2",
            "-1 * * * *",
        ] {
            assert!(Schedule::parse(schedule, None).is_none(), "{schedule}");
        }
        let zone = |name| Schedule::parse("0 3 * * *", Some(name)).map(|s| s.knows_its_zone());
        assert_eq!(zone("Europe/Berlim"), Some(false));
        assert_eq!(zone("Europe/Berlin"), Some(true));
        assert_eq!(zone("Etc/GMT+5"), Some(true));
        for wide in ["@every 2562047h", "@every 1ns"] {
            let schedule = Schedule::parse(wide, None).expect("a schedule");
            assert!(
                schedule.due_after(at("2026-11-20T12:00:00Z"), None).is_some(),
                "{wide}"
            );
        }
        let daily = Schedule::parse("0 3 * * *", None).expect("a schedule");
        assert_eq!(daily.due_after(Time::from_seconds(i64::MAX), None), None);
    }
}
