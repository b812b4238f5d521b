//! When an object that is not settled is known to be bad: the rows of the table in the guide, each a function.
//!
//! A problem ends a wait if it does not pass by itself, or if it may pass and lasted for the grace without progress. Progress
//! is one more pod of the newest revision that is created, scheduled, started or ready; a restart is none. The rule of each
//! cause is [`PassesByItself`].

use super::clock::SeenClock;
use super::memory::{Memory, newest_pods, seconds_at};
use super::standing::{PendingEnd, Standing};
use crate::kind::Kind;
use crate::report::{Cause, Code, FailedStep, Item, PassesByItself, RolloutProgress, State};
use crate::resource::Time;
use crate::shell::kubectl;

/// A problem that does not pass is looked at twice, with at least this many seconds in between.
pub(super) const CONFIRM_SECONDS: i64 = 10;
/// A node that was ordered for a pod may take this many seconds.
const NODE_SECONDS: i64 = 600;
/// Seconds from one ready pod to the next for a workload without a deadline of its own: the default of
/// `progressDeadlineSeconds` of a Deployment.
const STEP_SECONDS: i64 = 600;
/// A Deployment's controller reports its deadline itself. This many seconds later the wait does.
const CONTROLLER_SECONDS: i64 = 30;
/// A container that has restarted this often crashes again and again.
const RESTARTS: i64 = 2;

/// The facts by which an object is judged.
pub(super) struct Row<'a> {
    pub item: &'a Item,
    pub memory: &'a Memory,
    pub clock: &'a SeenClock,
    pub now: Time,
    /// The time of the report.
    pub observed_at: Option<Time>,
    /// Seconds of the grace.
    pub grace: i64,
    /// The generation from which on the object counts.
    pub generation: Option<i64>,
}

