//! Dumps of a cluster: files of JSON or YAML in, objects out. One broken object does not spoil the rest, and nothing is
//! dropped in silence: each part that is not understood is a [`DumpGap`].
//!
//! A file can hold everything that `kubectl get -o json|yaml` writes: single objects, `List`s, typed lists as the API
//! server writes them (`DeploymentList`, whose items have no kind of their own), arrays, events of a watch, and any number
//! of documents in a file. Sans-IO; knows nothing of verdicts.

mod file;
mod gap;
mod head;
mod index;
mod json;
mod layout;
mod lines;
mod named;
mod object;
mod objects;
mod reader;
mod refusal;
mod stamp;
mod version;
mod yaml;

pub use file::File;
pub use gap::{DumpGap, UnseenObjects};
pub use named::NamedObject;
pub use objects::{DumpObject, Objects};
pub(crate) use version::resource_of;

#[cfg(test)]
mod tests;
