//! The grammar of the command line: the types that clap fills, and the help text.

use super::output_choice::{OutputChoice, OutputChoiceParser};
use super::targets::Target;
use super::values::{self, KindChoice, Token};
use crate::output::{Format, SortBy};
use crate::shell::Color;
use crate::source::{AgentUrl, StoreHeader};
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use sre_shared::apiserver::slo;
use sre_shared::cluster::ServiceName;
use sre_shared::field_selector::FieldSelector;
use sre_shared::report::{FailOn, State};
use sre_shared::resource::Time;
use sre_shared::run::DEFAULT_AGENT;
use sre_shared::timeline::WindowBound;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Is the API server healthy, and does every workload have the healthy pods that its spec asks for?
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    propagate_version = false,
    max_term_width = 100
)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// What the help ends with: what to try first, by the name under which the program was called.
pub(super) fn examples(name: &str) -> String {
    format!(
        "\
Examples:
    {name} health                            # the whole cluster
    {name} health -n shop                    # one namespace
    {name} health deploy checkout -n shop    # one Deployment
    {name} health deploy checkout -n shop --wait   # until it is rolled out, or known to be bad
    {name} health -n shop -w                 # stay, and show what changes
    helm get manifest web | {name} health --manifest - --wait   # until all of a release is well
    {name} gate -n shop -- kubectl apply -f shop.yaml   # what does it make worse?
    {name} changes --since 30m               # what changed before it broke?
    {name} health apiserver -v               # the path to the API server
    {name} fleet 'prod-*'                    # every cluster of these contexts, one row each
    {name} explain CrashLoop                 # what a word means
    {name} completion install                # let kubectl complete all this

Flags go after the command: kubectl itself refuses `kubectl --context X sre health`."
    )
}

/// A subcommand.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "a run has one of them")]
pub enum Command {
    /// Judge the API server and the workloads, and say what is wrong
    Health(Box<HealthArgs>),
    /// Run a command, wait for what it changes, and fail on what it makes worse
    Gate(Box<GateArgs>),
    /// Show what changed: rollouts, scalings, restarts, evictions, nodes, quotas, webhooks, ConfigMaps, leaders
    Changes(Box<ChangesArgs>),
    /// Judge many clusters at once, one row each: those of the kubeconfig's contexts, or of a store of metrics
    Fleet(Box<FleetArgs>),
    /// Explain words of a report: what they mean, how they were decided, what to do
    Explain(ExplainArgs),
    /// Show the versions of the plugin and of the API server
    Version(Box<VersionArgs>),
    /// Complete commands, flags and names in kubectl and in shells
    #[command(subcommand)]
    Completion(CompletionCommand),
    /// Print candidates for the last of these words, for kubectl and shells.
    #[command(skip)]
    Complete(Vec<String>),
}

/// `completion`
#[derive(Debug, Subcommand)]
pub enum CompletionCommand {
    /// Let kubectl complete `kubectl sre`: write kubectl_complete-sre beside the plugin
    Install(InstallArgs),
    /// Print the script for bash, which completes kubectl-sre: source <(kubectl sre completion bash)
    Bash,
    /// Print the script for zsh, which completes kubectl-sre: source <(kubectl sre completion zsh)
    Zsh,
    /// Print the script for fish, which completes kubectl-sre: kubectl sre completion fish | source
    Fish,
    /// Print the script for PowerShell, which completes kubectl-sre: kubectl sre completion powershell | Out-String | Invoke-Expression
    Powershell,
}

/// `completion install`
#[derive(Debug, Args)]
#[command(
    args_override_self = true,
    after_help = "\
kubectl finds the file kubectl_complete-sre on PATH, from version 1.26 on, and asks it for candidates. The script of
kubectl's own completion has to be loaded in the shell: kubectl completion --help says how."
)]
pub struct InstallArgs {
    /// Directory of PATH to write into [default: that of the plugin]
    #[arg(long, value_name = "DIR", value_parser = OsStringValueParser::new().try_map(values::file))]
    pub dir: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Remove the file again
    #[arg(long)]
    pub remove: bool,
}

