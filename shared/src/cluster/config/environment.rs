//! The environment variables and default places that select a cluster.

use std::path::PathBuf;
use std::time::Duration;

/// A variable that is set and not empty.
#[allow(
    clippy::disallowed_methods,
    reason = "the environment of clusters is read here"
)]
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The kubeconfig files that the environment names, whether they exist or not, each once.
pub(crate) fn kubeconfig_files() -> Vec<PathBuf> {
    let Some(listed) = variable("KUBECONFIG") else {
        // Without a home directory kubectl looks into the current one.
        return vec![home().unwrap_or_default().join(".kube").join("config")];
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for file in std::env::split_paths(&listed) {
        if !file.as_os_str().is_empty() && !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

/// The home directory.
pub(crate) fn home() -> Option<PathBuf> {
    match variable("HOME") {
        Some(home) => Some(PathBuf::from(home)),
        None if cfg!(windows) => std::env::home_dir(),
        None => None,
    }
}

/// The server of kubectl without any configuration (`clientcmd.ClusterDefaults`): `KUBERNETES_MASTER`, else port 8080 of this
/// machine. The port is used only if something listens there: most people without a configuration forgot their kubeconfig.
pub(crate) fn default_server() -> Option<String> {
    use std::net::ToSocketAddrs as _;
    if let Some(master) = variable("KUBERNETES_MASTER") {
        return master.into_string().ok();
    }
    let limit = Duration::from_millis(300);
    ("localhost", 8080)
        .to_socket_addrs()
        .ok()?
        .any(|address| std::net::TcpStream::connect_timeout(&address, limit).is_ok())
        .then(|| "http://localhost:8080".into())
}
