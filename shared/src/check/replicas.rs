//! How many pods are asked for and how many exist, for every kind that keeps a number of pods running.
//!
//! [`Replicas`] judges the kinds whose status is counts alone: StatefulSet, DaemonSet, ReplicaSet. Their controllers write
//! no condition about a rollout. So the last change dates a shortage. A rollout that is not over has the time of
//! [`revision`](super::revision) from step to step, whether pods are missing or not. Any other shortage, the first start
//! included, has the grace of a young pod.

use super::lifecycle::{self, Preliminaries};
use super::message::Message;
use super::min_ready::MinReadyWait;
use super::revision::{RevisionProgress, RolloutSteps, STEP_SECONDS, longest_rollout};
use super::verdict::Verdict;
use super::{Evidence, GRACE_SECONDS, Pods};
use crate::report::{Code, Item, Note, NoteCode, Notes, State};
use crate::resource::{ObjectMeta, Time};

/// The counts of a workload. An absent count is 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReplicaCounts {
    /// Pods asked for.
    pub desired: i64,
    /// Pods that exist, surplus ones included.
    pub replicas: i64,
    pub ready: i64,
    pub available: i64,
    /// Pods of the newest revision.
    pub updated: i64,
}

impl ReplicaCounts {
    /// Which count contradicts another one: more pods are counted than exist.
    pub fn contradiction(&self) -> Option<String> {
        let replicas = ("replicas", self.replicas);
        let ready = ("readyReplicas", self.ready);
        lifecycle::find_excess(("updatedReplicas", self.updated), replicas)
            .or_else(|| lifecycle::find_excess(ready, replicas))
            .or_else(|| lifecycle::find_excess(("availableReplicas", self.available), ready))
    }

    /// The verdict if a rule decides it that comes before the counts. `observed` is the generation that they are of.
    pub fn preliminary_verdict(
        &self,
        meta: &ObjectMeta,
        has_status: bool,
        malformed: Option<String>,
        observed: Option<i64>,
        evidence: &Evidence<'_>,
        notes: &mut Notes,
    ) -> Option<Verdict> {
        let preliminaries = Preliminaries {
            meta,
            evidence,
            has_status,
            has_generation: true,
            malformed,
        };
        preliminaries
            .verdict(notes)
            .or_else(|| lifecycle::unobserved_verdict(meta, observed, shortage_state(self.ready), evidence))
    }

    /// The item with these counts.
    pub fn item(&self, item: Item) -> Item {
        Item {
            desired: Some(self.desired),
            ready: Some(self.ready),
            available: Some(self.available),
            updated: Some(self.updated),
            ..item
        }
    }

    /// `2 of 3 ready`
    pub fn ready_text(&self) -> Message {
        Message::ready_of_desired(self.ready, self.desired)
    }

    /// `1 of 3 updated, the others once they are deleted (OnDelete)`
    pub fn on_delete_note(&self) -> String {
        format!(
            "{} of {} updated, the others once they are deleted (OnDelete)",
            self.updated, self.desired
        )
    }

    /// How many pods are not ready that should be.
    pub fn missing(&self) -> i64 {
        self.desired.saturating_sub(self.ready)
    }
}

/// The state of a workload with too few ready pods.
pub(super) fn shortage_state(ready: i64) -> State {
    if ready == 0 {
        State::Unavailable
    } else {
        State::Degraded
    }
}

/// A count, 0 if it is absent.
pub(super) fn count(number: Option<i32>) -> i64 {
    i64::from(number.unwrap_or(0))
}

/// `1 pod still going`: pods of a workload that asks for none.
pub(super) fn lingering_pods(pods: i64) -> String {
    let noun = if pods == 1 { "pod" } else { "pods" };
    format!("{pods} {noun} still going")
}

/// A shortage of ready pods, with the facts that may excuse it.
pub(super) struct Shortage<'a> {
    pub counts: ReplicaCounts,
    pub pods: Option<&'a Pods<'a>>,
    pub since: Option<Time>,
    /// Whether the controller itself says that it makes no progress.
    pub stopped: bool,
    /// A rollout that certainly makes progress.
    pub rollout: Option<RevisionProgress>,
    /// Whether the missing pods still have time to start.
    pub starting: bool,
}

impl Shortage<'_> {
    pub fn verdict(self, notes: &mut Notes) -> Verdict {
        let counted = self.counts.ready_text();
        let stopped = self.stopped || self.pods.is_some_and(|p| !p.hard_causes().is_empty());
        let verdict = match self.rollout {
            Some(rollout) if !stopped => rollout.progress_verdict(counted, false),
            _ if !stopped && self.starting => {
                if self.pods.is_none() {
                    notes.push(Note::coded(NoteCode::PodsNotSeen, NoteCode::PodsNotSeen.as_str()));
                }
                let message = counted.join(&format!("{} starting", self.counts.missing()));
                Verdict::new(State::Progressing, false, Code::PodsStarting, message)
            }
            _ => Verdict::new(
                shortage_state(self.counts.ready),
                false,
                Code::ReadyBelowDesired,
                counted,
            ),
        };
        verdict.since(self.since)
    }
}