/// Which cluster, how to reach it, and how long to wait.
#[derive(Debug, Clone, Args)]
pub struct ConnectionArgs {
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
    /// Name to check the API server's certificate against [default: the host of its address]
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub tls_server_name: Option<String>,
    /// Do not verify the API server's certificate, which makes the connection insecure
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "false", hide_default_value = true, action = clap::ArgAction::Set, value_parser = values::boolean,
          help_heading = "Cluster")]
    pub insecure_skip_tls_verify: bool,
    /// File with the certificates of the authorities that sign the API server's certificate
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
    /// Ask the API server not to compress its answers
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "false", hide_default_value = true, action = clap::ArgAction::Set, value_parser = values::boolean,
          help_heading = "Cluster")]
    pub disable_compression: bool,
    /// Path of the kuberc file; its policy for credential plugins is obeyed
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from), help_heading = "Cluster")]
    pub kuberc: Option<PathBuf>,
    /// Limit of one request, such as 5s or 1m; 0 for none
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = values::request_timeout, allow_hyphen_values = true,
          help_heading = "Cluster")]
    pub request_timeout: Duration,
    /// Limit of the whole run, such as 90s or 5m [default: 60s; 10s with an agent, 12m with --wait and gate, none with -w]
    #[arg(long, value_name = "TIME", value_parser = values::run_timeout, help_heading = "Cluster")]
    pub timeout: Option<Duration>,
    /// Ask the agent in the cluster, through the API server [without a value: sre-tools/sre-agent]
    #[arg(long, value_name = "NAMESPACE/SERVICE", num_args = 0..=1, require_equals = true,
          default_missing_value = DEFAULT_AGENT, value_parser = values::agent, conflicts_with = "agent_url", help_heading = "Agent")]
    pub agent: Option<ServiceName>,
    /// Ask the agent at this address, behind kubectl port-forward or an ingress
    #[arg(long, value_name = "URL", value_parser = AgentUrl::parse, help_heading = "Agent")]
    pub agent_url: Option<AgentUrl>,
    /// File with a token for --agent-url, which is sent over https or to this machine, and to no other host
    #[arg(long, value_name = "FILE", requires = "agent_url",
          value_parser = OsStringValueParser::new().map(PathBuf::from), help_heading = "Agent")]
    pub agent_token_file: Option<PathBuf>,
}

/// `health`
#[derive(Debug, Args)]
#[command(
    args_override_self = true,
    after_help = "\
Targets: apiserver, kinds such as deploy,sts, or objects as deploy/NAME or as deploy NAME NAME.
Kinds:   deployments, statefulsets, daemonsets, jobs, cronjobs, which with apiserver are judged
         if none is chosen; short names as in kubectl.
--wait ends with 0 once everything is as it should be, and with another code once it is known that it will not be,
         or at the deadline.
