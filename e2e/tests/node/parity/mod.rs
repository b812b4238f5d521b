//! Where kubectl works, the plugin works, and the other way round: a table of kubeconfigs, environments and flags, each
//! given to both, with the real API server behind real proxies.
//!
//! It needs the cluster's authority and an address that is not loopback, so it runs on our own cluster alone.

mod credentials;
mod files;
mod flags;
mod outcome;
mod plugins;
mod proxies;
mod row;
mod tls;
mod world;

use outcome::{Done, Outcome, Stage};
use row::Row;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use world::World;

/// At the same time. Each is mostly a kubectl that starts.
const AT_ONCE: usize = 4;
/// How many cases there are: one that is lost is noticed.
const CASES: usize = 550;
const WRONG_ROW: &str = "kubectl is not as expected";
#[test]
fn the_plugin_works_where_kubectl_works_as_the_same_user_in_the_same_namespace_and_fails_where_it_fails() {
    let world = World::new();
    let rows: Vec<Row> = [
        files::rows(&world),
        flags::rows(&world),
        credentials::rows(&world),
        plugins::rows(&world),
        proxies::rows(&world),
        tls::rows(&world),
    ]
    .concat();
    let mut names = BTreeSet::new();
    for row in &rows {
        assert!(names.insert(&row.name), "two cases are {:?}", row.name);
    }

    let next = AtomicUsize::new(0);
    let differences = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = rows.get(index) else { break };
                    let found = difference(&world, row, index);
                    if let Some(text) = found {
                        differences
                            .lock()
                            .expect("no thread panics with it")
                            .push((index, text));
                    }
                }
            });
        }
    });
    let mut differences = differences.into_inner().expect("no thread panics with it");
    differences.sort_unstable();
    let texts: Vec<&str> = differences.iter().map(|(_, text)| &**text).collect();
    assert!(
        texts.is_empty(),
        "{} of {} cases differ\n\n{}",
        texts.len(),
        rows.len(),
        texts.join("\n")
    );
    assert_eq!(rows.len(), CASES);
}

/// What is not as it should be, in words.
fn difference(world: &World, row: &Row, index: usize) -> Option<String> {
    let stage = Stage::new(row, world.directory.join(format!("case-{index}")));
    let (kubectl, plugin) = (stage.kubectl(), stage.plugin());
    let mut wrong = Vec::new();
    if !kubectl.is(row) {
        wrong.push(format!(
            "{WRONG_ROW}: {:?} in namespace {}",
            row.expected, row.namespace
        ));
    }
    if !kubectl.outcome.agrees(&plugin.outcome) {
        wrong.push(format!(
            "kubectl: {:?}\n    plugin:  {:?}",
            kubectl.outcome, plugin.outcome
        ));
    }
    if plugin.hangs() {
        wrong.push(format!("not ended {} s after it began", row.seconds));
    }
    let words = [&*plugin.finished.stdout, &*plugin.finished.stderr].concat();
    if world.secrets().any(|secret| words.contains(secret)) {
        wrong.push("a secret is shown".into());
    }
    if let Some(runs) = row.runs {
        if plugin.runs != runs {
            wrong.push(format!(
                "the credential plugin is run {} times instead of {runs}",
                plugin.runs
            ));
        }
        if runs > 0 && kubectl.told != plugin.told {
            wrong.push(format!(
                "kubectl tells it {:?}\n    plugin tells it  {:?}",
                kubectl.told, plugin.told
            ));
        }
    }
    (!wrong.is_empty()).then(|| described(row, &wrong, &kubectl, &plugin))
}

fn described(row: &Row, wrong: &[String], kubectl: &Done, plugin: &Done) -> String {
    let mut text = format!("- {}\n", row.name);
    for line in wrong {
        // Writing to a String does not fail.
        let _ = writeln!(text, "    {line}");
    }
    for done in [kubectl, plugin] {
        let finished = &done.finished;
        let ended = finished
            .code
            .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let said = if matches!(done.outcome, Outcome::Works { .. }) {
            ""
        } else {
            &finished.stdout
        };
        let _ = writeln!(
            text,
            "    $ {}\n      ended with {ended}: {}",
            finished.command,
            shortened(&format!("{said} {}", finished.stderr))
        );
    }
    text
}

/// The first words, on one line, without kubectl's log.
fn shortened(text: &str) -> String {
    let words = text.lines().filter(|line| !line.contains("] \""));
    let line: String = words
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ");
    line.chars().take(900).collect()
}