impl Row<'_> {
    /// Where the object stands.
    pub fn standing(&self) -> Standing {
        let item = self.item;
        if item.acknowledged.is_some() {
            return Standing::Settled;
        }
        if self
            .generation
            .is_some_and(|wanted| item.generation.is_some_and(|seen| seen < wanted))
        {
            return Standing::Moving;
        }
        match item.state {
            State::Succeeded => Standing::Settled,
            State::Healthy => self.healthy(),
            State::Suspended => self.suspended(),
            // A named one is gone soon; any other is dropped before.
            State::Terminating => Standing::Moving,
            State::Unknown => {
                let at = self.memory.changed.saturating_add(self.grace);
                Standing::Ending(PendingEnd::not_seen(
                    at,
                    format!("{}: {}", self.name(), item.message),
                ))
            }
            State::Progressing | State::Degraded | State::Unavailable => self.open(),
        }
    }

    fn kind(&self) -> Option<Kind> {
        Kind::from_kind(&self.item.kind).filter(|_| self.item.judged_by.is_empty())
    }

    fn rollout(&self) -> Option<&RolloutProgress> {
        self.item.rollout.as_deref()
    }

    fn seconds(&self) -> i64 {
        self.clock.seconds(self.now)
    }

    fn seconds_at(&self, text: Option<&str>) -> Option<i64> {
        seconds_at(self.clock, self.now, self.observed_at, text)
    }

    /// `Deployment shop/web`
    fn name(&self) -> String {
        object_name(self.item)
    }

    /// A Job that runs is healthy, and is waited for until it has succeeded. So is the active run of a CronJob.
    fn healthy(&self) -> Standing {
        let runs = self.rollout().and_then(|r| r.active_runs).unwrap_or(0) > 0;
        let is_running = self.item.reason == Code::Running;
        match self.kind() {
            Some(Kind::Job) if is_running => Standing::Moving,
            Some(Kind::CronJob) if is_running || runs => Standing::Moving,
            _ if self.is_held() => self.held(),
            _ if self.item.reason == Code::ScaledToZero && self.existing() > 0 => Standing::Moving,
            _ => Standing::Settled,
        }
    }

    fn existing(&self) -> i64 {
        self.rollout().and_then(|r| r.existing).unwrap_or(0)
    }

    fn suspended(&self) -> Standing {
        match (self.kind(), &self.item.reason) {
            // The next run is not waited for.
            (Some(Kind::CronJob), _) => Standing::Settled,
            // Controllers of quotas and queues remove it.
            (_, Code::SchedulingGated) => Standing::Moving,
            // A pause with a duration ends by itself.
            (Some(Kind::Rollout), Code::RolloutPaused) if self.rollout().is_some_and(|r| !r.paused) => {
                Standing::Moving
            }
            _ => self.held(),
        }
    }

    /// Whether its rollout is paused before all pods have the newest revision.
    fn is_held(&self) -> bool {
        let wanted = self.item.desired;
        let is_out = self
            .item
            .updated
            .zip(wanted)
            .is_none_or(|(updated, wanted)| updated >= wanted);
        self.rollout().is_some_and(|r| r.paused) && !is_out
    }

    fn held(&self) -> Standing {
        let item = self.item;
        let words = match self.kind() {
            Some(Kind::Deployment) => {
                // While it is paused, its controller makes no ReplicaSet and gives no number.
                let is_numbered = item.updated.is_some_and(|updated| updated > 0);
                let revision = match &self.memory.revision {
                    Some(revision) if is_numbered => format!("revision {revision}"),
                    Some(revision) => format!("the revision after {revision}"),
                    None => "its newest revision".to_owned(),
                };
                let resume = kubectl(
                    &item.namespace,
                    "rollout resume",
                    &format!("deployment/{}", item.name),
                );
                format!("paused: {revision} is not rolled out; {resume}")
            }
            Some(Kind::Job) => {
                let patch = kubectl(&item.namespace, "patch job", &item.name);
                format!("suspended; {patch} -p '{{\"spec\":{{\"suspend\":false}}}}'")
            }
            _ => format!("held: {}", item.message),
        };
        Standing::Ending(PendingEnd::held(
            self.seconds(),
            format!("{}: {words}", self.name()),
        ))
    }

    /// An object that is not as it should be.
    fn open(&self) -> Standing {
        if self.is_held() {
            return self.held();
        }
        // Its conditions and its pods are of an older spec.
        if self.item.reason == Code::NotObserved {
            return Standing::Moving;
        }
        let first = self.pending_ends().into_iter().min_by_key(|pending| pending.at);
        first.map_or(Standing::Moving, Standing::Ending)
    }

    /// Every row that fits.
    fn pending_ends(&self) -> Vec<PendingEnd> {
        let mut pending_ends: Vec<PendingEnd> = self.final_state().into_iter().collect();
        pending_ends.extend(self.item.causes.iter().filter_map(|cause| self.cause(cause)));
        pending_ends.extend(self.crash());
        pending_ends.extend(self.own_deadline());
        if pending_ends.is_empty() {
            pending_ends.extend(self.without_cause());
        }
        pending_ends
    }

    fn failed(&self, at: i64, why: &str) -> PendingEnd {
        PendingEnd::failed(at, format!("{}: {why}", self.name()))
    }

    /// A state that its controller does not leave.
    fn final_state(&self) -> Option<PendingEnd> {
        let item = self.item;
        let root = item.roots().next();
        let why = root.map_or(&item.message, |cause| &cause.message);
        match (self.kind(), &item.reason) {
            (Some(Kind::Job), Code::JobFailed) | (Some(Kind::Pod), Code::PodFailed) => {
                Some(self.failed(self.seconds(), why))
            }
            // Its run has ended, and the next one is not waited for.
            (Some(Kind::CronJob), Code::LastRunFailed) => Some(self.failed(self.seconds(), why)),
            (Some(Kind::Job), Code::IndexesFailed) | (_, Code::InvalidSpec | Code::RolloutAborted) => {
                Some(self.failed(self.memory.reason_since.saturating_add(CONFIRM_SECONDS), why))
            }
            // A controller that writes no observedGeneration may not have seen the newest spec.
            (None, Code::Stalled | Code::Failed) => {
                let since = self.memory.reason_since;
                let confirm = if since == self.memory.born {
                    CONFIRM_SECONDS
                } else {
                    0
                };
                Some(self.failed(since.saturating_add(confirm), why))
            }
            _ => None,
        }
    }

    /// A cause of its own, or of its pods of the newest revision.
    fn cause(&self, cause: &Cause) -> Option<PendingEnd> {
        if cause.newest == Some(0) {
            return None;
        }
        if cause.code == Code::ProgressDeadlineExceeded {
            return self.deadline_exceeded(cause);
        }
        match cause.code.step() {
            // The rows of crashes and of the workload's own deadline.
            FailedStep::Run | FailedStep::Readiness | FailedStep::Unexplained | FailedStep::End => {
                return None;
            }
            FailedStep::Object if cause.code.is_consequence() => return None,
            _ => {}
        }
        if cause.code == Code::ContainerHook {
            return None;
        }
        let since = self.memory.sign_since(cause, self.seconds());
        let at = match cause.passes() {
            PassesByItself::Yes => return None,
            PassesByItself::No => since.saturating_add(CONFIRM_SECONDS),
            PassesByItself::Maybe => {
                let at = since.max(self.memory.progress).saturating_add(self.grace);
                let ordered = self.seconds_at(cause.node_ordered.as_deref());
                ordered.map_or(at, |ordered| at.max(ordered.saturating_add(NODE_SECONDS)))
            }
        };
        Some(self.failed(at, &cause.message))
    }

    /// The controller of a Deployment gave up. A condition that is older than the spec is about the rollout before: an undo or
    /// a scale leaves it in place (`syncRolloutStatus` in `pkg/controller/deployment/progress.go` of kubernetes/kubernetes).
    fn deadline_exceeded(&self, cause: &Cause) -> Option<PendingEnd> {
        let exceeded = self
            .rollout()
            .and_then(|r| r.deadline_exceeded.as_deref())
            .or(cause.since.as_deref());
        let time = |text: &str| Time::parse(text).ok();
        let written = self.item.spec_written.as_deref();
        let is_older = exceeded
            .and_then(time)
            .zip(written.and_then(time))
            .is_some_and(|(exceeded, written)| exceeded < written);
        if !is_older {
            let since = self.memory.sign_since(cause, self.seconds());
            let why = self
                .item
                .roots()
                .next()
                .map_or(&cause.message, |root| &root.message);
            return Some(self.failed(since.saturating_add(CONFIRM_SECONDS), why));
        }
        let written = self.seconds_at(written)?;
        let at = written.max(self.memory.progress).saturating_add(self.deadline());
        Some(self.failed(at, &cause.message))
    }

    fn deadline(&self) -> i64 {
        self.rollout()
            .and_then(|r| r.deadline_seconds)
            .unwrap_or(STEP_SECONDS)
    }

    /// All pods of the newest revision crash, and none was ever ready. The pods of a Job may crash: its own end counts.
    fn crash(&self) -> Option<PendingEnd> {
        if matches!(self.kind(), Some(Kind::Job | Kind::CronJob)) {
            return None;
        }
        let pods = newest_pods(self.item)?;
        let all = pods.created > 0 && pods.crashing >= pods.created;
        let often = pods.least_restarts.is_some_and(|n| n >= RESTARTS);
        if !all || !often || self.memory.was_ready {
            return None;
        }
        let cause = self.item.causes.iter().find(|cause| is_crash(cause))?;
        let seen = self.memory.sign_since(cause, self.seconds());
        let began = self.seconds_at(pods.crashing_since.as_deref()).unwrap_or(seen);
        let at = began
            .saturating_add(self.grace)
            .max(seen.saturating_add(CONFIRM_SECONDS));
        Some(self.failed(at, &cause.message))
    }

    /// A workload that runs and does not become ready.
    fn own_deadline(&self) -> Option<PendingEnd> {
        let kind = self.kind()?;
        let ends = matches!(kind, Kind::Job | Kind::CronJob);
        // Its check says for how long it is progressing.
        if !kind.is_workload() || ends || self.item.state == State::Progressing {
            return None;
        }
        let limit = match kind {
            Kind::Deployment | Kind::Rollout => self.deadline().saturating_add(CONTROLLER_SECONDS),
            _ => STEP_SECONDS,
        };
        let ready = newest_pods(self.item).and_then(|pods| self.seconds_at(pods.last_ready.as_deref()));
        // A pod that became ready before the wait began does not shorten it.
        let since = ready.map_or(self.memory.progress, |ready| ready.max(self.memory.progress));
        let cause = self.item.roots().next();
        let why = cause.map_or(&self.item.message, |cause| &cause.message);
        let words = format!("no progress for {}: {why}", crate::span::span(limit));
        Some(self.failed(since.saturating_add(limit), &words))
    }

    /// An object that no other row fits: one without a rollout.
    fn without_cause(&self) -> Option<PendingEnd> {
        let item = self.item;
        if item.state == State::Progressing || item.reason == Code::KeepsFailing {
            return None;
        }
        let at = self.memory.changed.saturating_add(self.grace);
        Some(self.failed(at, &item.message))
    }
}

/// Whether a container ends, or is killed, again and again.
fn is_crash(cause: &Cause) -> bool {
    cause.code.step() == FailedStep::Run || cause.code == Code::ContainerHook
}

/// `Deployment shop/web`
pub(super) fn object_name(item: &Item) -> String {
    match item.namespace.as_str() {
        "" => format!("{} {}", item.kind, item.name),
        namespace => format!("{} {namespace}/{}", item.kind, item.name),
    }
}
