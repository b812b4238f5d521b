//! No two types of a crate share a name, so that each name means one type.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot read the sources has failed"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// General names that people read together with their module: `fmt::Error`.
const GENERAL: [&str; 3] = ["Args", "Builder", "Error"];

/// Names that two types still share, by crate.
const OPEN: &[(&str, &str)] = &[];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The type that an unindented line declares. The items of functions, traits and test modules are indented.
fn declared(line: &str) -> Option<&str> {
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.strip_prefix(' ')?,
        None => line,
    };
    let keywords = ["struct ", "enum ", "trait ", "type ", "union "];
    let name = keywords.iter().find_map(|keyword| line.strip_prefix(keyword))?;
    name.split(|c: char| !c.is_ascii_alphanumeric()).next()
}

#[test]
fn a_declaration_is_read_with_any_visibility() {
    assert_eq!(declared("pub(in crate::check) struct Pods<'a> {"), Some("Pods"));
    assert_eq!(declared("pub enum Class {"), Some("Class"));
    assert_eq!(declared("type Wrong = (String, usize);"), Some("Wrong"));
    assert_eq!(declared("    type Output = ();"), None);
    assert_eq!(declared("pub fn span(seconds: i64) -> String {"), None);
}

#[test]
fn no_two_types_of_a_crate_share_a_name() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut shared = Vec::new();
    for member in ["shared", "agent", "kubectl-sre", "testkit", "e2e"] {
        let root = workspace.join(member).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        assert!(!files.is_empty(), "{member} has no sources");
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source is text");
            let place = file
                .strip_prefix(&root)
                .expect("below the root")
                .display()
                .to_string();
            for name in text.lines().filter_map(declared) {
                places.entry(name.to_owned()).or_default().push(place.clone());
            }
        }
        let is_open = |name: &str| {
            let mut open = OPEN.iter().filter(|(name, _)| *name == member);
            open.any(|(_, names)| names.split(' ').any(|open| open == name))
        };
        for (name, places) in places {
            if places.len() > 1 && !GENERAL.contains(&name.as_str()) && !is_open(&name) {
                shared.push(format!("{member}: {name} in {}", places.join(", ")));
            }
        }
    }
    assert!(shared.is_empty(), "{shared:#?}");
}
