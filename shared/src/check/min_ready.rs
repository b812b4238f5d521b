//! Pods that are ready, but not for `minReadySeconds` yet, so that they do not count as available.

use super::message::Message;
use super::revision::STEP_SECONDS;
use super::verdict::Verdict;
use super::{Evidence, GRACE_SECONDS, Pods, lifecycle};
use crate::report::{Code, State};
use crate::resource::Time;

/// Enough pods are ready and too few are available.
pub(super) struct MinReadyWait<'a> {
    pub evidence: &'a Evidence<'a>,
    pub desired: i64,
    pub ready: i64,
    pub available: i64,
    /// `minReadySeconds`.
    pub min_ready: i64,
    /// When something last moved, for workloads whose pods are not known.
    pub moved: Option<Time>,
    /// Since when too few are available, if a condition dates it.
    pub began: Option<Time>,
}

impl MinReadyWait<'_> {
    /// Seconds after which a ready pod has to be available.
    fn limit(&self) -> i64 {
        self.min_ready.max(0).saturating_add(GRACE_SECONDS)
    }

    /// Whether the pods still have time; `None` if nothing dates them. A pod that becomes ready again gets its time
    /// anew, but only for as long as a rollout may take to its next step. After that only younger pods get it.
    pub fn is_in_time(&self) -> Option<bool> {
        let now = self.evidence.now;
        let longest = self.limit().saturating_add(STEP_SECONDS);
        let is_late = self.began.is_some_and(|t| now.age(t) >= longest);
        if let Some(pods) = self.pods() {
            let oldest = if is_late { longest } else { i64::MAX };
            return Some(
                pods.count_settling(self.limit(), oldest) >= self.desired.saturating_sub(self.available),
            );
        }
        if is_late {
            return Some(false);
        }
        self.moved.map(|t| now.age(t) < self.limit())
    }

    /// The pods, if they are as new as the counts.
    pub fn pods(&self) -> Option<&Pods<'_>> {
        let pods = self.evidence.pods.as_ref();
        pods.filter(|pods| pods.count_ready() >= self.desired)
    }

    fn counts_text(&self) -> Message {
        Message::ready_of_desired(self.ready, self.desired).join(&format!("{} available", self.available))
    }

    /// The verdict while the pods still have time.
    pub fn settling_verdict(&self) -> Verdict {
        let since = self
            .began
            .or_else(|| self.pods().and_then(|pods| pods.settling_start(self.limit())))
            .or(self.moved);
        let message = self.counts_text().append(": inside minReadySeconds");
        Verdict::new(State::Progressing, true, Code::Settling, message).since(since)
    }

    pub fn verdict(&self) -> Verdict {
        let counts = self.counts_text();
        match self.is_in_time() {
            Some(true) => self.settling_verdict(),
            Some(false) => Verdict::degraded(
                Code::AvailableBelowDesired,
                counts.append(&format!(
                    ": too few for longer than minReadySeconds ({})",
                    self.min_ready
                )),
            )
            .since(self.began.or(self.moved)),
            None => lifecycle::undated_verdict(counts),
        }
    }
}
