//! Tests of the scripted API server, as one binary.

// Helpers outside of test functions fail the test by panicking too.
#![allow(clippy::expect_used)]

mod answers;
mod client;
mod faults;
mod watches;
