//! The change before a problem, in words.

use super::words::count;
use crate::image_name::{image_change, short_image};
use crate::report::{ChangeKind, FieldChange, FieldChangeKind, ObjectChange, ObjectRef, Undo};
use crate::span::span;

/// Fields that a line names.
const FIELDS: usize = 4;
/// The change in one line: `40 s after revision 13 (image checkout:v8 -> v9, env DATABASE_URL removed; by argocd-controller)`.
#[must_use]
pub fn change_words(change: &ObjectChange) -> String {
    let words = plain_change_words(change);
    match change.seconds_before {
        Some(0) => format!("right after {words}"),
        Some(seconds) => format!("{} after {words}", span(seconds)),
        None => format!("after {words}"),
    }
}

/// The change without a problem after it: `revision 13 (image checkout:v8 -> v9; by argocd-controller)`.
#[must_use]
pub fn plain_change_words(change: &ObjectChange) -> String {
    let event = event(change);
    match details(change) {
        details if details.is_empty() => event,
        details => format!("{event} ({details})"),
    }
}

/// The change itself: `revision 13`, `a scaling`, `Node n7 was cordoned`.
#[must_use]
pub fn event(change: &ObjectChange) -> String {
    let revision = change.revision.as_deref().unwrap_or("a new revision");
    let subject = change
        .subject
        .as_ref()
        .map_or_else(String::new, ObjectRef::to_string);
    match change.what {
        ChangeKind::Rollout if change.revision.is_some() => format!("revision {revision}"),
        ChangeKind::Rollout => revision.to_owned(),
        ChangeKind::Rollback => format!("a rollback, which became revision {revision}"),
        ChangeKind::Restart => format!("a restart, revision {revision}"),
        ChangeKind::Scale => "another number of pods was asked for".to_owned(),
        ChangeKind::Edit => "the spec was written".to_owned(),
        ChangeKind::Created => "it was created".to_owned(),
        ChangeKind::Node => format!("{subject} was cordoned"),
        ChangeKind::Config | ChangeKind::Quota | ChangeKind::Webhook => format!("{subject} was written"),
        ChangeKind::Other => "a change".to_owned(),
    }
}

/// The fields that differ, the reason that somebody wrote, and the program that wrote it.
#[must_use]
pub fn details(change: &ObjectChange) -> String {
    let mut parts = Vec::new();
    let shown = change.diff.iter().filter(|_| change.what != ChangeKind::Restart);
    let mut fields: Vec<String> = shown
        .clone()
        .take(FIELDS)
        .map(|field| field_words(field, change))
        .collect();
    let more = shown.count().saturating_sub(FIELDS);
    if more > 0 {
        fields.push(format!("{} more", count(more as u64, "field")));
    }
    if !fields.is_empty() {
        parts.push(fields.join(", "));
    }
    parts.extend(change.change_cause.as_ref().map(|cause| format!("\"{cause}\"")));
    parts.extend(change.by.as_ref().map(|by| format!("by {by}")));
    parts.join("; ")
}

/// One field: `image checkout:v8 -> v9`, `env DATABASE_URL removed`. The container is named if several changed.
fn field_words(field: &FieldChange, change: &ObjectChange) -> String {
    let containers: std::collections::BTreeSet<&str> = change
        .diff
        .iter()
        .filter_map(|field| field.container.as_deref())
        .collect();
    let container = field.container.as_deref();
    let of = match container {
        Some(name) if field.field == "container" => return container_words(name, field),
        Some(name) if containers.len() > 1 => format!(" of {name}"),
        _ => String::new(),
    };
    let name = &field.field;
    match (field.how, field.from.as_deref(), field.to.as_deref()) {
        (FieldChangeKind::Changed, Some(from), Some(to)) => {
            let (from, to) = match name.as_str() {
                "image" => image_change(from, to),
                _ => (from.to_owned(), to.to_owned()),
            };
            format!("{name} {from} -> {to}{of}")
        }
        (FieldChangeKind::Added, _, Some(to)) => format!("{name} {to} added{of}"),
        (FieldChangeKind::Removed, Some(from), _) => format!("{name} {from} removed{of}"),
        (how, ..) => format!("{name} {}{of}", how_word(how)),
    }
}

fn container_words(name: &str, field: &FieldChange) -> String {
    let image = field.to.as_ref().or(field.from.as_ref());
    let image = image.map_or_else(String::new, |image| format!(" ({})", short_image(image)));
    format!("container {name}{image} {}", how_word(field.how))
}

