//! The grammar of the command line. Types alone: nothing here does anything.

use crate::shell::Color;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use sre_shared::cluster::{Kuberc, Overrides, ServiceName};
use sre_shared::nearest::nearest;
use sre_shared::report::FailOn;
use sre_shared::resource::Time;
use sre_shared::run::{Causes, CustomName, CustomTarget, DEFAULT_AGENT, Kind, KindTarget};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Is this cluster's API server well, and has every workload the healthy pods that its spec asks for?
#[derive(Debug, Parser)]
#[command(
    version,
    disable_help_subcommand = true,
    propagate_version = false,
    max_term_width = 100
)]
#[command(
    after_help = "Flags go after the command: kubectl itself refuses `kubectl --context X sre health`."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A subcommand.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge the API server and the workloads, and say what is wrong
    Health(Health),
    /// Explain a word of a report: what it means, how it was decided, what to do
    Explain(Explain),
    /// Show the versions of the plugin and of the API server
    Version(Version),
}

/// Which cluster, and how patiently.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// Path of the kubeconfig file
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from), help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// Kubeconfig context to use
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub context: Option<String>,
    /// Kubeconfig cluster to use
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub cluster: Option<String>,
    /// Kubeconfig user to use
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(short, long, value_name = "URL", help_heading = "Cluster")]
    pub server: Option<String>,
    /// Name that the API server's certificate has to be for, where it is not that of the address
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub tls_server_name: Option<String>,
    /// Do not verify the API server's certificate, which makes the connection insecure
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "false", hide_default_value = true, action = clap::ArgAction::Set, value_parser = boolean,
          help_heading = "Cluster")]
    pub insecure_skip_tls_verify: bool,
    /// File with the certificates of the authorities that the API server's is signed by
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub certificate_authority: Option<String>,
    /// File with the client certificate
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub client_certificate: Option<String>,
    /// File with the key of the client certificate
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub client_key: Option<String>,
    /// Bearer token
    #[arg(long, value_name = "TOKEN", help_heading = "Cluster")]
    pub token: Option<Token>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER", help_heading = "Cluster")]
    pub impersonate: Option<String>,
    /// Group to impersonate; can be given several times
    #[arg(long = "as-group", value_name = "GROUP", help_heading = "Cluster")]
    pub impersonate_groups: Vec<String>,
    /// UID to impersonate
    #[arg(long = "as-uid", value_name = "UID", help_heading = "Cluster")]
    pub impersonate_uid: Option<String>,
    /// Extra to impersonate, such as reason=incident; can be given several times
    #[arg(long = "as-user-extra", value_name = "KEY=VALUE", help_heading = "Cluster")]
    pub impersonate_user_extra: Vec<String>,
    /// Ask for uncompressed answers
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "false", hide_default_value = true, action = clap::ArgAction::Set, value_parser = boolean,
          help_heading = "Cluster")]
    pub disable_compression: bool,
    /// Path of the kuberc file, whose policy for credential plugins is kept
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from), help_heading = "Cluster")]
    pub kuberc: Option<PathBuf>,
    /// Limit of one request, such as 5s or 1m; 0 for none
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = request_timeout, allow_hyphen_values = true,
          help_heading = "Cluster")]
    pub request_timeout: Duration,
    /// Limit of the whole run, such as 90s or 5m [default: 60s, of an agent 10s]
    #[arg(long, value_name = "TIME", value_parser = run_timeout, help_heading = "Cluster")]
    pub timeout: Option<Duration>,
    /// Ask the agent in the cluster, through the API server [without a value: sre-tools/sre-agent]
    #[arg(long, value_name = "NAMESPACE/SERVICE", num_args = 0..=1, require_equals = true,
          default_missing_value = DEFAULT_AGENT, value_parser = agent, conflicts_with = "agent_url", help_heading = "Agent")]
    pub agent: Option<ServiceName>,
    /// Ask the agent at this address, behind kubectl port-forward or an ingress
    #[arg(long, value_name = "URL", value_parser = crate::source::AgentUrl::parse, help_heading = "Agent")]
    pub agent_url: Option<crate::source::AgentUrl>,
}

