//! Owns the log of outages: a line when one begins, more while it lasts, and one when it is over. A missing right counts
//! as an outage of its own.
//! Must not know what the API server is asked for.

use sre_shared::failure::{Class, Failure};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A lasting outage is logged again after this time. The pause doubles with each further line.
const REMIND_AFTER: Duration = Duration::from_mins(1);
/// The longest pause between two lines about one outage. A right that nobody grants is missing for weeks.
const REMIND_AT_LATEST: Duration = Duration::from_hours(1);
/// An outage that comes back sooner is the same one. A watch that gets garbage is listed, and so recovers, before each failure.
const SETTLED_AFTER: Duration = Duration::from_mins(1);
/// So often the return of an outage has a line of its own. An outage that comes and goes further has as few lines as one that
/// lasts.
const LOGGED_RETURNS: u32 = 3;
/// The subject of every failure of the API server or of the way to it.
const API_SERVER: &str = "API server";

/// A failed attempt, as the log shows it.
#[derive(Debug, Clone, Copy)]
pub struct LoggedFailure<'a> {
    /// Class of the failure.
    pub class: &'a str,
    /// The underlying error.
    pub error: &'a str,
    /// The address that was asked.
    pub endpoint: &'a str,
    /// What to do next.
    pub next: &'a str,
    /// The missing rule, if the attempt was forbidden.
    pub missing: Option<&'a str>,
    /// Whether it concerns only this attempt's subject, as a missing right does, and not the whole API server.
    pub own: bool,
}

impl<'a> From<&'a Failure> for LoggedFailure<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            class: failure.class.as_str(),
            error: &failure.message,
            endpoint: &failure.endpoint,
            next: failure.hint(),
            missing: None,
            own: matches!(
                failure.class,
                Class::Forbidden | Class::NotFound | Class::Rejected | Class::Expired
            ),
        }
    }
}

/// The log, and the outages of the moment.
#[derive(Default)]
pub struct FailureLog {
    by_subject: Mutex<BTreeMap<String, Outage>>,
}

struct Outage {
    began: Instant,
    logged: Instant,
    /// It is logged again this long after `logged`.
    remind: Duration,
    tries: u64,
    /// The watches and checks that fail.
    affected: BTreeSet<String>,
    /// Whether its last line says that it lasts.
    open: bool,
    /// When it was over; it is forgotten if it does not come back soon.
    over: Option<Instant>,
    /// How often it has come back.
    returns: u32,
}

/// The line that an attempt adds to the log.
#[derive(Debug, PartialEq, Eq)]
enum Notice {
    Nothing,
    Begun,
    Lasts { seconds: u64, tries: u64 },
    Over { seconds: u64, tries: u64 },
}

impl FailureLog {
    /// An attempt of `who` failed.
    pub fn failed(&self, who: &str, failure: &LoggedFailure<'_>) {
        let subject = if failure.own { who } else { API_SERVER };
        let LoggedFailure {
            class,
            error,
            endpoint,
            next,
            missing,
            ..
        } = *failure;
        match self.note(subject, who) {
            Notice::Begun => tracing::warn!(class, error, endpoint, missing, next, "lost: {subject}"),
            Notice::Lasts { seconds, tries } => {
                tracing::warn!(
                    class,
                    error,
                    endpoint,
                    missing,
                    next,
                    seconds,
                    tries,
                    "still lost: {subject}"
                );
            }
            Notice::Nothing | Notice::Over { .. } => {}
        }
    }

    /// An attempt of `who` succeeded.
    pub fn recovered(&self, who: &str) {
        for (subject, over) in self.forget(who) {
            if let Notice::Over { seconds, tries } = over {
                tracing::info!(seconds, tries, "recovered: {subject}");
            }
        }
    }

