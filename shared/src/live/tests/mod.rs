//! What a cache answers as events come and time passes.

mod ages;
mod objects;
mod related;
mod transitions;

use super::cache::Cache;
use super::*;
use crate::check::{RelatedKind, RelatedObjects};
use crate::failure::{Class, Failure};
use crate::kind::Kind;
use crate::report::{Code, ObjectRef, State, Status, Summary};
use crate::resource::{CronJob, Decoded, Deployment, EndpointSlice, Service, Time, from_value};
use crate::run;
use sre_testkit::Clock;
use sre_testkit::object::Deployment as Build;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

const STALE_AFTER: Duration = Duration::from_mins(3);

thread_local! {
    /// The beginning of a test, and how much time has passed since by the clock of its process.
    static CLOCK: Cell<(Instant, Duration)> = Cell::new((tokio::time::Instant::now().into_std(), Duration::ZERO));
}

pub(super) fn instant() -> Instant {
    let (begin, passed) = CLOCK.get();
    begin + passed
}

/// Lets time pass by the clock of the process.
pub(super) fn advance(time: Duration) {
    let (begin, passed) = CLOCK.get();
    CLOCK.set((begin, passed + time));
}

/// An event at this instant, at that time of the API server's clock.
pub(super) fn event(time: Time) -> EventTime {
    EventTime {
        instant: instant(),
        time,
    }
}

pub(super) fn now() -> Time {
    Time::parse(sre_testkit::clock::NOW).unwrap()
}

pub(super) fn at(seconds: i64) -> String {
    Clock::fixed().at(seconds)
}

pub(super) fn healthy(namespace: &str, name: &str) -> Build {
    Build::new(namespace, name).replicas(3)
}

/// A Deployment that has lacked a pod for an hour.
pub(super) fn degraded(namespace: &str, name: &str) -> Build {
    Build::new(namespace, name).replicas(3).counts(3, 3, 2, 2)
}

/// A Deployment that lacks a pod and whose rollout has a minute left at [`now`].
pub(super) fn rolling(namespace: &str, name: &str) -> Build {
    let rolling = Build::new(namespace, name).replicas(3).counts(3, 2, 2, 2);
    rolling.condition("Progressing", "True", "ReplicaSetUpdated", at(-540))
}

pub(super) fn decoded(build: &Build) -> Decoded<Deployment> {
    from_value(&build.build())
}

pub(super) fn broken(namespace: &str, name: &str) -> Decoded<Deployment> {
    from_value(&healthy(namespace, name).set("/spec/replicas", "3").build())
}

pub(super) fn cache(namespaces: &[&str]) -> Cache<Deployment> {
    let namespaces: Vec<String> = namespaces.iter().map(|n| (*n).to_owned()).collect();
    Cache::new(Kind::Deployment, &namespaces)
}

pub(super) fn cache_with(items: &[Build]) -> Cache<Deployment> {
    let cache = cache(&[]);
    cache.replace(0, items.iter().map(decoded).collect(), event(now()));
    cache
}

pub(super) fn later(seconds: i64) -> Time {
    Time::from_seconds(now().seconds + seconds)
}

/// This moment, `seconds` after [`now`] by the API server's clock.
pub(super) fn moment(seconds: i64) -> AnswerTime {
    AnswerTime {
        now: later(seconds),
        instant: instant(),
        silent: None,
        stale: Duration::from_secs(90),
        stale_after: STALE_AFTER,
    }
}

pub(super) fn names(cache: &Cache<Deployment>, selection: &Selection) -> Vec<String> {
    let mut names = Vec::new();
    cache.visit(selection, &moment(0), &OpenItems::default(), &mut |item| {
        names.push(format!(
            "{}/{} {}",
            item.namespace,
            item.name,
            item.state.as_str()
        ));
        ControlFlow::Continue(())
    });
    names
}

pub(super) fn in_namespace(namespace: &str) -> Selection {
    Selection {
        namespace: Some(namespace.to_owned()),
        ..Selection::default()
    }
}

pub(super) fn with_selector(selector: &str) -> Selection {
    Selection {
        selector: selector.parse().unwrap(),
        selector_text: selector.to_owned(),
        ..Selection::default()
    }
}

pub(super) fn in_states(states: &[State]) -> Selection {
    Selection {
        states: Some(states.to_vec()),
        ..Selection::default()
    }
}

pub(super) fn shop() -> Cache<Deployment> {
    cache_with(&[
        healthy("shop", "web").label("tier", "front"),
        degraded("shop", "api"),
        healthy("bank", "ledger"),
        rolling("bank", "cards").label("tier", "front"),
        healthy("shop-a", "zebra"),
    ])
}
