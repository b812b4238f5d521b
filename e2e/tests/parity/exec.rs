//! Exec plugins: what they are told, how often they are run, and which of their answers are taken.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::{Value, json};

#[test]
fn exec_plugins_are_run_told_and_believed_in_the_same_way() {
    let f = Fixture::get();
    let alice = Kubeconfig::new(f);
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/credential");
    let exec = |fields: Value| {
        let mut section = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": program,
            "args": ["token"],
            "env": [{"name": "TOKEN_FILE", "value": f.path("token")}],
            "interactiveMode": "Never",
        });
        let Value::Object(fields) = fields else {
            panic!("only objects have fields");
        };
        for (name, value) in fields {
            section[name.as_str()] = value;
        }
        if let Some(entries) = section.as_object_mut() {
            entries.retain(|_, value| !value.is_null());
        }
        alice.clone().credential(json!({"exec": section}))
    };
    let environment = |name: &str, value: &str| json!([{"name": "TOKEN_FILE", "value": f.path("token")}, {"name": name, "value": value}]);
    let beta = "client.authentication.k8s.io/v1beta1";
    let wrapper = |words: &str| format!("#!/bin/sh\nexec {program} {words}\n");
    let says = |name, text: &str| Row::new(name, &exec(json!({"args": ["say", text]})));
    let status = |name, status: Value| Row::new(name, &exec(json!({"args": ["status", status.to_string()]})));

    let rows = [
        Row::new("a token by v1", &exec(json!({}))),
        Row::new("a token by v1beta1", &exec(json!({"apiVersion": beta, "env": environment("VERSION", "v1beta1")}))),
        Row::new("a token by v1beta1 without interactiveMode", &exec(json!({
            "apiVersion": beta, "env": environment("VERSION", "v1beta1"), "interactiveMode": Value::Null}))),
        Row::new("v1alpha1", &exec(json!({
            "apiVersion": "client.authentication.k8s.io/v1alpha1", "env": environment("VERSION", "v1alpha1")}))),
        Row::new("no apiVersion", &exec(json!({"apiVersion": Value::Null}))),
        Row::new("an answer of another version than was asked for", &exec(json!({"env": environment("VERSION", "v1beta1")}))),
        Row::new("an answer of another kind", &exec(json!({"env": environment("KIND", "TokenReview")}))),
        Row::new("v1 without interactiveMode", &exec(json!({"interactiveMode": Value::Null}))),
        Row::new("interactiveMode IfAvailable without a terminal", &exec(json!({"interactiveMode": "IfAvailable"}))),
        Row::new("interactiveMode Always without a terminal", &exec(json!({"interactiveMode": "Always"}))),
        Row::new("interactiveMode that nobody knows", &exec(json!({"interactiveMode": "Sometimes"}))),
        Row::new("the plugin is told the cluster", &exec(json!({
            "provideClusterInfo": true, "args": ["token-if-server-is", f.server()]}))),
        Row::new("the plugin is not told the cluster", &exec(json!({
            "provideClusterInfo": false, "args": ["token-if-server-is", f.server()]}))),
        Row::new("the plugin is told all about the cluster", &exec(json!({"provideClusterInfo": true})).cluster(json!({
            "server": f.away(), "tls-server-name": "localhost", "disable-compression": true,
            "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "prod", "n": 1}}]}))),
        Row::new("the plugin is told of a cluster without verification", &exec(json!({"provideClusterInfo": true})).cluster(json!({
            "certificate-authority-data": Value::Null, "insecure-skip-tls-verify": true}))),
        Row::new("the plugin is told the CA that is a file", &exec(json!({"provideClusterInfo": true})).cluster(json!({
            "certificate-authority-data": Value::Null, "certificate-authority": f.path("ca.crt")}))),
        Row::new("the plugin is told what flags say of the cluster", &exec(json!({"provideClusterInfo": true})))
            .flags([&format!("--server={}", f.away()), "--tls-server-name=localhost"]),
        Row::new("the plugin gets its variables and this process's", &exec(json!({"env": environment("SAID", "by the kubeconfig")})))
            .variable("SAID", "by the environment"),
        Row::new("the plugin gets this process's variables", &exec(json!({})) ).variable("SAID", "by the environment"),
        Row::new("env is null", &exec(json!({"env": Value::Null}))).variable("TOKEN_FILE", f.path("token")),
        Row::new("args with spaces", &exec(json!({"args": ["token", "two words", "$HOME", ""]}))),
        Row::new("a client certificate", &exec(json!({"args": ["certificate", f.path("alice.crt"), f.path("alice.key")]}))),
        Row::new("the key of another certificate", &exec(json!({"args": ["certificate", f.path("alice.crt"), f.path("bob.key")]}))),
        Row::new("a client certificate that is no PEM", &exec(json!({"args": ["certificate", f.path("not-pem"), f.path("alice.key")]}))),
        Row::new("a client certificate that has expired", &exec(json!({"args": ["certificate", f.path("expired.crt"), f.path("expired.key")]}))),
        status("a client certificate without its key", json!({"clientCertificateData": f.read("alice.crt")})),
        status("a certificate and a token", json!({
            "clientCertificateData": f.read("alice.crt"), "clientKeyData": f.read("alice.key"), "token": f.read("token")})),
        status("neither a token nor a certificate", json!({})),
        status("an empty token", json!({"token": ""})),
        status("a token that the API server does not know", json!({"token": "not-a-token"})),
        status("a token with a line end", json!({"token": format!("{}\n", f.read("token"))})),
        status("an expirationTimestamp that is no time", json!({"token": f.read("token"), "expirationTimestamp": "soon"})),
        Row::new("a token that lasts", &exec(json!({"env": environment("UNTIL", "2099-01-01T00:00:00Z")}))),
        Row::new("a token that lasts, in another time zone", &exec(json!({"env": environment("UNTIL", "2099-01-01T00:00:00+05:30")}))),
        Row::new("a token that is said to have expired", &exec(json!({"env": environment("UNTIL", "2020-01-01T00:00:00Z")}))),
        Row::new("the plugin fails", &exec(json!({"args": ["fail"]}))),
        Row::new("the plugin fails and has an installHint", &exec(json!({"args": ["fail"], "installHint": "install it"}))),
        Row::new("the plugin warns on stderr", &exec(json!({"args": ["token-with-warning"]}))),
        Row::new("the plugin takes two seconds", &exec(json!({"args": ["slow-token"]}))),
        says("the plugin says nothing", ""),
        says("the plugin says no JSON", "Please log in at https://login.example"),
        says("the plugin says YAML", &format!(
            "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus:\n  token: {}", f.read("token"))),
        says("the plugin says an ExecCredential without a status",
            r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}"#),
        says("the plugin says more than was asked", &format!(
            r#"{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","extra":1,"status":{{"token":"{}","more":2}}}}"#,
            f.read("token"))),
        Row::new("the command is missing", &exec(json!({"command": "no-such-credential-plugin", "installHint": "Install it with:\n  brew install it"}))),
        Row::new("the command is a path that is missing", &exec(json!({"command": "/no/such/plugin"}))),
        Row::new("the command is empty", &exec(json!({"command": ""}))),
        Row::new("the command is a directory", &exec(json!({"command": "/tmp"}))),
        Row::new("the command is not executable", &exec(json!({"command": "./plugin"}))).file(".kube/plugin", wrapper("token")),
        Row::new("the command is relative to the kubeconfig", &exec(json!({"command": "./sub/plugin"})))
            .file("executable:.kube/sub/plugin", wrapper("token")),
        Row::new("the command is relative to the kubeconfig without a leading dot", &exec(json!({"command": "sub/plugin"})))
            .file("executable:.kube/sub/plugin", wrapper("token")),
        Row::new("the command is not relative to the working directory", &exec(json!({"command": "./sub/plugin"})))
            .file("executable:sub/plugin", wrapper("token")),
        Row::new("the command is found on the PATH", &exec(json!({"command": "credential-of-the-path"})))
            .file("executable:bin/credential-of-the-path", wrapper("token"))
            .variable("PATH", "{dir}/bin:/usr/local/bin:/usr/bin:/bin"),
        Row::new("a bare command is not looked for beside the kubeconfig", &exec(json!({"command": "plugin"})))
            .file("executable:.kube/plugin", wrapper("token")),
        Row::new("a token beside the plugin", &exec(json!({})).user(json!({"token": f.read("token")}))),
        Row::new("a wrong token beside the plugin", &exec(json!({})).user(json!({"token": "not-a-token"}))),
        Row::new("a client certificate beside the plugin", &exec(json!({})).user(f.certificate("alice"))),
        Row::new("--token beside the plugin", &exec(json!({"args": ["fail"]}))).flags([&format!("--token={}", f.read("token"))]),
        Row::new("--client-certificate beside the plugin", &exec(json!({"args": ["fail"]})))
            .flags([&format!("--client-certificate={}", f.path("bob.crt")), &format!("--client-key={}", f.path("bob.key"))]),
        Row::new("--as beside the plugin", &exec(json!({"args": ["certificate", f.path("carol.crt"), f.path("carol.key")]})))
            .flags(["--as=dave", "--as-group=ops"]),
        Row::new("a plugin of a user that is not in force", &alice.clone().another("users", json!({"name": "other", "user": {
            "exec": {"apiVersion": "client.authentication.k8s.io/v1alpha1", "command": "/no/such/plugin"}}}))),
        Row::new("without TLS the plugin is not run", &exec(json!({"args": ["fail"]})).cluster(json!({"server": "http://127.0.0.1:1"}))),
    ];
    compare(&rows, &[]);
}