/// A bearer token, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Connection {
    /// What the flags say beside kubeconfig and context.
    #[must_use]
    pub fn overrides(&self, namespace: Option<&str>) -> Overrides {
        let mut impersonate_user_extra = BTreeMap::<String, Vec<String>>::new();
        // kubectl passes over one that has no value.
        for (key, value) in self
            .impersonate_user_extra
            .iter()
            .filter_map(|e| e.split_once('='))
        {
            impersonate_user_extra
                .entry(key.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        Overrides {
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            namespace: namespace.map(str::to_owned),
            server: self.server.clone(),
            tls_server_name: self.tls_server_name.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            certificate_authority: self.certificate_authority.clone(),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
            token: self.token.as_ref().map(|token| token.0.clone()),
            impersonate: self.impersonate.clone(),
            impersonate_uid: self.impersonate_uid.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            impersonate_user_extra,
            disable_compression: self.disable_compression,
            kuberc: self
                .kuberc
                .clone()
                .filter(|path| !path.as_os_str().is_empty())
                .map_or(Kuberc::Environment, Kuberc::File),
        }
    }

    /// Whether a flag tells how to reach a cluster.
    #[must_use]
    pub fn reaches_cluster(&self) -> bool {
        self.cluster_flag().is_some()
    }

    /// The first of the flags that was given and tells how to reach a cluster.
    fn cluster_flag(&self) -> Option<&'static str> {
        [
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--context", self.context.is_some()),
            ("--cluster", self.cluster.is_some()),
            ("--user", self.user.is_some()),
            ("--server", self.server.is_some()),
            ("--tls-server-name", self.tls_server_name.is_some()),
            ("--insecure-skip-tls-verify", self.insecure_skip_tls_verify),
            ("--certificate-authority", self.certificate_authority.is_some()),
            ("--client-certificate", self.client_certificate.is_some()),
            ("--client-key", self.client_key.is_some()),
            ("--token", self.token.is_some()),
            ("--as", self.impersonate.is_some()),
            ("--as-group", !self.impersonate_groups.is_empty()),
            ("--as-uid", self.impersonate_uid.is_some()),
            ("--as-user-extra", !self.impersonate_user_extra.is_empty()),
            ("--disable-compression", self.disable_compression),
            ("--kuberc", self.kuberc.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, given)| given.then_some(flag))
    }

    /// Limit of the whole run.
    #[must_use]
    pub fn run_limit(&self) -> Duration {
        let asks_agent = self.agent.is_some() || self.agent_url.is_some();
        self.timeout
            .unwrap_or(Duration::from_secs(if asks_agent { 10 } else { 60 }))
    }
}

/// `health`
#[derive(Debug, Args)]
#[command(
    args_override_self = true,
    after_help = "\
Targets: apiserver, a kind such as deployments, or one object such as deploy/NAME.
Kinds:   deployments, statefulsets, daemonsets, jobs, cronjobs, which with apiserver are judged
         where none is chosen; short names as in kubectl.
Exit codes: 0 ok; 1 not yet, only progressing; 2 degraded; 3 unknown or incomplete;
            64 usage; 69 the API server, or the agent, cannot be reached; 130 interrupted."
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Health {
    /// What to judge: apiserver, a kind such as deployments, or an object such as deploy/NAME
    #[arg(value_name = "TARGET", value_parser = target)]
    pub targets: Vec<Target>,
    /// Which kinds to judge, such as deployments,jobs: apiserver is one of them, all is every one
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = chosen, conflicts_with = "targets")]
    pub kinds: Vec<Chosen>,
    /// Only this namespace
    #[arg(short, long, value_name = "NAME", value_parser = namespace)]
    pub namespace: Option<String>,
    /// All namespaces, which is the default
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Only objects with these labels, such as app=web,tier!=test
    #[arg(short = 'l', long, value_name = "SELECTOR", default_value = "", hide_default_value = true, value_parser = selector)]
    pub selector: String,
    /// Judge a dump instead of a cluster: a file, a directory, or - for standard input
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub filename: Option<PathBuf>,
    /// What time it is for the dump, such as 2026-11-23T18:40:12Z; else the newest time in it
    #[arg(long, value_name = "TIME", requires = "filename", value_parser = Time::parse)]
    pub at: Option<Time>,
    /// How to say it
    #[arg(short, long, value_enum, default_value = "human", value_name = "FORMAT")]
    pub output: Format,
    /// Which states make the exit code non-zero
    #[arg(long, value_name = "STATES", default_value = "progressing,degraded,unknown", value_parser = str::parse::<FailOn>)]
    pub fail_on: FailOn,
    /// Disregard annotations sre/ignore, by which findings are acknowledged
    #[arg(long)]
    pub no_ignore: bool,
    /// Whether to look for the causes of what is not healthy
    #[arg(long, value_enum, default_value = "auto", value_name = "WHETHER")]
    pub cause: Cause,
    /// Show the last lines of containers that crashed, which can hold anything that they were given
    #[arg(long)]
    pub logs: bool,
    /// When to colour
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// Print each request with its time and bytes on stderr
    #[arg(short, long)]
    pub verbose: bool,
    /// Only the verdict, in one line
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
}

