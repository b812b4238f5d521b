//! The argument that names a type by the rules of `ParseResourceArg` in client-go. Its word may be a short name, which
//! no field of a type has.

/// A type as a person names it, with its group. Discovery finds the [`ResourceType`](super::ResourceType) that is
/// meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceArg {
    /// Its plural, singular or short name.
    pub word: String,
    /// The version of its group; absent for the one that the server prefers.
    pub version: Option<String>,
    /// Its group.
    pub group: String,
}

impl ResourceArg {
    /// Reads `certificates.cert-manager.io` and `certificates.v1.cert-manager.io`; `None` if there is no group.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once('.')?;
        let (version, group) = match rest.split_once('.') {
            Some((version, group)) if is_version(version) => (Some(version.to_owned()), group),
            _ => (None, rest),
        };
        Some(Self {
            word: word.to_lowercase(),
            version,
            group: group.to_lowercase(),
        })
        .filter(|name| !name.word.is_empty() && !name.group.is_empty())
    }
}

impl std::fmt::Display for ResourceArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}.{version}.{}", self.word, self.group),
            None => write!(f, "{}.{}", self.word, self.group),
        }
    }
}

/// Whether it is such as `v1` or `v2beta1`; no group begins like that.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else {
        return false;
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    text.len() > rest.len() + 1
        && (rest.is_empty()
            || ["alpha", "beta"].iter().any(|stage| {
                rest.strip_prefix(stage)
                    .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_with_its_group_and_perhaps_its_version() {
        let read = |text: &str| ResourceArg::parse(text).map(|n| (n.word, n.version, n.group));
        let name = |word: &str, version: Option<&str>, group: &str| {
            Some((word.to_owned(), version.map(str::to_owned), group.to_owned()))
        };
        assert_eq!(
            read("certificates.cert-manager.io"),
            name("certificates", None, "cert-manager.io")
        );
        assert_eq!(
            read("Certificates.v1.Cert-Manager.io"),
            name("certificates", Some("v1"), "cert-manager.io")
        );
        assert_eq!(
            read("x.v1beta2.example.com"),
            name("x", Some("v1beta2"), "example.com")
        );
        assert_eq!(read("x.vault.example.com"), name("x", None, "vault.example.com"));
        assert_eq!(read("x.v1"), name("x", None, "v1"));
        for text in ["certificates", "", ".x", "x."] {
            assert_eq!(read(text), None, "{text}");
        }
        let shown = ResourceArg::parse("x.v1.example.com").map(|n| n.to_string());
        assert_eq!(shown.as_deref(), Some("x.v1.example.com"));
    }
}