/// The rollout of a kind that replaces pods by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReplicasRollout {
    pub progress: RevisionProgress,
    /// Whether the controller calls it over. The last pods it replaced may not be ready yet.
    pub over: bool,
}

/// A workload whose status is counts alone.
pub(super) struct Replicas<'a> {
    pub meta: &'a ObjectMeta,
    pub evidence: &'a Evidence<'a>,
    pub counts: ReplicaCounts,
    pub rollout: Option<ReplicasRollout>,
    /// `minReadySeconds`.
    pub min_ready: i64,
    /// Whether a pod is created only once the one before it is ready. One young pod then explains all missing ones.
    pub ordered: bool,
    /// Whether the controller says that pods cannot be created.
    pub refused: bool,
    /// Reason and message if it asks for no pod.
    pub empty: (Code, &'static str),
}

impl Replicas<'_> {
    pub fn verdict(&self, notes: &mut Notes) -> Verdict {
        let c = &self.counts;
        let counted = c.ready_text();
        match self.rollout {
            _ if c.desired == 0 => {
                if c.replicas > 0 {
                    notes.push(lingering_pods(c.replicas));
                }
                Verdict::healthy(self.empty.0.clone(), self.empty.1)
            }
            _ if c.ready < c.desired => self.shortage_verdict(notes),
            _ if c.available < c.desired => MinReadyWait {
                evidence: self.evidence,
                desired: c.desired,
                ready: c.ready,
                available: c.available,
                min_ready: self.min_ready,
                moved: self.meta.last_status_write(),
                began: None,
            }
            .verdict(),
            Some(rollout) if rollout.progress.updated < rollout.progress.wanted => {
                self.rollout_verdict(counted, rollout.progress)
            }
            _ => self
                .recovery_verdict(&counted)
                .unwrap_or_else(|| Verdict::healthy(Code::Ready, counted)),
        }
    }

    fn steps(&self, rollout: RevisionProgress) -> RolloutSteps<'_> {
        let step = STEP_SECONDS.saturating_add(self.min_ready.max(0));
        RolloutSteps {
            meta: self.meta,
            evidence: self.evidence,
            min_ready: self.min_ready,
            longest: longest_rollout(step, rollout.wanted),
        }
    }

    /// The verdict about a rollout at full strength.
    fn rollout_verdict(&self, counted: Message, rollout: RevisionProgress) -> Verdict {
        let status = self.meta.last_status_write();
        let began = self.meta.last_spec_write().into_iter().chain(status).min();
        let pods = self.evidence.pods.as_ref();
        let step = pods.and_then(Pods::newest_step).map(|(t, _)| t);
        match self.steps(rollout).may_be_recent() {
            Some(true) => rollout.progress_verdict(counted, true).since(began),
            Some(false) => rollout.stalled_verdict(&counted).since(step.or(status).or(began)),
            None => lifecycle::undated_verdict(rollout.rollout_text(counted)),
        }
    }

    fn recovery_verdict(&self, counted: &Message) -> Option<Verdict> {
        let now = self.evidence.now;
        let since = self.evidence.pods.as_ref()?.recovery_time()?;
        lifecycle::is_old(self.meta, now).then(|| lifecycle::recovery_verdict(counted.clone(), since, now))
    }

    fn shortage_verdict(&self, notes: &mut Notes) -> Verdict {
        let missing = self.counts.missing();
        let pods = self.evidence.pods.as_ref();
        // The status has been short since its last change. The pods may know more.
        let since = pods
            .and_then(|pods| pods.shortage_start(missing))
            .into_iter()
            .chain(self.meta.last_status_write())
            .min();
        let rollout = self.rollout.filter(|rollout| !rollout.over);
        let rollout = rollout.map(|rollout| rollout.progress);
        Shortage {
            counts: self.counts,
            pods,
            since,
            stopped: self.refused,
            rollout: rollout.filter(|rollout| self.steps(*rollout).are_recent()),
            starting: self.is_starting(missing),
        }
        .verdict(notes)
    }

    /// Whether the missing pods still have time to start.
    fn is_starting(&self, missing: i64) -> bool {
        let (c, now) = (&self.counts, self.evidence.now);
        let is_within = |time: Option<Time>, seconds| time.is_some_and(|t| now.is_within(seconds, t));
        // Its first pods may not exist yet.
        let is_new = is_within(self.meta.creation_timestamp, GRACE_SECONDS);
        let changed = self.meta.last_status_write();
        // One pod becomes ready, and the next one does not exist yet. The controller looks again after
        // `minReadySeconds`, and may have to look once more (kubernetes/kubernetes#119352).
        let pause = self.min_ready.max(0).saturating_mul(2);
        let between = self.ordered
            && c.replicas < c.desired
            && c.ready >= c.replicas
            && is_within(changed, GRACE_SECONDS.saturating_add(pause));
        is_new
            || between
            || match &self.evidence.pods {
                Some(pods) if pods.are_short_lived() => false,
                Some(pods) if self.ordered => pods.count_young() > 0,
                Some(pods) => pods.count_young() >= missing,
                None => is_within(changed, GRACE_SECONDS),
            }
    }
}
