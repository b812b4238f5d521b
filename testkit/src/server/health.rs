//! Owns the text of /readyz, /livez and /healthz.
//! Must not know a client's verdict about it.

use std::collections::{BTreeMap, BTreeSet};

/// The checks of an API server in the order in which it prints them. Those marked `true` are of /readyz only.
const CHECKS: [(&str, bool); 42] = [
    ("ping", false),
    ("log", false),
    ("etcd", false),
    ("etcd-readiness", true),
    ("kms-providers", false),
    ("informer-sync", true),
    ("poststarthook/start-apiserver-admission-initializer", false),
    ("poststarthook/generic-apiserver-start-informers", false),
    ("poststarthook/priority-and-fairness-config-consumer", false),
    ("poststarthook/priority-and-fairness-filter", false),
    ("poststarthook/max-in-flight-filter", false),
    ("poststarthook/storage-object-count-tracker-hook", false),
    ("poststarthook/storage-readiness", false),
    (
        "poststarthook/start-encryption-provider-config-automatic-reload",
        false,
    ),
    ("poststarthook/start-apiextensions-informers", false),
    ("poststarthook/start-apiextensions-controllers", false),
    ("poststarthook/crd-informer-synced", false),
    ("poststarthook/start-system-namespaces-controller", false),
    (
        "poststarthook/start-cluster-authentication-info-controller",
        false,
    ),
    (
        "poststarthook/start-kube-apiserver-identity-lease-controller",
        false,
    ),
    (
        "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
        false,
    ),
    (
        "poststarthook/start-kube-apiserver-coordinated-leader-election-controller",
        false,
    ),
    ("poststarthook/start-legacy-token-tracking-controller", false),
    ("poststarthook/start-service-ip-repair-controllers", false),
    ("poststarthook/start-kubernetes-service-cidr-controller", false),
    ("poststarthook/rbac/bootstrap-roles", false),
    (
        "poststarthook/scheduling/bootstrap-system-priority-classes",
        false,
    ),
    ("poststarthook/priority-and-fairness-config-producer", false),
    ("poststarthook/bootstrap-controller", false),
    ("poststarthook/peer-endpoint-reconciler-controller", false),
    ("poststarthook/peer-discovery-cache-sync", false),
    ("poststarthook/aggregator-reload-proxy-client-cert", false),
    ("poststarthook/start-kube-aggregator-informers", false),
    (
        "poststarthook/apiservice-status-local-available-controller",
        false,
    ),
    (
        "poststarthook/apiservice-status-remote-available-controller",
        false,
    ),
    ("poststarthook/apiservice-registration-controller", false),
    ("poststarthook/apiservice-discovery-controller", false),
    ("poststarthook/kube-apiserver-autoregistration", false),
    ("autoregister-completion", false),
    ("poststarthook/apiservice-openapi-controller", false),
    ("poststarthook/apiservice-openapiv3-controller", false),
    ("shutdown", true),
];

/// The checks that fail, by endpoint.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    failed: BTreeMap<String, BTreeSet<String>>,
}

impl Checks {
    pub fn fail(&mut self, endpoint: &str, check: &str) {
        self.failed
            .entry(endpoint.to_owned())
            .or_default()
            .insert(check.to_owned());
    }

    pub fn pass_all(&mut self) {
        self.failed.clear();
    }

    /// Whether the endpoint's checks pass, and its text. A failure lists every check, also without `verbose`.
    pub fn answer(&self, endpoint: &str, verbose: bool, excluded: &[String]) -> (bool, String) {
        let none = BTreeSet::new();
        let failed = self.failed.get(endpoint).unwrap_or(&none);
        let known = CHECKS
            .iter()
            .filter(|(_, readyz_only)| endpoint == "/readyz" || !readyz_only)
            .map(|(name, _)| *name)
            .collect::<Vec<_>>();
        let others = failed
            .iter()
            .map(String::as_str)
            .filter(|name| !known.contains(name));
        let mut text = String::new();
        let mut well = true;
        for name in known.iter().copied().chain(others) {
            if excluded.iter().any(|excluded| excluded == name) {
                text.extend(["[+]", name, " excluded: ok\n"]);
            } else if failed.contains(name) {
                well = false;
                text.extend(["[-]", name, " failed: reason withheld\n"]);
            } else {
                text.extend(["[+]", name, " ok\n"]);
            }
        }
        let title = endpoint.trim_start_matches('/');
        match (well, verbose) {
            (true, false) => (true, "ok".to_owned()),
            (true, true) => (true, format!("{text}{title} check passed\n")),
            (false, _) => (false, format!("{text}{title} check failed\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_healthy_answer_names_42_checks_and_the_short_one_is_ok() {
        let checks = Checks::default();
        let (well, text) = checks.answer("/readyz", true, &[]);
        let lines = text.lines().collect::<Vec<_>>();
        assert!(well);
        assert_eq!(lines.len(), 43);
        assert_eq!(lines[0], "[+]ping ok");
        assert_eq!(lines[41], "[+]shutdown ok");
        assert_eq!(lines[42], "readyz check passed");
        assert_eq!(checks.answer("/readyz", false, &[]), (true, "ok".to_owned()));
        assert_eq!(checks.answer("/livez", true, &[]).1.lines().count(), 40);
    }

    #[test]
    fn a_failed_check_is_listed_without_its_reason_unless_it_is_excluded() {
        let mut checks = Checks::default();
        checks.fail("/readyz", "etcd");
        checks.fail("/readyz", "poststarthook/own");
        let (well, text) = checks.answer("/readyz", false, &[]);
        assert!(!well);
        assert_eq!(text.lines().nth(2), Some("[-]etcd failed: reason withheld"));
        assert_eq!(
            text.lines().nth(42),
            Some("[-]poststarthook/own failed: reason withheld")
        );
        assert_eq!(text.lines().last(), Some("readyz check failed"));
        assert!(checks.answer("/livez", false, &[]).0);
        let excluded = ["etcd".to_owned(), "poststarthook/own".to_owned()];
        let (well, text) = checks.answer("/readyz", true, &excluded);
        assert!(well);
        assert_eq!(text.lines().nth(2), Some("[+]etcd excluded: ok"));
        checks.pass_all();
        assert!(checks.answer("/readyz", false, &[]).0);
    }
}
