//! Reads the objects that are waited for again, now and then. A watch can die so that neither an end nor an error is seen
//! (a proxy that drops a connection, a cache of the API server that stopped), and a caller would wait for ever.

use super::feed::Feed;
use crate::check::Check;
use crate::cluster::{ListOptions, list};
use crate::live::ObjectKey;
use crate::resource::{Decoded, Resource};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::sleep;

/// The most objects of one watch that are read at once. If more are open, they take turns.
const READS: usize = 20;

impl<T: Check> Feed<T> {
    /// Reads the open objects again after each pause. If one has changed and the watch does not say so soon, the watch is
    /// started again. Does not end.
    pub async fn recheck(self: Arc<Self>) {
        let mut after: Option<ObjectKey> = None;
        loop {
            sleep(self.state.pace.recheck).await;
            // During an outage the watch itself tries again.
            if self.state.away().is_some() {
                continue;
            }
            let missed = if self.options.field_selector.is_empty() {
                self.read_open(&mut after).await
            } else {
                self.read_named().await
            };
            if !missed {
                continue;
            }
            let events = self.events.load(Ordering::Relaxed);
            sleep(self.state.pace.late_event).await;
            if self.events.load(Ordering::Relaxed) == events {
                self.restart.notify_one();
            }
        }
    }

    /// Reads the one object that the watch is about. Returns whether the watch missed a change.
    async fn read_named(&self) -> bool {
        let known = self.cache.open_versions(self.number);
        let events = self.events.load(Ordering::Relaxed);
        let read = list::<T>(&self.state.client, &self.options).await;
        let is_overtaken = self.events.load(Ordering::Relaxed) != events;
        match read {
            Ok(listed) if !is_overtaken => self.compare(&known, listed.items),
            _ => false,
        }
    }

    /// Reads some of the open objects. Returns whether the watch missed a change.
    async fn read_open(&self, after: &mut Option<ObjectKey>) -> bool {
        let open = self.cache.open_versions(self.number);
        let is_next = |(key, _): &&(ObjectKey, String)| after.as_ref().is_none_or(|after| key > after);
        let chosen: Vec<_> = open.iter().filter(is_next).take(READS).cloned().collect();
        *after = chosen
            .last()
            .map(|(key, _)| key.clone())
            .filter(|_| chosen.len() == READS);
        let mut missed = false;
        for known in chosen {
            let options = ListOptions {
                namespace: Some(known.0.namespace.to_string()).filter(|namespace| !namespace.is_empty()),
                field_selector: format!("metadata.name={}", known.0.name),
                ..self.options.clone()
            };
            let Ok(listed) = list::<T>(&self.state.client, &options).await else {
                continue;
            };
            // The watch may have brought a newer version meanwhile.
            let is_unchanged =
                self.cache.version(&known.0.namespace, &known.0.name).as_ref() == Some(&known.1);
            if is_unchanged {
                missed |= self.compare(&[known], listed.items);
            }
        }
        missed
    }

    /// Takes what was read where it differs from what is known. Returns whether anything differs.
    fn compare(&self, known: &[(ObjectKey, String)], read: Vec<Decoded<T>>) -> bool {
        let at = self.state.event_time();
        let mut differs = false;
        let is_read = |key: &ObjectKey| {
            let mut objects = read.iter().flatten().map(Resource::meta);
            objects.any(|meta| *meta.namespace == *key.namespace && *meta.name == *key.name)
        };
        let is_whole = read.iter().all(Result::is_ok);
        for (key, _) in known.iter().filter(|(key, _)| is_whole && !is_read(key)) {
            self.cache.delete(self.number, &key.namespace, &key.name, at);
            differs = true;
        }
        for object in read.into_iter().flatten() {
            let meta = object.meta();
            if self.cache.version(&meta.namespace, &meta.name).as_ref() != Some(&meta.resource_version) {
                self.cache.apply(self.number, Ok(object), at);
                differs = true;
            }
        }
        if differs {
            self.state.note_heard(self.watch);
        }
        differs
    }
}
