//! The lines about gaps: one for each failure, however many kinds and namespaces it concerns.

use super::Screen;
use crate::output::escape;
use sre_shared::digest::{CausesNotSeen, NotSeenGroup, Severity};
use unicode_width::UnicodeWidthStr as _;

/// Entries that are shown.
const SHOWN: usize = 4;
/// The width of `? not seen: `.
const BEGIN: usize = 12;

impl Screen<'_> {
    pub(super) fn not_seen(&self) -> Vec<String> {
        let groups = &self.digest.not_seen;
        // The lines of the API server show its hint.
        let said = self.report.api_server().and_then(|check| check.hint.as_deref());
        let mut lines = Vec::new();
        let shown = if self.style.all { groups.len() } else { SHOWN };
        for group in groups.iter().take(shown) {
            let begin = format!("{} not seen: ", self.mark(Severity::Unknown));
            let what = escape(&group.what());
            let why = escape(&format!("{}: {}", group.class(), group.why()));
            let width = BEGIN + what.width() + 2 + why.width();
            if self.style.width.is_none_or(|screen| width <= screen) {
                lines.push(format!("{begin}{}  {why}", self.bold(&what)));
            } else {
                lines.extend(self.wrap((&begin, BEGIN), 4, &format!("{what}  {why}")));
            }
            let hint = group.hint().filter(|hint| said != Some(*hint));
            lines.extend(hint.map(|hint| self.hint(hint)));
        }
        if groups.len() > shown {
            let left = groups.len() - shown;
            lines.push(self.dim(&format!("  and {left} more, which --all shows")));
        }
        lines.extend(self.causes_not_seen());
        lines.extend(self.grant());
        lines
    }

    /// The commands that grant the missing rights, once for all of them.
    fn grant(&self) -> Vec<String> {
        let Some(grant) = self.digest.grant else {
            return Vec::new();
        };
        let place = grant
            .namespace
            .as_ref()
            .map(|name| format!(" in namespace {name}"));
        let place = place.unwrap_or_default();
        let text = format!("a cluster admin grants all that this run needs{place}:");
        let mut lines = self.indented(2, &escape(&text));
        lines.extend(grant.commands.iter().map(|command| self.hint(command)));
        if !grant.not_granted.is_empty() {
            let text = format!("no right in a namespace shows {}", grant.not_granted.join(", "));
            lines.extend(self.indented(2, &escape(&text)).iter().map(|line| self.dim(line)));
        }
        let mut lacking = self.digest.not_seen.iter().filter(|group| group.lacks_rights());
        if let Some(leave_out) = lacking.find_map(NotSeenGroup::leave_out) {
            lines.extend(
                self.indented(2, &escape(&format!("or {leave_out}")))
                    .iter()
                    .map(|line| self.dim(line)),
            );
        }
        lines
    }

    /// The gaps of the search for causes, in one line, since no verdict depends on them.
    fn causes_not_seen(&self) -> Vec<String> {
        let text = match &self.digest.causes_not_seen {
            CausesNotSeen::TurnedOff { why, hint } => {
                let why = why.unwrap_or("they are not looked for");
                let text = format!("no causes: {why}; {}", hint.unwrap_or_default());
                text.trim_end_matches([';', ' ']).to_owned()
            }
            CausesNotSeen::Missing(groups) if groups.is_empty() => return Vec::new(),
            CausesNotSeen::Missing(groups) => {
                let one = |group: &NotSeenGroup<'_>| {
                    format!("{} ({}: {})", group.what(), group.class(), group.why())
                };
                let shown = if self.style.all { groups.len() } else { SHOWN };
                let some: Vec<String> = groups.iter().take(shown).map(one).collect();
                format!("causes are missing, not seen: {}", some.join("; "))
            }
        };
        let lines = self.indented(2, &escape(&text));
        lines.iter().map(|line| self.dim(line)).collect()
    }
}
