//! Dumps as people met them, each rebuilt small from a public report, and the verdict that is right for it.
//!
//! The plugin runs as a process with `-f`, and what it says is put into a few lines (see [`judged::verdict`]): the exit code,
//! each object that is not fine or bears a note, and what was not seen. A file of tests a topic.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod around;
mod batch;
mod custom;
mod cuts;
mod examples;
mod judged;
mod kept;
mod mutations;
mod owners;
mod reading;
mod time;