/// `explain`
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct Explain {
    /// A reason, a cause, a class or a kind, as reports show them; without one all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// `version`: with `--agent` or `--agent-url` the agent's too
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct Version {
    /// Only the plugin's, without asking the API server
    #[arg(long)]
    pub client: bool,
    /// How to say it
    #[arg(short, long, value_enum, default_value = "human", value_name = "FORMAT")]
    pub output: Format,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: Connection,
}

/// Whether causes are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Cause {
    /// Of all that is not healthy, within bounds.
    Auto,
    /// No request is made for them.
    None,
}

/// How to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// The whole report as JSON.
    Json,
    /// The whole report as YAML.
    Yaml,
}

/// What to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `apiserver`
    ApiServer,
    /// A kind, or one object of it.
    Kind(Kind, Option<String>),
    /// A kind that the API server is asked about, or one object of it.
    Custom(CustomName, Option<String>),
}

/// A word of `--kinds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// `all`
    All,
    /// `apiserver`
    ApiServer,
    /// A kind.
    Kind(Kind),
}

/// Why nothing is run.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The user asked for this text.
    Help(String),
    /// An input is wrong; one line says which, why, and what is right.
    Usage(String),
}

/// Reads the command line.
///
/// # Errors
/// A text to print instead of running anything.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Refused> {
    let mut args = args.into_iter().peekable();
    let name = program_name(args.next());
    let first = args.peek().and_then(|arg| arg.to_str()).unwrap_or_default();
    if let Some(early) = early(first, &name) {
        return Err(Refused::Usage(early));
    }
    let command = Cli::command().bin_name(name.clone());
    let matches = command
        .try_get_matches_from(std::iter::once(OsString::from(&name)).chain(args))
        .map_err(|error| refusal(&error, &name))?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| refusal(&error, &name))?;
    if let Command::Health(health) = &cli.command {
        consistent(health).map_err(Refused::Usage)?;
    }
    Ok(cli.command)
}

/// What is said of a flag of a command that stands before the command.
fn early(first: &str, name: &str) -> Option<String> {
    let long = first
        .strip_prefix("--")
        .map(|rest| rest.split('=').next().unwrap_or(rest));
    let short = first.strip_prefix('-').and_then(|rest| rest.chars().next());
    let own = Cli::command();
    let is_own = |arg: &clap::Arg| match long {
        Some(long) => arg.get_long() == Some(long),
        None => short.is_some() && arg.get_short() == short,
    };
    let health = own.find_subcommand("health")?;
    (health.get_arguments().any(is_own)).then(|| {
        let flag = long.map_or_else(
            || format!("-{}", short.unwrap_or_default()),
            |long| format!("--{long}"),
        );
        format!("{flag} goes after the command: {name} health {first} ...")
    })
}

/// kubectl runs a plugin by the path of its file; what the user typed was `kubectl sre`.
fn program_name(arg0: Option<OsString>) -> String {
    let path = PathBuf::from(arg0.unwrap_or_default());
    let stem = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let stem = stem.strip_suffix(".exe").unwrap_or(stem);
    match stem {
        "" | "kubectl-sre" => "kubectl sre".to_owned(),
        other => other.to_owned(),
    }
}

