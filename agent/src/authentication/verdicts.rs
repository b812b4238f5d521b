//! Owns what the API server answered about one token, and how long each answer counts. The time is given.
//! Must not know who asks the API server.

use crate::settings::ReviewPace;
use sre_shared::cluster::TokenUser;
use sre_shared::failure::Failure;
use tokio::time::Instant;

/// The API server's answer about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenVerdict {
    /// This user sent it.
    Accepted(TokenUser),
    /// It is not good.
    Refused,
}

/// The verdicts on one token. The token itself is not kept.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Who sent it, by the last `TokenReview`; no user if it was refused.
    identity: Option<(Option<TokenUser>, Instant)>,
    /// Whether that user may get each path, by the last `SubjectAccessReview`. There are as many as paths that are served.
    paths: Vec<(String, bool, Instant)>,
    /// The last review, if it had no answer.
    failure: Option<(Failure, Instant)>,
}

impl Verdicts {
    /// The last answer about the token, if it is fresh.
    pub fn identity(&self, now: Instant, pace: &ReviewPace) -> Option<TokenVerdict> {
        let (user, at) = self.identity.as_ref()?;
        let is_fresh = is_within(*at, now, pace.lifetime(user.is_some()));
        is_fresh.then(|| match user {
            Some(user) => TokenVerdict::Accepted(user.clone()),
            None => TokenVerdict::Refused,
        })
    }

    /// The user, if a review accepted the token within the time for which it stays good without an answer.
    pub fn former_identity(&self, now: Instant, pace: &ReviewPace) -> Option<TokenUser> {
        let (user, at) = self.identity.as_ref()?;
        user.clone().filter(|_| is_within(*at, now, pace.kept))
    }

    /// Whether the user may get that path, if the last answer is fresh.
    pub fn path(&self, path: &str, now: Instant, pace: &ReviewPace) -> Option<bool> {
        let (_, allowed, at) = self.paths.iter().find(|(known, ..)| known == path)?;
        is_within(*at, now, pace.lifetime(*allowed)).then_some(*allowed)
    }

    /// Whether a review allowed that path within the time for which it stays allowed without an answer.
    pub fn was_allowed(&self, path: &str, now: Instant, pace: &ReviewPace) -> bool {
        let mut known = self.paths.iter();
        known.any(|(known, allowed, at)| known == path && *allowed && is_within(*at, now, pace.kept))
    }

    /// The failure of the last review, if it was a moment ago.
    pub fn failure(&self, now: Instant, pace: &ReviewPace) -> Option<&Failure> {
        let (failure, at) = self.failure.as_ref()?;
        is_within(*at, now, pace.retry).then_some(failure)
    }

    /// Keeps the answer of a `TokenReview`. Answers about paths belong to the user, so another user's are dropped.
    pub fn set_identity(&mut self, user: Option<TokenUser>, now: Instant) {
        self.failure = None;
        if self.identity.as_ref().is_some_and(|(former, _)| *former != user) {
            self.paths.clear();
        }
        self.identity = Some((user, now));
    }

    /// Keeps the answer of a `SubjectAccessReview`.
    pub fn set_path(&mut self, path: &str, allowed: bool, now: Instant) {
        self.failure = None;
        self.paths.retain(|(known, ..)| known != path);
        self.paths.push((path.to_owned(), allowed, now));
    }

    /// Keeps that a review had no answer. Earlier answers stay.
    pub fn set_failure(&mut self, failure: Failure, now: Instant) {
        self.failure = Some((failure, now));
    }
}

fn is_within(at: Instant, now: Instant, limit: std::time::Duration) -> bool {
    now.saturating_duration_since(at) < limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn user(name: &str) -> TokenUser {
        TokenUser {
            username: name.into(),
            ..TokenUser::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_accepted_token_is_fresh_for_a_minute_and_stays_good_for_ten() {
        let (pace, start) = (ReviewPace::default(), Instant::now());
        let mut verdicts = Verdicts::default();
        verdicts.set_identity(Some(user("jane")), start);
        verdicts.set_path("/health", true, start);
        for (seconds, fresh, kept) in [
            (0, true, true),
            (59, true, true),
            (60, false, true),
            (599, false, true),
            (600, false, false),
        ] {
            let now = start + Duration::from_secs(seconds);
            assert_eq!(verdicts.identity(now, &pace).is_some(), fresh, "{seconds}");
            assert_eq!(verdicts.path("/health", now, &pace).is_some(), fresh, "{seconds}");
            assert_eq!(verdicts.former_identity(now, &pace).is_some(), kept, "{seconds}");
            assert_eq!(verdicts.was_allowed("/health", now, &pace), kept, "{seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_kept_shortly_and_never_makes_a_token_good() {
        let (pace, start) = (ReviewPace::default(), Instant::now());
        let mut verdicts = Verdicts::default();
        verdicts.set_identity(Some(user("jane")), start);
        verdicts.set_path("/health", true, start);
        verdicts.set_identity(None, start);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(verdicts.identity(after(9), &pace), Some(TokenVerdict::Refused));
        assert_eq!(verdicts.identity(after(10), &pace), None);
        assert_eq!(verdicts.former_identity(start, &pace), None);
        assert!(!verdicts.was_allowed("/health", start, &pace));
        verdicts.set_identity(Some(user("jane")), start);
        verdicts.set_path("/health", false, start);
        assert_eq!(verdicts.path("/health", after(9), &pace), Some(false));
        assert_eq!(verdicts.path("/health", after(10), &pace), None);
    }

    #[tokio::test(start_paused = true)]
    async fn another_user_has_no_right_of_the_former_one() {
        let (pace, start) = (ReviewPace::default(), Instant::now());
        let mut verdicts = Verdicts::default();
        verdicts.set_identity(Some(user("jane")), start);
        verdicts.set_path("/health", true, start);
        verdicts.set_identity(Some(user("john")), start);
        assert_eq!(verdicts.path("/health", start, &pace), None);
    }
}
