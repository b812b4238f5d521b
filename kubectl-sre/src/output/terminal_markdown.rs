//! Markdown for a terminal: paragraphs, lists and tables are laid out again at its width; blocks of code stay as they are,
//! so that they can be pasted. Only the forms that docs/checks.md has are known.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

/// Columns between the columns of a table.
const GAP: usize = 2;
/// The least width of a column of a table whose cells are wrapped. In a narrower one, each row becomes a block.
const NARROWEST: usize = 16;

/// Lays out a text at that width.
pub fn render(text: &str, width: usize, color: bool) -> String {
    let page = Page { width, color };
    let mut out: Vec<String> = Vec::new();
    for block in text.trim_matches('\n').split("\n\n") {
        if !out.is_empty() {
            out.push(String::new());
        }
        if block.starts_with("    ") {
            out.extend(block.lines().map(|line| page.code(line)));
        } else if block.starts_with('|') {
            out.extend(page.table(block));
        } else {
            for entry in entries(block) {
                let indent = if entry.starts_with("- ") { 2 } else { 0 };
                out.extend(page.flow(&spans(&entry), width, indent));
            }
        }
    }
    let lines: Vec<&str> = out.iter().map(|line| line.trim_end()).collect();
    lines.join("\n") + "\n"
}

/// Wraps a line of Markdown at that width. All lines but the first are indented.
pub fn wrapped(text: &str, width: usize, color: bool) -> Vec<String> {
    Page { width, color }.flow(&spans(text), width, 0)
}

/// A width and the colours of one rendering.
struct Page {
    width: usize,
    color: bool,
}

/// A piece of a text, and how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    Plain,
    Bold,
    Code,
}

/// The entries of a list, or the one paragraph, each in one line.
fn entries(block: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in block.lines() {
        match entries.last_mut() {
            Some(last) if !line.starts_with("- ") => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => entries.push(line.trim_end().to_owned()),
        }
    }
    entries
}

/// Cuts a line of Markdown into code, bold and plain pieces. Of a link the text stays, and the address if it is one of the
/// web.
fn spans(text: &str) -> Vec<(Face, String)> {
    let mut spans: Vec<(Face, String)> = Vec::new();
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            spans.push((Face::Code, part.to_owned()));
            continue;
        }
        for (number, part) in part.split("**").enumerate() {
            let face = if number % 2 == 1 { Face::Bold } else { Face::Plain };
            spans.push((face, part.to_owned()));
        }
    }
    unlinked(spans)
}

/// Takes the brackets and addresses of links away. The text of a link may hold code.
fn unlinked(spans: Vec<(Face, String)>) -> Vec<(Face, String)> {
    let is_target = |text: &str| text.contains("](");
    let has_links = spans
        .iter()
        .any(|(face, text)| *face != Face::Code && is_target(text));
    if !has_links {
        return spans;
    }
    let shown = |text: String| {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("](") {
            let (address, after) = after.split_once(')').unwrap_or((after, ""));
            out.push_str(&before.replace('[', ""));
            if address.contains("://") {
                out.extend([" (", address, ")"]);
            }
            rest = after;
        }
        // A bracket that is left opens a link whose text is code.
        out.push_str(rest.strip_suffix('[').unwrap_or(rest));
        out
    };
    let spans = spans.into_iter().map(|(face, text)| match face {
        Face::Code => (face, text),
        _ => (face, shown(text)),
    });
    spans.collect()
}

impl Page {
    fn paint(&self, face: Face, text: &str) -> String {
        let style = match face {
            Face::Plain => return text.to_owned(),
            Face::Bold => Style::new().bold(),
            Face::Code => AnsiColor::Cyan.on_default(),
        };
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    fn code(&self, line: &str) -> String {
        let command = line.trim_start();
        let indent = line.get(..line.len() - command.len()).unwrap_or_default();
        format!("{indent}{}", self.paint(Face::Code, command))
    }

    /// Breaks pieces between words. The pieces of one word stay together.
    fn flow(&self, spans: &[(Face, String)], width: usize, indent: usize) -> Vec<String> {
        let mut lines = vec![(String::new(), 0)];
        // The word that is being put together, painted, and its width.
        let (mut word, mut word_width) = (String::new(), 0);
        let mut end_word = |word: &mut String, word_width: &mut usize| {
            if word.is_empty() {
                return;
            }
            let needs_line = lines.last().is_some_and(|(line, at): &(String, usize)| {
                !line.trim().is_empty() && at + 1 + *word_width > width
            });
            if needs_line {
                lines.push((" ".repeat(indent), indent));
            }
            if let Some((line, at)) = lines.last_mut() {
                if !line.trim().is_empty() {
                    line.push(' ');
                    *at += 1;
                }
                line.push_str(word);
                *at += *word_width;
            }
            word.clear();
            *word_width = 0;
        };
        for (face, text) in spans {
            for (number, piece) in text.split(' ').enumerate() {
                if number > 0 {
                    end_word(&mut word, &mut word_width);
                }
                if !piece.is_empty() {
                    word.push_str(&self.paint(*face, piece));
                    word_width += piece.width();
                }
            }
        }
        end_word(&mut word, &mut word_width);
        lines.into_iter().map(|(line, _)| line).collect()
    }

    /// A table: in columns if they fit, else with wrapped cells, else one block for each row.
    fn table(&self, block: &str) -> Vec<String> {
        let cells = |line: &str| -> Vec<Vec<(Face, String)>> {
            line.trim_matches('|')
                .split(" | ")
                .map(|cell| spans(cell.trim()))
                .collect()
        };
        let is_rule = |line: &&str| line.chars().all(|c| matches!(c, '|' | '-'));
        let rows: Vec<Vec<Vec<(Face, String)>>> =
            block.lines().filter(|line| !is_rule(line)).map(cells).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize, width: fn(&[(Face, String)]) -> usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or(0)
        };
        let natural: Vec<usize> = (0..columns).map(|column| widest(column, plain_width)).collect();
        // A word is not broken, so that a column is never narrower than its longest one.
        let holds_words = |widths: &Vec<usize>| {
            let mut columns = widths.iter().enumerate();
            columns.all(|(column, width)| widest(column, longest_word) <= *width)
        };
        match fitted(&natural, self.width).filter(holds_words) {
            Some(widths) => rows.iter().flat_map(|row| self.row(row, &widths)).collect(),
            None => self.blocks(&rows),
        }
    }