fn how_word(how: FieldChangeKind) -> &'static str {
    match how {
        FieldChangeKind::Added => "added",
        FieldChangeKind::Removed => "removed",
        FieldChangeKind::Changed | FieldChangeKind::Other => "changed",
    }
}

/// Beginnings of the names of programs that write again what a repository says.
const WRITES_AGAIN: [&str; 5] = [
    "argocd",
    "kustomize-controller",
    "helm-controller",
    "fleetagent",
    "rancher-fleet",
];

/// The revision before: how many of its pods are ready, or that nobody saw whether it worked.
#[must_use]
pub fn undo_words(change: &ObjectChange) -> Option<String> {
    let undo: &Undo = change.undo.as_ref()?;
    let revision = &undo.revision;
    let words = match (undo.worked, undo.ready, undo.desired) {
        (true, Some(ready), Some(desired)) => {
            format!("revision {revision} still has {ready} of {desired} pods ready")
        }
        (true, Some(ready), None) => {
            format!(
                "revision {revision} still has {} ready",
                count(ready.unsigned_abs(), "pod")
            )
        }
        (true, None, _) => format!("revision {revision} worked"),
        (false, ..) => format!("whether revision {revision} worked was not seen"),
    };
    let by = change.by.as_deref().filter(|_| undo.command.is_some());
    let again = by.filter(|by| WRITES_AGAIN.iter().any(|begin| by.starts_with(begin)));
    Some(match again {
        Some(by) => format!("{words}; {by} may write the new one again"),
        None => words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(what: ChangeKind) -> ObjectChange {
        ObjectChange {
            at: "2026-01-01T00:00:00Z".into(),
            what,
            seconds_before: Some(40),
            revision: Some("13".into()),
            from: Some("12".into()),
            by: Some("argocd-controller".into()),
            change_cause: None,
            diff: Vec::new(),
            subject: None,
            undo: None,
        }
    }

    fn field(name: &str, how: FieldChangeKind, from: Option<&str>, to: Option<&str>) -> FieldChange {
        FieldChange {
            field: name.into(),
            container: Some("api".into()),
            how,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        }
    }

    #[test]
    fn a_rollout_names_its_fields_and_the_program_that_wrote_it() {
        let image = |from, to| field("image", FieldChangeKind::Changed, Some(from), Some(to));
        let diff = vec![
            image("reg.io/shop/checkout:v8", "reg.io/shop/checkout:v9"),
            field("env DATABASE_URL", FieldChangeKind::Removed, None, None),
        ];
        let rollout = ObjectChange {
            diff,
            ..change(ChangeKind::Rollout)
        };
        assert_eq!(
            change_words(&rollout),
            "40 s after revision 13 (image checkout:v8 -> v9, env DATABASE_URL removed; by argocd-controller)"
        );
    }

    #[test]
    fn other_changes_name_the_object_and_the_writer() {
        let quota = ObjectChange {
            subject: Some(ObjectRef::namespaced("ResourceQuota", "shop", "compute")),
            by: Some("kubectl-edit".into()),
            ..change(ChangeKind::Quota)
        };
        assert_eq!(
            change_words(&quota),
            "40 s after ResourceQuota/shop/compute was written (by kubectl-edit)"
        );
        let restart = ObjectChange {
            diff: vec![field("annotation x", FieldChangeKind::Changed, None, None)],
            by: None,
            seconds_before: None,
            ..change(ChangeKind::Restart)
        };
        assert_eq!(change_words(&restart), "after a restart, revision 13");
    }

    #[test]
    fn the_way_back_says_whether_it_was_seen_to_work() {
        let words = |by: &str, worked: bool, ready, desired| {
            let undo = Undo {
                revision: "12".into(),
                worked,
                command: worked.then(|| "kubectl rollout undo".into()),
                ready,
                desired,
            };
            undo_words(&ObjectChange {
                by: Some(by.into()),
                undo: Some(undo),
                ..change(ChangeKind::Rollout)
            })
        };
        for (by, worked, ready, desired, expected) in [
            (
                "helm",
                true,
                Some(3),
                Some(3),
                "revision 12 still has 3 of 3 pods ready",
            ),
            ("helm", true, Some(1), None, "revision 12 still has 1 pod ready"),
            (
                "helm",
                false,
                None,
                None,
                "whether revision 12 worked was not seen",
            ),
            (
                "argocd-controller",
                true,
                Some(2),
                Some(3),
                "revision 12 still has 2 of 3 pods ready; argocd-controller may write the new one again",
            ),
            (
                "argocd-controller",
                false,
                None,
                None,
                "whether revision 12 worked was not seen",
            ),
        ] {
            assert_eq!(words(by, worked, ready, desired).as_deref(), Some(expected));
        }
    }
}
