//! YAML: a whole value, in its wire form.

use serde::Serialize;
use std::io::{Error, Result, Write};

/// Writes YAML.
///
/// # Errors
/// Those of the writer.
pub fn write(value: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    let text = serde_saphyr::to_string(value).map_err(Error::other)?;
    out.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn yaml_reads_back_as_what_was_written() {
        let value = serde_json::json!({
            "a": "yes", "b": "1", "c": "null", "d": "x: y\n- z", "e": [], "f": {"g": 1.5, "h": true}, "i": "é\u{202e}",
        });
        let mut out = Vec::new();
        super::write(&value, &mut out).expect("a vector takes everything");
        let text = String::from_utf8(out).expect("YAML is text");
        let back: serde_json::Value = serde_saphyr::from_str(&text).expect("our own YAML");
        assert_eq!(back, value, "{text}");
    }
}
