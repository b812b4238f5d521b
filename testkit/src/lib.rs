//! Tools for tests: builders for Kubernetes objects as an API server writes them, and a scripted API server that
//! answers, watches and fails on demand.
//!
//! It is never shipped. It knows HTTP, TLS and JSON. It must not know when a cluster is healthy, so that a test states
//! the expected verdict itself.

// A panic is the right result here: it fails the test that asked for the impossible, with the reason as its text.
#![allow(clippy::expect_used, clippy::panic)]

pub mod attack;
pub mod clock;
pub mod object;
pub mod server;

pub use clock::{Clock, at};
pub use server::{
    Access, ApiServer, ApiServerBuilder, Certificate, Fault, FaultId, GoneForm, Match, RecordedRequest,
    ServingCertificate, WatchFault,
};
