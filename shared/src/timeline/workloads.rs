//! Creations, scalings and edits of workloads, by their metadata.

use super::happening::{Happening, TimelineSource};
use super::window::TimeWindow;
use crate::check::{creation_change, spec_writes};
use crate::report::{ChangeKind, ObjectRef, TimelineKind};
use crate::resource::{ObjectMeta, Time, WrittenParts};

/// Whether something in the metadata is dated within the window. A scaling, and a rollback that only removes fields, are dated by what
/// their controller reports of them alone.
pub(super) fn is_touched(meta: &ObjectMeta, window: &TimeWindow) -> bool {
    let writes = meta.writers(WrittenParts::SPEC);
    let writes = writes.iter().filter_map(|entry| entry.time);
    let others = [meta.creation_timestamp, meta.last_status_write()];
    writes
        .chain(others.into_iter().flatten())
        .any(|time| window.has(time))
}

/// What happened to a workload besides its revisions, which have these times.
pub(super) fn happenings(
    object: &ObjectRef,
    meta: &ObjectMeta,
    revisions: &[Time],
    window: &TimeWindow,
) -> Vec<Happening> {
    let new =
        |at, what, words: &str| Happening::new(TimelineSource::Workloads, at, what, object.clone(), words);
    let mut found = Vec::new();
    if let Some((at, change)) = creation_change(meta).filter(|(at, _)| window.has(*at)) {
        let by = change.by.clone();
        let words = with_writer("created", by.as_deref());
        found.push(
            new(at, TimelineKind::Created, &words)
                .folded_in_namespace()
                .by(by),
        );
    }
    for (at, change) in spec_writes(meta, revisions) {
        if !window.has(at) {
            continue;
        }
        let by = change.by.clone();
        // A managedFields entry has the time of its program's last write of any of its fields.
        let happening = if change.what == ChangeKind::Scale {
            let words = with_writer("another number of pods was asked for", by.as_deref());
            new(at, TimelineKind::Scale, &words).known_as(scaling_name(object))
        } else {
            new(
                at,
                TimelineKind::Edit,
                &with_writer("the spec was written", by.as_deref()),
            )
            .folded_in_namespace()
        };
        found.push(happening.by(by));
    }
    found
}

/// The name under which all sources know a scaling of that object.
pub(super) fn scaling_name(object: &ObjectRef) -> String {
    format!("scale {object}")
}

/// The words with the program that wrote it.
pub(super) fn with_writer(words: &str, by: Option<&str>) -> String {
    match by {
        Some(by) => format!("{words} by {by}"),
        None => words.to_owned(),
    }
}