Exit codes: 0 ok; 1 not yet, only progressing; 2 degraded; 3 unknown or incomplete;
            64 usage; 69 the API server, or the agent, cannot be reached; 130 interrupted;
            143 terminated."
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct HealthArgs {
    /// What to judge: apiserver, a kind such as deployments, or an object such as deploy/NAME
    #[arg(value_name = "TARGET")]
    pub words: Vec<String>,
    /// The targets that these words name.
    #[arg(skip)]
    pub targets: Vec<Target>,
    /// Kinds to judge, such as deployments,jobs; apiserver is one, and all stands for every one
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = values::kind_choice, conflicts_with = "words")]
    pub kinds: Vec<KindChoice>,
    /// Judge the clusters of all contexts with such names, one row each, as fleet does; by the rules of shells, such as 'prod-*'
    #[arg(long, value_name = "GLOB,...", value_delimiter = ',', value_parser = values::glob)]
    pub contexts: Vec<String>,
    /// Only this namespace
    #[arg(short, long = "namespace", value_name = "NAME", value_parser = values::namespace)]
    pub namespaces: Vec<String>,
    /// All namespaces, which is the default
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Only objects with these labels, such as app=web,tier!=test
    #[arg(short = 'l', long, value_name = "SELECTOR", default_value = "", hide_default_value = true, value_parser = values::selector)]
    pub selector: String,
    /// Only objects with these fields, such as metadata.name=web,metadata.namespace!=test
    #[arg(long, value_name = "SELECTOR", default_value = "", hide_default_value = true, value_parser = str::parse::<FieldSelector>)]
    pub field_selector: FieldSelector,
    /// Items on a page of a long list, as in kubectl; 0 for one answer [default: 500, and more on later pages]
    #[arg(long, value_name = "NUMBER")]
    pub chunk_size: Option<u32>,
    /// Judge a dump instead of a cluster: a file, a directory, or - for standard input
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub filename: Option<PathBuf>,
    /// Judge the objects that these manifests name, in the cluster: a file, a directory, or - for standard input
    #[arg(long, value_name = "FILE|DIR|-")]
    pub manifest: Option<PathBuf>,
    /// With -f: when the dump was taken, such as 2026-11-23T18:40:12Z [default: the newest time in it]; with an agent: the moment
    /// to ask its history about
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    pub at: Option<Time>,
    /// Output format, human if none is given; can be given again as FORMAT=FILE, which writes that file too
    #[arg(short, long, value_parser = OutputChoiceParser, value_name = "FORMAT[=FILE]")]
    pub output: Vec<OutputChoice>,
    /// Also save the whole report in this file, for --baseline
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().try_map(values::file))]
    pub save: Option<PathBuf>,
    /// Show and fail only on what is new or worse than in this saved report
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().try_map(values::file))]
    pub baseline: Option<PathBuf>,
    /// With --baseline: compare although the two are about different clusters, kinds, namespaces, labels or names
    #[arg(long, requires = "baseline")]
    pub force: bool,
    /// Which states make the exit code non-zero
    #[arg(long, value_name = "STATES", default_value = "progressing,degraded,unknown", value_parser = str::parse::<FailOn>)]
    pub fail_on: FailOn,
    /// Fail if the API server was available for less of --window, in percent, such as 99.9; with apiserver and an agent
    #[arg(long, value_name = "PERCENT", value_parser = values::percent)]
    pub min_availability: Option<f64>,
    /// With --min-availability: the last 5m, 30m, 1h, 2h, 6h, 1d, 3d or 30d, of which at least half has to be watched
    #[arg(long, value_name = "TIME", requires = "min_availability", default_value = slo::DEMAND_WINDOW,
          value_parser = clap::builder::PossibleValuesParser::new(slo::WINDOWS), hide_possible_values = true)]
    pub window: String,
    /// Ignore sre/ignore annotations and report acknowledged findings
    #[arg(long)]
    pub no_ignore: bool,
    /// Whether to search for the causes of unhealthy objects
    #[arg(long, value_enum, default_value = "auto", value_name = "WHETHER")]
    pub cause: CauseSearch,
    /// Show the last log lines of crashed containers, or never; they may hold secrets [default: on a terminal those that
    /// explain a crash]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = values::boolean)]
    pub logs: Option<bool>,
    /// Wait until everything is as it should be, or is known not to become so
    #[arg(long, conflicts_with = "watch", help_heading = "Following a change")]
    pub wait: bool,
    /// Stay, and show each change of a state once
    #[arg(short, long, help_heading = "Following a change")]
    pub watch: bool,
    /// With --wait and gate: how long a problem that may pass by itself is waited for without progress, such as 2m; 0 for not at all
    /// [default: 2m]
    #[arg(long, value_name = "TIME", value_parser = values::duration, allow_hyphen_values = true, help_heading = "Following a change")]
    pub grace: Option<Duration>,
    /// With --wait and gate: how long everything must stay as it should be [default: 0]
    #[arg(long, value_name = "TIME", value_parser = values::duration, allow_hyphen_values = true, help_heading = "Following a change")]
    pub settle: Option<Duration>,
    /// With --wait and gate: how changes are shown on stderr meanwhile
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Following a change")]
    pub progress: Option<ProgressFormat>,
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// Print each request with its time and bytes on stderr
    #[arg(short, long)]
    pub verbose: bool,
    /// Only the verdict, in one line
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show every problem in full, however long the screen becomes
    #[arg(long, conflicts_with = "quiet")]
    pub all: bool,
    /// With -o wide and name: only objects in these states, such as degraded,unavailable
    #[arg(long = "state", value_name = "STATE,...", value_delimiter = ',', value_parser = values::state)]
    pub states: Vec<State>,
    /// With -o wide and name: the order of the objects [default: the worst first]
    #[arg(long, value_enum, value_name = "COLUMN")]
    pub sort_by: Option<SortBy>,
    /// With -o wide: leave out the names of the columns
    #[arg(long)]
    pub no_headers: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: ConnectionArgs,
}

