//! The review of a cache: objects that are judged again because time has passed or namespaces are being deleted.

use super::AnswerTime;
use super::contents::Contents;
use super::tally::LastVerdict;
use super::transition::Transition;
use crate::check::{Check, NamespaceDeletions};
use crate::report::{Code, Status};
use std::collections::BTreeSet;

impl<T: Check> Contents<T> {
    /// Judges again the objects that are not settled, and returns the transitions.
    pub(super) fn review(&mut self, time: &AnswerTime) -> Vec<Transition> {
        let mut transitions = Vec::new();
        let mut changed = Vec::new();
        for key in &self.open {
            let Some(object) = self.objects.get(key) else {
                continue;
            };
            // Verdicts from a stale watch are not judged again.
            if self
                .watches
                .last_event(object.watch)
                .is_none_or(|event| time.is_stale(event))
            {
                continue;
            }
            let now = self.watches.carried(object.watch, time);
            let item = self.judge(object, now, self.related.objects_at(time), false);
            let last = LastVerdict::new(&item);
            let settled = object.is_settled(&item, now);
            if last == object.last && !settled {
                continue;
            }
            let mut health = object.health;
            let health_change = health.update(item.state);
            transitions.extend(Transition::between(
                Some(object.last.state),
                item,
                health_change,
                now,
            ));
            changed.push((key.clone(), health, last, settled.then_some(now)));
        }
        for (key, health, last, settled) in changed {
            let Some(mut object) = self.objects.remove(&key) else {
                continue;
            };
            object.health = health;
            object.settled = settled.is_some();
            let (watch, former) = (object.watch, std::mem::replace(&mut object.last, last));
            self.watches.uncount(watch, former);
            self.watches.count(watch, last);
            if let Some(now) = settled {
                self.open.remove(&key);
                object.evidence = None;
                if self.make_compact(&key, &object, now) {
                    continue;
                }
            }
            self.objects.insert(key, object);
        }
        transitions
    }

    /// Replaces the namespaces that are being deleted, and judges again the objects in those that changed.
    pub(super) fn update_deletions(
        &mut self,
        deletions: &NamespaceDeletions,
        time: &AnswerTime,
    ) -> Vec<Transition> {
        let former = std::mem::replace(&mut self.deletions, deletions.clone());
        if former == *deletions {
            return Vec::new();
        }
        for (key, object) in &mut self.objects {
            if former.contains(&key.namespace) != deletions.contains(&key.namespace) && object.settled {
                object.settled = false;
                self.open.insert(key.clone());
            }
        }
        let mut transitions = self.review_compact(&former, time);
        transitions.extend(self.review(time));
        transitions
    }

    /// Counts again the compact objects of namespaces whose deletion began or ended, and returns the transitions.
    fn review_compact(&mut self, former: &NamespaceDeletions, time: &AnswerTime) -> Vec<Transition> {
        let names = former.iter().chain(self.deletions.iter());
        let changed: BTreeSet<&str> = names
            .map(|(name, _)| name)
            .filter(|name| former.contains(name) != self.deletions.contains(name))
            .collect();
        let (mut transitions, mut counts) = (Vec::new(), Vec::new());
        for namespace in changed {
            for object in self.compact.namespace(namespace) {
                let before = LastVerdict::new(&object.item(namespace, former));
                let item = object.item(namespace, &self.deletions);
                let now = self.watches.carried(object.watch, time);
                counts.push((object.watch, before, LastVerdict::new(&item)));
                transitions.extend(Transition::between(Some(before.state), item, None, now));
            }
        }
        for (watch, before, last) in counts {
            self.watches.uncount(watch, before);
            self.watches.count(watch, last);
        }
        transitions
    }

    /// The namespaces of objects that fall short, or are left out.
    pub(super) fn failing_namespaces(&self, time: &AnswerTime, found: &mut BTreeSet<String>) {
        for live in self.open_and_controlled() {
            // Many objects of one namespace often fall short together.
            if live.namespace().is_none_or(|namespace| found.contains(namespace)) {
                continue;
            }
            let now = self.watches.carried(live.watch, time);
            let item = self.judge(live, now, self.related.objects_at(time), false);
            if item.status() != Status::Ok || item.reason == Code::NamespaceTerminating {
                found.insert(item.namespace);
            }
        }
        let deleted = self.deletions.iter().map(|(namespace, _)| namespace);
        let with_compact = deleted.filter(|namespace| !self.compact.namespace(namespace).is_empty());
        found.extend(with_compact.map(str::to_owned));
    }
}