    fn row(&self, row: &[Vec<(Face, String)>], widths: &[usize]) -> Vec<String> {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| self.flow(cell, *width, 0))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let line = |number: usize| {
            let mut line = String::new();
            let (mut at, mut begin) = (0_usize, 0_usize);
            for (cell, width) in cells.iter().zip(widths) {
                if let Some(text) = cell.get(number) {
                    line.push_str(&" ".repeat(begin.saturating_sub(at)));
                    line.push_str(text);
                    at = begin + shown_width(text);
                }
                begin += width + GAP;
            }
            line
        };
        (0..height).map(line).collect()
    }

    /// Each row as a block: the first cell, and the others below it. The header is left out.
    fn blocks(&self, rows: &[Vec<Vec<(Face, String)>>]) -> Vec<String> {
        let mut lines = Vec::new();
        for row in rows.iter().skip(1) {
            for (number, cell) in row.iter().enumerate().filter(|(_, cell)| plain_width(cell) > 0) {
                let indent = if number == 0 { 0 } else { 2 };
                let cell = self.flow(cell, self.width.saturating_sub(indent), 0);
                lines.extend(cell.iter().map(|line| format!("{}{line}", " ".repeat(indent))));
            }
        }
        lines
    }
}

/// The columns of a line without its colours.
fn shown_width(line: &str) -> usize {
    let mut width = 0;
    for (number, part) in line.split('\u{1b}').enumerate() {
        let text = if number == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, text)| text)
        };
        width += text.width();
    }
    width
}

fn plain_width(cell: &[(Face, String)]) -> usize {
    cell.iter().map(|(_, text)| text.width()).sum()
}

/// The columns of the longest word of a cell. A word may have pieces of several faces.
fn longest_word(cell: &[(Face, String)]) -> usize {
    let text: String = cell.iter().map(|(_, text)| text.as_str()).collect();
    text.split(' ').map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// The widths of columns within that of the page. A column that asks for less than its share gets what it asks for.
/// `None` if a column would be too narrow to read.
fn fitted(natural: &[usize], width: usize) -> Option<Vec<usize>> {
    let mut left = width.checked_sub(GAP * natural.len().saturating_sub(1))?;
    let mut widths = vec![0; natural.len()];
    let mut order: Vec<usize> = (0..natural.len()).collect();
    order.sort_by_key(|column| natural.get(*column));
    for (done, column) in order.iter().enumerate() {
        let share = left / (natural.len() - done);
        let asked = natural.get(*column).copied().unwrap_or(0);
        if asked > share && share < NARROWEST {
            return None;
        }
        let given = asked.min(share);
        if let Some(width) = widths.get_mut(*column) {
            *width = given;
        }
        left -= given;
    }
    Some(widths)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "| what | when |\n|---|---|\n| `Ready` | it has a certain length that is wrapped |\n| short | now |\n";

    #[test]
    fn a_table_has_columns_as_long_as_they_can_be_read() {
        assert_eq!(
            render(TABLE, 60, false),
            "what   when\nReady  it has a certain length that is wrapped\nshort  now\n"
        );
        assert_eq!(
            render(TABLE, 30, false),
            "what   when\nReady  it has a certain length\n       that is wrapped\nshort  now\n"
        );
        assert_eq!(
            render(TABLE, 20, false),
            "Ready\n  it has a certain\n  length that is\n  wrapped\nshort\n  now\n"
        );
        let long = "| a | b |\n|---|---|\n| one of several words | a-word-of-thirty-characters-12 |\n";
        assert_eq!(
            render(long, 40, false),
            "one of several words\n  a-word-of-thirty-characters-12\n"
        );
    }

    #[test]
    fn code_and_bold_words_are_painted_and_links_are_their_text() {
        let text = "See [`x y`](#there), **this**, and [that](https://a.example).\n\n    run `it`\n";
        assert_eq!(
            render(text, 80, false),
            "See x y, this, and that (https://a.example).\n\n    run `it`\n"
        );
        assert!(render(text, 80, true).contains("\u{1b}[1mthis\u{1b}[0m, and"));
        let table = render(TABLE, 60, true);
        assert!(table.contains("\u{1b}[36mReady\u{1b}[0m  it has"), "{table:?}");
    }

    #[test]
    fn paragraphs_and_lists_are_wrapped_between_words() {
        let text = "one two\nthree (`four five`).\n\n- six seven eight\n- nine";
        assert_eq!(
            render(text, 12, false),
            "one two\nthree (four\nfive).\n\n- six seven\n  eight\n- nine\n"
        );
    }
}
