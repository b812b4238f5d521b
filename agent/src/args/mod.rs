//! Owns what the command line and its environment variables mean together: the command and its settings.
//! Must not know how a command runs.

mod grammar;
mod values;

#[cfg(test)]
mod tests;

use crate::log::{LogFormat, LogLevel};
use crate::probe::UrlProbe;
use crate::settings::{Pace, PageSettings, ReviewPace, Settings, TlsFiles};
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use grammar::{Args, Subcommands};
use sre_shared::cluster::{ConfigSource, Deadlines, Overrides};
use sre_shared::kind::Kind;
use sre_shared::run::{ChangeSources, ConfigMaps, clock};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use values::KindWord;

/// Sent to the API server, so that its audit log names the agent.
const USER_AGENT: &str = concat!("sre-agent/", env!("CARGO_PKG_VERSION"));
/// The longest that a connection may take to be established.
const CONNECT: Duration = Duration::from_secs(5);

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
        token_file,
        tls,
        patience,
    }) = args.command
    {
        return Ok(Command::Probe(UrlProbe {
            targets: urls.into_iter().map(|url| url.with_tls(tls)).collect(),
            token_file,
            timeout,
            patience: patience.unwrap_or_default(),
        }));
    }
    // An empty chart value sets the variable to nothing.
    let kubeconfig = args.kubeconfig.filter(|path| !path.as_os_str().is_empty());
    let context = args.context.filter(|name| !name.is_empty());
    let cluster = sre_shared::cluster::Settings {
        source: config_source(kubeconfig, context.as_deref())?,
        context,
        overrides: Overrides::default(),
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
        kinds: kinds(&args.kinds),
        namespaces: namespaces(args.namespaces)?,
        causes: args.causes,
        changes: ChangeSources {
            objects: args.changes,
            config_maps: if args.config_changes {
                ConfigMaps::Asked
            } else {
                ConfigMaps::Never
            },
        },
        stale_after: args.stale_after,
        request_timeout: args.request_timeout,
        authenticate: args.authenticate,
        tls: tls_files(args.tls_cert_file, args.tls_private_key_file)?,
        page: args.page.then(|| page(&args.page_title, &args.page_hosts)),
        max_connections: args.max_connections.into(),
        shutdown_delay: args.shutdown_delay,
        pod: pod(),
        history_directory: args.history_dir.filter(|path| !path.as_os_str().is_empty()),
        slo: args.slo,
        write_canary: args.write_canary.and_then(|lease| lease.0),
        clock: clock::system,
        review: ReviewPace::default(),
        pace: Pace::default(),
    };
    Ok(Command::Serve(Box::new(Serve {
        settings,
        log_format: args.log_format,
        log_level: args.log_level,
    })))
}

/// Empty chart values set variables to nothing.
fn page(title: &str, hosts: &[String]) -> PageSettings {
    let hosts = hosts.iter().map(|host| host.trim().to_ascii_lowercase());
    PageSettings {
        title: Some(title.trim().to_owned()).filter(|title| !title.is_empty()),
        hosts: hosts.filter(|host| !host.is_empty()).collect(),
    }
}

/// Both files, or none. An empty chart value sets a variable to nothing.
fn tls_files(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<TlsFiles>, clap::Error> {
    let is_given = |path: &PathBuf| !path.as_os_str().is_empty();
    match (certificate.filter(is_given), key.filter(is_given)) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (None, None) => Ok(None),
        _ => Err(Args::command().error(
            ErrorKind::MissingRequiredArgument,
            "a certificate needs its key: give both --tls-cert-file and --tls-private-key-file, or neither",
        )),
    }
}

fn config_source(kubeconfig: Option<PathBuf>, context: Option<&str>) -> Result<ConfigSource, clap::Error> {
    match kubeconfig {
        Some(path) => Ok(ConfigSource::File(path)),
        None if context.is_some() => Err(Args::command().error(
            ErrorKind::MissingRequiredArgument,
            "--context is one of a kubeconfig, give --kubeconfig PATH too",
        )),
        None => Ok(ConfigSource::InCluster),
    }
}

/// The kinds in the order of the report; the default kinds if no word names one.
fn kinds(words: &[KindWord]) -> Vec<Kind> {
    // An empty chart value makes an empty word.
    if words.iter().all(|word| *word == KindWord::Nothing) {
        return Kind::by_default().collect();
    }
    let is_named = |kind: &Kind| words.contains(&KindWord::All) || words.contains(&KindWord::Kind(*kind));
    Kind::ALL.iter().copied().filter(is_named).collect()
}

/// The namespaces in order; none for all.
fn namespaces(mut names: Vec<String>) -> Result<Vec<String>, clap::Error> {
    // An empty chart value makes an empty word.
    if names == [""] {
        names.clear();
    }
    if names.iter().any(String::is_empty) {
        return Err(Args::command().error(
            ErrorKind::ValueValidation,
            "a name in --namespaces is empty, the list looks like shop,payments",
        ));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The name of the pod: the one that the chart gives, else the host name. The host name is the pod's name unless the pod
/// is on the host's network.
#[allow(
    clippy::disallowed_methods,
    reason = "these two are facts about the pod and no flags"
)]
fn pod() -> Option<String> {
    ["POD_NAME", "HOSTNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}
