//! Owns the list of what is tested on a real cluster, as one binary, so that all of it runs side by side.

// Helpers outside test functions fail the test in the same way.
#![allow(clippy::expect_used, clippy::panic)]

mod agent;
mod custom;
mod deployments;
mod dumps;
mod example;
mod gaps;
mod identities;
mod input;
mod ladder;
mod outages;
mod outputs;
mod rollouts;
mod thousands;
mod unobserved;
