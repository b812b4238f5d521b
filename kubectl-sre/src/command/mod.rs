//! One file a subcommand: settings in, an exit code out.

mod explain;
mod follow;
mod health;
mod version;
mod wait;
mod wait_view;
mod watch;

use crate::cli::{Command, ExplainArgs, FollowMode, HealthSettings, VersionSettings};
use crate::{Shell, StopSignal, exit};

/// Runs a subcommand and returns the exit code. `stop` ends it. It is handled before the command begins, so that Ctrl-C has
/// the same exit code at any moment.
pub async fn run(command: Command, shell: &mut Shell, stop: impl Future<Output = StopSignal>) -> u8 {
    let mut stop = std::pin::pin!(stop);
    let run = match command {
        Command::Health(args) => {
            let mut settings = HealthSettings::new(&args, shell.is_on_terminal());
            let read = tokio::select! {
                biased;
                signal = &mut stop => return follow::stopped(signal, shell),
                read = settings.source.read_manifests() => read,
            };
            if let Err(error) = read {
                shell.complain(&format!("error: {error}"));
                return exit::USAGE;
            }
            match settings.follow.clone() {
                Some(FollowMode::Wait(rules)) => return wait::run(settings, rules, shell, stop).await,
                Some(FollowMode::Watch(timeout)) => return watch::run(settings, timeout, shell, stop).await,
                None => EndingCommand::Health(Box::new(settings)),
            }
        }
        Command::Explain(args) => EndingCommand::Explain(args),
        Command::Version(args) => EndingCommand::Version(VersionSettings::new(&args)),
    };
    let finished = tokio::select! {
        biased;
        signal = &mut stop => Err(signal),
        code = run_once(run, shell) => Ok(code),
    };
    finished.unwrap_or_else(|signal| follow::stopped(signal, shell))
}

/// A subcommand that ends by itself.
enum EndingCommand {
    Health(Box<HealthSettings>),
    Explain(ExplainArgs),
    Version(VersionSettings),
}

/// Runs a subcommand that ends by itself.
async fn run_once(command: EndingCommand, shell: &mut Shell) -> u8 {
    match command {
        EndingCommand::Health(settings) => Box::pin(health::run(*settings, shell)).await,
        EndingCommand::Explain(args) => explain::run(&args, shell),
        EndingCommand::Version(settings) => version::run(settings, shell).await,
    }
}
