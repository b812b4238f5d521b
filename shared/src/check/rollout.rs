//! Whether a Rollout of Argo has as many healthy pods as its spec asks for, and whether its update makes progress.
//!
//! Its pods are judged like those of a Deployment: `rollout/sync.go` in argoproj/argo-rollouts writes the same counts and
//! most of the same conditions. Only the phases are its own (`utils/rollout/rolloututil.go`). An aborted update leaves the
//! stable revision serving, and is degraded until somebody tries again or goes back. A pause is what the spec asks for;
//! Argo CD calls it Suspended. An analysis or an experiment may take longer than the progress deadline: the controller does
//! not apply it to them (`isIndefiniteStep`).

use super::cause::Sentence;
use super::lifecycle;
use super::message::Message;
use super::replicas::{ReplicaCounts, count, shortage_state};
use super::revision::STEP_SECONDS;
use super::text::kubectl;
use super::verdict::Verdict;
use super::{Check, Evidence, NewestRevision, Now, Pods};
use crate::duration;
use crate::kind::{JudgedKind, KindInfo, PodNames};
use crate::report::{Cause, Code, Item, NoteCode, ObjectRef, RolloutProgress, State};
use crate::resource::{
    Condition as _, Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus, ROLLOUT_REVISION,
    Resource as _, Rollout, RolloutStatus,
};

impl JudgedKind for Rollout {
    const INFO: KindInfo = KindInfo {
        short_names: &["ro"],
        pods: PodNames::HashAndSuffix,
        ..KindInfo::new("rollout", "Rollouts")
    };
}

impl Check for Rollout {
    fn is_settled(&self, item: &Item, now: Now) -> bool {
        // A pause can last longer than it should, and an analysis too.
        item.state == State::Healthy
            && item.healthy == Some(true)
            && item.warnings.is_empty()
            && !self.needs_evidence(item, now)
    }

    fn needs_evidence(&self, item: &Item, now: Now) -> bool {
        RolloutFacts::new(self, &Evidence::new(now))
            .as_deployment()
            .needs_evidence(item, now)
    }

    fn newest_revision<'a>(&'a self, pods: &Pods<'a>) -> NewestRevision<'a> {
        NewestRevision::by_annotation(pods, ROLLOUT_REVISION)
    }

    fn rollout_progress(&self) -> Option<RolloutProgress> {
        Some(self.progress())
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        RolloutFacts::new(self, evidence).item()
    }
}

impl Rollout {
    /// How far its newest revision is by its own fields. A pause with a duration ends by itself.
    fn progress(&self) -> RolloutProgress {
        let status = self.status.clone().unwrap_or_default();
        let spec = self.spec.clone().unwrap_or_default();
        let exceeded = self
            .condition("Progressing")
            .filter(|p| p.is_false() && p.reason == Code::ProgressDeadlineExceeded.as_str());
        let step = self.step().and_then(|step| step.pause.as_ref());
        let ends = step.is_some_and(|pause| !pause.duration.is_empty())
            && status
                .pause_conditions
                .iter()
                .all(|pause| pause.reason == "CanaryPauseStep");
        let held = spec.paused == Some(true) || (!status.pause_conditions.is_empty() && !ends);
        RolloutProgress {
            revision: self.meta().annotations.get(ROLLOUT_REVISION).cloned(),
            existing: self.status.as_ref().map(|s| count(s.replicas)),
            paused: held,
            deadline_seconds: Some(spec.progress_deadline_seconds.map_or(STEP_SECONDS, i64::from)),
            deadline_exceeded: exceeded
                .and_then(|p| p.last_update_time.max(p.last_transition_time))
                .map(|t| t.to_string()),
            ..RolloutProgress::default()
        }
    }
}

fn counts(rollout: &Rollout) -> ReplicaCounts {
    let spec = rollout.spec.clone().unwrap_or_default();
    let status = rollout.status.clone().unwrap_or_default();
    let is_blue_green = spec.strategy.as_ref().is_some_and(|s| s.blue_green);
    let available = count(status.available_replicas);
    let ready = count(status.ready_replicas);
    // The controller writes 1 if the spec asks for no number. With the template of another workload it may not have yet.
    let least = if spec.workload_ref {
        count(status.replicas).max(1)
    } else {
        1
    };
    ReplicaCounts {
        desired: spec.replicas.map_or(least, i64::from),
        replicas: count(status.replicas),
        updated: count(status.updated_replicas),
        // Before version 1.1 pods of the preview counted as ready, and never as available.
        ready: match spec.min_ready_seconds {
            None | Some(0) if is_blue_green => ready.min(available),
            _ => ready,
        },
        available,
    }
}