fn consistent(health: &Health) -> Result<(), String> {
    let connection = &health.connection;
    let cluster = connection.cluster_flag();
    // With the API server both are asked: the agent what it sees, and the cluster whether it is reached from here.
    if connection.agent_url.is_some()
        && !health.ask().api_server
        && let Some(flag) = cluster
    {
        return Err(format!(
            "{flag} has no meaning with --agent-url, unless the API server is judged too: leave one of them out, or add \
             the target apiserver"
        ));
    }
    let asks_cluster = [
        ("--cause none", health.cause == Cause::None),
        ("-f, since a dump holds no logs", health.filename.is_some()),
        ("--agent, which reads no logs", connection.agent.is_some()),
        (
            "--agent-url, since an agent reads no logs",
            connection.agent_url.is_some(),
        ),
    ];
    if let Some((other, _)) = asks_cluster.iter().find(|(_, given)| *given && health.logs) {
        return Err(format!(
            "--logs has no meaning with {other}: leave one of them out"
        ));
    }
    if health.filename.is_some() {
        if health.targets.contains(&Target::ApiServer) || health.kinds.contains(&Chosen::ApiServer) {
            return Err("the API server cannot be judged from a dump: leave out apiserver, or -f".into());
        }
        let agent = [
            ("--agent", connection.agent.is_some()),
            ("--agent-url", connection.agent_url.is_some()),
        ];
        let agent = agent.into_iter().find_map(|(flag, given)| given.then_some(flag));
        if let Some(flag) = cluster.or(agent) {
            return Err(format!(
                "{flag} has no meaning with -f, which asks no cluster: leave one of them out"
            ));
        }
    }
    Ok(())
}

/// One line out of clap's paragraph.
fn refusal(error: &clap::Error, name: &str) -> Refused {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Refused::Usage(format!("a command is missing: {name} health judges the cluster"))
            }
            _ => Refused::Help(error.render().to_string()),
        };
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let rendered = error.render().to_string();
    let first = rendered
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned();
    let flag = text(ContextKind::InvalidArg).unwrap_or_default();
    let flag = flag.split([' ', '=']).next().unwrap_or_default();
    // An optional value is written `--agent[=<...>]`.
    let flag = flag.trim_end_matches('[').to_owned();
    let line = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let given = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            let near = nearest(&given, ["health", "explain", "version"]);
            match near {
                Some(near) => format!("unknown command {given:?}, did you mean {near:?}?"),
                None => format!("unknown command {given:?}: there are health, explain and version"),
            }
        }
        ErrorKind::UnknownArgument => match text(ContextKind::SuggestedArg) {
            Some(near) => format!("unknown flag {flag}, did you mean {near}?"),
            None => format!("unknown flag {flag}: {name} health --help lists those there are"),
        },
        ErrorKind::InvalidValue => {
            let given = text(ContextKind::InvalidValue).unwrap_or_default();
            let valid = text(ContextKind::ValidValue).unwrap_or_default();
            if given.is_empty() {
                format!(
                    "{flag} needs a value{}",
                    if valid.is_empty() {
                        String::new()
                    } else {
                        format!(": one of {valid}")
                    }
                )
            } else {
                match text(ContextKind::SuggestedValue) {
                    Some(near) => {
                        format!("{given:?} is no value of {flag}, did you mean {near:?}? (one of {valid})")
                    }
                    None => format!("{given:?} is no value of {flag}: one of {valid}"),
                }
            }
        }
        ErrorKind::ValueValidation => {
            // The parsers below say it in a whole sentence.
            match std::error::Error::source(error) {
                Some(source) if flag.starts_with('[') || flag.starts_with('<') => source.to_string(),
                Some(source) => format!("{flag}: {source}"),
                None => first,
            }
        }
        ErrorKind::ArgumentConflict if rendered.contains("--kinds") => {
            "--kinds chooses kinds and so does a TARGET: give one of the two".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("{flag} is missing: a flag that was given needs it"),
        ErrorKind::MissingSubcommand => format!("a command is missing: {name} health judges the cluster"),
        _ => first,
    };
    Refused::Usage(line)
}

