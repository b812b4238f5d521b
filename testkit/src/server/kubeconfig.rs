//! Owns the text of a kubeconfig file.
//! Must not know the users of the server.

use std::path::Path;

use serde_json::Value;

/// A kubeconfig with one context.
pub(crate) struct Kubeconfig<'a> {
    pub server: &'a str,
    /// The file with the CA; `None` for plain HTTP.
    pub ca: Option<&'a Path>,
    pub token: &'a str,
    pub context: &'a str,
    pub namespace: Option<&'a str>,
}

impl Kubeconfig<'_> {
    pub fn to_yaml(&self) -> String {
        // A JSON string is a quoted string of YAML too.
        let quoted = |text: &str| Value::from(text).to_string();
        let ca = self.ca.map_or_else(String::new, |path| {
            format!(
                "    certificate-authority: {}\n",
                quoted(&path.display().to_string())
            )
        });
        let namespace = self.namespace.map_or_else(String::new, |namespace| {
            format!("    namespace: {}\n", quoted(namespace))
        });
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {context}\nclusters:\n- name: testkit\n  cluster:\n    \
             server: {server}\n{ca}users:\n- name: testkit\n  user:\n    token: {token}\ncontexts:\n- name: \
             {context}\n  context:\n    cluster: testkit\n    user: testkit\n{namespace}",
            context = quoted(self.context),
            server = quoted(self.server),
            token = quoted(self.token),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_names_server_authority_token_context_and_namespace() {
        let mut config = Kubeconfig {
            server: "https://127.0.0.1:6443",
            ca: Some(Path::new("/tmp/ca.crt")),
            token: "se\"cret",
            context: "prod",
            namespace: Some("shop"),
        };
        assert_eq!(
            config.to_yaml(),
            r#"apiVersion: v1
kind: Config
current-context: "prod"
clusters:
- name: testkit
  cluster:
    server: "https://127.0.0.1:6443"
    certificate-authority: "/tmp/ca.crt"
users:
- name: testkit
  user:
    token: "se\"cret"
contexts:
- name: "prod"
  context:
    cluster: testkit
    user: testkit
    namespace: "shop"
"#
        );
        config.ca = None;
        config.namespace = None;
        assert!(!config.to_yaml().contains("certificate-authority"));
        assert!(!config.to_yaml().contains("namespace"));
    }
}