fn malformed(c: &ReplicaCounts) -> Option<String> {
    lifecycle::find_negative(&[
        ("spec.replicas", Some(c.desired)),
        ("status.replicas", Some(c.replicas)),
        ("status.updatedReplicas", Some(c.updated)),
        ("status.readyReplicas", Some(c.ready)),
        ("status.availableReplicas", Some(c.available)),
    ])
}

/// A Rollout with its counts and its evidence.
struct RolloutFacts<'a> {
    rollout: &'a Rollout,
    evidence: &'a Evidence<'a>,
    status: RolloutStatus,
    counts: ReplicaCounts,
}

impl<'a> RolloutFacts<'a> {
    fn new(rollout: &'a Rollout, evidence: &'a Evidence<'a>) -> Self {
        Self {
            rollout,
            evidence,
            status: rollout.status.clone().unwrap_or_default(),
            counts: counts(rollout),
        }
    }

    fn item(&self) -> Item {
        let c = &self.counts;
        let mut item = match malformed(c) {
            Some(malformed) => Verdict::malformed(&malformed).item(self.rollout),
            None => self.as_deployment().judge(self.evidence),
        };
        let meta = self.rollout.meta();
        Rollout::KIND.clone_into(&mut item.kind);
        item = c.item(item);
        for cause in &mut item.causes {
            if cause.example.as_ref().is_some_and(|e| e.kind == Deployment::KIND) {
                cause.example = Some(ObjectRef::named(Rollout::KIND, &meta.name));
                cause.hint = Some(kubectl(&meta.namespace, "describe rollout", &meta.name));
            }
        }
        let says_nothing = matches!(item.state, State::Unknown | State::Terminating)
            || [Code::NotObserved, Code::ControllerNotObserving].contains(&item.reason);
        if says_nothing || c.desired == 0 {
            return item;
        }
        let mut warnings = Vec::new();
        let Some(verdict) = self.own_verdict(&item, &mut warnings) else {
            return item;
        };
        if verdict.reason == Code::RolloutAborted {
            self.add_abort(&mut item.causes);
        }
        item.warnings.extend(warnings);
        if verdict.state == State::Suspended {
            item.notes.remove(NoteCode::Paused);
        }
        Item {
            state: verdict.state,
            healthy: verdict.healthy,
            reason: verdict.reason,
            since: verdict.since.map(|t| t.to_string()),
            message: verdict.message.text,
            detail: verdict.message.detail,
            ..item
        }
    }

    /// The verdict by conditions and phases that a Deployment does not have, if it says more than the pods do.
    fn own_verdict(&self, item: &Item, warnings: &mut Vec<String>) -> Option<Verdict> {
        let c = &self.counts;
        let is_short = c.ready < c.desired;
        let counted = c.ready_text();
        let failing = |verdict: Verdict| Verdict {
            state: if is_short {
                shortage_state(c.ready)
            } else {
                verdict.state
            },
            ..verdict
        };
        let progressing = self.rollout.condition("Progressing");
        let changed = progressing.and_then(|p| p.last_transition_time);
        if let Some(invalid) = self.rollout.condition("InvalidSpec").filter(|c| !c.is_false()) {
            let nothing = format!("and nothing is done about its spec: {}", invalid.message);
            let message = counted.join(&nothing);
            return Some(failing(
                Verdict::degraded(Code::InvalidSpec, message).since(invalid.last_transition_time),
            ));
        }
        if self.is_aborted() {
            let message = if is_short {
                counted.join("its update was aborted")
            } else {
                Message::from("its update was aborted, the stable revision goes on serving: ")
                    .append(&counted.text)
            };
            return Some(failing(
                Verdict::degraded(Code::RolloutAborted, message).since(changed),
            ));
        }
        let updated = format!("{} of {} updated", c.updated, c.desired);
        let stalled = "rollout stalled, the stable revision goes on serving";
        match item.state {
            State::Degraded if item.reason == Code::RolloutStalled => {
                let message = format!("{stalled}: {}, {updated}", counted.text);
                return Some(failing(
                    Verdict::degraded(Code::RolloutStalled, message).since(changed),
                ));
            }
            State::Degraded | State::Unavailable => return None,
            _ => {}
        }
        if self.status.phase == "Degraded" {
            let message = counted.join(&format!("{updated}: {}", self.status.message));
            return Some(failing(
                Verdict::degraded(Code::RolloutStalled, message).since(changed),
            ));
        }
        // Its pods decide.
        if is_short || item.state != State::Healthy {
            return None;
        }
        if self.is_paused() {
            return self.pause_verdict(counted, warnings);
        }
        self.is_under_way()
            .then(|| self.update_verdict(counted, warnings))
    }

