//! One case: files, environment and flags, and what kubectl makes of them.

use serde_json::Value;
use std::collections::BTreeMap;

/// In files, variables and flags it stands for the case's own directory.
pub const HERE: &str = "{here}";

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The API server takes the client for this user.
    Works(&'static str),
    /// It answers 401.
    Unauthorized,
    /// It answers 403.
    Forbidden,
    /// There is no credential. kubectl asks for a name and a password, which nobody gives; the plugin never asks.
    Asks,
    /// Something before that fails, and kubectl says this of it.
    Fails(&'static str),
}

/// One case.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is, as the start of a sentence.
    pub name: String,
    /// What comes of it.
    pub expected: Expected,
    /// The namespace in force.
    pub namespace: &'static str,
    /// Files in the case's directory. One that begins with `#!` can be executed.
    pub files: BTreeMap<String, String>,
    /// The environment, beside `PATH` and `HOME`.
    pub environment: BTreeMap<String, String>,
    /// What is not even in the environment.
    pub unset: Vec<&'static str>,
    /// The flags.
    pub flags: Vec<String>,
    /// Names and addresses, as in /etc/hosts.
    pub hosts: Option<String>,
    /// The files of a ServiceAccount in the place where a pod has them.
    pub mounted: BTreeMap<&'static str, String>,
    /// Files that are written in UTF-16, as PowerShell's `>` writes them.
    pub wide: Vec<&'static str>,
    /// A file that `--kubeconfig` is given out of a pipe, as by the shell's `<(cat FILE)`.
    pub piped: Option<&'static str>,
    /// Whether stdin is a terminal.
    pub terminal: bool,
    /// How often the credential plugin is run by us, where there is one.
    pub runs: Option<usize>,
    /// The deadline of both programs.
    pub seconds: u32,
}

impl Row {
    /// A case with nothing in it, which fails in this way with kubectl.
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

    /// With a kubeconfig that the environment names.
    pub fn kubeconfig(self, config: &Value) -> Self {
        self.text(&config.to_string())
    }

    /// The same, as it is written.
    pub fn text(self, config: &str) -> Self {
        self.file("config", config).env("KUBECONFIG", "{here}/config")
    }

    /// With a file.
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// With a kubeconfig file that nothing names yet.
    pub fn config_file(self, path: &str, config: &Value) -> Self {
        self.file(path, &config.to_string())
    }

    /// With a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Without a variable that is there otherwise.
    pub fn without(mut self, name: &'static str) -> Self {
        self.unset.push(name);
        self
    }

    /// With flags.
    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// With that namespace in force.
    pub fn in_namespace(mut self, namespace: &'static str) -> Self {
        self.namespace = namespace;
        self
    }

    /// With that /etc/hosts.
    pub fn hosts(mut self, text: &str) -> Self {
        self.hosts = Some(text.to_owned());
        self
    }

    /// With that file of a pod's ServiceAccount.
    pub fn mounted(mut self, name: &'static str, text: &str) -> Self {
        self.mounted.insert(name, text.to_owned());
        self
    }

    /// With that file in UTF-16.
    pub fn wide(mut self, path: &'static str) -> Self {
        self.wide.push(path);
        self
    }

    /// With `--kubeconfig` out of a pipe that this file is written into.
    pub fn piped(mut self, path: &'static str) -> Self {
        self.piped = Some(path);
        self
    }

    /// With a terminal.
    pub fn on_a_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// With a credential plugin `plugin` that we run that often. What it is told is written down.
    pub fn plugin(mut self, body: &str, runs: usize) -> Self {
        self.runs = Some(runs);
        let script = format!(
            "#!/bin/sh\n\
             echo run >>{HERE}/told.runs\n\
             printf '%s' \"$KUBERNETES_EXEC_INFO\" >{HERE}/told.info\n\
             printf '%s|' \"$FROM_KUBECONFIG\" \"$@\" >{HERE}/told.arguments\n\
             if [ -t 0 ]; then echo terminal; else echo none; fi >{HERE}/told.stdin\n\
             {body}\n"
        );
        self.file("plugin", &script)
    }

    /// By another name, and with another end.
    pub fn named(mut self, name: &str, expected: Expected) -> Self {
        name.clone_into(&mut self.name);
        self.expected = expected;
        self
    }

    /// With a shorter deadline: the case is about waiting.
    pub fn within(mut self, seconds: u32) -> Self {
        self.seconds = seconds;
        self
    }
}
