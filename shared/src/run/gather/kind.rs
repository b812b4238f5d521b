//! Reads and judges one kind of the registry. It is read again if the kinds of its controllers could not be read whole.

use super::reader::{ClusterReader, KindTask};
use super::related;
use crate::check::KindVisitor;
use crate::check::{self, Check, RelatedObjects};
use crate::judge::{Judged, NoEvidence, OwnerFilter, Snapshot, Times, judge, related_needs};
use crate::kind::Kind;
use crate::report::NotSeen;
use crate::run::request::KindTarget;

impl ClusterReader<'_> {
    /// Reads and judges one kind.
    pub fn kind<'a>(&'a self, target: &'a KindTarget, owners: OwnerFilter) -> KindTask<'a> {
        let task = target.kind.visit(ClusterKindVisitor {
            reader: self,
            target,
            owners,
        });
        self.with_progress(target.kind.plural().to_owned(), task)
    }

    async fn judged<T: Check>(&self, target: &KindTarget, owners: &OwnerFilter) -> Judged {
        let kind = target.kind;
        if self.request.all_kinds && !self.is_served::<T>().await {
            return Judged::unserved(kind.plural().to_owned(), kind.is_namespaced());
        }
        let snapshot = self.snapshot::<T>(target, owners).await;
        judge(snapshot, self.options(&target.names, owners), &NoEvidence)
    }

    async fn snapshot<T: Check>(&self, target: &KindTarget, owners: &OwnerFilter) -> Snapshot<T> {
        let resource_type = target.kind.resource_type();
        let list = self.list::<T>(&resource_type, &target.names, owners).await;
        let listing = related::Listing {
            page_size: self.request.page_size,
            across: true,
        };
        let needs = |known: &RelatedObjects| related_needs(&list.objects, known);
        let (related, related_not_seen) = related::read(self.client, listing, needs).await;
        Snapshot {
            resource_type,
            times: Times::all(self.now()),
            replaced: check::replaced_uids(list.objects.iter().flatten()),
            objects: list.objects,
            settled: list.settled,
            related,
            related_not_seen,
            passed_over: list.passed_over,
            not_seen: list.not_seen,
            reach: list.reach,
        }
    }

    /// Reads kinds again whose objects were left to controllers of a kind that could not be read whole.
    pub async fn read_again(&self, kinds: &mut [Judged]) {
        let is_whole = |kind: &Kind| {
            let own = kinds.iter().find(|judged| judged.check == kind.plural());
            own.is_none_or(|judged| judged.not_seen.is_empty())
        };
        let covered = self.request.covered();
        let (whole, broken): (Vec<Kind>, Vec<Kind>) = covered.into_iter().partition(is_whole);
        if broken.is_empty() || self.request.every_object {
            return;
        }
        let owners = OwnerFilter::leaving_to(whole);
        for (target, judged) in self.request.kinds.iter().zip(kinds.iter_mut()) {
            if judged.passed_over > 0 && target.kind.leaves_owned() && target.names.is_empty() {
                let again = self.kind(target, owners.clone()).await;
                // If a kind fails now, that is reported, and its earlier verdicts stay.
                let is_new = |entry: &NotSeen| !judged.not_seen.contains(entry);
                let new: Vec<NotSeen> = again.not_seen.into_iter().filter(is_new).collect();
                judged.not_seen.extend(new);
                judged.owned = again.owned;
            }
        }
    }
}

/// Calls [`ClusterReader::judged`] with the type of a kind.
struct ClusterKindVisitor<'a> {
    reader: &'a ClusterReader<'a>,
    target: &'a KindTarget,
    owners: OwnerFilter,
}

impl<'a> KindVisitor for ClusterKindVisitor<'a> {
    type Output = KindTask<'a>;

    fn visit<T: Check>(self, _kind: Kind) -> Self::Output {
        Box::pin(async move { self.reader.judged::<T>(self.target, &self.owners).await })
    }
}
