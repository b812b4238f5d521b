//! The modules of the library import each other as the table of docs/architecture.md says, and only the modules that
//! say so wait, open files, start processes or read the environment.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read the sources has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const DOCS: &str = include_str!("../../docs/architecture.md");
const LIBRARY: &str = include_str!("../src/lib.rs");

/// Modules whose files, and whose folders, import each other one way only.
const ONE_WAY: [&str; 5] = ["apiserver", "check", "cluster", "judge", "run"];

/// The module whose files may also use what their folder's `mod.rs` declares: each kind of `check` implements the trait
/// `Check`, which the causes need too.
const WITH_PARENTS: &str = "check";

/// What a row has to name before its module may use it.
const OUTSIDE: [(&str, &[&str]); 6] = [
    ("tokio", &["tokio::", "futures_util::", ".await", "async "]),
    ("hyper", &["hyper::", "hyper_util::", "reqwest::"]),
    ("rustls", &["rustls::", "tokio_rustls::"]),
    ("files", &["std::fs", "tokio::fs"]),
    ("processes", &["std::process", "tokio::process"]),
    ("the environment", &["std::env"]),
];

/// The column "uses" of each module of the library.
fn table() -> BTreeMap<&'static str, &'static str> {
    let rows = DOCS.lines().filter_map(|line| line.strip_prefix("| `shared::"));
    rows.map(|row| {
        let (module, rest) = row.split_once('`').expect("a name ends");
        let uses = rest.split('|').nth(2).expect("a column `uses`");
        (module, uses.trim())
    })
    .collect()
}

/// The modules that a row names.
fn named(uses: &'static str) -> BTreeSet<&'static str> {
    uses.split('`').skip(1).step_by(2).collect()
}

fn modules() -> Vec<&'static str> {
    let lines = LIBRARY.lines();
    lines
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect()
}

/// The files of a module with their code: no comments, no tests.
fn sources(module: &str) -> Vec<(String, String)> {
    fn walk(path: &Path, found: &mut Vec<PathBuf>) {
        if path.is_dir() && !path.ends_with("tests") {
            for entry in std::fs::read_dir(path).expect("a folder of sources") {
                walk(&entry.expect("an entry").path(), found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path.to_owned());
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for path in [root.join(module), root.join(format!("{module}.rs"))] {
        if path.exists() {
            walk(&path, &mut files);
        }
    }
    assert!(!files.is_empty(), "{module} has no file");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a source is text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let name = path.strip_prefix(&root).expect("below the root");
        (name.display().to_string(), lines.collect::<Vec<_>>().join("\n"))
    };
    files.into_iter().map(read).collect()
}

/// The names that follow each `crate::`.
fn imports(code: &str) -> BTreeSet<&str> {
    let end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    let paths = code.split("crate::").skip(1);
    paths.filter_map(|path| path.split(end).next()).collect()
}

/// The module of a file: `cluster/config/mod.rs` has `cluster::config`.
fn module_of(file: &str) -> String {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    path.strip_suffix("/mod").unwrap_or(path).replace('/', "::")
}

/// The paths that a file imports or declares, each from the root of the library.
fn paths(module: &str, code: &str, is_folder: bool) -> Vec<String> {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let from_root = code
        .replace("pub(in crate::", "pub(in ")
        .replace("super::", &format!("crate::{parent}::"));
    let is_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut paths = Vec::new();
    for rest in from_root.split("crate::").skip(1) {
        let end = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
        let (path, rest) = rest.split_at(end);
        let names = rest
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
            .map_or("", |(names, _)| names);
        paths.extend(names.split(',').map(|name| format!("{path}{}", name.trim())));
    }
    let declared = code
        .lines()
        .filter_map(|line| line.strip_suffix(';')?.rsplit_once("mod "));
    if is_folder {
        paths.extend(declared.map(|(_, name)| format!("{module}::{name}")));
    }
    paths
}

/// The names that a `mod.rs` passes on from its parts, such as `check::Pods`, each with the part that declares it.
fn passed_on(module: &str, code: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for statement in code.split(';') {
        let Some((_, path)) = statement.split_once("use ") else {
            continue;
        };
        let Some((part, names)) = path.split_once("::") else {
            continue;
        };
        let names = names.trim_start_matches('{').trim_end_matches('}').split(',');
        let name = |name: &str| format!("{module}::{}", name.trim());
        all.extend(names.map(|own| (name(own), format!("{module}::{part}"))));
    }
    all
}

/// What each module imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn add(imports: &mut Imports, module: String, used: String) {
    if module != used {
        imports.entry(module).or_default().insert(used);
    }
}

/// No module imports itself through others.
fn assert_no_circle(imports: &Imports) {
    fn visit<'a>(
        module: &'a str,
        imports: &'a Imports,
        path: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) {
        assert!(!path.contains(&module), "a circle: {path:?} {module}");
        if done.insert(module) {
            path.push(module);
            for used in imports.get(module).into_iter().flatten() {
                visit(used, imports, path, done);
            }
            path.pop();
        }
    }
    let mut done = BTreeSet::new();
    for module in imports.keys() {
        visit(module, imports, &mut Vec::new(), &mut done);
    }
}

