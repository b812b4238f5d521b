//! `kubectl sre`: reports whether a cluster is healthy.
//!
//! [`cli`] is the command line, [`command`] has one file a subcommand, [`source`] is where a report comes from, [`output`]
//! has one file a format, and [`glossary`] explains the words of a report.

pub mod cli;
pub mod command;
pub mod glossary;
pub mod output;
mod progress;
mod shell;
pub mod source;

pub use shell::Shell;

/// Exit codes that no verdict has.
pub mod exit {
    /// An input was refused.
    pub const USAGE: u8 = 64;
    /// The API server could not be reached.
    pub const UNREACHED: u8 = 69;
    /// Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
}

/// Runs the plugin with these arguments, the first being its own name, and returns the exit code.
pub fn main(args: impl IntoIterator<Item = std::ffi::OsString>, shell: &mut Shell) -> u8 {
    let command = match cli::parse(args) {
        Ok(command) => command,
        Err(cli::Refusal::Help(text)) => {
            shell.print(&text);
            return 0;
        }
        Err(cli::Refusal::Usage(line)) => {
            shell.complain(&format!("error: {line}"));
            return exit::USAGE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            shell.complain(&format!("error: no runtime: {error}"));
            return exit::UNREACHED;
        }
    };
    let code = runtime.block_on(async {
        tokio::select! {
            // The signal is handled before the command begins, so that Ctrl-C has the same exit code at any moment.
            biased;
            _ = tokio::signal::ctrl_c() => None,
            code = command::run(command, shell) => Some(code),
        }
    });
    // A name look-up that is still running must not delay the exit.
    runtime.shutdown_background();
    code.unwrap_or_else(|| {
        shell.complain("interrupted");
        exit::INTERRUPTED
    })
}
