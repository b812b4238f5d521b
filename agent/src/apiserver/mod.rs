//! The regular check of the API server, and its record of the last day.

pub mod probe;
mod windows;
