//! Owns which token a request has, and how a request without the right one is refused.
//! Must not know how a token is reviewed.

use crate::authentication::authenticator::{AUDIENCE, Denial};
use crate::http::response::{Answer, HttpResponse};
use crate::state::AgentState;
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use sre_shared::kind::RbacRule;
use sre_shared::report::{Identity, Subject};
use std::time::Duration;

/// The header of a token that comes through the API server's service proxy, which removes `Authorization`.
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-sre-token");
/// The scheme in `Authorization` (RFC 6750). Its case does not matter.
const SCHEME: &str = "bearer ";

/// What a request needs if the agent authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing: it is a probe.
    Everybody,
    /// A token that is good.
    AnyUser,
    /// A token whose user may get the path.
    MayGet,
}

/// The answer to a request that may not be answered otherwise; `None` if it may.
///
/// A refusal is always 401: a 403 through the service proxy would look like the API server's own.
pub async fn refusal(
    state: &AgentState,
    access: Access,
    path: &str,
    headers: &HeaderMap,
) -> Option<HttpResponse> {
    let authenticator = state.authenticator.as_ref()?;
    let path = match access {
        Access::Everybody => return None,
        Access::AnyUser => None,
        Access::MayGet => Some(path),
    };
    let (answer, challenge) = match token(headers) {
        Err(message) => (unauthenticated(message), Some("Bearer")),
        Ok(token) => {
            let is_away = state.probe.silent().is_some();
            match authenticator.authorize(token, path, is_away).await {
                Ok(()) => return None,
                Err(denial) => denied(&denial, path.unwrap_or_default()),
            }
        }
    };
    let mut response = answer.into_response(headers);
    if let Some(challenge) = challenge {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    Some(response)
}

/// Completes once the token of a request may no longer get the path: it was revoked or has expired, its user lost the right, or
/// no review of it had an answer for too long.
pub async fn refused_later(state: &AgentState, path: &str, headers: &HeaderMap, pause: Duration) {
    let (Some(authenticator), Ok(token)) = (&state.authenticator, token(headers)) else {
        return std::future::pending().await;
    };
    let mut unreviewed = false;
    loop {
        tokio::time::sleep(pause).await;
        let is_away = state.probe.silent().is_some();
        unreviewed = match authenticator.authorize(token, Some(path), is_away).await {
            Ok(()) => false,
            // Too many reviews at one moment say nothing about the token.
            Err(Denial::Unreviewed(_)) if !unreviewed => true,
            Err(_) => return,
        };
    }
}

/// The one token of a request, or a sentence that says why there is none.
fn token(headers: &HeaderMap) -> Result<&str, &'static str> {
    // The plugin of an earlier release shows the beginning of it, and has no words of its own.
    let none = "a token is needed, which kubectl sre of this release sends; others send it as \"Authorization: Bearer \
                TOKEN\", or through the API server's service proxy as \"X-Sre-Token: TOKEN\"";
    let (own, bearer) = (only(headers, &TOKEN_HEADER)?, only(headers, &AUTHORIZATION)?);
    let token = match (own, bearer) {
        (Some(token), _) => token.trim(),
        (None, Some(value)) => match value.split_at_checked(SCHEME.len()) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(SCHEME) => token.trim(),
            _ => return Err(none),
        },
        (None, None) => return Err(none),
    };
    if token.is_empty() { Err(none) } else { Ok(token) }
}

/// The value of a header. Two of them could be read in two ways by two programs, so they are refused.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, &'static str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err("the header with the token is there twice: send it once"),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err("the header with the token has characters that no token has"),
        },
    }
}

/// The answer to a denial, and the challenge of a 401 (RFC 6750, 3).
fn denied(denial: &Denial, path: &str) -> (Answer, Option<&'static str>) {
    match denial {
        Denial::Token => {
            let message = format!(
                "the API server does not accept this token for the audience {AUDIENCE}: it has expired, or it is for \
                 another audience, as tokens for the API server are; kubectl -n NAMESPACE create token \
                 SERVICEACCOUNT --audience {AUDIENCE} makes one"
            );
            (unauthenticated(&message), Some("Bearer error=\"invalid_token\""))
        }
        Denial::Path(user) => {
            let identity = Identity {
                user: user.username.clone(),
                groups: user.groups.clone(),
            };
            let subject = Subject::new(Some(&identity));
            let message = format!(
                "{} may not get {path}: the rule {} is missing; a cluster admin grants it: kubectl create clusterrole \
                 sre-agent-reader --verb=get --non-resource-url={path} && kubectl create clusterrolebinding {} \
                 --clusterrole=sre-agent-reader {subject} (or the chart's reader)",
                user.username,
                RbacRule::on_path(path),
                subject.binding(),
            );
            let answer = Answer::error(StatusCode::UNAUTHORIZED, "forbidden", &message);
            (answer, Some("Bearer error=\"insufficient_scope\""))
        }
        Denial::Unreviewed(failure) => {
            // The failure itself is in the agent's log. It can name addresses and files, and nobody knows who asks.
            let message = format!(
                "whether the token may get this path is not known, since the API server did not review it ({}): ask \
                 again in a moment; the agent's log has more",
                failure.class.as_str()
            );
            let answer = Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "cannotAuthenticate", &message);
            (answer, None)
        }
    }
}

fn unauthenticated(message: &str) -> Answer {
    Answer::error(StatusCode::UNAUTHORIZED, "unauthenticated", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_in_its_own_header_or_in_authorization() {
        let none = "a token is needed";
        for (headers, expected) in [
            (&[("authorization", "Bearer a.b.c")][..], Ok("a.b.c")),
            (&[("authorization", "bearer  a ")], Ok("a")),
            (&[("x-sre-token", "a")], Ok("a")),
            // A proxy in front may have its own use for Authorization.
            (&[("authorization", "Basic eDp5"), ("x-sre-token", "a")], Ok("a")),
            (&[], Err(none)),
            (&[("authorization", "Basic eDp5")], Err(none)),
            (&[("authorization", "Bearer ")], Err(none)),
            (&[("authorization", "Bearer")], Err(none)),
            (&[("x-sre-token", "")], Err(none)),
            (
                &[("x-sre-token", "a"), ("x-sre-token", "b")],
                Err("the header with the token is there twice"),
            ),
            (
                &[("x-sre-token", "\u{e4}")],
                Err("the header with the token has characters"),
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                map.append(HeaderName::from_static(name), value);
            }
            match (token(&map), expected) {
                (Ok(token), Ok(expected)) => assert_eq!(token, expected),
                (Err(why), Err(expected)) => assert!(why.starts_with(expected), "{headers:?}: {why}"),
                (got, expected) => panic!("{headers:?}: {got:?} instead of {expected:?}"),
            }
        }
    }
}
