//! Owns the list of what is tested of the scripted API server, as one binary.

// Helpers outside test functions fail the test in the same way.
#![allow(clippy::expect_used)]

mod answers;
mod client;
mod faults;
mod watches;
