//! Judges whether a cluster is healthy.
//!
//! [`cluster`] turns the API server's bytes into the views of [`resource`]. [`check`] judges the views. [`report`] is the
//! result. Cluster and check meet only in [`run`]. The plugin and the agent are thin programs around this library.

pub mod apiserver;
pub mod check;
pub mod cluster;
pub mod decode;
pub mod digest;
pub mod dump;
pub mod duration;
pub mod failure;
pub mod judge;
pub mod kind;
pub mod live;
pub mod nearest;
pub mod report;
pub mod resource;
pub mod run;
pub mod selector;
pub mod shell;
pub mod span;
