//! The page in a real browser, Chromium, driven by its own protocol. `make page` runs it; `SRE_AXE` is the file of axe-core.

#![allow(missing_docs, reason = "tests are read, not linked to")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../agent/harness.rs"]
#[allow(dead_code, reason = "the other tests use more of it")]
mod harness;

mod browser;
mod prefix_proxy;
mod tests;
