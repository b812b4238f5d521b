//! A command line that is being typed: which subcommand it has, which flags, and where its last word stands.
//!
//! clap refuses a line that is not finished, so that its grammar is read here, and not its parser.

use clap::{Arg, ArgAction, Command};

/// A command line that is being typed.
pub(super) struct CommandLine<'a> {
    /// The innermost subcommand so far.
    pub command: &'a Command,
    /// The names of the subcommands, joined by a space: `health`, `completion install`.
    pub path: String,
    /// The flags before the last word, with their values.
    pub flags: Vec<(&'a Arg, Option<String>)>,
    /// The words before the last one that are neither flags nor subcommands.
    pub words: Vec<String>,
    /// The last word.
    pub last: LastWord<'a>,
}

/// The last word, by its place.
#[derive(Debug, Clone)]
pub(super) enum LastWord<'a> {
    /// A flag, as it begins.
    Flag(String),
    /// The value of a flag.
    Value {
        /// The flag.
        flag: &'a Arg,
        /// The value, as it begins.
        typed: String,
        /// Text of the same word in front of the value, which a shell keeps only if the candidate has it: `-n` of `-nshop`.
        lead: String,
    },
    /// A subcommand or an argument, as it begins.
    Word(String),
    /// A word of another program, behind `--`.
    OtherProgram,
    /// A word that cannot be right.
    Unknown,
}

/// A word that begins with a dash.
enum FlagWord<'a> {
    /// Flags that are whole, and whether the last one's value is the next word.
    Flags(Vec<(&'a Arg, Option<String>)>, Option<&'a Arg>),
    /// No flag of the grammar.
    Unknown,
}

impl<'a> CommandLine<'a> {
    /// Reads the words in front of the last one, and the last one.
    pub fn new(root: &'a Command, before: &[String], last: &str) -> Self {
        let mut line = Self {
            command: root,
            path: String::new(),
            flags: Vec::new(),
            words: Vec::new(),
            last: LastWord::Unknown,
        };
        let mut value_of = None;
        let mut is_behind_dashes = false;
        for word in before {
            if let Some(flag) = value_of.take() {
                line.flags.push((flag, Some(word.clone())));
            } else if is_behind_dashes {
                line.words.push(word.clone());
            } else if word == "--" {
                is_behind_dashes = true;
            } else if word.starts_with('-') && word != "-" {
                match dashed(line.command, word) {
                    FlagWord::Flags(flags, waiting) => {
                        line.flags.extend(flags);
                        value_of = waiting;
                    }
                    FlagWord::Unknown => return line,
                }
            } else if line.command.has_subcommands() {
                let Some(command) = line.command.find_subcommand(word) else {
                    return line;
                };
                line.command = command;
                let path = format!("{} {word}", line.path);
                path.trim_start().clone_into(&mut line.path);
            } else {
                line.words.push(word.clone());
            }
        }
        line.last = match value_of {
            Some(flag) => LastWord::Value {
                flag,
                typed: last.to_owned(),
                lead: String::new(),
            },
            None if is_behind_dashes && runs_program(line.command) => LastWord::OtherProgram,
            None if is_behind_dashes => LastWord::Word(last.to_owned()),
            None => line.last_word(last),
        };
        line
    }

    fn last_word(&self, last: &str) -> LastWord<'a> {
        let value = |flag, typed: &str, lead: &str| LastWord::Value {
            flag,
            typed: typed.to_owned(),
            lead: lead.to_owned(),
        };
        if let Some(rest) = last.strip_prefix("--") {
            let Some((name, typed)) = rest.split_once('=') else {
                return LastWord::Flag(last.to_owned());
            };
            return match long(self.command, name).filter(|flag| takes_value(flag)) {
                // The scripts of all shells keep what stands in front of the sign.
                Some(flag) => value(flag, typed, ""),
                None => LastWord::Unknown,
            };
        }
        if last == "-" || !last.starts_with('-') {
            return match last {
                "-" => LastWord::Flag(last.to_owned()),
                _ => LastWord::Word(last.to_owned()),
            };
        }
        for (at, letter) in last.char_indices().skip(1) {
            let Some(flag) = short(self.command, letter) else {
                return LastWord::Unknown;
            };
            let (lead, rest) = last.split_at(at + letter.len_utf8());
            if takes_value(flag) && !rest.is_empty() {
                return match rest.strip_prefix('=') {
                    Some(typed) => value(flag, typed, ""),
                    None => value(flag, rest, lead),
                };
            }
        }
        LastWord::Flag(last.to_owned())
    }

    /// Whether a flag was given.
    pub fn has(&self, id: &str) -> bool {
        self.flags.iter().any(|(flag, _)| flag.get_id() == id)
    }

    /// The last value of a flag.
    pub fn value(&self, id: &str) -> Option<&str> {
        let given = self.flags.iter().rev().find(|(flag, _)| flag.get_id() == id);
        given.and_then(|(_, value)| value.as_deref())
    }
}

/// Reads a whole word that begins with a dash.
fn dashed<'a>(command: &'a Command, word: &str) -> FlagWord<'a> {
    if let Some(rest) = word.strip_prefix("--") {
        let (name, value) = match rest.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (rest, None),
        };
        return match long(command, name) {
            Some(flag) => read(flag, value),
            None => FlagWord::Unknown,
        };
    }
    let mut flags = Vec::new();
    for (at, letter) in word.char_indices().skip(1) {
        let Some(flag) = short(command, letter) else {
            return FlagWord::Unknown;
        };
        let (_, rest) = word.split_at(at + letter.len_utf8());
        if takes_value(flag) {
            let rest = rest.strip_prefix('=').unwrap_or(rest);
            let value = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
            return match read(flag, value) {
                FlagWord::Flags(last, waiting) => {
                    flags.extend(last);
                    FlagWord::Flags(flags, waiting)
                }
                FlagWord::Unknown => FlagWord::Unknown,
            };
        }
        flags.push((flag, None));
    }
    FlagWord::Flags(flags, None)
}

/// A flag and the value of the same word. If there is none, the next word may be it.
fn read(flag: &Arg, value: Option<String>) -> FlagWord<'_> {
    let waits = value.is_none() && takes_value(flag) && !flag.is_require_equals_set();
    if waits {
        FlagWord::Flags(Vec::new(), Some(flag))
    } else {
        FlagWord::Flags(vec![(flag, value)], None)
    }
}

fn long<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|flag| flag.get_long() == Some(name))
}

fn short(command: &Command, letter: char) -> Option<&Arg> {
    command
        .get_arguments()
        .find(|flag| flag.get_short() == Some(letter))
}

/// Whether a flag takes a value.
pub(super) fn takes_value(flag: &Arg) -> bool {
    matches!(flag.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Whether the words behind `--` are those of another program.
fn runs_program(command: &Command) -> bool {
    command.get_positionals().any(Arg::is_last_set)
}
