//! What tests are made of: builders for Kubernetes objects as an API server writes them, and a scripted API
//! server that answers, watches and fails on demand.
//!
//! It is never shipped. It knows HTTP, TLS and JSON; it must not know what a healthy cluster means, so that a
//! test states the expected verdict itself.

// Here a panic is the result: it fails the test that asked for the impossible, with the reason as its text.
#![allow(clippy::expect_used, clippy::panic)]

pub mod clock;
pub mod object;
pub mod server;

pub use clock::{Clock, at};
pub use server::{
    Access, ApiServer, ApiServerBuilder, Certificate, Fault, FaultId, Gone, Match, Recorded, WatchFault,
};
