//! The plugin as a process: arguments, standard input and a kubeconfig in; both streams and the exit code out.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod agent;
mod coverage;
mod dump;
mod explaining;
mod live;
mod owners;
mod plugin;
mod streams;
mod way;