fn target(text: &str) -> Result<Target, String> {
    if text.eq_ignore_ascii_case("apiserver") {
        return Ok(Target::ApiServer);
    }
    let (word, name) = match text.split_once('/') {
        Some((word, name)) => (word, Some(name)),
        None => (text, None),
    };
    let Some(kind) = Kind::from_word(word) else {
        if let Some(custom) = custom(word) {
            return match name {
                Some(name) if !is_name(name, 253) => Err(format!(
                    "{text:?}: {name:?} is no name of an object, such as {word}/checkout"
                )),
                name => Ok(Target::Custom(custom, name.map(str::to_owned))),
            };
        }
        let words = Kind::ALL.iter().flat_map(|k| k.words()).chain(["apiserver"]);
        return Err(match nearest(word, words) {
            Some(near) => format!(
                "unknown target {text:?}, did you mean {:?}?",
                name.map_or(near.to_owned(), |n| format!("{near}/{n}"))
            ),
            None => format!(
                "unknown target {text:?}: apiserver, deployments, deploy/NAME or, of another API group, \
                 certificates.cert-manager.io"
            ),
        });
    };
    match name {
        Some(name) if !is_name(name, 253) => Err(format!(
            "{text:?}: {name:?} is no name of an object, such as {}/checkout",
            kind.singular()
        )),
        name => Ok(Target::Kind(kind, name.map(str::to_owned))),
    }
}

fn chosen(word: &str) -> Result<Chosen, String> {
    match word.trim() {
        "all" => return Ok(Chosen::All),
        "apiserver" => return Ok(Chosen::ApiServer),
        word if word.contains('/') => {
            return Err(format!(
                "{word:?} names one object: give it as TARGET, without --kinds"
            ));
        }
        _ => {}
    }
    if let Some(kind) = Kind::from_word(word.trim()) {
        return Ok(Chosen::Kind(kind));
    }
    let words = || {
        Kind::ALL
            .iter()
            .flat_map(|k| k.words())
            .chain(["apiserver", "all"])
    };
    let plurals: Vec<&str> = Kind::ALL.iter().map(|k| k.plural()).collect();
    Err(match nearest(word, words()) {
        Some(near) => format!("unknown kind {word:?}, did you mean {near:?}?"),
        None => format!(
            "unknown kind {word:?}: one of all, apiserver, {}",
            plurals.join(", ")
        ),
    })
}

/// A kind that is named with its group, such as `certificates.cert-manager.io`.
fn custom(word: &str) -> Option<CustomName> {
    let custom = CustomName::parse(word)?;
    (is_name(&custom.word, 63) && !custom.word.contains('.') && is_name(&custom.group, 253)).then_some(custom)
}

/// RFC 1123, as the API server checks names.
fn is_name(text: &str, longest: usize) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| inner(b) || b == b'-' || b == b'.')
        && text.bytes().next().is_some_and(inner)
        && text.bytes().last().is_some_and(inner)
}

fn namespace(text: &str) -> Result<String, String> {
    // An empty one says nothing, as every flag of kubectl's.
    if text.is_empty() || (is_name(text, 63) && !text.contains('.')) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} is no name of a namespace: lower-case letters, digits and -, at most 63"
        ))
    }
}

/// An empty value says nothing, as no value does.
fn agent(text: &str) -> Result<ServiceName, String> {
    let text = if text.is_empty() { DEFAULT_AGENT } else { text };
    text.parse().map_err(|error| format!("{error}"))
}

fn selector(text: &str) -> Result<String, String> {
    text.parse::<sre_shared::selector::Selector>()
        .map(|_| text.to_owned())
        .map_err(|e| e.to_string())
}

/// As Go reads a boolean.
fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// As kubectl reads a timeout: a number of seconds, or numbers with the units h, m, s, ms.
/// As kubectl takes it: nothing, and a time that is over before it begins, are no limit.
fn request_timeout(text: &str) -> Result<Duration, String> {
    match text.strip_prefix('-') {
        Some(negative) if negative.parse::<u32>().is_err() => duration(negative).map(|_| Duration::ZERO),
        None if text.is_empty() => Ok(Duration::ZERO),
        _ => duration(text),
    }
}

