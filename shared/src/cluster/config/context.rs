//! Selects one cluster, one user and one namespace from kubeconfig files and flags, by client-go's rules
//! (`tools/clientcmd/client_config.go`).
//!
//! Of a credential, only its existence matters here.

use crate::cluster::config::entry::{Cluster, Data, KubeContext, User};
use crate::cluster::config::file::Kubeconfig;
use crate::cluster::config::overrides::{Overrides, non_empty};
use crate::cluster::config::validation;
use crate::cluster::secret::Secret;
use crate::failure::Failure;
use crate::nearest::nearest;

/// One cluster, one user and one namespace.
pub(crate) struct SelectedContext {
    /// The context's name, if there is one.
    pub context: Option<String>,
    /// The names of cluster and user, empty if they have none.
    pub cluster_name: String,
    pub user_name: String,
    pub cluster: Cluster,
    pub user: User,
    pub namespace: Option<String>,
    /// Why there is no cluster, if neither flags nor files name one; then a pod uses its own configuration.
    pub no_cluster: Option<Failure>,
}

/// Selects a cluster, a user and a namespace. `files` names the files in messages.
///
/// # Errors
/// Class `badConfiguration`, if client-go refuses too.
pub(crate) fn select(
    merged: &Kubeconfig,
    wanted: Option<&str>,
    overrides: &Overrides,
    files: &str,
) -> Result<SelectedContext, Failure> {
    let current = Some(merged.current_context.as_str()).filter(|name| !name.is_empty());
    let wanted = wanted.filter(|name| !name.is_empty());
    let name = wanted.or(current);
    let context = match name {
        // A current context that does not exist is refused, even if the flags would be enough without it.
        Some(name) => merged
            .contexts
            .get(name)
            .cloned()
            .ok_or_else(|| missing_entry("context", name, merged.contexts.keys(), files))?,
        None => KubeContext::default(),
    };
    let cluster_name = non_empty(overrides.cluster.as_ref())
        .unwrap_or(&context.cluster)
        .clone();
    let user_name = non_empty(overrides.user.as_ref())
        .unwrap_or(&context.user)
        .clone();
    let cluster = cluster(merged, &cluster_name, overrides, files)?;
    let user = user(merged, &user_name, overrides, files)?;
    let no_cluster = is_empty(&cluster).then(|| match name {
        None => Failure::bad_configuration(format!("{files} sets no current-context"))
            .with_hint("give --context NAME, or run kubectl config use-context NAME"),
        Some(context) if !cluster_name.is_empty() && !merged.clusters.contains_key(&cluster_name) => {
            dangling_reference("cluster", context, &cluster_name, merged.clusters.keys(), files)
        }
        Some(name) => Failure::bad_configuration(format!(
            "context {name:?} names no cluster with a server in {files}"
        ))
        .with_hint("give --cluster NAME or --server URL, or mend the context"),
    });
    // For such a user kubectl asks for a name and a password. Over plain HTTP no credential is sent.
    let is_tls = cluster.server.to_ascii_lowercase().starts_with("https://");
    if let Some(context) = name
        && is_tls
        && !user_name.is_empty()
        && !merged.users.contains_key(&user_name)
        && user.token.0.is_empty()
        && user.client_certificate.is_empty()
    {
        return Err(dangling_reference(
            "user",
            context,
            &user_name,
            merged.users.keys(),
            files,
        ));
    }
    Ok(SelectedContext {
        context: name.map(str::to_owned),
        cluster_name,
        user_name,
        cluster,
        user,
        namespace: non_empty(overrides.namespace.as_ref())
            .or(non_empty(Some(&context.namespace)))
            .cloned(),
        no_cluster,
    })
}

fn missing_entry<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a String> + Clone,
    files: &str,
) -> Failure {
    let failure = Failure::bad_configuration(format!("{what} {name:?} does not exist in {files}"));
    match nearest(name, names.map(String::as_str)) {
        Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
        None => failure.with_hint(format!("kubectl config get-{what}s lists those that do")),
    }
}

