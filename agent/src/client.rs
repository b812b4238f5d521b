//! Owns the one client of the API server, and building it anew from its configuration.
//! Must not know what is asked.

use sre_shared::cluster::{Client, Settings};
use sre_shared::failure::Failure;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The one client, replaced as a whole.
pub struct SharedClient {
    settings: Settings,
    /// Minimum pause between two readings. A changed certificate or address is found within this time.
    at_most_every: Duration,
    current: Mutex<NumberedClient>,
}

struct NumberedClient {
    client: Client,
    /// How many clients were built before it.
    generation: u64,
    built: Instant,
}

impl SharedClient {
    /// Shares a client that was built from these settings. The next one is built after `at_most_every` at the earliest.
    pub fn new(client: Client, settings: Settings, at_most_every: Duration) -> Self {
        let current = NumberedClient {
            client,
            generation: 0,
            built: Instant::now(),
        };
        Self {
            settings,
            at_most_every,
            current: Mutex::new(current),
        }
    }

    /// The client to use now.
    pub fn current(&self) -> Client {
        self.lock().client.clone()
    }

    /// The client to use now, with its number.
    pub fn numbered(&self) -> (u64, Client) {
        let current = self.lock();
        (current.generation, current.client.clone())
    }

    /// Reads the configuration again and builds a client from it. A client that was just built is kept.
    ///
    /// # Errors
    /// If the configuration cannot be used. The former client is kept.
    pub async fn rebuild(&self) -> Result<(), Failure> {
        {
            let mut current = self.lock();
            if current.built.elapsed() < self.at_most_every {
                return Ok(());
            }
            // Set before the client is built, so that many watches that fail at once build one client.
            current.built = Instant::now();
        }
        let client = Client::new(self.settings.clone(), None).await?;
        let mut current = self.lock();
        current.client = client;
        current.generation += 1;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, NumberedClient> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
