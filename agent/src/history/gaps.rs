//! Owns the gaps of the history: when which watch saw nothing, and why. The time is given.
//! Must not know where transitions are kept.

use sre_shared::live::{EventTime, WatchStatus};
use sre_shared::report::{HistoryGap, HistoryGapReason};
use sre_shared::resource::Time;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The most gaps that are over and kept. The oldest one makes room, and the history begins after it.
const GAPS: usize = 500;
/// The API server sends a bookmark about once a minute. A watch that is silent for longer may have lost its connection.
const SILENCE: Duration = Duration::from_secs(90);
/// If the clock differs by so many seconds from the time that has passed, it has jumped.
const JUMP: i64 = 60;

/// A gap that is over, or lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchGap {
    /// The last moment before it.
    pub from: Time,
    /// Its end; `None` if it lasts.
    pub to: Option<Time>,
    /// Why.
    pub why: HistoryGapReason,
    /// Plural name of the kind; `None` for all kinds.
    pub kind: Option<String>,
    /// The namespace; `None` for all.
    pub namespace: Option<String>,
}

impl WatchGap {
    /// Whether it is about objects of that kind and namespace. `None` stands for any.
    pub fn is_about(&self, kind: Option<&str>, namespace: Option<&str>) -> bool {
        let fits = |own: &Option<String>, asked: Option<&str>| match (own, asked) {
            (Some(own), Some(asked)) => own == asked,
            _ => true,
        };
        fits(&self.kind, kind) && fits(&self.namespace, namespace)
    }

    /// Whether that moment is within it. Its ends are: the time has whole seconds.
    pub fn contains(&self, at: Time) -> bool {
        self.from <= at && self.to.is_none_or(|to| at <= to)
    }

    /// The gap, as an answer has it.
    pub fn public(&self) -> HistoryGap {
        HistoryGap {
            from: self.from.to_string(),
            to: self.to.map(|to| to.to_string()),
            why: self.why,
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
        }
    }

    /// The gap of an answer; `None` if its times are no times.
    pub fn from_public(gap: &HistoryGap) -> Option<Self> {
        Some(Self {
            from: Time::parse(&gap.from).ok()?,
            to: match &gap.to {
                Some(to) => Some(Time::parse(to).ok()?),
                None => None,
            },
            why: gap.why,
            kind: gap.kind.clone(),
            namespace: gap.namespace.clone(),
        })
    }
}

