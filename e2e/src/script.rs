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

/// Runs a script and returns its output. If it fails, its own message names the next step.
pub(crate) fn run(name: &str, arguments: &[&str], within: Duration) -> String {
    let finished = process::run(Command::new(path(name)).args(arguments), None, within);
    finished.expect_code(0).stdout.trim().to_owned()
}
