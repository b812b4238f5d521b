//! Reads events that may answer the questions that pods leave open. The API server keeps events in no cache, so they
//! are requested only if there is a question.

use super::gaps::GapReason;
use super::limits::{BYTES, NAMESPACES};
use super::nodes::node_requests;
use super::questions::Questions;
use super::search::{ListRequest, Search, page_count};
use crate::cluster::{ListBounds, ListOptions};
use crate::resource::{Event, Node};
use std::collections::{BTreeSet, HashSet};

/// Events on a page.
const EVENTS: u32 = 500;
/// The most pages of events in all namespaces.
const EVENT_PAGES: u32 = 3;
/// The most objects whose events are requested one by one.
const FEW: usize = 3;
/// The field selector of events that warn.
const WARNINGS: &str = "type=Warning";
/// The field selectors of events about a node that is made for a pod: by the cluster autoscaler, and by Karpenter.
const SCALE_UPS: [&str; 2] = ["reason=TriggeredScaleUp", "reason=Nominated"];
/// The field selector of events about claims.
const ABOUT_CLAIMS: &str = "involvedObject.kind=PersistentVolumeClaim";

impl Search<'_> {
    /// Reads events and nodes at the same time.
    pub async fn read_events_and_nodes(&mut self, questions: &Questions) {
        let nodes = node_requests(&questions.nodes);
        self.left = self.left.saturating_sub(nodes.len());
        let events = event_requests(questions, self.left);
        let namespaces: Vec<Option<String>> = events.iter().map(|(o, _)| o.namespace.clone()).collect();
        let (events, nodes) = tokio::join!(self.lists::<Event>(events), self.lists::<Node>(nodes));
        let uids: HashSet<&str> = questions.uids().collect();
        let claims = questions.claims.iter();
        let claims: HashSet<(&str, &str)> = claims.map(|(n, name)| (n.as_str(), name.as_str())).collect();
        for (namespace, answer) in namespaces.into_iter().zip(events) {
            match answer {
                Ok(part) => {
                    let is_claim = |e: &Event| e.claim().is_some_and(|claim| claims.contains(&claim));
                    let is_own = |e: &Event| uids.contains(e.about()) || is_claim(e);
                    self.evidence.add_events(part.items.into_iter().filter(is_own));
                    if !part.complete {
                        self.add_gap::<Event>(namespace, GapReason::TooMuch);
                    }
                }
                Err(failure) => self.add_gap::<Event>(namespace, GapReason::Failed(failure)),
            }
        }
        self.keep_nodes(&questions.nodes, nodes);
    }
}

/// The lists of events, within the number of requests that are left: warnings first, claims last.
fn event_requests(questions: &Questions, mut left: usize) -> Vec<ListRequest> {
    let mut requests = requests_about(&questions.warnings, WARNINGS, left.saturating_sub(1));
    for selected in SCALE_UPS {
        let room = left.saturating_sub(page_count(&requests));
        requests.extend(requests_about(&questions.scale_ups, selected, room));
    }
    let room = left.saturating_sub(page_count(&requests));
    requests.extend(requests_about(&questions.claims, ABOUT_CLAIMS, room));
    requests.retain(|(_, bounds)| match left.checked_sub(bounds.pages as usize) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    requests
}

/// The lists of events about these objects: all events of each if there are few objects, else the selected events of
/// their namespaces if these are few, else the selected events of all namespaces.
fn requests_about(objects: &[(String, String)], selected: &str, room: usize) -> Vec<ListRequest> {
    let list = |namespace: Option<&str>, fields: String, pages| {
        let options = ListOptions {
            namespace: namespace.map(str::to_owned),
            field_selector: fields,
            page_size: EVENTS,
            ..ListOptions::default()
        };
        let bounds = ListBounds { pages, bytes: BYTES };
        (options, bounds)
    };
    let namespaces: BTreeSet<&str> = objects.iter().map(|(namespace, _)| namespace.as_str()).collect();
    if objects.is_empty() || room == 0 {
        Vec::new()
    } else if objects.len() <= FEW.min(room) && selected == WARNINGS {
        let one = |(namespace, uid): &(String, String)| {
            list(Some(namespace), format!("involvedObject.uid={uid}"), 1)
        };
        objects.iter().map(one).collect()
    } else if namespaces.len() <= NAMESPACES.min(room) {
        let one = |namespace| list(Some(namespace), selected.to_owned(), 1);
        namespaces.into_iter().map(one).collect()
    } else {
        let pages = EVENT_PAGES.min(u32::try_from(room).unwrap_or(EVENT_PAGES));
        vec![list(None, selected.to_owned(), pages)]
    }
}
