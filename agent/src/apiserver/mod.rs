//! The regular check of the API server, and its record of the last day.

mod forbidden_paths;
pub mod probe;
mod windows;