    /// The verdict at full strength while the update waits for a person or a step.
    fn pause_verdict(&self, counted: Message, warnings: &mut Vec<String>) -> Option<Verdict> {
        let pause = self.status.pause_conditions.first();
        if pause.is_none() && !self.is_under_way() {
            return None;
        }
        let since = pause.and_then(|p| p.start_time);
        let (why, lasts) = match pause.map(|p| p.reason.as_str()) {
            Some("CanaryPauseStep") => {
                let pause = self.rollout.step().and_then(|step| step.pause.as_ref());
                let lasts = pause.map(|p| p.duration.as_str()).filter(|d| !d.is_empty());
                (self.step_text(), lasts)
            }
            Some("BlueGreenPause") => ("until it is promoted".to_owned(), None),
            Some("InconclusiveAnalysisRun") => {
                warnings
                    .push("its analysis is inconclusive: somebody has to promote or abort the update".into());
                ("after an inconclusive analysis".to_owned(), None)
            }
            Some(other) => (other.to_owned(), None),
            None => ("by spec.paused".to_owned(), None),
        };
        let late = lasts
            .and_then(seconds)
            .zip(since)
            .filter(|(lasts, since)| self.evidence.now.age(*since) > lasts.saturating_add(STEP_SECONDS));
        Some(
            match (late, lasts) {
                (Some(_), Some(lasts)) => Verdict::degraded(
                    Code::RolloutStalled,
                    counted.join(&format!(
                        "its pause of {lasts} is over and its controller does not go on"
                    )),
                ),
                (_, Some(lasts)) => {
                    suspended_verdict(counted.join(&format!("update paused {why} for {lasts}")))
                }
                (_, None) => suspended_verdict(counted.join(&format!("update paused {why}"))),
            }
            .since(since),
        )
    }

    fn step_text(&self) -> String {
        let steps = self
            .rollout
            .spec
            .as_ref()
            .and_then(|s| s.strategy.as_ref()?.canary.as_ref());
        match (self.status.current_step_index, steps.map_or(0, |c| c.steps.len())) {
            (Some(at), count @ 1..) => format!("at step {} of {count}", at.saturating_add(1)),
            _ => "at a step".to_owned(),
        }
    }

    /// The verdict at full strength while not all pods are of the newest revision yet.
    fn update_verdict(&self, counted: Message, warnings: &mut Vec<String>) -> Verdict {
        let c = &self.counts;
        let progressing = self.rollout.condition("Progressing");
        let moved = progressing.and_then(|p| p.last_update_time.or(p.last_transition_time));
        let moved = moved.or(self.rollout.meta().creation_timestamp);
        let age = moved.map_or(i64::MAX, |t| self.evidence.now.age(t));
        let spec = self.rollout.spec.as_ref();
        let deadline = spec
            .and_then(|s| s.progress_deadline_seconds)
            .map_or(STEP_SECONDS, i64::from);
        let message = counted.join(&match () {
            () if c.updated < c.desired => {
                format!("rolling out: {} of {} updated", c.updated, c.desired)
            }
            () if self.status.message.is_empty() => "rolling out".to_owned(),
            () => format!("rolling out: {}", self.status.message),
        });
        if age < deadline {
            return Verdict::new(State::Progressing, true, Code::RolloutInProgress, message).since(moved);
        }
        let minutes = age / 60;
        if self
            .rollout
            .step()
            .is_some_and(|step| step.analysis || step.experiment)
        {
            warnings.push(format!(
                "its update has waited {minutes} min for an analysis or an experiment, {}",
                self.step_text()
            ));
            return Verdict::healthy(Code::Ready, message).since(moved);
        }
        Verdict::degraded(
            Code::RolloutStalled,
            message.join(&format!(
                "without progress for {minutes} min, which its controller does not report"
            )),
        )
        .since(moved)
    }

    fn is_aborted(&self) -> bool {
        let progressing = self.rollout.condition("Progressing");
        self.status.abort || progressing.is_some_and(|p| p.is_false() && p.reason == "RolloutAborted")
    }

    fn is_paused(&self) -> bool {
        let by_spec = self.rollout.spec.as_ref().is_some_and(|s| s.paused == Some(true));
        by_spec || !self.status.pause_conditions.is_empty()
    }

