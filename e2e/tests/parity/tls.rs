//! Whom the API server has to be, by its certificate.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::{Value, json};

#[test]
fn the_same_certificates_of_the_server_are_trusted() {
    let f = Fixture::get();
    let alice = Kubeconfig::new(f);
    let with = |fields: Value| alice.clone().cluster(fields);
    let no_ca = with(json!({"certificate-authority-data": Value::Null}));
    let by_path = |file: &str| {
        no_ca
            .clone()
            .cluster(json!({"certificate-authority": f.path(file)}))
    };
    let insecure = no_ca.clone().cluster(json!({"insecure-skip-tls-verify": true}));
    let away = with(json!({"server": f.away()}));
    let ca = |file: &str| format!("--certificate-authority={}", f.path(file));

    let rows = [
        Row::new("the CA by path", &by_path("ca.crt")),
        Row::new("the CA among others", &by_path("two-cas.crt")),
        Row::new("the CA's file is missing", &by_path("missing")),
        Row::new("the CA's file is empty", &by_path("empty")),
        Row::new("the CA's file is no PEM", &by_path("not-pem")),
        Row::new("the CA's file holds a key", &by_path("alice.key")),
        Row::new("another CA", &by_path("other-ca.crt")),
        Row::new("no CA", &no_ca),
        Row::new("the server's own certificate for a CA", &by_path("apiserver.crt")),
        Row::new(
            "the CA inline in broken base64",
            &with(json!({"certificate-authority-data": "not/base64!"})),
        ),
        Row::new(
            "the CA inline and empty",
            &with(json!({"certificate-authority-data": ""})),
        ),
        Row::new(
            "the CA inline, and a path to another",
            &with(json!({"certificate-authority": f.path("other-ca.crt")})),
        ),
        Row::new(
            "the CA inline, and a path that is missing",
            &with(json!({"certificate-authority": "{dir}/missing"})),
        ),
        Row::new(
            "--certificate-authority over an inline one",
            &with(json!({"certificate-authority-data": f.inline("other-ca.crt")})),
        )
        .flags([&ca("ca.crt")]),
        Row::new("another --certificate-authority over the right one", &alice).flags([&ca("other-ca.crt")]),
        Row::new("--certificate-authority is missing", &alice)
            .flags(["--certificate-authority={dir}/missing"]),
        Row::new(
            "--certificate-authority relative to the working directory",
            &no_ca,
        )
        .file("ca.crt", f.read("ca.crt"))
        .flags(["--certificate-authority=ca.crt"]),
        Row::new("no verification", &insecure),
        Row::new(
            "no verification, and a CA inline",
            &with(json!({"insecure-skip-tls-verify": true})),
        ),
        Row::new(
            "no verification, and a CA by path",
            &by_path("ca.crt").cluster(json!({"insecure-skip-tls-verify": true})),
        ),
        Row::new("--insecure-skip-tls-verify without a CA", &no_ca).flags(["--insecure-skip-tls-verify"]),
        Row::new("--insecure-skip-tls-verify over a CA", &alice).flags(["--insecure-skip-tls-verify"]),
        Row::new(
            "--insecure-skip-tls-verify over another CA",
            &by_path("other-ca.crt"),
        )
        .flags(["--insecure-skip-tls-verify=true"]),
        Row::new("--insecure-skip-tls-verify=false over none", &insecure)
            .flags(["--insecure-skip-tls-verify=false"]),
        Row::new("--insecure-skip-tls-verify=maybe", &alice).flags(["--insecure-skip-tls-verify=maybe"]),
        Row::new("--insecure-skip-tls-verify with --certificate-authority", &alice)
            .flags(["--insecure-skip-tls-verify", &ca("ca.crt")]),
        Row::new(
            "--insecure-skip-tls-verify for a name that is not the server's",
            &away,
        )
        .flags(["--insecure-skip-tls-verify"]),
        Row::new("the server has another name", &away),
        Row::new(
            "tls-server-name gives its right name",
            &away
                .clone()
                .cluster(json!({"tls-server-name": "kubernetes.default.svc"})),
        ),
        Row::new(
            "tls-server-name is an address",
            &away.clone().cluster(json!({"tls-server-name": "127.0.0.1"})),
        ),
        Row::new(
            "tls-server-name is wrong",
            &with(json!({"tls-server-name": "other.example"})),
        ),
        Row::new("tls-server-name is empty", &with(json!({"tls-server-name": ""}))),
        Row::new(
            "tls-server-name is no name",
            &with(json!({"tls-server-name": "no name"})),
        ),
        Row::new("--tls-server-name gives its right name", &away).flags(["--tls-server-name=localhost"]),
        Row::new(
            "--tls-server-name over a wrong one",
            &with(json!({"tls-server-name": "other.example"})),
        )
        .flags(["--tls-server-name", "localhost"]),
        Row::new("a wrong --tls-server-name", &alice).flags(["--tls-server-name=other.example"]),
        Row::new(
            "--server beside a tls-server-name",
            &with(json!({"tls-server-name": "localhost"})),
        )
        .flags([&format!("--server={}", f.away())]),
        Row::new(
            "a wrong tls-server-name without verification",
            &insecure.cluster(json!({"tls-server-name": "other.example"})),
        ),
    ];
    compare(&rows, &[]);
}
