//! Tests on a cluster with a real node. They run one after the other: each installs the chart as it needs it, in the
//! namespace in which the plugin looks for it.

// Helpers outside of test functions fail the test by panicking too.
#![allow(clippy::expect_used, clippy::panic)]

mod asking;
mod attack;
mod authentication;
mod changes;
mod following;
mod following_agent;
mod gate;
mod installing;
mod local_outage;
mod metrics;
mod packages;
mod page;
mod parity;
mod rights;
