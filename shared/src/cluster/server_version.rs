//! The version of an API server, and for how long it is known.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::MutexGuard;
use tokio::time::Instant;

/// A control plane that is upgraded has servers of two versions, and then servers of another one. The version decides how
/// lists are requested, so an old one must not stay in use.
const KNOWN_FOR: Duration = Duration::from_mins(1);

/// Major and minor version of an API server, by which its features are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion {
    /// Always 1 so far.
    pub major: u32,
    /// The number of the Kubernetes release.
    pub minor: u32,
}

impl ServerVersion {
    /// Reads a version such as `v1.33.4-gke.12`, or `1.33+`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut number = || {
            let text = numbers.next()?;
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text.get(..end)?.parse().ok()
        };
        Some(Self {
            major: number()?,
            minor: number()?,
        })
    }
}

/// The version that an API server has said to have.
#[derive(Debug, Default)]
pub(super) struct KnownVersion {
    last: Mutex<Option<(ServerVersion, Instant)>>,
    asking: tokio::sync::Mutex<()>,
}

impl KnownVersion {
    /// Notes an answer. Of two servers of one control plane the older one counts, until it has been silent for long.
    pub fn note(&self, version: ServerVersion) {
        if self.known().is_some_and(|known| known < version) {
            return;
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, Instant::now()));
    }

    /// The version, unless it was last noted too long ago.
    pub fn known(&self) -> Option<ServerVersion> {
        let (version, at) = (*self.last.lock().unwrap_or_else(PoisonError::into_inner))?;
        (at.elapsed() < KNOWN_FOR).then_some(version)
    }

    /// The right to ask for the version. One task at a time has it.
    pub async fn asking(&self) -> MutexGuard<'_, ()> {
        self.asking.lock().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(major: u32, minor: u32) -> ServerVersion {
        ServerVersion { major, minor }
    }

    #[test]
    fn the_words_of_all_distributions_are_read() {
        for (text, read) in [
            ("v1.33.4", Some(version(1, 33))),
            ("v1.33.4-gke.1210000", Some(version(1, 33))),
            ("v1.34.1+k3s1", Some(version(1, 34))),
            ("v1.9.0-alpha.1", Some(version(1, 9))),
            ("1.33+", Some(version(1, 33))),
            ("v1", None),
            ("v1.", None),
            ("v1.x", None),
            ("", None),
            ("v1.99999999999.0", None),
        ] {
            assert_eq!(ServerVersion::parse(text), read, "{text}");
        }
        assert!(version(1, 9) < version(1, 33) && version(1, 33) < version(2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn the_older_of_two_servers_counts_until_it_was_silent_for_a_minute() {
        let known = KnownVersion::default();
        assert_eq!(known.known(), None);
        known.note(version(1, 32));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(known.known(), Some(version(1, 32)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(known.known(), None);
        known.note(version(1, 34));
        known.note(version(1, 33));
        tokio::time::advance(Duration::from_secs(59)).await;
        known.note(version(1, 34));
        assert_eq!(known.known(), Some(version(1, 33)));
        tokio::time::advance(Duration::from_secs(1)).await;
        known.note(version(1, 34));
        assert_eq!(known.known(), Some(version(1, 34)));
    }
}