/// `gate`
#[derive(Debug, Args)]
#[command(
    mut_args(hide_flags_of_one_report),
    after_help = "\
COMMAND is not run if the objects cannot be read before it. It has the terminal, standard input and Ctrl-C, and SIGTERM is
         passed on. With -o json and other
         forms for programs its standard output goes to stderr, so that stdout is the report alone.
Then gate waits for objects that are new, that have a newer spec, or that got worse. Objects that were not healthy before
         fail nothing unless they are worse; objects that are gone are a remark.
Exit codes: that of COMMAND if it fails (127 not found, 126 not executable, 128 and the number of a signal);
            else 0 nothing is worse; 1 not yet; 2 new or worse and degraded; 3 unknown or incomplete;
            64 usage; 69 the API server cannot be reached; 130 interrupted; 143 terminated."
)]
pub struct GateArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub health: HealthArgs,
    /// The command to run, and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Flags of `health` that a gate has no use for. Its help leaves them out, and they are refused with the reason.
const NOT_OF_GATE: [&str; 9] = [
    "filename",
    "at",
    "baseline",
    "contexts",
    "force",
    "min_availability",
    "window",
    "wait",
    "watch",
];

fn hide_flags_of_one_report(flag: clap::Arg) -> clap::Arg {
    let is_hidden = NOT_OF_GATE.iter().any(|name| flag.get_id() == name);
    flag.hide(is_hidden)
}

/// `changes`
#[derive(Debug, Args)]
#[command(
    args_override_self = true,
    after_help = "\
Targets: kinds such as deploy,sts, or objects as deploy/NAME or as deploy NAME NAME; nodes; apiserver. Kinds are deployments,
         statefulsets, daemonsets, cronjobs, jobs, pods and nodes.
Nothing in a cluster keeps a history of changes: each source shows a part of it, and the last lines say how far back it
         reaches. Values of variables and Secrets are never read. With --agent the verdicts of its history are shown too;
         --agent-url asks the agent alone, unless a flag such as --context says how to reach the cluster.
Exit codes: 0 all that was asked was seen; 3 something was not; 64 usage; 69 the API server, or the agent,
            cannot be reached; 130 interrupted; 143 terminated."
)]
pub struct ChangesArgs {
    /// What it is about: a kind such as deployments, an object such as deploy/NAME, or apiserver
    #[arg(value_name = "TARGET")]
    pub words: Vec<String>,
    /// The targets that these words name.
    #[arg(skip)]
    pub targets: Vec<Target>,
    /// From when on: a duration such as 90m, 2h or 2d, or a time such as 2026-11-23T18:40:12Z
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = values::window_bound)]
    pub since: WindowBound,
    /// Until when: a time, or a duration ago [default: now]
    #[arg(long, value_name = "TIME", value_parser = values::window_bound)]
    pub until: Option<WindowBound>,
    /// Only this namespace
    #[arg(short, long = "namespace", value_name = "NAME", value_parser = values::namespace)]
    pub namespaces: Vec<String>,
    /// All namespaces, which is the default
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Read a dump instead of a cluster: a file, a directory, or - for standard input
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub filename: Option<PathBuf>,
    /// When the dump was taken, such as 2026-11-23T18:40:12Z [default: the newest time in it]
    #[arg(long, value_name = "TIME", requires = "filename", value_parser = Time::parse)]
    pub at: Option<Time>,
    /// Output format
    #[arg(short, long, value_parser = values::changes_format, default_value = "human", value_name = "FORMAT")]
    pub output: Format,
    /// With -o wide: leave out the names of the columns
    #[arg(long)]
    pub no_headers: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// Print each request with its time and bytes on stderr
    #[arg(short, long)]
    pub verbose: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: ConnectionArgs,
}

/// `fleet`
#[derive(Debug, Args)]
#[command(
    mut_args(flag_of_fleet),
    after_help = "\
Each cluster has --timeout for itself, and 16 are asked at a time. A cluster that is not reached is unknown, not unhealthy.
Contexts with the same server and authority are one cluster. --prometheus asks a store of the agents' metrics instead.
Exit codes: the worst cluster's: 0 ok; 1 not yet, only progressing; 2 degraded; 3 unknown, not reached or not seen;
            64 usage; 69 no cluster, or not the store, can be reached; 130 interrupted; 143 terminated."
)]
pub struct FleetArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub health: HealthArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
}

