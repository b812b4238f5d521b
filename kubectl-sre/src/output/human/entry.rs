//! One problem on the screen: in full with evidence and the next command, or in one line.

use super::Screen;
use crate::output::escape;
use sre_shared::digest::{
    Affected, ObjectProblem, Problem, Severity, SharedCause, abridge, baseline_words, cause_sentence,
    describe_command, further_lines, object_name, ready_of_desired,
};
use sre_shared::report::{Cause, Code, Item, State};
use std::collections::HashSet;
use unicode_width::UnicodeWidthStr as _;

/// Objects that are named under a shared cause.
const SHOWN_UNDER_CAUSE: usize = 3;
/// Causes of one object that are shown.
const SHOWN_CAUSES: usize = 3;
/// Last lines of a log that are shown.
const SHOWN_LOG: usize = 3;
/// Words of a cause that say more than its age.
const LEAST_WORDS: usize = 5;
/// The greatest width of the column of names.
const WIDEST_NAME: usize = 40;

/// One problem, in both forms.
pub(super) struct Entry {
    /// With evidence and the next command.
    pub full: Vec<String>,
    /// In one line.
    pub short: String,
    /// The objects of the problem.
    pub objects: usize,
}

/// The widths of the columns of names and of counts.
pub(super) struct Columns {
    name: usize,
    count: usize,
}

/// What the entries above have said, and no other entry says again.
#[derive(Default)]
pub(super) struct Said {
    /// The sorts of objects for which `kubectl describe` was offered. If many fall short alike, one command is enough.
    described: HashSet<(String, State, String)>,
    /// The lines of logs. Two objects that crash alike write the same ones.
    logs: HashSet<Vec<String>>,
}

impl Said {
    fn describe(&mut self, item: &Item) -> Option<String> {
        let sort = (item.kind.clone(), item.state, item.reason.as_str().to_owned());
        describe_command(item).filter(|_| self.described.insert(sort))
    }
}

impl Columns {
    /// Wide enough for the names of these items. A name that is wider than half of the screen does not move the others.
    pub fn new<'a>(items: impl Iterator<Item = &'a Item> + Clone, screen: Option<usize>) -> Self {
        let widest = screen.map_or(WIDEST_NAME, |width| WIDEST_NAME.min(width / 2));
        let counted = items.filter_map(|item| Some((item, ready_of_desired(item)?)));
        Self {
            name: counted
                .clone()
                .map(|(item, _)| name(item).width())
                .filter(|width| *width <= widest)
                .max()
                .unwrap_or(0),
            count: counted.map(|(_, count)| count.width()).max().unwrap_or(0),
        }
    }
}

