//! Credential plugins: their input, their answers, and how often they run.

use super::row::Expected::{self, Fails, Unauthorized, Works};
use super::row::Row;
use super::testbed::{ALICE, READER, Testbed, WRITER, WRONG_TOKEN, by_certificate, config, with};
use serde_json::{Value, json};

const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";
const V1ALPHA1: &str = "client.authentication.k8s.io/v1alpha1";

/// A script that prints a credential of that version with that status.
fn prints(version: &str, status: &Value) -> String {
    says(&json!({"apiVersion": version, "kind": "ExecCredential", "status": status}).to_string())
}

fn says(text: &str) -> String {
    format!("cat <<'END'\n{text}\nEND")
}

/// The `exec` of a user, with the script `plugin` as the command.
fn exec(version: &str) -> Value {
    json!({"apiVersion": version, "command": "{here}/plugin", "interactiveMode": "Never"})
}

pub fn rows(testbed: &Testbed) -> Vec<Row> {
    [
        versions(testbed),
        answers(testbed),
        questions(testbed),
        commands(testbed),
        policies(testbed),
    ]
    .concat()
}

fn row(testbed: &Testbed, name: &str, expected: Expected, exec: &Value) -> Row {
    Row::new(name, expected).kubeconfig(&config(&testbed.cluster(), &json!({"exec": exec})))
}

fn versions(testbed: &Testbed) -> Vec<Row> {
    let token = json!({"token": testbed.token});
    let versions = |name: &str, expected, configured: &str, printed: &str, runs| {
        row(testbed, name, expected, &exec(configured)).plugin(&prints(printed, &token), runs)
    };
    vec![
        versions("a plugin of v1", Works(READER), V1, V1, 1),
        versions("a plugin of v1beta1", Works(READER), V1BETA1, V1BETA1, 1),
        versions(
            "a plugin of v1alpha1",
            Fails("invalid apiVersion"),
            V1ALPHA1,
            V1ALPHA1,
            0,
        ),
        versions(
            "a plugin of a version that is none",
            Fails("invalid apiVersion"),
            "v7",
            "v7",
            0,
        ),
        versions(
            "a plugin of v1 that answers v1beta1",
            Fails("plugin returned version"),
            V1,
            V1BETA1,
            1,
        ),
        versions(
            "a plugin of v1beta1 that answers v1",
            Fails("plugin returned version"),
            V1BETA1,
            V1,
            1,
        ),
        row(
            testbed,
            "a plugin of v1 without interactiveMode",
            Fails("interactiveMode must be specified"),
            &without(exec(V1), "interactiveMode"),
        )
        .plugin(&prints(V1, &token), 0),
        row(
            testbed,
            "a plugin of v1beta1 without interactiveMode",
            Works(READER),
            &without(exec(V1BETA1), "interactiveMode"),
        )
        .plugin(&prints(V1BETA1, &token), 1),
        row(
            testbed,
            "a plugin without apiVersion",
            Fails("apiVersion must be specified"),
            &without(exec(V1), "apiVersion"),
        )
        .plugin(&prints(V1, &token), 0),
        row(
            testbed,
            "a plugin with an interactiveMode that is none",
            Fails("invalid interactiveMode"),
            &with(exec(V1), &json!({"interactiveMode": "Sometimes"})),
        )
        .plugin(&prints(V1, &token), 0),
    ]
}

fn without(mut object: Value, field: &str) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(field);
    }
    object
}

