//! The configuration of one client: address, proxy, TLS, credential.

use crate::cluster::authorization;
use crate::cluster::config::entry::{Cluster, User};
use crate::cluster::config::kuberc::Kuberc;
use crate::cluster::config::loaded_config::LoadedConfig;
use crate::cluster::config::{impersonation, in_cluster};
use crate::cluster::connection_info::ConnectionInfo;
use crate::cluster::credential::exec::Plugin;
use crate::cluster::credential::{CredentialSource, Credentials};
use crate::cluster::transport::address::Address;
use crate::cluster::transport::pem::PemSource;
use crate::cluster::transport::proxy::{self, ProxyEnvironment, ProxyServer};
use crate::cluster::transport::tls::{Tls, Trust};
use crate::failure::Failure;
use http::{HeaderName, HeaderValue};
use std::sync::Arc;
use tokio::time::Instant;

/// Everything that a client needs before its first request.
pub(crate) struct ClusterConfig {
    /// The part that may be shown. The expiry of the credential is added once it is obtained.
    pub info: ConnectionInfo,
    pub address: Address,
    pub namespace: String,
    pub compression: bool,
    pub tls: Option<Arc<Tls>>,
    pub proxy: Option<ProxyServer>,
    pub credentials: Credentials,
    /// The headers of impersonation, for each request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Where it came from, for the log.
    pub source: String,
}

impl ClusterConfig {
    /// Reads the certificates and the credential, and puts cluster and user together.
    ///
    /// # Errors
    /// Class `badConfiguration`, if client-go refuses it too.
    pub(crate) fn build(loaded: LoadedConfig, kuberc: &Kuberc, until: Instant) -> Result<Self, Failure> {
        let LoadedConfig {
            cluster,
            user,
            namespace,
            place,
            source,
            mut info,
        } = loaded;
        let located = |failure: Failure| Failure {
            message: format!("{place}: {}", failure.message),
            ..failure
        };
        let address = Address::from_server_url(&cluster.server).map_err(|why| {
            Failure::bad_configuration(format!("{place}: the server's address is no URL: {why}"))
                .with_hint("write it such as https://10.0.0.1:6443")
        })?;
        let cluster_name = match &info.cluster {
            Some(name) => format!("cluster {name:?}"),
            None => "the cluster".to_owned(),
        };
        let environment = ProxyEnvironment::from_process();
        let (proxy, proxy_info) =
            proxy::decide(&address, &cluster.proxy_url, &cluster_name, &environment).map_err(located)?;
        let needs_authority = address.is_tls() || user.exec.is_some();
        let authority = if needs_authority {
            let data = &cluster.certificate_authority_data.0;
            let file = &cluster.certificate_authority;
            PemSource::from_fields("certificate-authority", data, file, until).map_err(located)?
        } else {
            None
        };
        let tls = if address.is_tls() {
            Some(Arc::new(
                tls(&cluster, &user, authority.as_ref(), until).map_err(located)?,
            ))
        } else {
            None
        };
        let plugin_inputs = PluginInputs {
            authority: authority.as_ref(),
            kuberc,
            until,
        };
        let (credentials, kind) = credentials(&address, &cluster, &user, &plugin_inputs).map_err(located)?;
        let headers = impersonation::headers(&user).map_err(located)?;

        info.server = address.to_string();
        info.host.clone_from(&address.host);
        info.port = address.port().unwrap_or_default();
        info.tls = address.is_tls();
        info.insecure = cluster.insecure_skip_tls_verify && address.is_tls();
        info.tls_server_name =
            Some(cluster.tls_server_name.clone()).filter(|name| !name.is_empty() && address.is_tls());
        info.proxy = proxy_info;
        info.credential.warning = credentials
            .plugin()
            .and_then(|plugin| plugin.warning().map(str::to_owned));
        info.credential.kind = kind;
        info.credential.certificate = tls.as_ref().and_then(|tls| tls.client_certificate());
        info.credential.impersonates = impersonation::description(&user);
        Ok(Self {
            info,
            address,
            namespace: namespace.unwrap_or_else(|| "default".into()),
            compression: !cluster.disable_compression,
            tls,
            proxy,
            credentials,
            headers,
            source,
        })
    }
}

/// The inputs of a credential plugin besides its own entry.
struct PluginInputs<'a> {
    authority: Option<&'a PemSource>,
    kuberc: &'a Kuberc,
    until: Instant,
}

