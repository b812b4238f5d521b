//! The text of kubectl's configuration files: YAML or JSON, in UTF-8 or UTF-16.

use serde_json::Value;
use std::borrow::Cow;

/// Reads YAML or JSON, without nulls: to Go a null is a field that was not written.
pub(crate) fn read(text: &[u8]) -> Result<Value, String> {
    let text = decode_text(text)?;
    let mut value = match serde_json::from_str::<Value>(&text) {
        Ok(value) => value,
        Err(_) => parse_yaml(first_document(&text))?,
    };
    remove_nulls(&mut value);
    if value.is_null() {
        value = Value::Object(serde_json::Map::new());
    }
    Ok(value)
}

/// Text in UTF-8, or in UTF-16 if a byte order mark says so: Go's YAML reads it, and PowerShell's `>` writes it.
pub(crate) fn decode_text(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let whole = rest.len().is_multiple_of(2);
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok()
            .filter(|_| whole)
            .map(Cow::Owned)
            .ok_or_else(|| "its byte order mark says UTF-16, and its text is not".to_owned())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let text = std::str::from_utf8(bytes)
                .map_err(|_| "it is no text in UTF-8, nor in UTF-16 with a byte order mark".to_owned())?;
            Ok(Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)))
        }
    }
}

fn parse_yaml(text: &str) -> Result<Value, String> {
    let blank = text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#')
    });
    if blank {
        return Ok(Value::Null);
    }
    let options = serde_saphyr::options! {
        // Aliases may repeat about as much as the text holds.
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: text.len().max(1000),
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_str_with_options::<Value>(text, options).map_err(|error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        hide_values(line.trim_start_matches("error: "))
    })
}

/// Go's decoder reads the first document of a file and no other.
fn first_document(text: &str) -> &str {
    let mut begun = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let trimmed = line.trim_end();
        if trimmed == "---" || trimmed.starts_with("--- ") {
            if begun {
                return &text[..at];
            }
            begun = true;
        } else if !trimmed.is_empty() && !trimmed.starts_with('#') && !trimmed.starts_with('%') {
            begun = true;
        }
    }
    text
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            // The extensions of other programs are passed on as they are.
            map.iter_mut()
                .filter(|(key, _)| *key != "extension")
                .for_each(|(_, value)| remove_nulls(value));
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// The message of a parser, without the values of the file that it quotes: a token may be among them.
pub(crate) fn hide_values(text: &str) -> String {
    let mut shown = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => {}
            None if c == '"' || c == '`' => {
                quote = Some(c);
                shown.push_str("...");
            }
            None => shown.push(c),
        }
    }
    shown
}
