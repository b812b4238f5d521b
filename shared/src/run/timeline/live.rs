//! The timeline of a cluster. Every list is read page by page and within bounds, and only what is within the span is kept.

use super::agent_history::{AgentHistory, add_alone};
use super::request::TimelineRequest;
use super::sources::TimelineList;
use crate::check::RevisionHistory;
use crate::cluster::{self, Client, ListBounds, ListOptions, for_each_in_list, for_each_metadata};
use crate::failure::{Class, Failure};
use crate::report::{NotSeen, Scope, Source, SourceReach, Timeline};
use crate::resource::{
    ControllerRevision, Event, Lease, Node, ObjectMetadata, Pod, Revision, TemplatedReplicaSet,
};
use crate::run::clock::Clock;
use crate::run::live::source;
use crate::run::not_seen::not_seen;
use crate::timeline::{RevisionObject, RevisionPair, TimelineBuilder};
use futures_util::stream::{self, StreamExt as _};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lists that are read at the same time.
const LISTS_AT_ONCE: usize = 4;
/// Objects on a page.
const PAGE: u32 = 500;
/// How much of a list is read: 30,000 objects.
const BOUNDS: ListBounds = ListBounds {
    pages: 60,
    bytes: 128 << 20,
};
/// Revisions that are read at the same time, and in all.
const REVISIONS_AT_ONCE: usize = 8;
const REVISIONS: usize = 40;
/// The namespace of the Leases of the control plane.
const CONTROL_PLANE: &str = "kube-system";

/// Reads what changed in a cluster. Never fails: the timeline has an entry for everything that could not be seen. The time
/// is that of the API server if it tells one, so that a wrong clock here hides nothing. `history` asks the agent, if one is asked
/// too; both are asked at the same time.
pub async fn live_timeline(
    client: &Client,
    request: &TimelineRequest,
    history: impl Future<Output = Option<AgentHistory>>,
    clock: Clock,
) -> Timeline {
    let (version, _) = cluster::version(client).await;
    let now = client.server_time().unwrap_or_else(clock);
    let version = match version {
        Ok(version) => Some(version),
        Err(failure) if failure.class.is_unreached() => {
            let source = source(client, None);
            return unreached_timeline(request, &failure, source, history.await.as_ref(), clock);
        }
        Err(_) => None,
    };
    let mut timeline = request.empty_timeline(
        Source {
            version,
            ..source(client, None)
        },
        now.to_string(),
    );
    let window = request.window(now);
    let builder = Mutex::new(TimelineBuilder::new(window, request.scope.clone()));
    let namespace = request.scope.namespace.as_deref();
    let lists = TimelineList::of(&request.scope);
    let reading = lists.into_iter().map(|list| {
        let builder = &builder;
        async move { (list, read(client, list, namespace, builder).await) }
    });
    // Collected first: a closure in the stream would bind the whole run to one thread.
    let reading: Vec<_> = reading.collect();
    let reading = stream::iter(reading).buffered(LISTS_AT_ONCE).collect::<Vec<_>>();
    let (read, history) = tokio::join!(reading, history);
    let mut builder = builder.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (list, outcome) in read {
        // Nodes and the control plane are not a part of a namespace.
        let is_beside = namespace.is_some() && !list.is_namespaced();
        match outcome {
            Ok(complete) => {
                builder.saw(list.source());
                timeline
                    .not_seen
                    .extend((!complete).then(|| too_long(list, namespace)));
            }
            Err(failure) if is_beside && failure.class == Class::Forbidden => {
                timeline.reach.push(SourceReach {
                    source: list.source().as_str().to_owned(),
                    since: None,
                    message: format!(
                        "{} may not be read, and are in no namespace: missing rule {}",
                        list.resource_type().name(),
                        list.resource_type().rule()
                    ),
                });
            }
            Err(failure) => timeline.not_seen.push(unseen(list, namespace, &failure)),
        }
    }
    if let Some(history) = &history {
        history.add_to(&mut builder, &window, &mut timeline);
    }
    let pairs = builder.pairs();
    let revisions = read_revisions(client, &pairs).await;
    let pairs = pairs.into_iter().map(|pair| {
        let both = compared(&pair, &revisions);
        (pair, both)
    });
    let pairs: Vec<_> = pairs.collect();
    builder.finish(&pairs, &mut timeline);
    timeline
}

/// The timeline of a run that could read nothing of the cluster, because of that failure. It has the agent's history if there is
/// one.
#[must_use]
pub fn unreached_timeline(
    request: &TimelineRequest,
    failure: &Failure,
    source: Source,
    history: Option<&AgentHistory>,
    clock: Clock,
) -> Timeline {
    let now = clock();
    let mut timeline = request.empty_timeline(source, now.to_string());
    let window = request.window(now);
    timeline.since = window.since.to_string();
    timeline.until = window.until.map(|time| time.to_string());
    let thing = if history.is_some() {
        "the cluster"
    } else {
        "everything"
    };
    timeline.not_seen.push(not_seen(thing, failure, None));
    if let Some(history) = history {
        add_alone(request, history, now, &mut timeline);
    }
    timeline
}

fn lock(builder: &Mutex<TimelineBuilder>) -> MutexGuard<'_, TimelineBuilder> {
    builder.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a list into the builder. Returns whether it was read to its end.
