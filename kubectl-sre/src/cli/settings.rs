//! What a command needs, out of the flags. The environment and the kuberc file, which flags override, are read by the
//! library when it opens the connection.

use super::grammar::{CauseSearch, ConnectionArgs, HealthArgs};
use super::usage::cluster_flag;
use super::values::{KindChoice, Target, Token};
use sre_shared::cluster::{Kuberc, Overrides};
use sre_shared::run::{Causes, CustomTarget, Kind, KindTarget, Request};
use std::collections::BTreeMap;
use std::time::Duration;

/// The limit of a run against a cluster.
const CLUSTER_LIMIT: Duration = Duration::from_secs(60);
/// The limit of a run that asks an agent.
const AGENT_LIMIT: Duration = Duration::from_secs(10);

impl ConnectionArgs {
    /// The flags that override what the kubeconfig says.
    #[must_use]
    pub fn overrides(&self, namespace: Option<&str>) -> Overrides {
        let mut impersonate_user_extra = BTreeMap::<String, Vec<String>>::new();
        // kubectl ignores an entry without a value.
        for (key, value) in self
            .impersonate_user_extra
            .iter()
            .filter_map(|e| e.split_once('='))
        {
            impersonate_user_extra
                .entry(key.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        Overrides {
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            namespace: namespace.map(str::to_owned),
            server: self.server.clone(),
            tls_server_name: self.tls_server_name.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            certificate_authority: self.certificate_authority.clone(),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
            token: self.token.as_ref().map(Token::secret).map(str::to_owned),
            impersonate: self.impersonate.clone(),
            impersonate_uid: self.impersonate_uid.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            impersonate_user_extra,
            disable_compression: self.disable_compression,
            kuberc: self
                .kuberc
                .clone()
                .filter(|path| !path.as_os_str().is_empty())
                .map_or(Kuberc::Environment, Kuberc::File),
        }
    }

    /// Whether a flag says how to reach a cluster.
    #[must_use]
    pub fn reaches_cluster(&self) -> bool {
        cluster_flag(self).is_some()
    }

    /// The limit of the whole run.
    #[must_use]
    pub fn run_limit(&self) -> Duration {
        let asks_agent = self.agent.is_some() || self.agent_url.is_some();
        self.timeout
            .unwrap_or(if asks_agent { AGENT_LIMIT } else { CLUSTER_LIMIT })
    }
}

impl HealthArgs {
    /// What is judged, by the targets and flags.
    #[must_use]
    pub fn request(&self) -> Request {
        let request = Request {
            namespace: self
                .namespace
                .clone()
                .filter(|name| !name.is_empty() && !self.all_namespaces),
            selector_text: self.selector.clone(),
            // The grammar has parsed it already, so that it cannot fail here.
            selector: self.selector.parse().unwrap_or_default(),
            no_ignore: self.no_ignore,
            causes: match (self.cause, self.logs) {
                (CauseSearch::None, _) => Causes::None,
                (CauseSearch::Auto, false) => Causes::Told,
                (CauseSearch::Auto, true) => Causes::WithLogs,
            },
            ..Request::everything()
        };
        match (self.targets.is_empty(), self.kinds.is_empty()) {
            (true, true) => request,
            (true, false) => self.with_kinds(request),
            (false, _) => self.with_targets(request),
        }
    }

    /// The kinds of `--kinds`, in the order of the registry.
    fn with_kinds(&self, request: Request) -> Request {
        let all = self.kinds.contains(&KindChoice::All);
        let is_chosen = |kind: &&Kind| all || self.kinds.contains(&KindChoice::Kind(**kind));
        let kinds = Kind::ALL.iter().filter(is_chosen);
        Request {
            by_default: false,
            all_kinds: all,
            every_object: !all,
            api_server: all || self.kinds.contains(&KindChoice::ApiServer),
            kinds: kinds.map(|kind| KindTarget::all(*kind)).collect(),
            ..request
        }
    }

    /// The targets, each kind once and in the order of the registry.
    fn with_targets(&self, request: Request) -> Request {
        let kinds = Kind::ALL.iter().filter_map(|kind| {
            let of_kind = self.targets.iter().filter_map(|target| match target {
                Target::Kind(other, name) if other == kind => Some(name.as_deref()),
                _ => None,
            });
            let names = object_names(of_kind)?;
            Some(KindTarget { kind: *kind, names })
        });
        Request {
            by_default: false,
            every_object: true,
            api_server: self.targets.contains(&Target::ApiServer),
            kinds: kinds.collect(),
            custom: self.custom_targets(),
            ..request
        }
    }

    /// The targets of kinds that discovery has to find, each kind once and in the order in which it was given.
    fn custom_targets(&self) -> Vec<CustomTarget> {
        let mut targets: Vec<CustomTarget> = Vec::new();
        for target in &self.targets {
            let Target::Custom(kind, _) = target else {
                continue;
            };
            if targets.iter().any(|known| known.kind == *kind) {
                continue;
            }
            let of_kind = self.targets.iter().filter_map(|target| match target {
                Target::Custom(other, name) if other == kind => Some(name.as_deref()),
                _ => None,
            });
            targets.extend(object_names(of_kind).map(|names| CustomTarget {
                kind: kind.clone(),
                names,
            }));
        }
        targets
    }
}

/// The names of the objects that targets of one kind ask for, each once. They are empty if one of the targets asks for
/// the whole kind. `None` without a target.
fn object_names<'a>(targets: impl Iterator<Item = Option<&'a str>>) -> Option<Vec<String>> {
    let mut targets = targets.peekable();
    targets.peek()?;
    let mut names: Vec<String> = Vec::new();
    let mut whole_kind = false;
    for name in targets {
        match name {
            None => whole_kind = true,
            Some(name) if names.iter().any(|known| known == name) => {}
            Some(name) => names.push(name.to_owned()),
        }
    }
    Some(if whole_kind { Vec::new() } else { names })
}
