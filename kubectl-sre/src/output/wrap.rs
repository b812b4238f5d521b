//! Wraps lines at the edge of the terminal.

use unicode_width::UnicodeWidthStr as _;

/// Breaks a text between words. The first line begins with `first` and its width, the others with `indent` spaces.
/// Without a width there is one line.
pub fn wrap(first: (&str, usize), indent: usize, width: Option<usize>, text: &str) -> Vec<String> {
    let (mut line, mut at) = (first.0.to_owned(), first.1);
    let mut lines = Vec::new();
    let mut begun = false;
    for word in text.split(' ') {
        let fits = width.is_none_or(|width| at + 1 + word.width() <= width);
        if begun && !fits {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            at = indent;
        } else if begun {
            line.push(' ');
            at += 1;
        }
        line.push_str(word);
        at += word.width();
        begun = true;
    }
    lines.push(line);
    lines
}