fn answers(testbed: &Testbed) -> Vec<Row> {
    let answer = |name: &str, expected, status: Value| {
        row(testbed, name, expected, &exec(V1)).plugin(&prints(V1, &status), 1)
    };
    let body = |name: &str, expected, body: &str| row(testbed, name, expected, &exec(V1)).plugin(body, 1);
    let (certificate, key) = (&testbed.alice.certificate, &testbed.alice.key);
    let (token, writer) = (&testbed.token, &testbed.writer_token);
    let good = prints(V1, &json!({"token": token}));
    let mut expired = answer(
        "a plugin whose credential has expired",
        Works(READER),
        json!({"token": token, "expirationTimestamp": "2020-01-01T00:00:00Z"}),
    );
    // The plugin runs again for each request.
    expired.runs = None;
    let mut refused = answer(
        "a plugin whose token is refused",
        Unauthorized,
        json!({"token": WRONG_TOKEN}),
    );
    // It runs again after the 401, in case the credential was an old one.
    refused.runs = Some(2);
    let changing = format!(
        "if [ $(wc -l <{{here}}/record.runs) = 1 ]; then\n{}\nelse\n{}\nfi",
        prints(V1, &json!({"token": token})),
        prints(V1, &json!({"token": writer})),
    );
    vec![
        answer(
            "a plugin with a token and a new line",
            Fails("invalid header field value"),
            json!({"token": format!("{token}\n")}),
        ),
        answer(
            "a plugin with a certificate",
            Works(ALICE),
            json!({"clientCertificateData": certificate, "clientKeyData": key}),
        ),
        answer(
            "a plugin with a certificate and a token",
            Works(ALICE),
            json!({"clientCertificateData": certificate, "clientKeyData": key, "token": token}),
        ),
        answer(
            "a plugin with a certificate and no key",
            Fails("only certificate or key"),
            json!({"clientCertificateData": certificate}),
        ),
        answer(
            "a plugin with a key and no certificate",
            Fails("only certificate or key"),
            json!({"clientKeyData": key, "token": token}),
        ),
        answer(
            "a plugin with a key of another",
            Fails("failed parsing client key/certificate"),
            json!({"clientCertificateData": certificate, "clientKeyData": testbed.ivan.key}),
        ),
        answer(
            "a plugin with neither",
            Fails("didn't return a token or cert/key pair"),
            json!({}),
        ),
        answer(
            "a plugin with an empty token",
            Fails("didn't return a token or cert/key pair"),
            json!({"token": ""}),
        ),
        answer(
            "a plugin whose credential expires in time",
            Works(READER),
            json!({"token": token, "expirationTimestamp": "2048-01-01T00:00:00Z"}),
        ),
        answer(
            "a plugin whose expiry is no time",
            Fails("decoding stdout"),
            json!({"token": token, "expirationTimestamp": "tomorrow"}),
        ),
        answer(
            "a plugin whose expiry is empty",
            Fails("decoding stdout"),
            json!({"token": token, "expirationTimestamp": ""}),
        ),
        answer(
            "a plugin whose expiry has a blank for its T",
            Fails("decoding stdout"),
            json!({"token": token, "expirationTimestamp": "2048-01-01 00:00:00Z"}),
        ),
        answer(
            "a plugin whose expiry has fractions and another zone",
            Works(READER),
            json!({"token": token, "expirationTimestamp": "2048-01-01T00:00:00.123+02:00"}),
        ),
        body(
            "a plugin that answers in UTF-16",
            Works(READER),
            &format!("(\n{good}\n) | iconv -f UTF-8 -t UTF-16"),
        ),
        body(
            "a plugin that answers with line ends of Windows",
            Works(READER),
            &format!("(\n{good}\n) | sed 's/$/\\r/'"),
        ),
        answer(
            "a plugin whose expiry is null",
            Works(READER),
            json!({"token": token, "expirationTimestamp": null}),
        ),
        answer(
            "a plugin with fields that are unknown",
            Works(READER),
            json!({"token": token, "colour": "red"}),
        ),
        answer(
            "a plugin whose token is a number",
            Fails("decoding stdout"),
            json!({"token": 7}),
        ),
        expired,
        refused,
        body(
            "a plugin that answers another the next time",
            Works(READER),
            &changing,
        ),
        body(
            "a plugin without a status",
            Fails("didn't return a status"),
            &says(&json!({"apiVersion": V1, "kind": "ExecCredential"}).to_string()),
        ),
        body(
            "a plugin without a kind",
            Works(READER),
            &says(&json!({"apiVersion": V1, "status": {"token": token}}).to_string()),
        ),
        body(
            "a plugin of another kind",
            Fails("decoding stdout"),
            &says(&json!({"apiVersion": V1, "kind": "Pod", "status": {"token": token}}).to_string()),
        ),
        body(
            "a plugin that answers in YAML",
            Works(READER),
            &says(&format!(
                "apiVersion: {V1}\nkind: ExecCredential\nstatus:\n  token: {token}"
            )),
        ),
        body(
            "a plugin that prints garbage",
            Fails("decoding stdout"),
            "echo hello",
        ),
        body(
            "a plugin that prints nothing",
            Fails("plugin returned version"),
            ":",
        ),
        body(
            "a plugin that fails",
            Fails("failed with exit code 3"),
            "echo no session >&2; exit 3",
        ),
        body(
            "a plugin that fails after its answer",
            Fails("failed with exit code 1"),
            &format!("{good}\nexit 1"),
        ),
        body(
            "a plugin that warns",
            Works(READER),
            &format!("echo 'the session ends soon' >&2\n{good}"),
        ),
        body(
            "a plugin that is ended by a signal",
            Fails("executable"),
            "kill -9 $$",
        ),
        body(
            "a plugin that is slow",
            Works(READER),
            &format!("sleep 1\n{good}"),
        ),
        body("a plugin that never ends", Fails(""), "sleep 60").deadline(2),
    ]
}

