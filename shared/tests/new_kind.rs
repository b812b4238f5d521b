//! Every file that lists kinds lists every kind of the registry. The compiler asks for the rest: the view, the verdict and
//! the facts.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot read the sources has failed"
)]

use sre_shared::kind::Kind;
use std::path::{Path, PathBuf};

/// The text by which a file names a kind.
type Mark = fn(Kind) -> String;

/// The files in CONTRIBUTING.md's list, each with the text that names a kind there.
const FILES: [(&str, Mark); 7] = [
    ("shared/src/dump/version.rs", |kind| {
        format!("versions::<{kind:?}>")
    }),
    ("docs/guide.md", |kind| format!("`{}`", kind.plural())),
    ("helm/sre-agent/templates/_helpers.tpl", |kind| {
        format!("\n{}: {{", kind.plural())
    }),
    ("helm/sre-agent/values.schema.json", |kind| {
        format!("\"{}\"", kind.plural())
    }),
    ("helm/sre-agent/values.yaml", |kind| kind.plural().to_owned()),
    ("helm/sre-agent/tests/rbac_test.yaml", |kind| {
        kind.plural().to_owned()
    }),
    ("helm/sre-agent/tests/deployment_test.yaml", |kind| {
        kind.plural().to_owned()
    }),
];

/// Files that list only built-in kinds, without custom resources such as Rollout.
const BUILT_IN: [(&str, Mark); 4] = [
    ("shared/src/dump/layout.rs", |kind| {
        format!("\"{}\",", kind.plural())
    }),
    ("shared/tests/kinds/wire.rs", |kind| format!("{kind:?}")),
    ("shared/tests/kinds/wire.tsv", |kind| format!("{}\t", kind.kind())),
    ("testkit/src/server/resource.rs", |kind| {
        format!("\"{}\"", kind.kind())
    }),
];

fn root() -> PathBuf {
    let library = Path::new(env!("CARGO_MANIFEST_DIR"));
    library.parent().expect("the workspace").to_owned()
}

fn lacking<'a>(files: &[(&str, Mark)], kinds: &(impl Iterator<Item = &'a Kind> + Clone)) -> Vec<String> {
    let mut lacking = Vec::new();
    for (file, mark) in files {
        let text = std::fs::read_to_string(root().join(file)).expect("a file of the table");
        let unknown = kinds.clone().filter(|kind| !text.contains(&mark(**kind)));
        lacking.extend(unknown.map(|kind| format!("{file} lacks {}", mark(*kind).trim())));
    }
    lacking
}

#[test]
fn every_file_that_lists_kinds_lists_all_of_them() {
    let built_in = Kind::ALL.iter().filter(|kind| kind.is_built_in());
    let mut lacking = lacking(&FILES, &Kind::ALL.iter());
    lacking.extend(self::lacking(&BUILT_IN, &built_in));
    assert_eq!(lacking, [""; 0]);
}

#[test]
fn contributing_lists_all_of_these_files() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    let files = FILES.iter().chain(&BUILT_IN);
    let unlisted = files.filter(|(file, _)| !text.contains(file));
    assert_eq!(unlisted.map(|(file, _)| *file).collect::<Vec<_>>(), [""; 0]);
}
