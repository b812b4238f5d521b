//! Values of the `Authorization` header.

use crate::cluster::secret::Secret;
use crate::failure::Failure;
use crate::resource::Time;
use base64::Engine as _;
use http::HeaderValue;

/// A token as a header; `what` names it in the failure.
///
/// # Errors
/// Class `badConfiguration`, if such a token cannot be sent.
pub(crate) fn bearer(token: &Secret, what: &str) -> Result<HeaderValue, Failure> {
    sensitive_value(format!("Bearer {}", token.0)).ok_or_else(|| {
        Failure::bad_configuration(format!("{what} holds a line end or another control character"))
            .with_hint("write the token on one line")
    })
}

/// User and password as a header.
pub(crate) fn basic(user: &str, password: &Secret) -> Option<HeaderValue> {
    let plain = format!("{user}:{}", password.0);
    sensitive_value(format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(plain)
    ))
}

fn sensitive_value(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The expiry of a token, if it is a JWT that has one.
pub(crate) fn jwt_expiry(header: &HeaderValue) -> Option<Time> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: serde_json::Number,
    }
    let token = header.to_str().ok()?.strip_prefix("Bearer ")?;
    let claims = token.split('.').nth(1)?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a second more or less does not matter"
    )]
    let seconds = claims
        .exp
        .as_i64()
        .or(claims.exp.as_f64().map(|seconds| seconds as i64))?;
    Some(Time::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Class;

    fn header(text: &str) -> HeaderValue {
        bearer(&Secret(text.into()), "the token").expect("a token")
    }

    #[test]
    fn the_expiry_of_a_jwt_is_read_if_it_has_one() {
        let expiry = |claims: &str| {
            let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
            jwt_expiry(&header(&format!("e30.{claims}.sig"))).map(|time| time.seconds)
        };
        assert_eq!(expiry(r#"{"exp": 1800000000}"#), Some(1_800_000_000));
        assert_eq!(expiry(r#"{"exp": 1.8e9}"#), Some(1_800_000_000));
        assert_eq!(expiry(r#"{"iss": "x"}"#), None);
        assert_eq!(jwt_expiry(&header("opaque")), None);
        assert_eq!(jwt_expiry(&header("a.b.c")), None);
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_refused_without_being_shown() {
        let failure = bearer(&Secret("s3cr3t\nx".into()), "the token").expect_err("two lines");
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(!failure.message.contains("s3cr3t"), "{failure}");
    }
}