/// A watch by the plural name of its kind and its namespace; `None` for all namespaces.
pub type WatchName = (&'static str, Option<String>);

/// What is known of a watch.
#[derive(Debug)]
enum KnownWatch {
    /// It sees everything. It had made so many lists, and its last event was then.
    Sees { lists: u64, last: Time },
    /// It sees nothing since then.
    Blind { from: Time, why: HistoryGapReason },
}

/// The gaps, and the state of the watches.
#[derive(Debug)]
pub struct GapLog {
    over: VecDeque<WatchGap>,
    watches: BTreeMap<WatchName, KnownWatch>,
    /// The beginning of the history.
    since: Time,
    /// When the watches were last looked at.
    last: Option<EventTime>,
}

impl GapLog {
    /// The log of a process that starts, with all of its watches.
    pub fn new(started: Time, watches: Vec<WatchName>) -> Self {
        let blind = || KnownWatch::Blind {
            from: started,
            why: HistoryGapReason::Starting,
        };
        Self {
            over: VecDeque::new(),
            watches: watches.into_iter().map(|name| (name, blind())).collect(),
            since: started,
            last: None,
        }
    }

    /// Takes over the history of the process before: its gaps, when it began, and when it was last alive. `overlapped` is
    /// whether that process still ran when this one started, so that nothing was missed in between.
    pub fn resume(&mut self, gaps: Vec<WatchGap>, since: Time, alive: Time, overlapped: bool) {
        let own = std::mem::take(&mut self.over);
        self.since = since.min(self.since);
        for mut gap in gaps {
            // From the last sign of life on nothing was seen anyway.
            gap.to = Some(gap.to.unwrap_or(alive).max(gap.from));
            self.keep(gap);
        }
        if overlapped {
            for gap in own {
                self.keep(gap);
            }
            return;
        }
        // The clock of this process before its first answer may be another one than that of the records.
        let down = (alive, HistoryGapReason::AgentDown);
        for watch in self.watches.values_mut() {
            if let KnownWatch::Blind { from, why } = watch
                && *why == HistoryGapReason::Starting
            {
                (*from, *why) = down;
            }
        }
        for mut gap in own {
            if gap.why == HistoryGapReason::Starting {
                (gap.from, gap.why) = (alive.min(gap.from), HistoryGapReason::AgentDown);
            }
            self.keep(gap);
        }
    }

    /// Looks at the clock and at the watches. Returns the gaps that began or are over now, one for each watch.
    pub fn observe<'a>(
        &mut self,
        now: EventTime,
        watches: impl IntoIterator<Item = (&'static str, &'a WatchStatus)>,
    ) -> Vec<WatchGap> {
        let mut changed: Vec<WatchGap> = self.clock_jump(now).into_iter().collect();
        for (kind, status) in watches {
            changed.extend(self.observe_watch(now, kind, status));
        }
        let over = changed.iter().filter(|gap| gap.to.is_some()).cloned();
        for gap in merge(over.collect()) {
            self.keep(gap);
        }
        changed
    }

    fn clock_jump(&mut self, now: EventTime) -> Option<WatchGap> {
        let last = self.last.replace(now)?;
        let passed = now.instant.saturating_duration_since(last.instant).as_secs();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let shown = now.time.seconds.saturating_sub(last.time.seconds);
        let jumped = shown.saturating_sub(passed).saturating_abs() > JUMP;
        jumped.then(|| WatchGap {
            from: last.time.min(now.time),
            to: Some(last.time.max(now.time)),
            why: HistoryGapReason::ClockJump,
            kind: None,
            namespace: None,
        })
    }

    fn observe_watch(
        &mut self,
        now: EventTime,
        kind: &'static str,
        status: &WatchStatus,
    ) -> Option<WatchGap> {
        let name = (kind, status.namespace.clone());
        let known = self.watches.entry(name).or_insert(KnownWatch::Blind {
            from: self.since,
            why: HistoryGapReason::Starting,
        });
        let silent = |event: EventTime| now.instant.saturating_duration_since(event.instant) >= SILENCE;
        let event = status
            .last_event
            .filter(|event| !status.failing && !silent(*event));
        let (known_now, gap) = match (&*known, event) {
            (KnownWatch::Blind { .. }, None) => return None,
            (KnownWatch::Sees { last, .. }, None) => {
                let from = status.last_event.map_or(*last, |event| event.time.min(now.time));
                let why = HistoryGapReason::WatchLost;
                (KnownWatch::Blind { from, why }, Some((from, None, why)))
            }
            (KnownWatch::Blind { from, why }, Some(event)) => {
                let gap = (from.min(&now.time), Some(now.time.max(*from)), *why);
                (KnownWatch::sees(status, event), Some((*gap.0, gap.1, gap.2)))
            }
            // It was lost and listed again between two looks.
            (KnownWatch::Sees { lists, last }, Some(event)) if *lists != status.lists => {
                let gap = (
                    *last.min(&now.time),
                    Some(now.time.max(*last)),
                    HistoryGapReason::WatchLost,
                );
                (KnownWatch::sees(status, event), Some(gap))
            }
            (KnownWatch::Sees { .. }, Some(event)) => (KnownWatch::sees(status, event), None),
        };
        *known = known_now;
        gap.map(|(from, to, why)| WatchGap {
            from,
            to,
            why,
            kind: Some(kind.to_owned()),
            namespace: status.namespace.clone(),
        })
    }

    /// Keeps a gap that is over. The oldest one makes room.
    fn keep(&mut self, gap: WatchGap) {
        if self.over.len() >= GAPS
            && let Some(oldest) = self.over.pop_front()
        {
            self.since = self.since.max(oldest.to.unwrap_or(oldest.from));
        }
        self.over.push_back(gap);
    }

    /// The beginning of the history.
    pub fn since(&self) -> Time {
        self.since
    }

    /// The gaps that last, one for each watch.
    pub fn lasting(&self) -> Vec<WatchGap> {
        let blind = self
            .watches
            .iter()
            .filter_map(|((kind, namespace), watch)| match watch {
                KnownWatch::Sees { .. } => None,
                KnownWatch::Blind { from, why } => Some(WatchGap {
                    from: *from,
                    to: None,
                    why: *why,
                    kind: Some((*kind).to_owned()),
                    namespace: namespace.clone(),
                }),
            });
        blind.collect()
    }

    /// All gaps, in the order of their beginnings.
    pub fn all(&self) -> Vec<WatchGap> {
        let mut gaps: Vec<WatchGap> = self.over.iter().cloned().chain(merge(self.lasting())).collect();
        gaps.sort_by_key(|gap| (gap.from, gap.to.is_none(), gap.to));
        gaps
    }
}

