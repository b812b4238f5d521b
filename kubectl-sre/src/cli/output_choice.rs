//! The value of `--output`: a format for stdout, or `FORMAT=FILE` for a file beside it.

use super::values;
use crate::output::Format;
use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};
use std::ffi::OsStr;
use std::path::PathBuf;

/// One output of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputChoice {
    /// The format.
    pub format: Format,
    /// The file that is written; `None` for stdout.
    pub file: Option<PathBuf>,
}

impl OutputChoice {
    /// The format of stdout: the last one without a file, as with kubectl.
    #[must_use]
    pub fn of_stdout(choices: &[Self]) -> Format {
        let mut on_stdout = choices.iter().filter(|choice| choice.file.is_none());
        on_stdout
            .next_back()
            .map_or(Format::Human, |choice| choice.format)
    }

    /// The formats of files, with their paths.
    pub fn of_files(choices: &[Self]) -> impl Iterator<Item = (Format, &PathBuf)> {
        let files = choices.iter();
        files.filter_map(|choice| Some((choice.format, choice.file.as_ref()?)))
    }
}

/// Reads an [`OutputChoice`]. Its errors, and what it completes, are those of the formats.
#[derive(Debug, Clone)]
pub(super) struct OutputChoiceParser;

impl TypedValueParser for OutputChoiceParser {
    type Value = OutputChoice;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<OutputChoice, Error> {
        let formats = EnumValueParser::<Format>::new();
        let Some((format, file)) = value.to_str().and_then(|text| text.split_once('=')) else {
            let format = formats.parse_ref(command, arg, value)?;
            return Ok(OutputChoice { format, file: None });
        };
        let format = formats.parse_ref(command, arg, OsStr::new(format))?;
        let file = values::file(file.into()).map_err(|why| {
            Error::raw(ErrorKind::ValueValidation, format!("--output: {why}")).with_cmd(command)
        })?;
        Ok(OutputChoice {
            format,
            file: Some(file),
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        use clap::ValueEnum as _;
        let formats = Format::value_variants().iter();
        Some(Box::new(formats.filter_map(Format::to_possible_value)))
    }
}
