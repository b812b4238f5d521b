//! Owns the log of objects that fail or recover: one line an object, and never a flood.
//! Must not know how objects are judged.

use sre_shared::live::{HealthChange, Transition};
use sre_shared::report::{ObjectRef, State};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Most lines within [`LIMIT_TIME`]. A cluster that breaks as a whole would cause ten thousand similar ones.
const LINES: u32 = 20;
/// After this time the log may write more lines.
const LIMIT_TIME: Duration = Duration::from_secs(10);

/// The log of transitions. It leaves out transitions that do not change whether an object is healthy.
pub struct TransitionLog {
    limit: Mutex<LineLimit>,
}

/// How many lines were written since `began`.
struct LineLimit {
    began: Instant,
    lines: u32,
    suppressed: u64,
}

impl Default for TransitionLog {
    fn default() -> Self {
        Self {
            limit: Mutex::new(LineLimit::new()),
        }
    }
}

impl TransitionLog {
    /// Logs transitions, or counts them if there are too many.
    pub fn write(&self, transitions: &[Transition]) {
        for transition in transitions {
            if let Some(change) = transition.health_change
                && self.admit()
            {
                log(transition, change);
            }
        }
    }

    /// Logs how many transitions were left out, once [`LIMIT_TIME`] is over.
    pub fn write_suppressed(&self) {
        self.limit.lock().unwrap_or_else(PoisonError::into_inner).renew();
    }

    fn admit(&self) -> bool {
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit.renew();
        if limit.lines >= LINES {
            limit.suppressed += 1;
            return false;
        }
        limit.lines += 1;
        true
    }
}

fn log(transition: &Transition, change: HealthChange) {
    let Transition {
        object,
        reason,
        message,
        ..
    } = transition;
    let ObjectRef {
        kind,
        namespace,
        name,
    } = object;
    let state = transition.to.map(State::as_str);
    let reason = reason.as_str();
    let verdict = match change {
        HealthChange::Recovered => "is healthy again",
        HealthChange::Failed => "is not healthy",
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

impl LineLimit {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            lines: 0,
            suppressed: 0,
        }
    }

    /// Starts again if [`LIMIT_TIME`] is over, and logs how many lines were left out in it.
    fn renew(&mut self) {
        if self.began.elapsed() < LIMIT_TIME {
            return;
        }
        if self.suppressed > 0 {
            tracing::info!(
                suppressed = self.suppressed,
                "more objects changed than are logged one by one"
            );
        }
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_cut_off_and_counted_until_its_time_is_over() {
        let log = TransitionLog::default();
        assert_eq!((0..100).filter(|_| log.admit()).count(), 20);
        assert_eq!(log.limit.lock().unwrap().suppressed, 80);
        tokio::time::advance(LIMIT_TIME).await;
        log.write_suppressed();
        assert_eq!(log.limit.lock().unwrap().suppressed, 0);
        assert!(log.admit());
    }
}
