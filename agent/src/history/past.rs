//! Owns which state an object had at a moment of the history. Pure: it reads the history that it is given.
//! Must not know how an answer is written.
//!
//! A state is known only if nothing can have happened unseen between the moment and the transition, or the present, that it
//! follows from.

use super::gaps::WatchGap;
use super::transition_history::KnownHistory;
use sre_shared::kind::Kind;
use sre_shared::report::{Code, State};
use sre_shared::resource::Time;
use std::collections::BTreeMap;

/// The state of an object at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastState {
    /// It was in this state since that transition.
    Since(State, Code, Time),
    /// It was in this state until that transition to another state, or until it was deleted.
    Until(State, Time, Option<State>),
    /// It did not exist.
    Absent,
    /// Something may have happened unseen.
    Unknown,
}

/// The states of the objects of a kind at the moment.
#[derive(Debug, PartialEq, Eq)]
pub struct PastStates {
    /// Objects with transitions, by namespace and name.
    pub objects: BTreeMap<(String, String), PastState>,
    /// Why nothing is known about objects without a transition; `None` if they were as they are now.
    pub others_unknown: Option<String>,
}

/// The states of the objects of a kind at that moment, in a namespace or in all.
///
/// # Errors
/// Why none of them is known.
pub fn states(
    known: &KnownHistory,
    kind: Kind,
    namespace: Option<&str>,
    at: Time,
) -> Result<PastStates, String> {
    if at < known.since() {
        return Err(format!("the agent's history begins at {}", known.since()));
    }
    let namespace = namespace.filter(|_| kind.is_namespaced());
    let gaps: Vec<WatchGap> = known
        .gaps
        .all()
        .into_iter()
        .filter(|gap| gap.is_about(Some(kind.plural()), namespace))
        .collect();
    if let Some(gap) = gaps.iter().find(|gap| gap.contains(at)) {
        return Err(words(gap));
    }
    // Between two moments with such a gap in between, anything can have happened.
    let losing = gaps.iter().filter(|gap| gap.why.loses_transitions());
    let (before, after): (Vec<&WatchGap>, Vec<&WatchGap>) = losing.partition(|gap| gap.from < at);
    let seen_from = before.iter().map(|gap| gap.to.unwrap_or(gap.from)).max();
    let lost_after = after.iter().min_by_key(|gap| gap.from);
    let mut objects: BTreeMap<(String, String), PastState> = BTreeMap::new();
    let of_kind = known.ring.since(0).filter(|kept| {
        let object = kept.object();
        **object.kind == *kind.kind() && namespace.is_none_or(|namespace| **object.namespace == *namespace)
    });
    for kept in of_kind {
        let object = kept.object();
        let key = (object.namespace.to_string(), object.name.to_string());
        let state = objects.entry(key).or_insert(PastState::Unknown);
        if kept.at() <= at {
            if seen_from.is_none_or(|from| kept.at() >= from) {
                *state = match kept.to() {
                    Some(to) => PastState::Since(to, kept.reason().clone(), kept.at()),
                    None => PastState::Absent,
                };
            }
        } else if *state == PastState::Unknown && lost_after.is_none_or(|gap| kept.at() <= gap.from) {
            *state = match kept.from() {
                Some(from) => PastState::Until(from, kept.at(), kept.to()),
                None => PastState::Absent,
            };
        }
    }
    // The transitions of such an object are on the other side of a gap. If they are before one, it is as it is now.
    if lost_after.is_none() {
        objects.retain(|_, state| *state != PastState::Unknown);
    }
    Ok(PastStates {
        objects,
        others_unknown: lost_after.map(|gap| words(gap)),
    })
}

