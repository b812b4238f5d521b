//! The entries of a kubeconfig: clusters, users and contexts (`tools/clientcmd/api/v1/types.go` of client-go).

use crate::cluster::secret::Secret;
use base64::Engine as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes that a file holds in base64. They are never shown, since a key may be among them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Data(pub Vec<u8>);

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::deserialize(deserializer)?;
        // As Go's decoder, which skips line ends and nothing else.
        text.retain(|c| c != '\n' && c != '\r');
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .map(Self)
            .map_err(|error| serde::de::Error::custom(format!("no base64: {error}")))
    }
}

/// A cluster: its address, and how its server proves what it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(expecting = "an object", default, rename_all = "kebab-case")]
pub(crate) struct Cluster {
    pub server: String,
    pub tls_server_name: String,
    #[serde(deserialize_with = "boolean")]
    pub insecure_skip_tls_verify: bool,
    pub certificate_authority: String,
    pub certificate_authority_data: Data,
    pub proxy_url: String,
    #[serde(deserialize_with = "boolean")]
    pub disable_compression: bool,
    pub extensions: Vec<Extension>,
}

impl Cluster {
    /// Whether both are the same cluster: the same address, authority and name of the certificate. The name counts, since a proxy such
    /// as Teleport's has one address and one authority for all clusters, and tells them apart by it.
    pub fn is_same(&self, other: &Self) -> bool {
        let address = |cluster: &Self| cluster.server.trim_end_matches('/').to_ascii_lowercase();
        !self.server.is_empty()
            && address(self) == address(other)
            && self.certificate_authority == other.certificate_authority
            && self.certificate_authority_data == other.certificate_authority_data
            && self.tls_server_name == other.tls_server_name
    }
}

/// Data of other programs in a kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(expecting = "an object", default)]
pub(crate) struct Extension {
    pub name: String,
    pub extension: Value,
}

/// A user: its credential, and whom it impersonates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(expecting = "an object", default, rename_all = "kebab-case")]
pub(crate) struct User {
    pub client_certificate: String,
    pub client_certificate_data: Data,
    pub client_key: String,
    pub client_key_data: Data,
    pub token: Secret,
    #[serde(rename = "tokenFile")]
    pub token_file: String,
    #[serde(rename = "as")]
    pub impersonate: String,
    #[serde(rename = "as-uid")]
    pub impersonate_uid: String,
    #[serde(rename = "as-groups")]
    pub impersonate_groups: Vec<String>,
    #[serde(rename = "as-user-extra")]
    pub impersonate_user_extra: BTreeMap<String, Vec<String>>,
    pub username: String,
    pub password: Secret,
    pub auth_provider: Option<AuthProvider>,
    pub exec: Option<Exec>,
}

/// A credential plugin of the kind that was once compiled into kubectl.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(expecting = "an object", default)]
pub(crate) struct AuthProvider {
    pub name: String,
}

/// A credential plugin that is a command.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(expecting = "an object", default, rename_all = "camelCase")]
pub(crate) struct Exec {
    pub command: String,
    pub args: Vec<String>,
    pub env: Vec<EnvVar>,
    pub api_version: String,
    pub install_hint: String,
    #[serde(deserialize_with = "boolean")]
    pub provide_cluster_info: bool,
    pub interactive_mode: String,
}

/// Shows neither arguments nor environment, since people put secrets there.
impl std::fmt::Debug for Exec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exec")
            .field("command", &self.command)
            .field("api_version", &self.api_version)
            .finish_non_exhaustive()
    }
}

/// A variable of a plugin's environment.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(expecting = "an object", default)]
pub(crate) struct EnvVar {
    pub name: String,
    pub value: String,
}

/// A cluster, a user and a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(expecting = "an object", default)]
pub(crate) struct KubeContext {
    pub cluster: String,
    pub user: String,
    pub namespace: String,
}

/// YAML 1.1, which kubectl reads, has more words for a boolean than JSON.
fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Boolean(bool),
        Text(String),
    }
    match Word::deserialize(deserializer) {
        Ok(Word::Boolean(value)) => Ok(value),
        Ok(Word::Text(text)) => match text.as_str() {
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Ok(true),
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Ok(false),
            _ => Err(serde::de::Error::custom("a text in the place of true or false")),
        },
        Err(_) => Err(serde::de::Error::custom("true or false is expected")),
    }
}
