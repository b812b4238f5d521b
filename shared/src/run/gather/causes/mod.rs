//! Searches a live cluster for the reasons why objects are not healthy, in pods, ReplicaSets, Jobs, events, nodes and
//! the logs of crashed containers.
//!
//! A search reads in bulk, since an answer about fifty workloads costs the API server little more than an answer about
//! one. It is bounded in requests, bytes and time. A missing answer costs a cause and never a verdict, and is reported
//! once. No request is repeated, to spare an overloaded server.

mod events;
mod gaps;
mod limits;
mod logs;
mod nodes;
mod pod_requests;
mod pod_search;
mod pods;
mod questions;
mod search;
mod written;

pub use logs::{LogDemand, add_logs};
pub use search::EvidenceSearch;

use crate::check::{EvidenceStore, WrittenObject};
use crate::cluster::Client;
use crate::judge::{PodLookup, RANK_IN_PROGRESS, SearchTarget, WrittenNeeds};
use crate::report::NotSeen;
use crate::resource::Time;
use crate::run::change_sources::ChangeSources;
use gaps::group_gaps;
use limits::search_deadline;
use questions::Questions;
use search::Search;
use std::collections::HashMap;
use written::{NamedConfigMaps, read_written};

/// Searches for evidence about these objects, and for changes before they failed. Never fails.
pub async fn search(
    client: &Client,
    mut targets: Vec<SearchTarget>,
    now: Time,
    sources: ChangeSources,
) -> EvidenceSearch {
    if targets.is_empty() {
        return EvidenceSearch::default();
    }
    targets.sort_by(|a, b| (a.rank, &a.namespace, &a.uid).cmp(&(b.rank, &b.namespace, &b.uid)));
    let mut search = Search::new(client, now, sources);
    for target in &targets {
        if let PodLookup::Itself(pod) = &target.pods_by {
            search.evidence.add_itself((**pod).clone());
        }
    }
    let pod_searches = search.pod_searches(&targets).await;
    search.read_pods(&pod_searches, targets.len()).await;
    search.read_runs(&targets).await;
    let questions = Questions::new(&targets, &search.evidence, search.now);
    let needs = WrittenNeeds::union(targets.iter().map(|target| &target.written));
    let config_maps = named_config_maps(&targets, &search.evidence);
    let until = search.until;
    let ((), written) = tokio::join!(
        search.read_events_and_nodes(&questions),
        read_written(client, until, &needs, &config_maps, sources)
    );
    search.evidence.add_written_objects(written.found);
    search.gaps.extend(written.gaps);
    search.finish()
}

/// Reads the other objects that may say why problems began, once the causes are known. Returns them with the entries for lists
/// that could not be seen.
pub async fn written_objects(
    client: &Client,
    needs: &WrittenNeeds,
    sources: ChangeSources,
) -> (Vec<WrittenObject>, Vec<NotSeen>) {
    let until = search_deadline(client);
    let found = read_written(client, until, needs, &NamedConfigMaps::new(), sources).await;
    (found.found, group_gaps(found.gaps))
}

/// The ConfigMaps that the pods of workloads name which fall short.
fn named_config_maps(targets: &[SearchTarget], evidence: &EvidenceStore) -> NamedConfigMaps {
    let mut named = NamedConfigMaps::new();
    for target in targets.iter().filter(|target| target.rank < RANK_IN_PROGRESS) {
        for name in evidence.config_maps(&target.uid) {
            let names = named.entry(target.namespace.clone()).or_default();
            names.insert(name.to_owned());
        }
    }
    named
}

/// The evidence of a search for each object, by its uid, with the generation that it is about. Objects are given as
/// [`SearchTarget::identity`] names them.
#[must_use]
pub fn split_by_object(
    evidence: EvidenceStore,
    objects: &[(String, Option<i64>)],
) -> HashMap<String, (Option<i64>, EvidenceStore)> {
    let mut found = evidence.split(objects.iter().map(|(uid, _)| uid.as_str()));
    let with_evidence = objects
        .iter()
        .filter_map(|(uid, generation)| Some((uid.clone(), (*generation, found.remove(uid)?))));
    with_evidence.collect()
}
