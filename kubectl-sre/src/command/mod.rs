//! One file a subcommand: settings in, an exit code out.

mod explain;
mod health;
mod version;

use crate::Shell;
use crate::cli::{Command, HealthSettings, VersionSettings};

/// Runs a subcommand and returns the exit code.
pub async fn run(command: Command, shell: &mut Shell) -> u8 {
    match command {
        Command::Health(args) => health::run(HealthSettings::new(&args), shell).await,
        Command::Explain(args) => explain::run(&args, shell),
        Command::Version(args) => version::run(VersionSettings::new(&args), shell).await,
    }
}
