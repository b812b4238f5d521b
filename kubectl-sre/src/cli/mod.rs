//! The command line.
//!
//! `grammar` has the types that clap fills, `values` the parsers of single values, `output_choice` that of `-o`, `targets` the
//! forms of a TARGET, `unjudged` the kinds without a verdict, `usage` and `fleet_usage` the line that answers a misuse, and
//! `settings`, `changes` and `fleet_settings` turn flags into the settings of a command.

mod changes;
mod fleet_settings;
mod fleet_usage;
mod grammar;
mod output_choice;
mod settings;
mod targets;
mod unjudged;
mod usage;
mod values;

pub use changes::ChangesSettings;
pub use fleet_settings::{FleetSettings, Inventory};
pub use grammar::{
    CauseSearch, ChangesArgs, Command, CompletionCommand, ConnectionArgs, ExplainArgs, FleetArgs, GateArgs,
    HealthArgs, InstallArgs, ProgressFormat, StoreArgs, VersionArgs,
};
pub use output_choice::OutputChoice;
pub use settings::{BaselineSettings, FollowMode, GateSettings, HealthSettings, VersionSettings};
pub use targets::Target;
pub use usage::Refusal;
pub(crate) use values::custom_name;
pub use values::{KindChoice, Token};

use clap::{CommandFactory as _, FromArgMatches as _};
use grammar::Cli;
use std::ffi::OsString;
use std::path::PathBuf;

/// The grammar, with everything that clap adds to it.
#[must_use]
pub fn grammar() -> clap::Command {
    let mut command = Cli::command()
        .bin_name("kubectl sre")
        .after_help(grammar::examples("kubectl sre"));
    command.build();
    command
}

/// Parses a command line and checks that its flags do not contradict each other.
///
/// # Errors
/// The text to print instead of running a command.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Refusal> {
    let mut args = args.into_iter();
    let name = program_name(args.next());
    let args: Vec<OsString> = args.collect();
    let first = args.first().and_then(|arg| arg.to_str()).unwrap_or_default();
    // These words are not finished, so that the grammar would refuse them.
    if first == crate::completion::COMPLETE {
        let words = args
            .iter()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned());
        return Ok(Command::Complete(words.collect()));
    }
    if let Some(line) = usage::misplaced_flag(first, &name) {
        return Err(Refusal::Usage(line));
    }
    let lacks_command = first == "gate" && !args.iter().any(|arg| arg == "--");
    let refusal = |error: &clap::Error| {
        if lacks_command {
            Refusal::without_command(error, &name)
        } else {
            Refusal::from_clap(error, &name)
        }
    };
    let matches = Cli::command()
        .bin_name(name.clone())
        .after_help(grammar::examples(&name))
        .try_get_matches_from(std::iter::once(OsString::from(&name)).chain(args))
        .map_err(|error| refusal(&error))?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| refusal(&error))?;
    cli.command = match cli.command {
        Command::Fleet(mut fleet) => {
            fleet.health.contexts = std::mem::take(&mut fleet.health.words);
            Command::Fleet(fleet)
        }
        Command::Health(mut health) if !health.contexts.is_empty() => {
            health.targets = targets::parse(&health.words).map_err(Refusal::Usage)?;
            let store = StoreArgs::default();
            Command::Fleet(Box::new(FleetArgs {
                health: *health,
                store,
            }))
        }
        other => other,
    };
    if let Command::Fleet(fleet) = &cli.command
        && let Some(line) = fleet_usage::wrong(fleet)
            .or_else(|| usage::contradiction(&fleet.health, usage::wrongly_followed(&fleet.health)))
    {
        return Err(Refusal::Usage(line));
    }
    if let Command::Health(health) = &mut cli.command {
        health.targets = targets::parse(&health.words).map_err(Refusal::Usage)?;
        if let Some(line) = usage::contradiction(health, usage::wrongly_followed(health)) {
            return Err(Refusal::Usage(line));
        }
    }
    if let Command::Gate(gate) = &mut cli.command {
        if let Some(line) = usage::wrongly_gated(gate) {
            return Err(Refusal::Usage(line));
        }
        gate.health.targets = targets::parse(&gate.health.words).map_err(Refusal::Usage)?;
        if let Some(line) = usage::contradiction(&gate.health, None) {
            return Err(Refusal::Usage(line));
        }
    }
    if let Command::Changes(changes) = &mut cli.command {
        changes.targets = targets::parse(&changes.words).map_err(Refusal::Usage)?;
        if let Some(line) = changes::contradiction(changes) {
            return Err(Refusal::Usage(line));
        }
    }
    if let Some(line) = usage::exposed_token(&cli.command) {
        return Err(Refusal::Usage(line));
    }
    Ok(cli.command)
}

/// The command that the user typed. kubectl runs a plugin by the path of its file, and the user typed `kubectl sre`.
fn program_name(arg0: Option<OsString>) -> String {
    let path = PathBuf::from(arg0.unwrap_or_default());
    let stem = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let stem = stem.strip_suffix(".exe").unwrap_or(stem);
    match stem {
        "" | "kubectl-sre" => "kubectl sre".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod listing_tests;
#[cfg(test)]
mod tests;
