//! From kubeconfig files and flags to one cluster, one user and one namespace, by client-go's rules
//! (`tools/clientcmd`: `loader.go` for the files, `client_config.go` for the flags, `validation.go` for what is refused).
//!
//! The files are read and merged by kube, where the first file that has a name wins. Nothing is read of a credential
//! here but that it exists.

use super::{Class, Failure};
use crate::nearest::nearest;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use std::collections::BTreeMap;

/// What the flags say, each in kubectl's meaning; what is empty says nothing.
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
}

/// Without the token.
impl std::fmt::Debug for Overrides {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overrides")
            .field("cluster", &self.cluster)
            .field("user", &self.user)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// Under which the chosen cluster, user and context stand.
const NAME: &str = "chosen";

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Class::BadConfiguration, message)
}

fn given(value: Option<&String>) -> Option<&String> {
    value.filter(|text| !text.is_empty())
}

/// One cluster, one user and one namespace, under the name of the context that was chosen.
pub(super) struct Chosen {
    /// The context's name, where there is one.
    pub context: Option<String>,
    /// A kubeconfig that holds these alone.
    pub kubeconfig: Kubeconfig,
    /// Why there is no cluster, where neither flags nor files name one; in a pod its own configuration is used then.
    pub nothing: Option<Failure>,
}

/// Chooses; `files` are for messages.
///
/// # Errors
/// Class `badConfiguration`, where client-go refuses too.
pub(super) fn choose(
    merged: &Kubeconfig,
    wanted: Option<&str>,
    overrides: &Overrides,
    files: &str,
) -> Result<Chosen, Failure> {
    let current = merged.current_context.as_deref().filter(|name| !name.is_empty());
    let wanted = wanted.filter(|name| !name.is_empty());
    let name = wanted.or(current);
    let context = match name {
        Some(name) => match merged.contexts.iter().find(|c| c.name == name) {
            Some(found) => found.context.clone().unwrap_or_default(),
            // A current context that does not exist is refused too, even where flags say all that is needed.
            None => {
                let names = merged.contexts.iter().map(|c| c.name.as_str());
                return Err(missing("context", name, names, files, "contexts"));
            }
        },
        None => Context::default(),
    };
    let cluster = cluster(merged, &context, overrides, files)?;
    let auth_info = auth_info(merged, &context, overrides, files)?;
    let nothing = is_empty(&cluster).then(|| match name {
        None => bad(format!("{files} sets no current-context"))
            .with_hint("give --context NAME, or run kubectl config use-context NAME"),
        Some(name) => bad(format!(
            "context {name:?} names no cluster with a server in {files}"
        ))
        .with_hint("give --cluster NAME or --server URL, or mend the context"),
    });
    let namespace = given(overrides.namespace.as_ref())
        .or(given(context.namespace.as_ref()))
        .cloned();
    let kubeconfig = Kubeconfig {
        clusters: vec![NamedCluster {
            name: NAME.into(),
            cluster: Some(cluster),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: NAME.into(),
            auth_info: Some(auth_info),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: NAME.into(),
            context: Some(Context {
                cluster: NAME.into(),
                user: Some(NAME.into()),
                namespace,
                ..Context::default()
            }),
            ..NamedContext::default()
        }],
        current_context: Some(NAME.into()),
        ..Kubeconfig::default()
    };
    Ok(Chosen {
        context: name.map(str::to_owned),
        kubeconfig,
        nothing,
    })
}

fn missing<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    files: &str,
    plural: &str,
) -> Failure {
    let failure = bad(format!("{what} {name:?} does not exist in {files}"));
    match nearest(name, names) {
        Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
        None => failure.with_hint(format!("kubectl config get-{plural} lists those that do")),
    }
}

fn is_empty(cluster: &Cluster) -> bool {
    given(cluster.server.as_ref()).is_none()
        && given(cluster.certificate_authority.as_ref()).is_none()
        && given(cluster.certificate_authority_data.as_ref()).is_none()
        && given(cluster.tls_server_name.as_ref()).is_none()
        && given(cluster.proxy_url.as_ref()).is_none()
        && !cluster.insecure_skip_tls_verify.unwrap_or_default()
}

