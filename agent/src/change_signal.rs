//! Owns the signal that something of the state changed, or that this process is about to end. Must not know what changed.

use tokio::sync::watch;

/// Wakes those who follow the state. Any number of changes before they look are one.
#[derive(Debug)]
pub struct ChangeSignal {
    changes: watch::Sender<u64>,
    stopping: watch::Sender<bool>,
}

impl Default for ChangeSignal {
    fn default() -> Self {
        Self {
            changes: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
        }
    }
}

impl ChangeSignal {
    /// Notes that something changed.
    pub fn note(&self) {
        self.changes
            .send_modify(|number| *number = number.wrapping_add(1));
    }

    /// Hears of each change from now on.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Notes that this process is about to end.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether this process is about to end.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until this process is about to end.
    pub async fn stopped(&self) {
        // An error would mean that the sender is gone, which is this.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }
}
