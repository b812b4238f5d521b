//! Tests on a real control plane, as one binary, so that they run in parallel.

// Helpers outside of test functions fail the test by panicking too.
#![allow(clippy::expect_used, clippy::panic)]

mod agent;
mod argo_rollouts;
mod authentication;
mod chart_queries;
mod completion;
mod custom;
mod deletions;
mod deployments;
mod dumps;
mod example;
mod fleet;
mod gaps;
mod identities;
mod input;
mod integrations;
mod ladder;
mod manifests;
mod outages;
mod outputs;
mod record;
mod rights;
mod rollouts;
mod skew;
mod thousands;
mod unobserved;
