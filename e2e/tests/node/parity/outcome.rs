//! Runs a case with kubectl and with the plugin, and reads both outcomes.

use super::row::{Expected, HERE, Row};
use serde_json::{Value, json};
use sre_e2e::{Kubectl, ProcessResult, Report, binary, process};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Seconds beyond a case's deadline, which the program itself has to keep.
const GRACE: u32 = 3;
/// The exit code of `timeout` if it ended the program.
const ENDED: i32 = 124;
/// The place of a pod's ServiceAccount.
const MOUNT: &str = "/run/secrets/kubernetes.io/serviceaccount";

/// The outcome of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The API server identifies the client as this user. `namespace` is the one in force.
    Works { identity: Value, namespace: String },
    /// It answers 401.
    Unauthorized,
    /// It answers 403.
    Forbidden,
    /// kubectl asks for a user name.
    Asks,
    /// The program fails before an API server answers.
    Fails,
}

impl Outcome {
    /// Whether the plugin's outcome agrees with this one of kubectl.
    pub fn agrees(&self, plugin: &Self) -> bool {
        match self {
            // The plugin never asks for a name. Without a credential it is refused, or fails before.
            Self::Asks => matches!(plugin, Self::Forbidden | Self::Fails),
            other => other == plugin,
        }
    }
}

/// The run of a case by one program.
#[derive(Debug)]
pub struct RunResult {
    /// The outcome.
    pub outcome: Outcome,
    /// How often it ran the credential plugin.
    pub runs: usize,
    /// The input that it gave to the credential plugin.
    pub plugin_input: BTreeMap<&'static str, Value>,
    /// The program's exit code and output.
    pub finished: ProcessResult,
}

/// The directory of a case, with its files.
pub struct CaseDirectory<'a> {
    row: &'a Row,
    path: PathBuf,
}

impl<'a> CaseDirectory<'a> {
    /// Makes the directory, and writes the files of a case into it.
    pub fn new(row: &'a Row, path: PathBuf) -> Self {
        let directory = Self { row, path };
        for name in ["home", "mounted"] {
            fs::create_dir_all(directory.path.join(name)).expect("the directory of the tests can be written");
        }
        for (path, text) in &row.files {
            directory.write(path, text);
        }
        for (name, text) in &row.mounted {
            directory.write(&format!("mounted/{name}"), text);
        }
        if let Some(hosts) = &row.hosts {
            directory.write("hosts", &format!("127.0.0.1 localhost\n{hosts}\n"));
        }
        directory
    }

