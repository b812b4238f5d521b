//! Every code of a report has its section in docs/checks.md, and every section has a code. `kubectl sre explain` prints
//! these sections.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read the sources has failed"
)]

use sre_shared::report::Code;
use std::collections::BTreeSet;
use std::path::Path;

const DOCS: &str = include_str!("../../docs/checks.md");

/// Codes that no check names, since a check passes on the controller's word. The docs explain them too.
const PASSED_ON: [Code; 1] = [Code::ProgressDeadlineExceeded];

fn sections(heading: &str) -> BTreeSet<String> {
    let part = DOCS
        .split("\n# ")
        .find(|part| part.starts_with(&format!("{heading}\n")))
        .unwrap_or_else(|| panic!("docs/checks.md has no part {heading}"));
    part.split("\n## ")
        .skip(1)
        .filter_map(|section| section.lines().next())
        .filter(|title| !title.contains(' '))
        .map(str::to_owned)
        .collect()
}

/// The code of the checks, without comments and tests.
fn sources() -> Vec<String> {
    fn walk(dir: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).expect("a source is text");
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let code: Vec<&str> = code
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .collect();
                found.push(code.join("\n"));
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check"),
        &mut found,
    );
    assert!(found.len() > 15, "{}", found.len());
    found
}

#[test]
fn every_code_has_its_section_in_the_docs_and_every_section_has_a_code() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    let sections: BTreeSet<String> = sections("Reasons").union(&sections("Causes")).cloned().collect();
    let missing: Vec<&String> = codes.difference(&sections).collect();
    assert_eq!(missing, [""; 0], "docs/checks.md lacks a section");
    let idle: Vec<&String> = sections.difference(&codes).collect();
    assert_eq!(idle, [""; 0], "docs/checks.md explains a word that is not a code");
}

#[test]
fn the_section_of_a_code_says_whether_the_problem_passes_by_itself_as_the_table_does() {
    let passes = |code: &Code| {
        let begin = format!("\n## {code}\n");
        let said = DOCS.split(begin.as_str()).skip(1).map(|rest| {
            let section = rest.split("\n## ").next().unwrap_or_default();
            let line = section
                .lines()
                .find_map(|line| line.strip_prefix("Passes by itself: "));
            line.and_then(|line| line.split('.').next()).unwrap_or("nothing")
        });
        said.collect::<Vec<_>>()
    };
    for code in Code::ALL {
        let said = passes(code);
        let expected = vec![code.passes_by_itself().as_str(); said.len()];
        assert_eq!(said, expected, "docs/checks.md, section {code}");
        assert_ne!(said, [""; 0], "{code}");
    }
}

#[test]
fn every_code_is_used_by_a_check() {
    let sources = sources();
    let is_used = |code: &&Code| {
        let name = format!("Code::{code}");
        let mut uses = sources.iter().flat_map(|source| source.split(&name).skip(1));
        uses.any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    };
    let unused = Code::ALL
        .iter()
        .filter(|code| !is_used(code) && !PASSED_ON.contains(code));
    assert_eq!(unused.map(Code::as_str).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_class_of_failure_has_its_row_in_the_docs() {
    for class in sre_shared::failure::Class::ALL {
        let word = class.as_str();
        assert!(
            DOCS.contains(&format!("| `{word}` |")),
            "docs/checks.md has no row {word}"
        );
    }
}
