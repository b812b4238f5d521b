//! Client certificates and their keys.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::{Value, json};

#[test]
fn the_same_client_certificates_are_sent_and_refused() {
    let f = Fixture::get();
    let alice = Kubeconfig::new(f);
    let with = |credential: Value| alice.clone().credential(credential);
    let files = |certificate: &str, key: &str| {
        with(json!({"client-certificate": f.path(certificate), "client-key": f.path(key)}))
    };
    let inline = |certificate: &str, key: &str| {
        with(json!({"client-certificate-data": f.inline(certificate), "client-key-data": f.inline(key)}))
    };
    let [certificate, key] = ["bob.crt", "bob.key"].map(|file| f.path(file));

    let rows = [
        Row::new("by path", &files("alice.crt", "alice.key")),
        Row::new("in one file with the key", &files("alice.pem", "alice.pem")),
        Row::new(
            "inline, with a key in PKCS 8",
            &inline("alice.crt", "alice.pkcs8.key"),
        ),
        Row::new(
            "inline, and by path",
            &inline("alice.crt", "alice.key").user(json!({
            "client-certificate": certificate, "client-key": key})),
        ),
        Row::new(
            "inline, and a path that is missing",
            &inline("alice.crt", "alice.key").user(json!({
            "client-certificate": "{dir}/missing", "client-key": "{dir}/missing"})),
        ),
        Row::new(
            "the certificate inline and the key by path",
            &with(json!({
            "client-certificate-data": f.inline("alice.crt"), "client-key": f.path("alice.key")})),
        ),
        Row::new(
            "the certificate's file is missing",
            &files("missing.crt", "alice.key"),
        ),
        Row::new("the key's file is missing", &files("alice.crt", "missing.key")),
        Row::new(
            "a certificate without a key",
            &with(json!({"client-certificate-data": f.inline("alice.crt")})),
        ),
        Row::new(
            "a key without a certificate",
            &with(json!({"client-key-data": f.inline("alice.key")})),
        ),
        Row::new("the key of another certificate", &inline("alice.crt", "bob.key")),
        Row::new("an encrypted key", &inline("alice.crt", "alice.encrypted.key")),
        Row::new(
            "an encrypted key in PKCS 8",
            &inline("alice.crt", "alice.encrypted.pkcs8.key"),
        ),
        Row::new(
            "broken base64",
            &with(json!({
            "client-certificate-data": "not/base64!", "client-key-data": f.inline("alice.key")})),
        ),
        Row::new("base64 of what is no PEM", &inline("not-pem", "alice.key")),
        Row::new(
            "base64 in several lines",
            &with(json!({
            "client-certificate-data": folded(&f.inline("alice.crt")), "client-key-data": folded(&f.inline("alice.key"))})),
        ),
        Row::new("an empty file", &files("empty", "empty")),
        Row::new(
            "the certificate has expired",
            &inline("expired.crt", "expired.key"),
        ),
        Row::new(
            "the certificate is of another authority",
            &inline("other-ca.crt", "alice.key"),
        ),
        Row::new("--client-certificate and --client-key over inline ones", &alice).flags([
            "--client-certificate",
            &certificate,
            "--client-key",
            &key,
        ]),
        Row::new(
            "--client-certificate and --client-key over paths",
            &files("alice.crt", "alice.key"),
        )
        .flags(["--client-certificate", &certificate, "--client-key", &key]),
        Row::new("--client-certificate without --client-key", &alice)
            .flags(["--client-certificate", &certificate]),
        Row::new("--client-certificate without a key anywhere", &with(json!({})))
            .flags(["--client-certificate", &certificate]),
        Row::new("--client-certificate is missing", &alice)
            .flags(["--client-certificate={dir}/missing", "--client-key={dir}/missing"]),
        Row::new(
            "--client-certificate relative to the working directory",
            &with(json!({})),
        )
        .file("bob.crt", f.read("bob.crt"))
        .file("bob.key", f.read("bob.key"))
        .flags(["--client-certificate=bob.crt", "--client-key=bob.key"]),
    ];
    compare(&rows, &[]);
}

fn folded(text: &str) -> String {
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap_or_default())
        .collect();
    lines.join("\n") + "\n"
}
