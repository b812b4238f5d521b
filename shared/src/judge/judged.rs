//! The verdicts about the objects of one snapshot. They are judged again once there is more evidence.

use super::evidence::EvidenceFor;
use super::owner_filter::OwnerFilter;
use super::owners::OwnedObject;
use super::search_target::SearchTarget;
use super::snapshot::{Reach, SettledItems, Snapshot};
use crate::check::{self, Check, Evidence, NamespaceDeletions, Now, RelatedObjects};
use crate::report::{Item, NotSeen, State, Status, Summary};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The parts of a request that matter for verdicts.
#[derive(Debug, Clone, Copy)]
pub struct JudgeOptions<'a> {
    /// Which objects are judged by themselves.
    pub owners: &'a OwnerFilter,
    /// Whether the objects were named. Then each is judged by itself, and an object that is being deleted is not
    /// healthy.
    pub named: bool,
    /// Whether an annotation can acknowledge a finding.
    pub heeds_annotations: bool,
    /// Whether objects are kept if evidence may change their verdicts.
    pub keeps_open: bool,
}

/// The verdicts about one kind.
#[derive(Default)]
pub struct Judged {
    /// The name of the check: the plural of the kind.
    pub check: String,
    /// Whether objects of the kind are in namespaces.
    pub namespaced: bool,
    /// Whether the objects were named.
    pub named: bool,
    /// One verdict for each object, but the settled ones.
    pub items: Vec<Item>,
    /// Settled objects in their compact form. Each has a verdict, too.
    pub settled: SettledItems,
    /// Objects that are counted by their state and have no item here.
    pub counted: Summary,
    /// Verdicts about objects whose controller may have none.
    pub owned: Vec<OwnedVerdict>,
    /// The verdicts of `items` that evidence may change.
    pub open: Vec<OpenVerdict>,
    /// Number of objects that were read and left to their controllers.
    pub passed_over: usize,
    /// The entries for objects that could not be seen.
    pub not_seen: Vec<NotSeen>,
    /// How much of the requested namespaces could be read.
    pub reach: Reach,
    /// False if the API server does not serve the kind.
    pub served: Option<bool>,
}

/// The verdict about an object that has a controller.
pub struct OwnedVerdict {
    /// The object and its controller.
    pub object: OwnedObject,
    /// The verdict.
    pub item: Item,
    /// Set if evidence may change the verdict.
    pub open: Option<OpenVerdict>,
}

/// A verdict that evidence may change.
pub struct OpenVerdict {
    /// Its place among the items.
    at: usize,
    target: SearchTarget,
    object: Box<dyn OpenObject>,
}

/// The object of a verdict that evidence may change, of any type.
trait OpenObject: Send + Sync {
    fn judge(&self, evidence: &dyn EvidenceFor, now: Now) -> Item;
}

/// The facts that all objects of a snapshot share.
struct SnapshotFacts {
    related: RelatedObjects,
    kind: String,
    named: bool,
    heeds_annotations: bool,
}

impl SnapshotFacts {
    fn judge<T: Check>(&self, object: &T, replaced: bool, evidence: &dyn EvidenceFor, now: Now) -> Item {
        let evidence = Evidence {
            related: Some(&self.related),
            named: self.named,
            replaced,
            heeds_annotations: self.heeds_annotations,
            ..evidence.evidence_for(object.meta(), now)
        };
        let mut item = check::judge(object, &evidence);
        // The type of a custom resource does not know its kind.
        item.kind.clone_from(&self.kind);
        item
    }
}

/// An object that is kept to be judged again.
struct KeptObject<T> {
    object: T,
    replaced: bool,
    facts: Arc<SnapshotFacts>,
}

impl<T: Check> OpenObject for KeptObject<T> {
    fn judge(&self, evidence: &dyn EvidenceFor, now: Now) -> Item {
        self.facts.judge(&self.object, self.replaced, evidence, now)
    }
}

