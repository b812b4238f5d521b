//! The part `controllers` of a report: controllers without a verdict, judged by their objects that are kept.

use super::{AnswerTime, KindObjects, Selection};
use crate::check::{Controller, Now};
use crate::judge;
use crate::kind::Kind;
use crate::report::{KindCheck, Outcome, Status, Summary};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The part `controllers` of an answer.
pub struct ControllersPart {
    /// The part of the report.
    pub check: KindCheck,
    /// Its own verdict, which is added to that of the answer.
    pub verdict: Outcome,
}

impl ControllersPart {
    /// Adds the part to the status and the verdict of an answer.
    pub fn add_to(&self, status: &mut Status, verdict: &mut Outcome) {
        *status = status.worst(self.check.status);
        verdict.degraded |= self.verdict.degraded;
        verdict.unknown |= self.verdict.unknown;
        verdict.progressing |= self.verdict.progressing;
    }
}

/// Unhealthy objects of one kind that a selector matches, while it does not match their controllers.
pub struct PartialSelection {
    /// The kind of the objects.
    pub kind: Kind,
    /// Their controllers, each as `Kind namespace/name`.
    pub controllers: BTreeSet<String>,
}

/// The unhealthy objects that the selector matches and that are left to a controller that it does not match. If the
/// controller is watched, only the unhealthy ones of its objects are kept.
#[must_use]
pub fn partial_selections(
    watched: &[&dyn KindObjects],
    all: &[Arc<dyn KindObjects>],
    selection: &Selection,
    time: &AnswerTime,
) -> Vec<PartialSelection> {
    if selection.selector.is_empty() {
        return Vec::new();
    }
    let is_selected = |controller: &Controller| {
        let mut kinds = all.iter().filter(|objects| is_of_kind(controller, &***objects));
        kinds.any(|objects| objects.selects(&controller.namespace, &controller.name, selection))
    };
    let alone = |objects: &&dyn KindObjects| {
        let mut controllers = BTreeSet::new();
        for owned in objects.controlled(selection, time).unhealthy {
            if !std::iter::once(&owned.by).chain(&owned.beyond).any(is_selected) {
                let Controller {
                    kind,
                    namespace,
                    name,
                    ..
                } = owned.by;
                controllers.insert(format!("{kind} {namespace}/{name}"));
            }
        }
        (!controllers.is_empty()).then(|| PartialSelection {
            kind: objects.kind(),
            controllers,
        })
    };
    watched.iter().filter_map(alone).collect()
}

fn is_of_kind(controller: &Controller, objects: &dyn KindObjects) -> bool {
    let kind = objects.kind();
    kind.kind() == controller.kind && kind.group() == controller.group
}

/// Judges the controllers of these objects, unless they have a verdict of their own among `all`.
#[must_use]
pub fn judge(
    watched: &[&dyn KindObjects],
    all: &[Arc<dyn KindObjects>],
    selection: &Selection,
    time: &AnswerTime,
) -> Option<ControllersPart> {
    let (mut judged, mut too_old) = (Vec::new(), false);
    for objects in watched {
        let controlled = objects.controlled(selection, time);
        too_old |= controlled.too_old;
        judged.extend(controlled.judged);
    }
    let has_verdict = |controller: &Controller| {
        let mut kinds = all.iter().filter(|objects| is_of_kind(controller, &***objects));
        kinds.any(|objects| objects.contains(&controller.namespace, &controller.name))
    };
    let mut check = judge::controllers(judged, has_verdict, Now::known(time.now))?;
    let mut unacknowledged = Summary::default();
    let items = check.items.iter().filter(|item| item.acknowledged.is_none());
    items.for_each(|item| unacknowledged.count(item.state));
    if too_old {
        check.status = Status::Unknown;
        unacknowledged = Summary::default();
    }
    let verdict = Outcome {
        unknown: check.status == Status::Unknown,
        ..Outcome::default()
    };
    Some(ControllersPart {
        check,
        verdict: verdict.with(&unacknowledged),
    })
}
