//! The URL of an agent.

use reqwest::Url;
use std::fmt;

/// The URL of an agent, to which paths are added.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentUrl(Url);

impl fmt::Debug for AgentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Leaves out the user and password.
impl fmt::Display for AgentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // Both fail only for URLs without a host, which are refused.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        f.write_str(shown.as_str().trim_end_matches('/'))
    }
}

impl AgentUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// One line that says what is wrong with it and what is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXAMPLE: &str = "such as http://127.0.0.1:8080";
        // The text is not repeated: a password may be in it.
        let url: Url = text.parse().map_err(|error| match with_scheme(text) {
            Some(meant) => format!("it is no URL, did you mean {meant}?"),
            None => format!("it is no URL, {EXAMPLE}: {error}"),
        })?;
        match (url.scheme(), with_scheme(text)) {
            ("http" | "https", _) if url.host().is_some() => {}
            ("http" | "https", _) => return Err(format!("it names no host, {EXAMPLE}")),
            // The name of a host with a port is read as a scheme with a path.
            (_, Some(meant)) => return Err(format!("it is no URL, did you mean {meant}?")),
            (other, None) => return Err(format!("{other:?} is neither http nor https, {EXAMPLE}")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("a query or fragment has no place here, {EXAMPLE}"));
        }
        Ok(Self(url))
    }

    /// The URL of a path of the agent. It can hold a user and a password, so it must not be shown.
    pub(super) fn with_path(&self, path: &str) -> String {
        format!("{}{path}", self.0.as_str().trim_end_matches('/'))
    }
}

/// The URL that is meant by a host, with or without a port, such as `127.0.0.1:8080`. `None` for a text with a scheme, and
/// for one that can hold a password.
fn with_scheme(text: &str) -> Option<AgentUrl> {
    if text.contains("://") || text.contains(['@', '?', '#']) {
        return None;
    }
    let url: Url = format!("http://{text}").parse().ok()?;
    url.host().is_some().then_some(AgentUrl(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_http_or_https_with_a_host_and_is_shown_without_its_password() {
        let shown = |text: &str| AgentUrl::parse(text).map(|url| url.to_string());
        assert_eq!(
            shown("http://127.0.0.1:8080/"),
            Ok("http://127.0.0.1:8080".into())
        );
        assert_eq!(
            shown("https://me:secret@sre.example/agent/"),
            Ok("https://sre.example/agent".into())
        );
        for (text, said) in [
            (
                "127.0.0.1:8080",
                "it is no URL, did you mean http://127.0.0.1:8080?",
            ),
            (
                "localhost:8080",
                "it is no URL, did you mean http://localhost:8080?",
            ),
            ("[::1]:8080/x/", "it is no URL, did you mean http://[::1]:8080/x?"),
            ("me:secret@x", "\"me\" is neither http nor https, such as"),
            (" ", "it is no URL, such as http://127.0.0.1:8080"),
            ("ftp://x", "\"ftp\" is neither http nor https"),
            ("http://", "it is no URL"),
            ("http://x/?a=b", "a query or fragment has no place here"),
        ] {
            let refused = shown(text).expect_err(text);
            assert!(refused.starts_with(said), "{text}: {refused}");
        }
    }
}
