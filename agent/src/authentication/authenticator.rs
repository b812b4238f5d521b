//! Owns the decision whether a token may get a path: the reviews, how many are under way, and their deadline.
//! Must not know HTTP.

use super::known_tokens::KnownTokens;
use super::verdicts::{TokenVerdict, Verdicts};
use crate::client::SharedClient;
use crate::history::failures::{FailureLog, LoggedFailure};
use crate::settings::ReviewPace;
use sre_shared::cluster::{TokenUser, may_get_path, review_token};
use sre_shared::failure::{Class, Failure};
use std::sync::Arc;
use tokio::sync::{AcquireError, Semaphore};
use tokio::time::{Instant, timeout_at};

/// The audience that a token has to be for. A token for the API server is never accepted: a program that receives it could use
/// it against the API server.
pub const AUDIENCE: &str = "sre-agent";
/// Reviews under way at the same time, of tokens that were good before and, apart from them, of others.
const REVIEWS: usize = 8;
/// The name of the reviews in the log of failures.
const WHO: &str = "review of tokens";

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// The API server does not accept the token for [`AUDIENCE`].
    Token,
    /// The user may not get the path.
    Path(TokenUser),
    /// The API server gave no answer, and no earlier one counts.
    Unreviewed(Failure),
}

/// Reviews tokens, and remembers the answers.
pub struct Authenticator {
    client: Arc<SharedClient>,
    failures: Arc<FailureLog>,
    pace: ReviewPace,
    tokens: KnownTokens,
    /// Reviews of tokens that were good before. Other tokens cannot delay these.
    known: Semaphore,
    others: Arc<Semaphore>,
}

impl Authenticator {
    /// An authenticator that knows no token yet.
    pub fn new(client: Arc<SharedClient>, failures: Arc<FailureLog>, pace: ReviewPace) -> Self {
        Self {
            client,
            failures,
            pace,
            tokens: KnownTokens::default(),
            known: Semaphore::new(REVIEWS),
            others: Arc::new(Semaphore::new(REVIEWS)),
        }
    }

    /// Decides whether the user behind the token may get the path. Without a path it decides whether the token is good. If
    /// `is_away`, the API server is known to give no answer: a token that was good is not reviewed, and another one is refused
    /// at once while [`REVIEWS`] others wait.
    ///
    /// # Errors
    /// Why not.
    pub async fn authorize(&self, token: &str, path: Option<&str>, is_away: bool) -> Result<(), Denial> {
        let until = Instant::now() + self.pace.limit;
        let known = self.tokens.get(token);
        let Ok(mut verdicts) = timeout_at(until, known.lock()).await else {
            return Err(Denial::Unreviewed(late()));
        };
        let user = self.user(&mut verdicts, token, until, is_away).await?;
        let Some(path) = path else { return Ok(()) };
        if self.may_get(&mut verdicts, &user, path, until, is_away).await? {
            Ok(())
        } else {
            Err(Denial::Path(user))
        }
    }

    async fn user(
        &self,
        verdicts: &mut Verdicts,
        token: &str,
        until: Instant,
        is_away: bool,
    ) -> Result<TokenUser, Denial> {
        let now = Instant::now();
        match verdicts.identity(now, &self.pace) {
            Some(TokenVerdict::Accepted(user)) => return Ok(user),
            Some(TokenVerdict::Refused) => return Err(Denial::Token),
            None => {}
        }
        let former = verdicts.former_identity(now, &self.pace);
        if let Some(user) = &former
            && (is_away || verdicts.failure(now, &self.pace).is_some())
        {
            return Ok(user.clone());
        }
        if let Some(failure) = verdicts.failure(now, &self.pace) {
            return Err(Denial::Unreviewed(failure.clone()));
        }
        let client = self.client.current();
        let review = review_token(&client, token, AUDIENCE);
        let reviewed = match former {
            Some(_) => limited(self.known.acquire(), review, until, until).await.0,
            None => {
                let place_until = if is_away { now } else { until };
                self.review_unknown(review, place_until, until).await
            }
        };
        self.log(reviewed.as_ref().err(), "tokenreviews.authentication.k8s.io");
        match reviewed {
            Ok(user) => {
                self.tokens.note(token, user.is_some());
                verdicts.set_identity(user.clone(), Instant::now());
                user.ok_or(Denial::Token)
            }
            Err(failure) => {
                verdicts.set_failure(failure.clone(), Instant::now());
                former.ok_or(Denial::Unreviewed(failure))
            }
        }
    }