async fn read(
    client: &Client,
    list: TimelineList,
    namespace: Option<&str>,
    builder: &Mutex<TimelineBuilder>,
) -> Result<bool, Failure> {
    let namespace = match list {
        TimelineList::Leases => Some(CONTROL_PLANE),
        _ => namespace.filter(|_| list.is_namespaced()),
    };
    let options = ListOptions {
        namespace: namespace.map(str::to_owned),
        page_size: PAGE,
        ..ListOptions::default()
    };
    let resource_type = list.resource_type();
    match list {
        TimelineList::Events => {
            for_each_in_list(client, &options, BOUNDS, &mut |event: Event| {
                lock(builder).add_event(&event);
            })
            .await
        }
        TimelineList::Pods => {
            for_each_in_list(client, &options, BOUNDS, &mut |pod: Pod| {
                lock(builder).add_pod(&pod);
            })
            .await
        }
        TimelineList::Nodes => {
            for_each_in_list(client, &options, BOUNDS, &mut |node: Node| {
                lock(builder).add_node(&node);
            })
            .await
        }
        TimelineList::Leases => {
            for_each_in_list(client, &options, BOUNDS, &mut |lease: Lease| {
                lock(builder).add_lease(&lease);
            })
            .await
        }
        TimelineList::Workloads(kind) => {
            let keep = &mut |object: ObjectMetadata| {
                lock(builder).add_workload(kind.kind(), object.metadata.unwrap_or_default());
            };
            for_each_metadata(client, resource_type, options, BOUNDS, keep).await
        }
        TimelineList::Revisions { of_deployments } => {
            let keep = &mut |object: ObjectMetadata| {
                let kind = revision_kind(of_deployments);
                if let Some(revision) = RevisionObject::new(kind, &object.metadata.unwrap_or_default()) {
                    lock(builder).add_revision(revision);
                }
            };
            for_each_metadata(client, resource_type, options, BOUNDS, keep).await
        }
        TimelineList::Objects(kind, _, what, _) => {
            let keep = &mut |object: ObjectMetadata| {
                lock(builder).add_object(kind, what, &object.metadata.unwrap_or_default());
            };
            for_each_metadata(client, resource_type, options, BOUNDS, keep).await
        }
    }
}

/// The kind of the objects that keep the revisions.
pub(super) fn revision_kind(of_deployments: bool) -> &'static str {
    if of_deployments {
        "ReplicaSet"
    } else {
        "ControllerRevision"
    }
}

/// A place of a revision: its kind, its namespace and its name.
type RevisionKey = (&'static str, String, String);

fn revision_key(revision: &RevisionObject) -> RevisionKey {
    (
        revision.kind,
        revision.owner.namespace.clone(),
        revision.name.clone(),
    )
}

/// Reads the revisions of these pairs, the latest first and not more than [`REVISIONS`]. A failure costs a comparison.
async fn read_revisions(client: &Client, pairs: &[RevisionPair]) -> HashMap<RevisionKey, Revision> {
    let mut keys: Vec<RevisionKey> = Vec::new();
    for pair in pairs {
        let Some(previous) = &pair.previous else { continue };
        let both = [revision_key(&pair.newest), revision_key(previous)];
        let new: Vec<RevisionKey> = both.into_iter().filter(|key| !keys.contains(key)).collect();
        if keys.len().saturating_add(new.len()) > REVISIONS {
            break;
        }
        keys.extend(new);
    }
    let reading: Vec<_> = keys
        .into_iter()
        .map(|key| async move {
            let (kind, namespace, name) = &key;
            let revision = if *kind == revision_kind(true) {
                let set = cluster::get_once::<TemplatedReplicaSet>(client, Some(namespace), name).await;
                set.ok().and_then(|set| set.split().1)
            } else {
                let kept = cluster::get_once::<ControllerRevision>(client, Some(namespace), name).await;
                kept.ok().and_then(ControllerRevision::into_revision)
            };
            revision.map(|revision| (key, revision))
        })
        .collect();
    let read = stream::iter(reading).buffer_unordered(REVISIONS_AT_ONCE);
    read.filter_map(|found| async { found }).collect().await
}

/// The two revisions of a pair, compared, if both were read.
fn compared(pair: &RevisionPair, revisions: &HashMap<RevisionKey, Revision>) -> Option<RevisionHistory> {
    let newest = revisions.get(&revision_key(&pair.newest))?;
    let previous = revisions.get(&revision_key(pair.previous.as_ref()?))?;
    RevisionHistory::new(vec![previous.clone(), newest.clone()])
}

/// The entry for a list that could not be read.
fn unseen(list: TimelineList, namespace: Option<&str>, failure: &Failure) -> NotSeen {
    let resource_type = list.resource_type();
    let rule = resource_type.rule();
    let entry = not_seen(resource_type.name(), failure, Some(&rule));
    let hint = entry
        .missing
        .is_some()
        .then(|| format!("a cluster admin grants {rule}"));
    NotSeen {
        scope: Scope::new(namespace.filter(|_| list.is_namespaced())),
        resource: Some(resource_type.resource()),
        hint: entry.hint.clone().or(hint),
        ..entry
    }
}

/// The entry for a list that is longer than what is read of it.
fn too_long(list: TimelineList, namespace: Option<&str>) -> NotSeen {
    let resource_type = list.resource_type();
    NotSeen {
        thing: resource_type.name(),
        scope: Scope::new(namespace.filter(|_| list.is_namespaced())),
        resource: Some(resource_type.resource()),
        class: "tooMany".to_owned(),
        error: Some("there are more than are read for a timeline".to_owned()),
        hint: Some("narrow with -n or a TARGET".to_owned()),
        ..NotSeen::default()
    }
}
