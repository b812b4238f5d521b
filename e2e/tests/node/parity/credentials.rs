//! Tokens, certificates and passwords in a kubeconfig.

use super::row::Expected::{Asks, Fails, Forbidden, Unauthorized, Works};
use super::row::Row;
use super::testbed::{
    ALICE, READER, Testbed, WRITER, WRONG_TOKEN, base64, by_certificate, config, config_with, with,
};
use serde_json::{Value, json};

pub fn rows(testbed: &Testbed) -> Vec<Row> {
    [
        tokens(testbed),
        certificates(testbed),
        keys(testbed),
        others(testbed),
    ]
    .concat()
}

fn tokens(testbed: &Testbed) -> Vec<Row> {
    let user = |name: &str, expected, user: Value| {
        Row::new(name, expected).kubeconfig(&config(&testbed.cluster(), &user))
    };
    let file = |name: &str, expected, text: &str| {
        user(name, expected, json!({"tokenFile": "{here}/token"})).file("token", text)
    };
    let (token, writer) = (&testbed.token, &testbed.writer_token);
    let both = |name: &str, expected| user(name, expected, json!({"token": token, "tokenFile": "token"}));
    vec![
        user("a token", Works(READER), json!({"token": token})),
        user(
            "a token and a new line",
            Fails("invalid header field value"),
            json!({"token": format!("{token}\n")}),
        ),
        user(
            "a token and spaces",
            Works(READER),
            json!({"token": format!("{token}  ")}),
        ),
        user("an unknown token", Unauthorized, json!({"token": WRONG_TOKEN})),
        user("an empty token", Asks, json!({"token": ""})),
        user(
            "a token in capitals",
            Unauthorized,
            json!({"token": token.to_uppercase()}),
        ),
        file("a token file", Works(READER), token),
        file(
            "a token file that ends with a new line",
            Works(READER),
            &format!("{token}\n"),
        ),
        file("a token file of Windows", Works(READER), &format!("{token}\r\n")),
        file(
            "a token file with space around",
            Works(READER),
            &format!("\n  {token}\t\n\n"),
        ),
        file("a token file with an unknown token", Unauthorized, WRONG_TOKEN),
        file("an empty token file", Asks, ""),
        file(
            "a token file with nothing but a new line",
            Fails("invalid header field value"),
            "\n",
        ),
        user(
            "a token file that is missing",
            Fails("no such file"),
            json!({"tokenFile": "{here}/none"}),
        ),
        user(
            "a token file that is a directory",
            Fails("is a directory"),
            json!({"tokenFile": "{here}/home"}),
        ),
        user(
            "a relative token file",
            Works(READER),
            json!({"tokenFile": "secret/token"}),
        )
        .file("secret/token", token),
        both("a token file comes before a token", Works(WRITER)).file("token", writer),
        both("a token file that is missing leaves the token", Works(READER)),
        both("an empty token file leaves the token", Works(READER)).file("token", "\n"),
        user(
            "a token and a certificate",
            Works(ALICE),
            with(by_certificate(&testbed.alice), &json!({"token": token})),
        ),
        user(
            "an unknown token and a certificate",
            Works(ALICE),
            with(by_certificate(&testbed.alice), &json!({"token": WRONG_TOKEN})),
        ),
        user(
            "a token and a certificate of a stranger",
            Works(READER),
            with(by_certificate(&testbed.stranger), &json!({"token": token})),
        ),
        user(
            "a token and a password",
            Fails("more than one authentication method"),
            json!({"token": token, "username": "a", "password": "b"}),
        ),
    ]
}