fn questions(testbed: &Testbed) -> Vec<Row> {
    let good = prints(V1, &json!({"token": testbed.token}));
    let beta = prints(V1BETA1, &json!({"token": testbed.token}));
    let input_row = |name: &str, expected, more: Value| {
        row(testbed, name, expected, &with(exec(V1), &more)).plugin(&good, 1)
    };
    let clustered = |name: &str, expected, version: &str, cluster: &Value, flags: &[&str]| {
        let exec = with(exec(version), &json!({"provideClusterInfo": true}));
        Row::new(name, expected)
            .kubeconfig(&config(cluster, &json!({"exec": exec})))
            .plugin(if version == V1 { &good } else { &beta }, 1)
            .flags(flags)
    };
    let extended = with(
        testbed.cluster(),
        &json!({"extensions": [
            {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "parity", "list": [1, {"a": null}], "on": true}},
            {"name": "other", "extension": {"apiVersion": "o/v1", "kind": "O"}}]}),
    );
    let front = with(
        testbed.front(testbed.fronts.wrong_name),
        &json!({"tls-server-name": "elsewhere.parity.test"}),
    );
    let proxied = with(
        testbed.cluster(),
        &json!({"proxy-url": format!("http://127.0.0.1:{}", testbed.proxies.http), "disable-compression": true}),
    );
    let insecure = json!({"server": testbed.server(), "insecure-skip-tls-verify": true});
    let by_path = json!({"server": testbed.server(), "certificate-authority": "ca.crt"});
    vec![
        input_row(
            "arguments and variables",
            Works(READER),
            json!({
            "args": ["get-token", "--cluster", "two words", "", "$HOME"],
            "env": [{"name": "FROM_KUBECONFIG", "value": "a value"}]}),
        ),
        input_row(
            "a variable of the kubeconfig comes before that of the environment",
            Works(READER),
            json!({"env": [{"name": "FROM_KUBECONFIG", "value": "a value"}]}),
        )
        .env("FROM_KUBECONFIG", "another"),
        input_row("a variable of the environment", Works(READER), json!({}))
            .env("FROM_KUBECONFIG", "another"),
        input_row(
            "a variable without a name",
            Fails("env variable name must be specified"),
            json!({"env": [{"name": "", "value": "a"}]}),
        )
        .plugin(&good, 0),
        input_row(
            "interactiveMode Never",
            Works(READER),
            json!({"interactiveMode": "Never"}),
        ),
        input_row(
            "interactiveMode IfAvailable",
            Works(READER),
            json!({"interactiveMode": "IfAvailable"}),
        ),
        input_row(
            "interactiveMode Always",
            Fails("standard input is not a terminal"),
            json!({"interactiveMode": "Always"}),
        )
        .plugin(&good, 0),
        input_row(
            "interactiveMode Never on a terminal",
            Works(READER),
            json!({"interactiveMode": "Never"}),
        )
        .on_a_terminal(),
        input_row(
            "interactiveMode IfAvailable on a terminal",
            Works(READER),
            json!({"interactiveMode": "IfAvailable"}),
        )
        .on_a_terminal(),
        input_row(
            "interactiveMode Always on a terminal",
            Works(READER),
            json!({"interactiveMode": "Always"}),
        )
        .on_a_terminal(),
        input_row(
            "no provideClusterInfo",
            Works(READER),
            json!({"provideClusterInfo": false}),
        ),
        clustered("provideClusterInfo", Works(READER), V1, &testbed.cluster(), &[]),
        clustered(
            "provideClusterInfo of v1beta1",
            Works(READER),
            V1BETA1,
            &testbed.cluster(),
            &[],
        ),
        clustered(
            "provideClusterInfo with the cluster's extension",
            Works(READER),
            V1,
            &extended,
            &[],
        ),
        clustered(
            "provideClusterInfo with a server name",
            Works(READER),
            V1,
            &front,
            &[],
        ),
        clustered(
            "provideClusterInfo with a proxy",
            Works(READER),
            V1,
            &proxied,
            &[],
        ),
        clustered(
            "provideClusterInfo without verification",
            Works(READER),
            V1,
            &insecure,
            &[],
        ),
        clustered(
            "provideClusterInfo with an authority in a file",
            Works(READER),
            V1,
            &by_path,
            &[],
        )
        .file("ca.crt", &testbed.authority.own.certificate),
        clustered(
            "provideClusterInfo with --server",
            Works(READER),
            V1,
            &testbed.cluster(),
            &["--server", &format!("{}/", testbed.server())],
        ),
        clustered(
            "provideClusterInfo with --insecure-skip-tls-verify",
            Works(READER),
            V1,
            &testbed.cluster(),
            &["--insecure-skip-tls-verify"],
        ),
    ]
}

