//! Judges whether a cluster is healthy.
//!
//! [`cluster`] turns the API server's bytes into the views of [`resource`]. [`check`] judges the views. [`report`] is the
//! result. Cluster and check meet only in [`run`]. The plugin and the agent are thin programs around this library.
//!
//! Modules that add up numbers of other programs may not overflow by a lint. The others mostly count bytes that they hold, and
//! release builds check them too.

#[warn(clippy::arithmetic_side_effects)]
pub mod apiserver;
pub mod check;
pub mod cluster;
pub mod decode;
#[warn(clippy::arithmetic_side_effects)]
pub mod digest;
pub mod dump;
#[warn(clippy::arithmetic_side_effects)]
pub mod duration;
#[warn(clippy::arithmetic_side_effects)]
pub mod escape;
pub mod failure;
#[warn(clippy::arithmetic_side_effects)]
pub mod field_selector;
#[warn(clippy::arithmetic_side_effects)]
pub mod fleet;
#[warn(clippy::arithmetic_side_effects)]
pub mod follow;
pub mod image_name;
#[warn(clippy::arithmetic_side_effects)]
pub mod judge;
pub mod kind;
pub mod live;
#[warn(clippy::arithmetic_side_effects)]
pub mod metric;
pub mod nearest;
#[warn(clippy::arithmetic_side_effects)]
pub mod report;
pub mod resource;
pub mod run;
#[warn(clippy::arithmetic_side_effects)]
pub mod selector;
pub mod shell;
#[warn(clippy::arithmetic_side_effects)]
pub mod span;
#[warn(clippy::arithmetic_side_effects)]
pub mod timeline;
