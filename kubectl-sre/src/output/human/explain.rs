//! The last line of the screen: the command that explains its first word.

use super::Screen;
use crate::glossary::{DOCS, Glossary};
use sre_shared::digest::{NotSeenGroup, Problem};
use sre_shared::report::Code;
use unicode_width::UnicodeWidthStr as _;

impl Screen<'_> {
    /// The command that explains the first word of the screen that needs it. A person who is new to the words reads on a
    /// terminal; a pipe has no use for it.
    pub(super) fn explain(&self) -> Option<String> {
        let width = self.style.width?;
        let command = format!("kubectl sre explain {}", self.first_word()?);
        let said = format!("{command}    # what it means, and what to do");
        let fits = said.width() <= width;
        Some(self.dim(if fits { &said } else { &command }))
    }

    /// The first word that `explain` knows: the class of the API server's failure, else a cause, a reason, the class of a gap,
    /// or a note. A word of a controller or of a newer agent is unknown to it, and such text has no place in a command.
    fn first_word(&self) -> Option<&'static str> {
        let glossary = Glossary::new(DOCS);
        let known = |word: &str| glossary.words().find(|known| *known == word);
        let problems = || self.digest.problems.iter();
        let class = || self.digest.api_server?.class.as_deref().and_then(known);
        let cause = || {
            let codes = problems().filter_map(|problem| match problem {
                Problem::Shared(cause) => Some(&cause.finding.code),
                Problem::Object(object) => Some(&object.item.causes.first()?.code),
            });
            codes.map(Code::as_str).find_map(known)
        };
        let reason = || {
            let items = problems().filter_map(|problem| problem.items().into_iter().next());
            items.map(|item| item.reason.as_str()).find_map(known)
        };
        let gap = || {
            self.digest
                .not_seen
                .iter()
                .map(NotSeenGroup::class)
                .find_map(known)
        };
        let note = || {
            self.report
                .api_server()?
                .notes
                .texts()
                .into_iter()
                .find_map(known)
        };
        class().or_else(cause).or_else(reason).or_else(gap).or_else(note)
    }
}
