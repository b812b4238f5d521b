//! Owns the addresses on the page. All are relative: the API server's service proxy rewrites absolute ones in HTML alone.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sre_shared::kind::Kind;
use sre_shared::report::{Item, ObjectRef};

/// Characters that names may have and that mean nothing in a path or in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// From which page the addresses lead, and which kinds have pages of their objects.
#[derive(Debug, Clone)]
pub struct Links {
    /// The way up to `/page/`: empty, or some `../`.
    pub root: &'static str,
    kinds: Vec<Kind>,
}

impl Links {
    /// Those of `/page/`.
    pub fn of_overview(kinds: Vec<Kind>) -> Self {
        Self { root: "", kinds }
    }

    /// Those of an object's page.
    pub fn of_object(kinds: Vec<Kind>, kind: Kind) -> Self {
        let root = if kind.is_namespaced() {
            "../../../"
        } else {
            "../../"
        };
        Self { root, kinds }
    }

    /// The page of an object; `None` if its kind is not watched.
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<String> {
        let kind = Kind::from_kind(kind).filter(|kind| self.kinds.contains(kind))?;
        // A browser would go up at a dot, encoded or not.
        let is_dots = |text: &str| matches!(text, "." | "..");
        if name.is_empty()
            || is_dots(name)
            || is_dots(namespace)
            || namespace.is_empty() == kind.is_namespaced()
        {
            return None;
        }
        let place = if kind.is_namespaced() {
            format!("{}/", encoded(namespace))
        } else {
            String::new()
        };
        Some(format!(
            "{}object/{}/{place}{}",
            self.root,
            kind.plural(),
            encoded(name)
        ))
    }

    /// The page of an item; `None` if it has no verdict of its own.
    pub fn item(&self, item: &Item) -> Option<String> {
        let page = self.object(&item.kind, &item.namespace, &item.name);
        page.filter(|_| item.judged_by.is_empty())
    }

    /// The page of an object that a cause or a change names.
    pub fn reference(&self, object: &ObjectRef) -> Option<String> {
        self.object(&object.kind, &object.namespace, &object.name)
    }

    /// The overview of one namespace.
    pub fn namespace(&self, namespace: &str) -> String {
        format!("{}?namespace={}", self.up(), encoded(namespace))
    }

    /// The overview of all namespaces.
    pub fn overview(&self) -> &'static str {
        self.up()
    }

    /// An address at all, since an empty one is the present page with its query.
    fn up(&self) -> &'static str {
        if self.root.is_empty() { "./" } else { self.root }
    }
}

/// A name as a part of an address.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_relative_and_names_cannot_leave_their_place() {
        let kinds = vec![Kind::Deployment, Kind::Node];
        let overview = Links::of_overview(kinds.clone());
        let object = Links::of_object(kinds.clone(), Kind::Deployment);
        let node = Links::of_object(kinds, Kind::Node);
        let deployment = |links: &Links| links.object("Deployment", "shop", "web").unwrap();
        assert_eq!(deployment(&overview), "object/deployments/shop/web");
        assert_eq!(deployment(&object), "../../../object/deployments/shop/web");
        assert_eq!(
            node.object("Node", "", "n7").as_deref(),
            Some("../../object/nodes/n7")
        );
        assert_eq!(overview.namespace("shop"), "./?namespace=shop");
        assert_eq!(object.namespace("a&b"), "../../../?namespace=a%26b");
        let hostile = overview.object("Deployment", "../..", "x\"><script>/?#").unwrap();
        assert_eq!(hostile, "object/deployments/..%2F../x%22%3E%3Cscript%3E%2F%3F%23");
        assert_eq!(overview.object("Deployment", "..", "web"), None);
        assert_eq!(overview.object("Pod", "shop", "web"), None);
        assert_eq!(overview.object("Node", "shop", "n7"), None);
        assert_eq!(overview.object("Deployment", "", "web"), None);
    }
}
