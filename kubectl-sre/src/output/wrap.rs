//! Wraps lines at the edge of the terminal.

use unicode_width::UnicodeWidthStr as _;

/// Breaks a text between words. The first line begins with `first` and its width, the others with `indent` spaces. A number
/// stays with the word after it, which is its unit. Several spaces are one gap, at which a line ends. Without a width there is
/// one line.
pub fn wrap(first: (&str, usize), indent: usize, width: Option<usize>, text: &str) -> Vec<String> {
    let (mut line, mut at) = (first.0.to_owned(), first.1);
    let mut lines = Vec::new();
    let mut begun = false;
    // Whether the line is broken here, and has no word yet.
    let mut is_fresh = false;
    for piece in pieces(text) {
        let fits = |at: usize, piece: &str| width.is_none_or(|width| at + 1 + piece.width() <= width);
        // A piece that is wider than a line is broken like other text.
        let words: Vec<&str> = if fits(indent, piece) {
            vec![piece]
        } else {
            piece.split(' ').collect()
        };
        for word in words {
            if begun && !fits(at, word) {
                lines.push(line.trim_end().to_owned());
                line = " ".repeat(indent);
                at = indent;
                is_fresh = true;
            } else if begun && !is_fresh {
                line.push(' ');
                at += 1;
            }
            if is_fresh && word.is_empty() {
                continue;
            }
            is_fresh = false;
            line.push_str(word);
            at += word.width();
            begun = true;
        }
    }
    lines.push(line);
    lines
}

/// The words of a text, each number together with the word after it.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for word in text.split(' ') {
        end += word.len();
        if !is_number(word) {
            pieces.extend(text.get(begin..end));
            begin = end + 1;
        }
        end += 1;
    }
    // The text ends with a number.
    pieces.extend(text.get(begin..));
    pieces
}

/// Whether a word is a number, such as `12`, `1.5` or `(9`.
fn is_number(word: &str) -> bool {
    let word = word.trim_start_matches('(');
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'/')
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn a_number_stays_with_its_unit() {
        let wrapped = |width, text| wrap(("", 0), 2, Some(width), text);
        assert_eq!(
            wrapped(15, "unready for 12 min (9 restarts)"),
            ["unready for", "  12 min", "  (9 restarts)",]
        );
        assert_eq!(
            wrapped(80, "unready for 12 min (9 restarts)"),
            ["unready for 12 min (9 restarts)"]
        );
    }

    #[test]
    fn a_number_and_a_word_that_is_wider_than_a_line_are_broken() {
        assert_eq!(
            wrap(("", 0), 2, Some(10), "1 superlongword"),
            ["1", "  superlongword"]
        );
    }

    #[test]
    fn a_line_that_ends_in_a_gap_is_followed_by_one_that_has_none() {
        for width in 10..=12 {
            assert_eq!(
                wrap(("", 0), 2, Some(width), "in prod-eu  v1.37.2  ok"),
                ["in prod-eu", "  v1.37.2", "  ok"],
                "{width}"
            );
        }
        assert_eq!(
            wrap(("", 0), 2, Some(19), "prod-eu  v1.37.2  ok"),
            ["prod-eu  v1.37.2", "  ok"]
        );
    }

    #[test]
    fn no_word_and_no_space_is_lost() {
        for text in ["", " ", "a", "a  b", "1", "1 ", " 2 c", "a 1", "1 2"] {
            assert_eq!(wrap(("", 0), 0, None, text), [text]);
        }
    }
}
