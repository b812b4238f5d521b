//! What a kind is called in what a report says of it, whether it is one of the registry or was found by discovery.

use crate::cluster::Collection;
use crate::kind::Kind;

/// The words for a kind.
#[derive(Debug, Clone, Default)]
pub struct Noun {
    /// The name of the check, and of the resource in a command.
    pub plural: String,
    /// The name of one.
    pub singular: String,
    /// The `kind` of its objects.
    pub kind: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The rule that is needed to list it.
    pub rule: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

impl Noun {
    /// Plural and group, as RBAC and kubectl name a resource. The plural of a custom resource has its group already.
    pub fn resource(&self) -> String {
        resource(&self.group, &self.plural)
    }
}

/// The RBAC rule that allows to list a resource, such as `apps/deployments list`.
pub fn list_rule(group: &str, plural: &str) -> String {
    match group {
        "" => format!("{plural} list"),
        group => format!("{group}/{plural} list"),
    }
}

/// Plural and group: `deployments.apps`, `pods`.
pub fn resource(group: &str, plural: &str) -> String {
    if group.is_empty() || plural.ends_with(&format!(".{group}")) {
        plural.to_owned()
    } else {
        format!("{plural}.{group}")
    }
}

impl From<Kind> for Noun {
    fn from(kind: Kind) -> Self {
        Self {
            plural: kind.plural().to_owned(),
            singular: kind.singular().to_owned(),
            kind: kind.kind().to_owned(),
            group: kind.group().to_owned(),
            rule: kind.rule(),
            namespaced: kind.is_namespaced(),
        }
    }
}

impl From<&Collection> for Noun {
    fn from(of: &Collection) -> Self {
        let plural = format!("{}.{}", of.plural, of.group);
        Self {
            singular: format!("{}.{}", of.singular, of.group),
            plural,
            kind: of.kind.clone(),
            group: of.group.clone(),
            rule: list_rule(&of.group, &of.plural),
            namespaced: of.namespaced,
        }
    }
}
