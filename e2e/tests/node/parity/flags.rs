//! Flags, and what they override.

use super::row::Expected::{self, Fails, Forbidden, Unauthorized, Works};
use super::row::Row;
use super::testbed::{ALICE, IVAN, READER, Testbed, WRITER, by_certificate, config, config_with, with};
use serde_json::{Value, json};

pub fn rows(testbed: &Testbed) -> Vec<Row> {
    [
        choices(testbed),
        servers(testbed),
        credentials(testbed),
        impersonation(testbed),
        timeouts(testbed),
    ]
    .concat()
}

/// A kubeconfig with two clusters and two users, and contexts that cross them.
fn two(testbed: &Testbed) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "reader",
        "clusters": [{"name": "direct", "cluster": testbed.cluster()}, {"name": "front", "cluster": testbed.front(testbed.fronts.front)},
                     {"name": "closed", "cluster": testbed.cluster_at(&format!("https://127.0.0.1:{}", testbed.fronts.closed))}],
        "users": [{"name": "reader", "user": testbed.reader()}, {"name": "writer", "user": {"token": testbed.writer_token}},
                  {"name": "alice", "user": by_certificate(&testbed.alice)}],
        "contexts": [
            {"name": "reader", "context": {"cluster": "direct", "user": "reader", "namespace": "reading"}},
            {"name": "writer", "context": {"cluster": "front", "user": "writer"}},
            {"name": "closed", "context": {"cluster": "closed", "user": "alice", "namespace": "nowhere"}}],
    })
}

fn choices(testbed: &Testbed) -> Vec<Row> {
    let row = |name: &str, expected, flags: &[&str]| {
        Row::new(name, expected).kubeconfig(&two(testbed)).flags(flags)
    };
    vec![
        row("--context", Works(WRITER), &["--context", "writer"]),
        row("an empty --context says nothing", Works(READER), &["--context="]).in_namespace("reading"),
        row(
            "an unknown --context",
            Fails("context \"nobody\" does not exist"),
            &["--context=nobody"],
        ),
        row(
            "the last --context counts",
            Works(WRITER),
            &["--context=closed", "--context=writer"],
        ),
        row("--cluster", Works(READER), &["--cluster", "front"]).in_namespace("reading"),
        row(
            "--cluster without a listener",
            Fails("refused"),
            &["--cluster=closed"],
        ),
        row(
            "an unknown --cluster",
            Fails("cluster \"nobody\" does not exist"),
            &["--cluster=nobody"],
        ),
        row("an empty --cluster says nothing", Works(READER), &["--cluster="]).in_namespace("reading"),
        row("--user", Works(ALICE), &["--user", "alice"]).in_namespace("reading"),
        row(
            "an unknown --user",
            Fails("auth info \"nobody\" does not exist"),
            &["--user=nobody"],
        ),
        row(
            "all three",
            Works(ALICE),
            &["--context=writer", "--cluster=direct", "--user=alice"],
        ),
        row(
            "a context that leads nowhere, mended by --cluster",
            Works(ALICE),
            &["--context=closed", "--cluster=direct"],
        )
        .in_namespace("nowhere"),
        row("-n", Works(READER), &["-n", "team"]).in_namespace("team"),
        row("-n in one word", Works(READER), &["-nteam"]).in_namespace("team"),
        row("--namespace", Works(READER), &["--namespace=team"]).in_namespace("team"),
        row("an empty -n says nothing", Works(READER), &["-n", ""]).in_namespace("reading"),
        row(
            "--cluster and --user without a context",
            Works(ALICE),
            &["--cluster=direct", "--user=alice"],
        )
        .kubeconfig(&with(two(testbed), &json!({"current-context": ""}))),
        row("--disable-compression", Works(READER), &["--disable-compression"]).in_namespace("reading"),
        row(
            "--disable-compression=false",
            Works(READER),
            &["--disable-compression=false"],
        )
        .in_namespace("reading"),
        row(
            "--disable-compression=maybe",
            Fails("invalid"),
            &["--disable-compression=maybe"],
        ),
        Row::new("disable-compression in the kubeconfig", Works(READER)).kubeconfig(&config(
            &with(testbed.cluster(), &json!({"disable-compression": true})),
            &testbed.reader(),
        )),
    ]
}

