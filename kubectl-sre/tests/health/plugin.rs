//! Runs the plugin without this machine's environment, and bounds every wait for it.

use serde_json::Value;
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

impl PluginProcess {
    /// Sends the signal of Ctrl-C.
    pub fn interrupt(&self) {
        let sent = Command::new("kill")
            .arg("-INT")
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
