//! The settings of `fleet`, made of its flags.

use super::grammar::{FleetArgs, StoreArgs};
use super::settings::HealthSettings;
use crate::source::StoreSettings;
use sre_shared::cluster::ConfigSource;
use sre_shared::shell::quoted;
use std::path::{Path, PathBuf};

/// The label that names a cluster by convention.
const LABEL: &str = "cluster";

/// The settings of `fleet`.
#[derive(Debug)]
pub struct FleetSettings {
    /// How each cluster is asked, and how the result is shown.
    pub health: HealthSettings,
    /// Where the contexts are.
    pub kubeconfig: ConfigSource,
    /// The patterns of names; none for all.
    pub patterns: Vec<String>,
    /// The flag of the kubeconfig for a command about one of the clusters, with a space before it; else empty.
    pub kubeconfig_flag: String,
    /// The flags with which `health` asks the same question, each with a space before it.
    pub question_flags: String,
    /// The store that is asked in place of the clusters.
    pub store: Option<StoreSettings>,
    /// The label of the store that names a cluster.
    pub label: String,
    /// The clusters that must be in the store.
    pub inventory: Inventory,
}

/// The clusters that must be in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inventory {
    /// Those that the store has.
    None,
    /// Those of the kubeconfig's contexts.
    Contexts,
    /// Those that a file names.
    File(PathBuf),
}

impl FleetSettings {
    /// The settings by the flags.
    #[must_use]
    pub fn new(args: &FleetArgs) -> Self {
        let connection = &args.health.connection;
        let kubeconfig = connection.kubeconfig.clone();
        let path = kubeconfig.as_ref().map(|path| path.display().to_string());
        let namespace = args.health.namespace().filter(|name| !name.is_empty());
        let mut question_flags = namespace.map_or_else(String::new, |name| format!(" -n {name}"));
        if let Some(agent) = &connection.agent {
            question_flags.extend([" --agent=", &agent.to_string()]);
        }
        Self {
            // Log lines of many clusters are for nobody, so that it counts as no terminal.
            health: HealthSettings::new(&args.health, false),
            kubeconfig: kubeconfig.map_or(ConfigSource::Environment, ConfigSource::File),
            patterns: args.health.contexts.clone(),
            kubeconfig_flag: path.map_or_else(String::new, |path| format!(" --kubeconfig {}", quoted(&path))),
            question_flags,
            store: args.store.settings(
                connection.certificate_authority.as_deref(),
                connection.insecure_skip_tls_verify,
            ),
            label: args
                .store
                .cluster_label
                .clone()
                .unwrap_or_else(|| LABEL.to_owned()),
            inventory: match &args.store.inventory {
                None => Inventory::None,
                Some(path) if path.as_os_str() == "contexts" => Inventory::Contexts,
                Some(path) => Inventory::File(path.clone()),
            },
        }
    }
}

impl StoreArgs {
    fn settings(&self, authority: Option<&str>, insecure: bool) -> Option<StoreSettings> {
        Some(StoreSettings {
            url: self.prometheus.clone()?,
            tenant: self.tenant.clone(),
            headers: self.headers.clone(),
            token_file: self.token_file.clone(),
            basic_auth_file: self.basic_auth_file.clone(),
            authority: authority
                .filter(|path| !path.is_empty())
                .map(|path| Path::new(path).to_owned()),
            insecure,
        })
    }
}
