//! `kubectl sre`: reports whether a cluster is healthy.
//!
//! [`cli`] is the command line, [`command`] has one file a subcommand, [`source`] is where a report comes from, [`output`]
//! has one file a format, [`completion`] completes what is typed, and [`glossary`] explains the words of a report.

mod child;
pub mod cli;
pub mod command;
pub mod completion;
pub mod glossary;
pub mod output;
mod progress;
mod report_file;
mod report_files;
mod saved_file;
mod shell;
pub mod source;
mod terminal_block;

pub use shell::Shell;

/// Exit codes that no verdict has.
pub mod exit {
    /// An input was refused.
    pub const USAGE: u8 = 64;
    /// The API server could not be reached.
    pub const UNREACHED: u8 = 69;
    /// Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
    /// The signal of `kill`, `timeout` and of CI systems that cancel a job.
    pub const TERMINATED: u8 = 143;
}

/// Bytes for the stack of each thread that reads files. YAML may have 120 levels, and a debug build needs 28 KB for each.
const STACK: usize = 16 << 20;

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
    if matches!(command, cli::Command::Complete(_)) {
        shell::leave_terminal();
    }
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.thread_stack_size(STACK).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            shell.complain(&format!("error: no runtime: {error}"));
            return exit::UNREACHED;
        }
    };
    let code = runtime.block_on(command::run(command, shell, stop_signal()));
    // A name look-up that is still running must not delay the exit.
    runtime.shutdown_background();
    code
}

/// The signal that ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopSignal {
    /// The exit code.
    pub code: u8,
    /// The word that says so.
    pub word: &'static str,
}

/// Waits for the signal that ends the run.
async fn stop_signal() -> StopSignal {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => StopSignal { code: exit::INTERRUPTED, word: "interrupted" },
        () = terminated() => StopSignal { code: exit::TERMINATED, word: "terminated" },
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        // Then the signal ends the process, as it does by default.
        Err(_) => std::future::pending().await,
    }
}

/// Other systems know no such signal.
#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
