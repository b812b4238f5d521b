//! A file that a flag names, and that is replaced as a whole.

use std::fs::{self, File};
use std::io::{BufWriter, Result as IoResult, Write};
use std::path::{Path, PathBuf};

/// A file that is about to be written. The file of before stays as it is until the new one is whole.
pub struct SavedFile {
    /// The flag and the path as they were given, for messages.
    name: String,
    path: PathBuf,
    /// The file that is written first; `None` if the path is no regular file, such as a pipe.
    part: Option<PathBuf>,
    file: Option<File>,
}

impl SavedFile {
    /// Opens the file that `name` calls, so that a wrong path is refused before anything is asked.
    ///
    /// # Errors
    /// Why it cannot be written, in one line that begins with the name.
    pub fn create(name: String, path: &Path) -> Result<Self, String> {
        let why = |error: &dyn std::fmt::Display| format!("{name}: {error}");
        // The file behind a link is replaced, not the link.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => return Err(why(&"it is a directory: name a file")),
            Ok(metadata) if !metadata.is_file() => {
                // A pipe waits for its reader. It is opened once there is something to write.
                return Ok(Self {
                    name,
                    path: target,
                    part: None,
                    file: None,
                });
            }
            _ => {}
        }
        let last = target.file_name().ok_or_else(|| why(&"it names no file"))?;
        let mut part = std::ffi::OsString::from(".");
        part.push(last);
        part.push(format!(".{}.part", std::process::id()));
        let part = target.with_file_name(part);
        let file = File::create(&part).map_err(|error| why(&error))?;
        if let Ok(metadata) = fs::metadata(&target) {
            // If that fails, the file has the usual permissions.
            let _ = file.set_permissions(metadata.permissions());
        }
        Ok(Self {
            name,
            path: target,
            part: Some(part),
            file: Some(file),
        })
    }

    /// Whether both replace the same file.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.part.is_some() && self.part == other.part
    }

    /// The flag and the path as they were given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes the file by calling `write`.
    ///
    /// # Errors
    /// Why it could not be written, in one line that names the file.
    pub fn write(mut self, write: impl FnOnce(&mut dyn Write) -> IoResult<()>) -> Result<(), String> {
        let name = self.name.clone();
        let why = |error: std::io::Error| format!("{name}: {error}");
        let file = match self.file.take() {
            Some(file) => file,
            None => fs::OpenOptions::new().write(true).open(&self.path).map_err(why)?,
        };
        let mut out = BufWriter::new(file);
        write(&mut out).and_then(|()| out.flush()).map_err(why)?;
        drop(out);
        if let Some(part) = self.part.take() {
            fs::rename(&part, &self.path).map_err(|error| {
                let _ = fs::remove_file(&part);
                why(error)
            })?;
        }
        Ok(())
    }
}

impl Drop for SavedFile {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            let _ = fs::remove_file(part);
        }
    }
}
