//! Files: which are read, what counts of each, and what is used without any.

use super::row::Expected::{Asks, Fails, Works};
use super::row::Row;
use super::testbed::{ALICE, READER, Testbed, WRITER, by_certificate, config, config_with, with};
use serde_json::{Value, json};

/// Without flags and files kubectl asks an old default address, at which nothing listens.
const NOBODY: &str = "localhost:8080 was refused";

pub fn rows(testbed: &Testbed) -> Vec<Row> {
    [
        lists(testbed),
        contents(testbed),
        contexts(testbed),
        pods(testbed),
    ]
    .concat()
}

fn writer(testbed: &Testbed) -> Value {
    config(&testbed.cluster(), &json!({"token": testbed.writer_token}))
}

fn lists(testbed: &Testbed) -> Vec<Row> {
    let plain = testbed.plain_config();
    let alice = config(&testbed.cluster(), &by_certificate(&testbed.alice));
    let list = |name: &str, expected, list: &str| {
        Row::new(name, expected)
            .config_file("a", &plain)
            .config_file("b", &alice)
            .env("KUBECONFIG", list)
    };
    // The first file has names to which only the second one refers.
    let names =
        json!({"apiVersion": "v1", "kind": "Config", "clusters": plain["clusters"], "users": plain["users"]});
    let references = json!({"contexts": plain["contexts"], "current-context": "x",
        "users": [{"name": "u", "user": {"token": testbed.writer_token}}]});
    let by_path = config(
        &json!({"server": testbed.server(), "certificate-authority": "../ca.crt"}),
        &json!({"client-certificate": "alice.crt", "client-key": "./keys/alice.key"}),
    );
    let beside = |row: Row| {
        row.config_file("dir/sub/config", &by_path)
            .file("dir/ca.crt", &testbed.authority.own.certificate)
            .file("dir/sub/alice.crt", &testbed.alice.certificate)
            .file("dir/sub/keys/alice.key", &testbed.alice.key)
    };
    vec![
        list("the one file of KUBECONFIG", Works(READER), "{here}/a"),
        list("a relative KUBECONFIG", Works(READER), "a"),
        list(
            "a missing file comes first",
            Works(READER),
            "{here}/none:{here}/a",
        ),
        list("a missing file comes last", Works(READER), "{here}/a:{here}/none"),
        list("empty entries", Works(READER), "::{here}/a:"),
        list(
            "of two files the first counts",
            Works(READER),
            "{here}/a:{here}/b",
        ),
        list("of two files the other first", Works(ALICE), "{here}/b:{here}/a"),
        list(
            "the same file twice",
            Works(READER),
            "{here}/a:{here}/a:{here}/./a",
        ),
        list(
            "all files are missing",
            Fails(NOBODY),
            "{here}/none:{here}/nothing",
        ),
        list("an empty KUBECONFIG is none", Fails(NOBODY), ""),
        list("nothing but separators", Fails(NOBODY), "::"),
        list(
            "a directory among the files",
            Fails("is a directory"),
            "{here}/a:{here}/home",
        ),
        list(
            "something below a file",
            Fails("not a directory"),
            "{here}/a/b:{here}/a",
        ),
        Row::new("a context of one file, the rest of another", Works(READER))
            .config_file("a", &names)
            .config_file("b", &references)
            .env("KUBECONFIG", "{here}/a:{here}/b"),
        Row::new("and the other way round", Works(WRITER))
            .config_file("a", &names)
            .config_file("b", &references)
            .env("KUBECONFIG", "{here}/b:{here}/a"),
        Row::new("the first current-context counts", Works(WRITER))
            .config_file("a", &json!({"current-context": "y"}))
            .config_file("b", &plain)
            .config_file(
                "c",
                &json!({
                "users": [{"name": "w", "user": {"token": testbed.writer_token}}],
                "contexts": [{"name": "y", "context": {"cluster": "c", "user": "w"}}]}),
            )
            .env("KUBECONFIG", "{here}/a:{here}/b:{here}/c"),
        Row::new(
            "a malformed file among good ones",
            Fails("error loading config file"),
        )
        .config_file("a", &plain)
        .file("b", "clusters: [")
        .env("KUBECONFIG", "{here}/a:{here}/b"),
        Row::new("an empty file among good ones", Works(READER))
            .config_file("a", &plain)
            .file("b", "")
            .env("KUBECONFIG", "{here}/b:{here}/a"),
        beside(Row::new("paths are relative to their file", Works(ALICE)))
            .env("KUBECONFIG", "{here}/dir/sub/config"),
        beside(Row::new(
            "paths are relative to their file, which is relative",
            Works(ALICE),
        ))
        .env("KUBECONFIG", "none:dir/sub/config"),
        beside(Row::new("paths of --kubeconfig are relative to it", Works(ALICE)))
            .flags(&["--kubeconfig", "dir/sub/config"]),
        Row::new(
            "a path that leads nowhere",
            Fails("unable to read certificate-authority"),
        )
        .config_file("dir/sub/config", &by_path)
        .env("KUBECONFIG", "{here}/dir/sub/config"),
        list("--kubeconfig comes before KUBECONFIG", Works(ALICE), "{here}/a")
            .flags(&["--kubeconfig={here}/b"]),
        list("--kubeconfig has to exist", Fails("no such file"), "{here}/a")
            .flags(&["--kubeconfig={here}/none"]),
        list("--kubeconfig is no list", Fails("no such file"), "{here}/a")
            .flags(&["--kubeconfig={here}/a:{here}/b"]),
        list("--kubeconfig is a directory", Fails("is a directory"), "{here}/a")
            .flags(&["--kubeconfig={here}/home"]),
        list("an empty --kubeconfig says nothing", Works(READER), "{here}/a").flags(&["--kubeconfig="]),
        list("the last --kubeconfig counts", Works(ALICE), "")
            .flags(&["--kubeconfig={here}/a", "--kubeconfig={here}/b"]),
        Row::new("the file in the home directory", Works(READER)).config_file("home/.kube/config", &plain),
        Row::new(
            "KUBECONFIG comes before the file in the home directory",
            Works(ALICE),
        )
        .config_file("home/.kube/config", &plain)
        .kubeconfig(&alice),
        Row::new(
            "a KUBECONFIG of missing files hides the home directory",
            Fails(NOBODY),
        )
        .config_file("home/.kube/config", &plain)
        .env("KUBECONFIG", "{here}/none"),
        Row::new("without a home directory it is looked for here", Works(READER))
            .config_file(".kube/config", &plain)
            .without("HOME"),
        Row::new("no kubeconfig at all", Fails(NOBODY)),
    ]
}

