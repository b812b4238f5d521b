//! What changed between two reports of one question, and a report that is kept up to date with it.
//!
//! A change has everything of the newer report but the items that are as they were, so that its size follows the change and
//! not the cluster.

use super::{CheckResult, Item, Report};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::io;

/// What changed since an earlier report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportChange {
    /// The newer report, with only the items that changed.
    #[serde(flatten)]
    pub report: Report,
    /// The items of the earlier report that the newer one does not list.
    pub gone: Vec<GoneItem>,
}

/// An item that a report no longer lists: its object is gone, or as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneItem {
    /// The part that listed it, such as `deployments`.
    pub check: String,
    /// Kind of the object.
    pub kind: String,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The place of an item in the order of a part: namespace, name and kind.
type ItemPlace = (String, String, String);

fn place(item: &Item) -> ItemPlace {
    (item.namespace.clone(), item.name.clone(), item.kind.clone())
}

/// The items that a reader has, without their content.
#[derive(Debug, Default)]
pub struct ListedItems(BTreeMap<String, HashMap<ItemPlace, u64>>);

impl ListedItems {
    /// What changed since the last report, which this one replaces. The order of items does not count.
    pub fn change(&mut self, mut report: Report) -> ReportChange {
        let mut before = std::mem::take(&mut self.0);
        let mut gone = Vec::new();
        for check in &mut report.checks {
            let CheckResult::Kind(check) = check else { continue };
            let known = before.remove(&check.check).unwrap_or_default();
            let mut now = HashMap::with_capacity(check.items.len());
            check.items.retain(|item| {
                let (place, hash) = (place(item), content_hash(item));
                let is_new = known.get(&place) != Some(&hash);
                now.insert(place, hash);
                is_new
            });
            let missing = known.into_keys().filter(|place| !now.contains_key(place));
            gone.extend(missing.map(|place| gone_item(&check.check, place)));
            self.0.insert(check.check.clone(), now);
        }
        for (check, known) in before {
            gone.extend(known.into_keys().map(|place| gone_item(&check, place)));
        }
        gone.sort_by(|a, b| (&a.check, &a.namespace, &a.name).cmp(&(&b.check, &b.namespace, &b.name)));
        ReportChange { report, gone }
    }
}

fn gone_item(check: &str, (namespace, name, kind): ItemPlace) -> GoneItem {
    GoneItem {
        check: check.to_owned(),
        kind,
        namespace,
        name,
    }
}

/// A number that is the same for two items with the same content.
fn content_hash(item: &Item) -> u64 {
    struct HashWriter(DefaultHasher);
    impl io::Write for HashWriter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hash = HashWriter(DefaultHasher::new());
    // A hasher takes everything, and every item serialises.
    let _ = serde_json::to_writer(&mut hash, item);
    hash.0.finish()
}

impl ReportChange {
    /// Whether no item changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.report.kinds().all(|check| check.items.is_empty())
    }

    /// Brings a report up to date.
    pub fn apply(self, to: &mut Report) {
        let Self { mut report, gone } = self;
        let gone: HashSet<(String, ItemPlace)> = gone
            .into_iter()
            .map(|item| (item.check, (item.namespace, item.name, item.kind)))
            .collect();
        let before = std::mem::take(&mut to.checks);
        let mut before: BTreeMap<String, Vec<Item>> = before
            .into_iter()
            .filter_map(|check| match check {
                CheckResult::Kind(check) => Some((check.check, check.items)),
                CheckResult::ApiServer(_) => None,
            })
            .collect();
        for check in &mut report.checks {
            let CheckResult::Kind(check) = check else { continue };
            let changed: HashSet<ItemPlace> = check.items.iter().map(place).collect();
            let mut kept = before.remove(&check.check).unwrap_or_default();
            kept.retain(|item| {
                let place = place(item);
                !changed.contains(&place) && !gone.contains(&(check.check.clone(), place))
            });
            check.items.extend(kept);
            check.items.sort_by(|a, b| {
                let order = (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name));
                order.then_with(|| a.kind.cmp(&b.kind))
            });
        }
        *to = report;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Code, KindCheck, ObjectRef, Source, State};

    fn item(name: &str, state: State, message: &str) -> Item {
        let object = ObjectRef::namespaced("Deployment", "shop", name);
        Item::new(object, state, Code::Available, message.to_owned())
    }

    /// Name, state and message of an item.
    type Words<'a> = (&'a str, State, &'a str);

    fn report(parts: &[(&str, &[Words<'_>])]) -> Report {
        let mut report = Report::new(Source::default(), "2026-11-23T18:00:00Z".to_owned());
        for (check, items) in parts {
            let items = items
                .iter()
                .map(|(name, state, message)| item(name, *state, message));
            let check = KindCheck::of(check, items.collect(), true);
            report.checks.push(CheckResult::Kind(check));
        }
        report
    }

    fn names(change: &ReportChange) -> (Vec<&str>, Vec<String>) {
        let items = change.report.kinds().flat_map(|check| &check.items);
        let gone = change.gone.iter();
        (
            items.map(|item| item.name.as_str()).collect(),
            gone.map(|item| format!("{}/{}", item.check, item.name)).collect(),
        )
    }

    #[test]
    fn a_change_has_the_items_that_changed_and_names_those_that_are_gone() {
        let mut listed = ListedItems::default();
        let (fine, bad) = (State::Healthy, State::Degraded);
        let rows: [(Report, &[&str], &[&str]); 6] = [
            (
                report(&[("deployments", &[("a", fine, ""), ("b", bad, "1 min")])]),
                &["a", "b"],
                &[],
            ),
            (
                report(&[("deployments", &[("a", fine, ""), ("b", bad, "1 min")])]),
                &[],
                &[],
            ),
            (
                report(&[(
                    "deployments",
                    &[("a", bad, ""), ("b", bad, "1 min"), ("c", fine, "")],
                )]),
                &["a", "c"],
                &[],
            ),
            // A sentence is content too.
            (
                report(&[("deployments", &[("a", bad, ""), ("b", bad, "2 min")])]),
                &["b"],
                &["deployments/c"],
            ),
            // The same name in another part is another object.
            (
                report(&[
                    ("deployments", &[("b", bad, "2 min")]),
                    ("jobs", &[("a", bad, "")]),
                ]),
                &["a"],
                &["deployments/a"],
            ),
            (report(&[("jobs", &[("a", bad, "")])]), &[], &["deployments/b"]),
        ];
        let mut mirror = report(&[]);
        for (number, (next, changed, gone)) in rows.into_iter().enumerate() {
            let change = listed.change(next.clone());
            let (changed_names, gone_names) = names(&change);
            assert_eq!(changed_names, changed, "{number}");
            assert_eq!(gone_names, gone, "{number}");
            change.apply(&mut mirror);
            assert_eq!(mirror, next, "{number}");
        }
    }

    #[test]
    fn a_change_on_the_wire_is_a_report_with_one_field_more() {
        let mut listed = ListedItems::default();
        listed.change(report(&[("jobs", &[("a", State::Degraded, "")])]));
        let change = listed.change(report(&[("jobs", &[])]));
        let wire = serde_json::to_string(&change).expect("it serialises");
        let read: Report = serde_json::from_str(&wire).expect("it is a report");
        assert_eq!(read, change.report);
        assert!(
            wire.ends_with(r#""gone":[{"check":"jobs","kind":"Deployment","namespace":"shop","name":"a"}]}"#),
            "{wire}"
        );
    }
}
