//! The regular check of the API server, and its record of the last 30 days.

mod check_log;
mod forbidden_paths;
mod histogram;
pub mod probe;
pub mod record;
mod record_clock;
mod record_file;
mod record_snapshot;
pub mod record_store;
pub mod windows;
pub mod write_canary;
