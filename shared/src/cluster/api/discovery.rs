//! Finds kinds that are not known here among those that the API server serves.
//!
//! Only the one group is requested, as kubectl resolves a name that carries its group: two small responses, which servers of
//! every version and aggregated ones give alike.

use crate::cluster::api::accept;
use crate::cluster::api::path::escape;
use crate::cluster::api::retry::retrying;
use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use crate::nearest::nearest;
use crate::resource::{Resource, null_as_default};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Larger than any response about one group.
const LIMIT: usize = 8 << 20;

/// A kind as a person names it, with its group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomName {
    /// Its plural, singular or short name.
    pub word: String,
    /// The version of its group; absent for the one that the server prefers.
    pub version: Option<String>,
    /// Its group.
    pub group: String,
}

impl CustomName {
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

impl std::fmt::Display for CustomName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}.{version}.{}", self.word, self.group),
            None => write!(f, "{}.{}", self.word, self.group),
        }
    }
}

/// Whether the text is a version, such as `v1` or `v2beta1`. No group begins like that.
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

/// A kind as the API server serves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collection {
    /// The group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The plural, lower-case name.
    pub plural: String,
    /// The name of one, lower-case.
    pub singular: String,
    /// The `kind` of its objects.
    pub kind: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

impl Collection {
    /// The path of the objects, in one namespace or in all.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let root = format!("/apis/{}/{}", escape(&self.group), escape(&self.version));
        let plural = escape(&self.plural);
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{}/{plural}", escape(namespace)),
            None => format!("{root}/{plural}"),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ApiGroup {
    #[serde(deserialize_with = "null_as_default")]
    name: String,
    #[serde(deserialize_with = "null_as_default")]
    versions: Vec<GroupVersion>,
    #[serde(deserialize_with = "null_as_default")]
    preferred_version: GroupVersion,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct GroupVersion {
    #[serde(deserialize_with = "null_as_default")]
    version: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ApiGroupList {
    #[serde(deserialize_with = "null_as_default")]
    groups: Vec<ApiGroup>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ApiResourceList {
    #[serde(deserialize_with = "null_as_default")]
    resources: Vec<ApiResource>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ApiResource {
    #[serde(deserialize_with = "null_as_default")]
    name: String,
    #[serde(deserialize_with = "null_as_default")]
    singular_name: String,
    #[serde(deserialize_with = "null_as_default")]
    short_names: Vec<String>,
    #[serde(deserialize_with = "null_as_default")]
    kind: String,
    #[serde(deserialize_with = "null_as_default")]
    namespaced: bool,
}

impl ApiResource {
    /// Whether the word is its plural, singular, kind or a short name.
    fn is_called(&self, word: &str) -> bool {
        self.name == word
            || self.singular_name == word
            || self.kind.to_lowercase() == word
            || self.short_names.iter().any(|short| short == word)
    }
}

/// Finds a kind among those that the API server serves.
///
/// # Errors
/// Those of the requests; `notFound` if the server serves no such kind, with the nearest one that it serves.
pub async fn discover(client: &Client, name: &CustomName) -> Result<Collection, Failure> {
    let path = format!("/apis/{}", escape(&name.group));
    let group: ApiGroup = match get(client, &path).await {
        Ok(group) => group,
        Err(failure) if failure.class == Class::NotFound => {
            return Err(group_failure(client, name, failure).await);
        }
        Err(failure) => return Err(failure),
    };
    let preferred = std::iter::once(&group.preferred_version).chain(&group.versions);
    let mut versions: Vec<&str> = Vec::new();
    for version in preferred.map(|v| v.version.as_str()).filter(|v| !v.is_empty()) {
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    if let Some(wanted) = &name.version {
        if !versions.contains(&wanted.as_str()) {
            let failure = Failure::new(
                Class::NotFound,
                format!("group {} has no version {wanted}", name.group),
            );
            return Err(failure.with_hint(format!("it has {}", versions.join(", "))));
        }
        versions = vec![wanted];
    }
    let mut known = Vec::new();
    for version in versions {
        let served: ApiResourceList = get(client, &format!("{path}/{}", escape(version))).await?;
        // A name with a slash is a subresource.
        let mut served = served.resources.into_iter().filter(|r| !r.name.contains('/'));
        if let Some(found) = served.find(|r| {
            known.push(r.name.clone());
            r.is_called(&name.word)
        }) {
            return Ok(Collection {
                group: name.group.clone(),
                version: version.to_owned(),
                singular: match found.singular_name.as_str() {
                    "" => found.kind.to_lowercase(),
                    singular => singular.to_owned(),
                },
                plural: found.name,
                kind: found.kind,
                namespaced: found.namespaced,
            });
        }
    }
    let failure = Failure::new(
        Class::NotFound,
        format!("group {} has no {}", name.group, name.word),
    );
    Err(
        failure.with_hint(match nearest(&name.word, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}.{}?", name.group),
            None => format!(
                "kubectl api-resources --api-group={} lists what there is",
                name.group
            ),
        }),
    )
}

/// Whether the API server answers that it does not serve the kind in any version of its group.
pub async fn is_not_served<T: Resource>(client: &Client) -> bool {
    let name = CustomName {
        word: T::PLURAL.to_owned(),
        version: None,
        group: T::GROUP.to_owned(),
    };
    discover(client, &name)
        .await
        .is_err_and(|failure| failure.class == Class::NotFound)
}

async fn group_failure(client: &Client, name: &CustomName, failure: Failure) -> Failure {
    let groups: ApiGroupList = get(client, "/apis").await.unwrap_or_default();
    let failure = Failure {
        message: format!("the API server serves no group {}", name.group),
        ..failure
    };
    failure.with_hint(
        match nearest(&name.group, groups.groups.iter().map(|g| g.name.as_str())) {
            Some(near) => format!("did you mean {}.{near}?", name.word),
            None => "kubectl api-resources lists what there is; its CustomResourceDefinition may be missing"
                .to_owned(),
        },
    )
}

/// A response of discovery.
trait DiscoveryDocument: DeserializeOwned {
    const KIND: &'static str;
}

impl DiscoveryDocument for ApiGroup {
    const KIND: &'static str = "APIGroup";
}

impl DiscoveryDocument for ApiGroupList {
    const KIND: &'static str = "APIGroupList";
}

impl DiscoveryDocument for ApiResourceList {
    const KIND: &'static str = "APIResourceList";
}

async fn get<T: DiscoveryDocument>(client: &Client, path: &str) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct TypeMeta {
        kind: String,
    }
    let body = retrying(client, || client.get_whole(path, accept::JSON, LIMIT)).await?;
    let failed = |why: String| Failure {
        endpoint: format!("{}{path}", client.server()),
        ..Failure::new(Class::NotAnApiServer, why)
    };
    let TypeMeta { kind } = serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))?;
    if kind != T::KIND {
        return Err(failed(format!(
            "the answer is of kind {kind:?}, and {} was asked for",
            T::KIND
        )));
    }
    serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_with_its_group_and_perhaps_its_version() {
        let read = |text: &str| CustomName::parse(text).map(|n| (n.word, n.version, n.group));
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
        let shown = CustomName::parse("x.v1.example.com").map(|n| n.to_string());
        assert_eq!(shown.as_deref(), Some("x.v1.example.com"));
    }
}