/// `getCluster`: a cluster that a flag names has to exist, one that only the context names need not; each flag then
/// replaces its field.
fn cluster(
    merged: &Kubeconfig,
    context: &Context,
    overrides: &Overrides,
    files: &str,
) -> Result<Cluster, Failure> {
    let named = given(overrides.cluster.as_ref());
    let name = named.unwrap_or(&context.cluster);
    let found = merged.clusters.iter().find(|c| &c.name == name);
    if let (Some(name), None) = (named, found) {
        let names = merged.clusters.iter().map(|c| c.name.as_str());
        return Err(missing("cluster", name, names, files, "clusters"));
    }
    let mut cluster = found.and_then(|c| c.cluster.clone()).unwrap_or_default();
    if let Some(server) = given(overrides.server.as_ref()) {
        cluster.server = Some(server.clone());
    }
    // An address without a scheme is plain HTTP to client-go, whatever is said of TLS beside it.
    if let Some(server) = cluster
        .server
        .as_mut()
        .filter(|s| !s.is_empty() && !s.contains("://"))
    {
        server.insert_str(0, "http://");
    }
    let authority = given(overrides.certificate_authority.as_ref());
    // A flag for one of the three replaces them all, else what the file says would contradict it.
    if overrides.insecure_skip_tls_verify || authority.is_some() {
        cluster.insecure_skip_tls_verify = Some(overrides.insecure_skip_tls_verify);
        cluster.certificate_authority = authority.cloned();
        cluster.certificate_authority_data = None;
    }
    // Another server has another name.
    if given(overrides.tls_server_name.as_ref()).is_some() || given(overrides.server.as_ref()).is_some() {
        cluster.tls_server_name = given(overrides.tls_server_name.as_ref()).cloned();
    }
    if overrides.disable_compression {
        cluster.disable_compression = Some(true);
    }
    Ok(cluster)
}

/// `getAuthInfo`, by the same rules.
fn auth_info(
    merged: &Kubeconfig,
    context: &Context,
    overrides: &Overrides,
    files: &str,
) -> Result<AuthInfo, Failure> {
    let named = given(overrides.user.as_ref());
    let name = named.or(context.user.as_ref());
    let found = name.and_then(|name| merged.auth_infos.iter().find(|u| &u.name == name));
    if let (Some(name), None) = (named, found) {
        let names = merged.auth_infos.iter().map(|u| u.name.as_str());
        return Err(missing("user", name, names, files, "users"));
    }
    let mut user = found.and_then(|u| u.auth_info.clone()).unwrap_or_default();
    if let Some(token) = given(overrides.token.as_ref()) {
        user.token = Some(token.clone().into());
    }
    if let Some(path) = given(overrides.client_certificate.as_ref()) {
        user.client_certificate = Some(path.clone());
        user.client_certificate_data = None;
    }
    if let Some(path) = given(overrides.client_key.as_ref()) {
        user.client_key = Some(path.clone());
        user.client_key_data = None;
    }
    if let Some(name) = given(overrides.impersonate.as_ref()) {
        user.impersonate = Some(name.clone());
    }
    if let Some(uid) = given(overrides.impersonate_uid.as_ref()) {
        user.impersonate_uid = Some(uid.clone());
    }
    if !overrides.impersonate_groups.is_empty() {
        user.impersonate_groups = Some(overrides.impersonate_groups.clone());
    }
    for (key, values) in &overrides.impersonate_user_extra {
        user.impersonate_user_extra
            .get_or_insert_default()
            .insert(key.clone(), values.clone());
    }
    validate(&user)?;
    Ok(user)
}

