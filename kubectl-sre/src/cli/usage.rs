//! The one line that answers a misuse of the command line: which input is wrong, why, and what is right.

use super::grammar::{CauseSearch, Cli, Command, ConnectionArgs, GateArgs, HealthArgs};
use super::targets::Target;
use super::values::KindChoice;
use crate::output::Format;
use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use sre_shared::nearest::nearest;

/// Why no command is run.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The user asked for this text.
    Help(String),
    /// An input is wrong; the line says which, why, and what is right.
    Usage(String),
}

impl Refusal {
    /// Shortens clap's error, which is a paragraph, to one line.
    pub(super) fn from_clap(error: &clap::Error, name: &str) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Self::Help(error.render().to_string()),
            _ => Self::Usage(line(error, name)),
        }
    }

    /// The same for a `gate` without `--`, whose words may be those of its command.
    pub(super) fn without_command(error: &clap::Error, name: &str) -> Self {
        match error.kind() {
            ErrorKind::UnknownArgument | ErrorKind::MissingRequiredArgument => {
                Self::Usage(NEEDS_COMMAND.replace("NAME", name))
            }
            _ => Self::from_clap(error, name),
        }
    }
}

/// The line for a `gate` without a command.
const NEEDS_COMMAND: &str =
    "gate needs a COMMAND after --, such as: NAME gate -n shop -- kubectl apply -f shop.yaml";

fn line(error: &clap::Error, name: &str) -> String {
    let rendered = error.render().to_string();
    let first = || {
        let line = rendered.lines().next().unwrap_or_default();
        line.trim_start_matches("error: ").to_owned()
    };
    let flag = context(error, ContextKind::InvalidArg).unwrap_or_default();
    let flag = flag.split([' ', '=']).next().unwrap_or_default();
    // An optional value is written `--agent[=<...>]`.
    let flag = flag.trim_end_matches('[');
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let given = context(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            match nearest(
                &given,
                [
                    "health",
                    "gate",
                    "changes",
                    "fleet",
                    "explain",
                    "version",
                    "completion",
                ],
            ) {
                Some(near) => format!("unknown command {given:?}, did you mean {near:?}?"),
                None => format!("unknown command {given:?}: {name} help lists them"),
            }
        }
        ErrorKind::UnknownArgument => match context(error, ContextKind::SuggestedArg) {
            Some(near) => format!("unknown flag {flag}, did you mean {near}?"),
            None => format!("unknown flag {flag}: {name} health --help lists those there are"),
        },
        ErrorKind::InvalidValue => invalid_value(error, flag),
        // The parsers of values write a whole sentence.
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(source) if flag.starts_with(['[', '<']) => source.to_string(),
            Some(source) => format!("{flag}: {source}"),
            None => first(),
        },
        ErrorKind::ArgumentConflict if rendered.contains("--kinds") => {
            "--kinds chooses kinds and so does a TARGET: give one of the two".to_owned()
        }
        ErrorKind::ArgumentConflict if rendered.contains("--wait") => {
            "--wait ends by itself and -w stays: give one of the two".to_owned()
        }
        ErrorKind::MissingRequiredArgument if flag == "<COMMAND>..." => NEEDS_COMMAND.replace("NAME", name),
        ErrorKind::MissingRequiredArgument => format!("{flag} is missing: a flag that was given needs it"),
        _ => first(),
    }
}

/// The line for a flag whose value is invalid or missing.
fn invalid_value(error: &clap::Error, flag: &str) -> String {
    let given = context(error, ContextKind::InvalidValue).unwrap_or_default();
    let valid = context(error, ContextKind::ValidValue).unwrap_or_default();
    let near = context(error, ContextKind::SuggestedValue);
    match (given.as_str(), valid.as_str(), near) {
        ("", "", _) => format!("{flag} needs a value"),
        ("", valid, _) => format!("{flag} needs a value: one of {valid}"),
        (given, valid, Some(near)) => {
            format!("{given:?} is no value of {flag}, did you mean {near:?}? (one of {valid})")
        }
        (given, valid, None) => format!("{given:?} is no value of {flag}: one of {valid}"),
    }
}

/// The value that clap's error has for that kind.
fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}