fn contents(testbed: &Testbed) -> Vec<Row> {
    let plain = testbed.plain_config();
    let text = |name: &str, expected, text: &str| Row::new(name, expected).text(text);
    let yaml = format!(
        "# of the team\n---\nkind: Config\napiVersion: v1\ncurrent-context: 'x'\nclusters:\n- name: c\n  cluster: &c\n    \
         server: \"{}\"\n    certificate-authority-data: >-\n      {}\nusers:\n- {{name: u, user: {{token: {}}}}}\n\
         contexts:\n- context: {{cluster: c, user: u, namespace: team}}\n  name: x\n- context:\n    cluster: c\n  name: z\npreferences: {{}}\n",
        testbed.server(),
        testbed.cluster()["certificate-authority-data"]
            .as_str()
            .unwrap_or_default(),
        testbed.token,
    );
    let numbers = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: 1\nclusters: [{{name: 1, cluster: {}}}]\n",
        testbed.cluster()
    );
    let twice = |field: &str| {
        let mut config = plain.clone();
        let list = config[field].clone();
        if let (Some(to), Some(from)) = (config[field].as_array_mut(), list.as_array()) {
            to.extend(from.iter().cloned());
        }
        config
    };
    vec![
        text("YAML as people write it", Works(READER), &yaml).in_namespace("team"),
        text("line ends of Windows", Works(READER), &yaml.replace('\n', "\r\n")).in_namespace("team"),
        text("UTF-16, as PowerShell writes it", Works(READER), &yaml.replace('\n', "\r\n")).wide("config").in_namespace("team"),
        text("JSON in UTF-16", Works(READER), &plain.to_string()).wide("config"),
        text("a byte order mark of UTF-8", Works(READER), &format!("\u{feff}{yaml}")).in_namespace("team"),
        Row::new("a kubeconfig out of a pipe", Works(READER)).config_file("a", &plain).pipe("a"),
        Row::new("nothing, which /dev/null is", Fails(NOBODY)).env("KUBECONFIG", "/dev/null"),
        text("a second document", Works(READER), &format!("{yaml}---\ncurrent-context: nobody\n")).in_namespace("team"),
        text("a name that YAML takes for something else", Fails("cannot unmarshal bool"), &yaml.replace("name: z", "name: y")),
        text("an empty kubeconfig", Fails(NOBODY), ""),
        text("only a comment", Fails(NOBODY), "# nothing\n"),
        text("nothing but its kind", Fails(NOBODY), "apiVersion: v1\nkind: Config\n"),
        text("malformed YAML", Fails("error loading config file"), "clusters:\n\t- {"),
        text("a list instead of an object", Fails("error loading config file"), "- 1\n- 2\n"),
        text("a number in place of a name", Fails("error loading config file"), &numbers),
        Row::new("neither apiVersion nor kind", Works(READER)).kubeconfig(&without(&plain, &["apiVersion", "kind"])),
        Row::new("another apiVersion", Fails("error loading config file")).kubeconfig(&with(plain.clone(), &json!({"apiVersion": "v2"}))),
        Row::new("another kind", Fails("error loading config file")).kubeconfig(&with(plain.clone(), &json!({"kind": "Pod"}))),
        Row::new("unknown fields", Works(READER)).kubeconfig(&with(plain.clone(), &json!({"colour": {"of": ["money"]}}))),
        Row::new("lists that are null", Fails(NOBODY))
            .text("{\"apiVersion\": \"v1\", \"kind\": \"Config\", \"clusters\": null, \"users\": null, \"contexts\": null}"),
        Row::new("two clusters of one name", Fails("duplicate name")).kubeconfig(&twice("clusters")),
        Row::new("two users of one name", Fails("duplicate name")).kubeconfig(&twice("users")),
        Row::new("two contexts of one name", Fails("duplicate name")).kubeconfig(&twice("contexts")),
        Row::new("authority data that is not base64", Fails("illegal base64"))
            .kubeconfig(&config(&json!({"server": testbed.server(), "certificate-authority-data": "%%%"}), &testbed.reader())),
        Row::new("extensions", Works(READER)).kubeconfig(&with(
            plain.clone(),
            &json!({"extensions": [{"name": "e", "extension": {"apiVersion": "e/v1", "kind": "E"}}]}),
        )),
    ]
}

