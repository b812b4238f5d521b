//! Owns the list of what is tested on a cluster with a real node. The tests run one after the other: each installs the
//! chart as it needs it, in the place where the plugin looks for it.

// Helpers outside test functions fail the test in the same way.
#![allow(clippy::expect_used, clippy::panic)]

mod asking;
mod installing;
mod local_outage;
mod metrics;
mod packages;
mod parity;
mod rights;