fn servers(testbed: &Testbed) -> Vec<Row> {
    let server = testbed.server();
    let flagged = |name: &str, expected, server: &str| {
        Row::new(name, expected)
            .kubeconfig(&two(testbed))
            .flags(&["--server", server])
            .in_namespace("reading")
    };
    let configured = |name: &str, expected, server: &str| {
        Row::new(name, expected).kubeconfig(&config(&testbed.cluster_at(server), &testbed.reader()))
    };
    let ca = "--certificate-authority={here}/ca.crt";
    let bare = |name: &str, expected, flags: &[&str]| {
        Row::new(name, expected)
            .file("ca.crt", &testbed.authority.own.certificate)
            .flags(flags)
    };
    let named = |name: &str| {
        with(
            testbed.front(testbed.fronts.wrong_name),
            &json!({"tls-server-name": name}),
        )
    };
    vec![
        flagged("--server", Works(READER), &server),
        flagged(
            "--server with a slash at its end",
            Works(READER),
            &format!("{server}/"),
        ),
        flagged("--server in capitals", Works(READER), &server.to_uppercase()),
        flagged(
            "--server without a listener",
            Fails("refused"),
            &format!("https://127.0.0.1:{}", testbed.fronts.closed),
        ),
        flagged(
            "--server without a scheme",
            Fails(""),
            &testbed.address.to_string(),
        ),
        flagged(
            "--server with a scheme that is none",
            Fails(""),
            &format!("ftp://{}", testbed.address),
        ),
        flagged("--server with half an address", Fails(""), "https://[::1"),
        flagged("--server without a host", Fails(""), "https://"),
        flagged(
            "--server with a port that is none",
            Fails("host must be a URL"),
            "https://127.0.0.1:port",
        ),
        flagged(
            "--server with a port that is too large",
            Fails(""),
            "https://127.0.0.1:99999",
        ),
        flagged("--server with spaces", Fails(""), "https://a b"),
        flagged("--server with a query", Works(READER), &format!("{server}?a=b")),
        flagged(
            "--server with a query and a path",
            Forbidden,
            &format!("{server}/path?a=b#c"),
        ),
        flagged(
            "--server with a user",
            Forbidden,
            &server.replace("https://", "https://user:pass@"),
        ),
        configured(
            "a server without a scheme",
            Fails(""),
            &testbed.address.to_string(),
        ),
        configured(
            "a server whose name is unknown",
            Fails("lookup "),
            "https://nobody.parity.test:6443",
        ),
        configured("a server with a path", Forbidden, &format!("{server}/nowhere")),
        Row::new("a name with two addresses, one of which refuses", Works(READER))
            .kubeconfig(&config(&testbed.cluster_at(&testbed.hidden()), &testbed.reader()))
            .hosts(&format!(
                "127.0.0.3 {}\n{}",
                super::testbed::HIDDEN,
                testbed.hidden_host()
            )),
        bare(
            "everything by flags",
            Works(READER),
            &["-s", &server, ca, "--token", &testbed.token],
        ),
        bare(
            "everything by flags, and -n",
            Works(READER),
            &["-s", &server, ca, "--token", &testbed.token, "-n", "team"],
        )
        .in_namespace("team"),
        bare(
            "a relative --certificate-authority",
            Works(READER),
            &[
                "-s",
                &server,
                "--certificate-authority=ca.crt",
                "--token",
                &testbed.token,
            ],
        ),
        bare(
            "a --certificate-authority that is missing",
            Fails("no such file"),
            &[
                "-s",
                &server,
                "--certificate-authority=none",
                "--token",
                &testbed.token,
            ],
        ),
        bare(
            "a --certificate-authority without a certificate",
            Fails("unable to load root certificates"),
            &[
                "-s",
                &server,
                "--certificate-authority={here}/empty",
                "--token",
                &testbed.token,
            ],
        )
        .file("empty", "nothing\n"),
        bare(
            "everything by flags but an authority",
            Fails("x509: certificate signed by unknown authority"),
            &["-s", &server, "--token", &testbed.token],
        ),
        bare(
            "--insecure-skip-tls-verify",
            Works(READER),
            &[
                "-s",
                &server,
                "--token",
                &testbed.token,
                "--insecure-skip-tls-verify",
            ],
        ),
        bare(
            "--insecure-skip-tls-verify=t",
            Works(READER),
            &[
                "-s",
                &server,
                "--token",
                &testbed.token,
                "--insecure-skip-tls-verify=t",
            ],
        ),
        bare(
            "--insecure-skip-tls-verify=0",
            Fails("x509"),
            &[
                "-s",
                &server,
                "--token",
                &testbed.token,
                "--insecure-skip-tls-verify=0",
            ],
        ),
        bare(
            "--insecure-skip-tls-verify=FALSE",
            Works(READER),
            &[
                "-s",
                &server,
                ca,
                "--token",
                &testbed.token,
                "--insecure-skip-tls-verify=FALSE",
            ],
        ),
        bare(
            "--insecure-skip-tls-verify=yes",
            Fails("invalid"),
            &[
                "-s",
                &server,
                "--token",
                &testbed.token,
                "--insecure-skip-tls-verify=yes",
            ],
        ),
        bare(
            "--insecure-skip-tls-verify and an authority",
            Fails("root certificates file with the insecure flag"),
            &[
                "-s",
                &server,
                ca,
                "--token",
                &testbed.token,
                "--insecure-skip-tls-verify",
            ],
        ),
        Row::new(
            "--insecure-skip-tls-verify comes before the kubeconfig's authority",
            Works(READER),
        )
        .kubeconfig(&config(&testbed.front(testbed.fronts.expired), &testbed.reader()))
        .flags(&["--insecure-skip-tls-verify"]),
        Row::new(
            "--certificate-authority comes before that of the kubeconfig",
            Works(READER),
        )
        .kubeconfig(&config(
            &with(
                testbed.cluster(),
                &json!({"server": format!("https://127.0.0.1:{}", testbed.fronts.front)}),
            ),
            &testbed.reader(),
        ))
        .file("fronts.crt", &testbed.front_authority.own.certificate)
        .flags(&["--certificate-authority=fronts.crt"]),
        Row::new(
            "--certificate-authority comes before the kubeconfig's insecure-skip-tls-verify",
            Fails("x509"),
        )
        .kubeconfig(&config(
            &json!({"server": server, "insecure-skip-tls-verify": true}),
            &testbed.reader(),
        ))
        .file("fronts.crt", &testbed.front_authority.own.certificate)
        .flags(&["--certificate-authority=fronts.crt"]),
        Row::new("--tls-server-name", Works(READER))
            .kubeconfig(&config(
                &testbed.front(testbed.fronts.wrong_name),
                &testbed.reader(),
            ))
            .flags(&["--tls-server-name", "elsewhere.parity.test"]),
        Row::new(
            "--tls-server-name comes before that of the kubeconfig",
            Works(READER),
        )
        .kubeconfig(&config(&named("nobody"), &testbed.reader()))
        .flags(&["--tls-server-name=elsewhere.parity.test"]),
        Row::new(
            "--server takes the kubeconfig's tls-server-name away",
            Fails("x509"),
        )
        .kubeconfig(&config(&named("elsewhere.parity.test"), &testbed.reader()))
        .flags(&[
            "--server",
            &format!("https://127.0.0.1:{}", testbed.fronts.wrong_name),
        ]),
        Row::new("an empty --server leaves it", Works(READER))
            .kubeconfig(&config(&named("elsewhere.parity.test"), &testbed.reader()))
            .flags(&["--server="]),
    ]
}

