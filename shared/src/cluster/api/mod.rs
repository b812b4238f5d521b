//! What is asked of an API server, one kind of question a file.

pub(super) mod discovery;
pub(super) mod health;
pub(super) mod list;
mod retry;
pub(super) mod service_proxy;
pub(super) mod watch;
