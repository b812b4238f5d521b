//! The commands by which a cluster admin grants missing RBAC rules.

use super::Identity;
use crate::kind::RbacRule;
use crate::shell::quoted;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The commands by which a cluster admin grants all rights that a run needs and lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Grant {
    /// The commands, each one line for a shell.
    pub commands: Vec<String>,
    /// The user who gets the rights. Left out if the name is not known; then the commands have a placeholder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The only namespace in which they are granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Resources that the run needs and that no right in a namespace can grant, such as `nodes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_granted: Vec<String>,
}

/// The role of a run. A right to list needs no right to get, but one pair of verbs for all resources is one command.
const ROLE: &str = "sre-health";
/// The built-in role that grants `/version`, `/livez` and `/readyz` (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy` in
/// kubernetes/kubernetes).
const PUBLIC_INFO_VIEWER: &str = "system:public-info-viewer";
/// The built-in role to read the objects of a namespace.
const VIEW: &str = "view";

/// The resources that [`VIEW`] grants, of those that a run reads (`bootstrappolicy/policy.go` in kubernetes/kubernetes,
/// `viewRules`). A test against a real API server compares them.
const VIEWED: [&str; 16] = [
    "namespaces",
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "replicasets.apps",
    "replicationcontrollers",
    "pods",
    "pods/log",
    "events",
    "jobs.batch",
    "cronjobs.batch",
    "services",
    "endpointslices.discovery.k8s.io",
    "persistentvolumeclaims",
    "horizontalpodautoscalers.autoscaling",
    "poddisruptionbudgets.policy",
];

/// The rights that a grant is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeededRights {
    /// Resources in namespaces, as kubectl names them: `deployments.apps`.
    pub namespaced: Vec<String>,
    /// Resources in no namespace.
    pub cluster_wide: Vec<String>,
    /// Whether the API server's own paths are needed: `/version`, `/livez`, `/readyz`.
    pub paths: bool,
}

