//! Owns the search for why something is not healthy: when it is made, and what it could not see.
//! Must not know how evidence is judged, nor how an answer is written.
//!
//! It runs beside the answers, which take what was found last and never wait for it.

use crate::app::App;
use sre_shared::report::NotSeen;
use sre_shared::run::cause::{self, EvidenceSearch, SearchTarget};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether there is anything to look into.
const TICK: Duration = Duration::from_secs(1);

/// The class of causes that are turned off.
const TURNED_OFF: &str = "turnedOff";

/// What could not be seen of the causes.
#[derive(Debug)]
pub struct Causes {
    not_seen: Mutex<Vec<NotSeen>>,
}

impl Causes {
    /// Nothing yet; all of it if causes are not looked for.
    pub fn new(looks: bool) -> Self {
        let off = NotSeen {
            thing: "causes".into(),
            class: TURNED_OFF.into(),
            error: Some("this agent does not look for causes".into()),
            hint: Some("start it without --causes=false (the chart's value causes.enabled)".into()),
            ..NotSeen::default()
        };
        Self {
            not_seen: Mutex::new(if looks { Vec::new() } else { vec![off] }),
        }
    }

    /// What the last search could not see; texts are missing for it, and no verdict is less certain.
    pub fn not_seen(&self) -> Vec<NotSeen> {
        self.not_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes over what could not be seen, and tells of it in the log where it is news.
    fn missed(&self, not_seen: Vec<NotSeen>) {
        let mut last = self.not_seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == not_seen {
            return;
        }
        warn(&last, &not_seen, "causes cannot be told completely");
        *last = not_seen;
    }
}

/// Tells in the log of what is not seen and was the last time.
pub fn warn(last: &[NotSeen], not_seen: &[NotSeen], message: &str) {
    for entry in not_seen.iter().filter(|entry| !last.contains(entry)) {
        tracing::warn!(
            what = entry.what(),
            class = entry.class,
            missing = entry.missing,
            error = entry.error,
            hint = entry.hint,
            "{message}"
        );
    }
}

/// What was open when it was last looked.
struct Last {
    at: Instant,
    open: Vec<(String, Option<i64>)>,
}

/// Looks for causes as long as it is let: at once where something new is open, else again after `again`, and never
/// sooner than `every` after the last time.
pub async fn run(app: Arc<App>, every: Duration, again: Duration) {
    let mut last: Option<Last> = None;
    let mut looked = None::<Instant>;
    let mut ticks = tokio::time::interval(TICK.min(every));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Each look judges all that is open.
        if looked.is_some_and(|at| at.elapsed() < every) {
            continue;
        }
        let moment = app.moment();
        // One that is away has more to do than to explain; what is known stays.
        if moment.silent.is_some() {
            continue;
        }
        let subjects: Vec<SearchTarget> = app.kinds.iter().flat_map(|kind| kind.open(&moment)).collect();
        let open: Vec<_> = subjects.iter().map(SearchTarget::identity).collect();
        looked = (!open.is_empty()).then(Instant::now);
        let is_old = last
            .as_ref()
            .is_none_or(|last| last.open != open || last.at.elapsed() >= again);
        if !is_old {
            continue;
        }
        let client = app.connection.client();
        let EvidenceSearch { known, not_seen } = cause::look(&client, subjects, moment.now).await;
        let mut found = known.split(open.iter().map(|(uid, _)| uid.as_str()));
        let mut found = open
            .iter()
            .filter_map(|(uid, generation)| Some((uid.clone(), (*generation, found.remove(uid)?))))
            .collect();
        for kind in &app.kinds {
            kind.learn(&mut found, moment.now);
        }
        app.causes.missed(not_seen);
        last = Some(Last {
            at: Instant::now(),
            open,
        });
    }
}
