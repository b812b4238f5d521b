//! Runs the plugin without this machine's environment, and bounds every wait for it.

use serde_json::Value;
#[cfg(target_os = "linux")]
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Limit of a run. No run takes nearly as long; one that reaches it has failed.
const LIMIT: Duration = Duration::from_secs(30);

/// The result of a run.
#[derive(Debug)]
pub struct PluginRun {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl PluginRun {
    /// stdout, which is a report.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The first line of stdout.
    pub fn headline(&self) -> &str {
        self.out.lines().next().unwrap_or_default()
    }
}

fn environment() -> (tempfile::TempDir, [(&'static str, std::ffi::OsString); 1]) {
    let home = tempfile::tempdir().expect("the machine has a writable temporary directory");
    let variables = [("HOME", home.path().as_os_str().to_owned())];
    (home, variables)
}

/// Runs it with an empty standard input.
pub fn run(args: &[&str]) -> PluginRun {
    run_in(&[], args, "")
}

/// Runs it with that text on standard input.
pub fn pipe(args: &[&str], input: impl AsRef<str>) -> PluginRun {
    run_in(&[], args, input.as_ref())
}

/// Runs it with further variables in its environment.
pub fn run_in(variables: &[(&str, &str)], args: &[&str], input: &str) -> PluginRun {
    let (_home, own) = environment();
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kubectl-sre"))
        .env_clear()
        .envs(own)
        .envs(variables.iter().copied())
        .args(args)
        .write_stdin(input)
        .timeout(LIMIT)
        .output()
        .expect("the plugin was built for this test");
    let text = |bytes| String::from_utf8(bytes).expect("the plugin writes text");
    PluginRun {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A running plugin, with pipes as its streams. It is killed when dropped.
pub struct PluginProcess {
    pub child: Child,
    _home: tempfile::TempDir,
}

pub fn spawn(args: &[&str]) -> PluginProcess {
    let (home, own) = environment();
    let child = Command::new(env!("CARGO_BIN_EXE_kubectl-sre"))
        .env_clear()
        .envs(own)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the plugin was built for this test");
    PluginProcess { child, _home: home }
}

/// Runs it on a terminal of so many columns, which `script` of util-linux makes. Both of its streams are the terminal,
/// whose bytes are the standard output of the process, and the keys that are pressed its standard input.
#[cfg(target_os = "linux")]
pub fn spawn_on_terminal(columns: usize, args: &[&str]) -> PluginProcess {
    let (home, own) = environment();
    let plugin = env!("CARGO_BIN_EXE_kubectl-sre");
    let command = format!("stty cols {columns} rows 24; exec {plugin} {}", args.join(" "));
    let child = Command::new("script")
        .env_clear()
        .envs(own)
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .args([
            "--quiet",
            "--flush",
            "--return",
            "--command",
            &command,
            "/dev/null",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("util-linux is installed");
    PluginProcess { child, _home: home }
}

/// The rows that a terminal shows after these bytes.
#[cfg(target_os = "linux")]
pub fn rows(bytes: &[u8], columns: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut rows: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0, 0_usize);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\r' => column = 0,
            '\n' => row += 1,
            // A row is erased, or everything from the cursor on; the cursor goes up. Of other sequences only colours are expected.
            '\u{1b}' => {
                let mut sequence = String::new();
                let end = characters.by_ref().find(|c| {
                    sequence.push(*c);
                    "KmJA".contains(*c)
                });
                let count = || {
                    sequence
                        .trim_matches(|c: char| !c.is_ascii_digit())
                        .parse()
                        .unwrap_or(1)
                };
                match end {
                    Some('K') if sequence == "[2K" => rows[row].clear(),
                    Some('J') => {
                        rows[row].truncate(column);
                        rows.truncate(row + 1);
                    }
                    Some('A') => {
                        row = row
                            .checked_sub(count())
                            .expect("the cursor stays below the first row");
                    }
                    _ => {}
                }
            }
            c => {
                assert!(!c.is_control(), "{text:?}");
                if column == columns {
                    row += 1;
                    column = 0;
                }
                rows.resize(rows.len().max(row + 1), Vec::new());
                let cells = &mut rows[row];
                cells.resize(cells.len().max(column + 1), ' ');
                cells[column] = c;
                column += 1;
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    let rows = rows.into_iter().map(String::from_iter);
    rows.map(|row: String| row.trim_end().to_owned()).collect()
}

impl PluginProcess {
    /// Sends the signal of Ctrl-C.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Sends a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(signal)
            .arg(self.child.id().to_string())
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "kill sends a signal to a child of this process"
        );
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        const STEP: Duration = Duration::from_millis(10);
        for _ in 0..LIMIT.as_millis() / STEP.as_millis() {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            std::thread::sleep(STEP);
        }
        panic!("the plugin does not end");
    }

    /// Presses keys on the terminal.
    #[cfg(target_os = "linux")]
    pub fn press(&mut self, keys: &[u8]) {
        let input = self.child.stdin.as_mut().expect("stdin is a pipe");
        input
            .write_all(keys)
            .and_then(|()| input.flush())
            .expect("the terminal reads");
    }

    /// Reads stdout until the bytes are enough, or to its end, and returns them. A terminal that is closed is an end.
    #[cfg(target_os = "linux")]
    pub fn read_until(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let pipe = self.child.stdout.as_mut().expect("stdout is a pipe");
        let mut read = Vec::new();
        let mut byte = [0];
        while !is_enough(&read) && matches!(pipe.read(&mut byte), Ok(1)) {
            read.push(byte[0]);
        }
        read
    }

    /// All of stderr, once it has ended.
    pub fn stderr(&mut self) -> String {
        let pipe = self.child.stderr.take().expect("stderr is read once");
        std::io::read_to_string(pipe).expect("the plugin writes text")
    }
}

impl Drop for PluginProcess {
    fn drop(&mut self) {
        // It has ended already, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
