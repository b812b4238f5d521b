//! JSON: a whole value, in its wire form.

use serde::Serialize;
use sre_shared::escape::is_hidden;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{Error, Result, Write};

/// Writes indented JSON and a newline. Characters that a terminal may act upon are written as `\u009b`: JSON allows most of
/// them as they are.
///
/// # Errors
/// Those of the writer.
pub fn write(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(Printable(&mut *out), value).map_err(|error| {
        match error.io_error_kind() {
            Some(kind) => Error::new(kind, error),
            None => Error::other(error),
        }
    })?;
    writeln!(out)
}

/// Writes JSON in one line.
///
/// # Errors
/// Those of the writer.
pub fn write_line(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer(Printable(&mut *out), value).map_err(|error| match error.io_error_kind() {
        Some(kind) => Error::new(kind, error),
        None => Error::other(error),
    })?;
    writeln!(out)
}

/// A writer of JSON. Only its strings can hold such characters, and the serializer never divides one.
struct Printable<'a>(&'a mut dyn Write);

impl Write for Printable<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.write_all(&printable(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

fn printable(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_plain = |byte: &u8| byte.is_ascii() && *byte != 0x7f;
    if bytes.iter().all(is_plain) {
        return bytes.into();
    }
    let mut text = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(bytes).chars() {
        if is_hidden(c) || (c.is_control() && !c.is_ascii_whitespace()) {
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text.into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn characters_that_a_terminal_acts_upon_are_written_as_numbers_and_read_as_they_were() {
        let value = [
            "a\u{9b}2J\u{7f}",
            "x\u{202e}gpj.exe\u{2066}",
            "größe 日本 ✓ \u{1b}\n",
        ];
        let mut bytes = Vec::new();
        write(&value, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "[\n  \"a\\u009b2J\\u007f\",\n  \"x\\u202egpj.exe\\u2066\",\n  \"größe 日本 ✓ \\u001b\\n\"\n]\n"
        );
        assert_eq!(serde_json::from_str::<[String; 3]>(&text).unwrap(), value);
    }
}
