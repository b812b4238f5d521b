//! JSON: a whole value, in its wire form.

use serde::Serialize;
use std::io::{Error, Result, Write};

/// Writes indented JSON and a newline.
///
/// # Errors
/// Those of the writer.
pub fn write(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(|error| match error.io_error_kind() {
        Some(kind) => Error::new(kind, error),
        None => Error::other(error),
    })?;
    writeln!(out)
}