/// The failure of a context that names a cluster or a user which no file has.
fn dangling_reference<'a>(
    what: &str,
    context: &str,
    name: &str,
    names: impl Iterator<Item = &'a String> + Clone,
    files: &str,
) -> Failure {
    /// The most names that fit on a line.
    const NAMED: usize = 5;
    let failure = Failure::bad_configuration(format!(
        "context {context:?} names the {what} {name:?}, which does not exist in {files}"
    ));
    let some: Vec<String> = names
        .clone()
        .take(NAMED)
        .map(|name| format!("{name:?}"))
        .collect();
    let more = if names.clone().nth(NAMED).is_some() {
        ", ..."
    } else {
        ""
    };
    match nearest(name, names.map(String::as_str)) {
        Some(near) => failure.with_hint(format!(
            "did you mean {near:?}? kubectl config set-context {context} --{what}={near}"
        )),
        None if some.is_empty() => failure.with_hint(format!(
            "there is no {what} at all: log in again, or give --{what}"
        )),
        None => failure.with_hint(format!(
            "there is {}{more}: give --{what}, or mend the context",
            some.join(", ")
        )),
    }
}

fn is_empty(cluster: &Cluster) -> bool {
    *cluster
        == Cluster {
            disable_compression: cluster.disable_compression,
            extensions: cluster.extensions.clone(),
            ..Cluster::default()
        }
}

/// `getCluster`: a cluster that a flag names has to exist, one that only the context names need not; each flag then
/// replaces its field.
fn cluster(merged: &Kubeconfig, name: &str, overrides: &Overrides, files: &str) -> Result<Cluster, Failure> {
    let found = merged.clusters.get(name);
    if non_empty(overrides.cluster.as_ref()).is_some() && found.is_none() {
        return Err(missing_entry("cluster", name, merged.clusters.keys(), files));
    }
    let mut cluster = found.cloned().unwrap_or_default();
    if let Some(server) = non_empty(overrides.server.as_ref()) {
        cluster.server.clone_from(server);
    }
    let authority = non_empty(overrides.certificate_authority.as_ref());
    // A flag for one of the three replaces them all: otherwise it would contradict the file.
    if overrides.insecure_skip_tls_verify || authority.is_some() {
        cluster.insecure_skip_tls_verify = overrides.insecure_skip_tls_verify;
        cluster.certificate_authority = authority.cloned().unwrap_or_default();
        cluster.certificate_authority_data = Data::default();
    }
    // The tls-server-name of the file belongs to the server of the file.
    if non_empty(overrides.tls_server_name.as_ref()).is_some()
        || non_empty(overrides.server.as_ref()).is_some()
    {
        cluster.tls_server_name = overrides.tls_server_name.clone().unwrap_or_default();
    }
    cluster.disable_compression |= overrides.disable_compression;
    validation::check_cluster(&cluster)?;
    Ok(cluster)
}

