//! Certificates of servers, and addresses and paths of servers.

use super::row::Expected::{Fails, Forbidden, Works};
use super::row::Row;
use super::testbed::{ALICE, HIDDEN, READER, Testbed, base64, by_certificate, config, with};
use serde_json::{Value, json};

const UNKNOWN: &str = "x509: certificate signed by unknown authority";

pub fn rows(testbed: &Testbed) -> Vec<Row> {
    [authorities(testbed), names(testbed), ways(testbed)].concat()
}

fn trusting(testbed: &Testbed, port: u16, authority: &str) -> Value {
    with(
        testbed.front(port),
        &json!({"certificate-authority-data": base64(authority)}),
    )
}

fn authorities(testbed: &Testbed) -> Vec<Row> {
    let fronts = &testbed.fronts;
    let own = &testbed.authority.own.certificate;
    let other = &testbed.front_authority.own.certificate;
    let row = |name: &str, expected, cluster: &Value| {
        Row::new(name, expected).kubeconfig(&config(cluster, &testbed.reader()))
    };
    let trust = |name: &str, expected, port: u16, authority: &str| {
        row(name, expected, &trusting(testbed, port, authority))
    };
    let no_verification =
        |port: u16| json!({"server": format!("https://127.0.0.1:{port}"), "insecure-skip-tls-verify": true});
    let none = json!({"server": format!("https://127.0.0.1:{}", fronts.front)});
    let bundle = format!("# those of the team\n\nsubject=CN = one\n{own}\n# and\n{other}");
    let rotten = format!("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n{other}");
    let with_key = format!("{}{other}", testbed.front_authority.own.key);
    let by_path = |path: &str| with(none.clone(), &json!({"certificate-authority": path}));
    vec![
        trust("an authority", Works(READER), fronts.front, other),
        trust("another authority", Fails(UNKNOWN), fronts.front, own),
        trust("a bundle of authorities", Works(READER), fronts.front, &bundle),
        trust(
            "an authority after one that is none",
            Works(READER),
            fronts.front,
            &rotten,
        ),
        trust(
            "an authority after its key",
            Works(READER),
            fronts.front,
            &with_key,
        ),
        trust(
            "an authority with line ends of Windows",
            Works(READER),
            fronts.front,
            &other.replace('\n', "\r\n"),
        ),
        trust(
            "an authority that is none",
            Fails("unable to load root certificates"),
            fronts.front,
            "nothing",
        ),
        trust(
            "an authority cut in half",
            Fails("unable to load root certificates"),
            fronts.front,
            &other[..other.len() / 2],
        ),
        row("an authority in a file", Works(READER), &by_path("{here}/ca.crt")).file("ca.crt", other),
        row(
            "an authority in a relative file",
            Works(READER),
            &by_path("pki/ca.crt"),
        )
        .file("pki/ca.crt", other),
        row("an empty file of an authority", Fails("x509"), &by_path("ca.crt")).file("ca.crt", ""),
        row(
            "an authority that is missing",
            Fails("no such file"),
            &by_path("ca.crt"),
        ),
        row(
            "an authority twice",
            Fails("both specified"),
            &with(
                testbed.front(fronts.front),
                &json!({"certificate-authority": "ca.crt"}),
            ),
        )
        .file("ca.crt", other),
        row("no authority", Fails(UNKNOWN), &none),
        row("the system's authorities by SSL_CERT_FILE", Works(READER), &none)
            .file("roots.pem", &bundle)
            .env("SSL_CERT_FILE", "{here}/roots.pem"),
        row("the system's authorities by SSL_CERT_DIR", Works(READER), &none)
            .file("roots/any.pem", other)
            .file("empty.pem", "")
            .env("SSL_CERT_DIR", "{here}/roots")
            .env("SSL_CERT_FILE", "{here}/empty.pem"),
        row(
            "SSL_CERT_FILE does not count beside an authority",
            Fails(UNKNOWN),
            &trusting(testbed, fronts.front, own),
        )
        .file("roots.pem", &bundle)
        .env("SSL_CERT_FILE", "{here}/roots.pem"),
        trust("an intermediate authority", Works(READER), fronts.chain, other),
        trust(
            "an intermediate authority that is not sent",
            Fails(UNKNOWN),
            fronts.broken_chain,
            other,
        ),
        trust(
            "an intermediate authority that is trusted itself",
            Works(READER),
            fronts.broken_chain,
            &testbed.intermediate.own.certificate,
        ),
        trust(
            "a certificate that signed itself, and signs",
            Works(READER),
            fronts.self_signed_ca,
            &testbed.self_signed[0].certificate,
        ),
        trust(
            "a certificate that signed itself, and signs, of another",
            Fails("x509"),
            fronts.self_signed_ca,
            other,
        ),
        trust(
            "a certificate that signed itself",
            Works(READER),
            fronts.self_signed_leaf,
            &testbed.self_signed[1].certificate,
        ),
        trust(
            "a certificate that signed itself, of another",
            Fails("x509"),
            fronts.self_signed_leaf,
            other,
        ),
        trust(
            "an expired certificate",
            Fails("certificate has expired"),
            fronts.expired,
            other,
        ),
        trust(
            "a certificate of the future",
            Fails("is not yet valid"),
            fronts.future,
            other,
        ),
        trust("keys of RSA by TLS 1.2", Works(READER), fronts.old, other),
        trust(
            "a server's certificate that is an authority's",
            Works(READER),
            fronts.authority,
            other,
        ),
        trust(
            "a server's certificate that is an authority's, of another",
            Fails("x509"),
            fronts.authority,
            own,
        ),
        row(
            "insecure-skip-tls-verify",
            Works(READER),
            &no_verification(fronts.front),
        ),
        row(
            "insecure-skip-tls-verify, and an expired certificate",
            Works(READER),
            &no_verification(fronts.expired),
        ),
        row(
            "insecure-skip-tls-verify, and another name",
            Works(READER),
            &no_verification(fronts.wrong_name),
        ),
        row(
            "insecure-skip-tls-verify, and a certificate that signed itself",
            Works(READER),
            &no_verification(fronts.self_signed_leaf),
        ),
        row(
            "insecure-skip-tls-verify, and an authority",
            Fails("root certificates file with the insecure flag"),
            &with(
                testbed.front(fronts.front),
                &json!({"insecure-skip-tls-verify": true}),
            ),
        ),
        Row::new(
            "insecure-skip-tls-verify, and the client's certificate",
            Works(ALICE),
        )
        .kubeconfig(&config(
            &json!({"server": testbed.server(), "insecure-skip-tls-verify": true}),
            &by_certificate(&testbed.alice),
        )),
    ]
}

