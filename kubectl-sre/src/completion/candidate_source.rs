//! Which words fit at a place of a command line.

use super::candidate::Candidate;
use super::command_line::{CommandLine, LastWord, takes_value};
use crate::cli;
use crate::glossary::{DOCS, Glossary};
use clap::{Arg, ArgAction};
use sre_shared::kind::{Kind, ResourceArg};
use sre_shared::report::State;

/// The words that fit at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CandidateSource {
    /// None.
    Nothing,
    /// Paths.
    Files,
    /// These words, of which those are printed that begin as the typed text.
    Words(Vec<Candidate>, String),
    /// Names of the kubeconfig.
    KubeconfigNames(KubeconfigEntry, Place),
    /// Namespaces of the cluster.
    Namespaces(Place),
    /// Objects of the cluster.
    Objects {
        /// Their kinds.
        kinds: Vec<NamedKind>,
        /// Names that the line has already.
        given: Vec<String>,
        /// The text to complete.
        place: Place,
    },
}

/// What a name of a kubeconfig names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KubeconfigEntry {
    Context,
    Cluster,
    User,
}

/// A kind that a word names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NamedKind {
    Judged(Kind),
    Custom(ResourceArg),
}

/// The part of the last word that a name replaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The text in front of it, which stays.
    pub lead: String,
    /// The part itself, as it begins.
    pub typed: String,
}

impl CandidateSource {
    /// The words that fit at the end of a line.
    pub fn at(line: &CommandLine<'_>) -> Self {
        match &line.last {
            LastWord::Unknown => Self::Nothing,
            LastWord::OtherProgram => Self::Files,
            LastWord::Flag(typed) => Self::Words(flags(line, typed), typed.clone()),
            LastWord::Value { flag, typed, lead } => value(
                line,
                flag,
                Place {
                    lead: lead.clone(),
                    typed: typed.clone(),
                },
            ),
            LastWord::Word(typed) if line.command.has_subcommands() => {
                Self::Words(subcommands(line), typed.clone())
            }
            LastWord::Word(typed) => match line.path.as_str() {
                "health" | "gate" => targets(line, typed),
                "fleet" => Self::KubeconfigNames(
                    KubeconfigEntry::Context,
                    Place {
                        lead: String::new(),
                        typed: typed.clone(),
                    },
                ),
                "explain" => Self::Words(words_of_reports(), typed.clone()),
                _ => Self::Nothing,
            },
        }
    }

    /// Candidates in the place of a part of the word.
    fn words_at(candidates: Vec<Candidate>, place: &Place) -> Self {
        let whole = candidates
            .into_iter()
            .map(|candidate| candidate.after(&place.lead));
        Self::Words(whole.collect(), format!("{}{}", place.lead, place.typed))
    }
}

impl Place {
    /// The last part of a list with commas.
    fn last_part(self) -> Self {
        match self.typed.rsplit_once(',') {
            Some((before, typed)) => Self {
                lead: format!("{}{before},", self.lead),
                typed: typed.to_owned(),
            },
            None => self,
        }
    }
}

fn subcommands(line: &CommandLine<'_>) -> Vec<Candidate> {
    let shown = line
        .command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    shown
        .map(|command| {
            let about = command.get_about().map(ToString::to_string);
            Candidate::described(command.get_name(), &about.unwrap_or_default())
        })
        .collect()
}

/// The flags that can still be given: the long names, and a short one that is typed whole.
fn flags(line: &CommandLine<'_>, typed: &str) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for flag in line.command.get_arguments().filter(|flag| !flag.is_hide_set()) {
        let repeats = matches!(flag.get_action(), ArgAction::Append);
        if !repeats && line.has(flag.get_id().as_str()) {
            continue;
        }
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        let short = flag.get_short().map(|letter| format!("-{letter}"));
        let long = flag.get_long().map(|name| format!("--{name}"));
        let fits = |name: &String| name.starts_with("--") || name == typed;
        let names = [short, long].into_iter().flatten().filter(fits);
        candidates.extend(names.map(|name| Candidate::described(name, &help)));
    }
    candidates
}