/// `getAuthInfo`, by the same rules.
fn user(merged: &Kubeconfig, name: &str, overrides: &Overrides, files: &str) -> Result<User, Failure> {
    let found = merged.users.get(name);
    if non_empty(overrides.user.as_ref()).is_some() && found.is_none() {
        return Err(missing_entry("user", name, merged.users.keys(), files));
    }
    let mut user = found.cloned().unwrap_or_default();
    if let Some(token) = non_empty(overrides.token.as_ref()) {
        user.token = Secret(token.clone());
    }
    if let Some(path) = non_empty(overrides.client_certificate.as_ref()) {
        user.client_certificate.clone_from(path);
        user.client_certificate_data = Data::default();
    }
    if let Some(path) = non_empty(overrides.client_key.as_ref()) {
        user.client_key.clone_from(path);
        user.client_key_data = Data::default();
    }
    if let Some(name) = non_empty(overrides.impersonate.as_ref()) {
        user.impersonate.clone_from(name);
    }
    if let Some(uid) = non_empty(overrides.impersonate_uid.as_ref()) {
        user.impersonate_uid.clone_from(uid);
    }
    if !overrides.impersonate_groups.is_empty() {
        user.impersonate_groups.clone_from(&overrides.impersonate_groups);
    }
    for (key, values) in &overrides.impersonate_user_extra {
        user.impersonate_user_extra.insert(key.clone(), values.clone());
    }
    validation::check_user(&user)?;
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged() -> Kubeconfig {
        let mut merged = Kubeconfig {
            current_context: "one".into(),
            ..Kubeconfig::default()
        };
        let cluster = |server: &str| Cluster {
            server: server.into(),
            ..Cluster::default()
        };
        let a = Cluster {
            certificate_authority_data: Data(b"A".to_vec()),
            tls_server_name: "inside".into(),
            ..cluster("https://a")
        };
        let u = User {
            token: Secret("file".into()),
            client_certificate_data: Data(b"A".to_vec()),
            client_key_data: Data(b"A".to_vec()),
            ..User::default()
        };
        let v = User {
            impersonate_groups: vec!["g".into()],
            ..User::default()
        };
        let context = |cluster: &str, user: &str, namespace: &str| KubeContext {
            cluster: cluster.into(),
            user: user.into(),
            namespace: namespace.into(),
        };
        merged.clusters = [("a", a), ("b", cluster("https://b"))]
            .map(|(n, c)| (n.into(), c))
            .into();
        merged.users = [("u", u), ("v", v)].map(|(n, u)| (n.into(), u)).into();
        merged.contexts = [
            ("one", context("a", "u", "shop")),
            ("none", context("gone", "gone", "")),
            ("nobody", context("a", "uu", "")),
            ("stranger", context("b", "somebody", "")),
            ("nowhere", context("clusters", "u", "")),
        ]
        .map(|(n, c)| (n.into(), c))
        .into();
        merged
    }

    fn selected(context: Option<&str>, overrides: &Overrides) -> Result<SelectedContext, String> {
        select(&merged(), context, overrides, "f").map_err(|failure| failure.message)
    }

    #[allow(clippy::unnecessary_wraps, reason = "the fields are options")]
    fn text(value: &str) -> Option<String> {
        Some(value.into())
    }

    #[test]
    fn flags_replace_fields_of_the_context() {
        let usual = selected(None, &Overrides::default()).expect("usable");
        assert_eq!(usual.cluster.server, "https://a");
        assert_eq!(usual.namespace.as_deref(), Some("shop"));

        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("file").to_string_lossy().into_owned();
        std::fs::write(&file, "").expect("it can be written to");
        let flags = Overrides {
            server: text("https://c"),
            namespace: text("bank"),
            client_certificate: text(&file),
            client_key: text(&file),
            certificate_authority: text(&file),
            ..Overrides::default()
        };
        let SelectedContext {
            cluster,
            user,
            namespace,
            ..
        } = selected(None, &flags).expect("usable");
        assert_eq!(cluster.server, "https://c");
        // The name belongs to the server of the file, and the file's authority would contradict the flag's.
        assert_eq!(
            (
                cluster.tls_server_name.as_str(),
                cluster.certificate_authority_data
            ),
            ("", Data::default())
        );
        assert_eq!(cluster.certificate_authority, file);
        assert_eq!((&user.client_certificate, &user.client_key), (&file, &file));
        assert!(user.client_certificate_data.0.is_empty() && user.client_key_data.0.is_empty());
        assert_eq!(namespace.as_deref(), Some("bank"));

        let insecure = Overrides {
            insecure_skip_tls_verify: true,
            ..Overrides::default()
        };
        let cluster = selected(None, &insecure).expect("usable").cluster;
        assert!(cluster.insecure_skip_tls_verify && cluster.certificate_authority_data.0.is_empty());

        let other = Overrides {
            cluster: text("b"),
            ..Overrides::default()
        };
        assert_eq!(
            selected(None, &other).expect("usable").cluster.server,
            "https://b"
        );

        let absent = Overrides {
            certificate_authority: text("/nowhere/ca.crt"),
            ..Overrides::default()
        };
        let refused = selected(None, &absent).err().expect("the file is not there");
        assert!(
            refused.starts_with("certificate-authority /nowhere/ca.crt: "),
            "{refused}"
        );
    }

    #[test]
    fn an_entry_that_a_flag_names_has_to_exist_and_one_that_a_context_names_need_not() {
        let select_entries = |cluster, user, context| {
            let overrides = Overrides {
                cluster,
                user,
                ..Overrides::default()
            };
            selected(context, &overrides).map(|_| ())
        };
        assert_eq!(
            select_entries(text("c"), None, None),
            Err("cluster \"c\" does not exist in f".into())
        );
        assert_eq!(
            select_entries(None, text("w"), None),
            Err("user \"w\" does not exist in f".into())
        );
        assert_eq!(
            select_entries(None, None, Some("two")),
            Err("context \"two\" does not exist in f".into())
        );
        assert_eq!(select_entries(None, None, Some("none")), Ok(()));
        assert!(
            select(&merged(), Some("none"), &Overrides::default(), "f").is_ok_and(|c| c.no_cluster.is_some())
        );
    }

    /// kubectl reads the credential of a user only for a server with TLS, and asks for a name and a password if there is none
    /// (`getUserIdentificationPartialConfig` behind `IsConfigTransportTLS`, client-go's `tools/clientcmd/client_config.go`).
    // kubernetes-sigs/headlamp#170: a context whose user is in no file. kubernetes/kubernetes#21062: one that is nowhere at all.
    #[test]
    fn a_context_may_name_a_missing_user_only_if_its_server_is_reached_over_plain_http() {
        for (server, is_refused) in [
            ("https://a", true),
            ("HTTPS://a", true),
            ("http://127.0.0.1:8080", false),
            ("HTTP://127.0.0.1:8080", false),
            // Without a scheme it is plain HTTP.
            ("127.0.0.1:8080", false),
        ] {
            let mut merged = merged();
            let cluster = Cluster {
                server: server.into(),
                ..Cluster::default()
            };
            merged.clusters.insert("a".into(), cluster);
            let selected = select(&merged, Some("nobody"), &Overrides::default(), "f");
            assert_eq!(selected.is_err(), is_refused, "{server}");
            // A flag names a user that has to exist, with and without TLS.
            let flag = Overrides {
                user: text("uu"),
                ..Overrides::default()
            };
            let refused = select(&merged, Some("nobody"), &flag, "f").err();
            let message = refused.map(|failure| failure.message);
            assert_eq!(
                message.as_deref(),
                Some("user \"uu\" does not exist in f"),
                "{server}"
            );
        }
    }

    #[test]
    fn groups_without_a_user_are_refused() {
        let user = |impersonate: Option<String>| Overrides {
            user: text("v"),
            impersonate,
            ..Overrides::default()
        };
        let refused = selected(None, &user(None)).err().expect("groups alone");
        assert!(refused.contains("without a user"), "{refused}");
        assert!(selected(None, &user(text("joe"))).is_ok());
    }

    #[test]
    fn a_context_that_names_a_missing_entry_is_refused_with_the_entries_there_are() {
        let refused = |context: &str, overrides: &Overrides| {
            let failure =
                select(&merged(), Some(context), overrides, "f").map(|selected| selected.no_cluster);
            let failure = failure
                .err()
                .or_else(|| selected(Some(context), overrides).ok()?.no_cluster);
            failure.map(|failure| format!("{failure}; {}", failure.hint()))
        };
        let usual = Overrides::default();
        assert_eq!(
            refused("nobody", &usual).as_deref(),
            Some(
                "context \"nobody\" names the user \"uu\", which does not exist in f; did you mean \"u\"? kubectl config \
                  set-context nobody --user=u"
            )
        );
        assert_eq!(
            refused("stranger", &usual).as_deref(),
            Some(
                "context \"stranger\" names the user \"somebody\", which does not exist in f; there is \"u\", \"v\": give \
                  --user, or mend the context"
            )
        );
        assert_eq!(
            refused("nowhere", &usual).as_deref(),
            Some(
                "context \"nowhere\" names the cluster \"clusters\", which does not exist in f; there is \"a\", \"b\": give \
                  --cluster, or mend the context"
            )
        );
        // Flags that bring a credential, or another user, are enough; over plain HTTP none is sent.
        for overrides in [
            Overrides {
                token: text("t"),
                ..Overrides::default()
            },
            Overrides {
                user: text("u"),
                ..Overrides::default()
            },
            Overrides {
                server: text("http://127.0.0.1:8080"),
                ..Overrides::default()
            },
        ] {
            assert_eq!(refused("nobody", &overrides), None);
        }
    }
}
