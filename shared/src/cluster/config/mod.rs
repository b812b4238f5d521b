//! Selects a cluster, a user and a namespace from kubeconfigs, flags, the environment and the pod: explicitly, never by
//! falling back from a failure. Must not know certificates, credentials or connections.

mod clash;
mod context;
pub(super) mod entry;
mod environment;
mod file;
pub(super) mod impersonation;
pub(super) mod in_cluster;
pub(super) mod kuberc;
pub(super) mod loaded_config;
mod overrides;
mod validation;
pub(super) mod yaml;

pub use crate::cluster::config::clash::KubeconfigClash;
pub use crate::cluster::config::overrides::Overrides;

use crate::cluster::config::file::Kubeconfig;
use crate::cluster::config::loaded_config::LoadedConfig;
use crate::cluster::connection_info::ConnectionInfo;
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use tokio::time::Instant;

/// Where the configuration of a cluster comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigSource {
    /// This kubeconfig file, which must exist.
    File(PathBuf),
    /// As kubectl: the files of `KUBECONFIG`, else `~/.kube/config`, else in-cluster.
    Environment,
    /// The ServiceAccount of the pod this runs in.
    InCluster,
}

/// Loads the configuration, and reads all files before `until`. Call it on a thread that may block: a file can be a FIFO
/// that never answers.
///
/// # Errors
/// Class `badConfiguration`, with the file and the nearest right name.
pub(super) fn load(
    source: &ConfigSource,
    context: Option<&str>,
    overrides: &Overrides,
    until: Instant,
) -> Result<LoadedConfig, Failure> {
    match source {
        // A flag with an empty value counts as absent.
        ConfigSource::File(path) if !path.as_os_str().is_empty() => {
            load_file(path, context, overrides, until)
        }
        ConfigSource::Environment | ConfigSource::File(_) => load_environment(context, overrides, until),
        ConfigSource::InCluster => in_cluster::load(overrides, until),
    }
}

fn load_file(
    path: &Path,
    context: Option<&str>,
    overrides: &Overrides,
    until: Instant,
) -> Result<LoadedConfig, Failure> {
    if is_content(path) {
        return Err(content_failure("--kubeconfig"));
    }
    if is_missing(path) {
        return Err(
            Failure::bad_configuration(format!("kubeconfig {} does not exist", path.display()))
                .with_hint("check the path given with --kubeconfig"),
        );
    }
    let info = ConnectionInfo {
        files: vec![path.display().to_string()],
        ..ConnectionInfo::default()
    };
    select(&merge(&[path.to_owned()], until)?, info, context, overrides)?
}

fn load_environment(
    context: Option<&str>,
    overrides: &Overrides,
    until: Instant,
) -> Result<LoadedConfig, Failure> {
    if environment::variable("KUBECONFIG").is_some_and(|value| is_content(Path::new(&value))) {
        return Err(content_failure("KUBECONFIG"));
    }
    let (skipped, found): (Vec<_>, Vec<_>) = environment::kubeconfig_files()
        .into_iter()
        .partition(|file| is_missing(file));
    let shown = |files: &[PathBuf]| files.iter().map(|f| f.display().to_string()).collect::<Vec<_>>();
    let info = ConnectionInfo {
        files: shown(&found),
        skipped: shown(&skipped),
        ..ConnectionInfo::default()
    };
    let merged = merge(&found, until)?;
    let no_cluster = match select(&merged, info.clone(), context, overrides)? {
        Ok(loaded) => {
            // If nothing else names a namespace, a pod uses its own.
            let namespace = loaded.namespace.clone().or_else(|| {
                if in_cluster::is_available() {
                    in_cluster::pod_namespace(until)
                } else {
                    None
                }
            });
            return Ok(LoadedConfig { namespace, ..loaded });
        }
        Err(no_cluster) => no_cluster,
    };
    // As in client-go, flags go before the configuration of the pod, which is the last resort.
    if in_cluster::is_available() {
        return match overrides.impersonation_flag() {
            None => in_cluster::load(overrides, until),
            Some(flag) => Err(Failure::bad_configuration(format!(
                "{flag} has no meaning with a pod's own configuration, as under kubectl"
            ))
            .with_hint("give --kubeconfig FILE or --server URL too, or leave it out")),
        };
    }
    if let Some(server) = environment::default_server() {
        let overrides = Overrides {
            server: Some(server),
            ..overrides.clone()
        };
        return select(&merged, info, context, &overrides)?;
    }
    if !found.is_empty() {
        return Err(no_cluster);
    }
    let looked_for = match info.skipped.as_slice() {
        [] => "nothing, since KUBECONFIG names no file".to_owned(),
        skipped => skipped.join(", "),
    };
    Err(
        Failure::bad_configuration(format!("there is no kubeconfig (looked for {looked_for})"))
            .with_hint("set KUBECONFIG, or give --kubeconfig FILE"),
    )
}

