//! One file a subcommand: settings in, an exit code out.

mod explain;
mod follow;
mod health;
mod version;
mod wait;
mod wait_view;
mod watch;

use crate::cli::{Command, FollowMode, HealthSettings, VersionSettings};
use crate::{Shell, StopSignal};

/// Runs a subcommand and returns the exit code. `stop` ends it. It is handled before the command begins, so that Ctrl-C has
/// the same exit code at any moment.
pub async fn run(command: Command, shell: &mut Shell, stop: impl Future<Output = StopSignal>) -> u8 {
    let mut stop = std::pin::pin!(stop);
    if let Command::Health(args) = &command {
        let settings = HealthSettings::new(args, shell.is_on_terminal());
        match settings.follow.clone() {
            Some(FollowMode::Wait(rules)) => return wait::run(settings, rules, shell, stop).await,
            Some(FollowMode::Watch(timeout)) => return watch::run(settings, timeout, shell, stop).await,
            None => {}
        }
    }
    let finished = tokio::select! {
        biased;
        signal = &mut stop => Err(signal),
        code = run_once(command, shell) => Ok(code),
    };
    finished.unwrap_or_else(|signal| {
        shell.complain(signal.word);
        signal.code
    })
}

/// Runs a subcommand that ends by itself.
async fn run_once(command: Command, shell: &mut Shell) -> u8 {
    match command {
        Command::Health(args) => {
            let settings = HealthSettings::new(&args, shell.is_on_terminal());
            Box::pin(health::run(settings, shell)).await
        }
        Command::Explain(args) => explain::run(&args, shell),
        Command::Version(args) => version::run(VersionSettings::new(&args), shell).await,
    }
}
