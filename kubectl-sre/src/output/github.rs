//! Annotations of GitHub Actions: a workflow command for each problem, which the runner shows on the run and the pull request.
//!
//! GitHub shows 10 errors and 10 warnings of a step and drops the others without a word, so there are 10 at most, and the last one
//! says how many are left out. Every line is a command: in another line the runner would obey a `##[...]` of the cluster.

use super::escape;
use super::problem_text::{ProblemText, problem_texts};
use sre_shared::digest::{Digest, Severity};
use sre_shared::report::Report;
use std::io::{Result, Write};

/// The most annotations of a run.
const MOST: usize = 10;
/// Annotations that are kept for what was not seen, however much is broken.
const FOR_GAPS: usize = 2;

/// Writes the annotations; nothing if there is no problem.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    let digest = Digest::new(report);
    let problems = problem_texts(report, &digest);
    let shown = chosen(&problems);
    for problem in &shown {
        let (title, text) = words(problem);
        annotate(level(problem.severity), &title, &text, out)?;
    }
    let left: Vec<&ProblemText> = problems
        .iter()
        .filter(|problem| !shown.iter().any(|shown| std::ptr::eq(*shown, *problem)))
        .collect();
    // With problems that no entry is about, the run would look well.
    let is_silent = problems.is_empty() && digest.headline.health != sre_shared::digest::OverallHealth::Ok;
    if is_silent {
        let text = digest.headline.sentences.join("; ");
        return annotate("error", digest.headline.health.as_str(), &text, out);
    }
    let Some(worst) = left.iter().map(|problem| problem.severity).min() else {
        return Ok(());
    };
    let gaps = left.iter().filter(|problem| problem.is_gap).count();
    let of_them = if gaps > 0 {
        format!(", {gaps} of them about what was not seen")
    } else {
        String::new()
    };
    let title = format!("{} more problems{of_them}", left.len());
    annotate(
        level(worst),
        &title,
        "kubectl sre health -o markdown lists them",
        out,
    )
}

/// The problems that have an annotation.
fn chosen(problems: &[ProblemText]) -> Vec<&ProblemText> {
    if problems.len() <= MOST {
        return problems.iter().collect();
    }
    let gaps = problems.iter().filter(|problem| problem.is_gap).take(FOR_GAPS);
    let gaps: Vec<&ProblemText> = gaps.collect();
    // One is left for the number of the others.
    let room = MOST.saturating_sub(1).saturating_sub(gaps.len());
    let known = problems.iter().filter(|problem| !problem.is_gap).take(room);
    let mut chosen: Vec<&ProblemText> = known.collect();
    let further = problems.iter().filter(|problem| problem.is_gap).skip(gaps.len());
    let spare = room.saturating_sub(chosen.len());
    chosen.extend(gaps);
    chosen.extend(further.take(spare));
    chosen
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Broken | Severity::Unknown => "error",
        Severity::Warning | Severity::Progressing => "warning",
    }
}

/// The title and the text of an annotation.
fn words(problem: &ProblemText) -> (String, String) {
    let extent = problem.extent.as_ref().map(|extent| format!(": {extent}"));
    let title = format!("{}{}", problem.what, extent.unwrap_or_default());
    let since = problem.since.as_ref().map(|since| format!(", for {since}"));
    let first = format!("{}{}", problem.why, since.unwrap_or_default());
    let command = problem
        .command
        .iter()
        .filter(|command| !problem.evidence.contains(command));
    let lines = std::iter::once(&first).chain(&problem.evidence).chain(command);
    let lines: Vec<String> = lines.map(|line| escape(line)).collect();
    (title, lines.join("\n"))
}

fn annotate(level: &str, title: &str, text: &str, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "::{level} title={}::{}",
        property(&escape(title)),
        data(text)
    )
}

/// The text of a command, as `escapeData` in `actions/toolkit` writes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, as `escapeProperty` in `actions/toolkit` writes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{HOSTILE, about, hostile, many, sample, well};
    use super::{MOST, write};
    use crate::output::escape;
    use sre_shared::report::Report;

    fn annotations(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("annotations are text")
    }

    /// A command, as the runner reads a line (`ActionCommand.TryParseV2` in `actions/runner`): a name, properties that are split
    /// at commas and once at `=`, and the rest of the line, each with its escapes undone.
    fn read(line: &str) -> (String, Vec<(String, String)>, String) {
        let rest = line.trim_start().strip_prefix("::").expect("a command");
        let (head, data) = rest.split_once("::").expect("a command has two marks");
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let undo = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
        let property = |text: &str| {
            let (key, value) = text.split_once('=').expect("a property has a value");
            let value = undo(&value.replace("%3A", ":").replace("%2C", ",")).replace("%25", "%");
            (key.to_owned(), value)
        };
        let properties = properties.split(',').map(property).collect();
        (name.to_owned(), properties, undo(data).replace("%25", "%"))
    }

    #[test]
    fn each_problem_has_an_annotation_with_its_cause_and_the_next_command() {
        insta::assert_snapshot!(annotations(&sample()));
    }

    #[test]
    fn a_run_without_a_problem_has_no_annotation() {
        assert_eq!(annotations(&well()), "");
    }

    // actions/toolkit#734, adrienverge/yamllint#573: more than ten are dropped without a word.
    #[test]
    fn more_than_ten_problems_are_ten_annotations_and_the_last_one_counts_the_others() {
        let text = annotations(&many(25));
        let lines: Vec<_> = text.lines().map(read).collect();
        assert_eq!(lines.len(), MOST);
        let (name, properties, _) = lines.last().expect("there are lines");
        assert_eq!(
            (name.as_str(), properties.as_slice()),
            (
                "error",
                &[("title".to_owned(), "17 more problems".to_owned())][..]
            )
        );
        // What was not seen is among the ten.
        assert!(text.contains("jobs in namespace bank"), "{text}");
    }

    // microsoft/azure-pipelines-agent#882, hadley/gha#3: a line break ends a command, and a colon or a comma a property.
    #[test]
    fn nothing_from_the_cluster_ends_a_command_or_begins_one() {
        for text in HOSTILE {
            let annotations = annotations(&about(text));
            let lines: Vec<_> = annotations.lines().map(read).collect();
            let [(name, properties, words)] = lines.as_slice() else {
                panic!("{annotations}");
            };
            assert_eq!(name, "error");
            let shown = escape(text);
            assert_eq!(
                properties.as_slice(),
                [("title".to_owned(), format!("{shown}/{shown}"))]
            );
            assert!(words.starts_with(shown.trim_end()), "{words}");
            assert!(!annotations.contains(['\u{1b}', '\u{202e}']));
        }
        let text = annotations(&hostile());
        let is_command = |line: &str| line.starts_with("::error ") || line.starts_with("::warning ");
        assert!(text.lines().all(is_command), "{text}");
    }
}
