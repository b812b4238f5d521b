//! Owns the last events of a feed. Must not know what is in them.

use bytes::Bytes;
use std::collections::VecDeque;

/// Events that are kept for clients that are behind.
const EVENTS: usize = 64;
/// Bytes of these events.
const BYTES: usize = 256 << 10;

/// What a client gets next.
#[derive(Debug, PartialEq, Eq)]
pub enum NextEvent {
    /// It has everything.
    Nothing,
    /// This event, with its number.
    Event(u64, Bytes),
    /// A whole report, since an event that it lacks is not kept.
    Whole,
}

/// The last events.
#[derive(Debug, Default)]
pub struct EventLog {
    /// The number of the newest event.
    newest: u64,
    events: VecDeque<Bytes>,
    bytes: usize,
}

impl EventLog {
    /// The number of the newest event.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// Adds the next event; `None` if there is no room for it, so that every client needs a whole report.
    pub fn push(&mut self, event: Option<Bytes>) {
        self.newest = self.newest.saturating_add(1);
        let Some(event) = event else {
            self.events.clear();
            self.bytes = 0;
            return;
        };
        self.bytes = self.bytes.saturating_add(event.len());
        self.events.push_back(event);
        // One that is longer than all of the room is kept for nobody.
        while self.bytes > BYTES || self.events.len() > EVENTS {
            let Some(oldest) = self.events.pop_front() else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(oldest.len());
        }
    }

    /// What comes after the event of that number.
    pub fn after(&self, number: u64) -> NextEvent {
        let Some(behind) = self.newest.checked_sub(number) else {
            return NextEvent::Whole;
        };
        if behind == 0 {
            return NextEvent::Nothing;
        }
        let place = usize::try_from(behind)
            .ok()
            .and_then(|behind| self.events.len().checked_sub(behind));
        match place.and_then(|place| self.events.get(place)) {
            Some(event) => NextEvent::Event(number.saturating_add(1), event.clone()),
            None => NextEvent::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(size: usize) -> Bytes {
        Bytes::from(vec![b'x'; size])
    }

    #[test]
    fn a_client_gets_one_event_after_the_other_or_a_whole_report_if_it_lacks_one() {
        let mut log = EventLog::default();
        assert_eq!(log.after(0), NextEvent::Nothing);
        assert_eq!(log.after(1), NextEvent::Whole, "no such event was sent");
        log.push(Some(event(1)));
        log.push(Some(event(2)));
        assert_eq!(log.after(0), NextEvent::Event(1, event(1)));
        assert_eq!(log.after(1), NextEvent::Event(2, event(2)));
        assert_eq!(log.after(2), NextEvent::Nothing);
        log.push(None);
        assert_eq!(log.after(2), NextEvent::Whole);
        assert_eq!(log.after(3), NextEvent::Nothing);
    }

    #[test]
    fn few_events_and_few_bytes_are_kept() {
        let mut log = EventLog::default();
        for _ in 0..2 * EVENTS {
            log.push(Some(event(1)));
        }
        let newest = log.newest();
        assert_eq!((newest, log.events.len()), (128, EVENTS));
        assert_eq!(log.after(newest - 65), NextEvent::Whole);
        assert!(matches!(log.after(newest - 64), NextEvent::Event(65, _)));
        log.push(Some(event(BYTES)));
        assert_eq!((log.events.len(), log.bytes), (1, BYTES));
        log.push(Some(event(BYTES + 1)));
        assert_eq!((log.events.len(), log.bytes), (0, 0));
        assert_eq!(log.after(newest + 1), NextEvent::Whole);
    }
}