/// `validateAuthInfo`, as far as it is not about files, which are refused where they are read.
fn validate(user: &AuthInfo) -> Result<(), Failure> {
    let has = |value: &Option<String>| given(value.as_ref()).is_some();
    let basic = has(&user.username) || user.password.is_some();
    if user.token.is_some() && basic {
        return Err(bad(
            "the user has a token and a user name with password, and only one is allowed",
        ));
    }
    let with_certificate = has(&user.client_certificate) || has(&user.client_certificate_data);
    if has(&user.client_certificate) && has(&user.client_certificate_data) {
        return Err(bad(
            "the user has client-certificate and client-certificate-data, and only one is allowed",
        ));
    }
    let key_data = user.client_key_data.is_some();
    if with_certificate && has(&user.client_key) && key_data {
        return Err(bad(
            "the user has client-key and client-key-data, and only one is allowed",
        ));
    }
    if with_certificate && !has(&user.client_key) && !key_data {
        return Err(bad("the user has a client certificate without its key")
            .with_hint("add client-key or client-key-data to the user"));
    }
    let alone = has(&user.impersonate_uid)
        || user.impersonate_groups.as_ref().is_some_and(|g| !g.is_empty())
        || user
            .impersonate_user_extra
            .as_ref()
            .is_some_and(|e| !e.is_empty());
    if alone && !has(&user.impersonate) {
        return Err(bad("groups, uid or extra are to be impersonated without a user")
            .with_hint("name the user with --as, or in the kubeconfig with as"));
    }
    if let Some(provider) = &user.auth_provider {
        return Err(bad(format!(
            "the user has the auth-provider {:?}, which kubectl has removed",
            provider.name
        ))
        .with_hint(
            "use an exec plugin instead: gke-gcloud-auth-plugin for gcp, kubelogin for azure and oidc",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged() -> Kubeconfig {
        let json = serde_json::json!({
            "clusters": [
                {"name": "a", "cluster": {"server": "https://a", "certificate-authority-data": "QQ==",
                                          "tls-server-name": "inside"}},
                {"name": "b", "cluster": {"server": "https://b"}},
            ],
            "users": [
                {"name": "u", "user": {"token": "file", "client-certificate-data": "QQ==", "client-key-data": "QQ=="}},
                {"name": "v", "user": {"as-groups": ["g"]}},
            ],
            "contexts": [
                {"name": "one", "context": {"cluster": "a", "user": "u", "namespace": "shop"}},
                {"name": "none", "context": {"cluster": "gone", "user": "gone"}},
            ],
            "current-context": "one",
        });
        serde_json::from_value(json).expect("a kubeconfig")
    }

    fn chosen(context: Option<&str>, overrides: &Overrides) -> Result<(Cluster, AuthInfo, Context), String> {
        let chosen = choose(&merged(), context, overrides, "f").map_err(|failure| failure.message)?;
        let Kubeconfig {
            clusters,
            auth_infos,
            contexts,
            ..
        } = chosen.kubeconfig;
        Ok((
            clusters[0].cluster.clone().expect("one"),
            auth_infos[0].auth_info.clone().expect("one"),
            contexts[0].context.clone().expect("one"),
        ))
    }

    #[allow(clippy::unnecessary_wraps, reason = "as the fields want it")]
    fn text(value: &str) -> Option<String> {
        Some(value.into())
    }

    #[test]
    fn flags_replace_what_the_context_says() {
        let (cluster, _, context) = chosen(None, &Overrides::default()).expect("usable");
        assert_eq!(cluster.server.as_deref(), Some("https://a"));
        assert_eq!(context.namespace.as_deref(), Some("shop"));

        let (cluster, user, context) = chosen(
            None,
            &Overrides {
                server: text("https://c"),
                namespace: text("bank"),
                client_certificate: text("crt"),
                client_key: text("key"),
                certificate_authority: text("ca"),
                ..Overrides::default()
            },
        )
        .expect("usable");
        assert_eq!(cluster.server.as_deref(), Some("https://c"));
        // The name belongs to the server of the file, and the file's authority would contradict the flag's.
        assert_eq!(
            (cluster.tls_server_name, cluster.certificate_authority_data),
            (None, None)
        );
        assert_eq!(cluster.certificate_authority.as_deref(), Some("ca"));
        assert_eq!(
            (user.client_certificate.as_deref(), user.client_key.as_deref()),
            (Some("crt"), Some("key"))
        );
        assert!(user.client_certificate_data.is_none() && user.client_key_data.is_none());
        assert_eq!(context.namespace.as_deref(), Some("bank"));

        let insecure = Overrides {
            insecure_skip_tls_verify: true,
            ..Overrides::default()
        };
        let (cluster, ..) = chosen(None, &insecure).expect("usable");
        assert_eq!(
            (
                cluster.insecure_skip_tls_verify,
                cluster.certificate_authority_data
            ),
            (Some(true), None)
        );

        let other = Overrides {
            cluster: text("b"),
            ..Overrides::default()
        };
        assert_eq!(
            chosen(None, &other).expect("usable").0.server.as_deref(),
            Some("https://b")
        );
    }

    #[test]
    fn what_a_flag_names_has_to_exist_and_what_a_context_names_need_not() {
        let of = |cluster, user, context| {
            let overrides = Overrides {
                cluster,
                user,
                ..Overrides::default()
            };
            chosen(context, &overrides).map(|_| ())
        };
        assert_eq!(
            of(text("c"), None, None),
            Err("cluster \"c\" does not exist in f".into())
        );
        assert_eq!(
            of(None, text("w"), None),
            Err("user \"w\" does not exist in f".into())
        );
        assert_eq!(
            of(None, None, Some("two")),
            Err("context \"two\" does not exist in f".into())
        );
        assert_eq!(of(None, None, Some("none")), Ok(()));
        assert!(
            choose(&merged(), Some("none"), &Overrides::default(), "f").is_ok_and(|c| c.nothing.is_some())
        );
    }

    #[test]
    fn an_address_without_a_scheme_is_plain_http() {
        let of = |server: &str| {
            let overrides = Overrides {
                server: text(server),
                ..Overrides::default()
            };
            chosen(None, &overrides).map(|(cluster, ..)| cluster.server)
        };
        assert_eq!(of("10.0.0.1:6443"), Ok(text("http://10.0.0.1:6443")));
        assert_eq!(of("https://[::1]:6443/k8s"), Ok(text("https://[::1]:6443/k8s")));
    }

    #[test]
    fn groups_without_a_user_are_refused() {
        let user = |impersonate: Option<String>| Overrides {
            user: text("v"),
            impersonate,
            ..Overrides::default()
        };
        let refused = chosen(None, &user(None)).expect_err("groups alone");
        assert!(refused.contains("without a user"), "{refused}");
        assert!(chosen(None, &user(text("joe"))).is_ok());
    }
}
