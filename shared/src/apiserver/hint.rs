//! Commands that show more of a rung. They can be pasted into a shell.

use crate::cluster::ConnectionInfo;
use crate::shell::quoted;
use std::net::IpAddr;

/// kubectl with the kubeconfig and the context of this connection.
pub(super) fn kubectl(connection: &ConnectionInfo, rest: &str) -> String {
    let mut line = "kubectl".to_owned();
    if let [file] = connection.files.as_slice()
        && !file.replace('\\', "/").ends_with("/.kube/config")
    {
        line = format!("{line} --kubeconfig {}", quoted(file));
    }
    if let Some(context) = &connection.context {
        line = format!("{line} --context {}", quoted(context));
    }
    format!("{line} {rest}")
}

/// curl to `/version`, without verifying the certificate.
pub(super) fn curl_version(connection: &ConnectionInfo) -> String {
    format!("curl -vk {}", version_url(connection))
}

/// curl to `/version` through the proxy.
pub(super) fn curl_version_by_proxy(connection: &ConnectionInfo, proxy: &str) -> String {
    format!("curl -vk -x {} {}", quoted(proxy), version_url(connection))
}

/// curl over plain HTTP, which shows what listens there.
pub(super) fn curl_plain(connection: &ConnectionInfo) -> String {
    let url = connection.server.replacen("https:", "http:", 1);
    format!("curl -v {}", quoted(&url))
}

fn version_url(connection: &ConnectionInfo) -> String {
    quoted(&format!("{}/version", connection.server))
}

/// Shows the server's certificate.
pub(super) fn openssl(connection: &ConnectionInfo, show: &str) -> String {
    let host = if connection.host.contains(':') {
        format!("[{}]", connection.host)
    } else {
        connection.host.clone()
    };
    let name = server_name(connection);
    // TLS has no server name for an address.
    let server_name = match name.parse::<IpAddr>() {
        Ok(_) => String::new(),
        Err(_) => format!(" -servername {}", quoted(name)),
    };
    let address = quoted(&format!("{host}:{}", connection.port));
    format!("openssl s_client -connect {address}{server_name} </dev/null | openssl x509 {show}")
}

/// The name that the server's certificate has to be for.
pub(super) fn server_name(connection: &ConnectionInfo) -> &str {
    connection.tls_server_name.as_deref().unwrap_or(&connection.host)
}
