//! The problem of the API server, and the path to it rung by rung.

use super::Screen;
use crate::output::escape;
use sre_shared::digest::{Severity, milliseconds};
use sre_shared::report::{ApiServerCheck, Rung, RungStatus, Status};
use unicode_width::UnicodeWidthStr as _;

impl Screen<'_> {
    pub(super) fn api_server_problem(&self, check: &ApiServerCheck) -> Vec<String> {
        let severity = if check.status == Status::Degraded {
            Severity::Broken
        } else {
            Severity::Unknown
        };
        let mut text = escape(check.error.as_deref().unwrap_or("no reason is known"));
        if let Some(ms) = check.elapsed_ms {
            text = format!("{text} (after {})", milliseconds(ms));
        }
        // An endpoint that is only a path is in the text already.
        let endpoint = check
            .endpoint
            .as_deref()
            .filter(|e| e.contains("://"))
            .map(escape)
            .unwrap_or_default();
        let name = format!("API server {endpoint}");
        let name = name.trim_end();
        let begin = format!("{} {}  ", self.mark(severity), self.bold(name));
        let mut lines = self.wrap((&begin, name.width() + 4), 4, &text);
        if let Some(side) = &check.side {
            let rung = check.rung.as_ref().map(|rung| format!(", at {}", escape(rung)));
            let text = format!("on the side of {}{}", escape(side), rung.unwrap_or_default());
            lines.extend(self.indented(4, &text));
        }
        if let Some(missing) = &check.missing {
            lines.extend(self.indented(4, &format!("missing rule: {}", escape(missing))));
        }
        lines.extend(check.hint.iter().map(|hint| self.hint(hint)));
        lines
    }

    /// The path, if the report is about the API server alone. It has all rungs with `-v` or if the API server is not ok, else
    /// only broken rungs and warnings.
    pub(super) fn ladder(&self) -> Vec<String> {
        let Some(check) = self.report.api_server() else {
            return Vec::new();
        };
        if self.report.kinds().next().is_some() {
            return Vec::new();
        }
        let whole = self.style.verbose || check.status != Status::Ok;
        let rungs: Vec<&Rung> = check
            .ladder
            .iter()
            .filter(|rung| whole || matches!(rung.status, RungStatus::Warning | RungStatus::Failed))
            .collect();
        let width = rungs.iter().map(|rung| rung.rung.width()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for rung in rungs {
            let severity = match rung.status {
                RungStatus::Ok => None,
                RungStatus::Warning => Some(Severity::Warning),
                RungStatus::Failed => Some(Severity::Broken),
                RungStatus::Unknown => Some(Severity::Unknown),
            };
            let mark = severity.map_or_else(|| self.tick(), |severity| self.mark(severity));
            let took = rung.elapsed_ms.map(|ms| format!(" ({})", milliseconds(ms)));
            let name = escape(&rung.rung);
            let indent = width + 4;
            let begin = format!("{mark} {name:<width$}  ");
            let message = format!("{}{}", escape(&rung.message), took.unwrap_or_default());
            lines.extend(self.wrap((&begin, indent), indent, &message));
            // The lines above show the side and the command of the broken rung.
            let is_said = check.rung.as_ref() == Some(&rung.rung) && rung.status == RungStatus::Failed;
            if !is_said && matches!(rung.status, RungStatus::Warning | RungStatus::Failed) {
                let side = rung
                    .side
                    .iter()
                    .map(|side| format!("on the side of {}", escape(side)));
                let words: Vec<_> = side.chain(rung.hint.iter().map(|hint| escape(hint))).collect();
                if !words.is_empty() {
                    // A command in it is to be pasted, so it is not wrapped.
                    lines.push(format!("  {:<width$}  {}", "", self.dim(&words.join(": "))));
                }
            }
        }
        lines
    }
}
