//! Owns the command line and its environment variables, and what they mean together.
//! Must not know what is done with them.

use crate::address::Address;
use crate::log::{LogFormat, LogLevel};
use crate::probe::{TargetUrl, UrlProbe};
use crate::settings::{Pace, Settings};
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};
use sre_shared::cluster::{ConfigSource, Deadlines};
use sre_shared::duration;
use sre_shared::kind::Kind;
use sre_shared::nearest::nearest;
use sre_shared::run::clock;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Sent to the API server, so that its audit log names the agent.
const USER_AGENT: &str = concat!("sre-agent/", env!("CARGO_PKG_VERSION"));
/// The longest that a connection may take to be established.
const CONNECT: Duration = Duration::from_secs(5);

/// Answers over HTTP whether the API server and the workloads of a cluster are healthy
///
/// Without --kubeconfig it uses the ServiceAccount of the pod it runs in. It starts and answers also while the API
/// server is away.
#[derive(Debug, Parser)]
#[command(name = "sre-agent", version, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Subcommands>,

    /// The kubeconfig to use; else the ServiceAccount of the pod
    #[arg(long, value_name = "PATH", env = "SRE_AGENT_KUBECONFIG")]
    kubeconfig: Option<PathBuf>,

    /// The context of --kubeconfig to use; else its current one
    #[arg(long, value_name = "NAME", env = "SRE_AGENT_CONTEXT")]
    context: Option<String>,

    /// Where to listen: :PORT for all addresses, HOST:PORT for one, an IPv6 address in brackets; port 0 for any that is free
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "SRE_AGENT_ADDRESS",
        default_value = ":8080"
    )]
    address: Address,

    /// Where to serve /metrics, in the same form; else at --address
    #[arg(long, value_name = "ADDRESS", env = "SRE_AGENT_METRICS_ADDRESS", value_parser = optional_address)]
    metrics_address: Option<OptionalAddress>,

    /// Kinds to watch, separated by commas; all for every kind [default: deployments,statefulsets,daemonsets,jobs,cronjobs]
    #[arg(long, value_name = "KINDS", env = "SRE_AGENT_KINDS", value_delimiter = ',', value_parser = chosen)]
    kinds: Vec<KindWord>,

    /// Namespaces to watch, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", env = "SRE_AGENT_NAMESPACES", value_delimiter = ',', value_parser = namespace)]
    namespaces: Vec<String>,

    /// Look for causes of unhealthy objects, in pods, ReplicaSets, Jobs, events and nodes;
    /// --causes=false turns it off [default: true]
    #[arg(long, value_name = "BOOL", env = "SRE_AGENT_CAUSES", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", default_value = "true", hide_default_value = true,
          action = clap::ArgAction::Set, value_parser = boolean)]
    causes: bool,

    /// Data counts as unknown if nothing was heard of the API server for this long
    #[arg(long, value_name = "DURATION", env = "SRE_AGENT_STALE_AFTER", default_value = "3m", value_parser = limit)]
    stale_after: Duration,

    /// The longest that one request to the API server may take; watches are exempt
    #[arg(long, value_name = "DURATION", env = "SRE_AGENT_REQUEST_TIMEOUT", default_value = "10s", value_parser = limit)]
    request_timeout: Duration,

    /// How long requests are still accepted after SIGTERM, while /readyz answers that this process is not ready
    #[arg(long, value_name = "DURATION", env = "SRE_AGENT_SHUTDOWN_DELAY", default_value = "0s", value_parser = delay)]
    shutdown_delay: Duration,

    /// Connections served at the same time; more have to wait
    #[arg(long, value_name = "NUMBER", env = "SRE_AGENT_MAX_CONNECTIONS", default_value = "256", value_parser = clap::value_parser!(u16).range(1..))]
    max_connections: u16,

    /// How the log is written to stderr
    #[arg(
        long,
        value_name = "FORMAT",
        env = "SRE_AGENT_LOG_FORMAT",
        default_value = "text",
        value_enum
    )]
    log_format: LogFormat,

    /// The least important event that is logged
    #[arg(
        long,
        value_name = "LEVEL",
        env = "SRE_AGENT_LOG_LEVEL",
        default_value = "info",
        value_enum
    )]
    log_level: LogLevel,
}