fn without(config: &Value, fields: &[&str]) -> Value {
    let mut config = config.clone();
    if let Some(object) = config.as_object_mut() {
        for field in fields {
            object.remove(*field);
        }
    }
    config
}

fn contexts(testbed: &Testbed) -> Vec<Row> {
    let plain = testbed.plain_config();
    let context = |name: &str, expected, context: Value| {
        Row::new(name, expected).kubeconfig(&config_with(&testbed.cluster(), &testbed.reader(), &context))
    };
    let current = |name: &str, expected, current: &Value| {
        Row::new(name, expected).kubeconfig(&with(plain.clone(), &json!({"current-context": current})))
    };
    vec![
        current("an empty current-context", Fails(NOBODY), &json!("")),
        current(
            "an unknown current-context",
            Fails("context was not found"),
            &json!("nobody"),
        ),
        Row::new("no current-context", Fails(NOBODY)).kubeconfig(&without(&plain, &["current-context"])),
        context(
            "the context's namespace",
            Works(READER),
            json!({"cluster": "c", "user": "u", "namespace": "team"}),
        )
        .in_namespace("team"),
        context(
            "an empty namespace",
            Works(READER),
            json!({"cluster": "c", "user": "u", "namespace": ""}),
        ),
        context(
            "the context's cluster is unknown",
            Fails(NOBODY),
            json!({"cluster": "nobody", "user": "u"}),
        ),
        context(
            "the context's user is unknown",
            Asks,
            json!({"cluster": "c", "user": "nobody"}),
        ),
        context("the context has no user", Asks, json!({"cluster": "c"})),
        context("the context has no cluster", Fails(NOBODY), json!({"user": "u"})),
        context("an empty context", Fails(NOBODY), json!({})),
        Row::new(
            "a server with a line end",
            Fails("invalid control character in URL"),
        )
        .kubeconfig(&config(
            &with(
                testbed.cluster(),
                &json!({"server": format!("{}\r\n", testbed.server())}),
            ),
            &testbed.reader(),
        )),
        Row::new("a context that names an unknown user, and --token", Works(READER))
            .kubeconfig(&config_with(
                &testbed.cluster(),
                &testbed.reader(),
                &json!({"cluster": "c", "user": "nobody"}),
            ))
            .flags(&["--token", &testbed.token]),
        Row::new(
            "a context that names an unknown cluster, and --server",
            Fails("x509"),
        )
        .kubeconfig(&config_with(
            &testbed.cluster(),
            &testbed.reader(),
            &json!({"cluster": "nobody", "user": "u"}),
        ))
        .flags(&["--server", &testbed.server()]),
        Row::new("a cluster without a server", Fails(NOBODY)).kubeconfig(&config(
            &without(&testbed.cluster(), &["server"]),
            &testbed.reader(),
        )),
        Row::new("an empty cluster", Fails(NOBODY)).kubeconfig(&config(&json!({}), &testbed.reader())),
    ]
}

