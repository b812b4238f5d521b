//! A report is data. The code that folds, groups or shows it does not look for words in its texts. So a sentence can be
//! reworded without any other change.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot read the sources has failed"
)]

use std::path::{Path, PathBuf};

/// The folders that read reports.
const READERS: [&str; 5] = [
    "src/report",
    "src/digest",
    "src/judge",
    "src/live",
    "../kubectl-sre/src/output",
];

/// The one file that may look for words: an older agent sends each thing that it did not see only as a sentence.
const WIRE_OF_OLDER_AGENTS: &str = "src/report/not_seen.rs";

/// Methods that look for a text in another.
const SEARCHES: [&str; 12] = [
    "contains",
    "starts_with",
    "ends_with",
    "strip_prefix",
    "strip_suffix",
    "split",
    "split_once",
    "rsplit_once",
    "find",
    "rfind",
    "replace",
    "match_indices",
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.ends_with("tests") || path.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Whether a line of code looks for a word in a text.
fn searches_a_word(line: &str) -> bool {
    SEARCHES.iter().any(|method| {
        let call = format!(".{method}(\"");
        let literals = line
            .split(&call)
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        literals
            .map(|literal| literal.replace("\\n", ""))
            .any(|literal| literal.contains(char::is_alphabetic))
    })
}

#[test]
fn no_reader_of_a_report_searches_its_texts_for_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in READERS {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 50, "{}", files.len());
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with(WIRE_OF_OLDER_AGENTS)) {
        let text = std::fs::read_to_string(file).expect("a source is text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let found = code.lines().filter(|line| searches_a_word(line));
        wrong.extend(found.map(|line| format!("{}: {}", file.display(), line.trim())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_search_for_a_word_is_found_and_a_search_for_punctuation_is_not() {
    for line in [
        r#"note.contains("still going after")"#,
        r#"a.split(", ").find("x")"#,
    ] {
        assert!(searches_a_word(line), "{line}");
    }
    for line in [
        r#"text.split("\n\n")"#,
        r#"words.join("and")"#,
        r#"path.split("/")"#,
    ] {
        assert!(!searches_a_word(line), "{line}");
    }
}
