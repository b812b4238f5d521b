//! Which cluster, with which credential, on which way: decided explicitly, never guessed from a failure.
//!
//! Everything that client-go would refuse before its first packet is refused here.

pub(super) mod context;
pub(super) mod file;
pub(super) mod kuberc;

use crate::cluster::bounded_file;

use crate::cluster::config::context::Overrides;
use crate::cluster::config::file::{Cluster, Kubeconfig, User};
use crate::cluster::config::kuberc::Kuberc;
use crate::cluster::connection_info::Way;
use crate::cluster::credential;
use crate::cluster::credential::Credentials;
use crate::cluster::credential::exec::Plugin;
use crate::cluster::transport::address::Address;
use crate::cluster::transport::proxy;
use crate::cluster::transport::proxy::Hop;
use crate::cluster::transport::tls::{Source, Tls, Trust};
use crate::failure::{Class, Failure};
use http::{HeaderName, HeaderValue};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;

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

/// A configuration that was chosen.
pub(crate) struct Chosen {
    /// What is shown of it; what the credential says of itself is not in it yet.
    pub way: Way,
    pub address: Address,
    pub namespace: String,
    pub compression: bool,
    pub tls: Option<Arc<Tls>>,
    pub hop: Option<Hop>,
    pub credentials: Credentials,
    /// Who is impersonated, as each request says it.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Where it came from, for the log.
    pub origin: String,
}

/// What was found out before a cluster and a user are put together.
#[derive(Default)]
struct Found {
    cluster: Cluster,
    user: User,
    namespace: Option<String>,
    /// What stands before every message.
    place: String,
    origin: String,
    way: Way,
}

const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const AUTHORITY: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
const NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Loads the configuration. Everything is read by `until`. For a thread that may block: a file can be one that never
/// answers.
///
/// # Errors
/// Class `badConfiguration`, with the file and the nearest right name.
pub(crate) fn load(
    origin: &Origin,
    context: Option<&str>,
    overrides: &Overrides,
    until: Instant,
) -> Result<Chosen, Failure> {
    match origin {
        // A flag with an empty value says nothing.
        Origin::File(path) if !path.as_os_str().is_empty() => {
            if is_no_path(path) {
                return Err(no_path("--kubeconfig"));
            }
            if is_missing(path) {
                return Err(bad(format!("kubeconfig {} does not exist", path.display()))
                    .with_hint("check the path given with --kubeconfig"));
            }
            let way = Way {
                files: vec![path.display().to_string()],
                ..Way::default()
            };
            let merged = merged(std::slice::from_ref(path), until)?;
            finish(
                from_files(&merged, way, context, overrides)??,
                &overrides.kuberc,
                until,
            )
        }
        Origin::Environment | Origin::File(_) => {
            if variable("KUBECONFIG").is_some_and(|value| is_no_path(Path::new(&value))) {
                return Err(no_path("KUBECONFIG"));
            }
            let (skipped, found): (Vec<_>, Vec<_>) =
                environment_files().into_iter().partition(|f| is_missing(f));
            let shown = |files: &[PathBuf]| files.iter().map(|f| f.display().to_string()).collect::<Vec<_>>();
            let way = Way {
                files: shown(&found),
                skipped: shown(&skipped),
                ..Way::default()
            };
            let merged = merged(&found, until)?;
            match from_files(&merged, way.clone(), context, overrides)? {
                Ok(chosen) => {
                    // Where nothing else names one, the pod's own is in force in a pod.
                    let namespace = chosen.namespace.clone().or_else(|| {
                        if in_cluster_is_possible() {
                            own_namespace(until)
                        } else {
                            None
                        }
                    });
                    let found = Found { namespace, ..chosen };
                    finish(found, &overrides.kuberc, until)
                }
                // As client-go: a pod's own configuration is the last resort, and flags go before it.
                Err(_) if in_cluster_is_possible() => match overrides.impersonated() {
                    None => in_cluster(overrides, until),
                    Some(flag) => Err(bad(format!(
                        "{flag} has no meaning with a pod's own configuration, as under kubectl"
                    ))
                    .with_hint("give --kubeconfig FILE or --server URL too, or leave it out")),
                },
                Err(nothing) => match default_server() {
                    Some(server) => {
                        let overrides = Overrides {
                            server: Some(server),
                            ..overrides.clone()
                        };
                        finish(
                            from_files(&merged, way, context, &overrides)??,
                            &overrides.kuberc,
                            until,
                        )
                    }
                    None if found.is_empty() => Err(bad(format!(
                        "there is no kubeconfig (looked for {})",
                        if way.skipped.is_empty() {
                            "nothing, since KUBECONFIG names no file".to_owned()
                        } else {
                            way.skipped.join(", ")
                        }
                    ))
                    .with_hint("set KUBECONFIG, or give --kubeconfig FILE")),
                    None => Err(nothing),
                },
            }
        }
        Origin::InCluster => in_cluster(overrides, until),
    }
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Class::BadConfiguration, message)
}

