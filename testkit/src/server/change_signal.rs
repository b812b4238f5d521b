//! Owns the signal that the state of the server has changed.
//! Must not know the state.

use tokio::sync::watch;

/// Wakes every task that waits for a change of the state.
#[derive(Clone, Debug)]
pub(crate) struct ChangeSignal(watch::Sender<u64>);

impl ChangeSignal {
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub fn signal(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
