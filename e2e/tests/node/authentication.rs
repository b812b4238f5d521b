//! The chart with `authentication.enabled`, and with a certificate, on a real node.

use serde_json::json;
use sre_e2e::authority::{Authority, CertificateRequest, P256, Validity};
use sre_e2e::deadline::until;
use sre_e2e::node::{self, RUNS, RestrictedNamespace, deployment, kubectl};
use sre_e2e::portforward::PortForward;
use sre_e2e::prometheus::Prometheus;
use sre_e2e::{Release, User, temporary};

const AUTHENTICATED: [&str; 2] = ["--set", "authentication.enabled=true"];
const PROXIER: [&str; 4] = [
    "--set",
    "serviceProxier.create=true",
    "--set",
    "serviceProxier.subjects[0].kind=ServiceAccount,serviceProxier.subjects[0].name=on-call,\
     serviceProxier.subjects[0].namespace=people",
];

fn on_call() -> (RestrictedNamespace, User) {
    let people = RestrictedNamespace::new("people");
    kubectl().ok(&["--namespace", "people", "create", "serviceaccount", "on-call"]);
    let user = node::service_account("people", "on-call");
    (people, user)
}

/// The plugin as a user with nothing but the chart's Role gets an answer.
fn answers(user: &User) {
    until("the agent answers a user with the chart's Role", RUNS, || {
        let ran = user.plugin().run("health --agent");
        match ran.code {
            Some(0..=2) => Ok(()),
            _ => Err(ran),
        }
    });
}

fn reader_token() -> String {
    let words = [
        "-n",
        "sre-tools",
        "create",
        "token",
        "sre-agent-reader",
        "--audience",
        "sre-agent",
    ];
    kubectl().ok(&words).trim().to_owned()
}

#[test]
fn an_agent_that_wants_tokens_is_asked_by_the_plugin_by_helm_and_by_prometheus() {
    let (_people, user) = on_call();
    let release = Release::install("sre-tools", &[&AUTHENTICATED[..], &PROXIER].concat());
    release.test();
    answers(&user);
    // kubectl adds no token.
    let path = "/api/v1/namespaces/sre-tools/services/sre-agent:http/proxy/health";
    let raw = kubectl().run(&["get", "--raw", path], None);
    assert_ne!(raw.code, Some(0), "{raw}");

    let forward = PortForward::start(&release.space.0, "service/sre-agent", 8080);
    let file = temporary("prometheus-token").join("token");
    std::fs::write(&file, reader_token()).expect("it can be written");
    let fields = json!({"authorization": {"credentials_file": file}});
    let prometheus = Prometheus::start_with(forward.address(), fields);
    let refused = Prometheus::start(forward.address());
    for (prometheus, up) in [(&prometheus, 1.0), (&refused, 0.0)] {
        until("the scrape has that result", RUNS, || {
            match prometheus.query("up") {
                Ok(value) if (value - up).abs() < f64::EPSILON => Ok(()),
                other => Err(format!("{other:?}, expected {up}")),
            }
        });
    }
}

#[test]
fn an_agent_with_a_certificate_is_probed_tested_and_asked() {
    let (_people, user) = on_call();
    let directory = temporary("agent-certificate");
    let pair = Authority::root(&directory, "agent-ca").issue(
        "agent",
        &CertificateRequest {
            subject: "/CN=sre-agent",
            extensions: &[
                "subjectAltName=DNS:sre-agent.sre-tools.svc",
                "extendedKeyUsage=serverAuth",
            ],
            validity: Validity::Now,
            key: P256,
        },
    );
    let release = Release::install("sre-tools", &[]);
    release.space.run(&[
        "create",
        "secret",
        "tls",
        "sre-agent-tls",
        "--cert",
        &pair.certificate_file.display().to_string(),
        "--key",
        &pair.key_file.display().to_string(),
    ]);
    let flags = ["--set", "tls.secretName=sre-agent-tls"];
    release.upgrade(&[&AUTHENTICATED[..], &PROXIER, &flags].concat());
    release.test();
    answers(&user);
    // Its stream comes through the proxy over TLS too, with a token, to a user with nothing but the chart's Role.
    let space = RestrictedNamespace::new("following");
    space.create(deployment("web", 1, &["sleep", "3600"]));
    let ran = user
        .plugin()
        .wait("health deploy/web -n following --wait --agent --timeout 3m --color never");
    let ran = ran.expect_code(0);
    assert!(
        ran.stderr.contains("Deployment following/web is healthy, after "),
        "{ran}"
    );
    assert!(!ran.stderr.contains("sends no events"), "{ran}");
}