/// People put what is in a kubeconfig where its path belongs, as it is or in base64. It would be shown as the name of a
/// file that does not exist, its secrets too.
fn is_no_path(path: &Path) -> bool {
    // Linux takes 4096 bytes for a path, and nobody writes half of it.
    const LONGEST: usize = 2048;
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().any(u8::is_ascii_control)
        || bytes.starts_with(b"{")
        || bytes
            .split(|byte| *byte == b':')
            .any(|entry| entry.len() > LONGEST)
}

fn no_path(what: &str) -> Failure {
    bad(format!(
        "{what} holds no path: it seems to hold a kubeconfig itself"
    ))
    .with_hint("write it into a file, and name that")
}

fn is_missing(path: &Path) -> bool {
    matches!(std::fs::metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

#[allow(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment for clusters"
)]
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The kubeconfig files that the environment names, existing or not, each once.
fn environment_files() -> Vec<PathBuf> {
    let Some(listed) = variable("KUBECONFIG") else {
        // Without a home kubectl looks into the directory that it stands in.
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

/// The person's home directory.
pub(crate) fn home() -> Option<PathBuf> {
    match variable("HOME") {
        Some(home) => Some(PathBuf::from(home)),
        None if cfg!(windows) => std::env::home_dir(),
        None => None,
    }
}

/// As client-go decides it: the Service's address in the environment, and a mounted token.
fn in_cluster_is_possible() -> bool {
    variable("KUBERNETES_SERVICE_HOST").is_some()
        && variable("KUBERNETES_SERVICE_PORT").is_some()
        && Path::new(TOKEN).is_file()
}

/// Where kubectl asks when nothing says where (`clientcmd.ClusterDefaults`): `KUBERNETES_MASTER`, else this machine's port
/// 8080, which is taken only where something listens: most who come here forgot their kubeconfig.
fn default_server() -> Option<String> {
    use std::net::ToSocketAddrs as _;
    if let Some(master) = variable("KUBERNETES_MASTER") {
        return master.into_string().ok();
    }
    let patience = std::time::Duration::from_millis(300);
    ("localhost", 8080)
        .to_socket_addrs()
        .ok()?
        .any(|address| std::net::TcpStream::connect_timeout(&address, patience).is_ok())
        .then(|| "http://localhost:8080".into())
}

fn in_cluster(overrides: &Overrides, until: Instant) -> Result<Chosen, Failure> {
    let none = |why: String| {
        bad(format!("no in-cluster configuration: {why}"))
            .with_hint("run it in a pod with a ServiceAccount token, or give --kubeconfig FILE")
    };
    let read = |name: &str| {
        variable(name)
            .and_then(|value| value.into_string().ok())
            .ok_or_else(|| none(format!("{name} is not set")))
    };
    let (host, port) = (read("KUBERNETES_SERVICE_HOST")?, read("KUBERNETES_SERVICE_PORT")?);
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host
    };
    for file in [TOKEN, AUTHORITY] {
        bounded_file::check(Path::new(file)).map_err(|error| none(format!("{file}: {error}")))?;
    }
    let given = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
    let token = given(&overrides.token);
    let namespace = given(&overrides.namespace).or_else(|| own_namespace(until));
    let found = Found {
        cluster: Cluster {
            server: given(&overrides.server).unwrap_or(format!("https://{host}:{port}")),
            certificate_authority: given(&overrides.certificate_authority).unwrap_or(AUTHORITY.into()),
            ..Cluster::default()
        },
        user: User {
            token_file: if token.is_some() {
                String::new()
            } else {
                TOKEN.into()
            },
            token: crate::cluster::config::file::Secret(token.unwrap_or_default()),
            ..User::default()
        },
        namespace,
        place: "in-cluster".into(),
        origin: "in-cluster ServiceAccount".into(),
        way: Way {
            in_cluster: true,
            ..Way::default()
        },
    };
    finish(found, &overrides.kuberc, until)
}

/// The namespace of the pod this runs in (`inClusterClientConfig.Namespace` of client-go).
fn own_namespace(until: Instant) -> Option<String> {
    variable("POD_NAMESPACE")
        .and_then(|value| value.into_string().ok())
        .or_else(|| {
            let bytes = bounded_file::read(Path::new(NAMESPACE), bounded_file::TOKEN, until).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        })
}

/// What the files say together. Each is read once: a FIFO is empty afterwards.
fn merged(files: &[PathBuf], until: Instant) -> Result<Kubeconfig, Failure> {
    let mut merged = Kubeconfig::default();
    for file in files {
        merged.add(file, until)?;
    }
    Ok(merged)
}

/// What the files and the flags say, or why that is nothing.
fn from_files(
    merged: &Kubeconfig,
    way: Way,
    context: Option<&str>,
    overrides: &Overrides,
) -> Result<Result<Found, Failure>, Failure> {
    let origin = if way.files.is_empty() {
        "the flags".to_owned()
    } else {
        way.files.join(", ")
    };
    let place = if way.files.is_empty() {
        origin.clone()
    } else {
        format!("kubeconfig {origin}")
    };
    let chosen = context::choose(merged, context, overrides, &origin)?;
    if let Some(nothing) = chosen.nothing {
        return Ok(Err(nothing));
    }
    let name = |name: String| Some(name).filter(|name| !name.is_empty());
    Ok(Ok(Found {
        cluster: chosen.cluster,
        user: chosen.user,
        namespace: chosen.namespace,
        way: Way {
            context: chosen.context,
            cluster: name(chosen.cluster_name),
            user: name(chosen.user_name),
            ..way
        },
        place,
        origin,
    }))
}

/// Puts cluster and user together.
fn finish(found: Found, kuberc: &Kuberc, until: Instant) -> Result<Chosen, Failure> {
    let Found {
        cluster,
        user,
        namespace,
        place,
        origin,
        mut way,
    } = found;
    let placed = |failure: Failure| Failure {
        message: format!("{place}: {}", failure.message),
        ..failure
    };
    let address = Address::of_server(&cluster.server).map_err(|why| {
        bad(format!("{place}: the server's address is no URL: {why}"))
            .with_hint("write it such as https://10.0.0.1:6443")
    })?;
    let of = match &way.cluster {
        Some(name) => format!("cluster {name:?}"),
        None => "the cluster".to_owned(),
    };
    let environment = proxy::Environment::of_process();
    let (hop, proxy) = proxy::decide(&address, &cluster.proxy_url, &of, &environment).map_err(placed)?;
    let wants_authority = address.is_tls() || user.exec.is_some();
    let authority = if wants_authority {
        let data = &cluster.certificate_authority_data.0;
        let file = &cluster.certificate_authority;
        Source::of("certificate-authority", data, file, until).map_err(placed)?
    } else {
        None
    };
    let tls = if address.is_tls() {
        Some(Arc::new(
            tls(&cluster, &user, authority.as_ref(), until).map_err(placed)?,
        ))
    } else {
        None
    };
    let reading = Reading {
        authority: authority.as_ref(),
        kuberc,
        until,
    };
    let (credentials, kind) = credentials(&address, &cluster, &user, &reading).map_err(placed)?;
    let headers = impersonation(&user).map_err(placed)?;

    way.server = address.to_string();
    way.host.clone_from(&address.host);
    way.port = address.port().unwrap_or_default();
    way.tls = address.is_tls();
    way.insecure = cluster.insecure_skip_tls_verify && address.is_tls();
    way.tls_server_name =
        Some(cluster.tls_server_name.clone()).filter(|name| !name.is_empty() && address.is_tls());
    way.proxy = proxy;
    way.credential.warning = credentials
        .plugin()
        .and_then(|plugin| plugin.warning().map(str::to_owned));
    way.credential.kind = kind;
    way.credential.certificate = tls.as_ref().and_then(|tls| tls.identity());
    way.credential.impersonates = impersonates(&user);
    Ok(Chosen {
        way,
        address,
        namespace: namespace.unwrap_or_else(|| "default".into()),
        compression: !cluster.disable_compression,
        tls,
        hop,
        credentials,
        headers,
        origin,
    })
}

/// What a plugin is told and permitted by.
struct Reading<'a> {
    authority: Option<&'a Source>,
    kuberc: &'a Kuberc,
    until: Instant,
}