/// Why a gap is there, as a sentence.
fn words(gap: &WatchGap) -> String {
    use sre_shared::report::HistoryGapReason::{
        AgentDown, ClockJump, NotWritten, Other, Starting, WatchLost,
    };
    let what = match gap.why {
        Starting => "the agent had not read the objects yet",
        AgentDown => "no agent ran that kept this history",
        WatchLost => "the watch was lost",
        NotWritten => "the history could not be written",
        ClockJump => "the clock jumped",
        Other => "the history has a gap",
    };
    match gap.to {
        Some(to) => format!("{what} from {} to {to}", gap.from),
        None => format!("{what} since {}", gap.from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::gaps::GapLog;
    use sre_shared::report::{HistoryGapReason, TransitionRecord};

    const HEALTHY: Option<State> = Some(State::Healthy);
    const DEGRADED: Option<State> = Some(State::Degraded);

    fn time(second: i64) -> Time {
        Time::from_seconds(second)
    }

    fn gap(from: i64, to: i64, why: HistoryGapReason, kind: Option<&str>) -> WatchGap {
        WatchGap {
            from: time(from),
            to: Some(time(to)),
            why,
            kind: kind.map(str::to_owned),
            namespace: None,
        }
    }

    /// A history since second 100 with these transitions of Deployments in the namespace `shop`.
    fn known(gaps: Vec<WatchGap>, transitions: &[(i64, &str, Option<State>, Option<State>)]) -> KnownHistory {
        let mut log = GapLog::new(time(100), Vec::new());
        log.resume(gaps, time(100), time(100), true);
        let mut known = KnownHistory::new(log);
        let mut transitions = transitions.to_vec();
        transitions.sort_by_key(|(second, ..)| *second);
        for (second, name, from, to) in transitions {
            known.push(TransitionRecord {
                at: time(second).to_string(),
                kind: "Deployment".to_owned(),
                namespace: "shop".to_owned(),
                name: name.to_owned(),
                from,
                to,
                reason: Code::from("ReadyBelowDesired"),
                code: None,
                change: None,
            });
        }
        known
    }

    fn state(known: &KnownHistory, at: i64, name: &str) -> Result<Option<PastState>, String> {
        let states = states(known, Kind::Deployment, None, time(at))?;
        let found = states.objects.get(&("shop".to_owned(), name.to_owned()));
        Ok(found
            .cloned()
            .or(states.others_unknown.map(|_| PastState::Unknown)))
    }

    fn since(second: i64, state: State) -> PastState {
        let reason = Code::from("ReadyBelowDesired");
        PastState::Since(state, reason, time(second))
    }

    #[test]
    fn a_state_follows_from_the_transitions_before_and_after_the_moment() {
        let known = known(
            Vec::new(),
            &[
                (200, "web", HEALTHY, DEGRADED),
                (300, "web", DEGRADED, HEALTHY),
                (250, "new", None, HEALTHY),
                (260, "gone", HEALTHY, None),
            ],
        );
        let until = |second, state, next| Ok(Some(PastState::Until(state, time(second), next)));
        assert_eq!(state(&known, 150, "web"), until(200, State::Healthy, DEGRADED));
        assert_eq!(state(&known, 200, "web"), Ok(Some(since(200, State::Degraded))));
        assert_eq!(state(&known, 299, "web"), Ok(Some(since(200, State::Degraded))));
        assert_eq!(state(&known, 400, "web"), Ok(Some(since(300, State::Healthy))));
        assert_eq!(state(&known, 240, "new"), Ok(Some(PastState::Absent)));
        assert_eq!(state(&known, 255, "new"), Ok(Some(since(250, State::Healthy))));
        assert_eq!(state(&known, 255, "gone"), until(260, State::Healthy, None));
        assert_eq!(state(&known, 265, "gone"), Ok(Some(PastState::Absent)));
        // Without a transition it was as it is now.
        assert_eq!(state(&known, 150, "quiet"), Ok(None));
        let other = states(&known, Kind::Job, None, time(150)).unwrap();
        assert!(other.objects.is_empty());
        let elsewhere = states(&known, Kind::Deployment, Some("bank"), time(150)).unwrap();
        assert!(elsewhere.objects.is_empty());
    }

    #[test]
    fn nothing_is_known_before_the_history_and_within_its_gaps() {
        use HistoryGapReason::{ClockJump, WatchLost};
        let known = known(
            vec![
                gap(200, 220, WatchLost, Some("deployments")),
                gap(300, 320, ClockJump, None),
            ],
            &[(150, "web", HEALTHY, DEGRADED)],
        );
        let begins = "the agent's history begins at 1970-01-01T00:01:40Z".to_owned();
        assert_eq!(state(&known, 99, "web"), Err(begins));
        for at in [200, 210, 220, 310] {
            assert!(state(&known, at, "web").is_err(), "{at}");
        }
        assert_eq!(
            state(&known, 210, "web").unwrap_err(),
            "the watch was lost from 1970-01-01T00:03:20Z to 1970-01-01T00:03:40Z"
        );
        assert!(states(&known, Kind::Job, None, time(210)).is_ok());
        assert!(states(&known, Kind::Job, None, time(310)).is_err());
        // After a lost watch the objects are compared with those before it.
        assert_eq!(state(&known, 199, "web"), Ok(Some(since(150, State::Degraded))));
        assert_eq!(state(&known, 250, "web"), Ok(Some(since(150, State::Degraded))));
        assert_eq!(state(&known, 199, "quiet"), Ok(None));
    }

    #[test]
    fn nothing_follows_across_the_time_in_which_the_agent_was_down() {
        let known = known(
            vec![gap(200, 300, HistoryGapReason::AgentDown, None)],
            &[
                (150, "web", HEALTHY, DEGRADED),
                (400, "web", HEALTHY, DEGRADED),
                (350, "late", DEGRADED, HEALTHY),
                (170, "early", HEALTHY, DEGRADED),
            ],
        );
        assert_eq!(state(&known, 160, "web"), Ok(Some(since(150, State::Degraded))));
        // It was degraded at 150 and healthy at 400, and recovered while no agent ran.
        assert_eq!(
            state(&known, 310, "web"),
            Ok(Some(PastState::Until(State::Healthy, time(400), DEGRADED)))
        );
        assert_eq!(state(&known, 190, "late"), Ok(Some(PastState::Unknown)));
        assert_eq!(state(&known, 190, "quiet"), Ok(Some(PastState::Unknown)));
        // After the gap everything is as it is now, unless a transition says otherwise.
        assert_eq!(state(&known, 310, "quiet"), Ok(None));
        assert_eq!(state(&known, 310, "early"), Ok(None));
        assert_eq!(state(&known, 360, "late"), Ok(Some(since(350, State::Healthy))));
    }
}