fn credentials(testbed: &Testbed) -> Vec<Row> {
    let reader = testbed.reader();
    let row = |name: &str, expected, user: &Value, flags: &[&str]| {
        Row::new(name, expected)
            .kubeconfig(&config(&testbed.cluster(), user))
            .file("alice.crt", &testbed.alice.certificate)
            .file("alice.key", &testbed.alice.key)
            .file("ivan.key", &testbed.ivan.key)
            .file("token", &testbed.writer_token)
            .flags(flags)
    };
    let alice = by_certificate(&testbed.alice);
    let by_flags = ["--client-certificate=alice.crt", "--client-key=alice.key"];
    vec![
        row(
            "--token",
            Works(WRITER),
            &reader,
            &["--token", &testbed.writer_token],
        ),
        row(
            "an empty --token says nothing",
            Works(READER),
            &reader,
            &["--token="],
        ),
        row(
            "--token without another token",
            Works(WRITER),
            &json!({}),
            &["--token", &testbed.writer_token],
        ),
        row(
            "a wrong --token",
            Unauthorized,
            &reader,
            &["--token", super::testbed::WRONG_TOKEN],
        ),
        row(
            "--token beside a certificate",
            Works(ALICE),
            &alice,
            &["--token", &testbed.writer_token],
        ),
        row(
            "--token beside a token file",
            Works(WRITER),
            &json!({"tokenFile": "token"}),
            &["--token", &testbed.token],
        ),
        row(
            "--token beside a password",
            Fails("more than one authentication method"),
            &json!({"username": "a", "password": "b"}),
            &["--token", &testbed.writer_token],
        ),
        row(
            "--client-certificate and --client-key",
            Works(ALICE),
            &json!({}),
            &by_flags,
        ),
        row(
            "--client-certificate beside a token",
            Works(ALICE),
            &reader,
            &by_flags,
        ),
        row(
            "--client-certificate comes before that of the kubeconfig",
            Works(ALICE),
            &by_certificate(&testbed.ivan),
            &by_flags,
        ),
        row(
            "--client-certificate without a key",
            Fails("must be specified"),
            &json!({}),
            &["--client-certificate=alice.crt"],
        ),
        row(
            "--client-key without a certificate",
            Works(READER),
            &reader,
            &["--client-key=alice.key"],
        ),
        row(
            "--client-key of another",
            Fails("private key does not match public key"),
            &json!({}),
            &["--client-certificate=alice.crt", "--client-key=ivan.key"],
        ),
        row(
            "--client-certificate and the kubeconfig's key",
            Works(ALICE),
            &alice,
            &["--client-certificate=alice.crt"],
        ),
        row(
            "a --client-certificate that is missing",
            Fails("no such file"),
            &json!({}),
            &["--client-certificate=none", "--client-key=alice.key"],
        ),
        row(
            "an empty --client-certificate says nothing",
            Works(ALICE),
            &alice,
            &["--client-certificate=", "--client-key="],
        ),
    ]
}

