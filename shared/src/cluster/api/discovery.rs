//! Finds kinds that are not known here among those that the API server serves.
//!
//! Only the one group is requested, as kubectl resolves a name that carries its group: two small responses, which servers of
//! every version and aggregated ones give alike.

use crate::cluster::api::accept;
use crate::cluster::api::path::escape;
use crate::cluster::api::retry::retrying;
use crate::cluster::client::Client;
use crate::failure::{Class, Failure};
use crate::kind::{ResourceArg, ResourceType};
use crate::nearest::nearest;
use crate::resource::{Resource, null_as_default};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Larger than any response about one group.
const LIMIT: usize = 8 << 20;

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

/// Finds a type among those that the API server serves.
///
/// # Errors
/// Those of the requests; `notFound` if the server serves no such kind, with the nearest one that it serves.
pub async fn discover(client: &Client, name: &ResourceArg) -> Result<ResourceType, Failure> {
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
            return Ok(ResourceType {
                group: name.group.clone().into(),
                version: version.to_owned().into(),
                singular: match found.singular_name.as_str() {
                    "" => found.kind.to_lowercase().into(),
                    _ => found.singular_name.into(),
                },
                plural: found.name.into(),
                kind: found.kind.into(),
                namespaced: found.namespaced,
                qualified: true,
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
    let name = ResourceArg {
        word: T::PLURAL.to_owned(),
        version: None,
        group: T::GROUP.to_owned(),
    };
    discover(client, &name)
        .await
        .is_err_and(|failure| failure.class == Class::NotFound)
}

async fn group_failure(client: &Client, name: &ResourceArg, failure: Failure) -> Failure {
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
