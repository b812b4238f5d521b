//! The files that a run writes beside stdout: the report of `--save`, and one for each `-o FORMAT=FILE`.

use crate::cli::HealthSettings;
use crate::output::{self, Format, Style};
use crate::saved_file::SavedFile;
use serde::Serialize;
use sre_shared::report::Report;
use std::io::{Result as IoResult, Write};

/// The files that wait for a report.
#[derive(Default)]
pub struct ReportFiles {
    save: Option<SavedFile>,
    outputs: Vec<(Format, SavedFile)>,
}

impl ReportFiles {
    /// Opens the files, so that a wrong path is refused before anything is asked.
    ///
    /// # Errors
    /// Why one of them cannot be written, in one line that names it.
    pub fn create(settings: &HealthSettings) -> Result<Self, String> {
        let mut files = Self::default();
        if let Some(path) = &settings.save {
            files.save = Some(SavedFile::create(format!("--save {}", path.display()), path)?);
        }
        for (format, path) in &settings.output_files {
            let name = format!("-o {}={}", format.word(), path.display());
            let file = SavedFile::create(name, path)?;
            let before = files.outputs.iter().map(|(_, file)| file).chain(&files.save);
            if let Some(same) = before.into_iter().find(|other| other.is_same(&file)) {
                let (file, same) = (file.name(), same.name());
                return Err(format!("{file}: {same} writes this file too: name another one"));
            }
            files.outputs.push((*format, file));
        }
        Ok(files)
    }

    /// Saves the whole report, once, if that was asked for.
    ///
    /// # Errors
    /// Why it was not saved, in one line.
    pub fn save(&mut self, report: &impl Serialize, is_unreached: bool) -> Result<(), String> {
        match self.save.take() {
            Some(_) if is_unreached => {
                Err("--save: nothing could be read, so that nothing is saved".to_owned())
            }
            Some(file) => file.write(|out| output::json::write(report, out)),
            None => Ok(()),
        }
    }

    /// Leaves the file of `--save` as it was before the run.
    pub fn keep_saved(&mut self) {
        self.save = None;
    }

    /// Writes each output of a report, once. The style is that of stdout; a file has neither colours nor a width.
    ///
    /// # Errors
    /// Why outputs were not written, one line each.
    pub fn write(
        &mut self,
        report: &Report,
        style: &Style,
        settings: &HealthSettings,
    ) -> Result<(), Vec<String>> {
        self.write_with(style, |format, style, out| {
            output::write(format, report, style, &settings.table, out)
        })
    }

    /// Writes each output, once, by calling `write`.
    ///
    /// # Errors
    /// Why outputs were not written, one line each.
    pub fn write_with(
        &mut self,
        style: &Style,
        write: impl Fn(Format, &Style, &mut dyn Write) -> IoResult<()>,
    ) -> Result<(), Vec<String>> {
        let style = Style {
            color: false,
            width: None,
            height: None,
            ..*style
        };
        let mut errors = Vec::new();
        for (format, file) in self.outputs.drain(..) {
            errors.extend(file.write(|out| write(format, &style, out)).err());
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
