//! The identity that requests impersonate.

use crate::cluster::config::entry::User;
use crate::failure::Failure;
use http::{HeaderName, HeaderValue};
use std::fmt::Write as _;

/// The headers of each request.
///
/// # Errors
/// Class `badConfiguration`, if a name cannot be sent.
pub(crate) fn headers(user: &User) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let mut headers = Vec::new();
    if user.impersonate.is_empty() {
        return Ok(headers);
    }
    let mut add = |name: &str, text: &str| {
        let header = HeaderName::from_bytes(name.as_bytes()).ok();
        match header.zip(HeaderValue::from_bytes(text.as_bytes()).ok()) {
            Some(pair) => {
                headers.push(pair);
                Ok(())
            }
            None => Err(Failure::bad_configuration(format!(
                "{text:?} cannot be impersonated: it holds a control character"
            ))),
        }
    };
    add("impersonate-user", &user.impersonate)?;
    if !user.impersonate_uid.is_empty() {
        add("impersonate-uid", &user.impersonate_uid)?;
    }
    for group in &user.impersonate_groups {
        add("impersonate-group", group)?;
    }
    for (key, values) in &user.impersonate_user_extra {
        let name = format!("impersonate-extra-{}", escape_key(key));
        for value in values {
            add(&name, value)?;
        }
    }
    Ok(headers)
}

/// `headerKeyEscape` of client-go: escapes `%` and the characters that the name of a header may not hold.
fn escape_key(key: &str) -> String {
    let mut escaped = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// The identity in words; `None` if nobody is impersonated.
pub(crate) fn description(user: &User) -> Option<String> {
    if user.impersonate.is_empty() {
        return None;
    }
    let mut more = Vec::new();
    if !user.impersonate_groups.is_empty() {
        more.push(format!("groups {}", user.impersonate_groups.join(", ")));
    }
    if !user.impersonate_uid.is_empty() {
        more.push(format!("uid {}", user.impersonate_uid));
    }
    more.extend(
        user.impersonate_user_extra
            .iter()
            .map(|(key, values)| format!("{key}={}", values.join(","))),
    );
    Some(if more.is_empty() {
        user.impersonate.clone()
    } else {
        format!("{} ({})", user.impersonate, more.join("; "))
    })
}
