//! The timeline of a dump.

use super::live::revision_kind;
use super::request::TimelineRequest;
use super::sources::TimelineList;
use crate::check::RevisionHistory;
use crate::dump::Objects;
use crate::report::{NotSeen, Source, SourceReach, Timeline};
use crate::resource::{
    ControllerRevision, Event, Lease, Node, ObjectMetadata, Pod, Resource, Revision, TemplatedReplicaSet,
    Time,
};
use crate::run::clock::Clock;
use crate::timeline::{RevisionObject, RevisionPair, TimelineBuilder};
use std::collections::HashMap;

/// Says what changed before a dump was taken. Only what the dump holds is known; `reach` names the rest.
///
/// The time is `at`, or else the newest time in the dump. `clock` is used only if there is neither.
#[must_use]
pub fn dump_timeline(
    objects: &Objects,
    name: &str,
    request: &TimelineRequest,
    at: Option<Time>,
    clock: Clock,
) -> Timeline {
    let newest = objects.newest().map(|(time, ..)| time);
    let now = at.or(newest).unwrap_or_else(clock);
    let source = Source {
        mode: "file".into(),
        file: Some(name.to_owned()),
        ..Source::default()
    };
    let mut timeline = request.empty_timeline(source, now.to_string());
    let mut builder = TimelineBuilder::new(request.window(now), request.scope.clone());
    let mut revisions: HashMap<(&'static str, String, String), Revision> = HashMap::new();
    let mut missing: Vec<String> = Vec::new();
    for list in TimelineList::of(&request.scope) {
        let resource_type = list.resource_type();
        if !objects
            .kinds()
            .contains(&(&*resource_type.group, &*resource_type.kind))
        {
            missing.push(resource_type.name());
            continue;
        }
        builder.saw(list.source());
        match list {
            TimelineList::Events => each::<Event>(objects).for_each(|event| builder.add_event(&event)),
            TimelineList::Pods => each::<Pod>(objects).for_each(|pod| builder.add_pod(&pod)),
            TimelineList::Nodes => each::<Node>(objects).for_each(|node| builder.add_node(&node)),
            TimelineList::Leases => each::<Lease>(objects).for_each(|lease| builder.add_lease(&lease)),
            TimelineList::Workloads(kind) => metadata(objects, &resource_type.group, kind.kind())
                .for_each(|object| builder.add_workload(kind.kind(), object.metadata.unwrap_or_default())),
            TimelineList::Objects(kind, _, what, _) => metadata(objects, &resource_type.group, kind)
                .for_each(|object| builder.add_object(kind, what, object.meta())),
            TimelineList::Revisions { of_deployments } => {
                let kind = revision_kind(of_deployments);
                metadata(objects, &resource_type.group, kind)
                    .filter_map(|object| RevisionObject::new(kind, object.meta()))
                    .for_each(|revision| builder.add_revision(revision));
                let read: Vec<(String, Option<Revision>)> = if of_deployments {
                    let sets = each::<TemplatedReplicaSet>(objects);
                    sets.map(|set| (set.meta().namespace.clone(), set.split().1))
                        .collect()
                } else {
                    let kept = each::<ControllerRevision>(objects);
                    kept.map(|kept| (kept.meta().namespace.clone(), kept.into_revision()))
                        .collect()
                };
                revisions.extend(read.into_iter().filter_map(|(namespace, revision)| {
                    let revision = revision?;
                    Some(((kind, namespace, revision.name.clone()), revision))
                }));
            }
        }
    }
    let history = |pair: &RevisionPair| {
        let read = |object: &RevisionObject| {
            let key = (object.kind, object.owner.namespace.clone(), object.name.clone());
            revisions.get(&key).cloned()
        };
        RevisionHistory::new(vec![read(pair.previous.as_ref()?)?, read(&pair.newest)?])
    };
    let pairs = builder.pairs().into_iter().map(|pair| {
        let history = history(&pair);
        (pair, history)
    });
    let pairs: Vec<_> = pairs.collect();
    builder.finish(&pairs, &mut timeline);
    add_gaps(objects, &missing, &mut timeline);
    timeline
}

fn each<T: Resource>(objects: &Objects) -> impl Iterator<Item = T> {
    let decoded = objects.decode_kind::<T>().into_iter();
    decoded.filter_map(|entry| entry.object.ok())
}

fn metadata(objects: &Objects, group: &str, kind: &str) -> impl Iterator<Item = ObjectMetadata> + use<> {
    let decoded = objects
        .decode_named_kind::<ObjectMetadata>(group, kind)
        .into_iter();
    decoded.filter_map(|entry| entry.object.ok())
}

/// Says what the dump lacks. A list that is not there is not a gap, since a dump holds what somebody chose; a part that was not
/// understood is one.
fn add_gaps(objects: &Objects, missing: &[String], timeline: &mut Timeline) {
    if !missing.is_empty() {
        timeline.reach.push(SourceReach {
            source: "file".to_owned(),
            since: None,
            message: format!("the dump holds no {}", missing.join(", ")),
        });
    }
    let gaps = objects.gaps().iter().map(|gap| NotSeen {
        thing: gap.place(),
        class: "undecodable".to_owned(),
        error: Some(gap.why.clone()),
        hint: Some("take the dump again, or mend that place".to_owned()),
        ..NotSeen::default()
    });
    timeline.not_seen.extend(gaps);
    if timeline.entries.is_empty()
        && timeline.not_seen.is_empty()
        && timeline.reach.len() == 1
        && !missing.is_empty()
    {
        timeline.not_seen.push(NotSeen {
            thing: "changes".to_owned(),
            class: "notFound".to_owned(),
            error: Some("the dump holds nothing that shows changes".to_owned()),
            hint: Some(
                "kubectl get deployments,replicasets,pods,events,nodes -A --show-managed-fields -o yaml writes such a dump"
                    .to_owned(),
            ),
            ..NotSeen::default()
        });
    }
}
