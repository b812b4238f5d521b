//! Makes text from a cluster safe to show: it can hold anything, and must not move the cursor or reverse the line.

use std::fmt::Write as _;

/// The text with control characters and bidi overrides written out, as `\u{202e}`; line ends become spaces.
///
/// kubectl had this hole, CVE-2021-25743.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(' '),
            '\r' => {}
            c if c.is_control() || is_hidden(c) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Invisible characters that reorder or break the text around them.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn characters_that_move_the_cursor_are_written_out() {
        assert_eq!(
            escape("a\u{1b}[2Jb\r\n\u{7}\u{9b}c"),
            "a\\u{1b}[2Jb \\u{7}\\u{9b}c"
        );
        assert_eq!(escape("x\u{202e}gpj.exe\u{2066}"), "x\\u{202e}gpj.exe\\u{2066}");
        assert_eq!(escape("größe 日本 ✓"), "größe 日本 ✓");
    }
}