fn commands(testbed: &Testbed) -> Vec<Row> {
    let good = prints(V1, &json!({"token": testbed.token}));
    let command = |name: &str, expected, command: &str, more: Value| {
        row(
            testbed,
            name,
            expected,
            &with(with(exec(V1), &json!({"command": command})), &more),
        )
    };
    let beside = |user: Value| {
        let exec = exec(V1);
        Row::new("", Works(READER))
            .kubeconfig(&config(&testbed.cluster(), &with(json!({"exec": exec}), &user)))
    };
    let mut not_executable = command(
        "a command that may not be executed",
        Fails("permission denied"),
        "{here}/text",
        json!({}),
    )
    .file("text", "no script");
    not_executable.runs = Some(0);
    vec![
        command("a command relative to the kubeconfig", Works(READER), "./plugin", json!({})).plugin(&good, 1),
        command("a command below the kubeconfig", Works(READER), "bin/plugin", json!({}))
            .plugin(&good, 1)
            .file("bin/plugin", "#!/bin/sh\nexec {here}/plugin\n"),
        command("a command relative to a kubeconfig elsewhere", Works(READER), "../plugin", json!({}))
            .plugin(&good, 1)
            .config_file("deep/config", &config(&testbed.cluster(), &json!({"exec": with(exec(V1), &json!({"command": "../plugin"}))})))
            .env("KUBECONFIG", "{here}/deep/config"),
        command("a command on the PATH", Works(READER), "plugin", json!({}))
            .plugin(&good, 1)
            .env("PATH", "{here}:/usr/sbin:/usr/bin:/sbin:/bin"),
        command("a command beside the kubeconfig is not on the PATH", Fails("executable plugin not found"), "plugin", json!({})).plugin(&good, 0),
        command("a command that is missing, and how to install it", Fails("it is in the shop"), "nobody", json!({"installHint": "it is in the shop"})).plugin(&good, 0),
        command("a path that is missing", Fails("no such file"), "{here}/nobody", json!({"installHint": "it is in the shop"})).plugin(&good, 0),
        command("an empty command", Fails("command must be specified"), "", json!({})).plugin(&good, 0),
        not_executable,
        beside(json!({"token": testbed.writer_token})).rename("a plugin and a token", Works(WRITER)).plugin(&good, 0),
        beside(json!({"tokenFile": "token"})).rename("a plugin and a token file", Works(WRITER))
            .file("token", &testbed.writer_token)
            .plugin(&good, 0),
        beside(by_certificate(&testbed.alice)).rename("a plugin and a certificate", Works(ALICE)).plugin(&good, 0),
        beside(json!({"username": "a", "password": "b"})).rename("a plugin and a password", Expected::Forbidden).plugin(&good, 0),
        beside(json!({})).rename("a plugin and --token", Works(WRITER)).plugin(&good, 0).flags(&["--token", &testbed.writer_token]),
        beside(json!({"auth-provider": {"name": "gcp"}})).rename("a plugin and an auth-provider", Fails("authProvider cannot be provided")).plugin(&good, 0),
        beside(json!({"as": "bob"})).rename("a plugin and a user to impersonate", Expected::Forbidden).plugin(&good, 1),
        Row::new("no plugin is run without TLS", Works(READER))
            .kubeconfig(&config(&json!({"server": format!("http://{}:{}", testbed.address.ip(), testbed.fronts.gateway)}), &json!({"exec": exec(V1)})))
            .plugin("exit 1", 0),
        Row::new("a plugin on the way through a proxy", Works(READER))
            .kubeconfig(&config(&testbed.cluster_at(&testbed.hidden()), &json!({"exec": exec(V1)})))
            .env("HTTPS_PROXY", &format!("http://127.0.0.1:{}", testbed.proxies.http))
            .plugin(&good, 1),
        Row::new("a plugin's certificate on the way through a proxy", Works(ALICE))
            .kubeconfig(&config(&testbed.cluster_at(&testbed.hidden()), &json!({"exec": exec(V1)})))
            .env("HTTPS_PROXY", &format!("http://127.0.0.1:{}", testbed.proxies.http))
            .plugin(&prints(V1, &json!({"clientCertificateData": testbed.alice.certificate, "clientKeyData": testbed.alice.key})), 1),
    ]
}

