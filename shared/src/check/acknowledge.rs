//! The annotation `sre/ignore` on an object: `CODE until DATE, reason`, several separated by `;`.
//!
//! It acknowledges findings: the item keeps state and `healthy`, but does not count for status and exit code. CODE is
//! the item's reason or the code of a cause. Causes acknowledge an item only if the annotation names each of them: a
//! new cause is news. DATE is a day (to its end in UTC) or an RFC 3339 time. Date and reason are mandatory: outages are
//! overlooked if findings are ignored for ever or for a forgotten reason. An unknown state cannot be acknowledged.

use crate::report::{Acknowledged, Code, Item, State};
use crate::resource::{IGNORE, ObjectMeta, Time};

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// One entry of the annotation.
struct IgnoreEntry<'a> {
    code: &'a str,
    until: &'a str,
    /// The time from which it has no effect.
    end: Time,
    reason: &'a str,
}

impl<'a> IgnoreEntry<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (code, rest) = text.split_once(char::is_whitespace)?;
        let (word, rest) = rest.trim_start().split_once(char::is_whitespace)?;
        let (until, reason) = rest.split_once(',')?;
        let (until, reason) = (until.trim(), reason.trim());
        let end = end_time(until)?;
        (word == "until" && !reason.is_empty()).then_some(Self {
            code,
            until,
            end,
            reason,
        })
    }
}

fn end_time(until: &str) -> Option<Time> {
    // A day is written in ten characters. jiff also reads longer forms, which are no days of the calendar.
    if until.len() == "2026-12-31".len() {
        let midnight = Time::parse(&format!("{until}T00:00:00Z")).ok()?;
        return Some(Time::from_seconds(midnight.seconds + DAY_SECONDS));
    }
    Time::parse(until).ok()
}

/// Acknowledges the item if the annotation does so at that time. A malformed or expired entry is a warning.
pub(super) fn apply(item: &mut Item, meta: &ObjectMeta, now: Time) {
    let Some(annotation) = meta.annotations.get(IGNORE) else {
        return;
    };
    let mut valid = Vec::new();
    let texts = annotation
        .split(';')
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let mut is_empty = true;
    for text in texts {
        is_empty = false;
        match IgnoreEntry::parse(text) {
            Some(entry) if now < entry.end => valid.push(entry),
            Some(entry) => item.warnings.push(format!(
                "annotation {IGNORE}: {} was acknowledged until {}, which is over",
                entry.code, entry.until
            )),
            None => item.warnings.push(format!(
                "annotation {IGNORE} has no effect: {text:?} is not CODE until DATE, reason"
            )),
        }
    }
    if is_empty {
        item.warnings
            .push(format!("annotation {IGNORE} has no effect: it is empty"));
    }
    item.acknowledged = find_acknowledgement(item, &valid);
}

fn find_acknowledgement<'a>(item: &'a Item, entries: &[IgnoreEntry<'_>]) -> Option<Acknowledged> {
    if item.healthy != Some(false) || item.state == State::Unknown {
        return None;
    }
    let by_code = |code: &'a Code| {
        let named = entries
            .iter()
            .filter(|e| e.code.eq_ignore_ascii_case(code.as_str()));
        Some((code, named.max_by_key(|entry| entry.end)?))
    };
    let by_causes = || {
        let named: Option<Vec<_>> = item.roots().map(|c| by_code(&c.code)).collect();
        named?.into_iter().min_by_key(|(_, entry)| entry.end)
    };
    let (code, entry) = by_code(&item.reason).or_else(by_causes)?;
    Some(Acknowledged {
        code: code.clone(),
        until: entry.until.to_owned(),
        reason: entry.reason.to_owned(),
    })
}
