//! The pods that a search looks for, one entry a workload.

use super::search::{Search, is_owned_by, single_answer, whole_list};
use crate::check::{EvidenceStore, Now};
use crate::judge::{PodLookup, SearchTarget};
use crate::resource::{Job, LabelSelector, Resource as _, TemplatedJob};
use std::collections::{BTreeSet, HashSet};

/// The pods of one object.
#[derive(Debug, Clone)]
pub(super) struct PodSearch {
    /// The uid of the object.
    pub uid: String,
    /// The uid of the pods' owner: the object itself, or its newest Job.
    pub owner: String,
    pub namespace: String,
    pub selector: Option<LabelSelector>,
    /// Whether ReplicaSets of the object own the pods.
    pub through_sets: bool,
    /// Whether ControllerRevisions keep its revisions, and may be read.
    pub has_controller_revisions: bool,
}

impl Search<'_> {
    /// The pods to search for. If an object makes Jobs, its newest Job is read first.
    pub async fn pod_searches(&mut self, targets: &[SearchTarget]) -> Vec<PodSearch> {
        let makes_jobs = |target: &&SearchTarget| matches!(target.pods_by, PodLookup::Jobs);
        let makers: Vec<&SearchTarget> = targets.iter().filter(makes_jobs).collect();
        if !makers.is_empty() {
            self.read_jobs(&makers).await;
        }
        let searches = targets.iter();
        searches
            .filter_map(|target| pod_search(target, &self.evidence, self.now))
            .collect()
    }

    /// Reads the Jobs of these objects, in their namespace if there is only one, else in all namespaces.
    async fn read_jobs(&mut self, makers: &[&SearchTarget]) {
        let namespaces: BTreeSet<&str> = makers.iter().map(|target| target.namespace.as_str()).collect();
        let mut namespaces = namespaces.into_iter();
        let namespace = match (namespaces.next(), namespaces.next()) {
            (Some(only), None) => Some(only.to_owned()),
            _ => None,
        };
        let uids: HashSet<&str> = makers.iter().map(|target| target.uid.as_str()).collect();
        self.left = self.left.saturating_sub(1);
        let requests = vec![single_answer(namespace.clone(), String::new())];
        for answer in self.lists::<Job>(requests).await {
            match whole_list(answer) {
                Ok(jobs) => {
                    let is_own = |job: &Job| {
                        is_owned_by(job, &uids) || job.cron_job().is_some_and(|uid| uids.contains(uid))
                    };
                    let own = jobs.into_iter().filter(is_own);
                    own.for_each(|job| self.evidence.add(0, job));
                }
                Err(reason) => self.add_gap::<Job>(namespace.clone(), reason),
            }
        }
    }
}

/// The CronJobs whose runs are compared, at most. Each takes two requests.
const COMPARED: usize = 2;

impl Search<'_> {
    /// Reads the templates of the last run of a `CronJob` and of the one before that succeeded.
    pub async fn read_runs(&mut self, targets: &[SearchTarget]) {
        let makes_jobs = |target: &&SearchTarget| matches!(target.pods_by, PodLookup::Jobs);
        let (mut owners, mut requests) = (Vec::new(), Vec::new());
        for target in targets
            .iter()
            .filter(makes_jobs)
            .take(COMPARED.min(self.changes_left / 2))
        {
            for (_, job) in self
                .evidence
                .runs(&target.uid, |_| self.now)
                .into_iter()
                .flatten()
            {
                let (mut options, bounds) = single_answer(Some(target.namespace.clone()), String::new());
                options.field_selector = format!("metadata.name={}", job.meta().name);
                requests.push((options, bounds));
                owners.push(target.uid.clone());
            }
        }
        self.changes_left = self.changes_left.saturating_sub(requests.len());
        let answers = self.lists::<TemplatedJob>(requests).await;
        let mut revisions = Vec::new();
        for (owner, answer) in owners.iter().zip(answers) {
            // The Jobs themselves were read: a list that fails now costs the comparison alone.
            let jobs = whole_list(answer).unwrap_or_default();
            revisions.extend(jobs.into_iter().filter_map(|job| job.into_revision(owner)));
        }
        self.evidence.add_revisions(revisions);
    }
}

/// `None` if the object is a pod itself, or makes Jobs and has none.
fn pod_search(target: &SearchTarget, evidence: &EvidenceStore, now: Now) -> Option<PodSearch> {
    let (owner, selector) = match &target.pods_by {
        PodLookup::Selector(selector) | PodLookup::ThroughReplicaSets(selector) => {
            (target.uid.clone(), selector.clone())
        }
        PodLookup::Jobs => {
            let job = *evidence.jobs(&target.uid, |_| now).first()?;
            let selector = job.spec.as_ref().and_then(|spec| spec.selector.clone());
            (job.meta().uid.clone(), selector)
        }
        PodLookup::Itself(_) => return None,
    };
    Some(PodSearch {
        uid: target.uid.clone(),
        owner,
        namespace: target.namespace.clone(),
        selector,
        through_sets: matches!(target.pods_by, PodLookup::ThroughReplicaSets(_)),
        has_controller_revisions: target.has_controller_revisions,
    })
}