/// The commands besides serving.
#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Asks URLs over plain HTTP, prints a line for each, and ends with 0 if all of them answered 200
    Probe {
        /// The URLs, asked one after the other
        #[arg(required = true, value_name = "URL")]
        urls: Vec<TargetUrl>,

        /// The longest that one URL may take
        #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = limit)]
        timeout: Duration,

        /// For how long a URL that does not answer 200 is asked again: nodes learn of a new Service a moment after its pods
        /// are ready
        #[arg(long, value_name = "DURATION", value_parser = limit)]
        patience: Option<Duration>,
    },
}

/// An address, or none: an empty chart value sets the variable to nothing.
#[derive(Debug, Clone)]
struct OptionalAddress(Option<Address>);

fn optional_address(text: &str) -> Result<OptionalAddress, String> {
    if text.is_empty() {
        return Ok(OptionalAddress(None));
    }
    text.parse().map(|address| OptionalAddress(Some(address)))
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// Watch and answer.
    Serve(Box<Serve>),
    /// Ask URLs.
    Probe(UrlProbe),
}

/// The command to watch and answer.
#[derive(Debug)]
pub struct Serve {
    /// How to run.
    pub settings: Settings,
    /// How the log is written.
    pub log_format: LogFormat,
    /// The least important event that is logged.
    pub log_level: LogLevel,
}

/// Reads the command line.
///
/// # Errors
/// The message of clap: a mistake, the help or the version.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let args = Args::try_parse_from(words)?;
    if let Some(Subcommands::Probe {
        urls,
        timeout,
        patience,
    }) = args.command
    {
        return Ok(Command::Probe(UrlProbe {
            targets: urls,
            timeout,
            patience: patience.unwrap_or_default(),
        }));
    }
    // An empty chart value sets the variable to nothing.
    let kubeconfig = args.kubeconfig.filter(|p| !p.as_os_str().is_empty());
    let context = args.context.filter(|c| !c.is_empty());
    let source = match kubeconfig {
        Some(path) => ConfigSource::File(path),
        None if context.is_some() => {
            return Err(Args::command().error(
                ErrorKind::MissingRequiredArgument,
                "--context is one of a kubeconfig, give --kubeconfig PATH too",
            ));
        }
        None => ConfigSource::InCluster,
    };
    // An empty chart value makes an empty word.
    let chosen: Vec<KindWord> = args
        .kinds
        .into_iter()
        .filter(|c| *c != KindWord::Nothing)
        .collect();
    let kinds = match chosen.as_slice() {
        [] => Kind::by_default().collect(),
        _ => Kind::ALL
            .iter()
            .copied()
            .filter(|kind| chosen.contains(&KindWord::All) || chosen.contains(&KindWord::Kind(*kind)))
            .collect(),
    };
    let mut namespaces = args.namespaces;
    if namespaces == [""] {
        namespaces.clear();
    }
    if namespaces.iter().any(String::is_empty) {
        return Err(Args::command().error(
            ErrorKind::ValueValidation,
            "a name in --namespaces is empty, the list looks like shop,payments",
        ));
    }
    namespaces.sort();
    dedup(&mut namespaces);
    let cluster = sre_shared::cluster::Settings {
        source,
        context,
        overrides: sre_shared::cluster::Overrides::default(),
        deadlines: Deadlines {
            connect: CONNECT.min(args.request_timeout),
            idle: args.request_timeout,
            request: Some(args.request_timeout),
            run: None,
        },
        user_agent: USER_AGENT.to_owned(),
    };
    let settings = Settings {
        cluster,
        address: args.address,
        metrics_address: args.metrics_address.and_then(|address| address.0),
        kinds,
        namespaces,
        causes: args.causes,
        stale_after: args.stale_after,
        request_timeout: args.request_timeout,
        max_connections: args.max_connections.into(),
        shutdown_delay: args.shutdown_delay,
        pod: pod(),
        clock: clock::system,
        pace: Pace::default(),
    };
    Ok(Command::Serve(Box::new(Serve {
        settings,
        log_format: args.log_format,
        log_level: args.log_level,
    })))
}

