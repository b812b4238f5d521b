//! Owns the log of verdicts that changed: one line an object, and never a flood.
//! Must not know where the verdicts come from.

use sre_shared::report::{Item, State};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Lines within one [`WINDOW`]; a cluster that breaks as a whole says the same ten thousand times.
const LINES: u32 = 20;
/// After this time it may say more.
const WINDOW: Duration = Duration::from_secs(10);

/// What was last known of an object, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing that counts.
    Unknown,
    /// It was healthy.
    Healthy,
    /// It was degraded or unavailable.
    Failing,
}

/// An object that was healthy and fails now, or the other way round.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The new verdict.
    pub item: Item,
    /// Whether it is the better one.
    pub recovered: bool,
}

impl Change {
    /// What the new verdict changes, which then stands. States in between change nothing: where it comes from is
    /// still told once it has arrived.
    pub fn between(standing: &mut Standing, item: Item) -> Option<Self> {
        let new = match item.state {
            State::Healthy | State::Suspended | State::Succeeded => Standing::Healthy,
            State::Degraded | State::Unavailable => Standing::Failing,
            State::Progressing | State::Terminating | State::Unknown => return None,
        };
        let old = std::mem::replace(standing, new);
        // A new object that is well from the start is no news.
        if old == new || (old == Standing::Unknown && new == Standing::Healthy) {
            return None;
        }
        Some(Self {
            item,
            recovered: new == Standing::Healthy,
        })
    }
}

/// The log of changes.
pub struct Changes {
    window: Mutex<Window>,
}

struct Window {
    began: Instant,
    lines: u32,
    suppressed: u64,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            window: Mutex::new(Window {
                began: Instant::now(),
                lines: 0,
                suppressed: 0,
            }),
        }
    }
}

impl Changes {
    /// Logs a change, or counts it where there were too many.
    pub fn tell(&self, change: &Change) {
        if !self.admit() {
            return;
        }
        let Item {
            kind,
            namespace,
            name,
            reason,
            message,
            ..
        } = &change.item;
        let state = change.item.state.as_str();
        let verdict = if change.recovered {
            "is healthy again"
        } else {
            "is not healthy"
        };
        tracing::info!(
            kind,
            namespace,
            name,
            state,
            reason,
            "{namespace}/{name} {verdict}: {message}"
        );
    }

    /// Logs how many changes were left out, once their time is over.
    pub fn settle(&self) {
        turn(&mut self.window.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn admit(&self) -> bool {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        turn(&mut window);
        if window.lines >= LINES {
            window.suppressed += 1;
            return false;
        }
        window.lines += 1;
        true
    }
}

/// Begins a new window where the old one is over, and says what was left out in it.
fn turn(window: &mut Window) {
    if window.began.elapsed() < WINDOW {
        return;
    }
    if window.suppressed > 0 {
        tracing::info!(
            suppressed = window.suppressed,
            "more objects changed than are logged one by one"
        );
    }
    *window = Window {
        began: Instant::now(),
        lines: 0,
        suppressed: 0,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(state: State) -> Item {
        let json =
            serde_json::json!({"kind": "Deployment", "name": "web", "reason": "X", "state": state.as_str()});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn only_the_way_between_healthy_and_failing_is_a_change() {
        use State::{Degraded, Healthy, Progressing, Terminating, Unavailable};
        let mut standing = Standing::Unknown;
        let mut step = |state| Change::between(&mut standing, item(state)).map(|c| c.recovered);
        let states = [
            Progressing,
            Healthy,
            Progressing,
            Degraded,
            Unavailable,
            Progressing,
            Healthy,
            Terminating,
        ];
        let told = [None, None, None, Some(false), None, None, Some(true), None];
        assert_eq!(states.map(&mut step), told);
    }

    #[test]
    fn an_object_that_fails_from_the_start_is_told() {
        assert!(Change::between(&mut { Standing::Unknown }, item(State::Degraded)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_cut_off_and_counted_until_its_time_is_over() {
        let changes = Changes::default();
        assert_eq!((0..100).filter(|_| changes.admit()).count(), 20);
        assert_eq!(changes.window.lock().unwrap().suppressed, 80);
        tokio::time::advance(WINDOW).await;
        changes.settle();
        assert_eq!(changes.window.lock().unwrap().suppressed, 0);
        assert!(changes.admit());
    }
}