fn impersonation(testbed: &Testbed) -> Vec<Row> {
    let ivan = by_certificate(&testbed.ivan);
    let row = |name: &str, expected, flags: &[&str]| {
        Row::new(name, expected)
            .kubeconfig(&config(&testbed.cluster(), &ivan))
            .flags(flags)
    };
    let written = |name: &str, expected, more: Value| {
        Row::new(name, expected).kubeconfig(&config(&testbed.cluster(), &with(ivan.clone(), &more)))
    };
    let bob = Works("bob");
    vec![
        row("no user is impersonated", Works(IVAN), &[]),
        row("--as", bob, &["--as", "bob"]),
        row("an empty --as says nothing", Works(IVAN), &["--as="]),
        row("--as another user", Forbidden, &["--as=carol"]),
        row("--as without the right", Forbidden, &["--as=bob", "--user=u"])
            .kubeconfig(&config(&testbed.cluster(), &testbed.reader())),
        row("--as-group", bob, &["--as=bob", "--as-group=ops"]),
        row(
            "--as-group twice",
            bob,
            &["--as=bob", "--as-group=ops", "--as-group", "on call"],
        ),
        row(
            "--as-group of another",
            Forbidden,
            &["--as=bob", "--as-group=ops", "--as-group=wheel"],
        ),
        row(
            "--as-group is no list",
            Forbidden,
            &["--as=bob", "--as-group=ops,on call"],
        ),
        row(
            "--as-group alone",
            Fails("without impersonating a user"),
            &["--as-group=ops"],
        ),
        row("--as-uid", bob, &["--as=bob", "--as-uid=uid-7"]),
        row("--as-uid of another", Forbidden, &["--as=bob", "--as-uid=uid-8"]),
        row(
            "--as-uid alone",
            Fails("without impersonating a user"),
            &["--as-uid=uid-7"],
        ),
        row(
            "--as-user-extra",
            bob,
            &["--as=bob", "--as-user-extra=reason=incident"],
        ),
        row(
            "--as-user-extra twice",
            bob,
            &[
                "--as=bob",
                "--as-user-extra=reason=incident",
                "--as-user-extra",
                "reason=two words",
            ],
        ),
        row(
            "--as-user-extra with a value that has the sign",
            bob,
            &["--as=bob", "--as-user-extra=reason=a=b"],
        ),
        row(
            "--as-user-extra with a value of another",
            Forbidden,
            &["--as=bob", "--as-user-extra=reason=none"],
        ),
        row(
            "--as-user-extra with a key of another",
            Forbidden,
            &["--as=bob", "--as-user-extra=season=incident"],
        ),
        row(
            "--as-user-extra with a key in capitals",
            bob,
            &["--as=bob", "--as-user-extra=Reason=incident"],
        ),
        row(
            "--as-user-extra with a key that has a path",
            bob,
            &["--as=bob", "--as-user-extra=example.org/ticket=4711"],
        ),
        row(
            "--as-user-extra with a key that is escaped",
            bob,
            &["--as=bob", "--as-user-extra=50%=yes"],
        ),
        row(
            "--as-user-extra without a value",
            bob,
            &["--as=bob", "--as-user-extra=reason"],
        ),
        row(
            "--as-user-extra with an empty value",
            Forbidden,
            &["--as=bob", "--as-user-extra=reason="],
        ),
        row(
            "--as-user-extra alone",
            Fails("without impersonating a user"),
            &["--as-user-extra=reason=incident"],
        ),
        row(
            "all of them",
            bob,
            &[
                "--as=bob",
                "--as-group=ops",
                "--as-uid=uid-7",
                "--as-user-extra=reason=incident",
            ],
        )
        .flags(&["-n", "team"])
        .in_namespace("team"),
        written("as in the kubeconfig", bob, json!({"as": "bob"})),
        written(
            "as-groups in the kubeconfig",
            bob,
            json!({"as": "bob", "as-groups": ["ops", "on call"]}),
        ),
        written(
            "as-groups of another in the kubeconfig",
            Forbidden,
            json!({"as": "bob", "as-groups": ["wheel"]}),
        ),
        written(
            "as-uid in the kubeconfig",
            bob,
            json!({"as": "bob", "as-uid": "uid-7"}),
        ),
        written(
            "as-uid of another in the kubeconfig",
            Forbidden,
            json!({"as": "bob", "as-uid": "uid-8"}),
        ),
        written(
            "as-user-extra in the kubeconfig",
            bob,
            json!({"as": "bob", "as-user-extra": {"reason": ["incident", "a=b"]}}),
        ),
        written(
            "as-user-extra of another in the kubeconfig",
            Forbidden,
            json!({"as": "bob", "as-user-extra": {"reason": ["none"]}}),
        ),
        written(
            "as-groups alone in the kubeconfig",
            Fails("without impersonating a user"),
            json!({"as-groups": ["ops"]}),
        ),
        written(
            "--as comes before that of the kubeconfig",
            bob,
            json!({"as": "carol"}),
        )
        .flags(&["--as=bob"]),
        written(
            "--as-group and the groups of the kubeconfig",
            bob,
            json!({"as": "bob", "as-groups": ["wheel"]}),
        )
        .flags(&["--as-group=ops"]),
        written(
            "--as with the groups of the kubeconfig",
            bob,
            json!({"as-groups": ["ops"]}),
        )
        .flags(&["--as=bob"]),
    ]
}

