//! Which cluster, with which credential: decided explicitly, never guessed from a failure.
//!
//! `kube::Config::infer` falls back to in-cluster configuration on any error, so that a typo in a kubeconfig
//! ends as an in-cluster error; and it refuses a `KUBECONFIG` list with a missing file, which kubectl skips.
//! Both are decided here instead.

use super::kubeconfig::{self, Overrides};
use super::{Class, Failure};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};

/// Where the configuration of a cluster comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This kubeconfig file, which must exist.
    File(PathBuf),
    /// As kubectl: the files of `KUBECONFIG`, else `~/.kube/config`, else in-cluster.
    Environment,
    /// The ServiceAccount of the pod this runs in.
    InCluster,
}

/// A configuration that was chosen, with what is shown of it.
pub(super) struct Chosen {
    pub config: kube::Config,
    pub context: Option<String>,
    /// Where it came from, for the log.
    pub origin: String,
}

/// Loads the configuration.
///
/// # Errors
/// Class `badConfiguration`, with the file and the nearest right name.
pub(super) async fn load(
    origin: &Origin,
    context: Option<&str>,
    overrides: &Overrides,
) -> Result<Chosen, Failure> {
    match origin {
        Origin::File(path) => {
            if !path.exists() {
                return Err(bad(format!("kubeconfig {} does not exist", path.display()))
                    .with_hint("check the path given with --kubeconfig"));
            }
            from_files(std::slice::from_ref(path), context, overrides).await?
        }
        Origin::Environment => {
            let files = environment_files();
            let found: Vec<PathBuf> = files.iter().filter(|f| f.exists()).cloned().collect();
            match from_files(&found, context, overrides).await? {
                // As client-go: a pod's own configuration is the last resort, and flags go before it.
                Err(_) if in_cluster_is_possible() => Ok(in_cluster(overrides)?),
                Err(_) if found.is_empty() => {
                    let looked: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
                    Err(bad(format!(
                        "there is no kubeconfig (looked for {})",
                        looked.join(", ")
                    ))
                    .with_hint("set KUBECONFIG, or give --kubeconfig FILE"))
                }
                found => found,
            }
        }
        Origin::InCluster => Ok(in_cluster(overrides)?),
    }
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Class::BadConfiguration, message)
}

/// The kubeconfig files that the environment names, existing or not.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment for clusters"
)]
fn environment_files() -> Vec<PathBuf> {
    let listed: Vec<PathBuf> = std::env::var_os("KUBECONFIG")
        .map(|value| {
            std::env::split_paths(&value)
                .filter(|p| !p.as_os_str().is_empty())
                .collect()
        })
        .unwrap_or_default();
    if !listed.is_empty() {
        return listed;
    }
    std::env::home_dir()
        .map(|home| home.join(".kube").join("config"))
        .into_iter()
        .collect()
}

/// As client-go decides it: the Service's address in the environment, and a mounted token.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment for clusters"
)]
fn in_cluster_is_possible() -> bool {
    std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
        && Path::new("/var/run/secrets/kubernetes.io/serviceaccount/token").exists()
}

fn in_cluster(overrides: &Overrides) -> Result<Chosen, Failure> {
    let mut config = kube::Config::incluster().map_err(|error| {
        bad(format!("no in-cluster configuration: {}", chain(&error)))
            .with_hint("run it in a pod with a ServiceAccount token, or give --kubeconfig FILE")
    })?;
    if let Some(token) = overrides.token.clone().filter(|t| !t.is_empty()) {
        config.auth_info.token = Some(token.into());
        config.auth_info.token_file = None;
    }
    if let Some(namespace) = overrides.namespace.clone().filter(|n| !n.is_empty()) {
        config.default_namespace = namespace;
    }
    Ok(Chosen {
        config,
        context: None,
        origin: "in-cluster ServiceAccount".into(),
    })
}

/// What the files and the flags say, or why that is nothing.
async fn from_files(
    files: &[PathBuf],
    context: Option<&str>,
    overrides: &Overrides,
) -> Result<Result<Chosen, Failure>, Failure> {
    let mut merged = Kubeconfig::default();
    for file in files {
        merged = Kubeconfig::read_from(file)
            .and_then(|next| merged.merge(next))
            .map_err(|error| unreadable(file, &error))?;
    }
    let origin = match files {
        [] => "the flags".to_owned(),
        files => files
            .iter()
            .map(|f| f.display().to_string())
            .collect::<Vec<_>>()
            .join(", "),
    };
    let place = match files {
        [] => origin.clone(),
        _ => format!("kubeconfig {origin}"),
    };
    let chosen = kubeconfig::choose(&merged, context, overrides, &origin)?;
    if let Some(nothing) = chosen.nothing {
        return Ok(Err(nothing));
    }
    let mut config = kube::Config::from_custom_kubeconfig(chosen.kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(|error| bad(format!("{place}: {}", words(&error))))?;
    if config.root_cert.as_ref().is_some_and(Vec::is_empty) {
        return Err(bad(format!(
            "{place}: certificate-authority holds no certificate"
        )));
    }
    // kube builds every request's address from these two, and panics where one is missing.
    if config.cluster_url.scheme().is_none() || config.cluster_url.authority().is_none() {
        return Err(bad(format!("{place}: the server's address is no URL"))
            .with_hint("write it such as https://10.0.0.1:6443"));
    }
    trim_token_file(&mut config);
    // The same is true of a token that is no value of a header.
    let token = config.auth_info.token.as_ref().map(ExposeSecret::expose_secret);
    if token.is_some_and(|token| http::HeaderValue::from_str(token).is_err()) {
        return Err(bad(format!(
            "{place}: the token holds a line end or another control character"
        ))
        .with_hint("write the token on one line"));
    }
    Ok(Ok(Chosen {
        config,
        context: chosen.context,
        origin,
    }))
}

fn unreadable(file: &Path, error: &KubeconfigError) -> Failure {
    let failure = bad(format!("kubeconfig {}: {}", file.display(), words(error)));
    match error {
        KubeconfigError::ReadConfig(io, _) if io.kind() == std::io::ErrorKind::PermissionDenied => failure.with_hint(
            "only its owner may read it: run as that user (in a container: docker run --user \"$(id -u):$(id -g)\")",
        ),
        _ => failure,
    }
}

/// A token file that was written by hand ends with a line end, which kubectl trims and kube refuses. Only such a file
/// is read here, once; any other is left to kube, which reads it again as it changes.
fn trim_token_file(config: &mut kube::Config) {
    let Some(file) = &config.auth_info.token_file else {
        return;
    };
    let Ok(text) = std::fs::read_to_string(file) else {
        return;
    };
    if text.trim() != text {
        config.auth_info.token = Some(text.trim().to_owned().into());
        config.auth_info.token_file = None;
    }
}

/// What an error says, without the lines and values of the file that a YAML parser shows with it: a token may be
/// among them.
fn words(error: &KubeconfigError) -> String {
    let KubeconfigError::Parse(yaml) = error else {
        return chain(error);
    };
    let text = yaml.to_string();
    let line = text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    let unquoted: Vec<&str> = line.split('"').step_by(2).collect();
    format!("is no kubeconfig: {}", unquoted.join("..."))
}

/// An error with all that is behind it, each sentence once.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(this) = next {
        let sentence = this.to_string();
        if !text.contains(&sentence) {
            text = format!("{text}: {sentence}");
        }
        next = this.source();
    }
    text
}