/// Policies of kubectl's kuberc for plugins.
fn policies(testbed: &Testbed) -> Vec<Row> {
    let good = prints(V1, &json!({"token": testbed.token}));
    let preferences = |rest: &Value| {
        with(
            json!({"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference"}),
            rest,
        )
        .to_string()
    };
    let listed = |commands: &[&str]| {
        let list: Vec<Value> = commands
            .iter()
            .map(|command| json!({"command": command}))
            .collect();
        preferences(&json!({"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": list}))
    };
    let deny = preferences(&json!({"credentialPluginPolicy": "DenyAll"}));
    let policy = |name: &str, expected, text: &str, runs| {
        row(testbed, name, expected, &exec(V1))
            .plugin(&good, runs)
            .file("home/.kube/kuberc", text)
    };
    let refused = "is not permitted by the credential plugin allowlist";
    let old = preferences(
        &json!({"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": [{"name": "{here}/plugin"}]}),
    );
    let token = config(
        &testbed.cluster(),
        &json!({"exec": exec(V1), "token": testbed.token}),
    );
    vec![
        policy(
            "kuberc without a policy",
            Works(READER),
            &preferences(&json!({})),
            1,
        ),
        policy(
            "kuberc that allows all",
            Works(READER),
            &preferences(&json!({"credentialPluginPolicy": "AllowAll"})),
            1,
        ),
        policy("kuberc that denies all", Fails("not allowed"), &deny, 0),
        policy(
            "kuberc that lists the plugin",
            Works(READER),
            &listed(&["{here}/plugin"]),
            1,
        ),
        policy("kuberc that lists it by its old name", Works(READER), &old, 1),
        policy(
            "kuberc that lists another",
            Fails(refused),
            &listed(&["other", "/usr/bin/plugin"]),
            0,
        ),
        policy("kuberc that denies all, and KUBERC=off", Works(READER), &deny, 1).env("KUBERC", "off"),
        policy(
            "kuberc that allows, and KUBERC with one that denies",
            Fails("not allowed"),
            &preferences(&json!({})),
            0,
        )
        .file("other", &deny)
        .env("KUBERC", "{here}/other"),
        policy(
            "kuberc that denies, and --kuberc with one that allows",
            Works(READER),
            &deny,
            1,
        )
        .file("other", &preferences(&json!({})))
        .flags(&["--kuberc={here}/other"]),
        policy("kuberc that is no YAML", Works(READER), "a: [", 1),
        policy(
            "kuberc with a list and no policy",
            Fails("misconfigured credential plugin allowlist"),
            &preferences(&json!({"credentialPluginAllowlist": [{"command": "{here}/plugin"}]})),
            0,
        ),
        policy(
            "kuberc with a policy that is none",
            Fails("unknown plugin policy"),
            &preferences(&json!({"credentialPluginPolicy": "denyall"})),
            0,
        ),
        policy("kuberc that denies all, and a token", Works(READER), &deny, 0).kubeconfig(&token),
    ]
}
