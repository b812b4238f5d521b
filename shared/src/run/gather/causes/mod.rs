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

pub use logs::{LogDemand, add_logs};
pub use search::EvidenceSearch;

use crate::check::EvidenceStore;
use crate::cluster::Client;
use crate::judge::{PodLookup, SearchTarget};
use crate::resource::Time;
use questions::Questions;
use search::Search;
use std::collections::HashMap;

/// Searches for evidence about these objects. Never fails.
pub async fn search(client: &Client, mut targets: Vec<SearchTarget>, now: Time) -> EvidenceSearch {
    if targets.is_empty() {
        return EvidenceSearch::default();
    }
    targets.sort_by(|a, b| (a.rank, &a.namespace, &a.uid).cmp(&(b.rank, &b.namespace, &b.uid)));
    let mut search = Search::new(client, now);
    for target in &targets {
        if let PodLookup::Itself(pod) = &target.pods_by {
            search.evidence.add_itself((**pod).clone());
        }
    }
    let pod_searches = search.pod_searches(&targets).await;
    search.read_pods(&pod_searches, targets.len()).await;
    let questions = Questions::new(&targets, &search.evidence, search.now);
    search.read_events_and_nodes(&questions).await;
    search.finish()
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