fn tls(cluster: &Cluster, user: &User, authority: Option<&Source>, until: Instant) -> Result<Tls, Failure> {
    let trust = match (authority.cloned(), cluster.insecure_skip_tls_verify) {
        (Some(_), true) => {
            return Err(bad(
                "the cluster has insecure-skip-tls-verify and a certificate-authority, and only one is allowed",
            )
            .with_hint("leave out insecure-skip-tls-verify: the authority is what makes it secure"));
        }
        (None, true) => Trust::Nobody,
        (Some(these), false) => Trust::These(these),
        (None, false) => Trust::System,
    };
    let (data, file) = (&user.client_certificate_data.0, &user.client_certificate);
    // A key without a certificate is nothing, as in client-go.
    let own = match Source::of("client-certificate", data, file, until)? {
        Some(certificate) => Source::of("client-key", &user.client_key_data.0, &user.client_key, until)?
            .map(|key| (certificate, key)),
        None => None,
    };
    Tls::new(trust, own, until)
}

/// The credential that requests carry, with its name for people. As in client-go, what the address itself brings goes
/// first, a token goes before a plugin, and over plain HTTP there is none.
fn credentials(
    address: &Address,
    cluster: &Cluster,
    user: &User,
    reading: &Reading<'_>,
) -> Result<(Credentials, String), Failure> {
    let certificate = !user.client_certificate.is_empty() || !user.client_certificate_data.0.is_empty();
    let named = |name: &str| match certificate && address.is_tls() {
        true if name.is_empty() => "client certificate".to_owned(),
        true => format!("{name}, client certificate"),
        false => name.to_owned(),
    };
    let one = |origin, name: &str| Ok((Credentials::new(origin), named(name)));
    if let Some((name, password)) = &address.user {
        let header = credential::basic(name, password)
            .ok_or_else(|| bad("user and password in the server's address cannot be sent"))?;
        return one(
            credential::Origin::Fixed(header),
            "basic auth of the server's address",
        );
    }
    if !address.is_tls() {
        return one(
            credential::Origin::None,
            "none, since none is sent over plain HTTP",
        );
    }
    if let Some(provider) = &user.auth_provider {
        let why = match provider.name.as_str() {
            "gcp" | "azure" => "which kubectl has removed",
            _ => "which is not supported",
        };
        return Err(bad(format!(
            "the user has the auth-provider {:?}, {why}",
            provider.name
        ))
        .with_hint(
            "use an exec plugin instead: gke-gcloud-auth-plugin for gcp, kubelogin for azure and oidc",
        ));
    }
    let plugin = match &user.exec {
        Some(exec) => {
            let ca = match (exec.provide_cluster_info, reading.authority) {
                (true, Some(source)) => source.read("certificate-authority", reading.until)?,
                _ => Vec::new(),
            };
            Some(Plugin::new(
                exec,
                cluster,
                &ca,
                reading.kuberc.policy(reading.until),
            )?)
        }
        None => None,
    };
    let basic = !user.username.is_empty();
    if basic && !user.token_file.is_empty() {
        return Err(bad(
            "the user has a tokenFile and a user name with password, and only one is allowed",
        ));
    }
    let token = if user.token.0.is_empty() {
        None
    } else {
        Some(credential::bearer(&user.token, "the token")?)
    };
    match (token, user.token_file.as_str()) {
        (Some(token), "") => return one(credential::Origin::Fixed(token), "token"),
        (None, "") => {}
        (token, file) => {
            let kind = match file {
                TOKEN => "ServiceAccount token".to_owned(),
                file => format!("token file {file}"),
            };
            return one(credential::Origin::File(file.into(), token), &kind);
        }
    }
    if basic {
        let header = credential::basic(&user.username, &user.password)
            .ok_or_else(|| bad("the user's name and password cannot be sent"))?;
        return one(credential::Origin::Fixed(header), "basic auth");
    }
    match plugin {
        Some(plugin) if !certificate => {
            let kind = format!("exec plugin {}", plugin.name());
            one(credential::Origin::Plugin(Box::new(plugin)), &kind)
        }
        _ if certificate => one(credential::Origin::None, ""),
        _ => one(credential::Origin::None, "none"),
    }
}

