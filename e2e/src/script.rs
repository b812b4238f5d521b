//! The scripts of `e2e/cluster`.

use crate::environment::root;
use crate::process;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The path of a script.
pub(crate) fn path(name: &str) -> PathBuf {
    root().join("e2e/cluster").join(name)
}

/// Limit of looking up a program that is built already, and of fetching a small one.
const BUILT: Duration = Duration::from_mins(5);

/// The path of a component. `e2e/run` has built those that take long.
#[track_caller]
pub(crate) fn component(name: &str) -> PathBuf {
    let listed = run("components", &[name], BUILT);
    let path = listed.strip_prefix(&format!("{name}="));
    PathBuf::from(path.unwrap_or_else(|| panic!("components says {listed:?}")))
}

/// Runs a script and returns its output. If it fails, its own message names the next step.
pub(crate) fn run(name: &str, arguments: &[&str], within: Duration) -> String {
    let finished = process::run(Command::new(path(name)).args(arguments), None, within);
    finished.expect_code(0).stdout.trim().to_owned()
}