    /// Reviews a token that was not good before. A refused token keeps its place for a moment. So garbage costs the API server
    /// few reviews a second.
    async fn review_unknown(
        &self,
        review: impl Future<Output = Result<Option<TokenUser>, Failure>>,
        place_until: Instant,
        until: Instant,
    ) -> Result<Option<TokenUser>, Failure> {
        let permit = Arc::clone(&self.others).acquire_owned();
        let (reviewed, permit) = limited(permit, review, place_until, until).await;
        if !matches!(reviewed, Ok(Some(_))) {
            let pause = self.pace.refused_pause;
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                drop(permit);
            });
        }
        reviewed
    }

    async fn may_get(
        &self,
        verdicts: &mut Verdicts,
        user: &TokenUser,
        path: &str,
        until: Instant,
        is_away: bool,
    ) -> Result<bool, Denial> {
        let now = Instant::now();
        if let Some(fresh) = verdicts.path(path, now, &self.pace) {
            return Ok(fresh);
        }
        let was_allowed = verdicts.was_allowed(path, now, &self.pace);
        if was_allowed && (is_away || verdicts.failure(now, &self.pace).is_some()) {
            return Ok(true);
        }
        if let Some(failure) = verdicts.failure(now, &self.pace) {
            return Err(Denial::Unreviewed(failure.clone()));
        }
        let client = self.client.current();
        let review = may_get_path(&client, user, path);
        let (reviewed, _) = limited(self.known.acquire(), review, until, until).await;
        self.log(
            reviewed.as_ref().err(),
            "subjectaccessreviews.authorization.k8s.io",
        );
        match reviewed {
            Ok(allowed) => {
                verdicts.set_path(path, allowed, Instant::now());
                Ok(allowed)
            }
            Err(failure) => {
                verdicts.set_failure(failure.clone(), Instant::now());
                if was_allowed {
                    Ok(true)
                } else {
                    Err(Denial::Unreviewed(failure))
                }
            }
        }
    }

    fn log(&self, failure: Option<&Failure>, resource: &str) {
        let who = format!("{WHO} ({resource})");
        let Some(failure) = failure else {
            return self.failures.recovered(&who);
        };
        // Too many tokens at once are no fault of the API server, and their senders must not fill the log.
        if failure.class == Class::Overloaded && failure.own_limit {
            return;
        }
        let rule = format!("{resource} create");
        let mut logged = LoggedFailure::from(failure);
        if failure.class == Class::Forbidden {
            logged.missing = Some(&rule);
            logged.next = "let the agent's identity create them (the chart's ClusterRole does if authentication.enabled)";
        }
        self.failures.failed(&who, &logged);
    }
}

/// Waits for a place until `place_until` and for the review until `until`, and returns the place too.
async fn limited<Place, T>(
    place: impl Future<Output = Result<Place, AcquireError>>,
    review: impl Future<Output = Result<T, Failure>>,
    place_until: Instant,
    until: Instant,
) -> (Result<T, Failure>, Option<Place>) {
    let Ok(Ok(place)) = timeout_at(place_until, place).await else {
        let failure = Failure::new(Class::Overloaded, "too many tokens are reviewed at this moment");
        return (
            Err(Failure {
                own_limit: true,
                ..failure
            }),
            None,
        );
    };
    let reviewed = timeout_at(until, review).await;
    (reviewed.unwrap_or_else(|_| Err(late())), Some(place))
}

fn late() -> Failure {
    Failure::new(Class::Timeout, "the review of the token had no answer in time")
}
