//! Where kubectl works, the plugin works, and as the same user in the same namespace; where kubectl fails, it fails.
//! Owns the list of tables: each row of them is one setup that real kubectl and the plugin are both given.

// Helpers outside test functions fail the test in the same way.
#![allow(clippy::expect_used, clippy::panic)]

mod fixture;
mod kubeconfig;
mod row;

mod certificates;
mod environment;
mod exec;
mod files;
mod impersonation;
mod names;
mod proxies;
mod requests;
mod servers;
mod tls;
mod tokens;