/// The line for a flag of `health` that stands before the command.
pub(super) fn misplaced_flag(first: &str, name: &str) -> Option<String> {
    let long = first
        .strip_prefix("--")
        .map(|rest| rest.split('=').next().unwrap_or(rest));
    let short = first.strip_prefix('-').and_then(|rest| rest.chars().next());
    let is_given = |arg: &clap::Arg| match long {
        Some(long) => arg.get_long() == Some(long),
        None => short.is_some() && arg.get_short() == short,
    };
    let command = Cli::command();
    let health = command.find_subcommand("health")?;
    health.get_arguments().any(is_given).then(|| {
        let flag = long.map_or_else(
            || format!("-{}", short.unwrap_or_default()),
            |long| format!("--{long}"),
        );
        format!("{flag} goes after the command: {name} health {first} ...")
    })
}

/// The line for flags that contradict each other and that the grammar does not refuse. `wrongly_followed` is the line for
/// flags of following a change.
pub(super) fn contradiction(health: &HealthArgs, wrongly_followed: Option<String>) -> Option<String> {
    if let Some((first, other)) = two_namespaces(&health.namespaces) {
        return Some(format!(
            "-n {first} and -n {other}: give one namespace, or leave out -n for all of them"
        ));
    }
    if let Some(line) = wrong_listing(health) {
        return Some(line);
    }
    if let Some(line) = wrong_moment(health)
        .or_else(|| beside_manifests(health))
        .or_else(|| wrong_list_request(health))
    {
        return Some(line);
    }
    if wrongly_followed.is_some() {
        return wrongly_followed;
    }
    if let Some(line) = beside_availability(health) {
        return Some(line);
    }
    let connection = &health.connection;
    let cluster = cluster_flag(connection);
    // If the API server is judged, the agent is asked for its view, and the API server for the view from here. The agent does
    // not keep every object of manifests.
    if connection.agent_url.is_some()
        && health.manifest.is_none()
        && !health.request().api_server
        && let Some(flag) = cluster
    {
        return Some(format!(
            "{flag} has no meaning with --agent-url, unless the API server is judged too: leave one of them out, or add \
             the target apiserver"
        ));
    }
    let without_logs = [
        ("--cause none", health.cause == CauseSearch::None),
        ("-f, since a dump holds no logs", health.filename.is_some()),
        ("--agent, which reads no logs", connection.agent.is_some()),
        (
            "--agent-url, since an agent reads no logs",
            connection.agent_url.is_some(),
        ),
    ];
    if health.logs == Some(true)
        && let Some(other) = first_given(without_logs)
    {
        return Some(format!(
            "--logs has no meaning with {other}: leave one of them out"
        ));
    }
    health.filename.as_ref()?;
    if health.targets.contains(&Target::ApiServer) || health.kinds.contains(&KindChoice::ApiServer) {
        return Some("the API server cannot be judged from a dump: leave out apiserver, or -f".to_owned());
    }
    let agent = [
        ("--agent", connection.agent.is_some()),
        ("--agent-url", connection.agent_url.is_some()),
    ];
    let flag = cluster.or_else(|| first_given(agent))?;
    Some(format!(
        "{flag} has no meaning with -f, which asks no cluster: leave one of them out"
    ))
}

/// The line for a demanded availability without the record that it needs.
fn beside_availability(health: &HealthArgs) -> Option<String> {
    health.min_availability?;
    if health.wait || health.watch {
        return Some("--min-availability is about one report: leave it out, or --wait and -w".to_owned());
    }
    let connection = &health.connection;
    if connection.agent.is_none() && connection.agent_url.is_none() {
        return Some(
            "--min-availability needs the record that an agent keeps: add --agent or --agent-url".to_owned(),
        );
    }
    (!health.request().api_server)
        .then(|| "--min-availability is about the API server: add the target apiserver".to_owned())
}

/// The line for flags that choose or order what an output shows, with an output that has no such list.
fn wrong_listing(health: &HealthArgs) -> Option<String> {
    let writes = |format| health.writes(format);
    let is_table = writes(Format::Wide);
    if !is_table && health.no_headers {
        return Some("--no-headers is for the table: add -o wide".to_owned());
    }
    let of_a_list = [
        ("--state", !health.states.is_empty()),
        ("--sort-by", health.sort_by.is_some()),
    ];
    if !is_table
        && !writes(Format::Name)
        && let Some(flag) = first_given(of_a_list)
    {
        return Some(format!("{flag} is for lists of objects: add -o wide or -o name"));
    }
    (health.all && !writes(Format::Human))
        .then(|| "--all is for the screen, which has no room for everything: leave it out".to_owned())
}