fn timeouts(testbed: &Testbed) -> Vec<Row> {
    let plain = testbed.plain_config();
    let row = |expected: Expected, value: &str| {
        Row::new(format!("--request-timeout={value}"), expected)
            .kubeconfig(&plain)
            .flags(&[&format!("--request-timeout={value}")])
    };
    let works = [
        "0", "5", "+5", "05", "5s", "1m30s", "0s", "1h", "5000ms", ".5m", "1.5h", "0.5m10s", "-1s", "",
    ];
    let fails = ["abc", "5x", "5 s", "-5", "1.5", "s", "1d", "1e3s", "--"];
    let invalid = Fails("Invalid timeout value");
    let silent = config(
        &testbed.cluster_at(&format!("https://127.0.0.1:{}", testbed.fronts.silent)),
        &testbed.reader(),
    );
    let mut rows: Vec<Row> = works.iter().map(|value| row(Works(READER), value)).collect();
    rows.extend(fails.iter().map(|value| row(invalid, value)));
    rows.push(row(Fails(""), "1us").deadline(5));
    rows.push(
        Row::new(
            "a server that takes connections and says nothing",
            Fails("imeout"),
        )
        .kubeconfig(&silent)
        .flags(&["--request-timeout=1s"])
        .deadline(5),
    );
    rows.push(
        Row::new("a context's namespace that is none", Works(READER))
            .kubeconfig(&config_with(
                &testbed.cluster(),
                &testbed.reader(),
                &json!({"cluster": "c", "user": "u", "namespace": "Not_One"}),
            ))
            .in_namespace("Not_One"),
    );
    rows
}
