//! The vectors of the checks beside that of Deployments: one row a case, each an object as an API server writes it.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot build its object has failed"
)]
#![allow(clippy::needless_pass_by_value, reason = "an object ends where it is judged")]

mod cronjob;
mod daemonset;
mod job;
mod object;
mod statefulset;