fn certificates(testbed: &Testbed) -> Vec<Row> {
    let alice = &testbed.alice;
    let (certificate, key) = (base64(&alice.certificate), base64(&alice.key));
    let user = |name: &str, expected, user: Value| {
        Row::new(name, expected)
            .kubeconfig(&config(&testbed.cluster(), &user))
            .file("alice.crt", &alice.certificate)
            .file("alice.key", &alice.key)
            .file("ivan.key", &testbed.ivan.key)
            .file("both.pem", &[&*alice.key, &*alice.certificate].concat())
    };
    let described = format!(
        "Certificate:\n    Data:\n        Version: 3 (0x2)\nsubject=CN = alice\n{}\n",
        alice.certificate
    );
    let chain = [&*alice.certificate, &*testbed.authority.own.certificate].concat();
    let one_line = base64(&alice.certificate.replace('\n', "\r\n"));
    vec![
        user("a certificate", Works(ALICE), by_certificate(alice)),
        user(
            "a certificate in files",
            Works(ALICE),
            json!({"client-certificate": "{here}/alice.crt", "client-key": "{here}/alice.key"}),
        ),
        user(
            "a certificate in a file and its key in the kubeconfig",
            Works(ALICE),
            json!({"client-certificate": "alice.crt", "client-key-data": key}),
        ),
        user(
            "a key in a file and its certificate in the kubeconfig",
            Works(ALICE),
            json!({"client-certificate-data": certificate, "client-key": "alice.key"}),
        ),
        user(
            "certificate and key in one file",
            Works(ALICE),
            json!({"client-certificate": "both.pem", "client-key": "both.pem"}),
        ),
        user(
            "a certificate that is described before it",
            Works(ALICE),
            json!({"client-certificate-data": base64(&described), "client-key-data": key}),
        ),
        user(
            "a certificate with its authority's",
            Works(ALICE),
            json!({"client-certificate-data": base64(&chain), "client-key-data": key}),
        ),
        user(
            "a certificate with line ends of Windows",
            Works(ALICE),
            json!({"client-certificate-data": one_line, "client-key-data": key}),
        ),
        user(
            "a certificate without a key",
            Fails("client-key-data or client-key must be specified"),
            json!({"client-certificate-data": certificate}),
        ),
        user(
            "a key without a certificate",
            Asks,
            json!({"client-key-data": key}),
        ),
        user(
            "a key of another",
            Fails("private key does not match public key"),
            json!({"client-certificate-data": certificate, "client-key-data": base64(&testbed.ivan.key)}),
        ),
        user(
            "a key of another in files",
            Fails("private key does not match public key"),
            json!({"client-certificate": "alice.crt", "client-key": "ivan.key"}),
        ),
        user(
            "a key of another kind",
            Fails("private key type does not match public key type"),
            json!({"client-certificate-data": certificate, "client-key-data": base64(&testbed.alice_rsa.key)}),
        ),
        user(
            "a certificate twice",
            Fails("are both specified"),
            json!({"client-certificate-data": certificate, "client-certificate": "alice.crt", "client-key-data": key}),
        ),
        user(
            "a key twice",
            Fails("are both specified"),
            json!({"client-certificate-data": certificate, "client-key": "alice.key", "client-key-data": key}),
        ),
        user(
            "a certificate that is missing",
            Fails("no such file"),
            json!({"client-certificate": "none.crt", "client-key": "alice.key"}),
        ),
        user(
            "a key that is missing",
            Fails("no such file"),
            json!({"client-certificate": "alice.crt", "client-key": "none.key"}),
        ),
        user(
            "a certificate that is none",
            Fails("failed to find any PEM data in certificate"),
            json!({"client-certificate-data": base64("nothing"), "client-key-data": key}),
        ),
        user(
            "a key that is none",
            Fails("failed to find any PEM data in key"),
            json!({"client-certificate-data": certificate, "client-key-data": base64("nothing")}),
        ),
        user(
            "certificate and key exchanged",
            Fails(""),
            json!({"client-certificate-data": key, "client-key-data": certificate}),
        ),
        user(
            "certificate data that is not base64",
            Fails("illegal base64"),
            json!({"client-certificate-data": "%%%", "client-key-data": key}),
        ),
        user(
            "a certificate cut in half",
            Fails(""),
            json!({"client-certificate-data": base64(&alice.certificate[..alice.certificate.len() / 2]), "client-key-data": key}),
        ),
        user(
            "a certificate that has expired",
            Unauthorized,
            by_certificate(&testbed.alice_expired),
        ),
        user(
            "a certificate of an unknown authority",
            Unauthorized,
            by_certificate(&testbed.stranger),
        ),
    ]
}

