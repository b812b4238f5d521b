//! Decoding errors in words that name the field and its right value. The parser's own sentences are for programmers,
//! and change with its version.

use super::time::NOT_A_TIME;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest text of an object that a sentence repeats.
const LONGEST: usize = 60;

/// The error, and its line in the text (from 1; 0 if that is not known).
pub(crate) type DecodeError = (String, usize);

/// Why these bytes are no `T`.
pub(crate) fn json_error<T: DeserializeOwned>(bytes: &[u8]) -> DecodeError {
    match serde_json::from_slice::<T>(bytes) {
        Ok(_) => ("it cannot be understood".to_owned(), 0),
        Err(error) => {
            let words = match error.classify() {
                serde_json::error::Category::Eof => "it ends in the middle".to_owned(),
                serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
                    "it is not JSON from here on".to_owned()
                }
                serde_json::error::Category::Data => {
                    let path = path_at(bytes, error.line(), error.column());
                    sentence(&path, &error.to_string())
                }
            };
            (words, error.line())
        }
    }
}

/// Why this value is no `T`.
pub(crate) fn value_error<T: DeserializeOwned>(value: &Value) -> String {
    json_error::<T>(value.to_string().as_bytes()).0
}

/// The path of the field at this place of a JSON text, such as `spec.containers[0].name`; `.` for the text as a whole.
///
/// A deserializer that follows the path would be a second copy of the code of every view: 0.8 MB of the agent.
fn path_at(text: &[u8], line: usize, column: usize) -> String {
    let before = memchr::memchr_iter(b'\n', text)
        .map(|newline| newline + 1)
        .nth(line.saturating_sub(2))
        .filter(|_| line > 1)
        .unwrap_or(0);
    let end = before.saturating_add(column).min(text.len());
    let mut steps: Vec<PathStep> = Vec::new();
    // The last string. It is a key if a colon follows.
    let mut string = "";
    let mut at = 0;
    while let Some(byte) = text.get(at).filter(|_| at < end) {
        at += 1;
        match byte {
            b'{' => steps.push(PathStep::Key(String::new())),
            b'[' => steps.push(PathStep::Index(0)),
            b'}' | b']' => drop(steps.pop()),
            b':' => {
                if let Some(PathStep::Key(key)) = steps.last_mut() {
                    string.clone_into(key);
                }
            }
            b',' => match steps.last_mut() {
                Some(PathStep::Key(key)) => key.clear(),
                Some(PathStep::Index(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                let start = at;
                while let Some(stop) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
                    at += stop + 1;
                    if text[at - 1] == b'"' {
                        break;
                    }
                    at += 1;
                }
                let string_end = at.saturating_sub(1).max(start);
                string = text
                    .get(start..string_end)
                    .and_then(|bytes| std::str::from_utf8(bytes).ok())
                    .unwrap_or_default();
            }
            _ => {}
        }
    }
    let mut path = String::new();
    for step in &steps {
        match step {
            PathStep::Key(key) if key.is_empty() => {}
            PathStep::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            PathStep::Index(index) => {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
        }
    }
    if path.is_empty() { ".".to_owned() } else { path }
}

/// One step from a JSON value into another.
enum PathStep {
    /// The field that is being read; empty before its colon.
    Key(String),
    /// The element that is being read.
    Index(usize),
}

/// A sentence in place of serde's message about the field at `path`.
fn sentence(path: &str, message: &str) -> String {
    let path = if path == "." { "it" } else { path };
    let message = message.split(" at line ").next().unwrap_or(message);
    let wrong = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "));
    if let Some((found, wanted)) = wrong.and_then(|wrong| wrong.rsplit_once(", expected ")) {
        return format!(
            "{path} is {} and has to be {}",
            found_words(found),
            wanted_words(wanted)
        );
    }
    if let Some((text, _)) = message.split_once(NOT_A_TIME) {
        let text = short(text);
        return format!("{path} is {text} and has to be a time such as 2026-11-20T12:00:00Z");
    }
    if message.starts_with("duplicate field") {
        return format!("{path} stands there twice");
    }
    format!("{path} cannot be understood")
}

fn found_words(found: &str) -> String {
    let plain = |text: &str| short(text.trim_matches('`'));
    match found.split_once(' ') {
        Some(("string", text)) => format!("text ({})", short(text)),
        Some(("integer", number)) => format!("the number {}", plain(number)),
        Some(("boolean", value)) => plain(value),
        Some(("floating", rest)) => format!("the number {}", plain(rest.trim_start_matches("point "))),
        _ => match found {
            "map" => "an object".to_owned(),
            "sequence" => "a list".to_owned(),
            "null" | "unit value" => "null".to_owned(),
            _ => "something else".to_owned(),
        },
    }
}

fn wanted_words(wanted: &str) -> &'static str {
    match wanted {
        "i32" | "u32" => "a whole number of 32 bits",
        "i64" | "u64" | "i16" | "u16" | "u8" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        text if text.contains("string") => "text",
        _ => "an object",
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}...")
}

#[cfg(test)]
mod tests {
    use crate::resource::{Deployment, Undecodable, from_json, from_value};

    #[test]
    fn an_error_names_the_field_what_it_is_and_what_it_has_to_be() {
        let metadata = r#"{"name": "web", "namespace": "shop"}"#;
        for (spec, words) in [
            (
                r#"{"replicas": "3"}"#,
                "spec.replicas is text (\"3\") and has to be a whole number of 32 bits",
            ),
            (
                r#"{"replicas": 3000000000}"#,
                "spec.replicas is the number 3000000000 and has to be a whole number of 32 bits",
            ),
            (
                r#"{"paused": "yes"}"#,
                "spec.paused is text (\"yes\") and has to be true or false",
            ),
            ("7", "spec is the number 7 and has to be an object"),
            (r#"{"paused": true, "paused": true}"#, "spec stands there twice"),
        ] {
            let text = format!("{{\"metadata\": {metadata},\n\"spec\": {spec}}}");
            let expected = Undecodable {
                namespace: "shop".into(),
                name: "web".into(),
                error: words.into(),
                line: 2,
            };
            let found = from_json::<Deployment>(text.as_bytes()).err();
            assert_eq!(found.as_ref(), Some(&expected), "{spec}");
            let Ok(value) = serde_json::from_str(&text) else {
                continue;
            };
            if let Err(found) = from_value::<Deployment>(&value) {
                assert_eq!((found.error, found.line), (expected.error, 0), "{spec}");
            }
        }
    }

    #[test]
    fn a_place_in_a_text_has_its_path() {
        let text = "{\"a\": {\"b\\\"c\": [1, {\"d\": 22}, \"x,y\"],\n \"e\": true}, \"f\": []}";
        for (line, part, path) in [
            (1, "[1", "a.b\\\"c[0]"),
            (1, "22", "a.b\\\"c[1].d"),
            (1, "x,y\"", "a.b\\\"c[2]"),
            (2, "true", "a.e"),
            (2, "[]", "f"),
            (2, "\"f\"", "."),
        ] {
            let row = text.lines().nth(line - 1).expect("two lines");
            let column = row.find(part).expect("it is there") + part.len();
            let column = if part == "[]" { column - 2 } else { column };
            assert_eq!(super::path_at(text.as_bytes(), line, column), path, "{part}");
        }
        // A place that is not there is no panic.
        assert_eq!(super::path_at(b"", 9, 9), ".");
        assert_eq!(super::path_at(b"[\"\\", 1, 9), "[0]");
    }

    #[test]
    fn errors_in_times_and_syntax_are_reported_without_the_words_of_a_parser() {
        let error = |text: &str| from_json::<Deployment>(text.as_bytes()).err().map(|u| u.error);
        assert_eq!(
            error(r#"{"metadata": {"creationTimestamp": "yesterday"}}"#).as_deref(),
            Some(
                "metadata.creationTimestamp is \"yesterday\" and has to be a time such as 2026-11-20T12:00:00Z"
            )
        );
        assert_eq!(
            error(r#"{"metadata": "#).as_deref(),
            Some("it ends in the middle")
        );
        assert_eq!(
            error(r#"{"metadata": ,}"#).as_deref(),
            Some("it is not JSON from here on")
        );
    }
}
