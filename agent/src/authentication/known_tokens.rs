//! Owns which tokens are remembered: a bounded number, each by its digest.
//! Must not know what is remembered of them.

use super::verdicts::Verdicts;
use ring::digest::{SHA256, digest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// Tokens that are remembered at the same time. A user and its groups take a few hundred bytes.
const MOST: usize = 512;

/// SHA-256 of a token. From it the token cannot be found.
type TokenDigest = [u8; 32];

/// The verdicts on one token. The request that holds the lock asks the API server. The others wait and use its answer.
pub type KnownToken = Arc<tokio::sync::Mutex<Verdicts>>;

/// The tokens that were sent lately.
#[derive(Default)]
pub struct KnownTokens(Mutex<HashMap<TokenDigest, RememberedToken>>);

struct RememberedToken {
    token: KnownToken,
    used: Instant,
    /// Whether its last review accepted it. A flood of other tokens must not displace it.
    accepted: bool,
}

impl KnownTokens {
    /// The verdicts on a token, which are empty if it is new.
    pub fn get(&self, token: &str) -> KnownToken {
        let key = digest_of(token);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(&key) {
            entry.used = Instant::now();
            return Arc::clone(&entry.token);
        }
        if entries.len() >= MOST {
            let displaced = entries
                .iter()
                .min_by_key(|(_, entry)| (entry.accepted, entry.used));
            if let Some(oldest) = displaced.map(|(key, _)| *key) {
                entries.remove(&oldest);
            }
        }
        let token = KnownToken::default();
        entries.insert(
            key,
            RememberedToken {
                token: Arc::clone(&token),
                used: Instant::now(),
                accepted: false,
            },
        );
        token
    }

    /// Notes whether a review accepted a token.
    pub fn note(&self, token: &str, accepted: bool) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(&digest_of(token)) {
            entry.accepted = accepted;
        }
    }
}

fn digest_of(token: &str) -> TokenDigest {
    let mut bytes = TokenDigest::default();
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_tokens_displaces_no_accepted_one_and_takes_bounded_memory() {
        let tokens = KnownTokens::default();
        let good = tokens.get("good");
        tokens.note("good", true);
        for number in 0..3 * MOST {
            tokens.get(&format!("garbage-{number}"));
        }
        assert!(Arc::ptr_eq(&tokens.get("good"), &good));
        assert_eq!(tokens.0.lock().unwrap().len(), MOST);
    }

    #[test]
    fn a_token_is_kept_by_its_digest() {
        // The first bytes of the test vector of FIPS 180-2.
        assert_eq!(
            digest_of("abc")[..8],
            [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]
        );
    }
}
