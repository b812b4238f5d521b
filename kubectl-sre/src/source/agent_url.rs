//! The URL of an agent.

use reqwest::Url;
use std::fmt;
use std::net::IpAddr;

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

    /// Whether nobody on the way can read what is sent: the connection is encrypted, or ends on this machine.
    pub fn is_private(&self) -> bool {
        self.0.scheme() == "https" || self.is_loopback()
    }

    /// Whether it is an address of this machine. No proxy is asked for it, as in Go.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => host == "localhost",
        }
    }

    /// Whether an answer from here may send the client to `next`: to the same server, or from HTTP to HTTPS on the same host.
    /// Anything else could be somebody else's.
    pub(super) fn may_redirect_to(&self, next: &Url) -> bool {
        let is_upgrade = self.0.scheme() == "http" && next.scheme() == "https";
        let default_ports = self.0.port().is_none() && next.port().is_none();
        self.0.origin() == next.origin()
            || (is_upgrade && default_ports && self.0.host_str() == next.host_str())
    }

    /// Whether the URL holds a user or a password, which takes the place of a token in `Authorization`.
    pub(super) fn has_user(&self) -> bool {
        !self.0.username().is_empty() || self.0.password().is_some()
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
    fn a_token_may_be_sent_over_tls_or_to_this_machine() {
        for (url, private) in [
            ("https://sre.example", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8080/x", true),
            ("http://localhost:8080", true),
            ("http://sre.example", false),
            ("http://10.0.0.1:8080", false),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
        ] {
            assert_eq!(
                AgentUrl::parse(url).map(|url| url.is_private()),
                Ok(private),
                "{url}"
            );
        }
    }

    #[test]
    fn a_redirect_stays_with_the_server() {
        for (from, to, followed) in [
            ("http://a:81", "http://a:81/x", true),
            ("http://a", "https://a/x", true),
            ("https://a", "https://a:443/x", true),
            ("http://a:81", "http://a:82/", false),
            ("http://a:81", "https://a:82/", false),
            ("https://a", "http://a/", false),
            ("https://a", "https://b/", false),
            ("https://a", "https://a.b/", false),
        ] {
            let (from, to) = (AgentUrl::parse(from).expect("a URL"), to.parse().expect("a URL"));
            assert_eq!(from.may_redirect_to(&to), followed, "{from} {to}");
        }
    }

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