/// The line for `--at` with a source that does not know that moment, or with flags that its history knows nothing about.
fn wrong_moment(health: &HealthArgs) -> Option<String> {
    health.at?;
    if health.filename.is_some() {
        return None;
    }
    let connection = &health.connection;
    if connection.agent.is_none() && connection.agent_url.is_none() {
        return Some(
            "--at asks the history of an agent, since an API server knows only the present: add --agent or --agent-url, or -f \
             for a dump"
                .to_owned(),
        );
    }
    let api_server =
        health.targets.contains(&Target::ApiServer) || health.kinds.contains(&KindChoice::ApiServer);
    let without_past = [
        ("-l, since the history has no labels", !health.selector.is_empty()),
        (
            "--manifest, whose objects are compared with the present",
            health.manifest.is_some(),
        ),
        ("--wait, which waits for what comes", health.wait),
        ("-w, which shows what comes", health.watch),
        ("apiserver, which the history does not have", api_server),
    ];
    first_given(without_past).map(|flag| format!("--at has no meaning with {flag}: leave one of them out"))
}

/// The line for flags of list requests, with a source that is not asked for lists.
fn wrong_list_request(health: &HealthArgs) -> Option<String> {
    let of_lists = [
        ("--field-selector", !health.field_selector.is_empty()),
        ("--chunk-size", health.chunk_size.is_some()),
    ];
    let flag = first_given(of_lists)?;
    let connection = &health.connection;
    let agent = [
        ("--agent", connection.agent.is_some()),
        ("--agent-url", connection.agent_url.is_some()),
    ];
    if let Some(agent) = first_given(agent) {
        return Some(format!(
            "{flag} has no meaning with {agent}, which answers from its cache: choose objects with -n, -l or a TARGET"
        ));
    }
    health.filename.as_ref()?;
    if health.chunk_size.is_some() {
        return Some(
            "--chunk-size has no meaning with -f, which asks no cluster: leave one of them out".to_owned(),
        );
    }
    health.field_selector.further_field().map(|field| {
        format!(
            "--field-selector: {field} is known to an API server alone; with -f give metadata.name and metadata.namespace"
        )
    })
}

/// The line for flags that have no meaning with `--manifest`.
fn beside_manifests(health: &HealthArgs) -> Option<String> {
    health.manifest.as_ref()?;
    let chosen = [
        ("a TARGET", !health.words.is_empty()),
        ("--kinds", !health.kinds.is_empty()),
        ("-l", !health.selector.is_empty()),
        ("--field-selector", !health.field_selector.is_empty()),
        ("-A", health.all_namespaces),
        ("-f", health.filename.is_some()),
    ];
    first_given(chosen).map(|flag| {
        format!("{flag} has no meaning with --manifest, whose objects are judged: leave out one of the two")
    })
}

/// The line for flags of following a change that have no meaning together.
pub(super) fn wrongly_followed(health: &HealthArgs) -> Option<String> {
    let of_waiting = [
        ("--grace", health.grace.is_some()),
        ("--settle", health.settle.is_some()),
        ("--progress", health.progress.is_some()),
    ];
    if !health.wait
        && let Some(flag) = first_given(of_waiting)
    {
        return Some(format!("{flag} is for a wait: add --wait, or leave it out"));
    }
    let flag = first_given([("--wait", health.wait), ("-w", health.watch)])?;
    let without_changes = [
        ("-f: a dump does not change", health.filename.is_some()),
        ("--baseline yet: leave out --baseline", health.baseline.is_some()),
    ];
    if let Some(other) = first_given(without_changes) {
        return Some(format!("{flag} does not work with {other}"));
    }
    if !health.watch {
        return None;
    }
    let of_one_report = [
        ("--save", health.save.is_some()),
        ("--quiet", health.quiet),
        ("--logs", health.logs == Some(true)),
    ];
    let other = match (health.format(), health.output_files().next()) {
        (_, Some((format, _))) => Some(format!("-o {}=FILE", format.word())),
        (Format::Human | Format::Json, None) => first_given(of_one_report).map(str::to_owned),
        (format, None) => Some(format!("-o {}", format.word())),
    };
    if let Some(other) = other {
        return Some(format!(
            "{other} has no meaning with -w, which shows changes: leave it out, or give -o json for a report a change"
        ));
    }
    None
}

