//! The lines about gaps: one for each failure, however many kinds and namespaces it concerns.

use super::Screen;
use crate::output::escape;
use sre_shared::digest::{CausesNotSeen, NotSeenGroup, Severity};

/// Entries that are shown.
const SHOWN: usize = 4;

impl Screen<'_> {
    pub(super) fn not_seen(&self) -> Vec<String> {
        let groups = &self.digest.not_seen;
        // The lines of the API server show its hint.
        let said = self.report.api_server().and_then(|check| check.hint.as_deref());
        let mut lines = Vec::new();
        for group in groups.iter().take(SHOWN) {
            lines.push(format!(
                "{} not seen: {}  {}",
                self.mark(Severity::Unknown),
                self.bold(&escape(&group.what())),
                escape(&format!("{}: {}", group.class(), group.why())),
            ));
            let hint = group
                .hint()
                .filter(|_| said.is_none() || group.own_hint().as_deref() != said);
            lines.extend(hint.map(|hint| self.hint(&hint)));
        }
        if groups.len() > SHOWN {
            let left = groups.len() - SHOWN;
            lines.push(self.dim(&format!("  and {left} more; -o json lists every one")));
        }
        lines.extend(self.causes_not_seen());
        lines
    }

    /// The gaps of the search for causes, in one line, since no verdict depends on them.
    fn causes_not_seen(&self) -> Option<String> {
        let text = match &self.digest.causes_not_seen {
            CausesNotSeen::TurnedOff { why, hint } => {
                let why = why.unwrap_or("they are not looked for");
                let text = format!("no causes: {why}; {}", hint.unwrap_or_default());
                text.trim_end_matches([';', ' ']).to_owned()
            }
            CausesNotSeen::Missing(groups) if groups.is_empty() => return None,
            CausesNotSeen::Missing(groups) => {
                let one = |group: &NotSeenGroup<'_>| {
                    format!("{} ({}: {})", group.what(), group.class(), group.why())
                };
                let some: Vec<String> = groups.iter().take(SHOWN).map(one).collect();
                format!("causes are missing, not seen: {}", some.join("; "))
            }
        };
        Some(self.dim(&format!("  {}", escape(&text))))
    }
}
