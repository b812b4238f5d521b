//! Scalings of ReplicaSets, by events: a rollout scales two of them against each other, another number of pods scales one.

use super::happening::{Happening, TimelineSource};
use super::workloads::{scaling_name, with_writer};
use crate::check::are_together;
use crate::report::{ObjectRef, TimelineKind};
use crate::resource::{ObjectMeta, Time};
use std::collections::HashMap;

/// Scalings of two ReplicaSets within this many seconds belong to a rollout.
const ROLLOUT_SECONDS: i64 = 120;

/// A ReplicaSet that its Deployment scaled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReplicaSetScaling {
    pub at: Time,
    pub workload: ObjectRef,
    pub set: String,
    pub from: Option<u64>,
    pub to: u64,
}

impl ReplicaSetScaling {
    /// Reads the sentence of an event: `Scaled up replica set web-7d9c to 3 from 1`, and `from 1 to 3` of newer releases.
    pub fn parse(at: Time, workload: &ObjectRef, message: &str) -> Option<Self> {
        let words: Vec<&str> = message.split_whitespace().collect();
        let after = |word: &str| {
            let place = words.iter().position(|known| *known == word)?;
            words.get(place.saturating_add(1)).copied()
        };
        let number = |word: &str| after(word)?.parse::<u64>().ok();
        Some(Self {
            at,
            workload: workload.clone(),
            set: after("set").or_else(|| after("ReplicaSet"))?.to_owned(),
            from: number("from"),
            to: number("to")?,
        })
    }

    /// Whether there was no pod before, or older releases do not say how many there were.
    fn begins_at_none(&self) -> bool {
        self.from.is_none_or(|from| from == 0)
    }

    fn happening(self, by: Option<&str>) -> Happening {
        let words = match self.from {
            Some(from) => format!("scaled from {from} to {}", self.to),
            None => format!("scaled to {}", self.to),
        };
        let same = scaling_name(&self.workload);
        Happening::new(
            TimelineSource::Events,
            self.at,
            TimelineKind::Scale,
            self.workload,
            with_writer(&words, by),
        )
        .by(by.map(str::to_owned))
        .known_as(same)
    }
}

/// The scalings that belong to no rollout and to no creation. `revisions` has the times of each workload's new revisions. The last
/// scaling is that of the present number of pods, whose writer the workload's metadata names.
pub(super) fn happenings(
    scalings: Vec<ReplicaSetScaling>,
    revisions: &HashMap<ObjectRef, Vec<Time>>,
    workloads: &HashMap<String, (ObjectRef, ObjectMeta)>,
) -> Vec<Happening> {
    let metas: HashMap<&ObjectRef, &ObjectMeta> =
        workloads.values().map(|(object, meta)| (object, meta)).collect();
    let mut workloads: HashMap<ObjectRef, Vec<ReplicaSetScaling>> = HashMap::new();
    for scaling in scalings {
        workloads
            .entry(scaling.workload.clone())
            .or_default()
            .push(scaling);
    }
    let mut found = Vec::new();
    for (workload, mut scalings) in workloads {
        scalings.sort_by_key(|scaling| scaling.at);
        let meta = metas.get(&workload);
        let created = meta.and_then(|meta| meta.creation_timestamp);
        let last = scalings.last().map(|scaling| scaling.at);
        let new = revisions.get(&workload).map_or(&[][..], Vec::as_slice);
        let before = other_set_times(scalings.iter());
        let mut after = other_set_times(scalings.iter().rev());
        after.reverse();
        for ((scaling, before), after) in scalings.into_iter().zip(before).zip(after) {
            let is_near = |time: Time| time.seconds_after(scaling.at).saturating_abs() <= ROLLOUT_SECONDS;
            let in_rollout = before.is_some_and(is_near) || after.is_some_and(is_near);
            let is_begin = new.iter().any(|time| are_together(*time, scaling.at));
            let is_first =
                created.is_some_and(|time| are_together(time, scaling.at)) && scaling.begins_at_none();
            if !in_rollout && !is_begin && !is_first {
                let by = meta
                    .and_then(|meta| meta.scaled_by())
                    .filter(|_| last == Some(scaling.at));
                found.push(scaling.happening(by));
            }
        }
    }
    found
}

/// For each scaling the time of the nearest one before it that is about another ReplicaSet.
fn other_set_times<'a>(scalings: impl Iterator<Item = &'a ReplicaSetScaling>) -> Vec<Option<Time>> {
    let mut last: Option<(&ReplicaSetScaling, Option<Time>)> = None;
    let times = scalings.map(|scaling| {
        let other = match last {
            Some((before, _)) if before.set != scaling.set => Some(before.at),
            Some((_, other)) => other,
            None => None,
        };
        last = Some((scaling, other));
        other
    });
    times.collect()
}
