//! The settings of `changes`, made of its flags, and the line that answers a misuse of them.

use super::grammar::ChangesArgs;
use super::targets::Target;
use super::usage::{cluster_flag, first_given, two_namespaces};
use crate::output::Format;
use crate::shell::Color;
use crate::source::SourceSettings;
use sre_shared::kind::Kind;
use sre_shared::run::TimelineRequest;
use sre_shared::timeline::{TimelineScope, WindowBound};
use std::time::Duration;

/// The kinds whose changes a timeline shows.
const KINDS: [Kind; 7] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::CronJob,
    Kind::Job,
    Kind::Pod,
    Kind::Node,
];

/// The settings of `changes`.
#[derive(Debug)]
pub struct ChangesSettings {
    /// Where the timeline comes from.
    pub source: SourceSettings,
    /// What it is about.
    pub request: TimelineRequest,
    /// The limit of the whole run.
    pub limit: Duration,
    /// Output format.
    pub format: Format,
    /// Whether a table has no names of columns.
    pub no_headers: bool,
    /// When to use colour.
    pub color: Color,
    /// Whether to print each request on stderr.
    pub verbose: bool,
}

impl ChangesSettings {
    /// The settings by the flags.
    #[must_use]
    pub fn new(args: &ChangesArgs) -> Self {
        let namespace = args.namespaces.first().map(String::as_str);
        let namespace = namespace.filter(|name| !name.is_empty());
        let source = match &args.filename {
            Some(path) => SourceSettings::Files {
                path: path.clone(),
                at: args.at,
            },
            None => SourceSettings::Live(args.connection.source(namespace, true)),
        };
        let scope = TimelineScope {
            namespace: namespace.filter(|_| !args.all_namespaces).map(str::to_owned),
            kinds: kinds(&args.targets),
            api_server: args.targets.contains(&Target::ApiServer),
        };
        Self {
            source,
            request: TimelineRequest {
                scope,
                since: args.since,
                until: args.until,
            },
            limit: args.connection.timeline_limit(),
            format: args.output,
            no_headers: args.no_headers,
            color: args.color,
            verbose: args.verbose,
        }
    }
}

/// The targets, each kind once; no name stands for all objects of a kind.
fn kinds(targets: &[Target]) -> Vec<(Kind, Vec<String>)> {
    let mut kinds: Vec<(Kind, Vec<String>)> = Vec::new();
    for target in targets {
        let Target::Kind(kind, name) = target else {
            continue;
        };
        match kinds.iter_mut().find(|(known, _)| known == kind) {
            // The whole kind was asked for before.
            Some((_, names)) if names.is_empty() => {}
            Some((_, names)) => match name {
                Some(name) => names.push(name.clone()),
                None => names.clear(),
            },
            None => kinds.push((*kind, name.iter().cloned().collect())),
        }
    }
    kinds
}

/// The line for flags that contradict each other, and for targets whose changes are not known.
pub(super) fn contradiction(args: &ChangesArgs) -> Option<String> {
    if let Some((first, other)) = two_namespaces(&args.namespaces) {
        return Some(format!(
            "-n {first} and -n {other}: give one namespace, or leave out -n for all of them"
        ));
    }
    for target in &args.targets {
        let title = match target {
            Target::ApiServer => continue,
            Target::Kind(kind, _) if KINDS.contains(kind) => continue,
            Target::Kind(kind, _) => kind.title().to_owned(),
            Target::Custom(kind, _) => kind.to_string(),
        };
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.plural()).collect();
        return Some(format!(
            "changes of {title} are not shown; kinds: {}, and apiserver",
            kinds.join(", ")
        ));
    }
    if args.no_headers && args.output != Format::Wide {
        return Some("--no-headers is for the table: add -o wide".to_owned());
    }
    if let Some(line) = wrong_span(args.since, args.until) {
        return Some(line);
    }
    args.filename.as_ref()?;
    let agent = [
        ("--agent", args.connection.agent.is_some()),
        ("--agent-url", args.connection.agent_url.is_some()),
    ];
    let flag = cluster_flag(&args.connection).or(first_given(agent))?;
    Some(format!(
        "{flag} has no meaning with -f, which asks no cluster: leave one of them out"
    ))
}

/// The line for a span that ends before it begins.
fn wrong_span(since: WindowBound, until: Option<WindowBound>) -> Option<String> {
    let is_wrong = match (since, until?) {
        (WindowBound::Ago(since), WindowBound::Ago(until)) => until >= since,
        (WindowBound::At(since), WindowBound::At(until)) => until <= since,
        _ => false,
    };
    is_wrong.then(|| "--until is not after --since: there is no time between them".to_owned())
}
