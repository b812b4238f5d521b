//! The agent as a whole, asked over HTTP, against an API server that fails on demand.

#![allow(missing_docs, reason = "tests are read, not linked to")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod answers;
mod api_server;
mod authentication;
mod causes;
mod changes;
mod connections;
mod deletions;
mod exposure;
mod harness;
mod history;
mod metrics;
mod named_objects;
mod one_object;
mod others;
mod outages;
mod owners;
mod page;
mod process;
mod record;
mod rights;
mod several;
mod tls;
mod watching;
