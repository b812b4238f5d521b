//! Columns for eyes and grep, as wide as their widest cell.

use std::io::{Result, Write};
use unicode_width::UnicodeWidthStr as _;

/// The spaces between two columns, as many as in kubectl.
const GAP: usize = 3;

/// Writes rows whose cells are escaped. A row without its last cells is shorter.
///
/// # Errors
/// Those of the writer.
pub(super) fn write_columns<R: AsRef<[String]>>(rows: &[R], out: &mut dyn Write) -> Result<()> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        let cells = row.as_ref();
        widths.resize(widths.len().max(cells.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.width());
        }
    }
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.as_ref().iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + GAP));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