/// The values of a flag.
fn value(line: &CommandLine<'_>, flag: &Arg, place: Place) -> CandidateSource {
    let words = |words: &[&str], place: &Place| {
        CandidateSource::words_at(words.iter().copied().map(Candidate::new).collect(), place)
    };
    match flag.get_id().as_str() {
        "context" => return CandidateSource::KubeconfigNames(KubeconfigEntry::Context, place),
        "contexts" => return CandidateSource::KubeconfigNames(KubeconfigEntry::Context, place.last_part()),
        "cluster" => return CandidateSource::KubeconfigNames(KubeconfigEntry::Cluster, place),
        "user" => return CandidateSource::KubeconfigNames(KubeconfigEntry::User, place),
        "namespaces" if is_of_files(line) => return CandidateSource::Nothing,
        "namespaces" => return CandidateSource::Namespaces(place),
        "kinds" => {
            let place = place.last_part();
            let mut candidates = kinds(&place.typed);
            candidates.push(Candidate::described("apiserver", "The API server"));
            candidates.push(Candidate::described("all", "Every kind"));
            return CandidateSource::words_at(candidates, &place);
        }
        "states" => return words(&State::ALL.map(State::as_str), &place.last_part()),
        "fail_on" => return words(&["progressing", "degraded", "unknown"], &place.last_part()),
        "output" if !matches!(line.path.as_str(), "health" | "gate" | "fleet") => {
            return words(&["human", "json", "yaml"], &place);
        }
        _ => {}
    }
    let possible = flag.get_possible_values();
    if !possible.is_empty() {
        let shown = possible.iter().filter(|value| !value.is_hide_set());
        let candidates = shown.map(|value| {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default();
            Candidate::described(value.get_name(), &help)
        });
        return CandidateSource::words_at(candidates.collect(), &place);
    }
    debug_assert!(
        takes_value(flag),
        "the place of a value belongs to a flag that takes one"
    );
    // The grammar names values by their type.
    let names = flag.get_value_names().unwrap_or_default();
    match names.first().map(clap::builder::Str::as_str) {
        Some("FILE" | "FILE|DIR|-" | "FILE|contexts" | "DIR") => CandidateSource::Files,
        Some("BOOL") => words(&["true", "false"], &place),
        _ => CandidateSource::Nothing,
    }
}

/// The words that `explain` knows.
fn words_of_reports() -> Vec<Candidate> {
    let glossary = Glossary::new(DOCS);
    let sections = glossary.sections.iter();
    let described = sections.flat_map(|section| {
        let summary = section.summary();
        let role = section.role.words().0;
        let description = if summary.is_empty() {
            role.to_owned()
        } else {
            summary
        };
        let words = section.words.iter().copied();
        words.map(move |word| Candidate::described(word, &description))
    });
    described.collect()
}

/// A word for each kind: its plural, or another name if only that one begins as the text does.
fn kinds(typed: &str) -> Vec<Candidate> {
    let word = |kind: &Kind| kind.words().find(|word| word.starts_with(typed));
    let fitting = Kind::ALL.iter().filter_map(|kind| Some((*kind, word(kind)?)));
    let described = fitting.map(|(kind, word)| {
        let names: Vec<&str> = kind.words().filter(|other| *other != word).collect();
        Candidate::described(word, &format!("{} ({})", kind.kind(), names.join(", ")))
    });
    described.collect()
}

/// What `health` and `gate` judge: kinds, and the objects behind a kind.
fn targets(line: &CommandLine<'_>, typed: &str) -> CandidateSource {
    // A word beside --kinds is refused, and manifests name the objects themselves.
    if line.has("kinds") || line.has("manifest") {
        return CandidateSource::Nothing;
    }
    let whole = Place {
        lead: String::new(),
        typed: typed.to_owned(),
    };
    if let Some((words, name)) = typed.split_once('/') {
        let place = Place {
            lead: format!("{words}/"),
            typed: name.to_owned(),
        };
        let begin = format!("{words}/");
        let given = line.words.iter().filter_map(|word| word.strip_prefix(&begin));
        return objects(line, words, given.map(str::to_owned).collect(), place);
    }
    let is_api_server = |word: &String| word.eq_ignore_ascii_case("apiserver");
    let mut plain = line
        .words
        .iter()
        .filter(|word| !word.contains('/') && !is_api_server(word));
    if let Some(first) = plain.next() {
        return objects(line, first, plain.cloned().collect(), whole);
    }
    let place = whole.last_part();
    let mut candidates = kinds(&place.typed);
    if !line.words.iter().any(is_api_server) {
        candidates.push(Candidate::described("apiserver", "The API server"));
    }
    CandidateSource::words_at(candidates, &place)
}

/// The objects of the kinds that a word names, such as `deploy,sts`.
fn objects(line: &CommandLine<'_>, words: &str, given: Vec<String>, place: Place) -> CandidateSource {
    let kind = |word| {
        let judged = Kind::from_word(word).map(NamedKind::Judged);
        judged.or_else(|| cli::custom_name(word).map(NamedKind::Custom))
    };
    let kinds: Option<Vec<NamedKind>> = words.split(',').map(kind).collect();
    match kinds {
        Some(kinds) if !is_of_files(line) => CandidateSource::Objects { kinds, given, place },
        _ => CandidateSource::Nothing,
    }
}

/// Whether the answer comes from files, so that no cluster knows its names.
fn is_of_files(line: &CommandLine<'_>) -> bool {
    line.has("filename")
}
