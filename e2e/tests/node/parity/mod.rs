//! The plugin works if and only if kubectl does. Each kubeconfig, environment and set of flags of a table is given to both
//! programs, with the real API server behind real proxies.
//!
//! It needs the cluster's authority and an address that is not loopback, so it runs only on our own cluster.

mod credentials;
mod files;
mod flags;
mod outcome;
mod plugins;
mod proxies;
mod row;
mod testbed;
mod tls;

use outcome::{CaseDirectory, Outcome, RunResult};
use row::Row;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use testbed::Testbed;

/// Cases that run at the same time. Most of a case is the start of kubectl.
const AT_ONCE: usize = 4;
/// The number of cases, so that a lost one is noticed.
const CASES: usize = 551;
const WRONG_ROW: &str = "kubectl is not as expected";
#[test]
fn the_plugin_works_where_kubectl_works_as_the_same_user_in_the_same_namespace_and_fails_where_it_fails() {
    let testbed = Testbed::new();
    let rows: Vec<Row> = [
        files::rows(&testbed),
        flags::rows(&testbed),
        credentials::rows(&testbed),
        plugins::rows(&testbed),
        proxies::rows(&testbed),
        tls::rows(&testbed),
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
                    let found = difference(&testbed, row, index);
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

/// How the programs differ from each other or from the row, in words.
fn difference(testbed: &Testbed, row: &Row, index: usize) -> Option<String> {
    let directory = CaseDirectory::new(row, testbed.directory.join(format!("case-{index}")));
    let (kubectl, plugin) = (directory.kubectl(), directory.plugin());
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
    if testbed.secrets().any(|secret| words.contains(secret)) {
        wrong.push("a secret is shown".into());
    }
    if let Some(runs) = row.runs {
        if plugin.runs != runs {
            wrong.push(format!(
                "the credential plugin is run {} times instead of {runs}",
                plugin.runs
            ));
        }
        if runs > 0 && kubectl.plugin_input != plugin.plugin_input {
            wrong.push(format!(
                "kubectl gives it {:?}\n    plugin gives it  {:?}",
                kubectl.plugin_input, plugin.plugin_input
            ));
        }
    }
    (!wrong.is_empty()).then(|| describe(row, &wrong, &kubectl, &plugin))
}

fn describe(row: &Row, wrong: &[String], kubectl: &RunResult, plugin: &RunResult) -> String {
    let mut text = format!("- {}\n", row.name);
    for line in wrong {
        // Writing to a String does not fail.
        let _ = writeln!(text, "    {line}");
    }
    for run in [kubectl, plugin] {
        let finished = &run.finished;
        let ended = finished
            .code
            .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let said = if matches!(run.outcome, Outcome::Works { .. }) {
            ""
        } else {
            &finished.stdout
        };
        let _ = writeln!(
            text,
            "    $ {}\n      ended with {ended}: {}",
            finished.command,
            shorten(&format!("{said} {}", finished.stderr))
        );
    }
    text
}

/// The first 900 characters, on one line and without kubectl's log.
fn shorten(text: &str) -> String {
    let words = text.lines().filter(|line| !line.contains("] \""));
    let line: String = words
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ");
    line.chars().take(900).collect()
}