impl NeededRights {
    /// Adds the resource of a rule, or the paths of the API server.
    pub fn add(&mut self, rule: &RbacRule, is_namespaced: bool) {
        if !rule.non_resource_url.is_empty() {
            self.paths = true;
            return;
        }
        let resource = rule.qualified_resource();
        let resources = if is_namespaced {
            &mut self.namespaced
        } else {
            &mut self.cluster_wide
        };
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
}

impl Grant {
    /// The commands that grant these rights, in one namespace or in all.
    #[must_use]
    pub fn new(user: Option<&Identity>, needed: &NeededRights, namespace: Option<&str>) -> Self {
        let subject = Subject::new(user);
        let mut commands = match namespace {
            Some(namespace) => in_namespace(&subject, needed, namespace),
            None => in_cluster(&subject, needed),
        };
        if needed.paths {
            commands.push(format!(
                "kubectl create clusterrolebinding {}-apiserver --clusterrole={PUBLIC_INFO_VIEWER} {subject}",
                subject.binding()
            ));
        }
        Self {
            commands,
            user: user
                .map(|user| user.user.clone())
                .filter(|_| subject != Subject::Unknown),
            namespace: namespace.map(str::to_owned),
            not_granted: namespace.map_or(Vec::new(), |_| needed.cluster_wide.clone()),
        }
    }
}

fn in_cluster(subject: &Subject<'_>, needed: &NeededRights) -> Vec<String> {
    let resources: Vec<&str> = needed
        .namespaced
        .iter()
        .chain(&needed.cluster_wide)
        .map(String::as_str)
        .collect();
    if resources.is_empty() {
        return Vec::new();
    }
    let binding = subject.binding();
    vec![
        role(&resources),
        format!("kubectl create clusterrolebinding {binding} --clusterrole={ROLE} {subject}"),
    ]
}

fn in_namespace(subject: &Subject<'_>, needed: &NeededRights, namespace: &str) -> Vec<String> {
    let resources: Vec<&str> = needed.namespaced.iter().map(String::as_str).collect();
    let (namespace, binding) = (quoted(namespace), subject.binding());
    if resources.iter().all(|resource| VIEWED.contains(resource)) {
        return vec![format!(
            "kubectl -n {namespace} create rolebinding {binding} --clusterrole={VIEW} {subject}"
        )];
    }
    // The role of a binding cannot be changed, so the binding has another name than the one to `view`.
    vec![
        role(&resources),
        format!("kubectl -n {namespace} create rolebinding {binding}-health --clusterrole={ROLE} {subject}"),
    ]
}

/// The command that makes the role, or adds to it if it is there. `kubectl create` alone fails then, and `kubectl apply`
/// would take away what others were granted.
fn role(resources: &[&str]) -> String {
    format!(
        "kubectl create clusterrole {ROLE} --verb=get,list --resource={} --dry-run=client -o yaml | \
         kubectl auth reconcile -f -",
        resources.join(",")
    )
}

/// The prefix of users that are accounts of pods.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";
/// The prefix of groups that Kubernetes gives, such as `system:authenticated`.
const SYSTEM: &str = "system:";

/// The subject of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A user by name.
    User(&'a str),
    /// A ServiceAccount by namespace and name.
    ServiceAccount(&'a str, &'a str),
    /// A group, if the user has no name.
    Group(&'a str),
    /// Nobody knows who it is.
    Unknown,
}

impl<'a> Subject<'a> {
    /// The subject as which the API server knows a user. `system:anonymous` is everybody, who gets nothing.
    #[must_use]
    pub fn new(user: Option<&'a Identity>) -> Self {
        let Some(Identity { user, groups }) = user else {
            return Self::Unknown;
        };
        if let Some(account) = user.strip_prefix(SERVICE_ACCOUNT)
            && let Some((namespace, name)) = account.split_once(':')
        {
            return Self::ServiceAccount(namespace, name);
        }
        match user.as_str() {
            "system:anonymous" => Self::Unknown,
            "" => {
                let mut own = groups.iter().filter(|group| !group.starts_with(SYSTEM));
                own.next().map_or(Self::Unknown, |group| Self::Group(group))
            }
            name => Self::User(name),
        }
    }

    /// The name of its bindings. It may not have `/` and `%` (`path.IsValidPathSegmentName` of
    /// k8s.io/apimachinery), and other characters would need quotes.
    #[must_use]
    pub fn binding(&self) -> String {
        let name = match self {
            Self::User(name) | Self::Group(name) => (*name).to_owned(),
            Self::ServiceAccount(namespace, name) => format!("{namespace}:{name}"),
            Self::Unknown => return "sre-health".to_owned(),
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:@".contains(c);
        let plain: String = name
            .chars()
            .map(|c| if is_plain(c) { c } else { '-' })
            .take(BINDING_LENGTH)
            .collect();
        if plain == name {
            return format!("sre-{plain}");
        }
        // Two names may become one. The hash is FNV-1a.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        format!("sre-{plain}-{hash:08x}")
    }
}

/// The most characters of a user's name in the name of a binding. Distinguished names are longer.
const BINDING_LENGTH: usize = 60;

/// The flag of `kubectl create rolebinding`. A shell refuses the placeholder, so that it grants nobody anything.
impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "--user={}", quoted(name)),
            Self::ServiceAccount(namespace, name) => {
                write!(f, "--serviceaccount={}", quoted(&format!("{namespace}:{name}")))
            }
            Self::Group(name) => write!(f, "--group={}", quoted(name)),
            Self::Unknown => f.write_str("--user=<YOUR-NAME>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Grant, NeededRights};
    use crate::kind::RbacRule;
    use crate::report::Identity;

    fn identity(user: &str, groups: &[&str]) -> Identity {
        Identity {
            user: user.to_owned(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        }
    }

    fn needed(namespaced: &[&str], cluster_wide: &[&str]) -> NeededRights {
        let mut needed = NeededRights::default();
        for (rules, is_namespaced) in [(namespaced, true), (cluster_wide, false)] {
            for rule in rules {
                needed.add(&RbacRule::from(*rule), is_namespaced);
            }
        }
        needed
    }

    #[test]
    fn two_lines_grant_everything_in_the_cluster() {
        let needed = needed(
            &[
                "apps/deployments list",
                "pods list",
                "pods list",
                "pods/log get",
                "argoproj.io/rollouts list",
            ],
            &["nodes list"],
        );
        let grant = Grant::new(Some(&identity("alice", &[])), &needed, None);
        assert_eq!(
            grant.commands,
            [
                "kubectl create clusterrole sre-health --verb=get,list \
                 --resource=deployments.apps,pods,pods/log,rollouts.argoproj.io,nodes --dry-run=client -o yaml | \
                 kubectl auth reconcile -f -",
                "kubectl create clusterrolebinding sre-alice --clusterrole=sre-health --user=alice",
            ]
        );
        assert_eq!(
            (grant.user.as_deref(), grant.not_granted),
            (Some("alice"), vec![])
        );
    }

    #[test]
    fn in_a_namespace_one_line_binds_to_view_and_nodes_stay_unseen() {
        let alice = identity("alice", &[]);
        let rights = needed(&["apps/deployments list", "pods list"], &["nodes list"]);
        let grant = Grant::new(Some(&alice), &rights, Some("shop"));
        assert_eq!(
            grant.commands,
            ["kubectl -n shop create rolebinding sre-alice --clusterrole=view --user=alice"]
        );
        assert_eq!(grant.not_granted, ["nodes"]);
        // `view` does not have custom resources.
        let rights = needed(&["apps/deployments list", "argoproj.io/rollouts list"], &[]);
        assert_eq!(
            Grant::new(Some(&alice), &rights, Some("shop")).commands,
            [
                "kubectl create clusterrole sre-health --verb=get,list --resource=deployments.apps,rollouts.argoproj.io \
                 --dry-run=client -o yaml | kubectl auth reconcile -f -",
                "kubectl -n shop create rolebinding sre-alice-health --clusterrole=sre-health --user=alice",
            ]
        );
    }

    #[test]
    fn the_api_servers_own_paths_have_a_line_of_their_own() {
        // `kubectl create clusterrole` refuses the verb `list` for a URL.
        let alice = identity("alice", &[]);
        let paths = needed(
            &["nonResourceURL /version get", "nonResourceURL /readyz get"],
            &[],
        );
        let line = "kubectl create clusterrolebinding sre-alice-apiserver \
                    --clusterrole=system:public-info-viewer --user=alice";
        assert_eq!(Grant::new(Some(&alice), &paths, None).commands, [line]);
        let both = needed(&["nonResourceURL /version get", "pods list"], &[]);
        let commands = Grant::new(Some(&alice), &both, None).commands;
        assert_eq!((commands.len(), commands[2].as_str()), (3, line));
    }

    #[test]
    fn each_user_is_named_as_kubectl_takes_it() {
        for (user, groups, flag, binding) in [
            ("alice", &[][..], "--user=alice", "sre-alice"),
            (
                "system:serviceaccount:ci:deployer",
                &[],
                "--serviceaccount=ci:deployer",
                "sre-ci:deployer",
            ),
            // Users of OIDC have the issuer before their name. The hash keeps two alike names apart.
            (
                "https://idp.example#alice@corp",
                &[],
                "--user='https://idp.example#alice@corp'",
                "sre-https:--idp.example-alice@corp-f586a7be",
            ),
            (
                "Ann Lee's",
                &[],
                r"--user='Ann Lee'\''s'",
                "sre-Ann-Lee-s-58d495cc",
            ),
            ("", &["system:authenticated", "sre"], "--group=sre", "sre-sre"),
            ("", &["system:authenticated"], "--user=<YOUR-NAME>", "sre-health"),
            // A right for the anonymous user would be one for everybody.
            (
                "system:anonymous",
                &["system:unauthenticated"],
                "--user=<YOUR-NAME>",
                "sre-health",
            ),
        ] {
            let grant = Grant::new(Some(&identity(user, groups)), &needed(&["pods list"], &[]), None);
            assert_eq!(
                grant.commands[1],
                format!("kubectl create clusterrolebinding {binding} --clusterrole=sre-health {flag}")
            );
        }
        let grant = Grant::new(None, &needed(&["pods list"], &[]), None);
        assert!(grant.commands[1].ends_with("sre-health --clusterrole=sre-health --user=<YOUR-NAME>"));
        assert_eq!(grant.user, None);
    }
}
