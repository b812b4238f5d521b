//! Names from the kubeconfig and from the cluster that a command line chooses.

use super::candidate::{Candidate, Completion};
use super::candidate_source::{CandidateSource, KubeconfigEntry, NamedKind, Place};
use super::command_line::CommandLine;
use crate::cli::{self, Command, VersionSettings};
use crate::source::{LiveSettings, SourceSettings};
use sre_shared::cluster::{
    self, Client, Deadlines, KubeconfigNames, ListBounds, ListOptions, RunLimit, Settings,
    bounded_metadata_list, discover, kubeconfig_names,
};
use sre_shared::failure::Failure;
use sre_shared::kind::{Kind, ResourceType};
use sre_shared::resource::ObjectMeta;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// Objects on a page.
const PAGE: u32 = 500;
/// How much of a list is read: 5,000 objects.
const BOUNDS: ListBounds = ListBounds {
    pages: 10,
    bytes: 64 << 20,
};

/// The candidates for a place. A failure has none, since a person who types reads no message.
pub(super) async fn resolve(source: CandidateSource, line: &CommandLine<'_>, limit: RunLimit) -> Completion {
    match source {
        CandidateSource::Nothing => Completion::nothing(),
        CandidateSource::Files => Completion::files(),
        CandidateSource::Words(candidates, typed) => Completion::matching(candidates, &typed),
        CandidateSource::KubeconfigNames(entry, place) => match settings(line) {
            Some(settings) => {
                let names = kubeconfig_names(settings.source, limit.until).await;
                matching(entries(names.unwrap_or_default(), entry), &place)
            }
            None => Completion::nothing(),
        },
        CandidateSource::Namespaces(place) => {
            let names = namespaces(line, limit).await.unwrap_or_default();
            matching(
                names.into_iter().map(|object| Candidate::new(object.name)),
                &place,
            )
        }
        CandidateSource::Objects { kinds, given, place } => {
            let names = objects(line, &kinds, limit).await.unwrap_or_default();
            matching(described(names, &given), &place)
        }
    }
}

fn matching(candidates: impl IntoIterator<Item = Candidate>, place: &Place) -> Completion {
    let whole = candidates
        .into_iter()
        .map(|candidate| candidate.after(&place.lead));
    Completion::matching(whole, &format!("{}{}", place.lead, place.typed))
}

fn entries(names: KubeconfigNames, entry: KubeconfigEntry) -> impl Iterator<Item = Candidate> {
    let names = match entry {
        KubeconfigEntry::Context => names.contexts,
        KubeconfigEntry::Cluster => names.clusters,
        KubeconfigEntry::User => names.users,
    };
    names.into_iter().map(Candidate::new)
}

/// Each name once, with its namespaces, and without those that the line has already.
fn described(names: Vec<ObjectMeta>, given: &[String]) -> impl Iterator<Item = Candidate> {
    let mut namespaces: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for object in names.into_iter().filter(|object| !given.contains(&object.name)) {
        namespaces
            .entry(object.name)
            .or_default()
            .insert(object.namespace);
    }
    namespaces.into_iter().map(|(name, namespaces)| {
        let namespaces: Vec<String> = namespaces.into_iter().collect();
        Candidate::described(name, &namespaces.join(", "))
    })
}

async fn namespaces(line: &CommandLine<'_>, limit: RunLimit) -> Option<Vec<ObjectMeta>> {
    let client = client(line, limit).await?;
    let resource_type = Kind::Namespace.resource_type();
    names(&client, resource_type, None).await.ok()
}

/// The objects of the kinds. If one kind cannot be read, there are none: half of the names would look like all of them.
async fn objects(line: &CommandLine<'_>, kinds: &[NamedKind], limit: RunLimit) -> Option<Vec<ObjectMeta>> {
    let client = client(line, limit).await?;
    let every_namespace = line.has("all_namespaces");
    let namespace = line
        .value("namespaces")
        .filter(|name| !name.is_empty() && !every_namespace);
    let mut names = Vec::new();
    for kind in kinds {
        names.extend(objects_of(&client, kind, namespace).await.ok()?);
    }
    Some(names)
}

async fn objects_of(
    client: &Client,
    kind: &NamedKind,
    namespace: Option<&str>,
) -> Result<Vec<ObjectMeta>, Failure> {
    let resource_type = match kind {
        NamedKind::Judged(kind) => kind.resource_type(),
        NamedKind::Custom(name) => discover(client, name).await?,
    };
    names(client, resource_type, namespace).await
}

/// The metadata of the objects of a type: all of them, or the first ones of a long list.
async fn names(
    client: &Client,
    resource_type: ResourceType,
    namespace: Option<&str>,
) -> Result<Vec<ObjectMeta>, Failure> {
    let options = ListOptions {
        namespace: namespace.map(str::to_owned),
        page_size: PAGE,
        ..ListOptions::default()
    };
    let list = bounded_metadata_list(client, resource_type, options, BOUNDS).await?;
    Ok(list
        .items
        .into_iter()
        .filter_map(|object| object.metadata)
        .collect())
}

/// A client of the cluster that the line chooses. The cluster of an agent's URL is not known here.
async fn client(line: &CommandLine<'_>, limit: RunLimit) -> Option<Client> {
    let settings = settings(line).filter(|_| !line.has("agent_url"))?;
    let deadlines = Deadlines {
        run: Some(limit),
        ..settings.deadlines
    };
    cluster::Client::new(
        Settings {
            deadlines,
            ..settings
        },
        None,
    )
    .await
    .ok()
}

/// How the flags of the line reach a cluster; `None` if they are wrong.
fn settings(line: &CommandLine<'_>) -> Option<Settings> {
    let grammar = cli::grammar();
    // `version` has the flags about clusters and hardly any other.
    let version = grammar.find_subcommand("version")?;
    let mut words: Vec<OsString> = vec!["kubectl-sre".into(), "version".into()];
    for (flag, value) in &line.flags {
        let heading = |known: &clap::Arg| {
            known.get_id() == flag.get_id() && known.get_help_heading() == Some("Cluster")
        };
        let Some(long) = flag.get_long().filter(|_| version.get_arguments().any(heading)) else {
            continue;
        };
        words.push(match value {
            Some(value) => format!("--{long}={value}").into(),
            None => format!("--{long}").into(),
        });
    }
    let Ok(Command::Version(version)) = cli::parse(words) else {
        return None;
    };
    match VersionSettings::new(&version).source? {
        SourceSettings::Live(LiveSettings::Cluster(settings)) => Some(settings),
        // The flags of an agent are left out.
        _ => None,
    }
}
