//! The one line that answers a misuse of `fleet`, and of `health --contexts`.

use super::grammar::FleetArgs;
use super::usage::first_given;
use crate::output::Format;

/// The line for flags that many clusters have no use for. A token or an address is that of one cluster, and is not sent to all.
pub(super) fn wrong(fleet: &FleetArgs) -> Option<String> {
    let (health, store) = (&fleet.health, &fleet.store);
    let connection = &health.connection;
    let of_one = [
        ("--context", connection.context.is_some()),
        ("--cluster", connection.cluster.is_some()),
        ("--user", connection.user.is_some()),
        ("--server", connection.server.is_some()),
        ("--tls-server-name", connection.tls_server_name.is_some()),
        ("--client-certificate", connection.client_certificate.is_some()),
        ("--client-key", connection.client_key.is_some()),
        ("--token", connection.token.is_some()),
        ("--agent-url", connection.agent_url.is_some()),
    ];
    if let Some(flag) = first_given(of_one) {
        return Some(format!(
            "{flag} is about one cluster, and many are asked: name contexts instead, such as 'prod-*', or use health"
        ));
    }
    let of_one_run = [
        ("-f", health.filename.is_some()),
        ("--manifest", health.manifest.is_some()),
        ("--at", health.at.is_some()),
        ("--min-availability", health.min_availability.is_some()),
        ("--wait", health.wait),
        ("--grace", health.grace.is_some()),
        ("--settle", health.settle.is_some()),
        ("--progress", health.progress.is_some()),
        ("--logs", health.logs == Some(true)),
        ("-o github", health.writes(Format::Github)),
        ("--state", !health.states.is_empty()),
        ("--sort-by", health.sort_by.is_some()),
        ("--all", health.all),
    ];
    if let Some(flag) = first_given(of_one_run) {
        return Some(format!(
            "{flag} has no meaning with many clusters: leave it out, or ask one of them with health --context NAME"
        ));
    }
    let of_store = [
        (
            "--certificate-authority",
            connection.certificate_authority.is_some(),
        ),
        ("--insecure-skip-tls-verify", connection.insecure_skip_tls_verify),
    ];
    if store.prometheus.is_none() {
        return first_given(of_store).map(|flag| {
            format!("{flag} is for the store of --prometheus; a kubeconfig has its own for each cluster")
        });
    }
    let beside_store = [
        ("--agent", connection.agent.is_some()),
        ("-n", !health.namespaces.is_empty()),
        ("-l", !health.selector.is_empty()),
        ("--field-selector", !health.field_selector.is_empty()),
        ("--kinds", !health.kinds.is_empty()),
        ("--as", connection.impersonate.is_some()),
    ];
    if let Some(flag) = first_given(beside_store) {
        return Some(format!(
            "{flag} has no meaning with --prometheus, which has counts of whole clusters: leave one of them out"
        ));
    }
    let has_secret = store.token_file.is_some() || store.basic_auth_file.is_some();
    let url = store.prometheus.as_ref()?;
    (has_secret && !url.is_private()).then(|| {
        format!(
            "a token or password is not sent over plain HTTP to another host, where anyone in between could read it: give \
             the https:// URL instead of {url}"
        )
    })
}
