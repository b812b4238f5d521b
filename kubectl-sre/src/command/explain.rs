//! `kubectl sre explain CODE`: prints what a word of a report means, how it was decided, and what to do.

use crate::cli::ExplainArgs;
use crate::glossary::{DOCS, Section, sections};
use crate::output::{list, page};
use crate::shell::Color;
use crate::{Shell, exit, output};
use sre_shared::nearest::nearest;

/// Longer lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// Runs it and returns the exit code.
pub fn run(args: &ExplainArgs, shell: &mut Shell) -> u8 {
    let sections = sections(DOCS);
    let width = shell.width().unwrap_or(WIDEST).clamp(20, WIDEST);
    let Some(word) = &args.code else {
        let cut = shell.width();
        shell.print(&list(&sections, cut));
        return 0;
    };
    let found: Vec<&Section> = sections
        .iter()
        .filter(|s| s.word.eq_ignore_ascii_case(word))
        .collect();
    if found.is_empty() {
        let near = nearest(word, sections.iter().map(|s| s.word));
        let word = output::escape(word);
        shell.complain(&match near {
            Some(near) => format!("error: unknown code {word:?}, did you mean {near:?}?"),
            None => format!("error: unknown code {word:?}: kubectl sre explain lists every one"),
        });
        return exit::USAGE;
    }
    let color = shell.colors(Color::Auto);
    let pages: Vec<String> = found.iter().map(|section| page(section, width, color)).collect();
    shell.print(&pages.join("\n"));
    0
}
