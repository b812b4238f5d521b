//! Whether a HorizontalPodAutoscaler can do what it is for.
//!
//! By the conditions that its controller writes (`pkg/controller/podautoscaler/horizontal.go` in
//! kubernetes/kubernetes): `AbleToScale` is False where the target cannot be read or written, `ScalingActive` where no
//! number comes out of the metrics. `ScalingDisabled` is what it says of a target with 0 replicas: somebody switched it
//! off. `ScalingLimited` is True for a floor and for the pace of scaling too, which are as they should be; with
//! `TooManyReplicas` the metrics ask for more pods than `maxReplicas` allows, and that is a warning. The conditions come
//! before the generation, since a controller that cannot read the target writes them and no generation.

use super::common::{self, Finding};
use super::{Evidence, GRACE_SECONDS, Judged};
use crate::report::{Item, State};
use crate::resource::{HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus, Resource as _};

impl Judged for HorizontalPodAutoscaler {
    fn judge(&self, evidence: &Evidence<'_>) -> Item {
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        let finding = finding(self, evidence, &mut notes);
        if matches!(finding.state, State::Healthy | State::Degraded)
            && let Some(limited) = self.condition("ScalingLimited").filter(|c| c.is_true())
            && limited.reason == "TooManyReplicas"
        {
            let max = self.spec.as_ref().and_then(|s| s.max_replicas).unwrap_or(0);
            warnings.push(format!("at its maximum of {max}, its metrics ask for more"));
        }
        Item {
            notes,
            warnings,
            ..finding.item(self)
        }
    }
}

fn finding(hpa: &HorizontalPodAutoscaler, evidence: &Evidence<'_>, notes: &mut Vec<String>) -> Finding {
    let meta = hpa.meta();
    let status = hpa.status.clone().unwrap_or_default();
    let written = status != HorizontalPodAutoscalerStatus::default();
    if let Some(finding) = common::uncreated(meta, written)
        .or_else(|| common::malformed(malformed(hpa, &status)))
        .or_else(|| common::deleting(meta, evidence, notes))
    {
        return finding;
    }
    if status.conditions.is_empty() {
        return common::without_condition(meta, "its controller", evidence);
    }
    let disabled = hpa
        .condition("ScalingActive")
        .filter(|c| c.status == "False" && c.reason == "ScalingDisabled");
    let failing = ["AbleToScale", "ScalingActive"]
        .into_iter()
        .filter_map(|kind| hpa.condition(kind))
        .find(|c| !c.is_true() && disabled != Some(*c));
    if let Some(condition) = failing {
        // The metrics of new pods take as long as the pods, and a metrics server that is restarted as long as its own.
        let changed = meta.creation_timestamp.max(condition.last_transition_time);
        let young = changed.is_some_and(|t| evidence.now.is_within(GRACE_SECONDS, t));
        let finding = match condition.kind.as_str() {
            "AbleToScale" => Finding::degraded("CannotScale", condition.words()),
            _ if young => Finding::new(State::Progressing, false, "MetricsStarting", condition.words()),
            _ => Finding::degraded("NoMetrics", condition.words()),
        };
        return finding.since(condition.last_transition_time);
    }
    // Older servers write none.
    if status.observed_generation.is_some_and(|o| o != 0)
        && let Some(finding) = common::unobserved(meta, status.observed_generation, State::Degraded, evidence)
    {
        return finding;
    }
    if let Some(disabled) = disabled {
        return Finding::healthy("ScalingDisabled", "switched off: its target asks for 0 replicas")
            .since(disabled.last_transition_time);
    }
    let spec = hpa.spec.clone().unwrap_or_default();
    Finding::healthy(
        "Scaling",
        format!(
            "{} replicas, of {} to {}",
            status.current_replicas.unwrap_or(0),
            spec.min_replicas.unwrap_or(1),
            spec.max_replicas.unwrap_or(0),
        ),
    )
}

fn malformed(hpa: &HorizontalPodAutoscaler, status: &HorizontalPodAutoscalerStatus) -> Option<String> {
    let spec = hpa.spec.clone().unwrap_or_default();
    let wide = |n: Option<i32>| n.map(i64::from);
    common::negative(&[
        ("spec.minReplicas", wide(spec.min_replicas)),
        ("spec.maxReplicas", wide(spec.max_replicas)),
        ("status.currentReplicas", wide(status.current_replicas)),
        ("status.desiredReplicas", wide(status.desired_replicas)),
        ("status.observedGeneration", status.observed_generation),
    ])
    .or_else(|| {
        let (min, max) = (wide(spec.min_replicas)?, wide(spec.max_replicas)?);
        common::more(("minReplicas", min), ("maxReplicas", max))
    })
}
