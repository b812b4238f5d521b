//! Requests to the scripted API server: what is gathered, how failures are classified, and how a watch goes on.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod answers;
mod causes;
mod client;
#[cfg(unix)]
mod connection;
mod custom;
mod failures;
mod flow_control;
mod following;
mod gathering;
mod kinds;
mod ladder;
mod manifests;
mod owners;
mod watching;
