//! Which kubeconfig files are read, and how several become one.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::{Value, json};

#[test]
fn the_same_files_are_read_and_merged_as_by_kubectl() {
    let f = Fixture::get();
    let alice = Kubeconfig::new(f);
    let bob = alice.clone().credential(f.certificate("bob"));
    let nobody = alice.clone().file(json!({"current-context": Value::Null}));
    let only = |part: &str| {
        let mut kept = alice.clone();
        for list in ["clusters", "users", "contexts", "current-context"] {
            if list != part {
                kept = kept.file(json!({list: Value::Null}));
            }
        }
        kept.yaml()
    };
    let [clusters, users, contexts, current] = ["clusters", "users", "contexts", "current-context"].map(only);
    let by_path = alice
        .clone()
        .cluster(json!({"certificate-authority-data": Value::Null, "certificate-authority": "pki/ca.crt"}))
        .credential(json!({"client-certificate": "pki/alice.crt", "client-key": "pki/alice.key"}));
    let with_pki = |row: Row, directory: [&'static str; 3]| {
        let [ca, certificate, key] = directory;
        row.file(ca, f.read("ca.crt"))
            .file(certificate, f.read("alice.crt"))
            .file(key, f.read("alice.key"))
    };
    let list = |name, value: &str| Row::bare(name).variable("KUBECONFIG", value);

    let rows = [
        Row::new("the file in the home directory is read", &alice),
        Row::bare("there is no kubeconfig at all"),
        list("KUBECONFIG comes before the file in the home directory", "{dir}/bob")
            .file(".kube/config", alice.yaml())
            .file("bob", bob.yaml()),
        list("an empty KUBECONFIG is none", "").file(".kube/config", alice.yaml()),
        list("KUBECONFIG is nothing but separators", "::").file(".kube/config", alice.yaml()),
        list("KUBECONFIG names one file, which is missing", "{dir}/missing").file(".kube/config", alice.yaml()),
        list("KUBECONFIG is a path relative to the working directory", "alice").file("alice", alice.yaml()),
        list("a missing file of a list is left out", "{dir}/missing:{dir}/alice").file("alice", alice.yaml()),
        list("the last file of a list is missing", "{dir}/alice:{dir}/missing").file("alice", alice.yaml()),
        list("an empty element of a list is left out", ":{dir}/alice:").file("alice", alice.yaml()),
        list("a file stands in the list twice", "{dir}/alice:{dir}/alice").file("alice", alice.yaml()),
        list("two files give the same names other values", "{dir}/bob:{dir}/alice")
            .file("alice", alice.yaml())
            .file("bob", bob.yaml()),
        list("the current context is in the second file alone", "{dir}/first:{dir}/second")
            .file("first", nobody.yaml())
            .file("second", current.clone()),
        list("the first current context wins", "{dir}/first:{dir}/second")
            .file("first", alice.yaml())
            .file("second", alice.clone().file(json!({"current-context": "absent"})).yaml()),
        list("an empty current context gives way to the next file's", "{dir}/first:{dir}/second")
            .file("first", alice.clone().file(json!({"current-context": ""})).yaml())
            .file("second", current.clone()),
        list("clusters, users and contexts lie in a file each", "{dir}/a:{dir}/b:{dir}/c:{dir}/d")
            .file("a", clusters)
            .file("b", users)
            .file("c", contexts)
            .file("d", current),
        list("one of two files is no YAML", "{dir}/alice:{dir}/broken")
            .file("alice", alice.yaml())
            .file("broken", "apiVersion: v1\nclusters: [\n"),
        list("one of two files is empty", "{dir}/empty:{dir}/alice")
            .file("alice", alice.yaml())
            .file("empty", ""),
        list("one of two files is a directory", "{dir}/directory:{dir}/alice")
            .file("alice", alice.yaml())
            .file("directory/file", ""),
        with_pki(
            Row::new("paths are relative to the file that has them", &by_path),
            [".kube/pki/ca.crt", ".kube/pki/alice.crt", ".kube/pki/alice.key"],
        ),
        with_pki(
            list("paths are relative to each file of a list", "{dir}/one/first:{dir}/two/config")
                .file("one/first", nobody.clone().file(json!({"users": Value::Null, "clusters": Value::Null})).yaml())
                .file("two/config", by_path.yaml()),
            ["two/pki/ca.crt", "two/pki/alice.crt", "two/pki/alice.key"],
        ),
        with_pki(
            Row::new("paths are not relative to the working directory", &by_path),
            ["pki/ca.crt", "pki/alice.crt", "pki/alice.key"],
        ),
        with_pki(
            Row::bare("paths are relative to a file that is itself given by a relative path")
                .file("deep/er/config", by_path.yaml())
                .flags(["--kubeconfig", "deep/er/config"]),
            ["deep/er/pki/ca.crt", "deep/er/pki/alice.crt", "deep/er/pki/alice.key"],
        ),
        list("--kubeconfig comes before KUBECONFIG", "{dir}/alice")
            .file("alice", alice.yaml())
            .file("bob", bob.yaml())
            .flags(["--kubeconfig={dir}/bob"]),
        list("--kubeconfig is one path and no list", "{dir}/alice")
            .file("alice", alice.yaml())
            .file("bob", bob.yaml())
            .flags(["--kubeconfig={dir}/alice:{dir}/bob"]),
        Row::new("an empty --kubeconfig is none", &alice).flags(["--kubeconfig="]),
        Row::new("--kubeconfig names a file that is missing", &alice).flags(["--kubeconfig={dir}/missing"]),
        Row::bare("--kubeconfig names a directory")
            .file("directory/config", alice.yaml())
            .flags(["--kubeconfig={dir}/directory"]),
        Row::bare("--kubeconfig names an empty file")
            .file("empty", "")
            .flags(["--kubeconfig={dir}/empty"]),
        Row::bare("the kubeconfig is no YAML").file(".kube/config", "{ this is: [ no YAML"),
        Row::bare("the kubeconfig is a YAML list").file(".kube/config", "- one\n- two\n"),
        Row::bare("the kubeconfig is an HTML page").file(".kube/config", "<!DOCTYPE html>\n<html><body>Log in</body></html>\n"),
        Row::bare("the kubeconfig is JSON").file(".kube/config", alice.json()),
        Row::bare("the kubeconfig has Windows line ends").file(".kube/config", alice.yaml().replace('\n', "\r\n")),
        Row::bare("the kubeconfig is YAML with a document mark and comments")
            .file(".kube/config", format!("---\n# of prod\n{}", alice.yaml())),
        Row::bare("the kubeconfig begins with a byte order mark")
            .file(".kube/config", format!("\u{feff}{}", alice.yaml())),
        Row::new(
            "the kubeconfig is of another kind",
            &alice.clone().file(json!({"kind": "Secret"})),
        ),
        Row::new(
            "the kubeconfig is of another apiVersion",
            &alice.clone().file(json!({"apiVersion": "v2"})),
        ),
        Row::new(
            "the kubeconfig has neither apiVersion nor kind",
            &alice.clone().file(json!({"apiVersion": Value::Null, "kind": Value::Null})),
        ),
        Row::new(
            "the kubeconfig has fields that nobody knows",
            &alice
                .clone()
                .file(json!({"colour": "blue"}))
                .cluster(json!({"owner": "team-a"}))
                .user(json!({"nickname": "al"}))
                .context(json!({"region": "eu"})),
        ),
        Row::new(
            "the kubeconfig has preferences and extensions",
            &alice
                .clone()
                .file(json!({"preferences": {"colors": true}, "extensions": [{"name": "x", "extension": {"a": 1}}]}))
                .cluster(json!({"extensions": [{"name": "minikube", "extension": {"version": "v1.34.0"}}]}))
                .context(json!({"extensions": [{"name": "context_info", "extension": {"provider": "minikube"}}]})),
        ),
        Row::new(
            "empty lists are written as null",
            &alice.clone().context(json!({"extensions": Value::Array(Vec::new())})),
        )
        .file("second", "apiVersion: v1\nkind: Config\nclusters: null\nusers: null\ncontexts: null\n")
        .variable("KUBECONFIG", "{dir}/second:{dir}/.kube/config"),
        Row::new(
            "a field of the wrong type",
            &alice.clone().cluster(json!({"insecure-skip-tls-verify": "yes"})),
        ),
        Row::new(
            "two users of one file have the same name",
            &alice
                .clone()
                .another("users", json!({"name": "alice", "user": f.certificate("bob")})),
        ),
        Row::new(
            "two contexts of one file have the same name",
            &alice.another(
                "contexts",
                json!({"name": "e2e", "context": {"cluster": "e2e", "user": "alice", "namespace": "second"}}),
            ),
        ),
    ];
    compare(&rows, &[]);
}
