//! Owns the part `controllers`: controllers without a verdict, judged by those of their objects that are kept.
//! Must not know how objects are kept, nor how an answer is written.

use crate::cache::{Moment, Objects, Selection};
use sre_shared::check::{Controller, Now};
use sre_shared::report::{KindCheck, NotSeen, Outcome, Status, Summary};
use sre_shared::run;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Controllers that are named one by one where they are not among what is asked for.
const NAMED: usize = 10;

/// The part `controllers` of an answer.
pub struct Controllers {
    /// Their part of a report.
    pub check: KindCheck,
    /// What that makes of the verdict.
    pub verdict: Outcome,
}

/// What a selector takes without its controller, though it is left to that: of the objects that a watched kind controls
/// only those are kept that are not well.
pub fn unselected(
    watched: &[&dyn Objects],
    all: &[Arc<dyn Objects>],
    selection: &Selection,
    moment: &Moment,
) -> Vec<NotSeen> {
    if selection.selector.is_empty() {
        return Vec::new();
    }
    let is_selected = |who: &Controller| {
        let mut kinds = all.iter().filter(|objects| is_of(&***objects, who));
        kinds.any(|objects| objects.selects(&who.namespace, &who.name, selection))
    };
    let entry = |objects: &&dyn Objects| {
        let mut names = BTreeSet::new();
        for owned in objects.members(selection, moment).left {
            if !std::iter::once(&owned.by).chain(&owned.beyond).any(is_selected) {
                let Controller {
                    kind,
                    namespace,
                    name,
                    ..
                } = owned.by;
                names.insert(format!("{kind} {namespace}/{name}"));
            }
        }
        let more = if names.len() > NAMED { ", ..." } else { "" };
        let told: Vec<String> = names.into_iter().take(NAMED).collect();
        (!told.is_empty()).then(|| NotSeen {
            thing: format!("{} of {}{more}", objects.kind().plural(), told.join(", ")),
            resource: Some(objects.kind().resource()),
            class: "notWatched".into(),
            error: Some(
                "some of them are not well, and the selector takes them without their controller".into(),
            ),
            hint: Some("select the controller too, or ask without the agent".into()),
            ..NotSeen::default()
        })
    };
    watched.iter().filter_map(entry).collect()
}

fn is_of(objects: &dyn Objects, who: &Controller) -> bool {
    let kind = objects.kind();
    kind.kind() == who.kind && kind.group() == who.group
}

/// What these objects tell of controllers that nobody judges; `all` are those among which a controller may be.
pub fn of(
    watched: &[&dyn Objects],
    all: &[Arc<dyn Objects>],
    selection: &Selection,
    moment: &Moment,
) -> Option<Controllers> {
    let (mut told, mut too_old) = (Vec::new(), false);
    for objects in watched {
        let members = objects.members(selection, moment);
        too_old |= members.too_old;
        told.extend(members.told);
    }
    let is_judged = |who: &Controller| {
        let mut kinds = all.iter().filter(|objects| is_of(&***objects, who));
        kinds.any(|objects| objects.has(&who.namespace, &who.name))
    };
    let mut check = run::controllers(told, is_judged, Now::known(moment.now))?;
    let mut news = Summary::default();
    let known = check.items.iter().filter(|item| item.acknowledged.is_none());
    known.for_each(|item| news.count(item.state));
    if too_old {
        check.status = Status::Unknown;
        news = Summary::default();
    }
    let verdict = Outcome {
        unknown: check.status == Status::Unknown,
        ..Outcome::default()
    };
    Some(Controllers {
        check,
        verdict: verdict.with(&news),
    })
}
