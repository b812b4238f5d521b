//! Owns what is told of controllers that no kind judges: by the objects of theirs that are kept.
//! Must not know how objects are kept, nor how an answer is written.

use crate::cache::{Moment, Objects, Selection};
use sre_shared::check::Now;
use sre_shared::report::{KindCheck, Status, Summary, Verdict};
use sre_shared::run;
use std::sync::Arc;

/// What is told of them.
pub struct Controllers {
    /// Their part of a report.
    pub check: KindCheck,
    /// What that makes of the verdict.
    pub verdict: Verdict,
}

/// What these objects tell of controllers that nobody judges; `all` are those among which a controller may be.
pub fn of(
    watched: &[&Arc<dyn Objects>],
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
    let is_judged = |who: &sre_shared::check::Controller| {
        let is_kind = |objects: &&Arc<dyn Objects>| {
            let kind = objects.kind();
            kind.kind() == who.kind && kind.group() == who.group
        };
        all.iter()
            .filter(is_kind)
            .any(|objects| objects.has(&who.namespace, &who.name))
    };
    let mut check = run::controllers(told, is_judged, Now::known(moment.now))?;
    let mut news = Summary::default();
    let known = check.items.iter().filter(|item| item.acknowledged.is_none());
    known.for_each(|item| news.count(item.state));
    if too_old {
        check.status = Status::Unknown;
        news = Summary::default();
    }
    let verdict = Verdict {
        unknown: check.status == Status::Unknown,
        ..Verdict::default()
    };
    Some(Controllers {
        check,
        verdict: verdict.with(&news),
    })
}
