//! A command line with a directory, a home and an environment of its own: what one program is told is what another is
//! told, so that only the programs can differ.

use crate::environment;
use crate::process::{self, Finished};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The exit code of `timeout` for what it had to end.
pub const TOOK_TOO_LONG: i32 = 124;
/// kubectl's own bound to connect is 30 s, and nothing here is to need it.
const SECONDS: u64 = 25;

/// Runs a program in that directory, which is its home too, without a terminal and with these variables alone. What
/// hangs ends with [`TOOK_TOO_LONG`], so that a table goes on with its next row.
#[must_use]
#[track_caller]
pub fn run(
    program: &Path,
    arguments: &[String],
    directory: &Path,
    variables: &[(String, String)],
) -> Finished {
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=2", &SECONDS.to_string()])
        .arg(program)
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", environment::variable("PATH").unwrap_or_default())
        .env("HOME", directory)
        .env("KUBECACHEDIR", directory.join("cache"))
        .env("KUBERC", "off")
        .envs(variables.iter().map(|(name, value)| (name, value)));
    process::run(&mut command, None, Duration::from_secs(SECONDS + 10))
}