    fn write(&self, path: &str, text: &str) {
        let to = self.path.join(path);
        if path.ends_with('/') {
            fs::create_dir_all(to).expect("the directory of the tests can be written");
            return;
        }
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).expect("the directory of the tests can be written");
        }
        let text_here = self.fill(text);
        let bytes = if self.row.wide.contains(&path) {
            let units = std::iter::once(0xfeff).chain(text_here.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        } else {
            text_here.into_bytes()
        };
        fs::write(&to, bytes).expect("the directory of the tests can be written");
        let mode = if text.starts_with("#!") { 0o755 } else { 0o600 };
        fs::set_permissions(&to, fs::Permissions::from_mode(mode)).expect("a file of ours");
    }

    fn fill(&self, text: &str) -> String {
        text.replace(HERE, &self.path.to_string_lossy())
    }

    /// Runs kubectl. A second run shows the namespace, if the first one works.
    pub fn kubectl(&self) -> RunResult {
        let finished = self.run(Kubectl::program(), &["auth", "whoami", "--output=json", "-v=6"]);
        let (runs, plugin_input) = self.take_plugin_record();
        let outcome = match finished.code {
            Some(0) => Outcome::Works {
                identity: kubectl_identity(&finished),
                namespace: self.kubectl_namespace(),
            },
            _ if finished.stderr.contains("status=\"401 ") => Outcome::Unauthorized,
            _ if finished.stderr.contains("status=\"403 ") => Outcome::Forbidden,
            _ if finished.stdout.starts_with("Please enter Username: ") => Outcome::Asks,
            _ => Outcome::Fails,
        };
        let _ = self.take_plugin_record();
        RunResult {
            outcome,
            runs,
            plugin_input,
            finished,
        }
    }

    /// The namespace in force. kubectl prints the path of a request, here for an object that does not exist.
    fn kubectl_namespace(&self) -> String {
        let finished = self.run(Kubectl::program(), &["create", "token", "parity-none", "-v=6"]);
        let after = finished.stderr.split("/api/v1/namespaces/").nth(1);
        let namespace = after.and_then(|rest| rest.split('/').next());
        namespace.map_or_else(|| format!("none in: {finished}"), str::to_owned)
    }

    /// Runs the plugin.
    pub fn plugin(&self) -> RunResult {
        let timeout = format!("--timeout={}s", self.row.seconds);
        let finished = self.run(
            &binary("kubectl-sre"),
            &["health", "apiserver", "--output=json", &timeout],
        );
        let (runs, plugin_input) = self.take_plugin_record();
        RunResult {
            outcome: plugin_outcome(&finished),
            runs,
            plugin_input,
            finished,
        }
    }

    /// Reads and deletes the files that the credential plugin wrote.
    fn take_plugin_record(&self) -> (usize, BTreeMap<&'static str, Value>) {
        let take = |name: &str| {
            let path = self.path.join(name);
            let text = fs::read_to_string(&path).unwrap_or_default();
            let _ = fs::remove_file(path);
            text
        };
        let runs = take("record.runs").lines().count();
        let plugin_input = ["info", "arguments", "stdin"].map(|what| {
            let text = take(&format!("record.{what}"));
            (what, serde_json::from_str(&text).unwrap_or(Value::String(text)))
        });
        (runs, BTreeMap::from(plugin_input))
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> ProcessResult {
        let seconds = self.row.seconds + GRACE;
        let mut words = vec![program.to_string_lossy().into_owned()];
        words.extend(arguments.iter().map(|word| (*word).to_owned()));
        words.extend(self.row.flags.iter().map(|flag| self.fill(flag)));
        if let Some(path) = self.row.piped {
            let script = format!("\"$@\" --kubeconfig <(cat '{}')", self.path.join(path).display());
            let mut before = ["bash", "-c", &script, "bash"].map(str::to_owned).to_vec();
            before.extend(words);
            words = before;
        }
        if self.row.terminal {
            words = self.with_terminal(&words);
        }
        if self.row.hosts.is_some() || !self.row.mounted.is_empty() {
            words = self.with_mounts(words);
        }
        // `timeout` signals the whole group, so that a hanging credential plugin ends too.
        let mut command = Command::new("timeout");
        command
            .arg(format!("--kill-after={GRACE}"))
            .arg(seconds.to_string())
            .args(words);
        command
            .current_dir(&self.path)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.path.join("home"));
        for (name, value) in &self.row.environment {
            command.env(name, self.fill(value));
        }
        for name in &self.row.unset {
            command.env_remove(name);
        }
        let mut finished = process::run(
            &mut command,
            None,
            Duration::from_secs((seconds + 2 * GRACE).into()),
        );
        if self.row.terminal {
            let read = |name| fs::read_to_string(self.path.join(name)).unwrap_or_default();
            (finished.stdout, finished.stderr) = (read("stdout"), read("stderr"));
        }
        finished
    }

    /// Gives the program a terminal as stdin. stdout and stderr go to separate files.
    fn with_terminal(&self, words: &[String]) -> Vec<String> {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let (stdout, stderr) = (self.path.join("stdout"), self.path.join("stderr"));
        let line = format!(
            "{} >{} 2>{}",
            quoted.join(" "),
            stdout.display(),
            stderr.display()
        );
        ["script", "--quiet", "--return", "--command", &line, "/dev/null"]
            .map(str::to_owned)
            .to_vec()
    }

    /// Replaces files of the system for this one process.
    fn with_mounts(&self, words: Vec<String>) -> Vec<String> {
        let mut script = String::from("set -e\n");
        if self.row.hosts.is_some() {
            script += &self.fill("mount --no-mtab --bind {here}/hosts /etc/hosts\n");
        }
        if !self.row.mounted.is_empty() {
            script += &self.fill(&format!(
                "mount --no-mtab -t tmpfs parity /run\nmkdir -p {MOUNT}\ncp {{here}}/mounted/* {MOUNT}\n"
            ));
        }
        script += "exec \"$@\"\n";
        let mut before = ["unshare", "--mount", "sh", "-c", &script, "sh"]
            .map(str::to_owned)
            .to_vec();
        before.extend(words);
        before
    }
}

fn kubectl_identity(finished: &ProcessResult) -> Value {
    let review: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    let user = &review["status"]["userInfo"];
    json!({"user": user["username"], "groups": user["groups"]})
}

fn plugin_outcome(finished: &ProcessResult) -> Outcome {
    let Ok(report) = Report::parse(&finished.stdout) else {
        return Outcome::Fails;
    };
    let server = report.api_server();
    match (server["class"].as_str(), server["identity"].as_object()) {
        (_, Some(identity)) => Outcome::Works {
            identity: json!({"user": identity.get("user"), "groups": identity.get("groups")}),
            namespace: report.0["source"]["namespace"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        },
        (Some("unauthenticated"), None) => Outcome::Unauthorized,
        (Some("forbidden"), None) => Outcome::Forbidden,
        // The API server answers and does not identify the client: /version is for everybody.
        (None, None) if server["status"] == "ok" => Outcome::Forbidden,
        _ => Outcome::Fails,
    }
}

impl RunResult {
    /// Whether `timeout` had to end it.
    pub fn hangs(&self) -> bool {
        self.finished.code == Some(ENDED) || self.finished.code.is_none()
    }

    /// Whether it has the outcome that a case expects.
    pub fn is(&self, row: &Row) -> bool {
        match (&self.outcome, row.expected) {
            (Outcome::Works { identity, namespace }, Expected::Works(user)) => {
                identity["user"] == user && namespace == row.namespace
            }
            (Outcome::Unauthorized, Expected::Unauthorized)
            | (Outcome::Forbidden, Expected::Forbidden)
            | (Outcome::Asks, Expected::Asks) => true,
            (Outcome::Fails, Expected::Fails(words)) => self.finished.stderr.contains(words),
            _ => false,
        }
    }
}
