//! The answers over HTTP: connections, paths, query parameters, and one handler for each path.

mod handler;
mod query;
mod response;
pub mod router;
pub mod server;
mod write_timeout;