fn keys(testbed: &Testbed) -> Vec<Row> {
    let pair = |name: &str, expected, certificate: &str, key: &str| {
        let user = json!({"client-certificate-data": base64(certificate), "client-key-data": base64(key)});
        Row::new(name, expected).kubeconfig(&config(&testbed.cluster(), &user))
    };
    let version_1 = &testbed.alice_version_1;
    let convert = |key: &str, arguments: &[&str]| testbed.authority.convert(key, arguments);
    let (alice, rsa, ed25519) = (&testbed.alice, &testbed.alice_rsa, &testbed.alice_ed25519);
    let sec1 = convert(&alice.key, &["ec"]);
    let with_parameters =
        format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{sec1}");
    let pkcs1 = convert(&rsa.key, &["rsa", "-traditional"]);
    let encrypted = convert(
        &alice.key,
        &["pkcs8", "-topk8", "-v2", "aes-128-cbc", "-passout", "pass:secret"],
    );
    let old_encrypted = convert(&alice.key, &["ec", "-aes128", "-passout", "pass:secret"]);
    vec![
        pair(
            "a certificate of X.509 version 1",
            Works(ALICE),
            &version_1.certificate,
            &version_1.key,
        ),
        pair("a key in PKCS 8", Works(ALICE), &alice.certificate, &alice.key),
        pair("a key in SEC 1", Works(ALICE), &alice.certificate, &sec1),
        pair(
            "a key in SEC 1 after its parameters",
            Works(ALICE),
            &alice.certificate,
            &with_parameters,
        ),
        pair("a key of RSA in PKCS 8", Works(ALICE), &rsa.certificate, &rsa.key),
        pair("a key of RSA in PKCS 1", Works(ALICE), &rsa.certificate, &pkcs1),
        pair(
            "a key of Ed25519",
            Works(ALICE),
            &ed25519.certificate,
            &ed25519.key,
        ),
        pair(
            "an encrypted key",
            Fails("failed to parse private key"),
            &alice.certificate,
            &encrypted,
        ),
        pair(
            "a key encrypted in the old way",
            Fails(""),
            &alice.certificate,
            &old_encrypted,
        ),
    ]
}

fn others(testbed: &Testbed) -> Vec<Row> {
    let user = |name: &str, expected, user: Value| {
        Row::new(name, expected).kubeconfig(&config(&testbed.cluster(), &user))
    };
    let at = |name: &str, expected, server: String, user: Value| {
        Row::new(name, expected).kubeconfig(&config(&json!({"server": server}), &user))
    };
    let gateway = format!("http://{}:{}", testbed.address.ip(), testbed.fronts.gateway);
    let plain = format!("http://127.0.0.1:{}", testbed.fronts.plain);
    vec![
        user("no credential", Asks, json!({})),
        user(
            "a name and a password",
            Forbidden,
            json!({"username": "somebody", "password": "something"}),
        ),
        user(
            "a name without a password",
            Forbidden,
            json!({"username": "somebody"}),
        ),
        user(
            "a password without a name",
            Asks,
            json!({"password": "something"}),
        ),
        user(
            "an auth-provider that is gone",
            Fails("The gcp auth plugin has been removed"),
            json!({"auth-provider": {"name": "gcp"}}),
        ),
        user(
            "an auth-provider that is unknown",
            Fails("no Auth Provider found for name \"nobody\""),
            json!({"auth-provider": {"name": "nobody", "config": {"a": "b"}}}),
        ),
        at(
            "a server without TLS that says who asks",
            Works(READER),
            gateway.clone(),
            json!({}),
        ),
        at(
            "a server without TLS, and a token",
            Works(READER),
            gateway.clone(),
            json!({"token": testbed.writer_token}),
        ),
        at(
            "a server without TLS, and a token file that is missing",
            Works(READER),
            gateway.clone(),
            json!({"tokenFile": "none"}),
        ),
        at(
            "a server without TLS, and a certificate that is missing",
            Fails("no such file"),
            gateway.clone(),
            json!({"client-certificate": "none", "client-key": "none"}),
        ),
        at(
            "a server without TLS, and an auth-provider",
            Works(READER),
            gateway.clone(),
            json!({"auth-provider": {"name": "gcp"}}),
        ),
        Row::new(
            "a server without TLS, and a context whose user is unknown",
            Works(READER),
        )
        .kubeconfig(&config_with(
            &json!({"server": gateway}),
            &json!({}),
            &json!({"cluster": "c", "user": "nobody"}),
        )),
        at(
            "a server without TLS, and --user with an unknown one",
            Fails("auth info \"nobody\" does not exist"),
            gateway.clone(),
            json!({}),
        )
        .flags(&["--user", "nobody"]),
        at(
            "a server without TLS, and a path",
            Works(READER),
            format!("{gateway}/k8s/clusters/c-1"),
            json!({}),
        ),
        at(
            "no token is sent without TLS",
            Forbidden,
            plain.clone(),
            json!({"token": testbed.token}),
        ),
        at(
            "no password is sent without TLS",
            Forbidden,
            plain.clone(),
            json!({"username": "a", "password": "b"}),
        ),
        at(
            "a user is impersonated without TLS too",
            Forbidden,
            gateway,
            json!({"as": "bob"}),
        ),
        at(
            "TLS is spoken to a port without it",
            Fails("server gave HTTP response to HTTPS client"),
            plain.replace("http:", "https:"),
            json!({"token": testbed.token}),
        ),
        at(
            "no TLS is spoken to a port with it",
            Fails("the server rejected our request"),
            testbed.server().replace("https:", "http:"),
            json!({"token": testbed.token}),
        ),
    ]
}