/// Judges every object of a snapshot. An object is kept only if evidence may change its verdict.
#[must_use]
pub fn judge<T: Check>(
    snapshot: Snapshot<T>,
    options: JudgeOptions<'_>,
    evidence: &dyn EvidenceFor,
) -> Judged {
    let mut judged = Judged {
        check: snapshot.resource_type.name(),
        namespaced: snapshot.resource_type.namespaced,
        named: options.named,
        passed_over: snapshot.passed_over,
        not_seen: snapshot.not_seen,
        reach: snapshot.reach,
        settled: snapshot.settled,
        ..Judged::default()
    };
    let facts = Arc::new(SnapshotFacts {
        related: snapshot.related,
        kind: snapshot.resource_type.kind.into_owned(),
        named: options.named,
        heeds_annotations: options.heeds_annotations,
    });
    for (at, object) in snapshot.objects.into_iter().enumerate() {
        let object = match object {
            Ok(object) => object,
            Err(undecodable) => {
                let item = check::undecodable::<T>(&undecodable);
                judged.items.push(Item {
                    kind: facts.kind.clone(),
                    ..item
                });
                continue;
            }
        };
        let now = snapshot.times.now_at(at);
        let replaced = snapshot.replaced.contains(&object.meta().uid);
        let item = facts.judge(&object, replaced, evidence, now);
        let judges_itself = options.named || options.owners.judges(&object);
        let owned = if judges_itself {
            None
        } else {
            OwnedObject::new(&object)
        };
        let target = options.keeps_open.then(|| SearchTarget::new(&object, &item, now));
        let open = target.flatten().map(|target| OpenVerdict {
            at: judged.items.len(),
            target,
            object: Box::new(KeptObject {
                object,
                replaced,
                facts: Arc::clone(&facts),
            }),
        });
        match owned {
            Some(object) => judged.owned.push(OwnedVerdict { object, item, open }),
            None => {
                judged.open.extend(open);
                judged.items.push(item);
            }
        }
    }
    // If no verdict is unknown, none lacks a related object.
    if judged.items.iter().any(|item| item.state == State::Unknown) {
        judged.not_seen.extend(snapshot.related_not_seen);
    }
    judged
}

impl Judged {
    /// A kind that was not seen at all.
    #[must_use]
    pub fn unseen(check: String, namespaced: bool, not_seen: NotSeen) -> Self {
        Self {
            check,
            namespaced,
            not_seen: vec![not_seen],
            ..Self::default()
        }
    }

    /// A kind that the API server does not serve, so that there are no objects.
    #[must_use]
    pub fn unserved(check: String, namespaced: bool) -> Self {
        Self {
            check,
            namespaced,
            reach: Reach::All,
            served: Some(false),
            ..Self::default()
        }
    }

