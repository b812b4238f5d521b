//! One case: files, environment and flags, and the outcome with kubectl.

use serde_json::Value;
use std::collections::BTreeMap;

/// Stands for the case's directory in files, variables and flags.
pub const HERE: &str = "{here}";

/// The expected outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The API server identifies the client as this user.
    Works(&'static str),
    /// It answers 401.
    Unauthorized,
    /// It answers 403.
    Forbidden,
    /// There is no credential. kubectl asks for a name and a password and gets none. The plugin never asks.
    Asks,
    /// kubectl fails before an API server answers, with this text.
    Fails(&'static str),
}

/// One case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its description, as the start of a sentence.
    pub name: String,
    /// The expected outcome.
    pub expected: Expected,
    /// The namespace in force.
    pub namespace: &'static str,
    /// Files in the case's directory. One that begins with `#!` can be executed.
    pub files: BTreeMap<String, String>,
    /// The environment, besides `PATH` and `HOME`.
    pub environment: BTreeMap<String, String>,
    /// Variables that are removed from the environment.
    pub unset: Vec<&'static str>,
    /// The flags.
    pub flags: Vec<String>,
    /// Names and addresses, as in /etc/hosts.
    pub hosts: Option<String>,
    /// The files of a ServiceAccount, in the place where a pod has them.
    pub mounted: BTreeMap<&'static str, String>,
    /// Files that are written in UTF-16, as PowerShell's `>` writes them.
    pub wide: Vec<&'static str>,
    /// A file that `--kubeconfig` reads from a pipe, as with the shell's `<(cat FILE)`.
    pub piped: Option<&'static str>,
    /// Whether stdin is a terminal.
    pub terminal: bool,
    /// How often our plugin runs the credential plugin, if there is one.
    pub runs: Option<usize>,
    /// The deadline of both programs.
    pub seconds: u32,
}

impl Row {
    /// A case without files, variables and flags.
    pub fn new(name: impl Into<String>, expected: Expected) -> Self {
        Self {
            name: name.into(),
            expected,
            namespace: "default",
            files: BTreeMap::new(),
            environment: BTreeMap::new(),
            unset: Vec::new(),
            flags: Vec::new(),
            hosts: None,
            mounted: BTreeMap::new(),
            wide: Vec::new(),
            piped: None,
            terminal: false,
            runs: None,
            seconds: 20,
        }
    }

    /// Adds a kubeconfig that the environment names.
    pub fn kubeconfig(self, config: &Value) -> Self {
        self.text(&config.to_string())
    }

    /// Adds the text of a kubeconfig that the environment names.
    pub fn text(self, config: &str) -> Self {
        self.file("config", config).env("KUBECONFIG", "{here}/config")
    }

    /// Adds a file.
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// Adds a kubeconfig file that nothing names yet.
    pub fn config_file(self, path: &str, config: &Value) -> Self {
        self.file(path, &config.to_string())
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Removes a variable.
    pub fn without(mut self, name: &'static str) -> Self {
        self.unset.push(name);
        self
    }

    /// Adds flags.
    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Expects that namespace in force.
    pub fn in_namespace(mut self, namespace: &'static str) -> Self {
        self.namespace = namespace;
        self
    }

    /// Replaces /etc/hosts.
    pub fn hosts(mut self, text: &str) -> Self {
        self.hosts = Some(text.to_owned());
        self
    }

    /// Adds a file of a pod's ServiceAccount.
    pub fn mount(mut self, name: &'static str, text: &str) -> Self {
        self.mounted.insert(name, text.to_owned());
        self
    }

    /// Writes that file in UTF-16.
    pub fn wide(mut self, path: &'static str) -> Self {
        self.wide.push(path);
        self
    }

    /// Gives `--kubeconfig` a pipe, into which this file is written.
    pub fn pipe(mut self, path: &'static str) -> Self {
        self.piped = Some(path);
        self
    }

    /// Gives the program a terminal.
    pub fn on_a_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Adds a credential plugin `plugin`, which our plugin must run that often. It writes its input to files.
    pub fn plugin(mut self, body: &str, runs: usize) -> Self {
        self.runs = Some(runs);
        let script = format!(
            "#!/bin/sh\n\
             echo run >>{HERE}/record.runs\n\
             printf '%s' \"$KUBERNETES_EXEC_INFO\" >{HERE}/record.info\n\
             printf '%s|' \"$FROM_KUBECONFIG\" \"$@\" >{HERE}/record.arguments\n\
             if [ -t 0 ]; then echo terminal; else echo none; fi >{HERE}/record.stdin\n\
             {body}\n"
        );
        self.file("plugin", &script)
    }

    /// Changes its name and its expected outcome.
    pub fn rename(mut self, name: &str, expected: Expected) -> Self {
        name.clone_into(&mut self.name);
        self.expected = expected;
        self
    }

    /// Sets a shorter deadline, since the case is about waiting.
    pub fn deadline(mut self, seconds: u32) -> Self {
        self.seconds = seconds;
        self
    }
}
