//! The plugin as a process.

use crate::environment::{self, Build};
use crate::kubectl::{Kubectl, isolated};
use crate::process::{self, ProcessResult};
use crate::report::Report;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Limit of a run. The plugin's own limit is a minute.
const WITHIN: Duration = Duration::from_secs(75);

/// Limit of a wait. Its `--timeout` is shorter in each test.
const WAITS: Duration = Duration::from_mins(5);

/// The plugin with a kubeconfig in its environment.
#[derive(Debug, Clone)]
pub struct Plugin {
    kubeconfig: PathBuf,
    build: Build,
}

impl Plugin {
    /// The plugin with that kubeconfig.
    #[must_use]
    pub fn new(kubeconfig: &Path) -> Self {
        Self::of_build(Build::Present, kubeconfig)
    }

    /// The plugin of a build with that kubeconfig.
    #[must_use]
    pub fn of_build(build: Build, kubeconfig: &Path) -> Self {
        Self {
            kubeconfig: kubeconfig.to_owned(),
            build,
        }
    }

    /// Runs it, by the words of a command line.
    #[must_use]
    #[track_caller]
    pub fn run(&self, line: &str) -> ProcessResult {
        self.judge(line, None)
    }

    /// Runs it with a dump on its stdin.
    #[must_use]
    #[track_caller]
    pub fn judge(&self, line: &str, dump: Option<String>) -> ProcessResult {
        self.run_within(line, dump, WITHIN)
    }

    /// Runs a line with `--wait`.
    #[must_use]
    #[track_caller]
    pub fn wait(&self, line: &str) -> ProcessResult {
        self.run_within(line, None, WAITS)
    }

    /// Runs it with arguments, which may have white space in them.
    #[must_use]
    #[track_caller]
    pub fn run_with(&self, arguments: &[&str]) -> ProcessResult {
        self.run_arguments(arguments, None, WITHIN)
    }

    #[track_caller]
    fn run_within(&self, line: &str, input: Option<String>, within: Duration) -> ProcessResult {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.run_arguments(&words, input, within)
    }

    #[track_caller]
    fn run_arguments(&self, arguments: &[&str], input: Option<String>, within: Duration) -> ProcessResult {
        let mut command = Command::new(environment::program("kubectl-sre", self.build));
        process::run(
            isolated(&mut command, &self.kubeconfig).args(arguments),
            input,
            within,
        )
    }

    /// Runs it through kubectl, which finds it on the `PATH`.
    #[must_use]
    #[track_caller]
    pub fn run_through_kubectl(&self, line: &str) -> ProcessResult {
        let directory = environment::program("kubectl-sre", self.build)
            .parent()
            .map(PathBuf::from)
            .unwrap_or_default();
        let inherited = environment::variable("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(directory).chain(std::env::split_paths(&inherited)))
            .expect("a path of directories");
        let mut command = Command::new(Kubectl::program());
        isolated(&mut command, &self.kubeconfig)
            .env("PATH", path)
            .arg("sre")
            .args(line.split_whitespace());
        process::run(&mut command, None, WITHIN)
    }

    /// Runs a line of bash in which `$PLUGIN` is the plugin.
    #[must_use]
    #[track_caller]
    pub fn run_in_shell(&self, line: &str) -> ProcessResult {
        let mut command = Command::new("bash");
        let plugin = environment::program("kubectl-sre", self.build);
        isolated(&mut command, &self.kubeconfig)
            .env("PLUGIN", plugin)
            .args(["-c", line]);
        process::run(&mut command, None, WITHIN)
    }

    /// Runs `health` with these words and `-o json`, and returns the exit code and the report.
    #[must_use]
    #[track_caller]
    pub fn health(&self, line: &str) -> (i32, Report) {
        let finished = self.run(&format!("health {line} -o json"));
        match (finished.code, Report::parse(&finished.stdout)) {
            (Some(code), Ok(report)) => (code, report),
            (_, result) => panic!("no report: {result:?}\n{finished}"),
        }
    }
}
