//! Runs a program to its end, at most until a limit.

use crate::deadline::Deadline;
use std::io::{Read, Write as _};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The result of a program.
#[derive(Debug)]
pub struct ProcessResult {
    /// The command line, for messages.
    pub command: String,
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Everything it wrote to stdout.
    pub stdout: String,
    /// Everything it wrote to stderr.
    pub stderr: String,
    /// How long it ran.
    pub took: Duration,
}

impl ProcessResult {
    /// Returns it if the program ended with that code, and panics if not.
    #[must_use]
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert!(self.code == Some(code), "expected exit code {code}\n{self}");
        self
    }
}

impl std::fmt::Display for ProcessResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            code,
            stdout,
            stderr,
            took,
        } = self;
        let code = code.map_or_else(|| "a signal".to_owned(), |c| c.to_string());
        write!(
            f,
            "$ {command}\nended with {code} after {took:?}\nstdout:\n{stdout}\nstderr:\n{stderr}"
        )
    }
}

/// Runs a program with a text on its stdin.
#[track_caller]
pub fn run(command: &mut Command, input: Option<String>, within: Duration) -> ProcessResult {
    let line = line(command);
    let deadline = Deadline::within(within);
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("$ {line}\ndoes not start: {error}"));
    if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
        // If a program ends before it has read everything, its exit code shows that.
        thread::spawn(move || stdin.write_all(text.as_bytes()));
    }
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let status = loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => break Some(status),
            None if deadline.is_over() => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let finished = ProcessResult {
        command: line,
        code: status.and_then(|s| s.code()),
        stdout: stdout.join().expect("reading does not panic"),
        stderr: stderr.join().expect("reading does not panic"),
        took: deadline.elapsed(),
    };
    assert!(
        status.is_some(),
        "not ended within {} s and killed\n{finished}",
        within.as_secs()
    );
    finished
}

fn collect(stream: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // The bytes before an error are worth showing.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
