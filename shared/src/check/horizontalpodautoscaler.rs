//! Whether a HorizontalPodAutoscaler can scale.
//!
//! By the conditions of its controller (`pkg/controller/podautoscaler/horizontal.go` in kubernetes/kubernetes):
//! `AbleToScale` is False if the target cannot be read or written, `ScalingActive` if the metrics give no number.
//! `ScalingDisabled` means a target with 0 replicas: somebody switched it off. `ScalingLimited` is also True at the minimum
//! and at the pace of scaling, which is fine. With `TooManyReplicas` the metrics ask for more pods than `maxReplicas`
//! allows, which is a warning, unless minimum and maximum are equal: then somebody pinned it. The conditions come
//! before the generation: a controller that cannot read the target writes them and no generation.
//!
//! Metrics come and go with their pods, and a restarting API server cannot be asked for a moment. So a condition that
//! turned False less than a minute ago is `progressing`.

use super::lifecycle::{self, Preliminaries};
use super::verdict::Verdict;
use super::{Check, Evidence, GRACE_SECONDS};
use crate::kind::{JudgedKind, KindInfo};
use crate::report::{Code, Item, Notes, State};
use crate::resource::{
    Condition as _, HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus, PlainCondition, Resource as _,
    Time,
};

impl JudgedKind for HorizontalPodAutoscaler {
    const INFO: KindInfo = KindInfo {
        short_names: &["hpa"],
        ..KindInfo::new("horizontalpodautoscaler", "HorizontalPodAutoscalers")
    };
}

impl Check for HorizontalPodAutoscaler {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let (mut notes, mut warnings) = (Notes::default(), Vec::new());
        let verdict = verdict(self, evidence, &mut notes);
        if matches!(verdict.state, State::Healthy | State::Degraded)
            && let Some(limited) = self.condition("ScalingLimited").filter(|c| c.is_true())
            && limited.reason == "TooManyReplicas"
        {
            let spec = self.spec.clone().unwrap_or_default();
            let max = spec.max_replicas.unwrap_or(0);
            if spec.min_replicas.unwrap_or(1) == max {
                notes.push(format!(
                    "pinned to {max} replicas: minReplicas and maxReplicas are the same"
                ));
            } else {
                warnings.push(format!("at its maximum of {max}, its metrics ask for more"));
            }
        }
        Item {
            notes,
            warnings,
            ..verdict.item(self)
        }
    }
}

fn verdict(hpa: &HorizontalPodAutoscaler, evidence: &Evidence<'_>, notes: &mut Notes) -> Verdict {
    let meta = hpa.meta();
    let status = hpa.status.clone().unwrap_or_default();
    let preliminaries = Preliminaries {
        meta,
        evidence,
        has_status: status != HorizontalPodAutoscalerStatus::default(),
        has_generation: false,
        malformed: malformed(hpa, &status),
    };
    if let Some(verdict) = preliminaries.verdict(notes) {
        return verdict;
    }
    if status.conditions.is_empty() {
        return lifecycle::missing_condition_verdict(meta, "its controller", evidence);
    }
    let disabled = hpa
        .condition("ScalingActive")
        .filter(|c| c.is_false() && c.reason == "ScalingDisabled");
    let failing = ["AbleToScale", "ScalingActive"]
        .into_iter()
        .filter_map(|kind| hpa.condition(kind))
        .find(|c| !c.is_true() && disabled != Some(*c) && !is_pace(c));
    if let Some(condition) = failing {
        // The metrics of new pods take as long as the pods, and a restarted metrics server takes as long as its own.
        let is_recent = |time: Option<Time>| time.is_some_and(|t| evidence.now.is_within(GRACE_SECONDS, t));
        let changed = is_recent(condition.last_transition_time);
        let young = changed || is_recent(meta.creation_timestamp);
        let words = condition.words();
        let verdict = match condition.kind.as_str() {
            "AbleToScale" if changed => Verdict::new(State::Progressing, false, Code::ScaleStarting, words),
            "AbleToScale" => Verdict::degraded(Code::CannotScale, words),
            _ if young => Verdict::new(State::Progressing, false, Code::MetricsStarting, words),
            _ => Verdict::degraded(Code::NoMetrics, words),
        };
        return verdict.since(condition.last_transition_time);
    }
    // Older servers write no generation.
    if status.observed_generation.is_some_and(|o| o != 0)
        && let Some(verdict) =
            lifecycle::unobserved_verdict(meta, status.observed_generation, State::Degraded, evidence)
    {
        return verdict;
    }
    if let Some(disabled) = disabled {
        return Verdict::healthy(
            Code::ScalingDisabled,
            "switched off: its target asks for 0 replicas",
        )
        .since(disabled.last_transition_time);
    }
    let spec = hpa.spec.clone().unwrap_or_default();
    Verdict::healthy(
        Code::Scaling,
        format!(
            "{} replicas, of {} to {}",
            status.current_replicas.unwrap_or(0),
            spec.min_replicas.unwrap_or(1),
            spec.max_replicas.unwrap_or(0),
        ),
    )
}

/// Until 1.11 the controller reported that it cannot scale while it waited for its next turn.
fn is_pace(condition: &PlainCondition) -> bool {
    condition.reason.starts_with("Backoff")
}

fn malformed(hpa: &HorizontalPodAutoscaler, status: &HorizontalPodAutoscalerStatus) -> Option<String> {
    let spec = hpa.spec.clone().unwrap_or_default();
    let wide = |n: Option<i32>| n.map(i64::from);
    lifecycle::find_negative(&[
        ("spec.minReplicas", wide(spec.min_replicas)),
        ("spec.maxReplicas", wide(spec.max_replicas)),
        ("status.currentReplicas", wide(status.current_replicas)),
        ("status.desiredReplicas", wide(status.desired_replicas)),
        ("status.observedGeneration", status.observed_generation),
    ])
    .or_else(|| {
        let (min, max) = (wide(spec.min_replicas)?, wide(spec.max_replicas)?);
        lifecycle::find_excess(("minReplicas", min), ("maxReplicas", max))
    })
}
