//! Requests to an API server, one kind of request a file.

mod accept;
pub(super) mod access_review;
pub(super) mod bounded_list;
mod budget;
pub(super) mod discovery;
mod expected_type;
pub(super) mod flow_names;
pub(super) mod get;
pub(super) mod health;
pub(super) mod identity;
pub(super) mod lease_write;
pub(super) mod list;
pub(super) mod list_options;
pub(super) mod metadata;
mod page;
mod pages;
pub(super) mod path;
mod retry;
mod review;
pub(super) mod service_proxy;
pub(super) mod service_stream;
pub(super) mod token_request;
pub(super) mod token_review;
pub(super) mod watch;