/// A delay may be 0.
fn delay(text: &str) -> Result<Duration, String> {
    match text.trim() {
        "0" | "0s" | "0m" | "0ms" => Ok(Duration::ZERO),
        text => limit(text),
    }
}

/// A limit is longer than 0 and not longer than a year: sums of longer ones with the clock could overflow.
fn limit(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a duration is expected, such as 90s or 1m30s".into());
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("the unit is missing, did you mean {text}s?"));
    }
    match duration::parse(text) {
        Some(Duration::ZERO) => Err("the duration has to be longer than 0".into()),
        Some(duration) if duration > Duration::from_hours(365 * 24) => Err("longer than a year".into()),
        Some(duration) => Ok(duration),
        None => Err("no duration, which looks like 3m, 90s, 1m30s or 500ms".into()),
    }
}

/// An empty chart value sets the variable to nothing, which means the default.
fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "" => Ok(true),
        "false" => Ok(false),
        _ => Err("neither true nor false".into()),
    }
}

fn dedup<T: PartialEq>(values: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::with_capacity(values.len());
    for value in values.drain(..) {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    *values = kept;
}

/// A word of `--kinds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KindWord {
    /// An empty word.
    Nothing,
    /// `all`
    All,
    /// A kind.
    Kind(Kind),
}

fn chosen(word: &str) -> Result<KindWord, String> {
    match word.trim() {
        "" => Ok(KindWord::Nothing),
        "all" => Ok(KindWord::All),
        "apiserver" => Err("no kind that is watched: the API server is always checked".into()),
        word => watched(word).map(KindWord::Kind),
    }
}

fn watched(word: &str) -> Result<Kind, String> {
    let plurals = || Kind::ALL.iter().map(|kind| kind.plural());
    Kind::from_word(word).ok_or_else(|| match nearest(word, plurals().chain(["all"])) {
        Some(near) => format!("no kind that is watched, did you mean {near:?}?"),
        None => format!(
            "no kind that is watched, those are: {}; or all",
            plurals().collect::<Vec<_>>().join(", ")
        ),
    })
}

/// A DNS label, which is what a namespace's name is.
fn namespace(word: &str) -> Result<String, String> {
    let word = word.trim();
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = word.len() <= 63
        && word.bytes().all(|b| inner(b) || b == b'-')
        && word.bytes().next().is_some_and(inner)
        && word.bytes().last().is_some_and(inner);
    match word {
        // The caller decides what an empty list means.
        "" => Ok(String::new()),
        "*" | "all" => Err("leave --namespaces out for all namespaces".into()),
        _ if fits => Ok(word.to_owned()),
        _ => Err("no name of a namespace, which consists of a-z, 0-9 and -".into()),
    }
}

