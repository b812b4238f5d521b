//! Owns the regular write to a Lease, which shows whether the API server stores writes.
//! Must not know what a failed write means for the verdict.

use sre_shared::apiserver::writes::{WriteState, write_state};
use sre_shared::apiserver::{HealthAnswers, WriteAnswer};
use sre_shared::cluster::{Client, LeaseName};
use sre_shared::report::ApiServerCheck;
use sre_shared::run::{self, Clock};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The writes to one Lease.
pub struct WriteCanary {
    lease: LeaseName,
    /// The name of the pod, by which the writes of two pods differ.
    holder: Option<String>,
    /// How long an answer counts. There is at most one write in that time, however many clients ask.
    pause: Duration,
    state: Mutex<CanaryState>,
}

#[derive(Default)]
struct CanaryState {
    turn: u32,
    last: Option<(WriteAnswer, Instant)>,
}

impl WriteCanary {
    /// A canary that has not written yet.
    pub fn new(lease: LeaseName, holder: Option<String>, pause: Duration) -> Self {
        Self {
            lease,
            holder,
            pause,
            state: Mutex::default(),
        }
    }

    /// The last answer, or that of a new write if it is old; whether it is new.
    pub async fn write(&self, client: &Client, until: Instant, clock: Clock) -> (WriteAnswer, bool) {
        let turn = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((answer, at)) = &state.last
                && at.elapsed() < self.pause
            {
                return (answer.clone(), false);
            }
            state.turn = state.turn.wrapping_add(1);
            state.turn
        };
        let holder = self.holder.as_deref();
        let answer = run::apiserver::write(client, &self.lease, holder, turn, until, clock).await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.last = Some((answer.clone(), Instant::now()));
        (answer, true)
    }
}

/// What a check knows of writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CanaryResult {
    /// Whether a write was stored, if that is known.
    pub stored: Option<bool>,
    /// Why it is not known, as the class of the failure.
    pub gap: Option<&'static str>,
    /// The rule that is missing for it.
    pub missing: Option<String>,
}

impl CanaryResult {
    /// What these answers say.
    pub fn new(answers: &HealthAnswers) -> Self {
        let failure = answers
            .write
            .as_ref()
            .and_then(|write| write.result.as_ref().err());
        let gap = failure.map(|failure| failure.class.as_str());
        match write_state(answers) {
            None => Self::default(),
            Some(WriteState::Written) => Self {
                stored: Some(true),
                ..Self::default()
            },
            Some(WriteState::Failed(_)) => Self {
                stored: Some(false),
                ..Self::default()
            },
            Some(WriteState::Forbidden(rule)) => Self {
                gap,
                missing: Some(rule.to_string()),
                ..Self::default()
            },
            Some(WriteState::Unknown(_)) => Self {
                gap,
                ..Self::default()
            },
        }
    }

    /// Adds the rule that is missing to a check.
    pub fn add_missing(&self, check: &mut ApiServerCheck) {
        let Some(rule) = &self.missing else { return };
        check.missing = Some(match check.missing.take() {
            Some(others) => format!("{others}, {rule}"),
            None => rule.clone(),
        });
    }
}
