//! Dumps of real problems, each rebuilt in small from a public report, and the right verdict for it.
//!
//! The plugin runs as a process with `-f`, and its report is shortened to a few lines (see [`judge::verdict`]): the exit
//! code, each object that is not healthy or has a note, and the gaps. Each topic has a file.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod batch;
mod consumers;
mod custom;
mod cuts;
mod examples;
mod formats;
mod judge;
mod man_pages;
mod mutations;
mod owners;
mod regressions;
mod related;
mod schema;
mod time;