    /// Whether the kind was read and has no objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let kept = [
            self.items.len(),
            self.settled.len(),
            self.owned.len(),
            self.passed_over,
        ];
        kept.iter().all(|count| *count == 0) && self.counted.total == 0 && self.not_seen.is_empty()
    }

    /// The objects that a search for evidence is about.
    pub fn targets(&self) -> impl Iterator<Item = &SearchTarget> {
        self.open.iter().map(|open| &open.target)
    }

    /// Judges again the objects whose verdicts the evidence may change.
    pub fn judge_again(&mut self, evidence: &dyn EvidenceFor, now: Now) {
        for open in &self.open {
            if let Some(item) = self.items.get_mut(open.at) {
                *item = open.object.judge(evidence, now);
            }
        }
    }

    /// The namespaces of objects that fall short.
    #[must_use]
    pub fn failing_namespaces(&self) -> BTreeSet<&str> {
        let namespaces = self.all_items().filter(|item| item.status() != Status::Ok);
        let namespaces = namespaces.map(|item| item.namespace.as_str());
        namespaces.filter(|name| !name.is_empty()).collect()
    }

    /// Makes the items of the settled objects that are accepted. They are settled no more.
    pub fn expand_settled(&mut self, takes: impl Fn(&str) -> bool) {
        let settled = std::mem::take(&mut self.settled);
        for (namespace, object) in settled {
            if takes(&namespace) {
                self.items
                    .push(object.item(&namespace, &NamespaceDeletions::default()));
            } else {
                self.settled.push((namespace, object));
            }
        }
    }

    /// All verdicts but those about settled objects. Those about objects that have a controller are included.
    pub fn all_items(&self) -> impl Iterator<Item = &Item> {
        let owned = self.owned.iter().map(|owned| &owned.item);
        self.items.iter().chain(owned)
    }

    /// Replaces the verdicts about objects in namespaces that are being deleted. No search is about these objects any
    /// more.
    pub fn leave_out(&mut self, deletions: &NamespaceDeletions) {
        if deletions.is_empty() {
            return;
        }
        self.expand_settled(|namespace| deletions.contains(namespace));
        for item in &mut self.items {
            deletions.judge(item, self.named);
        }
        for owned in &mut self.owned {
            if deletions.judge(&mut owned.item, false) {
                owned.open = None;
            }
        }
        let items = &self.items;
        let is_left_out = |open: &OpenVerdict| {
            items
                .get(open.at)
                .is_some_and(|i| deletions.contains(&i.namespace))
        };
        self.open.retain(|open| !is_left_out(open));
    }

    /// Adds the verdict about an object of any kind.
    pub(super) fn push(&mut self, item: Item, open: Option<OpenVerdict>) {
        let at = self.items.len();
        self.open.extend(open.map(|open| OpenVerdict { at, ..open }));
        self.items.push(item);
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test's own objects decode")]
mod tests {
    use super::*;
    use crate::check::EvidenceStore;
    use crate::judge::{NoEvidence, SearchedEvidence, Times};
    use crate::kind::Kind;
    use crate::report::Code;
    use crate::resource::{Pod, StatefulSet, Time, from_value};
    use serde_json::json;
    use std::collections::HashSet;

    fn stateful_set(name: &str, ready: i32) -> StatefulSet {
        from_value(&json!({
            "metadata": {
                "namespace": "shop", "name": name, "uid": name, "generation": 1,
                "creationTimestamp": "2026-01-01T00:00:00Z",
            },
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}},
            "status": {
                "observedGeneration": 1, "replicas": 1, "readyReplicas": ready, "availableReplicas": ready,
                "updatedReplicas": 1, "currentReplicas": 1, "currentRevision": "a", "updateRevision": "a",
            },
        }))
        .expect("a StatefulSet")
    }

    fn crashing_pod(owner: &str) -> Pod {
        from_value(&json!({
            "metadata": {
                "namespace": "shop", "name": format!("{owner}-0"), "uid": "pod",
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner, "uid": owner, "controller": true},
                ],
            },
            "spec": {"containers": [{"name": "main"}]},
            "status": {"phase": "Running", "containerStatuses": [{
                "name": "main", "ready": false, "restartCount": 9,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:59:00Z"}},
            }]},
        }))
        .expect("a Pod")
    }

    fn judged(keeps_open: bool) -> Judged {
        let snapshot = Snapshot {
            resource_type: Kind::StatefulSet.resource_type(),
            objects: vec![Ok(stateful_set("cache", 1)), Ok(stateful_set("db", 0))],
            settled: Vec::new(),
            times: Times::all(now()),
            replaced: HashSet::new(),
            related: RelatedObjects::default(),
            related_not_seen: Vec::new(),
            passed_over: 0,
            not_seen: Vec::new(),
            reach: Reach::All,
        };
        let options = JudgeOptions {
            owners: &OwnerFilter::default(),
            named: false,
            heeds_annotations: true,
            keeps_open,
        };
        judge(snapshot, options, &NoEvidence)
    }

    fn now() -> Now {
        Now::known(Time::parse("2026-01-01T01:00:00Z").expect("a time"))
    }

    #[test]
    fn an_open_verdict_is_judged_again_with_what_a_search_found() {
        let mut judged = judged(true);
        let targets: Vec<&str> = judged.targets().map(|target| target.uid.as_str()).collect();
        assert_eq!(targets, ["db"], "a healthy object is not kept");
        let codes = |judged: &Judged| -> Vec<Code> {
            let causes = judged.items.iter().flat_map(|item| &item.causes);
            causes.map(|cause| cause.code.clone()).collect()
        };
        assert_eq!(codes(&judged), Vec::<Code>::new());
        let mut store = EvidenceStore::default();
        store.add(0, crashing_pod("db"));
        judged.judge_again(&SearchedEvidence::new(&store), now());
        assert_eq!(codes(&judged), [Code::CrashLoop]);
        assert_eq!(judged.items[0].name, "cache");
        assert_eq!(judged.items[1].name, "db");
    }

    #[test]
    fn nothing_is_kept_if_no_search_follows() {
        assert_eq!(judged(false).targets().count(), 0);
    }

    #[test]
    fn a_kind_is_empty_only_if_it_was_read() {
        let unread = Judged::unseen("pods".into(), true, NotSeen::default());
        assert!(!unread.is_empty(), "nothing is known of it");
        assert!(Judged::unserved("pods".into(), true).is_empty());
        let left = Judged {
            passed_over: 1,
            ..Judged::default()
        };
        assert!(!left.is_empty(), "its objects are left to their controllers");
        assert!(!judged(false).is_empty());
    }
}