/// Whether a path is the content of a kubeconfig, plain or in base64. People sometimes put it there, and the message about a
/// missing file would show its secrets.
fn is_content(path: &Path) -> bool {
    // Linux takes 4096 bytes for a path, and nobody writes half of it.
    const LONGEST: usize = 2048;
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().any(u8::is_ascii_control)
        || bytes.starts_with(b"{")
        || bytes
            .split(|byte| *byte == b':')
            .any(|entry| entry.len() > LONGEST)
}

fn content_failure(what: &str) -> Failure {
    Failure::bad_configuration(format!(
        "{what} holds no path: it seems to hold a kubeconfig itself"
    ))
    .with_hint("write it into a file, and name that")
}

fn is_missing(path: &Path) -> bool {
    matches!(std::fs::metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

/// Merges the files. Each is read once, since a FIFO is empty afterwards.
fn merge(files: &[PathBuf], until: Instant) -> Result<Kubeconfig, Failure> {
    let mut merged = Kubeconfig::default();
    for file in files {
        merged.add(file, until)?;
    }
    Ok(merged)
}

/// The merged kubeconfig files of a source, none of which has to exist. Call it on a thread that may block.
///
/// # Errors
/// Class `badConfiguration`, if a file cannot be read or is no kubeconfig.
pub(super) fn merged(source: &ConfigSource, until: Instant) -> Result<Kubeconfig, Failure> {
    let files = match source {
        ConfigSource::File(path) if !path.as_os_str().is_empty() => vec![path.clone()],
        ConfigSource::Environment | ConfigSource::File(_) => environment::kubeconfig_files(),
        ConfigSource::InCluster => Vec::new(),
    };
    let files: Vec<PathBuf> = files
        .into_iter()
        .filter(|file| !is_content(file) && !is_missing(file))
        .collect();
    merge(&files, until)
}

/// The cluster and user that files and flags select, or why they select no cluster.
fn select(
    merged: &Kubeconfig,
    info: ConnectionInfo,
    context: Option<&str>,
    overrides: &Overrides,
) -> Result<Result<LoadedConfig, Failure>, Failure> {
    let source = if info.files.is_empty() {
        "the flags".to_owned()
    } else {
        info.files.join(", ")
    };
    let place = if info.files.is_empty() {
        source.clone()
    } else {
        format!("kubeconfig {source}")
    };
    let selected = context::select(merged, context, overrides, &source)?;
    if let Some(no_cluster) = selected.no_cluster {
        return Ok(Err(no_cluster));
    }
    let name = |name: String| Some(name).filter(|name| !name.is_empty());
    Ok(Ok(LoadedConfig {
        cluster: selected.cluster,
        user: selected.user,
        namespace: selected.namespace,
        info: ConnectionInfo {
            context: selected.context,
            cluster: name(selected.cluster_name),
            user: name(selected.user_name),
            ..info
        },
        place,
        source,
    }))
}