impl Screen<'_> {
    /// Both forms of a problem.
    pub(super) fn entry(&self, problem: &Problem<'_>, columns: &Columns, said: &mut Said) -> Entry {
        let severity = problem.severity();
        match problem {
            Problem::Shared(cause) => self.shared_cause(severity, cause),
            Problem::Object(object) => self.object(severity, object, columns, said),
        }
    }

    /// A shared cause with its reach: what falls short because of it, and what still serves.
    fn shared_cause(&self, severity: Severity, cause: &SharedCause<'_>) -> Entry {
        let finding = &cause.finding;
        let code = escape(finding.code.as_str());
        let begin = format!("{} {}", self.mark(severity), self.bold(&code));
        let reach = cause.reach(self.digest);
        let message = self.abridged(&finding.message, Some(&finding.code));
        let mut full = self.message_and_reach(&begin, code.width() + 2, &message, &escape(&reach));
        let affected = cause.affected();
        let shown = if self.style.all {
            usize::MAX
        } else {
            SHOWN_UNDER_CAUSE
        };
        let named = names(&affected, shown);
        if !named.is_empty() {
            full.extend(self.indented(4, &escape(&named)));
        }
        if let Some(change) = cause.change() {
            full.extend(self.indented(4, &escape(&change)));
        }
        full.extend(finding.hint.iter().map(|hint| self.hint(hint)));
        let room = self.style.width.unwrap_or(usize::MAX);
        let candidates = (0..=SHOWN_UNDER_CAUSE).rev().map(|shown| names(&affected, shown));
        let texts: Vec<String> = candidates.chain([reach]).map(|text| escape(&text)).collect();
        let fits = |text: &&String| code.width() + 4 + text.width() <= room;
        let text = texts.iter().find(fits).or(texts.last());
        let text = text.map_or("", String::as_str);
        Entry {
            full,
            short: format!("{begin}  {text}"),
            objects: affected.short.len() + affected.serving.len(),
        }
    }

    /// A shared cause and its reach, in one line if it fits.
    fn message_and_reach(&self, begin: &str, begin_width: usize, message: &str, reach: &str) -> Vec<String> {
        let together = begin_width + 2 + message.width() + 3 + reach.width();
        if self.style.width.is_some_and(|width| together <= width) {
            return vec![format!("{begin}: {message}   {reach}")];
        }
        let mut lines = self.wrap((&format!("{begin}: "), begin_width + 2), 4, message);
        lines.extend(self.indented(4, reach));
        lines
    }

    fn object(
        &self,
        severity: Severity,
        object: &ObjectProblem<'_>,
        columns: &Columns,
        said: &mut Said,
    ) -> Entry {
        let code = object.item.roots().next().map(|cause| &cause.code);
        let text = self.abridged(&object.text(self.digest), code);
        let mut full = self.line(severity, object.item, columns, &text);
        let causes = object.causes(self.digest);
        let shown = if self.style.all { usize::MAX } else { SHOWN_CAUSES };
        for (cause, sentence) in causes.iter().take(shown) {
            if let Some(sentence) = sentence {
                full.extend(self.indented(4, &self.abridged(sentence, Some(&cause.code))));
            }
            full.extend(self.log(cause, said));
        }
        if causes.len() > shown {
            let left = format!("and {} more causes, which --all shows", causes.len() - shown);
            full.extend(self.indented(4, &left));
        }
        let change = object.change();
        if let Some((words, _)) = &change {
            full.extend(self.indented(4, &escape(words)));
        }
        let hint = causes.iter().find_map(|(cause, _)| cause.hint.clone());
        let hint = hint.or_else(|| said.describe(object.item));
        full.extend(hint.map(|hint| self.hint(&hint)));
        let undo = change.and_then(|(_, undo)| undo);
        full.extend(undo.map(|command| self.hint(command)));
        Entry {
            full,
            short: self.short(severity, object, columns),
            objects: 1,
        }
    }

    /// The last lines of a cause's log. Each is cut at the edge of the terminal.
    fn log(&self, cause: &Cause, said: &mut Said) -> Vec<String> {
        let lines = further_lines(cause, SHOWN_LOG).into_iter();
        let lines: Vec<String> = lines
            .map(|line| {
                let line = format!("      | {}", escape(&line));
                match self.style.width {
                    Some(width) => console::truncate_str(&line, width, "...").into_owned(),
                    None => line,
                }
            })
            .collect();
        if said.logs.insert(lines.clone()) {
            lines
        } else {
            Vec::new()
        }
    }

    /// A sentence with its middle left out if it is long. A list is the answer itself, so it stays whole.
    fn abridged(&self, sentence: &str, code: Option<&Code>) -> String {
        if self.style.all || code.is_some_and(Code::is_list) {
            escape(sentence)
        } else {
            escape(&abridge(sentence))
        }
    }

    /// An object in one line: its counts and why it falls short, in as many words as there is room for.
    fn short(&self, severity: Severity, object: &ObjectProblem<'_>, columns: &Columns) -> String {
        let item = object.item;
        let root = item.roots().next();
        let word = root.map_or(item.reason.as_str(), |cause| cause.code.as_str());
        let age = self.digest.age(item.since.as_deref());
        let aged = age.map_or_else(|| word.to_owned(), |age| format!("{word}, for {age}"));
        let (begin, width) = self.begin(severity, item, columns);
        let fits = |text: &&String| {
            self.style
                .width
                .is_none_or(|screen| width + text.width() <= screen)
        };
        let sentence = root.map_or_else(|| aged.clone(), cause_sentence);
        let room = self
            .style
            .width
            .map_or(usize::MAX, |screen| screen.saturating_sub(width));
        let begin_of_sentence = first_words(&escape(&sentence), room);
        let code = root.map(|cause| &cause.code);
        let texts = [object.text(self.digest), sentence].map(|text| self.abridged(&text, code));
        let fallback = [aged, word.to_owned()].map(|text| escape(&text));
        let mut texts = texts.iter().chain(&begin_of_sentence).chain(&fallback);
        let text = texts.find(fits).or(fallback.last());
        format!("{begin}{}", text.map_or("", String::as_str))
    }

    /// The line of an object in full. The text goes below if it does not fit beside the counts.
    fn line(&self, severity: Severity, item: &Item, columns: &Columns, text: &str) -> Vec<String> {
        let (begin, width) = self.begin(severity, item, columns);
        if self
            .style
            .width
            .is_none_or(|screen| width + text.width() <= screen)
        {
            return vec![format!("{begin}{text}")];
        }
        let mut lines = vec![begin.trim_end().to_owned()];
        lines.extend(self.indented(4, text));
        lines
    }

    /// The mark, name and counts of an object, with the two spaces after them, and their width.
    fn begin(&self, severity: Severity, item: &Item, columns: &Columns) -> (String, usize) {
        let (mark, name) = (self.mark(severity), name(item));
        let bold = self.bold(&name);
        let Some(counts) = ready_of_desired(item) else {
            return (format!("{mark} {bold}  "), name.width() + 4);
        };
        let pad = columns.name.saturating_sub(name.width());
        let counts = format!("{counts:>width$} ready", width = columns.count);
        let width = 2 + name.width() + pad + 2 + counts.width() + 2;
        (format!("{mark} {bold}{:pad$}  {counts}  ", ""), width)
    }
}

pub(super) fn name(item: &Item) -> String {
    escape(&object_name(item))
}

/// As many words of a sentence as fit, with three dots; `None` if they would say too little.
fn first_words(sentence: &str, room: usize) -> Option<String> {
    let mut kept = String::new();
    for word in sentence.split(' ') {
        if kept.width() + 1 + word.width() + 3 > room {
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    (kept.split(' ').count() >= LEAST_WORDS).then(|| format!("{kept}..."))
}

/// The affected objects with their counts, at most as many of each sort as are to be shown.
fn names(affected: &Affected<'_>, shown: usize) -> String {
    let listed = |items: &[&Item]| {
        let names = items.iter().take(shown).map(|item| {
            let name = match ready_of_desired(item) {
                Some(counts) => format!("{counts} {}", object_name(item)),
                None => object_name(item),
            };
            baseline_words(item).map_or(name.clone(), |words| format!("{name} ({words})"))
        });
        let text = names.collect::<Vec<_>>().join(", ");
        match (items.len().saturating_sub(shown), shown) {
            (0, _) => text,
            (1, 0) => "1 object".to_owned(),
            (left, 0) => format!("{left} objects"),
            (left, _) => format!("{text} and {left} more"),
        }
    };
    let short = listed(&affected.short);
    let serving = listed(&affected.serving);
    match (short.as_str(), serving.as_str()) {
        (_, "") => short,
        ("", _) => format!("still serving: {serving}"),
        _ => format!("{short}; still serving: {serving}"),
    }
}
