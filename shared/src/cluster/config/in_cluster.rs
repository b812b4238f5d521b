//! The configuration of the pod that this runs in.

use crate::cluster::bounded_file;
use crate::cluster::config::entry::{Cluster, User};
use crate::cluster::config::environment::variable;
use crate::cluster::config::loaded_config::LoadedConfig;
use crate::cluster::config::overrides::Overrides;
use crate::cluster::connection_info::ConnectionInfo;
use crate::cluster::secret::Secret;
use crate::cluster::transport::address::bracketed;
use crate::failure::Failure;
use std::path::Path;
use tokio::time::Instant;

/// The token of the ServiceAccount.
pub(crate) const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const AUTHORITY: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
const NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Whether this runs in a pod, by client-go's rule: the Service's address is in the environment, and a token is mounted.
pub(crate) fn is_available() -> bool {
    variable("KUBERNETES_SERVICE_HOST").is_some()
        && variable("KUBERNETES_SERVICE_PORT").is_some()
        && Path::new(TOKEN).is_file()
}

/// Loads the configuration of the pod.
///
/// # Errors
/// Class `badConfiguration`, if this does not run in a pod with a ServiceAccount token.
pub(crate) fn load(overrides: &Overrides, until: Instant) -> Result<LoadedConfig, Failure> {
    let unavailable = |why: String| {
        Failure::bad_configuration(format!("no in-cluster configuration: {why}"))
            .with_hint("run it in a pod with a ServiceAccount token, or give --kubeconfig FILE")
    };
    let read = |name: &str| {
        variable(name)
            .and_then(|value| value.into_string().ok())
            .ok_or_else(|| unavailable(format!("{name} is not set")))
    };
    let (host, port) = (read("KUBERNETES_SERVICE_HOST")?, read("KUBERNETES_SERVICE_PORT")?);
    let host = bracketed(&host);
    for file in [TOKEN, AUTHORITY] {
        bounded_file::check(Path::new(file)).map_err(|error| unavailable(format!("{file}: {error}")))?;
    }
    let non_empty = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
    let token = non_empty(&overrides.token);
    let namespace = non_empty(&overrides.namespace).or_else(|| pod_namespace(until));
    Ok(LoadedConfig {
        cluster: Cluster {
            server: non_empty(&overrides.server).unwrap_or(format!("https://{host}:{port}")),
            certificate_authority: non_empty(&overrides.certificate_authority).unwrap_or(AUTHORITY.into()),
            ..Cluster::default()
        },
        user: User {
            token_file: if token.is_some() {
                String::new()
            } else {
                TOKEN.into()
            },
            token: Secret(token.unwrap_or_default()),
            ..User::default()
        },
        namespace,
        place: "in-cluster".into(),
        source: "in-cluster ServiceAccount".into(),
        info: ConnectionInfo {
            in_cluster: true,
            ..ConnectionInfo::default()
        },
    })
}

/// The namespace of the pod that this runs in (`inClusterClientConfig.Namespace` of client-go).
pub(crate) fn pod_namespace(until: Instant) -> Option<String> {
    variable("POD_NAMESPACE")
        .and_then(|value| value.into_string().ok())
        .or_else(|| {
            let bytes = bounded_file::read(Path::new(NAMESPACE), bounded_file::TOKEN, until).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        })
}
