//! Reads a live cluster: the objects of each kind, the related objects that verdicts need, and evidence for causes.

pub mod causes;
mod custom;
mod deletions;
mod kind;
mod list;
mod namespace;
mod namespace_list;
mod reader;
pub mod related;

pub(super) use deletions::DeletionSearch;
pub use deletions::update_deletions;
pub(super) use namespace::no_such_namespace;
pub(super) use reader::{ClusterReader, KindTask};
