//! A line for each part, and the last line: how much was looked at.

use super::{Screen, health_paint};
use crate::output::escape;
use anstyle::Style as Paint;
use sre_shared::digest::milliseconds;
use unicode_width::UnicodeWidthStr as _;

/// The least width of the column with the health of each part.
const NARROWEST: usize = 8;

/// The least width of the column of texts. On a narrower screen they go below.
const NARROWEST_TEXT: usize = 24;

impl Screen<'_> {
    pub(super) fn parts(&self) -> Vec<String> {
        if self.report.is_blank() {
            return Vec::new();
        }
        let parts = &self.digest.parts;
        let titles: Vec<String> = parts.iter().map(|part| escape(&part.title)).collect();
        let words = parts
            .iter()
            .map(|part| part.health.map_or("", |health| health.as_str()));
        let words: Vec<&str> = words.collect();
        let titles_width = titles.iter().map(|title| title.width()).max().unwrap_or(0);
        let words_width = words
            .iter()
            .map(|word| word.len())
            .max()
            .unwrap_or(0)
            .max(NARROWEST);
        let begin = titles_width + 2 + words_width + 2;
        let mut lines = Vec::new();
        for ((part, title), word) in parts.iter().zip(titles).zip(words) {
            let pad = " ".repeat(words_width.saturating_sub(word.len()));
            let word = self.paint(part.health.map_or(Paint::new(), health_paint), word);
            let first = format!("{title:<titles_width$}  {word}{pad}  ");
            if self
                .style
                .width
                .is_some_and(|width| width < begin + NARROWEST_TEXT)
            {
                lines.push(first);
                lines.extend(self.indented(4, &escape(&part.text)));
            } else {
                lines.extend(self.wrap((&first, begin), begin, &escape(&part.text)));
            }
        }
        for text in self.digest.left_out.iter().chain(&self.digest.manifest) {
            lines.extend(self.wrap(("", 0), 2, &escape(text)));
        }
        let extent = self.wrap(("", 0), 2, &self.extent());
        lines.extend(extent.iter().map(|line| self.dim(line)));
        lines
    }

    /// How much was looked at, by which agent, and when.
    fn extent(&self) -> String {
        let extent = &self.digest.extent;
        let mut words = vec![format!("looked at {}", extent.looked_at)];
        words.extend(extent.namespaces.clone());
        words.extend(extent.agent.iter().map(|agent| format!("by agent {agent}")));
        words.extend(extent.nothing_found());
        words.push(match self.style.elapsed {
            Some(elapsed) => format!("in {}", milliseconds(elapsed.as_secs_f64() * 1e3)),
            None => format!("as of {}", self.report.observed_at),
        });
        escape(&words.join(", "))
    }
}
