//! Each row of docs/faults.md names tests that exist, so that no promise outlives the test that shows it.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot read the sources has failed"
)]

use std::collections::BTreeSet;
use std::path::Path;

const FAULTS: &str = include_str!("../../docs/faults.md");

const PACKAGES: [&str; 6] = ["shared", "kubectl-sre", "agent", "testkit", "e2e", "fuzz"];

/// The names of the tests in a source: functions under an attribute `test`, and the words of the macro in fuzz/tests.
fn tests(source: &str, found: &mut BTreeSet<String>) {
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, after)) = line.split_once("fn ")
            && is_test
        {
            found.extend(after.split('(').next().map(str::to_owned));
            is_test = false;
        }
    }
    if let Some((_, names)) = source.split_once("\ntargets! {\n") {
        found.extend(
            names
                .lines()
                .map(str::trim)
                .take_while(|name| *name != "}")
                .map(str::to_owned),
        );
    }
}

fn walk(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tests(&std::fs::read_to_string(&path).expect("a source is text"), found);
        }
    }
}

/// The rows: the fault, the promise, and the names of tests.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = FAULTS
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let rows = lines.map(|line| {
        line.trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect::<Vec<_>>()
    });
    rows.filter(|row| row.first() != Some(&"fault")).collect()
}

#[test]
fn each_fault_has_a_promise_and_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tests = BTreeSet::new();
    for package in PACKAGES {
        walk(&root.join(package), &mut tests);
    }
    assert!(tests.len() > 500, "{}", tests.len());
    let rows = rows();
    assert!(rows.len() > 30, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let [fault, promise, names] = row.as_slice() else {
            wrong.push(format!("{row:?} has not three cells"));
            continue;
        };
        if fault.is_empty() || promise.is_empty() || names.is_empty() {
            wrong.push(format!("{fault:?} lacks a cell"));
        }
        let names = names.split('`').map(str::trim).filter(|name| !name.is_empty());
        wrong.extend(
            names
                .filter(|name| !tests.contains(*name))
                .map(|name| format!("{fault}: there is no test {name}")),
        );
    }
    assert_eq!(wrong, [""; 0]);
}
