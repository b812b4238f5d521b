//! Owns the stored objects, their resource version, the pages of lists, and the changes that watches replay.
//! Must not know HTTP, users or faults.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::continue_token::{ContinueToken, INCONSISTENT};
use super::resource::{NAMESPACES, Resource};
use super::selector::{EVENT_FIELDS, Labels, Selector};
use crate::object::{Namespace, to_ordered_json};

/// The resource version of an empty store. It is above 0 and 1, which have meanings of their own.
const FIRST_VERSION: u64 = 1000;

/// The key of an object. Lists are in the order of keys, as etcd sorts them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    resource: &'static str,
    namespace: String,
    name: String,
}

impl Key {
    fn new(resource: &Resource, namespace: &str, name: &str) -> Self {
        // Kinds are unique among the served resources.
        Self {
            resource: resource.kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

#[derive(Clone, Debug)]
struct StoredObject {
    /// Its text in a list, without kind and apiVersion.
    item: Arc<str>,
    /// Its text alone and in a watch event.
    object: Arc<str>,
    labels: Labels,
    /// `None` for raw text, which has no resource version.
    value: Option<Value>,
}

/// A change to one object, kept for watches that start at an older version.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub version: u64,
    key: Key,
    before: Option<Labels>,
    after: Option<Labels>,
    object: Arc<str>,
}

impl Change {
    /// The event for a watch with this selector, if there is one. An object that the selector no longer takes is a deleted
    /// one.
    pub fn event(&self, resource: &Resource, selector: &Selector) -> Option<String> {
        if self.key.resource != resource.kind {
            return None;
        }
        let takes = |labels: &Option<Labels>| {
            labels
                .as_ref()
                .is_some_and(|labels| selector.takes(&self.key.namespace, &self.key.name, labels))
        };
        let kind = match (takes(&self.before), takes(&self.after)) {
            (false, false) => return None,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        Some(event(kind, &self.object))
    }
}

/// One line of a watch stream.
pub(crate) fn event(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub items: Vec<Arc<str>>,
    pub version: u64,
    pub next: Option<ContinueToken>,
    pub remaining: usize,
}

/// Why there is no such page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PageError {
    Invalid,
    Expired,
}

#[derive(Debug)]
struct Snapshot {
    version: u64,
    items: Vec<Arc<str>>,
}

/// The stored objects.
#[derive(Debug)]
pub(crate) struct Store {
    version: u64,
    compacted: u64,
    objects: BTreeMap<Key, StoredObject>,
    changes: Vec<Change>,
    snapshots: HashMap<u64, Snapshot>,
    next_snapshot: u64,
}

impl Store {
    /// A store with the namespaces that every cluster has.
    pub fn new() -> Self {
        let mut store = Self {
            version: FIRST_VERSION,
            compacted: FIRST_VERSION,
            objects: BTreeMap::new(),
            changes: Vec::new(),
            snapshots: HashMap::new(),
            next_snapshot: 1,
        };
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            store.apply(Namespace::new(name).build());
        }
        store
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// The oldest version from which a watch can start.
    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    /// Forgets the changes up to now and the snapshots of lists.
    pub fn compact(&mut self) {
        self.compacted = self.version;
        self.changes.clear();
        self.snapshots.clear();
    }

    /// Stores an object, and its namespace if that is missing. It replaces an object with the same names. Returns the
    /// changes; the object's is the last.
    pub fn apply(&mut self, mut object: Value) -> Vec<Change> {
        let of = |object: &Value, pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (api_version, kind) = (of(&object, "/apiVersion"), of(&object, "/kind"));
        let resource = Resource::from_kind(&api_version, &kind)
            .unwrap_or_else(|| panic!("the scripted server does not serve {kind} of {api_version:?}"));
        let (namespace, name) = (of(&object, "/metadata/namespace"), of(&object, "/metadata/name"));
        let key = Key::new(resource, &namespace, &name);
        let mut changes = self.ensure_namespace(resource, &key.namespace);
        self.version += 1;
        crate::object::set(
            &mut object,
            "/metadata/resourceVersion",
            Value::from(self.version.to_string()),
        );
        let mut labels: Labels = object
            .pointer("/metadata/labels")
            .and_then(Value::as_object)
            .map(|map| {
                map.iter()
                    .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                    .collect()
            })
            .unwrap_or_default();
        if kind == "Event" {
            for field in EVENT_FIELDS {
                let pointer = format!("/{}", field.replace('.', "/"));
                labels.insert(format!("@{field}"), of(&object, &pointer));
            }
        }
        // The text is written once: for 10,000 objects in a debug build the start takes 1.5 s instead of 3.0 s.
        let item = to_ordered_json(&object, false);
        let rest = item.strip_prefix('{').unwrap_or_default();
        let typed = format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",{rest}");
        let stored = StoredObject {
            item: item.into(),
            object: typed.into(),
            labels,
            value: Some(object),
        };
        changes.push(self.put(key, stored));
        changes
    }

    /// Stores raw text as an object, which is written unchanged.
    pub fn apply_raw(&mut self, resource: &Resource, namespace: &str, name: &str, text: &str) -> Vec<Change> {
        let key = Key::new(resource, namespace, name);
        let mut changes = self.ensure_namespace(resource, namespace);
        self.version += 1;
        let text: Arc<str> = text.into();
        let stored = StoredObject {
            item: Arc::clone(&text),
            object: text,
            labels: Labels::new(),
            value: None,
        };
        changes.push(self.put(key, stored));
        changes
    }

    fn ensure_namespace(&mut self, resource: &Resource, namespace: &str) -> Vec<Change> {
        if !resource.namespaced || self.objects.contains_key(&Key::new(NAMESPACES, "", namespace)) {
            return Vec::new();
        }
        self.apply(Namespace::new(namespace).build())
    }

    fn put(&mut self, key: Key, stored: StoredObject) -> Change {
        let change = Change {
            version: self.version,
            key: key.clone(),
            before: self.objects.get(&key).map(|old| old.labels.clone()),
            after: Some(stored.labels.clone()),
            object: Arc::clone(&stored.object),
        };
        self.objects.insert(key, stored);
        self.changes.push(change.clone());
        change
    }

    /// Removes an object, if it is stored.
    pub fn delete(&mut self, resource: &Resource, namespace: &str, name: &str) -> Option<Change> {
        let key = Key::new(resource, namespace, name);
        let old = self.objects.remove(&key)?;
        self.version += 1;
        let object = match old.value {
            Some(mut value) => {
                let version = Value::from(self.version.to_string());
                crate::object::set(&mut value, "/metadata/resourceVersion", version);
                to_ordered_json(&value, true).into()
            }
            None => old.object,
        };
        let change = Change {
            version: self.version,
            key,
            before: Some(old.labels),
            after: None,
            object,
        };
        self.changes.push(change.clone());
        Some(change)
    }

    /// One object as text.
    pub fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Arc<str>> {
        self.objects
            .get(&Key::new(resource, namespace, name))
            .map(|stored| Arc::clone(&stored.object))
    }

    fn selected(&self, resource: &Resource, selector: &Selector) -> impl Iterator<Item = &StoredObject> {
        self.objects
            .iter()
            .filter(move |(key, stored)| {
                key.resource == resource.kind && selector.takes(&key.namespace, &key.name, &stored.labels)
            })
            .map(|(_, stored)| stored)
    }

    /// The whole objects that a selector takes, for the first events of a watch.
    pub fn objects(&self, resource: &Resource, selector: &Selector) -> Vec<Arc<str>> {
        self.selected(resource, selector)
            .map(|stored| Arc::clone(&stored.object))
            .collect()
    }

    /// The first page of a list. Without a limit it is the only one.
    pub fn first_page(&mut self, resource: &Resource, selector: &Selector, limit: Option<usize>) -> Page {
        let snapshot = self.snapshot(resource, selector);
        let Snapshot { version, items } = &self.snapshots[&snapshot];
        let page = cut(items, *version, snapshot, 1, 0, limit.unwrap_or(items.len()));
        if page.next.is_none() {
            self.snapshots.remove(&snapshot);
        }
        page
    }

    /// Keeps the objects that a selector takes now, for the next pages.
    fn snapshot(&mut self, resource: &Resource, selector: &Selector) -> u64 {
        let items = self
            .selected(resource, selector)
            .map(|stored| Arc::clone(&stored.item))
            .collect();
        let number = self.next_snapshot;
        self.next_snapshot += 1;
        self.snapshots.insert(
            number,
            Snapshot {
                version: self.version,
                items,
            },
        );
        number
    }

    /// A later page, from the snapshot of the first page unless the token is an inconsistent one.
    pub fn next_page(
        &mut self,
        resource: &Resource,
        selector: &Selector,
        token: &str,
        limit: Option<usize>,
    ) -> Result<Page, PageError> {
        let mut token = ContinueToken::parse(token).ok_or(PageError::Invalid)?;
        if token.snapshot == INCONSISTENT {
            token.snapshot = self.snapshot(resource, selector);
            token.offset = token.offset.min(self.snapshots[&token.snapshot].items.len());
        }
        let snapshot = self.snapshots.get(&token.snapshot).ok_or(PageError::Expired)?;
        if token.offset > snapshot.items.len() {
            return Err(PageError::Invalid);
        }
        let limit = limit.unwrap_or(snapshot.items.len());
        Ok(cut(
            &snapshot.items,
            snapshot.version,
            token.snapshot,
            token.page,
            token.offset,
            limit,
        ))
    }

    /// The changes after a version, oldest first.
    pub fn changes_after(&self, version: u64) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.version > version)
    }
}

