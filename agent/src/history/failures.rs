//! Owns the log of what cannot be reached: said once when it begins, again while it lasts, and once when it is over.
//! Must not know what is asked of the API server.

use sre_shared::failure::{Class, Failure};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// While an outage lasts, it is said again after this time, and then each time after twice as long.
const REMIND_AFTER: Duration = Duration::from_mins(1);
/// At the latest, it is said again after this time: a right that nobody grants is missing for weeks.
const REMIND_AT_LATEST: Duration = Duration::from_hours(1);
/// The subject of what is wrong with the API server or the way to it, whoever noticed.
const API_SERVER: &str = "API server";

/// A failed attempt, in the words of the log.
#[derive(Debug, Clone, Copy)]
pub struct Trouble<'a> {
    /// Class of the failure.
    pub class: &'a str,
    /// The underlying error.
    pub error: &'a str,
    /// The address that was asked.
    pub endpoint: &'a str,
    /// What to do next.
    pub next: &'a str,
    /// The rule that would allow it, where one is missing.
    pub missing: Option<&'a str>,
    /// Whether it concerns only the one who asked, as a missing right does.
    pub own: bool,
}

impl<'a> From<&'a Failure> for Trouble<'a> {
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

/// What cannot be reached at the moment.
#[derive(Default)]
pub struct Outages {
    by_subject: Mutex<BTreeMap<String, Outage>>,
}

struct Outage {
    began: Instant,
    said: Instant,
    /// How long after that it is said again.
    remind: Duration,
    tries: u64,
    /// Who cannot reach it.
    affected: BTreeSet<String>,
}

/// What is to be said.
#[derive(Debug, PartialEq, Eq)]
enum Say {
    Nothing,
    Begun,
    Lasts { seconds: u64, tries: u64 },
    Over { seconds: u64, tries: u64 },
}

impl Outages {
    /// An attempt of `who` failed.
    pub fn failed(&self, who: &str, trouble: &Trouble<'_>) {
        let subject = if trouble.own { who } else { API_SERVER };
        let Trouble {
            class,
            error,
            endpoint,
            next,
            missing,
            ..
        } = *trouble;
        match self.note(subject, who) {
            Say::Begun => tracing::warn!(class, error, endpoint, missing, next, "lost: {subject}"),
            Say::Lasts { seconds, tries } => {
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
            Say::Nothing | Say::Over { .. } => {}
        }
    }

    /// An attempt of `who` succeeded.
    pub fn recovered(&self, who: &str) {
        for (subject, over) in self.forget(who) {
            if let Say::Over { seconds, tries } = over {
                tracing::info!(seconds, tries, "recovered: {subject}");
            }
        }
    }

    fn note(&self, subject: &str, who: &str) -> Say {
        let mut outages = self.by_subject.lock().unwrap_or_else(PoisonError::into_inner);
        // The same attempts fail for another reason now: that is said below, and the former is no recovery.
        outages.retain(|other, outage| {
            other == subject || !outage.affected.remove(who) || !outage.affected.is_empty()
        });
        let now = Instant::now();
        let mut say = Say::Nothing;
        let outage = outages.entry(subject.to_owned()).or_insert_with(|| {
            say = Say::Begun;
            Outage {
                began: now,
                said: now,
                remind: REMIND_AFTER,
                tries: 0,
                affected: BTreeSet::new(),
            }
        });
        outage.tries += 1;
        outage.affected.insert(who.to_owned());
        if now.duration_since(outage.said) >= outage.remind {
            outage.said = now;
            outage.remind = (outage.remind * 2).min(REMIND_AT_LATEST);
            say = Say::Lasts {
                seconds: now.duration_since(outage.began).as_secs(),
                tries: outage.tries,
            };
        }
        say
    }

    fn forget(&self, who: &str) -> Vec<(String, Say)> {
        let mut outages = self.by_subject.lock().unwrap_or_else(PoisonError::into_inner);
        let mut over = Vec::new();
        outages.retain(|subject, outage| {
            if !outage.affected.remove(who) || !outage.affected.is_empty() {
                return true;
            }
            over.push((
                subject.clone(),
                Say::Over {
                    seconds: outage.began.elapsed().as_secs(),
                    tries: outage.tries,
                },
            ));
            false
        });
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_said_once_then_after_a_minute_and_once_when_it_is_over() {
        let outages = Outages::default();
        assert_eq!(outages.note(API_SERVER, "watch"), Say::Begun);
        for _ in 0..11 {
            tokio::time::advance(Duration::from_secs(5)).await;
            assert_eq!(outages.note(API_SERVER, "watch"), Say::Nothing);
        }
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(
            outages.note(API_SERVER, "watch"),
            Say::Lasts {
                seconds: 60,
                tries: 13
            }
        );
        assert_eq!(
            outages.note(API_SERVER, "check"),
            Say::Nothing,
            "the same outage, noticed by another"
        );
        assert_eq!(outages.forget("watch"), []);
        assert_eq!(
            outages.forget("check"),
            [(
                API_SERVER.to_owned(),
                Say::Over {
                    seconds: 60,
                    tries: 14
                }
            )]
        );
        assert_eq!(outages.forget("check"), []);
    }

    #[tokio::test(start_paused = true)]
    async fn what_lasts_for_weeks_is_said_less_and_less_often() {
        let outages = Outages::default();
        let mut said = Vec::new();
        for minute in 0..=300 {
            if outages.note("deployments", "deployments") != Say::Nothing {
                said.push(minute);
            }
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        assert_eq!(said, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    }

    #[tokio::test(start_paused = true)]
    async fn another_reason_is_said_again_and_is_no_recovery() {
        let outages = Outages::default();
        assert_eq!(outages.note(API_SERVER, "watch"), Say::Begun);
        assert_eq!(outages.note("watch", "watch"), Say::Begun);
        assert_eq!(outages.forget("watch").len(), 1);
    }
}
