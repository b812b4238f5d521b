//! The answers over HTTP: connections, paths, query parameters, and one handler for each path.

mod access;
mod answer_body;
mod answers;
mod changes;
mod client_stream;
mod connections;
mod handler;
mod host;
mod item_template;
mod moment;
mod query;
mod response;
pub mod router;
pub mod server;
pub mod tls;
