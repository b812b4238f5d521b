//! Custom resources. Discovery finds their type, and they are judged by the conditions that they report.

use super::reader::{ClusterReader, KindTask};
use crate::check::RelatedObjects;
use crate::cluster;
use crate::judge::{Judged, NoEvidence, OwnerFilter, Snapshot, Times, judge};
use crate::resource::CustomObject;
use crate::run::not_seen::custom_not_seen;
use crate::run::request::CustomTarget;
use std::collections::HashSet;

impl ClusterReader<'_> {
    /// Reads and judges one kind of custom resources.
    pub fn custom<'a>(&'a self, target: &'a CustomTarget) -> KindTask<'a> {
        let task = Box::pin(async move {
            let resource_type = match cluster::discover(self.client, &target.kind).await {
                Ok(resource_type) => resource_type,
                Err(failure) => {
                    let check = target.kind.to_string();
                    let entry = custom_not_seen(&check, &failure);
                    return Judged::unseen(check, true, entry);
                }
            };
            let owners = OwnerFilter::every();
            let list = self
                .list::<CustomObject>(&resource_type, &target.names, &owners)
                .await;
            let snapshot = Snapshot {
                resource_type,
                objects: list.objects,
                settled: list.settled,
                times: Times::all(self.now()),
                replaced: HashSet::new(),
                related: RelatedObjects::default(),
                related_not_seen: Vec::new(),
                passed_over: list.passed_over,
                not_seen: list.not_seen,
                reach: list.reach,
            };
            judge(snapshot, self.options(&target.names, &owners), &NoEvidence)
        });
        self.with_progress(target.kind.to_string(), task)
    }
}
