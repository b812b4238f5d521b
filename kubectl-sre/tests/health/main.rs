//! The plugin as a process: its arguments, standard input and kubeconfig are given, and both streams and the exit code
//! are asserted.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod agent;
#[cfg(unix)]
mod agent_follow;
#[cfg(unix)]
mod agent_gate;
mod agent_history;
#[cfg(unix)]
mod agent_manifest;
mod agent_outputs;
mod authentication;
mod availability;
mod baseline;
mod changes;
mod changes_agent;
mod completion;
#[cfg(unix)]
mod completion_install;
mod coverage;
mod dump;
mod environment;
mod explain;
mod fleet;
mod fleet_kubeconfigs;
mod fleet_store;
#[cfg(unix)]
mod follow;
mod formats;
#[cfg(unix)]
mod gate;
mod gate_scope;
mod live;
mod manifest;
mod output_files;
mod owners;
mod plugin;
mod streams;
#[cfg(target_os = "linux")]
mod terminal;