/// The line for a `gate` with flags that it has no use for.
pub(super) fn wrongly_gated(gate: &GateArgs) -> Option<String> {
    let GateArgs { health, command } = gate;
    let refused = [
        ("--wait: it waits by itself", "--wait", health.wait),
        ("-w: it ends with the change", "-w", health.watch),
        ("-f: it reads a cluster", "-f", health.filename.is_some()),
        ("--at: it compares with the present", "--at", health.at.is_some()),
        (
            "--manifest: its objects may not be there before COMMAND",
            "--manifest",
            health.manifest.is_some(),
        ),
        (
            "--contexts: it watches one cluster",
            "--contexts",
            !health.contexts.is_empty(),
        ),
        (
            "--min-availability: it is about objects",
            "--min-availability",
            health.min_availability.is_some(),
        ),
        (
            "--baseline: it compares with what it sees before COMMAND",
            "--baseline",
            health.baseline.is_some(),
        ),
    ];
    if command.first().is_none_or(|program| program.is_empty()) {
        return Some("the COMMAND after -- is empty: give the program to run".to_owned());
    }
    if let Some((why, flag, _)) = refused.into_iter().find(|(_, _, given)| *given) {
        return Some(format!("gate does not work with {why}; leave out {flag}"));
    }
    None
}

/// A token that everybody on the way could read.
pub(super) fn exposed_token(command: &Command) -> Option<String> {
    let connection = match command {
        Command::Health(health) => &health.connection,
        Command::Gate(gate) => &gate.health.connection,
        Command::Changes(changes) => &changes.connection,
        Command::Version(version) => &version.connection,
        // An agent's URL is refused there.
        Command::Fleet(_) => return None,
        Command::Explain(_) | Command::Completion(_) | Command::Complete(_) => return None,
    };
    let url = connection.agent_url.as_ref()?;
    (connection.agent_token_file.is_some() && !url.is_private()).then(|| {
        format!(
            "--agent-token-file is not sent over plain HTTP to another host, where anyone in between could read it: give \
             the https:// URL instead of {url}, or ask through kubectl port-forward"
        )
    })
}

/// Two namespaces that differ. kubectl takes the last one and says nothing, which answers another question than the user's.
pub(super) fn two_namespaces(namespaces: &[String]) -> Option<(&str, &str)> {
    let (first, rest) = namespaces.split_first()?;
    rest.iter()
        .find(|other| *other != first)
        .map(|other| (first.as_str(), other.as_str()))
}

/// The first flag that was given and says how to reach a cluster.
pub(super) fn cluster_flag(args: &ConnectionArgs) -> Option<&'static str> {
    first_given([
        ("--kubeconfig", args.kubeconfig.is_some()),
        ("--context", args.context.is_some()),
        ("--cluster", args.cluster.is_some()),
        ("--user", args.user.is_some()),
        ("--server", args.server.is_some()),
        ("--tls-server-name", args.tls_server_name.is_some()),
        ("--insecure-skip-tls-verify", args.insecure_skip_tls_verify),
        ("--certificate-authority", args.certificate_authority.is_some()),
        ("--client-certificate", args.client_certificate.is_some()),
        ("--client-key", args.client_key.is_some()),
        ("--token", args.token.is_some()),
        ("--as", args.impersonate.is_some()),
        ("--as-group", !args.impersonate_groups.is_empty()),
        ("--as-uid", args.impersonate_uid.is_some()),
        ("--as-user-extra", !args.impersonate_user_extra.is_empty()),
        ("--disable-compression", args.disable_compression),
        ("--kuberc", args.kuberc.is_some()),
    ])
}

/// The first of these flags that was given.
pub(super) fn first_given<const N: usize>(flags: [(&'static str, bool); N]) -> Option<&'static str> {
    flags.into_iter().find_map(|(flag, given)| given.then_some(flag))
}
