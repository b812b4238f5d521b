//! Tokens, passwords and what is left of auth providers; and which of several credentials counts.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::{Value, json};

#[test]
fn the_same_token_or_password_is_sent() {
    let f = Fixture::get();
    let alice = Kubeconfig::new(f);
    let token = f.read("token");
    let with = |credential: Value| alice.clone().credential(credential);
    let provider =
        |name: &str, config: Value| with(json!({"auth-provider": {"name": name, "config": config}}));
    let flag = format!("--token={token}");
    let [certificate, key] = ["crt", "key"].map(|extension| f.path(&format!("bob.{extension}")));

    let rows = [
        Row::new("a token", &with(json!({"token": token}))),
        Row::new(
            "a token that the API server does not know",
            &with(json!({"token": "not-a-token"})),
        ),
        Row::new(
            "a token with a line end",
            &with(json!({"token": format!("{token}\n")})),
        ),
        Row::new("a token that is no ASCII", &with(json!({"token": "schlüssel"}))),
        Row::new(
            "a token of ten thousand characters",
            &with(json!({"token": f.read("token.long")})),
        ),
        Row::new("an empty token", &with(json!({"token": ""}))),
        Row::new("a token file", &with(json!({"tokenFile": f.path("token")}))),
        Row::new(
            "a token file that ends with a line end",
            &with(json!({"tokenFile": f.path("token.newline")})),
        ),
        Row::new(
            "a token file with white space around the token",
            &with(json!({"tokenFile": f.path("token.spaces")})),
        ),
        Row::new(
            "a token file that is missing",
            &with(json!({"tokenFile": "{dir}/missing"})),
        ),
        Row::new(
            "a token file that is empty",
            &with(json!({"tokenFile": f.path("empty")})),
        ),
        Row::new(
            "a token file that is a directory",
            &with(json!({"tokenFile": "{dir}"})),
        ),
        Row::new(
            "a token file relative to its kubeconfig",
            &with(json!({"tokenFile": "token"})),
        )
        .file(".kube/token", token.clone()),
        Row::new(
            "a wrong token, and a token file",
            &with(json!({"token": "not-a-token", "tokenFile": f.path("token")})),
        ),
        Row::new(
            "a token, and a file with a wrong one",
            &with(json!({"token": token, "tokenFile": "wrong"})),
        )
        .file(".kube/wrong", "not-a-token"),
        Row::new(
            "a token, and a token file that is missing",
            &with(json!({"token": token, "tokenFile": "{dir}/missing"})),
        ),
        Row::new(
            "a client certificate, and a token",
            &alice.clone().user(json!({"token": token})),
        ),
        Row::new(
            "a client certificate, and a wrong token",
            &alice.clone().user(json!({"token": "not-a-token"})),
        ),
        Row::new("--token over a client certificate", &alice).flags([&flag]),
        Row::new("a wrong --token over a client certificate", &alice).flags(["--token=not-a-token"]),
        Row::new("--token over a token", &with(json!({"token": "not-a-token"}))).flags([&flag]),
        Row::new(
            "--token over a token file",
            &with(json!({"tokenFile": "{dir}/missing"})),
        )
        .flags([&flag]),
        Row::new(
            "--token over a password",
            &with(json!({"username": "alice", "password": "secret"})),
        )
        .flags([&flag]),
        Row::new("--token over no credential", &with(json!({}))).flags([&flag]),
        Row::new("an empty --token is none", &alice).flags(["--token="]),
        Row::new(
            "--client-certificate over a token",
            &with(json!({"token": token})),
        )
        .flags(["--client-certificate", &certificate, "--client-key", &key]),
        Row::new(
            "a password",
            &with(json!({"username": "alice", "password": "secret"})),
        ),
        Row::new(
            "a user name without a password",
            &with(json!({"username": "alice"})),
        ),
        Row::new(
            "a password, and a client certificate",
            &alice
                .clone()
                .user(json!({"username": "alice", "password": "secret"})),
        ),
        Row::new(
            "a password, and a token",
            &with(json!({"username": "alice", "password": "secret", "token": token})),
        ),
        Row::new("no credential", &with(json!({}))),
        Row::new(
            "the auth provider that kubectl had for Google",
            &provider("gcp", json!({"access-token": token})),
        ),
        Row::new(
            "the auth provider that kubectl had for Azure",
            &provider("azure", json!({})),
        ),
        Row::new("an auth provider that nobody knows", &provider("acme", json!({}))),
        Row::new(
            "the auth provider oidc without its settings",
            &provider("oidc", json!({})),
        ),
        Row::new(
            "the auth provider oidc with a token that has not expired",
            &provider(
                "oidc",
                json!({"idp-issuer-url": "https://127.0.0.1:1", "client-id": "kubectl", "id-token": token}),
            ),
        )
        .differs("the plugin runs no auth provider; it says what replaces them"),
    ];
    compare(&rows, &[]);
}