    fn note(&self, subject: &str, who: &str) -> Notice {
        let mut outages = self.by_subject.lock().unwrap_or_else(PoisonError::into_inner);
        // If the attempts of `who` now fail for another reason, that is logged below. It does not mean that the former
        // outage is over.
        let is_settled = |outage: &Outage| outage.over.is_some_and(|over| over.elapsed() >= SETTLED_AFTER);
        outages.retain(|other, outage| {
            !is_settled(outage)
                && (other == subject || !outage.affected.remove(who) || !outage.affected.is_empty())
        });
        let now = Instant::now();
        let mut notice = Notice::Nothing;
        let outage = outages.entry(subject.to_owned()).or_insert_with(|| {
            notice = Notice::Begun;
            Outage {
                began: now,
                logged: now,
                remind: REMIND_AFTER,
                tries: 0,
                affected: BTreeSet::new(),
                open: true,
                over: None,
                returns: 0,
            }
        });
        if outage.over.take().is_some() {
            outage.returns = outage.returns.saturating_add(1);
            if outage.returns <= LOGGED_RETURNS {
                outage.logged = now;
                outage.open = true;
                notice = Notice::Begun;
            }
        }
        outage.tries += 1;
        outage.affected.insert(who.to_owned());
        if now.duration_since(outage.logged) >= outage.remind {
            outage.logged = now;
            outage.open = true;
            outage.remind = (outage.remind * 2).min(REMIND_AT_LATEST);
            notice = Notice::Lasts {
                seconds: now.duration_since(outage.began).as_secs(),
                tries: outage.tries,
            };
        }
        notice
    }

    fn forget(&self, who: &str) -> Vec<(String, Notice)> {
        let mut outages = self.by_subject.lock().unwrap_or_else(PoisonError::into_inner);
        let mut over = Vec::new();
        for (subject, outage) in outages.iter_mut() {
            if !outage.affected.remove(who) || !outage.affected.is_empty() {
                continue;
            }
            outage.over = Some(Instant::now());
            if std::mem::replace(&mut outage.open, false) {
                let notice = Notice::Over {
                    seconds: outage.began.elapsed().as_secs(),
                    tries: outage.tries,
                };
                over.push((subject.clone(), notice));
            }
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_logged_at_once_after_a_minute_and_when_it_is_over() {
        let log = FailureLog::default();
        assert_eq!(log.note(API_SERVER, "watch"), Notice::Begun);
        for _ in 0..11 {
            tokio::time::advance(Duration::from_secs(5)).await;
            assert_eq!(log.note(API_SERVER, "watch"), Notice::Nothing);
        }
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(
            log.note(API_SERVER, "watch"),
            Notice::Lasts {
                seconds: 60,
                tries: 13
            }
        );
        assert_eq!(
            log.note(API_SERVER, "check"),
            Notice::Nothing,
            "another task noticed the same outage"
        );
        assert_eq!(log.forget("watch"), []);
        assert_eq!(
            log.forget("check"),
            [(
                API_SERVER.to_owned(),
                Notice::Over {
                    seconds: 60,
                    tries: 14
                }
            )]
        );
        assert_eq!(log.forget("check"), []);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_of_weeks_is_logged_less_and_less_often() {
        let log = FailureLog::default();
        let mut said = Vec::new();
        for minute in 0..=300 {
            if log.note("deployments", "deployments") != Notice::Nothing {
                said.push(minute);
            }
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        assert_eq!(said, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_that_comes_back_at_once_has_as_few_lines_as_one_that_lasts() {
        let log = FailureLog::default();
        let (mut begun, mut lasts, mut over) = (0, 0, 0);
        for _ in 0..720 {
            match log.note(API_SERVER, "deployments") {
                Notice::Begun => begun += 1,
                Notice::Lasts { .. } => lasts += 1,
                Notice::Nothing | Notice::Over { .. } => {}
            }
            over += log.forget("deployments").len();
            tokio::time::advance(Duration::from_secs(5)).await;
        }
        assert_eq!((begun, lasts, over), (4, 5, 9), "in an hour");
        tokio::time::advance(SETTLED_AFTER).await;
        assert_eq!(log.note(API_SERVER, "deployments"), Notice::Begun);
    }

    #[tokio::test(start_paused = true)]
    async fn another_reason_is_logged_again_and_is_no_recovery() {
        let log = FailureLog::default();
        assert_eq!(log.note(API_SERVER, "watch"), Notice::Begun);
        assert_eq!(log.note("watch", "watch"), Notice::Begun);
        assert_eq!(log.forget("watch").len(), 1);
    }
}