/// The pod this runs in: the name that the chart gives, else the host name. The host name is the pod's unless the pod is on
/// the host's network.
#[allow(
    clippy::disallowed_methods,
    reason = "these two are facts about the pod and no flags"
)]
fn pod() -> Option<String> {
    ["POD_NAME", "HOSTNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<Command, clap::Error> {
        super::read(
            std::iter::once("sre-agent")
                .chain(words.split_whitespace())
                .map(OsString::from),
        )
    }

    fn serve(words: &str) -> Serve {
        match read(words) {
            Ok(Command::Serve(serve)) => *serve,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_flags_have_the_documented_defaults() {
        let command = serve("");
        let settings = command.settings;
        assert_eq!(settings.cluster.source, ConfigSource::InCluster);
        assert_eq!(settings.address.to_string(), ":8080");
        assert_eq!(settings.kinds, Kind::by_default().collect::<Vec<_>>());
        assert!(settings.namespaces.is_empty());
        assert_eq!(settings.stale_after, Duration::from_mins(3));
        assert_eq!(settings.request_timeout, Duration::from_secs(10));
        assert_eq!(settings.max_connections, 256);
        assert_eq!(settings.metrics_address, None);
        assert_eq!(settings.shutdown_delay, Duration::ZERO);
        assert!(settings.causes && serve("--causes=").settings.causes);
        assert_eq!(
            (command.log_format, command.log_level),
            (LogFormat::Text, LogLevel::Info)
        );
    }

    #[test]
    fn every_flag_is_read() {
        let words = "--kubeconfig k --context c --address [::1]:1 --metrics-address :9 --shutdown-delay 5s --kinds deploy,deployments --namespaces b,a,b \
                     --stale-after 90s --request-timeout 2s --max-connections 3 --log-format json --log-level debug --causes=false";
        let command = serve(words);
        let settings = command.settings;
        assert_eq!(settings.cluster.source, ConfigSource::File("k".into()));
        assert_eq!(settings.cluster.context.as_deref(), Some("c"));
        assert_eq!(settings.cluster.deadlines.connect, Duration::from_secs(2));
        assert_eq!(settings.metrics_address.unwrap().to_string(), ":9");
        assert_eq!(settings.shutdown_delay, Duration::from_secs(5));
        assert_eq!(settings.kinds, [Kind::Deployment]);
        assert_eq!(settings.namespaces, ["a", "b"]);
        assert!(!settings.causes);
        assert_eq!(
            (settings.stale_after.as_secs(), settings.max_connections),
            (90, 3)
        );
        assert_eq!(
            (command.log_format, command.log_level),
            (LogFormat::Json, LogLevel::Debug)
        );
    }

    #[test]
    fn every_flag_has_its_environment_variable() {
        for argument in Args::command()
            .get_arguments()
            .filter(|a| !["help", "version"].contains(&a.get_id().as_str()))
        {
            let name = argument.get_long().unwrap().replace('-', "_").to_uppercase();
            assert_eq!(argument.get_env().unwrap(), format!("SRE_AGENT_{name}").as_str());
        }
    }

    #[test]
    fn a_delay_may_be_none() {
        assert_eq!(delay("0"), Ok(Duration::ZERO));
        assert_eq!(delay(" 0s "), Ok(Duration::ZERO));
        assert_eq!(delay("5s"), Ok(Duration::from_secs(5)));
        assert!(delay("5").is_err());
    }

    #[test]
    fn what_is_no_limit_is_refused_with_the_nearest_right_one() {
        assert_eq!(limit(" 2s "), Ok(Duration::from_secs(2)));
        assert_eq!(limit("90"), Err("the unit is missing, did you mean 90s?".into()));
        assert_eq!(limit("99999h"), Err("longer than a year".into()));
        for text in ["", "-3m", "1m30", "0", "0s", "0ms", "99999999999h"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_metrics_address_is_none() {
        assert_eq!(optional_address("").unwrap().0, None);
    }

    #[test]
    fn urls_to_probe_are_read() {
        let Ok(Command::Probe(probe)) = read("probe http://a/healthz tcp://10.0.0.1:80 --timeout 2s") else {
            panic!("no probe");
        };
        assert_eq!(
            (probe.targets.len(), probe.timeout, probe.patience),
            (2, Duration::from_secs(2), Duration::ZERO)
        );
        let Ok(Command::Probe(probe)) = read("probe --patience=30s http://a/") else {
            panic!("no probe");
        };
        assert_eq!(probe.patience, Duration::from_secs(30));
    }

    #[test]
    fn kinds_are_chosen_by_every_name_and_watched_in_one_order() {
        let kinds = |words: &str| match read(words) {
            Ok(Command::Serve(serve)) => serve.settings.kinds,
            other => panic!("{words}: {other:?}"),
        };
        assert_eq!(
            kinds("--kinds cj,sts,StatefulSet"),
            [Kind::StatefulSet, Kind::CronJob]
        );
        assert_eq!(
            kinds("--kinds svc,pvc"),
            [Kind::PersistentVolumeClaim, Kind::Service]
        );
        assert_eq!(kinds("--kinds job,all"), Kind::ALL);
        assert_eq!(kinds("--kinds="), Kind::by_default().collect::<Vec<_>>());
    }

    #[test]
    fn the_chart_chooses_the_same_kinds_and_knows_every_other() {
        let command = Args::command();
        let flag = command.get_arguments().find(|flag| flag.get_id() == "kinds");
        let help = flag.and_then(|flag| flag.get_help()).unwrap().to_string();
        let defaults: Vec<&str> = Kind::by_default().map(Kind::plural).collect();
        assert!(
            help.contains(&format!("[default: {}]", defaults.join(","))),
            "{help}"
        );
        let values = include_str!("../../helm/sre-agent/values.yaml");
        let listed = format!("\nkinds:\n  - {}\n\n", defaults.join("\n  - "));
        assert!(
            values.contains(&listed),
            "helm/sre-agent/values.yaml does not hold {listed}"
        );
        let schema = include_str!("../../helm/sre-agent/values.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let known = schema["properties"]["kinds"]["items"]["enum"].as_array().unwrap();
        for kind in Kind::ALL {
            assert!(
                known.contains(&kind.plural().into()),
                "values.schema.json lacks {}",
                kind.plural()
            );
        }
    }

    #[test]
    fn the_chart_grants_what_each_kind_is_judged_by() {
        let chart = include_str!("../../helm/sre-agent/templates/_helpers.tpl");
        for kind in Kind::ALL {
            let others: Vec<&str> = kind.companions().iter().map(|c| c.plural()).collect();
            let start = format!("{}: {{group: ", kind.plural());
            let line = chart.lines().find(|line| line.starts_with(&start)).unwrap();
            let reads = format!(", reads: [{}]}}", others.join(", "));
            assert_eq!(line.ends_with(&reads), !others.is_empty(), "{line}");
            assert_eq!(line.contains("reads"), !others.is_empty(), "{line}");
        }
    }

    #[test]
    fn wrong_input_is_refused_with_the_nearest_right_one() {
        for (words, part) in [
            ("--context c", "give --kubeconfig PATH too"),
            ("--kinds deploymnts", "did you mean \"deployments\"?"),
            ("--kinds zzz", "those are: deployments"),
            ("--kinds apiserver", "the API server is always checked"),
            ("--namespaces Shop", "no name of a namespace"),
            ("--namespaces a,,b", "a name in --namespaces is empty"),
            ("--namespaces *", "leave --namespaces out"),
            ("--address 8080", "did you mean :8080?"),
            ("--stale-after 90", "did you mean 90s?"),
            ("--causes=some", "neither true nor false"),
            ("--max-connections 0", "0 is not in 1..=65535"),
            ("--log-level inf", "info"),
            ("--metrics-address 9", "did you mean :9?"),
            ("--shutdown-delay 5", "did you mean 5s?"),
            ("serve", "unrecognized subcommand 'serve'"),
            ("probe", "required arguments were not provided"),
            ("probe https://a/", "only plain HTTP"),
            ("probe http://a/ --timeout 0s", "longer than 0"),
            ("--address :1 probe http://a/", "cannot be used with"),
        ] {
            let error = read(words).unwrap_err().to_string();
            assert!(error.contains(part), "{words}: {error}");
        }
    }
}
