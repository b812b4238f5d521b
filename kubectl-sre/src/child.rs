//! A command that is run with the streams of this process: how it begins, how signals reach it, and how it ends.
//!
//! It shares the process group, so that it is in the foreground of the terminal and Ctrl-C reaches it. Another signal is passed
//! on. It is never left behind: if it does not end in time after a signal, it is killed.

use crate::output::escape;
use crate::{StopSignal, stop_signal};
use sre_shared::report::CommandResult;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::Path;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until, timeout};

/// How long a command may take to end after it was asked to. Kubernetes gives a container as long.
const END: Duration = Duration::from_secs(30);
/// How long it may take after it was asked twice.
const END_AFTER_TWO: Duration = Duration::from_secs(2);
/// How long the kernel may take to end it.
const KILL: Duration = Duration::from_secs(5);

/// The exit code of a shell for a program that it does not find.
const NOT_FOUND: i32 = 127;
/// The exit code of a shell for a program that it cannot start.
const NOT_EXECUTABLE: i32 = 126;
/// A shell adds the number of the signal that ended a command.
const SIGNALLED: i32 = 128;

/// Where the standard output of a command goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildOutput {
    /// To that of this process.
    Inherited,
    /// To the standard error of this process, since its standard output is a document.
    ToStderr,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildEnd {
    pub result: CommandResult,
    /// The signal to this process that came meanwhile, the first one.
    pub stopped: Option<StopSignal>,
    /// How it ended, in words that name the program and none of its arguments.
    pub words: String,
}

impl ChildEnd {
    /// The exit code, if it failed.
    pub fn failure(&self) -> Option<u8> {
        let code = self.result.exit_code;
        (code != 0).then(|| u8::try_from(code).unwrap_or(1))
    }
}

/// The name of a program without its path.
pub fn program_name(command: &[OsString]) -> String {
    let program = command.first().map_or(OsStr::new(""), OsString::as_os_str);
    let name = Path::new(program).file_name().unwrap_or(program);
    escape(&name.to_string_lossy())
}

/// Runs a command to its end. `say` is called with what happens meanwhile.
pub async fn run(
    command: &[OsString],
    output: ChildOutput,
    mut stop: Pin<&mut impl Future<Output = StopSignal>>,
    mut say: impl FnMut(&str),
) -> ChildEnd {
    let name = program_name(command);
    let mut child = match spawn(command, output) {
        Ok(child) => child,
        Err(error) => return not_started(&name, &error),
    };
    // Before its end is awaited, it has a number.
    let id = child.id();
    let mut further = std::pin::pin!(stop_signal());
    let mut stopped: Option<StopSignal> = None;
    let mut limit: Option<Instant> = None;
    let status = loop {
        let signal = tokio::select! {
            biased;
            status = child.wait() => break status.ok(),
            () = sleep_until(limit.unwrap_or_else(Instant::now)), if limit.is_some() => {
                say(&format!("{name} does not end: it is killed"));
                break kill(&mut child).await;
            }
            signal = &mut stop, if stopped.is_none() => signal,
            signal = &mut further, if stopped.is_some() => {
                further.set(stop_signal());
                signal
            }
        };
        let is_first = stopped.is_none();
        stopped.get_or_insert(signal);
        let is_passed_on = pass_on(signal, id);
        let now = Instant::now();
        let word = signal.word;
        if is_first && !is_passed_on {
            // A person who sees it can press Ctrl-C again. It may have much to undo.
            say(&format!(
                "{word}: waiting for {name} to end; a second signal kills it"
            ));
        } else if is_first {
            say(&format!("{word}: {name} has {} s to end", END.as_secs()));
            limit = Some(now + END);
        } else {
            let sooner = now + END_AFTER_TWO;
            limit = Some(limit.map_or(sooner, |limit| limit.min(sooner)));
        }
    };
    let result = result_of(status);
    ChildEnd {
        result,
        stopped,
        words: words(&name, result),
    }
}

