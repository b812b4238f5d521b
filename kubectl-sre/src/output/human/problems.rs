//! The problems, in the order of what they mean for users: in full as many as there is room for, then the others in one line
//! each.

use super::Screen;
use super::entry::{Columns, Entry, Said, name};
use crate::output::escape;
use sre_shared::digest::{Problem, ready_of_desired};
use unicode_width::UnicodeWidthStr as _;

/// Problems in full if the screen has no end, as in a pipe.
const FULL_IN_A_PIPE: usize = 10;
/// Problems that are always in full: the worst ones are worth a longer screen.
const ALWAYS_FULL: usize = 3;
/// Problems in one line each. Beyond these nobody reads on, and the kinds say how many there are.
const SHORT: usize = 200;

impl Screen<'_> {
    /// The problems, in full as many as fit into so many rows.
    pub(super) fn problems(&self, room: Option<usize>) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(check) = self.digest.api_server {
            lines.extend(self.api_server_problem(check));
        }
        let acknowledged = self.acknowledged();
        let problems = &self.digest.problems;
        let single = problems
            .iter()
            .filter(|problem| !matches!(problem, Problem::Shared(_)));
        let single: Vec<_> = single.flat_map(Problem::items).collect();
        let columns = Columns::new(single.iter().copied(), self.style.width);
        let mut said = Said::default();
        let entries = problems
            .iter()
            .map(|problem| self.entry(problem, &columns, &mut said));
        let entries: Vec<Entry> = entries.collect();
        let full = match room {
            _ if self.style.all => entries.len(),
            None => FULL_IN_A_PIPE.min(entries.len()),
            Some(room) => {
                let used = lines
                    .iter()
                    .chain(&acknowledged)
                    .map(|line| self.rows(line))
                    .sum();
                self.fitting(&entries, room.saturating_sub(used))
                    .max(ALWAYS_FULL)
                    .min(entries.len())
            }
        };
        let (full, short) = entries.split_at(full);
        lines.extend(full.iter().flat_map(|entry| entry.full.clone()));
        let (short, left) = short.split_at(short.len().min(SHORT));
        lines.extend(short.iter().map(|entry| entry.short.clone()));
        lines.extend(self.rest(short, left));
        lines.extend(acknowledged);
        lines
    }

    /// The number of entries that can be in full if all others have a line each.
    fn fitting(&self, entries: &[Entry], room: usize) -> usize {
        let rows = |lines: &[String]| lines.iter().map(|line| self.rows(line)).sum::<usize>();
        let short = |entry: &Entry| self.rows(&entry.short);
        // The line about the entries that are not in full.
        let mut used = entries.iter().map(short).sum::<usize>() + 1;
        for (number, entry) in entries.iter().enumerate() {
            used = used - short(entry) + rows(&entry.full);
            let is_last = number + 1 == entries.len();
            if used - usize::from(is_last) > room {
                return number;
            }
        }
        entries.len()
    }

    /// The line about the entries that are short, and about those that are left out.
    fn rest(&self, short: &[Entry], left: &[Entry]) -> Option<String> {
        let objects: usize = left.iter().map(|entry| entry.objects).sum();
        let text = match (short.len(), objects) {
            (0, _) => return None,
            (1, 0) => "  --all shows the last one in full".to_owned(),
            (short, 0) => format!("  --all shows the last {short} in full"),
            (_, objects) => format!("  and {objects} more, which --all shows"),
        };
        Some(self.dim(&text))
    }

    /// Acknowledged objects: how many, and with `-v` which.
    fn acknowledged(&self) -> Vec<String> {
        let acknowledged = &self.digest.acknowledged;
        if acknowledged.is_empty() {
            return Vec::new();
        }
        if !self.style.verbose {
            let count = acknowledged.len();
            return vec![self.dim(&format!(
                "  {count} acknowledged, which -v lists and --no-ignore judges"
            ))];
        }
        let widths = acknowledged.iter().map(|(item, _)| name(item).width());
        let width = widths.max().unwrap_or(0);
        let lines = acknowledged.iter().map(|(item, a)| {
            let name = name(item);
            let pad = " ".repeat(width.saturating_sub(name.width()));
            let counts =
                ready_of_desired(item).map_or_else(String::new, |counts| format!("{counts} ready  "));
            let text = escape(&format!(
                "{} acknowledged until {}: {}",
                a.code, a.until, a.reason
            ));
            self.dim(&format!("  {name}{pad}  {counts}{text}"))
        });
        lines.collect()
    }
}