fn tls(
    cluster: &Cluster,
    user: &User,
    authority: Option<&PemSource>,
    until: Instant,
) -> Result<Tls, Failure> {
    let trust = match (authority.cloned(), cluster.insecure_skip_tls_verify) {
        (Some(_), true) => {
            return Err(Failure::bad_configuration(
                "the cluster has insecure-skip-tls-verify and a certificate-authority, and only one is allowed",
            )
            .with_hint("leave out insecure-skip-tls-verify: the authority is what makes it secure"));
        }
        (None, true) => Trust::Unverified,
        (Some(these), false) => Trust::These(these),
        (None, false) => Trust::System,
    };
    let (data, file) = (&user.client_certificate_data.0, &user.client_certificate);
    // As in client-go, a key without a certificate is ignored.
    let own = match PemSource::from_fields("client-certificate", data, file, until)? {
        Some(certificate) => {
            PemSource::from_fields("client-key", &user.client_key_data.0, &user.client_key, until)?
                .map(|key| (certificate, key))
        }
        None => None,
    };
    Tls::new(trust, own, until)
}

/// The credential that requests carry, and its kind in words. As in client-go, user and password in the address go first, a
/// token goes before a plugin, and over plain HTTP there is none.
fn credentials(
    address: &Address,
    cluster: &Cluster,
    user: &User,
    inputs: &PluginInputs<'_>,
) -> Result<(Credentials, String), Failure> {
    let certificate = !user.client_certificate.is_empty() || !user.client_certificate_data.0.is_empty();
    let kind_text = |name: &str| match certificate && address.is_tls() {
        true if name.is_empty() => "client certificate".to_owned(),
        true => format!("{name}, client certificate"),
        false => name.to_owned(),
    };
    let with_kind = |source, name: &str| Ok((Credentials::new(source), kind_text(name)));
    if let Some((name, password)) = &address.user {
        let header = authorization::basic(name, password).ok_or_else(|| {
            Failure::bad_configuration("user and password in the server's address cannot be sent")
        })?;
        return with_kind(
            CredentialSource::Fixed(header),
            "basic auth of the server's address",
        );
    }
    if !address.is_tls() {
        return with_kind(CredentialSource::None, "none, since none is sent over plain HTTP");
    }
    if let Some(provider) = &user.auth_provider {
        let why = match provider.name.as_str() {
            "gcp" | "azure" => "which kubectl has removed",
            _ => "which is not supported",
        };
        return Err(Failure::bad_configuration(format!(
            "the user has the auth-provider {:?}, {why}",
            provider.name
        ))
        .with_hint(
            "use an exec plugin instead: gke-gcloud-auth-plugin for gcp, kubelogin for azure and oidc",
        ));
    }
    let plugin = match &user.exec {
        Some(exec) => {
            let ca = match (exec.provide_cluster_info, inputs.authority) {
                (true, Some(source)) => source.read("certificate-authority", inputs.until)?,
                _ => Vec::new(),
            };
            Some(Plugin::new(
                exec,
                cluster,
                &ca,
                inputs.kuberc.plugin_policy(inputs.until),
            )?)
        }
        None => None,
    };
    let basic = !user.username.is_empty();
    if basic && !user.token_file.is_empty() {
        return Err(Failure::bad_configuration(
            "the user has a tokenFile and a user name with password, and only one is allowed",
        ));
    }
    let token = if user.token.0.is_empty() {
        None
    } else {
        Some(authorization::bearer(&user.token, "the token")?)
    };
    match (token, user.token_file.as_str()) {
        (Some(token), "") => return with_kind(CredentialSource::Fixed(token), "token"),
        (None, "") => {}
        (token, file) => {
            let kind = match file {
                in_cluster::TOKEN => "ServiceAccount token".to_owned(),
                file => format!("token file {file}"),
            };
            return with_kind(CredentialSource::File(file.into(), token), &kind);
        }
    }
    if basic {
        let header = authorization::basic(&user.username, &user.password)
            .ok_or_else(|| Failure::bad_configuration("the user's name and password cannot be sent"))?;
        return with_kind(CredentialSource::Fixed(header), "basic auth");
    }
    match plugin {
        Some(plugin) if !certificate => {
            let kind = format!("exec plugin {}", plugin.name());
            with_kind(CredentialSource::Plugin(Box::new(plugin)), &kind)
        }
        _ if certificate => with_kind(CredentialSource::None, ""),
        _ => with_kind(CredentialSource::None, "none"),
    }
}
