//! `kubectl sre completion`: prints the script of a shell, or writes the file by which kubectl finds the candidates.

use crate::cli::{CompletionCommand, InstallArgs};
use crate::completion::{CompletionShell, InstallOutcome, Shim, script};
use crate::{Shell, exit, output};
use std::path::{Path, PathBuf};

/// Runs it and returns the exit code.
pub fn run(what: &CompletionCommand, shell: &mut Shell) -> u8 {
    let printed = match what {
        CompletionCommand::Install(args) => return install(args, shell),
        CompletionCommand::Bash => CompletionShell::Bash,
        CompletionCommand::Zsh => CompletionShell::Zsh,
        CompletionCommand::Fish => CompletionShell::Fish,
        CompletionCommand::Powershell => CompletionShell::PowerShell,
    };
    shell.print(script(printed));
    0
}

fn install(args: &InstallArgs, shell: &mut Shell) -> u8 {
    let search_path = search_path();
    let plugin = match plugin(&search_path) {
        Ok(plugin) => plugin,
        Err(error) => {
            shell.complain(&format!("error: the plugin does not find its own file: {error}"));
            return exit::USAGE;
        }
    };
    let shim = Shim::new(plugin, args.dir.clone());
    let done = if args.remove {
        shim.remove(args.dry_run)
    } else {
        shim.install(args.dry_run)
    };
    let installed = match done {
        Ok(installed) => installed,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return exit::USAGE;
        }
    };
    let path = shim.path().display().to_string();
    let line = match (installed, args.dry_run) {
        (InstallOutcome::Written, false) => format!("written: {path}"),
        (InstallOutcome::Written, true) => format!("would write: {path}"),
        (InstallOutcome::Replaced, false) => format!("replaced: {path}"),
        (InstallOutcome::Replaced, true) => format!("would replace: {path}"),
        (InstallOutcome::Present, _) => format!("already there: {path}"),
        (InstallOutcome::Removed, false) => format!("removed: {path}"),
        (InstallOutcome::Removed, true) => format!("would remove: {path}"),
        (InstallOutcome::Absent, _) => format!("nothing to remove: {path} does not exist"),
    };
    shell.print(&format!("{}\n", output::escape(&line)));
    if args.remove {
        return 0;
    }
    if !shim.is_on(&search_path) {
        let directory = shim.path().parent().unwrap_or(Path::new("")).display();
        shell.complain(&format!(
            "warning: {directory} is not on PATH, so that kubectl does not find the file; add it to PATH, or give a directory \
             of PATH: kubectl sre completion install --dir DIR"
        ));
    } else if let Some(first) = shim.hidden_by(&search_path) {
        shell.complain(&format!(
            "warning: kubectl finds {} first, which is in front on PATH; remove it, or give its directory with --dir",
            first.display()
        ));
    }
    0
}

#[allow(
    clippy::disallowed_methods,
    reason = "the rim: PATH is read here and nowhere else"
)]
fn search_path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// The path by which the plugin was called. A symbolic link stays one: Krew points it at the newest version, while the
/// version that runs now is removed with the next upgrade.
fn plugin(search_path: &std::ffi::OsStr) -> std::io::Result<PathBuf> {
    let called = PathBuf::from(std::env::args_os().next().unwrap_or_default());
    let own = std::env::current_exe()?;
    let resolved = std::fs::canonicalize(&own).ok();
    let is_own = |path: &PathBuf| resolved.is_some() && std::fs::canonicalize(path).ok() == resolved;
    let candidates: Vec<PathBuf> = if called.components().count() > 1 {
        std::path::absolute(&called).into_iter().collect()
    } else {
        let directories = std::env::split_paths(search_path);
        let files = directories
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(&called));
        files.collect()
    };
    Ok(candidates.into_iter().find(is_own).unwrap_or(own))
}
