//! What a kind is called in what a report says of it, whether it is one of the registry or was found by discovery.

use super::Kind;
use crate::cluster::Collection;

/// The words for a kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Noun {
    /// The name of the check, and of the resource in a command.
    pub plural: String,
    /// The name of one.
    pub singular: String,
    /// The plural as a title.
    pub title: String,
    /// The rule that is needed to list it.
    pub rule: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

impl From<Kind> for Noun {
    fn from(kind: Kind) -> Self {
        Self {
            plural: kind.plural().to_owned(),
            singular: kind.singular().to_owned(),
            title: kind.title().to_owned(),
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
            title: plural.clone(),
            plural,
            rule: format!("{}/{} list", of.group, of.plural),
            namespaced: of.namespaced,
        }
    }
}