fn spawn(command: &[OsString], output: ChildOutput) -> std::io::Result<Child> {
    let Some((program, args)) = command.split_first() else {
        return Err(ErrorKind::NotFound.into());
    };
    let mut command = Command::new(program);
    command.args(args).kill_on_drop(true);
    if output == ChildOutput::ToStderr {
        command.stdout(Stdio::from(std::io::stderr()));
    }
    command.spawn()
}

fn not_started(name: &str, error: &std::io::Error) -> ChildEnd {
    let (exit_code, why) = match error.kind() {
        ErrorKind::NotFound => (NOT_FOUND, "not found".to_owned()),
        _ => (NOT_EXECUTABLE, error.to_string()),
    };
    ChildEnd {
        result: CommandResult {
            exit_code,
            signal: None,
        },
        stopped: None,
        words: format!("{name} cannot be run: {why}"),
    }
}

/// Ends it at once. `None` if even that takes too long.
async fn kill(child: &mut Child) -> Option<ExitStatus> {
    // It fails if the command has ended.
    let _ = child.start_kill();
    timeout(KILL, child.wait()).await.ok()?.ok()
}

/// The result of a command. One that the kernel does not end was killed all the same.
fn result_of(status: Option<ExitStatus>) -> CommandResult {
    const KILLED: i32 = 9;
    let Some(status) = status else {
        return signalled(KILLED);
    };
    match (status.code(), signal_of(status)) {
        (Some(exit_code), _) => CommandResult {
            exit_code,
            signal: None,
        },
        (None, signal) => signalled(signal.unwrap_or(KILLED)),
    }
}

fn signalled(signal: i32) -> CommandResult {
    CommandResult {
        exit_code: SIGNALLED.saturating_add(signal),
        signal: Some(signal),
    }
}

fn words(name: &str, result: CommandResult) -> String {
    match result.signal {
        Some(signal) => format!("{name} was ended by {}", signal_name(signal)),
        None => format!("{name} exited {}", result.exit_code),
    }
}

/// The name of a signal that has the same number on every system.
fn signal_name(signal: i32) -> String {
    match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        other => return format!("signal {other}"),
    }
    .to_owned()
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}

/// Passes a signal on, unless the terminal has sent it to the command too. Twice is more than once: some programs take a second
/// signal as an order to leave everything as it is.
#[cfg(unix)]
fn pass_on(signal: StopSignal, id: Option<u32>) -> bool {
    use rustix::process::{Pid, Signal, kill_process};
    let (number, is_sent) = match signal.code {
        crate::exit::INTERRUPTED => (Signal::INT, has_terminal()),
        _ => (Signal::TERM, false),
    };
    if is_sent {
        return false;
    }
    let id = id.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        // It fails if the command has ended.
        let _ = kill_process(id, number);
    }
    true
}

/// Whether this process group is in the foreground of its terminal, so that Ctrl-C reaches all of it.
#[cfg(unix)]
fn has_terminal() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    let foreground = terminal
        .ok()
        .and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok());
    foreground == Some(rustix::process::getpgrp())
}

/// Other systems have Ctrl-C alone, and send it to the command too.
#[cfg(not(unix))]
fn pass_on(_signal: StopSignal, _id: Option<u32>) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::{program_name, signalled, words};
    use sre_shared::report::CommandResult;
    use std::ffi::OsString;

    #[test]
    fn words_name_the_program_without_its_path_and_arguments() {
        let command = ["/opt/bin/helm", "upgrade", "--set", "password=x"].map(OsString::from);
        let name = program_name(&command);
        assert_eq!(name, "helm");
        let exited = |exit_code| CommandResult {
            exit_code,
            signal: None,
        };
        for (result, expected) in [
            (exited(1), "helm exited 1"),
            (exited(130), "helm exited 130"),
            (signalled(9), "helm was ended by SIGKILL"),
            (signalled(40), "helm was ended by signal 40"),
        ] {
            assert_eq!(words(&name, result), expected);
        }
        assert_eq!(signalled(15).exit_code, 143);
        assert_eq!(program_name(&[OsString::from("a\u{1b}[2J")]), "a\\u{1b}[2J");
        assert_eq!(program_name(&[OsString::from("..")]), "..");
    }
}