fn pods(testbed: &Testbed) -> Vec<Row> {
    let host = testbed.address.ip().to_string();
    let port = testbed.address.port().to_string();
    let named = |row: Row| {
        row.env("KUBERNETES_SERVICE_HOST", &host)
            .env("KUBERNETES_SERVICE_PORT", &port)
    };
    let pod = |name: &str, expected| {
        named(Row::new(name, expected))
            .mount("token", &testbed.token)
            .mount("ca.crt", &testbed.authority.own.certificate)
            .mount("namespace", "pods")
    };
    let mut no_namespace = pod("a pod without the file of its namespace", Works(READER));
    no_namespace.mounted.remove("namespace");
    let mut no_authority = pod("a pod without the file of the authority", Fails("x509"));
    no_authority.mounted.remove("ca.crt");
    vec![
        pod("a pod", Works(READER)).in_namespace("pods"),
        pod("a pod, and -n", Works(READER))
            .flags(&["-n", "mine"])
            .in_namespace("mine"),
        pod("a pod, whose token ends with a new line", Works(READER))
            .mount("token", &format!("{}\n", testbed.token))
            .in_namespace("pods"),
        no_namespace,
        no_authority,
        pod("a pod with POD_NAMESPACE", Works(READER))
            .env("POD_NAMESPACE", "variable")
            .in_namespace("variable"),
        pod("a pod that knows another authority", Fails("x509"))
            .mount("ca.crt", &testbed.front_authority.own.certificate),
        pod("a pod with --token", Works(WRITER))
            .flags(&["--token", &testbed.writer_token])
            .in_namespace("pods"),
        pod("a pod with --as", Fails(NOBODY)).flags(&["--as", "bob"]),
        pod("a pod with a kubeconfig", Works(WRITER))
            .kubeconfig(&writer(testbed))
            .in_namespace("pods"),
        pod("a pod with a KUBECONFIG of missing files", Works(READER))
            .env("KUBECONFIG", "{here}/none")
            .in_namespace("pods"),
        pod("a pod with a --kubeconfig that is missing", Fails("no such file"))
            .flags(&["--kubeconfig={here}/none"]),
        pod(
            "a pod with a malformed kubeconfig",
            Fails("error loading config file"),
        )
        .text("clusters: ["),
        pod("a pod with a kubeconfig without a current context", Works(READER))
            .kubeconfig(&without(&testbed.plain_config(), &["current-context"]))
            .in_namespace("pods"),
        pod(
            "a pod with an unknown --context",
            Fails("context \"nobody\" does not exist"),
        )
        .flags(&["--context=nobody"]),
        pod("a pod with an empty token", Fails("")).mount("token", ""),
        named(Row::new("the variables of a pod and no files", Fails(NOBODY))),
    ]
}
