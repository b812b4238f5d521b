//! Lines on a terminal that are drawn in place of those before them.
//!
//! indicatif counts the rows of a line when it draws it. If the terminal is made narrower, its lines take more rows by the
//! time they are erased, and parts of them stay. Here the rows are counted when they are erased.

use console::{measure_text_width, truncate_str};

/// Columns that stay free: a terminal writes `^C` behind the last line.
const FREE: usize = 3;

/// Lines on a terminal. The cursor is behind the last one.
#[derive(Debug, Default)]
pub struct TerminalBlock {
    /// The width of each line that is shown.
    widths: Vec<usize>,
    /// Everything that was drawn last.
    drawn: Vec<String>,
}

impl TerminalBlock {
    /// The bytes that draw these lines in place of the earlier ones, on a terminal of so many columns and rows. Lines that do
    /// not fit are cut. Nothing is drawn if nothing changed.
    pub fn draw(&mut self, lines: &[String], (columns, rows): (usize, usize)) -> String {
        let room = columns.saturating_sub(FREE).max(1);
        let mark = if room > 3 { "..." } else { "" };
        let lines: Vec<String> = lines
            .iter()
            .take(rows.saturating_sub(1).max(1))
            .map(|line| truncate_str(line, room, mark).into_owned())
            .collect();
        if lines == self.drawn && self.widths.iter().all(|width| *width <= columns) {
            return String::new();
        }
        let mut bytes = self.erase(columns);
        bytes.push_str(&lines.join("\r\n"));
        self.widths = lines.iter().map(|line| measure_text_width(line)).collect();
        self.drawn = lines;
        bytes
    }

    /// Forgets the lines, which stay where they are. Returns whether there were any.
    pub fn leave(&mut self) -> bool {
        self.drawn.clear();
        !std::mem::take(&mut self.widths).is_empty()
    }

    /// The bytes that erase the lines, on a terminal of so many columns.
    pub fn erase(&mut self, columns: usize) -> String {
        let rows_of = |width: &usize| width.div_ceil(columns.max(1)).max(1);
        let rows: usize = self.widths.iter().map(rows_of).sum();
        self.widths.clear();
        self.drawn.clear();
        match rows {
            0 => String::new(),
            1 => "\r\u{1b}[J".to_owned(),
            more => format!("\r\u{1b}[{}A\u{1b}[J", more - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TerminalBlock;

    fn lines(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn lines_are_drawn_in_place_of_the_lines_before_them() {
        let mut block = TerminalBlock::default();
        assert_eq!(block.draw(&lines(&["one", "two"]), (80, 24)), "one\r\ntwo");
        assert_eq!(block.draw(&lines(&["one", "two"]), (80, 24)), "");
        assert_eq!(
            block.draw(&lines(&["three"]), (80, 24)),
            "\r\u{1b}[1A\u{1b}[Jthree"
        );
        assert_eq!(block.erase(80), "\r\u{1b}[J");
        assert_eq!(block.erase(80), "");
    }

    #[test]
    fn a_line_is_cut_before_the_edge_and_a_block_before_the_last_row() {
        let mut block = TerminalBlock::default();
        let drawn = block.draw(&lines(&["abcdefghijkl", "two", "three"]), (12, 3));
        assert_eq!(drawn, "abcdef...\r\ntwo");
        assert_eq!(TerminalBlock::default().draw(&lines(&["ab"]), (2, 1)), "a");
    }

    #[test]
    fn a_terminal_that_was_made_narrower_has_more_rows_to_erase() {
        let mut block = TerminalBlock::default();
        block.draw(&lines(&["0123456789", "01234"]), (40, 24));
        // The first line takes three rows now, and the second two.
        assert_eq!(
            block.draw(&lines(&["0123456789"]), (4, 24)),
            "\r\u{1b}[4A\u{1b}[J0"
        );
    }
}
