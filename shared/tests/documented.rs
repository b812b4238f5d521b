//! Every word that a report can carry has its section in docs/checks.md, from which `kubectl sre explain` prints, and
//! no section explains a word that there is not.
//!
//! The words are read out of the sources of the checks, so that one that is added cannot be forgotten here.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read the sources has failed"
)]

use std::collections::BTreeSet;
use std::path::Path;

const DOCS: &str = include_str!("../../docs/checks.md");

/// Words that stand where ours do and are those of Kubernetes, compared with and never said.
const THEIRS: [&str; 3] = ["ConfigMap", "Pending", "Secret"];

/// Words that we pass on as a controller says them, and explain all the same.
const PASSED_ON: [&str; 1] = ["ProgressDeadlineExceeded"];

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
fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<(String, String)>) {
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
                found.push((path.display().to_string(), code.join("\n")));
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

fn is_word(text: &str) -> bool {
    text.len() > 3
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
        && text.contains(|c: char| c.is_ascii_lowercase())
}

/// Each string literal, with the code between it and the one before.
fn literals(code: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = code[at..].find('"').map(|n| at + n) {
        let mut end = open + 1;
        while let Some(byte) = code.as_bytes().get(end).filter(|b| **b != b'"') {
            end += if *byte == b'\\' { 2 } else { 1 };
        }
        let end = end.min(code.len());
        found.push((code[at..open].trim(), &code[open + 1..end]));
        at = (end + 1).min(code.len());
    }
    found
}

/// The words that a check writes into a report: as a field, as the first literal of a verdict, as the first of a tuple,
/// or in a table as the second, beside the word of Kubernetes.
fn said(code: &str) -> BTreeSet<String> {
    let literals = literals(code);
    let opens_tuple = |between: &str| {
        between
            .strip_suffix('(')
            .is_some_and(|code| !code.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '!'))
    };
    let finds = |between: &str| {
        [
            "Verdict::new(",
            "Verdict::healthy(",
            "Verdict::degraded(",
            "Verdict::unknown(",
        ]
        .iter()
        .any(|call| between.rfind(call).is_some_and(|at| !between[at..].contains(';')))
    };
    let is_field = |between: &str| {
        ["reason:", "code:", "found(", "=>"]
            .iter()
            .any(|f| between.ends_with(f))
    };
    let pairs = |number: usize| {
        let (first, second) = (literals.get(number), literals.get(number + 1));
        first.is_some_and(|(between, _)| opens_tuple(between))
            && second.is_some_and(|(between, text)| *between == "," && is_word(text))
    };
    let words = literals.iter().enumerate().filter(|(number, (between, text))| {
        let second = number.checked_sub(1).is_some_and(pairs);
        let first = opens_tuple(between) && !pairs(*number);
        is_word(text) && (is_field(between) || finds(between) || first || second)
    });
    words.map(|(_, (_, text))| (*text).to_owned()).collect()
}

#[test]
fn every_reason_and_cause_has_its_section_in_the_docs() {
    let sections: BTreeSet<String> = sections("Reasons").union(&sections("Causes")).cloned().collect();
    let mut missing = Vec::new();
    for (path, code) in sources() {
        let words = said(&code);
        let words = words.iter().filter(|w| !THEIRS.contains(&w.as_str()));
        missing.extend(
            words
                .filter(|word| !sections.contains(*word))
                .map(|word| format!("{word} of {path}")),
        );
    }
    assert_eq!(missing, [""; 0], "docs/checks.md lacks a section");
}

#[test]
fn every_section_of_a_reason_or_a_cause_explains_a_word_that_there_is() {
    let said: BTreeSet<String> = sources().iter().flat_map(|(_, code)| said(code)).collect();
    let idle: Vec<String> = sections("Reasons")
        .union(&sections("Causes"))
        .filter(|word| !said.contains(*word) && !PASSED_ON.contains(&word.as_str()))
        .cloned()
        .collect();
    assert_eq!(idle, [""; 0], "docs/checks.md explains what no check says");
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
