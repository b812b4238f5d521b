//! When namespaces are looked up: those with objects that fall short may be in deletion, and the requested one may not
//! exist.

use super::state::FollowState;
use crate::check::NamespaceDeletions;
use crate::cluster;
use crate::failure::Class;
use crate::resource::Namespace;
use crate::run::gather::{no_such_namespace, update_deletions};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often it is looked whether another namespace has an object that falls short.
const TICK: Duration = Duration::from_secs(1);

/// Looks namespaces up: at once if an object in another one falls short, then after each pause. Does not end.
pub(super) async fn run(state: Arc<FollowState>) {
    let mut last: Option<(Instant, BTreeSet<String>)> = None;
    let mut sought: Option<Instant> = None;
    let mut pause = Duration::ZERO;
    loop {
        sleep(std::mem::replace(&mut pause, TICK)).await;
        if !state.is_tried() || state.away().is_some() {
            pause = Duration::from_millis(50);
            continue;
        }
        if sought.is_none_or(|at| at.elapsed() >= state.pace.deletions) && is_empty(&state) {
            look_up_requested(&state).await;
            sought = Some(Instant::now());
        }
        let time = state.answer_time();
        let mut failing = BTreeSet::new();
        for objects in state.objects() {
            objects.failing_namespaces(&time, &mut failing);
        }
        let is_known = last
            .as_ref()
            .is_some_and(|(at, known)| at.elapsed() < state.pace.deletions && known.is_superset(&failing));
        if is_known || (failing.is_empty() && state.status().deletions.is_empty()) {
            continue;
        }
        let names: BTreeSet<&str> = failing.iter().map(String::as_str).collect();
        // An earlier answer excuses nothing: the namespace may be there again.
        let mut deletions = NamespaceDeletions::default();
        update_deletions(&state.client, &names, &mut deletions).await;
        last = Some((Instant::now(), failing));
        let time = state.answer_time();
        for objects in state.objects() {
            objects.update_deletions(&deletions, &time);
        }
        let is_new = state.status().deletions != deletions;
        state.status().deletions = deletions;
        if is_new {
            state.changed.notify_one();
        }
    }
}

/// Whether nothing was found in the requested namespace.
fn is_empty(state: &FollowState) -> bool {
    let time = state.answer_time();
    let is_in_namespace = |objects: &dyn crate::live::LiveObjects| objects.resource_type().namespaced;
    let objects = state.objects();
    let mut namespaced = objects
        .iter()
        .filter(|objects| is_in_namespace(&***objects))
        .peekable();
    state.request.namespace.is_some()
        && namespaced.peek().is_some()
        && namespaced.all(|objects| {
            let (overview, _) = objects.judged(&crate::live::Selection::default(), &time);
            overview.summary.total == 0 && overview.gaps.is_empty()
        })
}

/// Looks the requested namespace up, since nothing was found in it.
async fn look_up_requested(state: &FollowState) {
    let Some(name) = state.request.namespace.as_deref() else {
        return;
    };
    let entry = match cluster::get_once::<Namespace>(&state.client, None, name).await {
        Err(failure) if failure.class == Class::NotFound => {
            Some(no_such_namespace(&state.client, name, failure).await)
        }
        // A list of its objects was allowed, so that it may well exist.
        _ => None,
    };
    let is_new = state.status().namespace_not_seen != entry;
    state.status().namespace_not_seen = entry;
    if is_new {
        state.changed.notify_one();
    }
}
