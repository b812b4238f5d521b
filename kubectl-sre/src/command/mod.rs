//! One file a subcommand: settings in, an exit code out.

mod changes;
mod completion;
mod explain;
mod fleet;
mod follow;
mod gate;
mod health;
mod version;
mod wait;
mod wait_view;
mod watch;

use crate::cli::{
    ChangesSettings, Command, FleetSettings, FollowMode, GateSettings, HealthSettings, VersionSettings,
};
use crate::{Shell, StopSignal, exit};
use std::pin::Pin;

/// Runs a subcommand and returns the exit code. `stop` ends it. It is handled before the command begins, so that Ctrl-C has
/// the same exit code at any moment.
pub async fn run(command: Command, shell: &mut Shell, stop: impl Future<Output = StopSignal>) -> u8 {
    let mut stop = std::pin::pin!(stop);
    let on_terminal = shell.is_on_terminal();
    match command {
        Command::Health(args) => {
            let mut settings = HealthSettings::new(&args, on_terminal);
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
                Some(FollowMode::Wait(rules)) => wait::run(settings, rules, shell, stop).await,
                Some(FollowMode::Watch(timeout)) => watch::run(settings, timeout, shell, stop).await,
                None => {
                    let run = async |shell: &mut Shell| Box::pin(health::run(settings, shell)).await;
                    unless_stopped(stop, shell, run).await
                }
            }
        }
        Command::Gate(args) => {
            let settings = GateSettings::new(&args, on_terminal);
            Box::pin(gate::run(settings, shell, stop)).await
        }
        Command::Changes(args) => {
            let settings = ChangesSettings::new(&args);
            let run = async |shell: &mut Shell| Box::pin(changes::run(settings, shell)).await;
            unless_stopped(stop, shell, run).await
        }
        Command::Fleet(args) => {
            let settings = FleetSettings::new(&args);
            Box::pin(fleet::run(settings, shell, stop)).await
        }
        Command::Completion(what) => completion::run(&what, shell),
        Command::Complete(words) => {
            // Ctrl-C ends it as any process.
            let completion = tokio::select! {
                biased;
                _ = stop => return exit::INTERRUPTED,
                completion = crate::completion::complete(&words) => completion,
            };
            shell.print(&completion.to_string());
            0
        }
        Command::Explain(args) => explain::run(&args, shell),
        Command::Version(args) => {
            let settings = VersionSettings::new(&args);
            unless_stopped(stop, shell, async |shell: &mut Shell| {
                version::run(settings, shell).await
            })
            .await
        }
    }
}

/// Runs a subcommand that ends by itself, unless a signal comes first.
async fn unless_stopped(
    stop: Pin<&mut impl Future<Output = StopSignal>>,
    shell: &mut Shell,
    run: impl AsyncFnOnce(&mut Shell) -> u8,
) -> u8 {
    let finished = tokio::select! {
        biased;
        signal = stop => Err(signal),
        code = run(shell) => Ok(code),
    };
    finished.unwrap_or_else(|signal| follow::stopped(signal, shell))
}