#[test]
fn no_files_and_no_folders_of_a_one_way_module_import_each_other() {
    for top in ONE_WAY {
        let sources = sources(top);
        let modules: BTreeSet<String> = sources.iter().map(|(file, _)| module_of(file)).collect();
        let folders = sources.iter().filter(|(file, _)| file.ends_with("/mod.rs"));
        let passed_on: BTreeMap<String, String> = folders
            .flat_map(|(file, code)| passed_on(&module_of(file), code))
            .filter(|(_, part)| modules.contains(part))
            .collect();
        // A path is of the longest module that it begins with.
        let target = |path: String| {
            let path = passed_on.get(&path).unwrap_or(&path);
            let ends = path.match_indices("::").map(|(end, _)| end).chain([path.len()]);
            let prefixes = ends.map(|end| &path[..end]).collect::<Vec<_>>();
            let module = prefixes
                .into_iter()
                .rev()
                .find(|prefix| modules.contains(*prefix));
            module.map(str::to_owned)
        };
        let room = |module: &str| {
            let end = module
                .match_indices("::")
                .nth(1)
                .map_or(module.len(), |(end, _)| end);
            module[..end].to_owned()
        };
        let (mut files, mut rooms) = (Imports::new(), Imports::new());
        for (file, code) in &sources {
            let module = module_of(file);
            let paths = paths(&module, code, file.ends_with("/mod.rs"));
            for used in paths.into_iter().filter_map(target) {
                if top == WITH_PARENTS && module.starts_with(&format!("{used}::")) {
                    continue;
                }
                add(&mut rooms, room(&module), room(&used));
                add(&mut files, module.clone(), used);
            }
        }
        assert_no_circle(&files);
        assert_no_circle(&rooms);
    }
}

#[test]
fn each_module_of_the_library_has_a_row() {
    let table = table();
    let rows: BTreeSet<_> = table.keys().copied().collect();
    assert_eq!(modules().into_iter().collect::<BTreeSet<_>>(), rows);
}

#[test]
fn no_module_imports_against_the_table() {
    let (modules, table) = (modules(), table());
    let mut against = Vec::new();
    for module in &modules {
        let uses = table[module];
        if uses.starts_with("all of shared") {
            continue;
        }
        let allowed = named(uses);
        for (file, code) in sources(module) {
            for import in imports(&code) {
                assert!(
                    modules.contains(&import),
                    "{file} imports crate::{import}, which is no module: import from the module itself"
                );
                if import != *module && !allowed.contains(import) {
                    against.push(format!("{file} imports {import}"));
                }
            }
        }
    }
    assert!(against.is_empty(), "against docs/architecture.md: {against:#?}");
}

#[test]
fn the_table_has_no_circle() {
    let rows = table().into_iter().map(|(module, uses)| {
        let used = named(uses).into_iter().map(str::to_owned);
        (module.to_owned(), used.collect())
    });
    assert_no_circle(&rows.collect());
}

#[test]
fn a_module_waits_and_touches_the_machine_only_if_its_row_says_so() {
    let table = table();
    let mut against = Vec::new();
    for module in modules() {
        for (file, code) in sources(module) {
            for (word, signs) in OUTSIDE {
                if let Some(sign) = signs.iter().find(|sign| code.contains(*sign))
                    && !table[module].split(", ").any(|used| used == word)
                {
                    against.push(format!("{file} has {sign:?}, and its row does not name {word}"));
                }
            }
        }
    }
    assert!(against.is_empty(), "against docs/architecture.md: {against:#?}");
}

/// The table "One Deployment goes through twelve functions" names functions that are there.
#[test]
fn the_functions_of_the_flow_are_where_the_docs_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let rows = DOCS.lines().filter_map(|line| {
        let mut quoted = line.strip_prefix("| ")?.split('`').skip(1).step_by(2);
        let (function, file) = (quoted.next()?, quoted.next()?);
        let is_source = Path::new(file).extension().is_some_and(|end| end == "rs");
        is_source.then_some((function, file))
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 12);
    for (function, file) in rows {
        let text = std::fs::read_to_string(root.join(file)).expect("a file of the table");
        let is_there = ["(", "<"]
            .iter()
            .any(|end| text.contains(&format!("fn {function}{end}")));
        assert!(is_there, "{file} has no function {function}");
    }
}
