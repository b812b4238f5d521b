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
        let url: Url = text
            .parse()
            .map_err(|error| format!("it is no URL, {EXAMPLE}: {error}"))?;
        match url.scheme() {
            "http" | "https" if url.host().is_some() => {}
            "http" | "https" => return Err(format!("it names no host, {EXAMPLE}")),
            other => return Err(format!("{other:?} is neither http nor https, {EXAMPLE}")),
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
            ("127.0.0.1:8080", "it is no URL, such as http://127.0.0.1:8080"),
            ("localhost:8080", "\"localhost\" is neither http nor https"),
            ("ftp://x", "\"ftp\" is neither http nor https"),
            ("http://", "it is no URL"),
            ("http://x/?a=b", "a query or fragment has no place here"),
        ] {
            let refused = shown(text).expect_err(text);
            assert!(refused.starts_with(said), "{text}: {refused}");
        }
    }
}
