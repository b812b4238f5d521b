//! Tools of the end-to-end tests: a real control plane, real kubectl, and the plugin and the agent as processes. Every
//! wait has a limit.
//!
//! The tests see the two programs from outside, as their users do: arguments, exit codes, bytes and the field names of
//! the wire. So nothing here uses their crates or types.

// A panic is the right result here: it fails the test, with the reason as its text.
#![allow(clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

pub mod agent;
pub mod authority;
pub mod cluster;
pub mod deadline;
pub mod deployment;
pub mod endpoint;
mod environment;
pub mod hint;
pub mod http;
pub mod kubectl;
pub mod metric_store;
pub mod namespace;
pub mod node;
pub mod plugin;
pub mod portforward;
pub mod process;
pub mod prometheus;
pub mod release;
pub mod report;
pub mod rollouts_controller;
mod script;
pub mod service;
pub mod user;
pub mod victoria_metrics;
pub mod zoo;

pub use agent::Agent;
pub use cluster::Cluster;
pub use deployment::Deployment;
pub use environment::{Build, binary, root, temporary};
pub use kubectl::Kubectl;
pub use namespace::Namespace;
pub use plugin::Plugin;
pub use process::ProcessResult;
pub use release::Release;
pub use report::Report;
pub use rollouts_controller::RolloutsController;
pub use user::User;
