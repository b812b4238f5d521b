//! Each output as its real readers read it. They are packages of Debian, so `make formats` runs these tests and `make test` does not.

use super::judge::{AT, dump};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Texts of a cluster that no reader may act upon.
const HOSTILE: [&str; 8] = [
    "a | b \\| c `d` ``e``",
    "<script>alert(1)</script> </details> <!-- ",
    "@all @octocat #1 GH-2 acme/shop#3 https://evil.example www.evil.example",
    "first\n/lgtm\n::error::x\n##[error]y",
    "\u{1b}[31mred\u{0}\u{202e}txt\u{fffe} ]]> &amp; \"quoted\" 'single'",
    "100% title=a,file=b::c %0A",
    "[x](https://evil.example) ![y](z) *b* _i_ ~~s~~ # h",
    "\"} 1 1700000000000\nsre_objects 7 \\",
];

/// Every dump of the tests, and one whose texts are hostile.
fn dumps(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dump("")).expect("a folder of dumps");
    let mut dumps: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    dumps.sort();
    let items: Vec<_> = HOSTILE
        .iter()
        .enumerate()
        .map(|(number, text)| {
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": format!("h{number}-{text}"), "namespace": "shop", "generation": 1, "uid": number.to_string()},
                "spec": {"replicas": 2, "selector": {"matchLabels": {"app": format!("h{number}")}}},
                "status": {"observedGeneration": 1, "conditions": [
                    {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": text,
                     "lastTransitionTime": "2026-11-20T11:00:00Z"},
                ]},
            })
        })
        .collect();
    let hostile = folder.join("hostile.json");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    std::fs::write(&hostile, list.to_string()).expect("a file");
    dumps.push(hostile);
    dumps
}

/// What the plugin writes about a dump in that format.
fn written(dump: &Path, format: &str) -> String {
    let (code, text) = output_of(dump, format);
    assert!([0, 1, 2, 3].contains(&code), "{}: {code}", dump.display());
    text
}

fn output_of(dump: &Path, format: &str) -> (i32, String) {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kubectl-sre"))
        .env_clear()
        .args(["health", "--at", AT, "-o", format, "-f"])
        .arg(dump)
        .output()
        .expect("the plugin was built for this test");
    let text = String::from_utf8(output.stdout).expect("a text");
    (output.status.code().unwrap_or(-1), text)
}

/// What a program makes of a text.
fn read_by(program: &str, args: &[&str], text: &str) -> String {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}: make formats installs it"));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program}: {words}\n{text}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &words
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("the machine has a writable temporary directory")
}

/// Counts what junitparser finds, and reads every text.
const JUNITPARSER: &str = "
import sys
from junitparser import JUnitXml, Failure, Error, Skipped
tests = JUnitXml.fromstring(sys.stdin.buffer.read())
cases = [case for suite in tests for case in suite]
found = [sum(isinstance(r, kind) for case in cases for r in case.result) for kind in (Failure, Error, Skipped)]
assert [tests.failures, tests.errors, tests.skipped] == found, (tests, found)
assert tests.tests == len(cases) > 0
assert len({(case.classname, case.name) for case in cases}) == len(cases)
";

#[test]
#[ignore = "needs xmllint and junitparser: make formats"]
fn junitparser_and_the_schema_of_jenkins_take_every_test_report() {
    let folder = temporary();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/junit.xsd");
    let schema = schema.display().to_string();
    for dump in dumps(folder.path()) {
        let xml = written(&dump, "junit");
        read_by("xmllint", &["--noout", "--schema", &schema, "-"], &xml);
        read_by("/usr/bin/python3", &["-c", JUNITPARSER], &xml);
    }
}

#[test]
#[ignore = "needs promtool: make formats"]
fn promtool_takes_every_text_of_metrics() {
    let folder = temporary();
    for dump in dumps(folder.path()) {
        let metrics = written(&dump, "prometheus");
        let remarks = read_by("promtool", &["check", "metrics"], &metrics);
        assert_eq!(remarks, "", "{metrics}");
    }
}

#[test]
#[ignore = "needs cmark-gfm: make formats"]
fn the_renderer_of_github_finds_no_markup_of_the_cluster() {
    let folder = temporary();
    let extensions = [
        "table",
        "autolink",
        "strikethrough",
        "tasklist",
        "tagfilter",
        "footnotes",
    ];
    let extensions: Vec<&str> = extensions.iter().flat_map(|name| ["-e", name]).collect();
    for dump in dumps(folder.path()) {
        let markdown = written(&dump, "markdown");
        assert!(markdown.len() <= 60_000);
        let html = read_by("cmark-gfm", &[&["--unsafe"][..], &extensions].concat(), &markdown);
        let outside: Vec<&str> = html
            .split("<code>")
            .map(|part| part.split_once("</code>").map_or(part, |(_, outside)| outside))
            .collect();
        let outside = outside.join("\n");
        for word in ["@", "#", "href", "<a", "<img", "<script", "<em", "<del", "evil"] {
            assert!(!outside.contains(word), "{word}: {html}\n{markdown}");
        }
        let rows = html.matches("<tr>").count();
        let cells = html.matches("<td>").count() + html.matches("<th>").count();
        assert_eq!(cells, 4 * rows, "{html}");
    }
}

#[test]
#[ignore = "needs xargs: make formats"]
fn xargs_makes_one_command_of_each_name() {
    let folder = temporary();
    for dump in dumps(folder.path()) {
        let names = written(&dump, "name");
        let script = r#"printf '%s\n' "$#""#;
        let counts = read_by("xargs", &["-r", "-L1", "sh", "-c", script, "kubectl"], &names);
        let counts: Vec<&str> = counts.lines().collect();
        assert_eq!(counts.len(), names.lines().count(), "{names}");
        // A namespace has a flag; an object in none is one word.
        assert!(
            counts.iter().all(|count| ["1", "3"].contains(count)),
            "{names}\n{counts:?}"
        );
    }
}