impl KnownWatch {
    fn sees(status: &WatchStatus, event: EventTime) -> Self {
        Self::Sees {
            lists: status.lists,
            last: event.time,
        }
    }
}

/// Gaps of several watches that began and ended together, as one of all of a kind's namespaces, or of all kinds.
fn merge(gaps: Vec<WatchGap>) -> Vec<WatchGap> {
    let mut merged: Vec<WatchGap> = Vec::new();
    for gap in gaps {
        let like = merged
            .iter_mut()
            .find(|other| (other.from, other.to, other.why) == (gap.from, gap.to, gap.why));
        match like {
            Some(other) => {
                // Too much is a gap then, and never too little.
                if other.kind != gap.kind {
                    other.kind = None;
                }
                if other.namespace != gap.namespace {
                    other.namespace = None;
                }
            }
            None => merged.push(gap),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// A clock and the watches of two kinds.
    struct Scene {
        log: GapLog,
        began: Instant,
        jumped: i64,
    }

    impl Scene {
        #[allow(clippy::disallowed_methods, reason = "only differences of it count")]
        fn new() -> Self {
            Self {
                log: GapLog::new(Time::from_seconds(0), vec![("deployments", None), ("jobs", None)]),
                began: Instant::now(),
                jumped: 0,
            }
        }

        fn event(&self, at: i64) -> EventTime {
            EventTime {
                instant: self.began + Duration::from_secs(at.unsigned_abs()),
                time: Time::from_seconds(at + self.jumped),
            }
        }

        fn status(&self, last: Option<i64>, failing: bool, lists: u64) -> WatchStatus {
            WatchStatus {
                namespace: None,
                last_event: last.map(|at| self.event(at)),
                failing,
                lists,
            }
        }

        /// Both kinds have the same status.
        fn look(&mut self, at: i64, status: &WatchStatus) -> Vec<WatchGap> {
            let now = self.event(at);
            let watches = [("deployments", status), ("jobs", status)];
            merge(self.log.observe(now, watches))
        }
    }

    fn gap(from: i64, to: Option<i64>, why: HistoryGapReason, kind: Option<&str>) -> WatchGap {
        WatchGap {
            from: Time::from_seconds(from),
            to: to.map(Time::from_seconds),
            why,
            kind: kind.map(str::to_owned),
            namespace: None,
        }
    }

    #[test]
    fn the_first_lists_end_the_gap_of_the_start() {
        use HistoryGapReason::Starting;
        let mut scene = Scene::new();
        let none = scene.status(None, false, 0);
        assert_eq!(scene.look(1, &none), []);
        assert_eq!(scene.log.lasting().len(), 2);
        assert_eq!(scene.log.all(), [gap(0, None, Starting, None)]);
        let listed = scene.status(Some(4), false, 1);
        assert_eq!(scene.look(5, &listed), [gap(0, Some(5), Starting, None)]);
        assert_eq!(scene.log.all(), [gap(0, Some(5), Starting, None)]);
        assert_eq!(scene.log.lasting(), []);
    }

    #[test]
    fn a_watch_that_fails_is_silent_or_listed_again_leaves_a_gap() {
        use HistoryGapReason::{Starting, WatchLost};
        let mut scene = Scene::new();
        let status = scene.status(Some(4), false, 1);
        scene.look(5, &status);
        // A quiet watch has a bookmark a minute.
        let status = scene.status(Some(60), false, 1);
        assert_eq!(scene.look(100, &status), []);
        let failing = scene.status(Some(100), true, 1);
        assert_eq!(scene.look(105, &failing), [gap(100, None, WatchLost, None)]);
        let again = scene.status(Some(118), false, 1);
        assert_eq!(scene.look(120, &again), [gap(100, Some(120), WatchLost, None)]);
        let silent = scene.status(Some(130), false, 1);
        scene.look(220, &silent);
        assert_eq!(scene.log.all().last().unwrap().from, Time::from_seconds(130));
        let heard = scene.status(Some(230), false, 1);
        assert_eq!(scene.look(230, &heard), [gap(130, Some(230), WatchLost, None)]);
        let listed_again = scene.status(Some(234), false, 2);
        assert_eq!(
            scene.look(235, &listed_again),
            [gap(230, Some(235), WatchLost, None)]
        );
        let whys: Vec<_> = scene.log.all().iter().map(|gap| gap.why).collect();
        assert_eq!(whys, [Starting, WatchLost, WatchLost, WatchLost]);
    }

    #[test]
    fn a_clock_that_jumps_leaves_a_gap_of_the_times_that_came_twice_or_never() {
        use HistoryGapReason::ClockJump;
        let mut scene = Scene::new();
        let status = scene.status(Some(4), false, 1);
        scene.look(5, &status);
        for (jumped, expected) in [
            // A machine that was suspended, or a clock that was late.
            (3600, gap(5, Some(3610), ClockJump, None)),
            // Back by two hours: these two hours come twice.
            (-3600, gap(-3585, Some(3610), ClockJump, None)),
        ] {
            scene.jumped = jumped;
            let at = if jumped > 0 { 10 } else { 15 };
            let status = scene.status(Some(at), false, 1);
            assert_eq!(scene.look(at, &status), [expected]);
        }
        // Small steps are no jumps.
        scene.jumped = -3620;
        let status = scene.status(Some(20), false, 1);
        assert_eq!(scene.look(20, &status), []);
    }

    #[test]
    fn after_a_restart_the_gap_reaches_from_the_last_sign_of_life_to_the_first_list() {
        use HistoryGapReason::{AgentDown, Starting, WatchLost};
        let before = vec![
            gap(-900, Some(-890), Starting, None),
            gap(-100, None, WatchLost, Some("jobs")),
        ];
        let mut scene = Scene::new();
        scene.log.resume(
            before.clone(),
            Time::from_seconds(-900),
            Time::from_seconds(-50),
            false,
        );
        assert_eq!(scene.log.since(), Time::from_seconds(-900));
        let listed = scene.status(Some(4), false, 1);
        assert_eq!(scene.look(5, &listed), [gap(-50, Some(5), AgentDown, None)]);
        assert_eq!(
            scene.log.all(),
            [
                gap(-900, Some(-890), Starting, None),
                gap(-100, Some(-50), WatchLost, Some("jobs")),
                gap(-50, Some(5), AgentDown, None),
            ]
        );
        // It does not matter when the records were read.
        let mut late = Scene::new();
        let listed = late.status(Some(4), false, 1);
        late.look(5, &listed);
        late.log
            .resume(before, Time::from_seconds(-900), Time::from_seconds(-50), false);
        assert_eq!(late.log.all(), scene.log.all());
    }

    #[test]
    fn the_number_of_gaps_is_bounded_and_the_history_begins_after_those_that_made_room() {
        let mut scene = Scene::new();
        for lists in 0..600 {
            let at = i64::try_from(lists).unwrap() * 10;
            let status = scene.status(Some(at), false, lists);
            scene.look(at, &status);
        }
        assert_eq!(scene.log.all().len(), GAPS);
        assert_eq!(scene.log.since(), Time::from_seconds(990));
    }
}
