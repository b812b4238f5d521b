//! The flags that replace fields of a kubeconfig.

use crate::cluster::config::kuberc::Kuberc;
use std::collections::BTreeMap;

/// The values of the flags, with kubectl's meaning; an empty one counts as absent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--user`
    pub user: Option<String>,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--server`
    pub server: Option<String>,
    /// `--tls-server-name`
    pub tls_server_name: Option<String>,
    /// `--insecure-skip-tls-verify`
    pub insecure_skip_tls_verify: bool,
    /// `--certificate-authority`
    pub certificate_authority: Option<String>,
    /// `--client-certificate`
    pub client_certificate: Option<String>,
    /// `--client-key`
    pub client_key: Option<String>,
    /// `--token`
    pub token: Option<String>,
    /// `--as`
    pub impersonate: Option<String>,
    /// `--as-uid`
    pub impersonate_uid: Option<String>,
    /// `--as-group`, each
    pub impersonate_groups: Vec<String>,
    /// `--as-user-extra`, each key with its values
    pub impersonate_user_extra: BTreeMap<String, Vec<String>>,
    /// `--disable-compression`
    pub disable_compression: bool,
    /// `--kuberc`, a file that can forbid credential plugins.
    pub kuberc: Kuberc,
}

impl Overrides {
    /// The first flag that asks for impersonation.
    pub(crate) fn impersonation_flag(&self) -> Option<&'static str> {
        [
            (
                "--as",
                self.impersonate.as_ref().is_some_and(|name| !name.is_empty()),
            ),
            (
                "--as-uid",
                self.impersonate_uid.as_ref().is_some_and(|uid| !uid.is_empty()),
            ),
            ("--as-group", !self.impersonate_groups.is_empty()),
            ("--as-user-extra", !self.impersonate_user_extra.is_empty()),
        ]
        .into_iter()
        .find_map(|(flag, given)| given.then_some(flag))
    }
}

/// Shows no token, since it is a secret.
impl std::fmt::Debug for Overrides {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overrides")
            .field("cluster", &self.cluster)
            .field("user", &self.user)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// The value of a flag, if it is not empty.
pub(super) fn non_empty(value: Option<&String>) -> Option<&String> {
    value.filter(|text| !text.is_empty())
}