/// A run without time asks nothing.
fn run_timeout(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok(Duration::ZERO) => Err(format!(
            "{text:?} leaves no time to ask anything: give such as 30s or 5m, or leave it out"
        )),
        result => result,
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time: a number of seconds, or such as 500ms, 30s, 5m or 1h30m");
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(u64::from(seconds)));
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let (unit, length) = [
            ("ms", 1e-3),
            ("us", 1e-6),
            // The micro sign and the letter that looks like it.
            ("\u{b5}s", 1e-6),
            ("\u{3bc}s", 1e-6),
            ("ns", 1e-9),
            ("h", 3600.0),
            ("m", 60.0),
            ("s", 1.0),
        ]
        .into_iter()
        .find(|(unit, _)| rest.starts_with(unit))
        .ok_or_else(wrong)?;
        rest = &rest[unit.len()..];
        total = Duration::try_from_secs_f64(number * length)
            .ok()
            .and_then(|part| total.checked_add(part))
            .ok_or_else(wrong)?;
    }
    // Go counts nanoseconds in 64 bits.
    if !text.ends_with(|c: char| c.is_ascii_alphabetic()) || total.as_nanos() > i64::MAX.unsigned_abs().into()
    {
        Err(wrong())
    } else {
        Ok(total)
    }
}

impl Health {
    /// The kinds that the API server is asked about, each with the names of its objects; without for all.
    fn custom(&self) -> Vec<CustomTarget> {
        let mut all: Vec<CustomTarget> = Vec::new();
        for target in &self.targets {
            let Target::Custom(kind, name) = target else {
                continue;
            };
            let names: Vec<String> = name.iter().cloned().collect();
            match all.iter_mut().find(|wanted| wanted.kind == *kind) {
                None => all.push(CustomTarget {
                    kind: kind.clone(),
                    names,
                }),
                // A whole kind beside one of its objects is the whole kind.
                Some(wanted) if names.is_empty() || wanted.names.is_empty() => wanted.names.clear(),
                Some(wanted) if wanted.names.contains(&names[0]) => {}
                Some(wanted) => wanted.names.extend(names),
            }
        }
        all
    }

    /// What the library is asked, from the targets and the flags.
    #[must_use]
    pub fn ask(&self) -> sre_shared::run::Request {
        let everything = sre_shared::run::Request::everything();
        let mut ask = sre_shared::run::Request {
            namespace: self
                .namespace
                .clone()
                .filter(|name| !name.is_empty() && !self.all_namespaces),
            selector_text: self.selector.clone(),
            // It was parsed before; that it parses again is no more than a formality.
            selector: self.selector.parse().unwrap_or_default(),
            no_ignore: self.no_ignore,
            causes: match (self.cause, self.logs) {
                (Cause::None, _) => Causes::None,
                (Cause::Auto, false) => Causes::Told,
                (Cause::Auto, true) => Causes::WithLogs,
            },
            ..everything
        };
        if self.targets.is_empty() && self.kinds.is_empty() {
            return ask;
        }
        ask.by_default = false;
        if !self.kinds.is_empty() {
            let all = self.kinds.contains(&Chosen::All);
            ask.all_kinds = all;
            ask.every_object = !all;
            ask.api_server = all || self.kinds.contains(&Chosen::ApiServer);
            ask.kinds = Kind::ALL
                .iter()
                .filter(|kind| all || self.kinds.contains(&Chosen::Kind(**kind)))
                .map(|kind| KindTarget::all(*kind))
                .collect();
            return ask;
        }
        ask.every_object = true;
        ask.api_server = self.targets.contains(&Target::ApiServer);
        ask.kinds.clear();
        ask.custom = self.custom();
        for target in &self.targets {
            let Target::Kind(kind, name) = target else {
                continue;
            };
            let wanted = match ask.kinds.iter_mut().find(|w| w.kind == *kind) {
                Some(wanted) => wanted,
                None => {
                    ask.kinds.push(KindTarget {
                        kind: *kind,
                        names: Vec::new(),
                    });
                    match ask.kinds.last_mut() {
                        Some(wanted) => wanted,
                        None => continue,
                    }
                }
            };
            wanted.names.extend(
                name.iter()
                    .filter(|&n| !wanted.names.contains(n))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        // A whole kind beside one of its objects is the whole kind.
        for wanted in &mut ask.kinds {
            if self.targets.contains(&Target::Kind(wanted.kind, None)) {
                wanted.names.clear();
            }
        }
        ask.kinds
            .sort_by_key(|w| Kind::ALL.iter().position(|kind| *kind == w.kind));
        ask
    }
}

#[cfg(test)]
mod tests;
