//! `kubectl sre explain WORD...`: prints what a word of a report means, how it was decided, and what to do.

use crate::cli::ExplainArgs;
use crate::glossary::{DOCS, Glossary, Role, Section};
use crate::output::{Format, lead, list, page};
use crate::shell::Color;
use crate::{Shell, exit, output};
use sre_shared::nearest::nearest;

/// Longer lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;
/// A pipe mostly ends in a pager, whose terminal is seldom narrower.
const PIPE: usize = 80;

/// Runs it and returns the exit code.
pub fn run(args: &ExplainArgs, shell: &mut Shell) -> u8 {
    let glossary = Glossary::new(DOCS);
    let width = shell.size().map_or(PIPE, |(width, _)| width).clamp(20, WIDEST);
    let color = shell.colors(Color::Auto);
    if args.words.is_empty() {
        let all: Vec<&Section> = glossary.sections.iter().collect();
        match args.output {
            Format::Json | Format::Yaml => write(args.output, &all, shell),
            // The grammar takes no other format.
            _ => shell.print(&list(&glossary, width)),
        }
        return 0;
    }
    let (found, unknown) = look_up(&glossary, &args.words);
    if matches!(args.output, Format::Json | Format::Yaml) {
        let sections: Vec<&Section> = found.iter().map(|(_, section)| *section).collect();
        write(args.output, &sections, shell);
        return refuse(&glossary, &unknown, shell);
    }
    let mut pages: Vec<String> = Vec::new();
    let mut shown: Vec<&Section> = Vec::new();
    for (word, section) in found {
        let mut explaining = vec![section];
        if section.role == Role::Kubernetes {
            pages.push(lead(&word, section, width, color));
            let words = section.explained_by.iter().flat_map(|word| glossary.find(word));
            explaining = words.filter(|section| section.role != Role::Kubernetes).collect();
        }
        for section in explaining {
            if !shown.contains(&section) {
                shown.push(section);
                pages.push(page(section, width, color));
            }
        }
    }
    shell.print(&pages.join("\n"));
    refuse(&glossary, &unknown, shell)
}

/// Writes sections for programs.
fn write(format: Format, sections: &[&Section], shell: &mut Shell) {
    shell.write(|out| match format {
        Format::Yaml => output::yaml::write(&sections, out),
        _ => output::json::write(&sections, out),
    });
}

/// Names the words that no section has. Returns the exit code.
fn refuse(glossary: &Glossary, unknown: &[String], shell: &mut Shell) -> u8 {
    for word in unknown {
        let near = nearest(word, glossary.words());
        let word = output::escape(word);
        shell.complain(&match near {
            Some(near) => format!("error: unknown word {word:?}, did you mean {near:?}?"),
            None => format!("error: unknown word {word:?}: kubectl sre explain lists every one"),
        });
    }
    if unknown.is_empty() { 0 } else { exit::USAGE }
}

/// The sections of the words, and the words that have none. Several arguments can be one word, such as `controllers not
/// seen`, and the longest counts.
fn look_up<'a>(glossary: &'a Glossary, args: &[String]) -> (Vec<(String, &'a Section)>, Vec<String>) {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    let mut rest = args;
    while let Some(first) = rest.first() {
        let longest = (1..=rest.len()).rev().find_map(|count| {
            let (words, others) = rest.split_at_checked(count)?;
            let word = words.join(" ");
            let sections = glossary.find(&word);
            (!sections.is_empty()).then_some((word, sections, others))
        });
        match longest {
            Some((word, sections, others)) => {
                found.extend(sections.into_iter().map(|section| (word.clone(), section)));
                rest = others;
            }
            None => {
                unknown.push(first.clone());
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    (found, unknown)
}
