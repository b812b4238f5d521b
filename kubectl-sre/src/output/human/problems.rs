//! The problems, worst first: shared causes with their reach, then single objects.

use super::Screen;
use crate::output::escape;
use sre_shared::digest::{
    ObjectProblem, Problem, Severity, SharedCause, describe_command, object_name, ready_count,
};
use sre_shared::report::{Item, ObjectRef};
use std::collections::{BTreeSet, HashSet};
use unicode_width::UnicodeWidthStr as _;

/// Entries that are shown.
const SHOWN: usize = 10;
/// Objects that are shown by name, of those that fall short alike without a known cause.
const SHOWN_ALIKE: usize = 5;
/// Objects that are named under a shared cause.
const SHOWN_UNDER_CAUSE: usize = 3;
/// Causes of one object that are shown.
const SHOWN_CAUSES: usize = 3;
/// Last lines of a log that are shown.
const SHOWN_LOG: usize = 5;
/// The greatest width of the column of names.
const WIDEST_NAME: usize = 40;
/// The least width of the column of counts.
const NARROWEST_COUNT: usize = 9;

impl Screen<'_> {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(check) = self.digest.api_server {
            lines.extend(self.api_server_problem(check));
        }
        let problems = &self.digest.problems;
        let (shown, left) = problems.split_at(problems.len().min(SHOWN));
        let named = shown.iter().flat_map(|problem| match problem {
            Problem::Shared(_) => Vec::new(),
            Problem::Object(_) | Problem::Alike(_) => problem.items().into_iter().take(SHOWN_ALIKE).collect(),
        });
        let width = named.map(|item| name(item).width()).max().unwrap_or(0);
        let width = width.min(WIDEST_NAME);
        for problem in shown {
            let severity = problem.severity();
            match problem {
                Problem::Shared(cause) => self.shared_cause(severity, cause, &mut lines),
                Problem::Object(object) => self.object(severity, object, width, &mut lines),
                Problem::Alike(items) => self.alike(severity, items, width, &mut lines),
            }
        }
        let left: HashSet<ObjectRef> = left.iter().flat_map(Problem::items).map(Item::identity).collect();
        if !left.is_empty() {
            lines.push(self.dim(&format!(
                "  and {} more for other reasons; -o json lists every one",
                left.len()
            )));
        }
        lines.extend(self.acknowledged());
        lines
    }

    /// A shared cause and its reach.
    fn shared_cause(&self, severity: Severity, cause: &SharedCause<'_>, lines: &mut Vec<String>) {
        let finding = &cause.finding;
        let first = format!(
            "{} {}: ",
            self.mark(severity),
            self.bold(&escape(finding.code.as_str()))
        );
        let begin = finding.code.as_str().width() + 4;
        lines.extend(self.wrap((&first, begin), 4, &escape(&finding.message)));
        let mut names = cause.names();
        let more = match names.len().saturating_sub(SHOWN_UNDER_CAUSE) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        names.truncate(SHOWN_UNDER_CAUSE);
        let reach = format!("{}: {}{more}", cause.reach(self.digest), names.join(", "));
        lines.extend(self.indented(4, &escape(&reach)));
        lines.extend(finding.hint.iter().map(|hint| self.hint(hint)));
    }

    fn object(&self, severity: Severity, object: &ObjectProblem<'_>, width: usize, lines: &mut Vec<String>) {
        let text = escape(&object.text(self.digest));
        self.line(severity, object.item, width, &text, lines);
        let causes = object.causes(self.digest);
        for (cause, sentence) in causes.iter().take(SHOWN_CAUSES) {
            if let Some(sentence) = sentence {
                lines.extend(self.indented(4, &escape(sentence)));
            }
            let log = cause.log.get(cause.log.len().saturating_sub(SHOWN_LOG)..);
            let log = log.unwrap_or_default().iter();
            lines.extend(log.map(|line| format!("      | {}", escape(line))));
        }
        let hint = causes.iter().find_map(|(cause, _)| cause.hint.clone());
        let hint = hint.or_else(|| describe_command(object.item));
        lines.extend(hint.map(|hint| self.hint(&hint)));
    }

    fn alike(&self, severity: Severity, items: &[&Item], width: usize, lines: &mut Vec<String>) {
        for (number, item) in items.iter().take(SHOWN_ALIKE).enumerate() {
            let text = escape(&self.digest.explain(item));
            self.line(severity, item, width, &text, lines);
            if number == 0 {
                lines.extend(describe_command(item).map(|hint| self.hint(&hint)));
            }
        }
        let left = items.len().saturating_sub(SHOWN_ALIKE);
        if left > 0 {
            let all: BTreeSet<&str> = items.iter().map(|item| item.namespace.as_str()).collect();
            let place = if all.len() > 1 {
                format!(", {} namespaces in all", all.len())
            } else {
                String::new()
            };
            lines.push(self.dim(&format!(
                "  and {left} more like these{place}; -o json lists every one"
            )));
        }
    }

    /// The line of an object: its mark, name, counts and a text. The text goes below if it does not fit beside them.
    fn line(&self, severity: Severity, item: &Item, width: usize, text: &str, lines: &mut Vec<String>) {
        let mark = self.mark(severity);
        let (name, counts) = (name(item), ready_count(item));
        let pad = " ".repeat(width.saturating_sub(name.width()));
        let begin = 2 + width.max(name.width()) + 2 + counts.width().max(NARROWEST_COUNT) + 2;
        let name = self.bold(&name);
        if self
            .style
            .width
            .is_some_and(|screen| begin + text.width() > screen)
        {
            lines.push(format!("{mark} {name}{pad}  {counts}"));
            lines.extend(self.indented(4, text));
        } else {
            lines.push(format!("{mark} {name}{pad}  {counts:<NARROWEST_COUNT$}  {text}"));
        }
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
            let text = format!("{} acknowledged until {}: {}", a.code, a.until, a.reason);
            let (counts, text) = (ready_count(item), escape(&text));
            self.dim(&format!("  {name}{pad}  {counts:<NARROWEST_COUNT$}  {text}"))
        });
        lines.collect()
    }
}

fn name(item: &Item) -> String {
    escape(&object_name(item))
}