fn names(testbed: &Testbed) -> Vec<Row> {
    let fronts = &testbed.fronts;
    let row = |name: &str, expected, cluster: &Value| {
        Row::new(name, expected).kubeconfig(&config(cluster, &testbed.reader()))
    };
    let named = |port: u16, name: &str| with(testbed.front(port), &json!({"tls-server-name": name}));
    vec![
        row(
            "a certificate for another name",
            Fails("certificate is valid for"),
            &testbed.front(fronts.wrong_name),
        ),
        row(
            "tls-server-name",
            Works(READER),
            &named(fronts.wrong_name, "elsewhere.parity.test"),
        ),
        row(
            "tls-server-name in capitals",
            Works(READER),
            &named(fronts.wrong_name, "ELSEWHERE.parity.test"),
        ),
        row(
            "tls-server-name with a dot at its end",
            Works(READER),
            &named(fronts.wrong_name, "elsewhere.parity.test."),
        ),
        row(
            "tls-server-name that is an address",
            Works(READER),
            &named(fronts.wrong_name, "127.0.0.9"),
        ),
        row(
            "tls-server-name that the certificate is not for",
            Fails("certificate is valid for"),
            &named(fronts.front, "nobody.parity.test"),
        ),
        row(
            "a star for one label, and tls-server-name",
            Works(READER),
            &named(fronts.wildcard, "x.parity"),
        ),
        row(
            "a star for one label, and two",
            Fails("certificate is valid for"),
            &named(fronts.wildcard, "a.x.parity"),
        ),
        row(
            "an empty tls-server-name",
            Works(READER),
            &named(fronts.front, ""),
        ),
        row(
            "tls-server-name that is none",
            Fails("x509"),
            &named(fronts.front, "a b"),
        ),
        row(
            "a name in the subject alone",
            Fails("x509"),
            &testbed.front(fronts.common_name),
        ),
        row(
            "a name that /etc/hosts knows",
            Works(READER),
            &testbed.cluster_at(&testbed.hidden()),
        )
        .hosts(&testbed.hidden_host()),
        row(
            "a name in capitals",
            Works(READER),
            &testbed.cluster_at(&format!(
                "https://{}:{}",
                HIDDEN.to_uppercase(),
                testbed.address.port()
            )),
        )
        .hosts(&testbed.hidden_host()),
    ]
}

fn ways(testbed: &Testbed) -> Vec<Row> {
    let fronts = &testbed.fronts;
    let row = |name: &str, expected, cluster: &Value| {
        Row::new(name, expected).kubeconfig(&config(cluster, &testbed.reader()))
    };
    let at = |server: String| with(testbed.front(0), &json!({"server": server}));
    let below = format!("https://127.0.0.1:{}/k8s/clusters/c-1", fronts.front);
    vec![
        row("a server below a path", Works(READER), &at(below.clone())),
        row(
            "a server below a path with a slash at its end",
            Works(READER),
            &at(format!("{below}/")),
        ),
        row(
            "a server below a path on the IPv6 loopback address",
            Works(READER),
            &at(format!("https://[::1]:{}/k8s/clusters/c-1", fronts.front6)),
        ),
        row(
            "a server below a path with a query",
            Works(READER),
            &at(format!("{below}?a=b")),
        ),
        row(
            "an IPv6 address",
            Works(READER),
            &at(format!("https://[::1]:{}", fronts.front6)),
        ),
        row(
            "an IPv6 address written at length",
            Works(READER),
            &at(format!("https://[0:0:0:0:0:0:0:1]:{}", fronts.front6)),
        ),
        Row::new("an IPv6 address, and the client's certificate", Works(ALICE)).kubeconfig(&config(
            &testbed.cluster_at(&format!("https://[::1]:{}", fronts.passed6)),
            &by_certificate(&testbed.alice),
        )),
        row(
            "an IPv6 address without brackets",
            Fails(""),
            &at(format!("https://::1:{}", fronts.front6)),
        ),
        row(
            "a server that answers with a page",
            Fails(""),
            &testbed.front(fronts.portal),
        ),
        row(
            "a path that is not served",
            Forbidden,
            &at(format!("https://127.0.0.1:{}/nowhere", fronts.front)),
        ),
        row(
            "a port without a listener",
            Fails("connection refused"),
            &testbed.front(fronts.closed),
        ),
    ]
}