    /// Whether the newest revision does not serve alone yet: by the phase, or before version 1.0 by the rules behind it.
    fn is_under_way(&self) -> bool {
        let (c, status) = (&self.counts, &self.status);
        let going_on = status.controller_pause && status.pause_conditions.is_empty();
        match status.phase.as_str() {
            "Healthy" => return going_on,
            "Progressing" | "Paused" => return true,
            _ => {}
        }
        let strategy = self
            .rollout
            .spec
            .as_ref()
            .and_then(|s| s.strategy.clone())
            .unwrap_or_default();
        let active = status
            .blue_green
            .as_ref()
            .map_or("", |b| b.active_selector.as_str());
        let current = status.current_pod_hash.as_str();
        let is_other = |hash: &str| !current.is_empty() && hash != current;
        // Both keep the old pods for a while.
        let keeps_old = strategy.blue_green || strategy.canary.is_some_and(|c| c.traffic_routing);
        going_on
            || (!current.is_empty() && c.updated < c.desired)
            || is_other(&status.stable_rs)
            || (strategy.blue_green && is_other(active))
            || (!keeps_old && !current.is_empty() && c.replicas > c.updated)
    }

    fn add_abort(&self, causes: &mut Vec<Cause>) {
        if causes.iter().any(|cause| cause.code == Code::RolloutAborted) {
            return;
        }
        let meta = self.rollout.meta();
        let condition = self
            .rollout
            .condition("Progressing")
            .filter(|p| p.reason == "RolloutAborted");
        let message = condition.map_or(&self.status.message, |p| &p.message);
        if message.is_empty() {
            return;
        }
        causes.push(Cause {
            example: Some(ObjectRef::named(Rollout::KIND, &meta.name)),
            hint: Some(kubectl(&meta.namespace, "describe rollout", &meta.name)),
            since: condition
                .and_then(|p| p.last_transition_time)
                .map(|t| t.to_string()),
            ..Sentence::general(message).into_cause(Code::RolloutAborted)
        });
    }

    /// The Deployment that has the same pods. At full strength it leaves the progress of the update out.
    fn as_deployment(&self) -> Deployment {
        let (c, status) = (&self.counts, &self.status);
        let meta = self.rollout.meta();
        let spec = self.rollout.spec.clone().unwrap_or_default();
        let is_full = c.desired > 0 && c.ready >= c.desired;
        let available = c.available.min(c.ready);
        let (replicas, updated) = if is_full {
            (c.ready, c.ready)
        } else {
            (c.replicas.max(c.updated).max(c.ready), c.updated)
        };
        let is_kept = |condition: &&DeploymentCondition| match condition.kind.as_str() {
            "Progressing" => !is_full || condition.is_false() || condition.reason == "NewReplicaSetAvailable",
            "Available" | "ReplicaFailure" => true,
            _ => false,
        };
        let count = |n: i64| i32::try_from(n).ok();
        let is_written = self.status != RolloutStatus::default();
        Deployment {
            metadata: self.rollout.metadata.clone(),
            spec: Some(DeploymentSpec {
                replicas: count(c.desired),
                selector: None,
                min_ready_seconds: spec.min_ready_seconds,
                paused: Some(self.is_paused()),
                progress_deadline_seconds: spec.progress_deadline_seconds,
            }),
            status: is_written.then(|| DeploymentStatus {
                // Version 0.9 wrote a hash, which does not say whether it is old.
                observed_generation: Some(&status.observed_generation)
                    .filter(|text| !text.is_empty())
                    .map(|text| text.parse().unwrap_or(meta.generation.unwrap_or(1))),
                replicas: count(replicas),
                updated_replicas: count(updated),
                ready_replicas: count(c.ready),
                available_replicas: count(available),
                conditions: status.conditions.iter().filter(is_kept).cloned().collect(),
                terminating_replicas: None,
            }),
        }
    }
}

fn suspended_verdict(message: Message) -> Verdict {
    Verdict::new(State::Suspended, true, Code::RolloutPaused, message)
}

/// The seconds of a pause: `30`, or a duration such as `1h30m`. Others are not measured (`DurationSeconds` in
/// `pkg/apis/rollouts/v1alpha1/types.go` of argoproj/argo-rollouts).
fn seconds(pause: &str) -> Option<i64> {
    let parsed = || i64::try_from(duration::parse(pause)?.as_secs()).ok();
    pause.parse().ok().or_else(parsed)
}
