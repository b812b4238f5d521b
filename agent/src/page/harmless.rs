//! Owns how a text of the cluster becomes a part of HTML: without markup, and without characters that reorder or break a line.
//! `askama.toml` names it, so that no template has another way.

use askama::filters::{Escaper, Html};
use sre_shared::escape::{escape, is_hidden};
use std::fmt::{Result, Write};

/// Escapes as other outputs do, and then for HTML.
#[derive(Debug, Clone, Copy)]
pub struct Harmless;

impl Escaper for Harmless {
    fn write_escaped_str<W: Write>(&self, dest: W, text: &str) -> Result {
        if text.chars().any(|c| c.is_control() || is_hidden(c)) {
            return Html.write_escaped_str(dest, &escape(text));
        }
        Html.write_escaped_str(dest, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_neither_markup_nor_does_it_reverse_the_line() {
        for (text, expected) in [
            ("größe ✓", "größe ✓"),
            (
                "<img src=x onerror='alert(1)'>&\"",
                "&#60;img src=x onerror=&#39;alert(1)&#39;&#62;&#38;&#34;",
            ),
            (
                "x\u{202e}gpj\u{2066}<\u{0}\u{1b}[31m\nb",
                "x\\u{202e}gpj\\u{2066}&#60;\\u{0}\\u{1b}[31m b",
            ),
        ] {
            let mut html = String::new();
            Harmless.write_escaped_str(&mut html, text).unwrap();
            assert_eq!(html, expected);
        }
    }
}