fn impersonation(user: &User) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let mut headers = Vec::new();
    if user.impersonate.is_empty() {
        return Ok(headers);
    }
    let mut add = |name: &str, text: &str| {
        let header = HeaderName::from_bytes(name.as_bytes()).ok();
        match header.zip(HeaderValue::from_bytes(text.as_bytes()).ok()) {
            Some(pair) => {
                headers.push(pair);
                Ok(())
            }
            None => Err(bad(format!(
                "{text:?} cannot be impersonated: it holds a control character"
            ))),
        }
    };
    add("impersonate-user", &user.impersonate)?;
    if !user.impersonate_uid.is_empty() {
        add("impersonate-uid", &user.impersonate_uid)?;
    }
    for group in &user.impersonate_groups {
        add("impersonate-group", group)?;
    }
    for (key, values) in &user.impersonate_user_extra {
        let name = format!("impersonate-extra-{}", escaped(key));
        for value in values {
            add(&name, value)?;
        }
    }
    Ok(headers)
}

/// `headerKeyEscape` of client-go: what may not stand in the name of a header, and `%` itself.
fn escaped(key: &str) -> String {
    let mut escaped = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn impersonates(user: &User) -> Option<String> {
    if user.impersonate.is_empty() {
        return None;
    }
    let mut more = Vec::new();
    if !user.impersonate_groups.is_empty() {
        more.push(format!("groups {}", user.impersonate_groups.join(", ")));
    }
    if !user.impersonate_uid.is_empty() {
        more.push(format!("uid {}", user.impersonate_uid));
    }
    more.extend(
        user.impersonate_user_extra
            .iter()
            .map(|(key, values)| format!("{key}={}", values.join(","))),
    );
    Some(if more.is_empty() {
        user.impersonate.clone()
    } else {
        format!("{} ({})", user.impersonate, more.join("; "))
    })
}