fn cut(items: &[Arc<str>], version: u64, snapshot: u64, page: u32, offset: usize, limit: usize) -> Page {
    let end = offset.saturating_add(limit).min(items.len());
    Page {
        items: items[offset..end].to_vec(),
        version,
        next: (end < items.len()).then_some(ContinueToken {
            snapshot,
            page: page + 1,
            offset: end,
        }),
        remaining: items.len() - end,
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::tests::get;
    use super::super::resource::{DEPLOYMENTS, Target};
    use super::*;
    use crate::object::Deployment;

    fn all() -> Selector {
        selector("")
    }

    fn selector(query: &str) -> Selector {
        let path = "/apis/apps/v1/deployments";
        let target = Target::parse(path).expect("deployments are served");
        Selector::from_request(&get(&format!("{path}?{query}")), &target)
            .expect("a test gives a valid selector")
    }

    fn names(page: &Page) -> Vec<String> {
        let name = |item: &Arc<str>| {
            let value: Value = serde_json::from_str(item).expect("an item is JSON");
            value["metadata"]["name"].as_str().unwrap_or_default().to_owned()
        };
        page.items.iter().map(name).collect()
    }

    fn store(names: &[&str]) -> Store {
        let mut store = Store::new();
        for name in names {
            store.apply(Deployment::new("shop", name).build());
        }
        store
    }

    #[test]
    fn later_pages_come_from_the_snapshot_of_the_first() {
        let mut store = store(&["c", "a", "b"]);
        let first = store.first_page(DEPLOYMENTS, &all(), Some(2));
        assert_eq!(
            (names(&first), first.remaining),
            (vec!["a".to_owned(), "b".to_owned()], 1)
        );
        store.delete(DEPLOYMENTS, "shop", "c").expect("c is stored");
        let token = first.next.expect("a third item is left").to_text();
        let second = store
            .next_page(DEPLOYMENTS, &all(), &token, Some(2))
            .expect("the snapshot is kept");
        assert_eq!(
            (names(&second), second.version, second.next),
            (vec!["c".to_owned()], first.version, None)
        );
        store.compact();
        assert_eq!(
            store.next_page(DEPLOYMENTS, &all(), &token, Some(2)).err(),
            Some(PageError::Expired)
        );
        assert_eq!(
            store.next_page(DEPLOYMENTS, &all(), "nonsense", Some(2)).err(),
            Some(PageError::Invalid)
        );
        assert_eq!(
            store.next_page(DEPLOYMENTS, &all(), "ää", Some(2)).err(),
            Some(PageError::Invalid)
        );
    }

    #[test]
    fn each_change_raises_the_version_and_is_kept_until_compaction() {
        let mut store = store(&["a"]);
        let before = store.version();
        store.apply(Deployment::new("shop", "a").replicas(2).build());
        store.delete(DEPLOYMENTS, "shop", "a").expect("a is stored");
        assert!(store.delete(DEPLOYMENTS, "shop", "a").is_none());
        assert_eq!(store.version(), before + 2);
        let events = store
            .changes_after(before)
            .filter_map(|change| change.event(DEPLOYMENTS, &all()))
            .map(|line| serde_json::from_str::<Value>(&line).expect("an event is JSON"))
            .map(|event| {
                let version = event["object"]["metadata"]["resourceVersion"].clone();
                (event["type"].as_str().unwrap_or_default().to_owned(), version)
            })
            .collect::<Vec<_>>();
        assert_eq!(
            events,
            [
                ("MODIFIED".to_owned(), Value::from((before + 1).to_string())),
                ("DELETED".to_owned(), Value::from((before + 2).to_string())),
            ]
        );
        store.compact();
        assert_eq!(store.changes_after(0).count(), 0);
        assert_eq!(store.compacted(), before + 2);
    }

    #[test]
    fn a_change_of_labels_adds_and_deletes_for_a_selector() {
        let mut store = store(&[]);
        let watched = selector("labelSelector=tier%3Dfront");
        let mut seen = Vec::new();
        for tier in ["back", "front", "back"] {
            let changes = store.apply(Deployment::new("shop", "a").label("tier", tier).build());
            let last = changes.last().expect("apply gives a change");
            seen.push(
                last.event(DEPLOYMENTS, &watched)
                    .map(|line| line[..16].to_owned()),
            );
        }
        assert_eq!(
            seen,
            [
                None,
                Some("{\"type\":\"ADDED\",".to_owned()),
                Some("{\"type\":\"DELETED".to_owned())
            ]
        );
    }

    #[test]
    fn storing_an_object_stores_its_namespace() {
        let mut store = store(&[]);
        assert!(store.get(NAMESPACES, "", "shop").is_none());
        assert_eq!(store.apply(Deployment::new("shop", "a").build()).len(), 2);
        assert_eq!(store.apply(Deployment::new("shop", "b").build()).len(), 1);
        assert!(store.get(NAMESPACES, "", "shop").is_some());
    }
}
