//! Reads the pods of many workloads, and the ReplicaSets between them.

use super::gaps::GapReason;
use super::limits::{LATER, NAMESPACES, NARROW, REQUESTS, TOO_MANY};
use super::pod_requests::{PodRequest, pod_requests};
use super::pod_search::PodSearch;
use super::search::{Search, is_owned_by, single_answer, whole_list};
use crate::cluster::BoundedList;
use crate::failure::{Class, Failure};
use crate::report::NotSeen;
use crate::resource::{ControllerRevision, Pod, ReplicaSet, Resource as _, Revision, TemplatedReplicaSet};
use std::collections::HashSet;

/// The outcome of a few requests.
#[derive(Default)]
struct Round {
    /// Number of workloads whose pods were not requested, because too few requests were left.
    passed_over: usize,
    /// The places of the workloads whose pods are requested again, in their namespaces.
    again: Vec<usize>,
}

impl Search<'_> {
    /// Reads the pods across namespaces if the workloads are in many. Pods that cannot be read that way are requested
    /// again, namespace by namespace.
    pub async fn read_pods(&mut self, searches: &[PodSearch], targets: usize) {
        let all: Vec<usize> = (0..searches.len()).collect();
        let namespaces: HashSet<&str> = searches.iter().map(|s| s.namespace.as_str()).collect();
        let across = namespaces.len() > NAMESPACES;
        let Round {
            mut passed_over,
            again,
        } = self
            .read_round(searches, pod_requests(searches, &all, !across))
            .await;
        if !again.is_empty() {
            let before = self.gaps.len();
            let requests = pod_requests(searches, &again, true);
            let second = self.read_round(searches, requests).await;
            let is_seen = |at: &usize| self.evidence.is_complete(&searches[*at].uid);
            if again.iter().any(is_seen) {
                passed_over += second.passed_over;
            } else {
                // None of the namespaces may be read, so one entry covers all of them.
                let gaps = self.gaps.iter_mut().skip(before);
                gaps.for_each(|gap| gap.namespace = None);
            }
        }
        if passed_over > 0 {
            self.not_seen.push(NotSeen {
                thing: format!("causes of {passed_over} of {targets} objects that are not healthy"),
                class: TOO_MANY.into(),
                error: Some(format!("no more than {REQUESTS} requests are made for causes")),
                hint: Some(NARROW.into()),
                ..NotSeen::default()
            });
        }
    }

    /// Makes as many of these requests as the limit allows.
    async fn read_round(&mut self, searches: &[PodSearch], requests: Vec<PodRequest>) -> Round {
        let mut room = self.left.saturating_sub(LATER);
        let mut round = Round::default();
        let mut taken = Vec::new();
        for request in requests {
            let through_sets = request.of.iter().any(|at| searches[*at].through_sets);
            let cost = 1 + usize::from(through_sets);
            match room.checked_sub(cost) {
                Some(rest) => {
                    room = rest;
                    taken.push((request, through_sets));
                }
                None => round.passed_over += request.of.len(),
            }
        }
        let list = |request: &PodRequest| single_answer(request.namespace.clone(), request.selector.clone());
        let pods: Vec<_> = taken.iter().map(|(request, _)| list(request)).collect();
        let sets = taken.iter().filter(|(_, through_sets)| *through_sets);
        let sets: Vec<_> = sets.map(|(request, _)| list(request)).collect();
        self.left = self.left.saturating_sub(pods.len() + sets.len());
        let revised: Vec<&PodRequest> = taken
            .iter()
            .map(|(request, _)| request)
            .filter(|request| request.of.iter().any(|at| searches[*at].has_controller_revisions))
            .take(self.changes_left)
            .collect();
        self.changes_left = self.changes_left.saturating_sub(revised.len());
        let revisions: Vec<_> = revised.iter().map(|request| list(request)).collect();
        let namespaces: Vec<_> = revised.iter().map(|request| request.namespace.clone()).collect();
        let (pods, sets, revisions) = tokio::join!(
            self.lists::<Pod>(pods),
            self.lists::<TemplatedReplicaSet>(sets),
            self.lists::<ControllerRevision>(revisions)
        );
        self.keep_controller_revisions(searches, namespaces, revisions);
        let mut sets = sets.into_iter();
        for ((request, through_sets), pods) in taken.into_iter().zip(pods) {
            let sets = if through_sets { sets.next() } else { None };
            round.again.extend(self.keep_own(searches, request, pods, sets));
        }
        round
    }

    /// Keeps the objects of the workloads of this request. Returns the places of the workloads whose pods have to be
    /// requested again, because a list across namespaces is forbidden or too long.
    fn keep_own(
        &mut self,
        searches: &[PodSearch],
        request: PodRequest,
        pods: Result<BoundedList<Pod>, Failure>,
        sets: Option<Result<BoundedList<TemplatedReplicaSet>, Failure>>,
    ) -> Vec<usize> {
        let pods = whole_list(pods);
        let sets = sets.map_or_else(|| Ok(Vec::new()), whole_list);
        let may_be_narrower = |reason: &GapReason| match reason {
            GapReason::Failed(failure) => failure.class == Class::Forbidden && request.namespace.is_none(),
            GapReason::TooMuch => request.namespace.is_none(),
        };
        let reasons = [pods.as_ref().err(), sets.as_ref().err()];
        if reasons.into_iter().flatten().any(may_be_narrower) {
            return request.of;
        }
        let own = || request.of.iter().map(|at| &searches[*at]);
        let mut owners: HashSet<String> = own().map(|search| search.owner.clone()).collect();
        let seen_sets = sets.is_ok();
        let mut own_sets = Vec::new();
        match sets {
            Ok(sets) => {
                let mut revisions: Vec<Revision> = Vec::new();
                for set in sets {
                    if is_owned_by(&set, &owners) {
                        owners.insert(set.meta().uid.clone());
                        let (set, revision): (ReplicaSet, _) = set.split();
                        own_sets.push(set);
                        revisions.extend(revision);
                    }
                }
                self.evidence.add_revisions(revisions);
            }
            Err(reason) => self.add_gap::<ReplicaSet>(request.namespace.clone(), reason),
        }
        match pods {
            Ok(pods) => {
                // ReplicaSets without their pods would look like a workload that has no pods.
                for set in own_sets {
                    self.evidence.add(0, set);
                }
                let owned = pods.into_iter().filter(|pod| is_owned_by(pod, &owners));
                owned.for_each(|pod| self.evidence.add(0, pod));
                for search in own().filter(|search| seen_sets || !search.through_sets) {
                    self.evidence.mark_complete(&search.uid);
                }
            }
            Err(reason) => self.add_gap::<Pod>(request.namespace.clone(), reason),
        }
        Vec::new()
    }
    /// Keeps the revisions of the workloads that the search is about.
    fn keep_controller_revisions(
        &mut self,
        searches: &[PodSearch],
        namespaces: Vec<Option<String>>,
        answers: Vec<Result<BoundedList<ControllerRevision>, Failure>>,
    ) {
        let owners: HashSet<&str> = searches.iter().map(|search| search.owner.as_str()).collect();
        for (namespace, answer) in namespaces.into_iter().zip(answers) {
            match whole_list(answer) {
                Ok(revisions) => {
                    let own = revisions
                        .into_iter()
                        .filter(|revision| is_owned_by(revision, &owners));
                    let own: Vec<Revision> = own.filter_map(ControllerRevision::into_revision).collect();
                    self.evidence.add_revisions(own);
                }
                Err(reason) => self.add_gap::<ControllerRevision>(namespace, reason),
            }
        }
    }
}
