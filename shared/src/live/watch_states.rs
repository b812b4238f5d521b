//! The watches that feed a cache: their events, and what was counted of their objects.

use super::tally::LastVerdict;
use super::watch_state::WatchState;
use super::{AnswerTime, EventTime, Gap, Overview, Selection};
use crate::resource::Time;

/// A silent watch counts as alive for so many seconds, since bookmarks come once a minute. A verdict that depends on
/// time is not carried further beyond the last event.
const ALIVE_SECONDS: i64 = 90;

/// The watches that feed a cache, by their numbers.
pub(super) struct WatchStates(Vec<WatchState>);

impl WatchStates {
    /// These watches, each of one namespace or of all.
    pub(super) fn new(namespaces: &[Option<String>]) -> Self {
        let watch = |namespace: &Option<String>| WatchState {
            namespace: namespace.clone(),
            ..WatchState::default()
        };
        Self(namespaces.iter().map(watch).collect())
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, WatchState> {
        self.0.iter()
    }

    pub(super) fn get_mut(&mut self, watch: u16) -> Option<&mut WatchState> {
        self.0.get_mut(usize::from(watch))
    }

    /// Notes an event of a watch. Returns whether it is the first one.
    pub(super) fn note_event(&mut self, watch: u16, at: EventTime) -> bool {
        self.get_mut(watch).is_some_and(|watch| watch.note_event(at))
    }

    /// Counts an object among those of its watch.
    pub(super) fn count(&mut self, watch: u16, verdict: LastVerdict) {
        if let Some(watch) = self.get_mut(watch) {
            watch.tally.add(verdict);
        }
    }

    pub(super) fn uncount(&mut self, watch: u16, verdict: LastVerdict) {
        if let Some(watch) = self.get_mut(watch) {
            watch.tally.remove(verdict);
        }
    }

    pub(super) fn last_event(&self, watch: u16) -> Option<EventTime> {
        self.0.get(usize::from(watch))?.last_event
    }

    /// The time up to which the verdict about an object of that watch is carried.
    pub(super) fn carried(&self, watch: u16, time: &AnswerTime) -> Time {
        match self.last_event(watch) {
            Some(event) => {
                let bound = event.time.seconds.saturating_add(ALIVE_SECONDS);
                Time::from_seconds(bound.min(time.now.seconds))
            }
            None => time.now,
        }
    }

    pub(super) fn is_too_old(&self, watch: u16, time: &AnswerTime) -> bool {
        self.last_event(watch).is_none_or(|event| time.is_too_old(event))
    }

    /// Adds the gaps of the watches of a selection, and the age of their data. Returns whether the data of one is too
    /// old.
    pub(super) fn add_to(&self, selection: &Selection, time: &AnswerTime, overview: &mut Overview) -> bool {
        let (mut oldest, mut too_old, mut watched) = (None::<EventTime>, false, false);
        for watch in &self.0 {
            if let (Some(asked), Some(own)) = (&selection.namespace, &watch.namespace)
                && asked != own
            {
                continue;
            }
            watched = true;
            if watch.unserved {
                overview.served = Some(false);
            }
            if let Some(event) = watch.last_event {
                oldest = Some(oldest.map_or(event, |oldest| oldest.min(event)));
                too_old |= time.is_too_old(event);
            }
            overview.gaps.extend(watch.gap(time));
        }
        if let (false, Some(namespace)) = (watched, &selection.namespace) {
            overview.gaps.push(Gap::NamespaceNotWatched(namespace.clone()));
        }
        let namespaces = || self.0.iter().map(|watch| watch.namespace.clone());
        if let (true, Some(names)) = (selection.everywhere, namespaces().collect::<Option<Vec<_>>>()) {
            overview.gaps.push(Gap::OnlyWatched(names));
        }
        if let Some(oldest) = oldest {
            overview.stale = time.is_stale(oldest);
            overview.observed = Some(oldest.time);
            overview.age_seconds = time.age(oldest).as_secs();
        }
        too_old
    }
}
