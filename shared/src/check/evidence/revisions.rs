//! The newest revision of a workload beside the one before it.

use crate::check::template_diff::template_diff;
use crate::report::FieldChange;
use crate::resource::{ObjectMeta, Revision};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;

/// The newest two revisions of a workload, and the fields in which they differ. Their templates are not kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RevisionHistory {
    /// The newest revision.
    pub newest: Revision,
    /// The revision before it, if it still exists.
    pub previous: Option<Revision>,
    /// The fields in which they differ.
    pub diff: Vec<FieldChange>,
    /// The ConfigMaps that the newest template names.
    pub config_maps: BTreeSet<String>,
}

/// A source of revisions, which may read them only when they are asked for.
pub trait FindRevisions: Debug + Sync {
    /// The revisions of the workload with that metadata; `None` if none was seen.
    fn revision_history(&self, meta: &ObjectMeta) -> Option<RevisionHistory>;
}

impl RevisionHistory {
    /// `None` without a revision.
    #[must_use]
    pub fn new(mut revisions: Vec<Revision>) -> Option<Self> {
        revisions.sort_by_key(|revision| Reverse((revision.number, revision.created)));
        let mut revisions = revisions.into_iter();
        let mut newest = revisions.next()?;
        let previous = revisions.find(|revision| revision.number < newest.number);
        let diff = previous.as_ref();
        let diff = diff.map_or_else(Vec::new, |old| template_diff(&old.template, &newest.template));
        // A ControllerRevision does not say that it came back, but it is older than the one that it replaced.
        newest.came_back |= !newest.is_run
            && previous
                .as_ref()
                .is_some_and(|old| newest.created < old.created && newest.created.is_some());
        let config_maps = config_maps(&newest.template);
        let without_template = |revision: Revision| Revision {
            template: Value::Null,
            ..revision
        };
        Some(Self {
            newest: without_template(newest),
            previous: previous.map(without_template),
            diff,
            config_maps,
        })
    }

    /// The revisions of each workload, by its uid.
    #[must_use]
    pub fn by_owner(revisions: impl IntoIterator<Item = Revision>) -> HashMap<String, Self> {
        let mut owners: HashMap<String, Vec<Revision>> = HashMap::new();
        for revision in revisions {
            owners.entry(revision.owner.clone()).or_default().push(revision);
        }
        let histories = owners.into_iter();
        histories
            .filter_map(|(owner, revisions)| Some((owner, Self::new(revisions)?)))
            .collect()
    }
}

/// The ConfigMaps that a template names, wherever it names them.
fn config_maps(template: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut left = vec![template];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let is_reference =
                        ["configMap", "configMapRef", "configMapKeyRef"].contains(&key.as_str());
                    let name = value.get("name").and_then(Value::as_str).filter(|_| is_reference);
                    names.extend(name.map(str::to_owned));
                    left.push(value);
                }
            }
            Value::Array(values) => left.extend(values),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Time;
    use serde_json::json;

    fn revision(number: u64, created: i64, image: &str) -> Revision {
        Revision {
            owner: "u".into(),
            number,
            name: format!("web-{number}"),
            created: Some(Time::from_seconds(created)),
            template: json!({"spec": {
                "containers": [{"name": "api", "image": image, "envFrom": [{"configMapRef": {"name": "env"}}]}],
                "volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "files"}}]}},
                            {"name": "s", "secret": {"secretName": "keys"}}],
            }}),
            ..Revision::default()
        }
    }

    #[test]
    fn the_two_newest_revisions_are_compared_by_number_and_not_by_age() {
        let mut all =
            RevisionHistory::by_owner([revision(2, 20, "b"), revision(4, 10, "a"), revision(3, 30, "c")]);
        let history = all.remove("u").unwrap_or_default();
        let numbers = (
            history.newest.number,
            history.previous.as_ref().map(|old| old.number),
        );
        assert_eq!(numbers, (4, Some(3)));
        assert!(history.newest.came_back, "it is older than the one before it");
        assert_eq!(history.diff[0].from.as_deref(), Some("c"));
        assert_eq!(history.newest.template, Value::Null);
        let names: Vec<&str> = history.config_maps.iter().map(String::as_str).collect();
        assert_eq!(names, ["env", "files"]);
    }

    #[test]
    fn one_revision_has_none_before_it() {
        let history = RevisionHistory::new(vec![revision(1, 1, "a")]).unwrap_or_default();
        assert_eq!(
            (history.previous, history.diff.len(), history.newest.came_back),
            (None, 0, false)
        );
        assert_eq!(RevisionHistory::new(Vec::new()), None);
    }
}
