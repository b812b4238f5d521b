//! One search: the requests that are left, its deadline, and the evidence so far.

use super::gaps::{GapReason, UnseenList, group_gaps};
use super::limits::{BYTES, CHANGES, LOGS, REQUESTS, deadline_failure, search_deadline};
use crate::check::{EvidenceStore, Now};
use crate::cluster::{BoundedList, Client, ListBounds, ListOptions, bounded_list};
use crate::failure::{Class, Failure};
use crate::report::NotSeen;
use crate::resource::{Resource, Time};
use crate::run::change_sources::ChangeSources;
use std::collections::HashSet;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// The result of a search.
#[derive(Debug, Default)]
pub struct EvidenceSearch {
    /// The evidence.
    pub evidence: EvidenceStore,
    /// The entries for objects that could not be seen. They make no verdict unknown.
    pub not_seen: Vec<NotSeen>,
}

/// The request for a bounded list.
pub(super) type ListRequest = (ListOptions, ListBounds);

/// A search that is under way.
pub(super) struct Search<'a> {
    pub client: &'a Client,
    /// Requests that may still be made.
    pub left: usize,
    /// Requests for changes that may still be made.
    pub changes_left: usize,
    pub until: Instant,
    pub now: Now,
    pub gaps: Vec<UnseenList>,
    pub evidence: EvidenceStore,
    pub not_seen: Vec<NotSeen>,
}

impl<'a> Search<'a> {
    pub fn new(client: &'a Client, now: Time, sources: ChangeSources) -> Self {
        Self {
            client,
            left: REQUESTS - LOGS,
            changes_left: if sources.objects { CHANGES } else { 0 },
            until: search_deadline(client),
            now: Now::known(now),
            gaps: Vec::new(),
            evidence: EvidenceStore::default(),
            not_seen: Vec::new(),
        }
    }

    pub fn finish(mut self) -> EvidenceSearch {
        self.not_seen.extend(group_gaps(self.gaps));
        EvidenceSearch {
            evidence: self.evidence,
            not_seen: self.not_seen,
        }
    }

    /// Notes that a list was not seen.
    pub fn add_gap<T: Resource>(&mut self, namespace: Option<String>, reason: GapReason) {
        self.gaps.push(UnseenList::new::<T>(namespace, reason));
    }

    /// Reads several lists at once. Each ends by the deadline.
    pub async fn lists<T: Resource>(
        &self,
        requests: Vec<ListRequest>,
    ) -> Vec<Result<BoundedList<T>, Failure>> {
        let mut running = JoinSet::new();
        let count = requests.len();
        for (at, (options, bounds)) in requests.into_iter().enumerate() {
            let (client, until) = (self.client.clone(), self.until);
            running.spawn(async move {
                let listed = timeout_at(until, bounded_list::<T>(&client, &options, bounds)).await;
                (at, listed.unwrap_or_else(|_| Err(deadline_failure())))
            });
        }
        let mut answers: Vec<_> = (0..count).map(|_| None).collect();
        while let Some(joined) = running.join_next().await {
            if let Ok((at, answer)) = joined
                && let Some(place) = answers.get_mut(at)
            {
                *place = Some(answer);
            }
        }
        let lost = || Failure::new(Class::ConnectionLost, "reading a list was interrupted");
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(lost())))
            .collect()
    }
}

/// A list that is read in one answer.
pub(super) fn single_answer(namespace: Option<String>, label_selector: String) -> ListRequest {
    let options = ListOptions {
        namespace,
        label_selector,
        ..ListOptions::default()
    };
    let bounds = ListBounds {
        pages: 1,
        bytes: BYTES,
    };
    (options, bounds)
}

/// The most requests that these lists need.
pub(super) fn page_count(requests: &[ListRequest]) -> usize {
    requests.iter().map(|(_, bounds)| bounds.pages as usize).sum()
}

/// The items of a list that was read to its end. A part of a list would show too few pods.
pub(super) fn whole_list<T>(answer: Result<BoundedList<T>, Failure>) -> Result<Vec<T>, GapReason> {
    match answer {
        Ok(part) if part.complete => Ok(part.items),
        Ok(_) => Err(GapReason::TooMuch),
        Err(failure) => Err(GapReason::Failed(failure)),
    }
}

/// Whether the controller of an object is one of these, by uid.
pub(super) fn is_owned_by<T: Resource, S: AsRef<str> + std::borrow::Borrow<str> + std::hash::Hash + Eq>(
    object: &T,
    owners: &HashSet<S>,
) -> bool {
    let owner = object.meta().controller();
    owner.is_some_and(|owner| owners.contains(owner.uid.as_str()))
}
