//! Owns the grammar of the command line: its flags, their environment variables and their help.
//! Must not know what they mean together.

use super::values::{
    KindWord, OptionalAddress, OptionalLease, boolean, delay, kind_word, limit, namespace, optional_address,
    optional_lease, slo, switch,
};
use crate::address::Address;
use crate::log::{LogFormat, LogLevel};
use crate::probe::TargetUrl;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Answers over HTTP whether the API server and the workloads of a cluster are healthy
///
/// Without --kubeconfig it uses the ServiceAccount of the pod it runs in. It starts and answers also while the API
/// server is away.
#[derive(Debug, Parser)]
#[command(name = "sre-agent", version, args_conflicts_with_subcommands = true)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Subcommands>,

    /// The kubeconfig to use; else the ServiceAccount of the pod
    #[arg(long, value_name = "PATH", env = "SRE_AGENT_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,

    /// The context of --kubeconfig to use; else its current one
    #[arg(long, value_name = "NAME", env = "SRE_AGENT_CONTEXT")]
    pub context: Option<String>,

    /// Where to listen: :PORT for all addresses, HOST:PORT for one, an IPv6 address in brackets; port 0 for any that is free
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "SRE_AGENT_ADDRESS",
        default_value = ":8080"
    )]
    pub address: Address,

    /// Where to serve /metrics, in the same form; else at --address
    #[arg(long, value_name = "ADDRESS", env = "SRE_AGENT_METRICS_ADDRESS", value_parser = optional_address)]
    pub metrics_address: Option<OptionalAddress>,

    /// Kinds to watch, separated by commas; all for every kind [default: deployments,statefulsets,daemonsets,jobs,cronjobs]
    #[arg(long, value_name = "KINDS", env = "SRE_AGENT_KINDS", value_delimiter = ',', value_parser = kind_word)]
    pub kinds: Vec<KindWord>,

    /// Namespaces to watch, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", env = "SRE_AGENT_NAMESPACES", value_delimiter = ',', value_parser = namespace)]
    pub namespaces: Vec<String>,

    /// Look for causes of unhealthy objects, in pods, ReplicaSets, Jobs, events and nodes;
    /// --causes=false turns it off [default: true]
    #[arg(long, value_name = "BOOL", env = "SRE_AGENT_CAUSES", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", default_value = "true", hide_default_value = true,
          action = clap::ArgAction::Set, value_parser = boolean)]
    pub causes: bool,

    /// Look for changes before problems, in revisions, quotas, limit ranges, webhooks and cordoned nodes;
    /// --changes=false turns it off [default: true]
    #[arg(long, value_name = "BOOL", env = "SRE_AGENT_CHANGES", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", default_value = "true", hide_default_value = true,
          action = clap::ArgAction::Set, value_parser = boolean)]
    pub changes: bool,

    /// Look for changes of `ConfigMaps` too, by their metadata; the right to list it is the right to read the contents
    /// [default: false]
    #[arg(long, value_name = "BOOL", env = "SRE_AGENT_CONFIG_CHANGES", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", default_value = "false", hide_default_value = true,
          action = clap::ArgAction::Set, value_parser = boolean)]
    pub config_changes: bool,

    /// Data counts as unknown if nothing was heard of the API server for this long
    #[arg(long, value_name = "DURATION", env = "SRE_AGENT_STALE_AFTER", default_value = "3m", value_parser = limit)]
    pub stale_after: Duration,

    /// The longest that one request to the API server may take, watches excepted
    #[arg(long, value_name = "DURATION", env = "SRE_AGENT_REQUEST_TIMEOUT", default_value = "10s", value_parser = limit)]
    pub request_timeout: Duration,

    /// Answer only requests with a token for the audience sre-agent whose user may get the path; /healthz, /livez and
    /// /readyz need none [default: false]
    #[arg(long, value_name = "BOOL", env = "SRE_AGENT_AUTHENTICATE", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", default_value = "false", hide_default_value = true,
          action = clap::ArgAction::Set, value_parser = switch)]
    pub authenticate: bool,

    /// The certificate of this server with its chain, in PEM: it then speaks only TLS; read again when it changes
    #[arg(long, value_name = "FILE", env = "SRE_AGENT_TLS_CERT_FILE")]
    pub tls_cert_file: Option<PathBuf>,

    /// The key of --tls-cert-file, in PEM
    #[arg(long, value_name = "FILE", env = "SRE_AGENT_TLS_PRIVATE_KEY_FILE")]
    pub tls_private_key_file: Option<PathBuf>,

    /// Serve a page for browsers at /page/; it has no login of its own [default: false]
    #[arg(long, value_name = "BOOL", env = "SRE_AGENT_PAGE", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", default_value = "false", hide_default_value = true,
          action = clap::ArgAction::Set, value_parser = switch)]
    pub page: bool,

    /// The name of the cluster in the title of the page [default: the context, or the address of the API server]
    #[arg(
        long,
        value_name = "NAME",
        env = "SRE_AGENT_PAGE_TITLE",
        default_value = "",
        hide_default_value = true
    )]
    pub page_title: String,

    /// Names of hosts, separated by commas, under which a proxy in the same pod or on the same machine passes requests on;
    /// with --page other names than localhost are refused at the loopback address
    #[arg(
        long,
        value_name = "NAMES",
        env = "SRE_AGENT_PAGE_HOSTS",
        value_delimiter = ','
    )]
    pub page_hosts: Vec<String>,

    /// How long requests are still accepted after SIGTERM, while /readyz reports that this process is not ready
    #[arg(long, value_name = "DURATION", env = "SRE_AGENT_SHUTDOWN_DELAY", default_value = "0s", value_parser = delay)]
    pub shutdown_delay: Duration,

    /// Connections at the same time; if there are more, those are closed that have waited longest for their client
    #[arg(long, value_name = "NUMBER", env = "SRE_AGENT_MAX_CONNECTIONS", default_value = "1024", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_connections: u16,

    /// A directory for the history, which then outlives a restart; at most 17 MB; else it is kept in memory alone
    #[arg(long, value_name = "DIR", env = "SRE_AGENT_HISTORY_DIR")]
    pub history_dir: Option<PathBuf>,

    /// The availability of the API server that is aimed at, in percent; burn rates are measured against it
    #[arg(long, value_name = "PERCENT", env = "SRE_AGENT_SLO", default_value = "99.9", value_parser = slo)]
    pub slo: f64,

    /// A Lease that is there to be written to, every 10 s: reads can be well while etcd refuses writes [default: none]
    #[arg(long, value_name = "NAMESPACE/NAME", env = "SRE_AGENT_WRITE_CANARY", value_parser = optional_lease)]
    pub write_canary: Option<OptionalLease>,

    /// How the log is written to stderr
    #[arg(
        long,
        value_name = "FORMAT",
        env = "SRE_AGENT_LOG_FORMAT",
        default_value = "text",
        value_enum
    )]
    pub log_format: LogFormat,

    /// The least important event that is logged
    #[arg(
        long,
        value_name = "LEVEL",
        env = "SRE_AGENT_LOG_LEVEL",
        default_value = "info",
        value_enum
    )]
    pub log_level: LogLevel,
}

/// The commands besides serving.
#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Asks URLs over HTTP or, without verifying a certificate, HTTPS, prints a line for each, and ends with 0 if all of them answered 200
    Probe {
        /// The URLs, asked one after the other
        #[arg(required = true, value_name = "URL")]
        urls: Vec<TargetUrl>,

        /// The longest that one URL may take
        #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = limit)]
        timeout: Duration,

        /// File with a token for the audience sre-agent, which is sent to the URLs
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,

        /// Speak TLS to URLs that begin with tcp://, as Kubernetes writes the address of a Service
        #[arg(long)]
        tls: bool,

        /// How long a URL that does not answer 200 is asked again: nodes learn of a new Service a moment after its pods
        /// are ready
        #[arg(long, value_name = "DURATION", value_parser = limit)]
        patience: Option<Duration>,
    },
}
