//! Owns the signal that the state of the server has changed.
//! Must not know what the state is.

use tokio::sync::watch;

/// Wakes everybody who waits for a change of the state.
#[derive(Clone, Debug)]
pub(crate) struct Changed(watch::Sender<u64>);

impl Changed {
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