/// How to ask a store of metrics.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// Ask this store of the agents' metrics, and no cluster: Prometheus, Thanos, Mimir or `VictoriaMetrics`
    #[arg(long, value_name = "URL", value_parser = AgentUrl::parse, help_heading = "Store")]
    pub prometheus: Option<AgentUrl>,
    /// Tenant of the store, which is sent as X-Scope-OrgID
    #[arg(long, value_name = "NAME", requires = "prometheus", help_heading = "Store")]
    pub tenant: Option<String>,
    /// Header that is sent to the store; can be given several times
    #[arg(long = "header", value_name = "NAME=VALUE", requires = "prometheus", value_parser = StoreHeader::parse,
          help_heading = "Store")]
    pub headers: Vec<StoreHeader>,
    /// File with a bearer token for the store
    #[arg(long, value_name = "FILE", requires = "prometheus", conflicts_with = "basic_auth_file",
          value_parser = OsStringValueParser::new().try_map(values::file), help_heading = "Store")]
    pub token_file: Option<PathBuf>,
    /// File with USER:PASSWORD for the store
    #[arg(long, value_name = "FILE", requires = "prometheus",
          value_parser = OsStringValueParser::new().try_map(values::file), help_heading = "Store")]
    pub basic_auth_file: Option<PathBuf>,
    /// Label that names the cluster in the store [default: cluster]
    #[arg(long, value_name = "NAME", requires = "prometheus", value_parser = values::label, help_heading = "Store")]
    pub cluster_label: Option<String>,
    /// Clusters that must be in the store: a file with a name a line, or the word contexts for those of the kubeconfig
    #[arg(long, value_name = "FILE|contexts", requires = "prometheus",
          value_parser = OsStringValueParser::new().try_map(values::file), help_heading = "Store")]
    pub inventory: Option<PathBuf>,
}

/// Flags of `health` that many clusters have no use for. The help leaves them out, and they are refused with the reason.
const NOT_OF_FLEET: [&str; 20] = [
    "filename",
    "manifest",
    "at",
    "contexts",
    "min_availability",
    "window",
    "wait",
    "grace",
    "settle",
    "progress",
    "logs",
    "context",
    "cluster",
    "user",
    "server",
    "tls_server_name",
    "client_certificate",
    "client_key",
    "token",
    "agent_url",
];

fn flag_of_fleet(flag: clap::Arg) -> clap::Arg {
    let id = flag.get_id().as_str();
    match id {
        "words" => flag
            .value_name("GLOB")
            .help("Names of contexts, by the rules of shells, such as 'prod-*' [default: all]"),
        "kinds" => flag.conflicts_with(clap::builder::Resettable::Reset),
        "timeout" => flag.help(
            "Limit of each cluster, such as 90s or 5m [default: 60s; 10s with an agent; of the store: 60s]",
        ),
        "certificate_authority" => {
            flag.help("File with the certificates of the authorities that sign the store's certificate")
        }
        "insecure_skip_tls_verify" => {
            flag.help("Do not verify the store's certificate, which makes the connection insecure")
        }
        "agent_token_file" => flag.hide(true),
        _ if NOT_OF_FLEET.contains(&id) => flag.hide(true),
        _ => flag,
    }
}

/// `explain`
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct ExplainArgs {
    /// Words as a screen shows them, such as `CrashLoop` or `OOMKilled`; without one, all are listed
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// Output format
    #[arg(short, long, value_parser = values::version_format, default_value = "human", value_name = "FORMAT")]
    pub output: Format,
}

/// `version`: with `--agent` or `--agent-url` the agent's too
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct VersionArgs {
    /// Only the plugin's version, without asking the API server
    #[arg(long)]
    pub client: bool,
    /// Output format
    #[arg(short, long, value_parser = values::version_format, default_value = "human", value_name = "FORMAT")]
    pub output: Format,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub connection: ConnectionArgs,
}

/// How the changes during a wait are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressFormat {
    /// A bar on a terminal, a line for each change elsewhere
    Auto,
    /// One JSON object for each change
    Json,
}

/// Whether to search for causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CauseSearch {
    /// Search, within bounds
    Auto,
    /// Search, and look in up to 16 namespaces when the `ConfigMaps` that pods name were written, instead of 3
    All,
    /// Make no request for them
    None,
}
