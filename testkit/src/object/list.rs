//! Owns list objects, as a value and as text in the order in which an API server writes the fields.
//! Must not know where the items come from.

use serde_json::{Map, Value};

/// The place of `metadata` in a list's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// `kind`, `apiVersion`, `metadata`, `items`, as an API server writes them.
    #[default]
    MetadataFirst,
    /// `kind`, `apiVersion`, `items`, `metadata`, as some proxies and tools write them.
    ItemsFirst,
}

/// Builds a list: a typed one such as `DeploymentList`, or the `List` of kubectl.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing by itself"]
pub struct List {
    kind: String,
    api_version: String,
    items: Vec<String>,
    continue_token: String,
    resource_version: String,
    remaining: Option<u64>,
    order: Order,
}

impl List {
    /// An empty list without a continue token and with an empty resource version, as kubectl writes it.
    pub fn new(kind: &str, api_version: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            api_version: api_version.to_owned(),
            items: Vec::new(),
            continue_token: String::new(),
            resource_version: String::new(),
            remaining: None,
            order: Order::default(),
        }
    }

    /// The `List` of kubectl, whose items have their own kind.
    pub fn kubectl() -> Self {
        Self::new("List", "v1")
    }

    /// Adds items. In a typed list they lose `kind` and `apiVersion`, which an API server leaves out.
    pub fn items<I>(mut self, items: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Value>,
    {
        let with_type = self.kind == "List";
        self.items.extend(
            items
                .into_iter()
                .map(|item| super::to_ordered_json(&item.into(), with_type)),
        );
        self
    }

    /// Adds an item as raw text, which may be of a wrong shape or no JSON at all.
    pub fn raw_item(mut self, text: impl Into<String>) -> Self {
        self.items.push(text.into());
        self
    }

    /// Sets `metadata.continue`; an empty token is left out.
    pub fn continue_token(mut self, token: &str) -> Self {
        self.continue_token = token.into();
        self
    }

    /// Sets `metadata.resourceVersion`.
    pub fn resource_version(mut self, version: &str) -> Self {
        self.resource_version = version.into();
        self
    }

    /// Sets `metadata.remainingItemCount`.
    pub fn remaining(mut self, count: u64) -> Self {
        self.remaining = Some(count);
        self
    }

    /// Sets the place of `metadata` in the text.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The list as text.
    pub fn to_json(&self) -> String {
        let mut metadata = Map::new();
        metadata.insert(
            "resourceVersion".to_owned(),
            Value::from(self.resource_version.as_str()),
        );
        if !self.continue_token.is_empty() {
            metadata.insert("continue".to_owned(), Value::from(self.continue_token.as_str()));
        }
        if let Some(count) = self.remaining {
            metadata.insert("remainingItemCount".to_owned(), Value::from(count));
        }
        let kind = Value::from(self.kind.as_str());
        let api_version = Value::from(self.api_version.as_str());
        let metadata = Value::Object(metadata);
        let items = self.items.join(",");
        match self.order {
            Order::MetadataFirst => format!(
                r#"{{"kind":{kind},"apiVersion":{api_version},"metadata":{metadata},"items":[{items}]}}"#
            ),
            Order::ItemsFirst => format!(
                r#"{{"kind":{kind},"apiVersion":{api_version},"items":[{items}],"metadata":{metadata}}}"#
            ),
        }
    }

    /// The list as a value.
    ///
    /// # Panics
    /// If a raw item is not JSON.
    pub fn build(&self) -> Value {
        serde_json::from_str(&self.to_json()).expect("a list with broken text is read by to_json()")
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        list.build()
    }
}

/// A list as a value, in one call. See [`List`] for its text and the order of its fields.
pub fn list<I>(
    kind: &str,
    api_version: &str,
    items: I,
    continue_token: Option<&str>,
    resource_version: &str,
) -> Value
where
    I: IntoIterator,
    I::Item: Into<Value>,
{
    List::new(kind, api_version)
        .items(items)
        .continue_token(continue_token.unwrap_or_default())
        .resource_version(resource_version)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Namespace;
    use serde_json::json;

    #[test]
    fn metadata_comes_before_items_by_default() {
        let typed = List::new("PodList", "v1")
            .resource_version("7")
            .continue_token("abc")
            .raw_item("1");
        assert_eq!(
            typed.to_json(),
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"abc","resourceVersion":"7"},"items":[1]}"#
        );
        assert_eq!(
            typed.remaining(3).order(Order::ItemsFirst).to_json(),
            concat!(
                r#"{"kind":"PodList","apiVersion":"v1","items":[1],"#,
                r#""metadata":{"continue":"abc","remainingItemCount":3,"resourceVersion":"7"}}"#
            )
        );
    }

    #[test]
    fn only_the_list_of_kubectl_has_items_that_name_their_kind() {
        let typed = list("NamespaceList", "v1", [Namespace::new("a")], None, "7");
        assert_eq!(typed["metadata"], json!({"resourceVersion": "7"}));
        assert!(typed["items"][0].get("kind").is_none());
        let mixed = List::kubectl().items([Namespace::new("a")]).build();
        assert_eq!(mixed["items"][0]["kind"], "Namespace");
    }
}
